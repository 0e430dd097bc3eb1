//! Many runs of one URL: how each phase spreads, what failed, the slowest explained, and the median run's report.

use std::io::{self, Write};

use super::budgets;
use super::fact::fact;
use super::ink::Ink;
use super::page::Page;
use super::phase_ink::phase_ink;
use super::spark::strip;
use super::trace;
use crate::plan::RunStart;
use crate::redact::Redacted;
use crate::render::style::Style;
use crate::report::{RepeatEnd, RepeatReport};
use crate::runs::{self, Percentile, Slowest, Spread, Summary};
use crate::timeline::{Phase, phases_of_all};
use crate::trace::{Failure, KeptConnection, Trace};
use crate::units::{count, duration, micros};

/// Columns of the names of phases, of how many runs had one, and of each number.
const NAME: usize = 12;
const RUNS: usize = 5;
const NUMBER: usize = 9;

/// A column: its head and its number.
type Column = (&'static str, fn(&Spread) -> Option<u64>);

/// The columns, those first that are kept the longest where there is little room; `true` for one that stands there
/// by its place in the table.
const COLUMNS: [Column; 8] = [
    ("min", |spread| Some(spread.min())),
    ("p50", |spread| Some(spread.median())),
    ("p90", |spread| spread.percentile(Percentile::P90)),
    ("p95", |spread| spread.percentile(Percentile::P95)),
    ("p99", |spread| spread.percentile(Percentile::P99)),
    ("max", |spread| Some(spread.max())),
    ("mean", |spread| Some(spread.mean)),
    ("stddev", |spread| spread.stddev),
];
/// Which of them, by their index, go last to first when the page is narrow.
const LEAST_NEEDED: [usize; 8] = [6, 2, 4, 7, 3, 0, 5, 1];

/// Writes the report.
pub(crate) fn repeat(report: &Redacted<RepeatReport>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let traces = report.traces();
    let (summary, median) = (Summary::of(&traces), runs::median_run(&traces));
    let mut page = Page::new(style);
    head(&mut page, report, &summary);
    if summary.ok > 0 {
        page.gap();
        table(&mut page, &summary);
        page.gap();
        strips(&mut page, &traces);
    }
    budgets::put(&mut page, &report.budgets);
    page.gap();
    failures(&mut page, &summary, &traces);
    if let Some(slowest) = median.and_then(|median| runs::slowest(&traces, median)) {
        explain_slowest(&mut page, &slowest);
    }
    patterns(&mut page, &traces);
    cold_and_warm(&mut page, report);
    lateness(&mut page, report);
    first_run(&mut page, report);
    if let Some((number, run)) = median.and_then(|median| Some((median, report.runs.get(median)?))) {
        page.gap();
        let what = if summary.ok > 0 { "the median run" } else { "the first run" };
        let mut line = page.line();
        line.push(Ink::Faint, format!("Run {}, {what}:", number + 1));
        page.put(line);
        page.gap();
        trace::put(&mut page, &run.report, style);
    }
    out.write_all(page.into_text().as_bytes())
}

fn head(page: &mut Page, report: &RepeatReport, summary: &Summary) {
    let mut line = page.line();
    line.push(Ink::Strong, &report.input).push(Ink::Plain, format!("  {}", count(summary.runs, "run")));
    match summary.failed() {
        0 => {}
        failed => {
            line.push(Ink::Plain, ", ").push(Ink::Bad, format!("{failed} failed"));
        }
    }
    if let Some(total) = &summary.total {
        line.push(Ink::Plain, format!(", median {}", micros(total.median())));
    }
    page.wrap(page.line(), &line);
    let mut about = page.line();
    about.push(Ink::Faint, begun_with(report));
    let ended = match report.end {
        RepeatEnd::Done => None,
        RepeatEnd::Duration => Some("--duration is over"),
        RepeatEnd::Most => Some("no more are kept, and --duration is not over"),
        RepeatEnd::Interrupted => Some("it was interrupted"),
    };
    if let Some(ended) = ended {
        about.push(Ink::Faint, format!("; there are no more runs because {ended}"));
    }
    page.wrap(page.line(), &about);
}

/// What each run began with.
fn begun_with(report: &RepeatReport) -> String {
    let first = report.runs.first().map_or_else(Vec::new, |run| runs::kept(&run.report.trace));
    let kept = report.warm_up.as_ref().map(|warm_up| (first, duration(warm_up.total)));
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
        let has = |trace: &&Trace| trace.requests.iter().any(|request| request.kept == Some(wanted));
        report.traces().into_iter().filter(has).count()
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

/// Where connections are kept: the runs that opened one beside those that did not.
fn cold_and_warm(page: &mut Page, report: &RepeatReport) {
    if !report.plan.start.keeps_connections() {
        return;
    }
    let is_warm =
        |trace: &&Trace| trace.requests.iter().any(|request| request.kept == Some(KeptConnection::Used));
    let (warm, cold): (Vec<&Trace>, Vec<&Trace>) = report.traces().into_iter().partition(is_warm);
    let median = |traces: &[&Trace]| Summary::of(traces).total.map(|total| total.median());
    let (Some(cold_total), Some(warm_total)) = (median(&cold), median(&warm)) else { return };
    let mut body = page.line();
    body.push(
        Ink::Plain,
        format!(
            "{} that opened a connection took {} (median), {} on a kept one {}",
            count(cold.len(), "run"),
            micros(cold_total),
            warm.len(),
            micros(warm_total)
        ),
    );
    fact(page, Ink::Plain, "cold, warm", &body);
}

fn table(page: &mut Page, summary: &Summary) {
    let room = page.width().saturating_sub(NAME + RUNS) / NUMBER;
    let dropped = &LEAST_NEEDED[..COLUMNS.len().saturating_sub(room.max(1))];
    let columns: Vec<Column> = COLUMNS
        .iter()
        .enumerate()
        .filter(|(at, _)| !dropped.contains(at))
        .map(|(_, column)| *column)
        .collect();
    let mut line = page.line();
    line.pad_to(NAME).right(Ink::Strong, "runs", RUNS);
    for (head, _) in &columns {
        line.right(Ink::Strong, head, NUMBER);
    }
    page.put(line);
    let mut put = |ink: Ink, name: &str, spread: Option<&Spread>| {
        let Some(spread) = spread else { return };
        let mut line = page.line();
        line.column(ink, name, NAME).right(Ink::Faint, &spread.n().to_string(), RUNS);
        for (_, number) in &columns {
            line.right(ink, &number(spread).map_or_else(|| "-".to_owned(), micros), NUMBER);
        }
        page.put(line);
    };
    for phase in Phase::ALL {
        put(phase_ink(phase), phase.as_str(), summary.phases[phase].as_ref());
    }
    put(Ink::Faint, "this program", summary.unaccounted.as_ref());
    put(Ink::Strong, "total", summary.total.as_ref());
    let missing: Vec<String> = Percentile::ALL
        .into_iter()
        .filter(|percentile| summary.ok < percentile.least())
        .map(|percentile| format!("{} takes {} runs", percentile.as_str(), percentile.least()))
        .collect();
    if !missing.is_empty() {
        let mut line = page.line();
        line.push(Ink::Faint, missing.join(", "));
        page.wrap(page.line(), &line);
    }
}

/// A strip for each phase that takes a part of any run.
fn strips(page: &mut Page, traces: &[&Trace]) {
    let all: Vec<_> =
        traces.iter().map(|trace| trace.failure().is_none().then(|| phases_of_all(trace))).collect();
    let columns = page.width().saturating_sub(NAME + NUMBER);
    let mut put = |ink: Ink, name: &str, values: Vec<Option<u64>>| {
        let Some(most) = values.iter().flatten().max() else { return };
        let mut line = page.line();
        line.column(ink, name, NAME).push(ink, strip(&values, columns, page.charset()));
        line.push(Ink::Faint, format!(" {}", micros(*most)));
        page.put(line);
    };
    for phase in Phase::ALL {
        let values = all.iter().map(|run| run.as_ref()?.spent[phase]).collect();
        put(phase_ink(phase), phase.as_str(), values);
    }
    put(Ink::Strong, "total", all.iter().map(|run| Some(run.as_ref()?.total)).collect());
    let mut line = page.line();
    line.push(Ink::Faint, "a mark for each run, from the first to the last, and the longest in figures");
    if traces.iter().any(|trace| trace.failure().is_some()) {
        line.push(Ink::Faint, "; a gap for one that failed");
    }
    page.wrap(page.line(), &line);
}

fn failures(page: &mut Page, summary: &Summary, traces: &[&Trace]) {
    for failures in &summary.failures {
        let first: Option<&Failure> = traces.get(failures.first).and_then(|trace| trace.failure());
        let mut body = page.line();
        body.push(Ink::Bad, format!("{} of {}", failures.count, count(summary.runs, "run")));
        body.push(Ink::Plain, format!(" ended with {}", failures.code.as_str()));
        if let Some(failure) = first {
            body.push(Ink::Plain, format!("; the first, run {}: {}", failures.first + 1, failure.message));
        }
        fact(page, Ink::Bad, failures.stage.as_str(), &body);
    }
}

fn explain_slowest(page: &mut Page, slowest: &Slowest) {
    let mut body = page.line();
    body.push(Ink::Plain, format!("run {}, {}, ", slowest.run + 1, micros(slowest.total)));
    body.push(Ink::Plain, format!("{} more than the median run: {}", micros(slowest.more), slowest.words()));
    fact(page, Ink::Plain, "slowest", &body);
}

/// What their order and their servers tell.
fn patterns(page: &mut Page, traces: &[&Trace]) {
    for pattern in runs::patterns(traces) {
        let mut body = page.line();
        body.push(Ink::Plain, pattern.words());
        if let Some(chance) = pattern.chance {
            body.push(Ink::Faint, format!(" ({})", super::diff::chance(chance)));
        }
        fact(page, Ink::Bad, pattern.kind.as_str(), &body);
    }
}

/// With `--interval`: whether runs began when they were due.
fn lateness(page: &mut Page, report: &RepeatReport) {
    let Some(interval) = report.plan.interval else { return };
    /// Nobody sees less than that.
    const NOTICED: u64 = 5_000;
    let us = |late: std::time::Duration| u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
    let late: Vec<u64> = report.runs.iter().filter_map(|run| run.late.map(us)).collect();
    let behind = late.iter().filter(|late| **late >= NOTICED).count();
    let mut body = page.line();
    if behind == 0 {
        body.push(Ink::Plain, format!("every {}, and each run began when it was due", duration(interval)));
    } else {
        let whole = report.runs.iter().filter(|run| run.report.trace.failure().is_none());
        let from_due =
            Spread::of(whole.map(|run| us(run.late.unwrap_or_default()) + us(run.report.trace.total)));
        let longest = late.iter().max().copied().unwrap_or_default();
        body.push(
            Ink::Plain,
            format!(
                "{} of {} began late, by up to {}: the run before was not over",
                behind,
                count(late.len(), "run"),
                micros(longest)
            ),
        );
        if let Some(from_due) = from_due {
            body.push(
                Ink::Plain,
                format!(
                    "; counted from when they were due, totals have a median of {} and a maximum of {}",
                    micros(from_due.median()),
                    micros(from_due.max())
                ),
            );
        }
    }
    fact(page, Ink::Plain, "interval", &body);
}

/// What only the first of the runs shows.
fn first_run(page: &mut Page, report: &RepeatReport) {
    let first = report.runs.first();
    for finding in
        first.iter().flat_map(|run| &run.report.findings).filter(|found| found.id == "http-cold-start")
    {
        let mut body = page.line();
        body.push(Ink::Plain, &finding.title).push(Ink::Faint, format!(" ({})", finding.detail));
        fact(page, Ink::Plain, "first run", &body);
    }
}
