//! Subresource Integrity (W3C): whether a body is what its reference says that it is; and what one is known again by.

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::trace::Integrity;

/// Hashes in an attribute that are looked at.
const MOST: usize = 64;

/// Checks a body while it comes, against the strongest hashes of an attribute (section 3.3.4).
#[derive(Clone)]
pub struct Checker {
    /// What it has to be one of, in base64.
    wanted: Vec<String>,
    hash: Hash,
}

#[derive(Clone)]
enum Hash {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Checker {
    /// By the value of the attribute; `None` where it names no hash that browsers know.
    #[must_use]
    pub fn new(attribute: &str) -> Option<Self> {
        let words = attribute.split_ascii_whitespace().take(MOST);
        let known: Vec<(usize, &str)> = words.filter_map(hash).collect();
        let strongest = known.iter().map(|(strength, _)| *strength).max()?;
        let algorithm = match strongest {
            0 => Hash::Sha256(Sha256::new()),
            1 => Hash::Sha384(Sha384::new()),
            _ => Hash::Sha512(Sha512::new()),
        };
        let own = known.into_iter().filter(|(strength, _)| *strength == strongest);
        let wanted = own.map(|(_, value)| value.to_owned()).collect();
        Some(Self { wanted, hash: algorithm })
    }

    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        match &mut self.hash {
            Hash::Sha256(hash) => hash.update(bytes),
            Hash::Sha384(hash) => hash.update(bytes),
            Hash::Sha512(hash) => hash.update(bytes),
        }
    }

    /// What it comes to.
    #[must_use]
    pub fn finish(self) -> Integrity {
        let own = match self.hash {
            Hash::Sha256(hash) => data_encoding::BASE64.encode(&hash.finalize()),
            Hash::Sha384(hash) => data_encoding::BASE64.encode(&hash.finalize()),
            Hash::Sha512(hash) => data_encoding::BASE64.encode(&hash.finalize()),
        };
        let equal = |wanted: &String| {
            let plain = wanted.replace('-', "+").replace('_', "/");
            plain.trim_end_matches('=') == own.trim_end_matches('=')
        };
        if self.wanted.iter().any(equal) { Integrity::Holds } else { Integrity::Differs }
    }
}

/// The strength and the value of `sha384-...`, options left aside.
fn hash(word: &str) -> Option<(usize, &str)> {
    let (name, value) = word.split_once('-')?;
    let strength = ["sha256", "sha384", "sha512"].iter().position(|own| name.eq_ignore_ascii_case(own))?;
    let value = value.split('?').next().unwrap_or_default();
    (!value.is_empty()).then_some((strength, value))
}

/// What a body is known again by.
#[derive(Clone, Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// What it comes to.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(attribute: &str, text: &[u8]) -> Option<bool> {
        let mut checker = Checker::new(attribute)?;
        checker.take(text);
        Some(checker.finish() == Integrity::Holds)
    }

    #[test]
    fn the_strongest_hash_decides() {
        let right = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let url_safe = "sha256-47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
        let wrong = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let strong =
            "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
        for (attribute, expected) in [
            (right.to_owned(), Some(true)),
            (format!("{right}?opt"), Some(true)),
            (url_safe.to_owned(), Some(true)),
            (wrong.to_owned(), Some(false)),
            (format!("{wrong} {right}"), Some(true)),
            (format!("{wrong} {strong}"), Some(true)),
            (format!("{right} sha384-AAAA"), Some(false)),
            (format!("{right} sha999-AAAA"), Some(true)),
            ("sha999-AAAA".to_owned(), None),
            (String::new(), None),
            ("sha256-".to_owned(), None),
        ] {
            assert_eq!(holds(&attribute, b""), expected, "{attribute}");
        }
        assert_eq!(holds(right, b"x"), Some(false));
    }
}
