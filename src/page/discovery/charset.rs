//! Bytes of a document to text, piece by piece: UTF-8, UTF-16 and Latin-1, which the web's other names for it are, too.
//!
//! Markup is ASCII in all charsets of the web but UTF-16. Of those that are not known here its letters beyond ASCII
//! stay unread, and a URL that holds some is told and not asked for.

use std::borrow::Cow;

use crate::trace::CharsetSource;

/// How bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    Utf16Little,
    Utf16Big,
    Latin1,
    /// One that is not known here.
    Other,
}

/// What the labels of charsets begin with that are not known here (Encoding standard, section 4.2).
const OTHERS: [&str; 37] = [
    "arabic", "asmo-708", "big5", "chinese", "cn-big5", "cp1", "cp8", "csbig5", "cseuc", "csgb", "csibm",
    "csiso", "csko", "cskoi8", "csks", "csmac", "csshift", "cyrillic", "dos-874", "ecma-", "elot_", "euc-",
    "gb", "greek", "hebrew", "hz-gb", "ibm8", "iso-", "iso8859", "iso_8859", "koi", "korean", "ks", "mac",
    "ms", "shift", "sjis",
];
/// The same, whole or in part.
const MORE_OTHERS: [&str; 13] = [
    "866",
    "l2",
    "l3",
    "l4",
    "l5",
    "l6",
    "l9",
    "latin",
    "logical",
    "sun_eu_greek",
    "tis-620",
    "visual",
    "windows-",
];

impl Charset {
    /// The charset of a label (Encoding standard, section 4.2), as far as they are told apart here; none of a word that
    /// is no label, which browsers do not heed.
    pub(super) fn of(label: &str) -> Option<Self> {
        let label = label.trim().to_ascii_lowercase();
        Some(match label.as_str() {
            "unicode-1-1-utf-8" | "unicode11utf8" | "unicode20utf8" | "utf-8" | "utf8"
            | "x-unicode20utf8" => Self::Utf8,
            "csunicode" | "iso-10646-ucs-2" | "ucs-2" | "unicode" | "unicodefeff" | "utf-16" | "utf-16le" => {
                Self::Utf16Little
            }
            "unicodefffe" | "utf-16be" => Self::Utf16Big,
            "ansi_x3.4-1968" | "ascii" | "cp1252" | "cp819" | "csisolatin1" | "ibm819" | "iso-8859-1"
            | "iso-ir-100" | "iso8859-1" | "iso88591" | "iso_8859-1" | "iso_8859-1:1987" | "l1"
            | "latin1" | "us-ascii" | "windows-1252" | "x-cp1252" => Self::Latin1,
            other => {
                let other = other.strip_prefix("x-").unwrap_or(other);
                let known = OTHERS.iter().chain(&MORE_OTHERS).any(|begin| other.starts_with(begin));
                return known.then_some(Self::Other);
            }
        })
    }
}

/// Reads a document's bytes.
pub(super) struct Decoder {
    charset: Charset,
    pub(super) named: (String, CharsetSource),
    /// Bytes of a character that is not whole yet.
    left: Vec<u8>,
    /// What may be the begin of a mark.
    first: Vec<u8>,
    begun: bool,
}

impl Decoder {
    /// For a document whose Content-Type names a charset, or none.
    pub(super) fn new(field: Option<&str>) -> Self {
        let told = field.and_then(|name| Some((Charset::of(name)?, name.trim().to_ascii_lowercase())));
        let (charset, named) = match told {
            Some((charset, name)) => (charset, (name, CharsetSource::Field)),
            // What browsers take for it where nobody says anything, in the languages of most pages.
            None => (Charset::Latin1, ("windows-1252".to_owned(), CharsetSource::Assumed)),
        };
        Self { charset, named, left: Vec::new(), first: Vec::new(), begun: false }
    }

    pub(super) const fn charset(&self) -> Charset {
        self.charset
    }

    /// What a meta element says: heard where nobody has said it before. It cannot mean UTF-16, in which it could not
    /// have been read (HTML, section 13.2.3.2).
    pub(super) fn heard(&mut self, name: &str) {
        if self.named.1 != CharsetSource::Assumed {
            return;
        }
        self.charset = match Charset::of(name) {
            Some(Charset::Utf16Little | Charset::Utf16Big) => Charset::Utf8,
            Some(charset) => charset,
            None => return,
        };
        self.named = (name.trim().to_ascii_lowercase(), CharsetSource::Meta);
    }

    /// How many bytes one unit of the text has that `>` is sought in.
    pub(super) const fn unit(&self) -> usize {
        if matches!(self.charset, Charset::Utf16Little | Charset::Utf16Big) { 2 } else { 1 }
    }

    /// Looks for a byte order mark at the start of the document, and gives its length and the bytes to decode. It beats
    /// every word (Encoding standard, section 6). What may be the begin of one waits for the rest.
    pub(super) fn begin<'b>(&mut self, bytes: &'b [u8]) -> (usize, Cow<'b, [u8]>) {
        if self.begun || bytes.is_empty() {
            return (0, bytes.into());
        }
        let mut all: Cow<'b, [u8]> = bytes.into();
        if !self.first.is_empty() {
            all = [std::mem::take(&mut self.first).as_slice(), bytes].concat().into();
        }
        let (charset, name, length) = match &*all {
            [0xef, 0xbb, 0xbf, ..] => (Charset::Utf8, "utf-8", 3),
            [0xff, 0xfe, ..] => (Charset::Utf16Little, "utf-16le", 2),
            [0xfe, 0xff, ..] => (Charset::Utf16Big, "utf-16be", 2),
            [0xef] | [0xef, 0xbb] | [0xff] | [0xfe] => {
                self.first = all.into_owned();
                return (0, Cow::default());
            }
            _ => {
                self.begun = true;
                return (0, all);
            }
        };
        self.begun = true;
        self.charset = charset;
        self.named = (name.to_owned(), CharsetSource::ByteOrderMark);
        (length, all[length..].to_vec().into())
    }

    /// The text of the next bytes; a character that is cut by their end waits for the rest of it.
    pub(super) fn decode(&mut self, bytes: &[u8]) -> String {
        let all: Cow<'_, [u8]> = if self.left.is_empty() {
            bytes.into()
        } else {
            let mut all = std::mem::take(&mut self.left);
            all.extend_from_slice(bytes);
            all.into()
        };
        let (text, used) = match self.charset {
            Charset::Utf8 => {
                let used = all.len() - cut_of_utf8(&all);
                (String::from_utf8_lossy(&all[..used]).into_owned(), used)
            }
            Charset::Utf16Little | Charset::Utf16Big => {
                let used = all.len() / 2 * 2;
                let unit = |pair: &[u8]| {
                    let pair = [pair[0], pair[1]];
                    if self.charset == Charset::Utf16Big {
                        u16::from_be_bytes(pair)
                    } else {
                        u16::from_le_bytes(pair)
                    }
                };
                let units = all[..used].chunks_exact(2).map(unit);
                (char::decode_utf16(units).map(|char| char.unwrap_or('\u{fffd}')).collect(), used)
            }
            Charset::Latin1 | Charset::Other => (all.iter().map(|byte| latin(*byte)).collect(), all.len()),
        };
        self.left = all[used..].to_vec();
        text
    }
}

/// What windows-1252 has from 0x80 on, where Latin-1 has control characters, which five of them stay (Encoding
/// standard, index windows-1252).
const OF_WINDOWS: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2c6}',
    '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}', '\u{2018}',
    '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}',
    '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}', '\u{178}',
];

fn latin(byte: u8) -> char {
    byte.checked_sub(0x80).and_then(|at| OF_WINDOWS.get(usize::from(at))).copied().unwrap_or(char::from(byte))
}

/// The bytes of a text in windows-1252; what it has no byte for is none of these.
pub(super) fn latin_bytes(text: &str) -> Vec<u8> {
    let byte = |char: char| {
        let of_windows = OF_WINDOWS.iter().position(|own| *own == char);
        let byte = of_windows.and_then(|at| u8::try_from(at + 0x80).ok());
        byte.or_else(|| u8::try_from(u32::from(char)).ok()).unwrap_or(b'?')
    };
    text.chars().map(byte).collect()
}

/// How many bytes at the end begin a character that is not whole.
fn cut_of_utf8(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let byte = bytes[bytes.len() - back];
        let needs = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return 0,
        };
        return if needs > back { back } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(field: Option<&str>, pieces: &[&[u8]]) -> (String, Decoder) {
        let mut decoder = Decoder::new(field);
        let mut text = String::new();
        for piece in pieces {
            let (_, piece) = decoder.begin(piece);
            text.push_str(&decoder.decode(&piece));
        }
        (text, decoder)
    }

    #[test]
    fn characters_may_be_cut_anywhere() {
        let whole = "aä€𝄞z".as_bytes();
        for at in 0..=whole.len() {
            assert_eq!(text(Some("UTF-8"), &[&whole[..at], &whole[at..]]).0, "aä€𝄞z", "cut at {at}");
        }
        assert_eq!(text(Some("utf-8"), &[b"a\xffb"]).0, "a\u{fffd}b");
        assert_eq!(text(None, &[b"\x80\x9c\x81\xe9"]).0, "\u{20ac}\u{153}\u{81}\u{e9}");
        assert_eq!(latin_bytes("\u{20ac}\u{153}\u{81}\u{e9}\u{4e00}"), b"\x80\x9c\x81\xe9?");
        let utf16: Vec<u8> =
            std::iter::once(0xfeff_u16).chain("<é>".encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let (read, decoder) = text(Some("utf-8"), &[&utf16]);
        assert_eq!((read.as_str(), decoder.charset), ("<é>", Charset::Utf16Big), "a mark beats the field");
        let bytes: Vec<&[u8]> = utf16.chunks(1).collect();
        assert_eq!(text(Some("utf-8"), &bytes).0, "<é>", "however it is cut");
        assert_eq!(text(Some("utf-8"), &[b"\xef", b"\xbb", b"\xbfa"]).0, "a");
        assert_eq!(text(None, &[b"\xef", b"\xbb", b"a"]).0, "\u{ef}\u{bb}a", "no mark after all");
    }

    #[test]
    fn labels_are_those_of_the_standard() {
        for (label, charset) in [
            (" UTF-8\n", Some(Charset::Utf8)),
            ("utf8mb4", None),
            ("utf-7", None),
            ("none", None),
            ("", None),
            ("ISO_8859-1", Some(Charset::Latin1)),
            ("iso-8859-2", Some(Charset::Other)),
            ("x-sjis", Some(Charset::Other)),
            ("GBK", Some(Charset::Other)),
            ("windows-1251", Some(Charset::Other)),
            ("x-mac-cyrillic", Some(Charset::Other)),
            ("utf-16", Some(Charset::Utf16Little)),
        ] {
            assert_eq!(Charset::of(label), charset, "{label}");
        }
        let mut decoder = Decoder::new(Some("utf8mb4"));
        assert_eq!((decoder.charset, decoder.named.1), (Charset::Latin1, CharsetSource::Assumed));
        decoder.heard("utf8mb4");
        decoder.heard("utf-8");
        assert_eq!(decoder.charset, Charset::Utf8, "a word that is no label is not heeded");
    }

    #[test]
    fn a_meta_element_is_heard_where_nobody_has_spoken() {
        let mut decoder = Decoder::new(None);
        decoder.heard("Shift_JIS");
        assert_eq!((decoder.charset, decoder.named.1), (Charset::Other, CharsetSource::Meta));
        decoder.heard("utf-8");
        assert_eq!(decoder.charset, Charset::Other, "the first one counts");
        let mut decoder = Decoder::new(Some("ISO-8859-1"));
        decoder.heard("utf-8");
        assert_eq!((decoder.charset, decoder.named.1), (Charset::Latin1, CharsetSource::Field));
        let mut decoder = Decoder::new(None);
        decoder.heard("utf-16");
        assert_eq!(decoder.charset, Charset::Utf8);
    }
}
