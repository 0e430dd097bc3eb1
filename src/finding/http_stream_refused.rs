//! A server refused a request by HTTP/2 or HTTP/3 before it did anything for it: that had to be sent again.

use super::found::{Finding, Load, Saving, Severity};
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{Http, HttpVersion, StageName, Trace, Unanswered};
use crate::units::duration;

pub(super) const RULE: Rule = Rule {
    id: "http-stream-refused",
    severity: Severity::Notice,
    stage: StageName::Http,
    fires: "a server refused a request unprocessed, by HTTP/2 (REFUSED_STREAM, GOAWAY, HTTP_1_1_REQUIRED) or HTTP/3 (H3_REQUEST_REJECTED, GOAWAY, H3_VERSION_FALLBACK), and it was sent again",
    standard: "RFC 9113 section 8.7",
    check: Check::Trace(check),
};

/// Whether a server has said that it did nothing for a request.
pub(super) fn is_refused(http: &Http) -> bool {
    matches!(http.unanswered, Some(Unanswered::Refused | Unanswered::Http1Required))
}

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for dead in trace.hops().filter(|hop| hop.request.waited.is_none()).filter_map(|hop| hop.retry_of) {
        let Some(hop) = trace.hops().nth(dead.0) else { continue };
        let Some(http) = hop.http.ran().filter(|http| is_refused(http)) else { continue };
        let (host, took) = (&hop.url.host_ascii, hop.end.since(hop.start));
        let spent = duration(took);
        let by_http1 =
            format!("{host} takes this request by HTTP/1.1 alone; it was sent again after {spent}");
        let is_wanted = http.unanswered == Some(Unanswered::Http1Required);
        let (title, detail, advice) = if is_wanted && http.version == HttpVersion::Http3 {
            (
                by_http1,
                "the server was asked by HTTP/3 and answered H3_VERSION_FALLBACK (RFC 9114 section 8.1)",
                "offer h3 (HTTPS record, Alt-Svc) where HTTP/3 can serve alone",
            )
        } else if is_wanted {
            (
                by_http1,
                "the server chose HTTP/2 by ALPN and then answered HTTP_1_1_REQUIRED (RFC 9113 section 7)",
                "offer http/1.1 alone by ALPN where HTTP/2 cannot serve: Windows authentication and client certificates \
                 by renegotiation need HTTP/1.1",
            )
        } else {
            (
                format!("{host} refused the request unprocessed; it was sent again after {spent}"),
                "servers do that while they shut down or reload, or when they have more streams than they want; nothing was done \
                 for the request, so any method may go again",
                "look whether the server was restarting then, and how many streams it takes at once",
            )
        };
        let evidence = vec![Place::Request(dead, InRequest::Failure), Place::Request(dead, InRequest::Total)];
        let mut finding = rule.finding(title, evidence, advice);
        finding.detail = detail.to_owned();
        finding.saving = Saving::measured(took, "on requests that the server refuses so", Load::This);
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;
    use crate::trace::{Failure, FailureCode, RequestId};

    #[test]
    fn fires_on_what_the_server_refused_and_not_on_what_merely_ended() {
        let mut trace = sample::sound();
        let again = trace.requests[0].clone();
        trace.requests.push(again);
        trace.requests[1].retry_of = Some(RequestId(0));
        trace.requests[0].failure = Some(Failure {
            stage: StageName::Http,
            code: FailureCode::Http2Protocol,
            message: "the server refused the request".into(),
            hint: None,
            running: std::time::Duration::ZERO,
        });
        sample::http(&mut trace).status = None;
        let mut by_quic = trace.clone();
        sample::http(&mut by_quic).version = HttpVersion::Http3;
        sample::http(&mut by_quic).unanswered = Some(Unanswered::Http1Required);
        assert!(sample::of(&RULE, &by_quic)[0].detail.contains("H3_VERSION_FALLBACK"));
        for (why, words) in [
            (Unanswered::Refused, "refused the request unprocessed"),
            (Unanswered::Http1Required, "by HTTP/1.1 alone"),
        ] {
            sample::http(&mut trace).unanswered = Some(why);
            let findings = sample::of(&RULE, &trace);
            assert!(findings[0].title.contains(words), "{}", findings[0].title);
            assert_eq!(findings[0].saving.as_ref().unwrap().amount.as_millis(), 67);
        }
        for why in [Some(Unanswered::Unprocessed), Some(Unanswered::Unknown), None] {
            sample::http(&mut trace).unanswered = why;
            assert!(sample::of(&RULE, &trace).is_empty(), "{why:?}");
        }
    }
}
