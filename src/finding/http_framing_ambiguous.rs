//! A response whose end two readers may find at different places.

use super::found::{Finding, Severity};
use super::hops::hop_before;
use super::place::{InRequest, Place};
use super::rule::{Check, Rule};
use crate::trace::{
    BodyFraming, Header, Hop, Http, HttpVersion, RequestId, StageName, Trace, members, position,
};
use crate::units::bytes;

pub(super) const RULE: Rule = Rule {
    id: "http-framing-ambiguous",
    severity: Severity::Warning,
    stage: StageName::Http,
    fires: "a response by HTTP/1 has both Transfer-Encoding and Content-Length, a transfer coding beside chunked, or bytes came along behind its end; or a 204 or a 304 by HTTP/2 or 3 has a body",
    standard: "RFC 9112 section 6.3",
    check: Check::Trace(check),
};

fn check(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    trace.hops().filter_map(|hop| of_hop(rule, trace, &hop)).collect()
}

fn of_hop(rule: &Rule, trace: &Trace, hop: &Hop<'_>) -> Option<Finding> {
    let http = hop.http.ran()?;
    let place = hop_before(trace, hop);
    if !matches!(http.version, HttpVersion::Http10 | HttpVersion::Http11) {
        return of_frames(rule, hop, http, &place);
    }
    let at = |name: &str| position(&http.headers, name);
    let (title, evidence, advice) = match (at("transfer-encoding"), at("content-length")) {
        (Some(coding), Some(length)) => (
            format!("{place}the response says its length twice: by Transfer-Encoding and by Content-Length"),
            [coding, length].map(|index| Place::Request(hop.id, InRequest::Header(index))).to_vec(),
            "send one of the two: Content-Length where the length is known beforehand, chunks where it is not",
        ),
        (Some(coding), None) if http.body.framing != BodyFraming::None && !is_plain(http) => {
            return Some(coded(rule, (&place, hop.id), (&http.headers, coding)));
        }
        _ if http.body.beyond_bytes > 0 && http.body.framing != BodyFraming::Close => (
            format!("{place}{} came along behind the end of the response", bytes(http.body.beyond_bytes)),
            [InRequest::BeyondBytes, InRequest::Framing].map(|what| Place::Request(hop.id, what)).to_vec(),
            match http.body.framing {
                BodyFraming::None => {
                    "send no body with a 204, a 304 or the answer to HEAD (RFC 9110 section 6.4.1)"
                }
                _ => "look for a Content-Length that is too short, and for output behind the end of the page",
            },
        ),
        _ => return None,
    };
    let mut finding = rule.finding(title, evidence, advice);
    finding.detail =
        "two readers on the way may find its end at different places, and what is behind it may be taken \
        for the next response; it was read as the standard says, and the connection is not used again"
            .to_owned();
    Some(finding)
}

/// A body where none may be (RFC 9110 §6.4.1), in frames that have an end of their own: the response is malformed (RFC
/// 9113 §8.1.1).
fn of_frames(rule: &Rule, hop: &Hop<'_>, http: &Http, place: &str) -> Option<Finding> {
    let status = http.status.filter(|status| matches!(status, 204 | 304))?;
    if http.body.encoded_bytes == 0 {
        return None;
    }
    let title =
        format!("{place}{} of DATA came with a {status}, which has no body", bytes(http.body.encoded_bytes));
    let evidence =
        [InRequest::Status, InRequest::WireBytes].map(|what| Place::Request(hop.id, what)).to_vec();
    let advice = "send no body with a 204, a 304 or the answer to HEAD (RFC 9110 section 6.4.1)";
    let mut finding = rule.finding(title, evidence, advice);
    finding.detail =
        "such a response is malformed: curl, and what else is built on nghttp2, fails on it; browsers pass it over"
            .to_owned();
    Some(finding)
}

/// Whether chunks are all that there is; `identity`, of an older standard, changes nothing.
fn is_plain(http: &Http) -> bool {
    let codings = members(&http.headers, "transfer-encoding");
    let known =
        |coding: &String| ["chunked", "identity"].iter().any(|known| coding.eq_ignore_ascii_case(known));
    let asked = position(&http.request.headers, "te").is_some();
    ends_in_chunks(&codings) && (asked || codings.iter().all(known))
}

fn ends_in_chunks(codings: &[String]) -> bool {
    codings.last().is_none_or(|last| last.eq_ignore_ascii_case("chunked"))
}

/// Codings that were not asked for by TE (RFC 9112 §7.4).
fn coded(rule: &Rule, (place, hop): (&str, RequestId), (headers, coding): (&[Header], usize)) -> Finding {
    let codings = members(headers, "transfer-encoding");
    let all = shown(&codings.join(", "));
    let evidence =
        [InRequest::Header(coding), InRequest::Framing].map(|what| Place::Request(hop, what)).to_vec();
    let (title, advice, detail) = if ends_in_chunks(&codings) {
        (
            format!(
                "{place}the body has a transfer coding that was not asked for: `Transfer-Encoding: {all}`"
            ),
            "send chunks alone, and say by Content-Encoding how the page is packed",
            "what is in the chunks is left as it came; newer versions of curl refuse such a response",
        )
    } else {
        (
            format!(
                "{place}`Transfer-Encoding: {all}` does not end in chunked, so that the connection ends the body"
            ),
            "send `Transfer-Encoding: chunked` and nothing else in it, or Content-Length alone",
            "it was read as the standard says, up to the end of the connection; others take any `chunked` in it for chunks, or \
             refuse the response",
        )
    };
    let mut finding = rule.finding(title, evidence, advice);
    finding.detail = detail.to_owned();
    finding
}

/// What a line has room for.
fn shown(text: &str) -> String {
    text.escape_debug().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::sample;

    #[test]
    fn fires_where_two_readers_may_disagree() {
        let mut trace = sample::sound();
        assert!(sample::of(&RULE, &trace).is_empty());
        let http = sample::http(&mut trace);
        (http.version, http.body.framing) = (HttpVersion::Http11, BodyFraming::Chunked);
        sample::unset(&mut trace, "content-length");
        sample::field(&mut trace, "transfer-encoding", "chunked");
        assert!(sample::of(&RULE, &trace).is_empty(), "the chunks alone");
        sample::field(&mut trace, "content-length", "7");
        assert_eq!(sample::of(&RULE, &trace)[0].evidence.len(), 2);
        sample::http(&mut trace).version = HttpVersion::Http2;
        assert!(sample::of(&RULE, &trace).is_empty(), "frames have an end of their own");
        for (status, bytes, fires) in [(204, 5, true), (304, 5, true), (204, 0, false), (200, 5, false)] {
            let http = sample::http(&mut trace);
            (http.status, http.body.encoded_bytes) = (Some(status), bytes);
            let found = sample::of(&RULE, &trace);
            assert_eq!(found.len(), usize::from(fires), "{status} {bytes}");
            assert!(found.iter().all(|one| one.title.contains(&format!("5 B of DATA came with a {status}"))));
        }

        for (value, title) in [
            ("chunked", None),
            ("Chunked", None),
            ("identity, chunked", None),
            ("gzip, chunked", Some("not asked for: `Transfer-Encoding: gzip, chunked`")),
            ("chunked, identity", Some("does not end in chunked")),
            ("identity", Some("does not end in chunked")),
            ("chunked abc", Some("does not end in chunked")),
            ("", None),
        ] {
            let mut trace = sample::sound();
            let http = sample::http(&mut trace);
            (http.version, http.body.framing) = (HttpVersion::Http11, BodyFraming::Close);
            sample::unset(&mut trace, "content-length");
            sample::field(&mut trace, "transfer-encoding", value);
            let found = sample::of(&RULE, &trace);
            assert_eq!(found.len(), usize::from(title.is_some()), "{value}");
            assert!(title.is_none_or(|title| found[0].title.contains(title)), "{value}: {}", found[0].title);
        }

        let mut trace = sample::sound();
        sample::http(&mut trace).version = HttpVersion::Http11;
        sample::http(&mut trace).body.framing = BodyFraming::ContentLength;
        assert!(sample::of(&RULE, &trace).is_empty());
        sample::http(&mut trace).body.beyond_bytes = 3;
        assert!(sample::of(&RULE, &trace)[0].title.contains("3 B came along"));
        assert!(sample::of(&RULE, &trace)[0].advice.contains("Content-Length that is too short"));
        sample::http(&mut trace).body.framing = BodyFraming::None;
        assert!(sample::of(&RULE, &trace)[0].advice.starts_with("send no body"));
    }
}
