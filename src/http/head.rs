//! HTTP/1 response heads out of a stream of bytes (RFC 9112 §4 and §5). Pure: no I/O, no clock.
//!
//! Reads as browsers do where that is safe: up to four empty lines before the status line, bare LF,
//! folded fields, a version in small letters, a reason right behind its code, spaces before the colon and before the first field, carriage returns inside a line; lines that are no
//! field keep their place, as such. It does not judge fields: see [`framing`](super::framing).

use std::borrow::Cow;

use crate::trace::Header;

/// Empty lines that may come before a status line. RFC 9112 §2.2 allows one; old servers send more.
const MAX_EMPTY_LINES: usize = 4;
/// What is kept of bytes that turn out not to be HTTP.
const OPENING: usize = 64;
/// What stands for a control while a head is parsed.
const FILLER: u8 = 0x80;
/// How every head begins.
const START: &[u8] = b"HTTP/1.";
/// Where its major version stands.
const MAJOR: usize = 5;

/// The caps of one head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes, up to and with the empty line.
    pub(super) bytes: usize,
    /// Fields.
    pub(super) fields: usize,
}

/// A whole head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Minor version: 0 or 1.
    pub(super) minor: u8,
    /// Status code, 100 to 999 by its three digits.
    pub(super) status: u16,
    /// Reason phrase; `None` when empty.
    pub(super) reason: Option<String>,
    /// Fields in wire order, and lines between them that are none.
    pub(super) fields: Vec<Header>,
    /// Size on the wire, empty line included, empty lines before it not.
    pub(super) bytes: usize,
}

/// Why no head can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadError {
    /// The bytes are no HTTP/1 status line.
    NotHttp,
    /// The status line is good, and a later line cannot be read.
    Malformed(&'static str),
    /// More bytes than the limit.
    TooLarge,
    /// More fields than the limit.
    TooManyFields,
}

/// Collects bytes and gives out heads. After an error it must not be used further.
#[derive(Debug)]
pub(super) struct Reader {
    limits: Limits,
    buffer: Vec<u8>,
    opening: Vec<u8>,
    empty_lines: usize,
    /// Everything before this was searched for the end of the head.
    searched: usize,
    status_line: StatusLine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusLine {
    Unread,
    Good,
}

impl Reader {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            buffer: Vec::new(),
            opening: Vec::new(),
            empty_lines: 0,
            searched: 0,
            status_line: StatusLine::Unread,
        }
    }

    /// Takes bytes as they came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = OPENING - self.opening.len();
        self.opening.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole head, or `None` when more bytes are needed.
    pub(super) fn next(&mut self) -> Result<Option<Head>, HeadError> {
        if !self.skip_empty_lines()? {
            return Ok(None);
        }
        // curl and browsers take the name in any case.
        if self.status_line == StatusLine::Unread
            && let Some(name) = self.buffer.get_mut(..MAJOR - 1)
            && name.eq_ignore_ascii_case(&START[..MAJOR - 1])
        {
            name.make_ascii_uppercase();
        }
        // RFC 9110 §2.5: what a later minor version sends is read as the highest that is known.
        if self.status_line == StatusLine::Unread
            && self.buffer.starts_with(START)
            && let Some(minor @ b'2'..=b'9') = self.buffer.get_mut(START.len())
        {
            *minor = b'1';
        }
        // curl and browsers take a greater major version in a text for HTTP/1.1, too: it was not spoken.
        if self.status_line == StatusLine::Unread
            && let [b'H', b'T', b'T', b'P', b'/', version @ ..] = self.buffer.as_mut_slice()
            && let [major @ b'2'..=b'9', b'.', minor @ b'0'..=b'9', b' ', ..] = version
        {
            (*major, *minor) = (b'1', b'1');
        }
        // Everything is judged inside the limit, so that the verdict does not depend on how the
        // bytes happened to be cut into reads.
        let view = &self.buffer[..self.buffer.len().min(self.limits.bytes)];
        if self.status_line == StatusLine::Unread {
            let is_odd =
                |at, byte: &u8| at == MAJOR && view.len() <= MAJOR + 3 && matches!(byte, b'2'..=b'9');
            let is_name = |a: &u8, b| a.eq_ignore_ascii_case(b);
            if !view.iter().zip(START).enumerate().all(|(at, (a, b))| is_name(a, b) || is_odd(at, a)) {
                return Err(HeadError::NotHttp);
            }
            if let Some(end) = view.iter().position(|&byte| byte == b'\n') {
                check_status_line(&apart(without_controls(&view[..=end])))?;
                self.status_line = StatusLine::Good;
            }
        }
        let Some(end) = find_end(view, &mut self.searched) else {
            let full = self.buffer.len() > self.limits.bytes;
            return if full { Err(HeadError::TooLarge) } else { Ok(None) };
        };
        let head = parse(&self.buffer[..end], self.limits.fields)?;
        self.buffer.drain(..head.bytes);
        self.opening.clear();
        self.opening.extend_from_slice(&self.buffer[..self.buffer.len().min(OPENING)]);
        (self.searched, self.empty_lines, self.status_line) = (0, 0, StatusLine::Unread);
        Ok(Some(head))
    }

    /// Whether a byte of the next head is there.
    pub(super) fn has_begun(&self) -> bool {
        self.buffer.iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
    }

    /// Whether lines end in CR CR LF, and with them the empty one that should end the head: what a program in text mode
    /// makes of CR LF on Windows.
    pub(super) fn has_doubled_returns(&self) -> bool {
        self.buffer.windows(4).any(|bytes| bytes == b"\n\r\r\n")
    }

    /// Bytes of the next head so far.
    pub(super) fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// The first bytes of the next head, 64 at most, as they came.
    pub(super) fn opening(&self) -> &[u8] {
        &self.opening
    }

    /// The bytes after the last head.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.buffer
    }

    /// True when the buffer begins with a byte of the status line.
    fn skip_empty_lines(&mut self) -> Result<bool, HeadError> {
        loop {
            let skip = match *self.buffer.as_slice() {
                [b'\n', ..] => 1,
                [b'\r', b'\n', ..] => 2,
                [] | [b'\r'] => return Ok(false),
                [b'\r', _, ..] => return Err(HeadError::NotHttp),
                _ => return Ok(true),
            };
            self.empty_lines += 1;
            if self.empty_lines > MAX_EMPTY_LINES {
                return Err(HeadError::NotHttp);
            }
            self.buffer.drain(..skip);
        }
    }
}

/// The end of the empty line that ends a head. `searched` keeps the work linear in the bytes.
fn find_end(bytes: &[u8], searched: &mut usize) -> Option<usize> {
    while let Some(found) = bytes[*searched..].iter().position(|&byte| byte == b'\n') {
        let line_end = *searched + found;
        match bytes[line_end + 1..] {
            [b'\n', ..] => return Some(line_end + 2),
            [b'\r', b'\n', ..] => return Some(line_end + 3),
            // The line feed must be looked at again when more is there.
            [] | [b'\r'] => {
                *searched = line_end;
                return None;
            }
            _ => *searched = line_end + 1,
        }
    }
    *searched = bytes.len();
    None
}

fn config() -> httparse::ParserConfig {
    let mut config = httparse::ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .allow_space_before_first_header_name(true)
        .ignore_invalid_headers_in_responses(true);
    config
}

fn check_status_line(line: &[u8]) -> Result<(), HeadError> {
    let mut response = httparse::Response::new(&mut []);
    match config().parse_response(&mut response, line) {
        // RFC 9110 §15: three digits, of which the first is 1 to 9.
        Ok(_) | Err(httparse::Error::TooManyHeaders) if response.code.is_none_or(|code| code >= 100) => {
            Ok(())
        }
        _ => Err(HeadError::NotHttp),
    }
}

/// A carriage return alone is read as a blank (RFC 9112 §2.2), and other controls but NUL are no reason to lose a field
/// (RFC 9110 §5.5). The parser takes none of them.
fn without_controls(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_odd = |at: usize| match bytes[at] {
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        b'\t' | b'\n' | 0 => false,
        byte => byte.is_ascii_control(),
    };
    if !(0..bytes.len()).any(is_odd) {
        return bytes.into();
    }
    let taken = |at: usize| match bytes[at] {
        byte if !is_odd(at) => byte,
        b'\r' => b' ',
        // No blank: that would be trimmed at an end.
        _ => FILLER,
    };
    (0..bytes.len()).map(taken).collect()
}

/// A reason that begins right behind its code (`200OK`), apart from it: curl and browsers take the three digits. The first
/// byte of the reason is not what the parser is asked for.
fn apart(mut bytes: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let blanks = bytes.iter().skip(START.len() + 1).take_while(|byte| **byte == b' ').count();
    let code = START.len() + 1 + blanks;
    if let Some([b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', behind]) = bytes.get(code..code + 4)
        && blanks > 0
        && !matches!(behind, b'0'..=b'9' | b' ' | b'\r' | b'\n' | 0)
    {
        bytes.to_mut()[code + 3] = b' ';
    }
    bytes
}

fn parse(raw: &[u8], max_fields: usize) -> Result<Head, HeadError> {
    let clean = without_controls(raw);
    let reason = reason(&clean);
    let bytes = &*apart(clean);
    // No head has more fields than lines: most need few, and 1000 slots cost 32 kB to fill.
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
    let mut slots = vec![httparse::EMPTY_HEADER; lines.min(max_fields)];
    let mut response = httparse::Response::new(&mut slots);
    let size = match config().parse_response(&mut response, bytes) {
        Ok(httparse::Status::Complete(size)) => size,
        Ok(httparse::Status::Partial) => return Err(HeadError::Malformed("it ends too early")),
        Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooManyFields),
        Err(httparse::Error::HeaderName) => return Err(HeadError::Malformed("a bad byte in a field name")),
        Err(httparse::Error::HeaderValue) => return Err(HeadError::Malformed("a NUL byte in a field value")),
        Err(httparse::Error::NewLine) => {
            return Err(HeadError::Malformed("a carriage return without line feed"));
        }
        Err(_) => return Err(HeadError::NotHttp),
    };
    let (Some(minor), Some(status @ 100..)) = (response.version, response.code) else {
        return Err(HeadError::NotHttp);
    };
    // A line of blanks behind the status line ends the head for the parser: what follows is none of it.
    let fields = lines_of((raw, &bytes[..size]), response.headers);
    Ok(Head { minor, status, reason, fields, bytes: size })
}

/// Every line behind the first: as the field that begins on it, or as it is. `fields` lie in `bytes`, which are
/// `raw` but for controls.
fn lines_of((raw, bytes): (&[u8], &[u8]), fields: &[httparse::Header<'_>]) -> Vec<Header> {
    let mut left = fields.iter().peekable();
    let mut found: Vec<Header> = Vec::with_capacity(fields.len());
    let mut end = 0;
    for (number, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        end += line.len();
        // Where a name or a value stands in the head: it is a part of it.
        let place = |part: &[u8]| (part.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
        if let Some(field) = left.next_if(|field| place(field.name.as_bytes()) < end) {
            let came = place(field.value)..place(field.value).saturating_add(field.value.len());
            let value = unfold(field.value, raw.get(came).unwrap_or(field.value));
            found.push(Header { name: field.name.to_owned(), value });
            continue;
        }
        let text = raw.get(end - line.len()..end).unwrap_or(line).trim_ascii_end();
        // A folded line is part of the field before it.
        let folded = matches!(line, [b' ' | b'\t', ..]) && found.last().is_some_and(Header::is_readable);
        if number > 0 && !text.is_empty() && !folded {
            found.push(Header::unreadable(text.to_vec()));
        }
    }
    found
}

/// RFC 9112 §5.2: a fold is read as spaces. `came` has its controls still.
fn unfold(value: &[u8], came: &[u8]) -> Vec<u8> {
    let is_fold = |byte: &u8| matches!(byte, b'\r' | b'\n');
    value.iter().zip(came).map(|(byte, came)| if is_fold(byte) { b' ' } else { *came }).collect()
}

/// The reason phrase from the bytes, because `httparse` drops one that is not ASCII.
fn reason(bytes: &[u8]) -> Option<String> {
    let line = bytes.split(|&byte| byte == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let after_version = line.get(START.len() + 1..)?.trim_ascii_start();
    let reason = after_version.get(3..)?.trim_ascii();
    (!reason.is_empty()).then(|| String::from_utf8_lossy(reason).into_owned())
}

/// Reads a block of trailer fields that ends with an empty line (RFC 9112 §7.1.2).
pub(super) fn parse_trailers(block: &[u8], max_fields: usize) -> Result<Vec<Header>, HeadError> {
    // They are read like the fields of a head.
    parse(&[b"HTTP/1.1 200 OK\r\n", block].concat(), max_fields).map(|head| head.fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { bytes: 256, fields: 4 };

    /// Everything the reader gives for input that comes in these pieces.
    fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Head>, Option<HeadError>, Vec<u8>) {
        let mut reader = Reader::new(LIMITS);
        let mut heads = Vec::new();
        for piece in pieces {
            reader.push(piece);
            loop {
                match reader.next() {
                    Ok(Some(head)) => heads.push(head),
                    Ok(None) => break,
                    Err(error) => return (heads, Some(error), Vec::new()),
                }
            }
        }
        (heads, None, reader.into_rest())
    }

    fn one(bytes: &[u8]) -> Result<Option<Head>, HeadError> {
        let mut reader = Reader::new(LIMITS);
        reader.push(bytes);
        reader.next()
    }

    /// Found by fuzzing: those lines were told as fields, and read again as what follows.
    #[test]
    fn what_stands_behind_a_line_of_blanks_is_no_field_of_the_head() {
        let mut reader = Reader::new(Limits { bytes: 4_096, fields: 32 });
        reader.push(b"HTTP/1.1 200 OK\r\n\t\nA: b\r\n\r\n");
        let head = reader.next().unwrap().unwrap();
        assert_eq!((head.bytes, head.fields.len()), (19, 0));
        assert_eq!(reader.into_rest(), b"A: b\r\n\r\n");
    }

    #[test]
    fn keeps_order_case_and_repeats() {
        let head = one(b"HTTP/1.1 200 All is well\r\nSet-Cookie: a\r\nX-y:  b \r\nset-cookie: c\r\n\r\nbody");
        let head = head.unwrap().unwrap();
        assert_eq!((head.minor, head.status, head.reason.as_deref()), (1, 200, Some("All is well")));
        let fields: Vec<_> = head.fields.iter().map(|f| (f.name.as_str(), f.text())).collect();
        assert_eq!(fields, [("Set-Cookie", "a".into()), ("X-y", "b".into()), ("set-cookie", "c".into())]);
        assert_eq!(head.bytes, 68);
    }

    #[test]
    fn reads_what_browsers_read() {
        let folded = one(b"\r\n\n\r\n\nHTTP/1.0 404\nA : b\n\tc\nno field\nD:\xfc\n\n").unwrap().unwrap();
        assert_eq!((folded.minor, folded.status, folded.reason), (0, 404, None));
        assert_eq!(folded.fields[0].value, b"b \tc");
        let lines: Vec<_> = folded.fields.iter().map(|field| (field.is_readable(), field.text())).collect();
        assert_eq!(lines[1..], [(false, "no field".into()), (true, "\u{fffd}".into())]);
        let latin = one(b"HTTP/1.1 200 Gr\xfc\xdfe\r\n\r\n").unwrap().unwrap();
        assert_eq!(latin.reason.as_deref(), Some("Gr\u{fffd}\u{fffd}e"));
    }

    #[test]
    fn a_later_minor_version_is_read_as_the_highest_that_is_known() {
        for (bytes, minor) in [
            (&b"HTTP/1.0 200 OK\r\n\r\n"[..], 0),
            (b"HTTP/1.1 200 OK\r\n\r\n", 1),
            (b"HTTP/1.2 200 OK\r\n\r\n", 1),
            (b"HTTP/1.9 200 OK\r\n\r\n", 1),
            (b"HTTP/2.0 200 OK\r\n\r\n", 1),
        ] {
            assert_eq!(one(bytes).unwrap().map(|head| (head.minor, head.status)), Some((minor, 200)));
        }
        for bytes in [b"HTTP/1.2 200 OK\r\n\r\n", b"HTTP/2.0 200 OK\r\n\r\n"] {
            let (heads, error, _) = run(bytes.chunks(1));
            assert_eq!((heads.len(), error), (1, None));
        }
    }

    /// What curl 7.88 and Chrome take.
    #[test]
    fn a_status_line_is_read_as_far_as_its_code() {
        for (line, minor, status, reason) in [
            ("http/1.1 200 OK", 1, 200, Some("OK")),
            ("Http/1.0 404 Gone", 0, 404, Some("Gone")),
            ("HTTP/1.1 200OK", 1, 200, Some("OK")),
            ("HTTP/1.1  200-OK", 1, 200, Some("-OK")),
            ("HTTP/1.1 200.1 Odd", 1, 200, Some(".1 Odd")),
            ("HTTP/1.1 200", 1, 200, None),
            ("HTTP/1.1  200 OK", 1, 200, Some("OK")),
        ] {
            let bytes = format!("{line}\r\nA: b\r\n\r\n");
            let (heads, error, _) = run(bytes.as_bytes().chunks(1));
            assert_eq!(error, None, "{line}");
            let found = (heads[0].minor, heads[0].status, heads[0].reason.as_deref());
            assert_eq!((found, heads[0].fields.len()), ((minor, status, reason), 1), "{line}");
        }
        for line in
            ["HTTP/1.1 2000 OK", "HTTP/1.1 20 OK", "HTTP/1.1200 OK", "HTTP/1.1 099 Odd", "HTTP 200 OK"]
        {
            assert_eq!(one(format!("{line}\r\n\r\n").as_bytes()), Err(HeadError::NotHttp), "{line}");
        }
    }

    #[test]
    fn no_line_is_lost() {
        type Row<'a> = (&'a [u8], &'a [(&'a str, &'a str)]);
        let table: [Row<'_>; 5] = [
            (
                b" Location: /next\r\nContent-Length: 0\r\n\r\n",
                &[("Location", "/next"), ("Content-Length", "0")],
            ),
            (b"\t  Transfer-Encoding: chunked\n\n", &[("Transfer-Encoding", "chunked")]),
            (
                b"PHP Warning:  foo in /x\r\nA: b\r\nno colon\r\n folded\r\nC: d\r\n\r\n",
                &[("", "PHP Warning:  foo in /x"), ("A", "b"), ("", "no colon"), ("", " folded"), ("C", "d")],
            ),
            (b"A: b\r\n c\r\n(x): y\r\n\r\n", &[("A", "b   c"), ("", "(x): y")]),
            (b": y\r\n\r\n", &[("", ": y")]),
        ];
        for (lines, wanted) in table {
            let head = one(&[b"HTTP/1.1 302 Found\r\n", lines].concat()).unwrap().unwrap();
            let found: Vec<_> = head.fields.iter().map(|f| (f.name.as_str(), f.text())).collect();
            let wanted: Vec<_> = wanted.iter().map(|(name, value)| (*name, (*value).into())).collect();
            assert_eq!(found, wanted, "{}", String::from_utf8_lossy(lines));
        }
    }

    #[test]
    fn a_carriage_return_inside_a_line_is_kept_and_read_as_a_blank() {
        let head = b"HTTP/1.1 200 O\rK\r\nA: b\rSet-Cookie: c\r\nB: 1\r\r\nC: d\r\n\te\rf\r\nD\r: g\r\n\r\n";
        let found = one(head).unwrap().unwrap();
        assert_eq!((found.status, found.reason.as_deref()), (200, Some("O K")));
        let fields: Vec<_> = found.fields.iter().map(|f| (f.name.as_str(), f.text(), f.meant())).collect();
        let wanted = [
            ("A", "b\rSet-Cookie: c", "b Set-Cookie: c"),
            ("B", "1", "1"),
            ("C", "d  \te\rf", "d  \te f"),
            ("D", "g", "g"),
        ];
        assert_eq!(fields, wanted.map(|(name, text, read)| (name, text.into(), read.into())));
        assert_eq!(found.bytes, head.len());
        let (heads, error, _) = run(head.chunks(1));
        assert_eq!((heads.len(), error), (1, None));
    }

    #[test]
    fn a_control_loses_no_field() {
        let found =
            one(b"HTTP/1.1 302 Found\r\nLocation: /a\x01b\r\nA: \x7f\r\nx\x02y: z\r\n\r\n").unwrap().unwrap();
        let fields: Vec<_> = found.fields.iter().map(|f| (f.name.as_str(), f.text())).collect();
        assert_eq!(fields[..2], [("Location", "/a\u{1}b".into()), ("A", "\u{7f}".into())]);
        assert_eq!(fields[2], ("", "x\u{2}y: z".into()), "the whole line, where it is none");
    }

    #[test]
    fn names_what_is_not_a_head() {
        let many = b"HTTP/1.1 200 OK\r\na:1\r\nb:2\r\nc:3\r\nd:4\r\ne:5\r\n\r\n";
        let endless = [&b"HTTP/1.1 200 OK\r\nx: "[..], &[b'y'; 300]].concat();
        let table: [(&[u8], HeadError); 11] = [
            (b"S", HeadError::NotHttp),
            (b"SSH-2.0-OpenSSH_9.6\r\n", HeadError::NotHttp),
            (b"HTTP/2 200\r\n", HeadError::NotHttp),
            (b"HTTP/1.1 abc\r\n", HeadError::NotHttp),
            (b"HTTP/1.x 200 OK\r\n", HeadError::NotHttp),
            (b"HTTP/1.1 000 Odd\r\n\r\n", HeadError::NotHttp),
            (b"\n\n\n\n\nHTTP/1.1 200 OK\r\n\r\n", HeadError::NotHttp),
            (b"\rHTTP/1.1 200 OK\r\n\r\n", HeadError::NotHttp),
            (b"HTTP/1.1 200 OK\r\na: \x00\r\n\r\n", HeadError::Malformed("a NUL byte in a field value")),
            (many, HeadError::TooManyFields),
            (&endless, HeadError::TooLarge),
        ];
        for (bytes, error) in table {
            assert_eq!(one(bytes), Err(error), "{}", String::from_utf8_lossy(bytes));
        }
        for prefix in 1..b"HTTP/1.1 200 OK\r\n".len() {
            assert_eq!(one(&b"HTTP/1.1 200 OK\r\n"[..prefix]), Ok(None));
        }
    }

    #[test]
    fn gives_heads_one_after_another_and_the_rest() {
        let bytes = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody";
        let (heads, error, rest) = run([&bytes[..]]);
        assert_eq!(heads.iter().map(|head| head.status).collect::<Vec<_>>(), [103, 200]);
        assert_eq!(error, Some(HeadError::NotHttp), "the body is no head: {rest:?}");
    }

    /// Bytes that reach deep into the reader more often than random ones.
    fn plausible() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b"HTTP/1.1 200 OK\r\n".to_vec()),
            Just(b"HTTP/1.0 103 Early\n".to_vec()),
            Just(b"Name: value\r\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"\n".to_vec()),
            Just(b" fold\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..24),
            proptest::collection::vec(Just(b'y'), 0..300),
        ];
        proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_split_gives_what_one_read_gives(
            bytes in plausible(),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
        ) {
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            ends.push(bytes.len());
            ends.sort_unstable();
            let mut start = 0;
            let mut pieces = Vec::new();
            for end in ends {
                pieces.push(&bytes[start..end]);
                start = end;
            }
            let whole = run([&bytes[..]]);
            prop_assert_eq!(run(pieces), whole.clone());
            prop_assert_eq!(run(bytes.chunks(1)), whole);
        }
    }
}
