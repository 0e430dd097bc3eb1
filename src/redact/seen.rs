//! What a run's secrets are, and every text in which they may stand again.

use std::collections::{HashMap, HashSet};

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD};

use super::field;
use super::find::find;
use super::ranges::{REDACTED, Ranges};
use super::shape::Shape;
use super::view::decoded;
use crate::trace::Header;

/// A value shorter than this is not looked for elsewhere: too much else could be meant.
const SHORTEST: usize = 6;

/// Forms of secrets that are looked for elsewhere at most, and their bytes: a peer may send any number. What is beyond
/// is still taken out where it stands. What was typed is known first.
const MOST: usize = 8_192;
const MOST_BYTES: usize = 4 << 20;

/// Secrets that stood in a place of their own.
#[derive(Debug, Default)]
pub struct Seen {
    /// Parts of URLs, credentials and cookies, in every form they can come back in.
    values: Vec<Vec<u8>>,
    /// Their bytes.
    bytes: usize,
    /// The parts themselves.
    parts: HashSet<Vec<u8>>,
    /// Which values begin like this, in lower case, the longest first; once all is known.
    starts: HashMap<[u8; SHORTEST], Vec<usize>>,
    /// Parts of what was typed as a URL and is none.
    pieces: Vec<Vec<u8>>,
    /// Whole texts that are quoted in sentences, and how they are shown.
    quoted: Vec<(String, String)>,
    /// Host names: public, and never taken for a secret.
    hosts: Vec<String>,
}

impl Seen {
    /// A URL, reference or query: what is secret in it is known from now on.
    pub(super) fn learn(&mut self, text: &str, shape: Shape) {
        let found = find(text.as_bytes(), shape);
        for part in found.of(text.as_bytes()) {
            self.pieces.push(part.to_vec());
            self.value(part);
        }
        if let Some(shown) = cut(text, found) {
            let debug = text.escape_debug().to_string();
            if debug != text {
                self.quoted.push((debug, shown.clone()));
            }
            self.quoted.push((text.to_owned(), shown));
        }
    }

    /// The secret parts of a field.
    pub(super) fn learn_field(&mut self, header: &Header) {
        for part in field::secrets(&header.name, &header.value).of(&header.value) {
            self.value(part);
        }
    }

    /// A secret, the password in it where it is user information, and how they are written elsewhere.
    pub(super) fn value(&mut self, part: &[u8]) {
        // Of less no form is long enough to be looked for: base64 makes six characters of four bytes.
        if part.len() < SHORTEST - 2 || self.values.len() >= MOST || self.bytes + part.len() > MOST_BYTES {
            return;
        }
        if !self.parts.insert(part.to_vec()) {
            return;
        }
        let mut forms = vec![part.to_vec(), decoded(part)];
        for form in [part, &decoded(part)] {
            forms.push(BASE64_NOPAD.encode(form).into_bytes());
            forms.push(BASE64URL_NOPAD.encode(form).into_bytes());
            if let Some(colon) = form.iter().position(|byte| *byte == b':') {
                forms.push(form[colon + 1..].to_vec());
            }
            // Basic credentials: what was sent encoded may come back in the clear.
            forms.extend(BASE64.decode(form).ok().filter(|clear| clear.is_ascii()));
        }
        self.bytes += forms.iter().map(Vec::len).sum::<usize>();
        self.values.extend(forms);
    }

    /// A host's name, which is public.
    pub(super) fn host(&mut self, name: &str) {
        self.hosts.push(name.to_ascii_lowercase());
    }

    /// Once all is known: what could be anything is no secret to look for.
    pub(super) fn settle(&mut self) {
        let Self { values, hosts, quoted, starts, pieces: _, parts: _, bytes: _ } = self;
        let is_telling = |value: &[u8]| {
            let word = value.iter().all(u8::is_ascii_lowercase);
            value.len() >= SHORTEST && (!word || value.len() >= 2 * SHORTEST)
        };
        let lower = |value: &[u8]| String::from_utf8_lossy(value).to_ascii_lowercase();
        values.retain(|value| {
            is_telling(value)
                && value != REDACTED.as_bytes()
                && !hosts.iter().any(|host| host.contains(&lower(value)))
        });
        // The longest first: one may hold another.
        values.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        values.dedup();
        quoted.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        for (index, value) in values.iter().enumerate() {
            starts.entry(start(value)).or_default().push(index);
        }
    }

    /// Every place where a known secret stands, in any case.
    fn known(&self, text: &[u8]) -> Ranges {
        let mut found = Ranges::default();
        if self.starts.is_empty() {
            return found;
        }
        let mut last = 0..0;
        for (at, window) in text.windows(SHORTEST).enumerate() {
            let Some(candidates) = self.starts.get(&start(window)) else { continue };
            let stands = |value: &&Vec<u8>| {
                text[at..].get(..value.len()).is_some_and(|there| there.eq_ignore_ascii_case(value))
            };
            // The longest of them covers the others.
            let Some(value) = candidates.iter().map(|index| &self.values[*index]).find(stands) else {
                continue;
            };
            let end = at + value.len();
            if at <= last.end && !last.is_empty() {
                last.end = end.max(last.end);
            } else {
                found.push(std::mem::replace(&mut last, at..end));
            }
        }
        found.push(last);
        found
    }

    /// A text of the given shape without its secrets.
    pub(super) fn clean(&self, text: &mut String, shape: Shape) {
        let mut found = find(text.as_bytes(), shape);
        found.extend(self.known(text.as_bytes()));
        if let Some(shown) = cut(text, found) {
            *text = shown;
        }
    }

    /// A sentence: what it quotes whole is shown as it is shown elsewhere.
    pub(super) fn sentence(&self, text: &mut String) {
        for (whole, shown) in &self.quoted {
            if text.contains(whole) {
                *text = text.replace(whole, shown);
            }
        }
        self.clean(text, Shape::Sentence);
    }

    /// A sentence about a URL that could not be read: it may quote any piece of it.
    pub(super) fn sentence_on_pieces(&self, text: &mut String) {
        self.sentence(text);
        let is_delimiter = |byte: &u8| b":/\\?#@".contains(byte);
        let is_piece = |quoted: &str| {
            let whole = |piece: &Vec<u8>| piece.split(is_delimiter).any(|part| part == quoted.as_bytes());
            !quoted.is_empty() && self.pieces.iter().any(whole)
        };
        let parts = text.split('`').enumerate();
        let shown: Vec<&str> = parts
            .map(|(index, part)| if index % 2 == 1 && is_piece(part) { REDACTED } else { part })
            .collect();
        *text = shown.join("`");
    }

    /// Sentences.
    pub(super) fn sentences<'a>(&self, texts: impl IntoIterator<Item = &'a mut String>) {
        texts.into_iter().for_each(|text| self.sentence(text));
    }

    /// Bytes that a peer sent.
    pub(super) fn foreign(&self, bytes: &mut Vec<u8>) {
        let mut found = find(bytes, Shape::Foreign);
        found.extend(self.known(bytes));
        if let Some(shown) = found.cut(bytes) {
            *bytes = shown;
        }
    }

    /// A field of a request or a response.
    pub(super) fn field(&self, header: &mut Header) {
        let Header { name, value } = header;
        let mut found = field::secrets(name, value);
        found.extend(self.known(value));
        if let Some(shown) = found.cut(value) {
            *value = shown;
        }
    }
}

/// The first bytes of a value, in lower case; those of a shorter one, filled up, begin nothing.
fn start(value: &[u8]) -> [u8; SHORTEST] {
    let mut start = [0; SHORTEST];
    for (byte, of) in start.iter_mut().zip(value) {
        *byte = of.to_ascii_lowercase();
    }
    start
}

fn cut(text: &str, found: Ranges) -> Option<String> {
    // Secrets begin and end at ASCII, or are strings themselves.
    found.cut(text.as_bytes()).map(|shown| String::from_utf8_lossy(&shown).into_owned())
}
