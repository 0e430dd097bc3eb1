//! A name that is an alias of an alias of an alias: each zone on the way is walked to before the address is known.

use super::asked::{is_of_the_walk, walks};
use super::found::{Finding, Load, Saving, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{At, Dns, DnsLane, LookupId, Meaning, Packet, RecordType, StageName};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "dns-long-cname-chain",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "three aliases (CNAME) or more led to the records, or they passed through two other zones or more",
    standard: "RFC 1034 section 3.6.2",
    check: Check::Lookups(check),
};

/// Aliases from which a chain is long.
const ALIASES: usize = 3;
/// Other zones than the name's own, from which it is.
const OTHER_ZONES: usize = 2;

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    walks(lookups).filter_map(|(lookup, dns)| of_walk(rule, lookup, dns)).collect()
}

fn of_walk(rule: &Rule, lookup: LookupId, dns: &Dns) -> Option<Finding> {
    let is_alias = |rtype| matches!(rtype, RecordType::CNAME | RecordType::DNAME);
    let found = dns.answers.iter().any(|record| !is_alias(record.rtype));
    let asked_for_it = dns.types.iter().any(|rtype| is_alias(*rtype) || *rtype == RecordType::ANY);
    if dns.lane != DnsLane::Walk || !found || asked_for_it {
        return None;
    }
    let aliases = dns.answers.iter().filter(|record| record.rtype == RecordType::CNAME).count();
    let zones = zones(dns);
    let others = zones.len().saturating_sub(1);
    if aliases == 0 || aliases < ALIASES && others < OTHER_ZONES {
        return None;
    }
    let spent: Vec<(At, At)> = behind_the_first(dns).map(|packet| (packet.sent, packet.end)).collect();
    let cost = spent.iter().map(|(from, to)| to.since(*from)).sum();
    let through = if others == 0 { String::new() } else { format!(" through {}", zones.join(" ")) };
    let cost = if spent.is_empty() { String::new() } else { format!(": {} more of asking", duration(cost)) };
    let title = format!(
        "{} is behind {}{through}{cost}",
        dns.name,
        if aliases == 1 { "an alias".to_owned() } else { format!("{aliases} aliases") }
    );
    let evidence = dns.packets.iter().enumerate().filter(|(_, packet)| tells_an_alias(packet));
    let evidence = evidence.map(|(index, _)| Place::packet(lookup, index, PacketField::Meaning)).collect();
    let advice =
        format!("let {} be an alias of the last name directly, if its operator allows that", dns.name);
    let mut finding = rule.finding(title, evidence, advice);
    let applies = "on lookups that no cache answers, if the last name's operator allows that";
    finding.saving = Saving::modelled_at(&spent, applies, Load::Cold);
    Some(finding)
}

fn tells_an_alias(packet: &Packet) -> bool {
    let records = match &packet.meaning {
        Meaning::Cname { records, .. } | Meaning::Answer { records } => records,
        _ => return false,
    };
    is_of_the_walk(packet) && records.iter().any(|record| record.rtype == RecordType::CNAME)
}

/// The zones that the aliases and the address stand in, in the order of the walk.
fn zones(dns: &Dns) -> Vec<&str> {
    let mut zones: Vec<&str> = Vec::new();
    let is_part = |packet: &&Packet| {
        let asked = packet.qname == dns.name || dns.answers.iter().any(|record| record.data == packet.qname);
        let told = matches!(packet.meaning, Meaning::Cname { .. } | Meaning::Answer { .. });
        is_of_the_walk(packet) && asked && told
    };
    for packet in dns.packets.iter().filter(is_part) {
        if !zones.contains(&packet.zone.as_str()) {
            zones.push(&packet.zone);
        }
    }
    zones
}

/// What was waited for behind the first alias.
fn behind_the_first(dns: &Dns) -> impl Iterator<Item = &Packet> {
    let path = || dns.critical_path.iter().filter_map(|id| dns.packets.get(*id));
    let first =
        path().find(|packet| matches!(packet.meaning, Meaning::Cname { .. })).map(|packet| packet.end);
    path().filter(move |packet| first.is_some_and(|end| packet.sent >= end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Basis, sample};
    use crate::trace::Record;

    fn alias(name: &str, target: &str) -> Record {
        Record { name: name.into(), rtype: RecordType::CNAME, ttl: 300, data: target.into() }
    }

    #[test]
    fn fires_on_three_aliases_and_not_on_one_into_a_cdn() {
        let mut trace = sample::alias();
        assert!(sample::of(&RULE, &trace).is_empty(), "one alias, one other zone");
        let dns = sample::dns(&mut trace);
        dns.answers.insert(1, alias("edge.cdn.test.", "edge2.cdn.test."));
        assert!(sample::of(&RULE, &trace).is_empty(), "two aliases");
        sample::dns(&mut trace).answers.insert(2, alias("edge2.cdn.test.", "edge3.cdn.test."));
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.contains("3 aliases through example.test. cdn.test.: "),
            "{}",
            findings[0].title
        );
        // All that was asked behind the first alias, one after another.
        let saving = findings[0].saving.as_ref().unwrap();
        assert_eq!(saving.amount.as_micros(), 12_980);
        assert!(saving.basis == Basis::Modelled && saving.applies.contains("if the last name's operator"));
        sample::dns(&mut trace).types = vec![RecordType::CNAME];
        assert!(sample::of(&RULE, &trace).is_empty(), "an alias was asked for");
    }

    #[test]
    fn fires_on_two_other_zones_and_not_where_nothing_was_found() {
        let mut trace = sample::alias();
        let dns = sample::dns(&mut trace);
        dns.answers.insert(1, alias("edge.cdn.test.", "edge.far.test."));
        let mut last = dns.packets.last().unwrap().clone();
        (last.zone, last.qname) = ("far.test.".into(), "edge.far.test.".into());
        dns.packets.push(last);
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        sample::dns(&mut trace).answers.retain(|record| record.rtype == RecordType::CNAME);
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
