//! Resolvers that are asked on a connection: TCP, TLS, HTTPS, QUIC.
//!
//! A run has one connection, kept open. Set-up and questions are timed apart: the first packet's record
//! has both, the others of the same connection only their question. What a reply means is decided as for any resolver.

mod beside;
mod bootstrap;
mod framed;
#[cfg(feature = "encrypted-dns")]
mod https;
mod kept;
mod padding;
#[cfg(feature = "encrypted-dns")]
mod quic;
#[cfg(test)]
mod reuse_tests;
#[cfg(feature = "encrypted-dns")]
mod secure;
mod session;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;
use tokio::time::sleep_until;

use super::exchange::{Ask, Outcome, error_outcome, packet};
use super::log::Log;
use super::message::{Decoded, EncodedQuery, Form, Recursion, decode, encode, is_reply_to};
use super::reply::{Asked, Verdict, classify_recursive};
use super::stub::{Heard, Said, TypeHeard, combine, gather, show};
use super::walk::{Patience, Run};
use crate::plan::{Endpoint, RootsChoice};
use crate::trace::{
    AddressSource, At, Choice, Connection, Meaning, Packet, Purpose, Rcode, RecordType, Transport,
};
pub(super) use beside::ask_beside;
use kept::{Attempt, Kept, NotTaken, Taken};
use session::Unanswered;

/// The limit for a connection's set-up.
const SET_UP: Duration = Duration::from_secs(3);
/// The limit for a question on it.
const QUESTION: Duration = Duration::from_secs(3);
/// Addresses of a resolver that are tried.
const MAX_ADDRESSES: usize = 4;
/// The longest DNS message.
#[cfg(feature = "encrypted-dns")]
const MAX_MESSAGE: usize = 65_535;

/// Stands where nobody has been chosen yet.
const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// What a run has of its resolver: what can be made ready before t0, then the open connection.
#[derive(Debug)]
pub(super) struct Client {
    endpoint: Endpoint,
    #[cfg(feature = "encrypted-dns")]
    secure: Option<secure::Secure>,
    kept: Kept,
}

impl Client {
    /// Loads what is trusted, for the transports that need it.
    ///
    /// # Errors
    /// Roots that cannot be used, or a name that no certificate can be for.
    pub(super) fn new(endpoint: &Endpoint, roots: &RootsChoice) -> Result<Self, String> {
        #[cfg(not(feature = "encrypted-dns"))]
        let _ = roots;
        Ok(Self {
            #[cfg(feature = "encrypted-dns")]
            secure: secure::Secure::new(endpoint, roots)?,
            endpoint: endpoint.clone(),
            kept: Kept::default(),
        })
    }
}

/// Asks the resolver of the plan, all types at the same time, on the connection of the run.
pub(super) async fn ask_endpoint(
    client: &Client,
    run: &Rc<Run>,
    qname: Name,
    types: Vec<RecordType>,
    patience: Patience,
) -> Heard {
    let question = |rtype| Ask {
        parent: None,
        purpose: Purpose::Resolver,
        zone: String::new(),
        qname: qname.clone(),
        qtype: rtype,
        server_name: None,
        server: NOBODY,
        source: AddressSource::Configured,
        chosen: Choice::First,
        transport: client.endpoint.transport,
        edns: true,
        recursion: Recursion::Desired,
    };
    let mut first = question(types.first().copied().unwrap_or(RecordType::A));
    // The others would only wait for it.
    let mut taken = match client.kept.take(client, run, &mut first, Attempt::First).await {
        Ok(taken) => Some((taken, first)),
        Err(NotTaken::Nowhere { fault, path }) => {
            return Heard { server: None, rcode: None, result: Err(fault), path };
        }
        Err(NotTaken::Unreachable { why, path }) => {
            let nothing = nothing(path, None, why, false);
            return combine(&qname, &types, &[NOBODY], vec![Some(nothing)]);
        }
    };
    let running: FuturesUnordered<_> = types
        .iter()
        .enumerate()
        .map(|(index, rtype)| {
            let (taken, ask) = match taken.take() {
                Some((taken, ask)) => (Some(taken), ask),
                None => (None, question(*rtype)),
            };
            async move { (index, ask_type(client, run, ask, taken).await) }
        })
        .collect();
    let done = gather(&run.log, running, types.len(), patience).await;
    combine(&qname, &types, &[NOBODY], done)
}

fn query(log: &Log, ask: &Ask) -> EncodedQuery {
    let form = Form { edns: ask.edns, signatures: log.wants_signatures(ask.purpose) };
    let mut query = encode(&ask.qname, ask.qtype, ask.recursion, form).unwrap_or_else(|reason| {
        log.note(format!("the question could not be encoded: {reason}"));
        EncodedQuery { bytes: Vec::new() }
    });
    padding::pad(&mut query, ask.transport);
    // RFC 8484 §4.1, so that HTTP caches work, and RFC 9250 §4.2.1: streams tell questions apart.
    if matches!(ask.transport, Transport::Https | Transport::Quic) && query.bytes.len() >= 2 {
        query.bytes[..2].fill(0);
    }
    query
}

/// Asks one type: once more without EDNS if need be, and again when the connection ends.
async fn ask_type(client: &Client, run: &Rc<Run>, mut ask: Ask, mut taken: Option<Taken>) -> TypeHeard {
    let log = &run.log;
    let clock = *log.clock();
    let (mut path, mut rcode) = (Vec::new(), None);
    let mut attempt = Attempt::First;
    // At most: with EDNS, without, one of them again when its connection ended, and alone.
    for _ in 0..4 {
        let mut taken = match taken.take() {
            Some(taken) => taken,
            None => match client.kept.take(client, run, &mut ask, attempt).await {
                Ok(taken) => taken,
                Err(not_taken) => {
                    let (why, more) = match not_taken {
                        NotTaken::Nowhere { fault, path } => (vec![fault.message], path),
                        NotTaken::Unreachable { why, path } => (why, path),
                    };
                    path.extend(more);
                    return nothing(path, rcode, why, false);
                }
            },
        };
        path.append(&mut taken.path);
        let opened_for_this = taken.opened.is_some();
        let (open, mut query) = taken.opened.take().unwrap_or_else(|| {
            let query = query(log, &ask);
            let packet = packet(&ask, clock.now(), query.bytes.len());
            (log.open(Packet { connection: Some(Connection::Kept), ..packet }), query)
        });
        let id = open.id();
        path.push(id);
        let server = show(ask.server);
        let nothing = |path, rcode, reason: String, timeouts| {
            nothing(path, rcode, vec![format!("{server} {reason}")], timeouts)
        };
        let replies = taken.connection.replies();
        let ready = clock.now();
        let written_at: Cell<Option<At>> = Cell::new(None);
        let written = |at| {
            written_at.set(Some(at));
            if !opened_for_this {
                open.written(at);
            }
        };
        // The limit counts from the writing; for that there is the same limit.
        let patience = async {
            sleep_until(clock.instant(ready.after(QUESTION)).into()).await;
            if let Some(at) = written_at.get() {
                sleep_until(clock.instant(at.after(QUESTION)).into()).await;
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
        let (received, bytes) = match asking {
            Some(Ok(reply)) => reply,
            Some(Err(Unanswered::Lost(error))) => {
                let reason = words(&error, ask.transport);
                open.close(Meaning::Error { reason: reason.clone() });
                client.kept.lost(&taken.connection);
                // What fails with nobody else on it would fail again.
                if opened_for_this && taken.connection.is_of_one() {
                    return nothing(path, rcode, reason, false);
                }
                attempt = attempt.next();
                ask = Ask { parent: Some(id), chosen: Choice::ConnectionEnded, ..ask };
                continue;
            }
            #[cfg(feature = "encrypted-dns")]
            Some(Err(Unanswered::Odd(error))) => {
                let reason = words(&error, ask.transport);
                open.close(Meaning::Error { reason: reason.clone() });
                return nothing(path, rcode, reason, false);
            }
            None => {
                if taken.connection.replies() == replies {
                    taken.connection.retire();
                }
                let limit = QUESTION.as_secs();
                let reason = if written_at.get().is_some() {
                    open.close(Meaning::Timeout);
                    format!("did not answer in {limit} s")
                } else {
                    let reason = format!("took no further question on its connection for {limit} s");
                    open.close(Meaning::Error { reason: reason.clone() });
                    reason
                };
                return nothing(path, rcode, reason, written_at.get().is_some());
            }
        };
        let decoded = if is_reply_to(&query, &bytes) {
            decode(&ask.qname, ask.qtype, &bytes)
        } else {
            Decoded::Malformed("it is no reply to the question sent".to_owned())
        };
        let reply = match decoded {
            Decoded::Reply(reply) => reply,
            Decoded::Malformed(reason) => {
                open.received(received, bytes.len(), None);
                open.close(Meaning::Malformed { reason: reason.clone() });
                return nothing(path, rcode, format!("sent a reply that cannot be read: {reason}"), false);
            }
            Decoded::OtherQuestion => {
                open.received(received, bytes.len(), None);
                let reason = "it answers another question".to_owned();
                open.close(Meaning::Malformed { reason: reason.clone() });
                return nothing(path, rcode, format!("sent a reply that cannot be used: {reason}"), false);
            }
        };
        open.received(received, bytes.len(), Some(reply.header.clone()));
        open.keep(&bytes);
        let root = Name::root();
        let (qname, transport) = (ask.qname.clone(), ask.transport);
        let asked = Asked { zone: &root, qname: &qname, qtype: ask.qtype, transport, edns: ask.edns };
        let verdict = classify_recursive(&reply, &asked);
        log.close(id, verdict.meaning());
        rcode = Some(reply.header.rcode);
        let said = match verdict {
            Verdict::EdnsRefused => {
                ask = Ask { parent: Some(id), chosen: Choice::WithoutEdns, edns: false, ..ask };
                continue;
            }
            Verdict::Answer { chain, records } => Said::Records { chain, records },
            Verdict::Absent { chain, negative, .. } => Said::Absent { chain, negative },
            Verdict::Malformed { reason } => {
                return nothing(path, rcode, format!("sent a reply that cannot be used: {reason}"), false);
            }
            _ => return nothing(path, rcode, format!("answered {}", reply.header.rcode.mnemonic()), false),
        };
        return TypeHeard { server: Some(ask.server), rcode, said, path };
    }
    nothing(path, rcode, vec![format!("{} refuses every question", show(ask.server))], false)
}

fn nothing(path: Vec<usize>, rcode: Option<Rcode>, why: Vec<String>, timeouts_only: bool) -> TypeHeard {
    TypeHeard { server: None, rcode, said: Said::Nothing { why, timeouts_only }, path }
}

/// The reason of an error on a connection, for people.
fn words(error: &io::Error, transport: Transport) -> String {
    // TLS, HTTP/2 and QUIC have words of their own inside; the system's need no translation there.
    if error.get_ref().is_some() {
        return error.to_string();
    }
    match error_outcome(error, transport) {
        Outcome::Error { reason, .. } => reason,
        _ => error.to_string(),
    }
}

/// An error with words of a library.
#[cfg(feature = "encrypted-dns")]
fn failed(what: &str, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{what}: {error}"))
}
