//! A question to a name server, or its reply, was lost on the way.

use super::asked::{is_of_the_walk, once_a_server, same_question, server};
use super::found::{Finding, Load, Saving, Severity};
use super::place::PacketField;
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Choice, Meaning, Packet, StageName, Transport};
use crate::units::{count, duration};

pub(super) const RULE: Rule = Rule {
    id: "dns-packet-lost",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "a question to a name server had no reply, and was answered when it was sent again just so",
    standard: "RFC 1035 section 4.2.1",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    once_a_server(lookups, |spot| {
        let (dns, packet) = (spot.dns, spot.packet);
        let answer = |other: &Packet| {
            dns.packets.iter().position(|later| {
                is_of_the_walk(later)
                    && later.chosen == Choice::Again
                    && is_same(later, other)
                    && later.received.is_some()
            })
        };
        let is_lost = |other: &Packet| {
            is_of_the_walk(other) && other.meaning == Meaning::Timeout && answer(other).is_some()
        };
        let again = answer(packet).filter(|_| is_lost(packet))?;
        let lost = dns.packets.iter().filter(|other| other.server == packet.server && is_lost(other)).count();
        let waited = dns.packets[again].sent.since(packet.sent);
        let mut finding = rule.finding(
            format!(
                "{} to {} had no reply, and {} answered when sent again after {}: loss on the way",
                count(lost, "question"),
                server(packet),
                if lost == 1 { "was" } else { "were" },
                duration(waited)
            ),
            vec![spot.place(PacketField::Meaning), spot.place_at(again, PacketField::Chosen)],
            "look for loss between here and there, with ping or mtr: nothing is said of the server",
        );
        if dns.critical_path.contains(&again) {
            finding.saving =
                Saving::measured_at(&[(packet.sent, dns.packets[again].sent)], "this lookup", Load::Cold);
        }
        Some(finding)
    })
}

/// Whether a question was asked again in the same form.
fn is_same(one: &Packet, other: &Packet) -> bool {
    let form = |packet: &Packet| (packet.edns, packet.transport, packet.spelling);
    same_question(one, other) && form(one) == form(other) && one.transport == Transport::Udp
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::At;

    #[test]
    fn fires_where_the_same_question_was_answered_the_second_time() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        let mut lost = dns.packets[2].clone();
        (lost.received, lost.meaning, lost.sent) = (None, Meaning::Timeout, At(0));
        let sent = dns.packets[2].sent;
        dns.packets.insert(2, lost);
        assert!(
            sample::of(&RULE, &trace).is_empty(),
            "another server, or another form, says nothing of loss"
        );
        sample::dns(&mut trace).packets[3].chosen = Choice::Again;
        sample::dns(&mut trace).critical_path.push(3);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].title.starts_with("1 question to "), "{}", findings[0].title);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount, sent.since(At(0)));
        assert!(sample::of(&super::super::dns_server_silent::RULE, &trace).is_empty());
    }
}
