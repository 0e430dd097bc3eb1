//! QPACK, done and undone without its dynamic table (RFC 9204). Pure: fields in, block out, and back.
//!
//! We announce a table of no bytes, so that no block can refer to one, and none waits for another stream.
//! Strings and numbers are HPACK's. Nothing is judged: see [`rules`](super::rules).

use super::hpack::{Huffman, Malformed, integer};
use crate::trace::Header;

/// What each entry counts beside its bytes (RFC 9114 §4.2.2).
const OVERHEAD: usize = 32;
/// Fields whose values no one on the way may keep (RFC 9204 §7.1.3).
const SECRET: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// Why a block cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is broken.
    Malformed,
    /// It refers to the dynamic table.
    Dynamic,
}

impl From<Malformed> for Unreadable {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// The fields of a block in wire order, as far as they fit into `room` bytes (their overhead counted).
pub(super) fn decode(block: &[u8], room: usize) -> Result<Vec<Header>, Unreadable> {
    let mut bytes = block;
    // §4.5.1: how many entries of the dynamic table it needs, and from where they are counted.
    if integer(&mut bytes, 8)? != 0 {
        return Err(Unreadable::Dynamic);
    }
    // §4.5.1.2: counted from none, nothing is before it.
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        return Err(Unreadable::Malformed);
    }
    integer(&mut bytes, 7)?;
    let huffman = Huffman::new();
    let (mut fields, mut used) = (Vec::new(), 0);
    while let Some(&first) = bytes.first() {
        let (name, value) = match first {
            // Indexed, of the static table.
            0xc0.. => {
                let (name, value) = STATIC.get(integer(&mut bytes, 6)?).ok_or(Malformed)?;
                (name.as_bytes().to_vec(), value.as_bytes().to_vec())
            }
            // A name of the static table, and a value.
            0x50..=0x5f | 0x70..=0x7f => {
                let (name, _) = STATIC.get(integer(&mut bytes, 4)?).ok_or(Malformed)?;
                (name.as_bytes().to_vec(), string(&mut bytes, 7, &huffman)?)
            }
            // Both in full.
            0x20..=0x3f => (string(&mut bytes, 3, &huffman)?, string(&mut bytes, 7, &huffman)?),
            // All others refer to the dynamic table.
            _ => return Err(Unreadable::Dynamic),
        };
        used += name.len() + value.len() + OVERHEAD;
        if used <= room {
            fields.push(Header { name: String::from_utf8_lossy(&name).into_owned(), value });
        }
    }
    Ok(fields)
}

/// The same for the lab's server, where it does not matter how a block is broken.
pub(crate) fn decode_fields(block: &[u8], room: usize) -> Option<Vec<Header>> {
    decode(block, room).ok()
}

/// A string whose length has a prefix of so many bits; the bit before them says whether it is Huffman's.
fn string(bytes: &mut &[u8], prefix: u32, huffman: &Huffman) -> Result<Vec<u8>, Malformed> {
    let coded = bytes.first().ok_or(Malformed)? & 1 << prefix != 0;
    let length = integer(bytes, prefix)?;
    let (text, rest) = bytes.split_at_checked(length).ok_or(Malformed)?;
    *bytes = rest;
    if coded { huffman.decode(text) } else { Ok(text.to_vec()) }
}

/// A block of these fields; their names are in lower case already.
pub(crate) fn encode<'f>(fields: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Vec<u8> {
    let mut block = vec![0, 0];
    for (name, value) in fields {
        let whole = STATIC.iter().position(|entry| entry.0 == name && entry.1.as_bytes() == value);
        if let Some(index) = whole {
            put(&mut block, 0xc0, 6, index);
            continue;
        }
        let never_kept = SECRET.contains(&name);
        match STATIC.iter().position(|entry| entry.0 == name) {
            Some(index) => put(&mut block, if never_kept { 0x70 } else { 0x50 }, 4, index),
            None => {
                put(&mut block, if never_kept { 0x30 } else { 0x20 }, 3, name.len());
                block.extend_from_slice(name.as_bytes());
            }
        }
        put(&mut block, 0, 7, value.len());
        block.extend_from_slice(value);
    }
    block
}

/// RFC 7541 §5.1.
fn put(block: &mut Vec<u8>, flags: u8, prefix: u32, value: usize) {
    let most = (1_usize << prefix) - 1;
    if value < most {
        block.push(flags | value as u8);
        return;
    }
    block.push(flags | most as u8);
    let mut rest = value - most;
    while rest >= 0x80 {
        block.push(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    block.push(rest as u8);
}

/// The static table (RFC 9204 appendix A).
#[rustfmt::skip]
const STATIC: &[(&str, &str)] = &[
    (":authority", ""), (":path", "/"), ("age", "0"), ("content-disposition", ""), ("content-length", "0"),
    ("cookie", ""), ("date", ""), ("etag", ""), ("if-modified-since", ""), ("if-none-match", ""),
    ("last-modified", ""), ("link", ""), ("location", ""), ("referer", ""), ("set-cookie", ""),
    (":method", "CONNECT"), (":method", "DELETE"), (":method", "GET"), (":method", "HEAD"),
    (":method", "OPTIONS"), (":method", "POST"), (":method", "PUT"), (":scheme", "http"), (":scheme", "https"),
    (":status", "103"), (":status", "200"), (":status", "304"), (":status", "404"), (":status", "503"),
    ("accept", "*/*"), ("accept", "application/dns-message"), ("accept-encoding", "gzip, deflate, br"),
    ("accept-ranges", "bytes"), ("access-control-allow-headers", "cache-control"),
    ("access-control-allow-headers", "content-type"), ("access-control-allow-origin", "*"),
    ("cache-control", "max-age=0"), ("cache-control", "max-age=2592000"), ("cache-control", "max-age=604800"),
    ("cache-control", "no-cache"), ("cache-control", "no-store"), ("cache-control", "public, max-age=31536000"),
    ("content-encoding", "br"), ("content-encoding", "gzip"), ("content-type", "application/dns-message"),
    ("content-type", "application/javascript"), ("content-type", "application/json"),
    ("content-type", "application/x-www-form-urlencoded"), ("content-type", "image/gif"),
    ("content-type", "image/jpeg"), ("content-type", "image/png"), ("content-type", "text/css"),
    ("content-type", "text/html; charset=utf-8"), ("content-type", "text/plain"),
    ("content-type", "text/plain;charset=utf-8"), ("range", "bytes=0-"),
    ("strict-transport-security", "max-age=31536000"),
    ("strict-transport-security", "max-age=31536000; includesubdomains"),
    ("strict-transport-security", "max-age=31536000; includesubdomains; preload"),
    ("vary", "accept-encoding"), ("vary", "origin"), ("x-content-type-options", "nosniff"),
    ("x-xss-protection", "1; mode=block"), (":status", "100"), (":status", "204"), (":status", "206"),
    (":status", "302"), (":status", "400"), (":status", "403"), (":status", "421"), (":status", "425"),
    (":status", "500"), ("accept-language", ""), ("access-control-allow-credentials", "FALSE"),
    ("access-control-allow-credentials", "TRUE"), ("access-control-allow-headers", "*"),
    ("access-control-allow-methods", "get"), ("access-control-allow-methods", "get, post, options"),
    ("access-control-allow-methods", "options"), ("access-control-expose-headers", "content-length"),
    ("access-control-request-headers", "content-type"), ("access-control-request-method", "get"),
    ("access-control-request-method", "post"), ("alt-svc", "clear"), ("authorization", ""),
    ("content-security-policy", "script-src 'none'; object-src 'none'; base-uri 'none'"), ("early-data", "1"),
    ("expect-ct", ""), ("forwarded", ""), ("if-range", ""), ("origin", ""), ("purpose", "prefetch"),
    ("server", ""), ("timing-allow-origin", "*"), ("upgrade-insecure-requests", "1"), ("user-agent", ""),
    ("x-forwarded-for", ""), ("x-frame-options", "deny"), ("x-frame-options", "sameorigin"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http::hpack::tests::{lines, unhex};

    /// RFC 9204 appendix B.1.
    #[test]
    fn the_example_of_the_rfc() {
        let block = unhex("0000 510b 2f69 6e64 6578 2e68 746d 6c");
        assert_eq!(lines(&decode(&block, 9_000).unwrap()), [":path: /index.html"]);
        assert_eq!(encode([(":path", &b"/index.html"[..])]), block);
    }

    /// The static table has 99 entries (§3.1), and the last is where the RFC says.
    #[test]
    fn the_table_is_whole() {
        assert_eq!(STATIC.len(), 99);
        assert_eq!(STATIC[71], (":status", "500"));
        assert_eq!(STATIC[98], ("x-frame-options", "sameorigin"));
    }

    #[test]
    fn what_is_encoded_comes_back_and_strings_may_be_huffmans() {
        let fields: [(&str, &[u8]); 4] =
            [(":method", b"GET"), ("cookie", b"a=1"), ("x-own", &[b'v'; 300]), ("accept", b"text/html")];
        let back = decode(&encode(fields), 9_000).unwrap();
        let back: Vec<(&str, &[u8])> = back.iter().map(|field| (&field.name[..], &field.value[..])).collect();
        assert_eq!(back, fields);
        // RFC 7541 C.4.1: www.example.com in Huffman's code.
        let coded = unhex("0000 508c f1e3 c2e5 f23a 6ba0 ab90 f4ff");
        assert_eq!(lines(&decode(&coded, 9_000).unwrap()), [":authority: www.example.com"]);
    }

    #[test]
    fn what_needs_a_dynamic_table_or_is_cut_is_refused() {
        for bad in ["0200 80", "0000 80", "0000 10", "0000 40"] {
            assert_eq!(decode(&unhex(bad), 9_000), Err(Unreadable::Dynamic), "{bad}");
        }
        for bad in ["", "00", "0085 d9", "0000 ff7f", "0000 510b 2f", "0000 2f"] {
            assert_eq!(decode(&unhex(bad), 9_000), Err(Unreadable::Malformed), "{bad}");
        }
        assert_eq!(decode(&[0, 0, 0xd1, 0xd1, 0xd1], 90).unwrap().len(), 2, "as much as there is room for");
    }

    proptest! {
        #[test]
        fn no_block_makes_it_panic(block in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&block, 9_000);
        }
    }
}
