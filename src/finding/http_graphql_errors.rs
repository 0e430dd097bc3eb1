//! The status says that all is well, and the body that it is not.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{StageName, Trace};
use crate::units::count;

pub(super) const RULE: Rule = Rule {
    id: "http-graphql-errors",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "the status is 2xx and the beginning of the body has errors of GraphQL",
    standard: "RFC 9110 section 15.3",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = trace.hops().next_back().and_then(|hop| Some((hop, hop.http.ran()?))) else {
        return Vec::new();
    };
    let (Some(status @ 200..=299), Some(errors)) = (http.status, &http.body.said.graphql) else {
        return Vec::new();
    };
    let title = format!("{status} with {} of GraphQL: `{}`", count(errors.count, "error"), errors.first);
    let evidence =
        vec![Place::Request(hop.id, InRequest::GraphQlErrors), Place::Request(hop.id, InRequest::Status)];
    let advice = "a monitor has to look into the body: the status alone says that all is well";
    vec![rule.finding(title, evidence, advice)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::GraphQlErrors;

    #[test]
    fn fires_on_a_success_with_errors_inside() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let errors = GraphQlErrors { count: 2, first: "no such field".to_owned() };
        sample::http(&mut trace).body.said.graphql = Some(errors);
        assert!(sample::of(&RULE, &trace)[0].title.starts_with("200 with 2 errors of GraphQL"));
        sample::http(&mut trace).status = Some(400);
        assert!(sample::of(&RULE, &trace).is_empty(), "the status says it");
    }
}
