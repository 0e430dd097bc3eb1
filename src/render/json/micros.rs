//! Durations as the documents have them.

use std::time::Duration;

/// Whole microseconds of a duration.
pub(super) fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
