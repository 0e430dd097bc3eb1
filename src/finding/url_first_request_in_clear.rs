//! The URL says http, and the site answers over https: the first request went in the clear.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{AddressKind, Scheme, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "url-first-request-in-clear",
    severity: Severity::Info,
    stage: StageName::Url,
    fires: "the URL was typed with http, was asked for in the clear, and a redirect that was followed led to https",
    standard: "RFC 6797 section 2.3.1",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(first) = trace.hops().next() else { return Vec::new() };
    let redirect = first.http.ran().and_then(|http| http.redirect.as_ref());
    let to_https = redirect.is_some_and(|redirect| {
        redirect.followed && redirect.target.as_ref().is_some_and(|target| target.starts_with("https:"))
    });
    let local =
        first.url.host.is_this_machine() || first.url.host.address().and_then(AddressKind::of).is_some();
    if first.url.scheme != Scheme::Http || first.url.scheme_assumed || local || !to_https {
        return Vec::new();
    }
    let title = format!(
        "the URL says http: the first request to {} went in the clear, and could have been answered by anybody \
         on the way",
        first.url.host_ascii
    );
    let evidence = vec![
        Place::Request(first.id, InRequest::Scheme),
        Place::Request(first.id, InRequest::RedirectTarget),
    ];
    vec![rule.finding(
        title,
        evidence,
        "write https in links; HSTS and its preload list do it for what is typed",
    )]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_redirect_to_https_and_not_on_a_page_over_http_or_https() {
        let mut trace = sample::redirects();
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        trace.requests[0].url.scheme_assumed = true;
        assert!(sample::of(&RULE, &trace).is_empty(), "nobody typed it");
        trace.requests[0].url.scheme_assumed = false;
        let redirect = |trace: &mut Trace, target: &str| {
            sample::http(trace).redirect.as_mut().unwrap().target = Some(target.into());
        };
        redirect(&mut trace, "http://www.shop.test/");
        assert!(sample::of(&RULE, &trace).is_empty());
        assert!(sample::of(&RULE, &sample::sound()).is_empty());
    }
}
