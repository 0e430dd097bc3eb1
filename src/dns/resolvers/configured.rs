//! Questions to recursive resolvers: the machine's own beside the walk, or the one the user chose.
//!
//! A resolver's answer is complete and taken as given: no bailiwick, no aliases to walk. Whether
//! its time is counted is the caller's decision.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;

use crate::dns::context::Context;
use crate::dns::iterate::job::Patience;
use crate::dns::outcome::words::show;
use crate::dns::resolvers::combine::{
    Cause, Heard, Questions, Said, TypeHeard, combine, failure_code, gather,
};
use crate::dns::resolvers::retransmit::persist;
use crate::dns::response::classify::{Asked, Verdict};
use crate::dns::response::recursive::classify_recursive;
use crate::dns::transport::ask::{Ask, Outcome};
use crate::dns::transport::exchange::Exchanged;
use crate::dns::transport::log::Log;
use crate::dns::wire::query::Recursion;
use crate::trace::{AddressSource, Choice, Purpose, RecordType, Transport};

/// How long one resolver may take.
const RESOLVER_TIMEOUT: Duration = Duration::from_secs(2);

/// Resolvers that are asked at most; the C library reads three from resolv.conf.
const MAX_RESOLVERS: usize = 8;

/// Asks the resolvers in order, all questions at the same time.
pub(crate) async fn ask_resolvers(
    context: &Context,
    log: Rc<Log>,
    servers: Vec<SocketAddr>,
    questions: Questions,
    purpose: Purpose,
    patience: Patience,
) -> Heard {
    let running: FuturesUnordered<_> = questions
        .each()
        .enumerate()
        .map(|(index, (qname, rtype))| {
            let (log, servers) = (&log, &servers);
            async move { (index, ask_type(context, log, servers, qname, rtype, purpose).await) }
        })
        .collect();
    let done = gather(&log, running, &questions, patience).await;
    combine(&questions, &servers, done)
}

async fn ask_type(
    context: &Context,
    log: &Rc<Log>,
    servers: &[SocketAddr],
    qname: &Name,
    qtype: RecordType,
    purpose: Purpose,
) -> TypeHeard {
    let mut path = Vec::new();
    let mut why = Vec::new();
    let mut cause = Cause::Silence;
    let mut rcode = None;
    let mut left: VecDeque<SocketAddr> = servers.iter().take(MAX_RESOLVERS).copied().collect();
    // The order is the user's. Many names need not find out each on its own who is silent.
    let remembers = context.plan.server_limit.is_some();
    if remembers {
        left.make_contiguous().sort_by_key(|server| context.infra.is_missed(*server));
    }
    while let Some(server) = left.pop_front() {
        let was_missed = context.infra.is_missed(server);
        let _place = log.queue(context.slots.take(server)).await;
        if remembers && !was_missed && context.infra.is_missed(server) && !left.is_empty() {
            left.push_back(server);
            continue;
        }
        let chosen = if path.is_empty() { Choice::First } else { Choice::NextAfterFailure };
        let mut ask = Ask {
            parent: path.last().copied(),
            purpose,
            zone: String::new(),
            qname: qname.clone(),
            qtype,
            server_name: None,
            server,
            source: AddressSource::Configured,
            chosen,
            transport: Transport::Udp,
            edns: true,
            recursion: Recursion::Desired,
        };
        // At most: with EDNS, without, by TCP; by UDP each once more.
        for _ in 0..3 {
            let asked = Box::pin(persist(log, ask, RESOLVER_TIMEOUT)).await;
            path.extend(asked.path);
            let Some(Exchanged { id, ask: sent, outcome, rtt, .. }) = asked.exchanged else {
                if remembers && context.infra.srtt(server).is_none() {
                    context.infra.missed(server);
                }
                let (limit, tried) = (RESOLVER_TIMEOUT.as_secs(), asked.tried);
                why.push(format!("{} did not answer in {limit} s{tried}", show(server)));
                break;
            };
            ask = Ask { parent: Some(id), ..sent };
            let reply = match outcome {
                Outcome::Reply(reply) => {
                    if let Some(rtt) = rtt.filter(|_| remembers) {
                        context.infra.measured(server, rtt);
                    }
                    reply
                }
                Outcome::Timeout => break,
                Outcome::Malformed(reason) => {
                    cause = cause.max(Cause::Failure);
                    why.push(format!("{} sent a reply that cannot be read: {reason}", show(server)));
                    break;
                }
                Outcome::WrongSource { from } => {
                    cause = cause.max(Cause::Failure);
                    why.push(format!("{} did not answer, and {from} did in its place", show(server)));
                    break;
                }
                Outcome::Error { reason, .. } => {
                    cause = cause.max(Cause::Failure);
                    why.push(format!("{} {reason}", show(server)));
                    break;
                }
            };
            let root = Name::root();
            let asked = Asked { zone: &root, qname, qtype, transport: ask.transport, edns: ask.edns };
            let verdict = classify_recursive(&reply, &asked);
            log.close(id, verdict.meaning());
            match verdict {
                Verdict::Truncated => {
                    (ask.chosen, ask.transport) = (Choice::Truncated, Transport::Tcp);
                    continue;
                }
                Verdict::EdnsRefused => {
                    rcode = failure_code(&reply);
                    (ask.chosen, ask.edns) = (Choice::WithoutEdns, false);
                    continue;
                }
                _ => {}
            }
            let said = match Said::of(verdict, &reply, qname) {
                Ok(said) => said,
                Err((reason, kind)) => {
                    cause = cause.max(kind);
                    rcode = failure_code(&reply);
                    why.push(format!("{} {reason}", show(server)));
                    break;
                }
            };
            rcode = Some(reply.header.rcode);
            return TypeHeard { server: Some(server), rcode, said, path };
        }
    }
    TypeHeard { server: None, rcode, said: Said::Nothing { why, cause }, path }
}
