//! The document of many runs of one URL.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::budget::BudgetView;
use super::document::{Outcome, SCHEMA, TraceDocument};
use super::failure::FailureView;
use super::micros::us;
use super::phases::PhasesView;
use super::spread::{SpreadView, SpreadsView};
use crate::render::words;
use crate::report::{RepeatReport, Repeated, TraceReport};
use crate::runs::{self, Failures, Pattern, PatternKind, Spread, Summary};
use crate::timeline::phases_of_all;
use crate::trace::{Failure, KeptConnection, Trace};

/// Many runs of one URL, one after another.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct RepeatDocument<'a> {
    /// The version of this document's form.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// Tells this document from the others of the schema.
    #[cfg_attr(test, schemars(extend("const" = "repeat")))]
    kind: &'static str,
    /// The version of the program that wrote it.
    urltrace_version: &'static str,
    /// The URL as typed, secrets redacted.
    input: &'a str,
    /// Wall time of the first run's t0, RFC 3339, UTC; null where none was begun.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    started_at: Option<String>,
    /// Whether it ran inside the built-in lab.
    lab: bool,
    /// `ok` where one run at least got a response to its end.
    outcome: Outcome,
    /// The exit code of the process.
    exit_code: u8,
    /// Why the first run failed, where all did.
    failure: Option<FailureView<'a>>,
    /// What each run began with: `cold`, what the servers of the root and of top-level domains had said of the name;
    /// `cold-root`, nothing; `warm-dns`, all that had been answered, as long as its TTL lasted; `warm-connection`, a connection
    /// that an earlier run had opened; `warm-all`, both.
    #[cfg_attr(test, schemars(extend("enum" = ["cold", "cold-root", "warm-dns", "warm-connection", "warm-all"])))]
    start: &'static str,
    /// The walk before the first run, which no number here counts; null where there was none.
    warmup: Option<WarmUpView<'a>>,
    /// From the start of one run to that of the next, as asked for; null where the next began when one had ended.
    interval_us: Option<u64>,
    /// Why there are no more runs: `done`, all wanted were made; `duration`, the time was over; `most`, as many as are
    /// kept were made; `interrupted`.
    #[cfg_attr(test, schemars(extend("enum" = ["done", "duration", "most", "interrupted"])))]
    ended: &'static str,
    /// What the runs were allowed to cost, and whether that held.
    budgets: Vec<BudgetView<'a>>,
    /// How the phases of the runs spread.
    summary: SummaryView,
    /// The runs in their order: each the document of one trace, whose pointers hold within it; with `--brief` outcome
    /// and phases only.
    runs: Vec<RunView<'a>>,
}

/// The walk before the first run.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct WarmUpView<'a> {
    /// What it took.
    total_us: u64,
    /// The zones whose delegation the first run began with; the others did, too, as long as its TTL lasted.
    kept: Vec<String>,
    /// Why it failed, if it did.
    failure: Option<FailureView<'a>>,
}

/// How the phases of many runs spread.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct SummaryView {
    /// How many runs there are.
    runs: usize,
    /// Those that came to their end. Every number below is of these.
    ok: usize,
    /// Those that failed.
    failed: usize,
    /// How they failed, the most frequent first.
    failures: Vec<FailuresView>,
    /// Each phase, and the total.
    phases: SpreadsView,
    /// The run whose total is the median, as an index of `runs`; null where none came to its end.
    median_run: Option<usize>,
    /// What set the slowest run apart; null where it was hardly slower than the median one.
    slowest: Option<SlowestView>,
    /// What the order of the runs and their servers tell, each held to what chance would do (below 1 %) and to a difference
    /// of 20 % and 2 ms at least.
    patterns: Vec<PatternView>,
    /// With `--interval`: how late runs began, and what a client would have waited that came when the run was due;
    /// null without.
    late: Option<LateView>,
}

/// Runs that failed alike.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct FailuresView {
    /// Where.
    #[cfg_attr(test, schemars(extend("enum" = ["url", "dns", "tcp", "tls", "http"])))]
    stage: &'static str,
    /// How.
    #[cfg_attr(test, schemars(extend("enum" = super::schema::from_views::failure_codes())))]
    code: &'static str,
    /// How many.
    count: usize,
    /// The first of them, as an index of `runs`.
    first_run: usize,
}

/// What set the slowest run apart.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct SlowestView {
    /// Which one, as an index of `runs`.
    run: usize,
    /// Its total.
    total_us: u64,
    /// How much more that is than the median run's.
    more_us: u64,
    /// The phase that took the most longer.
    phase: &'static str,
    /// By how much.
    phase_more_us: u64,
    /// What else was otherwise than in the median run, for people.
    differences: Vec<String>,
}

/// What was seen in the order of runs, or in who answered them.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct PatternView {
    /// `flapping`, every so many runs one is slow (from 12 runs on); `bimodal`, two levels and little between (from 20);
    /// `drift`, each run takes a little more or less than the one before (from 12); `bad-backend`, one server of several is
    /// slow (from 12, and 4 of each).
    #[cfg_attr(test, schemars(extend("enum" = ["flapping", "bimodal", "drift", "bad-backend"])))]
    kind: &'static str,
    /// The same in a sentence, for people.
    detail: String,
    /// The phase that differs most.
    phase: &'static str,
    /// The median total of the fast runs; of a drift, of its first third.
    fast_us: u64,
    /// The same of the slow ones; of a drift, of its last third.
    slow_us: u64,
    /// The slow runs, as indices of `runs`; empty of a drift.
    slow_runs: Vec<usize>,
    /// How many runs were looked at: those that came to their end.
    runs: usize,
    /// Of `flapping`: every how many runs.
    period: Option<usize>,
    /// Of a `drift`: what a run takes more than the one before.
    per_run_us: Option<i64>,
    /// Of a `bad-backend`: which one.
    backend: Option<BackendView>,
    /// How likely chance does as much; null of `bimodal`, which is judged by its shape.
    chance: Option<f64>,
}

/// One server of several.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct BackendView {
    /// By what servers were told from each other: `address`, or the name of a field of the response.
    told_apart_by: &'static str,
    /// The slow one.
    server: String,
    /// How many there were.
    servers: usize,
}

impl From<Pattern> for PatternView {
    fn from(pattern: Pattern) -> Self {
        let (kind, detail) = (pattern.kind.as_str(), pattern.words());
        let Pattern { kind: own, fast, slow, slow_runs, of, phase, chance } = pattern;
        let (mut period, mut per_run_us, mut backend) = (None, None, None);
        match own {
            PatternKind::Flapping { period: every } => period = Some(every),
            PatternKind::Bimodal => {}
            PatternKind::Drift { per_run } => per_run_us = Some(per_run),
            PatternKind::BadBackend { by, server, servers } => {
                backend = Some(BackendView { told_apart_by: by.as_str(), server, servers });
            }
        }
        let phase = phase.as_str();
        Self {
            kind,
            detail,
            phase,
            fast_us: fast,
            slow_us: slow,
            slow_runs,
            runs: of,
            period,
            per_run_us,
            backend,
            chance,
        }
    }
}

/// How late runs began.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct LateView {
    /// Each run's lateness, in the order of `runs`.
    runs_us: Vec<u64>,
    /// Lateness and total together, of the runs that came to their end.
    total_from_due: Option<SpreadView>,
}

/// A run.
#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(JsonSchema))]
#[expect(dead_code, reason = "only its schema is used")]
enum RunView<'a> {
    Whole(Box<TraceDocument<'a>>),
    Brief(Box<BriefView<'a>>),
}

/// Outcome and phases of a run.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct BriefView<'a> {
    /// Wall time of its t0, RFC 3339, UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    started_at: String,
    /// Whether its last response was read to its end.
    outcome: Outcome,
    /// The exit code that it alone would have.
    exit_code: u8,
    /// What ended it before its goal.
    failure: Option<FailureView<'a>>,
    /// The status of its last response; null when there is none.
    final_status: Option<u16>,
    /// From its t0 to the end of its last hop.
    total_us: u64,
    /// Its phases, summed over its hops; null where a phase happened in none.
    phases: PhasesView,
    /// Whether it used a connection that an earlier run had kept (`--warm`), or found it `closed`; null where none was.
    #[cfg_attr(test, schemars(extend("enum" = ["used", "closed", null])))]
    kept_connection: Option<&'static str>,
}

impl<'a> BriefView<'a> {
    pub(super) fn new(report: &'a TraceReport) -> Self {
        let trace = &report.trace;
        Self {
            started_at: words::timestamp(trace.started_at, 6),
            outcome: Outcome::of(trace.failure()),
            exit_code: report.exit_code,
            failure: trace.failure().map(|failure| failed(trace, failure)),
            final_status: trace.last_status(),
            total_us: us(trace.total),
            phases: phases_of_all(trace).into(),
            kept_connection: trace.kept().map(KeptConnection::as_str),
        }
    }
}

impl<'a> RepeatDocument<'a> {
    pub(super) fn new(report: &'a RepeatReport) -> Self {
        let RepeatReport { input, plan, warm_up, runs, end, budgets, exit_code, told: _ } = report;
        let first = runs.first().map(|run| &run.report.trace);
        Self {
            schema: SCHEMA,
            kind: "repeat",
            urltrace_version: env!("CARGO_PKG_VERSION"),
            input,
            started_at: first.map(|trace| words::timestamp(trace.started_at, 6)),
            lab: first.or(warm_up.as_ref()).is_some_and(|trace| trace.lab),
            outcome: if runs.iter().any(|run| run.report.trace.failure().is_none()) {
                Outcome::Ok
            } else {
                Outcome::Failed
            },
            exit_code: *exit_code,
            failure: first.zip(report.failure()).map(|(trace, failure)| failed(trace, failure)),
            start: plan.start.as_str(),
            warmup: warm_up.as_ref().map(|trace| WarmUpView::new(trace, report.kept())),
            interval_us: plan.interval.map(us),
            ended: end.as_str(),
            budgets: budgets.iter().map(Into::into).collect(),
            summary: SummaryView::new(report),
            // They are written one by one.
            runs: Vec::new(),
        }
    }
}

impl<'a> WarmUpView<'a> {
    fn new(trace: &'a Trace, kept: Vec<String>) -> Self {
        Self {
            total_us: us(trace.total),
            kept,
            failure: trace.failure().map(|failure| failed(trace, failure)),
        }
    }
}

impl SummaryView {
    fn new(report: &RepeatReport) -> Self {
        let traces = report.traces();
        let summary = Summary::of(&traces);
        let median = runs::median_run(&traces);
        let slowest = report.slowest();
        Self {
            runs: summary.runs,
            ok: summary.ok,
            failed: summary.failed(),
            failures: summary.failures.iter().map(Into::into).collect(),
            median_run: median.filter(|_| summary.ok > 0),
            slowest: slowest.map(|slowest| SlowestView {
                run: slowest.run,
                total_us: slowest.total,
                more_us: slowest.more,
                phase: slowest.phase.as_str(),
                phase_more_us: slowest.in_phase,
                differences: slowest.differences,
            }),
            patterns: report.patterns().into_iter().map(Into::into).collect(),
            late: report.plan.interval.map(|_| LateView::new(report)),
            phases: SpreadsView::new(summary),
        }
    }
}

impl LateView {
    fn new(report: &RepeatReport) -> Self {
        let late = |run: &Repeated| us(run.late.unwrap_or_default());
        let whole = report.runs.iter().filter(|run| run.report.trace.failure().is_none());
        Self {
            runs_us: report.runs.iter().map(late).collect(),
            total_from_due: Spread::of(whole.map(|run| late(run) + us(run.report.trace.total)))
                .map(|spread| SpreadView::new(&spread)),
        }
    }
}

impl From<&Failures> for FailuresView {
    fn from(failures: &Failures) -> Self {
        let Failures { stage, code, count, first } = *failures;
        Self { stage: stage.as_str(), code: code.as_str(), count, first_run: first }
    }
}

fn failed<'a>(trace: &Trace, failure: &'a Failure) -> FailureView<'a> {
    FailureView::new(failure, trace.last_hop())
}
