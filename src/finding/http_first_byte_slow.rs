//! The server thought for a long time before it answered.

use super::found::{Finding, Saving, Severity};
use super::place::{InConnection, InRequest, Place};
use super::rule::{Check, Rule};
use crate::timeline::Phase;
use crate::trace::{StageName, Trace};
use crate::units::duration;
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    id: "http-first-byte-slow",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "the first byte came at least 100 ms later than one network round trip explains, and that was at least 30 % of the hop",
    check: Check::Trace(check),
};

/// Below this a server is not slow.
const WORTH: Duration = Duration::from_millis(100);

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let Some(http) = hop.http.ran() else { continue };
        let (Some(sent), Some(first)) = (http.sent, http.first_byte) else { continue };
        let Some(id) = hop.request.connection.ran() else { continue };
        let Some(rtt) = hop
            .connect
            .ran()
            .and_then(|connect| connect.tcp_info)
            .map(|info| info.min_rtt.unwrap_or(info.rtt))
        else {
            continue;
        };
        let wait = first.since(sent);
        let thinking = wait.saturating_sub(rtt);
        if thinking < WORTH || thinking * 10 < hop.end.since(hop.start) * 3 {
            continue;
        }
        let title = format!(
            "the server took about {} to answer (network round trip {})",
            duration(thinking),
            duration(rtt)
        );
        let evidence = vec![
            Place::Request(hop.id, InRequest::Phase(Phase::Wait)),
            Place::Connection(id, InConnection::RoundTrip),
        ];
        let mut finding = rule.finding(
            title,
            evidence,
            "look at the application and its database, or put a cache before it",
        );
        finding.saving = Saving::derived(thinking, "every request that no cache answers");
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::At;

    #[test]
    fn fires_on_thinking_time_and_not_on_a_long_way() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::http(&mut trace).first_byte = Some(At(261_100));
        trace.requests[0].end = At(262_000);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 200);
        let info = sample::connect(&mut trace).tcp_info.as_mut().unwrap();
        info.min_rtt = Some(Duration::from_millis(190));
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
