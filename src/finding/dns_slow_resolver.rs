//! This machine's resolver takes long even for a copy that was there already.

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{InLookup, PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{DnsLane, Packet, Purpose, StageName};
use crate::units::duration;
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    id: "dns-slow-resolver",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "the machine's resolver took more than 30 ms for each answer, with copies that were at least two seconds old",
    standard: "RFC 1034 section 5.3.1",
    check: Check::Lookups(check),
};

/// A resolver near by hands out a copy in less.
const WORTH: Duration = Duration::from_millis(30);
/// A copy of this age, in seconds, was not fetched for this question.
const OLD: u32 = 2;

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let Some(stub) = dns.stub.as_ref().filter(|_| dns.lane == DnsLane::Walk) else { continue };
        let (Some(server), Some(age)) = (stub.server, stub.age.filter(|age| *age >= OLD)) else { continue };
        let took = |packet: &Packet| packet.received.map(|received| received.since(packet.sent));
        let asked = dns.packets.iter().enumerate().filter(|(_, packet)| packet.purpose == Purpose::Stub);
        let answered = asked.filter_map(|(index, packet)| Some((index, took(packet)?)));
        // The quickest: another may have had something to fetch.
        let Some((index, took)) = answered.min_by_key(|(_, took)| *took) else { continue };
        if took <= WORTH {
            continue;
        }
        let title = format!(
            "this machine's resolver {} took {} to hand out a copy that was {age} s old",
            server.ip(),
            duration(took)
        );
        let mut finding = rule.finding(
            title,
            vec![
                Place::packet(lookup, index, PacketField::RoundTrip),
                Place::Lookup(lookup, InLookup::StubAge),
            ],
            "compare it with ping: use a nearer resolver, or one on this machine that keeps copies",
        );
        finding.detail = "it is not counted in this run, whose walk asked the zones' own servers".to_owned();
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{At, Rcode, Trace};

    fn trace(age: Option<u32>, took: u64) -> Trace {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let mut asked = dns.packets[2].clone();
        asked.purpose = Purpose::Stub;
        (asked.sent, asked.received) = (At(0), Some(At(took)));
        dns.packets.push(asked);
        dns.stub = Some(crate::trace::Stub { age, ..sample::stub(Rcode::NOERROR, &["192.0.2.10"]) });
        trace
    }

    #[test]
    fn fires_on_an_old_copy_that_came_late_and_not_on_a_fresh_one() {
        assert!(sample::of(&RULE, &sample::sound()).is_empty());
        let findings = sample::of(&RULE, &trace(Some(37), 45_000));
        assert_eq!(findings.len(), 1);
        assert!(findings[0].title.contains("took 45.0 ms to hand out a copy that was 37 s old"));
        assert_eq!(findings[0].saving, None, "it is not counted");
        for (age, took, why) in [
            (Some(37), 30_000, "not late"),
            (Some(1), 45_000, "it may have been fetched for this question"),
            (None, 45_000, "nobody knows its age"),
        ] {
            assert!(sample::of(&RULE, &trace(age, took)).is_empty(), "{why}");
        }
    }
}
