//! What a connection is to the stages above it: bytes in order, in the clear or over TLS.
//!
//! Stands between TLS and HTTP, so that neither knows the other. TLS runs over any of these, so over TLS
//! as well: that is how a request reaches its server through the tunnel of an https proxy (RFC 9110
//! §9.3.6). It passes everything on, opens and counts nothing, and keeps the stamps of what passed its socket
//! last.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

pub use crate::bursts::Bursts;
use crate::clock::Moment;
use crate::tcp;
use crate::timestamp::{self, Stamped};
use crate::tls::TlsStream;

/// Reads in a row that find something, before the reader has to let others go first. A peer that sends
/// faster than its bytes are worked on would else keep every limit from being looked at.
const TURN: u32 = 4;

/// A connection, as the next protocol sees it.
#[derive(Debug)]
pub enum Stream {
    /// In the clear.
    Plain(Socket),
    /// In the clear, to a socket of this machine.
    Unix(UnixStream),
    /// Over TLS.
    Tls(Box<TlsStream<Self>>),
    /// Behind bytes of it that were read already.
    Behind(Box<Behind>),
}

/// Bytes that came with what was read before, and the connection that they are of.
#[derive(Debug)]
pub struct Behind {
    bytes: VecDeque<u8>,
    stream: Stream,
}

/// A TCP connection that is read in turns.
#[derive(Debug)]
pub struct Socket {
    tcp: TcpStream,
    /// Reads in a row that found something.
    row: u32,
    arrived: Option<Moment>,
    bursts: Bursts,
    handed: Option<Moment>,
}

impl Socket {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if self.row == TURN {
            self.row = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buf.filled().len();
        let read = timestamp::poll_read(&self.tcp, cx, buf);
        self.row = if read.is_ready() { self.row + 1 } else { 0 };
        read.map_ok(|at| {
            self.arrived = at;
            self.bursts.note(at, (buf.filled().len() - before) as u64);
        })
    }

    /// Stamps what is handed over now, if it is.
    fn poll_write(
        &mut self,
        write: impl FnOnce(Pin<&mut TcpStream>) -> Poll<std::io::Result<usize>>,
    ) -> Poll<std::io::Result<usize>> {
        let now = Moment::now();
        let written = write(Pin::new(&mut self.tcp));
        if let Poll::Ready(Ok(1..)) = written {
            self.handed = Some(now);
        }
        written
    }
}

impl Behind {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if self.bytes.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let (first, _) = self.bytes.as_slices();
        let count = first.len().min(buf.remaining());
        buf.put_slice(&first[..count]);
        self.bytes.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl From<TcpStream> for Stream {
    fn from(tcp: TcpStream) -> Self {
        Self::Plain(Socket { tcp, row: 0, arrived: None, bursts: Bursts::default(), handed: None })
    }
}

impl From<UnixStream> for Stream {
    fn from(unix: UnixStream) -> Self {
        Self::Unix(unix)
    }
}

impl Stream {
    /// Whether TLS protects it.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        match self {
            Self::Plain(_) | Self::Unix(_) => false,
            Self::Tls(_) => true,
            Self::Behind(behind) => behind.stream.is_encrypted(),
        }
    }

    /// The bursts in which bytes come on its TCP connection; `None` without one.
    #[must_use]
    pub fn bursts(&self) -> Option<&Bursts> {
        match self {
            Self::Plain(socket) => Some(&socket.bursts),
            Self::Unix(_) => None,
            Self::Tls(tls) => tls.carrier().bursts(),
            Self::Behind(behind) => behind.stream.bursts(),
        }
    }

    /// The connection with these bytes of it in front, which were read already.
    #[must_use]
    pub fn behind(self, bytes: Vec<u8>) -> Self {
        if bytes.is_empty() {
            self
        } else {
            Self::Behind(Box::new(Behind { bytes: bytes.into(), stream: self }))
        }
    }
}

impl Stamped for Stream {
    fn arrived(&self) -> Option<Moment> {
        match self {
            Self::Plain(socket) => socket.arrived,
            Self::Unix(_) => None,
            Self::Tls(tls) => tls.carrier().arrived(),
            Self::Behind(behind) => behind.stream.arrived(),
        }
    }

    fn is_acknowledged(&self) -> Option<bool> {
        match self {
            Self::Plain(socket) => tcp::is_acknowledged(&socket.tcp),
            Self::Unix(_) => None,
            Self::Tls(tls) => tls.carrier().is_acknowledged(),
            Self::Behind(behind) => behind.stream.is_acknowledged(),
        }
    }

    fn handed(&self) -> Option<Moment> {
        match self {
            Self::Plain(socket) => socket.handed,
            Self::Unix(_) => None,
            Self::Tls(tls) => tls.carrier().handed(),
            Self::Behind(behind) => behind.stream.handed(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => socket.poll_read(cx, buf),
            Self::Unix(unix) => Pin::new(unix).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
            Self::Behind(behind) => behind.poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => socket.poll_write(|tcp| tcp.poll_write(cx, bytes)),
            Self::Unix(unix) => Pin::new(unix).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
            Self::Behind(behind) => Pin::new(&mut behind.stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => socket.poll_write(|tcp| tcp.poll_write_vectored(cx, parts)),
            Self::Unix(unix) => Pin::new(unix).poll_write_vectored(cx, parts),
            Self::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, parts),
            Self::Behind(behind) => Pin::new(&mut behind.stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(Socket { tcp, .. }) => tcp.is_write_vectored(),
            Self::Unix(unix) => unix.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
            Self::Behind(behind) => behind.stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(Socket { tcp, .. }) => Pin::new(tcp).poll_flush(cx),
            Self::Unix(unix) => Pin::new(unix).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
            Self::Behind(behind) => Pin::new(&mut behind.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(Socket { tcp, .. }) => Pin::new(tcp).poll_shutdown(cx),
            Self::Unix(unix) => Pin::new(unix).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
            Self::Behind(behind) => Pin::new(&mut behind.stream).poll_shutdown(cx),
        }
    }
}
