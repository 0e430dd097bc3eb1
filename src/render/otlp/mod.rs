//! A trace as OTLP: one ExportTraceServiceRequest in the JSON mapping of Protocol Buffers, on one line.
//!
//! Spans by the semantic conventions of OpenTelemetry: an HTTP client span for each request, and in it the connection
//! set up for it, with DNS lookup, socket connects and TLS handshake, as .NET names them. Nothing is sent here.

mod attributes;
mod connection;
mod request;

use std::io::{self, Write};
use std::time::SystemTime;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use self::attributes::{Attributes, nanoseconds};
use super::json::{self as document, Lines};
use crate::reading;
use crate::redact::Redacted;
use crate::report::TraceReport;
use crate::trace::{At, Failure, FailureCode, Trace, span_ids};

/// SPAN_KIND_INTERNAL and SPAN_KIND_CLIENT: enums are numbers in OTLP's JSON.
const INTERNAL: u8 = 1;
const CLIENT: u8 = 3;
/// STATUS_CODE_ERROR.
const ERROR: u8 = 2;

/// Writes the request for a trace.
pub(super) fn trace(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    let trace = &report.trace;
    let mut spans = Spans::new(trace, report)?;
    let host = trace.requests.first().map_or("", |request| request.url.host_ascii.as_str());
    let attributes = Attributes::default()
        .text("urltrace.input", trace.input.as_str())
        .text("urltrace.verdict", report.verdict.summary.as_str());
    let name = format!("urltrace {host}");
    let root = spans.add(None, name.trim_end().to_owned(), INTERNAL, (At(0), end(trace)), attributes);
    spans.set(root, "events", findings(report));
    if let Some(failure) = trace.failure() {
        spans.failure(root, failure);
    }
    for (count, hop) in trace.hops().enumerate() {
        request::span(&mut spans, root, &hop, count);
    }
    for hop in trace.page_hops() {
        request::span(&mut spans, root, &hop, 0);
    }
    let service = Attributes::default()
        .text("service.name", "urltrace")
        .text("service.version", env!("CARGO_PKG_VERSION"));
    let request = json!({ "resourceSpans": [{
        "resource": { "attributes": service.done() },
        "scopeSpans": [{
            "scope": { "name": "urltrace", "version": env!("CARGO_PKG_VERSION") },
            "spans": spans.done,
        }],
    }] });
    writeln!(out, "{request}")
}

fn end(trace: &Trace) -> At {
    let page = trace.page_hops().map(|hop| hop.end).max();
    At(0).after(trace.total).max(page.unwrap_or_default())
}

/// What was found, as events at the end.
fn findings(report: &TraceReport) -> Value {
    let time = nanoseconds(report.trace.started_at, end(&report.trace));
    let event = |finding: &crate::finding::Finding| {
        let attributes = Attributes::default()
            .text("urltrace.finding.id", finding.id)
            .text("urltrace.finding.severity", finding.severity.as_str())
            .text("urltrace.finding.title", finding.title.as_str());
        json!({ "name": "urltrace.finding", "timeUnixNano": time, "attributes": attributes.done() })
    };
    Value::Array(report.findings.iter().map(event).collect())
}

/// The spans of a trace.
struct Spans {
    trace_id: [u8; 16],
    /// The span of somebody else that the requests named as their caller (`-H traceparent:`).
    above: Option<[u8; 8]>,
    started_at: SystemTime,
    done: Vec<Value>,
}

/// A span by its place.
#[derive(Clone, Copy)]
struct Place(usize);

impl Spans {
    /// None yet. The trace is the one that was sent with the first request, or one by what the run came to.
    fn new(trace: &Trace, report: &Redacted<TraceReport>) -> io::Result<Self> {
        let mut sent = trace.hops().filter_map(|hop| reading::sent_caller(&hop.http.ran()?.request.headers));
        let (trace_id, above) = if let Some((id, caller)) = sent.next() {
            (id, Some(caller).filter(|caller| !span_ids::is_caller(id, *caller)))
        } else {
            let mut whole = Vec::new();
            document::trace(report, Lines::One, &mut whole)?;
            (span_ids::of_run(&whole), None)
        };
        Ok(Self { trace_id, above, started_at: trace.started_at, done: Vec::new() })
    }

    fn add(
        &mut self,
        parent: Option<Place>,
        name: String,
        kind: u8,
        (start, end): (At, At),
        attributes: Attributes,
    ) -> Place {
        let number = u64::try_from(self.done.len()).unwrap_or_default();
        let mut span = json!({
            "traceId": HEXLOWER.encode(&self.trace_id),
            "spanId": HEXLOWER.encode(&span_ids::numbered(self.trace_id, number)),
            "name": name,
            "kind": kind,
            "startTimeUnixNano": nanoseconds(self.started_at, start),
            "endTimeUnixNano": nanoseconds(self.started_at, end.max(start)),
            "attributes": attributes.done(),
        });
        let above = match parent {
            Some(Place(parent)) => self.done.get(parent).map(|parent| parent["spanId"].clone()),
            None => self.above.map(|id| HEXLOWER.encode(&id).into()),
        };
        if let Some(id) = above {
            span["parentSpanId"] = id;
        }
        self.done.push(span);
        Place(self.done.len() - 1)
    }

    /// Gives a span the id that was sent as the caller's, before it has children.
    fn name(&mut self, place: Place, id: [u8; 8]) {
        self.set(place, "spanId", HEXLOWER.encode(&id).into());
    }

    fn set(&mut self, Place(place): Place, key: &str, value: Value) {
        if let Some(span) = self.done.get_mut(place) {
            span[key] = value;
        }
    }

    fn fail(&mut self, place: Place, kind: &str, message: &str) {
        self.set(place, "status", json!({ "message": message, "code": ERROR }));
        let span = self.done.get_mut(place.0);
        if let Some(attributes) = span.and_then(|span| span["attributes"].as_array_mut()) {
            attributes.push(json!({ "key": "error.type", "value": { "stringValue": kind } }));
        }
    }

    /// Marks what failed with it.
    fn failure(&mut self, place: Place, failure: &Failure) {
        self.fail(place, error_type(failure.code), &failure.message);
    }
}

/// What the conventions call it, or the word of the JSON document.
const fn error_type(code: FailureCode) -> &'static str {
    match code {
        FailureCode::NxDomain | FailureCode::NoData => "host_not_found",
        FailureCode::DnsTimeout => "try_again",
        FailureCode::ConnectionRefused => "connection_refused",
        FailureCode::ConnectTimeout => "timed_out",
        FailureCode::Unreachable => "host_unreachable",
        FailureCode::ConnectionReset => "connection_reset",
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests;
