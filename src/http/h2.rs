//! One exchange in HTTP/2, by the `h2` crate over a [`Tap`].
//!
//! The crate speaks the protocol; times, sizes and the evidence for failures come from the tap.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use ::h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use ::h2::{Reason, RecvStream, SendStream};
use ::http::HeaderMap;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use super::body::Sink;
use super::fault::{self, Fault};
use super::frames::HEADER;
use super::framing::{Persistence, content_length};
use super::request::Draft;
use super::tap::{Over, Shared, Tap};
use super::words::escape;
use super::{MAX_INFORMATIONAL, Scene};
use crate::trace::{FailureCode, Header, Http, Informational};

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

/// An HTTP/2 connection.
pub(super) struct Link<S> {
    sender: SendRequest<Bytes>,
    /// `None` when it has ended.
    connection: Option<Connection<Tap<S>, Bytes>>,
    tap: Shared,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    /// Sends the connection preface.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) async fn open(
        stream: S,
        scene: &Scene<'_>,
        tap: &Shared,
        record: &mut Http,
    ) -> Result<Self, Fault> {
        let stream = Tap::new(stream, scene.clock, scene.plan.max_head_bytes, Shared::clone(tap));
        let opened = Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(
                u32::try_from(scene.plan.max_head_bytes.saturating_mul(SLACK)).unwrap_or(u32::MAX),
            )
            .enable_push(false)
            .handshake(stream)
            .await;
        let (sender, connection) = opened.map_err(|error| explain(&error, tap, scene, record))?;
        Ok(Self { sender, connection: Some(connection), tap: Shared::clone(tap) })
    }

    /// Whether a further request can be sent, as far as can be seen without waiting.
    pub(super) async fn is_open(&mut self) -> bool {
        poll_fn(|cx| {
            if let Some(connection) = &mut self.connection
                && Pin::new(connection).poll(cx).is_ready()
            {
                self.connection = None;
            }
            let ready = matches!(self.sender.poll_ready(cx), Poll::Ready(Ok(())));
            Poll::Ready(ready && self.connection.is_some())
        })
        .await
    }

    /// Sends the request and reads the response into `record`.
    ///
    /// # Errors
    /// What broke the exchange; `record` holds what was seen until then.
    pub(super) async fn exchange(
        &mut self,
        scene: &Scene<'_>,
        draft: &Draft,
        record: &mut Http,
    ) -> Result<Persistence, Fault> {
        let (request, recorded) =
            draft.http2().map_err(|why| Fault::new(FailureCode::InvalidRequest, why))?;
        record.request = recorded;
        let body = Bytes::from(scene.ask.body.clone().unwrap_or_default());
        let ready = self.sender.clone().ready();
        let sender = drive(&mut self.connection, std::future::ready(()), ready).await.0;
        let sent = sender.and_then(|mut sender| sender.send_request(request, body.is_empty()));
        let (response, upload) = sent.map_err(|error| explain(&error, &self.tap, scene, record))?;
        self.tap.borrow_mut().follow(response.stream_id().as_u32());
        let answer = answer(response, scene, &self.tap, record);
        let (result, uploaded) = drive(&mut self.connection, send_body(upload, body), answer).await;
        result?;
        let keep = uploaded && self.connection.is_some();
        Ok(if keep { Persistence::Keep } else { Persistence::Close })
    }
}

/// Runs `work` to its end, and the connection and the upload beside it. Also says whether the
/// upload was done by then.
async fn drive<S: AsyncRead + AsyncWrite + Unpin, T>(
    connection: &mut Option<Connection<Tap<S>, Bytes>>,
    upload: impl Future<Output = ()>,
    work: impl Future<Output = T>,
) -> (T, bool) {
    let (mut upload, mut work, mut uploaded) = (pin!(upload), pin!(work), false);
    poll_fn(|cx| {
        // An error of the connection reaches every stream of it, so it needs no care here.
        if let Some(running) = connection
            && Pin::new(running).poll(cx).is_ready()
        {
            *connection = None;
        }
        if !uploaded {
            uploaded = upload.as_mut().poll(cx).is_ready();
        }
        work.as_mut().poll(cx).map(|output| (output, uploaded))
    })
    .await
}

/// Sends the body as fast as the peer takes it. A peer that stops taking it may still answer: that
/// is no error here.
async fn send_body(mut stream: SendStream<Bytes>, mut body: Bytes) {
    while !body.is_empty() {
        stream.reserve_capacity(body.len().min(UPLOAD));
        let Some(Ok(room)) = poll_fn(|cx| stream.poll_capacity(cx)).await else { return };
        if room == 0 {
            continue;
        }
        let piece = body.split_to(room.min(body.len()));
        if stream.send_data(piece, body.is_empty()).is_err() {
            return;
        }
    }
}

async fn answer(
    mut response: ResponseFuture,
    scene: &Scene<'_>,
    tap: &Shared,
    record: &mut Http,
) -> Result<(), Fault> {
    while let Some(interim) = poll_fn(|cx| response.poll_informational(cx)).await {
        let interim = interim.map_err(|error| explain(&error, tap, scene, record))?;
        let block = tap.borrow().received.blocks.get(record.informational.len()).copied();
        record.informational.push(Informational {
            status: interim.status().as_u16(),
            at: block.map_or_else(|| scene.clock.now(), |block| block.at),
            headers: fields(interim.headers()),
        });
        if record.informational.len() > MAX_INFORMATIONAL {
            return Err(too_many_informational());
        }
    }
    let response = response.await.map_err(|error| explain(&error, tap, scene, record))?;
    let block = tap.borrow().received.blocks.get(record.informational.len()).copied();
    let seen = scene.clock.now();
    record.first_byte = Some(block.map_or(seen, |block| block.at));
    record.head_end = Some(block.and_then(|block| block.end).unwrap_or(seen));
    record.status = Some(response.status().as_u16());
    record.headers = fields(response.headers());
    if record.headers.len() > scene.plan.max_headers {
        let message = format!("the response head has more than {} fields", scene.plan.max_headers);
        return Err(Fault::new(FailureCode::TooManyHeaders, message));
    }
    let size = |field: &Header| field.name.len() + field.value.len() + FIELD_OVERHEAD;
    if record.headers.iter().map(size).sum::<usize>() > scene.plan.max_head_bytes {
        return Err(too_large(scene));
    }
    let body = response.into_body();
    let framing = if body.is_end_stream() { "none" } else { "h2" };
    let sink = scene.open_sink(record, framing);
    read_body(body, sink, scene, tap, record).await
}

async fn read_body(
    mut body: RecvStream,
    mut sink: Sink,
    scene: &Scene<'_>,
    tap: &Shared,
    record: &mut Http,
) -> Result<(), Fault> {
    loop {
        let next = poll_fn(|cx| match body.poll_data(cx) {
            Poll::Ready(next) => Poll::Ready(Some(next)),
            Poll::Pending if sink.is_busy() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        match next.await {
            None => {
                sink.work(&mut record.body)?;
                // The connection, and with it the next bytes, comes before the next piece of work.
                tokio::task::yield_now().await;
            }
            Some(Some(Ok(bytes))) => {
                // Given back at once: the window must not shape what is measured. An error here
                // means that the stream has ended, which the next read tells better.
                let _ = body.flow_control().release_capacity(bytes.len());
                record.body.encoded_bytes += bytes.len() as u64;
                sink.take(&bytes, &mut record.body)?;
            }
            Some(Some(Err(error))) => {
                // A server that has said all may reset what it does not want to read (RFC 9113
                // §8.1): the response is whole all the same.
                let whole = tap.borrow().received.end.is_some() && error.is_remote();
                if !(whole && error.is_reset()) {
                    return Err(explain(&error, tap, scene, record));
                }
                break;
            }
            Some(None) => break,
        }
    }
    match poll_fn(|cx| body.poll_trailers(cx)).await {
        Ok(Some(trailers)) => record.trailers = fields(&trailers),
        Ok(None) => {}
        Err(error) if error.is_reset() && error.is_remote() && tap.borrow().received.end.is_some() => {}
        Err(error) => return Err(explain(&error, tap, scene, record)),
    }
    record.end = tap.borrow().received.end.unwrap_or_else(|| scene.clock.now());
    record.body.complete = true;
    sink.finish(&mut record.body)
}

fn fields(map: &HeaderMap) -> Vec<Header> {
    map.iter()
        .map(|(name, value)| Header { name: name.as_str().to_owned(), value: value.as_bytes().to_vec() })
        .collect()
}

fn too_many_informational() -> Fault {
    let message = format!("more than {MAX_INFORMATIONAL} interim responses and no final one");
    Fault::new(FailureCode::TooManyInformational, message)
}

fn too_large(scene: &Scene<'_>) -> Fault {
    let limit = scene.plan.max_head_bytes / 1024;
    Fault::new(FailureCode::HeadersTooLarge, format!("the response head is larger than {limit} kB"))
}

/// Words for an error of the crate, by the evidence of the tap.
fn explain(error: &::h2::Error, tap: &Shared, scene: &Scene<'_>, record: &mut Http) -> Fault {
    let tap = tap.borrow();
    tap.settle(record);
    match tap.over {
        Some(Over::HeadBytes) => return too_large(scene),
        Some(Over::Blocks) => return too_many_informational(),
        None => {}
    }
    if let Some(fault) = stranger(&tap.opening) {
        record.garbage = Some(tap.opening.clone());
        return fault;
    }
    let Some(reason) = error.reason() else {
        let now = scene.clock.now();
        return match (&tap.error, tap.ended) {
            (Some((kind, text)), _) => fault::broken(*kind, text, record, now),
            (None, true) => fault::closed(record, now),
            (None, false) => protocol(format!("HTTP/2 failed: {error}")),
        };
    };
    let name = format!("{reason:?}");
    if error.is_remote() {
        let (what, frame) =
            if error.is_go_away() { ("connection", "GOAWAY") } else { ("request", "RST_STREAM") };
        let fault = protocol(format!(
            "the server refused the {what} with {name} ({frame}): {}",
            reason.description()
        ));
        return match reason {
            Reason::HTTP_1_1_REQUIRED => fault.hint("the server wants HTTP/1.1: use --http1.1"),
            _ => fault,
        };
    }
    let text = error.to_string();
    if ["header_list_way_too_large", "too_many_continuations"].iter().any(|word| text.contains(word)) {
        return too_large(scene);
    }
    let data = tap.received.data_bytes - tap.received.data_frames * HEADER as u64;
    if let (Ok(Some(length)), Some(_)) = (content_length(&record.headers), tap.received.end)
        && length != data
    {
        let message = format!("content-length says {length} bytes and {data} came");
        return Fault::new(FailureCode::BadFraming, message);
    }
    protocol(format!("the server broke the rules of HTTP/2: {name} ({})", reason.description()))
}

fn protocol(message: String) -> Fault {
    Fault::new(FailureCode::Http2Protocol, message).hint("--http1.1 tells whether only HTTP/2 is affected")
}

/// A connection that does not begin as HTTP/2 must (RFC 9113 §3.4: with a SETTINGS frame).
fn stranger(opening: &[u8]) -> Option<Fault> {
    if opening.starts_with(b"HTTP/1.") {
        let line = opening.split(|&byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let message = format!("HTTP/2 was spoken to the server and it answered \"{}\"", escape(line));
        return Some(Fault::new(FailureCode::Http2Protocol, message).hint("use --http1.1"));
    }
    let settings = matches!(opening, [] | [0] | [0, _] | [0, _, _] | [0, _, _, 4, ..]);
    (!settings).then(|| fault::not_http(opening))
}
