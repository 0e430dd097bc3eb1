//! Which findings are reported, and which of them end the process with a code of their own.

use super::aliases::aliases;
use super::check::RULES;
use super::found::{Finding, Severity};
use crate::nearest::nearest;

/// What `--only`, `--ignore` and `--fail-on` say. By default everything is reported and nothing fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The only rules that are reported; all where this is empty.
    pub only: Vec<&'static str>,
    /// Rules that are not reported.
    pub ignore: Vec<&'static str>,
    /// What must not be found.
    pub fail_on: Vec<Forbidden>,
}

/// What must not be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// Anything of this severity or a worse one.
    Severity(Severity),
    /// What this rule finds.
    Rule(&'static str),
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
            let wanted = self.only.is_empty() || self.only.contains(&finding.id);
            wanted && !self.ignore.contains(&finding.id)
        });
    }

    /// Whether one of these findings must not be.
    #[must_use]
    pub fn forbids(&self, findings: &[Finding]) -> bool {
        findings.iter().any(|finding| {
            self.fail_on.iter().any(|forbidden| match forbidden {
                Forbidden::Severity(least) => finding.severity <= *least,
                Forbidden::Rule(id) => finding.id == *id,
            })
        })
    }
}

/// The ids of the rules that a word stands for: an id or an alias, in any case.
///
/// # Errors
/// The word is neither.
pub fn rules_named(word: &str) -> Result<Vec<&'static str>, Unknown> {
    let ids = || RULES.iter().map(|rule| rule.id);
    if let Some(id) = ids().find(|id| id.eq_ignore_ascii_case(word)) {
        return Ok(vec![id]);
    }
    if let Some((_, ids)) = aliases().iter().find(|(alias, _)| alias.eq_ignore_ascii_case(word)) {
        return Ok(ids.to_vec());
    }
    Err(Unknown { nearest: nearest(word, ids().chain(aliases().iter().map(|(alias, _)| *alias))) })
}

/// What a word of `--fail-on` forbids: a severity and all that is worse, or rules.
///
/// # Errors
/// The word is neither.
pub fn forbidden(word: &str) -> Result<Vec<Forbidden>, Unknown> {
    let severity = Severity::ALL.iter().find(|severity| severity.as_str().eq_ignore_ascii_case(word));
    match severity {
        Some(severity) => Ok(vec![Forbidden::Severity(*severity)]),
        None => match rules_named(word) {
            Ok(ids) => Ok(ids.into_iter().map(Forbidden::Rule).collect()),
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

    #[test]
    fn ids_aliases_and_severities_are_understood_and_slips_told() {
        assert_eq!(rules_named("HTTP-5xx"), Ok(vec!["http-status-error"]));
        assert_eq!(rules_named("dns-lame-ns").unwrap().len(), 2);
        assert_eq!(rules_named("dns-dnssec-bogos"), Err(Unknown { nearest: Some("dns-dnssec-bogus") }));
        assert_eq!(rules_named("shoe"), Err(Unknown { nearest: None }));
        assert_eq!(forbidden("Warning"), Ok(vec![Forbidden::Severity(Severity::Warning)]));
        assert_eq!(forbidden("waring"), Err(Unknown { nearest: Some("warning") }));
        assert_eq!(forbidden("http-4xx"), Ok(vec![Forbidden::Rule("http-status-error")]));
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
            assert_eq!(of(word).forbids(&findings), fails, "{word}");
        }
        let ignoring = Selection { ignore: rules_named("http-5xx").unwrap(), ..of("error") };
        let mut left = findings.clone();
        ignoring.apply(&mut left);
        assert!(!ignoring.forbids(&left) && left.is_empty());
        let only = Selection { only: vec!["tls-version-old"], ..Selection::default() };
        let mut left = findings;
        only.apply(&mut left);
        assert!(left.is_empty());
    }
}
