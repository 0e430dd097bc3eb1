//! A line of a response's head that is no field: some clients pass over it, others refuse the response.

use super::found::{Finding, Severity};
use super::hops::hop_before;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{Http, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-field-malformed",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "a line in the head of a response by HTTP/1 is not a header field",
    standard: "RFC 9112 section 5",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        // By HTTP/2 and HTTP/3 a head has no lines.
        let is_text = |http: &&Http| http.version.is_text();
        let Some(http) = hop.http.ran().filter(is_text) else { continue };
        let stray = |at: &usize| !http.headers[*at].is_readable();
        let lines: Vec<usize> = (0..http.headers.len()).filter(stray).collect();
        let what = match lines.len() {
            0 => continue,
            1 => "a line in the head of the response is not a header field".to_owned(),
            count => format!("{count} lines in the head of the response are not header fields"),
        };
        let evidence = lines.iter().map(|at| Place::Request(hop.id, InRequest::Header(*at))).collect();
        let mut finding = rule.finding(format!("{}{what}", hop_before(trace, &hop)), evidence, ADVICE);
        finding.detail =
            "it has no colon, or a name that is none; browsers and this program pass over it, and others refuse the \
             response: curl, Go and Node.js where the colon is missing (-v shows the line in its place)"
                .to_owned();
        findings.push(finding);
    }
    findings
}

const ADVICE: &str =
    "send nothing before the body that is no field: mostly it is a warning that a program prints too early";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Header, HttpVersion};

    #[test]
    fn fires_on_lines_that_are_no_fields() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::http(&mut trace).headers.push(Header::unreadable(b"PHP Warning".to_vec()));
        sample::http(&mut trace).version = HttpVersion::Http3;
        assert!(sample::of(&RULE, &trace).is_empty(), "no lines");
        sample::http(&mut trace).version = HttpVersion::Http11;
        let findings = sample::of(&RULE, &trace);
        assert!(findings[0].title.starts_with("a line in the head"), "{}", findings[0].title);
        assert_eq!(findings[0].evidence.len(), 1);
        sample::http(&mut trace).headers.push(Header::unreadable(b" in /x.php".to_vec()));
        let findings = sample::of(&RULE, &trace);
        assert!(findings[0].title.starts_with("2 lines in the head"), "{}", findings[0].title);
        assert_eq!(findings[0].evidence.len(), 2);
    }
}
