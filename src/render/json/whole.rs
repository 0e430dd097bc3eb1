//! Documents with their findings, whose evidence points into them.

use serde_json::Value;

use super::document::TraceDocument;
use super::finding::FindingView;
use super::page::PageDocument;
use super::pointer::Within;
use crate::finding::Finding;
use crate::report::TraceReport;

/// The document of a trace, whole.
pub(super) fn trace_document(report: &TraceReport) -> serde_json::Result<Value> {
    let document = match &report.trace.page {
        Some(page) => serde_json::to_value(PageDocument::new(report, page))?,
        None => serde_json::to_value(TraceDocument::new(report))?,
    };
    with_findings(document, &report.findings, Within::Trace(&report.trace))
}

/// Evidence is copied out of the finished document, so that a pointer and its value cannot disagree.
pub(super) fn with_findings(
    mut document: Value,
    findings: &[Finding],
    within: Within<'_>,
) -> serde_json::Result<Value> {
    let findings = findings
        .iter()
        .map(|finding| serde_json::to_value(FindingView::new(finding, within, &document)))
        .collect::<Result<Vec<_>, _>>()?;
    document["findings"] = findings.into();
    Ok(document)
}
