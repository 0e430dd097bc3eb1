//! The documents: of a traced URL, of one `urltrace dns`, and of an error that left nothing to report.

use std::borrow::Cow;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::budget::BudgetView;
use super::failure::FailureView;
use super::micros::us;
use super::phases::PhasesView;
use super::record::RecordView;
use super::{dns, finding, hop};
use crate::exit;
use crate::finding::saved_together;
use crate::render::words;
use crate::report::{DnsReport, Expected, TraceReport};
use crate::timeline;
use crate::trace::Failure;

/// The version of the documents' form.
pub(super) const SCHEMA: &str = "urltrace/1";

/// A traced URL.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct TraceDocument<'a> {
    /// The version of this document's form.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    pub(super) schema: &'static str,
    /// Tells this document from the others of the schema.
    #[cfg_attr(test, schemars(extend("const" = "trace")))]
    pub(super) kind: &'static str,
    /// The version of the program that wrote it.
    pub(super) urltrace_version: &'static str,
    /// The URL as typed, secrets redacted.
    pub(super) input: &'a str,
    /// Wall time of t0, RFC 3339, UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    pub(super) started_at: String,
    /// Whether the trace ran inside the built-in lab.
    pub(super) lab: bool,
    /// Whether the last response was read to its end.
    pub(super) outcome: Outcome,
    /// The exit code of the process.
    pub(super) exit_code: u8,
    /// The status of the last response; null when there is none.
    pub(super) final_status: Option<u16>,
    /// What ended the trace before its goal.
    pub(super) failure: Option<FailureView<'a>>,
    /// From t0 to the end of the last hop.
    pub(super) total_us: u64,
    /// Client set-up before t0, not part of the total.
    pub(super) setup_us: u64,
    /// Where the time went.
    pub(super) verdict: finding::VerdictView<'a>,
    /// The phases summed over all hops; null where a phase happened in none.
    pub(super) phases: PhasesView,
    /// What it was allowed to cost, and whether that held.
    pub(super) budgets: Vec<BudgetView<'a>>,
    /// `--expect`: the statuses that the last response was to have; null without it.
    pub(super) expected_status: Option<ExpectedView>,
    /// One record for each request of the redirect chain.
    pub(super) hops: Vec<hop::HopView<'a>>,
    /// The waterfall's rows.
    pub(super) spans: Vec<hop::SpanView>,
    /// What is wrong, slow or worth knowing, the most severe first.
    pub(super) findings: Vec<finding::FindingView<'a>>,
    /// What their savings come to in this run, those of later loads (`load: repeat`) left out; null where none
    /// saves time.
    pub(super) saved_together_us: Option<u64>,
}

impl<'a> TraceDocument<'a> {
    /// The document without its findings: these point into it.
    pub(super) fn new(report: &'a TraceReport) -> Self {
        let TraceReport { trace, findings, verdict, budgets, expected, exit_code } = report;
        let failed = trace.requests.len().saturating_sub(1);
        Self {
            schema: SCHEMA,
            kind: "trace",
            urltrace_version: env!("CARGO_PKG_VERSION"),
            input: &trace.input,
            started_at: words::timestamp(trace.started_at, 6),
            lab: trace.lab,
            outcome: Outcome::of(trace.failure()),
            exit_code: *exit_code,
            final_status: trace.last_status(),
            failure: trace.failure().map(|failure| FailureView::new(failure, failed)),
            total_us: us(trace.total),
            setup_us: us(trace.setup),
            verdict: finding::VerdictView::new(verdict, trace),
            phases: timeline::phases_of_all(trace).into(),
            budgets: budgets.iter().map(Into::into).collect(),
            expected_status: expected.as_ref().map(ExpectedView::new),
            hops: trace.hops().enumerate().map(|(index, hop)| hop::HopView::new(trace, index, hop)).collect(),
            spans: timeline::spans(trace).into_iter().map(hop::SpanView::new).collect(),
            findings: Vec::new(),
            saved_together_us: saved_together(findings).map(us),
        }
    }
}

/// What was expected of the status.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ExpectedView {
    /// Statuses and ranges of them, as `200,301-308`.
    statuses: String,
    /// Whether the last response has one of them; null where there is no response, which counts as not met.
    met: Option<bool>,
}

impl ExpectedView {
    pub(super) fn new(expected: &Expected) -> Self {
        Self { statuses: expected.statuses.to_string(), met: expected.met }
    }
}

/// One `urltrace dns`.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct DnsDocument<'a> {
    /// The version of this document's form.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// Tells this document from the others of the schema.
    #[cfg_attr(test, schemars(extend("const" = "dns")))]
    kind: &'static str,
    /// The version of the program that wrote it.
    urltrace_version: &'static str,
    /// The name as typed.
    input: &'a str,
    /// Wall time of t0, RFC 3339, UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    started_at: String,
    /// `ok` when there is an answer with data; `failed` otherwise, also where the answer is that the name
    /// or the type does not exist.
    outcome: Outcome,
    /// The exit code of the process; in a batch the one that this name alone would have.
    exit_code: u8,
    /// What ended the walk before its goal.
    failure: Option<FailureView<'a>>,
    /// From t0 to the end of the walk; in a batch from the walk's own start.
    total_us: u64,
    /// Client set-up before t0, not part of the total.
    setup_us: u64,
    /// The final response code, by its IANA name.
    rcode: Option<Cow<'static, str>>,
    /// The final answer: the CNAME chain in order, then the records.
    answers: Vec<RecordView<'a>>,
    /// The walk, as in a trace.
    dns: dns::DnsView<'a>,
    /// What is wrong, slow or worth knowing of it, the most severe first.
    findings: Vec<finding::FindingView<'a>>,
}

impl<'a> DnsDocument<'a> {
    pub(super) fn new(run: &'a DnsReport) -> Self {
        Self {
            schema: SCHEMA,
            kind: "dns",
            urltrace_version: env!("CARGO_PKG_VERSION"),
            input: &run.input,
            started_at: words::timestamp(run.started_at, 6),
            outcome: Outcome::of(run.failure.as_ref()),
            exit_code: run.exit_code,
            failure: run.failure.as_ref().map(|failure| FailureView::new(failure, 0)),
            total_us: us(run.total),
            setup_us: us(run.setup),
            rcode: run.dns.rcode.map(crate::trace::Rcode::mnemonic),
            answers: run.dns.answers.iter().map(Into::into).collect(),
            dns: (&run.dns).into(),
            findings: Vec::new(),
        }
    }
}

/// Why there is no report: arguments that mean nothing, a file that cannot be used, a fault of the program.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ErrorDocument<'a> {
    /// The version of this document's form.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// Tells this document from the others of the schema.
    #[cfg_attr(test, schemars(extend("const" = "error")))]
    kind: &'static str,
    /// The version of the program that wrote it.
    urltrace_version: &'static str,
    /// Always `failed`.
    outcome: Outcome,
    /// The exit code of the process.
    exit_code: u8,
    /// Why.
    failure: ErrorView<'a>,
}

/// What kept a run from starting or from telling its result.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ErrorView<'a> {
    /// Whose fault it is.
    #[cfg_attr(test, schemars(extend("enum" = ["usage", "internal"])))]
    code: &'static str,
    /// One sentence.
    message: &'a str,
    /// What to try next.
    hint: Option<&'a str>,
}

impl<'a> ErrorDocument<'a> {
    pub(super) fn new(exit_code: u8, message: &'a str, hint: Option<&'a str>) -> Self {
        let code = if exit_code == exit::USAGE { "usage" } else { "internal" };
        Self {
            schema: SCHEMA,
            kind: "error",
            urltrace_version: env!("CARGO_PKG_VERSION"),
            outcome: Outcome::Failed,
            exit_code,
            failure: ErrorView { code, message, hint },
        }
    }
}

/// How it ended.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, schemars(inline))]
pub(super) enum Outcome {
    Ok,
    Failed,
}

impl Outcome {
    pub(super) const fn of(failure: Option<&Failure>) -> Self {
        if failure.is_some() { Self::Failed } else { Self::Ok }
    }
}
