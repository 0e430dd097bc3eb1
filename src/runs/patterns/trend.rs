//! Whether totals rise or fall from run to run: H. B. Mann, Econometrica 13 (1945) 245-259, and M. G. Kendall, "Rank
//! Correlation Methods", 1948; by how much: H. Theil, Proceedings of the Royal Netherlands Academy of Sciences 53 (1950)
//! 386-392, and P. K. Sen, Journal of the American Statistical Association 63 (1968) 1379-1389.
//!
//! A step in the middle is no drift: both halves have to go the same way.

use super::super::rank_tests::upper_tail;
use super::pattern::{Pattern, PatternKind};
use super::series::{Series, matters};

/// Runs from which on a drift is told.
const LEAST: usize = 12;
/// How likely chance may be. Less than of the other patterns: what lies near in time is seldom without a link.
const LEVEL: f64 = 0.001;
/// What part of the whole slope each half has at least.
const HALF: f64 = 0.25;

/// A drift of the totals.
pub(super) fn drift(series: &Series<'_>) -> Option<Pattern> {
    let totals = &series.totals;
    if totals.len() < LEAST {
        return None;
    }
    let chance = likely(totals);
    let slope = slope(totals);
    let (one, other) = totals.split_at(totals.len() / 2);
    let goes_on =
        [one, other].into_iter().all(|half| self::slope(half) * slope.signum() >= HALF * slope.abs());
    if chance >= LEVEL || !goes_on {
        return None;
    }
    let third = totals.len() / 3;
    let (is_early, is_late) = (|at: usize| at < third, |at: usize| at >= totals.len() - third);
    let (early, late) = (series.median(is_early), series.median(is_late));
    #[allow(clippy::cast_possible_truncation)] // microseconds a run
    let per_run = slope.round() as i64;
    matters(early.min(late), early.max(late)).then(|| Pattern {
        kind: PatternKind::Drift { per_run },
        fast: early,
        slow: late,
        slow_runs: Vec::new(),
        of: totals.len(),
        phase: series.phase(is_late, is_early),
        chance: Some(chance),
    })
}

/// How likely numbers without a trend are as much in order as these, upwards or downwards.
#[allow(clippy::cast_precision_loss)] // half a million pairs
fn likely(values: &[u64]) -> f64 {
    let sign = |one: u64, other: u64| i64::from(other > one) - i64::from(other < one);
    let pairs = values
        .iter()
        .enumerate()
        .flat_map(|(at, one)| values[at + 1..].iter().map(move |other| (*one, *other)));
    let sum: i64 = pairs.map(|(one, other)| sign(one, other)).sum();
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let term = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let ties: f64 = sorted.chunk_by(|one, other| one == other).map(|tied| term(tied.len() as f64)).sum();
    let variance = (term(values.len() as f64) - ties) / 18.0;
    if variance <= 0.0 {
        return 1.0;
    }
    (2.0 * upper_tail((sum.unsigned_abs() as f64 - 1.0).max(0.0) / variance.sqrt())).min(1.0)
}

/// The middle of the slopes of all pairs.
#[allow(clippy::cast_precision_loss)]
fn slope(values: &[u64]) -> f64 {
    let mut slopes: Vec<f64> = values
        .iter()
        .enumerate()
        .flat_map(|(at, one)| {
            let behind = values[at + 1..].iter().enumerate();
            behind.map(move |(step, other)| (*other as f64 - *one as f64) / (step + 1) as f64)
        })
        .collect();
    slopes.sort_by(f64::total_cmp);
    slopes.get(slopes.len() / 2).copied().unwrap_or_default()
}
