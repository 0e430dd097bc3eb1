//! The report of a traced URL, section by section.

use std::io::{self, Write};

use super::page::Page;
use super::{evidence, findings, headline, story, verbose, waterfall};
use crate::redact::Redacted;
use crate::render::style::Style;
use crate::report::TraceReport;

/// Writes the report of a trace.
pub(crate) fn trace(report: &Redacted<TraceReport>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let TraceReport { trace, findings, verdict, exit_code: _ } = &**report;
    let mut page = Page::new(style);
    headline::put(&mut page, trace, verdict);
    waterfall::put(&mut page, trace, style.verbose);
    evidence::put(&mut page, trace, style.verbose);
    findings::put(&mut page, findings);
    if style.verbose {
        verbose::put(&mut page, trace);
    } else if style.headers {
        verbose::response_section(&mut page, trace);
    }
    if style.explain {
        story::put(&mut page, &crate::story::story(trace));
    }
    out.write_all(page.into_text().as_bytes())
}
