//! Many runs of one URL: how each phase spreads, what failed, the slowest explained, and the median run's report.

use std::io::{self, Write};

use super::budgets;
use super::fact::put_fact;
use super::ink::Ink;
use super::page::Page;
use super::phase_ink::part_ink;
use super::spark::strip;
use super::trace;
use crate::diff::Part;
use crate::redact::Redacted;
use crate::render::repeat_words::{COLUMNS, Column};
use crate::render::style::Style;
use crate::render::{part_words, repeat_words};
use crate::report::RepeatReport;
use crate::runs::Summary;
use crate::timeline::phases_of_all;
use crate::trace::Trace;
use crate::units::{count, micros};

/// Columns of the names of phases, of how many runs had one, and of each number.
const NAME: usize = 12;
const RUNS: usize = 5;
const NUMBER: usize = 9;

/// Which of the columns, by their index, go last to first when the page is narrow.
const LEAST_NEEDED: [usize; 8] = [6, 2, 4, 7, 3, 0, 5, 1];

/// Writes the report.
pub(crate) fn repeat(report: &Redacted<RepeatReport>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let traces = report.traces();
    let summary = Summary::of(&traces);
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
    for told in repeat_words::facts(report, &summary) {
        put_fact(&mut page, &told);
    }
    if let Some((number, run)) = report.shown() {
        page.gap();
        let what = if summary.ok > 0 { "the median run" } else { "the first run" };
        let mut line = page.line();
        line.push(Ink::Faint, format!("Run {}, {what}:", number + 1));
        page.put(line);
        page.gap();
        trace::put(&mut page, run, style);
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
    about.push(Ink::Faint, repeat_words::begun_with(report));
    if let Some(ended) = repeat_words::ended(report) {
        about.push(Ink::Faint, format!("; there are no more runs because {ended}"));
    }
    if report.told.is_some() {
        about.push(Ink::Faint, format!("; {}", repeat_words::IN_BRIEF));
    }
    page.wrap(page.line(), &about);
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
    for (part, spread) in repeat_words::spreads(summary) {
        let ink = part_ink(part);
        let mut line = page.line();
        line.column(ink, part_words::name(part), NAME).right(Ink::Faint, &spread.n().to_string(), RUNS);
        for (_, number) in &columns {
            line.right(ink, &part_words::time(number(spread)), NUMBER);
        }
        page.put(line);
    }
    let missing = repeat_words::missing(summary);
    if !missing.is_empty() {
        let mut line = page.line();
        line.push(Ink::Faint, missing);
        page.wrap(page.line(), &line);
    }
}

/// A strip for each phase that takes a part of any run.
fn strips(page: &mut Page, traces: &[&Trace]) {
    let all: Vec<_> =
        traces.iter().map(|trace| trace.failure().is_none().then(|| phases_of_all(trace))).collect();
    let columns = page.width().saturating_sub(NAME + NUMBER);
    for part in Part::all().filter(|part| *part != Part::Unaccounted) {
        let values: Vec<Option<u64>> = all.iter().map(|run| part_words::spent(run.as_ref()?, part)).collect();
        let Some(most) = values.iter().flatten().max() else { continue };
        let (ink, mut line) = (part_ink(part), page.line());
        line.column(ink, part_words::name(part), NAME).push(ink, strip(&values, columns, page.charset()));
        line.push(Ink::Faint, format!(" {}", micros(*most)));
        page.put(line);
    }
    let mut line = page.line();
    line.push(Ink::Faint, "a mark for each run, from the first to the last, and the longest in figures");
    if traces.iter().any(|trace| trace.failure().is_some()) {
        line.push(Ink::Faint, "; a gap for one that failed");
    }
    page.wrap(page.line(), &line);
}
