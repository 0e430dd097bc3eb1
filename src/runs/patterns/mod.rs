//! What the order and the servers of many runs tell: a server that is slow every third time, two levels with little between,
//! a slow drift, one of several servers that is slow. Nothing is told of noise: each is held to what chance would do, and
//! to a difference that matters.
//!
//! # Layout
//! - `modes`: whether totals fall into two heaps; `periods`: whether the slow ones come in turn; `trend`: whether they rise
//!   or fall; `servers`: whether they are those of one server

mod modes;
mod periods;
mod servers;
mod trend;

use self::modes::Modes;
pub use self::servers::NamedBy;
use super::spread::Spread;
use crate::timeline::{PerPhase, Phase, Phases, phases_of_all};
use crate::trace::Trace;
use crate::units::{count, micros};

/// How likely chance may be where a pattern is told.
pub const PATTERN_LEVEL: f64 = 0.01;
/// By how much slow has to be slower to be spoken of: this many percent, and this many microseconds.
const MORE_PERCENT: u64 = 20;
const MORE: u64 = 2_000;

/// What was seen in the order of runs, or in who answered them. Times are totals in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// The median of the runs that it calls fast; of a drift, of its first third.
    pub fast: u64,
    /// That of the runs that it calls slow; of a drift, of its last third.
    pub slow: u64,
    /// The slow runs, counted from 0; of a drift none.
    pub slow_runs: Vec<usize>,
    /// How many came to their end, and were looked at.
    pub of: usize,
    /// The phase that differs most.
    pub phase: Phase,
    /// How likely chance does as much; `None` where it is judged by its shape alone.
    pub chance: Option<f64>,
}

/// Which pattern it is.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// Every so many runs one is slow.
    Flapping {
        /// Every so many.
        period: usize,
    },
    /// Two levels, and little between.
    Bimodal,
    /// Each run takes a little more, or less, than the one before.
    Drift {
        /// By how much.
        per_run: i64,
    },
    /// One server of several is slow.
    BadBackend {
        /// By what servers are told from each other.
        by: NamedBy,
        /// The slow one.
        server: String,
        /// How many there are.
        servers: usize,
    },
}

impl PatternKind {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Flapping { .. } => "flapping",
            Self::Bimodal => "bimodal",
            Self::Drift { .. } => "drift",
            Self::BadBackend { .. } => "bad-backend",
        }
    }
}

impl Pattern {
    /// In one sentence, without its end.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { kind, fast, slow, slow_runs, of, phase, chance: _ } = self;
        let (fast, slow, phase) = (micros(*fast), micros(*slow), phase.as_str());
        match kind {
            PatternKind::Flapping { period } => format!(
                "every {} run is slow, from run {} on: {slow}, where the others take {fast}; the difference is in {phase}",
                ordinal(*period),
                slow_runs.first().map_or(0, |run| run + 1),
            ),
            PatternKind::Bimodal => format!(
                "two levels with little between: {} near {fast}, {} near {slow}; the difference is in {phase}",
                count(of - slow_runs.len(), "run"),
                slow_runs.len(),
            ),
            PatternKind::Drift { per_run } => format!(
                "each run takes about {} {} than the one before: from {fast} to {slow} over {}, in {phase}",
                micros(per_run.unsigned_abs()),
                if *per_run < 0 { "less" } else { "more" },
                count(*of, "run"),
            ),
            PatternKind::BadBackend { by, server, servers } => format!(
                "one of {servers} servers is slow, {}{server}: {} near {slow}, where the others take {fast}; the \
                 difference is in {phase}",
                match by {
                    NamedBy::Address => String::new(),
                    NamedBy::Field(name) => format!("{name}: "),
                },
                count(slow_runs.len(), "run"),
            ),
        }
    }
}

fn ordinal(number: usize) -> String {
    match number {
        2 => "2nd".to_owned(),
        3 => "3rd".to_owned(),
        other => format!("{other}th"),
    }
}

/// The runs that came to their end, in their order.
struct Series<'a> {
    /// Which each is, counted from 0 among all.
    runs: Vec<usize>,
    traces: Vec<&'a Trace>,
    phases: Vec<Phases>,
    totals: Vec<u64>,
}

impl<'a> Series<'a> {
    fn of(traces: &[&'a Trace]) -> Self {
        let whole = || traces.iter().enumerate().filter(|(_, trace)| trace.failure().is_none());
        let phases: Vec<Phases> = whole().map(|(_, trace)| phases_of_all(trace)).collect();
        Self {
            runs: whole().map(|(at, _)| at).collect(),
            traces: whole().map(|(_, trace)| *trace).collect(),
            totals: phases.iter().map(|phases| phases.total).collect(),
            phases,
        }
    }

    /// The median of the totals of some.
    fn median(&self, of: impl Fn(usize) -> bool) -> u64 {
        let some = self.totals.iter().enumerate().filter(|(at, _)| of(*at)).map(|(_, total)| *total);
        Spread::of(some).map_or(0, |spread| spread.median())
    }

    /// The phase whose median differs most between some and some others.
    fn phase(&self, slow: impl Fn(usize) -> bool, fast: impl Fn(usize) -> bool) -> Phase {
        let median = |phase: Phase, of: &dyn Fn(usize) -> bool| {
            let some = self.phases.iter().enumerate().filter(|(at, _)| of(*at));
            Spread::of(some.map(|(_, all)| all.spent[phase].unwrap_or_default())).map_or(0, |it| it.median())
        };
        let apart = PerPhase::of(|phase| median(phase, &slow).abs_diff(median(phase, &fast)));
        apart.iter().max_by_key(|(_, apart)| **apart).map_or(Phase::Wait, |(phase, _)| phase)
    }

    /// The pattern whose slow runs are these; `None` where they are hardly slower.
    fn pattern(&self, kind: PatternKind, slow: &[bool], chance: Option<f64>) -> Option<Pattern> {
        let is_slow = |at: usize| slow.get(at).copied().unwrap_or_default();
        let (low, high) = (self.median(|at| !is_slow(at)), self.median(is_slow));
        matters(low, high).then(|| Pattern {
            kind,
            fast: low,
            slow: high,
            slow_runs: self
                .runs
                .iter()
                .enumerate()
                .filter(|(at, _)| is_slow(*at))
                .map(|(_, run)| *run)
                .collect(),
            of: self.totals.len(),
            phase: self.phase(is_slow, |at| !is_slow(at)),
            chance,
        })
    }
}

/// Whether somebody would notice the difference.
const fn matters(fast: u64, slow: u64) -> bool {
    let more = slow.saturating_sub(fast);
    more >= MORE && more.saturating_mul(100) >= fast.saturating_mul(MORE_PERCENT)
}

/// What is seen in these runs, in their order. A pattern that another explains is not told beside it: one slow server of
/// three makes two levels, and so does every third run.
#[must_use]
pub fn patterns(traces: &[&Trace]) -> Vec<Pattern> {
    let series = Series::of(traces);
    let mut found = servers::slow_servers(&series);
    let modes = Modes::of(&series.totals);
    let explained =
        |found: &[Pattern], slow: &[bool]| found.iter().any(|known| explains(known, &series, slow));
    let in_turn = modes.as_ref().and_then(|modes| periods::in_turn(&series.runs, &modes.high));
    if let Some((period, slow, chance)) = in_turn {
        if !explained(&found, &slow) {
            found.extend(series.pattern(PatternKind::Flapping { period }, &slow, Some(chance)));
        }
    }
    if let Some(modes) = modes.filter(Modes::are_two) {
        if !explained(&found, &modes.high) {
            found.extend(series.pattern(PatternKind::Bimodal, &modes.high, None));
        }
    }
    found.extend(trend::drift(&series));
    found
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
