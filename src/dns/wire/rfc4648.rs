//! Base16, base64 and base32hex (RFC 4648) in the forms of zone files.

use data_encoding::{BASE32HEX_NOPAD, BASE64, HEXUPPER};

/// How many digits stand together before a space, as in BIND.
const WORD: usize = 56;

pub(crate) fn hex_words(bytes: &[u8]) -> String {
    words(&HEXUPPER.encode(bytes))
}

pub(crate) fn base64_words(bytes: &[u8]) -> String {
    words(&BASE64.encode(bytes))
}

/// A hashed owner name, RFC 5155 §3.3.
pub(crate) fn base32hex(bytes: &[u8]) -> String {
    BASE32HEX_NOPAD.encode(bytes)
}

/// The hash in an owner name; `None` when its first label is none.
pub(crate) fn from_base32hex(label: &[u8]) -> Option<Vec<u8>> {
    BASE32HEX_NOPAD.decode(&label.to_ascii_uppercase()).ok()
}

fn words(digits: &str) -> String {
    let ends = (0..digits.len()).step_by(WORD).map(|from| (from, digits.len().min(from + WORD)));
    ends.filter_map(|(from, to)| digits.get(from..to)).collect::<Vec<_>>().join(" ")
}
