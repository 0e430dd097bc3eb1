//! One layer between the client and the origin: what is told of it. How layers are found is not known here.

use super::cache_words::CacheResult;
use super::role::{Confidence, Role};

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What it is.
    pub role: Role,
    /// Whose it is, where two fields agree on that.
    pub vendor: Option<&'static str>,
    /// What it calls itself.
    pub name: Option<String>,
    /// Where it is.
    pub location: Option<String>,
    /// What its cache did.
    pub cache: Option<CacheResult>,
    /// Why.
    pub reason: Option<String>,
    /// How old its copy was, in seconds.
    pub age: Option<u64>,
    /// How long what is behind it took, by its word, in microseconds.
    pub upstream_us: Option<u64>,
    /// What it calls the request: its support asks for it.
    pub id: Option<String>,
    /// The fields it is known by.
    pub evidence: Vec<&'static str>,
    /// How well it is borne out.
    pub confidence: Confidence,
}

impl Layer {
    pub(super) const fn new(role: Role, evidence: Vec<&'static str>, confidence: Confidence) -> Self {
        Self {
            role,
            vendor: None,
            name: None,
            location: None,
            cache: None,
            reason: None,
            age: None,
            upstream_us: None,
            id: None,
            evidence,
            confidence,
        }
    }

    /// What to call it: its vendor, or the name that it gives itself.
    #[must_use]
    pub fn called(&self) -> Option<&str> {
        self.vendor.or(self.name.as_deref())
    }

    pub(super) fn is_called(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let own = self.vendor.into_iter().chain(self.name.as_deref());
        // The last word of a vendor's name tells: `Amazon CloudFront`.
        own.flat_map(|own| [own.split(' ').next(), own.rsplit(' ').next()])
            .flatten()
            .map(str::to_ascii_lowercase)
            .any(|word| word.len() > 3 && name.contains(&word) || name == word)
    }
}
