//! One URL of many in one line: its status, its total, the phase that took longest, or how it failed.
//!
//! A line is no wider than the page: of a URL that does not fit the middle is left out.

use std::io::{self, Write};

use super::ink::Ink;
use super::page::{Line, Page};
use super::phase_ink::phase_ink;
use crate::redact::Redacted;
use crate::render::shorten::shorten;
use crate::render::style::Style;
use crate::render::{escape, many::BadLineReport, words};
use crate::report::TraceReport;
use crate::timeline::phases_of_all;
use crate::trace::Trace;
use crate::units;

/// Columns of the status or stage, of the total, and of the slowest phase or the failure.
const STATUS: usize = 4;
const TOTAL: usize = 8;
const PHASE: usize = 26;
/// Between two columns.
const GAP: &str = "  ";

/// Writes the line of a URL that was traced.
pub(crate) fn line(report: &Redacted<TraceReport>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style);
    let trace = &report.trace;
    let mut line = page.line();
    match trace.failure() {
        Some(failure) => {
            line.column(Ink::Bad, failure.stage.as_str(), STATUS);
            line.right(Ink::Plain, &units::duration(trace.total), TOTAL).push(Ink::Plain, GAP);
            line.column(Ink::Bad, failure.code.as_str(), PHASE);
        }
        None => {
            status(&mut line, report);
            line.right(Ink::Strong, &units::duration(trace.total), TOTAL).push(Ink::Plain, GAP);
            slowest(&mut line, report);
        }
    }
    put_url(&mut page, line, &trace.input);
    out.write_all(page.into_text().as_bytes())
}

fn status(line: &mut Line, report: &TraceReport) {
    let is_wanted = report.expected.as_ref().is_none_or(|expected| expected.met == Some(true));
    let (ink, word) = match report.trace.last_status() {
        Some(status) if !is_wanted => (Ink::Bad, format!("{status:03}")),
        Some(status @ 200..=299) => (Ink::Good, format!("{status:03}")),
        Some(status @ 300..=399) => (Ink::Warn, format!("{status:03}")),
        Some(status) => (Ink::Bad, format!("{status:03}")),
        None => (Ink::Good, reached(&report.trace).to_owned()),
    };
    line.column(ink, &word, STATUS);
}

/// What stands for the status of a run that was to make no request.
fn reached(trace: &Trace) -> &'static str {
    let hop = trace.hops().next_back();
    if hop.as_ref().is_some_and(|hop| words::reached(hop).is_some()) { "ok" } else { "-" }
}

/// The phase that took longest, or what a limit or an expectation has against it.
fn slowest(line: &mut Line, report: &TraceReport) {
    if report.expected.as_ref().is_some_and(|expected| expected.met != Some(true)) {
        line.column(Ink::Bad, "not as expected", PHASE);
        return;
    }
    if let Some(broken) = report.budgets.iter().find(|judged| !judged.is_held()) {
        line.column(Ink::Bad, &format!("over budget: {}", broken.budget.what()), PHASE);
        return;
    }
    let phases = phases_of_all(&report.trace);
    let longest = phases.spent.iter().filter_map(|(phase, spent)| Some((phase, (*spent)?)));
    let end = line.width() + PHASE;
    if let Some((phase, spent)) = longest.max_by_key(|(_, spent)| *spent) {
        line.push(phase_ink(phase), phase.as_str());
        line.push(Ink::Plain, format!(" {}", units::micros(spent)));
    }
    line.pad_to(end);
}

/// Writes a line of a list that cannot be used.
pub(crate) fn bad_line(bad: &BadLineReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style);
    let mut line = page.line();
    line.column(Ink::Bad, "line", STATUS).right(Ink::Plain, "-", TOTAL).push(Ink::Plain, GAP);
    let told = bad.sentence();
    let room = page.width().saturating_sub(line.width());
    let cut = shorten(&escape::text(&told, page.charset()), room, line.signs().ellipsis);
    line.push(Ink::Bad, cut);
    page.put(line);
    out.write_all(page.into_text().as_bytes())
}

fn put_url(page: &mut Page, mut line: Line, url: &str) {
    line.push(Ink::Plain, GAP);
    let room = page.width().saturating_sub(line.width());
    let url = shorten(&escape::text(url, page.charset()), room, line.signs().ellipsis);
    line.push(Ink::Plain, url);
    page.put(line);
}
