//! Under what terms something is asked for: whose page it is, what that allows, and how much is told of it.

use url::{Host, Url};

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
    /// What it wants of all that it embeds.
    pub embedder: Embedder,
    /// It stands in a frame with cookies of its own, of which there are none yet (`credentialless`).
    pub apart: bool,
}

/// What a document wants of what it embeds (Cross-Origin-Embedder-Policy; HTML section 7.1.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Embedder {
    /// Nothing.
    #[default]
    Unsafe,
    /// That it goes without credentials, or says that others may have it.
    Credentialless,
    /// That it says that others may have it.
    RequireCorp,
}

impl Embedder {
    /// Reads the field.
    fn of(field: &str) -> Self {
        match field.split(';').next().unwrap_or_default().trim() {
            "require-corp" => Self::RequireCorp,
            "credentialless" => Self::Credentialless,
            _ => Self::Unsafe,
        }
    }
}

impl Terms {
    /// Those that a response lays down by its fields.
    #[must_use]
    pub fn of(url: &str, headers: &[Header]) -> Self {
        let url = Url::parse(url).ok();
        // Elsewhere browsers heed no such policy (HTML section 7.1.4.1).
        let is_secure = url.as_ref().is_some_and(is_secure);
        let mut terms = Self { document: url.clone(), asker: url, ..Self::default() };
        for field in headers {
            if field.name.eq_ignore_ascii_case("content-security-policy") {
                terms.policies.add_field(&field.text());
            } else if is_secure && field.name.eq_ignore_ascii_case("cross-origin-embedder-policy") {
                terms.embedder = Embedder::of(&field.text());
            } else if field.name.eq_ignore_ascii_case("referrer-policy") {
                terms.referrer = ReferrerPolicy::of_field(&field.text()).or(terms.referrer);
            }
        }
        if terms.policies.bars_origin() {
            terms.asker = None;
        }
        terms
    }

    /// The same in a frame, which is asked for with the attribute `sandbox`, or without it, by a document with these terms
    /// (HTML section 7.1.5): what keeps its origin from it makes that one of its own, which nobody else has.
    #[must_use]
    pub fn framed(mut self, sandbox: Option<&str>, by: &Self) -> Self {
        self.policies.enter(sandbox, &by.policies);
        if self.policies.bars_origin() {
            self.asker = None;
        }
        self
    }

    /// Whether its origin is nobody's: it is the own one of no URL.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.policies.bars_origin()
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
            embedder: document.embedder,
            apart: document.apart,
        }
    }
}

/// Whether a document of this URL is a secure context, as far as that is known by itself: what it came by cannot be
/// listened to (Secure Contexts section 3.1).
fn is_secure(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    url.scheme() == "https" || is_here
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(policy: &str) -> Terms {
        let field = Header { name: "content-security-policy".to_owned(), value: policy.into() };
        Terms::of("https://a.test/", if policy.is_empty() { &[] } else { std::slice::from_ref(&field) })
    }

    #[test]
    fn embedder_policies_are_for_secure_contexts() {
        let field = Header { name: "Cross-Origin-Embedder-Policy".to_owned(), value: "require-corp".into() };
        for (url, embedder) in [
            ("https://a.test/", Embedder::RequireCorp),
            ("http://a.test/", Embedder::Unsafe),
            ("http://127.1.2.3:8080/", Embedder::RequireCorp),
            ("http://[::1]/", Embedder::RequireCorp),
            ("http://a.localhost/", Embedder::RequireCorp),
            ("http://notlocalhost/", Embedder::Unsafe),
        ] {
            assert_eq!(Terms::of(url, std::slice::from_ref(&field)).embedder, embedder, "{url}");
        }
    }

    #[test]
    fn a_frame_is_in_its_own_sandbox_and_in_those_around_it() {
        let free = terms("");
        for (own, sandbox, around, opaque, silent) in [
            ("", None, &free, false, false),
            ("", Some(""), &free, true, true),
            ("", Some("allow-scripts"), &free, true, false),
            ("", Some("allow-same-origin allow-scripts"), &free, false, false),
            ("", Some("allow-same-origin"), &free, false, true),
            // What the response says is in force beside what the frame says.
            ("sandbox allow-same-origin", Some("allow-scripts"), &free, true, true),
            ("", Some("allow-same-origin; allow-scripts"), &free, true, false),
            ("", None, &terms("sandbox allow-scripts"), true, false),
        ] {
            let framed = terms(own).framed(sandbox, around);
            assert_eq!(
                (framed.is_opaque(), framed.policies.bars_scripts()),
                (opaque, silent),
                "{own} {sandbox:?}"
            );
            assert_eq!(framed.asker.is_none(), opaque, "what has no origin tells nobody where it comes from");
        }
    }
}
