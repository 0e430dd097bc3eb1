//! One attempt at a QUIC connection: its socket, its ClientHello, and what came of it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::{HandshakeData, QuicClientConfig};
use quinn::{
    ClientConfig, Connecting, ConnectionError, Endpoint, EndpointConfig, Runtime, TokioRuntime,
    TransportConfig, VarInt,
};
use socket2::{Domain, Protocol, Socket, Type};

use super::connection::Connection;
use super::crypto::{Noted, Overheard};
use super::errors::Errors;
use super::tap::{Notes, Tap};
use crate::clock::Clock;
use crate::plan::TcpPlan;
use crate::tcp;
use crate::tls::{self, HANDSHAKE_LIMIT, Unread};
use crate::trace::{At, AttemptOutcome, Direction, Quic, Tls};

/// Flow control windows as large as a browser's, so that they do not shape what is measured.
const STREAM_WINDOW: u32 = 6 << 20;
const CONNECTION_WINDOW: u32 = 15 << 20;
/// Streams that a server may open: HTTP/3 needs three (RFC 9114 §6.2).
const SERVER_STREAMS: u32 = 8;
/// How long a connection may be silent before something is sent to keep it: RFC 9114 §5.1 wants it kept while a response
/// is due, and the library gives it up after 30 s. Chrome's number.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Bytes that wait for room on the way at most.
const SEND_WINDOW: u64 = 1 << 20;

/// An attempt that is under way.
pub(super) struct Dial {
    pub(super) address: SocketAddr,
    pub(super) local: Option<SocketAddr>,
    pub(super) notes: Arc<Notes>,
    pub(super) overheard: Arc<Overheard>,
    errors: Errors,
    connecting: Option<Connecting>,
    endpoint: Endpoint,
}

/// How an attempt ended.
pub(super) enum End {
    Connected(Connection),
    /// Nothing came back.
    Unanswered(AttemptOutcome),
    /// The server answered, and the handshake failed.
    Broken(ConnectionError),
    /// The server answered, and did not go on.
    Stalled(Duration),
}

impl Dial {
    /// Opens a socket and makes the ClientHello. It leaves as soon as the runtime is let.
    pub(super) fn start(
        address: SocketAddr,
        plan: &TcpPlan,
        client: &tls::Client,
        host: &str,
        clock: &Clock,
    ) -> Result<Self, Refused> {
        let socket = open(address, plan)?;
        let local = socket.local_addr().ok();
        let notes = Arc::new(Notes::new(*clock));
        let runtime = Arc::new(TokioRuntime);
        let errors = Errors::of(socket.try_clone()?)?;
        let inner = runtime.wrap_udp_socket(socket.try_clone()?)?;
        let tap = Arc::new(Tap { inner, socket, notes: Arc::clone(&notes) });
        let endpoint = Endpoint::new_with_abstract_socket(EndpointConfig::default(), None, tap, runtime)?;
        let (config, name, messages) = client.inside_quic(host, clock).map_err(Refused::Host)?;
        let inner =
            QuicClientConfig::try_from(config).map_err(|error| io::Error::other(error.to_string()))?;
        let overheard = Arc::new(Overheard::new(messages, *clock));
        let noted = Noted { inner: Arc::new(inner), overheard: Arc::clone(&overheard) };
        let mut config = ClientConfig::new(Arc::new(noted));
        config.transport_config(Arc::new(transport()));
        let connecting = endpoint
            .connect_with(config, address, &name)
            .map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self { address, local, notes, overheard, errors, connecting: Some(connecting), endpoint })
    }

    /// Waits until it is a connection, or known to be none. A first reply may take `patience`; what the network
    /// says in its place ends it at once.
    pub(super) async fn run(&mut self, patience: Duration, clock: &Clock) -> End {
        let Some(connecting) = self.connecting.take() else { return End::Stalled(Duration::ZERO) };
        let notes = Arc::clone(&self.notes);
        let has_answer = || notes.log().received > 0;
        let refused = async {
            loop {
                tokio::select! {
                    () = notes.refusal.notified() => {}
                    error = self.errors.next() => notes.refuse(&error),
                }
                // Once the server has spoken, others are not listened to.
                let refused = notes.log().refused.clone();
                if let Some(outcome) = refused.filter(|_| !has_answer()) {
                    return outcome;
                }
            }
        };
        let start = clock.now();
        let silent = async {
            sleep_until(clock, start.after(patience)).await; // the patience with a silent address
            if !has_answer() {
                return End::Unanswered(AttemptOutcome::TimedOut);
            }
            sleep_until(clock, start.after(HANDSHAKE_LIMIT.max(patience))).await; // the limit of a handshake that goes on
            End::Stalled(HANDSHAKE_LIMIT.max(patience))
        };
        tokio::select! {
            biased;
            ended = connecting => match ended {
                Ok(connection) => {
                    let (endpoint, notes) = (self.endpoint.clone(), Arc::clone(&self.notes));
                    End::Connected(Connection::new(connection, endpoint, notes, self.overheard.allowance()))
                }
                Err(ConnectionError::TimedOut) if !has_answer() => End::Unanswered(AttemptOutcome::TimedOut),
                Err(error) => End::Broken(error),
            },
            outcome = refused => End::Unanswered(outcome),
            end = silent => end,
        }
    }

    /// The record of a handshake that has ended: what QUIC has of it, and what TLS has.
    pub(super) fn record(&self, end: &End, start: At, clock: &Clock) -> (Quic, Tls, Unread) {
        let log = self.notes.log();
        let first = log.first_sent.unwrap_or(start);
        let connected = match end {
            End::Connected(connection) => Some(connection),
            _ => None,
        };
        let mut messages = self.overheard.messages();
        // Our Finished left with the first datagram behind it.
        let finished = connected.and_then(|_| {
            let written = messages.finished()?;
            let mut sent = log.datagrams.iter().filter(|datagram| datagram.direction == Direction::Sent);
            sent.find(|datagram| datagram.at >= written).map(|datagram| datagram.at)
        });
        let ended = finished.unwrap_or_else(|| clock.now()).max(first);
        let mut quic = Quic {
            start: first,
            end: ended,
            version: connected.map(|_| 1),
            retry: self.overheard.had_retry(),
            early_data: self.overheard.early_data(),
            offered_versions: log.offered_versions.clone(),
            datagrams: log.datagrams.iter().filter(|datagram| datagram.at <= ended).cloned().collect(),
            ..Quic::default()
        };
        if let Some(connection) = connected {
            connection.watch().read_into(&mut quic);
        }
        let alpn = connected.and_then(|connection| {
            let data = connection.streams().handshake_data()?.downcast::<HandshakeData>().ok()?;
            Some(String::from_utf8_lossy(data.protocol.as_deref()?).into_owned())
        });
        let bytes = (log.bytes_sent, log.bytes_received);
        messages.departed(first, ended);
        let (mut tls, unread) = messages.record(first..ended, alpn, bytes);
        tls.round_trips += u32::from(quic.retry);
        (quic, tls, unread)
    }
}

/// Why an attempt could not begin.
pub(super) enum Refused {
    /// By the system.
    System(io::Error),
    /// By what the host is.
    Host(crate::trace::Failure),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

async fn sleep_until(clock: &Clock, at: At) {
    tokio::time::sleep_until(clock.instant(at).into()).await; // the limit of one attempt
}

fn open(address: SocketAddr, plan: &TcpPlan) -> io::Result<std::net::UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    tcp::bind(&socket, address, &plan.source)?;
    if cfg!(target_os = "linux") {
        // What the network says of it (ICMP) is told to a connected socket only.
        socket.connect(&address.into())?;
    } else if plan.source == crate::plan::Source::default() {
        let any =
            if address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { SocketAddr::from(([0_u16; 8], 0)) };
        socket.bind(&any.into())?;
    }
    Ok(socket.into())
}

fn transport() -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW))
        .send_window(SEND_WINDOW)
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(SERVER_STREAMS));
    config
}
