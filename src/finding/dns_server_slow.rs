//! One zone's server took far longer than the others on the way.

use super::asked::{server, walks};
use super::found::{Finding, Load, Saving, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Packet, StageName};
use crate::units::duration;
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    id: "dns-server-slow",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "a server on the critical path took at least 50 ms and three times as long as the median of the others",
    standard: "RFC 2182 section 3",
    check: Check::Lookups(check),
};

/// Below this a slow server is not worth a word.
const WORTH: Duration = Duration::from_millis(50);

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let answered = || {
            dns.critical_path.iter().filter_map(|index| {
                let packet = dns.packets.get(*index)?;
                Some((*index, packet, packet.received?.since(packet.sent)))
            })
        };
        for (index, packet, took) in answered() {
            let is_same = |other: &Packet| other.server == packet.server;
            // One word for a server that was asked more than once, about its slowest reply.
            if answered().any(|(other, it, more)| is_same(it) && (more, index) > (took, other)) {
                continue;
            }
            let others = answered().filter(|(_, other, _)| !is_same(other));
            let mut others: Vec<Duration> = others.map(|(.., took)| took).collect();
            others.sort_unstable();
            let Some(median) = others.get(others.len() / 2).copied() else { continue };
            if took < WORTH || took < median * 3 {
                continue;
            }
            let title = format!(
                "{}, a server of zone {}, took {}; the other servers on the way took {}",
                server(packet),
                packet.zone,
                duration(took),
                duration(median)
            );
            let evidence = vec![Place::packet(lookup, index, PacketField::RoundTrip)];
            let advice = format!("serve {} from nearer or less busy servers (anycast)", packet.zone);
            let mut finding = rule.finding(title, evidence, advice);
            finding.saving = Saving::derived_at(
                &[(packet.sent.after(median), packet.sent.after(took))],
                "on every lookup of this zone that no cache answers",
                Load::Cold,
            );
            findings.push(finding);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::At;

    /// Found on a busy machine: the document has no place for a lookup of a page's resource.
    #[test]
    fn a_lookup_of_a_resource_is_not_judged() {
        let mut trace = sample::sound();
        let mut slow = trace.lookups[0].clone();
        slow.packets[2].received = Some(At(110_000));
        assert!(sample::of(&RULE, &trace).is_empty());
        trace.lookups.push(slow.clone());
        assert!(sample::of(&RULE, &trace).is_empty());
        trace.lookups[0] = slow;
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
    }

    #[test]
    fn fires_on_the_one_that_stands_out_and_not_when_all_are_far_away() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::dns(&mut trace).packets[2].received = Some(At(110_000));
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 80);
        // The same server once more, a little slower.
        let dns = sample::dns(&mut trace);
        dns.critical_path.push(dns.packets.len());
        let mut again = dns.packets[2].clone();
        again.received = Some(At(111_000));
        dns.packets.push(again);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 81);
        for packet in &mut sample::dns(&mut trace).packets {
            packet.received = Some(packet.sent.after(Duration::from_millis(90)));
        }
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
