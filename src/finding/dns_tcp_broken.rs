//! A name server cuts its replies short by UDP and cannot be asked by TCP.

use super::asked::{once_a_server, server};
use super::found::{Finding, Severity};
use super::place::PacketField;
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Choice, Dns, Meaning, Packet, StageName, Transport};
use std::net::SocketAddr;

pub(super) const RULE: Rule = Rule {
    id: "dns-tcp-broken",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server's reply was truncated, and the same question by TCP was refused or not answered",
    standard: "RFC 7766 section 5",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    once_a_server(lookups, |spot| {
        let what = broken(spot.packet)?;
        let mut finding = rule.finding(
            format!("{} truncates its reply and cannot be asked by TCP: {what}", server(spot.packet)),
            vec![spot.place(PacketField::Meaning), spot.place(PacketField::Transport)],
            "open port 53 for TCP at the server and every firewall in front of it: RFC 7766 demands it",
        );
        finding.saving = spot.cost("on every lookup of this name at this server");
        Some(finding)
    })
}

/// How a question by TCP after a truncated reply failed, if it did.
fn broken(packet: &Packet) -> Option<&str> {
    if (packet.transport, packet.chosen) != (Transport::Tcp, Choice::Truncated) {
        return None;
    }
    match (&packet.meaning, packet.connected) {
        (Meaning::Error { reason }, _) => Some(reason),
        (Meaning::Timeout, None) => Some("no connection in time"),
        (Meaning::Timeout, Some(_)) => Some("no reply on the connection in time"),
        _ => None,
    }
}

/// Whether this rule speaks of a server.
pub(super) fn is_told(dns: &Dns, server: SocketAddr) -> bool {
    dns.packets.iter().any(|packet| packet.server == server && broken(packet).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_failed_question_by_tcp_after_a_truncated_one() {
        let mut trace = sample::sound();
        let refused = Meaning::Error { reason: "connection refused".to_owned() };
        let packet = &mut sample::dns(&mut trace).packets[2];
        (packet.transport, packet.chosen) = (Transport::Tcp, Choice::Truncated);
        assert!(sample::of(&RULE, &trace).is_empty(), "it was answered");
        sample::dns(&mut trace).packets[2].meaning = refused;
        assert!(sample::of(&RULE, &trace)[0].title.contains("connection refused"));
        sample::dns(&mut trace).packets[2].meaning = Meaning::Timeout;
        assert!(sample::of(&RULE, &trace)[0].title.contains("no connection"));
        sample::dns(&mut trace).packets[2].chosen = Choice::UdpBlocked;
        assert!(sample::of(&RULE, &trace).is_empty(), "not asked by TCP because of truncation");
    }
}
