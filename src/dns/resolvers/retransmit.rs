//! Retransmission of a query to a resolver (RFC 1035 §4.2.1, §7.2): a datagram may be lost.
//!
//! As stub resolvers do it, within the limit of one query: a second datagram while the first is
//! still listened to, then TCP. Each is a packet of its own in the record.

use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::timeout_at;

use crate::dns::name_servers::single::Attempt;
use crate::dns::transport::ask::{Ask, NoReply, Resent};
use crate::dns::transport::exchange::{Exchanged, receive, send};
use crate::dns::transport::log::Log;
use crate::trace::{Choice, Meaning, Transport};

/// When a query is sent once more, after the first time: a resolver that has to ask others first
/// may need most of a second itself.
const RESENT: [(Duration, Transport); 2] =
    [(Duration::from_millis(1_000), Transport::Udp), (Duration::from_millis(1_500), Transport::Tcp)];

/// Asks; all packets together take `limit` at most.
pub(crate) async fn retransmit(log: &Rc<Log>, ask: Ask, limit: Duration) -> Attempt {
    let clock = *log.clock();
    let by_udp = ask.transport == Transport::Udp;
    let mut left = RESENT.into_iter().filter(|(after, _)| by_udp && *after < limit).peekable();
    let first = send(log, ask.clone());
    let (start, mut ids, mut by_tcp) = (first.sent, vec![first.id], None);
    let mut running = FuturesUnordered::new();
    running.push(receive(first, limit));
    loop {
        let due = start.after(left.peek().map_or(limit, |(after, _)| *after));
        match timeout_at(clock.instant(due).into(), running.next()).await {
            Ok(Some(one)) => match &one.outcome {
                Err(NoReply::Timeout { .. }) => {}
                // The datagrams are still listened to.
                Err(NoReply::Error { reason, .. }) if by_udp && one.ask.transport == Transport::Tcp => {
                    by_tcp = Some(reason.clone());
                }
                _ => {
                    drop(running);
                    return ended(log, ids, one);
                }
            },
            Ok(None) => break,
            Err(_) => {
                let Some((after, transport)) = left.next() else { break };
                let parent = ids.last().copied();
                let flight = send(log, Ask { parent, chosen: Choice::Again, transport, ..ask.clone() });
                ids.push(flight.id);
                running.push(receive(flight, limit.saturating_sub(after)));
            }
        }
    }
    drop(running);
    ids.iter().for_each(|id| log.close(*id, Meaning::Timeout));
    let resent = (ids.len() > 1).then_some(Resent { by_tcp });
    Attempt { path: ids, ask, outcome: Err(NoReply::Timeout { limit, resent }) }
}

/// One packet ended it: those sent before had no reply until then, those after were not needed.
fn ended(log: &Log, mut ids: Vec<usize>, one: Exchanged) -> Attempt {
    for id in ids.iter().filter(|id| **id != one.id) {
        log.close(*id, if *id < one.id { Meaning::Timeout } else { Meaning::Superseded });
    }
    ids.retain(|id| *id <= one.id);
    Attempt { path: ids, ..one.into() }
}
