//! Numbers in the words of a failure message: sizes, times, bytes that are no text.
//!
//! Only for messages; reports and JSON format for themselves.

use std::fmt::Write as _;
use std::time::Duration;

/// `1 byte`, `999 bytes`, `1.2 kB`, `3.4 MB`, `5.6 GB`; decimal units.
pub(super) fn size(bytes: u64) -> String {
    let scaled = |unit: u64, name: &str| {
        let tenths = (u128::from(bytes) * 10 / u128::from(unit)).min(u128::from(u64::MAX));
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    };
    match bytes {
        1 => "1 byte".to_owned(),
        0..=999 => format!("{bytes} bytes"),
        1_000..=999_999 => scaled(1_000, "kB"),
        1_000_000..=999_999_999 => scaled(1_000_000, "MB"),
        _ => scaled(1_000_000_000, "GB"),
    }
}

/// `0.2 ms`, `250.0 ms`, `5.0 s`.
pub(super) fn time(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{:.1} ms", duration.as_secs_f64() * 1e3)
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

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
        let sizes =
            [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_000, "1.0 kB"), (1_250_000, "1.2 MB")];
        for (bytes, text) in sizes {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(size(u64::MAX), "18446744073.7 GB");
        assert_eq!(time(Duration::from_micros(240)), "0.2 ms");
        assert_eq!(time(Duration::from_millis(5_040)), "5.0 s");
        assert_eq!(limit(Duration::from_secs(5)), "5 s");
        assert_eq!(limit(Duration::from_millis(1_500)), "1.5 s");
        assert_eq!(limit(Duration::from_millis(200)), "200 ms");
        assert_eq!(escape(b"a\r\n\x1b[0m\\\xff"), "a\\r\\n\\x1b[0m\\\\\\xff");
    }
}
