//! Traces as OTLP: an ExportTraceServiceRequest in the JSON mapping of Protocol Buffers, on one line.
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
use crate::exit;
use crate::finding::Finding;
use crate::plan::Varied;
use crate::redact::Redacted;
use crate::report::{CompareReport, RepeatReport, TraceReport};
use crate::trace::{At, StageName, Trace};

/// Writes the request for a trace.
///
/// # Errors
/// Only those of `out`.
pub(super) fn spans(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    line(out, |batch| batch.put(report, None))
}

/// Writes a request for each of many runs: a trace each, on a line of its own.
///
/// # Errors
/// Only those of `out`.
pub(super) fn runs(report: &Redacted<RepeatReport>, out: &mut dyn Write) -> io::Result<()> {
    report.runs.iter().try_for_each(|run| line(out, |batch| batch.put(&run.report, None)))
}

/// Writes a request for each run of each way: a trace each, on a line of its own.
///
/// # Errors
/// Only those of `out`.
pub(super) fn ways(report: &Redacted<CompareReport>, out: &mut dyn Write) -> io::Result<()> {
    let mut all = (0..report.rows.len()).flat_map(|way| runs_of(report, way).map(move |run| (way, run)));
    all.try_for_each(|(way, run)| line(out, |batch| batch.add_compared(report, way, run)))
}

fn line(out: &mut dyn Write, add: impl FnOnce(&mut SpanBatch) -> io::Result<()>) -> io::Result<()> {
    let mut batch = SpanBatch::default();
    add(&mut batch)?;
    out.write_all(&batch.request(&[]))?;
    out.write_all(b"\n")
}

/// What the spans of a batch take at least when it is to be sent, in bytes: collectors refuse what is far larger.
const FULL: usize = 512 << 10;

/// The spans of some traces, on their way into one request.
#[derive(Clone, Debug, Default)]
pub struct SpanBatch {
    /// As JSON, with commas between them.
    spans: Vec<u8>,
    traces: usize,
}

impl SpanBatch {
    /// Takes the spans of a trace in.
    ///
    /// # Errors
    /// What cannot be put into JSON.
    pub fn add(&mut self, report: &Redacted<TraceReport>) -> io::Result<()> {
        self.put(report, None)
    }

    /// Takes those of one of many runs in; nothing where there is no such run.
    ///
    /// # Errors
    /// What cannot be put into JSON.
    pub fn add_run(&mut self, report: &Redacted<RepeatReport>, run: usize) -> io::Result<()> {
        report.runs.get(run).map_or(Ok(()), |run| self.put(&run.report, None))
    }

    /// Takes those of a run of one of several ways in; nothing where there is no such run.
    ///
    /// # Errors
    /// What cannot be put into JSON.
    pub fn add_compared(
        &mut self,
        report: &Redacted<CompareReport>,
        way: usize,
        run: usize,
    ) -> io::Result<()> {
        let Some(row) = report.rows.get(way) else { return Ok(()) };
        let Some(trace) = row.runs.get(run) else { return Ok(()) };
        let side = Side { varied: report.varied, way: &row.label, round: run + 1 };
        self.put(&TraceReport::without_findings(trace.clone(), |_, _| exit::OK), Some(side))
    }

    fn put(&mut self, report: &TraceReport, side: Option<Side<'_>>) -> io::Result<()> {
        for span in of_trace(report, side)? {
            if !self.spans.is_empty() {
                self.spans.push(b',');
            }
            write!(self.spans, "{span}")?;
        }
        self.traces += 1;
        Ok(())
    }

    /// How many traces are in it.
    #[must_use]
    pub const fn traces(&self) -> usize {
        self.traces
    }

    /// Whether it is to be sent before more comes in.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.spans.len() >= FULL
    }

    /// The request, on one line without its end. `resource` is who sends it, by the word of whoever has it sent: it goes
    /// before our own.
    #[must_use]
    pub fn request(&self, resource: &[(String, String)]) -> Vec<u8> {
        let scope = json!({ "name": "urltrace", "version": env!("CARGO_PKG_VERSION") });
        let before = format!(
            "{{\"resourceSpans\":[{{\"resource\":{{\"attributes\":{}}},\"scopeSpans\":[{{\"scope\":{scope},\"spans\":[",
            sender(resource)
        );
        [before.as_bytes(), &self.spans, b"]}]}]}"].concat()
    }
}

/// Which run of a comparison it is.
#[derive(Clone, Copy)]
struct Side<'a> {
    varied: Varied,
    way: &'a str,
    /// Counted from 1.
    round: usize,
}

/// The places of a way's runs.
fn runs_of(report: &CompareReport, way: usize) -> std::ops::Range<usize> {
    0..report.rows.get(way).map_or(0, |row| row.runs.len())
}

/// The spans of a trace.
fn of_trace(report: &TraceReport, side: Option<Side<'_>>) -> io::Result<Vec<Value>> {
    let trace = &report.trace;
    let mut whole = Vec::new();
    document::trace(report, Lines::One, &mut whole)?;
    let mut spans = Spans::new(trace, &whole);
    let host = trace.requests.first().map_or("", |request| request.url.host_ascii.as_str());
    let attributes = Attributes::default()
        .text("urltrace.input", trace.input.as_str())
        .text("urltrace.verdict", report.verdict.summary.as_str());
    let attributes = match side {
        Some(Side { varied, way, round }) => attributes
            .text("urltrace.compare.varied", varied.as_str())
            .text("urltrace.compare.way", way)
            .maybe_number("urltrace.compare.round", u64::try_from(round).ok()),
        None => attributes,
    };
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
    Ok(spans.done)
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
