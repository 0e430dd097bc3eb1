//! A browser would keep the response from the page that asks for it, or would not send the request.

use super::found::{Finding, Severity};
use super::hops::hop_before;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::cors_refusal;
use crate::trace::{Hop, StageName, Trace, position};

pub(super) const RULE: Rule = Rule {
    id: "http-cors-refused",
    severity: Severity::Error,
    stage: StageName::Http,
    fires: "with --origin: a browser would keep the response from a page of that origin, or would not send the request after its preflight",
    standard: "WHATWG Fetch section 3.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    trace.hops().filter_map(|hop| of_hop(rule, trace, &hop)).collect()
}

fn of_hop(rule: &Rule, trace: &Trace, hop: &Hop<'_>) -> Option<Finding> {
    let (cors, http) = (hop.request.cors.as_ref()?, hop.http.ran()?);
    let why = cors.refusal()?;
    let (wrong, wanted) = cors_refusal(cors, why);
    let blocked =
        if cors.is_preflight() { "the request would not be sent" } else { "the response is kept from it" };
    let title = format!("{}a page of {} is refused: {wrong}", hop_before(trace, hop), cors.origin);
    let field = position(&http.headers, why.field());
    let mut evidence = vec![Place::Request(hop.id, InRequest::CorsAllowed)];
    evidence.extend(field.map(|index| Place::Request(hop.id, InRequest::Header(index))));
    evidence.push(Place::Request(hop.id, InRequest::Status));
    let advice = format!("if that page shall have it, the server has to send {wanted}");
    let mut finding = rule.finding(title, evidence, advice);
    finding.detail = format!("in a browser {blocked}; programs without one are not held to it");
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Cors, CorsCredentials, CorsRefusal, CorsRole, CorsVerdict};

    #[test]
    fn fires_where_a_browser_would_block() {
        let mut trace = sample::sound();
        assert_eq!(sample::of(&RULE, &trace), Vec::new());
        let with = |role, verdict| Cors {
            origin: "https://app.example.test".to_owned(),
            role,
            credentials: CorsCredentials::Omitted,
            verdict: Some(verdict),
            kept: None,
            allowed_by: None,
        };
        trace.requests[0].cors = Some(with(CorsRole::Simple, CorsVerdict::Allowed));
        assert_eq!(sample::of(&RULE, &trace), Vec::new(), "allowed");
        trace.requests[0].cors = Some(with(CorsRole::Simple, CorsVerdict::Refused(CorsRefusal::NoOrigin)));
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(finding.title.contains("there is no Access-Control-Allow-Origin"), "{finding:?}");
        assert!(finding.detail.contains("kept from it"));
        let role = CorsRole::Preflight { method: "PUT".to_owned(), fields: Vec::new() };
        let refused = CorsVerdict::Refused(CorsRefusal::Method("PUT".to_owned()));
        trace.requests[0].cors = Some(with(role, refused));
        let finding = sample::of(&RULE, &trace).remove(0);
        assert!(finding.detail.contains("would not be sent"), "{finding:?}");
    }
}
