//! The model of a page's second visit (`--again`): what a browser that kept what it may of the first would ask for, and
//! what came of that. What a cache may do is judged elsewhere.

use super::at::At;
use super::failure::FailureCode;
use super::ids::RequestId;

/// A page's second visit, right behind the first, over connections of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondVisit {
    /// When it began.
    pub start: At,
    /// The end of the last request; its begin, where nothing was asked for.
    pub end: At,
    /// Connections that were opened for it.
    pub connections: usize,
    /// Each request of the first visit, in their order, but for those that had to be sent once more.
    pub requests: Vec<Revisit>,
}

impl SecondVisit {
    /// What was asked for.
    pub fn asked(&self) -> impl Iterator<Item = (&Revisit, &Reasked)> {
        self.requests.iter().filter_map(|row| Some((row, row.asked.as_ref()?)))
    }

    /// Bytes that came: heads and bodies.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.asked().map(|(_, asked)| asked.bytes()).sum()
    }
}

/// A request of the first visit, seen from the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revisit {
    /// Which.
    pub of: RequestId,
    /// What a browser does with what it kept of it.
    pub reuse: Reuse,
    /// Why.
    pub why: ReuseReason,
    /// What was asked; `None` where nothing had to be, or where the run or what names it ended before.
    pub asked: Option<Reasked>,
}

/// What a browser does with a response that it may have kept (RFC 9111 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// It is used, and nobody is asked.
    Fresh,
    /// It is used, and asked about beside that (RFC 5861 section 3).
    Stale,
    /// It is used if its server says that it is still good.
    Revalidated,
    /// It is fetched anew.
    Fetched,
}

impl Reuse {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale-while-revalidate",
            Self::Revalidated => "revalidate",
            Self::Fetched => "refetch",
        }
    }

    /// Whether what was kept may be used before anybody has answered.
    #[must_use]
    pub const fn is_at_hand(self) -> bool {
        matches!(self, Self::Fresh | Self::Stale)
    }
}

/// Why a browser does so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReuseReason {
    /// max-age, which has passed or not.
    MaxAge,
    /// Expires, likewise.
    Expires,
    /// A tenth of the time since Last-Modified, likewise (RFC 9111 section 4.2.2).
    Heuristic,
    /// A permanent redirect and its like, of which nothing else is said.
    Permanent,
    /// The host is gone to by https alone (RFC 6797).
    Hsts,
    /// It says no-cache.
    NoCache,
    /// Nothing is said that a lifetime could be reckoned by.
    NoLifetime,
    /// It says no-store.
    NoStore,
    /// Its choice depends on what a later request cannot match: `Vary: *`, or a cookie that has changed.
    Vary,
    /// It may not be used as it is, and nothing is there to ask about it with.
    NoValidator,
    /// No response came, or not all of it.
    NoResponse,
}

impl ReuseReason {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaxAge => "max-age",
            Self::Expires => "expires",
            Self::Heuristic => "heuristic",
            Self::Permanent => "permanent",
            Self::Hsts => "hsts",
            Self::NoCache => "no-cache",
            Self::NoLifetime => "no-lifetime",
            Self::NoStore => "no-store",
            Self::Vary => "vary",
            Self::NoValidator => "no-validator",
            Self::NoResponse => "no-response",
        }
    }

    /// The reason, in words that stand behind what is done.
    #[must_use]
    pub const fn words(self, reuse: Reuse) -> &'static str {
        match (self, reuse.is_at_hand()) {
            (Self::MaxAge, true) => "within its max-age",
            (Self::MaxAge, false) => "its max-age is over",
            (Self::Expires, true) => "before its Expires",
            (Self::Expires, false) => "its Expires is over",
            (Self::Heuristic, true) => "within a tenth of its age since Last-Modified",
            (Self::Heuristic, false) => "a tenth of its age since Last-Modified is over",
            (Self::Permanent, _) => "its status is for good",
            (Self::Hsts, _) => "the host is gone to by https alone (HSTS)",
            (Self::NoCache, _) => "no-cache",
            (Self::NoLifetime, _) => "no word on how long it is fresh",
            (Self::NoStore, _) => "no-store",
            (Self::Vary, _) => "Vary: no later request is sure to match",
            (Self::NoValidator, _) => "neither fresh nor with a validator to ask by",
            (Self::NoResponse, _) => "no whole response was there to keep",
        }
    }
}

/// A request of the second visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasked {
    /// When it could be known of.
    pub start: At,
    /// Its end: last body byte, or the failure.
    pub end: At,
    /// Whether it named the ETag (If-None-Match).
    pub by_etag: bool,
    /// Whether it named Last-Modified (If-Modified-Since).
    pub by_date: bool,
    /// The status; `None` without a response.
    pub status: Option<u16>,
    /// Bytes of the head.
    pub head_bytes: u64,
    /// Bytes of the body on the wire.
    pub wire_bytes: u64,
    /// Whether the body is the one of the first visit; `None` where none came, or one of them not whole.
    pub same_body: Option<bool>,
    /// Whether the ETag is the one of the first visit; `None` where one of them has none.
    pub same_etag: Option<bool>,
    /// What ended it.
    pub failure: Option<FailureCode>,
}

impl Reasked {
    /// Bytes that came.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.head_bytes.saturating_add(self.wire_bytes)
    }

    /// Whether what was asked about came once more, and is what it was.
    #[must_use]
    pub fn is_in_vain(&self) -> bool {
        (self.by_etag || self.by_date) && self.status == Some(200) && self.same_body == Some(true)
    }
}
