//! Under what terms something is asked for: whose page it is, what that allows, and how much is told of it.

use url::Url;

use super::policy::Policies;
use super::referrer::ReferrerPolicy;
use crate::trace::Header;

/// What a document, a frame or a stylesheet lays down for whatever it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The document or the frame: its origin is the own one.
    pub document: Option<Url>,
    /// Who asks: that, or a stylesheet of it.
    pub asker: Option<Url>,
    /// Its policies.
    pub policies: Policies,
    /// What it says of its referrer.
    pub referrer: Option<ReferrerPolicy>,
    /// The document is in quirks mode.
    pub quirks: bool,
}

impl Terms {
    /// Those that a response lays down by its fields.
    #[must_use]
    pub fn of(url: &str, headers: &[Header]) -> Self {
        let url = Url::parse(url).ok();
        let mut terms = Self { document: url.clone(), asker: url, ..Self::default() };
        for field in headers {
            if field.name.eq_ignore_ascii_case("content-security-policy") {
                terms.policies.add_field(&field.text());
            } else if field.name.eq_ignore_ascii_case("referrer-policy") {
                terms.referrer = ReferrerPolicy::of_field(&field.text()).or(terms.referrer);
            }
        }
        if terms.policies.bars_origin() {
            terms.asker = None;
        }
        terms
    }

    /// Those of a stylesheet, in a document with these.
    #[must_use]
    pub fn of_sheet(&self, document: &Self) -> Self {
        Self {
            document: document.document.clone(),
            policies: document.policies.clone(),
            asker: self.asker.clone(),
            referrer: self.referrer,
            quirks: document.quirks,
        }
    }
}
