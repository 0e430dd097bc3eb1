//! One request of a page: what it was for, who asked for it, when its phases were.

use crate::timeline::{PerPhase, phase_bounds};
use crate::trace::{At, Blocking, Hop, InitiatorKind, Priority, Resource, ResourceId, ResourceKind};

/// A request of a page.
#[derive(Clone, Debug)]
pub struct Row<'t> {
    /// The request.
    pub hop: Hop<'t>,
    /// What it was made for; `None` for the document and the redirects to it.
    pub resource: Option<(ResourceId, &'t Resource)>,
    /// Who asked for it; `None` for the typed URL.
    pub by: Option<AskedBy>,
    /// Its host, by its place among the page's.
    pub host: usize,
    /// From when to when each phase was; `None` where it did not happen.
    pub phases: PerPhase<Option<(At, At)>>,
    /// The findings that rest on it, by their places in the report.
    pub findings: Vec<usize>,
}

/// Who asked for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedBy {
    /// How.
    pub kind: InitiatorKind,
    /// In whose response, by its row; `None` where that was not asked for itself.
    pub row: Option<usize>,
    /// How many decoded bytes of that had to be there; `None` for a field.
    pub offset: Option<u64>,
}

impl<'t> Row<'t> {
    pub(super) fn new(
        hop: Hop<'t>,
        resource: Option<(ResourceId, &'t Resource)>,
        by: Option<AskedBy>,
    ) -> Self {
        Self { hop, resource, by, host: 0, phases: phase_bounds(&hop), findings: Vec::new() }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ResourceKind {
        self.resource.map_or(ResourceKind::Document, |(_, resource)| resource.kind)
    }

    /// What waits for it.
    #[must_use]
    pub fn blocking(&self) -> Blocking {
        self.resource.map_or(Blocking::Render, |(_, resource)| resource.blocking)
    }

    /// How soon a browser wants it.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.resource.map_or(Priority::VeryHigh, |(_, resource)| resource.priority)
    }

    /// The status of its response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.hop.http.ran().and_then(|http| http.status)
    }

    /// Whether it had no response, or one of an error.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.hop.failure.is_some() || self.status().is_some_and(|status| status >= 400)
    }

    /// Bytes that came for it: head and body, as they were on the wire.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.hop.http.ran().map_or(0, |http| http.body.wire_bytes + http.head_bytes)
    }

    /// Since when it could be known of: for the document and the redirects to it that is their start.
    #[must_use]
    pub fn discovered(&self) -> At {
        self.resource.map_or(self.hop.start, |(_, resource)| resource.discovered)
    }

    /// How long it took, from its start to its end, in microseconds.
    #[must_use]
    pub const fn micros(&self) -> u64 {
        self.hop.end.0.saturating_sub(self.hop.start.0)
    }
}
