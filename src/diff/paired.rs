//! Several ways to the same beside the first of them. A round has a run of each, so that runs are compared with those
//! of their own round: what changed between the rounds is no difference of the ways.

use super::beside::{Row, Seen, Summary};
use super::facts::changes;
use super::part::Part;
use super::saved::Run;
use crate::runs::{Change, Spread, pair_shift, signed_rank, together};
use crate::trace::Trace;

/// One of the ways beside the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Paired {
    /// Rounds in which both came to their end.
    pub pairs: usize,
    /// Each phase that happened on a side, `unaccounted` and the total last. The first way is `a`.
    pub rows: Vec<Row>,
    /// What else was otherwise.
    pub changes: Vec<Change>,
}

impl Paired {
    /// What the totals come to.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.rows)
    }
}

/// Each but the first beside it; a way has its runs by rounds.
///
/// Whether a difference is more than chance is held to as many ways as there are, of the totals and of all phases each
/// together (Holm): the totals are what was asked.
#[must_use]
pub fn beside_first(ways: &[Vec<&Trace>]) -> Vec<Paired> {
    let ways: Vec<Vec<Run>> =
        ways.iter().map(|runs| runs.iter().map(|trace| (*trace).into()).collect()).collect();
    let Some((first, others)) = ways.split_first() else { return Vec::new() };
    let mut all: Vec<Paired> = others.iter().map(|other| paired(first, other)).collect();
    hold_together(&mut all, |part| part == Part::Total);
    hold_together(&mut all, |part| part != Part::Total);
    all
}

fn paired(first: &[Run], other: &[Run]) -> Paired {
    let both: Vec<(&Run, &Run)> =
        first.iter().zip(other).filter(|(one, other)| one.is_ok() && other.is_ok()).collect();
    let row = |part: Part| {
        let spent: Vec<(Option<u64>, Option<u64>)> = if both.is_empty() {
            // Nothing can be compared, and what one side took can still be told.
            let ok = |run: &Run| run.is_ok().then(|| run.spent(part)).flatten();
            first.iter().map(|run| (ok(run), None)).chain(other.iter().map(|run| (None, ok(run)))).collect()
        } else {
            both.iter().map(|(one, other)| (one.spent(part), other.spent(part))).collect()
        };
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let differences: Vec<i64> =
            spent.iter().filter_map(|(one, other)| Some(signed((*other)?) - signed((*one)?))).collect();
        let a = Spread::of(spent.iter().filter_map(|(one, _)| *one));
        let b = Spread::of(spent.iter().filter_map(|(_, other)| *other));
        (a.is_some() || b.is_some()).then(|| Row {
            part,
            a: a.map(|spread| spread.median()),
            b: b.map(|spread| spread.median()),
            difference: pair_shift(&differences),
            // Of this one alone, as yet.
            seen: Seen::of(signed_rank(&differences)),
        })
    };
    Paired { pairs: both.len(), rows: Part::all().filter_map(row).collect(), changes: changes(first, other) }
}

/// Holds what is seen of these parts to as many tests as there are of them.
fn hold_together(all: &mut [Paired], is_meant: impl Fn(Part) -> bool) {
    let mut rows: Vec<&mut Row> =
        all.iter_mut().flat_map(|one| &mut one.rows).filter(|row| is_meant(row.part)).collect();
    let likely: Vec<Option<f64>> = rows.iter().map(|row| row.seen.likely()).collect();
    for (row, likely) in rows.iter_mut().zip(together(&likely)) {
        row.seen = Seen::of(likely);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::timeline::Phase;
    use crate::trace::sample;

    /// Runs whose response came so many microseconds later.
    fn runs(later: impl IntoIterator<Item = u64>) -> Vec<Trace> {
        later.into_iter().map(|us| sample::waited(Duration::from_micros(us))).collect()
    }

    fn beside(ways: &[&Vec<Trace>]) -> Vec<Paired> {
        let ways: Vec<Vec<&Trace>> = ways.iter().map(|runs| runs.iter().collect()).collect();
        beside_first(&ways)
    }

    fn row(paired: &Paired, part: Part) -> &Row {
        paired.rows.iter().find(|row| row.part == part).unwrap()
    }

    /// Numbers without a pattern: a linear congruence.
    fn noise(seed: u64) -> impl Iterator<Item = u64> {
        let mut state = seed;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 20_000
        })
    }

    #[test]
    fn what_the_rounds_have_in_common_blurs_nothing() {
        // Rounds get slower by far more than the ways are apart.
        let first = runs((0..12).map(|round| round * 10_000));
        let second = runs((0..12).map(|round| round * 10_000 + 500 + round));
        let [paired] = &beside(&[&first, &second])[..] else { panic!("one beside the first") };
        assert_eq!(paired.pairs, 12);
        assert!(matches!(paired.summary(), Summary::Seen(505 | 506)), "{:?}", paired.summary());
        assert!(matches!(row(paired, Part::Phase(Phase::Wait)).seen, Seen::Yes(_)));
        assert!(matches!(row(paired, Part::Phase(Phase::Dns)).seen, Seen::No(likely) if likely >= 1.0));
        assert_eq!(paired.changes, []);
    }

    #[test]
    fn few_rounds_are_not_judged_and_failed_ones_have_no_pair() {
        let (first, mut second) = (runs([0; 10]), runs([1_000; 10]));
        assert!(matches!(beside(&[&first, &second])[0].summary(), Summary::Seen(1_000)));
        second[3].requests.last_mut().unwrap().failure = Some(crate::trace::Failure {
            stage: crate::trace::StageName::Http,
            code: crate::trace::FailureCode::EmptyResponse,
            message: String::new(),
            hint: None,
            running: Duration::ZERO,
        });
        let told = &beside(&[&first, &second])[0];
        assert_eq!((told.pairs, told.summary()), (9, Summary::Unjudged(1_000)));
        assert_eq!(told.changes[0].what, "outcome");
        let none = &beside(&[&first, &Vec::new()])[0];
        assert_eq!((none.pairs, none.summary()), (0, Summary::NoTimes));
        assert!(row(none, Part::Total).a.is_some());
    }

    #[test]
    fn chance_is_called_chance_however_many_ways_there_are() {
        // 16 ways to the same, many times over: one in twenty may be seen where there is nothing.
        let mut seen = 0;
        for trial in 0..40_u64 {
            let ways: Vec<Vec<Trace>> =
                (0..8).map(|way| runs(noise(trial * 100 + way * 7 + 1).take(12))).collect();
            let told = beside(&ways.iter().collect::<Vec<_>>());
            seen += usize::from(told.iter().any(|one| matches!(one.summary(), Summary::Seen(_))));
        }
        assert!(seen <= 5, "{seen} of 40");
    }
}
