//! A server ended a connection that it had kept open, under a request: that had to be sent again.

use super::found::{Finding, Load, Saving, Severity};
use super::http_stream_refused;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{Hop, StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "http-connection-closed",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "a server ended a kept connection before it answered, and the request was sent again",
    standard: "RFC 9112 section 9.5",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for dead in trace.hops().filter(|hop| hop.request.waited.is_none()).filter_map(|hop| hop.retry_of) {
        // One that was answered is repeated for what the answer says.
        let unanswered = |hop: &Hop<'_>| {
            hop.http.ran().is_none_or(|http| http.status.is_none() && !http_stream_refused::is_refused(http))
        };
        let Some(hop) = trace.hops().nth(dead.0).filter(unanswered) else { continue };
        let took = hop.end.since(hop.start);
        let title = format!(
            "{} ended the connection it had kept open before it answered; the request was sent again after {}",
            hop.url.host_ascii,
            duration(took)
        );
        let evidence = vec![Place::Request(dead, InRequest::Failure), Place::Request(dead, InRequest::Total)];
        let advice =
            "a server that ends a connection says so with its last response: Connection: close, or GOAWAY";
        let mut finding = rule.finding(title, evidence, advice);
        finding.detail =
            "any server may end an idle connection at any time (RFC 9112 section 9.5, RFC 9113 section 9.1)"
                .to_owned();
        finding.saving = Saving::measured(took, "on requests that come by a kept connection", Load::This);
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Failure, FailureCode, RequestId, Unanswered};

    #[test]
    fn fires_on_a_request_that_was_sent_again_with_the_first_as_its_cost() {
        let mut trace = sample::sound();
        let again = trace.requests[0].clone();
        trace.requests.push(again);
        assert!(sample::of(&RULE, &trace).is_empty(), "a redirect is none");
        trace.requests[0].failure = Some(Failure {
            stage: StageName::Http,
            code: FailureCode::EmptyResponse,
            message: "the server closed the connection".into(),
            hint: None,
            running: std::time::Duration::ZERO,
        });
        trace.requests[1].retry_of = Some(RequestId(0));
        assert!(sample::of(&RULE, &trace).is_empty(), "it was answered: 417 is repeated, too");
        sample::http(&mut trace).status = None;
        sample::http(&mut trace).unanswered = Some(Unanswered::Refused);
        assert!(sample::of(&RULE, &trace).is_empty(), "the server said why: that is another finding");
        sample::http(&mut trace).unanswered = Some(Unanswered::Unknown);
        let findings = sample::of(&RULE, &trace);
        assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 67);
        assert_eq!(trace.redirects(), 0);
    }
}
