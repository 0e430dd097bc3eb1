//! The rounds of TCP slow start (RFC 5681 section 3.1) that a response came in, where they are plain to see.
//!
//! A sender that knows nothing of the path yet sends its initial window, waits a round trip for what acknowledges
//! it, and then sends up to twice as much (by a segment for each that is acknowledged; by half, where one
//! acknowledgement is for two), and no more than the receiver lets it: bursts that begin a round trip apart, each
//! larger than the one before. A server that pauses by itself, a rate limit, loss and reordering look else, or cannot be told from it: then there
//! is none. QUIC's senders have no pauses either: they must not send bursts (RFC 9002 §7.7). A line that is filled has no pauses any more: what comes from then on is the line's.

use std::time::Duration;

use crate::trace::{Burst, Hop};

/// Bursts that are nearer than this cannot be told from a machine that was busy.
const LEAST_TRIP: Duration = Duration::from_millis(5);
/// Two bursts may be anything.
const LEAST_ROUNDS: usize = 3;
/// Why it is not looked for with QUIC: there is no pause between two rounds.
const PACED: &str = "QUIC: servers spread what they send over the round trip (RFC 9002 section 7.7), so that rounds \
                     cannot be told apart";
/// What a receiver opens with may bound a round, too: 64 kB in most systems, less what it keeps back.
const OPENED: u64 = 48 * 1024;

/// The rounds of slow start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowStart {
    /// The round trip of the connection, by the kernel: the least.
    pub trip: Duration,
    /// Each round, as it came.
    pub rounds: Vec<Burst>,
    /// What came when the line was filled: without a pause, for a round trip and more.
    pub after: Option<Burst>,
}

impl SlowStart {
    /// How long the response waited for windows to open: from the first round to the beginning of the last, or of what
    /// came behind them.
    #[must_use]
    pub fn waited(&self) -> Duration {
        let first = self.rounds.first().map(|round| round.start).unwrap_or_default();
        let last = self.after.as_ref().or(self.rounds.last()).map(|round| round.start).unwrap_or_default();
        last.since(first)
    }

    /// Bytes a second while it lasted.
    #[must_use]
    pub fn rate(&self) -> Option<u64> {
        let (first, last) = (self.rounds.first()?, self.rounds.last()?);
        let end = self.after.map_or(last.end, |after| after.start);
        crate::trace::rate(self.rounds.iter().map(|round| round.bytes).sum(), end.since(first.start))
    }

    /// Bytes a second behind it.
    #[must_use]
    pub fn rate_after(&self) -> Option<u64> {
        let after = self.after?;
        crate::trace::rate(after.bytes, after.end.since(after.start))
    }
}

/// The rounds of slow start in the response of a hop; `None` where there are none for certain.
#[must_use]
pub fn slow_start(hop: &Hop<'_>) -> Option<SlowStart> {
    look(hop).ok()
}

/// Why no rounds of slow start are shown of a response; `None` where they are.
#[must_use]
pub fn no_slow_start(hop: &Hop<'_>) -> Option<&'static str> {
    look(hop).err()
}

fn look(hop: &Hop<'_>) -> Result<SlowStart, &'static str> {
    const NO_RESPONSE: &str = "there is no response";
    const NO_MEASURE: &str = "the kernel has no measure of the connection";
    if hop.is_kept() {
        return Err(NO_MEASURE);
    }
    let (Some(connection), Some(http)) = (hop.connection, hop.http.ran()) else { return Err(NO_RESPONSE) };
    if connection.quic.is_some() {
        return Err(PACED);
    }
    let tcp = &connection.tcp;
    let after = tcp.tcp_info_after.ok_or(NO_MEASURE)?;
    // What had to be sent again, or was overtaken, comes at moments of its own.
    match after.out_of_order {
        Some(0) => {}
        Some(_) => return Err("segments came out of order: lost and sent again, or overtaken"),
        None => return Err("the kernel does not tell whether segments came out of order"),
    }
    if !http.body.complete {
        return Err("the body did not come to its end");
    }
    let trip = after.min_rtt.or(tcp.tcp_info.and_then(|info| info.min_rtt)).ok_or(NO_MEASURE)?;
    if trip < LEAST_TRIP {
        return Err("the round trip is shorter than 5 ms: rounds cannot be told apart");
    }
    find(&http.bursts, trip, after.mss.into())
        .ok_or("no three bursts that lie a round trip apart and grow as slow start does")
}

fn find(bursts: &[Burst], trip: Duration, segment: u64) -> Option<SlowStart> {
    if trip < LEAST_TRIP || segment == 0 {
        return None;
    }
    let pause = trip / 2;
    let shortest = bursts.windows(2).map(|pair| pair[1].start.since(pair[0].end)).min();
    // With all that are kept, shorter pauses may have been left out.
    if bursts.len() >= Burst::MOST && shortest >= Some(pause) {
        return None;
    }
    let mut rounds = joined(bursts, pause);
    // What goes before is of the connection, or the head alone: tickets, settings, an interim response.
    let first = rounds.iter().position(|round| round.bytes >= 2 * segment)?;
    rounds.drain(..first);
    // RFC 6928 section 2: ten segments; one may be the end of a head, and TLS may have used some.
    if rounds.first()?.bytes < 8 * segment {
        return None;
    }
    let filled = rounds.iter().position(|round| round.end.since(round.start) >= trip);
    let after = filled.map(|at| {
        let rest = rounds.split_off(at);
        let bytes = rest.iter().map(|round| round.bytes).sum();
        Burst { start: rest[0].start, end: rest[rest.len() - 1].end, bytes }
    });
    let starts: Vec<_> = rounds.iter().chain(&after).map(|round| round.start).collect();
    let apart = |pair: &[crate::trace::At]| is_a_trip(pair[1].since(pair[0]), trip);
    let last = rounds.len().checked_sub(1)?;
    // What came last may have been all that was left.
    let grown = rounds.windows(2).enumerate().all(|(at, pair)| {
        let may_be_rest = at + 1 == last && after.is_none();
        let may_be_bound = at > 0 && pair[1].bytes >= OPENED;
        pair[1].bytes <= 2 * pair[0].bytes + 2 * segment
            && (may_be_rest || may_be_bound || pair[1].bytes * 10 >= pair[0].bytes * 14)
    });
    let clear = rounds.len() >= LEAST_ROUNDS && starts.windows(2).all(apart) && grown;
    clear.then_some(SlowStart { trip, rounds, after })
}

/// Bursts with less than this pause between them are one.
fn joined(bursts: &[Burst], pause: Duration) -> Vec<Burst> {
    let mut joined: Vec<Burst> = Vec::new();
    for burst in bursts {
        match joined.last_mut() {
            Some(last) if burst.start.since(last.end) < pause => {
                *last = Burst { start: last.start, end: burst.end, bytes: last.bytes + burst.bytes };
            }
            _ => joined.push(*burst),
        }
    }
    joined
}

/// As far apart as a round trip, which is never less than the least, and may be some more with packets in queues.
fn is_a_trip(apart: Duration, trip: Duration) -> bool {
    apart >= trip * 9 / 10 && apart <= trip * 27 / 20
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{At, sample};

    const TRIP: Duration = Duration::from_millis(100);
    const SEGMENT: u64 = 1_448;

    /// Bursts by start and end in milliseconds, and segments.
    fn bursts(of: &[(u64, u64, u64)]) -> Vec<Burst> {
        of.iter()
            .map(|(start, end, segments)| Burst {
                start: At(start * 1_000),
                end: At(end * 1_000),
                bytes: segments * SEGMENT,
            })
            .collect()
    }

    fn rounds(of: &[(u64, u64, u64)]) -> Vec<u64> {
        let found = find(&bursts(of), TRIP, SEGMENT);
        found.map(|it| it.rounds.iter().map(|round| round.bytes / SEGMENT).collect()).unwrap_or_default()
    }

    #[test]
    fn bursts_a_round_trip_apart_that_double_are_slow_start() {
        assert_eq!(rounds(&[(0, 1, 10), (100, 103, 20), (201, 207, 40), (303, 310, 68)]), [10, 20, 40, 68]);
        // The last has what was left; acknowledgements for two segments each; a head that went before.
        assert_eq!(rounds(&[(0, 1, 10), (100, 103, 20), (201, 202, 3)]), [10, 20, 3]);
        assert_eq!(rounds(&[(0, 1, 10), (101, 103, 15), (202, 207, 22), (303, 304, 1)]), [10, 15, 22, 1]);
        // A receiver that opens with 64 kB.
        assert_eq!(
            rounds(&[(0, 1, 9), (100, 103, 20), (200, 206, 39), (301, 307, 43), (401, 403, 27)]),
            [9, 20, 39, 43, 27]
        );
        assert_eq!(rounds(&[(0, 0, 1), (60, 61, 10), (161, 163, 20), (262, 266, 40)]), [10, 20, 40]);
        // One round in pieces.
        assert_eq!(rounds(&[(0, 1, 10), (100, 101, 10), (130, 131, 10), (201, 207, 40)]), [10, 20, 40]);
    }

    #[test]
    fn what_a_filled_line_brings_is_told_apart() {
        let of = [(0, 1, 10), (100, 103, 20), (200, 206, 40), (301, 340, 80), (350, 720, 500)];
        let found = find(&bursts(&of), TRIP, SEGMENT).unwrap();
        assert_eq!(found.rounds.len(), 3);
        let after = found.after.unwrap();
        assert_eq!((after.start, after.end, after.bytes), (At(301_000), At(720_000), 580 * SEGMENT));
        assert_eq!(found.waited(), Duration::from_millis(301));
        assert_eq!(found.rate(), Some(70 * SEGMENT * 1_000 / 301));
        assert_eq!(found.rate_after(), Some(580 * SEGMENT * 1_000 / 419));
        let whole = find(&bursts(&[(0, 1, 10), (100, 103, 20), (200, 206, 40)]), TRIP, SEGMENT).unwrap();
        assert_eq!((whole.waited(), whole.rate_after()), (Duration::from_millis(200), None));
        assert_eq!(whole.rate(), Some(70 * SEGMENT * 1_000 / 206));
    }

    #[test]
    fn what_only_looks_like_it_is_none() {
        for (why, of) in [
            ("two bursts", &[(0, 1, 10), (100, 103, 20)][..]),
            ("a server that drips", &[(0, 1, 10), (100, 101, 10), (200, 201, 10), (300, 301, 10)]),
            ("drips of little", &[(0, 0, 2), (100, 100, 4), (200, 200, 8), (300, 300, 16)]),
            ("a rate limit", &[(0, 1, 20), (100, 101, 10), (200, 201, 10), (300, 301, 10)]),
            ("pauses of its own", &[(0, 1, 10), (250, 253, 20), (500, 506, 40)]),
            ("a pause in between", &[(0, 1, 10), (100, 103, 20), (200, 206, 40), (600, 610, 80)]),
            ("sooner than a round trip", &[(0, 1, 10), (70, 73, 20), (140, 146, 40)]),
            ("more than doubled", &[(0, 1, 10), (100, 103, 30), (200, 206, 90)]),
            ("a line that is filled at once", &[(0, 1, 10), (100, 480, 200)]),
            ("a line that is filled soon", &[(0, 1, 10), (100, 103, 20), (200, 900, 200)]),
            ("a sender that paces (BBR)", &[(0, 1, 10), (100, 157, 20), (197, 450, 80)]),
            ("drips as large as a window", &[(0, 1, 40), (100, 103, 50), (200, 203, 50), (300, 303, 50)]),
            ("growth of less than half", &[(0, 1, 10), (100, 101, 13), (200, 201, 17), (300, 301, 22)]),
            ("no pause at all", &[(0, 900, 500)]),
            ("nothing", &[]),
        ] {
            assert_eq!(rounds(of), Vec::<u64>::new(), "{why}");
        }
        let near = bursts(&[(0, 1, 10), (4, 5, 20), (8, 9, 40)]);
        assert_eq!(find(&near, Duration::from_millis(4), SEGMENT), None, "too near to tell");
        let many: Vec<_> = (0..64).map(|at| (at * 100, at * 100 + 1, 10 * (at + 1))).collect();
        assert_eq!(rounds(&many), Vec::<u64>::new(), "there may have been more");
    }

    #[test]
    fn loss_reordering_and_a_body_that_broke_off_tell_nothing() {
        let mut trace = sample::slow_start();
        let found = |trace: &crate::trace::Trace| trace.hops().next().and_then(|hop| slow_start(&hop));
        assert_eq!(found(&trace).unwrap().rounds.len(), 4);
        let after = |trace: &mut crate::trace::Trace, out_of_order| {
            sample::connect(trace).tcp_info_after.as_mut().unwrap().out_of_order = out_of_order;
        };
        for unclear in [Some(1), None] {
            after(&mut trace, unclear);
            assert_eq!(found(&trace), None, "{unclear:?}");
        }
        after(&mut trace, Some(0));
        sample::http(&mut trace).body.complete = false;
        assert_eq!(found(&trace), None);
        sample::http(&mut trace).body.complete = true;
        assert_eq!(trace.hops().next().and_then(|hop| no_slow_start(&hop)), None);
        sample::connect(&mut trace).tcp_info_after = None;
        assert_eq!(found(&trace), None);
        let why =
            |trace: &crate::trace::Trace| trace.hops().next().and_then(|hop| no_slow_start(&hop)).unwrap();
        assert!(why(&trace).contains("no measure"), "{}", why(&trace));
        let mut by_quic = sample::slow_start();
        sample::go_by_quic(&mut by_quic);
        assert_eq!((found(&by_quic), why(&by_quic)), (None, PACED));
    }
}
