//! A look at an HTTP/2 connection from between TLS and the `h2` crate: counts, stamps, and caps.
//!
//! Passes every byte on unchanged. The stamps come from here because the crate reports a frame
//! only after it has worked on it.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::MAX_INFORMATIONAL;
use super::frames::{Received, Sent};
use crate::clock::Clock;
use crate::trace::{At, Http};

/// What is kept of a connection's first bytes.
const OPENING: usize = 64;

/// A number that no stream has: they have 31 bits.
const NO_STREAM: u32 = u32::MAX;

/// A tap's findings, shared with the exchange.
pub(super) type Shared = Rc<RefCell<State>>;

/// A cap that was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// A block of header fields too large, as sent.
    HeadBytes,
    /// Too many blocks of header fields.
    Blocks,
}

/// What was seen in the current exchange.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) received: Received,
    sent: Sent,
    sent_at: Option<At>,
    bytes_received: u64,
    bytes_sent: u64,
    /// The first bytes of the connection.
    pub(super) opening: Vec<u8>,
    /// The peer closed in good order.
    pub(super) ended: bool,
    /// The error that ended the connection.
    pub(super) error: Option<(ErrorKind, String)>,
    /// The cap that was hit.
    pub(super) over: Option<Over>,
}

impl State {
    /// A new exchange begins; its stream is not known yet.
    pub(super) fn begin(&mut self) {
        (self.sent_at, self.bytes_received, self.bytes_sent) = (None, 0, 0);
        self.follow(NO_STREAM);
    }

    /// The exchange has this stream.
    pub(super) fn follow(&mut self, stream: u32) {
        self.received.follow(stream);
        self.sent.follow(stream);
    }

    /// Writes what the tap knows into the record. Can be called at any time.
    pub(super) fn settle(&self, record: &mut Http) {
        record.sent = self.sent_at;
        record.bytes_received = self.bytes_received;
        record.bytes_sent = self.bytes_sent;
        record.body.wire_bytes = self.received.body_wire_bytes();
        // Blocks of interim responses come first, each already noted in the record.
        if let Some(block) = self.received.blocks.get(record.informational.len()) {
            record.first_byte = Some(block.at);
            record.head_bytes = block.bytes;
        }
    }

    fn receive(&mut self, bytes: &[u8], at: At, max_head_bytes: usize) -> io::Result<()> {
        let room = OPENING - self.opening.len();
        self.opening.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.bytes_received += bytes.len() as u64;
        self.ended |= bytes.is_empty();
        self.received.push(bytes, at);
        // The final response and its trailers have blocks too.
        if self.received.block_count > MAX_INFORMATIONAL + 2 {
            self.over = Some(Over::Blocks);
        }
        if self.received.blocks.last().is_some_and(|block| block.bytes > max_head_bytes as u64) {
            self.over = Some(Over::HeadBytes);
        }
        if self.over.is_some() { Err(io::Error::other("a limit was passed")) } else { Ok(()) }
    }
}

/// The stream with the tap on it.
pub(super) struct Tap<S> {
    stream: S,
    clock: Clock,
    max_head_bytes: usize,
    state: Shared,
}

impl<S> Tap<S> {
    pub(super) fn new(stream: S, clock: Clock, max_head_bytes: usize, state: Shared) -> Self {
        Self { stream, clock, max_head_bytes, state }
    }

    fn note_error(&self, error: io::Error) -> io::Error {
        self.state.borrow_mut().error = Some((error.kind(), error.to_string()));
        error
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        let at = self.clock.now();
        Poll::Ready(match result {
            Ok(()) => self.state.borrow_mut().receive(&buf.filled()[before..], at, self.max_head_bytes),
            Err(error) => Err(self.note_error(error)),
        })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = match ready!(Pin::new(&mut self.stream).poll_write(cx, bytes)) {
            Ok(count) => count,
            Err(error) => return Poll::Ready(Err(self.note_error(error))),
        };
        let mut state = self.state.borrow_mut();
        state.bytes_sent += count as u64;
        state.sent.push(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = match ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, parts)) {
            Ok(count) => count,
            Err(error) => return Poll::Ready(Err(self.note_error(error))),
        };
        let mut state = self.state.borrow_mut();
        state.bytes_sent += count as u64;
        let mut left = count;
        for part in parts {
            let step = left.min(part.len());
            state.sent.push(&part[..step]);
            left -= step;
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Err(error) = ready!(Pin::new(&mut self.stream).poll_flush(cx)) {
            return Poll::Ready(Err(self.note_error(error)));
        }
        let mut state = self.state.borrow_mut();
        if state.sent.complete && state.sent_at.is_none() {
            state.sent_at = Some(self.clock.now());
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
