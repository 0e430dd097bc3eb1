//! Whether numbers fall into two heaps: the cut that leaves the least spread on both sides (N. Otsu, IEEE Transactions on
//! Systems, Man, and Cybernetics 9 (1979) 62-66), of the logarithms, as times have long tails; and how far the heaps are
//! apart in their own spread (K. M. Ashman, C. M. Bird, S. E. Zepf, Astronomical Journal 108 (1994) 2348-2361).

/// Runs from which on two levels are told.
const LEAST: usize = 20;
/// What each of them has at least, in percent of the runs: a few stragglers are no level.
const SHARE: usize = 25;
/// How far they are apart at least, by Ashman. Halves of normal numbers have 2.7, of uniform ones 3.5; of 20 of those fewer
/// than one series in a hundred has 6.
const DISTANCE: f64 = 6.0;
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
    /// The best cut in two; `None` where all are the same.
    pub(super) fn of(values: &[u64]) -> Option<Self> {
        #[allow(clippy::cast_precision_loss)] // microseconds of years
        let logs: Vec<f64> = values.iter().map(|value| (*value.max(&1) as f64).ln()).collect();
        let mut sorted = logs.clone();
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
            high: logs.iter().map(|log| *log >= border).collect(),
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
    }
}

#[allow(clippy::cast_precision_loss)] // a thousand runs
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
