//! A response sets a cookie that browsers do not take.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::security;
use crate::trace::{Hop, StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-cookie-refused",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "a cookie has SameSite=None without Secure, or a name of __Secure- or __Host- without what that promises",
    standard: "draft-ietf-httpbis-rfc6265bis section 5.7",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    trace.hops().filter_map(|hop| of_hop(rule, &hop)).collect()
}

fn of_hop(rule: &Rule, hop: &Hop<'_>) -> Option<Finding> {
    let said = security(&hop.http.ran()?.headers);
    let refused: Vec<_> = said.cookies.iter().filter_map(|cookie| Some((cookie, cookie.refused?))).collect();
    let ((first, why), more) = (refused.first()?, refused.len() - 1);
    let others = if more == 0 { String::new() } else { format!(", and {more} more") };
    let title = format!(
        "browsers do not take the cookie {} that {} sets{others}: {}",
        first.name,
        hop.url.host_ascii,
        why.words()
    );
    let evidence =
        refused.iter().take(4).map(|(cookie, _)| Place::Request(hop.id, InRequest::Header(cookie.field)));
    let mut finding = rule.finding(
        title,
        evidence.collect(),
        "add what the rule wants, or drop SameSite=None or the prefix",
    );
    "whoever has to come back with it is a stranger each time; programs without these rules, curl among them, take it"
        .clone_into(&mut finding.detail);
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_what_browsers_refuse_and_on_nothing_else() {
        let mut trace = sample::sound();
        sample::field(&mut trace, "set-cookie", "id=s3cret; SameSite=None; Secure");
        assert_eq!(sample::of(&RULE, &trace), Vec::new());
        sample::field(&mut trace, "set-cookie", "id=s3cret; SameSite=None");
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(
            finding.title.contains("the cookie id that www.example.test sets: SameSite=None"),
            "{finding:?}"
        );
        assert!(!format!("{} {}", finding.title, finding.detail).contains("s3cret"));
    }
}
