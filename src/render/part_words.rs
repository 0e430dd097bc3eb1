//! What the parts of a run are called, and what they took.

use crate::diff::Part;
use crate::runs::{Spread, Summary};
use crate::timeline::Phases;
use crate::units::micros;

/// The name of a part, for people.
pub(super) const fn name(part: Part) -> &'static str {
    match part {
        Part::Unaccounted => "this program",
        Part::Phase(_) | Part::Total => part.as_str(),
    }
}

/// How a part of many runs spread.
pub(super) fn spread(summary: &Summary, part: Part) -> Option<&Spread> {
    match part {
        Part::Phase(phase) => summary.phases[phase].as_ref(),
        Part::Unaccounted => summary.unaccounted.as_ref(),
        Part::Total => summary.total.as_ref(),
    }
}

/// What a part of one run took.
pub(super) fn spent(phases: &Phases, part: Part) -> Option<u64> {
    match part {
        Part::Phase(phase) => phases.spent[phase],
        Part::Unaccounted => Some(phases.unaccounted),
        Part::Total => Some(phases.total),
    }
}

/// A time; a stroke where there is none.
pub(super) fn time(us: Option<u64>) -> String {
    us.map_or_else(|| "-".to_owned(), micros)
}
