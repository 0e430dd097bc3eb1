//! What failure messages need beside [`crate::units`]: limits as they were given, bytes that are no
//! text.

use std::fmt::Write as _;
use std::time::Duration;

/// A limit as it was given: `5 s`, `1.5 s`, `200 ms`.
pub(super) fn limit(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{} s", duration.as_secs_f64())
    }
}

/// Bytes as one line of ASCII: text as it is, everything else as `\r`, `\n` or `\x1b`.
pub(super) fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\\' => text.push_str("\\\\"),
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
    fn numbers_read_well() {
        assert_eq!(limit(Duration::from_secs(5)), "5 s");
        assert_eq!(limit(Duration::from_millis(1_500)), "1.5 s");
        assert_eq!(limit(Duration::from_millis(200)), "200 ms");
        assert_eq!(escape(b"a\r\n\x1b[0m\\\xff"), "a\\r\\n\\x1b[0m\\\\\\xff");
    }
}
