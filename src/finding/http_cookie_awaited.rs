//! A redirect to the same URL that sets a cookie: the server waits for it to come back.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{RedirectChange, StageName, Trace, header};

pub(super) const RULE: Rule = Rule {
    id: "http-cookie-awaited",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "the last response redirects to its own URL and sets a cookie",
    standard: "RFC 6265 section 5.4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = trace.hops().next_back().and_then(|hop| Some((hop, hop.http.ran()?))) else {
        return Vec::new();
    };
    let same = http.redirect.as_ref().is_some_and(|redirect| redirect.changes == [RedirectChange::Same]);
    // Where cookies are kept it came back, and was not what the server waits for.
    if !same || http.cookies.is_some() || header(&http.headers, "set-cookie").is_none() {
        return Vec::new();
    }
    let title =
        format!("{} redirects to the same URL until the cookie it sets comes back", hop.url.host_ascii);
    let evidence = vec![Place::Request(hop.id, InRequest::RedirectTarget)];
    let mut finding =
        rule.finding(title, evidence, "--cookies keeps the cookies that responses set, as browsers do");
    finding.detail =
        "browsers keep cookies between two requests; here none is sent that was not given".to_owned();
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Header, Redirect};

    #[test]
    fn fires_on_the_same_url_with_a_cookie() {
        let mut trace = sample::sound();
        let http = sample::http(&mut trace);
        http.redirect = Some(Redirect {
            location: "/".into(),
            target: Some("https://www.example.test/".into()),
            changes: vec![RedirectChange::Same],
            followed: false,
            next_method: None,
        });
        assert!(sample::of(&RULE, &trace).is_empty());
        let cookie = Header { name: "Set-Cookie".into(), value: b"a=1".to_vec() };
        sample::http(&mut trace).headers.push(cookie);
        assert!(sample::of(&RULE, &trace)[0].title.contains("until the cookie"));
        sample::http(&mut trace).cookies = Some(Vec::new());
        assert!(sample::of(&RULE, &trace).is_empty(), "it was sent");
    }
}
