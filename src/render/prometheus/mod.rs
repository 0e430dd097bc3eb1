//! A trace, or many of one URL, as metrics for Prometheus and OpenMetrics.
//!
//! What did not happen has no sample: never 0 in its place. Names, help and types are the same for every URL, so that
//! files of several may lie beside each other; labels hold what is bounded, and no secret.
//!
//! # Layout
//! - `exposition`: the text; `phases`, `dns`, `connection`, `response`: the metrics of a trace; `runs`: of many;
//!   `single`: those of one sample

mod connection;
mod dns;
mod exposition;
mod phases;
mod response;
mod runs;
mod single;

use std::io::{self, Write};

use self::single::{info, single, started};
pub use exposition::{Dialect, Family, Kind, Label, Target, Value, exposition};
pub use single::build;

use crate::finding::Severity;
use crate::redact::Redacted;
use crate::report::{RepeatReport, TraceReport};
use crate::trace::Trace;

/// How much is told of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What every target has a handful of series for.
    Plain,
    /// Phases of each request and the id of each finding, too: `-v`.
    Each,
}

/// The metrics of a trace, each sample without a label for its URL.
#[must_use]
pub fn families(report: &Redacted<TraceReport>, detail: Detail) -> Vec<Family> {
    let trace = &report.trace;
    let mut all = vec![
        single("urltrace_success", "Whether the trace came to its end, whatever the status: 1 or 0.", {
            Some(Value::count(u8::from(trace.failure().is_none())))
        }),
        failure(trace),
        phases::duration(trace),
        phases::phases(trace),
    ];
    all.extend((detail == Detail::Each).then(|| phases::of_requests(trace)));
    all.extend(dns::families(trace));
    all.extend(connection::families(trace));
    all.extend(response::families(trace));
    all.extend(findings(report, detail));
    all.push(started(trace.started_at));
    all.push(build());
    all.retain(|family| !family.is_empty());
    all
}

/// Writes the metrics of a trace, all with the label `url`.
pub(super) fn trace(
    report: &Redacted<TraceReport>,
    dialect: Dialect,
    detail: Detail,
    out: &mut dyn Write,
) -> io::Result<()> {
    let labels = vec![("url", report.trace.input.clone())];
    let target = Target { labels, families: families(report, detail) };
    out.write_all(exposition(&[target], dialect).as_bytes())
}

/// Writes the metrics of many runs, all with the label `url`.
pub(super) fn repeat(
    report: &Redacted<RepeatReport>,
    dialect: Dialect,
    out: &mut dyn Write,
) -> io::Result<()> {
    let labels = vec![("url", report.input.clone())];
    let target = Target { labels, families: runs::families(report) };
    out.write_all(exposition(&[target], dialect).as_bytes())
}

fn failure(trace: &Trace) -> Family {
    let labels = trace.failure().map(|failure| {
        vec![("stage", failure.stage.as_str().to_owned()), ("reason", failure.code.as_str().to_owned())]
    });
    info("urltrace_failure_info", "Why the trace did not come to its end: where, and a stable word.", labels)
}

fn findings(report: &TraceReport, detail: Detail) -> Vec<Family> {
    let mut counts =
        Family::new("urltrace_findings", Kind::Gauge, "What was found wrong, slow or worth knowing.");
    for severity in Severity::ALL {
        let count = report.findings.iter().filter(|finding| finding.severity == *severity).count();
        counts.add(vec![("severity", severity.as_str().to_owned())], Value::count(count));
    }
    let mut each = Family::new("urltrace_finding_info", Kind::Info, "A finding: its id and its severity.");
    for finding in report.findings.iter().filter(|_| detail == Detail::Each) {
        let labels = vec![("id", finding.id.to_owned()), ("severity", finding.severity.as_str().to_owned())];
        each.add(labels, Value::Whole(1));
    }
    vec![counts, each]
}

#[cfg(test)]
mod tests;
