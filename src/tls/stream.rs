//! Application data over a finished handshake: rustls on one side, a TCP socket on the other.
//!
//! What was decrypted is always handed out before any error. The end of the connection is told
//! apart: `close_notify` reads as end of file, a bare TCP end as [`io::ErrorKind::UnexpectedEof`],
//! an alert as an error that holds an [`AlertReceived`]. Nothing is stamped here.

use std::io::{self, BufRead as _, IoSlice, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::ClientConnection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::alert;

/// A TLS connection after its handshake: reads and writes application data.
#[derive(Debug)]
pub struct TlsStream {
    tcp: TcpStream,
    connection: ClientConnection,
    /// Read from the socket, not yet given to rustls.
    inbound: Inbound,
    /// Why nothing more can be read; what was decrypted before is still handed out.
    failure: Option<ReadFailure>,
    close_notify_sent: bool,
    bytes_received: u64,
    bytes_sent: u64,
}

/// The server ended the connection with this alert. Found inside the [`io::Error`] of a read, such
/// as `certificate_required`, which TLS 1.3 servers send only after the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertReceived {
    /// Its name by RFC 8446 §6.
    pub name: String,
    /// What it says, in plain words.
    pub meaning: &'static str,
}

impl std::fmt::Display for AlertReceived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the server ended the connection with the alert {}: {}", self.name, self.meaning)
    }
}

impl std::error::Error for AlertReceived {}

/// An error that can be given out at every further read.
#[derive(Clone, Debug)]
enum ReadFailure {
    Alert(AlertReceived),
    Other(io::ErrorKind, String),
}

impl ReadFailure {
    fn error(&self) -> io::Error {
        match self {
            Self::Alert(alert) => io::Error::new(io::ErrorKind::InvalidData, alert.clone()),
            Self::Other(kind, text) => io::Error::new(*kind, text.clone()),
        }
    }
}

impl From<io::Error> for ReadFailure {
    fn from(error: io::Error) -> Self {
        Self::Other(error.kind(), error.to_string())
    }
}

impl From<rustls::Error> for ReadFailure {
    fn from(error: rustls::Error) -> Self {
        match error {
            rustls::Error::AlertReceived(alert) => {
                let code = u8::from(alert);
                Self::Alert(AlertReceived { name: alert::name(code), meaning: alert::meaning(code) })
            }
            error => Self::Other(io::ErrorKind::InvalidData, format!("broken TLS from the server: {error}")),
        }
    }
}

impl TlsStream {
    pub(super) fn new(tcp: TcpStream, connection: ClientConnection, inbound: Inbound) -> Self {
        Self {
            tcp,
            connection,
            inbound,
            failure: None,
            close_notify_sent: false,
            bytes_received: 0,
            bytes_sent: 0,
        }
    }

    /// The connection under TLS, for its socket options.
    #[must_use]
    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Bytes read from the socket since the handshake: records, session tickets included.
    #[must_use]
    pub fn bytes_received(&self) -> u64 {
        self.bytes_received
    }

    /// Bytes written to the socket since the handshake.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.bytes_sent
    }

    /// Gives rustls more bytes, from the socket if none are left over.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ReadFailure>> {
        if self.inbound.is_empty() {
            let count = loop {
                ready!(self.tcp.poll_read_ready(cx)).map_err(ReadFailure::from)?;
                match self.tcp.try_read(self.inbound.space()) {
                    Ok(count) => break count,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error.into())),
                }
            };
            self.inbound.filled(count);
            self.bytes_received += count as u64;
        }
        // No bytes here mean the end of the connection: rustls then knows whether it was in order.
        let mut bytes = self.inbound.bytes();
        let before = bytes.len();
        self.connection.read_tls(&mut bytes).map_err(ReadFailure::from)?;
        let taken = before - bytes.len();
        if taken == 0 {
            // After close_notify rustls takes nothing more.
            self.inbound.consume(before);
        }
        self.inbound.consume(taken);
        let processed = self.connection.process_new_packets();
        // An alert of ours, or the answer to a KeyUpdate. Sent if the socket takes it now; else with
        // the next write: a reader must not take the writer's place in the queue for the socket.
        let _ = self.send_now();
        Poll::Ready(processed.map(|_| ()).map_err(ReadFailure::from))
    }

    /// Hands the socket what rustls has for it. `WouldBlock` when it does not take all.
    fn send_now(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut SocketWriter(&self.tcp))? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => self.bytes_sent += count as u64,
            }
        }
        Ok(())
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match self.send_now() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.tcp.poll_write_ready(cx))?;
                }
                result => return Poll::Ready(result),
            }
        }
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let mut reader = this.connection.reader();
            match reader.fill_buf() {
                Ok(chunk) => {
                    let count = chunk.len().min(out.remaining());
                    out.put_slice(&chunk[..count]);
                    reader.consume(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    let text = "the connection ended without close_notify";
                    return Poll::Ready(Err(io::Error::new(error.kind(), text)));
                }
            }
            if let Some(failure) = &this.failure {
                return Poll::Ready(Err(failure.error()));
            }
            if let Err(failure) = ready!(this.poll_receive(cx)) {
                this.failure = Some(failure);
            }
        }
    }
}

impl AsyncWrite for TlsStream {
    /// Takes data and hands it to the socket as far as that takes it; `flush` waits for the rest.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // What was taken before goes first, so that no more than one piece is ever held.
        ready!(this.poll_send(cx))?;
        let count = this.connection.writer().write(data)?;
        match this.send_now() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(count)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_send(cx)
    }

    /// Sends close_notify, then ends our side of the TCP connection.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.close_notify_sent {
            this.connection.send_close_notify();
            this.close_notify_sent = true;
        }
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.tcp).poll_shutdown(cx)
    }
}

/// The socket as a plain writer that says `WouldBlock`.
struct SocketWriter<'a>(&'a TcpStream);

impl io::Write for SocketWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.try_write(data)
    }

    fn write_vectored(&mut self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes read from a socket and not used yet. One buffer for a connection's life; it does not grow.
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
