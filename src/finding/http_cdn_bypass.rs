//! A cache in front of the server does not keep the page.

use super::found::{Finding, Severity};
use super::kept::{Did, barred, document, lifetime, said};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{Http, StageName, Trace, header};

pub(super) const RULE: Rule = Rule {
    id: "http-cdn-bypass",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "a cache in front of the server says that it does not keep the page (DYNAMIC, BYPASS, PASS); info where the page itself does not ask to be kept",
    standard: "RFC 9211 section 2.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = document(trace) else { return Vec::new() };
    let Some(said) = said(http).filter(|said| said.did == Did::Bypass) else { return Vec::new() };
    let why = why(http);
    let title = format!(
        "the cache in front of {} does not keep this page ({}){}",
        hop.url.host_ascii,
        said.words,
        why.map_or_else(String::new, |why| format!(": {why}"))
    );
    let evidence = vec![Place::Request(hop.id, InRequest::Header(said.index))];
    let advice = "a page that is the same for everybody needs a rule at the cache that keeps it";
    let mut finding = rule.finding(title, evidence, advice);
    "right for pages made for one visitor; for others each visit goes all the way to the server"
        .clone_into(&mut finding.detail);
    let asks_to_be_kept = lifetime(http).is_some_and(|seconds| seconds > 0);
    if why.is_some() || !asks_to_be_kept {
        finding.severity = Severity::Info;
    }
    vec![finding]
}

/// Why a cache would not keep it, as far as that is seen (RFC 9111 §3).
fn why(http: &Http) -> Option<&'static str> {
    match barred(http) {
        Some("no-store") => return Some("its Cache-Control says no-store"),
        Some("private") => return Some("its Cache-Control says private"),
        Some(_) => return Some("its Cache-Control says no-cache"),
        None => {}
    }
    if header(&http.headers, "set-cookie").is_some() {
        Some("it sets a cookie")
    } else if header(&http.request.headers, "authorization").is_some() {
        Some("the request had credentials (Authorization)")
    } else if header(&http.request.headers, "cookie").is_some() {
        Some("the request had a cookie")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_with_its_reason_and_is_a_hint_where_nobody_asked_for_keeping() {
        let mut trace = sample::sound();
        sample::field(&mut trace, "cf-cache-status", "MISS");
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::field(&mut trace, "cf-cache-status", "DYNAMIC");
        assert_eq!(sample::of(&RULE, &trace)[0].severity, Severity::Notice, "it says max-age");
        for (name, value, says) in [
            ("set-cookie", "a=1", "it sets a cookie"),
            ("cache-control", "private", "says private"),
            ("cache-control", "public", "DYNAMIC)"),
        ] {
            let mut near = trace.clone();
            sample::field(&mut near, name, value);
            let finding = sample::of(&RULE, &near).remove(0);
            assert_eq!(finding.severity, Severity::Info, "{value}");
            assert!(finding.title.ends_with(says), "{}", finding.title);
        }
    }
}
