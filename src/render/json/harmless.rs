//! Strings of JSON that do a terminal no harm: what it would obey is escaped.

use crate::render::escape;

/// Writes a string with every character that a terminal would obey as `\u....`: the same value to a program, and harmless
/// when the document is read on a terminal.
pub(super) fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    // Nearly all are plain, and no more than looked through once.
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
    } else {
        for char in text.chars() {
            write_char(out, char);
        }
    }
    out.push(b'"');
}

/// Whether a string stands in JSON as it is.
pub(super) fn is_plain(text: &[u8]) -> bool {
    for byte in text {
        if !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\') {
            return false;
        }
    }
    true
}

fn write_char(out: &mut Vec<u8>, char: char) {
    let short = match char {
        '"' | '\\' => char,
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        _ if escape::is_control(char) => {
            for unit in char.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            }
            return;
        }
        _ => return out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    out.extend([b'\\', short as u8]);
}
