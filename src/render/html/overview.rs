//! What is told of several runs: above the report of one of them, or by itself.

use super::cards::table::shortened;
use super::head::said;
use super::markup::Page;
use crate::render::overview::{Cells, Fact, Overview, Table};

/// The rules for these beside those of every report.
pub(super) const STYLE: &str = include_str!("overview.css");

/// The header: what it is about, what it comes to, and `links` to what the page has.
pub(super) fn head(page: &mut Page, overview: &Overview, links: impl FnOnce(&mut Page)) {
    page.element("<header>\n<h1>", &overview.title, "</h1>\n");
    for conclusion in &overview.conclusions {
        said(page, conclusion, overview.failed);
    }
    for about in &overview.about {
        page.element("<p class=\"note\">", about, "</p>\n");
    }
    page.raw("<nav aria-label=\"Sections\">\n");
    if !overview.table.rows.is_empty() {
        page.raw("<a href=\"#times\">Times</a>\n");
    }
    links(page);
    page.raw("</nav>\n</header>\n");
}

/// The tables, and what else was seen.
pub(super) fn put(page: &mut Page, overview: &Overview) {
    if !overview.table.rows.is_empty() {
        page.raw("<section id=\"times\">\n");
        table(page, &overview.table);
        page.raw("</section>\n");
    }
    if !overview.facts.is_empty() {
        page.raw("<section id=\"seen\">\n<h2>What was seen</h2>\n<dl>\n");
        overview.facts.iter().for_each(|told| fact(page, told));
        page.raw("</dl>\n</section>\n");
    }
    for further in &overview.further {
        page.raw("<section>\n");
        table(page, further);
        page.raw("</section>\n");
    }
}

/// A table that scrolls by itself where it is wider than the page.
fn table(page: &mut Page, table: &Table) {
    let Table { name, head, rows, cells, note } = table;
    page.element("<h2>", name, "</h2>\n");
    page.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"").text(name);
    page.raw("\">\n<table class=\"sheet").raw(if *cells == Cells::Numbers { " numbers" } else { "" });
    page.raw("\">\n<thead><tr>");
    for name in head {
        page.element("<th scope=\"col\">", name, "</th>");
    }
    page.raw("</tr></thead>\n<tbody>\n");
    for row in rows {
        page.raw("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let (open, close) = if place == 0 { ("<th scope=\"row\">", "</th>") } else { ("<td>", "</td>") };
            page.element(open, &shortened(cell), close);
        }
        page.raw("</tr>\n");
    }
    page.raw("</tbody>\n</table>\n</div>\n");
    if !note.is_empty() {
        page.element("<p class=\"note\">", note, "</p>\n");
    }
}

fn fact(page: &mut Page, told: &Fact) {
    let Fact { label, bad, strong, text, aside } = told;
    page.raw(if *bad { "<dt class=\"bad\">" } else { "<dt>" }).text(label).raw("</dt><dd>");
    if !strong.is_empty() {
        page.element("<b>", strong, "</b>");
    }
    page.text(text);
    if !aside.is_empty() {
        page.element("<span class=\"who\">", aside, "</span>");
    }
    page.raw("</dd>\n");
}
