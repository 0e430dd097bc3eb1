//! A WebSocket (RFC 6455) behind its upgrade: the server's proof, one ping, and the frames until its pong.
//!
//! Nothing that the server sends is kept; frames that break the protocol, or that do not end, are named.

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use super::fault;
use super::framing::Persistence;
use super::link::{Idle, Link};
use super::socket_key::{accept, random};
use super::words::escape;
use crate::fault::Fault;
use crate::timestamp::Stamped;
use crate::trace::{At, FailureCode, Header, Http, HttpVersion, WebSocket, WebSocketClose, header, members};

/// Frames and bytes that may come before the pong.
const MOST_FRAMES: u32 = 1_000;
const MOST_BYTES: u64 = 16 << 20;
/// The longest payload of a control frame (§5.5).
const LONGEST_CONTROL: u64 = 125;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
/// What a connection ends with that has done its work (§7.4.1).
const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();

/// Looks at the answer to the upgrade in `record`, then pings and waits for the pong. `rest` came with the head.
///
/// # Errors
/// No upgrade, or frames that are none.
pub(super) async fn talk<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    link: &mut Link<'_, S>,
    rest: (Vec<u8>, At),
    record: &mut Http,
) -> Result<Persistence, Fault> {
    let protocol = upgraded(record)?;
    record.websocket = Some(WebSocket { protocol, ..WebSocket::default() });
    let ping: [u8; 8] = random();
    let sent = send(link, PING, &ping, record.bytes_sent).await;
    let sent = sent.map_err(|error| link.broken(&error, record))?;
    socket_of(record).ping = Some(sent.1);
    record.bytes_sent = sent.0;
    let (mut frames, mut at) = (Frames::default(), rest.1);
    frames.push(&rest.0);
    loop {
        while let Some(frame) = frames.next().map_err(|why| broken(&why, record))? {
            note(&frame, record)?;
            match frame.opcode {
                PONG if frame.payload == ping => {
                    socket_of(record).pong = Some(at);
                    record.end = at;
                    record.body.complete = true;
                    // In good order, and without waiting for an answer.
                    let _ = send(link, CLOSE, &NORMAL, 0).await;
                    return Ok(Persistence::Close);
                }
                PING => {
                    let answer = send(link, PONG, &frame.payload, record.bytes_sent).await;
                    record.bytes_sent = answer.map_err(|error| link.broken(&error, record))?.0;
                }
                CLOSE => return Err(closed(&frame.payload, record)),
                _ => {}
            }
        }
        let (count, read_at) = match link.read(record, Idle::No).await {
            Ok(Some((0, end))) => {
                record.end = end;
                let message =
                    "the server ended the connection of the WebSocket before the pong, without a close frame";
                return Err(fault::new(FailureCode::WebsocketClosed, message));
            }
            Ok(Some(read)) => read,
            Ok(None) => continue,
            Err(fault) => return Err(fault),
        };
        (at, record.end) = (read_at, read_at);
        frames.push(&link.buffer[..count]);
    }
}

/// Whether the server has opened it (§4.1), and by which subprotocol.
fn upgraded(record: &Http) -> Result<Option<String>, Fault> {
    let status = record.status.unwrap_or_default();
    let headers = &record.headers;
    if status != 101 {
        let message =
            format!("the server did not open the WebSocket: it answered {status}, and 101 would do so");
        let hint = match status {
            301..=308 => "a WebSocket follows no redirect: use the URL that Location names",
            401 | 403 => "it may want a login, a token (-H) or another page's origin (--origin)",
            426 => "it wants another version of the protocol",
            _ => "is this the path of the WebSocket? https:// shows what else is there",
        };
        return Err(fault::new(FailureCode::WebsocketRefused, message).hint(hint));
    }
    let wrong = |message: String| Err(fault::new(FailureCode::WebsocketHandshake, message));
    let lists =
        |name: &str, word: &str| members(headers, name).iter().any(|own| own.eq_ignore_ascii_case(word));
    // §4.1: a client that speaks HTTP/1.1 takes no less.
    if record.version == HttpVersion::Http10 {
        return wrong("the 101 is of HTTP/1.0, and browsers take one of HTTP/1.1 alone".to_owned());
    }
    if !lists("upgrade", "websocket") || !lists("connection", "upgrade") {
        return wrong("the 101 has no `Upgrade: websocket` with `Connection: Upgrade`".to_owned());
    }
    let key = header(&record.request.headers, "sec-websocket-key").unwrap_or_default().into_owned();
    let said = header(headers, "sec-websocket-accept");
    if said.as_deref().map(str::trim) != Some(accept(&key).as_str()) {
        let said = said.map_or_else(|| "missing".to_owned(), |said| format!("`{}`", escape(said.as_bytes())));
        return wrong(format!("Sec-WebSocket-Accept is {said}, and does not prove that the key was read"));
    }
    if let Some(extension) = members(headers, "sec-websocket-extensions").first()
        && !offers(&record.request.headers, "sec-websocket-extensions", extension)
    {
        let extension = escape(extension.as_bytes());
        return wrong(format!("the server uses the extension `{extension}`, which was not offered"));
    }
    let protocol = members(headers, "sec-websocket-protocol").into_iter().next();
    match protocol {
        Some(protocol) if !offers(&record.request.headers, "sec-websocket-protocol", &protocol) => {
            wrong(format!(
                "the server chose the subprotocol `{}`, which was not offered",
                escape(protocol.as_bytes())
            ))
        }
        protocol => Ok(protocol),
    }
}

/// Whether a list of the request has this member, whatever its arguments.
fn offers(request: &[Header], name: &str, wanted: &str) -> bool {
    let bare = |member: &str| member.split(';').next().unwrap_or_default().trim().to_owned();
    members(request, name).iter().any(|own| bare(own) == bare(wanted))
}

fn socket_of(record: &mut Http) -> &mut WebSocket {
    record.websocket.get_or_insert_default()
}

/// Sends one masked frame (§5.3): how many bytes are sent by then, and when it was with the kernel.
async fn send<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    link: &mut Link<'_, S>,
    opcode: u8,
    payload: &[u8],
    before: u64,
) -> std::io::Result<(u64, At)> {
    let mask: [u8; 4] = random();
    let length = u8::try_from(payload.len()).unwrap_or(u8::MAX).min(125);
    let mut frame = vec![0x80 | opcode, 0x80 | length];
    frame.extend(mask);
    frame.extend(
        payload.iter().take(usize::from(length)).zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask),
    );
    link.stream.write_all(&frame).await?;
    link.stream.flush().await?;
    Ok((before + frame.len() as u64, link.handed()))
}

/// Counts a frame.
fn note(frame: &Frame, record: &mut Http) -> Result<(), Fault> {
    let socket = socket_of(record);
    socket.frames += 1;
    socket.bytes += frame.length;
    socket.messages += u32::from(frame.is_last && frame.opcode < CLOSE);
    let (frames, bytes) = (socket.frames, socket.bytes);
    if frames > MOST_FRAMES || bytes > MOST_BYTES {
        let message =
            format!("no pong among {frames} frames with {bytes} bytes: the server does not answer the ping");
        return Err(fault::new(FailureCode::WebsocketEndless, message));
    }
    Ok(())
}

fn broken(why: &str, record: &mut Http) -> Fault {
    let frames = socket_of(record).frames;
    let message = format!("the server broke the protocol of WebSockets in frame {}: {why}", frames + 1);
    fault::new(FailureCode::WebsocketFrame, message)
}

/// The server closed it, in its own words.
fn closed(payload: &[u8], record: &mut Http) -> Fault {
    let code = payload.first_chunk::<2>().map(|code| u16::from_be_bytes(*code));
    let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default()).into_owned();
    let meaning =
        code.and_then(WebSocketClose::meaning).map_or_else(String::new, |word| format!(" ({word})"));
    let said = if reason.is_empty() { String::new() } else { format!(": `{}`", escape(reason.as_bytes())) };
    let number = code.map_or_else(|| "without a code".to_owned(), |code| format!("with {code}{meaning}"));
    socket_of(record).close = Some(WebSocketClose { code, reason });
    fault::new(
        FailureCode::WebsocketClosed,
        format!("the server closed the WebSocket before the pong, {number}{said}"),
    )
}

/// A frame; the payload of a control frame alone is kept.
#[derive(Debug, PartialEq, Eq)]
struct Frame {
    opcode: u8,
    is_last: bool,
    length: u64,
    payload: Vec<u8>,
}

impl Frame {
    /// The code of a close frame that none may have (§7.4).
    fn unsendable(&self) -> Option<u16> {
        let code = u16::from_be_bytes(*self.payload.first_chunk().filter(|_| self.opcode == CLOSE)?);
        matches!(code, ..1000 | 1004..=1006 | 1015 | 5000..).then_some(code)
    }
}

/// Finds frames in what comes (§5.2).
#[derive(Default)]
struct Frames {
    buffer: Vec<u8>,
    /// Bytes of a payload that are still to be passed over.
    skip: u64,
    /// The frame that they belong to.
    skipped: Option<Frame>,
    /// Whether a message has begun and not ended.
    fragmented: bool,
}

impl Frames {
    fn push(&mut self, bytes: &[u8]) {
        let passed = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip -= passed as u64;
        self.buffer.extend_from_slice(&bytes[passed..]);
    }

    /// The next whole frame, or what is wrong with it.
    fn next(&mut self) -> Result<Option<Frame>, String> {
        if self.skipped.is_some() {
            return Ok(if self.skip == 0 { self.skipped.take() } else { None });
        }
        let Some((head, length, is_masked)) = self.head()? else { return Ok(None) };
        let (first, opcode) = (self.buffer[0], self.buffer[0] & 0x0f);
        let frame = Frame { opcode, is_last: first & 0x80 != 0, length, payload: Vec::new() };
        self.judge(&frame, first, is_masked)?;
        if opcode >= CLOSE {
            let end = head + usize::try_from(length).unwrap_or(usize::MAX);
            let Some(payload) = self.buffer.get(head..end) else { return Ok(None) };
            let frame = Frame { payload: payload.to_vec(), ..frame };
            if let Some(code) = frame.unsendable() {
                return Err(format!("a close frame with {code}, a code that is never sent"));
            }
            self.buffer.drain(..end);
            return Ok(Some(frame));
        }
        self.fragmented = !frame.is_last;
        self.buffer.drain(..head);
        let there = usize::try_from(length).unwrap_or(usize::MAX).min(self.buffer.len());
        self.buffer.drain(..there);
        self.skip = length - there as u64;
        if self.skip > 0 {
            self.skipped = Some(frame);
            return Ok(None);
        }
        Ok(Some(frame))
    }

    /// The bytes of the head, the length of the payload, and whether it is masked.
    fn head(&self) -> Result<Option<(usize, u64, bool)>, String> {
        let Some([_, second]) = self.buffer.first_chunk::<2>() else { return Ok(None) };
        let short = u64::from(second & 0x7f);
        let (head, length) = match short {
            126 => {
                let Some(bytes) = self.buffer.get(2..4).and_then(<[u8]>::first_chunk::<2>) else {
                    return Ok(None);
                };
                (4, u64::from(u16::from_be_bytes(*bytes)))
            }
            127 => {
                let Some(bytes) = self.buffer.get(2..10).and_then(<[u8]>::first_chunk::<8>) else {
                    return Ok(None);
                };
                (10, u64::from_be_bytes(*bytes))
            }
            _ => (2, short),
        };
        let least = match short {
            126 => 126,
            127 => 1 << 16,
            _ => 0,
        };
        if length >= 1 << 63 {
            return Err(format!("a length of {length} bytes, which none can have"));
        }
        if length < least {
            return Err(format!("a length of {length} that is not written in the shortest way"));
        }
        Ok(Some((head, length, second & 0x80 != 0)))
    }

    fn judge(&self, frame: &Frame, first: u8, is_masked: bool) -> Result<(), String> {
        let Frame { opcode, is_last, length, .. } = *frame;
        if first & 0x70 != 0 {
            return Err("bits that only an extension gives a meaning, and there is none".to_owned());
        }
        if is_masked {
            return Err("it is masked, and only a client's are".to_owned());
        }
        match opcode {
            CLOSE | PING | PONG if length > LONGEST_CONTROL => {
                Err(format!("a control frame of {length} bytes, where 125 are the most"))
            }
            CLOSE | PING | PONG if !is_last => Err("a control frame in fragments".to_owned()),
            CLOSE if length == 1 => Err("a close frame with half a code".to_owned()),
            CLOSE | PING | PONG => Ok(()),
            CONTINUATION if !self.fragmented => Err("the continuation of no message".to_owned()),
            TEXT | BINARY if self.fragmented => Err("a new message within another".to_owned()),
            CONTINUATION | TEXT | BINARY => Ok(()),
            other => Err(format!("a frame of the kind {other:#x}, which there is not")),
        }
    }
}

#[cfg(any(test, fuzzing))]
#[path = "tests/frames.rs"]
pub(super) mod fuzzing;

#[cfg(test)]
#[path = "tests/websocket.rs"]
mod tests;
