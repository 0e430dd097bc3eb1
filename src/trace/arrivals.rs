//! When the bytes of a body came, as they were read, and the rounds of TCP slow start (RFC 5681 §3.1) that show in it.
//!
//! A sender that may have only so much under way sends that, and waits for its acknowledgement: bursts a round trip apart,
//! each larger than the one before. What is read late by a busy machine blurs them, a server that pauses by itself looks
//! like one, and a round trip of less than a few milliseconds cannot be told from chance: so this finds facts to look
//! at, and no fault.

use std::time::Duration;

use super::at::At;

/// Reads that are kept; slow start is over long before.
const MOST: usize = 512;
/// Reads so near to each other are one.
const TOGETHER: Duration = Duration::from_micros(200);
/// The least round trip whose bursts can be told apart.
const LEAST_TRIP: Duration = Duration::from_millis(3);

/// When the bytes of a body came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrivals(Vec<(At, u64)>);

/// A burst of one round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Its first bytes were read.
    pub start: At,
    /// Bytes of the body in it, on the wire.
    pub bytes: u64,
}

impl Arrivals {
    /// Notes a read, after which there were `total` bytes.
    pub fn note(&mut self, at: At, total: u64) {
        match self.0.last_mut() {
            Some((last, bytes)) if at.since(*last) < TOGETHER => *bytes = total,
            Some((_, bytes)) if *bytes == total => {}
            _ if self.0.len() < MOST => self.0.push((at, total)),
            _ => {}
        }
    }

    /// The bursts at the beginning that came a round trip apart, the last of them being what came until the end or until
    /// there were no more pauses. Empty where there are fewer than two, or none can be told.
    #[must_use]
    pub fn rounds(&self, trip: Duration) -> Vec<Round> {
        if trip < LEAST_TRIP || self.0.len() == MOST {
            return Vec::new();
        }
        let mut rounds: Vec<Round> = Vec::new();
        let (mut last, mut before) = (None, 0);
        for (at, total) in &self.0 {
            let pause = last.map(|last| at.since(last));
            match (rounds.last_mut(), pause) {
                (Some(round), Some(pause)) if pause < trip / 3 => round.bytes += total - before,
                _ => rounds.push(Round { start: *at, bytes: total - before }),
            }
            (last, before) = (Some(*at), *total);
        }
        let apart = |pair: &[Round]| {
            let apart = pair[1].start.since(pair[0].start);
            apart >= trip * 3 / 4 && apart <= trip * 3 / 2
        };
        let kept = 1 + rounds.windows(2).take_while(|pair| apart(pair)).count();
        rounds.truncate(kept);
        if rounds.len() < 2 { Vec::new() } else { rounds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIP: Duration = Duration::from_millis(20);

    /// Reads at these milliseconds, each with so many bytes.
    fn came(reads: &[(u64, u64)]) -> Vec<(u64, u64)> {
        let (mut arrivals, mut total) = (Arrivals::default(), 0);
        for (millis, bytes) in reads {
            total += bytes;
            arrivals.note(At(millis * 1_000), total);
        }
        arrivals.rounds(TRIP).iter().map(|round| (round.start.0 / 1_000, round.bytes)).collect()
    }

    #[test]
    fn bursts_a_round_trip_apart_are_rounds() {
        let slow_start = [(0, 7_000), (1, 7_000), (20, 14_000), (22, 14_000), (41, 40_000), (44, 16_000)];
        assert_eq!(came(&slow_start), [(0, 14_000), (20, 28_000), (41, 56_000)]);
    }

    #[test]
    fn what_comes_without_pauses_or_with_others_is_none() {
        assert!(came(&[(0, 1_000), (2, 1_000), (4, 1_000), (6, 1_000)]).is_empty());
        assert!(came(&[(0, 1_000), (100, 1_000), (200, 1_000)]).is_empty(), "a server that pauses");
        assert!(came(&[(0, 1_000)]).is_empty());
        assert!(came(&[]).is_empty());
        // The first two are; what follows is the server's matter.
        assert_eq!(came(&[(0, 1_000), (20, 2_000), (90, 1_000)]), [(0, 1_000), (20, 2_000)]);
        let mut near = Arrivals::default();
        near.note(At(0), 10);
        near.note(At(1_000), 20);
        assert!(near.rounds(Duration::from_millis(1)).is_empty(), "too near to tell");
    }

    #[test]
    fn memory_is_bounded_and_a_list_that_is_full_tells_nothing() {
        let mut arrivals = Arrivals::default();
        (0..10_000).for_each(|step| arrivals.note(At(step * 7_000), step + 1));
        assert_eq!(arrivals.0.len(), MOST);
        assert!(arrivals.rounds(TRIP).is_empty());
    }
}
