//! A name server compares names with their case.

use super::asked::{Spot, is_of_the_walk, once_a_server, same_question, server};
use super::found::{Finding, Severity};
use super::place::PacketField;
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Choice, Dns, Meaning, Packet, Spelling, StageName, Transport};
use crate::units::count;

pub(super) const RULE: Rule = Rule {
    id: "dns-case-sensitive",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server denied, refused or dropped a name in random case (0x20), and answered it in plain case",
    check: Check::Lookups(check),
};

/// An error may be gone at the next try, whatever the case: it takes several to tell.
const ERRORS: usize = 2;

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    once_a_server(lookups, |spot| {
        let what = denied(spot).or_else(|| dropped(spot))?;
        if spot.dns.packets.iter().any(|packet| packet.server == spot.packet.server && is_found(packet)) {
            return None;
        }
        let mut finding = rule.finding(
            format!("{} compares names with their case: {what}", server(spot.packet)),
            vec![spot.place(PacketField::Meaning), spot.place(PacketField::Chosen)],
            "let the server compare names without case (RFC 4343): many resolvers ask in random case (0x20)",
        );
        finding.saving = spot.cost("every first lookup at this server");
        Some(finding)
    })
}

/// Whether a name in random case was found.
fn is_found(packet: &Packet) -> bool {
    let meaning = &packet.meaning;
    let is_positive =
        matches!(meaning, Meaning::Answer { .. } | Meaning::Cname { .. } | Meaning::Referral { .. });
    packet.spelling == Spelling::Random && is_positive
}

/// The same server did better in plain case.
fn denied(spot: Spot<'_>) -> Option<String> {
    let (before, now) = improved(spot.dns, spot.packet)?;
    let is_denial = matches!(before.meaning, Meaning::NxDomain(_) | Meaning::NoData(_));
    let same = |other: &&Packet| other.server == now.server && improved(spot.dns, other).is_some();
    if !is_denial && spot.dns.packets.iter().filter(same).count() < ERRORS {
        return None;
    }
    let what = match &before.meaning {
        Meaning::NxDomain(_) => "NXDOMAIN".into(),
        Meaning::NoData(_) => "no data".into(),
        _ => before.reply.as_ref().map_or("an error".into(), |reply| reply.rcode.mnemonic()),
    };
    Some(format!("it answered {what} to {} in random case, and has it in plain case", now.qname))
}

/// A reply in random case, and a better one in plain case.
fn improved<'d>(dns: &'d Dns, now: &'d Packet) -> Option<(&'d Packet, &'d Packet)> {
    let before = dns.packets.get(now.parent?)?;
    let is_check = now.chosen == Choice::PlainCase && now.spelling == Spelling::Plain && is_of_the_walk(now);
    let is_better = match (&before.meaning, &now.meaning) {
        (Meaning::NxDomain(_), Meaning::NoData(_)) => true,
        (_, Meaning::Answer { .. } | Meaning::Cname { .. } | Meaning::Referral { .. }) => true,
        (before, now) => !before.is_useful() && now.is_useful(),
    };
    (is_check && is_better).then_some((before, now))
}

/// A question in plain case was answered, and those in random case, one of them right behind it, were not.
fn dropped(spot: Spot<'_>) -> Option<String> {
    let (dns, packet) = (spot.dns, spot.packet);
    let is_plain = packet.spelling == Spelling::Plain && packet.transport == Transport::Udp;
    if !is_of_the_walk(packet) || packet.chosen != Choice::Again || !is_plain || !packet.meaning.is_useful() {
        return None;
    }
    let random = || {
        let of = |other: &&(usize, &Packet)| {
            other.1.server == packet.server && other.1.spelling == Spelling::Random
        };
        dns.packets.iter().enumerate().filter(move |other| of(&other))
    };
    let all = random().count();
    let is_dropped = random().all(|(_, other)| other.received.is_none());
    let is_behind = random().any(|(index, other)| index > spot.index && same_question(other, packet));
    (is_dropped && is_behind)
        .then(|| format!("{} in random case had no reply, and one in plain case had", count(all, "question")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Negative, Rcode};

    /// The last packet of the walk in random case, and what came of it, before the same in plain case.
    fn checked(meaning: Meaning, rcode: Rcode) -> crate::trace::Trace {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        let mut drawn = dns.packets[2].clone();
        let now = &mut dns.packets[2];
        (now.spelling, now.chosen, now.parent) = (Spelling::Plain, Choice::PlainCase, Some(3));
        (drawn.meaning, drawn.spelling) = (meaning, Spelling::Random);
        if let Some(reply) = &mut drawn.reply {
            reply.rcode = rcode;
        }
        dns.packets.insert(3, drawn);
        dns.packets.truncate(4);
        trace
    }

    #[test]
    fn a_denial_that_plain_case_undoes_is_for_the_case() {
        assert!(sample::of(&RULE, &sample::sound()).is_empty());
        let negative = Negative { zone: None, foreign_soa: None, ttl: None, rtype: None };
        let trace = checked(Meaning::NxDomain(negative), Rcode::NXDOMAIN);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].title.contains("it answered NXDOMAIN to www.example.test."),
            "{}",
            findings[0].title
        );
    }

    #[test]
    fn one_error_that_is_gone_at_the_next_try_says_nothing() {
        let mut trace = checked(Meaning::ServerFailure, Rcode::SERVFAIL);
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        let again = dns.packets[2].clone();
        dns.packets.push(again);
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        let dns = sample::dns(&mut trace);
        let mut found = dns.packets[2].clone();
        (found.spelling, found.chosen) = (Spelling::Random, Choice::First);
        dns.packets.push(found);
        assert!(sample::of(&RULE, &trace).is_empty(), "another name in random case was found");
    }

    #[test]
    fn silence_is_for_the_case_only_where_what_was_sent_behind_it_was_dropped_too() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        dns.packets.truncate(3);
        let mut silent = dns.packets[2].clone();
        (silent.received, silent.meaning, silent.spelling) = (None, Meaning::Timeout, Spelling::Random);
        let now = &mut dns.packets[2];
        (now.spelling, now.chosen) = (Spelling::Plain, Choice::Again);
        dns.packets.insert(2, silent.clone());
        assert!(sample::of(&RULE, &trace).is_empty(), "lost on the way");
        sample::dns(&mut trace).packets.push(silent);
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
    }
}
