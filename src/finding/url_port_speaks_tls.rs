//! An http URL whose port speaks TLS: the scheme and the port do not fit.

use super::found::{Finding, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{
    BodyFraming, Hop, Http, HttpVersion, ProxyUsage, Scheme, StageName, TlsComplaint, Trace, directive,
    position,
};

pub(super) const RULE: Rule = Rule {
    id: "url-port-speaks-tls",
    severity: Severity::Error,
    stage: StageName::Url,
    fires: "the port of an http URL answered the last request with a record of TLS, or with a 400 that says that it speaks it and ends the connection",
    standard: "RFC 9110 section 4.2.2",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let Some((hop, http)) = trace.hops().next_back().and_then(|hop| Some((hop, hop.http.ran()?))) else {
        return Vec::new();
    };
    let scheme = Place::Request(hop.id, InRequest::Scheme);
    let port = hop.url.port;
    let (title, detail, evidence) = match () {
        () if says_so(&hop, http) => (
            format!("port {port} says in a 400 that it speaks TLS, and the URL says http"),
            "where https fails on that port, the 400 is that of a server behind it, which a gateway asks by http",
            vec![scheme, Place::Request(hop.id, InRequest::Status)],
        ),
        () if hop.url.scheme == Scheme::Http
            && hop.failure.is_some()
            && is_record(http)
            && !is_forwarded(&hop) =>
        {
            let title =
                format!("port {port} speaks TLS, and the URL says http: it answered with a record of TLS");
            (title, "", vec![scheme, Place::Failure])
        }
        () => return Vec::new(),
    };
    let host = &hop.url.host_ascii;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let mut finding =
        rule.finding(title, evidence, format!("ask https://{host}:{port}, and mend the link that led here"));
    detail.clone_into(&mut finding.detail);
    vec![finding]
}

/// Whether a 400 to an http request says that the port speaks TLS. A gateway that speaks plain HTTP to a server that
/// wants TLS passes on what that says. Whoever says it of his own port ends the connection with it (nginx, Apache, Go); so
/// does Apache as a gateway.
pub(super) fn says_so(hop: &Hop<'_>, http: &Http) -> bool {
    let complains = http.body.tls_complaint == Some(TlsComplaint::PlainRequest);
    let passed_on = position(&http.headers, "via").is_some() || !ends(http) || is_forwarded(hop);
    complains && http.status == Some(400) && hop.url.scheme == Scheme::Http && !passed_on
}

/// Whether the connection is over with the response (RFC 9112 §9.3).
fn ends(http: &Http) -> bool {
    let says = |word: &str| directive(&http.headers, "connection", word).is_some();
    match http.version {
        HttpVersion::Http10 => !says("keep-alive"),
        HttpVersion::Http11 => says("close") || http.body.framing == BodyFraming::Close,
        HttpVersion::Http2 | HttpVersion::Http3 => false,
    }
}

/// Whether a proxy forwards the request: then it is the proxy that speaks TLS.
fn is_forwarded(hop: &Hop<'_>) -> bool {
    let proxy = hop.connection.and_then(|connection| connection.proxy.as_ref());
    proxy.is_some_and(|proxy| proxy.usage == ProxyUsage::Forward)
}

/// Whether what came is no HTTP, and begins as an alert or a handshake of TLS does (RFC 8446 §5.1).
fn is_record(http: &Http) -> bool {
    matches!(http.garbage.as_deref(), Some([0x15 | 0x16, 3, 0..=4, ..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{http_status_error, sample};
    use crate::trace::{Failure, FailureCode};

    #[test]
    fn fires_on_a_400_that_says_so_and_on_an_alert_and_on_nothing_else() {
        let mut plain = sample::sound();
        plain.requests[0].url = crate::url::parse("http://www.example.test:443/").unwrap();
        assert!(sample::of(&RULE, &plain).is_empty());
        let mut told = plain.clone();
        sample::http(&mut told).status = Some(400);
        assert!(sample::of(&RULE, &told).is_empty(), "any 400");
        sample::http(&mut told).body.tls_complaint = Some(TlsComplaint::PlainRequest);
        sample::http(&mut told).version = HttpVersion::Http11;
        let passed_on = told.clone();
        assert!(
            sample::of(&RULE, &passed_on).is_empty(),
            "the connection goes on: that of a server behind this one"
        );
        let passed_on = sample::of(&http_status_error::RULE, &passed_on).remove(0);
        assert!(passed_on.title.contains("plain HTTP came to a port that speaks TLS"), "{}", passed_on.title);
        sample::field(&mut told, "connection", "close");
        let found = sample::of(&RULE, &told);
        assert!(found[0].title.starts_with("port 443 says in a 400 that it speaks TLS"), "{found:?}");
        assert!(found[0].advice.starts_with("ask https://www.example.test:443"), "{found:?}");
        assert!(sample::of(&http_status_error::RULE, &told).is_empty(), "one fault, one finding");
        told.requests[0].url.scheme = Scheme::Https;
        assert!(sample::of(&RULE, &told).is_empty(), "TLS was spoken");

        for (begins, fires) in [
            (&[0x15, 3, 1, 0, 2, 2, 0x46][..], true),
            (&[0x16, 3, 3], true),
            (b"SSH-2.0", false),
            (&[0x15, 9, 1], false),
            (&[0x15], false),
        ] {
            let mut failed = plain.clone();
            let http = sample::http(&mut failed);
            (http.status, http.garbage) = (None, Some(begins.to_vec()));
            failed.requests[0].failure = Some(Failure {
                stage: StageName::Http,
                code: FailureCode::NotHttp,
                message: "what came back is not HTTP".to_owned(),
                hint: None,
                running: std::time::Duration::ZERO,
            });
            assert_eq!(sample::of(&RULE, &failed).len(), usize::from(fires), "{begins:?}");
        }
    }
}
