//! Which findings are reported, and which of them end the process with a code of their own.

use super::aliases::{aliases, failure_aliases};
use super::check::RULES;
use super::found::{Finding, Severity};
use crate::nearest::nearest;
use crate::trace::{Failure, FailureCode};

/// What `--only`, `--ignore` and `--fail-on` say. By default everything is reported and nothing fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The only rules that are reported; all where this is empty. A failure is told in any case.
    pub only: Vec<Named>,
    /// Rules that are not reported.
    pub ignore: Vec<Named>,
    /// What must not be found.
    pub fail_on: Vec<Forbidden>,
}

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// What this rule finds.
    Rule(&'static str),
    /// This way to fail.
    Failure(FailureCode),
}

/// What must not be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// Anything of this severity or a worse one.
    Severity(Severity),
    /// This alone.
    Named(Named),
}

/// A word that is neither a rule's id nor an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The word that may have been meant.
    pub nearest: Option<&'static str>,
}

impl Selection {
    /// Takes out what is not to be reported.
    pub fn apply(&self, findings: &mut Vec<Finding>) {
        findings.retain(|finding| {
            let rule = Named::Rule(finding.id);
            (self.only.is_empty() || self.only.contains(&rule)) && !self.ignore.contains(&rule)
        });
    }

    /// Whether one of these findings, or how the run has failed, must not be.
    #[must_use]
    pub fn forbids(&self, findings: &[Finding], failure: Option<&Failure>) -> bool {
        self.fail_on.iter().any(|forbidden| match forbidden {
            Forbidden::Severity(least) => findings.iter().any(|finding| finding.severity <= *least),
            Forbidden::Named(Named::Rule(id)) => findings.iter().any(|finding| finding.id == *id),
            Forbidden::Named(Named::Failure(code)) => failure.is_some_and(|failure| failure.code == *code),
        })
    }
}

/// What a word stands for, in any case: a rule by its id or an alias, a failure by its alias.
///
/// # Errors
/// The word is neither.
pub fn named(word: &str) -> Result<Vec<Named>, Unknown> {
    let ids = || RULES.iter().map(|rule| rule.id);
    let is_meant = |name: &str| name.eq_ignore_ascii_case(word);
    if let Some(id) = ids().find(|id| is_meant(id)) {
        return Ok(vec![Named::Rule(id)]);
    }
    let rules = aliases().iter().filter(|(alias, _)| is_meant(alias)).flat_map(|(_, ids)| *ids);
    let codes = failure_aliases().iter().filter(|(alias, _)| is_meant(alias)).flat_map(|(_, codes)| *codes);
    let all: Vec<_> = rules.copied().map(Named::Rule).chain(codes.copied().map(Named::Failure)).collect();
    if !all.is_empty() {
        return Ok(all);
    }
    let others = aliases().iter().map(|(alias, _)| *alias);
    let failures = failure_aliases().iter().map(|(alias, _)| *alias);
    Err(Unknown { nearest: nearest(word, ids().chain(others).chain(failures)) })
}

/// What a word of `--fail-on` forbids: a severity and all that is worse, or rules.
///
/// # Errors
/// The word is neither.
pub fn forbidden(word: &str) -> Result<Vec<Forbidden>, Unknown> {
    let severity = Severity::ALL.iter().find(|severity| severity.as_str().eq_ignore_ascii_case(word));
    match severity {
        Some(severity) => Ok(vec![Forbidden::Severity(*severity)]),
        None => match named(word) {
            Ok(named) => Ok(named.into_iter().map(Forbidden::Named).collect()),
            Err(unknown) => {
                let severities = Severity::ALL.iter().map(|severity| severity.as_str());
                Err(Unknown { nearest: nearest(word, severities).or(unknown.nearest) })
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{check, sample};
    use crate::trace::StageName;

    #[test]
    fn ids_aliases_and_severities_are_understood_and_slips_told() {
        assert_eq!(named("HTTP-5xx"), Ok(vec![Named::Rule("http-status-error")]));
        assert_eq!(named("dns-lame-ns").unwrap().len(), 2);
        assert_eq!(named("http-redirect-loop").unwrap().len(), 2, "a rule and a failure");
        assert_eq!(named("TCP-refused"), Ok(vec![Named::Failure(FailureCode::ConnectionRefused)]));
        assert_eq!(named("dns-dnssec-bogos"), Err(Unknown { nearest: Some("dns-dnssec-bogus") }));
        assert_eq!(named("dns-nxdomian"), Err(Unknown { nearest: Some("dns-nxdomain") }));
        assert_eq!(named("shoe"), Err(Unknown { nearest: None }));
        assert_eq!(forbidden("Warning"), Ok(vec![Forbidden::Severity(Severity::Warning)]));
        assert_eq!(forbidden("waring"), Err(Unknown { nearest: Some("warning") }));
        assert_eq!(forbidden("http-4xx"), Ok(vec![Forbidden::Named(Named::Rule("http-status-error"))]));
    }

    #[test]
    fn a_severity_forbids_what_is_worse_and_nothing_that_is_ignored() {
        let mut trace = sample::sound();
        sample::http(&mut trace).status = Some(503);
        let findings = check(&trace);
        let of = |word| Selection { fail_on: forbidden(word).unwrap(), ..Selection::default() };
        for (word, fails) in [
            ("critical", false),
            ("error", true),
            ("warning", true),
            ("http-5xx", true),
            ("url-plain-http", false),
        ] {
            assert_eq!(of(word).forbids(&findings, None), fails, "{word}");
        }
        let ignoring = Selection { ignore: named("http-5xx").unwrap(), ..of("error") };
        let mut left = findings.clone();
        ignoring.apply(&mut left);
        assert!(!ignoring.forbids(&left, None) && left.is_empty());
        let only = Selection { only: vec![Named::Rule("tls-version-old")], ..Selection::default() };
        let mut left = findings;
        only.apply(&mut left);
        assert!(left.is_empty());
    }
    #[test]
    fn an_alias_of_a_failure_matches_it_and_no_finding() {
        let refused = |code| Failure {
            stage: StageName::Tcp,
            code,
            message: String::new(),
            hint: None,
            running: std::time::Duration::ZERO,
        };
        let selection = Selection { fail_on: forbidden("tcp-refused").unwrap(), ..Selection::default() };
        assert!(selection.forbids(&[], Some(&refused(FailureCode::ConnectionRefused))));
        assert!(!selection.forbids(&[], Some(&refused(FailureCode::ConnectTimeout))));
        let mut trace = sample::sound();
        sample::http(&mut trace).status = Some(503);
        let mut findings = check(&trace);
        assert!(!selection.forbids(&findings, None));
        Selection { ignore: named("tcp-refused").unwrap(), ..Selection::default() }.apply(&mut findings);
        assert_eq!(findings.len(), 1, "what is not ignored is told");
        Selection { only: named("tcp-refused").unwrap(), ..Selection::default() }.apply(&mut findings);
        assert!(findings.is_empty(), "nothing else is reported");
    }
}
