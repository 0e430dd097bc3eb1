//! Nothing comes back from port 53 by UDP, and TCP works.

use super::asked::walks;
use super::found::{Finding, Load, Saving, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Choice, Purpose, StageName, Transport};

pub(super) const RULE: Rule = Rule {
    id: "dns-udp-blocked",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "no name server answered by UDP and one that was asked by TCP did",
    standard: "RFC 1035 section 4.2.1",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let mut walked =
            dns.packets.iter().filter(|p| matches!(p.purpose, Purpose::Walk | Purpose::NsAddress));
        let by_udp = walked.any(|packet| packet.transport == Transport::Udp && packet.received.is_some());
        let by_tcp = dns.packets.iter().position(|p| p.chosen == Choice::UdpBlocked && p.received.is_some());
        let (Some(index), false) = (by_tcp, by_udp) else { continue };
        let packet = &dns.packets[index];
        let silent = dns.packets.iter().filter(|p| p.transport == Transport::Udp && p.zone == ".").count();
        let title = format!(
            "UDP to port 53 is blocked: {silent} questions by UDP had no reply, {} answered by TCP",
            packet.server.ip()
        );
        let place = |field| Place::packet(lookup, index, field);
        let mut finding = rule.finding(
            title,
            vec![place(PacketField::Transport), place(PacketField::Chosen)],
            "open UDP port 53 in the firewall, or use a resolver inside the network (--resolver system)",
        );
        if dns.critical_path.contains(&index) {
            let waited = packet.sent.since(dns.start);
            finding.saving = Saving::derived(waited, "on every run from this network", Load::Cold);
        }
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_when_tcp_alone_brings_replies() {
        let mut trace = sample::sound();
        for packet in &mut sample::dns(&mut trace).packets {
            (packet.transport, packet.chosen) = (Transport::Tcp, Choice::UdpBlocked);
        }
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        let packet = &mut sample::dns(&mut trace).packets[1];
        (packet.transport, packet.chosen) = (Transport::Udp, Choice::First);
        assert!(sample::of(&RULE, &trace).is_empty(), "a reply came by UDP");
        assert!(sample::of(&RULE, &sample::sound()).is_empty());
    }
}
