//! A web token that was met is of no use, or anybody could have made it.

use super::found::{Finding, Severity};
use super::hops::hop_before;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{StageName, TokenFault, Trace};

pub(super) const RULE: Rule = Rule {
    id: "http-token-faulty",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "a web token (JWT) in the request or the response has expired, is not valid yet, or has no signature",
    standard: "RFC 7519 section 4.1.4",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (hop, http) in trace.hops().filter_map(|hop| Some((hop, hop.http.ran()?))) {
        for (index, token) in http.tokens.iter().enumerate() {
            let told = |fault: &TokenFault| match fault {
                TokenFault::Unsigned => Some("has no signature: anybody could have made it".to_owned()),
                TokenFault::Expired => {
                    let ago = token.left.map_or(0, i64::unsigned_abs);
                    Some(format!("expired {ago} s before the response"))
                }
                TokenFault::NotYetValid => Some("is not valid yet".to_owned()),
                TokenFault::NeverExpires | TokenFault::LongLived | TokenFault::InUrl => None,
            };
            let words: Vec<String> = token.faults.iter().filter_map(told).collect();
            if words.is_empty() {
                continue;
            }
            let place = hop_before(trace, &hop);
            let title = format!("{place}the web token in the {} {}", token.place, words.join(", and "));
            let evidence = vec![Place::Request(hop.id, InRequest::TokenFaults(index))];
            let advice = "get a new token where this one came from, and see how its maker's clock stands";
            let mut finding = rule.finding(title, evidence, advice);
            "by what the token says of itself, against the server's Date; its signature is not checked here"
                .clone_into(&mut finding.detail);
            findings.push(finding);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::reading::note;

    #[test]
    fn fires_on_tokens_that_are_of_no_use() {
        let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        for (claims, says) in [
            (r#"{"exp":1000000000}"#, Some("expired")),
            (r#"{"exp":9000000000,"iat":8999999999}"#, Some("not valid yet")),
            (r#"{"exp":9000000000}"#, None),
            (r#"{"sub":"ann"}"#, None),
        ] {
            let mut trace = sample::sound();
            let token = format!("{}.{}.c2ln", part(r#"{"alg":"RS256"}"#), part(claims));
            sample::field(&mut trace, "set-cookie", &format!("id={token}; Path=/"));
            note(&mut trace);
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.len(), usize::from(says.is_some()), "{claims}");
            assert!(findings.iter().all(|it| it.title.contains(says.unwrap())), "{findings:?}");
        }
    }
}
