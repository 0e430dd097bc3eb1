//! What a report of one `urltrace dns` is made from.

use std::time::{Duration, SystemTime};

use crate::finding::Finding;
use crate::trace::{Dns, Failure};

/// One run of `urltrace dns`.
#[derive(Clone, Copy, Debug)]
pub struct DnsRun<'a> {
    /// The name as it was typed.
    pub input: &'a str,
    /// Wall time of t0.
    pub started_at: SystemTime,
    /// Client set-up before t0.
    pub setup: Duration,
    /// From t0 to the end of the walk; in a batch from its own start.
    pub total: Duration,
    /// The walk.
    pub dns: &'a Dns,
    /// What ended it before its goal.
    pub failure: Option<&'a Failure>,
    /// What is wrong with it or worth knowing.
    pub findings: &'a [Finding],
}
