//! Whether two series of which each number of the one belongs to one of the other differ by more than chance: by the
//! ranks of the differences, with their signs. What both members of a pair have in common, such as the hour, does not
//! blur it.
//!
//! F. Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1 (1945) 80-83. Pairs without a
//! difference say nothing and are left out, as he does; ties share the middle of their ranks. The distribution is counted
//! out where that is not too much; else it is the normal one with the variance that the ranks give (E. L. Lehmann,
//! "Nonparametrics", 1975, §3.2). How far they are apart: the median of the means of all differences, two by two
//! (J. L. Hodges and E. L. Lehmann, Annals of Mathematical Statistics 34 (1963) 598-611).

use super::rank_tests::upper_tail;

/// Pairs from which on it is told whether a difference is chance. With fewer no order of them would be unlikely enough
/// once 16 ways are told at the same time.
pub const LEAST_PAIRS: usize = 10;
/// Pairs up to which the distribution is counted out.
const COUNTED_OUT: usize = 60;

/// How likely pairs of the same origin differ to one side at least as much as these, to either. `None` of fewer than
/// [`LEAST_PAIRS`].
#[must_use]
pub fn signed_rank(differences: &[i64]) -> Option<f64> {
    if differences.len() < LEAST_PAIRS {
        return None;
    }
    let mut sizes: Vec<(u64, bool)> = differences
        .iter()
        .filter(|difference| **difference != 0)
        .map(|difference| (difference.unsigned_abs(), *difference > 0))
        .collect();
    sizes.sort_unstable();
    // Doubled, to be whole.
    let (mut ranks, mut above, mut from) = (Vec::with_capacity(sizes.len()), 0, 0);
    for tied in sizes.chunk_by(|one, other| one.0 == other.0) {
        let rank = 2 * from + tied.len() + 1;
        above += rank * tied.iter().filter(|(_, is_above)| *is_above).count();
        ranks.extend(std::iter::repeat_n(rank, tied.len()));
        from += tied.len();
    }
    Some(if ranks.len() <= COUNTED_OUT { counted_out(&ranks, above) } else { by_normal(&ranks, above) })
}

/// The share of all choices of signs whose sum above is at least so far from the middle.
fn counted_out(ranks: &[usize], above: usize) -> f64 {
    let all: usize = ranks.iter().sum();
    let mut choices = vec![0.0_f64; all + 1];
    choices[0] = 1.0;
    for rank in ranks {
        for sum in (*rank..=all).rev() {
            choices[sum] += choices[sum - rank];
        }
    }
    let apart = (2 * above).abs_diff(all);
    let far: f64 = choices
        .iter()
        .enumerate()
        .filter(|(sum, _)| (2 * sum).abs_diff(all) >= apart)
        .map(|(_, of)| of)
        .sum();
    (far / choices.iter().sum::<f64>()).min(1.0)
}

#[allow(clippy::cast_precision_loss)] // ranks of thousands
fn by_normal(ranks: &[usize], above: usize) -> f64 {
    let all: usize = ranks.iter().sum();
    let variance: f64 = ranks.iter().map(|rank| (*rank as f64 / 2.0).powi(2)).sum::<f64>() / 4.0;
    // Half a rank for the steps of the sum; the sums here are doubled, and their distance once more.
    let apart = ((2 * above).abs_diff(all) as f64 / 4.0 - 0.5).max(0.0);
    (2.0 * upper_tail(apart / variance.sqrt())).min(1.0)
}

/// By how much the second of each pair lies above the first: the middle of the means of all differences, two by two and
/// each with itself. `None` of none.
#[must_use]
pub fn pair_shift(differences: &[i64]) -> Option<i64> {
    // Doubled sums, so that nothing is rounded before the end.
    let mut sums: Vec<i64> = differences
        .iter()
        .enumerate()
        .flat_map(|(at, one)| differences[at..].iter().map(move |other| one.saturating_add(*other)))
        .collect();
    sums.sort_unstable();
    let (low, high) = (*sums.get(sums.len().checked_sub(1)? / 2)?, *sums.get(sums.len() / 2)?);
    Some((low + (high - low) / 2) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::near;

    #[test]
    fn it_is_that_of_the_tables() {
        // Of the 1024 choices of ten signs two are all alike.
        near(signed_rank(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 2.0 / 1024.0);
        near(signed_rank(&[-1, -2, -3, -4, -5, -6, -7, -8, -9, -10]), 2.0 / 1024.0);
        // Darwin's maize (R. A. Fisher, "The Design of Experiments", 1935): the sum below is 24, and 1350 of 32768
        // choices are as far.
        let maize = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
        near(signed_rank(&maize), 1350.0 / 32768.0);
        near(signed_rank(&[5; 20]), 2.0 / f64::from(1 << 20));
        near(signed_rank(&[0; 20]), 1.0);
        assert_eq!(signed_rank(&[1; 9]), None, "nine are too few");
    }

    #[test]
    fn many_are_judged_as_few_are() {
        let ranks: Vec<usize> = (1..=60).map(|rank| 2 * rank).collect();
        for above in [1_000_usize, 1_300, 1_830, 2_500] {
            let (counted, normal) = (counted_out(&ranks, above), by_normal(&ranks, above));
            assert!((counted - normal).abs() < 5e-3, "{above}: {counted} and {normal}");
        }
    }

    #[test]
    fn the_shift_is_the_middle_of_the_differences() {
        assert_eq!((pair_shift(&[]), pair_shift(&[7]), pair_shift(&[-7])), (None, Some(7), Some(-7)));
        assert_eq!(pair_shift(&[10, 20, 30]), Some(20));
        assert_eq!(
            pair_shift(&[10, 20, 30, 40, 1_000_000]),
            Some(30),
            "one that is far off does not move it"
        );
    }
}
