//! A name with IPv4 addresses that the Internet can reach, and without an IPv6 one.

use super::asked::{is_of_the_walk, walks};
use super::found::{Finding, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{AddressKind, Dns, DnsLane, Meaning, Packet, RecordType, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-no-ipv6",
    severity: Severity::Info,
    stage: StageName::Dns,
    fires: "the zone's own servers have no AAAA record for the name, and IPv4 addresses of it that the Internet can reach",
    standard: "RFC 3596 section 2.1",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        if dns.lane != DnsLane::Walk || !is_public_by_ipv4_alone(dns) {
            continue;
        }
        let denied = |packet: &Packet| {
            let is_negative = matches!(packet.meaning, Meaning::NoData(_));
            is_of_the_walk(packet)
                && packet.qtype == RecordType::AAAA
                && is_negative
                && is_last(dns, &packet.qname)
        };
        // Silence proves nothing.
        let Some(index) = dns.packets.iter().position(denied) else { continue };
        let title = format!("{} has no IPv6 address: who has IPv6 only comes through a translator", dns.name);
        findings.push(rule.finding(
            title,
            vec![Place::packet(lookup, index, PacketField::Meaning)],
            "publish an AAAA record once server, firewall and monitoring know IPv6",
        ));
    }
    findings
}

fn is_public_by_ipv4_alone(dns: &Dns) -> bool {
    let public = dns.addresses.iter().all(|address| address.is_ipv4() && AddressKind::of(*address).is_none());
    public && !dns.addresses.is_empty()
}

/// Whether a name is that which the addresses stand at.
fn is_last(dns: &Dns, name: &str) -> bool {
    let mut addresses = dns.answers.iter().filter(|record| record.rtype == RecordType::A);
    addresses.any(|record| record.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Negative, Trace};

    fn asked(meaning: Meaning) -> Trace {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let mut asked = dns.packets[2].clone();
        (asked.qtype, asked.meaning) = (RecordType::AAAA, meaning);
        dns.packets.push(asked);
        trace
    }

    fn nodata() -> Meaning {
        Meaning::NoData(Negative { zone: None, foreign_soa: None, ttl: None, rtype: Some(RecordType::AAAA) })
    }

    #[test]
    fn fires_where_its_absence_was_said_and_not_where_nobody_answered() {
        assert!(sample::of(&RULE, &sample::sound()).is_empty(), "nobody asked");
        assert_eq!(sample::of(&RULE, &asked(nodata())).len(), 1);
        assert!(sample::of(&RULE, &asked(Meaning::Timeout)).is_empty());
        let mut trace = asked(nodata());
        sample::dns(&mut trace).addresses.push("2001:db8::1".parse().unwrap());
        assert!(sample::of(&RULE, &trace).is_empty());
        let mut trace = asked(nodata());
        sample::dns(&mut trace).addresses = vec!["10.0.0.1".parse().unwrap()];
        assert!(sample::of(&RULE, &trace).is_empty(), "a network's own");
        let mut trace = asked(nodata());
        sample::dns(&mut trace).packets.last_mut().unwrap().qname = "alias.test.".into();
        assert!(sample::of(&RULE, &trace).is_empty(), "of another name");
    }
}
