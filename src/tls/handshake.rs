//! One handshake, record by record: who sent what when, and what it cost.
//!
//! rustls does the protocol; this file moves the bytes, so that every flight has its stamps. What a
//! failure means is said in `failure.rs`; what a certificate says is read later, too: between the
//! first byte and the last nothing is done that can wait.
//!
//! A flight is what one side sends before it waits for the other. One exception, in TLS 1.3: when
//! the ServerHello came alone and the rest of the server's flight in a later read, they are two
//! flights here, because the time between them is the server's (it signs) and worth seeing.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, ClientConnection, ProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::group;
use super::host::{Asked, Swap};
use super::record::{self, Cut, Names};
use super::stream::{Inbound, at_once};
use super::verify::{Answer, Observer};
use crate::clock::{Clock, Stopwatch};
use crate::stop::{Stop, Stopped};
use crate::timestamp::Stamped;
use crate::trace::{At, Direction, Flight, HandshakeMessage, StampedBy};

/// Bytes of a server's handshake that are read at most: four of the largest messages.
const MAX_BYTES: u64 = 4 * 64 * 1024;

/// Why a handshake ended before its goal.
#[derive(Debug)]
pub(super) enum End {
    /// A limit or the user.
    Stopped(Stopped),
    /// What carries the records failed; a reset, mostly.
    Io(io::Error),
    /// The peer closed the connection.
    Closed,
    /// The bytes at hand are no TLS record.
    NotTls,
    /// A record that claims this many bytes.
    RecordTooLong(usize),
    /// More than [`MAX_BYTES`].
    TooManyBytes,
    /// rustls refused to go on.
    Tls(rustls::Error),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A ClientHello that is made, keys and all, and not sent: nothing of it needs the connection.
pub(super) struct Hello {
    connection: ClientConnection,
    observer: Arc<Observer>,
    sni: Option<String>,
    swap: Option<Arc<Swap>>,
    outbound: Vec<u8>,
    /// Room for what the server answers.
    inbound: Inbound,
    key_exchange: Duration,
    prepared: Duration,
}

impl Hello {
    /// Makes it.
    pub(super) fn new(
        config: Arc<ClientConfig>,
        asked: Asked,
        observer: Arc<Observer>,
    ) -> Result<Self, rustls::Error> {
        let sni = asked.sni();
        group::take_spent();
        let watch = Stopwatch::start();
        let mut connection = ClientConnection::new(config, asked.name)?;
        let mut outbound = Vec::with_capacity(2048);
        let swap = asked.swap;
        write_out(&mut connection, swap.as_deref(), &mut outbound)
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        let key_exchange = group::take_spent();
        // Keys that were made ahead are a part of it, too.
        let prepared = watch.elapsed().max(key_exchange);
        let inbound = Inbound::default();
        Ok(Self { connection, observer, sni, swap, outbound, inbound, key_exchange, prepared })
    }

    /// What was seen of the handshake.
    pub(super) fn observer(&self) -> Arc<Observer> {
        Arc::clone(&self.observer)
    }
}

/// A handshake under way, or ended.
pub(super) struct Handshake<'a, S> {
    clock: &'a Clock,
    stop: &'a Stop,
    limit: At,
    /// What carries the records: a socket, or a tunnel.
    pub(super) carrier: S,
    pub(super) connection: ClientConnection,
    observer: Arc<Observer>,
    /// The name asked for (RFC 6066 §3); an address literal is none.
    pub(super) sni: Option<String>,
    /// Where rustls got a stand-in for that name.
    swap: Option<Arc<Swap>>,
    pub(super) inbound: Inbound,
    outbound: Vec<u8>,
    /// The first record we sent.
    pub(super) hello: Vec<u8>,
    pub(super) received: Names,
    sent: Names,
    pub(super) flights: Vec<Flight>,
    pub(super) round_trips: u32,
    pub(super) bytes_received: u64,
    pub(super) bytes_sent: u64,
    pub(super) key_exchange: Duration,
    /// Work done for the next flight to be sent.
    prepared: Duration,
    /// We sent the last flight, and the server has not answered yet.
    awaiting: bool,
    /// When the last read returned.
    pub(super) noticed: Option<At>,
    pub(super) stamped_by: Option<StampedBy>,
    encrypted: Encrypted,
    /// Sending failed; the server may have said why before it went.
    broken: Option<io::Error>,
}

/// Messages that were seen behind TLS 1.3's encryption, by their traces.
#[derive(Default)]
struct Encrypted {
    extensions: bool,
    request: bool,
    certificate: bool,
}

impl<'a, S: AsyncRead + AsyncWrite + Stamped + Unpin> Handshake<'a, S> {
    /// A handshake that begins with this ClientHello. Nothing is sent yet.
    pub(super) fn new(carrier: S, hello: Hello, limit: At, clock: &'a Clock, stop: &'a Stop) -> Self {
        let Hello { connection, observer, sni, swap, outbound, inbound, key_exchange, prepared } = hello;
        Self {
            clock,
            stop,
            limit,
            carrier,
            connection,
            observer,
            sni,
            swap,
            inbound,
            outbound,
            hello: Vec::new(),
            received: Names::default(),
            sent: Names::default(),
            flights: Vec::with_capacity(5),
            round_trips: 0,
            bytes_received: 0,
            bytes_sent: 0,
            key_exchange,
            prepared,
            awaiting: false,
            noticed: None,
            stamped_by: None,
            encrypted: Encrypted::default(),
            broken: None,
        }
    }

    /// Runs the handshake to its end; says when that was.
    pub(super) async fn run(&mut self) -> (At, Result<(), End>) {
        match self.drive().await {
            Ok(()) => {
                // The server's Finished. In TLS 1.3 ours follows, for which nobody is waited.
                let last = self.flights.iter().rfind(|flight| flight.direction == Direction::Received);
                (last.map_or_else(|| self.clock.now(), |flight| flight.end), Ok(()))
            }
            Err(end) => {
                self.say_why();
                (self.clock.now(), Err(end))
            }
        }
    }

    async fn drive(&mut self) -> Result<(), End> {
        loop {
            // All that is here first: what belongs to the server's flight must not be taken for an
            // answer to ours.
            while self.connection.is_handshaking() {
                match record::cut(self.inbound.bytes()) {
                    Cut::Record(length) => self.process(length).map_err(End::Tls)?,
                    Cut::Incomplete => break,
                    Cut::NotTls => return Err(End::NotTls),
                    Cut::TooLong(length) => return Err(End::RecordTooLong(length)),
                }
            }
            self.collect()?;
            if self.must_send() {
                self.send().await?;
            }
            if !self.connection.is_handshaking() {
                return match self.broken.take() {
                    Some(error) => Err(End::Io(error)),
                    None => Ok(()),
                };
            }
            self.receive().await?;
        }
    }

    /// What rustls wants to send, into the outbound buffer.
    fn collect(&mut self) -> Result<(), End> {
        let watch = Stopwatch::start();
        // Only the ClientHello has the name.
        let swap = self.swap.as_deref().filter(|_| self.received.server_hello.is_none());
        write_out(&mut self.connection, swap, &mut self.outbound)?;
        self.prepared += watch.elapsed();
        Ok(())
    }

    /// In TLS 1.3 rustls makes its ChangeCipherSpec right after the ServerHello. It is there for
    /// middleboxes only (RFC 8446 §D.4) and can go along with the Finished: a write of its own would
    /// look like a flight, and the wait for the server's next bytes like a round trip.
    fn must_send(&self) -> bool {
        let only_change_cipher_spec = self.outbound.len() == record::HEADER + 1
            && self.outbound.first() == Some(&record::CHANGE_CIPHER_SPEC);
        let wait = only_change_cipher_spec && self.connection.is_handshaking();
        !wait && !self.outbound.is_empty()
    }

    async fn send(&mut self) -> Result<(), End> {
        let start = self.clock.now();
        let written = self.stop.within(Some(self.limit), async {
            self.carrier.write_all(&self.outbound).await?;
            // A socket has nothing to flush; a tunnel may hold a record back.
            self.carrier.flush().await
        });
        let written = written.await;
        let end = self.clock.now();
        let start = self.carrier.handed().map_or(start, |at| self.clock.at(at)).clamp(start, end);
        match written.map_err(End::Stopped)? {
            Ok(()) => self.flight_sent(start, end),
            // An alert may be waiting to be read: the read that follows ends with it, or at once.
            Err(error) => self.broken = Some(error),
        }
        if self.hello.is_empty() {
            self.hello = std::mem::take(&mut self.outbound);
        }
        self.outbound.clear();
        Ok(())
    }

    fn flight_sent(&mut self, start: At, end: At) {
        let mut messages = Vec::new();
        let tls12 = self.speaks(ProtocolVersion::TLSv1_2);
        each_record(&self.outbound, |record| self.sent.record(record, tls12, &mut messages));
        if self.speaks(ProtocolVersion::TLSv1_3) && !self.connection.is_handshaking() {
            // Encrypted; and these are all there is (RFC 8446 §4.4).
            if self.encrypted.request {
                messages.push(HandshakeMessage::Certificate);
            }
            if self.observer.seen().request.as_ref().is_some_and(|it| it.answer == Answer::Certificate) {
                messages.push(HandshakeMessage::CertificateVerify);
            }
            messages.push(HandshakeMessage::Finished);
        }
        let bytes = self.outbound.len();
        let cpu = std::mem::take(&mut self.prepared);
        self.flights.push(Flight { direction: Direction::Sent, start, end, messages, bytes, cpu });
        self.bytes_sent += bytes as u64;
        self.awaiting = true;
    }

    async fn receive(&mut self) -> Result<(), End> {
        let read = self.stop.within(Some(self.limit), self.carrier.read(self.inbound.space())).await;
        let noticed = self.clock.now();
        let arrived = self.carrier.arrived();
        let now = arrived.map_or(noticed, |at| self.clock.at(at));
        // Two clocks: an answer is never before what it answers.
        let now = self.flights.last_mut().map_or(now, |last| {
            let now = now.max(last.start);
            last.end = last.end.min(now);
            now
        });
        let count = match read.map_err(End::Stopped)? {
            Ok(count) if count > 0 => count,
            ended => {
                return Err(match (self.broken.take(), ended) {
                    (Some(error), _) | (None, Err(error)) => End::Io(error),
                    (None, Ok(_)) => End::Closed,
                });
            }
        };
        self.noticed = Some(noticed);
        StampedBy::note(&mut self.stamped_by, arrived);
        let apart = self.server_hello_came_alone();
        self.inbound.filled(count);
        self.bytes_received += count as u64;
        if self.awaiting {
            self.awaiting = false;
            self.round_trips += 1;
        }
        match self.flights.last_mut() {
            Some(flight) if flight.direction == Direction::Received && !apart => {
                // The ChangeCipherSpec behind a HelloRetryRequest may come after our answer, which
                // it does not answer: what follows does.
                if self.received.hello_retry && flight.messages == [HandshakeMessage::ChangeCipherSpec] {
                    flight.start = now;
                }
                flight.end = now;
                flight.bytes += count;
            }
            _ => self.flights.push(Flight {
                direction: Direction::Received,
                start: now,
                end: now,
                messages: Vec::new(),
                bytes: count,
                cpu: Duration::ZERO,
            }),
        }
        if self.bytes_received > MAX_BYTES { Err(End::TooManyBytes) } else { Ok(()) }
    }

    /// TLS 1.3: the last flight is a ServerHello and nothing of the encrypted part.
    fn server_hello_came_alone(&self) -> bool {
        self.inbound.is_empty()
            && !self.encrypted.extensions
            && self.speaks(ProtocolVersion::TLSv1_3)
            && self
                .flights
                .last()
                .is_some_and(|flight| flight.messages.contains(&HandshakeMessage::ServerHello))
    }

    fn process(&mut self, length: usize) -> Result<(), rustls::Error> {
        let watch = Stopwatch::start();
        let tls12 = self.speaks(ProtocolVersion::TLSv1_2);
        let mut nothing = Vec::new();
        let messages = self.flights.last_mut().map_or(&mut nothing, |flight| &mut flight.messages);
        let record = &self.inbound.bytes()[..length];
        let kind = record[0];
        self.received.record(record, tls12, messages);
        let result = Swap::within(self.swap.as_ref(), || feed(&mut self.connection, record));
        self.inbound.consume(length);
        if kind == record::APPLICATION_DATA {
            self.name_encrypted(result.is_ok());
        }
        self.key_exchange += group::take_spent();
        if let Some(flight) = self.flights.last_mut() {
            flight.cpu += watch.elapsed();
        }
        result
    }

    /// Names what was in an encrypted record by its traces: the first message must be
    /// EncryptedExtensions (RFC 8446 §4.3.1), rustls asked for our certificate, it checked the
    /// server's, it was done.
    fn name_encrypted(&mut self, accepted: bool) {
        if !self.speaks(ProtocolVersion::TLSv1_3) {
            return;
        }
        let (requested, checked) = {
            let seen = self.observer.seen();
            (seen.request.is_some(), seen.start.is_some())
        };
        let Some(flight) = self.flights.last_mut() else { return };
        let messages = &mut flight.messages;
        let mut first = |known: &mut bool, now: bool, names: &[HandshakeMessage]| {
            if now && !*known {
                *known = true;
                messages.extend_from_slice(names);
            }
        };
        first(&mut self.encrypted.extensions, accepted || checked, &[HandshakeMessage::EncryptedExtensions]);
        first(&mut self.encrypted.request, requested, &[HandshakeMessage::CertificateRequest]);
        first(
            &mut self.encrypted.certificate,
            checked,
            &[HandshakeMessage::Certificate, HandshakeMessage::CertificateVerify],
        );
        if !self.connection.is_handshaking() {
            messages.push(HandshakeMessage::Finished);
        }
    }

    /// After a failure rustls may have an alert for the peer. It is sent if the carrier takes it at
    /// once: nobody waits for a peer that failed.
    fn say_why(&mut self) {
        if self.broken.is_some() || self.collect().is_err() || self.outbound.is_empty() {
            return;
        }
        let start = self.clock.now();
        let (carrier, outbound) = (&mut self.carrier, &self.outbound);
        let written = at_once(|cx| std::pin::Pin::new(&mut *carrier).poll_write(cx, outbound));
        let Some(Ok(bytes)) = written else { return };
        let end = self.clock.now();
        self.bytes_sent += bytes as u64;
        let mut messages = Vec::new();
        each_record(&self.outbound, |record| self.sent.record(record, false, &mut messages));
        if !messages.contains(&HandshakeMessage::Alert) {
            messages.push(HandshakeMessage::Alert);
        }
        let cpu = std::mem::take(&mut self.prepared);
        self.flights.push(Flight { direction: Direction::Sent, start, end, messages, bytes, cpu });
    }
}

impl<S> Handshake<'_, S> {
    /// Bytes of application data that came along with the server's Finished. After a failure what came
    /// belongs to its flight, read or not.
    pub(super) fn early_data(&self) -> usize {
        if self.connection.is_handshaking() { 0 } else { self.inbound.bytes().len() }
    }

    /// The description of an alert of ours, if it was sent in plaintext.
    pub(super) fn plain_alert_sent(&self) -> Option<u8> {
        self.sent.alert
    }

    fn speaks(&self, version: ProtocolVersion) -> bool {
        self.connection.protocol_version() == Some(version)
    }

    /// What the server owes us, for messages.
    pub(super) fn awaited(&self) -> &'static str {
        if self.bytes_sent == 0 {
            "room to send the ClientHello"
        } else if self.received.server_hello.is_none() {
            if self.received.hello_retry {
                "the ServerHello after a HelloRetryRequest"
            } else {
                "the ServerHello"
            }
        } else if self.speaks(ProtocolVersion::TLSv1_3) {
            "the server's certificate and Finished"
        } else if self.awaiting || self.round_trips > 1 {
            "the server's Finished"
        } else {
            "the rest of the server's first flight (certificate, key exchange)"
        }
    }
}

/// Everything that rustls wants to send, with the true name where it got a stand-in.
fn write_out(connection: &mut ClientConnection, swap: Option<&Swap>, out: &mut Vec<u8>) -> io::Result<()> {
    let before = out.len();
    while connection.wants_write() {
        connection.write_tls(out)?;
    }
    match swap {
        Some(swap) if out.len() > before => swap.apply(out),
        _ => {}
    }
    Ok(())
}

/// Gives rustls one record.
fn feed(connection: &mut ClientConnection, mut record: &[u8]) -> Result<(), rustls::Error> {
    while !record.is_empty() {
        match connection.read_tls(&mut record) {
            // After close_notify nothing more is taken.
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return Err(rustls::Error::General(error.to_string())),
        }
    }
    let state = connection.process_new_packets()?;
    if state.peer_has_closed() && connection.is_handshaking() {
        return Err(rustls::Error::AlertReceived(rustls::AlertDescription::CloseNotify));
    }
    Ok(())
}

/// Calls `each` for every whole record of our own output.
fn each_record(mut bytes: &[u8], mut each: impl FnMut(&[u8])) {
    while let Cut::Record(length) = record::cut(bytes) {
        each(&bytes[..length]);
        bytes = &bytes[length..];
    }
}
