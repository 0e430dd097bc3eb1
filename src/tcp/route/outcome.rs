//! What comes of one probe of a path.

use std::net::IpAddr;
use std::time::Duration;

use crate::trace::RouteAnswer;

/// How long a probe waits: less than the second after which the kernel sends its SYN again (RFC 6298 §2).
pub(super) const PATIENCE: Duration = Duration::from_millis(950);

/// What came of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered(Answer),
    Silent,
    /// This system could not send it.
    Failed(String),
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Whose it is; a kernel that hands no ICMP on does not tell.
    pub(super) from: Option<IpAddr>,
    pub(super) what: RouteAnswer,
    pub(super) rtt: Duration,
}
