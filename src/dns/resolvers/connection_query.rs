//! One question on the connection that a run keeps to its resolver, counted or not, and its reply as it
//! came. What the reply means is decided by the caller.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::sleep_until;

use crate::dns::iterate::job::Resolution;
use crate::dns::resolvers::connection::{Attempt, Client, NotTaken, Taken, query};
use crate::dns::transport::ask::{Ask, Outcome, packet};
use crate::dns::transport::error::{Unanswered, words};
use crate::dns::transport::log::Open;
use crate::dns::wire::message::{Decoded, decode};
use crate::dns::wire::query::{EncodedQuery, is_reply_to};
use crate::trace::{At, Choice, ConnectionUse, Meaning, Packet};

/// What came of a question.
pub(crate) struct Exchange {
    /// Its packet, which is left open only with a reply.
    pub(crate) id: usize,
    pub(crate) outcome: Outcome,
    /// All packets it took: set-up, one whose connection ended, its own.
    pub(crate) path: Vec<usize>,
}

/// Asks a question beside the counted lane; its packet, which is left open only with a reply, and what
/// came of it. `limit` does not hold for a connection that has to be made.
///
/// # Errors
/// Why there is no connection.
pub(crate) async fn ask_beside(
    client: &Client,
    run: &Rc<Resolution>,
    ask: &mut Ask,
    limit: Duration,
) -> Result<(usize, Outcome), String> {
    match put(client, run, ask, None, limit).await {
        Ok(Exchange { id, outcome, .. }) => Ok((id, outcome)),
        Err(NotTaken::Nowhere { fault, .. }) => Err(fault.message),
        Err(NotTaken::Unreachable { why, .. }) => Err(why.join("; ")),
    }
}

/// Asks a question, again when the connection ends. `limit` holds from its writing, and as long
/// for getting onto the connection.
///
/// # Errors
/// Why there is no connection.
pub(crate) async fn put(
    client: &Client,
    run: &Rc<Resolution>,
    ask: &mut Ask,
    mut taken: Option<Taken>,
    limit: Duration,
) -> Result<Exchange, NotTaken> {
    let (log, clock) = (&run.log, *run.log.clock());
    let mut path = Vec::new();
    let mut attempt = Attempt::First;
    loop {
        let mut taken = match taken.take() {
            Some(taken) => taken,
            None => {
                let taken = client.kept.take(client, run, ask, attempt).await;
                taken.map_err(|not_taken| not_taken.after(&path))?
            }
        };
        path.append(&mut taken.path);
        let opened_for_this = taken.opened.is_some();
        let (open, mut query) = taken.opened.take().unwrap_or_else(|| {
            let query = query(log, ask);
            let packet = packet(ask, clock.now(), query.bytes.len());
            (log.open(Packet { connection: Some(ConnectionUse::Kept), ..packet }), query)
        });
        let id = open.id();
        path.push(id);
        let replies = taken.connection.replies();
        let ready = clock.now();
        let written_at: Cell<Option<At>> = Cell::new(None);
        let written = |moment| {
            let at = clock.at(moment);
            written_at.set(Some(at));
            if !opened_for_this {
                open.written(at);
            }
        };
        let patience = async {
            sleep_until(clock.instant(ready.after(limit)).into()).await;
            if let Some(at) = written_at.get() {
                sleep_until(clock.instant(at.after(limit)).into()).await;
            }
        };
        let asking = tokio::select! {
            biased;
            reply = taken.connection.ask(&mut query, written) => Some(reply),
            () = patience => None,
        };
        let waited = written_at.get().map_or(0, |at| at.since(ready).as_millis());
        if waited > 0 {
            log.note(format!(
                "waited {waited} ms until the connection to the resolver, with other questions of this run on \
                 it, took one more"
            ));
        }
        let reason = match asking {
            Some(Ok((received, bytes))) => {
                let outcome = read(ask, &open, &query, clock.at(received), &bytes);
                return Ok(Exchange { id, outcome, path });
            }
            Some(Err(Unanswered::Lost(error))) => {
                client.kept.lost(&taken.connection);
                let reason = words(&error, ask.transport);
                // What fails with nobody else on it would fail again.
                if !(opened_for_this && taken.connection.is_of_one()) {
                    open.close(Meaning::Error { reason });
                    attempt = attempt.next();
                    (ask.parent, ask.chosen) = (Some(id), Choice::ConnectionEnded);
                    continue;
                }
                reason
            }
            #[cfg(feature = "encrypted-dns")]
            Some(Err(Unanswered::Odd(error))) => words(&error, ask.transport),
            None => {
                if taken.connection.replies() == replies {
                    taken.connection.retire();
                }
                if written_at.get().is_some() {
                    open.close(Meaning::Timeout);
                    return Ok(Exchange { id, outcome: Outcome::Timeout, path });
                }
                format!("took no further question on its connection for {} ms", limit.as_millis())
            }
        };
        open.close(Meaning::Error { reason: reason.clone() });
        return Ok(Exchange { id, outcome: Outcome::Error { reason, no_route: false }, path });
    }
}

fn read(ask: &Ask, open: &Open, query: &EncodedQuery, received: At, bytes: &[u8]) -> Outcome {
    let decoded = if is_reply_to(query, bytes) {
        decode(&ask.qname, ask.qtype, bytes)
    } else {
        Decoded::Malformed("it is no reply to the question sent".to_owned())
    };
    let reason = match decoded {
        Decoded::Reply(reply) => {
            open.received(received, bytes.len(), Some(reply.header.clone()));
            open.keep(bytes);
            return Outcome::Reply(reply);
        }
        Decoded::Malformed(reason) => reason,
        Decoded::OtherQuestion => "it answers another question".to_owned(),
    };
    open.received(received, bytes.len(), None);
    open.close(Meaning::Malformed { reason: reason.clone() });
    Outcome::Malformed(reason)
}
