//! The server says that this is not to be used any more.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::{habits, spoken};
use crate::trace::{StageName, Trace, position};

pub(super) const RULE: Rule = Rule {
    id: "http-api-deprecated",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "the response says that what was asked for is deprecated, or when it will be switched off (Deprecation, Sunset)",
    standard: "RFC 9745 section 2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = trace.hops().next_back().and_then(|hop| Some((hop, hop.http.ran()?))) else {
        return Vec::new();
    };
    let habits = habits(&http.headers);
    let mut words = Vec::new();
    words.extend(habits.deprecated.map(|it| match it.at {
        Some(at) => format!("is deprecated by {}", spoken(at)),
        None => "is deprecated".to_owned(),
    }));
    words.extend(habits.sunset.map(|at| format!("will be switched off on {}", spoken(at))));
    if words.is_empty() {
        return Vec::new();
    }
    let named = |name| position(&http.headers, name);
    let evidence = ["deprecation", "sunset"].into_iter().filter_map(named);
    let evidence = evidence.map(|index| Place::Request(hop.id, InRequest::Header(index))).collect();
    let title = format!("what was asked for of {} {}", hop.url.host_ascii, words.join(", and "));
    vec![rule.finding(title, evidence, "see in the service's documentation what takes its place")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_what_the_server_says_of_its_end() {
        for (name, value, says) in [
            ("deprecation", "@1688169599", Some("is deprecated by 2023-06-30T23:59:59Z")),
            ("deprecation", "true", Some("is deprecated")),
            ("sunset", "Wed, 06 Nov 2024 10:42:57 GMT", Some("switched off on 2024-11-06T10:42:57Z")),
            ("deprecation", "maybe", None),
            ("sunset", "soon", None),
        ] {
            let mut trace = sample::sound();
            sample::field(&mut trace, name, value);
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), usize::from(says.is_some()), "{value}");
            assert!(findings.iter().all(|it| it.title.ends_with(says.unwrap())), "{findings:?}");
        }
    }
}
