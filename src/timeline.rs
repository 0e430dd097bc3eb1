//! Phases and spans: the one place where a trace's stamps become durations.
//!
//! Text, JSON, HTML and SVG draw from these. Nothing is measured here and nothing is worded for
//! people beyond a span's name and the reason of a missing phase.

mod spans;

pub use spans::{Span, spans};

use crate::trace::{At, DnsLane, Hop, Http, Stage};

/// The phases of a hop, in microseconds; `None` where a phase did not happen. They and
/// `unaccounted` sum to `total`, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Phases {
    pub dns: Option<u64>,
    pub connect: Option<u64>,
    pub tls: Option<u64>,
    pub quic: Option<u64>,
    pub send: Option<u64>,
    pub wait: Option<u64>,
    pub receive: Option<u64>,
    pub unaccounted: u64,
    pub total: u64,
}

impl Phases {
    /// The phases with their names, in their order.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, Option<u64>); 7] {
        [
            ("dns", self.dns),
            ("connect", self.connect),
            ("tls", self.tls),
            ("quic", self.quic),
            ("send", self.send),
            ("wait", self.wait),
            ("receive", self.receive),
        ]
    }
}

/// Why a phase of a hop is missing; `None` where it happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Reasons {
    pub dns: Option<&'static str>,
    pub connect: Option<&'static str>,
    pub tls: Option<&'static str>,
    pub quic: Option<&'static str>,
    pub send: Option<&'static str>,
    pub wait: Option<&'static str>,
    pub receive: Option<&'static str>,
}

/// The reason of a phase whose stage was not reached.
pub const NOT_REACHED: &str = "not reached";

/// The phases of a hop.
#[must_use]
pub fn phases(hop: &Hop<'_>) -> Phases {
    let Intervals { dns, connect, tls, send, wait, receive } = intervals(hop);
    let total = hop.end.0.saturating_sub(hop.start.0);
    // The intervals lie behind each other inside the hop, so that their sum cannot exceed it.
    let accounted: u64 =
        [dns, connect, tls, send, wait, receive].into_iter().flatten().map(Interval::micros).sum();
    Phases {
        dns: dns.map(Interval::micros),
        connect: connect.map(Interval::micros),
        tls: tls.map(Interval::micros),
        quic: None,
        send: send.map(Interval::micros),
        wait: wait.map(Interval::micros),
        receive: receive.map(Interval::micros),
        unaccounted: total.saturating_sub(accounted),
        total,
    }
}

/// Why phases of a hop are missing.
#[must_use]
pub fn reasons(hop: &Hop<'_>) -> Reasons {
    const fn stage<T: Copy>(stage: Stage<T>) -> Option<&'static str> {
        match stage {
            Stage::Ran(_) => None,
            Stage::Skipped(reason) => Some(reason),
            Stage::NotReached => Some(NOT_REACHED),
        }
    }
    let dns = match hop.dns.ran().map(|dns| dns.lane) {
        Some(DnsLane::Given) => Some("the address was given"),
        Some(DnsLane::Special) => Some("a special name is never asked (RFC 6761)"),
        Some(DnsLane::Walk | DnsLane::Resolver | DnsLane::StubFallback) | None => stage(hop.dns),
    };
    let wait = match hop.http.ran() {
        Some(Http { sent: Some(sent), first_byte: Some(first), .. }) if first < sent => {
            Some("the response began before the request was sent")
        }
        Some(Http { sent: None, .. }) => Some("the request was not sent to its end"),
        _ => stage(hop.http),
    };
    let receive = match hop.http.ran() {
        Some(Http { first_byte: None, .. }) => Some("no response began"),
        _ => stage(hop.http),
    };
    Reasons {
        dns,
        connect: stage(hop.connect),
        tls: stage(hop.tls),
        quic: Some("HTTP/3 was not used"),
        send: stage(hop.http),
        wait,
        receive,
    }
}

/// A stretch of a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interval {
    start: At,
    end: At,
}

impl Interval {
    const fn micros(self) -> u64 {
        self.end.0 - self.start.0
    }
}

/// The stretches that the phases of a hop took.
struct Intervals {
    dns: Option<Interval>,
    connect: Option<Interval>,
    tls: Option<Interval>,
    send: Option<Interval>,
    wait: Option<Interval>,
    receive: Option<Interval>,
}

fn intervals(hop: &Hop<'_>) -> Intervals {
    let mut clip = Clip { cursor: hop.start, end: hop.end.max(hop.start) };
    let dns = hop
        .dns
        .ran()
        .filter(|dns| !matches!(dns.lane, DnsLane::Given | DnsLane::Special))
        .map(|dns| clip.next(dns.start, dns.end));
    let connect = hop.connect.ran().map(|connect| clip.next(connect.start, connect.end));
    let tls = hop.tls.ran().map(|tls| clip.next(tls.start, tls.end));
    let [send, wait, receive] =
        exchange(hop).map(|stretch| stretch.map(|(start, end)| clip.next(start, end)));
    Intervals { dns, connect, tls, send, wait, receive }
}

/// The stamps of send, wait and receive. A server may answer before it has the whole request: then
/// sending ends at the answer's first byte, and nothing was waited for.
fn exchange(hop: &Hop<'_>) -> [Option<(At, At)>; 3] {
    let Some(http) = hop.http.ran() else { return [None; 3] };
    let first = http.first_byte;
    let receive = first.map(|first| (first, http.end));
    match http.sent {
        Some(sent) if first.is_none_or(|first| first >= sent) => {
            [Some((http.start, sent)), Some((sent, first.unwrap_or(http.end))), receive]
        }
        _ => [Some((http.start, first.unwrap_or(http.end))), None, receive],
    }
}

/// Lays stretches behind each other inside a hop: none begins before the one before has ended,
/// none leaves the hop. Right stamps pass unchanged; wrong ones can no longer break the sum.
struct Clip {
    cursor: At,
    end: At,
}

impl Clip {
    fn next(&mut self, start: At, end: At) -> Interval {
        let start = start.clamp(self.cursor, self.end);
        let end = end.clamp(start, self.end);
        self.cursor = end;
        Interval { start, end }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::testtrace;

    fn sum(phases: &Phases) -> u64 {
        phases.named().into_iter().filter_map(|(_, us)| us).sum::<u64>() + phases.unaccounted
    }

    #[test]
    fn phases_of_every_fixture_sum_to_the_total() {
        for (name, trace) in testtrace::all() {
            for hop in trace.hops() {
                let phases = phases(&hop);
                assert_eq!(sum(&phases), phases.total, "{name}");
                let reasons = reasons(&hop);
                for (phase, us, reason) in [
                    ("dns", phases.dns, reasons.dns),
                    ("connect", phases.connect, reasons.connect),
                    ("tls", phases.tls, reasons.tls),
                    ("quic", phases.quic, reasons.quic),
                    ("send", phases.send, reasons.send),
                    ("wait", phases.wait, reasons.wait),
                    ("receive", phases.receive, reasons.receive),
                ] {
                    assert_ne!(us.is_some(), reason.is_some(), "{name}: {phase}: {us:?} {reason:?}");
                }
            }
        }
    }

    #[test]
    fn the_success_fixture_has_its_own_stamps_as_phases() {
        let trace = testtrace::success();
        let phases = phases(&trace.hops().next().unwrap());
        assert_eq!(phases.dns, Some(28_400));
        assert_eq!(phases.total, 302_800);
        assert!(phases.unaccounted < 200, "{phases:?}");
    }

    #[test]
    fn an_answer_before_the_request_is_sent_has_no_wait() {
        let mut trace = testtrace::success();
        let http = trace.requests[0].http.ran_mut().unwrap();
        let start = http.start;
        http.sent = Some(At(start.0 + 500));
        http.first_byte = Some(At(start.0 + 200));
        let hop = trace.hops().next().unwrap();
        let phases = phases(&hop);
        assert_eq!((phases.send, phases.wait), (Some(200), None));
        assert!(reasons(&hop).wait.unwrap().contains("before"));
    }

    #[test]
    fn given_and_special_addresses_take_no_dns_time() {
        let mut trace = testtrace::success();
        for lane in [DnsLane::Given, DnsLane::Special] {
            trace.lookups[0].lane = lane;
            let hop = trace.hops().next().unwrap();
            assert_eq!(phases(&hop).dns, None);
            assert!(reasons(&hop).dns.is_some());
        }
    }

    proptest! {
        #[test]
        fn any_sequence_of_stamps_sums_exactly(
            stamps in prop::array::uniform10(0u64..2_000_000),
            sent in prop::option::of(0u64..2_000_000),
            first in prop::option::of(0u64..2_000_000),
            ran in 0u8..16,
        ) {
            let mut trace = testtrace::success();
            let request = &mut trace.requests[0];
            (request.start, request.end) = (At(stamps[0]), At(stamps[1]));
            let http = request.http.ran_mut().unwrap();
            (http.start, http.end) = (At(stamps[8]), At(stamps[9]));
            (http.sent, http.first_byte) = (sent.map(At), first.map(At));
            let dns = &mut trace.lookups[0];
            (dns.start, dns.end) = (At(stamps[2]), At(stamps[3]));
            let connection = &mut trace.connections[0];
            (connection.tcp.start, connection.tcp.end) = (At(stamps[4]), At(stamps[5]));
            let tls = connection.tls.ran_mut().unwrap();
            (tls.start, tls.end) = (At(stamps[6]), At(stamps[7]));
            let mut hop = trace.hops().next().unwrap();
            if ran & 1 == 0 { hop.dns = Stage::NotReached; }
            if ran & 2 == 0 { hop.connect = Stage::Skipped("x"); }
            if ran & 4 == 0 { hop.tls = Stage::NotReached; }
            if ran & 8 == 0 { hop.http = Stage::NotReached; }
            let phases = phases(&hop);
            prop_assert_eq!(sum(&phases), phases.total);
        }
    }
}
