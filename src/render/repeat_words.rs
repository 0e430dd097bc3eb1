//! Many runs of one URL in words: what they began with, how they ended, and what is told of them beside their times. For
//! all forms that people read.

use std::time::Duration;

use super::diff_words::chance;
use super::overview::{Cells, Fact, Overview, Table};
use super::part_words;
use crate::budget::{self, Judged, Unit};
use crate::diff::Part;
use crate::plan::RunStart;
use crate::report::{RepeatEnd, RepeatReport};
use crate::runs::{self, Percentile, Slowest, Spread, Summary};
use crate::trace::{KeptConnection, Trace};
use crate::units::{count, duration, micros};

/// A column: its head and its number.
pub(super) type Column = (&'static str, fn(&Spread) -> Option<u64>);

/// What is told of how a part spread.
pub(super) const COLUMNS: [Column; 8] = [
    ("min", |spread| Some(spread.min())),
    ("p50", |spread| Some(spread.median())),
    ("p90", |spread| spread.percentile(Percentile::P90)),
    ("p95", |spread| spread.percentile(Percentile::P95)),
    ("p99", |spread| spread.percentile(Percentile::P99)),
    ("max", |spread| Some(spread.max())),
    ("mean", |spread| Some(spread.mean)),
    ("stddev", |spread| spread.stddev),
];

/// That there is no run to show.
pub(super) const IN_BRIEF: &str = "they were saved with --brief: of each its phases alone are known";

/// What is told of them all, but for the run that is shown.
pub(super) fn overview(report: &RepeatReport, summary: &Summary) -> Overview {
    let mut about = vec![begun_with(report)];
    about.extend(ended(report).map(|why| format!("there are no more runs because {why}")));
    about.extend(report.told.as_ref().map(|_| IN_BRIEF.to_owned()));
    let budgets = (!report.budgets.is_empty()).then(|| budgets(&report.budgets));
    Overview {
        title: report.input.clone(),
        conclusions: vec![conclusion(summary)],
        failed: summary.ok == 0,
        about,
        table: table(summary),
        facts: facts(report, summary),
        further: budgets.into_iter().collect(),
    }
}

fn conclusion(summary: &Summary) -> String {
    let failed = match summary.failed() {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let median = summary.total.as_ref().map(|total| format!(", median {}", micros(total.median())));
    format!("{}{failed}{}", count(summary.runs, "run"), median.unwrap_or_default())
}

fn table(summary: &Summary) -> Table {
    let row = |(part, spread): (Part, &Spread)| {
        let own = [part_words::name(part).to_owned(), spread.n().to_string()];
        own.into_iter().chain(COLUMNS.iter().map(|(_, of)| part_words::time(of(spread)))).collect()
    };
    let head = ["phase", "runs"].into_iter().chain(COLUMNS.iter().map(|(head, _)| *head));
    Table {
        name: "Times of the runs".to_owned(),
        head: head.map(str::to_owned).collect(),
        rows: spreads(summary).map(row).collect(),
        cells: Cells::Numbers,
        note: missing(summary),
    }
}

/// The parts that happened in a run, each with how it spread.
pub(super) fn spreads(summary: &Summary) -> impl Iterator<Item = (Part, &Spread)> {
    Part::all().filter_map(|part| Some((part, part_words::spread(summary, part)?)))
}

/// Which percentiles so few runs cannot carry; empty where they carry all.
pub(super) fn missing(summary: &Summary) -> String {
    let missing: Vec<String> = Percentile::ALL
        .into_iter()
        .filter(|percentile| summary.ok < percentile.least())
        .map(|percentile| format!("{} takes {} runs", percentile.as_str(), percentile.least()))
        .collect();
    missing.join(", ")
}

fn budgets(budgets: &[Judged]) -> Table {
    let row = |judged: &Judged| {
        let Judged { budget, actual, held, reason } = judged;
        let unit = budget.measure.unit();
        let told = |value: u64| if unit == Unit::Us { micros(value) } else { budget::words(value, unit) };
        let result = match (held, reason) {
            (Some(true), _) => "held".to_owned(),
            (Some(false), _) => "broken".to_owned(),
            (None, reason) => format!("not judged: {}", reason.as_deref().unwrap_or_default()),
        };
        let least = if budget.measure.is_least() { "at least " } else { "" };
        let limit = format!("{least}{}", budget::words(budget.limit, unit));
        vec![budget.what(), limit, actual.map_or_else(|| "-".to_owned(), told), result]
    };
    Table {
        name: "Budgets".to_owned(),
        head: ["budget", "limit", "measured", "result"].map(str::to_owned).into(),
        rows: budgets.iter().map(row).collect(),
        cells: Cells::Words,
        note: String::new(),
    }
}

/// Why there are no more runs; `None` where all were made.
pub(super) const fn ended(report: &RepeatReport) -> Option<&'static str> {
    match report.end {
        RepeatEnd::Done => None,
        RepeatEnd::Duration => Some("--duration is over"),
        RepeatEnd::Most => Some("no more are kept, and --duration is not over"),
        RepeatEnd::Interrupted => Some("it was interrupted"),
    }
}

/// What each run began with.
pub(super) fn begun_with(report: &RepeatReport) -> String {
    let kept = report.warm_up.as_ref().map(|warm_up| (report.kept(), duration(warm_up.total)));
    match (report.plan.start, kept) {
        (RunStart::Cold, Some((kept, took))) if !kept.is_empty() => format!(
            "each with a connection of its own and a walk that begins below what registries said: {} (asked once before \
             the runs, {took}, not counted)",
            kept.join(" ")
        ),
        (RunStart::Cold, _) => "each with a lookup and a connection of its own".to_owned(),
        (RunStart::ColdRoot, _) => "each with a walk from the root and a connection of its own".to_owned(),
        (RunStart::WarmConnection | RunStart::WarmAll, _) => warm(report),
        (RunStart::WarmDns, kept) => format!(
            "each with a connection of its own and the answers of a lookup before the runs ({}, not counted)",
            kept.map_or_else(|| "none".to_owned(), |(_, took)| took)
        ),
    }
}

/// What runs with a kept connection began with, and how many had one.
fn warm(report: &RepeatReport) -> String {
    let kept = |wanted: KeptConnection| {
        report.traces().into_iter().filter(|trace| trace.kept() == Some(wanted)).count()
    };
    let answers = if report.plan.start.keeps_answers() { ", and the answers to names," } else { "" };
    let closed = match kept(KeptConnection::Closed) {
        0 => String::new(),
        closed => format!("; {closed} found that the server had closed it, and opened another"),
    };
    format!(
        "each keeps its connection{answers} for the next: {} of {} had one from before{closed}",
        kept(KeptConnection::Used),
        count(report.runs.len(), "run"),
    )
}

/// What is told beside the times: how runs failed, what set the slowest apart, what their order shows, and what they
/// were asked for.
pub(super) fn facts(report: &RepeatReport, summary: &Summary) -> Vec<Fact> {
    let traces = report.traces();
    let mut facts = failures(summary, &traces);
    facts.extend(report.slowest().map(|slowest| self::slowest(&slowest)));
    facts.extend(report.patterns().into_iter().map(|pattern| Fact {
        bad: true,
        aside: pattern.chance.map_or_else(String::new, |likely| format!(" ({})", chance(likely))),
        ..Fact::plain(pattern.kind.as_str(), pattern.words())
    }));
    facts.extend(cold_and_warm(report));
    facts.extend(lateness(report));
    facts.extend(first_run(report));
    facts
}

fn failures(summary: &Summary, traces: &[&Trace]) -> Vec<Fact> {
    let fact = |failures: &runs::Failures| {
        let first = traces.get(failures.first).and_then(|trace| trace.failure());
        let first =
            first.map(|failure| format!("; the first, run {}: {}", failures.first + 1, failure.message));
        Fact {
            bad: true,
            strong: format!("{} of {}", failures.count, count(summary.runs, "run")),
            ..Fact::plain(
                failures.stage.as_str(),
                format!(" ended with {}{}", failures.code.as_str(), first.unwrap_or_default()),
            )
        }
    };
    summary.failures.iter().map(fact).collect()
}

fn slowest(slowest: &Slowest) -> Fact {
    let (total, more) = (micros(slowest.total), micros(slowest.more));
    let told =
        format!("run {}, {total}, {more} more than the median run: {}", slowest.run + 1, slowest.words());
    Fact::plain("slowest", told)
}

/// Where connections are kept: the runs that opened one beside those that did not.
fn cold_and_warm(report: &RepeatReport) -> Option<Fact> {
    if !report.plan.start.keeps_connections() {
        return None;
    }
    let is_warm = |trace: &&Trace| trace.kept() == Some(KeptConnection::Used);
    let (warm, cold): (Vec<&Trace>, Vec<&Trace>) = report.traces().into_iter().partition(is_warm);
    let median = |traces: &[&Trace]| Summary::of(traces).total.map(|total| micros(total.median()));
    let told = format!(
        "{} that opened a connection took {} (median), {} on a kept one {}",
        count(cold.len(), "run"),
        median(&cold)?,
        warm.len(),
        median(&warm)?
    );
    Some(Fact::plain("cold, warm", told))
}

/// With `--interval`: whether runs began when they were due.
fn lateness(report: &RepeatReport) -> Option<Fact> {
    /// Nobody sees less than that.
    const NOTICED: u64 = 5_000;
    let interval = report.plan.interval?;
    let us = |late: Duration| u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
    let late: Vec<u64> = report.runs.iter().filter_map(|run| run.late.map(us)).collect();
    let behind = late.iter().filter(|late| **late >= NOTICED).count();
    if behind == 0 {
        let told = format!("every {}, and each run began when it was due", duration(interval));
        return Some(Fact::plain("interval", told));
    }
    let whole = report.runs.iter().filter(|run| run.report.trace.failure().is_none());
    let from_due = Spread::of(whole.map(|run| us(run.late.unwrap_or_default()) + us(run.report.trace.total)));
    let longest = late.iter().max().copied().unwrap_or_default();
    let from_due = from_due.map(|from_due| {
        format!(
            "; counted from when they were due, totals have a median of {} and a maximum of {}",
            micros(from_due.median()),
            micros(from_due.max())
        )
    });
    let told = format!(
        "{behind} of {} began late, by up to {}: the run before was not over{}",
        count(late.len(), "run"),
        micros(longest),
        from_due.unwrap_or_default()
    );
    Some(Fact::plain("interval", told))
}

/// What only the first of the runs shows.
fn first_run(report: &RepeatReport) -> Vec<Fact> {
    let found = report.runs.first().into_iter().flat_map(|run| &run.report.findings);
    found
        .filter(|found| found.id == "http-cold-start")
        .map(|found| Fact {
            aside: format!(" ({})", found.detail),
            ..Fact::plain("first run", found.title.as_str())
        })
        .collect()
}
