//! A name server cannot read questions with EDNS, or drops them.

use super::asked::{Spot, had_time, is_of_the_walk, once_a_server, same_question, server};
use super::found::{Finding, Load, Saving, Severity};
use super::place::PacketField;
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Choice, Dns, Meaning, Packet, StageName};
use crate::units::count;

pub(super) const RULE: Rule = Rule {
    id: "dns-edns-refused",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server that never sent an OPT record answered an error, or nothing, to questions with EDNS, and answered without",
    standard: "RFC 6891 section 7",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let mut findings = once_a_server(lookups, |spot| refused(rule, spot));
    findings.extend(once_a_server(lookups, |spot| dropped(rule, spot)));
    findings
}

/// An error in answer to EDNS.
fn refused(rule: &Rule, spot: Spot<'_>) -> Option<Finding> {
    let packet = spot.packet;
    if packet.meaning != Meaning::EdnsRefused || !is_of_the_walk(packet) || !does_better_without(spot) {
        return None;
    }
    let mut finding = rule.finding(
        format!("{} does not understand EDNS (RFC 6891) and had to be asked again", server(packet)),
        vec![spot.place(PacketField::Rcode)],
        "update the name server, or the firewall that strips EDNS in front of it",
    );
    finding.saving =
        Saving::measured(packet.end.since(packet.sent), "on every first lookup at this server", Load::Cold);
    Some(finding)
}

/// Whether the same question did better without EDNS, at a server that never shows that it knows it.
fn does_better_without(spot: Spot<'_>) -> bool {
    let (packets, refused) = (&spot.dns.packets, spot.packet);
    let sends_opt = |other: &Packet| {
        other.server == refused.server && other.reply.as_ref().is_some_and(|reply| reply.edns_size.is_some())
    };
    let is_better =
        |other: &Packet| !other.edns.is_some() && same_question(other, refused) && other.meaning.is_useful();
    !packets.iter().any(sends_opt) && packets[spot.index + 1..].iter().any(is_better)
}

/// Silence in answer to EDNS, from a server that answers without.
fn dropped(rule: &Rule, spot: Spot<'_>) -> Option<Finding> {
    let (dns, packet) = (spot.dns, spot.packet);
    if !is_last_resort(packet) {
        return None;
    }
    let unanswered = unanswered(dns, packet);
    let first = *unanswered.first()?;
    // One right behind it was dropped, too: it is not loss.
    let mut behind = dns.packets[spot.index + 1..].iter();
    if !behind.any(|other| other.edns.is_some() && same_question(other, packet)) {
        return None;
    }
    let mut finding = rule.finding(
        format!(
            "{} answered only without EDNS (RFC 6891): {} with it had no reply",
            server(packet),
            count(unanswered.len(), "question")
        ),
        vec![
            spot.place_at(first, PacketField::Meaning),
            spot.place(PacketField::Edns),
            spot.place(PacketField::Rcode),
        ],
        "update the name server, or the firewall that drops EDNS in front of it",
    );
    let waited = packet.sent.since(dns.packets[first].sent);
    finding.saving = Saving::measured(waited, "on every first lookup at this server", Load::Cold);
    Some(finding)
}

/// Whether a question went without EDNS in the last round, and was answered.
fn is_last_resort(packet: &Packet) -> bool {
    is_of_the_walk(packet)
        && packet.chosen == Choice::Again
        && !packet.edns.is_some()
        && packet.received.is_some()
}

/// The questions with EDNS that a server did not answer; none if it answered one.
fn unanswered(dns: &Dns, packet: &Packet) -> Vec<usize> {
    let with = dns
        .packets
        .iter()
        .enumerate()
        .filter(|(_, other)| other.edns.is_some() && other.server == packet.server);
    let (silent, answered): (Vec<_>, Vec<_>) = with.partition(|(_, other)| other.received.is_none());
    if !answered.is_empty() {
        return Vec::new();
    }
    silent
        .into_iter()
        .filter(|(_, other)| other.meaning == Meaning::Timeout && had_time(other, packet))
        .map(|(index, _)| index)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Edns;
    use crate::trace::TIME_TO_ANSWER;

    #[test]
    fn fires_on_a_refused_edns_question_only() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        let mut better = dns.packets[1].clone();
        dns.packets[1].meaning = Meaning::EdnsRefused;
        for packet in &mut dns.packets {
            packet.reply.iter_mut().for_each(|reply| reply.edns_size = None);
        }
        assert!(sample::of(&RULE, &trace).is_empty(), "it may be for the question itself");
        (better.edns, better.reply) = (Edns::None, None);
        sample::dns(&mut trace).packets.insert(2, better);
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        let dns = sample::dns(&mut trace);
        let again = dns.packets[1].clone();
        dns.packets.push(again);
        assert_eq!(sample::of(&RULE, &trace).len(), 1, "once a server");
        for packet in &mut sample::dns(&mut trace).packets {
            packet.purpose = crate::trace::Purpose::AllServers;
        }
        assert!(sample::of(&RULE, &trace).is_empty(), "the table of all servers has a rule of its own");
    }

    #[test]
    fn fires_where_what_has_edns_is_dropped() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let (server, sent) = (dns.packets[1].server, dns.packets[1].sent);
        dns.packets.iter_mut().filter(|packet| packet.server == server).for_each(|packet| {
            (packet.chosen, packet.edns) = (Choice::Again, Edns::None);
            packet.sent = packet.sent.after(TIME_TO_ANSWER);
        });
        assert!(sample::of(&RULE, &trace).is_empty(), "no question with it had no reply");
        let dns = sample::dns(&mut trace);
        let mut silent = dns.packets[1].clone();
        (silent.chosen, silent.edns, silent.received) = (Choice::First, Edns::Full, None);
        (silent.meaning, silent.sent) = (Meaning::Timeout, sent);
        dns.packets.push(silent.clone());
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].title.ends_with(": 1 question with it had no reply"), "{}", findings[0].title);
        // One that went out with the one that was answered had no time for a reply.
        let mut late = silent.clone();
        late.sent = late.sent.after(TIME_TO_ANSWER);
        sample::dns(&mut trace).packets.push(late);
        assert_eq!(sample::of(&RULE, &trace), findings);
        silent.received = Some(silent.end);
        sample::dns(&mut trace).packets.push(silent);
        assert!(sample::of(&RULE, &trace).is_empty(), "one with it was answered");
    }
}
