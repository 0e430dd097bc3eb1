//! The runs whose order is looked at, and how some of them stand to the others.

use super::super::spread::Spread;
use super::pattern::{Pattern, PatternKind};
use crate::timeline::{PerPhase, Phase, Phases, phases_of_all};
use crate::trace::Trace;

/// By how much slow has to be slower to be spoken of: this many percent, and this many microseconds.
const MORE_PERCENT: u64 = 20;
const MORE: u64 = 2_000;

/// The runs that came to their end, in their order.
pub(super) struct Series<'a> {
    /// Which each is, counted from 0 among all.
    pub(super) runs: Vec<usize>,
    pub(super) traces: Vec<&'a Trace>,
    phases: Vec<Phases>,
    pub(super) totals: Vec<u64>,
}

impl<'a> Series<'a> {
    pub(super) fn of(traces: &[&'a Trace]) -> Self {
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
    pub(super) fn median(&self, of: impl Fn(usize) -> bool) -> u64 {
        let some = self.totals.iter().enumerate().filter(|(at, _)| of(*at)).map(|(_, total)| *total);
        Spread::of(some).map_or(0, |spread| spread.median())
    }

    /// The phase whose median differs most between some and some others.
    pub(super) fn phase(&self, slow: impl Fn(usize) -> bool, fast: impl Fn(usize) -> bool) -> Phase {
        let median = |phase: Phase, of: &dyn Fn(usize) -> bool| {
            let some = self.phases.iter().enumerate().filter(|(at, _)| of(*at));
            Spread::of(some.map(|(_, all)| all.spent[phase].unwrap_or_default())).map_or(0, |it| it.median())
        };
        let apart = PerPhase::of(|phase| median(phase, &slow).abs_diff(median(phase, &fast)));
        apart.iter().max_by_key(|(_, apart)| **apart).map_or(Phase::Wait, |(phase, _)| phase)
    }

    /// The pattern whose slow runs are these; `None` where they are hardly slower.
    pub(super) fn pattern(&self, kind: PatternKind, slow: &[bool], chance: Option<f64>) -> Option<Pattern> {
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
pub(super) const fn matters(fast: u64, slow: u64) -> bool {
    let more = slow.saturating_sub(fast);
    more >= MORE && more.saturating_mul(100) >= fast.saturating_mul(MORE_PERCENT)
}
