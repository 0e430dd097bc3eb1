//! Resolvers that are asked on a connection: TCP, TLS, HTTPS, QUIC.
//!
//! Set-up and questions are timed apart: the first packet's record has both, the others of the same
//! connection only their question. What a reply means is decided as for any resolver.

mod bootstrap;
mod framed;
#[cfg(feature = "encrypted-dns")]
mod https;
#[cfg(feature = "encrypted-dns")]
mod quic;
#[cfg(feature = "encrypted-dns")]
mod secure;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;
use tokio::time::timeout_at;

use super::exchange::{Ask, Outcome, error_outcome, packet};
use super::log::{Log, Open};
use super::message::{Decoded, EncodedQuery, Form, Recursion, decode, encode, is_reply_to};
use super::reply::{Asked, Verdict, classify_recursive};
use super::stub::{Heard, Said, TypeHeard, combine, gather, show};
use super::walk::{Patience, Run};
use crate::clock::Clock;
use crate::plan::{Endpoint, RootsChoice};
use crate::trace::{AddressSource, At, Choice, Meaning, Purpose, RecordType, Transport};

/// The limit for a connection's set-up.
const SET_UP: Duration = Duration::from_secs(3);
/// The limit for a question on it.
const QUESTION: Duration = Duration::from_secs(3);
/// Addresses of a resolver that are tried.
const MAX_ADDRESSES: usize = 4;
/// The longest DNS message.
#[cfg(feature = "encrypted-dns")]
const MAX_MESSAGE: usize = 65_535;

/// What can be made ready for a resolver before t0.
#[derive(Debug)]
pub(super) struct Client {
    endpoint: Endpoint,
    #[cfg(feature = "encrypted-dns")]
    secure: Option<secure::Secure>,
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
        })
    }
}

/// An open connection to a resolver.
enum Session {
    Framed(framed::Session),
    #[cfg(feature = "encrypted-dns")]
    Https(https::Session),
    #[cfg(feature = "encrypted-dns")]
    Quic(quic::Session),
}

impl Session {
    /// Connects; `tcp_done` hears when TCP is up and TLS begins. Returns when it was ready.
    async fn connect(
        client: &Client,
        address: SocketAddr,
        clock: &Clock,
        tcp_done: impl Fn(At),
    ) -> io::Result<(Self, At)> {
        #[cfg(feature = "encrypted-dns")]
        if let Some(secure) = &client.secure {
            return match client.endpoint.transport {
                Transport::Quic => {
                    let (session, at) = quic::connect(secure, address, clock).await?;
                    Ok((Self::Quic(session), at))
                }
                Transport::Https => {
                    let (stream, at) = secure.connect(address, clock, tcp_done).await?;
                    Ok((Self::Https(https::open(stream, &client.endpoint, *clock).await?), at))
                }
                _ => {
                    let (stream, at) = secure.connect(address, clock, tcp_done).await?;
                    Ok((Self::Framed(framed::Session::new(stream, *clock)), at))
                }
            };
        }
        let _ = (&client.endpoint, tcp_done);
        let (stream, at) = framed::connect(address, clock).await?;
        Ok((Self::Framed(framed::Session::new(stream, *clock)), at))
    }

    /// Sends a question and waits for its reply.
    async fn ask(&self, query: &mut EncodedQuery) -> io::Result<(At, Vec<u8>)> {
        match self {
            Self::Framed(session) => session.ask(query).await,
            #[cfg(feature = "encrypted-dns")]
            Self::Https(session) => session.ask(query).await,
            #[cfg(feature = "encrypted-dns")]
            Self::Quic(session) => session.ask(query).await,
        }
    }
}

/// Asks the resolver of the plan: finds its addresses, connects, asks all types at the same time.
pub(super) async fn ask_endpoint(
    client: &Client,
    run: &Rc<Run>,
    qname: Name,
    types: Vec<RecordType>,
    patience: Patience,
) -> Heard {
    let log = &run.log;
    let bootstrap::Addresses { addresses, mut path, fault } =
        bootstrap::addresses(&client.endpoint, run).await;
    if let Some(fault) = fault {
        return Heard { server: None, rcode: None, result: Err(fault), path };
    }
    let question = |server, rtype| Ask {
        parent: path.last().copied(),
        purpose: Purpose::Resolver,
        zone: String::new(),
        qname: qname.clone(),
        qtype: rtype,
        server_name: None,
        server,
        source: AddressSource::Configured,
        chosen: Choice::First,
        transport: client.endpoint.transport,
        edns: true,
        recursion: Recursion::Desired,
    };
    let first_type = types.first().copied().unwrap_or(RecordType::A);
    let mut why = Vec::new();
    let mut failed = Vec::new();
    for address in addresses.iter().take(MAX_ADDRESSES) {
        let mut ask = question(*address, first_type);
        if let Some(before) = failed.last() {
            (ask.parent, ask.chosen) = (Some(*before), Choice::NextAfterFailure);
        }
        let query = query(log, &ask);
        let clock = *log.clock();
        let start = clock.now();
        let open = log.open(packet(&ask, start, query.bytes.len()));
        let deadline = clock.instant(start.after(SET_UP)).into();
        let connecting = Session::connect(client, *address, &clock, |at| open.tcp_done(at));
        let reason = match timeout_at(deadline, connecting).await {
            Ok(Ok((session, at))) => {
                open.connected(at);
                let mut opened = Some((open, query));
                let running: FuturesUnordered<_> = types
                    .iter()
                    .enumerate()
                    .map(|(index, rtype)| {
                        let (session, opened) = (&session, opened.take());
                        let ask = if opened.is_some() { ask.clone() } else { question(*address, *rtype) };
                        async move { (index, ask_type(session, log, ask, opened).await) }
                    })
                    .collect();
                let done = gather(log, running, types.len(), patience).await;
                let heard = combine(&qname, &types, &addresses, done);
                path.extend(failed);
                path.extend(&heard.path);
                return Heard { path, ..heard };
            }
            Ok(Err(error)) => {
                let reason = words(&error, ask.transport);
                open.close(Meaning::Error { reason: reason.clone() });
                reason
            }
            Err(_) => {
                open.close(Meaning::Timeout);
                format!("was not connected in {} s", SET_UP.as_secs())
            }
        };
        failed.push(open.id());
        why.push(format!("{} {reason}", show(*address)));
    }
    path.extend(failed);
    let timeouts_only = false;
    let nothing = TypeHeard {
        server: None,
        rcode: None,
        said: Said::Nothing { why, timeouts_only },
        path: path.clone(),
    };
    let heard = combine(&qname, &types, &addresses, vec![Some(nothing)]);
    Heard { path, ..heard }
}

fn query(log: &Log, ask: &Ask) -> EncodedQuery {
    let form = Form { edns: ask.edns, signatures: log.wants_signatures(ask.purpose) };
    let mut query = encode(&ask.qname, ask.qtype, ask.recursion, form).unwrap_or_else(|reason| {
        log.note(format!("the question could not be encoded: {reason}"));
        EncodedQuery { bytes: Vec::new() }
    });
    // RFC 8484 §4.1, so that HTTP caches work, and RFC 9250 §4.2.1: streams tell questions apart.
    if matches!(ask.transport, Transport::Https | Transport::Quic) && query.bytes.len() >= 2 {
        query.bytes[..2].fill(0);
    }
    query
}

/// Asks one type, without EDNS if need be; the first question of a connection has a record already.
async fn ask_type(
    session: &Session,
    log: &Rc<Log>,
    mut ask: Ask,
    mut opened: Option<(Open, EncodedQuery)>,
) -> TypeHeard {
    let clock = *log.clock();
    let (mut path, mut rcode) = (Vec::new(), None);
    let server = ask.server;
    let nothing = |path, rcode, reason: String, timeouts_only| TypeHeard {
        server: None,
        rcode,
        said: Said::Nothing { why: vec![format!("{} {reason}", show(server))], timeouts_only },
        path,
    };
    for _ in 0..2 {
        let (open, mut query) = opened.take().unwrap_or_else(|| {
            let query = query(log, &ask);
            let sent = clock.now();
            (log.open(packet(&ask, sent, query.bytes.len())), query)
        });
        let id = open.id();
        path.push(id);
        let deadline = clock.instant(clock.now().after(QUESTION)).into();
        let (received, bytes) = match timeout_at(deadline, session.ask(&mut query)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => {
                let reason = words(&error, ask.transport);
                open.close(Meaning::Error { reason: reason.clone() });
                return nothing(path, rcode, reason, false);
            }
            Err(_) => {
                open.close(Meaning::Timeout);
                let reason = format!("did not answer in {} s", QUESTION.as_secs());
                return nothing(path, rcode, reason, true);
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
    nothing(path, rcode, "refuses every question".to_owned(), false)
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
