//! The key of a WebSocket's upgrade, and the proof that it was read (RFC 6455 §1.3).

use data_encoding::BASE64;
use sha1::{Digest as _, Sha1};

/// What a server proves itself by.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Random bytes, which masks and keys have to be (§5.3, §4.1); zeros where the system has none.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let _ = rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes);
    bytes
}

/// A value for Sec-WebSocket-Key.
pub(super) fn key() -> String {
    BASE64.encode(&random::<16>())
}

/// The Sec-WebSocket-Accept that proves that a key was read (§4.2.2).
pub(crate) fn accept(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(GUID);
    BASE64.encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_that_of_the_standard() {
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(BASE64.decode(key().as_bytes()).unwrap().len(), 16);
        assert_ne!(key(), key());
    }
}
