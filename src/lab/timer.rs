//! Waits that end when they should, so that an injected delay is a known number.
//!
//! The runtime's timer counts whole milliseconds and rounds up: on its own it would add up to one
//! and a half to every delay. It knows nothing of what is being delayed.

use std::time::Duration;

use crate::clock::Clock;
use crate::trace::At;

/// How long before the end the coarse timer hands over to yielding. Longer than the coarse timer's
/// rounding, short enough that the lab's thread is busy for no more than this at a time.
const HANDOVER: Duration = Duration::from_millis(2);

/// Waits until `until`, to within some ten microseconds on an idle processor. Other work of the
/// lab's thread goes on meanwhile.
pub(super) async fn precise_sleep(clock: &Clock, until: At) {
    let left = until.since(clock.now());
    if left > HANDOVER {
        tokio::time::sleep_until(clock.instant(At(until.0 - HANDOVER.as_micros() as u64)).into()).await; // until shortly before; the rest is waited for awake
    }
    while clock.now() < until {
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_never_ends_early_and_hardly_late() {
        let clock = Clock::start();
        for wait in [0, 300, 1_500, 2_500, 7_300, 20_000] {
            // A busy machine can only make a wait longer: the best of some tries is the timer's own.
            let mut best = u64::MAX;
            for _ in 0..20 {
                let until = At(clock.now().0 + wait);
                precise_sleep(&clock, until).await;
                let now = clock.now();
                assert!(now >= until);
                best = best.min(now.0 - until.0);
            }
            assert!(best < 500, "{wait} us ended {best} us late");
        }
    }
}
