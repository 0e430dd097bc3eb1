//! The server says: too many requests.

use std::time::{Duration, SystemTime};

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::explain::status::explain;
use crate::reading::{Limits, Quota, limits, spoken};
use crate::trace::{Http, StageName, Trace, position};
use crate::units;

pub(super) const RULE: Rule = Rule {
    id: "http-rate-limited",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "the status is 429, or an error says itself that it is for a limit: throttling of AWS or Envoy, 0 left of a quota",
    standard: "RFC 6585 section 4",
    check: Check::Trace(check),
};

/// The limits by which a response refused a request, if it did.
pub(super) fn refusal(started_at: SystemTime, http: &Http) -> Option<Limits> {
    let none = Limits { retry: None, quotas: Vec::new(), throttled_by: None };
    let told = limits(http, started_at + Duration::from_micros(http.end.0)).unwrap_or(none);
    told.refused(http.status?).then_some(told)
}

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, http) in trace.hops().filter_map(|hop| Some((hop, hop.http.ran()?))) {
        let (Some(status), Some(limits)) = (http.status, refusal(trace.started_at, http)) else { continue };
        // It was waited for, and asked once more: what that came to is told.
        if trace.is_repeated(hop.id) {
            continue;
        }
        let mut words: Vec<String> = Vec::new();
        let mut advice = "wait, then send requests more slowly".to_owned();
        if let Some(retry) = limits.retry.as_ref().filter(|retry| retry.wait.is_zero()) {
            words.push(format!("its Retry-After ({}) asks for no wait", retry.value));
        } else if let Some(retry) = &limits.retry {
            let after = units::wait(retry.wait);
            words.push(format!("the server asks to wait {after}"));
            advice = format!("try again at {} (in {after}), and then more slowly", spoken(retry.at));
        } else {
            words.push("the server does not say how long to wait".to_owned());
        }
        words.extend(limits.quotas.iter().filter_map(left));
        let title = format!("{status} {}: {}", explain(status).name, words.join("; "));
        let mut evidence = vec![Place::Request(hop.id, InRequest::Status)];
        let mut fields: Vec<usize> = limits.retry.iter().map(|retry| retry.field).collect();
        fields.extend(limits.quotas.iter().flat_map(|quota| &quota.fields));
        fields.extend(limits.throttled_by.and_then(|by| position(&http.headers, by)));
        evidence.extend(fields.into_iter().map(|index| Place::Request(hop.id, InRequest::Header(index))));
        findings.push(rule.finding(title, evidence, advice));
    }
    findings
}

/// `0 of 100 left in 60 s`.
fn left(quota: &Quota) -> Option<String> {
    let mut words = match (quota.remaining, quota.limit) {
        (Some(left), Some(limit)) => format!("{left} of {limit} left"),
        (Some(left), None) => format!("{left} left"),
        (None, Some(limit)) => format!("a limit of {limit}"),
        (None, None) => return None,
    };
    if let Some(window) = quota.window {
        words.push_str(&format!(" in {window} s"));
    }
    Some(match &quota.name {
        Some(name) => format!("{name}: {words}"),
        None => words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_with_the_time_to_wait_and_what_is_left() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::http(&mut trace).status = Some(429);
        assert!(sample::of(&RULE, &trace)[0].title.ends_with("does not say how long to wait"));
        sample::field(&mut trace, "retry-after", "120");
        sample::field(&mut trace, "ratelimit-limit", "100;w=60");
        sample::field(&mut trace, "ratelimit-remaining", "0");
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(finding.title.ends_with("asks to wait 120 s; 0 of 100 left in 60 s"), "{}", finding.title);
        assert_eq!(finding.evidence.len(), 4);
    }

    #[test]
    fn a_moment_that_is_over_is_no_time_to_wait() {
        for value in ["Wed, 21 Oct 2015 07:28:00 GMT", "0"] {
            let mut trace = sample::sound();
            sample::http(&mut trace).status = Some(429);
            sample::field(&mut trace, "retry-after", value);
            let finding = sample::of(&RULE, &trace).remove(0);
            assert!(
                finding.title.ends_with(&format!("its Retry-After ({value}) asks for no wait")),
                "{}",
                finding.title
            );
            assert_eq!(finding.advice, "wait, then send requests more slowly");
        }
    }

    #[test]
    fn other_refusals_fire_where_they_say_that_it_is_for_a_limit() {
        for (status, name, value, count) in [
            (503, "retry-after", "5", 0),
            (403, "x-ratelimit-remaining", "0", 1),
            (403, "x-ratelimit-remaining", "1", 0),
            (200, "x-ratelimit-remaining", "0", 0),
            (400, "x-amzn-errortype", "ThrottlingException", 1),
            (400, "x-amzn-errortype", "ValidationException", 0),
        ] {
            let mut trace = sample::sound();
            sample::http(&mut trace).status = Some(status);
            sample::field(&mut trace, name, value);
            assert_eq!(sample::of(&RULE, &trace).len(), count, "{status} {name}: {value}");
        }
    }
}
