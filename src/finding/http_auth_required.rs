//! The server wants to know who asks: by a challenge, or by sending to where one logs in.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::reading::{challenges, flow};
use crate::trace::{Hop, Http, Scheme, StageName, Trace, position};

pub(super) const RULE: Rule = Rule {
    id: "http-auth-required",
    severity: Severity::Info,
    stage: StageName::Http,
    fires: "the last status is 401 with a challenge (warning: a password asked for in the clear), or a redirect leads to a login (OAuth 2.0, OpenID Connect, SAML, WS-Federation, CAS, an access proxy)",
    standard: "RFC 9110 section 11.6.1",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let challenge = trace.hops().next_back().and_then(|hop| {
        let http = hop.http.ran().filter(|http| http.status == Some(401))?;
        of_challenge(rule, &hop, http)
    });
    let mut hops = trace.hops();
    challenge.or_else(|| hops.find_map(|hop| of_redirect(rule, &hop))).into_iter().collect()
}

/// RFC 9110 §11.6.1.
fn of_challenge(rule: &Rule, hop: &Hop<'_>, http: &Http) -> Option<Finding> {
    let index = position(&http.headers, "www-authenticate")?;
    let challenges = challenges(&http.headers, "www-authenticate");
    let schemes: Vec<&str> = challenges.iter().map(|challenge| &*challenge.scheme).collect();
    if schemes.is_empty() {
        return None;
    }
    let title = format!("{} asks who you are, by {}", hop.url.host_ascii, schemes.join(" or "));
    let basic = schemes.iter().all(|scheme| scheme.eq_ignore_ascii_case("basic"));
    let clear = basic && hop.url.scheme == Scheme::Http && !hop.url.host.is_this_machine();
    let advice = match () {
        () if clear => "do not send a password to it: serve it by https",
        () if basic => "-u NAME:PASSWORD sends what it asks for",
        () => "send what it asks for by -H 'Authorization: ...'",
    };
    let mut finding = rule.finding(title, vec![Place::Request(hop.id, InRequest::Header(index))], advice);
    if let Some(error) = challenges.iter().find(|challenge| challenge.parameter("error").is_some()) {
        finding.detail = format!("{}: {}", error.scheme, error.meaning());
    }
    if clear {
        finding.severity = Severity::Warning;
        "by http the password goes in the clear: everybody on the way can read it"
            .clone_into(&mut finding.detail);
    }
    Some(finding)
}

fn of_redirect(rule: &Rule, hop: &Hop<'_>) -> Option<Finding> {
    let redirect = hop.http.ran()?.redirect.as_ref()?;
    let flow = flow(hop.http.ran()?)?;
    let title = format!(
        "{} sends visitors to {} to log in ({})",
        hop.url.host_ascii,
        flow.provider,
        flow.kind.spoken()
    );
    let evidence = vec![Place::Request(hop.id, InRequest::RedirectTarget)];
    let advice = "a monitor needs a session (-H 'Cookie: ...') or a path that is open to all";
    let mut finding = rule.finding(title, evidence, advice);
    if redirect.followed {
        "what came back in the end is the login's page, whatever its status: it says nothing of the page asked for"
            .clone_into(&mut finding.detail);
    }
    let mut doubts: Vec<String> = flow.missing.iter().map(|what| format!("has no {what}")).collect();
    doubts.extend(flow.faults.iter().map(|fault| match *fault {
        "implicit-flow" => "asks for a token in the URL (implicit flow)".to_owned(),
        _ => "leads back by http, in the clear".to_owned(),
    }));
    if !doubts.is_empty() {
        let before = if finding.detail.is_empty() { "" } else { "; " };
        finding.detail.push_str(&format!("{before}the request for the login {}", doubts.join(", ")));
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    fn challenged(field: &str) -> Trace {
        let mut trace = sample::sound();
        sample::http(&mut trace).status = Some(401);
        sample::field(&mut trace, "www-authenticate", field);
        trace
    }

    #[test]
    fn challenges_are_told_from_their_parameters() {
        for (field, says) in [
            ("Basic realm=\"a, Digest b\"", Some("by Basic")),
            (
                "Digest realm=\"x\", nonce=\"n\", Basic realm=x, charset = \"UTF-8\"",
                Some("by Digest or Basic"),
            ),
            ("Negotiate", Some("by Negotiate")),
            ("Bearer error=\"invalid_token\", scope=\"a b\"", Some("by Bearer")),
            ("=, \"x\"", None),
        ] {
            let findings = sample::of(&RULE, &challenged(field));
            assert_eq!(findings.len(), usize::from(says.is_some()), "{field}");
            assert!(findings.iter().all(|it| it.title.ends_with(says.unwrap())), "{findings:?}");
        }
        let mut trace = challenged("Basic realm=x");
        assert_eq!(sample::of(&RULE, &trace)[0].severity, Severity::Info);
        trace.requests[0].url = crate::url::parse("http://www.example.test/").unwrap();
        assert_eq!(sample::of(&RULE, &trace)[0].severity, Severity::Warning, "in the clear");
        sample::http(&mut trace).status = Some(200);
        assert!(sample::of(&RULE, &trace).is_empty());
    }

    #[test]
    fn logins_are_known_by_their_queries() {
        for (query, kind) in [
            ("authorize?response_type=code&client_id=a&scope=email%20openid", Some("OpenID Connect")),
            ("authorize?client_id=a&response_type=code&scope=email", Some("OAuth 2.0")),
            ("sso?SAMLRequest=abc&RelayState=x", Some("SAML")),
            ("?wa=wsignin1.0&wtrealm=x", Some("WS-Federation")),
            ("cas/login?service=https%3A%2F%2Fa.test", Some("CAS")),
            ("search?service=mail", None),
            ("login?next=%2F", None),
            ("?client_id=1", None),
        ] {
            let mut trace = sample::redirects();
            let redirect = sample::http(&mut trace).redirect.as_mut().unwrap();
            redirect.target = Some(format!("https://user@login.test/{query}"));
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), usize::from(kind.is_some()), "{query}");
            let ends = |title: &str| title.ends_with(&format!("to login.test to log in ({})", kind.unwrap()));
            assert!(findings.iter().all(|it| ends(&it.title)), "{findings:?}");
        }
    }
}
