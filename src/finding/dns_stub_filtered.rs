//! This machine's resolver says that it blocks the name (RFC 8914, codes 15 to 18).

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::explain::dns_error;
use crate::trace::{DnsLane, Purpose, StageName};

pub(super) const RULE: Rule = Rule {
    id: "dns-stub-filtered",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "the machine's resolver, or that of --resolver, answered with an extended error that says the name is blocked, censored or filtered",
    standard: "RFC 8914 section 4",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let (purpose, advice) = match dns.lane {
            DnsLane::Walk if !dns.addresses.is_empty() => (
                Purpose::Stub,
                "browsers on this machine do not get there: ask whoever runs the resolver, or use another one",
            ),
            DnsLane::Resolver => (
                Purpose::Resolver,
                "ask whoever runs the resolver; without --resolver the zone's own servers are asked",
            ),
            _ => continue,
        };
        let said = dns.packets.iter().enumerate().filter(|(_, packet)| packet.purpose == purpose);
        let filtered = said.filter_map(|(index, packet)| {
            let errors = &packet.reply.as_ref()?.extended_errors;
            errors.iter().find(|(code, _)| dns_error::is_filtering(*code)).map(|error| (index, packet, error))
        });
        let Some((index, packet, (code, text))) = filtered.into_iter().next() else { continue };
        let ip = packet.server.ip();
        let title = format!(
            "the resolver {ip} blocks {}: {} (RFC 8914 code {code})",
            dns.name,
            dns_error::name(*code)
        );
        let mut finding =
            rule.finding(title, vec![Place::packet(lookup, index, PacketField::ExtendedErrors)], advice);
        let words = if text.is_empty() { String::new() } else { format!("; its words: {text}") };
        finding.detail = format!("{}{words}", dns_error::meaning(*code));
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Meaning;

    #[test]
    fn fires_on_codes_that_speak_of_filtering() {
        for (code, count) in [(15, 1), (16, 1), (17, 1), (18, 1), (23, 0)] {
            let mut trace = sample::sound();
            let mut packet = sample::packet("", "198.51.100.53:53", 0, 4_000, Meaning::Refused);
            packet.purpose = Purpose::Stub;
            let mut header = sample::header();
            header.extended_errors = vec![(code, "by order".to_owned())];
            packet.reply = Some(header);
            sample::dns(&mut trace).packets.push(packet);
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), count, "{code}");
            assert!(findings.iter().all(|finding| finding.detail.contains("by order")));
            let dns = sample::dns(&mut trace);
            dns.packets.last_mut().unwrap().purpose = Purpose::Resolver;
            dns.lane = DnsLane::Resolver;
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), count, "{code}, of the resolver that was chosen");
            assert!(findings.iter().all(|finding| finding.advice.contains("without --resolver")));
            let dns = sample::dns(&mut trace);
            dns.packets.last_mut().unwrap().purpose = Purpose::Stub;
            dns.lane = DnsLane::Walk;
            sample::dns(&mut trace).addresses.clear();
            assert!(sample::of(&RULE, &trace).is_empty(), "the walk has none either");
        }
    }
}
