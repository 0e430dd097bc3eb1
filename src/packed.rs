//! The long texts that the build packed into the binary, as they were. What they mean is said where they are
//! used; which files they are, in `build.rs`.

use std::sync::OnceLock;

/// A text that is unpacked when it is first read.
pub(crate) struct Packed {
    bytes: &'static [u8],
    text: OnceLock<String>,
}

/// The encyclopedia: all files of `src/explain/topics`, one behind the other.
pub(crate) static TOPICS: Packed = Packed::new(include_bytes!(concat!(env!("OUT_DIR"), "/topics.br")));

/// The committed JSON Schema.
pub(crate) static SCHEMA: Packed = Packed::new(include_bytes!(concat!(env!("OUT_DIR"), "/schema.br")));

/// The rules of the Public Suffix List, sorted.
pub(crate) static SUFFIXES: Packed = Packed::new(include_bytes!(concat!(env!("OUT_DIR"), "/suffixes.br")));

impl Packed {
    const fn new(bytes: &'static [u8]) -> Self {
        Self { bytes, text: OnceLock::new() }
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        self.text.get_or_init(|| {
            let mut bytes = Vec::new();
            // The build packed it (RFC 7932), and a test unpacks each: it cannot fail.
            let _ = brotli::BrotliDecompress(&mut &*self.bytes, &mut bytes);
            String::from_utf8(bytes).unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{SCHEMA, SUFFIXES, TOPICS};

    #[test]
    fn each_text_is_what_its_files_say() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let schema = std::fs::read_to_string(root.join("fixtures/schema/urltrace-1.json")).unwrap();
        assert_eq!(SCHEMA.text(), schema);
        let rules = std::fs::read_to_string(root.join("src/suffix/rules.txt")).unwrap();
        assert_eq!(SUFFIXES.text(), rules);
        let mut size = 0;
        for entry in std::fs::read_dir(root.join("src/explain/topics")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "txt") {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(TOPICS.text().contains(&text), "{} is not in build.rs", path.display());
                size += text.len();
            }
        }
        assert_eq!(TOPICS.text().len(), size);
    }
}
