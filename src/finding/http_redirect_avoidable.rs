//! A redirect was followed that a better link would have spared.

use super::found::{Finding, Saving, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{RedirectChange, StageName, Trace};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "http-redirect-avoidable",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "a redirect was followed",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let Some(http) = hop.http.ran() else { continue };
        let Some(redirect) = http.redirect.as_ref().filter(|redirect| redirect.followed) else { continue };
        let took = hop.end.since(hop.start);
        let target = redirect.target.as_deref().unwrap_or(&redirect.location);
        let changes: Vec<&str> = redirect.changes.iter().map(|change| change.as_str()).collect();
        let title = format!("the redirect to {target} ({}) cost {}", changes.join(", "), duration(took));
        let evidence =
            vec![Place::Request(hop.id, InRequest::RedirectTarget), Place::Request(hop.id, InRequest::Total)];
        let advice = if redirect.changes.contains(&RedirectChange::Scheme) {
            "link to the https address at once; HSTS preloading spares it for good"
        } else {
            "link to the final address at once"
        };
        let mut finding = rule.finding(title, evidence, advice);
        finding.saving = Saving::measured(took, "visitors who come by this address");
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::Redirect;

    #[test]
    fn fires_on_a_followed_redirect_with_the_whole_hop_as_its_cost() {
        let mut trace = sample::sound();
        let redirect = |followed| Redirect {
            location: "/b".into(),
            target: Some("https://www.example.test/b".into()),
            changes: vec![RedirectChange::Path],
            followed,
            next_method: None,
        };
        sample::http(&mut trace).redirect = Some(redirect(false));
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::http(&mut trace).redirect = Some(redirect(true));
        assert_eq!(sample::of(&RULE, &trace)[0].saving.as_ref().unwrap().amount.as_millis(), 67);
    }
}
