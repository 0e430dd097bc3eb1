//! The questions of DNSSEC on the connection that a run keeps to its resolver: in the uncounted lane,
//! one reply a question. What a reply means is decided by the caller.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::timeout_at;

use super::kept::{Attempt, NotTaken};
use super::session::Unanswered;
use super::{query, words};
use crate::dns::exchange::{Ask, Outcome, packet};
use crate::dns::log::Open;
use crate::dns::message::{Decoded, EncodedQuery, decode, is_reply_to};
use crate::dns::walk::Run;
use crate::trace::{At, Choice, Connection, Meaning, Packet};

/// Asks one question, again when the connection ends. Its packet, which is left open only with a
/// reply, and what came of it; `wait` does not hold for a connection that has to be made.
///
/// # Errors
/// Why there is no connection.
pub(in crate::dns) async fn ask_beside(
    run: &Rc<Run>,
    ask: &mut Ask,
    wait: Duration,
) -> Result<(usize, Outcome), String> {
    let client = run.shared.client.as_ref().ok_or_else(|| "is not asked on connections".to_owned())?;
    let (log, clock) = (&run.log, *run.log.clock());
    let mut attempt = Attempt::First;
    loop {
        let mut taken = match client.kept.take(client, run, ask, attempt).await {
            Ok(taken) => taken,
            Err(NotTaken::Nowhere { fault, .. }) => return Err(fault.message),
            Err(NotTaken::Unreachable { why, .. }) => return Err(why.join("; ")),
        };
        let opened_for_this = taken.opened.is_some();
        let (open, mut query) = taken.opened.take().unwrap_or_else(|| {
            let query = query(log, ask);
            let packet = packet(ask, clock.now(), query.bytes.len());
            (log.open(Packet { connection: Some(Connection::Kept), ..packet }), query)
        });
        let written = |at| {
            if !opened_for_this {
                open.written(at);
            }
        };
        let deadline = clock.instant(clock.now().after(wait)).into();
        let reason = match timeout_at(deadline, taken.connection.ask(&mut query, written)).await {
            Ok(Ok((received, bytes))) => return Ok((open.id(), read(ask, &open, &query, received, &bytes))),
            Ok(Err(Unanswered::Lost(error))) => {
                client.kept.lost(&taken.connection);
                let reason = words(&error, ask.transport);
                // What fails with nobody else on it would fail again.
                if !(opened_for_this && taken.connection.is_of_one()) {
                    open.close(Meaning::Error { reason: reason.clone() });
                    attempt = attempt.next();
                    (ask.parent, ask.chosen) = (Some(open.id()), Choice::ConnectionEnded);
                    continue;
                }
                reason
            }
            #[cfg(feature = "encrypted-dns")]
            Ok(Err(Unanswered::Odd(error))) => words(&error, ask.transport),
            Err(_) => {
                open.close(Meaning::Timeout);
                return Ok((open.id(), Outcome::Timeout));
            }
        };
        open.close(Meaning::Error { reason: reason.clone() });
        return Ok((open.id(), Outcome::Error { reason, no_route: false }));
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
