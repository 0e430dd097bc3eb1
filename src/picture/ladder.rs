//! The ladder diagram of a run: lanes for who took part, arrows for what they sent each other.

use super::arrow::Arrow;
use super::draft::Draft;
use super::lane::Lane;
use super::{connection_arrows, dns_arrows, link};
use crate::finding::Finding;
use crate::trace::{At, Dns, LookupId, Trace};

/// A ladder diagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// Who took part; this machine first.
    pub lanes: Vec<Lane>,
    /// What they sent each other, in the order of time.
    pub arrows: Vec<Arrow>,
    /// When the run ended.
    pub end: At,
}

/// The ladder of a trace, with `most` lanes at the most for each party.
#[must_use]
pub fn ladder(trace: &Trace, findings: &[Finding], most: usize) -> Ladder {
    let mut draft = Draft::default();
    for hop in trace.hops() {
        if let (Some(id), Some(dns)) = (hop.request.lookup.ran(), hop.dns.ran()) {
            dns_arrows::put(&mut draft, id, dns);
        }
        connection_arrows::put(&mut draft, trace, &hop);
    }
    laid_out(draft, At(0).after(trace.total), findings, most)
}

/// The ladder of one lookup by itself.
#[must_use]
pub fn ladder_of_lookup(dns: &Dns, end: At, findings: &[Finding], most: usize) -> Ladder {
    let mut draft = Draft::default();
    dns_arrows::put(&mut draft, LookupId(0), dns);
    laid_out(draft, end, findings, most)
}

fn laid_out(draft: Draft, end: At, findings: &[Finding], most: usize) -> Ladder {
    let (lanes, mut arrows) = draft.laid_out(most);
    link::arrows(&mut arrows, findings);
    Ladder { lanes, arrows, end }
}

impl Ladder {
    /// Whether there is anything to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arrows.is_empty()
    }
}
