//! Session resumption (RFC 8446 §2.2, RFC 5077): the tickets that a connection was given, and a second
//! handshake with one of them.
//!
//! Every connection has a store of its own: no handshake of a trace is ever shortened by one before it. What
//! the second handshake finds is no part of a trace's time.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::client::{
    ClientSessionStore, Resumption as Keeping, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind, NamedGroup};
use tokio::io::{AsyncRead, AsyncWrite};

use super::handshake::{End, Handshake, Hello};
use super::host::Asked;
use super::verify::Observer;
use crate::clock::Clock;
use crate::stop::{Stop, Stopped};
use crate::timestamp::Stamped;
use crate::trace::{
    Direction, EarlyData, HandshakeMessage, NotResumed, Resumed, Resumption, Tls, TlsVersion,
};

/// Tickets of one connection that are kept; the others are counted.
const MAX_TICKETS: usize = 8;

/// What a connection leaves behind for one that resumes its session.
#[derive(Debug)]
pub struct Memory {
    /// The very configuration of the first: rustls resumes with no other.
    pub(super) config: Arc<ClientConfig>,
    pub(super) tickets: Arc<Tickets>,
    pub(super) observer: Arc<Observer>,
    pub(super) host: String,
    pub(super) limit: Duration,
    /// Whether the server was listened to behind the handshake, where TLS 1.3 gives its tickets.
    pub(super) heard: Heard,
}

/// The session that a handshake resumes, in the configuration that it was begun with.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) config: Arc<ClientConfig>,
    pub(super) observer: Arc<Observer>,
}

/// Whether a response was read on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Its head came: tickets come before it.
    Response,
    /// None came, or none was asked for.
    Nothing,
}

/// The tickets and session ids that a server gave (RFC 8446 §4.6.1, RFC 5246 §7.4.1.3).
#[derive(Debug, Default)]
pub(super) struct Tickets(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    given: u32,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: VecDeque<Tls13ClientSessionValue>,
    /// The group that the server had to ask for, to be sent at once the second time.
    group: Option<NamedGroup>,
    sends_group: bool,
}

impl Tickets {
    /// How rustls is told to keep them here.
    pub(super) fn keeping(self: &Arc<Self>) -> Keeping {
        Keeping::store(Arc::clone(self) as _)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        self.kept().group = Some(group);
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        let kept = self.kept();
        kept.group.filter(|_| kept.sends_group)
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        let mut kept = self.kept();
        kept.given += 1;
        kept.tls12 = Some(value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept().tls12.clone()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.kept().tls12 = None;
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        let mut kept = self.kept();
        kept.given = kept.given.saturating_add(1);
        if kept.tls13.len() < MAX_TICKETS {
            kept.tls13.push_back(value);
        }
    }

    /// The newest, as browsers do.
    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.kept().tls13.pop_back()
    }
}

impl Memory {
    /// What is known without a second connection: how many tickets came, and `None` where there are some.
    #[must_use]
    pub fn without_ticket(&self, first: &Tls) -> Option<Resumption> {
        let given = self.tickets.kept().given;
        let why = match (first.version, self.heard) {
            // They are a part of the handshake there (RFC 5077 §3.1).
            (Some(TlsVersion::Tls12), _) | (_, Heard::Response) => NotResumed::NoTicket,
            (_, Heard::Nothing) => NotResumed::NothingRead,
        };
        (given == 0).then(|| not_resumed(first, given, why))
    }

    /// The same, with what was heard of the server on the first connection.
    #[must_use]
    pub fn after(self, heard: Heard) -> Self {
        Self { heard, ..self }
    }

    /// The second connection could not be made, for this reason.
    #[must_use]
    pub fn unconnected(&self, first: &Tls, why: String) -> Resumption {
        not_resumed(first, self.tickets.kept().given, NotResumed::Failed(why))
    }

    /// Whose session it is.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The configuration of the second handshake: how many tickets came, and whether the next allows 0-RTT.
    pub(super) fn prepare(&self, first: &Tls) -> (Arc<ClientConfig>, u32, bool) {
        let (given, allows_early) = {
            let mut kept = self.tickets.kept();
            kept.sends_group = first.hello_retry;
            (kept.given, kept.tls13.back().is_some_and(|ticket| ticket.max_early_data_size() > 0))
        };
        let mut config = ClientConfig::clone(&self.config);
        config.enable_early_data = allows_early;
        (Arc::new(config), given, allows_early)
    }

    /// What a second handshake inside QUIC came to: there every message can be read, and a server that resumes
    /// sends no certificate (RFC 8446 §2.2).
    #[must_use]
    pub fn inside_quic(&self, first: &Tls, second: &Tls, early_data: Option<EarlyData>) -> Resumption {
        let took = second.until_server_finished();
        let is_full = second.flights.iter().any(|flight| {
            flight.direction == Direction::Received
                && flight.messages.contains(&HandshakeMessage::Certificate)
        });
        let outcome = match took.filter(|_| !is_full) {
            Some(took) => Resumed::Yes { took, round_trips: second.round_trips },
            None => Resumed::No { why: NotResumed::FullHandshake, took },
        };
        Resumption {
            tickets: self.tickets.kept().given,
            full: first.until_server_finished(),
            outcome,
            early_data: Some(early_data.unwrap_or(EarlyData::NotOffered)),
        }
    }

    /// Shakes hands once more with the server of the first handshake, over a connection of its own, with one
    /// of its tickets. No request is sent, neither early nor late.
    pub async fn resume<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
        self,
        carrier: S,
        peer: Option<SocketAddr>,
        first: &Tls,
        clock: &Clock,
        stop: &Stop,
    ) -> Resumption {
        let (config, given, allows_early) = self.prepare(first);
        let failed = |why: String| not_resumed(first, given, NotResumed::Failed(why));
        let Some(asked) = Asked::new(&self.host) else { return failed("no name to ask for".to_owned()) };
        let hello = match Hello::new(config, asked, self.observer) {
            Ok(hello) => hello,
            Err(error) => return failed(error.to_string()),
        };
        let mut handshake = Handshake::new(carrier, hello, clock.now().after(self.limit), clock, stop);
        let (_, ended) = handshake.run().await;
        if let Err(end) = ended {
            let who = peer.map_or_else(|| "the server".to_owned(), |peer| peer.to_string());
            return failed(format!("{who} {}", words(&end)));
        }
        let connection = &handshake.connection;
        let took = Tls { flights: handshake.flights.clone(), ..Tls::default() }.until_server_finished();
        let early_data = match (allows_early, connection.is_early_data_accepted()) {
            (false, _) => EarlyData::NotOffered,
            (true, true) => EarlyData::Accepted,
            (true, false) => EarlyData::Refused,
        };
        let outcome = match (connection.handshake_kind(), took) {
            (Some(HandshakeKind::Resumed), Some(took)) => {
                Resumed::Yes { took, round_trips: handshake.round_trips }
            }
            (_, took) => Resumed::No { why: NotResumed::FullHandshake, took },
        };
        Resumption {
            tickets: given,
            full: first.until_server_finished(),
            outcome,
            early_data: Some(early_data),
        }
    }
}

fn not_resumed(first: &Tls, tickets: u32, why: NotResumed) -> Resumption {
    Resumption {
        tickets,
        full: first.until_server_finished(),
        outcome: Resumed::No { why, took: None },
        early_data: None,
    }
}

/// How a second handshake ended before its goal, behind "the server".
fn words(end: &End) -> String {
    match end {
        End::Stopped(Stopped::Limit) => "did not go on in time".to_owned(),
        End::Stopped(_) => "was not waited for: the run was over".to_owned(),
        End::Io(error) => {
            format!("broke the connection ({})", super::certificate::escape(&error.to_string()))
        }
        End::Closed => "closed the connection".to_owned(),
        End::NotTls | End::RecordTooLong(_) | End::TooManyBytes => "broke the TLS protocol".to_owned(),
        End::Tls(error) => {
            format!("ended the handshake ({})", super::certificate::escape(&error.to_string()))
        }
    }
}
