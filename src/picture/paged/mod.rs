//! A page as plain data: a row for each request, the hosts that they went to, and a lane for each connection.
//!
//! Computed once, drawn by text, SVG, HTML and Markdown alike. Nothing is measured, worded or escaped here.

mod ahead;
mod host;
mod lane;
mod row;

pub use ahead::Ahead;
pub use host::Host;
pub use lane::{Lane, Opening, Run};
pub use row::{AskedBy, Row};

use crate::finding::{Finding, Place};
use crate::trace::{Asker, At, Fate, InitiatorKind, Page, ResourceId, Trace};

/// All that is drawn of a page.
#[derive(Clone, Debug)]
pub struct Paged<'t> {
    /// The page itself.
    pub page: &'t Page,
    /// The end of the time axis; t0 is its start.
    pub end: At,
    /// Every request: the document's chain, then what the page asks for, in order of discovery. A row's place is the
    /// `index` that its request has in JSON.
    pub rows: Vec<Row<'t>>,
    /// The hosts, in the order in which they were first needed.
    pub hosts: Vec<Host<'t>>,
    /// The connections, in the order in which they were opened.
    pub lanes: Vec<Lane>,
    /// What was done ahead, for hints.
    pub ahead: Vec<Ahead<'t>>,
}

impl<'t> Paged<'t> {
    /// The picture of a trace's page, each row with the findings that rest on it.
    #[must_use]
    pub fn of(trace: &'t Trace, page: &'t Page, findings: &[Finding]) -> Self {
        let mut rows: Vec<Row<'t>> = trace
            .hops()
            .enumerate()
            .map(|(index, hop)| {
                let kind =
                    if hop.retry_of.is_some() { InitiatorKind::Retry } else { InitiatorKind::Redirect };
                let by = index.checked_sub(1).map(|before| AskedBy { kind, row: Some(before), offset: None });
                Row::new(hop, None, by)
            })
            .collect();
        let chain = rows.len();
        let mut places: Vec<Option<usize>> = vec![None; page.resources.len()];
        let hops: Vec<_> = trace.page_hops().collect();
        for (id, resource) in page.resources.iter().enumerate() {
            let Fate::Requested(request) = resource.fate else { continue };
            let hop = request.0.checked_sub(trace.requests.len()).and_then(|place| hops.get(place));
            let Some(hop) = hop else { continue };
            let row = match resource.initiator.of {
                Asker::Document => chain.checked_sub(1),
                Asker::Resource(ResourceId(asker)) => places.get(asker).copied().flatten(),
            };
            let by = AskedBy { kind: resource.initiator.kind, row, offset: resource.initiator.offset };
            places[id] = Some(rows.len());
            rows.push(Row::new(*hop, Some((ResourceId(id), resource)), Some(by)));
        }
        link(&mut rows, (page, &places), findings);
        let hosts = host::hosts(&mut rows);
        let lanes = lane::lanes(trace, &rows);
        let end = rows.iter().map(|row| row.hop.end).max().unwrap_or_default();
        let ahead = ahead::ahead(trace, page, &rows);
        Self { page, end, rows, hosts, lanes, ahead }
    }

    /// Bytes that came for all of it.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.rows.iter().map(Row::bytes).sum()
    }

    /// Requests without a response, or with one of an error.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.rows.iter().filter(|row| row.is_bad()).count()
    }

    /// Connections that requests went out on.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.lanes.iter().filter(|lane| !lane.runs.is_empty()).count()
    }

    /// The host of the document.
    #[must_use]
    pub fn own_host(&self) -> Option<usize> {
        self.rows.iter().rev().find(|row| row.resource.is_none()).map(|row| row.host)
    }
}

/// Tells the rows which findings rest on them.
fn link(rows: &mut [Row<'_>], (page, places): (&Page, &[Option<usize>]), findings: &[Finding]) {
    for (index, finding) in findings.iter().enumerate() {
        let of = finding.evidence.iter().filter_map(|place| match place {
            Place::Resource(id, _) => places.get(id.0).copied().flatten(),
            Place::Again(place, _) => {
                let of = page.again.as_ref()?.requests.get(*place)?.of;
                rows.iter().position(|row| row.hop.id == of)
            }
            Place::Request(id, _) => Some(id.0).filter(|id| *id < rows.len() && rows[*id].resource.is_none()),
            _ => None,
        });
        let mut of: Vec<usize> = of.collect();
        of.sort_unstable();
        of.dedup();
        for row in of {
            rows[row].findings.push(index);
        }
    }
}

#[cfg(test)]
mod tests;
