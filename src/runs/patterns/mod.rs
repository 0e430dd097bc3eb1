//! What the order and the servers of many runs tell: a server that is slow every third time, two levels with little between,
//! a slow drift, one of several servers that is slow. Nothing is told of noise: each is held to what chance would do, and
//! to a difference that matters.
//!
//! # Layout
//! - `pattern`: what can be seen, and its words; `series`: the runs that are looked at
//! - `modes`: whether totals fall into two heaps; `periods`: whether the slow ones come in turn; `trend`: whether they rise
//!   or fall; `servers`: whether they are those of one server

mod modes;
mod pattern;
mod periods;
mod series;
mod servers;
mod trend;

use self::modes::Modes;
pub use self::pattern::{NamedBy, PATTERN_LEVEL, Pattern, PatternKind};
use self::series::Series;
use super::spread::six_digits;
use crate::trace::Trace;

/// What is seen in these runs, in their order. A pattern that another explains is not told beside it: one slow server of
/// three makes two levels, and so does every third run.
#[must_use]
pub fn patterns(traces: &[&Trace]) -> Vec<Pattern> {
    let series = Series::of(traces);
    let mut found = servers::slow_servers(&series);
    let modes = Modes::of(&series.totals);
    let explained =
        |found: &[Pattern], slow: &[bool]| found.iter().any(|known| explains(known, &series, slow));
    let in_turn = modes.iter().find_map(|modes| periods::in_turn(&series.runs, &modes.high));
    if let Some((period, slow, chance)) = in_turn.filter(|(_, slow, _)| !explained(&found, slow)) {
        found.extend(series.pattern(PatternKind::Flapping { period }, &slow, Some(chance)));
    }
    let two = modes.into_iter().find(Modes::are_two);
    if let Some(modes) = two.filter(|modes| !explained(&found, &modes.high)) {
        found.extend(series.pattern(PatternKind::Bimodal, &modes.high, None));
    }
    found.extend(trend::drift(&series));
    found.into_iter().map(|one| Pattern { chance: one.chance.map(six_digits), ..one }).collect()
}

/// Whether the slow runs of a pattern are these, but for one in five.
fn explains(known: &Pattern, series: &Series<'_>, slow: &[bool]) -> bool {
    let both =
        series.runs.iter().zip(slow).filter(|(run, slow)| **slow && known.slow_runs.contains(run)).count();
    let these = slow.iter().filter(|slow| **slow).count();
    both * 5 >= these * 4
}

#[cfg(test)]
mod tests;
