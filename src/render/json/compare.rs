//! The document of several ways in turn.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::diff::{ChangeView, RowView, word};
use super::document::{Outcome, SCHEMA};
use super::failure::FailureView;
use super::hop::HopView;
use super::micros::us;
use super::phases::PhasesView;
use crate::diff::Paired;
use crate::plan::RunDetail;
use crate::render::compared::shown;
use crate::render::words;
use crate::report::{CompareReport, Compared};
use crate::timeline;
use crate::trace::{Failure, Trace};

/// Several ways in turn: versions of HTTP, families of addresses, resolvers, addresses or URLs.
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
    /// The URL as typed, of several the first, secrets redacted.
    input: &'a str,
    /// Wall time of the first row's t0, RFC 3339, UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    started_at: Option<String>,
    /// Whether it ran inside the built-in lab.
    lab: bool,
    /// `ok` where one run of one row at least got a response to its end.
    outcome: Outcome,
    /// The exit code of the process.
    exit_code: u8,
    /// Why the first row failed, where all did.
    failure: Option<FailureView<'a>>,
    /// What was varied.
    #[cfg_attr(test, schemars(extend("enum" = ["http", "family", "resolver", "address", "url", "warm"])))]
    varied: &'static str,
    /// How many rounds were wanted: each has a run of every row, in another order.
    rounds: usize,
    /// What each run began with, as in a document of kind `repeat`; in a single round `cold` is a walk from the root.
    #[cfg_attr(test, schemars(extend("enum" = ["cold", "cold-root", "warm-dns", "warm-connection", "warm-all"])))]
    start: &'static str,
    /// What there is to say of the ways themselves, for people: that there is one alone, or more than are compared.
    note: Option<&'a str>,
    /// Why there are no more runs: `done`, or `interrupted`.
    #[cfg_attr(test, schemars(extend("enum" = ["done", "interrupted"])))]
    ended: &'static str,
    /// The first row's: from its t0 to the end of its last hop.
    total_us: u64,
    /// Client set-up before the first t0, not part of any total.
    setup_us: u64,
    /// The requests of the first row.
    hops: Vec<HopView<'a>>,
    /// One row for each way, in the order in which they were given.
    compare: Vec<ComparedView<'a>>,
}

/// The runs of one way. What is told of one run is that of its median one.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ComparedView<'a> {
    /// The way: `HTTP/1.1`, `HTTP/2`, `HTTP/3`, `IPv4`, `IPv6`, the resolver as typed, the address, the URL, or what is
    /// kept: `cold`, `warm dns`, `warm connection`, `warm all`.
    label: &'a str,
    /// Whether one run at least read its last response to its end.
    outcome: Outcome,
    /// What ended its first run before its goal, where all its runs failed.
    failure: Option<FailureView<'a>>,
    /// The status of its last response; null when there is none.
    status: Option<u16>,
    /// From its t0 to the end of its last hop.
    total_us: u64,
    /// Its phases, summed over its hops; null where a phase happened in none.
    phases: PhasesView,
    /// Which of `runs` this is.
    shown_run: usize,
    /// Every run, in the order of the rounds.
    runs: Vec<RunView<'a>>,
    /// How it stands to the first row; null for that.
    against_first: Option<AgainstView<'a>>,
    /// One record for each request of its redirect chain. Times count from its own t0.
    hops: Vec<HopView<'a>>,
    /// Wall time of its start, RFC 3339, UTC, in microseconds.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    started_at: String,
    /// Client set-up before its start; not part of `total_us`.
    setup_us: u64,
}

/// One run of a way.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct RunView<'a> {
    /// Whether its last response was read to its end.
    outcome: Outcome,
    /// How it failed; null where it did not.
    code: Option<&'static str>,
    /// The status of its last response; null when there is none.
    status: Option<u16>,
    /// From its t0 to the end of its last hop.
    total_us: u64,
    /// Its phases, summed over its hops; null where a phase happened in none.
    phases: PhasesView,
    /// What ended it before its goal.
    failure: Option<FailureView<'a>>,
    /// Wall time of its start, RFC 3339, UTC, in microseconds.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    started_at: String,
    /// Client set-up before its start; not part of `total_us`.
    setup_us: u64,
    /// One record for each request of its redirect chain; null of `shown_run`, whose requests are the row's, and of all
    /// runs with `--brief`, also in the document that is inside a page.
    #[cfg_attr(test, schemars(with = "Option<Vec<HopView<'static>>>"))]
    hops: Option<Hops<'a>>,
}

/// The requests of a run, made when they are written: those of many runs at once would take much room.
struct Hops<'a>(&'a Trace);

impl Serialize for Hops<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hops(self.0))
    }
}

/// How a way stands to the first one.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct AgainstView<'a> {
    /// Rounds in which both came to their end: times are of these.
    pairs: usize,
    /// What the totals come to: `seen`, they differ by more than chance; `not-seen`; `unjudged`, there are too few rounds
    /// to tell (10 can); `no-times`, no round has both.
    #[cfg_attr(test, schemars(extend("enum" = ["seen", "not-seen", "unjudged", "no-times"])))]
    total_differs: &'static str,
    /// Each phase that happened in one of the two, then `unaccounted` and `total`; `a` is the first row. Chance is held to
    /// as many rows as there are, for totals and phases each.
    phase_differences: Vec<RowView>,
    /// What else was otherwise, but for what was varied.
    changes: Vec<ChangeView<'a>>,
}

impl<'a> CompareDocument<'a> {
    /// `detail` is what it has of each run that is not shown.
    pub(super) fn new(report: &'a CompareReport, paired: &'a [Paired], detail: RunDetail) -> Self {
        let CompareReport { input, varied, rounds, start, detail: _, rows, note, end, exit_code, told: _ } =
            report;
        let first = rows.first().and_then(|row| Some(shown(row)?.1));
        let came = rows.iter().any(|row| row.failure().is_none());
        Self {
            schema: SCHEMA,
            kind: "compare",
            urltrace_version: env!("CARGO_PKG_VERSION"),
            input,
            started_at: rows
                .first()
                .and_then(|row| row.runs.first())
                .map(|trace| words::timestamp(trace.started_at, 6)),
            lab: first.is_some_and(|trace| trace.lab),
            outcome: if came { Outcome::Ok } else { Outcome::Failed },
            exit_code: *exit_code,
            failure: first.zip(report.failure()).map(|(trace, failure)| failed(trace, failure)),
            varied: varied.as_str(),
            rounds: *rounds,
            start: start.as_str(),
            note: note.as_deref(),
            ended: end.as_str(),
            total_us: first.map_or(0, |trace| us(trace.total)),
            setup_us: first.map_or(0, |trace| us(trace.setup)),
            hops: first.map_or_else(Vec::new, |trace| hops(trace).collect()),
            compare: rows
                .iter()
                .enumerate()
                .filter_map(|(at, row)| {
                    let paired = at.checked_sub(1).and_then(|at| paired.get(at));
                    ComparedView::new(row, paired, detail)
                })
                .collect(),
        }
    }
}

impl<'a> ComparedView<'a> {
    fn new(row: &'a Compared, paired: Option<&'a Paired>, detail: RunDetail) -> Option<Self> {
        let (at, trace) = shown(row)?;
        Some(Self {
            label: &row.label,
            outcome: Outcome::of(row.failure()),
            failure: row.failure().map(|failure| failed(trace, failure)),
            status: trace.last_status(),
            total_us: us(trace.total),
            phases: timeline::phases_of_all(trace).into(),
            shown_run: at,
            runs: row
                .runs
                .iter()
                .enumerate()
                .map(|(run, trace)| {
                    let told = detail == RunDetail::Whole && run != at;
                    RunView::new(trace, told.then_some(Hops(trace)))
                })
                .collect(),
            against_first: paired.map(Into::into),
            hops: hops(trace).collect(),
            started_at: words::timestamp(trace.started_at, 6),
            setup_us: us(trace.setup),
        })
    }
}

impl<'a> RunView<'a> {
    fn new(trace: &'a Trace, hops: Option<Hops<'a>>) -> Self {
        Self {
            outcome: Outcome::of(trace.failure()),
            code: trace.failure().map(|failure| failure.code.as_str()),
            status: trace.last_status(),
            total_us: us(trace.total),
            phases: timeline::phases_of_all(trace).into(),
            failure: trace.failure().map(|failure| failed(trace, failure)),
            started_at: words::timestamp(trace.started_at, 6),
            setup_us: us(trace.setup),
            hops,
        }
    }
}

impl<'a> From<&'a Paired> for AgainstView<'a> {
    fn from(paired: &'a Paired) -> Self {
        Self {
            pairs: paired.pairs,
            total_differs: word(paired.summary()),
            phase_differences: paired.rows.iter().map(RowView::new).collect(),
            changes: paired.changes.iter().map(Into::into).collect(),
        }
    }
}

fn failed<'a>(trace: &Trace, failure: &'a Failure) -> FailureView<'a> {
    FailureView::new(failure, trace.last_hop())
}

fn hops(trace: &Trace) -> impl Iterator<Item = HopView<'_>> {
    trace.hops().enumerate().map(|(index, hop)| HopView::new(trace, index, hop))
}
