//! Strict-Transport-Security that browsers forget soon.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::hsts::{Policy, contacts, is_covered};
use crate::trace::{StageName, Trace, position};
use crate::units::count;

pub(super) const RULE: Rule = Rule {
    id: "http-hsts-weak",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "the max-age of Strict-Transport-Security is shorter than a year (31536000 s)",
    standard: "RFC 6797 section 6.1.1",
    check: Check::Trace(check),
};

/// A year of 365 days: what the lists of preloaded hosts ask for.
const YEAR: u64 = 31_536_000;
const DAY: u64 = 86_400;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let contacts = contacts(trace);
    let mut findings = Vec::new();
    for contact in &contacts {
        let host = &contact.hop.url.host_ascii;
        let Policy::Kept { seconds: age @ ..YEAR, .. } = contact.policy else { continue };
        if is_covered(host, &contacts) {
            continue;
        }
        let index = position(&contact.http.headers, "strict-transport-security").unwrap_or_default();
        let days = usize::try_from(age / DAY).unwrap_or_default();
        let (title, advice) = match age {
            0 => (
                format!("{host} tells browsers to forget that it is for https only (max-age=0)"),
                "leave it so only while https is being switched off",
            ),
            _ => (
                format!(
                    "{host} asks browsers to come by https only for {}, which is less than a year",
                    if days == 0 { format!("{age} s") } else { count(days, "day") }
                ),
                "once all works by https, raise the max-age to 31536000 (a year)",
            ),
        };
        let evidence = vec![Place::Request(contact.hop.id, InRequest::Header(index))];
        let mut finding = rule.finding(title, evidence, advice);
        "who has not come for longer goes by http first again; a short time is right while it is being tried out"
            .clone_into(&mut finding.detail);
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_below_a_year() {
        for (value, says) in [
            ("max-age=31536000", None),
            ("max-age=\"63072000\"; includeSubDomains; preload", None),
            ("max-age=31535999", Some("for 364 days")),
            ("includeSubDomains;max-age=300", Some("for 300 s")),
            ("max-age=0", Some("forget")),
            ("max-age=soon", None),
            ("max-age=300; max-age=600", None),
            ("max-age=300 includeSubDomains", None),
        ] {
            let mut trace = sample::sound();
            sample::field(&mut trace, "strict-transport-security", value);
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), usize::from(says.is_some()), "{value}");
            assert!(findings.iter().all(|it| it.title.contains(says.unwrap())), "{value}: {findings:?}");
        }
    }
}
