//! The server says: too many requests.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{StageName, Trace, header};

pub(super) const RULE: Rule = Rule {
    id: "http-rate-limited",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "the status is 429",
    standard: "RFC 6585 section 4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, http) in trace.hops().filter_map(|hop| Some((hop, hop.http.ran()?))) {
        if http.status != Some(429) {
            continue;
        }
        let (title, advice) = match header(&http.headers, "retry-after") {
            Some(after) => {
                let after = after.trim().to_owned();
                let unit = if after.bytes().all(|byte| byte.is_ascii_digit()) { " s" } else { "" };
                (
                    format!("429 Too Many Requests: the server asks to wait {after}{unit}"),
                    format!("retry after {after}{unit}"),
                )
            }
            None => (
                "429 Too Many Requests: the server does not say how long to wait".to_owned(),
                "wait, then send requests more slowly".to_owned(),
            ),
        };
        findings.push(rule.finding(title, vec![Place::Request(hop.id, InRequest::Status)], advice));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Header;

    #[test]
    fn fires_on_429_with_the_time_to_wait() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let http = sample::http(&mut trace);
        http.status = Some(429);
        http.headers.push(Header { name: "Retry-After".into(), value: b"120".to_vec() });
        assert!(sample::of(&RULE, &trace)[0].title.contains("120 s"));
    }
}
