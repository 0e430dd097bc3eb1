//! A part of a trace's time, and the taking apart of a phase. What a part is owed to is decided elsewhere.

use std::time::Duration;

use super::cause::Cause;
use crate::finding::place::Place;
use crate::timeline::{Phase, Subject};
use crate::trace::RequestId;

/// A part of the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Whose.
    pub(super) request: RequestId,
    /// In which phase; `None` between them.
    pub(super) phase: Option<Phase>,
    /// What it is owed to.
    pub(super) cause: Cause,
    /// How much.
    pub(super) time: Duration,
    /// Of distance: how many round trips it is.
    pub(super) trips: u32,
    /// What shows it, as far as that is narrower than the phase.
    pub(super) seen: Seen,
}

/// What a part of the time is owed to, as far as it is narrower than a phase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) subject: Option<Subject>,
    pub(super) place: Option<Place>,
    pub(super) server: Option<String>,
}

/// A phase of a hop while it is taken apart: what is left of its time.
pub(super) struct Cutter {
    request: RequestId,
    phase: Option<Phase>,
    left: Duration,
    parts: Vec<Part>,
}

impl Cutter {
    pub(super) const fn new(request: RequestId, phase: Option<Phase>, left: Duration) -> Self {
        Self { request, phase, left, parts: Vec::new() }
    }

    pub(super) fn into_parts(self) -> Vec<Part> {
        self.parts
    }

    /// Gives as much of what is left as `time` to a cause.
    pub(super) fn give(&mut self, cause: Cause, time: Duration, trips: u32, seen: Seen) {
        let time = time.min(self.left);
        if time.is_zero() {
            return;
        }
        self.left -= time;
        let (request, phase) = (self.request, self.phase);
        self.parts.push(Part { request, phase, cause, time, trips, seen });
    }

    /// Gives all that is left to a cause.
    pub(super) fn give_rest(&mut self, cause: Cause, seen: Seen) {
        self.give(cause, self.left, 0, seen);
    }
}
