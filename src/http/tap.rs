//! A look at an HTTP/2 connection (RFC 9113) from between TLS and the `h2` crate: counts, stamps, and
//! caps, for each of the exchanges that share it.
//!
//! Passes every byte on unchanged. The stamps come from here because the crate reports a frame
//! only after it has worked on it.

use std::cell::{Ref, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::fault::Break;
use super::frames::{Block, Event, PREFACE, Received, Sent, Tokenizer};
use super::scene::MAX_INFORMATIONAL;
use crate::clock::Clock;
use crate::trace::{At, Http};

/// What is kept of a connection's first bytes.
const OPENING: usize = 64;

/// A tap's findings, shared with the exchanges.
pub(super) type Shared = Rc<RefCell<State>>;

/// A cap that a response hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// A block of header fields too large, as sent.
    HeadBytes,
    /// Too many blocks of header fields.
    Blocks,
}

/// What was seen of a connection.
#[derive(Debug)]
pub(super) struct State {
    incoming: Tokenizer,
    /// When the first byte came of the frame that is being read.
    began: At,
    outgoing: Tokenizer,
    /// The exchanges under way, the oldest first.
    exchanges: Vec<Rc<RefCell<Exchange>>>,
    /// The first bytes of the connection.
    pub(super) opening: Vec<u8>,
    /// The peer closed in good order.
    pub(super) ended: bool,
    /// The error that ended the connection.
    pub(super) error: Option<Break>,
    /// A response hit a cap, and the connection is given up.
    pub(super) over: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            incoming: Tokenizer::default(),
            began: At::default(),
            outgoing: Tokenizer::after(PREFACE),
            exchanges: Vec::new(),
            opening: Vec::new(),
            ended: false,
            error: None,
            over: false,
        }
    }
}

/// One exchange, as seen from the tap.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// Its stream, once that is known.
    stream: Option<u32>,
    pub(super) received: Received,
    sent: Sent,
    sent_at: Option<At>,
    bytes_received: u64,
    bytes_sent: u64,
    /// The cap that its response hit.
    pub(super) over: Option<Over>,
}

impl State {
    /// The exchange of this stream, and the one that its bytes count to. What belongs to no stream
    /// (the preface, SETTINGS, window updates of the connection) or to one that is over counts to the
    /// oldest exchange, so that all of them together have all bytes.
    fn owner(&self, stream: Option<u32>) -> (bool, Option<&Rc<RefCell<Exchange>>>) {
        let own = stream.and_then(|_| self.exchanges.iter().find(|one| one.borrow().stream == stream));
        (own.is_some(), own.or_else(|| self.exchanges.first()))
    }

    fn receive(&mut self, bytes: &[u8], at: At, max_head_bytes: usize) -> io::Result<()> {
        let room = OPENING - self.opening.len();
        self.opening.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.ended |= bytes.is_empty();
        let mut tokenizer = std::mem::take(&mut self.incoming);
        tokenizer.push(bytes, |event| {
            let (stream, count) = match event {
                Event::Begin => return self.began = at,
                Event::End(frame) => (Some(frame.stream), 0),
                event => event.bytes(),
            };
            let (is_own, Some(exchange)) = self.owner(stream) else { return };
            let mut exchange = exchange.borrow_mut();
            exchange.bytes_received += count as u64;
            if is_own {
                exchange.received.take(event, self.began, at);
                exchange.check(max_head_bytes);
            }
            let over = exchange.over.is_some();
            drop(exchange);
            self.over |= over;
        });
        self.incoming = tokenizer;
        if self.over { Err(io::Error::other("a limit was passed")) } else { Ok(()) }
    }

    /// Takes bytes that were written.
    fn write(&mut self, bytes: &[u8]) {
        let mut tokenizer = std::mem::take(&mut self.outgoing);
        tokenizer.push(bytes, |event| {
            let (stream, count) = match event {
                Event::End(frame) => (Some(frame.stream), 0),
                event => event.bytes(),
            };
            let (is_own, Some(exchange)) = self.owner(stream) else { return };
            let mut exchange = exchange.borrow_mut();
            exchange.bytes_sent += count as u64;
            if is_own {
                exchange.sent.take(event);
            }
        });
        self.outgoing = tokenizer;
    }

    /// All that was written is with the kernel.
    fn flushed(&self, clock: &Clock) {
        let mut now = None;
        for exchange in &self.exchanges {
            let mut exchange = exchange.borrow_mut();
            if exchange.sent.complete && exchange.sent_at.is_none() {
                exchange.sent_at = Some(*now.get_or_insert_with(|| clock.now()));
            }
        }
    }
}

impl Exchange {
    fn check(&mut self, max_head_bytes: usize) {
        // The final response and its trailers have blocks too.
        if self.received.block_count > MAX_INFORMATIONAL + 2 {
            self.over = Some(Over::Blocks);
        }
        if self.received.blocks.last().is_some_and(|block| block.bytes > max_head_bytes as u64) {
            self.over = Some(Over::HeadBytes);
        }
    }
}

/// An exchange's place at the tap, from its start to its end.
#[derive(Debug)]
pub(super) struct Watch {
    tap: Shared,
    exchange: Rc<RefCell<Exchange>>,
}

impl Watch {
    /// An exchange begins; its stream is not known yet.
    pub(super) fn new(tap: &Shared) -> Self {
        let exchange = Rc::<RefCell<Exchange>>::default();
        tap.borrow_mut().exchanges.push(Rc::clone(&exchange));
        Self { tap: Rc::clone(tap), exchange }
    }

    /// The exchange has this stream.
    pub(super) fn follow(&self, stream: u32) {
        self.exchange.borrow_mut().stream = Some(stream);
    }

    /// The connection, as seen so far.
    pub(super) fn connection(&self) -> Ref<'_, State> {
        self.tap.borrow()
    }

    /// The exchange, as seen so far.
    pub(super) fn exchange(&self) -> Ref<'_, Exchange> {
        self.exchange.borrow()
    }

    /// The block of header fields with this number.
    pub(super) fn block(&self, number: usize) -> Option<Block> {
        self.exchange.borrow().received.blocks.get(number).copied()
    }

    /// Writes what the tap knows into the record. Can be called at any time.
    pub(super) fn settle(&self, record: &mut Http) {
        let tap = self.tap.borrow();
        let is_oldest = tap.exchanges.first().is_some_and(|first| Rc::ptr_eq(first, &self.exchange));
        let unsettled = if is_oldest { tap.incoming.unsettled() as u64 } else { 0 };
        let exchange = self.exchange.borrow();
        record.sent = exchange.sent_at;
        record.bytes_received = exchange.bytes_received + unsettled;
        record.bytes_sent = exchange.bytes_sent;
        record.body.wire_bytes = exchange.received.data_bytes;
        // Blocks of interim responses come first, each already noted in the record.
        if let Some(block) = exchange.received.blocks.get(record.informational.len()) {
            record.first_byte = Some(block.at);
            record.head_bytes = block.bytes;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.tap.borrow_mut().exchanges.retain(|exchange| !Rc::ptr_eq(exchange, &self.exchange));
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
        let mut state = self.state.borrow_mut();
        // An alert says why; what follows from it does not.
        if !matches!(state.error, Some(Break::Alert(_) | Break::Unmet(_))) {
            state.error = Some(Break::of(&error));
        }
        drop(state);
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
        self.state.borrow_mut().write(&bytes[..count]);
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
        let mut left = count;
        for part in parts {
            let step = left.min(part.len());
            state.write(&part[..step]);
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
        self.state.borrow().flushed(&self.clock);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
