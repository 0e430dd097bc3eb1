//! A text with its percent-encoding undone (RFC 3986 §2.1), also where it was done several times, and
//! the way back to the bytes as they stand: a URL inside a query is read like any other.

use std::ops::Range;

/// The decoded bytes and where each begins in the text.
pub(super) struct View {
    bytes: Vec<u8>,
    /// One more than there are bytes: the last is the text's end.
    starts: Vec<usize>,
}

impl View {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut view = Self { bytes: Vec::with_capacity(text.len()), starts: Vec::with_capacity(text.len()) };
        let mut at = 0;
        while let Some(first) = text.get(at) {
            let (byte, length) = encoded(&text[at..]).unwrap_or((*first, 1));
            view.bytes.push(byte);
            view.starts.push(at);
            at += length;
        }
        view.starts.push(at);
        view
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a byte stands in the text as itself.
    pub(super) fn is_plain(&self, index: usize) -> bool {
        self.starts[index + 1] - self.starts[index] == 1
    }

    /// Where a part of the view stands in the text.
    pub(super) fn range(&self, part: Range<usize>) -> Range<usize> {
        self.starts[part.start]..self.starts[part.end]
    }
}

/// `%40`, `%2540`, `%252540`: the byte and the length of its form.
fn encoded(text: &[u8]) -> Option<(u8, usize)> {
    if text.first() != Some(&b'%') {
        return None;
    }
    let mut at = 1;
    loop {
        let byte = hex(text.get(at..at + 2)?)?;
        if byte == b'%' && text.get(at + 2..at + 4).is_some_and(|pair| hex(pair).is_some()) {
            at += 2;
            continue;
        }
        return Some((byte, at + 2));
    }
}

fn hex(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let [high, low] = pair else { return None };
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// The text with its percent-encoding undone.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    View::of(text).bytes
}
