//! The NS RRset of a zone with all its addresses: whom a survey asks.
//!
//! Servers without glue are looked up, within the limits of a walk.

use crate::clock::Moment;
use crate::dns::resolver::Resolver;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;

use futures_util::{StreamExt, stream};
use hickory_resolver::proto::rr::Name;

use crate::dns::cache::delegations::Server;
use crate::dns::iterate::job::{AbortOnDrop, Job, Patience};
use crate::dns::iterate::resolve::{begin, find};
use crate::dns::limits::{LOOKUPS_AT_ONCE, MAX_LOOKUPS, MAX_MISSING};
use crate::dns::outcome::words::in_short;
use crate::dns::transport::log::Log;
use crate::dns::wire::name::name_text;
use crate::trace::{AddressSource, FailureCode, Purpose, UnfoundServer};
use crate::units::count;

/// Addresses that are asked at most.
const MAX_ADDRESSES: usize = 64;

/// An address to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) name: Name,
    pub(crate) address: SocketAddr,
    pub(crate) source: AddressSource,
}

/// All that is known of a zone's servers.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    pub(crate) known: Vec<Target>,
    pub(crate) unfound: Vec<UnfoundServer>,
}

impl Resolver {
    /// The addresses of a zone's servers; those without glue are looked up.
    pub(crate) async fn targets(&self, zone: &Name, purpose: Purpose, log: &Rc<Log>) -> Targets {
        let context = &self.context;
        let known = context.delegations.above(zone, Moment::now()).pop().filter(|known| known.name == *zone);
        let Some(known) = known else { return Targets::default() };
        let servers = known.servers.borrow().clone();
        let (mut found, unfound) = self.look_up(zone, &servers, purpose, log).await;
        let mut targets = Vec::new();
        for server in servers {
            let mut addresses = server.addresses;
            addresses.extend(found.remove(&server.name).unwrap_or_default());
            addresses.retain(|(address, _)| {
                context.plan.server_family.admits(address.ip())
                    && context.delegations.reach.admits(address.ip())
            });
            let target = |(address, source)| Target { name: server.name.clone(), address, source };
            targets.extend(addresses.into_iter().map(target));
        }
        if targets.len() > MAX_ADDRESSES {
            log.note(format!(
                "the servers of zone {} have {} addresses: the first {MAX_ADDRESSES} were asked",
                name_text(zone),
                targets.len()
            ));
            targets.truncate(MAX_ADDRESSES);
        }
        Targets { known: targets, unfound }
    }

    /// Finds the addresses of servers without glue, and why others were not found.
    async fn look_up(
        &self,
        zone: &Name,
        servers: &[Server],
        purpose: Purpose,
        log: &Rc<Log>,
    ) -> (HashMap<Name, Vec<(SocketAddr, AddressSource)>>, Vec<UnfoundServer>) {
        let plan = &self.context.plan;
        let run = begin(&self.context, log, None);
        let _guard = AbortOnDrop(Rc::clone(&run));
        let unknown: Vec<&Name> =
            servers.iter().filter(|server| server.addresses.is_empty()).map(|server| &server.name).collect();
        let look_up = |name: &Name| {
            let stack = vec![name.clone()];
            let job = Job { purpose, stack, ..Job::walk(&run, Patience::Whole) };
            let (name, types) = (name.clone(), plan.server_family.address_types());
            async move { (name.clone(), find(job, name, types).await) }
        };
        let allowed = unknown.iter().copied().take(MAX_LOOKUPS as usize);
        let mut running = stream::iter(allowed).map(look_up).buffered(LOOKUPS_AT_ONCE);
        let (mut found, mut unfound) = (HashMap::new(), Vec::new());
        let (mut done, mut missing) = (0, 0);
        while missing < MAX_MISSING
            && let Some((name, result)) = running.next().await
        {
            done += 1;
            let why = match &result {
                Ok(found) if found.addresses.is_empty() => "no address",
                Ok(_) => "",
                Err(fault) => in_short(fault),
            };
            if !why.is_empty() {
                unfound.push(UnfoundServer { name: name_text(&name), why: why.to_owned() });
            }
            missing += u32::from(result.as_ref().is_err_and(|fault| fault.code == FailureCode::NxDomain));
            let addresses = result.map(|found| found.addresses).unwrap_or_default();
            let address = |address| (SocketAddr::new(address, plan.server_port), AddressSource::Walk);
            found.insert(name, addresses.into_iter().map(address).collect());
        }
        let left = unknown.len() - done;
        if left > 0 {
            let limit = if missing >= MAX_MISSING {
                format!("{MAX_MISSING} name servers that do not exist")
            } else {
                format!("{MAX_LOOKUPS} name server lookups for one zone")
            };
            log.note(format!(
                "the limit of {limit} was hit: {} of zone {} not looked up",
                count(left, "more server"),
                name_text(zone)
            ));
        }
        (found, unfound)
    }
}
