//! A trace as OTLP: one ExportTraceServiceRequest in the JSON mapping of Protocol Buffers, on one line.
//!
//! Spans by the semantic conventions of OpenTelemetry: an HTTP client span for each request, and in it the connection
//! set up for it, with DNS lookup, socket connects and TLS handshake, as .NET names them. Nothing is sent here.

mod attributes;
mod connection;
mod request;
mod spans;

use std::io::{self, Write};

use serde_json::{Value, json};

use self::attributes::{Attributes, nanoseconds};
use self::spans::{INTERNAL, Spans};
use super::json::{self as document, Lines};
use crate::finding::Finding;
use crate::redact::Redacted;
use crate::report::TraceReport;
use crate::trace::{At, StageName, Trace};

/// Writes the request for a trace. `resource` is who sends it, by the word of whoever has it sent: it goes before our own.
///
/// # Errors
/// Only those of `out`.
pub fn spans(
    report: &Redacted<TraceReport>,
    resource: &[(String, String)],
    out: &mut dyn Write,
) -> io::Result<()> {
    let trace = &report.trace;
    let mut whole = Vec::new();
    document::trace(report, Lines::One, &mut whole)?;
    let mut spans = Spans::new(trace, &whole);
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
    // What is done ahead is no request.
    for hop in trace.page_hops().filter(|hop| hop.request.until == StageName::Http) {
        request::span(&mut spans, root, &hop, 0);
    }
    let request = json!({ "resourceSpans": [{
        "resource": { "attributes": sender(resource) },
        "scopeSpans": [{
            "scope": { "name": "urltrace", "version": env!("CARGO_PKG_VERSION") },
            "spans": spans.done,
        }],
    }] });
    writeln!(out, "{request}")
}

/// Who sends it: what was said of that, and our own name and version where nothing was.
fn sender(said: &[(String, String)]) -> Value {
    let own = [("service.name", "urltrace"), ("service.version", env!("CARGO_PKG_VERSION"))];
    let own = own.into_iter().filter(|(name, _)| !said.iter().any(|(known, _)| known == name));
    let said = said.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    own.chain(said).fold(Attributes::default(), |all, (name, value)| all.text(name, value)).done()
}

fn end(trace: &Trace) -> At {
    let page = trace.page_hops().map(|hop| hop.end).max();
    At(0).after(trace.total).max(page.unwrap_or_default())
}

/// What was found, as events at the end.
fn findings(report: &TraceReport) -> Value {
    let time = nanoseconds(report.trace.started_at, end(&report.trace));
    let event = |finding: &Finding| {
        let attributes = Attributes::default()
            .text("urltrace.finding.id", finding.id)
            .text("urltrace.finding.severity", finding.severity.as_str())
            .text("urltrace.finding.title", finding.title.as_str());
        json!({ "name": "urltrace.finding", "timeUnixNano": time, "attributes": attributes.done() })
    };
    Value::Array(report.findings.iter().map(event).collect())
}

#[cfg(test)]
mod tests;
