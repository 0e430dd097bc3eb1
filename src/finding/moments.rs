//! Moments of a run's time axis, each once: what savings are laid onto. No rule itself.

use std::time::Duration;

use crate::trace::At;

/// Stretches of time that neither overlap nor touch, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Moments(Vec<(At, At)>);

impl Moments {
    /// All that lies in one of these stretches.
    pub(super) fn of(stretches: impl IntoIterator<Item = (At, At)>) -> Self {
        let mut all: Vec<_> = stretches.into_iter().filter(|(from, to)| from < to).collect();
        all.sort_unstable();
        let mut joined: Vec<(At, At)> = Vec::new();
        for (from, to) in all {
            match joined.last_mut() {
                Some((_, end)) if from <= *end => *end = to.max(*end),
                _ => joined.push((from, to)),
            }
        }
        Self(joined)
    }

    pub(super) fn stretches(&self) -> &[(At, At)] {
        &self.0
    }

    /// How long they are together.
    pub(super) fn length(&self) -> Duration {
        self.0.iter().map(|(from, to)| to.since(*from)).sum()
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|one| other.0.iter().map(move |two| (one, two)));
        Self::of(pairs.map(|(one, two)| (one.0.max(two.0), one.1.min(two.1))))
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        let mut left = self.0.clone();
        for (from, to) in &other.0 {
            let around = |(start, end): (At, At)| [(start, end.min(*from)), (start.max(*to), end)];
            left = left.into_iter().flat_map(around).filter(|(from, to)| from < to).collect();
        }
        Self::of(left)
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).copied())
    }

    /// The last of them, this long together.
    pub(super) fn last(&self, length: Duration) -> Self {
        let mut left = length;
        let mut kept = Vec::new();
        for (from, to) in self.0.iter().rev() {
            let take = to.since(*from).min(left);
            left -= take;
            let micros = u64::try_from(take.as_micros()).unwrap_or(u64::MAX);
            kept.push((At(to.0.saturating_sub(micros)), *to));
        }
        Self::of(kept)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(stretches: &[(u64, u64)]) -> Moments {
        Moments::of(stretches.iter().map(|(from, to)| (At(*from), At(*to))))
    }

    #[test]
    fn what_overlaps_or_touches_is_one() {
        assert_eq!(of(&[(5, 9), (0, 3), (3, 5), (20, 20), (30, 31)]), of(&[(0, 9), (30, 31)]));
        assert_eq!(of(&[(0, 9)]).without(&of(&[(2, 3), (8, 20)])), of(&[(0, 2), (3, 8)]));
        assert_eq!(of(&[(0, 9), (20, 30)]).and(&of(&[(5, 25)])), of(&[(5, 9), (20, 25)]));
        assert_eq!(of(&[(0, 9), (20, 30)]).last(Duration::from_micros(12)), of(&[(7, 9), (20, 30)]));
    }

    proptest! {
        #[test]
        fn what_is_taken_and_what_is_left_are_the_whole(
            one in prop::collection::vec((0u64..100, 0u64..100), 0..8),
            two in prop::collection::vec((0u64..100, 0u64..100), 0..8),
        ) {
            let (one, two) = (of(&one), of(&two));
            prop_assert_eq!(one.and(&two).length() + one.without(&two).length(), one.length());
            prop_assert_eq!(one.or(&two).length(), one.length() + two.without(&one).length());
        }
    }
}
