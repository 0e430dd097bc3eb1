//! The one clock. Every time in a [`Trace`](crate::trace::Trace) is an offset from its origin.
//!
//! This is the only file that reads the machine's clocks: a monotonic one for every stamp, and the
//! wall clock for `started_at`, for certificate dates, and to place the kernel's stamps of packets on
//! the monotonic one. It knows nothing of stages or limits.

use std::time::{Duration, Instant, SystemTime};

use crate::trace::At;

/// A monotonic clock with its origin (t0) and the wall time of that origin.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    wall: SystemTime,
}

impl Clock {
    /// Starts the clock: now is t0.
    #[must_use]
    pub fn start() -> Self {
        Self { origin: Instant::now(), wall: in_micros(SystemTime::now()) }
    }

    /// Time since t0, in whole microseconds, rounded down. Two stamps subtract without loss, so
    /// that adjoining phases sum exactly to the whole.
    #[must_use]
    pub fn now(&self) -> At {
        At(u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// The wall time of t0.
    #[must_use]
    pub fn started_at(&self) -> SystemTime {
        self.wall
    }

    /// The wall time now, for judging dates. It is t0's wall time plus monotonic time, so that a
    /// clock that is set during a run cannot move a verdict.
    #[must_use]
    pub fn wall_now(&self) -> SystemTime {
        self.wall + self.origin.elapsed()
    }

    /// The offset of a wall time just gone by, such as the kernel's stamp on a packet. The two clocks
    /// are compared now, so that neither drift nor an earlier setting of the wall clock counts. A
    /// stamp from the future or from before t0 shows that the wall clock was set in between: then
    /// it is now.
    #[must_use]
    pub fn at_wall(&self, stamp: SystemTime) -> At {
        let moment = Moment::of_wall(stamp);
        if moment.0 < self.origin { self.now() } else { self.at(moment) }
    }

    /// The point at an offset, as it stands for other runs.
    #[must_use]
    pub fn moment(&self, at: At) -> Moment {
        Moment(self.instant(at))
    }

    /// The offset of a point; t0 for one before it.
    #[must_use]
    pub fn at(&self, moment: Moment) -> At {
        let offset = moment.0.saturating_duration_since(self.origin);
        At(u64::try_from(offset.as_micros()).unwrap_or(u64::MAX))
    }

    /// The instant of an offset, for timers.
    #[must_use]
    pub fn instant(&self, at: At) -> Instant {
        self.origin + Duration::from_micros(at.0)
    }
}

/// A point of the machine's monotonic clock. Two of them compare whatever run they come from: what
/// outlives a run, such as a cache, keeps these and no offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Instant);

impl Moment {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// The point of a wall time just gone by, such as the kernel's stamp on a segment; now for one that is
    /// still to come.
    #[must_use]
    pub fn of_wall(stamp: SystemTime) -> Self {
        let (now, wall) = both();
        let past = wall.duration_since(stamp).ok();
        Self(past.and_then(|past| now.checked_sub(past)).unwrap_or(now))
    }

    /// The point so much later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        // TTLs stay within the clock's range; what does not is over at once.
        Self(self.0.checked_add(duration).unwrap_or(self.0))
    }

    /// The time since an earlier point; zero since a later one.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }
}

/// A wall time in whole microseconds, as every other time of a trace is.
fn in_micros(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    time - Duration::from_nanos(u64::from(since.subsec_nanos() % 1_000))
}

/// Both clocks at one moment: read again if the thread was put aside in between.
fn both() -> (Instant, SystemTime) {
    const APART: Duration = Duration::from_micros(20);
    let read = || {
        let (before, wall) = (Instant::now(), SystemTime::now());
        (before.elapsed(), before, wall)
    };
    let mut best = read();
    for _ in 0..4 {
        if best.0 <= APART {
            break;
        }
        best = best.min(read());
    }
    (best.1, best.2)
}

/// Measures work that is not part of a trace, such as client set-up or a benchmark's own cost.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start, in whole microseconds, rounded down.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_never_run_backwards_and_start_at_the_origin() {
        let clock = Clock::start();
        let mut last = At(0);
        for _ in 0..1000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        assert!(clock.instant(At(5)) > clock.instant(At(0)));
    }

    #[test]
    fn a_moment_is_the_same_for_every_clock() {
        let early = Clock::start();
        while early.now() < At(2_000) {}
        let late = Clock::start();
        let moment = early.moment(At(9_000));
        assert_eq!(early.at(moment), At(9_000));
        assert!(late.at(moment) <= At(7_000), "{:?}", late.at(moment));
        assert_eq!(late.at(early.moment(At(1_000))), At(0), "it was over before this clock began");
        assert_eq!(moment.since(early.moment(At(4_000))), Duration::from_millis(5));
        assert_eq!(early.moment(At(4_000)).since(moment), Duration::ZERO);
    }

    #[test]
    fn a_wall_time_has_its_offset_and_an_impossible_one_is_now() {
        let clock = Clock::start();
        while clock.now() < At(5_000) {}
        let (before, stamp, after) = (clock.now(), SystemTime::now(), clock.now());
        while clock.now() < At(10_000) {}
        let at = clock.at_wall(stamp);
        // As far as two clocks can be read together.
        let apart = 1_000;
        assert!(at.0 + apart >= before.0 && at.0 <= after.0 + apart, "{before:?} {at:?} {after:?}");

        for impossible in [stamp + Duration::from_secs(60), stamp - Duration::from_secs(60)] {
            let before = clock.now();
            assert!(clock.at_wall(impossible) >= before);
        }
    }
}
