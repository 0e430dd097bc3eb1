//! A user name or a password stands in the URL.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "url-credentials",
    severity: Severity::Warning,
    stage: StageName::Url,
    fires: "the URL has user information: a user name or a password before an @",
    standard: "RFC 9110 section 4.2.4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let of = |place| Place::Request(hop.id, place);
        let (what, evidence) = match (&hop.url.username, &hop.url.password) {
            (Some(_), Some(_)) => {
                ("a user name and a password", vec![InRequest::Username, InRequest::Password])
            }
            (None, Some(_)) => ("a password", vec![InRequest::Password]),
            (Some(_), None) => ("a user name", vec![InRequest::Username]),
            (None, None) => continue,
        };
        let title =
            format!("the URL for {} has {what} in it: histories and logs keep them", hop.url.host_ascii);
        findings.push(rule.finding(
            title,
            evidence.into_iter().map(of).collect(),
            "send credentials in a field: -u asks for them and keeps them out of the URL",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_user_information_without_repeating_it() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        for (typed, what) in [
            ("https://ann:hunter2@www.example.test/", "a user name and a password"),
            ("https://ann@www.example.test/", "a user name in it"),
            ("https://:hunter2@www.example.test/", "has a password in it"),
        ] {
            trace.requests[0].url = crate::url::parse(typed).unwrap();
            let findings = sample::of(&RULE, &trace);
            let title = &findings[0].title;
            assert!(title.contains(what) && !title.contains("ann") && !title.contains("hunter"), "{title}");
        }
        for typed in ["https://@www.example.test/", "https://www.example.test/@ann:x"] {
            trace.requests[0].url = crate::url::parse(typed).unwrap();
            assert!(sample::of(&RULE, &trace).is_empty(), "{typed}");
        }
    }
}
