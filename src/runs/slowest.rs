//! The slowest of many runs beside the median one: which phase made it slow, and what differed.
//!
//! Only what both runs have seen is told as a difference; which of several made it slow is not judged.

use std::net::SocketAddr;

use crate::reading::{CacheResult, layers};
use crate::timeline::{PerPhase, Phase, phases_of_all};
use crate::trace::{Connect, Hop, Http, Meaning, Trace};
use crate::units::{count, duration, micros};

/// How much longer than the median the slowest run has to be to be spoken of: this many percent of it, and this many
/// microseconds.
const MORE_PERCENT: u64 = 20;
const MORE: u64 = 2_000;

/// The slowest run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slowest {
    /// Which one, counted from 0.
    pub run: usize,
    /// Its total, in microseconds.
    pub total: u64,
    /// How much longer than the median run's, in microseconds.
    pub more: u64,
    /// The phase that took the most longer.
    pub phase: Phase,
    /// By how much, in microseconds.
    pub in_phase: u64,
    /// What was otherwise than in the median run, each the end of a sentence.
    pub differences: Vec<String>,
}

/// What sets the slowest run apart from the median one; `None` where it is hardly slower.
#[must_use]
pub fn slowest(traces: &[&Trace], median: usize) -> Option<Slowest> {
    let usual = traces.get(median).filter(|trace| trace.failure().is_none())?;
    let whole = traces.iter().enumerate().filter(|(_, trace)| trace.failure().is_none());
    let (run, slow) = whole.max_by_key(|(at, trace)| (trace.total, std::cmp::Reverse(*at)))?;
    let (phases, before) = (phases_of_all(slow), phases_of_all(usual));
    let more = phases.total.saturating_sub(before.total);
    if more < MORE || more * 100 < before.total * MORE_PERCENT {
        return None;
    }
    let longer: PerPhase<u64> = PerPhase::of(|phase| {
        phases.spent[phase].unwrap_or_default().saturating_sub(before.spent[phase].unwrap_or_default())
    });
    let (phase, in_phase) = longer.iter().max_by_key(|(_, longer)| **longer)?;
    let differences = differences(slow, usual, phase);
    Some(Slowest { run, total: phases.total, more, phase, in_phase: *in_phase, differences })
}

fn differences(slow: &Trace, usual: &Trace, phase: Phase) -> Vec<String> {
    let mut found = Vec::new();
    let (hops, others) = (slow.hops().count(), usual.hops().count());
    if hops != others {
        found.push(format!("{} in place of {others}", count(hops, "request")));
    }
    for (hop, other) in slow.hops().zip(usual.hops()) {
        let host = if hops > 1 { format!(" (request {})", hop.id.0 + 1) } else { String::new() };
        let asked = if phase == Phase::Dns { slow_server(&hop) } else { None };
        let told = asked.into_iter().chain(of_connection(&hop, &other)).chain(of_response(&hop, &other));
        found.extend(told.map(|told| format!("{told}{host}")));
    }
    found
}

/// What was otherwise on the way to the server.
fn of_connection(hop: &Hop<'_>, other: &Hop<'_>) -> Vec<String> {
    let mut found = Vec::new();
    match (address(hop), address(other)) {
        (Some(own), Some(other)) if own != other => {
            found.push(format!("{} answered in place of {}", own.ip(), other.ip()));
        }
        _ => {}
    }
    let many = |number: u32, noun: &str| count(usize::try_from(number).unwrap_or(usize::MAX), noun);
    let segments = |hop: &Hop<'_>| hop.dialled().map_or(0, Connect::sent_again);
    if segments(hop) > segments(other) {
        found.push(format!("{} sent again by TCP", many(segments(hop), "segment")));
    }
    let syns = |hop: &Hop<'_>| -> u32 {
        let attempts = hop.dialled().map_or(&[][..], |connect| &connect.attempts[..]);
        attempts.iter().filter_map(|attempt| attempt.syn_retransmits).sum()
    };
    if syns(hop) > syns(other) {
        found.push(format!("{} sent again", many(syns(hop), "SYN")));
    }
    found
}

/// The address that a connection was made to.
fn address(hop: &Hop<'_>) -> Option<SocketAddr> {
    let connect = hop.dialled()?;
    Some(connect.attempts.get(connect.winner?)?.address)
}

/// What was otherwise with the response.
fn of_response(hop: &Hop<'_>, other: &Hop<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let (Some(own), Some(other)) = (hop.http.ran(), other.http.ran()) else { return found };
    if own.status != other.status {
        let word = |status: Option<u16>| status.map_or("none".to_owned(), |status| status.to_string());
        found.push(format!("status {} in place of {}", word(own.status), word(other.status)));
    }
    if own.version != other.version {
        found.push(format!("{} in place of {}", own.version.as_str(), other.version.as_str()));
    }
    let cache = |http: &Http| {
        layers(&http.headers).into_iter().find_map(|layer| layer.cache).map(CacheResult::as_str)
    };
    match (cache(own), cache(other)) {
        (Some(own), Some(other)) if own != other => {
            found.push(format!("the cache says {own} in place of {other}"));
        }
        _ => {}
    }
    if own.body.wire_bytes > other.body.wire_bytes.saturating_mul(2) {
        found.push("a body more than twice as long".to_owned());
    }
    found
}

/// The question of the walk that took longest, or how many went unanswered.
fn slow_server(hop: &Hop<'_>) -> Option<String> {
    let dns = hop.dns.ran()?;
    let counted = dns.packets.iter().filter(|packet| packet.end <= dns.end && packet.sent >= dns.start);
    let lost = counted.clone().filter(|packet| packet.meaning == Meaning::Timeout).count();
    if lost > 0 {
        return Some(format!("{} to name servers went unanswered", count(lost, "question")));
    }
    let took = counted.filter_map(|packet| Some((packet.received?.since(packet.sent), packet)));
    let (longest, packet) = took.max_by_key(|(took, _)| *took)?;
    let server = packet.server_name.clone().unwrap_or_else(|| packet.server.ip().to_string());
    let half = dns.end.since(dns.start) / 2;
    (longest > half).then(|| format!("{server} took {} to answer for {}", duration(longest), packet.qname))
}

impl Slowest {
    /// In one sentence: which phase, by how much, and what differed.
    #[must_use]
    pub fn words(&self) -> String {
        let longer = format!("{} took {} longer", self.phase.as_str(), micros(self.in_phase));
        std::iter::once(longer).chain(self.differences.iter().cloned()).collect::<Vec<_>>().join("; ")
    }
}
