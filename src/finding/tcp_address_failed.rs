//! An address of the name does not work and made the connection late.

use super::found::{Finding, Saving, Severity};
use super::place::{AttemptField, InConnection, Place};
use super::rule::{Check, Rule};
use crate::trace::{AttemptOutcome, DnsLane, StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "tcp-address-failed",
    severity: Severity::Warning,
    stage: StageName::Tcp,
    fires: "a connection was made, but an address tried before it failed or stayed silent",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let (Some(connect), Some(id)) = (hop.connect.ran(), hop.request.connection.ran()) else { continue };
        let Some(winner) = connect.winner.and_then(|winner| connect.attempts.get(winner)) else { continue };
        // This machine's own addresses for `localhost` are in no zone that could be mended.
        if hop.dns.ran().is_some_and(|dns| dns.lane == DnsLane::Special) {
            continue;
        }
        for (place, attempt) in connect.attempts.iter().enumerate() {
            // What another HTTPS record or the URL names has a rule of its own.
            if attempt.start >= winner.start || attempt.source != winner.source {
                continue;
            }
            let what = match &attempt.outcome {
                AttemptOutcome::Refused => "refused the connection".to_owned(),
                AttemptOutcome::TimedOut | AttemptOutcome::Lost => "stayed silent".to_owned(),
                AttemptOutcome::Failed(words) => format!("failed ({words})"),
                // No route is a fact of this machine, not of the address; and it costs nothing.
                AttemptOutcome::Unreachable(_) | AttemptOutcome::Won | AttemptOutcome::Stopped => continue,
            };
            let lost = winner.start.since(attempt.start);
            let title = format!("{} {what}: the connection began {} late", attempt.address, duration(lost));
            let family = if attempt.address.is_ipv6() { "AAAA" } else { "A" };
            let evidence = vec![Place::Connection(id, InConnection::Attempt(place, AttemptField::Outcome))];
            let advice = format!("mend {}, or take its {family} record out of DNS", attempt.address.ip());
            let mut finding = rule.finding(title, evidence, advice);
            finding.saving = Saving::measured(lost, "every new connection that tries this address first");
            findings.push(finding);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{At, Attempt, EndpointSource};

    #[test]
    fn fires_on_a_dead_ipv6_address_and_not_on_a_missing_route_or_a_later_loser() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let connect = sample::connect(&mut trace);
        let attempt = |start, outcome| Attempt {
            address: "[2001:db8::1]:443".parse().unwrap(),
            start: At(start),
            end: At(40_000),
            outcome,
            syn_retransmits: None,
            source: EndpointSource::Host,
        };
        connect.attempts.push(attempt(35_000, AttemptOutcome::Lost));
        assert!(sample::of(&RULE, &trace).is_empty());
        let connect = sample::connect(&mut trace);
        connect.attempts[1] = attempt(10_000, AttemptOutcome::Unreachable("no route".into()));
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::connect(&mut trace).attempts[1] = attempt(10_000, AttemptOutcome::Lost);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 20);
        assert!(findings[0].advice.contains("AAAA"));
        sample::dns(&mut trace).lane = DnsLane::Special;
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
