//! The page was read over plain HTTP.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{Scheme, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "url-not-encrypted",
    severity: Severity::Notice,
    stage: StageName::Url,
    fires: "the last response came over http from a host that is not this machine, and did not lead to https",
    standard: "RFC 9110 section 4.2.1",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some(hop) = trace.hops().next_back() else { return Vec::new() };
    let Some(http) = hop.http.ran().filter(|http| http.status.is_some()) else { return Vec::new() };
    let to_https = http
        .redirect
        .as_ref()
        .and_then(|redirect| redirect.target.as_ref())
        .is_some_and(|target| target.starts_with("https:"));
    // Nothing was read there.
    let wants_credentials =
        http.status == Some(407) && hop.connection.is_some_and(|used| used.proxy.is_some());
    if !hop.url.scheme.is_clear() || to_https || wants_credentials || hop.url.host.is_this_machine() {
        return Vec::new();
    }
    let title =
        format!("{} was read in the clear: anybody on the way can read and change it", hop.url.host_ascii);
    let advice = match hop.url.scheme {
        Scheme::Grpc => "serve gRPC over TLS (grpcs://) wherever it leaves networks of its own",
        Scheme::Ws => "serve the WebSocket over TLS (wss://)",
        _ => "serve the page over https and redirect http to it",
    };
    vec![rule.finding(title, vec![Place::Request(hop.id, InRequest::Scheme)], advice)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::RedirectChange;

    #[test]
    fn fires_on_a_page_over_http_and_not_on_a_redirect_to_https_or_on_localhost() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        trace.requests[0].url = crate::url::parse("http://www.example.test/").unwrap();
        assert_eq!(sample::of(&RULE, &trace).len(), 1);
        let mut local = trace.clone();
        local.requests[0].url = crate::url::parse("http://localhost:8080/").unwrap();
        assert!(sample::of(&RULE, &local).is_empty());
        sample::http(&mut trace).redirect = Some(crate::trace::Redirect {
            location: "https://www.example.test/".into(),
            target: Some("https://www.example.test/".into()),
            changes: vec![RedirectChange::Scheme],
            followed: false,
            next_method: None,
        });
        assert!(sample::of(&RULE, &trace).is_empty());
    }
}
