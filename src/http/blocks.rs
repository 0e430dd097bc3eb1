//! Blocks of header fields as they come in frames (RFC 9113 §4.3), put together and unpacked.
//!
//! They are unpacked when somebody asks for them: it must not delay the stamps of what follows. Each has
//! to be, in order, also that of an exchange that is over: they share a table.

use super::frames::{END_HEADERS, Frame, HEADERS, PADDED, PUSH_PROMISE, WITH_PRIORITY};
use super::hpack;
use crate::trace::Header;

/// Bytes that wait to be unpacked at most.
const WAITING: usize = 64 * 1024;
/// Beside its bytes a field counts 32 (RFC 9113 §6.5.2); so a list may be larger than its block.
const UNPACKED: usize = 4;

/// The blocks of one direction of a connection.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    hpack: hpack::Decoder,
    /// The stream and the bytes of the block that is open.
    open: Option<(u32, Vec<u8>)>,
    whole: Vec<(u32, Vec<u8>)>,
    waiting: usize,
    /// A block could not be read: nothing behind it can.
    lost: bool,
}

/// A block unpacked: its stream, and its fields unless it cannot be read.
pub(super) type Unpacked = (u32, Option<Vec<Header>>);

impl Blocks {
    /// Takes a whole HEADERS, PUSH_PROMISE or CONTINUATION frame.
    pub(super) fn take(&mut self, frame: Frame, payload: &[u8], limit: usize) {
        if matches!(frame.kind, HEADERS | PUSH_PROMISE) {
            self.open = Some((frame.stream, Vec::new()));
        }
        let Some((_, block)) = &mut self.open else { return };
        match fragment(frame, payload) {
            Some(fragment) if block.len() + fragment.len() <= limit => block.extend_from_slice(fragment),
            _ => self.lost = true,
        }
        if frame.flags & END_HEADERS != 0
            && let Some((stream, block)) = self.open.take()
        {
            // Who promises speaks of a stream that nobody follows.
            let stream = if frame.kind == PUSH_PROMISE { 0 } else { stream };
            self.waiting += block.len();
            self.whole.push((stream, block));
        }
    }

    /// Whether one could not be read.
    pub(super) const fn are_lost(&self) -> bool {
        self.lost
    }

    /// Whether enough waits to be unpacked now.
    pub(super) fn are_many(&self) -> bool {
        self.waiting > WAITING
    }

    /// Unpacks what waits.
    pub(super) fn unpack(&mut self, limit: usize) -> Vec<Unpacked> {
        self.waiting = 0;
        let mut unpacked = Vec::with_capacity(self.whole.len());
        for (stream, block) in std::mem::take(&mut self.whole) {
            let fields = if self.lost { None } else { self.hpack.decode(&block, limit * UNPACKED).ok() };
            self.lost |= fields.is_none();
            unpacked.push((stream, fields));
        }
        unpacked
    }
}

/// What of a frame belongs to the block (§6.2, §6.6).
fn fragment(frame: Frame, payload: &[u8]) -> Option<&[u8]> {
    let padded = matches!(frame.kind, HEADERS | PUSH_PROMISE) && frame.flags & PADDED != 0;
    let (padding, rest) = if padded { payload.split_first()? } else { (&0, payload) };
    let before = match frame.kind {
        HEADERS if frame.flags & WITH_PRIORITY != 0 => 5,
        PUSH_PROMISE => 4,
        _ => 0,
    };
    let end = rest.len().checked_sub(usize::from(*padding))?;
    rest.get(before..end)
}

#[cfg(test)]
mod tests {
    use super::super::frames::CONTINUATION;
    use super::*;

    #[test]
    fn a_block_comes_in_frames_with_padding_and_priority() {
        let frame = |kind, flags| Frame { length: 0, kind, flags, stream: 3 };
        let mut blocks = Blocks::default();
        blocks.take(frame(HEADERS, PADDED | WITH_PRIORITY), b"\x02\0\0\0\0\x10\x88\0\x01--", 99);
        assert!(blocks.unpack(99).is_empty(), "it is not whole");
        blocks.take(frame(CONTINUATION, END_HEADERS), b"a\x01b", 99);
        let unpacked = blocks.unpack(99);
        let (3, Some(fields)) = &unpacked[0] else { panic!("{unpacked:?}") };
        let names: Vec<_> = fields.iter().map(|field| (field.name.as_str(), field.text())).collect();
        assert_eq!(names, [(":status", "200".into()), ("a", "b".into())]);
        blocks.take(frame(HEADERS, END_HEADERS | PADDED), b"\x09\x88", 99);
        assert_eq!(blocks.unpack(99), [(3, None)], "more padding than there is");
        blocks.take(frame(HEADERS, END_HEADERS), b"\x88", 99);
        assert_eq!(blocks.unpack(99), [(3, None)], "its table is not known any more");
    }
}
