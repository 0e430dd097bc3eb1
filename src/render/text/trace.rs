//! The report of a traced URL, section by section.

use std::io::{self, Write};

use super::ink::Ink;
use super::page::Page;
use super::{budgets, evidence, findings, headline, ladder, resources, story, verbose, waterfall};
use crate::finding::Finding;
use crate::picture::{self, Depth, Paged};
use crate::redact::Redacted;
use crate::render::style::{Diagram, Style};
use crate::report::TraceReport;

/// Writes the report of a trace.
pub(crate) fn trace(report: &Redacted<TraceReport>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style);
    put(&mut page, report, style);
    out.write_all(page.into_text().as_bytes())
}

/// The report of a trace on a page, where other things may stand above it.
pub(super) fn put(page: &mut Page, report: &TraceReport, style: &Style) {
    let TraceReport { trace, findings, verdict, budgets, expected, exit_code: _ } = report;
    headline::put(page, trace, verdict);
    if let Some(expected) = expected {
        headline::put_expected(page, expected);
    }
    match &trace.page {
        Some(model) => resources::put(page, trace, model, style.verbose),
        None => waterfall::put(page, trace, style.verbose),
    }
    budgets::put(page, budgets);
    if style.diagram == Diagram::Ladder {
        let drawn = picture::ladder(trace, findings, ladder::most_lanes(page.width()), depth(style));
        ladder::put(page, &drawn, depth(style));
    }
    evidence::put(page, trace, style.verbose);
    findings::put(page, findings, style.verbose);
    if style.verbose {
        verbose::put(page, trace);
    } else if style.headers {
        verbose::response_section(page, trace);
    }
    if style.explain {
        story::put(page, &crate::story::story(trace));
    } else {
        hint(page, findings.first());
    }
}

/// Where to read on.
fn hint(page: &mut Page, worst: Option<&Finding>) {
    page.gap();
    let mut line = page.line();
    line.push(Ink::Faint, "--explain tells this run step by step");
    if let Some(finding) = worst {
        line.push(Ink::Faint, format!("; `urltrace explain {}` is about the first finding", finding.id));
    }
    page.wrap(page.line(), &line);
}

const fn depth(style: &Style) -> Depth {
    if style.verbose { Depth::Full } else { Depth::Short }
}

/// The waterfall by itself.
pub(crate) fn waterfall_alone(report: &TraceReport, style: &Style) -> String {
    let mut page = Page::new(style);
    waterfall::put(&mut page, &report.trace, style.verbose);
    page.into_text()
}

/// The waterfall of a page by itself.
pub(crate) fn page_alone(paged: &Paged<'_>, style: &Style) -> String {
    let mut page = Page::new(style);
    resources::drawing(&mut page, paged, style.verbose);
    page.into_text()
}

/// The ladder by itself.
pub(crate) fn ladder_alone(report: &TraceReport, style: &Style) -> String {
    let mut page = Page::new(style);
    let lanes = ladder::most_lanes(page.width());
    let drawn = picture::ladder(&report.trace, &report.findings, lanes, depth(style));
    ladder::put(&mut page, &drawn, depth(style));
    page.into_text()
}
