//! The first packet of the connection was lost and had to be sent again.

use super::found::{Finding, Load, Saving, Severity};
use super::place::{AttemptField, InConnection, Place};
use super::rule::{Check, Rule, connections};
use crate::trace::{StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "tcp-syn-retransmitted",
    severity: Severity::Warning,
    stage: StageName::Tcp,
    fires: "the kernel had to send a SYN of the winning connection again",
    standard: "RFC 6298 section 2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, connect) in connections(trace) {
        let Some((winner, attempt)) =
            connect.winner.and_then(|winner| Some((winner, connect.attempts.get(winner)?)))
        else {
            continue;
        };
        let Some(count @ 1..) = attempt.syn_retransmits else { continue };
        let took = attempt.end.since(attempt.start);
        let title = format!(
            "connecting to {} took {}: {count} SYN sent again by the kernel",
            attempt.address,
            duration(took)
        );
        let evidence =
            vec![Place::Connection(id, InConnection::Attempt(winner, AttemptField::SynRetransmits))];
        let mut finding = rule.finding(
            title,
            evidence,
            "look for packet loss on the way, or a server whose accept queue overflows",
        );
        // The kernel's first retransmission timer is one second (RFC 6298 §2): that much is certain.
        finding.saving = Saving::derived(
            took.min(std::time::Duration::from_secs(1)),
            "connections that meet the same loss",
            Load::This,
        );
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_retransmitted_syn_and_never_saves_more_than_was_spent() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::connect(&mut trace).attempts[0].syn_retransmits = Some(1);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 10);
    }
}
