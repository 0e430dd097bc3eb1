//! What failure messages need beside [`crate::units`]: bytes that are no text.

use std::fmt::Write as _;

/// Bytes as one line of ASCII, to stand in backticks: text as it is, everything else as `\r`, `\n` or `\x1b`.
pub(super) fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\\' => text.push_str("\\\\"),
            // What others said stands in these.
            b'`' => text.push_str("\\x60"),
            b' '..=b'~' => text.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(text, "\\x{byte:02x}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_bytes_stays_a_line() {
        assert_eq!(escape(b"a\r\n\x1b[0m\\`\xff"), "a\\r\\n\\x1b[0m\\\\\\x60\\xff");
    }
}
