//! Phases and spans: the one place where a trace's stamps become durations.
//!
//! Text, JSON, HTML and SVG draw from these. Nothing is measured here and nothing is worded for
//! people beyond a span's name and the reason of a missing phase.

mod further;
mod lookup_cost;
mod lookup_rows;
mod phase;
mod phases;
mod slow_start;
mod spans;
mod stretch;
mod subject;

pub use further::{Later, later, later_of};
pub use lookup_cost::{counted_packets, round_trips};
pub use phase::{PerPhase, Phase};
pub use phases::{NOT_REACHED, Phases, phases, phases_of_all, phases_of_exchange, reasons};
pub use slow_start::{SlowStart, no_slow_start, slow_start};
pub use spans::{Span, spans};
pub use stretch::phase_bounds;
pub use subject::Subject;
