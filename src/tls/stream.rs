//! Application data over a finished handshake: rustls on one side, any stream of bytes on the other
//! (a TCP socket, or a tunnel through a proxy).
//!
//! What was decrypted is always handed out before any error. The end of the connection is told
//! apart: `close_notify` reads as end of file, a bare TCP end as [`io::ErrorKind::UnexpectedEof`],
//! an alert as an error that holds an [`AlertReceived`], what TLS does not bear as one that holds a
//! [`BrokenTls`]. Where a server asked for something in vain and then sent no data, any end is an error that
//! says so ([`Ended`]). Nothing is stamped here.

use std::io::{self, BufRead as _, IoSlice, Write as _};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use rustls::{ClientConnection, ProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::alert::{AlertReceived, BrokenTls, Demand, Ended};

/// A TLS connection after its handshake: reads and writes application data.
#[derive(Debug)]
pub struct TlsStream<S> {
    /// What carries the records.
    carrier: S,
    connection: ClientConnection,
    /// Read from the carrier, not yet given to rustls.
    inbound: Inbound,
    /// Why nothing more can be read; what was decrypted before is still handed out.
    failure: Option<ReadFailure>,
    /// What the server has asked for and did not get.
    demand: Demand,
    /// Why the carrier takes no more: nothing is sent any more.
    broken: Option<ReadFailure>,
    close_notify_sent: bool,
    /// A writer waits for room in the carrier, and has its place in the queue for it.
    writer_waits: bool,
    bytes_received: u64,
    bytes_sent: u64,
}

/// An error that can be given out at every further read.
#[derive(Clone, Debug)]
enum ReadFailure {
    Alert(AlertReceived),
    Broken(BrokenTls),
    Other(io::ErrorKind, String),
}

impl ReadFailure {
    fn error(&self) -> io::Error {
        match self {
            Self::Alert(alert) => io::Error::new(io::ErrorKind::InvalidData, alert.clone()),
            Self::Broken(broken) => io::Error::new(io::ErrorKind::InvalidData, broken.clone()),
            Self::Other(kind, text) => io::Error::new(*kind, text.clone()),
        }
    }
}

impl From<io::Error> for ReadFailure {
    fn from(error: io::Error) -> Self {
        Self::Other(error.kind(), error.to_string())
    }
}

impl ReadFailure {
    fn of(error: rustls::Error, demand: Demand) -> Self {
        match error {
            rustls::Error::AlertReceived(alert) => Self::Alert(AlertReceived::new(u8::from(alert), demand)),
            error => Self::Broken(BrokenTls::Rule(error.to_string())),
        }
    }
}

impl<S> TlsStream<S> {
    pub(super) fn new(carrier: S, connection: ClientConnection, inbound: Inbound, demand: Demand) -> Self {
        Self {
            carrier,
            connection,
            inbound,
            failure: None,
            demand,
            broken: None,
            close_notify_sent: false,
            writer_waits: false,
            bytes_received: 0,
            bytes_sent: 0,
        }
    }

    /// What is under TLS: a socket, for its options, or a tunnel.
    #[must_use]
    pub fn carrier(&self) -> &S {
        &self.carrier
    }

    /// Bytes read from the carrier since the handshake: records, session tickets included.
    #[must_use]
    pub fn bytes_received(&self) -> u64 {
        self.bytes_received
    }

    /// Bytes written to the carrier since the handshake.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.bytes_sent
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    /// Gives rustls more bytes, from the carrier if none are left over.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ReadFailure>> {
        if self.inbound.is_empty() {
            let count = {
                let mut space = ReadBuf::new(self.inbound.space());
                ready!(Pin::new(&mut self.carrier).poll_read(cx, &mut space))?;
                space.filled().len()
            };
            self.inbound.filled(count);
            self.bytes_received += count as u64;
        }
        // No bytes here mean the end of the connection: rustls then knows whether it was in order.
        let mut bytes = self.inbound.bytes();
        let before = bytes.len();
        self.connection.read_tls(&mut bytes).map_err(|error| match error.kind() {
            // Messages of the handshake's kind, none of which ends with its record: 64 KiB of such are kept.
            io::ErrorKind::InvalidData => {
                ReadFailure::Broken(BrokenTls::Flood { received: self.bytes_received })
            }
            _ => ReadFailure::from(error),
        })?;
        let taken = before - bytes.len();
        if taken == 0 {
            // After close_notify rustls takes nothing more.
            self.inbound.consume(before);
        }
        self.inbound.consume(taken);
        let quiet = !self.connection.wants_write();
        let processed = self.connection.process_new_packets();
        // In TLS 1.2 reading makes rustls answer one thing only: no_renegotiation.
        if quiet
            && self.connection.wants_write()
            && processed.is_ok()
            && self.connection.protocol_version() == Some(ProtocolVersion::TLSv1_2)
        {
            self.demand = Demand::Renegotiation;
        }
        // An alert of ours, or the answer to a KeyUpdate. Sent if the carrier takes it now; else with
        // the next write: a reader must not take the writer's place in the queue for the carrier.
        if self.connection.wants_write() && !self.writer_waits && self.broken.is_none() {
            let _ = at_once(|cx| self.poll_send(cx));
        }
        let demand = self.demand;
        Poll::Ready(processed.map(|_| ()).map_err(|error| ReadFailure::of(error, demand)))
    }

    /// The carrier broke under a write. The server may have said why before it went: what is there to be
    /// read comes first, as an alert tells more than the write's own error. Such a carrier is at its end,
    /// so that this waits for no more than the kernel's word on it.
    fn poll_last_words(&mut self, cx: &mut Context<'_>, broken: &ReadFailure) -> Poll<io::Error> {
        // Data is for the reader to take, and no alert is missed by then.
        while self.failure.is_none()
            && self
                .connection
                .reader()
                .fill_buf()
                .is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
        {
            if let Err(failure) = ready!(self.poll_receive(cx)) {
                self.failure = Some(failure);
            }
        }
        match &self.failure {
            Some(failure @ ReadFailure::Alert(_)) => Poll::Ready(failure.error()),
            _ => Poll::Ready(broken.error()),
        }
    }

    /// The end of the connection, or its break, after what the server asked for in vain.
    fn ended(&self, error: io::Error) -> io::Error {
        match self.demand {
            Demand::Nothing => error,
            demand => io::Error::new(error.kind(), Ended { demand }),
        }
    }

    /// Hands the carrier all that rustls has for it.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.connection.wants_write() {
            if let Some(broken) = self.broken.clone() {
                return self.poll_last_words(cx, &broken).map(Err);
            }
            let mut writer = Writer { carrier: &mut self.carrier, cx };
            match self.connection.write_tls(&mut writer) {
                Ok(0) => self.broken = Some(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(count) => self.bytes_sent += count as u64,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => self.broken = Some(error.into()),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Does it as the writer, who waits in the queue for the carrier where it is not done at once.
    fn as_writer(&mut self, done: impl FnOnce(&mut Self) -> Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        let result = done(self);
        self.writer_waits = result.is_pending();
        result
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let mut reader = this.connection.reader();
            match reader.fill_buf() {
                Ok([]) if this.demand != Demand::Nothing => {
                    return Poll::Ready(Err(this.ended(io::ErrorKind::UnexpectedEof.into())));
                }
                Ok(chunk) => {
                    // Data: the server goes on without what it asked for.
                    this.demand = Demand::Nothing;
                    let count = chunk.len().min(out.remaining());
                    out.put_slice(&chunk[..count]);
                    reader.consume(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    let text = "the connection ended without close_notify";
                    return Poll::Ready(Err(this.ended(io::Error::new(error.kind(), text))));
                }
            }
            if let Some(failure) = &this.failure {
                return Poll::Ready(Err(match failure {
                    ReadFailure::Alert(_) | ReadFailure::Broken(_) => failure.error(),
                    ReadFailure::Other(..) => this.ended(failure.error()),
                }));
            }
            if let Err(failure) = ready!(this.poll_receive(cx)) {
                this.failure = Some(failure);
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    /// Takes data and hands it to the carrier as far as that takes it; `flush` waits for the rest.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // What was taken before goes first, so that no more than one piece is ever held.
        ready!(this.as_writer(|this| this.poll_send(cx)))?;
        let count = this.connection.writer().write(data)?;
        let before = this.bytes_sent;
        match this.poll_send(cx) {
            Poll::Ready(Err(error)) if this.bytes_sent == before => Poll::Ready(Err(error)),
            // A part is out, and the peer may have it: the next write tells the error.
            Poll::Ready(_) | Poll::Pending => Poll::Ready(Ok(count)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().as_writer(|this| {
            ready!(this.poll_send(cx))?;
            Pin::new(&mut this.carrier).poll_flush(cx)
        })
    }

    /// Sends close_notify, then ends our side of the carrier.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.close_notify_sent {
            this.connection.send_close_notify();
            this.close_notify_sent = true;
        }
        this.as_writer(|this| {
            ready!(this.poll_send(cx))?;
            Pin::new(&mut this.carrier).poll_shutdown(cx)
        })
    }
}

/// Polls once and waits for nothing: `None` when it was not done at once.
pub(super) fn at_once<T>(poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Option<T> {
    // Beside the budget of the task: else this could fail although the carrier has room.
    let poll = pin!(tokio::task::unconstrained(std::future::poll_fn(poll)));
    match poll.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// The carrier as a plain writer, for rustls. It says `WouldBlock` where it has to be waited for.
struct Writer<'a, 'b, S> {
    carrier: &'a mut S,
    cx: &'a mut Context<'b>,
}

impl<S: AsyncWrite + Unpin> io::Write for Writer<'_, '_, S> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        ready_now(Pin::new(&mut *self.carrier).poll_write(self.cx, data))
    }

    fn write_vectored(&mut self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        ready_now(Pin::new(&mut *self.carrier).poll_write_vectored(self.cx, data))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn ready_now(written: Poll<io::Result<usize>>) -> io::Result<usize> {
    match written {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// Bytes read from a carrier and not used yet. One buffer for a connection's life; it does not grow.
#[derive(Debug)]
pub(super) struct Inbound {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

/// Room for the longest record and most of the next.
const INBOUND: usize = 32 * 1024;

impl Default for Inbound {
    fn default() -> Self {
        Self { buffer: vec![0; INBOUND].into_boxed_slice(), start: 0, end: 0 }
    }
}

impl Inbound {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Where to read to. Never empty, as long as less than a record is left unused.
    pub(super) fn space(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.buffer[self.end..]
    }

    /// `count` bytes were read into the space.
    pub(super) fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.buffer.len());
    }

    /// `count` bytes were used.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }
}
