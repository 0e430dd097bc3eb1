//! Retransmission of a query to a resolver (RFC 1035 §4.2.1, §7.2): a datagram may be lost.
//!
//! As stub resolvers do it: a second datagram while the first is still listened to, one without EDNS options,
//! then TCP, then a datagram without EDNS: some resolvers drop either. Each is a packet of its own in the record, and whichever is answered,
//! however late, counts. EDNS is at fault only where the usual form, sent again once a lesser one is answered, is dropped even then.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::timeout_at;

use crate::dns::name_servers::single::{Attempt, judge};
use crate::dns::transport::ask::{Ask, NoReply, Resent};
use crate::dns::transport::exchange::{Exchanged, receive, send};
use crate::dns::transport::log::Log;
use crate::trace::{At, Choice, Edns, Meaning, Transport};

/// A further try: when it is sent after the first, and how.
struct Try {
    after: Duration,
    transport: Transport,
    /// Where the question has no less.
    edns: Edns,
}

/// A resolver that has to ask others first may need most of a second itself.
const TRIES: [Try; 4] = [
    Try { after: Duration::from_millis(1_000), transport: Transport::Udp, edns: Edns::Full },
    Try { after: Duration::from_millis(1_250), transport: Transport::Udp, edns: Edns::Bare },
    Try { after: Duration::from_millis(1_500), transport: Transport::Tcp, edns: Edns::Full },
    Try { after: Duration::from_millis(1_750), transport: Transport::Udp, edns: Edns::None },
];

/// How long a reply to the usual form is awaited after one to a lesser form, beside that one's round trip: whoever is slow
/// may answer all of them at once, in any order.
const GRACE: Duration = Duration::from_millis(150);

/// Asks; all packets together take `limit` at most. `sent` hears of each packet.
pub(crate) async fn retransmit(
    log: &Rc<Log>,
    ask: Ask,
    limit: Duration,
    sent: &RefCell<Vec<usize>>,
) -> Attempt {
    let clock = *log.clock();
    let by_udp = ask.transport == Transport::Udp;
    let fits = |one: &Try| by_udp && one.after < limit && (one.edns == Edns::Full || one.edns > ask.edns);
    let mut left = TRIES.into_iter().filter(fits).peekable();
    let first = send(log, ask.clone());
    let (start, mut ids, mut by_tcp) = (first.sent, vec![first.id], None);
    sent.borrow_mut().push(first.id);
    let mut running = FuturesUnordered::new();
    running.push(receive(first, limit));
    let again = |ids: &mut Vec<usize>, chosen, transport, edns| {
        let flight = send(log, Ask { parent: ids.last().copied(), chosen, transport, edns, ..ask.clone() });
        ids.push(flight.id);
        sent.borrow_mut().push(flight.id);
        let left = limit.saturating_sub(flight.sent.since(start));
        receive(flight, left)
    };
    let (mut spare, mut spare_until): (Option<Exchanged>, Option<At>) = (None, None);
    loop {
        let due = start.after(left.peek().map_or(limit, |next| next.after));
        let due = spare_until.unwrap_or(due);
        match timeout_at(clock.instant(due).into(), running.next()).await {
            Ok(Some(one)) => match &one.outcome {
                Err(NoReply::Timeout { .. }) => {}
                Err(_) if spare.is_some() => {}
                // The datagrams are still listened to.
                Err(NoReply::Error { reason, .. } | NoReply::Malformed(reason))
                    if by_udp && one.ask.transport == Transport::Tcp =>
                {
                    by_tcp = Some(reason.clone());
                }
                Ok(reply) if one.ask.edns > ask.edns => {
                    log.close(one.id, judge(reply, &one.ask).meaning());
                    if spare_until.is_none() {
                        let wait = GRACE + one.rtt.unwrap_or_default();
                        running.push(again(&mut ids, Choice::Again, Transport::Udp, ask.edns));
                        spare_until = Some(clock.now().after(wait));
                    }
                    // The fullest form counts.
                    if spare.as_ref().is_none_or(|known| one.ask.edns < known.ask.edns) {
                        spare = Some(one);
                    }
                }
                _ => {
                    drop(running);
                    return ended(log, ids, one);
                }
            },
            Ok(None) => break,
            Err(_) if spare.is_some() => break,
            Err(_) => {
                let Some(Try { transport, edns, .. }) = left.next() else { break };
                let chosen = match edns {
                    Edns::Full => Choice::Again,
                    Edns::Bare => Choice::WithoutOptions,
                    Edns::None => Choice::WithoutEdns,
                };
                running.push(again(&mut ids, chosen, transport, edns.max(ask.edns)));
            }
        }
    }
    if let Some(one) = spare {
        drop(running);
        return ended(log, ids, one);
    }
    drop(running);
    ids.iter().for_each(|id| log.close(*id, Meaning::Timeout));
    if let Some(stray) = ids.iter().find_map(|id| log.stray(*id)) {
        return Attempt { path: ids, ask, outcome: Err(NoReply::Malformed(stray)) };
    }
    let (is_resent, by_udp) = (ids.len() > 1, ids.len().saturating_sub(1));
    let resent = is_resent.then_some(Resent { by_udp, without_edns: ask.edns.is_some(), by_tcp });
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
