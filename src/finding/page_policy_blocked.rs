//! The page's own Content Security Policy blocks something that the page asks for.

use super::found::{Finding, Severity};
use super::listed::{MOST, names, those};
use super::place::{InResource, Place};
use super::rule::{Check, Rule};
use crate::trace::{Fate, Left, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "page-policy-blocked",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "with --page: a Content-Security-Policy of the page, by field or meta element, does not allow something that its own markup or stylesheets ask for",
    standard: "W3C CSP3 section 4.1.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let blocked = those(trace, |resource| resource.fate == Fate::Left(Left::Policy));
    let Some((_, first)) = blocked.first() else { return Vec::new() };
    let listed = names(&blocked, |resource| format!("`{}`", resource.url));
    let title = match blocked.len() {
        1 => format!("the page's own policy blocks something that it asks for: {listed}"),
        number => format!("the page's own policy blocks {number} resources that it asks for: {listed}"),
    };
    let evidence = blocked.iter().take(MOST).map(|(id, _)| Place::Resource(*id, InResource::Reason));
    let mut finding = rule.finding(
        title,
        evidence.collect(),
        "allow it in the directive, or take the reference away: a browser leaves it out and says so on its console",
    );
    if let Some(directive) = &first.note {
        finding.detail = format!("the first one is against `{directive}`");
    }
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_what_a_policy_blocks_alone() {
        let mut trace = sample::paged();
        assert!(sample::of(&RULE, &trace).is_empty());
        for (why, fires) in [(Left::Lazy, false), (Left::MixedContent, false), (Left::Policy, true)] {
            let resource = &mut trace.page.as_mut().unwrap().resources[2];
            (resource.fate, resource.note) = (Fate::Left(why), Some("img-src 'none'".to_owned()));
            let found = sample::of(&RULE, &trace);
            assert_eq!(!found.is_empty(), fires, "{why:?}");
            assert!(found.iter().all(|finding| finding.detail.contains("`img-src 'none'`")), "{found:?}");
        }
    }
}
