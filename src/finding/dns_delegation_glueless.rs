//! A zone's name servers came without addresses, so that their names had to be walked first.

use super::asked::walks;
use super::found::{Finding, Load, Saving, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Meaning, Purpose, StageName};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "dns-delegation-glueless",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "the walk had to find a name server's address by a walk of its own",
    standard: "RFC 1034 section 4.2.1",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        for (index, referral) in dns.packets.iter().enumerate() {
            let Meaning::Referral { cut, glue: 0, .. } = &referral.meaning else { continue };
            let walked = dns
                .packets
                .iter()
                .filter(|packet| packet.purpose == Purpose::NsAddress && packet.sent >= referral.end);
            let next = dns.packets.iter().find(|packet| packet.zone == *cut && packet.sent >= referral.end);
            let (Some(start), Some(next)) = (walked.map(|packet| packet.sent).min(), next) else { continue };
            let from = start.max(referral.end);
            let cost = next.sent.since(from);
            let title = format!(
                "the servers of zone {cut} came without addresses: finding them took {}",
                duration(cost)
            );
            let evidence = vec![Place::packet(lookup, index, PacketField::Glue)];
            let mut finding = rule.finding(
                title,
                evidence,
                format!("give {cut} a name server inside the zone, with glue at the parent"),
            );
            finding.saving = Saving::measured_at(
                &[(from, next.sent)],
                "on every walk that does not know these servers yet",
                Load::Cold,
            );
            findings.push(finding);
            break;
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::At;

    #[test]
    fn fires_on_a_sub_walk_with_its_time_and_not_on_glue() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        dns.packets[1].meaning = Meaning::Referral {
            cut: "example.test.".into(),
            servers: Vec::new(),
            glue: 0,
            ignored: 0,
            named: 0,
        };
        let mut sub = sample::packet("other.test.", "198.51.100.7:53", 20_000, 28_000, Meaning::Truncated);
        sub.purpose = Purpose::NsAddress;
        dns.packets.insert(2, sub);
        dns.packets[3].sent = At(28_000);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 8);
    }
}
