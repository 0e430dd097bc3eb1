//! Chunked transfer coding, undone (RFC 9112 §7.1). Pure: bytes in, data out, nothing kept but
//! trailer fields.
//!
//! Lenient where browsers are: bare LF, white space after the size. Everything else that is not
//! the grammar ends the body with a named error.

use super::head::{HeadError, Limits, parse_trailers};
use crate::trace::Header;

/// Bytes of a chunk's size line, extensions included.
const MAX_LINE: usize = 4096;
/// Digits of a size: what fits 64 bits.
const MAX_DIGITS: u8 = 16;

/// Why the chunks cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkError {
    /// No hexadecimal size where one must be; the byte found.
    BadSize(u8),
    /// A size above 64 bits.
    SizeTooLarge,
    /// A size line longer than 4096 bytes.
    LineTooLong,
    /// No line end after a chunk's data; the byte found.
    MissingLineEnd(u8),
    /// Trailer fields that cannot be read or are too many.
    Trailers(HeadError),
}

impl std::fmt::Display for ChunkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BadSize(byte) => write!(f, "a chunk size was due and byte 0x{byte:02x} came"),
            Self::SizeTooLarge => f.write_str("a chunk size of more than 64 bits"),
            Self::LineTooLong => write!(f, "a chunk size line longer than {MAX_LINE} bytes"),
            Self::MissingLineEnd(byte) => {
                write!(f, "the end of a chunk was due and byte 0x{byte:02x} came")
            }
            Self::Trailers(HeadError::TooLarge) => f.write_str("trailer fields larger than the limit"),
            Self::Trailers(HeadError::TooManyFields) => f.write_str("more trailer fields than the limit"),
            Self::Trailers(_) => f.write_str("trailer fields that cannot be read"),
        }
    }
}

#[derive(Debug)]
enum State {
    Size { value: u64, digits: u8 },
    Extension { value: u64 },
    SizeLineFeed { value: u64 },
    Data { left: u64 },
    DataEnd,
    DataLineFeed,
    Trailers,
    Done,
}

/// The state between two reads.
#[derive(Debug)]
pub(super) struct Decoder {
    state: State,
    limits: Limits,
    line: usize,
    block: Vec<u8>,
    line_start: usize,
    trailers: Vec<Header>,
}

impl Decoder {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            state: State::Size { value: 0, digits: 0 },
            limits,
            line: 0,
            block: Vec::new(),
            line_start: 0,
            trailers: Vec::new(),
        }
    }

    /// Whether the last chunk and the trailer fields were read.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Whether the last chunk, that of no bytes, was read.
    pub(super) fn has_last_chunk(&self) -> bool {
        matches!(self.state, State::Trailers | State::Done)
    }

    /// The trailer fields, in wire order.
    pub(super) fn into_trailers(self) -> Vec<Header> {
        self.trailers
    }

    /// Takes bytes as they came, hands their data to `data`, and says how many belonged to the
    /// body: fewer than given only when the body is done.
    pub(super) fn push(&mut self, input: &[u8], mut data: impl FnMut(&[u8])) -> Result<usize, ChunkError> {
        let mut at = 0;
        while at < input.len() && !self.is_done() {
            if let State::Data { left } = &mut self.state {
                let room = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len() - at);
                data(&input[at..at + room]);
                at += room;
                *left -= room as u64;
                if *left == 0 {
                    self.state = State::DataEnd;
                }
            } else {
                self.byte(input[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    fn byte(&mut self, byte: u8) -> Result<(), ChunkError> {
        if matches!(self.state, State::Size { .. } | State::Extension { .. } | State::SizeLineFeed { .. }) {
            self.line += 1;
            if self.line > MAX_LINE {
                return Err(ChunkError::LineTooLong);
            }
        }
        self.state = match (&self.state, byte) {
            (&State::Size { value, digits }, digit) if digit.is_ascii_hexdigit() => {
                if digits == MAX_DIGITS {
                    return Err(ChunkError::SizeTooLarge);
                }
                let digit = u64::from(char::from(digit).to_digit(16).unwrap_or(0));
                // Zeros in front do not make it larger; the line has a limit of its own.
                let digits = if value == 0 { 1 } else { digits + 1 };
                State::Size { value: value << 4 | digit, digits }
            }
            (State::Size { digits: 0, .. }, byte) => return Err(ChunkError::BadSize(byte)),
            (&State::Size { value, .. }, b'\r') => State::SizeLineFeed { value },
            (&State::Size { value, .. } | &State::Extension { value }, b'\n') => self.after_size(value),
            (&State::Size { value, .. }, b';' | b' ' | b'\t') => State::Extension { value },
            (&State::Extension { value }, b'\r') => State::SizeLineFeed { value },
            (&State::Extension { value }, _) => State::Extension { value },
            (&State::SizeLineFeed { value }, b'\n') => self.after_size(value),
            (State::Size { .. } | State::SizeLineFeed { .. }, byte) => return Err(ChunkError::BadSize(byte)),
            (State::DataEnd, b'\r') => State::DataLineFeed,
            (State::DataEnd | State::DataLineFeed, b'\n') => State::Size { value: 0, digits: 0 },
            (State::DataEnd | State::DataLineFeed, byte) => return Err(ChunkError::MissingLineEnd(byte)),
            (State::Trailers, byte) => self.trailer_byte(byte)?,
            (State::Data { .. } | State::Done, _) => return Ok(()),
        };
        Ok(())
    }

    fn after_size(&mut self, size: u64) -> State {
        self.line = 0;
        if size == 0 { State::Trailers } else { State::Data { left: size } }
    }

    fn trailer_byte(&mut self, byte: u8) -> Result<State, ChunkError> {
        self.block.push(byte);
        if self.block.len() > self.limits.bytes {
            return Err(ChunkError::Trailers(HeadError::TooLarge));
        }
        if byte != b'\n' {
            return Ok(State::Trailers);
        }
        if !matches!(self.block[self.line_start..], [b'\n'] | [b'\r', b'\n']) {
            self.line_start = self.block.len();
            return Ok(State::Trailers);
        }
        if self.line_start > 0 {
            let fields = parse_trailers(&self.block, self.limits.fields).map_err(ChunkError::Trailers)?;
            self.trailers = fields;
            self.block = Vec::new();
        }
        Ok(State::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { bytes: 64, fields: 3 };

    #[derive(Debug, PartialEq)]
    struct Outcome {
        data: Vec<u8>,
        consumed: usize,
        done: bool,
        error: Option<ChunkError>,
        trailers: Vec<Header>,
    }

    fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
        let mut decoder = Decoder::new(LIMITS);
        let (mut data, mut consumed, mut error) = (Vec::new(), 0, None);
        for piece in pieces {
            match decoder.push(piece, |bytes| data.extend_from_slice(bytes)) {
                Ok(n) => consumed += n,
                Err(found) => {
                    error = Some(found);
                    break;
                }
            }
        }
        // What an error had consumed of its read depends on the cut, and nobody uses it.
        let consumed = if error.is_some() { 0 } else { consumed };
        Outcome { data, consumed, done: decoder.is_done(), error, trailers: decoder.into_trailers() }
    }

    #[test]
    fn reads_chunks_extensions_and_trailers() {
        let bytes = b"5;name=\"a;b\"\r\nhello\r\n6 \n world\n000\r\nX-Sum: 7\r\nY: z\r\n\r\nHTTP/1.1";
        let outcome = run([&bytes[..]]);
        assert_eq!(outcome.data, b"hello world");
        assert!(outcome.done && outcome.error.is_none());
        assert_eq!(outcome.consumed, bytes.len() - b"HTTP/1.1".len());
        let names: Vec<_> = outcome.trailers.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["X-Sum", "Y"]);
    }

    #[test]
    fn zeros_in_front_make_no_size_larger() {
        let read = run([&b"0000000000000000000005\r\nhello\r\n00000000000000000000\r\n\r\n"[..]]);
        assert_eq!((read.data.as_slice(), read.done, read.error), (&b"hello"[..], true, None));
    }

    #[test]
    fn a_body_without_its_end_is_not_done() {
        for bytes in [&b"5\r\nhel"[..], b"5\r\nhello\r\n", b"0\r\n", b"0\r\nA: b\r\n", b""] {
            let outcome = run([bytes]);
            assert!(!outcome.done && outcome.error.is_none(), "{bytes:?}");
        }
        for (bytes, wanted) in [(&b"5\r\nhello\r\n"[..], false), (b"0", false), (b"0\r\n", true)] {
            let mut decoder = Decoder::new(LIMITS);
            decoder.push(bytes, |_| {}).unwrap();
            assert_eq!(decoder.has_last_chunk(), wanted, "{bytes:?}");
        }
    }

    #[test]
    fn names_each_fault() {
        let long = [&b"1;"[..], &[b'x'; 5000]].concat();
        let trailers = [&b"0\r\n"[..], &[b'x'; 100]].concat();
        let table: [(&[u8], ChunkError); 9] = [
            (b"\r\n", ChunkError::BadSize(b'\r')),
            (b"xyz\r\n", ChunkError::BadSize(b'x')),
            (b"5x\r\n", ChunkError::BadSize(b'x')),
            (b"5\rx", ChunkError::BadSize(b'x')),
            (b"10000000000000000\r\n", ChunkError::SizeTooLarge),
            (b"1\r\nab", ChunkError::MissingLineEnd(b'b')),
            (&long, ChunkError::LineTooLong),
            (&trailers, ChunkError::Trailers(HeadError::TooLarge)),
            (b"0\r\na:1\r\nb:2\r\nc:3\r\nd:4\r\n\r\n", ChunkError::Trailers(HeadError::TooManyFields)),
        ];
        for (bytes, error) in table {
            assert_eq!(run([bytes]).error, Some(error), "{}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(run([&b"ffffffffffffffff\r\nabc"[..]]).data, b"abc");
    }

    fn plausible() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            proptest::collection::vec(any::<u8>(), 1..20).prop_map(|data| {
                [format!("{:x};x=y\r\n", data.len()).as_bytes(), &data[..], b"\r\n"].concat()
            }),
            Just(b"0\r\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"A: b\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..8),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_split_gives_what_one_read_gives(
            bytes in plausible(),
            cut in any::<proptest::sample::Index>(),
        ) {
            let cut = cut.index(bytes.len() + 1);
            let whole = run([&bytes[..]]);
            prop_assert_eq!(&run([&bytes[..cut], &bytes[cut..]]), &whole);
            prop_assert_eq!(&run(bytes.chunks(1)), &whole);
        }
    }
}
