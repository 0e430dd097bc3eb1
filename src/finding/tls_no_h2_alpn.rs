//! The server does not take HTTP/2.

use super::found::{Finding, Severity};
use super::place::{InConnection, Place};
use super::rule::{Check, Rule, handshakes};
use crate::trace::{StageName, Trace};

pub(super) const RULE: Rule = Rule {
    id: "tls-no-h2-alpn",
    severity: Severity::Notice,
    stage: StageName::Tls,
    fires: "a handshake that offered HTTP/2 (ALPN h2) ended with HTTP/1.1, or without a choice",
    standard: "RFC 9113 section 3.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut hosts: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    for (id, tls) in handshakes(trace) {
        let offered = tls.offer.as_ref().is_some_and(|offer| offer.alpn.iter().any(|name| name == "h2"));
        // Only a handshake that ended well shows what the server takes.
        let used =
            trace.hops().find(|hop| hop.request.connection.ran() == Some(id) && hop.http.ran().is_some());
        let Some(hop) = used.filter(|_| offered && tls.alpn.as_deref() != Some("h2")) else { continue };
        if hosts.contains(&&*hop.url.host_ascii) {
            continue;
        }
        hosts.push(&hop.url.host_ascii);
        let chose = match &tls.alpn {
            Some(chosen) => format!("it chose {chosen}"),
            None => "it chose none of what was offered".to_owned(),
        };
        let title = format!("{} does not take HTTP/2: {chose}", hop.url.host_ascii);
        let evidence = vec![Place::Connection(id, InConnection::Alpn)];
        let mut finding =
            rule.finding(title, evidence, "enable HTTP/2 on the server, or on what stands before it");
        "one request is no slower for it; a page with many parts is, as each connection carries one at a time"
            .clone_into(&mut finding.detail);
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Offer, Stage};

    #[test]
    fn fires_where_h2_was_offered_and_not_taken() {
        let mut trace = sample::sound();
        let offer = |alpn: &[&str]| {
            let alpn = alpn.iter().map(|name| (*name).to_owned()).collect();
            Some(Offer { alpn, ..Offer::default() })
        };
        sample::tls(&mut trace).offer = offer(&["h2", "http/1.1"]);
        assert!(sample::of(&RULE, &trace).is_empty());
        for (alpn, says) in [(Some("http/1.1"), "chose http/1.1"), (None, "chose none of what was offered")] {
            sample::tls(&mut trace).alpn = alpn.map(str::to_owned);
            assert!(sample::of(&RULE, &trace)[0].title.ends_with(says));
        }
        let mut near = trace.clone();
        near.requests[0].http = Stage::NotReached;
        assert!(sample::of(&RULE, &near).is_empty(), "the handshake failed");
        sample::tls(&mut trace).offer = offer(&["http/1.1"]);
        assert!(sample::of(&RULE, &trace).is_empty(), "--http1.1");
    }
}
