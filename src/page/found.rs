//! What was found, as it was written: the words of markup, before anybody has judged how soon it is wanted.

use std::rc::Rc;

use url::Url;

use super::policy::Judged;
use super::referrer::ReferrerPolicy;
use super::terms::Terms;
pub use crate::trace::CrossOrigin as Cors;
use crate::trace::{Ahead, InitiatorKind, Left, ResourceKind, Use};

/// Something that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its URL, absolute, without a fragment.
    pub url: String,
    /// What it is.
    pub kind: ResourceKind,
    /// How it is asked for.
    pub by: InitiatorKind,
    /// Decoded bytes that had to be there; `None` for a field.
    pub offset: Option<u64>,
    /// What is said of it.
    pub wish: Wish,
    /// Why it is not to be fetched, where that is plain from the words alone.
    pub left: Option<Left>,
    /// Something worth telling.
    pub note: Option<String>,
}

impl Found {
    /// The directive of its document's policies that keeps it from being fetched from a URL, behind a redirect or not.
    #[must_use]
    pub fn barred(&self, url: &str, redirected: bool) -> Option<String> {
        let terms = &self.wish.terms;
        let (document, url) = (terms.document.as_ref()?, Url::parse(url).ok()?);
        let judged = Judged {
            document,
            url: &url,
            kind: self.kind,
            prefetch: self.wish.prefetch,
            of_modules: self.wish.of_modules,
            nonce: self.wish.nonce.as_deref(),
            integrity: self.wish.integrity.as_deref(),
            redirected,
        };
        terms.policies.broken_by(&judged)
    }
}

/// What markup says of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// It is asked for ahead (preload, modulepreload).
    pub preload: bool,
    /// It is asked for ahead as a module (modulepreload).
    pub of_modules: bool,
    /// For a page that may come later (prefetch).
    pub prefetch: bool,
    /// It is a dictionary, by which what comes later may be compressed: no document of a later page.
    pub dictionary: bool,
    /// A script that is run when it is there (async).
    pub is_async: bool,
    /// A script that is run when the document is read (defer, modules).
    pub deferred: bool,
    /// A script that is a module.
    pub is_module: bool,
    /// `blocking=render`.
    pub blocks_render: bool,
    /// Whether the document's head was still being read.
    pub place: Place,
    /// What was said of its importance; true for high.
    pub importance: Option<bool>,
    /// Its media query does not hold, or it is an alternate stylesheet.
    pub media_differs: bool,
    /// An image of 10,000 square pixels at most, by its own word, or one that is no element of its own: it is none of
    /// the first images, which are wanted sooner.
    pub is_minor: bool,
    /// How it is fetched for another origin.
    pub cors: Cors,
    /// Its document wants nobody else to be told who asks (COEP credentialless, HTML section 7.1.4): without CORS it goes
    /// without credentials to other origins.
    pub credentialless: bool,
    /// Whether its integrity is checked: the value of the attribute.
    pub integrity: Option<String>,
    /// The nonce that a policy may know it by.
    pub nonce: Option<String>,
    /// What it says of its referrer.
    pub referrer: Option<ReferrerPolicy>,
    /// An image that was chosen from a set: in the clear it is not tried by https (Mixed Content, section 3.1).
    pub of_set: bool,
    /// It was redirected between origins of which none is the page's: the page's is not named any more (Fetch
    /// section 4.5).
    pub tainted: bool,
    /// A frame's attribute `sandbox`.
    pub sandbox: Option<String>,
    /// A frame's attribute `credentialless`: it has cookies of its own, of which there are none yet, and the page's policy on
    /// what it embeds is not about it. So it is in Chromium.
    pub apart: bool,
    /// It stands in a frame: nothing of the page waits for it.
    pub framed: bool,
    /// What the document lays down that asks for it.
    pub terms: Rc<Terms>,
}

impl Wish {
    /// Whether it is asked for ahead of its use.
    #[must_use]
    pub const fn ahead(&self) -> Option<Ahead> {
        match (self.preload, self.prefetch) {
            (true, _) => Some(Ahead::Preload(Use::Unseen)),
            (false, true) => Some(Ahead::Prefetch),
            (false, false) => None,
        }
    }
}

/// In which part of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Before anything that could be shown.
    #[default]
    Head,
    /// Behind that.
    Body,
}

impl Cors {
    /// Reads the attribute `crossorigin`.
    #[must_use]
    pub fn of(attribute: Option<&str>) -> Self {
        match attribute {
            None => Self::No,
            Some(word) if word.trim().eq_ignore_ascii_case("use-credentials") => Self::Credentials,
            Some(_) => Self::Anonymous,
        }
    }
}
