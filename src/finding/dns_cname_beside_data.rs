//! A name is an alias (CNAME) and has records of its own, which an alias must not have.

use super::asked::{is_of_the_walk, walks};
use super::found::{Finding, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Dns, Meaning, Packet, Record, RecordType, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-cname-beside-data",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a zone's own name is an alias (CNAME), or an authoritative server gave an alias and other records for one name",
    standard: "RFC 1034 section 3.6.2",
    check: Check::Lookups(check),
};

const CNAME: RecordType = RecordType(5);
/// What DNSSEC puts beside an alias: RRSIG, NSEC, KEY (RFC 4034 §3 and §4, RFC 3007 §3.2).
const ALLOWED: [RecordType; 4] = [CNAME, RecordType(46), RecordType(47), RecordType(25)];

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let mut told: Vec<&str> = Vec::new();
        for (index, alias, zone) in aliases(dns) {
            let beside = beside(dns, alias);
            let is_apex = alias.name.eq_ignore_ascii_case(zone);
            if told.contains(&alias.name.as_str()) || !is_apex && beside.is_none() {
                continue;
            }
            told.push(&alias.name);
            let place = |index: usize| Place::packet(lookup, index, PacketField::Meaning);
            let mut evidence = vec![place(index)];
            evidence.extend(beside.map(|(other, _)| place(other)).filter(|other| *other != evidence[0]));
            let (name, target) = (&alias.name, &alias.data);
            let (what, advice) = match beside {
                _ if is_apex => (
                    "and the zone's own name, which has NS and SOA".to_owned(),
                    "give the zone's own name A and AAAA records; many hosters flatten an alias into them (ALIAS, ANAME), \
                     and for the web an HTTPS record in AliasMode may stand there (RFC 9460)",
                ),
                Some((_, rtype)) => (
                    format!("and has {} records beside it", rtype.mnemonic()),
                    "remove the alias, or the records beside it",
                ),
                None => continue,
            };
            let mut finding =
                rule.finding(format!("{name} is an alias of {target} {what}"), evidence, advice);
            finding.detail =
                "an alias stands alone (RFC 1034 section 3.6.2, RFC 2181 section 10.1): which of them \
                is heard depends on what was asked first, and mail and name server records may vanish"
                    .to_owned();
            findings.push(finding);
        }
    }
    findings
}

/// Every alias that an authoritative server gave, with its packet and the zone it was asked for.
fn aliases(dns: &Dns) -> impl Iterator<Item = (usize, &Record, &str)> {
    given(dns)
        .filter(|(_, _, record)| record.rtype == CNAME)
        .map(|(index, packet, record)| (index, record, packet.zone.as_str()))
}

/// A record that must not be beside an alias, with its packet.
fn beside(dns: &Dns, alias: &Record) -> Option<(usize, RecordType)> {
    given(dns)
        .find(|(.., other)| other.name.eq_ignore_ascii_case(&alias.name) && !ALLOWED.contains(&other.rtype))
        .map(|(index, _, other)| (index, other.rtype))
}

/// The records that the walk was answered with by authority.
fn given(dns: &Dns) -> impl Iterator<Item = (usize, &Packet, &Record)> {
    let walked = dns.packets.iter().enumerate().filter(|(_, packet)| {
        is_of_the_walk(packet) && packet.reply.as_ref().is_some_and(|reply| reply.authoritative)
    });
    walked.flat_map(|(index, packet)| {
        let records = match &packet.meaning {
            Meaning::Answer { records } | Meaning::Cname { records, .. } => &records[..],
            _ => &[],
        };
        records.iter().map(move |record| (index, packet, record))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{LookupId, Trace};

    fn given(trace: &mut Trace, records: &[(&str, RecordType, &str)]) {
        let record = |(name, rtype, data): &(&str, RecordType, &str)| Record {
            name: (*name).to_owned(),
            rtype: *rtype,
            ttl: 300,
            data: (*data).to_owned(),
        };
        let packet = &mut sample::dns(trace).packets[2];
        packet.reply = Some(crate::trace::ReplyHeader { authoritative: true, ..sample::header() });
        packet.meaning = Meaning::Answer { records: records.iter().map(record).collect() };
    }

    #[test]
    fn fires_at_the_zones_own_name_and_beside_other_records_only() {
        let mut trace = sample::sound();
        given(
            &mut trace,
            &[
                ("www.example.test.", CNAME, "web.example.test."),
                ("web.example.test.", RecordType::A, "192.0.2.10"),
                ("www.example.test.", RecordType(46), "signature"),
            ],
        );
        assert!(sample::of(&RULE, &trace).is_empty(), "an alias alone");
        given(
            &mut trace,
            &[
                ("www.example.test.", CNAME, "web.example.test."),
                ("www.example.test.", RecordType::A, "192.0.2.10"),
            ],
        );
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].title,
            "www.example.test. is an alias of web.example.test. and has A records beside it"
        );
        assert_eq!(findings[0].evidence, [Place::packet(LookupId(0), 2, PacketField::Meaning)]);
        given(&mut trace, &[("Example.test.", CNAME, "web.example.test.")]);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].title.ends_with("and the zone's own name, which has NS and SOA"));
        sample::dns(&mut trace).packets[2].reply.as_mut().unwrap().authoritative = false;
        assert!(sample::of(&RULE, &trace).is_empty(), "without authority it may be anybody's");
    }
}
