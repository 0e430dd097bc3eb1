//! The request as sent, and the wait for its answer.

use super::connect::round_trip;
use super::teller::{Teller, clip, list};
use crate::reading;
use crate::timeline::{Phase, phases};
use crate::trace::{Connection, Expect, ExpectOutcome, Hop, Http, HttpVersion, header};
use crate::units;

const REQUEST1: &[&str] = &["RFC 9112 section 3", "RFC 9110 section 9.3"];
const REQUEST2: &[&str] = &["RFC 9113 section 8.3.1", "RFC 9110 section 9.3", "RFC 7541"];

const REQUEST3: &[&str] = &["RFC 9114 section 4.3.1", "RFC 9110 section 9.3", "RFC 9204"];

/// Request line and fields, then the wait.
pub(super) fn put(teller: &mut Teller, hop: &Hop<'_>, http: &Http) {
    request(teller, http);
    wait(teller, hop, http);
}

fn request(teller: &mut Teller, http: &Http) {
    let sent = &http.request;
    let version = http.version;
    let ordinary = sent.headers.iter().filter(|field| !field.name.starts_with(':'));
    let names: Vec<&str> = ordinary.map(|field| field.name.as_str()).collect();
    let method = match sent.method.as_str() {
        "GET" => " GET asks for a document and changes nothing at the server, so that it may be sent again.",
        "HEAD" => " HEAD asks for the head of the answer alone.",
        "POST" => " POST hands data to the server: it must not be sent twice without need.",
        "PUT" => " PUT stores what is sent under this URL: sent twice it comes to the same.",
        "DELETE" => " DELETE removes what is there: sent twice it comes to the same.",
        "PATCH" => " PATCH changes a part of what is there: it must not be sent twice without need.",
        "OPTIONS" => " OPTIONS asks what may be done with this URL, and changes nothing.",
        _ => "",
    };
    let mut told = vec![
        format!(
            "The request: {} {} by {}, {} in all.{method}",
            clip(&sent.method),
            clip(&sent.target),
            http.version.as_str(),
            units::bytes(http.bytes_sent)
        ),
        if version == HttpVersion::Http3 {
            teller
                .once(
                    "HTTP/3 sends it on a stream of its own, as a frame of compressed fields (QPACK), the host in the field \
                     :authority; a packet that is lost holds up the streams it belonged to, and no others.",
                )
                .to_owned()
        } else if version == HttpVersion::Http2 {
            teller
                .once(
                    "HTTP/2 sends it as a frame of compressed fields (HPACK), the host in the field :authority; \
                     many requests can be under way on one connection.",
                )
                .to_owned()
        } else {
            teller
                .once(
                    "The field Host says which of the sites on that machine is meant; one address can serve \
                     thousands.",
                )
                .to_owned()
        },
    ];
    if !names.is_empty() {
        told.push(format!("With it went {}: {}.", units::count(names.len(), "field"), list(&names)));
    }
    if let Some(codings) = header(&sent.headers, "accept-encoding") {
        told.push(format!("It asks for a body that is packed in one of these ways: {}.", clip(&codings)));
    }
    if let Some(id) = reading::sent_trace(&sent.headers) {
        told.push(format!(
            "The field traceparent puts it into the trace {id}: servers that take part record under that id what they \
             do for it."
        ));
    }
    if sent.body_bytes > 0 {
        told.push(format!("Its body has {}.", units::bytes(sent.body_bytes)));
    }
    told.extend(http.expect.map(expectation));
    let (standards, command) = match version {
        HttpVersion::Http10 | HttpVersion::Http11 => (REQUEST1, "urltrace --lab https://www.example.test/"),
        HttpVersion::Http2 => (REQUEST2, "urltrace --lab https://http1-only.http.test/"),
        HttpVersion::Http3 => (REQUEST3, "urltrace --lab --http2 https://www.http3.test/"),
    };
    teller.tell("The request", &told, standards, command);
}

/// How a body waited for its word.
fn expectation(expect: Expect) -> String {
    let waited = units::duration(expect.end.since(expect.asked));
    let what = match expect.outcome {
        ExpectOutcome::Continue => {
            format!("The server said 100 (Continue) after {waited}, and the body went.")
        }
        ExpectOutcome::Final => {
            format!("The server answered for good after {waited}, so the body was never sent.")
        }
        ExpectOutcome::TimedOut => {
            format!("The server said nothing to that for {waited}; then the body went all the same.")
        }
        ExpectOutcome::Unanswered => format!("Nothing was said to that for {waited}, when it ended."),
    };
    format!("Its head went first, with Expect: 100-continue: is the body wanted? {what}")
}

/// The least round trip that is known of a connection, and who has measured it.
fn measured(connection: &Connection) -> Option<(std::time::Duration, &'static str)> {
    let by_quic = connection.quic.as_ref().and_then(|quic| quic.min_rtt);
    by_quic.map(|rtt| (rtt, "QUIC")).or_else(|| Some((round_trip(&connection.tcp)?, "the kernel")))
}

fn wait(teller: &mut Teller, hop: &Hop<'_>, http: &Http) {
    let Some(wait) = phases(hop).spent[Phase::Wait] else { return };
    let mut told = Vec::new();
    let shown = units::micros(wait);
    if http.first_byte.is_none() {
        told.push(format!("After the last byte of the request {shown} passed, and no answer began."));
    } else {
        told.push(format!("From the last byte of the request to the first of the answer {shown} passed."));
        match hop.connection.and_then(measured) {
            Some((rtt, by)) => {
                let rtt = u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX);
                told.push(format!(
                    "Distance explains {} of that, one round trip as {by} measured it; the other {} went by \
                     at the server, behind it, or on the way, which cannot be told apart from here.",
                    units::micros(rtt.min(wait)),
                    units::micros(wait.saturating_sub(rtt))
                ));
            }
            None => {
                told.push(
                    "How much of that is distance is not known: no round trip was measured.".to_owned(),
                );
            }
        }
    }
    if let Some(interim) = http.informational.first() {
        told.push(format!(
            "Meanwhile the server said {} (an interim answer: the final one is to follow), {} into the request.",
            interim.status,
            units::duration(interim.at.since(http.start))
        ));
    }
    let command = if http.informational.is_empty() {
        "urltrace --lab https://slow-first-byte.http.test/"
    } else {
        "urltrace --lab https://www.example.test/"
    };
    teller.tell("The wait", &told, &["RFC 9110 section 15.2", "RFC 8297"], command);
}
