//! Somebody answers in the place of a root or top-level server.

use super::asked::{is_of_the_walk, server, walks};
use super::found::{Finding, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Dns, Meaning, Packet, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-intercepted",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a root server offered recursion (RA), or a server of a top-level zone gave a final answer with recursion on offer and without authority",
    standard: "RFC 9499 section 6",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        // One is enough: what is on the way is on the way of all.
        let mut walked = dns.packets.iter().enumerate().filter(|(_, packet)| is_of_the_walk(packet));
        let found = walked.clone().find(|(_, packet)| is_forwarded(packet));
        let Some((index, packet)) = found.or_else(|| walked.find(|(_, packet)| offers_recursion(packet)))
        else {
            continue;
        };
        let what = if is_final(packet) {
            "answered as a resolver does: DNS is intercepted on the way"
        } else {
            "offers recursion (RA), which no root server does: DNS may be intercepted on the way"
        };
        let title = format!("{}, a server of zone {}, {what}", server(packet), packet.zone);
        let place = |field| Place::packet(lookup, index, field);
        let mut finding = rule.finding(
            title,
            vec![place(PacketField::Flags), place(PacketField::Meaning)],
            "a router, a firewall or the provider redirects port 53: ask over another network, or an encrypted resolver",
        );
        if is_final(packet) {
            finding.detail =
                "such servers offer no recursion (RA) and never have the whole answer; the answer is taken \
                as it came, and the walk shows the interceptor, not the zones"
                    .to_owned();
        }
        findings.push(finding);
    }
    findings
}

/// Whether a walk heard somebody in the place of a root or top-level server.
pub(super) fn is_intercepted(dns: &Dns) -> bool {
    let mut walked = dns.packets.iter().filter(|packet| is_of_the_walk(packet));
    walked.any(|packet| is_forwarded(packet) || offers_recursion(packet) && is_final(packet))
}

fn is_final(packet: &Packet) -> bool {
    matches!(
        packet.meaning,
        Meaning::Answer { .. } | Meaning::Cname { .. } | Meaning::NoData(_) | Meaning::NxDomain(_)
    )
}

/// What a resolver's answer looks like.
fn is_forwarded(packet: &Packet) -> bool {
    let at_the_top = packet.zone.matches('.').count() == 1;
    let forwarded =
        packet.reply.as_ref().is_some_and(|reply| reply.recursion_available && !reply.authoritative);
    at_the_top && is_final(packet) && forwarded
}

/// What no root server says, with whatever else.
fn offers_recursion(packet: &Packet) -> bool {
    packet.zone == "." && packet.reply.as_ref().is_some_and(|reply| reply.recursion_available)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn a_referral_with_recursion_on_offer_is_told_with_less_certainty() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        dns.packets[0].reply =
            Some(crate::trace::ReplyHeader { recursion_available: true, ..sample::header() });
        assert!(!is_intercepted(dns));
        assert!(sample::of(&RULE, &trace)[0].title.contains("may be intercepted"));
        sample::dns(&mut trace).packets[0].zone = "test.".to_owned();
        assert!(sample::of(&RULE, &trace).is_empty(), "the servers of a zone may be resolvers, too");
    }

    #[test]
    fn fires_on_a_final_answer_of_the_root_with_recursion() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        dns.packets[0].reply = Some(sample::header());
        assert!(sample::of(&RULE, &trace).is_empty(), "a referral");
        let dns = sample::dns(&mut trace);
        let mut header = sample::header();
        header.recursion_available = true;
        dns.packets[0].meaning = Meaning::Answer { records: Vec::new() };
        dns.packets[0].reply = Some(header.clone());
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        header.authoritative = true;
        let dns = sample::dns(&mut trace);
        dns.packets[0].reply = Some(header.clone());
        assert!(is_intercepted(dns), "a portal may claim authority");
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        let dns = sample::dns(&mut trace);
        dns.packets[0].zone = "test.".to_owned();
        assert!(!is_intercepted(dns));
        assert!(sample::of(&RULE, &trace).is_empty(), "with authority it is the zone's own");
        header.authoritative = false;
        let dns = sample::dns(&mut trace);
        dns.packets[0].zone = "deep.test.".to_owned();
        dns.packets[0].reply = Some(header);
        assert!(sample::of(&RULE, &trace).is_empty(), "zones further down may be served by anything");
    }
}
