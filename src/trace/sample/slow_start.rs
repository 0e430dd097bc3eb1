//! A body that comes in rounds of slow start.

use std::time::Duration;

use super::super::*;
use super::{connect, exchange, http, sound};

/// Bytes of a segment.
const SEGMENT: u64 = 1_448;

/// 200 kB, 10 ms away: windows of 10, 20 and 40 segments, and what was left.
pub(crate) fn slow_start() -> Trace {
    let mut trace = sound();
    let segments = [(66_000, 66_100, 10), (76_200, 76_500, 20), (86_400, 86_800, 40), (96_600, 97_000, 68)];
    let bursts = segments.map(|(start, end, segments)| Burst {
        start: At(start),
        end: At(end),
        bytes: segments * SEGMENT,
    });
    let body = segments.iter().scan(0, |total, (_, end, segments)| {
        *total += segments * SEGMENT;
        Some((*end, *total))
    });
    let arrivals = exchange::arrived(&body.collect::<Vec<_>>());
    let http = http(&mut trace);
    http.end = At(97_000);
    http.bursts = bursts.to_vec();
    let length = arrivals.points().last().map_or(0, |(_, bytes)| bytes);
    (http.body.wire_bytes, http.body.encoded_bytes, http.body.arrivals) = (length, length, arrivals);
    let end = http.end;
    trace.requests[0].end = end;
    trace.total = end.since(At(0));
    let tcp = connect(&mut trace);
    let trip = Duration::from_millis(10);
    tcp.tcp_info_after =
        tcp.tcp_info.map(|info| TcpInfo { mss: 1_448, min_rtt: Some(trip), out_of_order: Some(0), ..info });
    trace
}
