//! How a document is laid out: as it is, on one line, or with one member a line for eyes.

use std::io::{self, Write};

/// Whether a document is laid out for eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// One member a line.
    Many,
    /// No line ends in it.
    One,
}

/// A document on its way out, piece by piece; a piece may end anywhere.
pub(super) struct Layout<'o> {
    out: &'o mut dyn Write,
    lines: Lines,
    depth: usize,
    within: Within,
}

/// What the last byte was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// The first of a list or an object: what follows may be its end.
    Opened,
    /// Of a string.
    Text,
    /// A backslash in one.
    Escape,
    /// Anything else.
    Else,
}

impl<'o> Layout<'o> {
    pub(super) fn new(lines: Lines, out: &'o mut dyn Write) -> Self {
        Self { out, lines, depth: 0, within: Within::Else }
    }

    /// Writes a piece of a document that has neither spaces nor line ends between its parts.
    pub(super) fn put(&mut self, piece: &[u8]) -> io::Result<()> {
        if self.lines == Lines::One {
            return self.out.write_all(piece);
        }
        let mut laid = Vec::with_capacity(piece.len() * 2);
        for byte in piece {
            self.lay(*byte, &mut laid);
        }
        self.out.write_all(&laid)
    }

    /// Ends the document.
    pub(super) fn end(self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    fn lay(&mut self, byte: u8, laid: &mut Vec<u8>) {
        match (self.within, byte) {
            (Within::Text, b'\\') => self.within = Within::Escape,
            (Within::Text, b'"') => self.within = Within::Else,
            (Within::Text, _) => {}
            (Within::Escape, _) => self.within = Within::Text,
            (before, b'}' | b']') => {
                self.depth = self.depth.saturating_sub(1);
                if before != Within::Opened {
                    self.line(laid);
                }
                self.within = Within::Else;
            }
            (before, byte) => {
                if before == Within::Opened {
                    self.line(laid);
                }
                self.within = match byte {
                    b'"' => Within::Text,
                    b'{' | b'[' => {
                        self.depth += 1;
                        Within::Opened
                    }
                    _ => Within::Else,
                };
            }
        }
        laid.push(byte);
        match (self.within, byte) {
            (Within::Else, b',') => self.line(laid),
            (Within::Else, b':') => laid.push(b' '),
            _ => {}
        }
    }

    /// Begins a line.
    fn line(&self, laid: &mut Vec<u8>) {
        laid.push(b'\n');
        laid.resize(laid.len() + 2 * self.depth, b' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_laid_out_is_as_serde_lays_it_out() {
        let text = r#"{"a":[],"b":{},"c":[1,-2.5,{"d":"e,:[{\"\\"}],"\\":null,"f":[[],[""]],"g":"\u0007"}"#;
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let (one, many) =
            (serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap());
        for length in [1, 2, 7, 1_000] {
            for (lines, wanted) in [(Lines::One, &one), (Lines::Many, &many)] {
                let mut out = Vec::new();
                let mut layout = Layout::new(lines, &mut out);
                one.as_bytes().chunks(length).for_each(|piece| layout.put(piece).unwrap());
                layout.end().unwrap();
                assert_eq!(String::from_utf8(out).unwrap(), format!("{wanted}\n"));
            }
        }
    }
}
