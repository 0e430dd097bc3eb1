//! A page that says nothing of how long it may be kept.

use super::found::{Finding, Load, Saving, Severity};
use super::kept::{document, has_policy, is_stream};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{StageName, Trace, header};

pub(super) const RULE: Rule = Rule {
    id: "http-no-cache-policy",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "a 200 to a GET without credentials has neither Cache-Control nor Expires",
    standard: "RFC 9111 section 4.2.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = document(trace) else { return Vec::new() };
    let personal = header(&http.request.headers, "authorization").is_some();
    if personal || has_policy(http) || is_stream(http) {
        return Vec::new();
    }
    let guess = if header(&http.headers, "last-modified").is_some() {
        "browsers guess, often a tenth of the time since Last-Modified"
    } else {
        "browsers guess, and most ask again each time"
    };
    let title = "the page does not say how long it may be kept (no Cache-Control, no Expires)".to_owned();
    let advice =
        "send Cache-Control: max-age with the seconds it may be old, or no-store where nobody may keep it";
    let mut finding = rule.finding(title, vec![Place::Request(hop.id, InRequest::Status)], advice);
    guess.clone_into(&mut finding.detail);
    finding.saving = Saving::modelled_at(
        &[(http.start, http.end)],
        "on visits while a copy is fresh, if the page may be kept at all",
        Load::Repeat,
    );
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Basis, sample};

    #[test]
    fn fires_on_a_page_that_says_nothing_and_not_on_errors_or_other_methods() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::unset(&mut trace, "cache-control");
        let finding = sample::of(&RULE, &trace).remove(0);
        let saving = finding.saving.unwrap();
        assert_eq!((saving.amount.as_millis(), saving.basis), (16, Basis::Modelled), "request to last byte");
        for name in ["expires", "pragma"] {
            let mut other = trace.clone();
            sample::field(&mut other, name, "0");
            assert!(sample::of(&RULE, &other).is_empty(), "{name}");
        }
        let mut other = trace.clone();
        sample::field(&mut other, "content-type", "text/event-stream");
        assert!(sample::of(&RULE, &other).is_empty());
        for (method, status) in [("POST", 200), ("HEAD", 200), ("GET", 404), ("GET", 302), ("GET", 204)] {
            let http = sample::http(&mut trace);
            (http.request.method, http.status) = (method.into(), Some(status));
            assert!(sample::of(&RULE, &trace).is_empty(), "{method} {status}");
        }
    }
}
