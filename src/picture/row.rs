//! A row of the waterfall: what it shows, from when to when, and how it stands to the counted time.

use crate::timeline::{Phase, Subject};
use crate::trace::{At, LookupId, PacketId, RequestId};

/// One row of the waterfall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its place in the list.
    pub id: usize,
    /// The row that it lies under.
    pub parent: Option<usize>,
    /// How deep it lies.
    pub depth: usize,
    /// The request that it belongs to.
    pub request: RequestId,
    /// What it shows.
    pub what: What,
    /// The phase that it is, or is a part of.
    pub phase: Option<Phase>,
    /// What to call it. Names from the network are as they came.
    pub label: String,
    /// Start and end; `None` where nothing happened.
    pub time: Option<(At, At)>,
    /// How it stands to the counted time.
    pub standing: Standing,
    /// The span of the JSON document that it is.
    pub span: Option<usize>,
    /// The findings that rest on it, by their places in the report.
    pub findings: Vec<usize>,
}

/// What a row shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// All of a request.
    Request,
    /// One of its phases.
    Phase(Phase),
    /// A phase that did not happen, and why.
    Missing(Phase, &'static str),
    /// Time of the request that is no phase's, in microseconds: this program's own work.
    Unaccounted(u64),
    /// A part of a phase.
    Part(Subject),
    /// One packet of several in the row above.
    Packet(LookupId, PacketId),
}

/// How a row stands to the counted time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// A part of it.
    Counted,
    /// A part of it: the attempt that won the race.
    Won,
    /// No part of it: an attempt that another one has beaten.
    Lost,
    /// Sent because the one before had not answered yet.
    Hedged,
    /// It failed.
    Failed,
    /// No part of it: it went on beside.
    Uncounted,
}

impl Standing {
    /// The word for it, as a class of a drawing and as a mark.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Hedged => "hedged",
            Self::Failed => "failed",
            Self::Uncounted => "uncounted",
        }
    }
}

impl Row {
    /// How long it took, in microseconds; `None` where nothing happened, and for a point in time.
    #[must_use]
    pub fn micros(&self) -> Option<u64> {
        match (&self.what, self.time) {
            (What::Unaccounted(micros), _) => Some(*micros),
            (What::Part(Subject::Informational(_)), _) => None,
            (_, Some((start, end))) => Some(end.0.saturating_sub(start.0)),
            (_, None) => None,
        }
    }

    /// Whether it is a point in time: a place without a length.
    #[must_use]
    pub const fn is_instant(&self) -> bool {
        matches!(self.what, What::Part(Subject::Informational(_)))
    }

    /// Whether it is a whole request or a phase.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(self.what, What::Request | What::Phase(_))
    }
}
