//! A run of which no more is known than what `--brief` saves.

use super::request::KeptConnection;

/// What a run came to, without what it did: its tables are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brief {
    /// The status of its last response.
    pub status: Option<u16>,
    /// Which of its requests failed, counted from 0.
    pub failed_hop: usize,
    /// Whether it had a connection from an earlier run.
    pub kept: Option<KeptConnection>,
    /// What each phase took in microseconds, in their order ([`timeline`](crate::timeline)); `None` for one that did not
    /// happen.
    pub spent: Vec<Option<u64>>,
    /// What belongs to no phase, in microseconds.
    pub unaccounted: u64,
}
