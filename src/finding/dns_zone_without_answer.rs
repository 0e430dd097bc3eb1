//! Of all the servers of a zone that were asked none was of use.

use super::asked::{failed_zones, is_of_the_walk, never_left, same_question, server, walks};
use super::found::{Finding, Severity};
use super::place::{PacketField, Place};
use super::rule::{Check, Lookups, Rule};
use crate::explain::dns_words::{NO_AUTHORITY, strays};
use crate::trace::{At, Meaning, Packet, StageName, Stray};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "dns-zone-without-answer",
    severity: Severity::Error,
    stage: StageName::Dns,
    fires: "every server of a zone that was asked in the walk was silent, unreachable or of no use",
    standard: "RFC 1034 section 4.2.2",
    check: Check::Lookups(check),
};

/// Servers that are told one by one.
const TOLD: usize = 8;

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (lookup, dns) in walks(lookups) {
        for (zone, mut servers) in failed_zones(dns) {
            servers.retain(|index| !dns.packets.get(*index).is_some_and(never_left));
            if servers.is_empty() {
                continue;
            }
            let packets = || servers.iter().filter_map(|index| dns.packets.get(*index));
            let who = match servers.len() {
                1 => "the only server that was asked was of no use".to_owned(),
                number => format!("none of the {number} servers that were asked was of use"),
            };
            // One that cannot be read is a reply, too.
            let replied = dns
                .packets
                .iter()
                .find(|packet| packet.zone == zone && is_of_the_walk(packet) && packet.received.is_some());
            // Who replies may have answers to other questions.
            let to = replied.map_or_else(String::new, |packet| {
                format!(" for {} {}", packet.qname, packet.qtype.mnemonic())
            });
            let title = format!("zone {zone} gave no answer{to}: {who}");
            let evidence =
                servers.iter().map(|index| Place::packet(lookup, *index, PacketField::Meaning)).collect();
            let advice = match replied {
                Some(_) if zone == "." => {
                    "root servers do not do that: see who answers in their place; --resolver system asks the \
                     machine's resolver alone"
                        .to_owned()
                }
                None if zone == "." => {
                    "see whether port 53 is open here, by UDP and TCP; --resolver system asks the machine's resolver \
                     alone"
                        .to_owned()
                }
                Some(packet) => format!(
                    "see why the servers of {zone} reply so to {} {}, or fix the delegation at its parent; other \
                     names and types of {zone} may be served",
                    packet.qname,
                    packet.qtype.mnemonic()
                ),
                None if packets().any(has_sent_other) => format!(
                    "see what the servers of {zone} send instead of replies, or fix the delegation at its parent"
                ),
                None => format!(
                    "bring the servers of {zone} back, or fix the delegation at its parent: until then \
                     nothing at or below {zone} can be found"
                ),
            };
            let mut finding = rule.finding(title, evidence, advice);
            // Silence began with the first question.
            let since = |packet: &Packet| {
                let is_same =
                    |other: &&Packet| other.meaning == Meaning::Timeout && same_question(other, packet);
                dns.packets.iter().filter(is_same).map(|other| other.sent).min().unwrap_or(packet.sent)
            };
            let mut told: Vec<String> =
                packets().take(TOLD).map(|packet| fate(packet, since(packet))).collect();
            if servers.len() > TOLD {
                told.push(format!("and {} more", servers.len() - TOLD));
            }
            finding.detail = told.join("; ");
            findings.push(finding);
        }
    }
    findings
}

fn fate(packet: &Packet, since: At) -> String {
    let what = match &packet.meaning {
        Meaning::Timeout => silence(packet, since),
        Meaning::Error { reason } => reason.clone(),
        Meaning::Malformed { reason } => format!("sent a reply that cannot be used: {reason}"),
        Meaning::NonAuthoritative => NO_AUTHORITY.to_owned(),
        Meaning::Lame { reason } => (*reason).to_owned(),
        Meaning::UpwardReferral { to } => format!("refers to {to}"),
        Meaning::WrongSource { from } => format!("was answered for by {from}"),
        _ => packet.reply.as_ref().map_or_else(
            || "did not answer".to_owned(),
            |reply| format!("answered {}", reply.rcode.mnemonic()),
        ),
    };
    format!("{} {what}", server(packet))
}

/// Whether the server itself sent what is no reply to the question.
fn has_sent_other(packet: &Packet) -> bool {
    packet.dropped_kinds.iter().any(|(kind, _)| *kind != Stray::WrongSource)
}

/// What came and was no reply is told: a server that sends it is not dead.
fn silence(packet: &Packet, since: At) -> String {
    let waited = duration(packet.end.since(since));
    match packet.dropped {
        0 => format!("did not answer in {waited}"),
        number if has_sent_other(packet) => {
            format!("sent no reply to the question in {waited} ({number} dropped: {})", strays(packet))
        }
        number => format!("did not answer in {waited} ({number} dropped: {})", strays(packet)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    fn failed(server: &str, meaning: Meaning) -> Packet {
        let mut packet = sample::packet("lost.test.", server, 20_000, 20_000, meaning);
        packet.received = None;
        packet.end = At(1_520_000);
        packet
    }

    #[test]
    fn fires_once_a_zone_with_the_fate_of_each_server() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        dns.packets.push(Packet { sent: At(0), ..failed("198.51.100.9:53", Meaning::Timeout) });
        dns.packets.push(failed("198.51.100.9:53", Meaning::Timeout));
        dns.packets.push(failed("198.51.100.8:53", Meaning::Error { reason: "host unreachable".into() }));
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.contains("lost.test. gave no answer: none of the 2 servers that were asked")
        );
        assert!(findings[0].detail.contains("(198.51.100.9) did not answer in 1.52 s"));
        assert!(findings[0].detail.contains("(198.51.100.8) host unreachable"));
        assert_eq!((findings[0].evidence.len(), &findings[0].saving), (2, &None));
        assert!(sample::of(&super::super::dns_server_silent::RULE, &trace).is_empty(), "told once");
    }

    #[test]
    fn servers_to_which_this_machine_has_no_way_were_not_asked() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let mut unsent =
            failed("[2001:db8::9]:53", Meaning::Error { reason: "network is unreachable".into() });
        unsent.bytes_sent = 0;
        dns.packets.push(unsent);
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::dns(&mut trace).packets.push(failed("198.51.100.9:53", Meaning::Timeout));
        let findings = sample::of(&RULE, &trace);
        assert!(findings[0].title.ends_with("the only server that was asked was of no use"));
        assert_eq!(findings[0].evidence.len(), 1);
    }

    #[test]
    fn servers_that_replied_are_not_said_to_be_gone() {
        for (zone, wrong) in [("lost.test.", "nothing at or below"), (".", "port 53")] {
            let mut trace = sample::sound();
            let dns = sample::dns(&mut trace);
            dns.packets.clear();
            dns.critical_path.clear();
            let mut packet = failed("198.51.100.9:53", Meaning::ServerFailure);
            (packet.zone, packet.received) = (zone.to_owned(), Some(packet.end));
            dns.packets.push(packet);
            assert!(!sample::of(&RULE, &trace)[0].advice.contains(wrong));
            sample::dns(&mut trace).packets[0].received = None;
            assert!(sample::of(&RULE, &trace)[0].advice.contains(wrong));
        }
    }

    #[test]
    fn a_server_that_sends_no_reply_but_something_is_not_told_to_be_brought_back() {
        let mut trace = sample::sound();
        let mut packet = failed("198.51.100.9:53", Meaning::Timeout);
        (packet.dropped, packet.dropped_kinds) = (2, vec![(Stray::NoQuestion, 2)]);
        sample::dns(&mut trace).packets.push(packet);
        let findings = sample::of(&RULE, &trace);
        let (detail, advice) = (&findings[0].detail, &findings[0].advice);
        assert!(
            detail.contains("sent no reply to the question in 1.50 s (2 dropped: no question section)"),
            "{detail}"
        );
        assert!(advice.starts_with("see what the servers of lost.test. send"), "{advice}");
    }

    #[test]
    fn an_answer_without_authority_is_one_that_the_walk_went_by() {
        let mut trace = sample::sound();
        let lame = |reason| failed("198.51.100.9:53", Meaning::Lame { reason });
        sample::dns(&mut trace).packets.push(lame("sent an empty reply without authority"));
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        sample::dns(&mut trace).packets.push(failed("198.51.100.9:53", Meaning::NonAuthoritative));
        assert!(sample::of(&RULE, &trace).is_empty());
        let findings = sample::of(&super::super::dns_server_failed::RULE, &trace);
        assert_eq!(findings.len(), 1, "once a server");
    }

    #[test]
    fn says_nothing_of_a_zone_with_a_server_of_use_or_of_what_was_stopped() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        dns.packets.push(failed("198.51.100.9:53", Meaning::Timeout));
        let mut sound = dns.packets[2].clone();
        sound.zone = "lost.test.".to_owned();
        dns.packets.push(sound);
        let stopped = Meaning::Stopped(crate::trace::StoppedBy::MaxTime);
        let mut packet = failed("198.51.100.7:53", stopped);
        packet.zone = "other.test.".to_owned();
        dns.packets.push(packet);
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
