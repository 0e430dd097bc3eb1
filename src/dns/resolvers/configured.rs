//! Queries to recursive resolvers by UDP: the machine's stub resolver's (RFC 1034 §5.3.1), or the one the user
//! chose.
//!
//! A resolver's answer is complete and taken as given: no bailiwick, no aliases to walk. Whether
//! its time is counted is the caller's decision.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;
use tokio::time::timeout_at;

use crate::dns::context::Context;
use crate::dns::iterate::job::Patience;
use crate::dns::name_servers::single::{Asked, Attempt, Fallbacks, ask};
use crate::dns::outcome::words::show;
use crate::dns::resolvers::combine::{Questions, ResolverAnswer, TypeAnswer, Useless, combine, gather};
use crate::dns::resolvers::retransmit::retransmit;
use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::log::Log;
use crate::trace::{Choice, Meaning, Purpose, RecordType};

/// How long one resolver may take: its last try has five seconds, as in other stub resolvers. The limit of the
/// lane may be nearer.
const LIMIT: Duration = Duration::from_secs(7);

/// How long a resolver is awaited alone before the next is asked beside it.
const ALONE: Duration = Duration::from_secs(2);

/// Resolvers that are asked at most.
const MAX_RESOLVERS: usize = 8;

/// What the C library reads of resolv.conf (MAXNS).
const OF_C_LIBRARY: usize = 3;

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
    let mut left: VecDeque<SocketAddr> = servers.iter().take(MAX_RESOLVERS).copied().collect();
    // The order is the user's. Many names need not find out each on its own who is silent.
    let remembers = context.plan.server_limit.is_some();
    if remembers {
        left.make_contiguous().sort_by_key(|server| context.infra.is_missed(*server));
    }
    let (mut useless, mut path) = (Useless::default(), Vec::new());
    // The packets to each resolver, in the order in which they are asked.
    let sent: Vec<RefCell<Vec<usize>>> = left.iter().map(|_| RefCell::default()).collect();
    let (mut running, mut awaited) = (FuturesUnordered::new(), Vec::new());
    loop {
        if let Some(server) = left.pop_front() {
            let was_missed = context.infra.is_missed(server);
            // Beside another it waits for its place where that one is listened to.
            let place =
                if running.is_empty() { Some(log.queue(context.slots.take(server)).await) } else { None };
            let is_news = place.is_some() && !was_missed && context.infra.is_missed(server);
            if remembers && is_news && !left.is_empty() {
                left.push_back(server);
                continue;
            }
            let parent = sent.iter().rev().find_map(|sent| sent.borrow().last().copied());
            let chosen = if parent.is_none() { Choice::First } else { Choice::NextAfterFailure };
            let query = Ask { parent, chosen, ..Ask::to_resolver(purpose, question, server) };
            let index = sent.len() - left.len() - 1;
            awaited.push((index, server));
            let own = &sent[index];
            running.push(async move {
                let place = match place {
                    Some(place) => place,
                    None => context.slots.take(server).await,
                };
                (index, ask_one(context, log, query, own).await, place)
            });
        }
        let patience = log.clock().instant(log.clock().now().after(ALONE)).into();
        let next = if left.is_empty() {
            running.next().await
        } else if let Ok(next) = timeout_at(patience, running.next()).await {
            next
        } else {
            // It stays awaited beside the next.
            if let Some((_, server)) = awaited.last().filter(|_| remembers) {
                context.infra.missed(*server);
            }
            continue;
        };
        let Some((index, asked, _place)) = next else { return useless.of_all(path) };
        awaited.retain(|(one, _)| *one != index);
        let (server, own) = (asked.ask.server, asked.path.clone());
        let outcome = useless.outcome_of(asked);
        if outcome.is_some() {
            let place = servers.iter().position(|one| *one == server).unwrap_or(index);
            let is_silent = |one: usize| one < index && !sent[one].borrow().is_empty();
            let silent: Vec<SocketAddr> =
                awaited.iter().filter(|(one, _)| is_silent(*one)).map(|(_, silent)| *silent).collect();
            of_earlier(place, server, &silent).into_iter().for_each(|note| log.note(note));
            for (one, _) in &awaited {
                // Who was asked before had not replied until then.
                let ids = sent[*one].borrow();
                ids.iter().for_each(|id| log.close(*id, Meaning::Timeout));
                path.extend(ids.iter().filter(|_| *one < index));
            }
        }
        path.extend(own);
        if let Some((rcode, outcome)) = outcome {
            return TypeAnswer { server: Some(server), rcode: Some(rcode), outcome, path };
        }
    }
}

/// What programs on this machine meet that go by resolv.conf(5), where the first resolvers gave no answer: `place` is that of
/// the one that did, and `silent` were asked before it.
fn of_earlier(place: usize, server: SocketAddr, silent: &[SocketAddr]) -> Vec<String> {
    let silent: Vec<String> = silent.iter().map(|silent| show(*silent)).collect();
    let waits = (!silent.is_empty()).then(|| {
        format!(
            "{} had not answered when {} did, which was asked after it: the C library waits 5 s for each of them first, or \
             as long as `options timeout:` says",
            silent.join(", "),
            show(server)
        )
    });
    let beyond = (place >= OF_C_LIBRARY).then(|| {
        format!(
            "{} is beyond the first {OF_C_LIBRARY} resolvers, and the C library asks no others",
            show(server)
        )
    });
    waits.into_iter().chain(beyond).collect()
}

/// Asks one resolver, in whichever form of the query it answers.
async fn ask_one(context: &Context, log: &Rc<Log>, query: Ask, sent: &RefCell<Vec<usize>>) -> Asked {
    let server = query.server;
    let query = Ask { edns: context.infra.edns(server), ..query };
    ask(log, query, Fallbacks::Any, async |query| {
        let wanted_edns = query.edns;
        let attempt = Box::pin(retransmit(log, query, LIMIT, sent)).await;
        let edns = attempt.ask.edns;
        if attempt.outcome.is_ok() && edns > wanted_edns {
            context.infra.less_edns(server, edns);
            let what = if edns.is_some() { "EDNS options" } else { "EDNS" };
            log.note(format!("resolver {} answered only the question without {what}", show(server)));
        }
        if context.plan.server_limit.is_some() {
            remember(context, log, server, &attempt);
        }
        attempt
    })
    .await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_resolvers_did_is_told() {
        let server = |number: u8| SocketAddr::from(([127, 0, 0, number], 53));
        assert!(of_earlier(0, server(1), &[]).is_empty());
        assert!(of_earlier(1, server(2), &[]).is_empty(), "the first has said something");
        let notes = of_earlier(3, server(4), &[server(1), server(2)]);
        assert!(
            notes[0].starts_with("127.0.0.1, 127.0.0.2 had not answered when 127.0.0.4 did"),
            "{notes:?}"
        );
        assert!(notes[1].starts_with("127.0.0.4 is beyond the first 3 resolvers"), "{notes:?}");
    }
}
