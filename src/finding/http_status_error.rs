//! The status says that something is wrong at the server, or with the request.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::explain::status::explain;
use crate::trace::{StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-status-error",
    severity: Severity::Error,
    stage: StageName::Http,
    fires: "the last status is 5xx (error) or 4xx (warning), except 429",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = trace.hops().last().and_then(|hop| Some((hop, hop.http.ran()?))) else {
        return Vec::new();
    };
    let Some(status @ 400..=599) = http.status else { return Vec::new() };
    if status == 429 {
        return Vec::new();
    }
    let text = explain(status);
    let side = if status >= 500 { "server" } else { "client" };
    let title = format!("{status} {}: a {side} error", text.name);
    let mut finding = rule.finding(title, vec![Place::Request(hop.id, InRequest::Status)], text.check_next);
    finding.detail = text.meaning.to_string();
    if status < 500 {
        finding.severity = Severity::Warning;
    }
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_errors_by_their_side() {
        for (status, severity) in [
            (200, None),
            (304, None),
            (404, Some(Severity::Warning)),
            (429, None),
            (503, Some(Severity::Error)),
        ] {
            let mut trace = sample::sound();
            sample::http(&mut trace).status = Some(status);
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.first().map(|finding| finding.severity), severity, "{status}");
        }
    }
}
