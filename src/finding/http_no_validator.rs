//! A page that no client can ask about whether its copy is still good.

use super::found::{Finding, Load, Saving, Severity};
use super::kept::{document, is_stream};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{StageName, Trace, directive, header};

pub(super) const RULE: Rule = Rule {
    id: "http-no-validator",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "a 200 to a GET whose length was known beforehand and that may be kept has neither ETag nor Last-Modified",
    standard: "RFC 9110 section 8.8",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = document(trace) else { return Vec::new() };
    let has = |name: &str| header(&http.headers, name).is_some();
    // What is made while it is sent has no tag that could stand before it.
    let made_before = has("content-length") && http.body.encoded_bytes > 0 && !is_stream(http);
    let kept = directive(&http.headers, "cache-control", "no-store").is_none();
    if has("etag") || has("last-modified") || !made_before || !kept {
        return Vec::new();
    }
    let title = "the page has no ETag and no Last-Modified: an old copy has to be fetched anew".to_owned();
    let evidence =
        vec![Place::Request(hop.id, InRequest::Status), Place::Request(hop.id, InRequest::WireBytes)];
    let mut finding =
        rule.finding(title, evidence, "send an ETag, and answer 304 where it comes back unchanged");
    if let Some(first) = http.first_byte {
        finding.saving = Saving::derived_at(
            &[(first, http.end)],
            "on visits with a copy that is too old and still the same",
            Load::Repeat,
        );
    }
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_a_page_without_either_and_not_where_there_can_be_none() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::unset(&mut trace, "etag");
        let finding = sample::of(&RULE, &trace).remove(0);
        assert_eq!(finding.saving.unwrap().amount.as_millis(), 1, "the body's time, and no more");
        let near = |bend: &dyn Fn(&mut Trace)| {
            let mut trace = trace.clone();
            bend(&mut trace);
            sample::of(&RULE, &trace).is_empty()
        };
        assert!(near(&|trace| sample::field(trace, "last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")));
        assert!(near(&|trace| sample::field(trace, "cache-control", "no-store")));
        assert!(near(&|trace| sample::unset(trace, "content-length")), "made while it is sent");
        assert!(near(&|trace| sample::http(trace).body.encoded_bytes = 0));
        assert!(near(&|trace| sample::http(trace).status = Some(301)));
        assert!(near(&|trace| sample::http(trace).status = Some(500)));
        assert!(near(&|trace| sample::http(trace).request.method = "POST".into()));
    }
}
