//! Documents with their findings, whose evidence points into them.

use serde::Serialize;

use super::document::TraceDocument;
use super::finding::{EvidenceView, FindingView};
use super::page::PageDocument;
use super::pointer::{Within, pointer};
use super::written::{Written, written};
use crate::finding::Finding;
use crate::report::TraceReport;

/// The document of a trace, whole, on one line without its end.
pub(super) fn trace_document(report: &TraceReport) -> serde_json::Result<Vec<u8>> {
    let within = Within::Trace(&report.trace);
    match &report.trace.page {
        Some(page) => with_findings(&PageDocument::new(report, page), &report.findings, within),
        None => with_findings(&TraceDocument::new(report), &report.findings, within),
    }
}

/// Puts findings into a document that has none as yet.
pub(super) fn with_findings(
    document: &impl Serialize,
    findings: &[Finding],
    within: Within<'_>,
) -> serde_json::Result<Vec<u8>> {
    let evidence: Vec<Vec<Option<String>>> = findings
        .iter()
        .map(|finding| finding.evidence.iter().map(|place| pointer(*place, within)).collect())
        .collect();
    let pointers: Vec<&str> =
        std::iter::once("/findings").chain(evidence.iter().flatten().flatten().map(String::as_str)).collect();
    put_in(&written(document, &pointers)?, findings, &evidence)
}

/// Evidence is copied out of what was written, so that a pointer and its value cannot disagree.
fn put_in(
    document: &Written,
    findings: &[Finding],
    evidence: &[Vec<Option<String>>],
) -> serde_json::Result<Vec<u8>> {
    let mut next = 1;
    let mut views = Vec::new();
    for (finding, pointers) in findings.iter().zip(evidence) {
        let mut told = Vec::new();
        for pointer in pointers.iter().flatten() {
            // A place that the document does not have is a fault of its rule: a debug build stops at it, a release build
            // leaves it out.
            let value = document.at(next);
            debug_assert!(value.is_some(), "{}: {pointer} points nowhere", finding.id);
            next += 1;
            let Some(value) = value else { continue };
            told.push(EvidenceView { pointer, value: serde_json::from_slice(value)? });
        }
        debug_assert!(pointers.iter().all(Option::is_some), "{}: a place without a pointer", finding.id);
        views.push(FindingView::new(finding, told));
    }
    let (before, behind) = document.around(0);
    Ok([before, &written(&views, &[])?.bytes, behind].concat())
}
