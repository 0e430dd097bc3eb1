//! One connection of HTTP/1 while a request goes out on it and its response comes in: writes and reads at the same time,
//! and stamps both. What the bytes mean is `h1`'s, and behind an upgrade `websocket`'s.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::fault::{self, Break};
use crate::clock::Clock;
use crate::fault::Fault;
use crate::timestamp::Stamped;
use crate::trace::{At, Http, StampedBy};

/// Bytes read at once.
pub(super) const READ: usize = 64 * 1024;

/// Whether there is other work to do while no byte is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Idle {
    No,
    Yes,
}

/// The request on its way out.
struct Outgoing<'a> {
    parts: [&'a [u8]; 2],
    state: Writing,
}

enum Writing {
    /// Which part, and how much of it is written.
    Part(usize, usize),
    Flush,
    Done,
    /// The peer takes no more. It may still answer.
    Broken,
}

/// A connection with a request on its way out.
pub(super) struct Link<'a, S> {
    pub(super) stream: &'a mut S,
    clock: Clock,
    outgoing: Outgoing<'a>,
    pub(super) buffer: Vec<u8>,
    /// When the last read returned.
    pub(super) noticed: At,
}

impl<'a, S: AsyncRead + AsyncWrite + Stamped + Unpin> Link<'a, S> {
    /// Nothing of the parts is written yet; `room` is what a read may fill, [`READ`] bytes.
    pub(super) fn new(
        stream: &'a mut S,
        clock: Clock,
        (parts, room): ([&'a [u8]; 2], Vec<u8>),
        start: At,
    ) -> Self {
        let outgoing = Outgoing { parts, state: Writing::Part(0, 0) };
        Self { stream, clock, outgoing, buffer: room, noticed: start }
    }

    /// Whether all of the request is with the kernel.
    pub(super) const fn is_written(&self) -> bool {
        matches!(self.outgoing.state, Writing::Done)
    }

    /// Reads into the buffer and writes what is left of the request meanwhile. Gives the count (0
    /// at the end) and the time, or `None` when nothing is there and the caller is not idle.
    pub(super) async fn read(&mut self, record: &mut Http, idle: Idle) -> io::Result<Option<(usize, At)>> {
        let read = poll_fn(|cx| {
            self.write(cx, record);
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
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending if idle == Idle::Yes => Poll::Ready(Ok(None)),
                Poll::Pending => Poll::Pending,
            }
        })
        .await?;
        if let Some((count, _)) = read {
            record.bytes_received += count as u64;
        }
        Ok(read)
    }

    /// Writes as much as can be written now.
    fn write(&mut self, cx: &mut Context<'_>, record: &mut Http) {
        loop {
            self.outgoing.state = match self.outgoing.state {
                Writing::Part(part, _) if part == self.outgoing.parts.len() => Writing::Flush,
                Writing::Part(part, done) if done == self.outgoing.parts[part].len() => {
                    Writing::Part(part + 1, 0)
                }
                Writing::Part(part, done) => {
                    let bytes = &self.outgoing.parts[part][done..];
                    match Pin::new(&mut *self.stream).poll_write(cx, bytes) {
                        Poll::Ready(Ok(0) | Err(_)) => Writing::Broken,
                        Poll::Ready(Ok(count)) => {
                            if record.bytes_sent == 0 {
                                // What was made ready until then is no part of the sending.
                                record.start = self.handed().max(record.start);
                            }
                            record.bytes_sent += count as u64;
                            Writing::Part(part, done + count)
                        }
                        Poll::Pending => return,
                    }
                }
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
        }
    }

    /// When the last bytes were handed to the kernel.
    pub(super) fn handed(&self) -> At {
        self.stream.handed().map_or_else(|| self.clock.now(), |at| self.clock.at(at))
    }

    pub(super) fn broken(&self, error: &io::Error, record: &Http) -> Fault {
        fault::broken(&Break::of(error), record, self.clock.now())
    }
}
