//! A carriage return inside a header field: readers differ in what it is.

use super::found::{Finding, Severity};
use super::hops::hop_before;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{Header, Http, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-bare-return",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "a header field of a response by HTTP/1 has a carriage return inside it",
    standard: "RFC 9112 section 2.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let is_text = |http: &&Http| http.version.is_text();
        let Some(http) = hop.http.ran().filter(is_text) else { continue };
        let bare = |(_, field): &(usize, &Header)| field.is_readable() && field.has_bare_return();
        let found: Vec<(usize, &Header)> = http.headers.iter().enumerate().filter(bare).collect();
        let Some((_, first)) = found.first() else { continue };
        let others = if found.len() > 1 { " and others have" } else { " has" };
        let title = format!(
            "{}the field {}{others} a carriage return inside its value",
            hop_before(trace, &hop),
            first.name
        );
        let evidence = found.iter().map(|(at, _)| Place::Request(hop.id, InRequest::Header(*at))).collect();
        let mut finding = rule.finding(title, evidence, ADVICE);
        finding.detail = "it is read as a blank here, as RFC 9112 section 2.2 lets; other readers take it for the end of the line, \
                          so that another field begins there, or refuse the response"
            .to_owned();
        findings.push(finding);
    }
    findings
}

const ADVICE: &str = "take line ends out of what is put into fields: where a request can put one there, it can add fields of its own \
                      (response splitting)";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::HttpVersion;

    #[test]
    fn fires_on_a_carriage_return_in_a_field_and_not_on_a_line_that_is_none() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::http(&mut trace).headers.push(Header::unreadable(b"PHP\rWarning".to_vec()));
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::field(&mut trace, "x-from", "a\rSet-Cookie: b");
        sample::http(&mut trace).version = HttpVersion::Http2;
        assert!(sample::of(&RULE, &trace).is_empty(), "a breach of its own there");
        sample::http(&mut trace).version = HttpVersion::Http11;
        let findings = sample::of(&RULE, &trace);
        assert!(
            findings[0].title.contains("the field x-from has a carriage return"),
            "{}",
            findings[0].title
        );
        assert_eq!(findings[0].evidence.len(), 1);
    }
}
