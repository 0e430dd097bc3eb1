//! A server ends the connection with its response.

use super::found::{Finding, Load, Saving, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::timeline::{Phase, Subject, spans};
use crate::trace::{
    At, BodyFraming, Hop, Http, HttpVersion, ProxyUsage, RedirectChange, StageName, Trace, directive,
    position,
};

pub(super) const RULE: Rule = Rule {
    id: "http-connection-close",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "a good response by HTTP/1 ends the connection (Connection: close, HTTP/1.0 without keep-alive, a body without length), and the request had not asked for it",
    standard: "RFC 9112 section 9.3",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut hosts: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    // A proxy that forwards speaks of the connection to itself (RFC 9110 §7.6.1).
    let forwarded = |hop: &Hop<'_>| {
        let proxy = hop.connection.and_then(|connection| connection.proxy.as_ref());
        proxy.is_some_and(|proxy| proxy.usage == ProxyUsage::Forward)
    };
    for hop in trace.hops().filter(|hop| !forwarded(hop)) {
        let Some(http) = hop.http.ran().filter(|http| is_good(http)) else { continue };
        let Some((why, place)) = ends(http) else { continue };
        if hosts.contains(&&*hop.url.host_ascii) {
            continue;
        }
        hosts.push(&hop.url.host_ascii);
        let title = format!("{} ends the connection after its response: {why}", hop.url.host_ascii);
        let advice = "keep connections open for some seconds (keep-alive), or use HTTP/2";
        let mut finding = rule.finding(title, vec![Place::Request(hop.id, place)], advice);
        "each further request to it has to open a connection of its own".clone_into(&mut finding.detail);
        let applies = "on each further request to this host";
        finding.saving = Saving::derived_at(&opening(trace, &hop), applies, Load::Repeat);
        findings.push(finding);
    }
    findings
}

/// Errors may end a connection for good reasons, and behind a redirect to another server nothing follows.
fn is_good(http: &Http) -> bool {
    let elsewhere = |change: &RedirectChange| {
        matches!(
            change,
            RedirectChange::Scheme | RedirectChange::Host | RedirectChange::Www | RedirectChange::Port
        )
    };
    let stays = http.redirect.as_ref().is_none_or(|redirect| !redirect.changes.iter().any(elsewhere));
    let asked = directive(&http.request.headers, "connection", "close").is_some();
    matches!(http.status, Some(200..=399)) && http.body.complete && stays && !asked
}

/// Why the connection is over (RFC 9112 §9.3), and where that stands.
fn ends(http: &Http) -> Option<(&'static str, InRequest)> {
    let says = |word: &str| directive(&http.headers, "connection", word).is_some();
    match http.version {
        HttpVersion::Http10 if !says("keep-alive") => {
            Some(("HTTP/1.0 without keep-alive", InRequest::Version))
        }
        HttpVersion::Http10 | HttpVersion::Http11 if says("close") => {
            Some(("Connection: close", InRequest::Header(position(&http.headers, "connection")?)))
        }
        HttpVersion::Http10 | HttpVersion::Http11 if http.body.framing == BodyFraming::Close => {
            Some(("nothing else says where the body ends", InRequest::Framing))
        }
        _ => None,
    }
}

/// When the connection that this request used was opened.
fn opening(trace: &Trace, hop: &Hop<'_>) -> Vec<(At, At)> {
    let Some(opener) = hop.connection.map(|connection| connection.opened_for) else { return Vec::new() };
    let is_opening = |subject: &Subject| matches!(subject, Subject::Phase(Phase::Connect | Phase::Tls));
    let opening = spans(trace).into_iter().filter(|span| span.request == opener && is_opening(&span.subject));
    opening.map(|span| (span.start, span.end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_on_every_way_to_end_a_connection() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let near = |version, fields: &[(&str, &str)], framing| {
            let mut trace = trace.clone();
            for (name, value) in fields {
                sample::field(&mut trace, name, value);
            }
            let http = sample::http(&mut trace);
            (http.version, http.body.framing) = (version, framing);
            sample::of(&RULE, &trace).first().map(|finding| finding.title.clone())
        };
        use BodyFraming::{Close, ContentLength};
        use HttpVersion::{Http2, Http10, Http11};
        let says = |title: Option<String>, words: &str| title.is_some_and(|title| title.ends_with(words));
        assert!(says(near(Http11, &[("connection", "Close")], ContentLength), "Connection: close"));
        assert!(says(near(Http11, &[("connection", "x, close")], ContentLength), "Connection: close"));
        assert!(says(near(Http10, &[], ContentLength), "HTTP/1.0 without keep-alive"));
        assert!(says(near(Http11, &[], Close), "where the body ends"));
        assert_eq!(near(Http11, &[], ContentLength), None);
        assert_eq!(near(Http10, &[("connection", "keep-alive")], ContentLength), None);
        assert_eq!(near(Http2, &[("connection", "close")], BodyFraming::Http2), None);
        let http = sample::http(&mut trace);
        http.version = Http10;
        assert_eq!(sample::of(&RULE, &trace)[0].saving.as_ref().unwrap().amount.as_millis(), 21, "10 and 11");
        sample::http(&mut trace).status = Some(503);
        assert!(sample::of(&RULE, &trace).is_empty());
        let http = sample::http(&mut trace);
        http.status = Some(200);
        http.request
            .headers
            .push(crate::trace::Header { name: "Connection".into(), value: b"close".to_vec() });
        assert!(sample::of(&RULE, &trace).is_empty(), "it was asked for");
    }
}
