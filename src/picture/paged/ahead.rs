//! What was done ahead for hints of a page, and who made use of it.

use super::row::Row;
use crate::trace::{Hop, Page, Resource, ResourceId, Trace};

/// A hint that something was done for.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'t> {
    /// Which.
    pub id: ResourceId,
    /// What it says.
    pub resource: &'t Resource,
    /// What was done, as a request that goes no further.
    pub hop: Hop<'t>,
    /// Requests that went over its connection.
    pub used: usize,
}

/// All of them.
pub(super) fn ahead<'t>(trace: &'t Trace, page: &'t Page, rows: &[Row<'t>]) -> Vec<Ahead<'t>> {
    let all = page.prepared().filter_map(|(id, resource, request)| {
        let hop = trace.page_hop(request)?;
        let own = hop.request.connection.ran();
        let used = rows.iter().filter(|row| own.is_some() && row.hop.request.connection.ran() == own).count();
        Some(Ahead { id, resource, hop, used })
    });
    all.collect()
}
