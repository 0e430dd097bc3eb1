//! The views of a body's arrival, and of the rounds of slow start that show in it.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::micros::us;
use crate::timeline::SlowStart;
use crate::trace::{Arrival, Arrivals, At, Burst};

/// A moment of a body's arrival: at least so many percent of its bytes on the wire had come.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ArrivalView {
    /// The share of the bytes; 0 is the first byte.
    #[cfg_attr(test, schemars(extend("enum" = [0, 10, 50, 90, 100])))]
    percent: u8,
    /// When they had come.
    at_us: u64,
    /// How many had come by then: what the read brought is counted whole.
    bytes: u64,
}

impl From<Arrival> for ArrivalView {
    fn from(arrival: Arrival) -> Self {
        Self { percent: arrival.percent, at_us: arrival.at.0, bytes: arrival.bytes }
    }
}

/// How the bytes of a body on the wire grew in number: the moments that were kept, of which there are 256 at most.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct CurveView {
    /// Moments in microseconds, each with the bytes that had come by then.
    points: Vec<[u64; 2]>,
    /// The last moment and all bytes.
    last: [u64; 2],
    /// How many bytes a moment brings at least beyond the one before.
    step_bytes: u64,
}

impl CurveView {
    pub(super) fn of(arrivals: &Arrivals) -> Option<Self> {
        let pair = |(at, bytes): (At, u64)| [at.0, bytes];
        let (points, step_bytes) = arrivals.kept();
        let last = pair(arrivals.last()?);
        Some(Self { points: points.iter().copied().map(pair).collect(), last, step_bytes })
    }
}

/// Rounds of TCP slow start that a response came in, where they are plain to see: bursts that begin a round trip apart,
/// the first of about the initial window, each next up to twice as large.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct SlowStartView {
    /// The round trip that they are told by: the kernel's least of the connection.
    rtt_us: u64,
    /// The rounds.
    rounds: Vec<BurstView>,
    /// From the first round to the beginning of the last, or of what came behind them: what was waited for windows to open.
    waited_us: u64,
    /// Bytes a second while it lasted.
    bytes_per_second: Option<u64>,
    /// What came when the line was filled, without a pause for a round trip and more; null where all came in rounds.
    full_line: Option<BurstView>,
}

/// Bytes that came on the connection without a pause.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct BurstView {
    /// The first of them came.
    start_us: u64,
    /// The last did.
    end_us: u64,
    /// How many: what TCP delivered, with heads and TLS.
    bytes: u64,
    /// Bytes a second; null where they came at once.
    bytes_per_second: Option<u64>,
}

impl From<SlowStart> for SlowStartView {
    fn from(found: SlowStart) -> Self {
        Self {
            rtt_us: us(found.trip),
            waited_us: us(found.waited()),
            bytes_per_second: found.rate(),
            full_line: found
                .after
                .map(|after| BurstView { bytes_per_second: found.rate_after(), ..after.into() }),
            rounds: found.rounds.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Burst> for BurstView {
    fn from(burst: Burst) -> Self {
        Self { start_us: burst.start.0, end_us: burst.end.0, bytes: burst.bytes, bytes_per_second: None }
    }
}
