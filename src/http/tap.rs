//! A look at an HTTP/2 connection (RFC 9113) from between TLS and the `h2` crate: counts, stamps, and
//! caps, for each of the exchanges that share it.
//!
//! Passes every byte on unchanged. The stamps come from here because the crate reports a frame
//! only after it has worked on it.

use std::cell::{Ref, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::acks::Acks;
use super::blocks::Blocks;
use super::exchange::Exchange;
use super::fault::Break;
use super::frames::{
    Block, CONTINUATION, DATA, Event, Frame, GOAWAY, HEADERS, PREFACE, PUSH_PROMISE, RST_STREAM, Tokenizer,
};
use super::rules::{Breach, MAX_FRAME, Order};
use crate::clock::Clock;
use crate::timestamp::Stamped;
use crate::trace::{At, GoAway, Header, Http, StampedBy, Unanswered};

/// What is kept of a connection's first bytes.
const OPENING: usize = 64;
/// What is kept of a GOAWAY's debug data.
const DEBUG: usize = 256;
/// Reads in a row, before the exchanges have their turn. What they have not taken is kept by frame, so
/// that a flood of small ones would cost many times its bytes.
const TURN: u32 = 4;

/// A tap's findings, shared with the exchanges.
pub(super) type Shared = Rc<RefCell<State>>;

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
    /// What the peer said last when it ended the connection.
    pub(super) goaway: Option<GoAway>,
    /// The first rule that the peer was seen to break.
    pub(super) breach: Option<Breach>,
    order: Order,
    blocks: Blocks,
    /// What came of the frame that is being read, unless that is data.
    payload: Vec<u8>,
    /// The last stream that was opened from here.
    newest: u32,
    max_head_bytes: usize,
    /// Whose stamps these are: that of the run whose exchanges are under way.
    pub(super) clock: Clock,
    /// Reads since an exchange had its turn.
    row: u32,
    /// The connection's task, while it waits for that.
    parked: Option<Waker>,
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
            goaway: None,
            breach: None,
            order: Order::default(),
            blocks: Blocks::default(),
            payload: Vec::new(),
            newest: 0,
            max_head_bytes: 0,
            clock: Clock::start(),
            row: 0,
            parked: None,
        }
    }
}

impl State {
    /// The exchange of this stream, and the one that its bytes count to. What belongs to no stream
    /// (the preface, SETTINGS, window updates of the connection) or to one that is over counts to the
    /// oldest exchange, so that all of them together have all bytes.
    fn owner(&self, stream: Option<u32>) -> (bool, Option<&Rc<RefCell<Exchange>>>) {
        let own = stream.and_then(|_| self.exchanges.iter().find(|one| one.borrow().stream == stream));
        (own.is_some(), own.or_else(|| self.exchanges.first()))
    }

    fn receive(&mut self, bytes: &[u8], (at, by): (At, StampedBy)) -> io::Result<()> {
        let room = OPENING - self.opening.len();
        self.opening.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.ended |= bytes.is_empty();
        let mut tokenizer = std::mem::take(&mut self.incoming);
        tokenizer.push(bytes, |event| {
            self.count(event, at, by);
            match event {
                Event::Header(frame) => {
                    self.payload.clear();
                    let breach = self.order.header(frame, self.newest);
                    self.breach = self.breach.take().or(breach);
                }
                Event::Payload(frame, bytes) => {
                    let breach = self.order.padding(bytes);
                    self.breach = self.breach.take().or(breach);
                    if frame.kind == DATA {
                        return;
                    }
                    let room = MAX_FRAME as usize - self.payload.len().min(MAX_FRAME as usize);
                    self.payload.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
                Event::End(frame) => self.whole(frame),
                Event::Preface(_) | Event::Begin => {}
            }
        });
        self.incoming = tokenizer;
        if self.blocks.are_many() {
            self.unpack();
        }
        if self.over || self.breach.as_ref().is_some_and(Breach::is_fatal) {
            return Err(io::Error::other("a limit was passed, or a rule broken"));
        }
        Ok(())
    }

    /// Counts what came, for the exchange it belongs to.
    fn count(&mut self, event: Event<'_>, at: At, by: StampedBy) {
        let (stream, count) = match event {
            Event::Begin => return self.began = at,
            Event::End(frame) => (Some(frame.stream), 0),
            event => event.bytes(),
        };
        let (is_own, Some(exchange)) = self.owner(stream) else { return };
        let mut exchange = exchange.borrow_mut();
        exchange.bytes_received += count as u64;
        if is_own {
            // Two clocks: an answer is never before what it answers.
            let not_before = exchange.sent_at.unwrap_or_default();
            exchange.stamped_by = exchange.stamped_by.max(Some(by));
            exchange.received.take(event, self.began.max(not_before), at.max(not_before));
            exchange.check(self.max_head_bytes);
        }
        let over = exchange.over.is_some();
        drop(exchange);
        self.over |= over;
    }

    /// Reads a whole frame that is no data.
    fn whole(&mut self, frame: Frame) {
        if frame.length > MAX_FRAME {
            return;
        }
        let payload = std::mem::take(&mut self.payload);
        self.breach = self.breach.take().or_else(|| self.order.payload(frame, &payload));
        match (frame.kind, payload.as_slice()) {
            (HEADERS | PUSH_PROMISE | CONTINUATION, block) => {
                self.blocks.take(frame, block, self.max_head_bytes);
            }
            (RST_STREAM, &[a, b, c, d]) => {
                if let (true, Some(exchange)) = self.owner(Some(frame.stream)) {
                    exchange.borrow_mut().reset = Some(u32::from_be_bytes([a, b, c, d]));
                }
            }
            (GOAWAY, &[a, b, c, d, e, f, g, h, ref debug @ ..]) => {
                self.goaway = Some(GoAway {
                    last_stream: u32::from_be_bytes([a & 0x7f, b, c, d]),
                    code: u32::from_be_bytes([e, f, g, h]),
                    debug: debug[..debug.len().min(DEBUG)].to_vec(),
                });
            }
            _ => {}
        }
        self.payload = payload;
    }

    /// Whether a block could not be unpacked: none behind it can.
    pub(super) const fn has_lost_fields(&self) -> bool {
        self.blocks.are_lost()
    }

    /// Hands each exchange the fields of its blocks.
    fn unpack(&mut self) {
        for (stream, fields) in self.blocks.unpack(self.max_head_bytes) {
            if let (true, Some(exchange)) = self.owner(Some(stream)) {
                exchange.borrow_mut().fields.push(fields);
            }
        }
    }

    /// Takes bytes that were written.
    fn write(&mut self, bytes: &[u8], at: At) {
        let mut tokenizer = std::mem::take(&mut self.outgoing);
        tokenizer.push(bytes, |event| {
            let (stream, count) = match event {
                Event::End(frame) => (Some(frame.stream), 0),
                event => event.bytes(),
            };
            if let Event::Header(frame) = event {
                self.order.sent(frame);
                if frame.kind == HEADERS {
                    self.newest = self.newest.max(frame.stream);
                }
            }
            let (is_own, Some(exchange)) = self.owner(stream) else { return };
            let mut exchange = exchange.borrow_mut();
            exchange.bytes_sent += count as u64;
            exchange.began.get_or_insert(at);
            if is_own {
                exchange.sent.take(event);
                if exchange.sent.has_head {
                    exchange.head_at.get_or_insert(at);
                }
            }
        });
        self.outgoing = tokenizer;
    }

    /// Whether the connection's task is to let the exchanges go first. It is woken by the next of them
    /// that finds nothing to take.
    fn is_their_turn(&mut self, cx: &Context<'_>) -> bool {
        if self.row < TURN {
            return false;
        }
        let mut waiting = false;
        for exchange in &self.exchanges {
            if let Some(waker) = exchange.borrow_mut().waiting.take() {
                waiting = true;
                waker.wake();
            }
        }
        self.row = 0;
        if waiting {
            self.parked = Some(cx.waker().clone());
        } else {
            cx.waker().wake_by_ref();
        }
        true
    }

    /// The connection's task may go on.
    fn resume(&mut self) {
        if let Some(task) = self.parked.take() {
            task.wake();
        }
    }

    /// Whether the body of an exchange was sent, and its acknowledgement was not seen yet.
    fn awaits_acknowledgement(&self) -> bool {
        self.exchanges.iter().any(|exchange| exchange.borrow().awaits_acknowledgement())
    }

    /// All that was written is acknowledged.
    fn acknowledged(&self, at: Option<At>) {
        for exchange in &self.exchanges {
            let mut exchange = exchange.borrow_mut();
            if exchange.awaits_acknowledgement() {
                exchange.acked_at = at;
            }
        }
    }

    /// All that was written is with the kernel.
    fn flushed(&self, at: At) {
        for exchange in &self.exchanges {
            let mut exchange = exchange.borrow_mut();
            if exchange.sent.complete && exchange.sent_at.is_none() {
                exchange.sent_at = Some(at);
            }
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

    /// The exchange has taken all there was, and waits: the connection may bring more.
    pub(super) fn wait(&self, cx: &Context<'_>) {
        self.exchange.borrow_mut().waiting = Some(cx.waker().clone());
        self.tap.borrow_mut().resume();
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

    /// The fields of that block in wire order, pseudo-fields included; `None` where they cannot be read.
    pub(super) fn fields(&self, number: usize) -> Option<Vec<Header>> {
        self.tap.borrow_mut().unpack();
        self.exchange.borrow_mut().fields.get_mut(number)?.take()
    }

    /// What is known of a request to which not a byte of a response came; `None` where one came.
    pub(super) fn unanswered(&self) -> Option<Unanswered> {
        let (tap, exchange) = (self.tap.borrow(), self.exchange.borrow());
        exchange.unanswered(tap.goaway.as_ref(), tap.ended || tap.error.is_some())
    }

    /// Writes what the tap knows into the record. Can be called at any time.
    pub(super) fn settle(&self, record: &mut Http) {
        let tap = self.tap.borrow();
        let is_oldest = tap.exchanges.first().is_some_and(|first| Rc::ptr_eq(first, &self.exchange));
        let unsettled = if is_oldest { tap.incoming.unsettled() as u64 } else { 0 };
        let exchange = self.exchange.borrow();
        record.start = exchange.began.unwrap_or(record.start);
        record.sent = exchange.sent_at;
        record.body_acked = exchange.acked_at;
        record.request.body_bytes = exchange.sent.body_bytes;
        if let (Some(expect), Some(head_at)) = (&mut record.expect, exchange.head_at) {
            expect.asked = head_at.min(expect.end);
        }
        record.stamped_by = exchange.stamped_by;
        record.bytes_received = exchange.bytes_received + unsettled;
        record.bytes_sent = exchange.bytes_sent;
        record.body.wire_bytes = exchange.received.data_bytes;
        record.body.arrivals.clone_from(&exchange.received.arrivals);
        record.goaway.clone_from(&tap.goaway);
        // Blocks of interim responses come first, each already noted in the record.
        if let Some(block) = exchange.received.blocks.get(record.informational.len()) {
            record.first_byte = Some(block.at);
            record.head_bytes = block.bytes;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut tap = self.tap.borrow_mut();
        tap.exchanges.retain(|exchange| !Rc::ptr_eq(exchange, &self.exchange));
        tap.resume();
    }
}

/// The stream with the tap on it.
pub(super) struct Tap<S> {
    stream: S,
    state: Shared,
    acks: Acks,
    /// Why nothing more can be written, until that may be told.
    failed: Option<io::Error>,
}

impl<S> Tap<S> {
    pub(super) fn new(stream: S, max_head_bytes: usize, state: Shared) -> Self {
        state.borrow_mut().max_head_bytes = max_head_bytes;
        Self { stream, state, acks: Acks::default(), failed: None }
    }

    fn note_error(&self, error: io::Error) -> io::Error {
        let mut state = self.state.borrow_mut();
        // An alert says why; what follows from it does not.
        if !matches!(state.error, Some(Break::Alert(_) | Break::Unmet(..) | Break::Tls(_))) {
            state.error = Some(Break::of(&error));
        }
        drop(state);
        error
    }
}

impl<S: Stamped> Tap<S> {
    /// When what was read last arrived.
    fn read_at(&self) -> (At, StampedBy) {
        let clock = self.state.borrow().clock;
        match self.stream.arrived() {
            Some(at) => (clock.at(at), StampedBy::Kernel),
            None => (clock.now(), StampedBy::Program),
        }
    }

    /// Looks whether a body has been acknowledged, where one is to be.
    fn look(&mut self, cx: &mut Context<'_>) {
        let state = self.state.borrow();
        if state.awaits_acknowledgement() {
            state.acknowledged(self.acks.poll(cx, &self.stream, &state.clock));
        }
    }

    fn handed_at(&self) -> At {
        let clock = self.state.borrow().clock;
        self.stream.handed().map_or_else(|| clock.now(), |at| clock.at(at))
    }
}

impl<S: AsyncRead + Stamped + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.state.borrow_mut().is_their_turn(cx) {
            return Poll::Pending;
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        {
            let mut state = self.state.borrow_mut();
            state.row = if read.is_ready() { state.row + 1 } else { 0 };
        }
        if read.is_pending() {
            self.look(cx);
        }
        let result = ready!(read);
        let at = self.read_at();
        Poll::Ready(match result {
            Ok(()) => self.state.borrow_mut().receive(&buf.filled()[before..], at),
            Err(error) => Err(self.note_error(error)),
        })
    }
}

impl<S: AsyncRead + Stamped + Unpin> Tap<S> {
    /// Nothing more can be written. Whoever ended the connection may have said why, and that comes before
    /// its end: the error is told when nothing more can be read.
    fn poll_end(&mut self, error: io::Error, cx: &mut Context<'_>) -> Poll<io::Error> {
        let mut bytes = [0; 4096];
        loop {
            let mut space = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(cx, &mut space) {
                Poll::Ready(Ok(())) if space.filled().is_empty() => break,
                Poll::Ready(Ok(())) => {
                    let at = self.read_at();
                    // What is found wrong with it does not matter any more.
                    let _ = self.state.borrow_mut().receive(space.filled(), at);
                }
                Poll::Ready(Err(said)) => {
                    self.note_error(said);
                    break;
                }
                Poll::Pending => {
                    self.failed = Some(error);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(self.note_error(error))
    }

    /// The outcome of a write, or of a flush.
    fn settle<T>(&mut self, outcome: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        match outcome {
            Poll::Ready(Err(error)) => self.poll_end(error, cx).map(Err),
            other => other,
        }
    }

    /// The error that waits for what is still to be read.
    fn waiting<T>(&mut self) -> Option<Poll<io::Result<T>>> {
        self.failed.take().map(|error| Poll::Ready(Err(error)))
    }
}

impl<S: AsyncRead + AsyncWrite + Stamped + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = self.waiting().unwrap_or_else(|| Pin::new(&mut self.stream).poll_write(cx, bytes));
        let count = ready!(self.settle(outcome, cx))?;
        let at = self.handed_at();
        self.state.borrow_mut().write(&bytes[..count], at);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome =
            self.waiting().unwrap_or_else(|| Pin::new(&mut self.stream).poll_write_vectored(cx, parts));
        let count = ready!(self.settle(outcome, cx))?;
        let at = self.handed_at();
        let mut state = self.state.borrow_mut();
        let mut left = count;
        for part in parts {
            let step = left.min(part.len());
            state.write(&part[..step], at);
            left -= step;
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = self.waiting().unwrap_or_else(|| Pin::new(&mut self.stream).poll_flush(cx));
        ready!(self.settle(outcome, cx))?;
        self.state.borrow().flushed(self.handed_at());
        self.look(cx);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
