//! What further requests on one connection took, taken together. One request's phases are `phases`'.

use std::time::Duration;

use super::phase::Phase;
use super::phases::phases_of_exchange;
use crate::trace::{Further, Http};

/// The further requests that were answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Later {
    /// How many.
    pub count: usize,
    /// The median of their waits; of an even number the mean of the two in the middle.
    pub wait: Duration,
    /// The shortest wait.
    pub least: Duration,
    /// The longest.
    pub most: Duration,
}

/// What those took that were answered and waited for; `None` where there are none.
#[must_use]
pub fn later(further: &Further) -> Option<Later> {
    later_of(further.answered())
}

/// The same of exchanges wherever they come from.
#[must_use]
pub fn later_of<'a>(exchanges: impl Iterator<Item = &'a Http>) -> Option<Later> {
    let mut waits: Vec<u64> =
        exchanges.filter_map(|http| phases_of_exchange(http).spent[Phase::Wait]).collect();
    waits.sort_unstable();
    let (least, most) = (*waits.first()?, *waits.last()?);
    let middle = waits.len() / 2;
    let median = if waits.len() % 2 == 1 { waits[middle] } else { waits[middle - 1].midpoint(waits[middle]) };
    let [wait, least, most] = [median, least, most].map(Duration::from_micros);
    Some(Later { count: waits.len(), wait, least, most })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    #[test]
    fn the_median_is_that_of_the_answered() {
        let mut further = sample::further(&[30_000, 10_000, 20_000, 40_000]);
        let wait = |further: &Further| later(further).unwrap().wait.as_micros();
        assert_eq!(wait(&further), 25_000);
        further.exchanges.push(sample::further_failed());
        assert_eq!(wait(&further), 25_000, "one that failed has no say");
        further.exchanges.remove(0);
        let all = later(&further).unwrap();
        assert_eq!((wait(&further), all.count), (20_000, 3));
        assert_eq!((all.least.as_millis(), all.most.as_millis()), (10, 40));
        further.exchanges.clear();
        assert_eq!(later(&further), None);
    }

    #[test]
    fn the_phases_of_each_sum_to_its_total() {
        for exchange in sample::further(&[1, 700_000]).exchanges {
            let phases = phases_of_exchange(&exchange.http);
            let sum: u64 = phases.spent.iter().filter_map(|(_, us)| *us).sum();
            assert_eq!(sum + phases.unaccounted, phases.total);
            assert_eq!(phases.spent[Phase::Tls], None);
        }
    }
}
