//! A redirect from https back to http.

use super::found::{Finding, Severity};
use super::hops::{hop_before, host_of};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{Scheme, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-redirect-downgrade",
    severity: Severity::Error,
    stage: StageName::Http,
    fires: "a response over https redirects to http",
    standard: "RFC 9110 section 15.4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops().filter(|hop| hop.url.scheme == Scheme::Https) {
        let redirect = hop.http.ran().and_then(|http| http.redirect.as_ref());
        let target = redirect.and_then(|redirect| redirect.target.as_deref());
        let down = target.is_some_and(|target| target.starts_with("http:"));
        // A program on this machine takes the answer of a login there (RFC 8252 §7.3).
        if !down || target.is_some_and(|target| host_of(target).is_this_machine()) {
            continue;
        }
        let place = hop_before(trace, &hop);
        let title = format!("{place}{} redirects from https to http, in the clear", hop.url.host_ascii);
        let evidence = vec![
            Place::Request(hop.id, InRequest::Scheme),
            Place::Request(hop.id, InRequest::RedirectTarget),
        ];
        let advice = "redirect to an https address; often the application behind a proxy does not know that it is \
                      reached by https (X-Forwarded-Proto)";
        let mut finding = rule.finding(title, evidence, advice);
        "whoever sits on the way can read and change what follows".clone_into(&mut finding.detail);
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{check, sample, verdict};

    #[test]
    fn fires_on_the_way_down_and_leaves_the_verdict_alone() {
        let mut trace = sample::redirects();
        assert!(sample::of(&RULE, &trace).is_empty(), "the way up");
        let second = trace.requests[1].http.ran_mut().unwrap();
        second.redirect.as_mut().unwrap().target = Some("http://www.shop.test/".into());
        assert!(sample::of(&RULE, &trace)[0].title.starts_with("hop 2: shop.test redirects from https"));
        let mut native = trace.clone();
        let second = native.requests[1].http.ran_mut().unwrap();
        second.redirect.as_mut().unwrap().target = Some("http://127.0.0.1:51004/callback?x".into());
        assert!(sample::of(&RULE, &native).is_empty(), "a program on this machine");
        let findings = check(&trace);
        assert_eq!(findings[0].id, RULE.id);
        let (with, without) = (verdict(&trace, &findings), verdict(&trace, &[]));
        assert_eq!(with.culprit.cause, without.culprit.cause);
    }
}
