//! Writes the documents.

use std::io::{self, Write};

use serde::Serialize;

use super::document::{DnsDocument, TraceDocument};
use super::finding;
use super::harmless::{OneLine, Readable};
use super::pointer::Within;
use crate::finding::{Finding, Verdict};
use crate::render::redact::Redactor;
use crate::render::run::DnsRun;
use crate::render::style::Style;
use crate::trace::Trace;

/// Writes the document of a trace.
pub(crate) fn trace(
    trace: &Trace,
    findings: &[Finding],
    verdict: &Verdict,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let redactor = style.redactor();
    let mut document = serde_json::to_value(TraceDocument::new(trace, verdict, redactor))?;
    // Evidence is copied out of the finished document, so that a pointer and its value cannot
    // disagree.
    let findings = findings
        .iter()
        .map(|finding| {
            serde_json::to_value(finding::FindingView::new(
                finding,
                Within::Trace(trace),
                &document,
                redactor,
            ))
        })
        .collect::<Result<Vec<_>, _>>()?;
    document["findings"] = findings.into();
    write(&document, out)
}

/// Writes the document of one `urltrace dns`.
pub(crate) fn dns(run: &DnsRun<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    write(&dns_document(run, style.redactor())?, out)
}

fn dns_document(run: &DnsRun<'_>, redactor: Redactor) -> serde_json::Result<serde_json::Value> {
    let mut document = serde_json::to_value(DnsDocument::new(run, redactor))?;
    let findings = run
        .findings
        .iter()
        .map(|finding| {
            serde_json::to_value(finding::FindingView::new(finding, Within::Lookup, &document, redactor))
        })
        .collect::<Result<Vec<_>, _>>()?;
    document["findings"] = findings.into();
    Ok(document)
}

/// Writes the same document without line ends.
pub(crate) fn dns_line(run: &DnsRun<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let document = dns_document(run, style.redactor())?;
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, OneLine))?;
    out.write_all(b"\n")
}

fn write(document: &serde_json::Value, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Readable::default());
    document.serialize(&mut serializer)?;
    out.write_all(b"\n")
}
