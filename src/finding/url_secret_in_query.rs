//! The query has a parameter whose name says that its value is a secret.
//!
//! What must be hidden is `redact`'s to know, and is far more: here only what would be missed if it leaked.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{StageName, Trace};
use crate::units::few;

pub(super) const RULE: Rule = Rule {
    id: "url-secret-in-query",
    severity: Severity::Warning,
    stage: StageName::Url,
    fires: "the query has a parameter that is named like a password, token, key or session, or holds a JWT (notice: a signature)",
    standard: "RFC 6750 section 2.3",
    check: Check::Trace(check),
};

/// Names of secrets: in lower case, without separators.
const SECRETS: &[&str] = &[
    "accesskey",
    "apikey",
    "apitoken",
    "auth",
    "authtoken",
    "bearer",
    "clientsecret",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "secretkey",
    "sessid",
    "sessionid",
    "token",
];
/// What ends in one of the above and is none: it leads nowhere without the user's own session.
const HARMLESS: &[&str] =
    &["csrf", "xsrf", "page", "next", "continuation", "sync", "cursor", "sort", "cancel", "security"];
/// Names of signatures that let in whoever has the URL, for a while (OpenTelemetry's list of query parameters).
const SIGNATURES: &[&str] = &["awsaccesskeyid", "sig", "signature", "xamzsignature", "xgoogsignature"];
/// Names are told up to this length.
const LONGEST: usize = 40;

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for hop in trace.hops() {
        let query = hop.url.query.as_deref().unwrap_or_default();
        let filled =
            query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(_, value)| !value.is_empty());
        let (mut secrets, mut signatures) = (Vec::new(), Vec::new());
        for (name, value) in filled {
            let word = word(name);
            if is_secret(&word) || is_jwt(value) {
                secrets.push(told(name));
            } else if SIGNATURES.contains(&word.as_str()) {
                signatures.push(told(name));
            }
        }
        let host = &hop.url.host_ascii;
        let evidence = vec![Place::Request(hop.id, InRequest::Query)];
        if !secrets.is_empty() {
            let title =
                format!("the query for {host} holds what is named like a secret: {}", few(&secrets, ", "));
            let advice =
                "send it in a field such as Authorization: queries stand in logs, histories and Referer";
            findings.push(rule.finding(title, evidence, advice));
        } else if !signatures.is_empty() {
            let title = format!(
                "the query for {host} is signed ({}): whoever has the URL is let in",
                few(&signatures, ", ")
            );
            let advice = "pass such a URL on as you would a password, and let it run out soon";
            let mut finding = rule.finding(title, evidence, advice);
            finding.severity = Severity::Notice;
            findings.push(finding);
        }
    }
    findings
}

/// A name in lower case, without separators.
fn word(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_lowercase()).collect()
}

fn is_secret(word: &str) -> bool {
    let end = SECRETS.iter().filter(|secret| word.ends_with(*secret)).map(|secret| word.len() - secret.len());
    end.min().is_some_and(|at| match &word[..at] {
        // `author` ends in nothing of this; `oauth` and `keyauth` are no secrets themselves.
        before if word.ends_with("auth") => before.is_empty(),
        before => !HARMLESS.iter().any(|harmless| before.ends_with(harmless)),
    })
}

/// Three parts in base64url, the first of which begins as a JSON object does (RFC 7519 section 3.1).
fn is_jwt(value: &str) -> bool {
    let parts: Vec<&str> = value.split('.').collect();
    let is_base64 = |part: &&str| {
        part.len() > 7 && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    parts.len() == 3 && parts[0].starts_with("eyJ") && parts.iter().all(is_base64)
}

/// A name as it is told.
fn told(name: &str) -> String {
    name.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    fn found(query: &str) -> Vec<Finding> {
        let mut trace = sample::sound();
        trace.requests[0].url = crate::url::parse(&format!("https://www.example.test/?{query}")).unwrap();
        sample::of(&RULE, &trace)
    }

    #[test]
    fn fires_on_the_names_of_secrets_and_never_tells_a_value() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNlY3JldA";
        for (query, name) in [
            ("page=2&access_token=hunter2", "access_token"),
            ("API-Key=hunter2", "API-Key"),
            ("user[password]=hunter2", "password"),
            ("client_secret=hunter2&x=1", "client_secret"),
            (&format!("state=a&t={jwt}"), ": t"),
        ] {
            let findings = found(query);
            assert_eq!(findings.len(), 1, "{query}");
            let title = &findings[0].title;
            assert!(title.contains(name) && !title.contains("hunter2") && !title.contains("eyJ"), "{title}");
            assert_eq!(findings[0].severity, Severity::Warning);
        }
        assert_eq!(found("X-Amz-Signature=00ff&x=1")[0].severity, Severity::Notice);
    }

    #[test]
    fn other_names_and_empty_values_are_none() {
        for query in [
            "page=2&key=red&code=4711&state=abc&author=ann",
            "token=&password",
            "csrf_token=a&nextPageToken=b&sync_token=c&continuation-token=d",
            "monkey=1&oauth=2&design=3&q=my+password",
            "v=1.2.3&t=eyJ.a.b",
        ] {
            assert_eq!(found(query), [], "{query}");
        }
    }
}
