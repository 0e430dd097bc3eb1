//! Writes the documents.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::compare::CompareDocument;
use super::diff::DiffDocument;
use super::document::{DnsDocument, ErrorDocument};
use super::harmless::{OneLine, Readable};
use super::hop::HopView;
use super::pointer::Within;
use super::repeat::RepeatDocument;
use super::whole::{trace_document, with_findings};
use crate::diff::Diff;
use crate::plan::RunDetail;
use crate::redact::Redacted;
use crate::render::compared;
use crate::report::{CompareReport, DnsReport, RepeatReport, TraceReport};
use crate::trace::{Hop, Trace};

/// Whether a document is laid out for eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// One member a line.
    Many,
    /// No line ends in it.
    One,
}

/// Writes the document of a trace.
pub(crate) fn trace(report: &TraceReport, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    write(&trace_document(report)?, lines, out)
}

/// Writes the document of many runs of one URL.
pub(crate) fn repeat(report: &Redacted<RepeatReport>, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    write(&RepeatDocument::new(report), lines, out)
}

/// The same on one line as with `--brief`: of each run outcome and phases only.
pub(crate) fn repeat_in_brief(report: &Redacted<RepeatReport>, out: &mut dyn Write) -> io::Result<()> {
    write(&RepeatDocument::new(report).in_brief(), Lines::One, out)
}

/// Writes the document of several ways in turn.
pub(crate) fn compare(report: &Redacted<CompareReport>, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    let paired = compared::paired(report);
    let document = CompareDocument::new(report, &paired, RunDetail::Whole);
    write(&serde_json::to_value(document)?, lines, out)
}

/// The same on one line, with the requests of one run a way only.
pub(crate) fn compare_in_brief(report: &Redacted<CompareReport>, out: &mut dyn Write) -> io::Result<()> {
    let paired = compared::paired(report);
    let document = CompareDocument::new(report, &paired, RunDetail::Brief);
    write(&serde_json::to_value(document)?, Lines::One, out)
}

/// Writes the document of two saved documents beside each other.
pub(crate) fn diff(diff: &Redacted<Diff>, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    write(&serde_json::to_value(DiffDocument::new(diff))?, lines, out)
}

/// Writes the document of one `urltrace dns`.
pub(crate) fn dns(report: &Redacted<DnsReport>, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    write(&dns_document(report)?, lines, out)
}

/// Writes the document of an error.
pub(crate) fn error(
    exit_code: u8,
    message: &str,
    hint: Option<&str>,
    lines: Lines,
    out: &mut dyn Write,
) -> io::Result<()> {
    write(&serde_json::to_value(ErrorDocument::new(exit_code, message, hint))?, lines, out)
}

fn dns_document(report: &DnsReport) -> serde_json::Result<Value> {
    let document = serde_json::to_value(DnsDocument::new(report))?;
    with_findings(document, &report.findings, Within::Lookup)
}

/// A hop as it stands in the document.
pub(crate) fn hop(trace: &Trace, index: usize, hop: Hop<'_>) -> impl Serialize {
    HopView::new(trace, index, hop)
}

/// Writes any document: nothing in it is more than text to a terminal.
pub(crate) fn write(document: &impl Serialize, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    match lines {
        Lines::Many => {
            document
                .serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Readable::default()))?;
        }
        Lines::One => document.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, OneLine))?,
    }
    out.write_all(b"\n")
}
