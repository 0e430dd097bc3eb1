//! A request and its response.

use super::super::*;

/// What a sound site says of coming by https only.
pub(super) const HSTS: (&str, &str) = ("strict-transport-security", "max-age=31536000; includeSubDomains");

pub(super) fn field(name: &str, value: &[u8]) -> Header {
    Header { name: name.into(), value: value.to_vec() }
}

pub(super) fn headers(fields: &[(&str, &str)]) -> Vec<Header> {
    fields.iter().map(|(name, value)| field(name, value.as_bytes())).collect()
}

/// Moments of a body, and its bytes by then.
pub(super) fn arrived(moments: &[(u64, u64)]) -> Arrivals {
    let mut arrivals = Arrivals::default();
    moments.iter().for_each(|(at, bytes)| arrivals.note(At(*at), *bytes));
    arrivals
}

/// Turns a response into a redirect.
pub(super) fn redirect(http: &mut Http, status: u16, location: &str, changes: &[RedirectChange]) {
    http.status = Some(status);
    http.reason = None;
    http.headers = headers(&[("location", location), ("content-length", "0"), HSTS]);
    http.body = Body { framing: BodyFraming::ContentLength, complete: true, ..Body::default() };
    http.redirect = Some(Redirect {
        location: location.into(),
        target: Some(location.into()),
        changes: changes.to_vec(),
        followed: true,
        next_method: Some("GET".into()),
    });
}

/// Request and response: 103, then 200 with a body that was encoded.
pub(super) fn http(host: &str, path: &str) -> Http {
    Http {
        request: SentRequest {
            method: "GET".into(),
            target: path.into(),
            headers: headers(&[
                (":method", "GET"),
                (":scheme", "https"),
                (":authority", host),
                (":path", path),
                ("accept", "*/*"),
                ("user-agent", "urltrace/0.1.0"),
            ]),
            body_bytes: 0,
        },
        version: HttpVersion::Http2,
        start: At(283_800),
        sent: Some(At(283_860)),
        informational: vec![Informational {
            status: 103,
            at: At(290_000),
            headers: headers(&[("link", "</style.css>; rel=preload")]),
        }],
        first_byte: Some(At(302_100)),
        first_byte_noticed: Some(At(302_100)),
        stamped_by: Some(StampedBy::Kernel),
        head_end: Some(At(302_110)),
        end: At(302_820),
        status: Some(200),
        reason: None,
        headers: headers(&[
            ("content-type", "text/html; charset=utf-8"),
            ("content-encoding", "gzip"),
            ("server", "lab"),
            ("cache-control", "max-age=600"),
            ("etag", "\"5f-a7\""),
            HSTS,
        ]),
        trailers: Vec::new(),
        head_bytes: 96,
        body: Body {
            wire_bytes: 4_121,
            encoded_bytes: 4_096,
            decoded_bytes: Some(12_288),
            surplus_bytes: 0,
            beyond_bytes: 0,
            tls_complaint: None,
            arrivals: arrived(&[(302_110, 1_000), (302_500, 3_000), (302_820, 4_121)]),
            start: Vec::new(),
            said: BodySaid::default(),
            events: None,
            encoding: Some("gzip".into()),
            framing: BodyFraming::Http2,
            complete: true,
            decode_error: None,
            saved_to: None,
        },
        bursts: vec![Burst { start: At(302_100), end: At(302_820), bytes: 4_400 }],
        bytes_received: 4_310,
        bytes_sent: 180,
        garbage: None,
        goaway: None,
        unanswered: None,
        redirect: None,
        tokens: Vec::new(),
        websocket: None,
        cookies: None,
    }
}
