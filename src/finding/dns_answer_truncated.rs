//! An answer did not fit into a datagram and was fetched again over TCP.

use super::asked::{is_of_the_walk, walks};
use super::found::{Finding, Load, Saving, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Choice, Packet, StageName};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "dns-answer-truncated",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "a reply of the walk was truncated and the question was asked again over TCP",
    standard: "RFC 1035 section 4.1.1",
    check: Check::Lookups(check),
};

/// The payload that our questions offer (DNS Flag Day 2020).
const PAYLOAD: usize = 1232;

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        let over_tcp = |packet: &Packet| packet.chosen == Choice::Truncated && is_of_the_walk(packet);
        for (index, packet) in dns.packets.iter().enumerate().filter(|(_, packet)| over_tcp(packet)) {
            // Where TCP gave nothing, that is what has to be told.
            let Some(bytes) = packet.bytes_received.filter(|_| packet.meaning.is_useful()) else { continue };
            let cost = packet.end.since(packet.sent);
            let whose = format!("the {} reply for {}", packet.qtype.mnemonic(), packet.qname);
            let (title, advice) = if bytes > PAYLOAD {
                (
                    format!("{whose} has {bytes} bytes, too many for UDP: TCP cost {} more", duration(cost)),
                    "keep answers below 1232 bytes: fewer records, or smaller ones",
                )
            } else {
                (
                    format!(
                        "{whose} was cut short by UDP, though it has {bytes} bytes: TCP cost {} more",
                        duration(cost)
                    ),
                    "the server limits the rate of its replies, or their size to less than the 1232 bytes asked for",
                )
            };
            let evidence = vec![
                Place::packet(lookup, index, PacketField::Transport),
                Place::packet(lookup, index, PacketField::BytesReceived),
            ];
            let mut finding = rule.finding(title, evidence, advice);
            finding.saving = Saving::measured_at(
                &[(packet.sent, packet.end)],
                "on every lookup of this name that no cache answers",
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
    use crate::trace::{At, Meaning, Transport};

    #[test]
    fn fires_on_tcp_after_truncation_with_its_cost() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let packet = &mut sample::dns(&mut trace).packets[2];
        packet.chosen = Choice::Truncated;
        packet.transport = Transport::Tcp;
        packet.end = At(29_000);
        packet.bytes_received = Some(2_000);
        let findings = sample::of(&RULE, &trace);
        assert!(findings[0].title.contains("has 2000 bytes, too many for UDP"), "{}", findings[0].title);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 9);
        sample::dns(&mut trace).packets[2].bytes_received = Some(89);
        let findings = sample::of(&RULE, &trace);
        assert!(findings[0].title.contains("cut short by UDP, though it has 89 bytes"));
        sample::dns(&mut trace).packets[2].meaning = Meaning::Timeout;
        assert!(sample::of(&RULE, &trace).is_empty(), "told by dns-tcp-broken");
    }
}
