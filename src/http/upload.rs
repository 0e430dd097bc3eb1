//! A request's body on its way out: read piece by piece, in constant memory, a little ahead of what is sent.
//!
//! Files are read by a thread of their own, so that a slow one holds up nothing else. What can be read once keeps
//! what no exchange has taken yet for the next. How the pieces are framed is the versions' own.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::fault;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::os;
use crate::plan::{FilePiece, LineEnds, Meter, OncePiece, Piece, RequestBody};
use crate::trace::{At, FailureCode};
use crate::units::bytes as size;

/// Bytes that are read of a file at once.
const CHUNK: usize = 256 * 1024;
/// Pieces that are read ahead.
const AHEAD: usize = 4;

/// A body that the requests of a chain send. Clones are the same body: what of it can be read once, is.
#[derive(Clone, Debug)]
pub struct Upload {
    sources: Arc<[Source]>,
    length: Option<u64>,
    meter: Arc<Meter>,
}

#[derive(Debug)]
enum Source {
    Bytes(Bytes),
    File(Arc<FilePiece>),
    Once(Once),
}

/// What can be read once.
#[derive(Debug)]
struct Once {
    name: String,
    /// What is being read of it; nobody has it while an exchange does.
    reading: Mutex<Option<Receiver<Read>>>,
    /// A byte of it was taken to be sent.
    spent: AtomicBool,
}

/// What a reading thread gives.
type Read = Result<Chunk, String>;

/// A piece of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    /// Nothing comes behind it. Of what has no known length, nobody knows before its end.
    pub(super) is_last: bool,
}

impl Upload {
    /// The body of a plan. What can be read once is read from now on, by whoever is the first to ask.
    #[must_use]
    pub fn new(body: &RequestBody) -> Self {
        let source = |piece: &Piece| match piece {
            Piece::Bytes(bytes) => Source::Bytes(bytes.clone()),
            Piece::File(file) => Source::File(Arc::clone(file)),
            Piece::Once(once) => Source::Once(Once::new(once)),
        };
        Self {
            sources: body.pieces.iter().map(source).collect(),
            length: body.length(),
            meter: Arc::clone(&body.meter),
        }
    }

    /// Its length, where that is known.
    pub(super) const fn length(&self) -> Option<u64> {
        self.length
    }

    /// What of it is gone, where that cannot be read again.
    #[must_use]
    pub fn spent(&self) -> Option<&str> {
        self.sources.iter().find_map(|source| match source {
            Source::Once(once) => once.spent.load(Ordering::Relaxed).then_some(once.name.as_str()),
            Source::Bytes(_) | Source::File(_) => None,
        })
    }

    /// All of it, where that is in memory and no more than so much.
    pub(super) fn small(&self, most: usize) -> Option<Vec<u8>> {
        self.length.filter(|length| *length <= most as u64)?;
        let mut all = Vec::new();
        for source in self.sources.iter() {
            match source {
                Source::Bytes(bytes) => all.extend_from_slice(bytes),
                Source::File(_) | Source::Once(_) => return None,
            }
        }
        Some(all)
    }
}

impl Once {
    fn new(piece: &OncePiece) -> Self {
        let rest = piece.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (begin, line_ends, name) = (piece.begin.clone(), piece.line_ends, piece.name.clone());
        // Where another chain has it, there is nothing left.
        let spent = AtomicBool::new(rest.is_none());
        let reading = rest
            .map(|file| started(&piece.name, move |to| read_to_end((begin, file), line_ends, &name, &to)));
        Self { name: piece.name.clone(), reading: Mutex::new(reading), spent }
    }

    fn take(&self) -> Option<Receiver<Read>> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn give_back(&self, reading: Receiver<Read>) {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
    }
}

/// A thread that reads; one that cannot be had is a read that failed.
fn started(name: &str, work: impl FnOnce(Sender<Read>) + Send + 'static) -> Receiver<Read> {
    let (to, from) = channel(AHEAD);
    let spare = to.clone();
    let thread = std::thread::Builder::new().name("request body".to_owned());
    if let Err(error) = thread.spawn(move || work(to)) {
        // The channel is new: it has room.
        let _ = spare.try_send(Err(format!("`{name}` cannot be read: {}", os::words(&error))));
    }
    from
}

/// Reads a file of a known length. The last piece is not given before it is known that nothing is behind it.
fn read_file(piece: &FilePiece, to: &Sender<Read>) {
    let FilePiece { name, file, start, length, line_ends, sent } = piece;
    let unreadable = |error: io::Error| format!("`{name}` cannot be read: {}", os::words(&error));
    let (mut at, mut given) = (0, 0);
    loop {
        let mut bytes = vec![0; CHUNK.min(usize::try_from(length - at).unwrap_or(CHUNK))];
        let count = match read_at(file, &mut bytes, start + at) {
            Ok(0) if at < *length => Err(format!(
                "`{name}` shrank while it was sent: it had {}, and ends after {}",
                size(*length),
                size(at)
            )),
            Ok(count) => Ok(count),
            Err(error) => Err(unreadable(error)),
        };
        let more = count.and_then(|count| {
            bytes.truncate(count);
            at += count as u64;
            line_ends.apply(&mut bytes);
            given += bytes.len() as u64;
            let is_last = at == *length;
            let grown = is_last && read_at(file, &mut [0], start + at).map_err(unreadable)? > 0;
            if grown {
                return Err(format!("`{name}` grew while it was sent: it had {}", size(*length)));
            }
            if given > *sent || (is_last && given < *sent) {
                return Err(format!("`{name}` changed while it was sent: its line ends are others"));
            }
            Ok(is_last)
        });
        let (is_over, read) = match more {
            Ok(is_last) => (is_last, Ok(Chunk { bytes: bytes.into(), is_last })),
            Err(why) => (true, Err(why)),
        };
        if to.blocking_send(read).is_err() || is_over {
            return;
        }
    }
}

fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    loop {
        match file.read_at(bytes, at) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Reads what ends when it ends.
fn read_to_end((begin, mut file): (Bytes, File), line_ends: LineEnds, name: &str, to: &Sender<Read>) {
    let chunk = |bytes: Bytes| Ok(Chunk { bytes, is_last: false });
    if !begin.is_empty() && to.blocking_send(chunk(begin)).is_err() {
        return;
    }
    loop {
        let mut bytes = vec![0; CHUNK];
        let read = match file.read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => {
                bytes.truncate(count);
                line_ends.apply(&mut bytes);
                if bytes.is_empty() {
                    continue;
                }
                chunk(bytes.into())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => Err(format!("{name} cannot be read: {}", os::words(&error))),
        };
        let is_over = read.is_err();
        if to.blocking_send(read).is_err() || is_over {
            return;
        }
    }
}

/// A body as one exchange sends it, from its beginning.
#[derive(Debug)]
pub(super) struct Feed {
    upload: Option<Upload>,
    /// The source that comes next.
    next: usize,
    reading: Option<Reading>,
    /// Since when there is nothing to send, because nothing was read.
    starved: Option<At>,
    waited: Duration,
    /// Bytes that were given.
    given: u64,
}

#[derive(Debug)]
struct Reading {
    from: Receiver<Read>,
    /// The source, where it takes the rest back.
    once: Option<usize>,
}

impl Feed {
    /// Begins to read ahead.
    pub(super) fn new(upload: Option<&Upload>) -> Self {
        let upload = upload.cloned();
        let mut feed =
            Self { upload, next: 0, reading: None, starved: None, waited: Duration::ZERO, given: 0 };
        feed.begin();
        feed
    }

    /// The length of all, where that is known.
    pub(super) fn length(&self) -> Option<u64> {
        self.upload.as_ref().map_or(Some(0), Upload::length)
    }

    /// All of it, where that is in memory and no more than so much: then nothing comes behind.
    pub(super) fn take_small(&mut self, most: usize) -> Option<Vec<u8>> {
        let Some(upload) = &self.upload else { return Some(Vec::new()) };
        let all = upload.small(most)?;
        self.next = upload.sources.len();
        Some(all)
    }

    /// How long the sending has waited for something to send.
    pub(super) fn waited(&self, until: At) -> Duration {
        self.waited + self.starved.map_or(Duration::ZERO, |since| until.since(since))
    }

    /// Why it cannot be sent (again).
    pub(super) fn hindrance(&self) -> Option<Fault> {
        self.upload.as_ref().and_then(Upload::spent).map(spent)
    }

    /// Starts to read the next source, if that is one to be read.
    fn begin(&mut self) {
        let Some(upload) = &self.upload else { return };
        self.reading = match upload.sources.get(self.next) {
            // What can be read once reads ahead by itself, and is whose that sends of it first.
            None | Some(Source::Bytes(_) | Source::Once(_)) => None,
            Some(Source::File(piece)) => {
                let file = Arc::clone(piece);
                let from = started(&piece.name, move |to| read_file(&file, &to));
                Some(Reading { from, once: None })
            }
        };
    }

    /// The next piece; `None` behind the last.
    ///
    /// # Errors
    /// What is to be sent cannot be read, or has changed.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        clock: &Clock,
    ) -> Poll<Result<Option<Chunk>, Fault>> {
        let next = self.poll_read(cx);
        match &next {
            Poll::Pending => {
                self.starved.get_or_insert_with(|| clock.now());
            }
            Poll::Ready(chunk) => {
                if let Some(since) = self.starved.take() {
                    self.waited += clock.now().since(since);
                }
                if let (Ok(Some(chunk)), Some(upload)) = (chunk, &self.upload) {
                    self.given += chunk.bytes.len() as u64;
                    upload.meter.set(self.given);
                }
            }
        }
        next
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Chunk>, Fault>> {
        let Some(upload) = self.upload.clone() else { return Poll::Ready(Ok(None)) };
        loop {
            let count = upload.sources.len();
            let Some(source) = upload.sources.get(self.next) else { return Poll::Ready(Ok(None)) };
            if let Source::Bytes(bytes) = source {
                self.next += 1;
                self.begin();
                return Poll::Ready(Ok(Some(Chunk { bytes: bytes.clone(), is_last: self.next == count })));
            }
            if let (Source::Once(once), None) = (source, &self.reading) {
                self.reading = once.take().map(|from| Reading { from, once: Some(self.next) });
            }
            let Some(reading) = &mut self.reading else {
                return Poll::Ready(Err(spent(upload.spent().unwrap_or_default())));
            };
            match ready!(reading.from.poll_recv(cx)) {
                Some(Ok(mut chunk)) => {
                    if let Source::Once(once) = source {
                        once.spent.store(true, Ordering::Relaxed);
                    }
                    if std::mem::take(&mut chunk.is_last) {
                        self.next += 1;
                        self.begin();
                        chunk.is_last = self.next == count;
                    }
                    if !chunk.bytes.is_empty() || chunk.is_last {
                        return Poll::Ready(Ok(Some(chunk)));
                    }
                }
                Some(Err(why)) => return Poll::Ready(Err(unreadable(why))),
                // An empty one is gone as well as any other.
                None => {
                    if let Source::Once(once) = source {
                        once.spent.store(true, Ordering::Relaxed);
                    }
                    self.next += 1;
                    self.begin();
                }
            }
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let (Some(upload), Some(Reading { from, once: Some(place) })) = (&self.upload, self.reading.take())
        else {
            return;
        };
        if let Some(Source::Once(once)) = upload.sources.get(place) {
            once.give_back(from);
        }
    }
}

/// What is to be sent cannot be read, or is not what it was.
fn unreadable(why: String) -> Fault {
    fault::new(FailureCode::RequestBodyFailed, format!("the request was not sent to its end: {why}"))
        .hint("the fault is on this machine, not the server's: send a copy that nobody writes to")
}

/// It was sent already.
pub(super) fn spent(name: &str) -> Fault {
    let message = format!("the request's body cannot be sent again: {name} can be read only once");
    fault::new(FailureCode::RequestBodyFailed, message).hint("save it to a file and send that")
}
