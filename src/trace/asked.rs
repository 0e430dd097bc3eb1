//! How a resource of a page is asked for, beside by whom: ahead of its use, and across origins.

/// Something is asked for ahead of its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// For this page (preload, modulepreload).
    Preload(Use),
    /// For a page that may come later (prefetch).
    Prefetch,
}

impl Ahead {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preload(_) => "preload",
            Self::Prefetch => "prefetch",
        }
    }
}

/// Whether what was asked for ahead is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Markup or a stylesheet names it, too.
    Seen,
    /// Nothing that was read does. A script may.
    Unseen,
}

/// The attribute `crossorigin` (HTML, section 2.5.4), with what an element has by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CrossOrigin {
    /// Not by CORS: with credentials.
    #[default]
    No,
    /// By CORS, with credentials for its own origin only.
    Anonymous,
    /// By CORS, with credentials.
    Credentials,
}

impl CrossOrigin {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "none",
            Self::Anonymous => "anonymous",
            Self::Credentials => "use-credentials",
        }
    }
}
