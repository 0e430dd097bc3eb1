//! Phases and spans: the one place where a trace's stamps become durations.
//!
//! Text, JSON, HTML and SVG draw from these. Nothing is measured here and nothing is worded for
//! people beyond a span's name.

use crate::trace::{At, Hop, StageName, Trace};

/// The phases of a hop, in microseconds; `None` where a phase did not happen. They and
/// `unaccounted` sum to `total`, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Phases {
    pub dns: Option<u64>,
    pub connect: Option<u64>,
    pub tls: Option<u64>,
    pub quic: Option<u64>,
    pub send: Option<u64>,
    pub wait: Option<u64>,
    pub receive: Option<u64>,
    pub unaccounted: u64,
    pub total: u64,
}

/// One row of the waterfall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its index in the list.
    pub id: usize,
    /// The row it lies under.
    pub parent: Option<usize>,
    /// Its hop.
    pub hop: usize,
    /// Its stage.
    pub stage: StageName,
    /// What to call it: a zone, an address, `handshake`, `send`, `wait`, `receive`.
    pub name: String,
    /// Start.
    pub start: At,
    /// End.
    pub end: At,
    /// Whether it is part of the counted time (false for the stub lane, losers of the race, ...).
    pub counted: bool,
}

/// The phases of a hop.
#[must_use]
pub fn phases(hop: &Hop) -> Phases {
    let _ = hop;
    Phases::default()
}

/// The rows of a trace's waterfall, in the order of drawing.
#[must_use]
pub fn spans(trace: &Trace) -> Vec<Span> {
    let _ = trace;
    Vec::new()
}
