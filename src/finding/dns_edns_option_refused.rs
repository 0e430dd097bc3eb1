//! A name server cannot read questions with an EDNS option, or drops them.

use super::asked::{Spot, is_of_the_walk, once_a_server, same_question, server};
use super::found::{Finding, Severity};
use super::place::PacketField;
use super::rule::{Check, Lookups, Rule};
use crate::trace::{Choice, Edns, Meaning, StageName, Transport};

pub(super) const RULE: Rule = Rule {
    id: "dns-edns-option-refused",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "a name server answered an error, or nothing, to a question with an EDNS option (NSID), and answered it without",
    standard: "RFC 6891 section 6.1.2",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    once_a_server(lookups, |spot| {
        let what = refused(spot).or_else(|| dropped(spot))?;
        let mut finding = rule.finding(
            format!("{} stumbles over an EDNS option (NSID, RFC 5001): {what}", server(spot.packet)),
            vec![spot.place(PacketField::Meaning), spot.place(PacketField::Chosen)],
            "let the server ignore options that it does not know (RFC 6891 section 6.1.2): cookies and others come the same way",
        );
        finding.saving = spot.cost("every first lookup at this server");
        Some(finding)
    })
}

fn refused(spot: Spot<'_>) -> Option<String> {
    let packet = spot.packet;
    if packet.meaning != Meaning::EdnsOptionsRefused || !is_of_the_walk(packet) {
        return None;
    }
    let is_better = spot.dns.packets[spot.index + 1..].iter().any(|other| {
        let is_bare = (other.chosen, other.edns) == (Choice::WithoutOptions, Edns::Bare);
        is_bare && same_question(other, packet) && other.meaning.is_useful()
    });
    let rcode = packet.reply.as_ref().map_or("an error".into(), |reply| reply.rcode.mnemonic());
    is_better.then(|| format!("it answered {rcode}, and the question without it well"))
}

/// A question without it was answered, and those with it, one of them right behind it, were not.
fn dropped(spot: Spot<'_>) -> Option<String> {
    let packet = spot.packet;
    let is_bare = packet.edns == Edns::Bare && packet.transport == Transport::Udp;
    if !is_of_the_walk(packet) || packet.chosen != Choice::Again || !is_bare || !packet.meaning.is_useful() {
        return None;
    }
    let mut full =
        spot.dns.packets.iter().filter(|other| other.server == packet.server && other.edns == Edns::Full);
    let is_dropped = full.all(|other| other.received.is_none());
    let mut behind = spot.dns.packets[spot.index + 1..].iter();
    let is_behind = behind.any(|other| other.edns == Edns::Full && same_question(other, packet));
    (is_dropped && is_behind).then(|| "it answered only the question without it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_where_the_question_without_it_did_better() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let dns = sample::dns(&mut trace);
        let mut better = dns.packets[1].clone();
        dns.packets[1].meaning = Meaning::EdnsOptionsRefused;
        assert!(sample::of(&RULE, &trace).is_empty(), "it may be for the question itself");
        (better.chosen, better.edns) = (Choice::WithoutOptions, Edns::Bare);
        sample::dns(&mut trace).packets.push(better);
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
    }

    #[test]
    fn silence_is_for_it_only_where_what_was_sent_behind_it_was_dropped_too() {
        let mut trace = sample::sound();
        let dns = sample::dns(&mut trace);
        dns.packets.truncate(3);
        let mut silent = dns.packets[2].clone();
        (silent.received, silent.meaning) = (None, Meaning::Timeout);
        let now = &mut dns.packets[2];
        (now.edns, now.chosen) = (Edns::Bare, Choice::Again);
        dns.packets.insert(2, silent.clone());
        assert!(sample::of(&RULE, &trace).is_empty(), "lost on the way");
        sample::dns(&mut trace).packets.push(silent);
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
    }
}
