//! The model of `--reuse`: further requests on the connection of one, made when the trace had ended.

use super::failure::Failure;
use super::http::Http;

/// What the same request came to again on the same connection (RFC 9112 §9.3, RFC 9113 §9.1). No part of the
/// trace's time.
#[derive(Clone, Debug, PartialEq)]
pub struct Further {
    /// Those that were begun, in their order.
    pub exchanges: Vec<FurtherExchange>,
    /// Why there are no more.
    pub end: FurtherEnd,
}

/// One further request.
#[derive(Clone, Debug, PartialEq)]
pub struct FurtherExchange {
    /// Request and response; the beginning of the body is not kept.
    pub http: Http,
    /// Why it did not come to its end.
    pub failure: Option<Failure>,
}

/// Why there are no more further requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FurtherEnd {
    /// As many as wanted were made.
    Done,
    /// The server ended the connection.
    Closed,
    /// One failed.
    Failed,
    /// The time of the run was over, or it was interrupted.
    Stopped,
    /// None was made, for this reason.
    Untried(&'static str),
}

impl FurtherEnd {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Closed => "closed",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Untried(_) => "untried",
        }
    }
}

impl Further {
    /// None was made.
    #[must_use]
    pub const fn untried(why: &'static str) -> Self {
        Self { exchanges: Vec::new(), end: FurtherEnd::Untried(why) }
    }

    /// Those that were answered to their end.
    pub fn answered(&self) -> impl Iterator<Item = &Http> {
        self.exchanges.iter().filter(|exchange| exchange.failure.is_none()).map(|exchange| &exchange.http)
    }
}
