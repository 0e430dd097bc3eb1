//! The page of many runs: how their phases spread, what was seen of them, and the report of the median run.

use std::io::{self, Write};

use super::document::{self, Inside};
use super::markup::Page;
use super::{boxes, head, overview};
use crate::redact::Redacted;
use crate::render::json;
use crate::render::repeat_words;
use crate::render::words;
use crate::report::RepeatReport;
use crate::runs::Summary;

/// Writes the page.
pub(crate) fn repeat(report: &Redacted<RepeatReport>, out: &mut dyn Write) -> io::Result<()> {
    let traces = report.traces();
    let (summary, shown) = (Summary::of(&traces), report.shown());
    let told = repeat_words::overview(report, &summary);
    let mut page = Page::default();
    document::begin(&mut page, &format!("{} traced many times", report.input), overview::STYLE);
    overview::head(&mut page, &told, |page| {
        if summary.ok > 0 {
            page.raw("<a href=\"#spread\">How each phase spreads</a>\n");
        }
        if let Some((_, run)) = shown {
            page.raw("<a href=\"#run\">One run</a>\n");
            head::links(page, &run.trace, &run.findings, None);
        }
    });
    page.raw("<main id=\"report\">\n");
    if summary.ok > 0 {
        boxes::put(&mut page, &traces, &summary, report.slowest().map(|slowest| slowest.run));
    }
    overview::put(&mut page, &told);
    if let Some((number, run)) = shown {
        page.raw("<section id=\"run\">\n<h2>Run ").number(number as u64 + 1);
        page.raw(if summary.ok > 0 { ", the median run" } else { ", the first run" }).raw("</h2>\n");
        head::what_came(&mut page, &run.trace, &run.verdict, None);
        page.raw("</section>\n");
        document::sections(&mut page, run, None);
    }
    page.raw("</main>\n<footer>\n");
    if let Some(first) = traces.first() {
        page.raw("<p>Started ").text(&words::timestamp(first.started_at, 3));
        page.raw(" (UTC), measured by urltrace ").raw(env!("CARGO_PKG_VERSION"));
        page.raw(". Exit code ").number(report.exit_code.into()).raw(".</p>\n");
    }
    document::end(page, Inside::Brief, |document| json::repeat_in_brief(report, document), out)
}
