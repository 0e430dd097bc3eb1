//! Queries to recursive resolvers by UDP: the machine's stub resolver's (RFC 1034 §5.3.1), or the one the user
//! chose.
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
use crate::dns::name_servers::single::{Attempt, Fallbacks, ask};
use crate::dns::resolvers::combine::{Questions, ResolverAnswer, TypeAnswer, Useless, combine, gather};
use crate::dns::resolvers::retransmit::retransmit;
use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::log::Log;
use crate::trace::{Choice, Purpose, RecordType};

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
) -> ResolverAnswer {
    let running: FuturesUnordered<_> = questions
        .each()
        .enumerate()
        .map(|(index, question)| {
            let (log, servers) = (&log, &servers);
            async move { (index, ask_type(context, log, servers, question, purpose).await) }
        })
        .collect();
    let done = gather(&log, running, &questions, patience).await;
    combine(&questions, &servers, done)
}

async fn ask_type(
    context: &Context,
    log: &Rc<Log>,
    servers: &[SocketAddr],
    question: (&Name, RecordType),
    purpose: Purpose,
) -> TypeAnswer {
    let mut path = Vec::new();
    let mut useless = Useless::default();
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
        let parent = path.last().copied();
        let chosen = if parent.is_none() { Choice::First } else { Choice::NextAfterFailure };
        let query = Ask { parent, chosen, ..Ask::to_resolver(purpose, question, server) };
        let asked = ask(log, query, Fallbacks::Any, async |query| {
            let attempt = Box::pin(retransmit(log, query, RESOLVER_TIMEOUT)).await;
            if remembers {
                remember(context, log, server, &attempt);
            }
            attempt
        });
        let asked = asked.await;
        path.extend(&asked.path);
        if let Some((rcode, outcome)) = useless.outcome_of(asked) {
            return TypeAnswer { server: Some(server), rcode: Some(rcode), outcome, path };
        }
    }
    useless.of_all(path)
}

/// Whether the resolver is to be asked first by the others of the run.
fn remember(context: &Context, log: &Log, server: SocketAddr, attempt: &Attempt) {
    match &attempt.outcome {
        Ok(_) => {
            if let Some(rtt) = attempt.path.last().and_then(|id| log.round_trip(*id)) {
                context.infra.measured(server, rtt);
            }
        }
        Err(NoReply::Timeout { .. }) if context.infra.srtt(server).is_none() => context.infra.missed(server),
        Err(_) => {}
    }
}
