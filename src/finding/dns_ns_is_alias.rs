//! A name in a zone's NS records is an alias (CNAME).

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Dns, Meaning, Packet, Purpose, RecordType, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-ns-is-alias",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server's name, looked up for its address, turned out to be an alias (CNAME)",
    standard: "RFC 2181 section 10.3",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let mut told: Vec<&str> = Vec::new();
        for (index, packet) in dns.packets.iter().enumerate() {
            let server = packet.qname.as_str();
            let (Some(target), Some(zone)) = (target(packet), zone_of(dns, server)) else { continue };
            if told.iter().any(|known| known.eq_ignore_ascii_case(server)) {
                continue;
            }
            told.push(server);
            let mut finding = rule.finding(
                format!("{server}, a server of zone {zone}, is an alias of {target}"),
                vec![Place::packet(lookup, index, PacketField::Meaning)],
                format!("name {target} in the NS records of {zone}, at its parent, too, or give {server} addresses"),
            );
            finding.detail =
                "the name in an NS record must not be an alias (RFC 2181 section 10.3): this walk followed it, \
                 and there are resolvers that leave such a server out"
                    .to_owned();
            findings.push(finding);
        }
    }
    findings
}

/// Where the name that was asked for leads, if it is an alias.
fn target(packet: &Packet) -> Option<&str> {
    let records = match &packet.meaning {
        Meaning::Answer { records } | Meaning::Cname { records, .. } => records,
        _ => return None,
    };
    let alias = records.iter().find(|record| {
        record.rtype == RecordType::CNAME && record.name.eq_ignore_ascii_case(&packet.qname)
    })?;
    (packet.purpose == Purpose::NsAddress).then_some(alias.data.as_str())
}

/// The zone that a server was named for: what an alias of a server leads to is none.
fn zone_of<'t>(dns: &'t Dns, server: &str) -> Option<&'t str> {
    let is_named = |name: &str| name.eq_ignore_ascii_case(server);
    let cut = dns.cuts.iter().find(|cut| cut.servers.iter().any(|known| is_named(&known.name)));
    let referred = || {
        dns.packets.iter().find_map(|packet| match &packet.meaning {
            Meaning::Referral { cut, servers, .. } => {
                servers.iter().any(|known| is_named(&known.name)).then_some(cut.as_str())
            }
            _ => None,
        })
    };
    cut.map(|cut| cut.zone.as_str()).or_else(referred)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{LookupId, NameServer, Record, Trace};

    fn alias(trace: &mut Trace, qname: &str, purpose: Purpose) {
        let record = |name: &str, rtype, data: &str| Record {
            name: name.to_owned(),
            rtype,
            ttl: 300,
            data: data.to_owned(),
        };
        let records = vec![
            record(qname, RecordType::CNAME, "host.other.test."),
            record("host.other.test.", RecordType::A, "198.51.100.8"),
        ];
        let meaning = Meaning::Answer { records };
        let mut packet = sample::packet("other.test.", "198.51.100.7:53", 20_000, 28_000, meaning);
        (packet.qname, packet.purpose) = (qname.to_owned(), purpose);
        sample::dns(trace).packets.push(packet);
    }

    #[test]
    fn fires_once_for_a_server_whose_name_is_an_alias_and_for_no_other_alias() {
        let mut trace = sample::sound();
        let server = NameServer { name: "ns.other.test.".to_owned(), addresses: Vec::new() };
        let referral = &mut sample::dns(&mut trace).packets[1].meaning;
        let Meaning::Referral { servers, .. } = referral else { panic!("{referral:?}") };
        servers.push(server);
        assert!(sample::of(&RULE, &trace).is_empty());
        alias(&mut trace, "www.example.test.", Purpose::Walk);
        alias(&mut trace, "ns.other.test.", Purpose::Walk);
        alias(&mut trace, "host2.other.test.", Purpose::NsAddress);
        assert!(sample::of(&RULE, &trace).is_empty(), "none of them is a name server that was looked up");
        alias(&mut trace, "ns.other.test.", Purpose::NsAddress);
        alias(&mut trace, "NS.other.test.", Purpose::NsAddress);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].title,
            "ns.other.test., a server of zone example.test., is an alias of host.other.test."
        );
        let index = sample::dns(&mut trace).packets.len() - 2;
        assert_eq!(findings[0].evidence, [Place::packet(LookupId(0), index, PacketField::Meaning)]);
    }
}
