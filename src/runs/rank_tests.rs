//! Whether two series of numbers differ by more than chance, by their ranks alone: times have long tails, and no test
//! that expects them to be normal fits them.
//!
//! The rank-sum test: F. Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1 (1945) 80-83;
//! H. B. Mann and D. R. Whitney, "On a Test of Whether one of Two Random Variables is Stochastically Larger than the
//! Other", Annals of Mathematical Statistics 18 (1947) 50-60. Its distribution is counted out, ties with it, where that is
//! not too much; else it is the normal one with the variance that ties leave (E. L. Lehmann, "Nonparametrics", 1975, §1.4).
//! How far they are apart: J. L. Hodges and E. L. Lehmann, Annals of Mathematical Statistics 34 (1963) 598-611.
//! Several tests at once: S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.

/// Samples of both series together up to which the distribution is counted out.
const COUNTED_OUT: usize = 60;

/// How likely two series of the same origin are at least as far apart as these, on either side. `None` where there are so
/// few that no order of them would be unlikely: fewer than 4 of each, or as few as make 5 % impossible.
#[must_use]
pub fn rank_sum(one: &[u64], other: &[u64]) -> Option<f64> {
    if one.len() < 4 || other.len() < 4 {
        return None;
    }
    let ranks = Ranks::of(one, other);
    let likely = if one.len() + other.len() <= COUNTED_OUT { ranks.counted_out() } else { ranks.by_normal() };
    Some(likely.min(1.0))
}

/// By how much the second series lies above the first: the median of all differences between one of each
/// (Hodges and Lehmann).
#[must_use]
pub fn shift(one: &[u64], other: &[u64]) -> Option<i64> {
    let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let mut all: Vec<i64> =
        one.iter().flat_map(|from| other.iter().map(move |to| signed(*to) - signed(*from))).collect();
    all.sort_unstable();
    let (low, high) = (*all.get(all.len().checked_sub(1)? / 2)?, *all.get(all.len() / 2)?);
    // Between the middle two of an even number, so that the other order gives the same with the other sign.
    Some(low + (high - low) / 2)
}

/// What is likely of each of several tests, so that all of them together are wrong no more often than one alone. They come
/// back in their order.
#[must_use]
pub fn together(likely: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> =
        likely.iter().enumerate().filter_map(|(at, likely)| Some((at, (*likely)?))).collect();
    order.sort_by(|one, other| one.1.total_cmp(&other.1));
    let mut adjusted = vec![None; likely.len()];
    let mut least = 0.0_f64;
    for (step, (at, own)) in order.iter().enumerate() {
        #[allow(clippy::cast_precision_loss)] // a dozen tests
        let factor = (order.len() - step) as f64;
        least = least.max((own * factor).min(1.0));
        adjusted[*at] = Some(least);
    }
    adjusted
}

/// The ranks of two series in one order. Those that tie share the middle of theirs; all are doubled to be whole.
struct Ranks {
    /// Of the first series: how many, and the sum of their ranks.
    size: usize,
    sum: usize,
    all: Vec<usize>,
}

impl Ranks {
    fn of(one: &[u64], other: &[u64]) -> Self {
        let mut both: Vec<(u64, bool)> =
            one.iter().map(|value| (*value, true)).chain(other.iter().map(|value| (*value, false))).collect();
        both.sort_unstable();
        let (mut all, mut sum, mut from) = (Vec::with_capacity(both.len()), 0, 0);
        for tied in both.chunk_by(|one, other| one.0 == other.0) {
            let rank = 2 * from + tied.len() + 1;
            sum += rank * tied.iter().filter(|(_, is_first)| *is_first).count();
            all.extend(std::iter::repeat_n(rank, tied.len()));
            from += tied.len();
        }
        Self { size: one.len(), sum, all }
    }

    /// Twice the mean of the sum, were the series of one origin.
    fn mean(&self) -> usize {
        self.size * (self.all.len() + 1)
    }

    /// The share of all choices of so many ranks whose sum is at least so far from the mean.
    fn counted_out(&self) -> f64 {
        let most: usize = self.all.iter().sum();
        // How many choices of `count` ranks have the sum `sum`.
        let mut choices = vec![vec![0.0_f64; most + 1]; self.size + 1];
        choices[0][0] = 1.0;
        for rank in &self.all {
            for count in (1..=self.size).rev() {
                let (fewer, more) = choices.split_at_mut(count);
                for sum in *rank..=most {
                    more[0][sum] += fewer[count - 1][sum - rank];
                }
            }
        }
        let apart = self.sum.abs_diff(self.mean());
        let (mut far, mut of) = (0.0, 0.0);
        for (sum, many) in choices[self.size].iter().enumerate() {
            of += many;
            if sum.abs_diff(self.mean()) >= apart {
                far += many;
            }
        }
        far / of
    }

    #[allow(clippy::cast_precision_loss)] // ranks of thousands
    fn by_normal(&self) -> f64 {
        let (n, size) = (self.all.len() as f64, self.size as f64);
        let ties: f64 = self
            .all
            .chunk_by(|one, other| one == other)
            .map(|tied| (tied.len() as f64).powi(3) - tied.len() as f64)
            .sum();
        let variance = size * (n - size) / 12.0 * (n + 1.0 - ties / (n * (n - 1.0)));
        if variance <= 0.0 {
            return 1.0;
        }
        // Half a rank for the steps of the sum; the sum here is doubled.
        let apart = (self.sum.abs_diff(self.mean()) as f64 / 2.0 - 0.5).max(0.0);
        2.0 * upper_tail(apart / variance.sqrt())
    }
}

/// The share of the normal distribution above `z`, to 1e-7 (M. Abramowitz and I. A. Stegun, "Handbook of Mathematical
/// Functions", 26.2.17).
pub(super) fn upper_tail(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let sum = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530]
        .iter()
        .fold(0.0, |sum, factor| sum * t + factor);
    (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum * t
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::near;

    #[test]
    fn a_shift_has_the_other_sign_the_other_way_round() {
        assert_eq!((shift(&[10], &[10, 30]), shift(&[10, 30], &[10])), (Some(10), Some(-10)));
        assert_eq!((shift(&[1, 2, 3], &[4]), shift(&[], &[4])), (Some(2), None));
    }

    #[test]
    fn the_rank_sum_is_that_of_the_tables() {
        // Of two times five with no overlap: 2 / (10 over 5).
        near(rank_sum(&[1, 2, 3, 4, 5], &[6, 7, 8, 9, 10]), 2.0 / 252.0);
        // Of the 70 choices of 4 ranks of 8, 4 have a sum below 12, and 4 one above 24.
        near(rank_sum(&[1, 2, 3, 5], &[4, 6, 7, 8]), 4.0 / 70.0);
        near(rank_sum(&[7; 6], &[7; 9]), 1.0);
        // With ties: so many of the 252 choices, by going through all of them.
        near(rank_sum(&[1, 1, 2, 2, 3], &[2, 3, 3, 4, 4]), 20.0 / 252.0);
        assert_eq!(rank_sum(&[1, 2, 3], &[4, 5, 6, 7, 8, 9]), None, "three are too few");
    }

    #[test]
    fn many_are_judged_as_few_are() {
        let one: Vec<u64> = (0..40).map(|at| 1_000 + at * 7 % 41).collect();
        let same: Vec<u64> = (0..40).map(|at| 1_000 + at * 11 % 41).collect();
        let later: Vec<u64> = one.iter().map(|value| value + 12).collect();
        assert!(rank_sum(&one, &same).unwrap() > 0.5);
        assert!(rank_sum(&one, &later).unwrap() < 1e-3);
        let (half, half_later) = (&one[..29], &later[..29]);
        let ranks = Ranks::of(half, half_later);
        assert!(
            (ranks.counted_out() - ranks.by_normal()).abs() < 5e-3,
            "both ways agree where both can be gone"
        );
        assert_eq!(shift(&one, &later), Some(12));
        assert_eq!(shift(&later, &one), Some(-12));
        assert_eq!(shift(&[], &one), None);
    }

    #[test]
    fn many_tests_at_once_are_held_to_more() {
        assert_eq!(
            together(&[Some(0.01), None, Some(0.04), Some(0.5)]),
            [Some(0.03), None, Some(0.08), Some(0.5)]
        );
        assert_eq!(together(&[Some(0.4), Some(0.3)]), [Some(0.6), Some(0.6)]);
    }
}
