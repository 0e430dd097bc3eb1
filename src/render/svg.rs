//! The picture of a traced URL (SVG 1.1): its rows on one time axis.

use std::io::{self, Write};

use super::escape::markup as escaped;
use crate::redact::Redacted;
use crate::report::TraceReport;
use crate::timeline;

/// Writes the picture of a trace.
pub(super) fn trace(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    let trace = &report.trace;
    let spans = timeline::spans(trace);
    let total = u64::try_from(trace.total.as_micros()).unwrap_or(u64::MAX).max(1);
    let height = 20 * spans.len() + 40;
    writeln!(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 {height}\" role=\"img\">")?;
    writeln!(out, "<title>{}</title>", escaped(&trace.input))?;
    writeln!(out, "<desc>{}</desc>", escaped(&report.verdict.summary))?;
    for (index, span) in spans.iter().enumerate() {
        let place =
            |at: u64| 300 + u64::try_from(u128::from(at) * 680 / u128::from(total)).unwrap_or(680).min(680);
        let (left, right) = (place(span.start.0), place(span.end.0));
        let (top, width) = (20 + 20 * index, (right - left).max(1));
        writeln!(out, "<text x=\"10\" y=\"{}\" font-size=\"12\">{}</text>", top + 12, escaped(&span.name))?;
        writeln!(out, "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"14\" fill=\"#4a7\"/>")?;
    }
    writeln!(out, "</svg>")
}
