//! A client's connection, and how long each thing may take that the client does: sending the head of a request, taking
//! the answer, doing nothing between two requests. What the server itself takes is not counted.

use std::cell::Cell;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For the head of a request, from its first byte on; for the first request from the connection on, the handshake of
    /// TLS included.
    head: Duration,
    /// For taking an answer, whole.
    answer: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
}

impl Patience {
    /// With those who scrape: scrapes lie minutes apart.
    pub(super) const USUAL: Self = Self {
        head: Duration::from_secs(10),
        answer: Duration::from_secs(30),
        idle: Duration::from_secs(150),
    };
}

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// The head of a request is coming.
    Asking,
    /// The answer is being made.
    Waiting,
    /// The answer goes out.
    Taking,
    /// Nothing: another request may come.
    Nothing,
}

/// What a connection is at, for those who serve it.
#[derive(Clone, Debug)]
pub(super) struct Progress(Rc<Cell<Doing>>);

impl Progress {
    /// A request has come whole.
    pub(super) fn asked(&self) {
        self.0.set(Doing::Waiting);
    }

    /// Whether nobody misses the connection.
    pub(super) fn is_idle(&self) -> bool {
        self.0.get() == Doing::Nothing
    }
}

/// A stream that fails when its client takes too long.
pub(super) struct Timed<S> {
    stream: S,
    patience: Patience,
    doing: Rc<Cell<Doing>>,
    limit: Pin<Box<Sleep>>,
}

impl<S> Timed<S> {
    /// A connection that has just come.
    pub(super) fn new(stream: S, patience: Patience) -> Self {
        let limit = Box::pin(sleep(patience.head)); // the client's time
        Self { stream, patience, doing: Rc::new(Cell::new(Doing::Asking)), limit }
    }

    /// What it is at.
    pub(super) fn progress(&self) -> Progress {
        Progress(Rc::clone(&self.doing))
    }

    fn begin(&mut self, doing: Doing, limit: Duration) {
        self.doing.set(doing);
        self.limit.set(sleep(limit)); // the client's time
    }

    /// What a wait for the client comes to.
    fn waited<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if self.doing.get() == Doing::Waiting {
            return Poll::Pending;
        }
        self.limit.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        match read {
            Poll::Pending => self.waited(cx),
            Poll::Ready(_) => {
                if buffer.filled().len() > before && self.doing.get() == Doing::Nothing {
                    let limit = self.patience.head;
                    self.begin(Doing::Asking, limit);
                }
                read
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> Timed<S> {
    fn write(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.doing.get() == Doing::Waiting {
            self.begin(Doing::Taking, self.patience.answer);
        }
        let written = write(Pin::new(&mut self.stream), cx);
        // A client that takes a little now and then gains no time by it.
        if written.is_pending() { self.waited(cx) } else { written }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, |stream, cx| stream.poll_write_vectored(cx, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        match flushed {
            Poll::Pending => self.waited(cx),
            Poll::Ready(_) => {
                // Whoever writes flushes when all of an answer is written.
                if self.doing.get() == Doing::Taking {
                    let limit = self.patience.idle;
                    self.begin(Doing::Nothing, limit);
                    // Nobody may look at it again before it is over.
                    let _ = self.limit.as_mut().poll(cx);
                }
                flushed
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        if shut.is_pending() { self.waited(cx) } else { shut }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    const SHORT: Duration = Duration::from_millis(100);
    const LONG: Duration = Duration::from_secs(60);

    /// A connection with so much patience, and its client's side.
    fn run<F: Future<Output = ()>>(
        patience: Patience,
        test: impl FnOnce(Timed<DuplexStream>, DuplexStream) -> F,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (ours, theirs) = duplex(64);
            test(Timed::new(ours, patience), theirs).await;
        });
    }

    #[test]
    fn a_head_that_comes_slowly_is_not_waited_for() {
        let patience = Patience { head: SHORT, answer: LONG, idle: LONG };
        run(patience, |mut timed, mut client| async move {
            let mut byte = [0];
            let ended = loop {
                client.write_all(b"G").await.unwrap();
                if let Err(error) = timed.read_exact(&mut byte).await {
                    break error;
                }
                // Another byte in time does not help.
                if let Ok(Err(error)) = tokio::time::timeout(SHORT / 4, timed.read_exact(&mut byte)).await {
                    break error;
                }
            };
            assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
        });
    }

    #[test]
    fn an_answer_that_is_not_taken_ends_the_connection() {
        let patience = Patience { head: LONG, answer: SHORT, idle: LONG };
        run(patience, |mut timed, client| async move {
            timed.progress().asked();
            let error = timed.write_all(&[0; 65]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            drop(client);
        });
    }

    #[test]
    fn an_answer_that_is_being_made_has_its_time_and_a_kept_connection_its_own() {
        let patience = Patience { head: SHORT, answer: SHORT, idle: 3 * SHORT };
        run(patience, |mut timed, mut client| async move {
            let mut byte = [0];
            let progress = timed.progress();
            progress.asked();
            assert!(tokio::time::timeout(2 * SHORT, timed.read_exact(&mut byte)).await.is_err());
            timed.write_all(b"done").await.unwrap();
            assert!(!progress.is_idle());
            timed.flush().await.unwrap();
            assert!(progress.is_idle());
            assert!(tokio::time::timeout(2 * SHORT, timed.read_exact(&mut byte)).await.is_err());
            client.write_all(b"G").await.unwrap();
            timed.read_exact(&mut byte).await.unwrap();
            assert!(!progress.is_idle());
            let error = timed.read_exact(&mut byte).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        });
    }
}
