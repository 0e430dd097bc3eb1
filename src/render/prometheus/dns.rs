//! The lookup of the URL's host as metrics, and what all lookups asked.

use std::collections::BTreeMap;

use super::exposition::{Family, Kind, Value};
use super::single::single;
use crate::timeline::counted_packets;
use crate::trace::{Dns, DnsLane, RecordType, Trace};

/// Zones that are told at most.
const MOST: usize = 32;

/// What is told of names.
pub(super) fn families(trace: &Trace) -> Vec<Family> {
    let queries: usize = trace.lookups.iter().map(counted_packets).sum();
    let asked = trace.hops().next().and_then(|hop| hop.dns.ran());
    let answered = asked.filter(|dns| !dns.answers.is_empty());
    let aliases = answered.map(|dns| {
        let is_alias = |rtype| matches!(rtype, RecordType::CNAME);
        Value::count(dns.answers.iter().filter(|record| is_alias(record.rtype)).count())
    });
    let ttl = answered.and_then(|dns| dns.answers.iter().map(|record| record.ttl).min());
    vec![
        single(
            "urltrace_dns_queries",
            "Packets that were sent to resolve all names of the chain.",
            (!trace.lookups.is_empty()).then(|| Value::count(queries)),
        ),
        single("urltrace_dns_cname_depth", "Aliases between the URL's host and its addresses.", aliases),
        single(
            "urltrace_dns_answer_ttl_seconds",
            "The least TTL of the records that lead to the addresses of the URL's host.",
            ttl.map(|ttl| Value::Whole(ttl.into())),
        ),
        zones(asked),
    ]
}

/// How long each zone's servers were waited for in the walk.
fn zones(asked: Option<&Dns>) -> Family {
    let help = "How long the walk waited for the servers of a zone, for the URL's host.";
    let mut family = Family::new("urltrace_dns_zone_duration_seconds", Kind::Gauge, help);
    let Some(dns) = asked.filter(|dns| dns.lane == DnsLane::Walk) else { return family };
    let mut waited: BTreeMap<&str, u64> = BTreeMap::new();
    let mut free = 0;
    // In their order; what lies beside another is waited for once.
    for packet in dns.critical_path.iter().filter_map(|id| dns.packets.get(*id)) {
        let begun = packet.sent.0.max(free);
        free = free.max(packet.end.0);
        *waited.entry(packet.zone.as_str()).or_default() += packet.end.0.saturating_sub(begun);
    }
    for (zone, us) in waited.into_iter().filter(|(zone, _)| !zone.is_empty()).take(MOST) {
        family.add(vec![("zone", zone.to_owned())], Value::Micros(us));
    }
    family
}
