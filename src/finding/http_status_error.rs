//! The status says that something is wrong at the server, or with the request.

use std::time::Duration;

use super::found::{Finding, Severity};
use super::http_rate_limited::refusal;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use super::url_port_speaks_tls::says_so;
use crate::explain::status::explain;
use crate::reading::{Retry, error_source, limits, spoken};
use crate::trace::{Hop, Http, ProxyUsage, StageName, TlsComplaint, Trace, position};

pub(super) const RULE: Rule = Rule {
    id: "http-status-error",
    severity: Severity::Error,
    stage: StageName::Http,
    fires: "the last status is 5xx, one that does not exist or a 101 that nobody asked for (error), or 4xx (warning), except what is for a limit (http-rate-limited) or tells an http URL of a port that speaks TLS (url-port-speaks-tls)",
    standard: "RFC 9110 section 15",
    check: Check::Trace(check),
};

/// What to do where a client certificate is wanted.
const CERTIFICATE: &str =
    "a server that knows its clients by certificate needs one that its operator has issued (--cert, --key)";
/// What a server wants that asks for one behind the handshake, and what to do.
const POST_HANDSHAKE: (&str, &str) = (
    "the server asks for a client certificate behind the handshake (TLS 1.3, RFC 8446 section 4.2.6), as it wants one for \
     this part of the site alone; that was not offered, as browsers do not offer it",
    "let the server ask in the handshake (Apache: SSLVerifyClient for the whole site, or a host of its own for what needs \
     one) and give it one with --cert, --key; with a certificate curl offers it",
);
/// What to do where the one that was sent does not please.
const ANOTHER: &str = "the server's log says whether it accepts the client certificate that it got";

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = trace.hops().next_back().and_then(|hop| Some((hop, hop.http.ran()?))) else {
        return Vec::new();
    };
    if http.status == Some(101) && position(&http.request.headers, "upgrade").is_none() {
        return vec![unasked(rule, &hop)];
    }
    // RFC 9110 section 15: a code that does not exist is one of a server's errors.
    let Some(status @ 400..) = http.status else { return Vec::new() };
    // What that comes to for the page is told, and the request itself was not made.
    if hop.request.is_preflight() {
        return Vec::new();
    }
    if refusal(trace.started_at, http).is_some() || says_so(&hop, http) {
        return Vec::new();
    }
    let text = explain(status);
    let side = if status >= 500 { "server" } else { "client" };
    let title = format!("{status} {}: a {side} error", text.name);
    let mut finding = rule.finding(title, vec![Place::Request(hop.id, InRequest::Status)], text.check_next);
    finding.detail = text.meaning.to_string();
    by_whom(&mut finding, &hop, http);
    let is_over = |retry: &Retry| retry.wait.is_zero();
    if let Some(retry) = limits(http, trace.started_at + Duration::from_micros(http.end.0))
        .and_then(|limits| limits.retry.filter(|retry| !is_over(retry)))
    {
        finding.advice.push_str(&format!(" The server asks to come back at {}.", spoken(retry.at)));
        finding.evidence.push(Place::Request(hop.id, InRequest::Header(retry.field)));
    }
    of_certificates(&mut finding, &hop, http, status);
    let proxy = hop.connection.and_then(|used| used.proxy.as_ref());
    if let Some(proxy) = proxy.filter(|proxy| proxy.usage == ProxyUsage::Forward) {
        let who = proxy.words();
        if status == 407 {
            let lacks = if proxy.credentials.is_some() {
                "did not take the credentials"
            } else {
                "wants credentials"
            };
            finding.title = format!("{status} {}: the {who} {lacks}", text.name);
            finding.advice = "-U USER:PASSWORD gives the proxy credentials".to_owned();
        } else {
            finding.detail.push_str(&format!(
                " The request went to the {who}: whether that says so itself or passes it on cannot be told here."
            ));
        }
    }
    if status == 400 && http.body.tls_complaint == Some(TlsComplaint::PlainRequest) {
        behind_a_gateway(&mut finding, &hop, status);
    }
    if status < 500 {
        finding.severity = Severity::Warning;
    }
    vec![finding]
}

/// What a client certificate may have to do with it.
fn of_certificates(finding: &mut Finding, hop: &Hop<'_>, http: &Http, status: u16) {
    let tls = hop.connection.and_then(|used| used.tls.as_ref().ran());
    let asked = tls.is_some_and(|tls| tls.client_certificate.missed());
    let sent = tls.is_some_and(|tls| tls.client_certificate.sent);
    match (http.body.tls_complaint, asked) {
        (Some(TlsComplaint::PostHandshake), _) => {
            POST_HANDSHAKE.0.clone_into(&mut finding.detail);
            POST_HANDSHAKE.1.clone_into(&mut finding.advice);
        }
        // nginx: a certificate that does not verify.
        (_, false) if sent && matches!(status, 400 | 401 | 403 | 495) => {
            finding.detail.push_str(
                " In the handshake the server asked for a client certificate and got one: it may not accept it.",
            );
            finding.advice = ANOTHER.to_owned();
        }
        (Some(TlsComplaint::NoCertificate), _) => {
            finding.detail =
                "the server says that it wants a client certificate, and none was sent".to_owned();
            finding.advice = CERTIFICATE.to_owned();
        }
        // 400 of nginx, 403 of IIS and others.
        (_, true) if matches!(status, 400 | 401 | 403) => {
            finding.detail.push_str(" In the handshake the server asked for a client certificate, and none was sent: that may be why.");
            finding.advice = CERTIFICATE.to_owned();
        }
        _ => {}
    }
}

/// A 400 that says of a port that it speaks TLS, where that is not the port of the URL for certain.
fn behind_a_gateway(finding: &mut Finding, hop: &Hop<'_>, status: u16) {
    finding.title = format!("{status} {}: plain HTTP came to a port that speaks TLS", explain(status).name);
    let proxy = hop.connection.and_then(|used| used.proxy.as_ref());
    match proxy.filter(|proxy| proxy.usage == ProxyUsage::Forward) {
        Some(proxy) => {
            finding.detail = format!(
                "that of the {}, or port {} of {} behind it: which of them says so cannot be told here",
                proxy.words(),
                hop.url.port,
                hop.url.host_ascii
            );
            finding.advice =
                "a proxy that speaks TLS is named https://; for a server that does, ask its https:// URL"
                    .to_owned();
        }
        None => {
            finding.detail =
                "the response was passed on, most likely: a gateway speaks http to a server behind it that wants https"
                    .to_owned();
            finding.advice =
                "let the gateway speak TLS to the server behind it (`proxy_pass https://` in nginx, `ssl` in HAProxy), or \
                 ask a port of it without TLS"
                    .to_owned();
        }
    }
}

/// It switched to another protocol, and nobody had asked for one.
fn unasked(rule: &Rule, hop: &Hop<'_>) -> Finding {
    let title = "101 Switching Protocols: no upgrade was asked for".to_owned();
    let evidence = vec![Place::Request(hop.id, InRequest::Status)];
    let advice = "answer 101 to requests with Upgrade alone (RFC 9110 section 15.2.2)";
    let mut finding = rule.finding(title, evidence, advice);
    finding.detail = "what is behind it is no HTTP, and no response came".to_owned();
    finding
}

/// Whoever made the error is named, where that can be told: nobody behind him is accused.
fn by_whom(finding: &mut Finding, hop: &Hop<'_>, http: &Http) {
    let Some(source) = error_source(http) else { return };
    let status = http.status.unwrap_or_default();
    let called = source.called.as_ref().map_or_else(String::new, |called| format!(" ({called})"));
    finding.title = format!(
        "{status} {} by the {}{called}: {}",
        explain(status).name,
        source.maker.as_str(),
        source.meaning
    );
    source.check_next.clone_into(&mut finding.advice);
    finding.detail = format!("by {}, as the response says itself.", source.evidence.join(", "));
    let named = |name: &&'static str| position(&http.headers, name);
    let places = source.evidence.iter().filter_map(named);
    finding.evidence.extend(places.map(|index| Place::Request(hop.id, InRequest::Header(index))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn a_101_is_an_error_where_no_upgrade_was_asked_for() {
        let mut trace = sample::sound();
        sample::http(&mut trace).status = Some(101);
        assert!(sample::of(&RULE, &trace)[0].title.contains("no upgrade was asked for"));
        let asked = crate::trace::Header { name: "Upgrade".to_owned(), value: b"websocket".to_vec() };
        sample::http(&mut trace).request.headers.push(asked);
        assert!(sample::of(&RULE, &trace).is_empty());
    }

    #[test]
    fn a_400_that_is_about_tls_says_so() {
        let mut trace = sample::sound();
        sample::http(&mut trace).status = Some(400);
        sample::http(&mut trace).body.tls_complaint = Some(TlsComplaint::NoCertificate);
        assert!(sample::of(&RULE, &trace)[0].detail.contains("client certificate"));
        sample::http(&mut trace).body.tls_complaint = Some(TlsComplaint::PostHandshake);
        let found = &sample::of(&RULE, &trace)[0];
        assert!(found.detail.contains("behind the handshake") && found.advice.contains("SSLVerifyClient"));
        sample::http(&mut trace).body.tls_complaint = None;
        trace.connections[0].tls.ran_mut().unwrap().client_certificate.requested = true;
        let found = &sample::of(&RULE, &trace)[0];
        assert!(found.detail.contains("that may be why") && found.advice.contains("certificate"));
        trace.connections[0].tls.ran_mut().unwrap().client_certificate.sent = true;
        let found = &sample::of(&RULE, &trace)[0];
        assert!(found.detail.ends_with("it may not accept it."), "{}", found.detail);
    }

    #[test]
    fn fires_on_errors_by_their_side() {
        for (status, severity) in [
            (200, None),
            (304, None),
            (404, Some(Severity::Warning)),
            (429, None),
            (503, Some(Severity::Error)),
        ] {
            let mut trace = sample::sound();
            sample::http(&mut trace).status = Some(status);
            let findings = sample::of(&RULE, &trace);
            assert_eq!(findings.first().map(|finding| finding.severity), severity, "{status}");
        }
    }

    #[test]
    fn a_status_by_a_forwarding_proxy_is_not_put_on_the_server() {
        let mut trace = sample::sound();
        sample::put_behind_proxy(&mut trace);
        sample::http(&mut trace).status = Some(502);
        assert!(
            !sample::of(&RULE, &trace)[0].detail.contains("proxy proxy.example.test"),
            "a tunnel says nothing"
        );
        trace.connections[0].proxy.as_mut().unwrap().usage = ProxyUsage::Forward;
        assert!(
            sample::of(&RULE, &trace)[0].detail.contains("went to the http proxy proxy.example.test:3128")
        );
        sample::http(&mut trace).status = Some(407);
        assert!(sample::of(&RULE, &trace)[0].title.ends_with("wants credentials"));
    }

    #[test]
    fn whoever_made_an_error_is_named_and_nobody_else() {
        for (status, name, value, says) in [
            (
                503,
                "proxy-status",
                "edge.test; error=destination_unavailable",
                "by the gateway (edge.test): it holds",
            ),
            (
                503,
                "proxy-status",
                "envoy; error=destination_unavailable; details=\"UH\"",
                "no healthy upstream",
            ),
            (502, "proxy-status", "edge.test; received-status=502", "by the origin: passed on"),
            (502, "proxy-status", "edge.test; received-status=200", "502 Bad Gateway: a server error"),
            (502, "server", "nginx", "502 Bad Gateway: a server error"),
            (504, "server", "awselb/2.0", "by the gateway (awselb/2.0): the target did not"),
        ] {
            let mut trace = sample::sound();
            sample::http(&mut trace).status = Some(status);
            sample::http(&mut trace).headers.retain(|field| field.name != "server");
            sample::field(&mut trace, name, value);
            let finding = sample::of(&RULE, &trace).remove(0);
            assert!(finding.title.contains(says), "{}", finding.title);
            assert_eq!(finding.evidence.len(), if says.starts_with("502") { 1 } else { 2 }, "{value}");
        }
    }
}
