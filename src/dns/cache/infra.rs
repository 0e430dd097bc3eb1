//! The infrastructure cache: what a run has learned of a name server by its address (SRTT, EDNS, TCP, lame).

use std::collections::HashSet;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

/// What is known of a server's address.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerInfo {
    /// Smoothed round-trip time.
    pub(crate) srtt: Option<Duration>,
    /// It did not answer in time, or not at all.
    pub(crate) missed: bool,
    /// It refuses questions with EDNS, or drops them.
    pub(crate) plain_only: bool,
    /// It answers by TCP and not by UDP.
    pub(crate) tcp_only: bool,
    /// It does not repeat a question in the case it was asked in.
    pub(crate) changes_case: bool,
    /// Zones it was named for and does not serve.
    pub(crate) lame_for: HashSet<Name>,
}
