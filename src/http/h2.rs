//! An HTTP/2 connection (RFC 9113) and the exchanges on it, by the `h2` crate over a [`Tap`].
//!
//! The crate speaks the protocol; times, sizes and the evidence for failures come from the tap. It opens
//! no connection by itself and decides nothing about who may share one.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use ::h2::client::{Builder, ResponseFuture, SendRequest};
use ::h2::{RecvStream, SendStream};
use ::http::HeaderMap;
use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

use super::body::Sink;
use super::expect::{Gate, Pass};
use super::explain::{self, explain, too_large, too_many_informational};
use super::fault;
use super::framing::Persistence;
use super::going::{Going, beside};
use super::rules;
use super::scene::{MAX_INFORMATIONAL, Scene};
use super::tap::{Shared, Tap, Watch};
use super::upload::Chunk;
use crate::clock::Clock;
use crate::fault::Fault;
use crate::plan::Wanted;
use crate::stream::Stream;
use crate::trace::{BodyFraming, FailureCode, Header, Http, Informational};

/// Flow control windows as large as a browser's, so that they do not shape what is measured.
const STREAM_WINDOW: u32 = 6 << 20;
const CONNECTION_WINDOW: u32 = 15 << 20;
/// How far beyond our own limit the crate reads a list of fields. It refuses a longer one with an
/// error that could mean anything, so the usual case is left to our own check.
const SLACK: usize = 4;
/// What each field counts beside its bytes (RFC 9113 §6.5.2).
const FIELD_OVERHEAD: usize = 32;
/// Bytes of an upload that are handed over at once.
const UPLOAD: usize = 256 * 1024;

/// What an exchange says of a connection that had ended before it.
const GONE: &str = "the connection had ended before the request";

/// An HTTP/2 connection, which any number of exchanges may share. It is a task of its own, which ends
/// when this is dropped.
pub(super) struct Link {
    /// Until the first exchange speaks on it.
    stream: RefCell<Option<Stream>>,
    open: OnceCell<Open>,
    pub(super) tap: Shared,
}

/// A connection after its preface.
struct Open {
    sender: SendRequest<Bytes>,
    task: Task,
}

/// The task that moves a connection's frames.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Link {
    /// Nothing is sent yet: that is the first exchange's work.
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream: RefCell::new(Some(stream)), open: OnceCell::new(), tap: Shared::default() }
    }

    /// How many requests the server takes at a time, as far as it has said so (SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113
    /// §6.5.2).
    pub(super) fn most_streams(&self) -> Option<usize> {
        self.open.get().map(|open| open.sender.current_max_send_streams())
    }

    /// What of the connection may be why no answer came, and what to try.
    pub(super) fn excuse(&self) -> Option<(&'static str, &'static str)> {
        const OTHER: &str = "--http1.1 tells whether only HTTP/2 is affected";
        if self.tap.borrow().opening.is_empty() {
            // RFC 9113 §3.4: a server's preface is its SETTINGS, which wait for nothing.
            return Some(("not even the SETTINGS came with which a server of HTTP/2 begins", OTHER));
        }
        let none = self.most_streams() == Some(0);
        none.then_some(("its SETTINGS allow no request at all (MAX_CONCURRENT_STREAMS 0)", OTHER))
    }

    /// Ends it in good order: the crate says GOAWAY and shuts the stream down once nobody can send any more.
    pub(super) async fn close(self) {
        let stream = self.stream.into_inner();
        if let Some(mut stream) = stream {
            let _ = stream.shutdown().await;
        }
        if let Some(Open { sender, mut task }) = self.open.into_inner() {
            drop(sender);
            let _ = (&mut task.0).await;
        }
    }

    /// A place at the tap for an exchange.
    pub(super) fn watch(&self) -> Watch {
        Watch::new(&self.tap)
    }

    /// Whether a further request can be sent, as far as can be seen without waiting.
    pub(super) async fn is_open(&self) -> bool {
        let Some(open) = self.open.get() else { return self.stream.borrow().is_some() };
        // What has come meanwhile, such as the end, is for the task to see first: once for the runtime to
        // notice it, once for the task to read it.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        let mut sender = open.sender.clone();
        let ready = poll_fn(|cx| Poll::Ready(matches!(sender.poll_ready(cx), Poll::Ready(Ok(()))))).await;
        ready && !open.task.0.is_finished()
    }

    /// The open connection; the first to ask sends the preface (RFC 9113 §3.4).
    async fn open(&self, scene: &Scene<'_>, watch: &Watch, record: &mut Http) -> Result<&Open, Fault> {
        let open = async {
            let Some(stream) = self.stream.borrow_mut().take() else {
                return Err(fault::new(FailureCode::ConnectionReset, GONE));
            };
            let stream = Tap::new(stream, scene.plan.max_head_bytes, Rc::clone(&self.tap));
            let opened = Builder::new()
                .initial_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .max_header_list_size(
                    u32::try_from(scene.plan.max_head_bytes.saturating_mul(SLACK)).unwrap_or(u32::MAX),
                )
                .enable_push(false)
                .handshake(stream)
                .await;
            let (sender, connection) = opened.map_err(|error| explain(&error, watch, scene, record))?;
            // An error of the connection reaches every stream of it, so it needs no care here.
            let task = tokio::task::spawn_local(async move { drop(connection.await) });
            Ok(Open { sender, task: Task(task) })
        };
        self.open.get_or_try_init(|| open).await
    }

    /// Sends the request and reads the response into `record`.
    ///
    /// # Errors
    /// What broke the exchange; `record` holds what was seen until then.
    pub(super) async fn exchange(
        &self,
        scene: &Scene<'_>,
        going: Going<'_>,
        watch: &Watch,
        record: &mut Http,
    ) -> Result<Persistence, Fault> {
        // One that was kept from an earlier run stamps for this one now.
        self.tap.borrow_mut().clock = scene.clock;
        let open = self.open(scene, watch, record).await?;
        let (request, recorded) =
            going.draft.http2().map_err(|why| fault::new(FailureCode::InvalidRequest, why))?;
        record.request = recorded;
        let is_empty = going.feed.length() == Some(0);
        let sender = open.sender.clone().ready().await;
        let sent = sender.and_then(|mut sender| sender.send_request(request, is_empty));
        let (response, upload) = sent.map_err(|error| explain(&error, watch, scene, record))?;
        watch.follow(response.stream_id().as_u32());
        let (gate, clock) = (going.gate, &scene.clock);
        let answer = answer(response, scene, gate, watch, record);
        let upload = async { if is_empty { Ok(true) } else { send_body(upload, going, clock).await } };
        let (result, uploaded) = beside(upload, answer).await?;
        result?;
        let keep = uploaded && !open.task.0.is_finished();
        Ok(if keep { Persistence::Keep } else { Persistence::Close })
    }
}

/// Sends the body as fast as the peer takes it. A peer that stops taking it may still answer: that
/// is no error here. False where it was withheld.
async fn send_body(mut stream: SendStream<Bytes>, going: Going<'_>, clock: &Clock) -> Result<bool, Fault> {
    let Going { feed, gate, .. } = going;
    if gate.pass(|| clock.now(), clock).await == Pass::Withhold {
        return Ok(false);
    }
    loop {
        let chunk = poll_fn(|cx| feed.poll_next(cx, clock)).await?;
        let Chunk { mut bytes, is_last } = chunk.unwrap_or(Chunk { bytes: Bytes::new(), is_last: true });
        while !bytes.is_empty() {
            stream.reserve_capacity(bytes.len().min(UPLOAD));
            let Some(Ok(room)) = poll_fn(|cx| stream.poll_capacity(cx)).await else { return Ok(true) };
            if room == 0 {
                continue;
            }
            let piece = bytes.split_to(room.min(bytes.len()));
            let is_end = is_last && bytes.is_empty();
            if stream.send_data(piece, is_end).is_err() || is_end {
                return Ok(true);
            }
        }
        if is_last {
            let _ = stream.send_data(bytes, true);
            return Ok(true);
        }
    }
}

async fn answer(
    mut response: ResponseFuture,
    scene: &Scene<'_>,
    gate: &Gate,
    watch: &Watch,
    record: &mut Http,
) -> Result<(), Fault> {
    let size = |field: &Header| field.name.len() + field.value.len() + FIELD_OVERHEAD;
    // As unpacked: a few bytes of a block can stand for many.
    let mut interim_bytes = 0;
    while let Some(interim) = poll_fn(|cx| waiting(response.poll_informational(cx), watch, cx)).await {
        let interim = interim.map_err(|error| explain(&error, watch, scene, record))?;
        let block = watch.block(record.informational.len());
        let headers = head(watch, record.informational.len(), interim.headers())?;
        interim_bytes += headers.iter().map(size).sum::<usize>();
        if interim_bytes > scene.plan.max_head_bytes {
            return Err(too_large(scene));
        }
        let at = block.map_or_else(|| scene.clock.now(), |block| block.at);
        let status = interim.status().as_u16();
        gate.heard(status, at);
        record.informational.push(Informational { status, at, headers });
        scene.tell_interim(record);
        if record.informational.len() > MAX_INFORMATIONAL {
            return Err(too_many_informational());
        }
    }
    let response = poll_fn(|cx| waiting(Pin::new(&mut response).poll(cx), watch, cx)).await;
    let response = response.map_err(|error| explain(&error, watch, scene, record))?;
    let block = watch.block(record.informational.len());
    let seen = scene.clock.now();
    record.first_byte = Some(block.map_or(seen, |block| block.at));
    record.first_byte_noticed = Some(seen);
    record.head_end = Some(block.and_then(|block| block.end).unwrap_or(seen));
    record.status = Some(response.status().as_u16());
    gate.heard(response.status().as_u16(), record.first_byte.unwrap_or(seen));
    record.headers = head(watch, record.informational.len(), response.headers())?;
    if record.headers.len() > scene.plan.max_headers {
        let message = format!("the response head has more than {} fields", scene.plan.max_headers);
        return Err(fault::new(FailureCode::TooManyHeaders, message));
    }
    if record.headers.iter().map(size).sum::<usize>() > scene.plan.max_head_bytes {
        return Err(too_large(scene));
    }
    if scene.plan.wanted == Wanted::Head {
        return Ok(());
    }
    let body = response.into_body();
    let framing = if body.is_end_stream() { BodyFraming::None } else { BodyFraming::Http2 };
    let sink = scene.open_sink(record, framing);
    // As browsers do it: a redirect leads on, and who keeps the stream open keeps nobody waiting.
    let is_sized = record.headers.iter().any(|field| field.name == "content-length");
    let patience = if scene.leads_on(record) && !is_sized { Patience::None } else { Patience::All };
    read_body(body, sink, patience, (scene, watch), record).await
}

/// How long a body is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Until its end.
    All,
    /// What is here already is taken.
    None,
}

/// What came of waiting for a piece of a body.
enum Next {
    Piece(Option<Result<Bytes, ::h2::Error>>),
    /// There is work to do meanwhile.
    Work,
    /// Nothing is here, and it is not waited for.
    Nothing,
}

async fn read_body(
    mut body: RecvStream,
    mut sink: Sink,
    patience: Patience,
    (scene, watch): (&Scene<'_>, &Watch),
    record: &mut Http,
) -> Result<(), Fault> {
    loop {
        if sink.is_full() {
            sink.work(&mut record.body).await?;
            continue;
        }
        let next = poll_fn(|cx| match body.poll_data(cx) {
            Poll::Ready(next) => Poll::Ready(Next::Piece(next)),
            // The connection has its turn, and with it the next bytes, before the next slice of work.
            Poll::Pending => {
                watch.wait(cx);
                match patience {
                    Patience::None => Poll::Ready(Next::Nothing),
                    Patience::All if sink.is_busy() => Poll::Ready(Next::Work),
                    Patience::All => Poll::Pending,
                }
            }
        });
        match next.await {
            Next::Work => {
                sink.work(&mut record.body).await?;
            }
            Next::Nothing => {
                record.end = watch.exchange().received.data_at.or(record.head_end).unwrap_or(record.end);
                return Ok(());
            }
            Next::Piece(Some(Ok(bytes))) => {
                // Given back at once: the window must not shape what is measured. An error here
                // means that the stream has ended, which the next read tells better.
                let _ = body.flow_control().release_capacity(bytes.len());
                record.body.encoded_bytes += bytes.len() as u64;
                sink.arrived(watch.exchange().received.data_at.unwrap_or_else(|| scene.clock.now()));
                sink.take(&bytes);
                sink.tell(&mut record.body);
            }
            Next::Piece(Some(Err(error))) => {
                // A server that has said all may reset what it does not want to read (RFC 9113
                // §8.1): the response is whole all the same.
                let whole = watch.exchange().received.end.is_some() && error.is_remote();
                if !(whole && error.is_reset()) {
                    return Err(explain(&error, watch, scene, record));
                }
                break;
            }
            Next::Piece(None) => break,
        }
    }
    match poll_fn(|cx| waiting(body.poll_trailers(cx), watch, cx)).await {
        Ok(Some(trailers)) => {
            let found = watch.fields(record.informational.len() + 1);
            if let Some(breach) = found.as_deref().and_then(rules::trailers) {
                return Err(explain::rule(&breach));
            }
            record.trailers = found.unwrap_or_else(|| fields(&trailers));
        }
        Ok(None) => {}
        Err(error) if error.is_reset() && error.is_remote() && watch.exchange().received.end.is_some() => {}
        Err(error) => return Err(explain(&error, watch, scene, record)),
    }
    record.end = watch.exchange().received.end.unwrap_or_else(|| scene.clock.now());
    record.body.complete = true;
    sink.finish(&mut record.body).await
}

/// Lets the connection go on where the exchange found nothing to take.
fn waiting<T>(poll: Poll<T>, watch: &Watch, cx: &Context<'_>) -> Poll<T> {
    if poll.is_pending() {
        watch.wait(cx);
    }
    poll
}

/// The fields of a response in wire order, judged: the crate takes some that no response may have. `map` is
/// what the crate read.
fn head(watch: &Watch, number: usize, map: &HeaderMap) -> Result<Vec<Header>, Fault> {
    let Some(mut found) = watch.fields(number) else { return Ok(fields(map)) };
    if let Some(breach) = rules::response(&found) {
        return Err(explain::rule(&breach));
    }
    found.retain(|field| !field.name.starts_with(':'));
    Ok(found)
}

fn fields(map: &HeaderMap) -> Vec<Header> {
    map.iter()
        .map(|(name, value)| Header { name: name.as_str().to_owned(), value: value.as_bytes().to_vec() })
        .collect()
}
