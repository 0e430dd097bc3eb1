//! Which requests decide the start of rendering, as measured: each is there because the one before named it.

use crate::trace::{Asker, At, Blocking, RequestId, ResourceId, Trace};

/// A request that the start of rendering waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which.
    pub request: RequestId,
    /// The resource that it is for; `None` for the document's own.
    pub resource: Option<ResourceId>,
    /// When it could be known of.
    pub from: At,
    /// When the next could be, or rendering could start.
    pub to: At,
}

impl Link {
    /// Its share of the time until rendering can start.
    #[must_use]
    pub const fn share(&self) -> u64 {
        self.to.0.saturating_sub(self.from.0)
    }
}

/// The chain, the typed URL first; its shares sum to the start of rendering. Empty where that was not measured.
#[must_use]
pub fn critical_chain(trace: &Trace) -> Vec<Link> {
    let Some(page) = &trace.page else { return Vec::new() };
    let Some(start) = page.marks.start_render else { return Vec::new() };
    let mut links = Vec::new();
    let mut to = start;
    let last = page
        .requested()
        .filter(|(_, resource, _)| resource.blocking == Blocking::Render)
        .filter_map(|(id, _, request)| Some((trace.page_hop(request)?.end, id)))
        .max()
        // Behind all that blocks the head itself may be what was waited for.
        .filter(|(end, _)| *end >= start);
    let mut next = last.map(|(_, id)| id);
    // A resource is found in one that was found before it.
    while let Some(id) = next {
        let Some(resource) = page.resources.get(id.0) else { break };
        let crate::trace::Fate::Requested(request) = resource.fate else { break };
        let from = resource.discovered.min(to);
        links.push(Link { request, resource: Some(id), from, to });
        to = from;
        next = match resource.initiator.of {
            Asker::Document => None,
            Asker::Resource(asker) => Some(asker).filter(|asker| *asker < id),
        };
    }
    let chain: Vec<_> = trace.hops().map(|hop| (hop.id, hop.start)).collect();
    for (place, (request, begun)) in
        chain.into_iter().enumerate().rev().filter(|(_, (_, begun))| *begun <= start)
    {
        let from = if place == 0 { At(0) } else { begun };
        if from < to || place == 0 {
            links.push(Link { request, resource: None, from, to });
            to = from;
        }
    }
    links.reverse();
    links
}
