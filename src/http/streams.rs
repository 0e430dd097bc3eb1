//! The streams of HTTP/3 as bytes: frames, their types and lengths (RFC 9114 §7), and the settings.
//!
//! Pure but for [`Reader`], which waits for bytes of one stream. Judges nothing.

use std::cell::Cell;

use bytes::{Buf as _, Bytes};
use quinn::{ReadError, RecvStream};

use crate::quic;
use crate::trace::At;

pub(crate) const DATA: u64 = 0;
pub(crate) const HEADERS: u64 = 1;
pub(super) const CANCEL_PUSH: u64 = 3;
pub(super) const SETTINGS: u64 = 4;
pub(super) const PUSH_PROMISE: u64 = 5;
pub(super) const GOAWAY: u64 = 7;
pub(super) const MAX_PUSH_ID: u64 = 13;
/// The type of a stream that one side alone writes (§6.2).
const CONTROL_STREAM: u64 = 0;
/// SETTINGS_MAX_FIELD_SECTION_SIZE (§7.2.4.1).
const MAX_FIELD_SECTION_SIZE: u64 = 6;
/// Bytes that are taken of a stream at once.
const PIECE: usize = 64 * 1024;

/// Frames that speak of a connection, or are left of HTTP/2: on a request's stream they are an error (§7.2.8).
pub(super) const fn is_misplaced(kind: u64) -> bool {
    matches!(kind, 2..=9 | 13)
}

/// The name of a frame's type.
pub(super) fn frame_name(kind: u64) -> String {
    let name = match kind {
        DATA => "DATA",
        HEADERS => "HEADERS",
        CANCEL_PUSH => "CANCEL_PUSH",
        SETTINGS => "SETTINGS",
        PUSH_PROMISE => "PUSH_PROMISE",
        GOAWAY => "GOAWAY",
        MAX_PUSH_ID => "MAX_PUSH_ID",
        _ => return format!("of type 0x{kind:x}"),
    };
    name.to_owned()
}

/// A frame.
pub(crate) fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = frame_head(kind, payload.len());
    bytes.extend_from_slice(payload);
    bytes
}

/// Type and payload of the first frame, and what is behind it; `None` where it is not whole.
pub(crate) fn parse(bytes: &[u8]) -> Option<(u64, &[u8], &[u8])> {
    let (kind, bytes) = number_of(bytes)?;
    let (length, bytes) = number_of(bytes)?;
    let (payload, behind) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    Some((kind, payload, behind))
}

/// The number that bytes begin with, and what is behind it; `None` where it is not whole.
pub(super) fn number_of(mut bytes: &[u8]) -> Option<(u64, &[u8])> {
    let number = quic::varint(&mut bytes)?;
    Some((number, bytes))
}

/// What stands before the payload of a frame.
pub(crate) fn frame_head(kind: u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16);
    put(&mut bytes, kind);
    put(&mut bytes, length as u64);
    bytes
}

/// The beginning of a control stream: its type, and SETTINGS. QPACK's table has no bytes by default, and no
/// stream may wait for it.
pub(crate) fn opening(most_fields: usize) -> Vec<u8> {
    let mut settings = Vec::new();
    put(&mut settings, MAX_FIELD_SECTION_SIZE);
    put(&mut settings, most_fields as u64);
    let mut bytes = Vec::new();
    put(&mut bytes, CONTROL_STREAM);
    bytes.extend(frame(SETTINGS, &settings));
    bytes
}

/// RFC 9000 §16: the first two bits tell the length.
fn put(bytes: &mut Vec<u8>, value: u64) {
    match value {
        0..0x40 => bytes.push(value as u8),
        0x40..0x4000 => bytes.extend((0x4000 | value as u16).to_be_bytes()),
        0x4000..0x4000_0000 => bytes.extend((0x8000_0000 | value as u32).to_be_bytes()),
        _ => bytes.extend((0xc000_0000_0000_0000 | value).to_be_bytes()),
    }
}

/// What a number of this first byte needs beside it.
const fn more(first: u8) -> usize {
    (1 << (first >> 6)) - 1
}

/// A stream of the server's, with the moments at which its bytes came.
pub(super) struct Reader<'c> {
    stream: RecvStream,
    /// Where the moments are known.
    connection: Option<&'c quic::Connection>,
    /// Bytes that came, for whoever looks on.
    count: Option<&'c Cell<u64>>,
    chunk: Bytes,
    /// Bytes that came.
    pub(super) received: u64,
    /// When the last of them came.
    pub(super) at: At,
}

/// Why a stream gave no more.
pub(super) enum Broken {
    /// It ended inside a frame.
    Cut,
    Read(ReadError),
}

impl<'c> Reader<'c> {
    pub(super) fn new(
        stream: RecvStream,
        connection: &'c quic::Connection,
        count: &'c Cell<u64>,
        start: At,
    ) -> Self {
        let (connection, count) = (Some(connection), Some(count));
        Self { stream, connection, count, chunk: Bytes::new(), received: 0, at: start }
    }

    /// The same where the moments do not matter.
    pub(super) fn unstamped(stream: RecvStream) -> Self {
        Self { stream, connection: None, count: None, chunk: Bytes::new(), received: 0, at: At(0) }
    }

    /// The next bytes, as they came; `None` behind the last.
    pub(super) async fn fill(&mut self) -> Result<bool, Broken> {
        if !self.chunk.is_empty() {
            return Ok(true);
        }
        let next = self.stream.read_chunk(PIECE, true).await.map_err(Broken::Read)?;
        self.at = self.connection.and_then(quic::Connection::last_received).unwrap_or(self.at).max(self.at);
        let Some(next) = next else { return Ok(false) };
        self.received += next.bytes.len() as u64;
        self.count.iter().for_each(|count| count.set(self.received));
        self.chunk = next.bytes;
        Ok(true)
    }

    /// Type and length of the next frame; `None` where the stream ends before it.
    pub(super) async fn frame(&mut self) -> Result<Option<(u64, u64)>, Broken> {
        let Some(kind) = self.number().await? else { return Ok(None) };
        let length = self.number().await?.ok_or(Broken::Cut)?;
        Ok(Some((kind, length)))
    }

    /// A number; `None` where the stream ends before it.
    pub(super) async fn number(&mut self) -> Result<Option<u64>, Broken> {
        if !self.fill().await? {
            return Ok(None);
        }
        let first = self.chunk.get_u8();
        let mut value = u64::from(first & 0x3f);
        for _ in 0..more(first) {
            if !self.fill().await? {
                return Err(Broken::Cut);
            }
            value = value << 8 | u64::from(self.chunk.get_u8());
        }
        Ok(Some(value))
    }

    /// A payload of this many bytes, which is known to be no more than can be kept.
    pub(super) async fn payload(&mut self, length: usize) -> Result<Vec<u8>, Broken> {
        let mut payload = Vec::new();
        while payload.len() < length {
            if !self.fill().await? {
                return Err(Broken::Cut);
            }
            let piece = self.piece((length - payload.len()) as u64);
            payload.extend_from_slice(&piece);
        }
        Ok(payload)
    }

    /// Passes over so many bytes.
    pub(super) async fn skip(&mut self, mut length: u64) -> Result<(), Broken> {
        while length > 0 {
            if !self.fill().await? {
                return Err(Broken::Cut);
            }
            length -= self.piece(length).len() as u64;
        }
        Ok(())
    }

    /// Leaves the rest unread, and tells the server so.
    pub(super) fn leave(mut self, code: u32) {
        // An error here means that the stream has ended.
        let _ = self.stream.stop(code.into());
    }

    /// What is at hand of the next bytes, and no more than so many.
    pub(super) fn piece(&mut self, most: u64) -> Bytes {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        self.chunk.split_to(self.chunk.len().min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9000 appendix A.1.
    #[test]
    fn numbers_are_as_long_as_they_need_to_be() {
        let written = |value| {
            let mut bytes = Vec::new();
            put(&mut bytes, value);
            data_encoding::HEXLOWER.encode(&bytes)
        };
        assert_eq!(written(37), "25");
        assert_eq!(written(15_293), "7bbd");
        assert_eq!(written(494_878_333), "9d7f3e7d");
        assert_eq!(written(151_288_809_941_952_652), "c2197c5eff14e88c");
        assert_eq!([0x25, 0x7b, 0x9d, 0xc2].map(more), [0, 1, 3, 7]);
    }

    #[test]
    fn a_connection_opens_with_its_settings() {
        assert_eq!(opening(0x4000), [0, 4, 5, 6, 0x80, 0, 0x40, 0]);
        assert_eq!(frame(HEADERS, b"ab"), [1, 2, b'a', b'b']);
    }
}
