//! The root servers are no longer where the hints say.

use super::{Finding, Rule, Severity, hops};
use crate::trace::{StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "dns-root-hints-drifted",
    severity: Severity::Notice,
    stage: StageName::Dns,
    fires: "the root's own answer to `. NS` differs from the root hints",
    check,
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let found = hops(trace).find_map(|(index, hop)| {
        let drift = hop.dns.ran()?.hints.drift.as_ref()?;
        (!drift.is_empty()).then_some((index, hop.dns.ran()?, drift))
    });
    let Some((hop, dns, drift)) = found else { return Vec::new() };
    let date = dns.hints.date.as_deref().map_or_else(String::new, |date| format!(" of {date}"));
    let title = format!("the root hints{date} are out of date: {}", drift.join("; "));
    vec![rule.finding(
        title,
        vec![format!("/hops/{hop}/dns/root_hints/drift")],
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
        assert!(sample::of(&RULE, &trace)[0].title.contains("2024-04-18 are out of date: b.root"));
    }
}
