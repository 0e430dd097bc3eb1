//! The root servers are no longer where the hints say.

use super::asked::walks;
use super::found::{Finding, Severity};
use super::place::{InLookup, Place};
use super::rule::{Check, Lookups, Rule};
use crate::trace::StageName;

pub(super) const RULE: Rule = Rule {
    id: "dns-root-hints-drifted",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "the root's own answer to `. NS` differs from the root hints",
    standard: "RFC 9609 section 2",
    check: Check::Lookups(check),
};

fn check(rule: &Rule, lookups: Lookups<'_>) -> Vec<Finding> {
    let found = walks(lookups).find_map(|(lookup, dns)| {
        let drift = dns.hints.drift.as_ref()?;
        (!drift.is_empty()).then_some((lookup, dns, drift))
    });
    let Some((lookup, dns, drift)) = found else { return Vec::new() };
    let date = dns.hints.date.as_deref().map_or_else(String::new, |date| format!(" of {date}"));
    let title = format!("the root hints{date} are out of date: {}", drift.join("; "));
    vec![rule.finding(
        title,
        vec![Place::Lookup(lookup, InLookup::RootHintsDrift)],
        "update urltrace, or give current hints by --root-hints",
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_drift_and_not_on_agreement_or_silence() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::dns(&mut trace).hints.drift = None;
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::dns(&mut trace).hints.drift = Some(vec!["b.root-servers.net. has moved".into()]);
        assert!(sample::of(&RULE, &trace)[0].title.contains("2026-10-01 are out of date: b.root"));
    }
}
