//! A request with all that was done for it: which lookup, which connection, what was said, how it failed.

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
    /// The request that this one repeats: it had gone out on a kept connection, and that ended unanswered.
    pub retry_of: Option<RequestId>,
    /// `--origin`: how it stands to the page that makes it; `None` without one.
    pub cors: Option<Cors>,
    /// `--reuse`: the same again on its connection, when the trace had ended; `None` without it.
    pub further: Option<Further>,
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
            further: None,
            cors: None,
        }
    }
}
