//! Writes the documents.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::compare::CompareDocument;
use super::diff::DiffDocument;
use super::document::{DnsDocument, ErrorDocument};
use super::hop::HopView;
use super::layout::{Layout, Lines};
use super::pointer::Within;
use super::repeat::{BriefView, RepeatDocument};
use super::whole::{trace_document, with_findings};
use super::written::written;
use crate::diff::Diff;
use crate::plan::RunDetail;
use crate::redact::Redacted;
use crate::render::compared;
use crate::report::{CompareReport, DnsReport, RepeatReport, TraceReport};
use crate::trace::{Hop, Trace};

/// Writes the document of a trace.
pub(crate) fn trace(report: &TraceReport, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    put(&trace_document(report)?, lines, out)
}

/// Writes the document of many runs of one URL.
pub(crate) fn repeat(report: &Redacted<RepeatReport>, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    runs(report, report.plan.detail, lines, out)
}

/// The same on one line as with `--brief`: of each run outcome and phases only.
pub(crate) fn repeat_in_brief(report: &Redacted<RepeatReport>, out: &mut dyn Write) -> io::Result<()> {
    runs(report, RunDetail::Brief, Lines::One, out)
}

/// The runs are written one by one: all of them at once would take many times their room.
fn runs(report: &RepeatReport, detail: RunDetail, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    let document = written(&RepeatDocument::new(report), &["/runs"])?;
    let (before, behind) = document.around(0);
    let mut layout = Layout::new(lines, out);
    layout.put(before)?;
    layout.put(b"[")?;
    for (number, run) in report.runs.iter().enumerate() {
        if number > 0 {
            layout.put(b",")?;
        }
        layout.put(&match detail {
            RunDetail::Whole => trace_document(&run.report)?,
            RunDetail::Brief => written(&BriefView::new(&run.report), &[])?.bytes,
        })?;
    }
    layout.put(b"]")?;
    layout.put(behind)?;
    layout.end()
}

/// Writes the document of several ways in turn.
pub(crate) fn compare(report: &Redacted<CompareReport>, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    write(&CompareDocument::new(report, &compared::paired(report), report.detail), lines, out)
}

/// The same on one line as with `--brief`: with the requests of one run a way only.
pub(crate) fn compare_in_brief(report: &Redacted<CompareReport>, out: &mut dyn Write) -> io::Result<()> {
    write(&CompareDocument::new(report, &compared::paired(report), RunDetail::Brief), Lines::One, out)
}

/// Writes the document of two saved documents beside each other.
pub(crate) fn diff(diff: &Redacted<Diff>, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    write(&DiffDocument::new(diff), lines, out)
}

/// Writes the document of one `urltrace dns`.
pub(crate) fn dns(report: &Redacted<DnsReport>, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    put(&with_findings(&DnsDocument::new(report), &report.findings, Within::Lookup)?, lines, out)
}

/// Writes the document of an error.
pub(crate) fn error(
    exit_code: u8,
    message: &str,
    hint: Option<&str>,
    lines: Lines,
    out: &mut dyn Write,
) -> io::Result<()> {
    write(&ErrorDocument::new(exit_code, message, hint), lines, out)
}

/// A hop as it stands in the document.
pub(crate) fn hop(trace: &Trace, index: usize, hop: Hop<'_>) -> serde_json::Result<Value> {
    serde_json::from_slice(&written(&HopView::new(trace, index, hop), &[])?.bytes)
}

/// Writes any document: nothing in it is more than text to a terminal.
pub(crate) fn write(document: &impl Serialize, lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    put(&written(document, &[])?.bytes, lines, out)
}

fn put(document: &[u8], lines: Lines, out: &mut dyn Write) -> io::Result<()> {
    let mut layout = Layout::new(lines, out);
    layout.put(document)?;
    layout.end()
}
