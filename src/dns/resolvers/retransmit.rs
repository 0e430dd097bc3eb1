//! One question to one resolver, and again while nothing comes back: a datagram may be lost.
//!
//! As stub resolvers do it, within the limit of one question: a second datagram while the first is
//! still listened to, then TCP. Each is a packet of its own in the record.

use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::timeout_at;

use crate::dns::transport::ask::{Ask, Outcome};
use crate::dns::transport::exchange::{Exchanged, receive, send};
use crate::dns::transport::log::Log;
use crate::trace::{Choice, Meaning, Transport};

/// When a question is sent once more, after the first time: a resolver that has to ask others first
/// may need most of a second itself.
const AGAIN: [(Duration, Transport); 2] =
    [(Duration::from_millis(1_000), Transport::Udp), (Duration::from_millis(1_500), Transport::Tcp)];

/// What came of a question.
#[derive(Debug)]
pub(crate) struct Persisted {
    /// The packet that was answered or could not be sent; `None` when nothing came back in time.
    pub(crate) exchanged: Option<Exchanged>,
    /// The packets its time was spent on, that one last.
    pub(crate) path: Vec<usize>,
    /// Whether it was asked again in vain, to stand behind "did not answer".
    pub(crate) tried: String,
}

/// Asks; all packets together take `limit` at most.
pub(crate) async fn persist(log: &Rc<Log>, ask: Ask, limit: Duration) -> Persisted {
    let clock = *log.clock();
    let by_udp = ask.transport == Transport::Udp;
    let mut again = AGAIN.into_iter().filter(|(after, _)| by_udp && *after < limit).peekable();
    let first = send(log, ask.clone());
    let (start, mut ids, mut by_tcp) = (first.sent, vec![first.id], None);
    let mut running = FuturesUnordered::new();
    running.push(receive(first, limit));
    loop {
        let due = start.after(again.peek().map_or(limit, |(after, _)| *after));
        match timeout_at(clock.instant(due).into(), running.next()).await {
            Ok(Some(one)) => match &one.outcome {
                Outcome::Timeout => {}
                // The datagrams are still listened to.
                Outcome::Error { reason, .. } if by_udp && one.ask.transport == Transport::Tcp => {
                    by_tcp = Some(reason.clone());
                }
                _ => {
                    drop(running);
                    return ended(log, ids, one);
                }
            },
            Ok(None) => break,
            Err(_) => {
                let Some((after, transport)) = again.next() else { break };
                let parent = ids.last().copied();
                let flight = send(log, Ask { parent, chosen: Choice::Again, transport, ..ask.clone() });
                ids.push(flight.id);
                running.push(receive(flight, limit.saturating_sub(after)));
            }
        }
    }
    drop(running);
    ids.iter().for_each(|id| log.close(*id, Meaning::Timeout));
    let tried = match (ids.len() > 1, by_tcp) {
        (false, _) => String::new(),
        (true, None) => ", asked twice by UDP and once by TCP".to_owned(),
        (true, Some(why)) => format!(", asked twice by UDP, and by TCP: {why}"),
    };
    Persisted { exchanged: None, path: ids, tried }
}

/// One packet ended it: those sent before had no reply until then, those after were not needed.
fn ended(log: &Log, mut ids: Vec<usize>, one: Exchanged) -> Persisted {
    for id in &ids {
        let meaning = if *id < one.id { Meaning::Timeout } else { Meaning::Superseded };
        if *id != one.id {
            log.close(*id, meaning);
        }
    }
    ids.retain(|id| *id <= one.id);
    Persisted { exchanged: Some(one), path: ids, tried: String::new() }
}
