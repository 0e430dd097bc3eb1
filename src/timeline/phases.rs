//! How long each phase of a hop took, or why it is missing.

use std::time::Duration;

use super::phase::{PerPhase, Phase};
use super::stretch::{Stretch, is_put_off, stretches, stretches_of};
use crate::trace::{DnsLane, Hop, Http, KEPT, Proxy, ProxyUsage, REUSED, Stage, Trace};

/// The phases of a hop, in microseconds. They and `unaccounted` sum to `total`, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// What each took; `None` where it did not happen.
    pub spent: PerPhase<Option<u64>>,
    /// What belongs to no phase.
    pub unaccounted: u64,
    /// From the hop's start to its end.
    pub total: u64,
}

/// The reason of a phase whose stage was not reached.
pub const NOT_REACHED: &str = "not reached";

/// The reason of a request that began at once.
const NO_QUEUE: &str = "it did not have to wait";

/// The reason of a connect that was put off until the first data.
const PUT_OFF: &str =
    "TCP Fast Open: the SYN left with the first data, and its round trip is part of what follows";

/// The phases of a hop.
#[must_use]
pub fn phases(hop: &Hop<'_>) -> Phases {
    Phases::of(&stretches(hop), hop.http.ran(), hop.end.0.saturating_sub(hop.start.0))
}

/// The phases of an exchange on a connection that was open: `send`, `wait` and `receive`.
#[must_use]
pub fn phases_of_exchange(http: &Http) -> Phases {
    Phases::of(&stretches_of(http), Some(http), http.end.0.saturating_sub(http.start.0))
}

impl Phases {
    fn of(stretches: &PerPhase<Option<Stretch>>, http: Option<&Http>, total: u64) -> Self {
        let waited = http.map_or(Duration::ZERO, |http| http.body_wait);
        let spent = PerPhase::of(|phase| {
            let micros = stretches[phase].map(Stretch::micros);
            // What waits for a file or for standard input is neither the network's nor the peer's.
            let own = if phase == Phase::Send { waited } else { Duration::ZERO };
            micros.map(|micros| micros.saturating_sub(u64::try_from(own.as_micros()).unwrap_or(u64::MAX)))
        });
        // The stretches lie behind each other inside the whole, so that their sum cannot exceed it.
        let accounted: u64 = spent.iter().filter_map(|(_, micros)| *micros).sum();
        Self { spent, unaccounted: total.saturating_sub(accounted), total }
    }
}

/// The phases of all hops of a trace, summed; `None` where a phase happened in no hop.
#[must_use]
pub fn phases_of_all(trace: &Trace) -> Phases {
    if let Some(brief) = &trace.brief {
        let spent = |phase: Phase| {
            let place = Phase::ALL.iter().position(|one| *one == phase)?;
            brief.spent.get(place).copied().flatten()
        };
        let total = u64::try_from(trace.total.as_micros()).unwrap_or(u64::MAX);
        return Phases { spent: PerPhase::of(spent), unaccounted: brief.unaccounted, total };
    }
    let mut sum = Phases::default();
    for hop in trace.hops().map(|hop| phases(&hop)) {
        for (phase, spent) in hop.spent.iter() {
            if let Some(spent) = spent {
                *sum.spent[phase].get_or_insert(0) += spent;
            }
        }
        sum.unaccounted += hop.unaccounted;
        sum.total += hop.total;
    }
    sum
}

/// Why phases of a hop are missing; `None` for one that happened.
#[must_use]
pub fn reasons(hop: &Hop<'_>) -> PerPhase<Option<&'static str>> {
    const fn stage<T: Copy>(stage: Stage<T>) -> Option<&'static str> {
        match stage {
            Stage::Ran(_) => None,
            Stage::Skipped(reason) => Some(reason),
            Stage::NotReached => Some(NOT_REACHED),
        }
    }
    PerPhase::of(|phase| match phase {
        Phase::Queue if hop.request.waited.is_some() || hop.request.queued.is_some() => None,
        Phase::Queue => Some(NO_QUEUE),
        Phase::Dns => match hop.dns.ran().map(|dns| dns.lane) {
            Some(DnsLane::Given) => Some("the address was given"),
            Some(DnsLane::Special) => Some("a special name is never asked (RFC 6761)"),
            Some(DnsLane::Walk | DnsLane::Resolver | DnsLane::StubFallback) | None => stage(hop.dns),
        },
        Phase::Connect if is_put_off(hop) => Some(PUT_OFF),
        Phase::Connect => stage(hop.connect),
        Phase::Proxy => proxy(hop),
        Phase::Tls if hop.quic.is_some() => Some("TLS is a part of the QUIC handshake"),
        Phase::Tls => stage(hop.tls),
        Phase::Quic if hop.quic.is_some() => None,
        Phase::Quic if hop.connection.is_some_and(|used| used.quic.is_some()) => Some(REUSED),
        Phase::Quic => Some("HTTP/3 was not used"),
        Phase::Send => stage(hop.http),
        Phase::Wait => match hop.http.ran() {
            Some(Http { sent: Some(sent), first_byte: Some(first), .. }) if first < sent => {
                Some("the response began before the request was sent")
            }
            Some(Http { sent: None, .. }) => Some("the request was not sent to its end"),
            _ => stage(hop.http),
        },
        Phase::Receive => match hop.http.ran() {
            Some(Http { first_byte: None, .. }) => Some("no response began"),
            _ => stage(hop.http),
        },
    })
}

/// Why nothing was asked of a proxy.
fn proxy(hop: &Hop<'_>) -> Option<&'static str> {
    match hop.proxy {
        Some(Proxy { start: Some(_), .. }) => None,
        Some(Proxy { usage: ProxyUsage::Forward, .. }) if hop.http.ran().is_some() => {
            Some("the proxy forwards the request: there is no tunnel to open")
        }
        Some(_) => Some(NOT_REACHED),
        None if hop.connection.is_some_and(|used| used.proxy.is_some()) => Some(REUSED),
        None if hop.is_kept() => Some(KEPT),
        None if hop.request.bypass.is_some() => Some("this host needs no proxy: it stands in a list of such"),
        None => Some("no proxy was used"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trace::sample;
    use crate::trace::{At, FastOpen, FastOpenStart, RetryWait, Transient, WaitRule};

    fn sum(phases: &Phases) -> u64 {
        phases.spent.iter().filter_map(|(_, us)| *us).sum::<u64>() + phases.unaccounted
    }

    #[test]
    fn phases_of_every_fixture_sum_to_the_total() {
        for (name, trace) in sample::all() {
            for hop in trace.hops() {
                let phases = phases(&hop);
                assert_eq!(sum(&phases), phases.total, "{name}");
                let reasons = reasons(&hop);
                for (phase, us) in phases.spent.iter() {
                    let reason = reasons[phase];
                    assert_ne!(us.is_some(), reason.is_some(), "{name}: {phase:?}: {us:?} {reason:?}");
                }
            }
        }
    }

    #[test]
    fn the_phases_of_a_chain_are_the_sums_of_its_hops() {
        let trace = sample::redirects();
        let all = phases_of_all(&trace);
        assert_eq!(all.total, trace.hops().map(|hop| phases(&hop).total).sum::<u64>());
        assert_eq!(sum(&all), all.total);
        assert_eq!(all.spent[Phase::Quic], None);
    }

    #[test]
    fn the_success_fixture_has_its_own_stamps_as_phases() {
        let trace = sample::success();
        let phases = phases(&trace.hops().next().unwrap());
        assert_eq!(phases.spent[Phase::Dns], Some(28_400));
        assert_eq!(phases.total, 302_800);
        assert!(phases.unaccounted < 200, "{phases:?}");
    }

    #[test]
    fn the_wait_before_a_further_attempt_is_a_phase_and_no_work_of_ours() {
        let mut trace = sample::success();
        let before = phases(&trace.hops().next().unwrap());
        assert_eq!(before.spent[Phase::Queue], None);
        let first = trace.lookups[0].start;
        let request = &mut trace.requests[0];
        (request.start, request.waited) =
            (At(0), Some(RetryWait { cause: Transient::Status(503), rule: WaitRule::Backoff, end: first }));
        let after = phases(&trace.hops().next().unwrap());
        assert_eq!(after.spent[Phase::Queue], Some(first.0));
        assert_eq!(sum(&after), after.total);
        assert!(after.unaccounted <= before.unaccounted, "{after:?}");
    }

    #[test]
    fn an_answer_before_the_request_is_sent_has_no_wait() {
        let mut trace = sample::success();
        let http = trace.requests[0].http.ran_mut().unwrap();
        let start = http.start;
        http.sent = Some(At(start.0 + 500));
        http.first_byte = Some(At(start.0 + 200));
        let hop = trace.hops().next().unwrap();
        let phases = phases(&hop);
        assert_eq!((phases.spent[Phase::Send], phases.spent[Phase::Wait]), (Some(200), None));
        assert!(reasons(&hop)[Phase::Wait].unwrap().contains("before"));
    }

    #[test]
    fn a_connect_that_was_put_off_has_no_time_of_its_own() {
        let mut trace = sample::success();
        let connect = &mut trace.connections[0].tcp;
        connect.fast_open = Some(FastOpen::begun(FastOpenStart::Deferred));
        let hop = trace.hops().next().unwrap();
        assert_eq!(phases(&hop).spent[Phase::Connect], None);
        assert!(reasons(&hop)[Phase::Connect].unwrap().contains("TCP Fast Open"));
        // Without a connection all of it was waiting for one.
        trace.connections[0].tcp.winner = None;
        assert!(phases(&trace.hops().next().unwrap()).spent[Phase::Connect].is_some());
    }

    #[test]
    fn given_and_special_addresses_take_no_dns_time() {
        let mut trace = sample::success();
        for lane in [DnsLane::Given, DnsLane::Special] {
            trace.lookups[0].lane = lane;
            let hop = trace.hops().next().unwrap();
            assert_eq!(phases(&hop).spent[Phase::Dns], None);
            assert!(reasons(&hop)[Phase::Dns].is_some());
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
            let mut trace = sample::success();
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
