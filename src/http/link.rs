//! One connection of HTTP/1 while a request goes out on it and its response comes in: writes and reads at the same time,
//! and stamps both. What the bytes mean is `h1`'s, and behind an upgrade `websocket`'s.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::acks::Acks;
use super::expect::{Gate, Pass};
use super::fault::{self, Break};
use super::upload::{Chunk, Feed};
use crate::clock::Clock;
use crate::fault::Fault;
use crate::timestamp::Stamped;
use crate::trace::{At, Http, StampedBy};

/// Bytes read at once at first: to clear more for a small response would be much of the work for it.
pub(super) const FIRST_READ: usize = 16 * 1024;
/// Bytes read at once when there are more.
const READ: usize = 64 * 1024;

/// Whether there is other work to do while no byte is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Idle {
    No,
    Yes,
}

/// The request on its way out.
struct Outgoing<'a> {
    /// What is being written, and how much of it is.
    bytes: Bytes,
    done: usize,
    /// How much of that is of the body.
    content: u64,
    body: Body<'a>,
    state: Writing,
    /// Why no more of the body can be sent.
    fault: Option<Fault>,
}

/// What is to be sent behind the head.
pub(super) struct Body<'a> {
    pub(super) feed: &'a mut Feed,
    pub(super) gate: &'a Gate,
    pub(super) framing: Framed,
}

/// How a body is framed (RFC 9112 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framed {
    /// By its length; or the head has all of it with it.
    Plain,
    /// In chunks.
    Chunked,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// Something, and whether more comes behind.
    Bytes(More),
    /// The head alone: what comes behind has to wait.
    FlushHead,
    /// What comes next is to be found.
    Next,
    Flush,
    Done,
    /// No more is sent: the answer is there, or the peer takes no more. It may still answer.
    Broken,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum More {
    Yes,
    No,
}

/// A connection with a request on its way out.
pub(super) struct Link<'a, S> {
    pub(super) stream: &'a mut S,
    clock: Clock,
    outgoing: Outgoing<'a>,
    acks: Acks,
    pub(super) buffer: Vec<u8>,
    /// Whether the last read filled the buffer.
    is_full: bool,
    /// When the last read returned.
    pub(super) noticed: At,
}

impl<'a, S: AsyncRead + AsyncWrite + Stamped + Unpin> Link<'a, S> {
    /// Nothing is written yet: the head, with the first so many bytes of the body, and what comes behind; `room`
    /// is what the first read may fill, [`FIRST_READ`] bytes.
    pub(super) fn new(
        stream: &'a mut S,
        clock: Clock,
        (head, content): (Vec<u8>, Option<u64>),
        body: Body<'a>,
        room: Vec<u8>,
        start: At,
    ) -> Self {
        let more = if content.is_some() { More::No } else { More::Yes };
        let outgoing = Outgoing {
            bytes: head.into(),
            done: 0,
            content: content.unwrap_or(0),
            body,
            state: Writing::Bytes(more),
            fault: None,
        };
        Self { stream, clock, outgoing, acks: Acks::default(), buffer: room, is_full: false, noticed: start }
    }

    /// Whether all of the request is with the kernel.
    pub(super) const fn is_written(&self) -> bool {
        matches!(self.outgoing.state, Writing::Done)
    }

    /// Reads into the buffer and writes what is left of the request meanwhile. Gives the count (0
    /// at the end) and the time, or `None` when nothing is there and the caller is not idle.
    ///
    /// # Errors
    /// The connection broke, or the body that is to be sent.
    pub(super) async fn read(&mut self, record: &mut Http, idle: Idle) -> Result<Option<(usize, At)>, Fault> {
        if std::mem::take(&mut self.is_full) {
            self.buffer.resize(READ, 0);
        }
        let read = poll_fn(|cx| {
            self.write(cx, record);
            if let Some(fault) = self.outgoing.fault.take() {
                return Poll::Ready(Err(fault));
            }
            let mut buffer = ReadBuf::new(&mut self.buffer);
            match Pin::new(&mut *self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) => {
                    self.noticed = self.clock.now();
                    let (count, arrived) = (buffer.filled().len(), self.stream.arrived());
                    if count > 0 {
                        StampedBy::note(&mut record.stamped_by, arrived);
                    }
                    let at = arrived.map_or(self.noticed, |at| self.clock.at(at));
                    // Two clocks: an answer is never before what it answers.
                    let at = at.max(record.sent.unwrap_or(record.start));
                    Poll::Ready(Ok(Some((count, at))))
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(self.broken(&error, record))),
                Poll::Pending if idle == Idle::Yes => Poll::Ready(Ok(None)),
                Poll::Pending => {
                    if self.is_written() && record.awaits_acknowledgement() {
                        record.body_acked = self.acks.poll(cx, &*self.stream, &self.clock);
                    }
                    Poll::Pending
                }
            }
        })
        .await?;
        if let Some((count, _)) = read {
            record.bytes_received += count as u64;
            self.is_full = count == self.buffer.len();
        }
        Ok(read)
    }

    /// Writes as much as can be written now.
    fn write(&mut self, cx: &mut Context<'_>, record: &mut Http) {
        loop {
            let next = match self.outgoing.state {
                Writing::Bytes(more) if self.outgoing.done == self.outgoing.bytes.len() => {
                    record.request.body_bytes += std::mem::take(&mut self.outgoing.content);
                    match more {
                        More::No => Writing::Flush,
                        More::Yes if self.outgoing.body.gate.is_shut() => Writing::FlushHead,
                        More::Yes => Writing::Next,
                    }
                }
                Writing::Bytes(more) => {
                    let bytes = &self.outgoing.bytes[self.outgoing.done..];
                    match Pin::new(&mut *self.stream).poll_write(cx, bytes) {
                        Poll::Ready(Ok(0) | Err(_)) => Writing::Broken,
                        Poll::Ready(Ok(count)) => {
                            if record.bytes_sent == 0 {
                                // What was made ready until then is no part of the sending.
                                record.start = self.handed().max(record.start);
                            }
                            record.bytes_sent += count as u64;
                            self.outgoing.done += count;
                            Writing::Bytes(more)
                        }
                        Poll::Pending => return,
                    }
                }
                Writing::FlushHead => match Pin::new(&mut *self.stream).poll_flush(cx) {
                    Poll::Ready(Ok(())) => Writing::Next,
                    Poll::Ready(Err(_)) => Writing::Broken,
                    Poll::Pending => return,
                },
                Writing::Next => match self.poll_body(cx) {
                    Poll::Ready(next) => next,
                    Poll::Pending => return,
                },
                Writing::Flush => match Pin::new(&mut *self.stream).poll_flush(cx) {
                    Poll::Ready(Ok(())) => {
                        record.sent = Some(self.handed());
                        Writing::Done
                    }
                    Poll::Ready(Err(_)) => Writing::Broken,
                    Poll::Pending => return,
                },
                Writing::Done | Writing::Broken => return,
            };
            self.outgoing.state = next;
        }
    }

    /// What comes next of the body.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Writing> {
        let handed = self.handed();
        let Outgoing { body: Body { feed, gate, framing }, bytes, done, content, fault, .. } =
            &mut self.outgoing;
        if ready!(gate.poll_pass(cx, || handed, &self.clock)) == Pass::Withhold {
            return Poll::Ready(Writing::Broken);
        }
        let chunk = match ready!(feed.poll_next(cx, &self.clock)) {
            Ok(Some(chunk)) => chunk,
            Ok(None) => Chunk { bytes: Bytes::new(), is_last: true },
            Err(why) => {
                *fault = Some(why);
                return Poll::Ready(Writing::Broken);
            }
        };
        (*done, *content) = (0, chunk.bytes.len() as u64);
        let more = if chunk.is_last { More::No } else { More::Yes };
        *bytes = match framing {
            Framed::Plain => chunk.bytes,
            Framed::Chunked => chunked(&chunk.bytes, more).into(),
        };
        Poll::Ready(Writing::Bytes(more))
    }

    /// When the last bytes were handed to the kernel.
    pub(super) fn handed(&self) -> At {
        self.stream.handed().map_or_else(|| self.clock.now(), |at| self.clock.at(at))
    }

    pub(super) fn broken(&self, error: &io::Error, record: &Http) -> Fault {
        fault::broken(&Break::of(error), record, self.clock.now())
    }
}

/// A chunk (RFC 9112 §7.1), and behind the last one the end.
fn chunked(bytes: &[u8], more: More) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(bytes.len() + 32);
    if !bytes.is_empty() {
        chunk.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
    }
    if more == More::No {
        chunk.extend_from_slice(b"0\r\n\r\n");
    }
    chunk
}

/// A body that goes in chunks and is small, all of it.
pub(super) fn in_chunks(bytes: &[u8]) -> Vec<u8> {
    chunked(bytes, More::No)
}
