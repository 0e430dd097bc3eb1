//! JSON that does a terminal no harm: what it would obey is escaped.

use std::io::{self, Write};

use crate::render::escape;

/// Writes a piece of a string with every character that a terminal would obey as `\u....`: the same value to a program,
/// and harmless when the document is read on a terminal.
pub(super) fn write_harmless<W: Write + ?Sized>(out: &mut W, fragment: &str) -> io::Result<()> {
    // Nearly all are plain, and no more than looked through once.
    if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return out.write_all(fragment.as_bytes());
    }
    let mut plain = 0;
    for (at, char) in fragment.char_indices().filter(|(_, char)| escape::is_control(*char)) {
        out.write_all(&fragment.as_bytes()[plain..at])?;
        for unit in char.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        plain = at + char.len_utf8();
    }
    out.write_all(&fragment.as_bytes()[plain..])
}
