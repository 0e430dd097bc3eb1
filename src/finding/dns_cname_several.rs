//! A name has more than one alias (CNAME), of which one alone may stand there.

use super::asked::{is_of_the_walk, walks};
use super::found::{Finding, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Meaning, Packet, Record, RecordType, StageName};
use crate::units::few;

pub(super) const RULE: Rule = Rule {
    id: "dns-cname-several",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "one reply of an authoritative server had two or more CNAME records for one name, with different targets",
    standard: "RFC 2181 section 10.1",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let mut told: Vec<&str> = Vec::new();
        for (index, packet) in dns.packets.iter().enumerate() {
            let Some((name, targets)) = several(packet) else { continue };
            if told.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                continue;
            }
            told.push(name);
            let mut finding = rule.finding(
                format!("{name} is an alias of several names: {}", few(&targets, ", ")),
                vec![Place::packet(lookup, index, PacketField::Meaning)],
                format!("leave one CNAME record at {name}; several addresses belong into the A and AAAA records of its target"),
            );
            finding.detail = format!(
                "a name has one canonical name (RFC 1034 section 3.6.2, RFC 2181 section 10.1): this walk followed \
                 the first, {}; some resolvers take another, some refuse them all",
                targets[0]
            );
            findings.push(finding);
        }
    }
    findings
}

/// The first name of a reply with several aliases, and where they lead.
fn several(packet: &Packet) -> Option<(&str, Vec<&str>)> {
    let records = match &packet.meaning {
        Meaning::Answer { records } | Meaning::Cname { records, .. } => records,
        _ => return None,
    };
    let has_authority = packet.reply.as_ref().is_some_and(|reply| reply.authoritative);
    let aliases: Vec<&Record> = records.iter().filter(|record| record.rtype == RecordType::CNAME).collect();
    let others = |first: &Record| -> Vec<&str> {
        let same = aliases.iter().filter(|other| other.name.eq_ignore_ascii_case(&first.name));
        let mut targets: Vec<&str> = Vec::new();
        for target in same.map(|other| other.data.as_str()) {
            if !targets.iter().any(|known| known.eq_ignore_ascii_case(target)) {
                targets.push(target);
            }
        }
        targets
    };
    let found = aliases.iter().map(|first| (first.name.as_str(), others(first)));
    found.filter(|_| has_authority && is_of_the_walk(packet)).find(|(_, targets)| targets.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_two_targets_of_one_name_and_not_on_a_chain_or_a_repeated_record() {
        let mut trace = sample::sound();
        let alias = |name: &str, target: &str| Record {
            name: name.to_owned(),
            rtype: RecordType::CNAME,
            ttl: 300,
            data: target.to_owned(),
        };
        let chain =
            [alias("www.example.test.", "a.example.test."), alias("a.example.test.", "b.example.test.")];
        let twice =
            [alias("www.example.test.", "a.example.test."), alias("WWW.example.test.", "A.example.test.")];
        let two =
            [alias("www.example.test.", "a.example.test."), alias("www.example.test.", "b.example.test.")];
        for (records, count) in [(chain, 0), (twice, 0), (two, 1)] {
            let packet = &mut sample::dns(&mut trace).packets[2];
            packet.reply = Some(crate::trace::ReplyHeader { authoritative: true, ..sample::header() });
            packet.meaning = Meaning::Answer { records: records.to_vec() };
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), count, "{records:?}");
            for finding in findings {
                assert_eq!(
                    finding.title,
                    "www.example.test. is an alias of several names: a.example.test., b.example.test."
                );
            }
        }
    }
}
