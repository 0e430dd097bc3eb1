//! An attempt failed, and one of the next went well: what is wrong is wrong at times.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{Hop, StageName, Trace, Transient};
use crate::units::{count, duration};

pub(super) const RULE: Rule = Rule {
    id: "http-failure-passed",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "with --retry, an attempt came to a transient error, and a later one was answered well",
    standard: "RFC 9110 section 15.6.4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for last in trace.hops() {
        let well = last.http.ran().and_then(|http| http.status).is_some_and(|status| status < 400);
        if trace.is_repeated(last.id) || !well || last.failure.is_some() {
            continue;
        }
        let failed = attempts_before(trace, &last);
        let Some(first) = failed.last() else { continue };
        let causes: Vec<String> = failed.iter().rev().map(|attempt| attempt.cause.clone()).collect();
        let title = format!(
            "{} failed first ({}): {} answered after {}",
            count(failed.len(), "attempt"),
            causes.join(", "),
            last.url.host_ascii,
            duration(last.request.waited.map_or(last.start, |waited| waited.end).since(first.hop.start))
        );
        let mut evidence: Vec<Place> = failed.iter().rev().map(|attempt| attempt.place).collect();
        evidence.push(Place::Request(last.id, InRequest::Status));
        let mut finding = rule.finding(title, evidence, ADVICE);
        finding.detail =
            "who does not ask once more sees the error: browsers do not, and neither do most programs"
                .to_owned();
        findings.push(finding);
    }
    findings
}

const ADVICE: &str = "look at the server, and whatever stands before it, for overload, a deployment or one ill \
                      instance of several at that time";

/// An attempt that failed.
struct Attempt<'t> {
    hop: Hop<'t>,
    cause: String,
    place: Place,
}

/// The attempts that a hop repeats after a wait, the latest first.
fn attempts_before<'t>(trace: &'t Trace, hop: &Hop<'t>) -> Vec<Attempt<'t>> {
    let mut all = Vec::new();
    let mut hop = *hop;
    while let (Some(waited), Some(before)) = (hop.request.waited, hop.retry_of) {
        let Some(earlier) = trace.hops().nth(before.0) else { break };
        let (cause, place) = match waited.cause {
            Transient::Status(status) => (status.to_string(), InRequest::Status),
            Transient::Timeout => ("time-out".to_owned(), InRequest::Failure),
            Transient::Refused => ("refused".to_owned(), InRequest::Failure),
        };
        all.push(Attempt { hop: earlier, cause, place: Place::Request(before, place) });
        hop = earlier;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{RequestId, RetryWait, WaitRule};

    #[test]
    fn fires_where_a_later_attempt_is_answered_well_and_only_there() {
        let mut trace = sample::sound();
        let mut again = trace.requests[0].clone();
        again.retry_of = Some(RequestId(0));
        again.waited =
            Some(RetryWait { cause: Transient::Status(503), rule: WaitRule::Backoff, end: again.start });
        trace.requests.push(again);
        trace.requests[0].http.ran_mut().unwrap().status = Some(503);
        let findings = sample::of(&RULE, &trace);
        assert!(findings[0].title.starts_with("1 attempt failed first (503): "), "{}", findings[0].title);
        let last = trace.requests[1].http.ran_mut().unwrap();
        last.status = Some(503);
        assert!(sample::of(&RULE, &trace).is_empty(), "it has not passed");
        trace.requests[1].http.ran_mut().unwrap().status = Some(200);
        trace.requests[1].waited = None;
        assert!(sample::of(&RULE, &trace).is_empty(), "a kept connection ended: nobody failed");
    }
}
