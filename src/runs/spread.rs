//! How numbers spread: extremes, percentiles by nearest rank, mean and standard deviation.

/// A percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Percentile {
    /// The median.
    P50,
    /// Nine of ten are no more.
    P90,
    /// 19 of 20 are no more.
    P95,
    /// 99 of 100 are no more.
    P99,
}

impl Percentile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::P50, Self::P90, Self::P95, Self::P99];

    /// The word used in JSON and as a column's head.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }

    /// In percent.
    const fn percent(self) -> usize {
        match self {
            Self::P50 => 50,
            Self::P90 => 90,
            Self::P95 => 95,
            Self::P99 => 99,
        }
    }

    /// How many samples it takes: with fewer it would be the largest of them. The median is always told.
    #[must_use]
    pub const fn least(self) -> usize {
        match self {
            Self::P50 => 1,
            other => 100 / (100 - other.percent()),
        }
    }
}

/// How samples spread, in the unit that they have.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    sorted: Vec<u64>,
    /// The arithmetic mean.
    pub mean: u64,
    /// The sample standard deviation (divided by n - 1); `None` of a single sample.
    pub stddev: Option<u64>,
}

impl Spread {
    /// Of some samples; `None` of none.
    #[must_use]
    pub fn of(samples: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut sorted: Vec<u64> = samples.into_iter().collect();
        sorted.sort_unstable();
        #[allow(clippy::cast_precision_loss)] // microseconds of years
        let (sum, n) = (sorted.iter().map(|value| *value as f64).sum::<f64>(), sorted.len() as f64);
        if sorted.is_empty() {
            return None;
        }
        let mean = sum / n;
        #[allow(clippy::cast_precision_loss)]
        let squares: f64 = sorted.iter().map(|value| (*value as f64 - mean).powi(2)).sum();
        let stddev = (sorted.len() > 1).then(|| rounded((squares / (n - 1.0)).sqrt()));
        Some(Self { sorted, mean: rounded(mean), stddev })
    }

    /// How many samples there were.
    #[must_use]
    pub fn n(&self) -> usize {
        self.sorted.len()
    }

    /// All of them together.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sorted.iter().fold(0, |sum, value| sum.saturating_add(*value))
    }

    /// The smallest.
    #[must_use]
    pub fn min(&self) -> u64 {
        self.sorted.first().copied().unwrap_or_default()
    }

    /// The largest.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.sorted.last().copied().unwrap_or_default()
    }

    /// A percentile by nearest rank: the smallest sample that so many percent of all do not exceed. `None` where
    /// there are too few for it.
    #[must_use]
    pub fn percentile(&self, percentile: Percentile) -> Option<u64> {
        let n = self.sorted.len();
        (n >= percentile.least()).then(|| self.sorted[nearest_rank(n, percentile)])
    }

    /// What a quarter of the samples does not exceed, and what three quarters do not, both by nearest rank.
    #[must_use]
    pub fn quartiles(&self) -> [u64; 2] {
        [25, 75].map(|percent| self.sorted.get(rank(self.sorted.len(), percent)).copied().unwrap_or_default())
    }

    /// The median.
    #[must_use]
    pub fn median(&self) -> u64 {
        self.percentile(Percentile::P50).unwrap_or_default()
    }
}

/// The place of a percentile among so many in their order, counted from 0.
pub(super) fn nearest_rank(n: usize, percentile: Percentile) -> usize {
    rank(n, percentile.percent())
}

fn rank(n: usize, percent: usize) -> usize {
    (n * percent).div_ceil(100).max(1) - 1
}

/// A chance as it is told: nobody knows more digits of it, and so few are the same again when they are read from a document.
#[must_use]
pub fn six_digits(chance: f64) -> f64 {
    format!("{chance:.5e}").parse().unwrap_or(chance)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // no sample is negative
fn rounded(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples_by_nearest_rank() {
        let all = |n: u64| Spread::of((1..=n).rev()).unwrap();
        let told = |n: u64| Percentile::ALL.map(|percentile| all(n).percentile(percentile));
        assert_eq!(told(1), [Some(1), None, None, None]);
        assert_eq!(told(4), [Some(2), None, None, None]);
        assert_eq!(told(5), [Some(3), None, None, None]);
        assert_eq!(told(9)[1], None);
        assert_eq!(told(10), [Some(5), Some(9), None, None]);
        assert_eq!(told(19)[2], None);
        assert_eq!(told(20), [Some(10), Some(18), Some(19), None]);
        assert_eq!(told(99)[3], None);
        assert_eq!(told(100), [Some(50), Some(90), Some(95), Some(99)]);
        assert_eq!(told(1_000), [Some(500), Some(900), Some(950), Some(990)]);
        assert_eq!(Spread::of([]), None);
        assert_eq!([1, 4, 5, 20].map(|n| all(n).quartiles()), [[1, 1], [1, 3], [2, 4], [5, 15]]);
    }

    #[test]
    fn mean_and_deviation_are_those_of_the_textbook() {
        let spread = Spread::of([2, 4, 4, 4, 5, 5, 7, 9]).unwrap();
        assert_eq!((spread.min(), spread.max(), spread.mean, spread.n()), (2, 9, 5, 8));
        // 32 / 7 = 4.57, its root 2.14.
        assert_eq!(spread.stddev, Some(2));
        assert_eq!(Spread::of([7]).unwrap().stddev, None);
        assert_eq!(Spread::of([7, 7, 7]).unwrap().stddev, Some(0));
    }
}
