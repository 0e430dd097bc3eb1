//! Documents as bytes: written straight from their views, each once, with a note of where some values stand. What is put
//! in later, or copied out, needs no second form of the document.

use std::ops::Range;

use serde::Serialize;

use super::marks::Marks;
use super::serializer::Out;

/// What a document takes, more or less.
const ROOM: usize = 16 << 10;

/// A document on one line.
pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    /// Where the values stand that were asked for; `None` for one that it does not have.
    places: Vec<Option<Range<usize>>>,
}

/// Writes a document, and notes where these pointers (RFC 6901) lead. No key of ours has to be escaped in one.
pub(super) fn written(document: &impl Serialize, pointers: &[&str]) -> serde_json::Result<Written> {
    let mut out = Out::new(Vec::with_capacity(ROOM), Marks::new(pointers));
    document.serialize(&mut out)?;
    let (bytes, places) = out.into_parts();
    Ok(Written { bytes, places })
}

impl Written {
    /// The value that a pointer leads to.
    pub(super) fn at(&self, pointer: usize) -> Option<&[u8]> {
        self.bytes.get(self.places.get(pointer)?.clone()?)
    }

    /// What stands before that value, and behind it; all, and nothing, where there is none.
    pub(super) fn around(&self, pointer: usize) -> (&[u8], &[u8]) {
        let end = self.bytes.len();
        let place = self.places.get(pointer).cloned().flatten().unwrap_or(end..end);
        (&self.bytes[..place.start], &self.bytes[place.end..])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn values_stand_where_their_pointers_lead() {
        let document = json!({
            "a": [{ "b": 1 }, { "b": [2, "x,]\"}"], "bb": null }, 7],
            "ab": { "a": { "b": true } },
            "e": {},
            "f": [],
            "wide": (0..12).collect::<Vec<_>>(),
        });
        let pointers = [
            "/a", "/a/0/b", "/a/1/b", "/a/1/b/1", "/a/1/bb", "/a/2", "/ab/a/b", "/ab/a", "/e", "/f",
            "/wide/1", "/wide/11", "/nowhere", "/a/3", "/a/0/b/0", "/f/0", "/ab/a/b",
        ];
        let written = written(&document, &pointers).unwrap();
        assert_eq!(String::from_utf8(written.bytes.clone()).unwrap(), document.to_string());
        for (number, pointer) in pointers.iter().enumerate() {
            let told = written.at(number).map(|bytes| serde_json::from_slice::<Value>(bytes).unwrap());
            assert_eq!(told.as_ref(), document.pointer(pointer), "{pointer}");
        }
        let (before, behind) = written.around(9);
        assert!(before.ends_with(b"\"f\":") && behind.starts_with(b",\"wide\""));
        assert_eq!(written.around(12), (&written.bytes[..], &[][..]));
    }
}
