//! Bootstrap resolution, the addresses of a resolver that was given by its name: asked of the machine's resolvers, or walked.
//!
//! It is part of the counted lane: who uses such a resolver pays for it, once.

use std::net::{SocketAddr, SocketAddrV6};
use std::rc::Rc;

use crate::dns::iterate::job::{Job, Patience, RESOLUTION_DELAY, Resolution};
use crate::dns::iterate::resolve::find;
use crate::dns::outcome::fault::Fault;
use crate::dns::resolvers::combine::Questions;
use crate::dns::resolvers::configured::ask_resolvers;
use crate::dns::wire::name::parse_name;
use crate::plan::{Endpoint, EndpointHost};
use crate::trace::{FailureCode, Purpose};

/// A resolver's addresses, and the packets it took to find them.
pub(crate) struct Addresses {
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) path: Vec<usize>,
    /// Why there are none.
    pub(crate) fault: Option<Fault>,
}

/// Finds the addresses of a resolver.
pub(crate) async fn addresses(endpoint: &Endpoint, run: &Rc<Resolution>) -> Addresses {
    let host = match &endpoint.host {
        EndpointHost::Address(address) => {
            let addresses = vec![SocketAddr::new(*address, endpoint.port)];
            return Addresses { addresses, path: Vec::new(), fault: None };
        }
        EndpointHost::Scoped(address, scope) => {
            let address = SocketAddrV6::new(*address, endpoint.port, 0, *scope).into();
            return Addresses { addresses: vec![address], path: Vec::new(), fault: None };
        }
        EndpointHost::Name(name) => name,
    };
    let name = match parse_name(host) {
        Ok(name) => name,
        Err(reason) => return nothing(host, Vec::new(), &reason),
    };
    let plan = &run.context.plan;
    let types = plan.family.address_types();
    let patience = Patience::AtMost(RESOLUTION_DELAY);
    let mut path = Vec::new();
    let with_port = |address: &_| SocketAddr::new(*address, endpoint.port);
    if !plan.stub_servers.is_empty() {
        let (log, servers) = (Rc::clone(&run.log), plan.stub_servers.clone());
        let questions = Questions::of(name.clone(), types.clone());
        let heard = ask_resolvers(&run.context, log, servers, questions, Purpose::Bootstrap, patience).await;
        path.extend(&heard.path);
        match heard.result {
            Ok(found) if !found.addresses.is_empty() => {
                let addresses = found.addresses.iter().map(with_port).collect();
                return Addresses { addresses, path, fault: None };
            }
            Err(fault) if fault.is_negative() => return nothing(host, path, &fault.message),
            _ => {}
        }
    }
    // As the walk of another name inside this one: its cuts are not those of the name asked.
    let job = Job { purpose: Purpose::Bootstrap, stack: vec![name.clone()], ..Job::walk(run, patience) };
    let walked = Rc::clone(&job.path);
    let found = find(job, name, types).await;
    path.extend(walked.borrow().iter());
    match found {
        Ok(found) if !found.addresses.is_empty() => {
            Addresses { addresses: found.addresses.iter().map(with_port).collect(), path, fault: None }
        }
        Ok(_) => nothing(host, path, "it has no address"),
        Err(fault) => nothing(host, path, &fault.message),
    }
}

fn nothing(host: &str, path: Vec<usize>, why: &str) -> Addresses {
    let message = format!("the resolver {host} has no address: {why}");
    let fault = Fault::new(FailureCode::ResolverFailed, message)
        .hint("give the resolver's address, such as tls://192.0.2.53#dns.example");
    Addresses { addresses: Vec::new(), path, fault: Some(fault) }
}
