//! An HTTP/3 connection (RFC 9114) and the exchanges on it, over the streams of QUIC.
//!
//! Frames and fields are read here, in wire order and with the moments at which they came; packets, loss and
//! encryption are `quinn`'s. It opens no connection and decides nothing about who may share one.

use std::cell::RefCell;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use quinn::SendStream;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

use super::body::Sink;
use super::expect::{Gate, Pass};
use super::explain::{too_large, too_many_informational};
use super::fault;
use super::framing::{Persistence, content_length};
use super::going::{Going, beside};
use super::h3_control::{State, listen};
use super::h3_course::{Course, Step};
use super::h3_fault::{self, Over};
use super::qpack;
use super::rules;
use super::scene::{MAX_INFORMATIONAL, Scene};
use super::streams::{self, Broken, DATA, HEADERS, Reader};
use crate::clock::Clock;
use crate::fault::Fault;
use crate::plan::Wanted;
use crate::quic;
use crate::trace::{At, BodyFraming, FailureCode, Header, Http, Informational};

/// What each field counts beside its bytes (§4.2.2).
const FIELD_OVERHEAD: usize = 32;
/// How far beyond our own limit a list of fields is unpacked.
const SLACK: usize = 4;
/// §8.1: the end in good order.
const NO_ERROR: u32 = 0x100;
/// §8.1: a request that its client gives up.
const REQUEST_CANCELLED: u32 = 0x10c;

/// An HTTP/3 connection, which any number of exchanges may share. It ends when this is dropped.
pub(super) struct Link {
    connection: quic::Connection,
    /// Kept open for as long as the connection (§6.2.1).
    control: OnceCell<SendStream>,
    state: Rc<State>,
    /// Reads the server's own streams.
    task: RefCell<Option<JoinHandle<()>>>,
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.connection.streams().close(NO_ERROR.into(), b"");
    }
}

impl Link {
    /// Nothing is sent yet: that is the first exchange's work.
    pub(super) fn new(connection: quic::Connection) -> Self {
        Self { connection, control: OnceCell::new(), state: Rc::default(), task: RefCell::new(None) }
    }

    /// Ends it in good order.
    pub(super) async fn close(self) {
        let before = self.connection.sent().0;
        self.connection.streams().close(NO_ERROR.into(), b"");
        self.connection.departed(before).await;
    }

    /// Whether a further request can be sent, as far as can be seen without waiting.
    pub(super) async fn is_open(&self) -> bool {
        // What has come meanwhile is for the connection's own tasks to see first.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        self.connection.streams().close_reason().is_none() && !self.state.is_leaving()
    }

    /// What of the connection may be why no answer came.
    pub(super) fn excuse(&self, course: &Course, has_waited: bool) -> Option<String> {
        // What came just now may not have been read.
        let has_begun = self.state.has_begun.get() || !has_waited;
        let has_sent = course.bytes.get() > 0;
        let progress = h3_fault::Progress { step: course.step.get(), has_sent, has_begun, has_waited };
        h3_fault::excuse(progress, self.connection.allowance())
    }

    /// How many requests the server takes at a time to begin with.
    pub(super) fn most_streams(&self) -> Option<usize> {
        usize::try_from(self.connection.allowance().streams).ok()
    }

    /// Sends SETTINGS before the first request, and listens to the server's.
    async fn open(&self, scene: &Scene<'_>) -> Result<(), Over> {
        let streams = self.connection.streams();
        let begun = self.control.get_or_try_init(|| async {
            let mut control = streams.open_uni().await.map_err(Over::Connection)?;
            let fields = scene.plan.max_head_bytes;
            control.write_all(&streams::opening(fields)).await.map_err(Over::of_write)?;
            let (state, streams) = (Rc::clone(&self.state), streams.clone());
            let task = tokio::task::spawn_local(listen(streams, state));
            *self.task.borrow_mut() = Some(task);
            Ok(control)
        });
        begun.await.map(drop)
    }

    /// Sends the request and reads the response into `record`.
    ///
    /// # Errors
    /// What broke the exchange; `record` holds what was seen until then.
    pub(super) async fn exchange(
        &self,
        scene: &Scene<'_>,
        going: Going<'_>,
        course: &Course,
        record: &mut Http,
    ) -> Result<Persistence, Fault> {
        let (_, recorded) =
            going.draft.http2().map_err(|why| fault::new(FailureCode::InvalidRequest, why))?;
        let fields = recorded.headers.iter().map(|field| (field.name.as_str(), &field.value[..]));
        let head = streams::frame(HEADERS, &qpack::encode(fields));
        record.request = recorded;
        let allowance = self.connection.allowance();
        let told = |over: Over, record: &mut Http| {
            course.settle(record);
            course.refusal.set(over.refusal());
            h3_fault::explain(&over, (&self.state, allowance), scene, record)
        };
        self.open(scene).await.map_err(|over| told(over, record))?;
        course.step.set(Step::Asking);
        let opened = self.connection.streams().open_bi().await;
        let (send, receive) = opened.map_err(|error| told(Over::Connection(error), record))?;
        course.step.set(Step::Exchanging);
        // RFC 9000 §2.1: the second bit says that it is for both directions, the first who opened it.
        let stream = send.id().index() << 2;
        let reader = Reader::new(receive, &self.connection, &course.received, record.start);
        let gate = going.gate;
        let passed_over = async {
            self.state.passed_over(stream).await;
            // Of a request that it has begun to answer, a server cannot say that.
            if course.received.get() > 0 {
                pending::<()>().await;
            }
        };
        let answer = async {
            tokio::select! {
                biased;
                done = answer(reader, scene, gate, record, course) => done,
                () = passed_over => Err(Stop::Over(Over::Refused)),
            }
        };
        let outcome = beside(self.send((send, head), going, &scene.clock, course), answer).await;
        course.settle(record);
        let (result, uploaded) = outcome?;
        let uploaded = uploaded || course.is_whole.get();
        result.map_err(|stop| match stop {
            Stop::Over(over) => told(over, record),
            Stop::Fault(fault) => fault,
        })?;
        let open = self.connection.streams().close_reason().is_none() && !self.state.is_leaving();
        Ok(if uploaded && open { Persistence::Keep } else { Persistence::Close })
    }

    /// Sends a request, and notes when its last byte was handed to the kernel. A server that stops taking it may
    /// still answer: that is no error here. False where the body was withheld.
    async fn send(
        &self,
        (mut stream, head): (SendStream, Vec<u8>),
        going: Going<'_>,
        clock: &Clock,
        sent: &Course,
    ) -> Result<bool, Fault> {
        let Going { feed, gate, .. } = going;
        let (before, _) = self.connection.sent();
        if !sent.put(&mut stream, head.into()).await {
            return Ok(true);
        }
        if gate.is_shut() {
            // Datagrams hold more than the stream's bytes, never fewer.
            self.connection.departed(before + sent.bytes.get() - 1).await;
        }
        let waits = gate.is_shut();
        if gate.pass(|| self.connection.sent().1.unwrap_or_else(|| clock.now()), clock).await
            == Pass::Withhold
        {
            return Ok(false);
        }
        // What went out during the wait, acknowledgements above all, is none of the body.
        let (before, head) = if waits { (self.connection.sent().0, sent.bytes.get()) } else { (before, 0) };
        let mut is_over = feed.length() == Some(0);
        while !is_over {
            let chunk = match poll_fn(|cx| feed.poll_next(cx, clock)).await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(fault) => {
                    // What merely ended would look whole.
                    let _ = stream.reset(REQUEST_CANCELLED.into());
                    return Err(fault);
                }
            };
            is_over = chunk.is_last;
            if !sent.put_data(&mut stream, chunk.bytes).await {
                return Ok(true);
            }
        }
        if stream.finish().is_ok() {
            self.connection.departed(before + (sent.bytes.get() - head).saturating_sub(1)).await;
            sent.at.set(self.connection.sent().1);
            sent.is_whole.set(true);
            if sent.body_bytes.get() > 0 && matches!(stream.stopped().await, Ok(None)) {
                sent.acked.set(Some(clock.now()));
            }
        }
        Ok(true)
    }
}

/// What stopped the reading of an answer.
enum Stop {
    /// The stream or the connection.
    Over(Over),
    /// What was read.
    Fault(Fault),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Over(Over::of_read(broken))
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

async fn answer(
    mut reader: Reader<'_>,
    scene: &Scene<'_>,
    gate: &Gate,
    record: &mut Http,
    sent: &Course,
) -> Result<(), Stop> {
    let mut interim_bytes = 0;
    loop {
        let (fields, at) = head(&mut reader, scene, record).await?;
        let status = rules::response(&fields).map_or_else(
            || status(&fields).ok_or_else(|| h3_fault::rule("a response without :status", "4.3.2")),
            |breach| Err(h3_fault::breach(&breach)),
        );
        let status = status.inspect_err(|_| record.headers = plain(fields.clone()))?;
        let fields = plain(fields);
        gate.heard(status, at);
        if (100..200).contains(&status) {
            interim_bytes += fields.iter().map(size).sum::<usize>();
            record.first_byte = None;
            record.informational.push(Informational { status, at, headers: fields });
            scene.tell_interim(record);
            if interim_bytes > scene.plan.max_head_bytes {
                return Err(too_large(scene).into());
            }
            if record.informational.len() > MAX_INFORMATIONAL {
                return Err(too_many_informational().into());
            }
            continue;
        }
        record.sent = sent.at.get();
        record.first_byte = Some(at);
        record.head_end = Some(reader.at);
        record.status = Some(status);
        record.headers = fields;
        break;
    }
    if record.headers.len() > scene.plan.max_headers {
        let message = format!("the response head has more than {} fields", scene.plan.max_headers);
        return Err(fault::new(FailureCode::TooManyHeaders, message).into());
    }
    if record.headers.iter().map(size).sum::<usize>() > scene.plan.max_head_bytes {
        return Err(too_large(scene).into());
    }
    if scene.plan.wanted == Wanted::Head {
        return Ok(());
    }
    let length = content_length(&record.headers).map_err(|why| h3_fault::rule(&why, "4.1.2"))?;
    let sink = scene.open_sink(record, BodyFraming::Http3);
    body(reader, sink, length, record, scene).await
}

/// The fields of the next block, and when its first byte came.
async fn head(
    reader: &mut Reader<'_>,
    scene: &Scene<'_>,
    record: &mut Http,
) -> Result<(Vec<Header>, At), Stop> {
    loop {
        let began = reader.received;
        let Some((kind, length)) = reader.frame().await? else {
            return Err(Stop::Over(Over::Ended));
        };
        let at = reader.at;
        match kind {
            HEADERS => {
                record.first_byte = Some(at);
                let block = block(reader, length, scene).await?;
                record.head_bytes += reader.received - began;
                return Ok((block, at));
            }
            DATA => return Err(h3_fault::rule("DATA before the HEADERS of the response", "4.1").into()),
            kind if streams::is_misplaced(kind) => return Err(misplaced(kind).into()),
            // A type that nobody knows is to be passed over (§9).
            _ => reader.skip(length).await?,
        }
    }
}

fn misplaced(kind: u64) -> Fault {
    let name = streams::frame_name(kind);
    h3_fault::rule(&format!("a frame {name} on the stream of a request"), "7.2")
}

/// A list of fields, unpacked.
async fn block(reader: &mut Reader<'_>, length: u64, scene: &Scene<'_>) -> Result<Vec<Header>, Stop> {
    let most = scene.plan.max_head_bytes;
    let Some(length) = usize::try_from(length).ok().filter(|length| *length <= most) else {
        return Err(too_large(scene).into());
    };
    let block = reader.payload(length).await?;
    let fields = qpack::decode(&block, most.saturating_mul(SLACK));
    Ok(fields.map_err(|why| match why {
        qpack::Unreadable::Malformed => {
            h3_fault::rule("fields that cannot be unpacked (QPACK)", "RFC 9204 section 4.5")
        }
        qpack::Unreadable::Dynamic => h3_fault::rule(
            "fields that refer to QPACK's dynamic table, which was given no room",
            "RFC 9204 section 3.2.3",
        ),
    })?)
}

async fn body(
    mut reader: Reader<'_>,
    mut sink: Sink,
    length: Option<u64>,
    record: &mut Http,
    scene: &Scene<'_>,
) -> Result<(), Stop> {
    // As browsers do it: a redirect leads on, and who keeps the stream open keeps nobody waiting.
    let passing = length.is_none() && scene.leads_on(record);
    let bodiless = scene.ask.method == "HEAD" || matches!(record.status, Some(204 | 304));
    let length = length.filter(|_| !bodiless);
    let mut left = 0;
    loop {
        if passing && !ready(&mut reader, true).await? {
            record.end = reader.at;
            reader.leave(REQUEST_CANCELLED);
            return Ok(());
        }
        if sink.is_full() {
            sink.work(&mut record.body).await?;
            continue;
        }
        if left > 0 {
            if !ready(&mut reader, sink.is_busy()).await? {
                sink.work(&mut record.body).await?;
                continue;
            }
            let piece = reader.piece(left);
            if piece.is_empty() {
                return Err(Stop::Over(Over::Cut));
            }
            left -= piece.len() as u64;
            record.body.wire_bytes += piece.len() as u64;
            record.body.encoded_bytes += piece.len() as u64;
            record.body.note(reader.at);
            sink.arrived(reader.at);
            sink.take(&piece);
            sink.tell(&mut record.body);
            if let Some(length) = length.filter(|length| *length < record.body.encoded_bytes) {
                return Err(mismatch(length, record).into());
            }
            continue;
        }
        let Some((kind, length)) = reader.frame().await? else { break };
        match kind {
            DATA if record.trailers.is_empty() => {
                left = length;
                record.body.wire_bytes +=
                    streams::frame_head(DATA, usize::try_from(length).unwrap_or(0)).len() as u64;
            }
            HEADERS if record.trailers.is_empty() => {
                let trailers = block(&mut reader, length, scene).await?;
                if let Some(breach) = rules::trailers(&trailers) {
                    return Err(h3_fault::breach(&breach).into());
                }
                record.trailers = trailers;
            }
            DATA | HEADERS => {
                let what = format!("{} behind the trailers", streams::frame_name(kind));
                return Err(h3_fault::rule(&what, "4.1").into());
            }
            kind if streams::is_misplaced(kind) => return Err(misplaced(kind).into()),
            _ => reader.skip(length).await?,
        }
    }
    record.end = reader.at;
    if let Some(length) = length.filter(|length| *length != record.body.encoded_bytes) {
        return Err(mismatch(length, record).into());
    }
    if record.body.encoded_bytes == 0 {
        record.body.framing = BodyFraming::None;
    }
    record.body.complete = true;
    Ok(sink.finish(&mut record.body).await?)
}

fn mismatch(length: u64, record: &Http) -> Fault {
    let message = format!("content-length says {length} bytes and {} came", record.body.encoded_bytes);
    fault::new(FailureCode::BadFraming, message)
}

/// Waits for the next bytes; false where none are here and there is something else to do.
async fn ready(reader: &mut Reader<'_>, is_busy: bool) -> Result<bool, Stop> {
    let mut fill = pin!(reader.fill());
    let filled = poll_fn(|cx| match fill.as_mut().poll(cx) {
        Poll::Ready(filled) => Poll::Ready(Some(filled)),
        Poll::Pending if is_busy => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    });
    match filled.await {
        None => Ok(false),
        // The end of the stream is read there, too.
        Some(filled) => {
            filled?;
            Ok(true)
        }
    }
}

fn size(field: &Header) -> usize {
    field.name.len() + field.value.len() + FIELD_OVERHEAD
}

fn status(fields: &[Header]) -> Option<u16> {
    fields.iter().find(|field| field.name == ":status")?.text().parse().ok()
}

/// The fields without those of the protocol.
fn plain(mut fields: Vec<Header>) -> Vec<Header> {
    fields.retain(|field| !field.name.starts_with(':'));
    fields
}
