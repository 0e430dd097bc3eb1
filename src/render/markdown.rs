//! The report as Markdown (CommonMark with GitHub's tables), for tickets.

use std::io::{self, Write};

use super::escape::markdown as escaped;
use crate::redact::Redacted;
use crate::report::TraceReport;
use crate::timeline;
use crate::units;

/// Writes the report of a trace.
pub(super) fn trace(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    let TraceReport { trace, findings, verdict, .. } = &**report;
    let url = trace.requests.last().map_or(&trace.input, |request| &request.url.href);
    writeln!(out, "## {}\n\n**{}**\n", escaped(url), escaped(&verdict.summary))?;
    if !trace.requests.is_empty() {
        let phases = timeline::phases_of_all(trace);
        writeln!(out, "| phase | time | share |\n| --- | ---: | ---: |")?;
        for (phase, spent) in phases.spent.iter() {
            let Some(spent) = spent else { continue };
            let share = units::share(*spent, phases.total);
            writeln!(out, "| {} | {} | {} |", phase.as_str(), units::micros(*spent), share.trim())?;
        }
        writeln!(out, "| **total** | **{}** | |\n", units::duration(trace.total))?;
    }
    for finding in findings {
        writeln!(out, "- **{}** {}", escaped(&finding.title), escaped(&finding.detail))?;
    }
    Ok(())
}
