//! Messages with two bytes of length before each, on one stream (RFC 7766, RFC 7858).
//!
//! Questions go out one behind the other without waiting; replies come in any order and find their
//! question by its id.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, oneshot};
use tokio::task::AbortHandle;

use crate::clock::{Clock, Moment};
use crate::dns::transport::framed::{Part, no_reply_to_it};
use crate::dns::wire::query::EncodedQuery;
use crate::trace::{At, Stray};

/// Questions of one stream without a reply, those that were given up with them.
const MAX_WAITING: usize = 4_096;

/// Either kind of stream.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// Connects by plain TCP; says when it was up.
pub(crate) async fn connect(address: SocketAddr, clock: &Clock) -> io::Result<(TcpStream, At)> {
    let stream = TcpStream::connect(address).await?;
    let at = clock.now();
    stream.set_nodelay(true)?;
    Ok((stream, at))
}

type Waiting = Rc<RefCell<HashMap<u16, oneshot::Sender<(Moment, Vec<u8>)>>>>;

/// What came that was nobody's reply, or not yet one, and how it ended.
#[derive(Default)]
struct Heard {
    part: Part,
    strays: Cell<usize>,
    /// The length of the last of them.
    last: Cell<Option<usize>>,
    end: Cell<Option<ErrorKind>>,
}

/// A stream with its questions.
pub(crate) struct Session {
    writer: Mutex<WriteHalf<Box<dyn Stream>>>,
    waiting: Waiting,
    heard: Rc<Heard>,
    reader: AbortHandle,
    /// Half of a question is on the stream, and its end will never be.
    broken: Cell<bool>,
}

impl Session {
    pub(crate) fn new(stream: impl Stream + 'static) -> Self {
        let (read, write) = tokio::io::split(Box::new(stream) as Box<dyn Stream>);
        let waiting = Waiting::default();
        let heard = Rc::<Heard>::default();
        let (replies, of_reader) = (Rc::clone(&waiting), Rc::clone(&heard));
        let reader = tokio::task::spawn_local(async move {
            // However it ends: nobody will get a reply any more, and dropping tells them.
            let end = hand_out(read, &replies, &of_reader).await;
            of_reader.end.set(end.err().map(|error| error.kind()));
            replies.borrow_mut().clear();
        });
        let (writer, reader) = (Mutex::new(write), reader.abort_handle());
        Self { writer, waiting, heard, reader, broken: Cell::new(false) }
    }

    /// Messages that were nobody's reply.
    pub(crate) fn strays(&self) -> usize {
        self.heard.strays.get()
    }

    /// What came in place of a reply since there were so many strays, in words.
    pub(crate) fn instead(&self, strays: usize) -> Option<String> {
        let stray = self.heard.last.get().filter(|_| self.strays() > strays);
        self.heard.part.wanting().or_else(|| stray.map(|bytes| no_reply_to_it(Stray::WrongId, bytes)))
    }

    pub(crate) async fn ask(
        &self,
        query: &mut EncodedQuery,
        written: impl Fn(Moment),
    ) -> io::Result<(Moment, Vec<u8>)> {
        let (sender, reply) = oneshot::channel();
        {
            let mut waiting = self.waiting.borrow_mut();
            let Some((id, _)) = query.bytes.split_first_chunk_mut::<2>() else {
                return Err(io::Error::from(ErrorKind::InvalidInput));
            };
            if waiting.len() > MAX_WAITING {
                return Err(io::Error::other("has too many questions open"));
            }
            while waiting.contains_key(&u16::from_be_bytes(*id)) {
                *id = u16::from_be_bytes(*id).wrapping_add(1).to_be_bytes();
            }
            waiting.insert(u16::from_be_bytes(*id), sender);
        }
        let framed = query.framed();
        let mut writer = self.writer.lock().await;
        if self.is_closed() {
            return Err(io::Error::from(ErrorKind::UnexpectedEof));
        }
        written(Moment::now());
        let whole = Whole { session: self, over: Cell::new(false) };
        let writing = async {
            writer.write_all(&framed).await?;
            writer.flush().await
        };
        let outcome = writing.await;
        whole.over.set(true);
        drop((whole, writer));
        // The peer has closed: what it had sent before is still read, and its end is seen there.
        outcome?;
        if self.is_closed() {
            return Err(io::Error::from(ErrorKind::UnexpectedEof));
        }
        let reset = || self.heard.end.get().filter(|kind| *kind == ErrorKind::ConnectionReset);
        reply.await.map_err(|_| io::Error::from(reset().unwrap_or(ErrorKind::UnexpectedEof)))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.broken.get() || self.reader.is_finished()
    }
}

/// A question on its way out. One that was given up meanwhile may have left half of itself on the
/// stream: nobody can be asked there any more.
struct Whole<'a> {
    session: &'a Session,
    over: Cell<bool>,
}

impl Drop for Whole<'_> {
    fn drop(&mut self) {
        if !self.over.get() {
            // The abort takes its time to show.
            self.session.broken.set(true);
            self.session.reader.abort();
            self.session.waiting.borrow_mut().clear();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Reads replies until the stream ends; those that nobody waits for are dropped.
async fn hand_out(mut read: ReadHalf<Box<dyn Stream>>, waiting: &Waiting, heard: &Heard) -> io::Result<()> {
    loop {
        let bytes = heard.part.read(&mut read).await?;
        let received = Moment::now();
        let id = bytes.first_chunk::<2>();
        let asker = id.and_then(|id| waiting.borrow_mut().remove(&u16::from_be_bytes(*id)));
        if let Some(asker) = asker {
            // It may have stopped waiting.
            let _ = asker.send((received, bytes));
        } else {
            heard.strays.set(heard.strays.get() + 1);
            heard.last.set(Some(bytes.len()));
        }
    }
}
