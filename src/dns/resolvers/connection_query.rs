//! One query on the connection that a run keeps to its resolver, and its reply as it came; once more where
//! the connection ended before it (RFC 7766 §6.2.4). What the reply means is decided by the caller.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::sleep_until;

use crate::dns::iterate::job::Resolution;
use crate::dns::name_servers::single::Attempt;
use crate::dns::resolvers::connection::{Client, Losses, Taken, query};
#[cfg(feature = "encrypted-dns")]
use crate::dns::transport::ask::reason;
use crate::dns::transport::ask::{Ask, NoReply, packet};
use crate::dns::transport::error::Unanswered;
use crate::dns::transport::framed::Part;
use crate::dns::transport::log::Log;
use crate::dns::transport::tcp::{ended, read_reply};
use crate::dns::wire::message::Reply;
use crate::trace::{At, Choice, ConnectionUse, Packet};

/// Asks, once more when the connection ends. `limit` holds from the query's writing, and as long for getting
/// onto the connection; not for a connection that has to be made.
pub(crate) async fn put(
    client: &Client,
    run: &Rc<Resolution>,
    mut ask: Ask,
    mut taken: Option<Taken>,
    limit: Duration,
) -> Attempt {
    let mut path = Vec::new();
    let (mut losses, mut was_refused) = (Losses::None, false);
    loop {
        let mut taken = match taken.take() {
            Some(taken) => taken,
            None => match client.kept.take(client, run, &mut ask, losses).await {
                Ok(taken) => taken,
                Err(not_taken) => {
                    let (why, set_up) = not_taken.reasons();
                    path.extend(set_up);
                    return Attempt { path, ask, outcome: Err(NoReply::NotSent(why)) };
                }
            },
        };
        path.append(&mut taken.path);
        let is_opened_for_this = taken.opened.is_some();
        let (id, end) = exchange(&run.log, &ask, &mut taken, limit).await;
        path.push(id);
        let outcome = match end {
            End::Over(outcome) => outcome,
            End::Unprocessed(_) if !was_refused => {
                was_refused = true;
                (ask.parent, ask.chosen) = (Some(id), Choice::Again);
                continue;
            }
            End::Unprocessed(why) => Err(why),
            End::Lost(why) => {
                client.kept.lost(&taken.connection);
                // What fails with nobody else on it would fail again.
                if !(is_opened_for_this && taken.connection.is_of_one()) {
                    losses = losses.one_more();
                    (ask.parent, ask.chosen) = (Some(id), Choice::ConnectionEnded);
                    continue;
                }
                Err(why)
            }
        };
        return Attempt { path, ask, outcome };
    }
}

/// How a query on a connection ended.
enum End {
    Over(Result<Box<Reply>, NoReply>),
    /// The resolver did not look at it (RFC 9113 §8.7).
    #[cfg_attr(not(feature = "encrypted-dns"), allow(dead_code, reason = "only HTTP/2 says so"))]
    Unprocessed(NoReply),
    /// With the connection.
    Lost(NoReply),
}

/// Asks on a connection; the packet is left open only with a reply.
async fn exchange(log: &Rc<Log>, ask: &Ask, taken: &mut Taken, limit: Duration) -> (usize, End) {
    let (clock, connection) = (*log.clock(), &taken.connection);
    let opened = taken.opened.take();
    let is_kept = opened.is_none();
    let (open, mut query) = opened.unwrap_or_else(|| {
        let query = query(log, ask);
        let packet = packet(ask, clock.now(), query.bytes.len());
        (log.open(Packet { connection: Some(ConnectionUse::Kept), ..packet }), query)
    });
    let (replies, strays, part) = (connection.replies(), connection.strays(), Part::default());
    let ready = clock.now();
    let written_at: Cell<Option<At>> = Cell::new(None);
    let written = |moment| {
        let at = clock.at(moment);
        written_at.set(Some(at));
        if is_kept {
            open.written(at);
        }
    };
    let patience = async {
        sleep_until(clock.instant(ready.after(limit)).into()).await; // the patience with a connection
        if let Some(at) = written_at.get() {
            sleep_until(clock.instant(at.after(limit)).into()).await; // the same, from when the question was written
        }
    };
    let asking = tokio::select! {
        biased;
        reply = connection.ask(&mut query, &part, written) => Some(reply),
        () = patience => None,
    };
    let waited = written_at.get().map_or(0, |at| at.since(ready).as_millis());
    if waited > 0 {
        log.note(format!(
            "waited {waited} ms until the connection to the resolver, with other questions of this run on \
             it, took one more"
        ));
    }
    let failed = |reason| NoReply::Error { reason, kept: None };
    let instead = part.wanting().or_else(|| connection.instead(strays));
    let end = match asking {
        Some(Ok((received, bytes))) => End::Over(read_reply(ask, &query, &open, clock.at(received), &bytes)),
        Some(Err(Unanswered::Lost(error))) => {
            // By QUIC it is in the error's words.
            let words = error.to_string();
            let instead = instead.filter(|instead| !words.ends_with(instead.as_str()));
            End::Lost(ended(&error, ask.transport, instead))
        }
        #[cfg(feature = "encrypted-dns")]
        Some(Err(Unanswered::Unprocessed(error))) => End::Unprocessed(failed(reason(&error, ask.transport))),
        #[cfg(feature = "encrypted-dns")]
        Some(Err(Unanswered::Odd(error))) => End::Over(Err(failed(reason(&error, ask.transport)))),
        None => {
            if connection.replies() == replies {
                connection.retire();
            }
            End::Over(Err(match (written_at.get(), instead) {
                (Some(_), Some(instead)) => NoReply::Malformed(instead),
                (Some(_), None) => NoReply::Timeout { limit, resent: None },
                (None, _) => {
                    failed(format!("took no further question on its connection for {} ms", limit.as_millis()))
                }
            }))
        }
    };
    if let End::Over(Err(why)) | End::Unprocessed(why) | End::Lost(why) = &end {
        open.close(why.meaning());
    }
    (open.id(), end)
}
