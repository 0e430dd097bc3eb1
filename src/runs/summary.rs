//! The phases of many runs, and which of them failed.
//!
//! Phases and totals are those of the runs that came to their end: what a failed run took says when it was given up.

use super::spread::{Percentile, Spread, nearest_rank};
use crate::timeline::{PerPhase, phases_of_all};
use crate::trace::{Failure, FailureCode, StageName, Trace};

/// How the phases of many runs spread, in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Runs, failed ones too.
    pub runs: usize,
    /// Those that came to their end.
    pub ok: usize,
    /// Each phase, of the runs in which it happened; `None` where that is none.
    pub phases: PerPhase<Option<Spread>>,
    /// What belongs to no phase.
    pub unaccounted: Option<Spread>,
    /// From t0 to the end.
    pub total: Option<Spread>,
    /// How runs failed, the most frequent first.
    pub failures: Vec<Failures>,
}

/// Runs that failed alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failures {
    /// Where.
    pub stage: StageName,
    /// How.
    pub code: FailureCode,
    /// How many.
    pub count: usize,
    /// The first of them, counted from 0.
    pub first: usize,
}

impl Summary {
    /// Of these runs, in their order.
    #[must_use]
    pub fn of(traces: &[&Trace]) -> Self {
        let whole: Vec<_> = traces
            .iter()
            .filter(|trace| trace.failure().is_none())
            .map(|trace| phases_of_all(trace))
            .collect();
        Self {
            runs: traces.len(),
            ok: whole.len(),
            phases: PerPhase::of(|phase| Spread::of(whole.iter().filter_map(|all| all.spent[phase]))),
            unaccounted: Spread::of(whole.iter().map(|all| all.unaccounted)),
            total: Spread::of(whole.iter().map(|all| all.total)),
            failures: failures(traces.iter().map(|trace| trace.failure())),
        }
    }

    /// How many runs failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.runs - self.ok
    }
}

fn failures<'a>(all: impl Iterator<Item = Option<&'a Failure>>) -> Vec<Failures> {
    let mut found: Vec<Failures> = Vec::new();
    for (first, failure) in all.enumerate() {
        let Some(Failure { stage, code, .. }) = failure else { continue };
        match found.iter_mut().find(|known| (known.stage, known.code) == (*stage, *code)) {
            Some(known) => known.count += 1,
            None => found.push(Failures { stage: *stage, code: *code, count: 1, first }),
        }
    }
    found.sort_by_key(|known| std::cmp::Reverse(known.count));
    found
}

/// The run whose total is the median, the first of several; of the failed ones the first where all failed.
#[must_use]
pub fn median_run(traces: &[&Trace]) -> Option<usize> {
    let mut whole: Vec<usize> = (0..traces.len()).filter(|at| traces[*at].failure().is_none()).collect();
    whole.sort_by_key(|at| traces[*at].total);
    whole.get(nearest_rank(whole.len(), Percentile::P50)).copied().or((!traces.is_empty()).then_some(0))
}

/// The zones whose delegation a run began with, of its first lookup.
#[must_use]
pub fn kept(run: &Trace) -> Vec<&str> {
    let cuts = run.lookups.first().map_or(&[][..], |dns| &dns.cuts);
    cuts.iter().filter(|cut| cut.cached).map(|cut| cut.zone.as_str()).filter(|zone| *zone != ".").collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::timeline::Phase;
    use crate::trace::sample;

    /// Runs that are later by so many milliseconds in their wait.
    fn runs(waits: &[u64]) -> Vec<Trace> {
        waits.iter().map(|ms| sample::waited(Duration::from_millis(*ms))).collect()
    }

    #[test]
    fn failed_runs_are_counted_and_their_times_are_not() {
        let mut all = runs(&[10, 0, 20, 400]);
        let usual = phases_of_all(&runs(&[0])[0]);
        let failure = Failure {
            stage: StageName::Http,
            code: FailureCode::EmptyResponse,
            message: String::new(),
            hint: None,
            running: Duration::ZERO,
        };
        all[3].requests.last_mut().unwrap().failure = Some(failure);
        let all: Vec<&Trace> = all.iter().collect();
        let summary = Summary::of(&all);
        assert_eq!((summary.runs, summary.ok, summary.failed()), (4, 3, 1));
        let total = summary.total.unwrap();
        assert_eq!((total.n(), total.max()), (3, usual.total + 20_000));
        let wait = summary.phases[Phase::Wait].clone().unwrap();
        assert_eq!(wait.median(), usual.spent[Phase::Wait].unwrap() + 10_000);
        assert_eq!(summary.phases[Phase::Quic], None);
        let [failures] = &summary.failures[..] else { panic!("{:?}", summary.failures) };
        assert_eq!((failures.count, failures.first, failures.code), (1, 3, FailureCode::EmptyResponse));
        assert_eq!(median_run(&all), Some(0));
        assert_eq!(median_run(&all[3..]), Some(0), "none came to its end");
        assert_eq!(median_run(&[]), None);
    }
}
