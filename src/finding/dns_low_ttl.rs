//! A record of the answer may be kept for less than a minute.

use super::asked::{is_of_the_walk, same_question, walks};
use super::found::{Finding, Severity};
use super::place::{InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Dns, DnsLane, Meaning, RecordType, StageName};
use crate::units::{count, duration};
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    id: "dns-low-ttl",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "the zone's own servers gave an answer, or an alias on the way to it, with a time to live below 60 s",
    standard: "RFC 1035 section 3.2.1",
    check: Check::Lookups(check),
};

const NSEC3PARAM: RecordType = RecordType(51);

/// What a time to live should not be below, in seconds.
const LEAST: u32 = 60;

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        // A resolver says what is left of it, and not what the zone gives.
        let found = dns.answers.iter().any(|record| record.rtype != RecordType::CNAME);
        if dns.lane != DnsLane::Walk || !found {
            continue;
        }
        // Of a zone's NSEC3 parameters nobody keeps anything (RFC 5155 §4): signers give them 0.
        let kept = dns.answers.iter().enumerate().filter(|(_, record)| record.rtype != NSEC3PARAM);
        let least = kept.min_by_key(|(_, record)| record.ttl);
        let Some((at, record)) = least.filter(|(_, record)| record.ttl < LEAST) else { continue };
        let kept = match record.ttl {
            0 => "must not be kept".to_owned(),
            ttl => format!("may be kept for {} only", count(ttl as usize, "second")),
        };
        let title = format!(
            "{} {} {kept}: every resolver asks again that often",
            record.name,
            record.rtype.mnemonic()
        );
        let mut finding = rule.finding(
            title,
            vec![Place::Lookup(lookup, InLookup::AnswerTtl(at))],
            "raise it to 300 s or more, unless traffic is steered by it or a change is near",
        );
        if let Some(miss) = miss(dns, &record.name) {
            finding.detail = format!(
                "a resolver that has only this forgotten asks one server again, here {}",
                duration(miss)
            );
        }
        findings.push(finding);
    }
    findings
}

/// What a resolver waits for that knows the zone's servers and nothing of the name: from the question that the record
/// answered to the answer, and from the first, where it had to be asked again.
fn miss(dns: &Dns, name: &str) -> Option<Duration> {
    let path = || dns.critical_path.iter().filter_map(|id| dns.packets.get(*id));
    let told = path().find(|packet| {
        let (Meaning::Answer { records } | Meaning::Cname { records, .. }) = &packet.meaning else {
            return false;
        };
        is_of_the_walk(packet) && records.iter().any(|record| record.name.eq_ignore_ascii_case(name))
    })?;
    let first = path().find(|packet| same_question(packet, told))?;
    Some(told.end.since(first.sent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_below_a_minute_and_not_at_it_nor_on_what_a_resolver_has_left() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::dns(&mut trace).answers[0].ttl = 60;
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::dns(&mut trace).answers[0].ttl = 0;
        let own = std::mem::replace(&mut sample::dns(&mut trace).answers[0].rtype, NSEC3PARAM);
        let findings = sample::of(&RULE, &trace);
        assert!(findings.iter().all(|one| !one.title.contains("NSEC3PARAM")), "{findings:?}");
        sample::dns(&mut trace).answers[0].rtype = own;
        for (ttl, words) in [(59, "for 59 seconds only"), (1, "for 1 second only"), (0, "must not be kept")] {
            sample::dns(&mut trace).answers[0].ttl = ttl;
            let findings = sample::of(&RULE, &trace);
            assert!(findings.len() == 1 && findings[0].title.contains(words), "{findings:?}");
            assert_eq!(findings[0].saving, None, "it costs later loads, and not this one");
            let asked = &sample::dns(&mut trace).packets[2];
            let miss = duration(asked.end.since(asked.sent));
            assert!(findings[0].detail.ends_with(&format!("here {miss}")), "{} {miss}", findings[0].detail);
        }
        sample::dns(&mut trace).lane = DnsLane::Resolver;
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
