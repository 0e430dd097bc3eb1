//! The arrows of a page's requests, on the document's axis: of those that the first paint waited for, or of all.

use super::connection_arrows::{self, Whose};
use super::depth::Depth;
use super::dns_arrows;
use super::draft::Draft;
use crate::page::critical_chain;
use crate::trace::{At, RequestId, StageName, Trace};

/// Requests that are drawn at most.
const MOST: usize = 60;

/// What of a page's requests a ladder has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Which of them were to be drawn.
    pub depth: Depth,
    /// How many are drawn.
    pub drawn: usize,
    /// How many there are.
    pub of: usize,
    /// When something could be painted, where that is known.
    pub start_render: Option<At>,
}

/// Puts them; `None` where there is no page. Of all requests those that nothing waited for are beside the counted way.
pub(super) fn put(draft: &mut Draft, trace: &Trace, depth: Depth) -> Option<Shown> {
    let page = trace.page.as_ref()?;
    let chain: Vec<RequestId> = critical_chain(trace).iter().map(|link| link.request).collect();
    let asked = |id: RequestId| trace.page_hop(id).filter(|hop| hop.request.until == StageName::Http);
    let all: Vec<_> = page.requested().filter_map(|(_, _, id)| asked(id)).collect();
    let mut ids: Vec<(At, RequestId)> = all
        .iter()
        .filter(|hop| depth == Depth::Full || chain.contains(&hop.id))
        .map(|hop| (hop.start, hop.id))
        .collect();
    ids.sort_unstable();
    ids.truncate(MOST);
    for (_, id) in &ids {
        let Some(hop) = trace.page_hop(*id) else { continue };
        let before = draft.len();
        if let (Some(id), Some(dns)) = (hop.request.lookup.ran(), hop.dns.ran()) {
            dns_arrows::put(draft, id, dns);
        }
        connection_arrows::put(draft, trace, &hop, Whose::Page);
        if !chain.contains(id) {
            draft.uncount(before);
        }
    }
    Some(Shown { depth, drawn: ids.len(), of: all.len(), start_render: page.marks.start_render })
}
