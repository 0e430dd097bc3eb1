//! Resolvers that are asked on a connection: TCP, TLS, HTTPS, QUIC.
//!
//! A run has one connection, kept open. Set-up and questions are timed apart: the first packet's record
//! has both, the others of the same connection only their question. What a reply means is decided as for any resolver.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;

use crate::dns::iterate::job::{Patience, Resolution};
use crate::dns::outcome::words::show;
use crate::dns::resolvers::combine::{
    Cause, Heard, Questions, Said, TypeHeard, combine, failure_code, gather,
};
use crate::dns::resolvers::connection::{Attempt, Client, NotTaken, Taken};
use crate::dns::resolvers::connection_query::put;
use crate::dns::response::classify::{Asked, Verdict};
use crate::dns::response::recursive::classify_recursive;
use crate::dns::transport::ask::{Ask, Outcome};
use crate::dns::wire::query::Recursion;
use crate::trace::{AddressSource, Choice, Purpose, Rcode, RecordType};

/// The limit for a connection's set-up.
pub(crate) const SET_UP: Duration = Duration::from_secs(3);

/// The limit for a question on it.
const QUESTION: Duration = Duration::from_secs(3);

/// Addresses of a resolver that are tried.
pub(crate) const MAX_ADDRESSES: usize = 4;

/// Stands where nobody has been chosen yet.
const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Asks the resolver of the plan, all questions at the same time, on the connection of the run.
pub(crate) async fn ask_endpoint(
    client: &Client,
    run: &Rc<Resolution>,
    questions: Questions,
    patience: Patience,
) -> Heard {
    let question = |qname: &Name, rtype| Ask {
        parent: None,
        purpose: Purpose::Resolver,
        zone: String::new(),
        qname: qname.clone(),
        qtype: rtype,
        server_name: None,
        server: NOBODY,
        source: AddressSource::Configured,
        chosen: Choice::First,
        transport: client.upstream.endpoint.transport,
        edns: true,
        recursion: Recursion::Desired,
    };
    let mut first = question(&questions.name, questions.types.first().copied().unwrap_or(RecordType::A));
    // The others would only wait for it.
    let mut taken = match client.kept.take(client, run, &mut first, Attempt::First).await {
        Ok(taken) => Some((taken, first)),
        Err(NotTaken::Nowhere { fault, path }) => {
            return Heard { server: None, rcode: None, result: Err(fault), services: None, path };
        }
        Err(NotTaken::Unreachable { why, path }) => {
            let nothing = nothing(path, None, why, Cause::Failure);
            return combine(&questions, &[NOBODY], vec![Some(nothing)]);
        }
    };
    let running: FuturesUnordered<_> = questions
        .each()
        .enumerate()
        .map(|(index, (qname, rtype))| {
            let (taken, ask) = match taken.take() {
                Some((taken, ask)) => (Some(taken), ask),
                None => (None, question(qname, rtype)),
            };
            async move { (index, ask_type(client, run, ask, taken).await) }
        })
        .collect();
    let done = gather(&run.log, running, &questions, patience).await;
    combine(&questions, &[NOBODY], done)
}

/// Asks one type, once more without EDNS if need be.
async fn ask_type(
    client: &Client,
    run: &Rc<Resolution>,
    mut ask: Ask,
    mut taken: Option<Taken>,
) -> TypeHeard {
    let (mut path, mut rcode) = (Vec::new(), None);
    // At most: with EDNS, without.
    for _ in 0..2 {
        let exchange = match put(client, run, &mut ask, taken.take(), QUESTION).await {
            Ok(exchange) => exchange,
            Err(NotTaken::Nowhere { fault, path: more }) => {
                return nothing([path, more].concat(), rcode, vec![fault.message], Cause::Failure);
            }
            Err(NotTaken::Unreachable { why, path: more }) => {
                return nothing([path, more].concat(), rcode, why, Cause::Failure);
            }
        };
        path.extend(exchange.path);
        let server = show(ask.server);
        let failed = |path, rcode, reason: String, cause| {
            nothing(path, rcode, vec![format!("{server} {reason}")], cause)
        };
        let reply = match exchange.outcome {
            Outcome::Reply(reply) => reply,
            Outcome::Timeout => {
                return failed(
                    path,
                    rcode,
                    format!("did not answer in {} s", QUESTION.as_secs()),
                    Cause::Silence,
                );
            }
            Outcome::Malformed(reason) => {
                return failed(
                    path,
                    rcode,
                    format!("sent a reply that cannot be read: {reason}"),
                    Cause::Failure,
                );
            }
            Outcome::Error { reason, .. } => return failed(path, rcode, reason, Cause::Failure),
            Outcome::WrongSource { from } => {
                return failed(
                    path,
                    rcode,
                    format!("did not answer, and {from} did in its place"),
                    Cause::Failure,
                );
            }
        };
        let root = Name::root();
        let (qname, transport) = (ask.qname.clone(), ask.transport);
        let asked = Asked { zone: &root, qname: &qname, qtype: ask.qtype, transport, edns: ask.edns };
        let verdict = classify_recursive(&reply, &asked);
        run.log.close(exchange.id, verdict.meaning());
        if verdict == Verdict::EdnsRefused {
            rcode = failure_code(&reply);
            ask = Ask { parent: Some(exchange.id), chosen: Choice::WithoutEdns, edns: false, ..ask };
            continue;
        }
        let said = match Said::of(verdict, &reply, &qname) {
            Ok(said) => said,
            Err((reason, cause)) => return failed(path, failure_code(&reply), reason, cause),
        };
        rcode = Some(reply.header.rcode);
        return TypeHeard { server: Some(ask.server), rcode, said, path };
    }
    nothing(path, rcode, vec![format!("{} refuses every question", show(ask.server))], Cause::Failure)
}

fn nothing(path: Vec<usize>, rcode: Option<Rcode>, why: Vec<String>, cause: Cause) -> TypeHeard {
    TypeHeard { server: None, rcode, said: Said::Nothing { why, cause }, path }
}
