//! A UDP socket that notes each datagram with its moment, between `quinn` and the kernel.
//!
//! It changes nothing that is sent or received. What the datagrams show to anybody ([`packet`](super::packet))
//! is kept for the handshake; counts and the last moments are kept for as long as the connection lives.

use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use tokio::sync::Notify;

use super::packet;
use crate::clock::Clock;
use crate::os;
use crate::trace::{At, AttemptOutcome, Datagram, Direction};

/// Datagrams that are kept with what they show.
const KEPT: usize = 64;

/// What has passed a socket.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The first ones.
    pub(super) datagrams: Vec<Datagram>,
    pub(super) offered_versions: Option<Vec<u32>>,
    pub(super) first_sent: Option<At>,
    pub(super) last_sent: Option<At>,
    pub(super) first_received: Option<At>,
    /// When the first of those datagrams came that were there at the last look.
    pub(super) last_received: Option<At>,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) bytes_sent: u64,
    pub(super) bytes_received: u64,
    /// What the network said in place of a reply (ICMP), or the kernel.
    pub(super) refused: Option<AttemptOutcome>,
}

/// The log of a socket, as it is shared.
#[derive(Debug)]
pub(super) struct Notes {
    log: Mutex<Log>,
    clock: Clock,
    /// Told of each refusal.
    pub(super) refusal: Notify,
    /// Told of each datagram that leaves.
    pub(super) departure: Notify,
}

impl Notes {
    pub(super) fn new(clock: Clock) -> Self {
        Self { log: Mutex::default(), clock, refusal: Notify::new(), departure: Notify::new() }
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        // Each note is whole after its statement.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, direction: Direction, at: At, bytes: &[u8], stride: usize) {
        let mut log = self.log();
        for datagram in bytes.chunks(stride.max(1)) {
            match direction {
                Direction::Sent => {
                    (log.sent, log.bytes_sent) = (log.sent + 1, log.bytes_sent + datagram.len() as u64);
                }
                Direction::Received => {
                    (log.received, log.bytes_received) =
                        (log.received + 1, log.bytes_received + datagram.len() as u64);
                }
            }
            if log.datagrams.len() < KEPT {
                let shown = packet::read(datagram);
                if direction == Direction::Received && shown.versions.is_some() {
                    log.offered_versions = shown.versions;
                }
                log.datagrams.push(Datagram { direction, at, packets: shown.packets, bytes: datagram.len() });
            }
        }
        match direction {
            Direction::Sent => {
                log.first_sent.get_or_insert(at);
                log.last_sent = Some(at);
                drop(log);
                self.departure.notify_waiters();
            }
            Direction::Received => {
                log.first_received.get_or_insert(at);
                log.last_received = Some(at);
            }
        }
    }

    /// A datagram was not sent. Of the first it is this machine that says so; later ones may have word from outside.
    fn unsent(&self, error: &io::Error, to: IpAddr) {
        let barred = os::barred(error, to).filter(|_| self.log().first_sent.is_none());
        match barred {
            Some(words) => {
                self.log().refused.get_or_insert(AttemptOutcome::Unreachable(words));
                self.refusal.notify_one();
            }
            None => self.refuse(error),
        }
    }

    pub(super) fn refuse(&self, error: &io::Error) {
        let outcome = match error.kind() {
            ErrorKind::ConnectionRefused => AttemptOutcome::Refused,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
                AttemptOutcome::Unreachable(os::words(error))
            }
            _ => AttemptOutcome::Failed(os::words(error)),
        };
        self.log().refused.get_or_insert(outcome);
        self.refusal.notify_one();
    }
}

/// The socket with its notes.
#[derive(Debug)]
pub(super) struct Tap {
    pub(super) inner: Arc<dyn AsyncUdpSocket>,
    /// The same socket, to ask for what the library passes over: errors that the network has sent (ICMP).
    pub(super) socket: UdpSocket,
    pub(super) notes: Arc<Notes>,
}

impl Tap {
    /// Takes what the network has said since (SO_ERROR): it ends no socket, and may explain a silence.
    fn hear(&self) {
        if let Ok(Some(error)) = self.socket.take_error() {
            self.notes.refuse(&error);
        }
    }
}

impl AsyncUdpSocket for Tap {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.inner).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.hear();
        let at = self.notes.clock.now();
        match self.inner.try_send(transmit) {
            Ok(()) => {
                let stride = transmit.segment_size.unwrap_or(transmit.contents.len());
                self.notes.note(Direction::Sent, at, transmit.contents, stride);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(error),
            // What cannot be sent is lost, as on the way; the connection sends it again.
            Err(error) => {
                self.notes.unsent(&error, transmit.destination.ip());
                Ok(())
            }
        }
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.hear();
        let polled = self.inner.poll_recv(cx, buffers, meta);
        if let Poll::Ready(Ok(count)) = polled {
            let at = self.notes.clock.now();
            for (buffer, meta) in buffers.iter().zip(&meta[..count]) {
                let bytes = buffer.get(..meta.len).unwrap_or_default();
                self.notes.note(Direction::Received, at, bytes, meta.stride);
            }
        }
        polled
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.inner.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}
