//! What a connection to an origin is opened from, by whatever transport.

use crate::http::{Ask, Session};
use crate::tcp::Candidate;
use crate::trace::{Connection, ConnectionId, Failure, Request, RequestId, ServiceBinding};

/// What opening a connection comes to; `None` where the request goes no further than to an earlier stage, and that was
/// reached.
pub(super) type Opened = Result<Option<(Session, ConnectionId)>, Failure>;

/// What a connection is opened from.
pub(super) struct Opening<'a> {
    pub(super) id: RequestId,
    pub(super) request: &'a mut Request,
    pub(super) ask: &'a Ask,
    pub(super) connections: &'a mut Vec<Connection>,
    /// Where the origin may be reached.
    pub(super) queue: Vec<Candidate>,
    /// Addresses that are known, whatever their family.
    pub(super) found: usize,
    pub(super) service: Option<&'a mut ServiceBinding>,
    /// What `--connect-to` has replaced.
    pub(super) redirected_from: Option<String>,
}
