//! A page in HTML: what came of it, its waterfall with a filter, its connections, its hosts, what was not asked for.
//!
//! Filter and details need no script: radio buttons and `:has()`, and `<details>`.

mod filter;
mod rows;
mod tables;

use super::markup::Page;
use crate::finding::Finding;
use crate::picture::Paged;
use crate::render::page_words as words;
use crate::render::style::Diagram;
use crate::render::svg::{self, Within};
use crate::report::TraceReport;

/// The rules that a page needs beside those of every report.
pub(super) const STYLE: &str = include_str!("style.css");

/// What came of a page, and its waterfall.
pub(super) fn waterfall(page: &mut Page, paged: &Paged<'_>, findings: &[Finding]) {
    summary(page, paged);
    page.raw("<section id=\"requests\">\n<h2>Waterfall of the page</h2>\n");
    filter::put(page, paged);
    rows::put(page, paged, findings);
    page.raw("</section>\n");
}

/// Its connections, its hosts, and what was not asked for.
pub(super) fn further(page: &mut Page, report: &TraceReport, paged: &Paged<'_>) {
    connections(page, report, paged);
    tables::hosts(page, paged);
    tables::left_out(page, paged);
    if let Some(visit) = &paged.page.again {
        tables::again(page, paged, visit);
    }
}

/// The links to these.
pub(super) fn links(page: &mut Page, paged: &Paged<'_>) {
    page.raw("<a href=\"#requests\">Waterfall of the page</a>\n<a href=\"#connections\">Connections</a>\n");
    page.raw("<a href=\"#hosts\">Hosts</a>\n");
    if !words::left_out(paged.page).is_empty() {
        page.raw("<a href=\"#left-out\">Not asked for</a>\n");
    }
    if paged.page.again.is_some() {
        page.raw("<a href=\"#second-visit\">Second visit</a>\n");
    }
}

/// The numbers that a page is looked at for, and what they leave out.
fn summary(page: &mut Page, paged: &Paged<'_>) {
    page.raw("<section id=\"page\" aria-label=\"The page\">\n<ul class=\"numbers\">\n");
    for (class, label, at) in words::marks(paged.page) {
        page.raw("<li class=\"").raw(class).raw("\"><b>").text(&words::time(at)).raw("</b> ");
        page.raw(label).raw("</li>\n");
    }
    counted(page, paged.rows.len(), "request");
    page.raw("<li><b>").text(&crate::units::bytes(paged.bytes())).raw("</b> came</li>\n");
    counted(page, paged.hosts.len(), "host");
    counted(page, paged.connections(), "connection");
    if paged.failed() > 0 {
        page.raw("<li class=\"failed\"><b>").number(paged.failed() as u64).raw("</b> failed</li>\n");
    }
    page.raw("</ul>\n");
    page.element("<p class=\"missing\">", &words::missing(), "</p>\n");
    if let Some(why) = paged.page.document.left {
        page.element("<p class=\"missing\">The document was not looked through to its end: ", why, ".</p>\n");
    }
    page.raw("</section>\n");
}

/// A number and its noun.
fn counted(page: &mut Page, number: usize, noun: &'static str) {
    let ending = if number == 1 { "" } else { "s" };
    page.raw("<li><b>").number(number as u64).raw("</b> ").raw(noun).raw(ending).raw("</li>\n");
}

/// The connection view, which scrolls by itself on a narrow screen.
fn connections(page: &mut Page, report: &TraceReport, paged: &Paged<'_>) {
    if paged.lanes.is_empty() {
        return;
    }
    page.raw("<section id=\"connections\">\n<h2>Connections</h2>\n<p class=\"note\">A lane for each connection: how it ");
    page.raw("was opened, and what went over it, side by side where that overlaps.</p>\n");
    page.raw("<div class=\"ladder\" tabindex=\"0\" role=\"region\" aria-label=\"Connections\">\n");
    page.drawing(&svg::draw_page(report, paged, Diagram::Connections, Within::Page));
    page.raw("</div>\n");
    for ahead in words::ahead(paged) {
        page.element("<p class=\"note\">Ahead: ", &ahead, ".</p>\n");
    }
    page.raw("</section>\n");
}
