//! Content codings undone (RFC 9110 §8.4.1), a step at a time. Pure: bytes in, bytes out, no I/O.
//!
//! Reads what browsers read: deflate with and without its zlib wrapper, several members of gzip and
//! frames of zstd behind each other, bytes behind the end. A step is bounded in what it takes and in
//! what it makes, so that whoever drives it can look at other things in between.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};

use compression_codecs::core::util::{PartialBuffer, WriteBuffer};
use compression_codecs::zstd::params::DParameter;
use compression_codecs::{BrotliDecoder, DecodeV2, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};

use crate::units::bytes as size;

/// Bytes that a step takes at most.
pub(super) const TAKE: usize = 16 * 1024;
/// Bytes that a step makes at most.
const MAKE: usize = 64 * 1024;
/// Decoded bytes at most, at each layer of encoding.
const MAX_DECODED: u64 = 1 << 30;
/// Decoded bytes that need no look at the ratio.
const FREE: u64 = 64 << 20;
/// Decoded bytes for each encoded one, above `FREE`. DEFLATE cannot do more than 1032.
const MAX_RATIO: u64 = 1100;
/// Layers of encoding that are undone at most.
const MAX_LAYERS: usize = 4;
/// RFC 9659: a zstd window in HTTP is at most 8 MB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// A coding that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    fn of(name: &str) -> Result<Self, String> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "br" => Ok(Self::Brotli),
            "zstd" => Ok(Self::Zstd),
            _ => Err(format!("unknown encoding {:?}", name.chars().take(40).collect::<String>())),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// Bytes that tell what begins.
    const fn magic(self) -> usize {
        match self {
            Self::Gzip | Self::Deflate => 2,
            Self::Brotli => 0,
            Self::Zstd => 4,
        }
    }

    /// A decoder for data that begins like this.
    fn decoder(self, start: &[u8]) -> Box<dyn DecodeV2> {
        match self {
            Self::Gzip => Box::new(GzipDecoder::new()),
            // RFC 1950 §2.2. RFC 9110 wants the wrapper; servers have left it out from the beginning.
            Self::Deflate => match *start {
                [cmf, flg, ..] if cmf & 0x8f == 8 && u16::from_be_bytes([cmf, flg]) % 31 == 0 => {
                    Box::new(ZlibDecoder::new())
                }
                _ => Box::new(DeflateDecoder::new()),
            },
            Self::Brotli => Box::new(BrotliDecoder::new()),
            Self::Zstd => {
                Box::new(ZstdDecoder::new_with_params(&[DParameter::window_log_max(ZSTD_WINDOW_LOG)]))
            }
        }
    }

    /// Whether what stands behind an end is a further member (RFC 1952 §2.2) or frame (RFC 8878 §3.1).
    fn goes_on(self, rest: &[u8]) -> bool {
        match (self, rest) {
            (Self::Gzip, [0x1f, 0x8b, ..]) | (Self::Zstd, [0x28, 0xb5, 0x2f, 0xfd, ..]) => true,
            (Self::Zstd, [skippable, 0x2a, 0x4d, 0x18, ..]) => skippable & 0xf0 == 0x50,
            _ => false,
        }
    }
}

/// Where a layer is in its data.
enum State {
    /// Before its first byte, or behind an end: what comes next has to be looked at.
    Between {
        ended: bool,
    },
    Inside(Box<dyn DecodeV2>),
    /// Behind its last end.
    Over,
}

/// One coding and what waits for it.
struct Layer {
    coding: Coding,
    input: VecDeque<u8>,
    state: State,
    /// The last step made all it may: more may be ready without further input.
    full: bool,
    made: u64,
}

/// Whether more input follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    No,
    Yes,
}

/// The codings of one body, the last applied outermost.
pub(super) struct Decoders {
    /// The outermost first.
    layers: Vec<Layer>,
    scratch: Box<[u8]>,
    encoded: u64,
    last: Last,
    surplus: u64,
}

/// What a step came to.
pub(super) enum Step<'a> {
    /// So much of the body.
    Made(&'a [u8]),
    /// Something was done, and nothing came out of it yet.
    Done,
    /// There is nothing to do without further input.
    Idle,
}

impl Decoders {
    /// For these codings, in the order they were applied.
    ///
    /// # Errors
    /// Codings that cannot be undone; the text names them.
    pub(super) fn new(codings: &[&str]) -> Result<Self, String> {
        if codings.len() > MAX_LAYERS {
            return Err(format!(
                "{} layers of encoding: more than {MAX_LAYERS} are not undone",
                codings.len()
            ));
        }
        let layer = |name: &&str| {
            let state = State::Between { ended: false };
            Coding::of(name).map(|coding| Layer {
                coding,
                input: VecDeque::new(),
                state,
                full: false,
                made: 0,
            })
        };
        let layers = codings.iter().rev().map(layer).collect::<Result<_, _>>()?;
        let scratch = vec![0; MAKE].into_boxed_slice();
        Ok(Self { layers, scratch, encoded: 0, last: Last::No, surplus: 0 })
    }

    /// Whether a further piece can be taken without being kept.
    pub(super) fn wants_input(&self) -> bool {
        self.layers.iter().all(|layer| !layer.is_busy(self.last))
    }

    /// Takes up to [`TAKE`] bytes of the body as encoded.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.encoded += bytes.len() as u64;
        if let Some(outermost) = self.layers.first_mut() {
            outermost.input.extend(bytes);
        }
    }

    /// No more input follows.
    pub(super) fn end(&mut self) {
        self.last = Last::Yes;
    }

    /// Bytes behind the end of the encoded data, which belong to nothing.
    pub(super) fn surplus(&self) -> u64 {
        self.surplus
    }

    /// Does one piece of work, of the innermost layer that has any.
    ///
    /// # Errors
    /// Data that cannot be decoded, or too much of it.
    pub(super) fn step(&mut self) -> Result<Step<'_>, String> {
        let Some(index) = self.layers.iter().rposition(|layer| layer.is_busy(self.last)) else {
            return Ok(Step::Idle);
        };
        let layer = &mut self.layers[index];
        let made = layer.step(&mut self.scratch, &mut self.surplus)?;
        layer.made += made as u64;
        if let Some(why) = over(layer.made, self.encoded) {
            return Err(why);
        }
        if made == 0 {
            return Ok(Step::Done);
        }
        match self.layers.get_mut(index + 1) {
            Some(inner) => inner.input.extend(&self.scratch[..made]),
            None => return Ok(Step::Made(&self.scratch[..made])),
        }
        Ok(Step::Done)
    }

    /// Whether every coding came to its end, once there is nothing left to do.
    ///
    /// # Errors
    /// Names what is cut short.
    pub(super) fn finish(&self) -> Result<(), String> {
        let unfinished = |layer: &&Layer| matches!(layer.state, State::Inside(_));
        match self.layers.iter().find(unfinished) {
            Some(layer) if self.encoded > 0 => {
                Err(format!("the {} data ends too early", layer.coding.name()))
            }
            _ => Ok(()),
        }
    }
}

impl Layer {
    fn is_busy(&self, last: Last) -> bool {
        let there = self.input.len();
        match self.state {
            State::Between { .. } => there > 0 && (there >= self.coding.magic() || last == Last::Yes),
            State::Inside(_) => there > 0 || self.full,
            State::Over => there > 0,
        }
    }

    /// Decodes what fits into `out`, and says how much that is.
    fn step(&mut self, out: &mut [u8], surplus: &mut u64) -> Result<usize, String> {
        let start = self.input.make_contiguous();
        if let State::Between { ended } = self.state {
            if ended && !self.coding.goes_on(start) {
                self.state = State::Over;
            } else {
                self.state = State::Inside(self.coding.decoder(start));
            }
        }
        let State::Inside(decoder) = &mut self.state else {
            *surplus += self.input.len() as u64;
            self.input.clear();
            return Ok(0);
        };
        let (mut input, mut output) = (PartialBuffer::new(&*start), WriteBuffer::new_initialized(out));
        let result = decoder.decode(&mut input, &mut output);
        let (taken, made) = (input.written_len(), output.written_len());
        self.full = output.has_no_spare_space();
        let was_empty = start.is_empty();
        self.input.drain(..taken);
        match result {
            Ok(true) => {
                self.full = false;
                self.state = State::Between { ended: true };
            }
            Ok(false) if taken == 0 && made == 0 && !was_empty => {
                return Err(self.unreadable(&io::Error::other("it leads nowhere")));
            }
            Ok(false) => {}
            // Asked for more that might have been ready, and none was.
            Err(_) if was_empty => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Err(format!("the {} data ends too early", self.coding.name()));
            }
            Err(error) => return Err(self.unreadable(&error)),
        }
        Ok(made)
    }

    fn unreadable(&self, error: &io::Error) -> String {
        format!("not readable as {}: {error}", self.coding.name())
    }
}

/// Why decoding stops before its end, if it has to.
fn over(decoded: u64, encoded: u64) -> Option<String> {
    let ratio = decoded / encoded.max(1);
    if decoded > MAX_DECODED {
        Some(format!("stopped: more than {} decoded", size(MAX_DECODED)))
    } else if decoded > FREE && ratio > MAX_RATIO {
        Some(format!(
            "stopped: {} decoded from {} looks like a decompression bomb",
            size(decoded),
            size(encoded)
        ))
    } else {
        None
    }
}
