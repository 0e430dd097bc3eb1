//! The document of one URL by several versions of HTTP.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::document::{Outcome, SCHEMA};
use super::failure::FailureView;
use super::hop::HopView;
use super::micros::us;
use super::phases::PhasesView;
use crate::render::words;
use crate::report::{CompareReport, Compared};
use crate::timeline;
use crate::trace::{Failure, Trace};

/// One URL by several versions of HTTP, one after another.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct CompareDocument<'a> {
    /// The version of this document's form.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// Tells this document from the others of the schema.
    #[cfg_attr(test, schemars(extend("const" = "compare")))]
    kind: &'static str,
    /// The version of the program that wrote it.
    urltrace_version: &'static str,
    /// The URL as typed, secrets redacted.
    input: &'a str,
    /// Wall time of the first row's t0, RFC 3339, UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    started_at: Option<String>,
    /// Whether it ran inside the built-in lab.
    lab: bool,
    /// `ok` where one version at least got a response to its end.
    outcome: Outcome,
    /// The exit code of the process.
    exit_code: u8,
    /// Why the first row failed, where all did.
    failure: Option<FailureView<'a>>,
    /// The first row's: from its t0 to the end of its last hop.
    total_us: u64,
    /// Client set-up before the first t0, not part of any total.
    setup_us: u64,
    /// The requests of the first row.
    hops: Vec<HopView<'a>>,
    /// One row for each version, in the order in which they ran.
    compare: Vec<ComparedView<'a>>,
}

/// A run by one version.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ComparedView<'a> {
    /// The version that was asked for.
    #[cfg_attr(test, schemars(extend("enum" = ["HTTP/1.1", "HTTP/2", "HTTP/3"])))]
    label: &'static str,
    /// Whether its last response was read to its end.
    outcome: Outcome,
    /// What ended it before its goal.
    failure: Option<FailureView<'a>>,
    /// The status of its last response; null when there is none.
    status: Option<u16>,
    /// From its t0 to the end of its last hop.
    total_us: u64,
    /// Its phases, summed over its hops; null where a phase happened in none.
    phases: PhasesView,
    /// One record for each request of its redirect chain. Times count from its own t0.
    hops: Vec<HopView<'a>>,
    /// Wall time of its start, RFC 3339, UTC, in microseconds.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    started_at: String,
    /// Client set-up before its start; not part of `total_us`.
    setup_us: u64,
}

impl<'a> CompareDocument<'a> {
    pub(super) fn new(report: &'a CompareReport) -> Self {
        let CompareReport { input, rows, exit_code } = report;
        let first = rows.first().map(|row| &row.trace);
        Self {
            schema: SCHEMA,
            kind: "compare",
            urltrace_version: env!("CARGO_PKG_VERSION"),
            input,
            started_at: first.map(|trace| words::timestamp(trace.started_at, 6)),
            lab: first.is_some_and(|trace| trace.lab),
            outcome: Outcome::of(report.failure()),
            exit_code: *exit_code,
            failure: first.zip(report.failure()).map(|(trace, failure)| failed(trace, failure)),
            total_us: first.map_or(0, |trace| us(trace.total)),
            setup_us: first.map_or(0, |trace| us(trace.setup)),
            hops: first.map_or_else(Vec::new, hops),
            compare: rows.iter().map(Into::into).collect(),
        }
    }
}

impl<'a> From<&'a Compared> for ComparedView<'a> {
    fn from(Compared { version, trace }: &'a Compared) -> Self {
        Self {
            label: version.as_str(),
            outcome: Outcome::of(trace.failure()),
            failure: trace.failure().map(|failure| failed(trace, failure)),
            status: trace.last_status(),
            total_us: us(trace.total),
            phases: timeline::phases_of_all(trace).into(),
            hops: hops(trace),
            started_at: words::timestamp(trace.started_at, 6),
            setup_us: us(trace.setup),
        }
    }
}

fn failed<'a>(trace: &Trace, failure: &'a Failure) -> FailureView<'a> {
    FailureView::new(failure, trace.requests.len().saturating_sub(1))
}

fn hops(trace: &Trace) -> Vec<HopView<'_>> {
    trace.hops().enumerate().map(|(index, hop)| HopView::new(trace, index, hop)).collect()
}
