//! Nothing comes back from port 53 by UDP, and TCP works.

use super::asked::{Spot, had_time, is_of_the_walk, name, once_a_server, server, walks};
use super::found::{Finding, Load, Saving, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Choice, Meaning, Packet, Purpose, StageName, Transport};

pub(super) const RULE: Rule = Rule {
    id: "dns-udp-blocked",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "no name server answered by UDP and one that was asked by TCP did, or a name server answered only by TCP what it was asked by UDP three times or more",
    standard: "RFC 1035 section 4.2.1",
    check: Check::Lookups(check),
};

/// Of fewer each may have been lost on the way.
const LEAST_SILENT: usize = 3;

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = once_a_server(lookups, |spot| one_server(rule, spot));
    for (lookup, dns) in walks(lookups) {
        let of_servers = |packet: &&Packet| {
            let beside = matches!(packet.purpose, Purpose::Priming | Purpose::DnsKey | Purpose::Ds);
            is_of_the_walk(packet) || beside
        };
        let mut asked = dns.packets.iter().filter(of_servers);
        // What came and was no reply has come through, too.
        let is_heard = |packet: &Packet| packet.received.is_some() || packet.dropped > 0;
        let by_udp = asked.any(|packet| packet.transport == Transport::Udp && is_heard(packet));
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

/// One that answers by TCP alone, where UDP brings replies of others.
fn one_server(rule: &Rule, spot: Spot<'_>) -> Option<Finding> {
    let (dns, packet) = (spot.dns, spot.packet);
    let is_last_resort = (packet.transport, packet.chosen) == (Transport::Tcp, Choice::Again);
    if !is_last_resort || !is_of_the_walk(packet) || packet.received.is_none() {
        return None;
    }
    let by_udp = |other: &&Packet| other.server == packet.server && other.transport == Transport::Udp;
    let silent =
        |other: &Packet| other.meaning == Meaning::Timeout && other.dropped == 0 && had_time(other, packet);
    let count = dns.packets.iter().filter(by_udp).filter(|other| silent(other)).count();
    if count < LEAST_SILENT
        || dns.packets.iter().filter(by_udp).any(|other| other.received.is_some() || other.dropped > 0)
    {
        return None;
    }
    let first = dns.packets.iter().position(|other| by_udp(&other) && silent(other))?;
    let mut finding = rule.finding(
        format!("{} answered only by TCP: {count} questions by UDP had no reply", server(packet)),
        vec![spot.place_at(first, PacketField::Meaning), spot.place(PacketField::Transport)],
        format!(
            "see what drops UDP to or from port 53 of {}: resolvers ask by UDP first, and many give up there",
            name(packet)
        ),
    );
    let waited = packet.sent.since(dns.packets[first].sent);
    finding.saving = Saving::measured(waited, "on every first lookup at this server", Load::Cold);
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::TIME_TO_ANSWER;

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
        sample::dns(&mut trace).packets[1].purpose = Purpose::Priming;
        assert!(sample::of(&RULE, &trace).is_empty(), "one to what is asked beside the walk, too");
        let packet = &mut sample::dns(&mut trace).packets[1];
        (packet.received, packet.dropped) = (None, 1);
        assert!(sample::of(&RULE, &trace).is_empty(), "something did");
        assert!(sample::of(&RULE, &sample::sound()).is_empty());
    }

    #[test]
    fn fires_on_a_server_that_answers_only_by_tcp() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let server = dns.packets[1].server;
        dns.packets.retain(|packet| packet.server != server || packet.received.is_some());
        let at = dns.packets.iter().position(|packet| packet.server == server).unwrap();
        let mut silent = dns.packets[at].clone();
        (silent.received, silent.meaning) = (None, Meaning::Timeout);
        for packet in dns.packets.iter_mut().filter(|packet| packet.server == server) {
            (packet.transport, packet.chosen) = (Transport::Tcp, Choice::Again);
            packet.sent = packet.sent.after(TIME_TO_ANSWER);
        }
        for times in 1..4 {
            sample::dns(&mut trace).packets.push(silent.clone());
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), usize::from(times == 3), "{times}");
            assert!(findings.iter().all(|finding| finding.title.contains("3 questions by UDP had no reply")));
        }
    }
}
