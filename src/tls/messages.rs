//! TLS inside QUIC (RFC 9001): the messages of one handshake, moved and encrypted by others, seen here as they
//! pass, and in the end its record as for TCP.
//!
//! QUIC carries the messages without records: what is in them is plaintext here, so that each has its name.
//! Nothing is decided here but what a failed handshake is called.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, ClientConfig, Error};

use super::certificate;
use super::client::{Client, HANDSHAKE_LIMIT};
use super::failure::{self, Case};
use super::group;
use super::handshake::End;
use super::host::{Asked, Swap};
use super::inquiry;
use super::names;
use super::probe::Found;
use super::record::{HANDSHAKE, HEADER, Names};
use super::resume::{Memory, Session};
use super::summary::{Details, Unread};
use super::verify::{Answer, Observer};
use crate::alert;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::stop::Stop;
use crate::trace::{
    Alert, At, ClientCertificate, Direction, FailureCode, Flight, HandshakeMessage, StageName, Tls,
    TlsVersion,
};

/// Bytes of the server's messages that are kept to be read: a ServerHello, and one that asks to retry before it.
const KEPT: usize = 8 * 1024;

/// A handshake under way inside QUIC.
pub struct Messages {
    client: Client,
    observer: Arc<Observer>,
    /// For a second handshake, where one is wanted.
    memory: Option<Memory>,
    host: String,
    sni: Option<String>,
    swap: Option<Arc<Swap>>,
    hello: Vec<u8>,
    head: Vec<u8>,
    received: Names,
    sent: Names,
    flights: Vec<Flight>,
    key_exchange: Duration,
    /// When our Finished was written, behind which nothing belongs to the handshake.
    finished: Option<At>,
}

/// What ended a handshake inside QUIC.
pub enum Ending {
    /// An alert of the server's.
    AlertReceived(u8),
    /// An alert of ours, and why, in the words of the TLS library.
    AlertSent(u8, String),
    /// It did not go on in time.
    Silence(Duration),
}

/// Lets rustls work on a message under the true name.
pub struct Renamed(Option<Arc<Swap>>);

impl Renamed {
    /// Runs rustls.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        Swap::within(self.0.as_ref(), work)
    }
}

impl Client {
    /// What a handshake inside QUIC needs: the configuration, the name that rustls is told, and who watches.
    ///
    /// # Errors
    /// A host that cannot be asked for.
    pub fn inside_quic(
        &self,
        host: &str,
        clock: &Clock,
    ) -> Result<(Arc<ClientConfig>, String, Messages), crate::trace::Failure> {
        let fault = |code, message: String| Fault::new(StageName::Tls, code, message).after(Duration::ZERO);
        let asked = Asked::new(host).ok_or_else(|| {
            let name = certificate::escape(host);
            fault(FailureCode::InvalidHost, format!("`{name}` is not a name that TLS can ask for (SNI)"))
        })?;
        let (config, observer, memory) = match &self.session {
            Some(session) => (Arc::clone(&session.config), Arc::clone(&session.observer), None),
            None => {
                let observer = Arc::new(self.observer(&asked, clock));
                let config = self.config_for(&observer, &asked);
                let (config, tickets) = config.map_err(|error| {
                    fault(FailureCode::TlsProtocol, format!("TLS cannot be set up: {error}"))
                })?;
                let memory = self.memory(&config, tickets, &observer, host);
                (config, observer, memory)
            }
        };
        let name = asked.name.to_str().into_owned();
        let messages = Messages {
            client: self.clone(),
            observer,
            memory,
            host: host.trim_end_matches('.').to_owned(),
            sni: asked.sni(),
            swap: asked.swap,
            hello: Vec::new(),
            head: Vec::new(),
            received: Names::default(),
            sent: Names::default(),
            flights: Vec::new(),
            key_exchange: Duration::ZERO,
            finished: None,
        };
        Ok((config, name, messages))
    }

    /// The same client for one more handshake inside QUIC, by which the session of `first` is resumed.
    #[must_use]
    pub fn resuming(&self, memory: &Memory, first: &Tls) -> Self {
        let (config, _, _) = memory.prepare(first);
        let session = Session { config, observer: Arc::clone(&memory.observer) };
        let mut client = self.clone();
        client.session = Some(session);
        client
    }
}

impl Messages {
    /// What rustls has to run in to read a message.
    #[must_use]
    pub fn swap(&self) -> Renamed {
        Renamed(self.swap.clone())
    }

    /// Notes messages of ours, before they are encrypted.
    pub fn sent(&mut self, bytes: &mut [u8], at: At, cpu: Duration) {
        if let Some(swap) = self.swap.as_deref().filter(|_| self.received.server_hello.is_none()) {
            swap.apply(bytes);
        }
        if self.hello.is_empty() {
            self.hello = bytes.to_vec();
        }
        let mut names = Vec::new();
        self.sent.messages(bytes, &mut names);
        if names.contains(&HandshakeMessage::Finished) {
            self.finished = Some(at);
        }
        self.add(Direction::Sent, names, bytes.len(), at, cpu);
    }

    /// Notes messages of the server's, as they were decrypted.
    pub fn received(&mut self, bytes: &[u8], at: At, cpu: Duration) {
        let room = KEPT.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        let mut names = Vec::new();
        self.received.messages(bytes, &mut names);
        self.add(Direction::Received, names, bytes.len(), at, cpu);
    }

    fn add(
        &mut self,
        direction: Direction,
        messages: Vec<HandshakeMessage>,
        bytes: usize,
        at: At,
        cpu: Duration,
    ) {
        self.key_exchange += group::take_spent();
        if direction == Direction::Received && self.finished.is_some() {
            // Tickets: they come at any time afterwards.
            return;
        }
        match self.flights.last_mut() {
            Some(flight) if flight.direction == direction => {
                flight.messages.extend(messages);
                (flight.bytes, flight.end, flight.cpu) = (flight.bytes + bytes, at, flight.cpu + cpu);
            }
            _ => self.flights.push(Flight { direction, start: at, end: at, messages, bytes, cpu }),
        }
    }

    /// When our Finished was made, which is the end of the handshake.
    #[must_use]
    pub fn finished(&self) -> Option<At> {
        self.finished
    }

    /// Gives our first flight and our last the moments at which they were handed to the kernel.
    pub fn departed(&mut self, first: At, last: At) {
        let mut ours = self.flights.iter_mut().filter(|flight| flight.direction == Direction::Sent);
        if let Some(flight) = ours.next() {
            (flight.start, flight.end) = (first, first);
        }
        if let Some(flight) = ours.next_back() {
            (flight.start, flight.end) = (last.max(flight.start), last.max(flight.end));
        }
    }

    /// The record of the handshake, and what is left to read of it. `bytes` are those sent and received by UDP.
    pub fn record(&mut self, ran: Range<At>, alpn: Option<String>, bytes: (u64, u64)) -> (Tls, Unread) {
        let seen = std::mem::take(&mut *self.observer.seen());
        let requested = seen.request.is_some();
        let shows = seen.request.as_ref().is_some_and(|request| request.answer == Answer::Certificate);
        let was_sent = self.flights.iter().any(|flight| {
            flight.direction == Direction::Sent && flight.messages.contains(&HandshakeMessage::Certificate)
        });
        let answers = self.flights.iter().filter(|flight| flight.direction == Direction::Received).count();
        let chosen = self.received.server_hello;
        let tls = Tls {
            start: ran.start,
            end: ran.end,
            sni: self.sni.take(),
            verified_name: self.host.clone(),
            flights: std::mem::take(&mut self.flights),
            round_trips: u32::try_from(answers).unwrap_or(u32::MAX),
            version: chosen.map(|_| TlsVersion::Tls13),
            cipher_suite: chosen.map(|chosen| names::cipher_suite(chosen.cipher_suite)),
            group: chosen.and_then(|_| key_share(&self.head)).map(names::group),
            signature_scheme: seen.scheme.map(|scheme| names::signature_scheme(scheme.into())),
            alpn,
            hello_retry: self.received.hello_retry,
            client_certificate: ClientCertificate {
                requested,
                sent: shows && was_sent,
                ..ClientCertificate::default()
            },
            ocsp_bytes: seen.ocsp.len(),
            bytes_sent: bytes.0,
            bytes_received: bytes.1,
            key_exchange_cpu: self.key_exchange,
            ..Tls::default()
        };
        let details = Details {
            hello: as_record(&self.hello),
            suite: None,
            seen,
            trust: self.client.trust.clone(),
            roots: Arc::clone(&self.client.roots),
            roots_of: self.client.roots_of,
            source: self.client.source,
            insecure: self.client.insecure,
            identity: self.client.identity.clone(),
        };
        (tls, Unread::of(details, self.memory.take()))
    }

    /// Completes the record of a handshake that failed, and says why.
    pub(crate) fn explain(
        &self,
        ending: Ending,
        tls: &mut Tls,
        unread: Unread,
        address: SocketAddr,
        stop: &Stop,
    ) -> Fault {
        let Some(details) = unread.into_details() else {
            return Fault::new(StageName::Tls, FailureCode::TlsProtocol, "the handshake failed");
        };
        details.read_into(tls);
        let (end, limit) = match ending {
            Ending::AlertReceived(code) => {
                tls.alert = Some(Alert { direction: Direction::Received, description: alert::name(code) });
                (End::Tls(Error::AlertReceived(AlertDescription::from(code))), HANDSHAKE_LIMIT)
            }
            Ending::AlertSent(code, why) => {
                tls.alert = Some(Alert { direction: Direction::Sent, description: alert::name(code) });
                if details.seen.start.is_none() || !alert::is_about_certificate(code) {
                    return own_alert(code, &why, address);
                }
                // What it was stands in what the check saw.
                (End::Tls(Error::InvalidCertificate(CertificateError::BadEncoding)), HANDSHAKE_LIMIT)
            }
            Ending::Silence(limit) => (End::Stopped(crate::stop::Stopped::Limit), limit),
        };
        if let Some(verification) = &mut tls.verification {
            inquiry::ask_others(verification, &details.seen, &self.client.trust, self.client.source);
        }
        failure::explain(&Case {
            end: &end,
            tls,
            seen: &details.seen,
            received: &self.received,
            unread: &[],
            probed: &Found::default(),
            peer: &address.to_string(),
            // By datagrams.
            acknowledged: None,
            awaited: self.awaited(),
            limit,
            max_time: stop.max_time(),
            max_version: TlsVersion::Tls13,
            source: self.client.source,
        })
    }

    /// Whether no message of the server's has come yet.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.head.is_empty()
    }

    /// What the server owes us, for messages.
    #[must_use]
    pub fn awaited(&self) -> &'static str {
        match self.received.server_hello {
            None if self.received.hello_retry => "the ServerHello after a HelloRetryRequest",
            None => "the ServerHello",
            Some(_) => "the server's certificate and Finished",
        }
    }
}

/// A handshake that was ended from here, for another reason than the certificate.
fn own_alert(code: u8, why: &str, address: SocketAddr) -> Fault {
    let fault = |code, message: String| Fault::new(StageName::Tls, code, message);
    if code == alert::NO_APPLICATION_PROTOCOL {
        let message =
            format!("{address} chose no protocol by ALPN, and HTTP/3 needs one (RFC 9001 section 8.1)");
        return fault(FailureCode::VersionNotNegotiated, message).hint("leave --http3-only away");
    }
    let why = certificate::escape(why);
    fault(FailureCode::TlsProtocol, format!("{address} broke the TLS protocol inside QUIC: {why}"))
        .hint("does the same server do better by TCP? --http2 tells")
}

/// A message with the header that it would have over TCP, for those who read it as such.
fn as_record(message: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEADER + message.len());
    record.extend([HANDSHAKE, 3, 1]);
    record.extend(u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes());
    record.extend_from_slice(message);
    record
}

/// The group of the last ServerHello's key share (RFC 8446 §4.2.8).
fn key_share(mut messages: &[u8]) -> Option<u16> {
    const SERVER_HELLO: u8 = 2;
    const KEY_SHARE: u16 = 51;
    let mut found = None;
    while let Some((header, rest)) = messages.split_first_chunk::<4>() {
        let length = usize::from(header[1]) << 16 | usize::from(header[2]) << 8 | usize::from(header[3]);
        let Some((body, behind)) = rest.split_at_checked(length) else { break };
        messages = behind;
        if header[0] != SERVER_HELLO {
            continue;
        }
        // Version and random, session id, suite and compression, length of the extensions.
        let session = usize::from(*body.get(34)?);
        let mut extensions = body.get(35 + session + 3 + 2..)?;
        while let Some((head, rest)) = extensions.split_first_chunk::<4>() {
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let (value, behind) = rest.split_at_checked(length)?;
            if u16::from_be_bytes([head[0], head[1]]) == KEY_SHARE {
                found = value.first_chunk().map(|group| u16::from_be_bytes(*group));
            }
            extensions = behind;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_hello(extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([2, 9, 9, 0x13, 0x01, 0]);
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
        let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
        message.extend(body);
        message
    }

    #[test]
    fn the_group_is_that_of_the_last_server_hello() {
        let retry = server_hello(&[0, 51, 0, 2, 0, 24]);
        let hello = server_hello(&[0, 43, 0, 2, 3, 4, 0, 51, 0, 6, 0, 29, 0, 2, 1, 1]);
        assert_eq!(key_share(&hello), Some(29));
        assert_eq!(key_share(&[retry.clone(), hello.clone()].concat()), Some(29));
        assert_eq!(key_share(&retry), Some(24));
        for cut in 0..hello.len() {
            assert_eq!(key_share(&hello[..cut]), None, "{cut}");
        }
        assert_eq!(key_share(&server_hello(&[])), None);
    }
}
