//! HTTP/2 frames, cut out of a stream of bytes (RFC 9113 §4.1). Pure: no I/O, no clock.
//!
//! Looks at frame headers only: when frames of one stream begin and end, and how large they are.
//! It checks nothing and decodes nothing; that is the work of the `h2` crate behind it.

use crate::trace::At;

/// Size of a frame header.
pub(super) const HEADER: usize = 9;
/// The client's connection preface (RFC 9113 §3.4), which comes before its first frame.
pub(super) const PREFACE: usize = 24;

/// Frame types (RFC 9113 §6).
const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const CONTINUATION: u8 = 0x9;
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;

/// A frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Payload bytes.
    pub(super) length: u32,
    /// Type.
    pub(super) kind: u8,
    /// Flags.
    pub(super) flags: u8,
    /// Stream, 0 for the connection.
    pub(super) stream: u32,
}

/// What a byte brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The first byte of a frame.
    Begin,
    /// The last byte of a frame's header.
    Header(Frame),
    /// The last byte of a frame.
    End(Frame),
}

/// The state between two reads.
#[derive(Debug, Default)]
pub(super) struct Tokenizer {
    skip: usize,
    header: [u8; HEADER],
    filled: usize,
    current: Option<(Frame, u32)>,
}

impl Tokenizer {
    /// A tokenizer that passes over the first `skip` bytes.
    pub(super) fn after(skip: usize) -> Self {
        Self { skip, ..Self::default() }
    }

    /// Takes bytes as they came and says what they brought, in order.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut seen: impl FnMut(Event)) {
        let skip = self.skip.min(bytes.len());
        self.skip -= skip;
        bytes = &bytes[skip..];
        while !bytes.is_empty() {
            if let Some((frame, left)) = &mut self.current {
                let step = bytes.len().min(*left as usize);
                *left -= u32::try_from(step).unwrap_or(*left);
                bytes = &bytes[step..];
                if *left == 0 {
                    seen(Event::End(*frame));
                    self.current = None;
                }
                continue;
            }
            if self.filled == 0 {
                seen(Event::Begin);
            }
            let step = bytes.len().min(HEADER - self.filled);
            self.header[self.filled..self.filled + step].copy_from_slice(&bytes[..step]);
            self.filled += step;
            bytes = &bytes[step..];
            if self.filled == HEADER {
                self.filled = 0;
                let frame = read_header(self.header);
                seen(Event::Header(frame));
                if frame.length == 0 {
                    seen(Event::End(frame));
                } else {
                    self.current = Some((frame, frame.length));
                }
            }
        }
    }
}

fn read_header([a, b, c, kind, flags, s0, s1, s2, s3]: [u8; HEADER]) -> Frame {
    Frame {
        length: u32::from_be_bytes([0, a, b, c]),
        kind,
        flags,
        // The highest bit is reserved.
        stream: u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]),
    }
}

/// One block of header fields: a HEADERS frame and its CONTINUATION frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Its first byte.
    pub(super) at: At,
    /// Its last byte, when it came.
    pub(super) end: Option<At>,
    /// Its bytes, frame headers included, as announced.
    pub(super) bytes: u64,
}

/// What was received on one stream.
#[derive(Debug, Default)]
pub(super) struct Received {
    tokenizer: Tokenizer,
    began: At,
    stream: u32,
    /// Blocks in order: interim responses, the final one, trailers.
    pub(super) blocks: Vec<Block>,
    /// HEADERS frames, also those beyond what `blocks` keeps.
    pub(super) block_count: usize,
    /// Bytes of the DATA frames, frame headers and padding included, as far as they came.
    pub(super) data_bytes: u64,
    /// DATA frames.
    pub(super) data_frames: u64,
    /// The stream's last byte.
    pub(super) end: Option<At>,
    ending: bool,
    partial: u64,
}

/// Blocks kept at most: interim responses up to their limit, the final one, trailers.
const MAX_BLOCKS: usize = 64;

impl Received {
    /// Forgets the last exchange and follows this stream from now on.
    pub(super) fn follow(&mut self, stream: u32) {
        *self = Self {
            tokenizer: std::mem::take(&mut self.tokenizer),
            began: self.began,
            stream,
            ..Self::default()
        };
    }

    /// Takes bytes that were read at `at`.
    pub(super) fn push(&mut self, bytes: &[u8], at: At) {
        let mut tokenizer = std::mem::take(&mut self.tokenizer);
        tokenizer.push(bytes, |event| match event {
            Event::Begin => self.began = at,
            Event::Header(frame) if frame.stream == self.stream => self.header(frame),
            Event::End(frame) if frame.stream == self.stream => self.finish(frame, at),
            Event::Header(_) | Event::End(_) => {}
        });
        // Bytes of a DATA frame count as they come: a large frame may never end.
        self.partial = match tokenizer.current {
            Some((frame, left)) if frame.stream == self.stream && frame.kind == DATA => {
                u64::from(frame.length - left)
            }
            _ => 0,
        };
        self.tokenizer = tokenizer;
    }

    /// Bytes of the DATA frames so far, frame headers and padding included.
    pub(super) fn body_wire_bytes(&self) -> u64 {
        self.data_bytes + self.partial
    }

    fn header(&mut self, frame: Frame) {
        let size = u64::from(frame.length) + HEADER as u64;
        match frame.kind {
            HEADERS => {
                self.block_count += 1;
                self.ending |= frame.flags & END_STREAM != 0;
                if self.blocks.len() < MAX_BLOCKS {
                    self.blocks.push(Block { at: self.began, end: None, bytes: size });
                }
            }
            CONTINUATION => {
                if let Some(block) = self.blocks.last_mut() {
                    block.bytes += size;
                }
            }
            DATA => self.data_bytes += HEADER as u64,
            _ => {}
        }
    }

    fn finish(&mut self, frame: Frame, at: At) {
        match frame.kind {
            HEADERS | CONTINUATION if frame.flags & END_HEADERS != 0 => {
                if let Some(block) = self.blocks.last_mut() {
                    block.end = Some(at);
                }
                if self.ending {
                    self.end = Some(at);
                }
            }
            DATA => {
                self.data_bytes += u64::from(frame.length);
                self.data_frames += 1;
                if frame.flags & END_STREAM != 0 {
                    self.end = Some(at);
                }
            }
            _ => {}
        }
    }
}

/// What was sent on one stream: only whether the request is complete.
#[derive(Debug)]
pub(super) struct Sent {
    tokenizer: Tokenizer,
    stream: u32,
    ending: bool,
    /// Whether the last byte of the request was written.
    pub(super) complete: bool,
}

impl Default for Sent {
    fn default() -> Self {
        Self { tokenizer: Tokenizer::after(PREFACE), stream: 0, ending: false, complete: false }
    }
}

impl Sent {
    /// Forgets the last exchange and follows this stream from now on.
    pub(super) fn follow(&mut self, stream: u32) {
        (self.stream, self.ending, self.complete) = (stream, false, false);
    }

    /// Takes bytes that were written.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (stream, ending, complete) = (self.stream, &mut self.ending, &mut self.complete);
        self.tokenizer.push(bytes, |event| {
            let Event::End(frame) = event else { return };
            if frame.stream != stream || stream == 0 {
                return;
            }
            match frame.kind {
                HEADERS => *ending |= frame.flags & END_STREAM != 0,
                DATA if frame.flags & END_STREAM != 0 => *complete = true,
                _ => {}
            }
            if matches!(frame.kind, HEADERS | CONTINUATION) && *ending && frame.flags & END_HEADERS != 0 {
                *complete = true;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut bytes = vec![length[1], length[2], length[3], kind, flags];
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn one_stream_is_told_from_the_others() {
        let mut received = Received::default();
        received.follow(1);
        received.push(&frame(0x4, 0, 0, &[0; 12]), At(1));
        received.push(&frame(HEADERS, END_HEADERS, 1, b"103"), At(2));
        let head = [frame(HEADERS, 0, 1, b"200 "), frame(CONTINUATION, END_HEADERS, 1, b"more")].concat();
        received.push(&head[..3], At(3));
        received.push(&head[3..15], At(4));
        received.push(&head[15..], At(5));
        received.push(&frame(DATA, 0, 3, b"other"), At(6));
        received.push(&frame(DATA, 0, 1, b"hello"), At(7));
        received.push(&frame(DATA, 0, 1, b"wo")[..10], At(8));
        assert_eq!(received.body_wire_bytes(), 9 + 5 + 9 + 1);
        assert_eq!(received.end, None);
        received.push(b"o", At(9));
        received.push(&frame(HEADERS, END_HEADERS | END_STREAM, 1, b"trailers"), At(10));
        assert_eq!(received.end, Some(At(10)));
        assert_eq!(received.body_wire_bytes(), 9 + 5 + 9 + 2);
        let stamps: Vec<_> =
            received.blocks.iter().map(|block| (block.at.0, block.end, block.bytes)).collect();
        assert_eq!(
            stamps,
            [(2, Some(At(2)), 12), (3, Some(At(5)), 13 + 13), (10, Some(At(10)), 17)],
            "first byte, end and size of each block"
        );
        received.follow(3);
        assert_eq!((received.blocks.len(), received.end, received.body_wire_bytes()), (0, None, 0));
    }

    #[test]
    fn a_request_is_complete_with_its_last_frame() {
        let mut sent = Sent::default();
        sent.follow(1);
        sent.push(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        sent.push(&frame(0x4, 0, 0, &[0; 6]));
        let head = frame(HEADERS, END_STREAM | END_HEADERS, 1, b"get");
        sent.push(&head[..head.len() - 1]);
        assert!(!sent.complete);
        sent.push(&head[head.len() - 1..]);
        assert!(sent.complete);
        sent.follow(3);
        sent.push(&frame(HEADERS, END_HEADERS, 3, b"post"));
        sent.push(&frame(DATA, 0, 3, b"body"));
        assert!(!sent.complete);
        sent.push(&frame(DATA, END_STREAM, 3, b""));
        assert!(sent.complete);
        sent.follow(5);
        sent.push(&frame(HEADERS, END_STREAM, 5, b"get"));
        assert!(!sent.complete, "its fields go on");
        sent.push(&frame(CONTINUATION, END_HEADERS, 5, b"more"));
        assert!(sent.complete);
    }

    proptest! {
        #[test]
        fn any_split_gives_what_one_read_gives(
            frames in proptest::collection::vec(
                (any::<u8>(), any::<u8>(), 0u32..4, proptest::collection::vec(any::<u8>(), 0..20)), 0..8),
            junk in proptest::collection::vec(any::<u8>(), 0..32),
            cut in any::<proptest::sample::Index>(),
        ) {
            let mut bytes: Vec<u8> = frames
                .iter()
                .flat_map(|(kind, flags, stream, payload)| frame(kind % 11, *flags, *stream, payload))
                .collect();
            bytes.extend_from_slice(&junk);
            let run = |pieces: Vec<&[u8]>| {
                let mut tokenizer = Tokenizer::default();
                let mut events = Vec::new();
                let mut received = Received::default();
                received.follow(1);
                for piece in pieces {
                    tokenizer.push(piece, |event| events.push(event));
                    received.push(piece, At(7));
                }
                (events, received.blocks.clone(), received.body_wire_bytes(), received.end)
            };
            let cut = cut.index(bytes.len() + 1);
            let whole = run(vec![&bytes]);
            prop_assert_eq!(&run(vec![&bytes[..cut], &bytes[cut..]]), &whole);
            prop_assert_eq!(&run(bytes.chunks(1).collect()), &whole);
        }
    }
}
