//! A name server compares names with their case.

use super::asked::{once_a_server, server};
use super::case;
use super::found::{Finding, Severity};
use super::place::PacketField;
use super::rule::{Check, Lookups, Rule};
use crate::trace::StageName;

pub(super) const RULE: Rule = Rule {
    id: "dns-case-sensitive",
    severity: Severity::Warning,
    stage: StageName::Dns,
    fires: "a name server denied, refused or dropped a name in random case (0x20), and answered it in plain case",
    standard: "RFC 1034 section 3.1",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    once_a_server(lookups, |spot| {
        let what = case::sensitive(spot)?;
        let mut finding = rule.finding(
            format!("{} compares names with their case: {what}", server(spot.packet)),
            vec![spot.place(PacketField::Meaning), spot.place(PacketField::Chosen)],
            "let the server compare names without case (RFC 4343): many resolvers ask in random case (0x20)",
        );
        finding.saving = spot.cost("every first lookup at this server");
        Some(finding)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Choice, Edns, Meaning, Negative, Rcode, Spelling};

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
        sample::dns(&mut trace).packets[3].edns = Edns::None;
        assert!(
            sample::of(&RULE, &trace).is_empty(),
            "it may be for EDNS, which the answered one had none of"
        );
    }
}
