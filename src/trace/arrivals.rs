//! When the bytes of a body came, and the bursts in which they came on the connection below.
//!
//! Kept in a room that does not grow with the body: of one that comes in more reads than there is room for, every read
//! that brought little more than the one before is left out.

use super::at::At;

/// Moments that are kept of a body.
const MOST: usize = 256;

/// How the bytes of a body grew in number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// Moments, and the bytes that had come by then, the first and in their order.
    points: Vec<(At, u64)>,
    /// The last of all.
    last: Option<(At, u64)>,
    /// Bytes that a point brings at least beyond the one before.
    step: u64,
}

/// A moment of a body's arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The share of the bytes that it is the moment of; 0 is the first byte.
    pub percent: u8,
    /// When at least so many had come.
    pub at: At,
    /// How many had.
    pub bytes: u64,
}

/// Bytes that came on a connection with no pause among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// The first of them came.
    pub start: At,
    /// The last did.
    pub end: At,
    /// How many they are: what TCP delivered, with heads and TLS.
    pub bytes: u64,
}

impl Burst {
    /// The most that are kept of a connection.
    pub const MOST: usize = 64;
}

impl Arrivals {
    /// Arrivals as they were kept: moments with the bytes by then, the last of all, and how far they lie apart. `None`
    /// where no arrivals can be so.
    #[must_use]
    pub fn of(points: Vec<(At, u64)>, last: Option<(At, u64)>, step: u64) -> Option<Self> {
        let in_order = points.is_sorted_by(|one, next| one.1 < next.1);
        let ends = match (points.last(), last) {
            (Some((_, kept)), Some((_, all))) => *kept <= all,
            (None, None) => true,
            _ => false,
        };
        (in_order && ends && points.len() <= MOST).then_some(Self { points, last, step })
    }

    /// The moments that are kept, and how many bytes each brings at least beyond the one before.
    #[must_use]
    pub fn kept(&self) -> (&[(At, u64)], u64) {
        (&self.points, self.step)
    }

    /// The last moment of all.
    #[must_use]
    pub const fn last(&self) -> Option<(At, u64)> {
        self.last
    }

    /// The shares whose moments are told, in percent.
    pub const SHARES: [u8; 5] = [0, 10, 50, 90, 100];

    /// Notes that there are `total` bytes by now.
    pub fn note(&mut self, at: At, total: u64) {
        let before = self.last.map_or(0, |(_, bytes)| bytes);
        if total <= before {
            return;
        }
        self.last = Some((at, total));
        let kept = self.points.last().map_or(0, |(_, bytes)| *bytes);
        if self.points.is_empty() {
            self.points.reserve_exact(MOST);
            self.step = 1;
        } else if total - kept < self.step {
            return;
        }
        while self.points.len() >= MOST {
            self.thin();
        }
        self.points.push((at, total));
    }

    /// Whether nothing came yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Leaves out what brings less than twice as much as now.
    fn thin(&mut self) {
        self.step = self.step.saturating_mul(2);
        let (mut kept, step) = (None, self.step);
        self.points.retain(|(_, bytes)| {
            let keep = kept.is_none_or(|kept| bytes - kept >= step);
            if keep {
                kept = Some(*bytes);
            }
            keep
        });
    }

    /// What is kept, the last included.
    pub fn points(&self) -> impl Iterator<Item = (At, u64)> {
        let last = self.last.filter(|last| self.points.last() != Some(last));
        self.points.iter().copied().chain(last)
    }

    /// When the first byte, 10, 50, 90 and 100 % of the bytes had come; none of a body without any.
    #[must_use]
    pub fn shares(&self) -> Vec<Arrival> {
        let Some((_, all)) = self.last else { return Vec::new() };
        let reached = |percent: u8, bytes: u64| {
            bytes > 0 && u128::from(bytes) * 100 >= u128::from(all) * u128::from(percent)
        };
        let one = |percent: u8| {
            let (at, bytes) = self.points().find(|(_, bytes)| reached(percent, *bytes))?;
            Some(Arrival { percent, at, bytes })
        };
        Self::SHARES.into_iter().filter_map(one).collect()
    }

    /// Bytes a second from the first read to the last: what came behind the first, by the time it took. `None` where all
    /// came at once.
    #[must_use]
    pub fn rate(&self) -> Option<u64> {
        let ((first, before), (last, all)) = (self.points.first()?, self.last.as_ref()?);
        rate(all - before, last.since(*first))
    }
}

/// Bytes a second; `None` where no time passed that could be measured.
#[must_use]
pub fn rate(bytes: u64, time: std::time::Duration) -> Option<u64> {
    let micros = time.as_micros();
    (micros >= 1_000).then(|| u64::try_from(u128::from(bytes) * 1_000_000 / micros).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(reads: impl IntoIterator<Item = (u64, u64)>) -> Arrivals {
        let mut arrivals = Arrivals::default();
        reads.into_iter().for_each(|(at, total)| arrivals.note(At(at), total));
        arrivals
    }

    fn told(arrivals: &Arrivals) -> Vec<(u8, u64, u64)> {
        arrivals.shares().iter().map(|one| (one.percent, one.at.0, one.bytes)).collect()
    }

    #[test]
    fn each_share_has_the_moment_at_which_it_was_there() {
        let few = came([(100, 10), (200, 99), (300, 100), (400, 500), (500, 899), (600, 900), (700, 1_000)]);
        assert_eq!(
            told(&few),
            [(0, 100, 10), (10, 300, 100), (50, 400, 500), (90, 600, 900), (100, 700, 1_000)]
        );
        let at_once = came([(100, 1_000)]);
        assert_eq!(told(&at_once), Arrivals::SHARES.map(|share| (share, 100, 1_000)));
        assert_eq!((at_once.rate(), came([]).rate(), told(&came([]))), (None, None, vec![]));
        // A read that brought nothing of the body is none.
        assert_eq!(told(&came([(1, 0), (2, 5), (9, 5)])).last(), Some(&(100, 2, 5)));
    }

    #[test]
    fn a_rate_is_of_what_came_behind_the_first_read() {
        assert_eq!(came([(0, 500), (1_000_000, 1_500)]).rate(), Some(1_000));
        assert_eq!(came([(0, 500), (999, 1_500)]).rate(), None, "too short to tell");
    }

    /// However long a body is and in whatever pieces: what is told is within a percent of the bytes.
    #[test]
    fn the_room_does_not_grow_and_the_shares_stay_true() {
        for piece in [1_u64, 7, 1_448, 65_536] {
            let reads = 300_000;
            let arrivals = came((1..=reads).map(|read| (read, read * piece)));
            assert!(arrivals.points.len() <= MOST && arrivals.points.capacity() == MOST);
            for (percent, at, bytes) in told(&arrivals) {
                assert_eq!(bytes, at * piece, "{percent} %");
                let due = (reads * u64::from(percent)).div_ceil(100).max(1);
                assert!((due..=due + reads / 100).contains(&at), "{percent} %: {at} for {due}");
            }
        }
    }

    #[test]
    fn one_large_read_among_small_ones_leaves_the_others_their_places() {
        let mut reads: Vec<_> = (1..=1_000).map(|read| (read, read)).collect();
        reads.push((2_000, 1_000_000_000));
        reads.extend((1..=1_000).map(|read| (3_000 + read, 1_000_000_000 + read)));
        let arrivals = came(reads);
        assert_eq!(told(&arrivals)[1..4].iter().map(|one| one.1).collect::<Vec<_>>(), [2_000; 3]);
        assert_eq!(told(&arrivals).last(), Some(&(100, 4_000, 1_000_001_000)));
    }
}
