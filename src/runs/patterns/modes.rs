//! Whether numbers fall into two heaps: the cut that leaves the least spread on both sides (N. Otsu, IEEE Transactions on
//! Systems, Man, and Cybernetics 9 (1979) 62-66), and how far the heaps are apart in their own spread (K. M. Ashman, C. M.
//! Bird, S. E. Zepf, Astronomical Journal 108 (1994) 2348-2361). Both of the numbers and of their logarithms: times have
//! long tails, and what two levels have in common may be next to nothing.

/// Runs from which on two levels are told.
const LEAST: usize = 20;
/// What each of them has at least, in percent of the runs: a few stragglers are no level.
const SHARE: usize = 25;
/// How far they are apart at least, by Ashman. Halves of normal numbers have 2.7, of uniform ones 3.5; of 20 of any kind
/// that was tried fewer than two series in a hundred have 6, of 30 fewer than two in a thousand.
const DISTANCE: f64 = 6.0;
/// How much fewer changes from one to the other there may be than chance has, in its deviations: one in twenty has fewer.
const FEWER: f64 = 1.645;
/// The gap between them at least, as a part of the whole range.
const VALLEY: f64 = 0.25;

/// Two heaps.
pub(super) struct Modes {
    /// Of each number, in its order, whether it lies in the upper one.
    pub(super) high: Vec<bool>,
    distance: f64,
    valley: f64,
}

impl Modes {
    /// The best cuts in two, of the numbers and of their logarithms; none where all are the same.
    pub(super) fn of(values: &[u64]) -> Vec<Self> {
        #[allow(clippy::cast_precision_loss)] // microseconds of years
        let plain: Vec<f64> = values.iter().map(|value| *value as f64).collect();
        let logs: Vec<f64> = plain.iter().map(|value| value.max(1.0).ln()).collect();
        [plain, logs].iter().filter_map(|values| Self::cut(values)).collect()
    }

    fn cut(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let cut = (1..sorted.len())
            .filter(|at| sorted[at - 1] < sorted[*at])
            .map(|at| (between(&sorted, at), at))
            .max_by(|one, other| one.0.total_cmp(&other.0))?
            .1;
        let (low, high) = sorted.split_at(cut);
        let spread = (variance(low) + variance(high)).sqrt();
        let range = sorted[sorted.len() - 1] - sorted[0];
        let border = high[0];
        Some(Self {
            distance: (mean(high) - mean(low)) * std::f64::consts::SQRT_2 / spread.max(1e-9),
            valley: (high[0] - low[low.len() - 1]) / range,
            high: values.iter().map(|value| *value >= border).collect(),
        })
    }

    /// Whether these are two levels, and not the halves of one.
    pub(super) fn are_two(&self) -> bool {
        let all = self.high.len();
        let high = self.high.iter().filter(|high| **high).count();
        all >= LEAST
            && high.min(all - high) * 100 >= all * SHARE
            && self.distance >= DISTANCE
            && self.valley >= VALLEY
            && is_mixed(&self.high)
    }
}

/// Whether the two come in no order: what is slow for a while is an episode, and what is slow from then on a step (A. Wald
/// and J. Wolfowitz, Annals of Mathematical Statistics 11 (1940) 147-162).
#[allow(clippy::cast_precision_loss)] // a thousand runs
fn is_mixed(high: &[bool]) -> bool {
    let changes = high.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let (all, one) = (high.len() as f64, high.iter().filter(|high| **high).count() as f64);
    let product = 2.0 * one * (all - one);
    let variance = product * (product - all) / (all * all * (all - 1.0));
    (changes as f64) >= product / all - FEWER * variance.sqrt()
}

#[allow(clippy::cast_precision_loss)]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[allow(clippy::cast_precision_loss)]
fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    if values.len() < 2 { 0.0 } else { squares / (values.len() as f64 - 1.0) }
}

/// What a cut leaves between the sides.
#[allow(clippy::cast_precision_loss)]
fn between(sorted: &[f64], at: usize) -> f64 {
    let (low, high) = sorted.split_at(at);
    (low.len() * high.len()) as f64 * (mean(high) - mean(low)).powi(2)
}
