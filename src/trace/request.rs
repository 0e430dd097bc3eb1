//! A request with all that was done for it: which lookup, which connection, what was said, how it failed.

use std::time::Duration;

use super::at::At;
use super::cors::Cors;
use super::failure::Failure;
use super::further::Further;
use super::http::Http;
use super::ids::{ConnectionId, LookupId, RequestId};
use super::proxy::ProxyBypass;
use super::stage::{Stage, StageName};
use super::url::Url;

/// One request of a run, begun and perhaps not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The URL, taken apart.
    pub url: Url,
    /// The last stage that was to run: `http`, or what the URL's scheme or `--until` says.
    pub until: StageName,
    /// Its start.
    pub start: At,
    /// Its end: last body byte, or the failure.
    pub end: At,
    /// The lookup made for it.
    pub lookup: Stage<LookupId>,
    /// The connection it went out on, or was to.
    pub connection: Stage<ConnectionId>,
    /// The proxy that it does without, because its host stands in a list.
    pub bypass: Option<ProxyBypass>,
    /// Why `--tls-scan` had nothing to ask for it; `None` without that, and where it had.
    pub scan_skipped: Option<&'static str>,
    /// Request and response.
    pub http: Stage<Http>,
    /// What ended it before its goal.
    pub failure: Option<Failure>,
    /// The request that this one repeats: it had gone out on a kept connection, and that ended unanswered; the server
    /// refused it by HTTP/2 before it did anything for it; it came to what may pass (`waited`); or it was refused for its
    /// expectation (417).
    pub retry_of: Option<RequestId>,
    /// `--origin`: how it stands to the page that makes it; `None` without one.
    pub cors: Option<Cors>,
    /// `--reuse`: the same again on its connection, when the trace had ended; `None` without it.
    pub further: Option<Further>,
    /// `--page`: the end of its wait for its turn, where it had to wait.
    pub queued: Option<At>,
    /// The wait before it, where it repeats one that came to what may pass (`--retry`).
    pub waited: Option<RetryWait>,
    /// Why it was not sent once more, where it came to what may pass and that was asked for.
    pub not_retried: Option<NotRetried>,
    /// What became of the connection that an earlier run had kept for it; `None` where none was.
    pub kept: Option<KeptConnection>,
}

/// What became of a connection that an earlier run had kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptConnection {
    /// The request went out on it.
    Used,
    /// The server had closed it, and another was opened.
    Closed,
}

impl KeptConnection {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Closed => "closed",
        }
    }
}

/// The wait before a further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryWait {
    /// What the attempt before came to.
    pub cause: Transient,
    /// Who said how long.
    pub rule: WaitRule,
    /// Its end.
    pub end: At,
}

/// What may pass by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transient {
    /// A response with this status: 408, 429, 500, 502, 503 or 504.
    Status(u16),
    /// Something did not come within its limit.
    Timeout,
    /// The connection was refused.
    Refused,
}

impl Transient {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
        }
    }
}

/// Who says how long is waited before a further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitRule {
    /// Nobody: one second, and twice as long each time.
    Backoff,
    /// `--retry-delay`.
    Given,
    /// The server: Retry-After (RFC 9110 §10.2.3).
    RetryAfter,
}

impl WaitRule {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backoff => "backoff",
            Self::Given => "given",
            Self::RetryAfter => "retry-after",
        }
    }
}

/// Why a request was not sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRetried {
    /// As often as was asked for it was.
    UsedUp,
    /// Its method is not idempotent (RFC 9110 §9.2.2): it may have been done.
    NotIdempotent,
    /// The wait would not have ended within `--max-time`.
    TooLong(Duration),
    /// Its body can be read only once, and was.
    BodySpent,
}

impl NotRetried {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UsedUp => "used-up",
            Self::NotIdempotent => "not-idempotent",
            Self::TooLong(_) => "beyond-max-time",
            Self::BodySpent => "body-spent",
        }
    }
}

impl Request {
    /// A request that nothing has been done for yet.
    #[must_use]
    pub const fn new(url: Url, start: At) -> Self {
        Self {
            until: url.scheme.last_stage(),
            url,
            start,
            end: start,
            lookup: Stage::NotReached,
            connection: Stage::NotReached,
            bypass: None,
            scan_skipped: None,
            http: Stage::NotReached,
            failure: None,
            retry_of: None,
            queued: None,
            waited: None,
            not_retried: None,
            kept: None,
            further: None,
            cors: None,
        }
    }

    /// Whether it is the question before a request that a page of another origin makes.
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        self.cors.as_ref().is_some_and(Cors::is_preflight)
    }
}
