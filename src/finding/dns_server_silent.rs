//! A name server did not answer at all, or could not be reached.

use super::asked::{is_of_the_walk, is_told_by_its_zone, name, never_left, once_a_server, server};
use super::found::{Finding, Load, Saving, Severity};
use super::place::PacketField;
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Choice, Dns, Edns, Meaning, Packet, StageName, Transport};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "dns-server-silent",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server did not answer in time or could not be reached, and never answered later in the trace",
    standard: "RFC 1035 section 4.2.1",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    once_a_server(lookups, |spot| {
        let (dns, packet) = (spot.dns, spot.packet);
        let answered =
            dns.packets.iter().any(|other| other.server == packet.server && other.received.is_some());
        // Nobody waited long enough to say so, or the whole zone has failed.
        let is_told = packet.meaning.was_stopped() || is_told_by_its_zone(dns, packet);
        if !is_of_the_walk(packet) || answered || is_told {
            return None;
        }
        let until = dns.packets[spot.index + 1..]
            .iter()
            .find(|next| next.zone == packet.zone && next.qname == packet.qname && next.qtype == packet.qtype)
            .map_or(packet.end, |next| next.sent.min(packet.end));
        let waited = until.since(packet.sent);
        let what = match &packet.meaning {
            Meaning::Timeout => "did not answer",
            // Another server was asked beside it and won: silence as far as it was waited for.
            Meaning::Superseded if hedged(dns, spot.index) => "had not answered when another server did",
            Meaning::Error { .. } if never_left(packet) => return None,
            Meaning::Error { .. } if !no_family(dns, spot.index) => "could not be reached",
            _ => return None,
        };
        let name = name(packet);
        let unanswered = dns.packets.iter().filter(|other| other.server == packet.server).count();
        let mut finding = rule.finding(
            format!(
                "{}, a server of zone {}, {what}: {} lost",
                server(packet),
                packet.zone,
                duration(waited)
            ),
            vec![spot.place(PacketField::Meaning), spot.place(PacketField::Sent)],
            match other_form(dns, packet) {
                _ if unanswered == 1 => {
                    format!("see whether {name} answers: a single packet may have been lost on the way")
                }
                Some(form) => format!("see whether {name} answers {form}"),
                None => format!("bring {name} back, or remove it from the zone's NS records at the parent"),
            },
        );
        finding.saving = Saving::measured_at(
            spot.idle(until).stretches(),
            "on every lookup that asks this server first",
            Load::Cold,
        );
        Some(finding)
    })
}

/// How the question had to be put to another server of the zone until that answered, in words: one that was not
/// waited for so is not dead.
fn other_form(dns: &Dns, silent: &Packet) -> Option<String> {
    let walked = || dns.packets.iter().filter(|other| is_of_the_walk(other) && other.zone == silent.zone);
    let answered = walked().find(|other| other.received.is_some())?;
    let form = |packet: &Packet| match (packet.transport, packet.edns) {
        (Transport::Udp, Edns::None) => Some("without EDNS"),
        (Transport::Tcp, _) => Some("by TCP"),
        _ => None,
    };
    let how =
        form(answered).filter(|_| answered.chosen == Choice::Again && answered.server != silent.server)?;
    let is_tried = walked().any(|other| {
        other.server == silent.server && form(other) == Some(how) && other.meaning == Meaning::Timeout
    });
    (!is_tried).then(|| format!("{how}: {} does, and did not before", server(answered)))
}

/// Whether a second server was asked because this one was late.
fn hedged(dns: &Dns, index: usize) -> bool {
    let packet = &dns.packets[index];
    packet.chosen != Choice::Hedge
        && dns.packets[index + 1..].iter().any(|next| {
            next.chosen == Choice::Hedge
                && next.zone == packet.zone
                && next.qname == packet.qname
                && next.qtype == packet.qtype
        })
}

/// A whole family that cannot be reached says something about this machine, not about the server.
fn no_family(dns: &Dns, index: usize) -> bool {
    let six = dns.packets[index].server.is_ipv6();
    !dns.packets.iter().any(|packet| packet.server.is_ipv6() == six && packet.received.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{At, StoppedBy};

    fn silent(meaning: Meaning) -> Packet {
        let mut packet = sample::packet("example.test.", "198.51.100.9:53", 20_000, 20_000, meaning);
        packet.received = None;
        packet.end = At(1_520_000);
        packet
    }

    #[test]
    fn fires_on_silence_with_the_time_until_the_next_was_asked() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        dns.packets.insert(2, silent(Meaning::Superseded));
        dns.packets[3].sent = At(170_000);
        dns.packets[3].chosen = Choice::Hedge;
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 150);
    }

    #[test]
    fn who_was_not_waited_for_in_the_form_that_another_wants_is_not_dead() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let zone = dns.packets[2].zone.clone();
        (dns.packets[2].chosen, dns.packets[2].edns) = (Choice::Again, Edns::None);
        let mut silent = silent(Meaning::Timeout);
        silent.zone = zone;
        dns.packets.splice(2..2, [silent.clone(), silent.clone()]);
        let findings = sample::of(&RULE, &trace);
        let advice = &findings[0].advice;
        assert!(advice.contains("answers without EDNS: ") && !advice.contains("bring"), "{advice}");
        silent.edns = Edns::None;
        sample::dns(&mut trace).packets.insert(4, silent);
        let findings = sample::of(&RULE, &trace);
        assert!(findings[0].advice.starts_with("bring "), "{}", findings[0].advice);
    }

    #[test]
    fn a_late_hedge_or_a_missing_ipv6_route_is_no_fault_of_the_server() {
        let mut trace = sample::sound();
        let mut late = silent(Meaning::Superseded);
        late.chosen = Choice::Hedge;
        sample::dns(&mut trace).packets.push(late);
        let mut six = silent(Meaning::Error { reason: "network is unreachable".into() });
        six.server = "[2001:db8::1]:53".parse().unwrap();
        sample::dns(&mut trace).packets.push(six);
        let mut barred = silent(Meaning::Error { reason: "invalid argument".into() });
        (barred.server, barred.bytes_sent) = ("198.51.100.11:53".parse().unwrap(), 0);
        sample::dns(&mut trace).packets.push(barred);
        let mut stopped = silent(Meaning::Stopped(StoppedBy::DnsLimit));
        stopped.server = "198.51.100.10:53".parse().unwrap();
        sample::dns(&mut trace).packets.push(stopped);
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
