//! HTTP/2 frames, cut out of a stream of bytes (RFC 9113 §4.1). Pure: no I/O, no clock.
//!
//! Says when frames of one stream begin and end, how large they are, and what is in those that are not
//! data. It checks nothing and decodes nothing.

use super::scene::MAX_INFORMATIONAL;
use crate::trace::{Arrivals, At};

/// Size of a frame header.
pub(super) const HEADER: usize = 9;
/// The client's connection preface (RFC 9113 §3.4), which comes before its first frame.
pub(super) const PREFACE: usize = 24;

/// Frame types (RFC 9113 §6).
pub(super) const DATA: u8 = 0x0;
pub(super) const HEADERS: u8 = 0x1;
pub(super) const PRIORITY: u8 = 0x2;
pub(super) const RST_STREAM: u8 = 0x3;
pub(super) const SETTINGS: u8 = 0x4;
pub(super) const PUSH_PROMISE: u8 = 0x5;
pub(super) const PING: u8 = 0x6;
pub(super) const GOAWAY: u8 = 0x7;
pub(super) const WINDOW_UPDATE: u8 = 0x8;
pub(super) const CONTINUATION: u8 = 0x9;
/// Flags.
pub(super) const END_STREAM: u8 = 0x1;
pub(super) const ACK: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
pub(super) const PADDED: u8 = 0x8;
pub(super) const WITH_PRIORITY: u8 = 0x20;

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

/// What bytes brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// Bytes before the first frame.
    Preface(usize),
    /// The first byte of a frame.
    Begin,
    /// The last byte of a frame's header.
    Header(Frame),
    /// Bytes of a frame's payload, as they come: a large frame may never end.
    Payload(Frame, &'a [u8]),
    /// The last byte of a frame.
    End(Frame),
}

impl Event<'_> {
    /// The stream it belongs to, where that is known, and how many bytes it settles.
    pub(super) fn bytes(self) -> (Option<u32>, usize) {
        match self {
            Self::Preface(count) => (None, count),
            Self::Header(frame) => (Some(frame.stream), HEADER),
            Self::Payload(frame, bytes) => (Some(frame.stream), bytes.len()),
            Self::Begin | Self::End(_) => (None, 0),
        }
    }
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

    /// Bytes of a frame header that is not whole yet: its stream is not known.
    pub(super) fn unsettled(&self) -> usize {
        self.filled
    }

    /// Takes bytes as they came and says what they brought, in order.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut seen: impl FnMut(Event<'_>)) {
        let skip = self.skip.min(bytes.len());
        if skip > 0 {
            self.skip -= skip;
            bytes = &bytes[skip..];
            seen(Event::Preface(skip));
        }
        while !bytes.is_empty() {
            if let Some((frame, left)) = &mut self.current {
                let step = bytes.len().min(*left as usize);
                *left -= u32::try_from(step).unwrap_or(*left);
                seen(Event::Payload(*frame, &bytes[..step]));
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
    /// Blocks in order: interim responses, the final one, trailers.
    pub(super) blocks: Vec<Block>,
    /// HEADERS frames, also those beyond what `blocks` keeps.
    pub(super) block_count: usize,
    /// Bytes of all blocks, frame headers included, as announced.
    pub(super) block_bytes: u64,
    /// Bytes of the DATA frames, frame headers and padding included, as far as they came.
    pub(super) data_bytes: u64,
    /// When they came.
    pub(super) arrivals: Arrivals,
    /// DATA frames.
    pub(super) data_frames: u64,
    /// When the last of them came.
    pub(super) data_at: Option<At>,
    /// The stream's last byte.
    pub(super) end: Option<At>,
    ending: bool,
}

/// Blocks kept at most: interim responses up to their limit, the final one, trailers.
const MAX_BLOCKS: usize = MAX_INFORMATIONAL + 2;

impl Received {
    /// Takes what came on this stream at `at`, in a frame that began at `began`.
    pub(super) fn take(&mut self, event: Event<'_>, began: At, at: At) {
        match event {
            Event::Header(frame) => self.header(frame, began),
            Event::Payload(frame, bytes) if frame.kind == DATA => {
                self.data_bytes += bytes.len() as u64;
                self.data_at = Some(at);
                self.arrivals.note(at, self.data_bytes);
            }
            Event::End(frame) => self.finish(frame, at),
            Event::Preface(_) | Event::Begin | Event::Payload(..) => {}
        }
    }

    fn header(&mut self, frame: Frame, began: At) {
        let size = u64::from(frame.length) + HEADER as u64;
        match frame.kind {
            HEADERS => {
                self.block_count += 1;
                self.block_bytes += size;
                self.ending |= frame.flags & END_STREAM != 0;
                if self.blocks.len() < MAX_BLOCKS {
                    self.blocks.push(Block { at: began, end: None, bytes: size });
                }
            }
            CONTINUATION => {
                self.block_bytes += size;
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
                self.data_frames += 1;
                // The last frame may be empty, and is no body alone.
                if !self.arrivals.is_empty() {
                    self.arrivals.note(at, self.data_bytes);
                }
                if frame.flags & END_STREAM != 0 {
                    self.end = Some(at);
                }
            }
            _ => {}
        }
    }
}

/// What was sent on one stream: only whether the request is complete.
#[derive(Debug, Default)]
pub(super) struct Sent {
    ending: bool,
    /// Whether the last byte of its head was written.
    pub(super) has_head: bool,
    /// Whether the last byte of the request was written.
    pub(super) complete: bool,
    /// Bytes of its body that were.
    pub(super) body_bytes: u64,
}

impl Sent {
    /// Takes what was written on this stream.
    pub(super) fn take(&mut self, event: Event<'_>) {
        let Event::End(frame) = event else { return };
        match frame.kind {
            HEADERS => self.ending |= frame.flags & END_STREAM != 0,
            DATA if frame.flags & END_STREAM != 0 => self.complete = true,
            _ => {}
        }
        if frame.kind == DATA {
            self.body_bytes += u64::from(frame.length);
        }
        if matches!(frame.kind, HEADERS | CONTINUATION) && frame.flags & END_HEADERS != 0 {
            self.has_head = true;
            self.complete |= self.ending;
        }
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

    /// What the bytes of one stream brought, read in these pieces.
    fn received(stream: u32, pieces: &[(&[u8], u64)]) -> Received {
        let (mut tokenizer, mut received, mut began) = (Tokenizer::default(), Received::default(), At(0));
        for (bytes, at) in pieces {
            tokenizer.push(bytes, |event| match event {
                Event::Begin => began = At(*at),
                Event::Header(frame) | Event::Payload(frame, _) | Event::End(frame) => {
                    if frame.stream == stream {
                        received.take(event, began, At(*at));
                    }
                }
                Event::Preface(_) => {}
            });
        }
        received
    }

    #[test]
    fn one_stream_is_told_from_the_others() {
        let head = [frame(HEADERS, 0, 1, b"200 "), frame(CONTINUATION, END_HEADERS, 1, b"more")].concat();
        let mut pieces: Vec<(&[u8], u64)> = Vec::new();
        let (settings, interim) = (frame(0x4, 0, 0, &[0; 12]), frame(HEADERS, END_HEADERS, 1, b"103"));
        pieces.extend([(&settings[..], 1), (&interim, 2), (&head[..3], 3), (&head[3..15], 4)]);
        let (other, hello) = (frame(DATA, 0, 3, b"other"), frame(DATA, 0, 1, b"hello"));
        let last = frame(DATA, 0, 1, b"wo");
        pieces.extend([(&head[15..], 5), (&other, 6), (&hello, 7), (&last[..10], 8)]);
        let so_far = received(1, &pieces);
        assert_eq!((so_far.data_bytes, so_far.end), (9 + 5 + 9 + 1, None));
        let trailers = frame(HEADERS, END_HEADERS | END_STREAM, 1, b"trailers");
        pieces.extend([(&last[10..], 9), (&trailers, 10)]);
        let whole = received(1, &pieces);
        assert_eq!((whole.data_bytes, whole.data_frames, whole.end), (9 + 5 + 9 + 2, 2, Some(At(10))));
        let stamps: Vec<_> = whole.blocks.iter().map(|block| (block.at.0, block.end, block.bytes)).collect();
        assert_eq!(
            stamps,
            [(2, Some(At(2)), 12), (3, Some(At(5)), 13 + 13), (10, Some(At(10)), 17)],
            "first byte, end and size of each block"
        );
        let other = received(3, &pieces);
        assert_eq!((other.blocks.len(), other.end, other.data_bytes), (0, None, 9 + 5));
    }

    #[test]
    fn a_request_is_complete_with_its_last_frame() {
        let complete = |frames: &[Vec<u8>]| {
            let (mut tokenizer, mut sent) = (Tokenizer::after(PREFACE), Sent::default());
            tokenizer.push(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", |event| sent.take(event));
            frames.iter().for_each(|bytes| tokenizer.push(bytes, |event| sent.take(event)));
            sent.complete
        };
        let get = frame(HEADERS, END_STREAM | END_HEADERS, 1, b"get");
        assert!(!complete(&[frame(0x4, 0, 0, &[0; 6]), get[..get.len() - 1].to_vec()]));
        assert!(complete(&[frame(0x4, 0, 0, &[0; 6]), get]));
        let post = [frame(HEADERS, END_HEADERS, 3, b"post"), frame(DATA, 0, 3, b"body")];
        assert!(!complete(&post));
        assert!(complete(&[&post[..], &[frame(DATA, END_STREAM, 3, b"")]].concat()));
        let parts = [frame(HEADERS, END_STREAM, 5, b"get"), frame(CONTINUATION, END_HEADERS, 5, b"more")];
        assert!(!complete(&parts[..1]), "its fields go on");
        assert!(complete(&parts));
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
                let (mut events, mut settled) = (Vec::new(), 0);
                for piece in &pieces {
                    tokenizer.push(piece, |event| {
                        settled += event.bytes().1;
                        match event {
                            Event::Payload(..) => {}
                            Event::Header(frame) => events.push((Some(frame), 0)),
                            Event::End(frame) => events.push((Some(frame), 1)),
                            Event::Begin | Event::Preface(_) => events.push((None, 2)),
                        }
                    });
                }
                let pieces: Vec<_> = pieces.into_iter().map(|piece| (piece, 7)).collect();
                let received = received(1, &pieces);
                settled += tokenizer.unsettled();
                (events, settled, received.blocks, received.data_bytes, received.end)
            };
            let cut = cut.index(bytes.len() + 1);
            let whole = run(vec![&bytes]);
            prop_assert_eq!(whole.1, bytes.len());
            prop_assert_eq!(&run(vec![&bytes[..cut], &bytes[cut..]]), &whole);
            prop_assert_eq!(&run(bytes.chunks(1).collect()), &whole);
        }
    }
}
