//! The ladder diagram of a run: lanes for who took part, arrows for what they sent each other.

use super::arrow::Arrow;
use super::connection_arrows::{self, Whose};
use super::depth::Depth;
use super::draft::Draft;
use super::lane::Lane;
use super::page_arrows::{self, Shown};
use super::{dns_arrows, link};
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
    /// What of a page's requests is among them.
    pub page: Option<Shown>,
}

/// The ladder of a trace, with `most` lanes at the most for each party. Of a page it has the requests that the first paint
/// waited for, too, or all.
#[must_use]
pub fn ladder(trace: &Trace, findings: &[Finding], most: usize, depth: Depth) -> Ladder {
    let mut draft = Draft::default();
    for hop in trace.hops() {
        if let (Some(id), Some(dns)) = (hop.request.lookup.ran(), hop.dns.ran()) {
            dns_arrows::put(&mut draft, id, dns);
        }
        connection_arrows::put(&mut draft, trace, &hop, Whose::Run);
    }
    let page = page_arrows::put(&mut draft, trace, depth);
    let end = draft.end().max(At(0).after(trace.total));
    Ladder { page, ..laid_out(draft, end, findings, most) }
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
    Ladder { lanes, arrows, end, page: None }
}

impl Ladder {
    /// Whether there is anything to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arrows.is_empty()
    }
}
