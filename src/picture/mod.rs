//! The pictures of a run as plain data: the rows of its waterfall, the arrows of its ladder diagram, and the requests
//! of a page.
//!
//! Computed once, drawn by text, SVG and HTML alike. Nothing is drawn or escaped here: labels hold what the
//! network said as it came. No time stands here that the trace has not: a round trip is never split in two.

mod arrow;
mod connection_arrows;
mod depth;
mod dns_arrows;
mod draft;
mod fold;
mod label;
mod ladder;
mod lane;
mod link;
mod packet_rows;
mod page_arrows;
mod paged;
mod row;
mod rows;
#[cfg(test)]
mod tests;

pub use arrow::{Arrow, Fate, Source};
pub use depth::Depth;
pub use fold::{Fold, Step};
pub use ladder::{Ladder, ladder, ladder_of_lookup};
pub use lane::{Lane, Party};
pub use page_arrows::Shown;
pub use paged::{Ahead, AskedBy, Host, Lane as ConnectionLane, Opening, Paged, Row as PagedRow, Run};
pub use row::{Row, Standing, What};
pub use rows::rows;

use crate::finding::Finding;
use crate::trace::{At, Trace};

/// The lanes that a wide ladder has for each party.
pub const MOST_LANES: usize = 3;

/// All that is drawn of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The end of the time axis; t0 is its start.
    pub end: At,
    /// The waterfall.
    pub rows: Vec<Row>,
    /// The ladder diagram.
    pub ladder: Ladder,
}

impl Picture {
    /// The picture of a trace, each part with the findings that rest on it.
    #[must_use]
    pub fn of(trace: &Trace, findings: &[Finding], depth: Depth) -> Self {
        let mut rows = rows(trace);
        link::rows(&mut rows, trace, findings);
        Self { end: At(0).after(trace.total), rows, ladder: ladder(trace, findings, MOST_LANES, depth) }
    }
}
