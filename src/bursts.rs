//! The bursts in which bytes come on a TCP connection, noted at its socket, below TLS: what shows the rounds of a sender
//! that waits for acknowledgements. In a room that does not grow: where there are too many, the two with the
//! shortest pause between them become one, so that the longest pauses stay. Judges nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::trace::Burst;

/// Reads so near to each other are of one burst.
const TOGETHER: Duration = Duration::from_micros(200);

/// The bursts of one connection, for its socket and for whoever asks.
#[derive(Clone, Debug, Default)]
pub struct Bursts(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    wanted: bool,
    bursts: Vec<One>,
}

#[derive(Clone, Copy, Debug)]
struct One {
    start: Moment,
    end: Moment,
    bytes: u64,
}

impl Bursts {
    /// Forgets what came before, and notes from now on.
    pub fn begin(&self) {
        let mut noted = self.noted();
        noted.wanted = true;
        noted.bursts.clear();
        noted.bursts.reserve_exact(Burst::MOST);
    }

    /// What came since, and notes no more.
    #[must_use]
    pub fn end(&self, clock: &Clock) -> Vec<Burst> {
        let mut noted = self.noted();
        noted.wanted = false;
        let at = |moment| clock.at(moment);
        let told = |one: One| Burst { start: at(one.start), end: at(one.end), bytes: one.bytes };
        std::mem::take(&mut noted.bursts).into_iter().map(told).collect()
    }

    /// Bytes came; without a stamp of the kernel's, now.
    pub(crate) fn note(&self, at: Option<Moment>, bytes: u64) {
        let mut noted = self.noted();
        if !noted.wanted || bytes == 0 {
            return;
        }
        let at = at.unwrap_or_else(Moment::now);
        match noted.bursts.last_mut() {
            Some(last) if at.since(last.end) < TOGETHER => {
                *last = One { end: at.max(last.end), bytes: last.bytes + bytes, ..*last };
            }
            _ => {
                if noted.bursts.len() >= Burst::MOST {
                    noted.join_nearest();
                }
                noted.bursts.push(One { start: at, end: at, bytes });
            }
        }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        // Each note is whole after its statement.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    fn join_nearest(&mut self) {
        let pauses = self.bursts.windows(2).map(|pair| pair[1].start.since(pair[0].end));
        let Some((first, _)) = pauses.enumerate().min_by_key(|(_, pause)| *pause) else { return };
        let second = self.bursts.remove(first + 1);
        let first = &mut self.bursts[first];
        *first = One { end: second.end, bytes: first.bytes + second.bytes, ..*first };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::At;

    /// Reads at these microseconds, each of so many bytes.
    fn noted(reads: impl IntoIterator<Item = (u64, u64)>) -> Vec<(u64, u64, u64)> {
        let (clock, bursts) = (Clock::start(), Bursts::default());
        bursts.note(Some(clock.moment(At(0))), 99);
        bursts.begin();
        reads.into_iter().for_each(|(at, bytes)| bursts.note(Some(clock.moment(At(at))), bytes));
        let told = bursts.end(&clock);
        bursts.note(Some(clock.moment(At(0))), 99);
        assert!(bursts.end(&clock).is_empty(), "what comes before and after is not kept");
        told.iter().map(|burst| (burst.start.0, burst.end.0, burst.bytes)).collect()
    }

    #[test]
    fn reads_without_a_pause_are_one_burst() {
        assert_eq!(
            noted([(1_000, 5), (1_150, 5), (1_300, 5), (9_000, 7)]),
            [(1_000, 1_300, 15), (9_000, 9_000, 7)]
        );
        assert_eq!(noted([(1_000, 5), (900, 5)]), [(1_000, 1_000, 10)], "stamps of two clocks");
        assert_eq!(noted([(1_000, 0)]), []);
    }

    #[test]
    fn the_longest_pauses_stay_however_much_comes() {
        // Three bursts far apart, the last one a stream of many reads.
        let stream = (0..100_000).map(|read| (400_000 + read * 300, 1));
        let told = noted([(0, 10), (100_000, 20), (250_000, 30)].into_iter().chain(stream));
        assert_eq!(told.len(), Burst::MOST);
        assert_eq!(told[..3], [(0, 0, 10), (100_000, 100_000, 20), (250_000, 250_000, 30)]);
        assert_eq!(told.iter().map(|burst| burst.2).sum::<u64>(), 100_060);
    }
}
