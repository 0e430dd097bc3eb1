//! The span of a request: a client's span, in which the set-up of its connection lies, where one was opened for it.

use serde_json::{Value, json};

use super::attributes::{Attributes, nanoseconds};
use super::connection::{self, server};
use super::spans::{CLIENT, Place, Spans};
use crate::reading;
use crate::trace::{At, Hop, Http, HttpVersion, StageName, span_ids};

/// Adds it; `count` is how many requests of its chain were before it. What is asked nothing by HTTP has its connection
/// alone.
pub(super) fn span(spans: &mut Spans, root: Place, hop: &Hop<'_>, count: usize) {
    if hop.request.until != StageName::Http {
        connection::spans(spans, root, hop);
        return;
    }
    let http = hop.http.ran();
    // The conventions' words for a method that is not known: none was sent.
    let (name, method) =
        http.map_or(("HTTP", "_OTHER"), |http| (http.request.method.as_str(), http.request.method.as_str()));
    let resent = u64::try_from(count).ok().filter(|count| *count > 0);
    let attributes = server(hop)
        .text("http.request.method", method)
        .text("url.full", hop.url.href.split('#').next().unwrap_or_default())
        .text("url.scheme", hop.url.scheme.as_str())
        .maybe_number("http.request.resend_count", resent)
        .text("user_agent.synthetic.type", "test");
    let attributes = http.map_or(attributes.clone(), |http| exchanged(attributes, hop, http));
    let place = spans.add(Some(root), name.to_owned(), CLIENT, (hop.start, hop.end), attributes);
    if let Some(http) = http {
        let caller = reading::sent_caller(&http.request.headers);
        if let Some((trace, id)) = caller.filter(|(trace, id)| span_ids::is_caller(*trace, *id)) {
            debug_assert_eq!(trace, spans.trace_id);
            spans.name(place, id);
        }
        let events = events(spans, http);
        spans.set(place, "events", events);
    }
    connection::spans(spans, place, hop);
    match (hop.failure, http.and_then(|http| http.status)) {
        (Some(failure), _) => spans.failure(place, failure),
        // Of a client both are errors; the status says why.
        (None, Some(status @ 400..)) => {
            spans.fail(place, &status.to_string(), &format!("HTTP status {status}"));
        }
        (None, _) => {}
    }
}

/// What only an exchange has.
fn exchanged(attributes: Attributes, hop: &Hop<'_>, http: &Http) -> Attributes {
    let direct = hop.connection.filter(|connection| connection.proxy.is_none());
    let peer = direct.and_then(|connection| connection.tcp.attempts.get(connection.tcp.winner?));
    let version = match http.version {
        HttpVersion::Http10 => "1.0",
        HttpVersion::Http11 => "1.1",
        HttpVersion::Http2 => "2",
        HttpVersion::Http3 => "3",
    };
    attributes
        .maybe_number("http.response.status_code", http.status.map(u64::from))
        .text("network.protocol.name", "http")
        .text("network.protocol.version", version)
        .maybe("network.peer.address", peer.map(|peer| peer.address.ip().to_string()))
        .maybe_number("network.peer.port", peer.map(|peer| peer.address.port().into()))
        .number("http.response.size", http.bytes_received)
}

fn events(spans: &Spans, http: &Http) -> Value {
    let moments = [
        ("request begun", Some(http.start)),
        ("request sent", http.sent),
        ("first byte", http.first_byte),
        ("head read", http.head_end),
    ];
    let event = |(name, at): (&str, Option<At>)| {
        Some(json!({ "timeUnixNano": nanoseconds(spans.started_at, at?), "name": name }))
    };
    Value::Array(moments.into_iter().filter_map(event).collect())
}
