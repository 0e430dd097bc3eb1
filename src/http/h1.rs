//! One exchange in HTTP/1: writes the request and reads the response at the same time.
//!
//! Reading never waits for writing: a server may answer, or end, before it has taken the whole
//! request. Stamps are taken as soon as a read returns; parsing and decoding come after.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::body::Sink;
use super::chunked::Decoder;
use super::expect::Gate;
use super::fault;
use super::framing::{Framing, Persistence, framing as framing_of, list, persistence};
use super::going::Going;
use super::head::{Head, HeadError, Limits, Reader};
use super::link::{self, Body, Framed, Idle, Link};
use super::scene::{MAX_INFORMATIONAL, Scene};
use super::websocket;
use crate::fault::Fault;
use crate::plan::Wanted;
use crate::timestamp::Stamped;
use crate::trace::{At, FailureCode, Http, HttpVersion, Informational};
use crate::units::bytes as size;

/// Why nothing is read behind a length that is none.
const UNREADABLE_LENGTH: &str = "nobody can tell where the body ends (RFC 9112 section 6.3); some programs take the first digits, \
                                 or read until the connection ends";
/// Bodies up to this size travel with the head, in one write.
const JOINED: usize = 64 * 1024;

/// Whether nothing has come on a connection at rest: no byte, no end, no error.
pub(super) async fn is_idle<S: AsyncRead + Unpin>(stream: &mut S) -> bool {
    let mut byte = [0];
    poll_fn(|cx| {
        // One that says "not now" may only have let others go first.
        let idle =
            (0..2).all(|_| Pin::new(&mut *stream).poll_read(cx, &mut ReadBuf::new(&mut byte)).is_pending());
        Poll::Ready(idle)
    })
    .await
}

/// Sends the request and reads the response into `record`; `room` is what a read may fill.
///
/// # Errors
/// What broke the exchange; `record` holds what was seen until then.
pub(super) async fn exchange<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    stream: &mut S,
    scene: &Scene<'_>,
    (going, room): (Going<'_>, Vec<u8>),
    record: &mut Http,
) -> Result<Persistence, Fault> {
    let Going { draft, feed, gate } = going;
    let (mut head, request) = draft.http1();
    record.request = request;
    let framing = draft.framing(feed.length()).map_err(|why| fault::new(FailureCode::InvalidRequest, why))?;
    let small = if gate.is_shut() { None } else { feed.take_small(JOINED) };
    if let Some(small) = &small {
        match framing {
            Framed::Plain => head.extend_from_slice(small),
            Framed::Chunked => head.extend(link::in_chunks(small)),
        }
    }
    let content = small.map(|small| small.len() as u64);
    let body = Body { feed, gate, framing };
    let mut link = Link::new(stream, scene.clock, (head, content), body, room, record.start);

    let (head, rest, at) = read_head(&mut link, scene, gate, record).await?;
    gate.heard(head.status, record.first_byte.unwrap_or(at));
    let bad = |why: String| fault::new(FailureCode::BadFraming, why).hint(UNREADABLE_LENGTH);
    let framing = framing_of(&scene.ask.method, head.status, &head.fields);
    let (minor, status) = (head.minor, head.status);
    note_head(head, at, record);
    if scene.url.scheme.is_websocket() {
        return websocket::talk(&mut link, (rest, at), record).await;
    }
    if scene.plan.wanted == Wanted::Head {
        return Ok(Persistence::Close);
    }
    let framing = framing.map_err(bad)?;
    let sink = scene.open_sink(record, framing.kind());
    let extra = read_body(&mut link, scene, framing, sink, (rest, at), record).await?;

    let written = link.is_written();
    let asked = list(&record.request.headers, "connection");
    let parting = status == 101 || asked.iter().any(|option| option.eq_ignore_ascii_case("close"));
    if parting || extra == Extra::Some || !written {
        return Ok(Persistence::Close);
    }
    Ok(persistence(minor, framing, &record.headers))
}

fn limits(scene: &Scene<'_>) -> Limits {
    Limits { bytes: scene.plan.max_head_bytes, fields: scene.plan.max_headers }
}

/// Reads interim responses and the final head. Gives the bytes after it and the time they came.
async fn read_head<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    link: &mut Link<'_, S>,
    scene: &Scene<'_>,
    gate: &Gate,
    record: &mut Http,
) -> Result<(Head, Vec<u8>, At), Fault> {
    let limits = limits(scene);
    let mut reader = Reader::new(limits);
    // All interim ones together are held to the size of one head.
    let mut interim = 0;
    loop {
        let (count, at) = match link.read(record, Idle::No).await {
            Ok(Some((0, at))) if reader.has_doubled_returns() => {
                return Err(fault::doubled_returns(record, at));
            }
            Ok(Some((0, at))) => return Err(fault::closed(record, at)),
            Ok(Some(read)) => read,
            Ok(None) => continue,
            Err(fault) => return Err(fault),
        };
        reader.push(&link.buffer[..count]);
        loop {
            // What is left in the reader came with this very read, or with the one that began it.
            if record.first_byte.is_none() && reader.has_begun() {
                record.first_byte = Some(at);
                record.first_byte_noticed = Some(link.noticed);
            }
            record.head_bytes = reader.pending() as u64;
            match reader.next() {
                Ok(None) => break,
                // 101 is the last word of HTTP on a connection, although its number is interim.
                Ok(Some(head)) if (100..200).contains(&head.status) && head.status != 101 => {
                    let first = record.first_byte.take().unwrap_or(at);
                    record.first_byte_noticed = None;
                    interim += head.bytes;
                    if interim > limits.bytes {
                        return Err(head_fault(HeadError::TooLarge, &reader, limits, record));
                    }
                    gate.heard(head.status, first);
                    record.informational.push(Informational {
                        status: head.status,
                        at: first,
                        headers: head.fields,
                    });
                    scene.tell_interim(record);
                    if record.informational.len() > MAX_INFORMATIONAL {
                        let message =
                            format!("more than {MAX_INFORMATIONAL} interim responses and no final one");
                        return Err(fault::new(FailureCode::TooManyInformational, message));
                    }
                }
                Ok(Some(head)) => return Ok((head, reader.into_rest(), at)),
                Err(error) => return Err(head_fault(error, &reader, limits, record)),
            }
        }
    }
}

fn head_fault(error: HeadError, reader: &Reader, limits: Limits, record: &mut Http) -> Fault {
    match error {
        HeadError::NotHttp => {
            record.first_byte = None;
            record.garbage = Some(reader.opening().to_vec());
            fault::not_http(reader.opening())
        }
        HeadError::Malformed(why) => {
            record.garbage = Some(reader.opening().to_vec());
            fault::new(FailureCode::NotHttp, format!("the response head cannot be read: {why}"))
        }
        HeadError::TooLarge => fault::new(
            FailureCode::HeadersTooLarge,
            format!(
                "the response head is larger than {} kB: {} so far and no end",
                limits.bytes / 1024,
                size(record.head_bytes)
            ),
        ),
        HeadError::TooManyFields => fault::new(
            FailureCode::TooManyHeaders,
            format!("the response head has more than {} fields", limits.fields),
        ),
    }
}

fn note_head(head: Head, at: At, record: &mut Http) {
    record.version = if head.minor == 0 { HttpVersion::Http10 } else { HttpVersion::Http11 };
    record.status = Some(head.status);
    record.reason = head.reason;
    record.headers = head.fields;
    record.head_bytes = head.bytes as u64;
    record.head_end = Some(at);
    record.end = at;
}

/// Whether bytes came after the end of the response.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extra {
    None,
    Some,
}

/// Reads the body to its end. `first` holds the bytes that came with the head.
async fn read_body<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    link: &mut Link<'_, S>,
    scene: &Scene<'_>,
    framing: Framing,
    mut sink: Sink,
    first: (Vec<u8>, At),
    record: &mut Http,
) -> Result<Extra, Fault> {
    let (rest, mut at) = first;
    let mut cutter = match framing {
        Framing::None => Cutter::Length(0),
        Framing::Length(length) => Cutter::Length(length),
        Framing::Chunked => Cutter::Chunks(Decoder::new(limits(scene))),
        Framing::Close => Cutter::Close,
    };
    let mut used = cutter.cut(&rest, &mut sink, record)?;
    sink.tell(&mut record.body);
    record.body.note(at);
    // As browsers and curl do it: a redirect leads on, and who keeps the connection open keeps nobody waiting.
    if matches!(cutter, Cutter::Close) && scene.leads_on(record) {
        record.end = at;
        return Ok(Extra::None);
    }
    let mut given = rest.len();
    while !cutter.is_done() {
        if sink.is_full() {
            sink.work(&mut record.body).await?;
            continue;
        }
        let idle = if sink.is_busy() { Idle::Yes } else { Idle::No };
        match link.read(record, idle).await {
            Ok(None) => {
                sink.work(&mut record.body).await?;
                continue;
            }
            Ok(Some((0, end))) => {
                at = end;
                match &cutter {
                    Cutter::Close => break,
                    Cutter::Chunks(decoder) if decoder.has_last_chunk() => {
                        return Err(fault::closed_behind_last_chunk(record));
                    }
                    Cutter::Length(_) | Cutter::Chunks(_) => return Err(fault::closed(record, at)),
                }
            }
            Ok(Some((count, end))) => (given, at) = (count, end),
            Err(fault) => return Err(fault),
        }
        record.end = at;
        sink.arrived(at);
        used = cutter.cut(&link.buffer[..given], &mut sink, record)?;
        sink.tell(&mut record.body);
        record.body.note(at);
    }
    record.end = at;
    record.body.complete = true;
    if let Cutter::Chunks(decoder) = cutter {
        record.trailers = decoder.into_trailers();
    }
    sink.finish(&mut record.body).await?;
    // Behind a 101 another protocol begins.
    record.body.beyond_bytes = if record.status == Some(101) { 0 } else { (given - used) as u64 };
    Ok(if used < given { Extra::Some } else { Extra::None })
}

/// Finds the end of a body.
enum Cutter {
    Length(u64),
    Chunks(Decoder),
    Close,
}

impl Cutter {
    fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunks(decoder) => decoder.is_done(),
            Self::Close => false,
        }
    }

    /// Takes what belongs to the body, and says how many bytes that were.
    fn cut(&mut self, bytes: &[u8], sink: &mut Sink, record: &mut Http) -> Result<usize, Fault> {
        let body = &mut record.body;
        let used = match self {
            Self::Close => {
                body.encoded_bytes += bytes.len() as u64;
                sink.take(bytes);
                bytes.len()
            }
            Self::Length(left) => {
                let used = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= used as u64;
                body.encoded_bytes += used as u64;
                sink.take(&bytes[..used]);
                used
            }
            Self::Chunks(decoder) => {
                let used = decoder.push(bytes, |data| {
                    body.encoded_bytes += data.len() as u64;
                    sink.take(data);
                });
                used.map_err(|error| {
                    let so_far = size(body.encoded_bytes);
                    fault::new(
                        FailureCode::BadFraming,
                        format!("the chunked body breaks off after {so_far}: {error}"),
                    )
                })?
            }
        };
        body.wire_bytes += used as u64;
        Ok(used)
    }
}
