//! The table of what `--reuse` found.

use super::table;
use crate::render::further_words::{COLUMNS, rows, summary};
use crate::render::html::markup::Page;
use crate::trace::{FurtherEnd, Hop};

pub(super) fn put(page: &mut Page, hop: &Hop<'_>) {
    let Some(further) = &hop.request.further else { return };
    page.raw("<section class=\"card wait\">\n<h3>The same again</h3>\n");
    page.element("<p>On the same connection, not counted: ", &summary(further), ".</p>\n");
    if !matches!(further.end, FurtherEnd::Untried(_)) {
        let [dns, connect, tls, send, wait, receive, total] = COLUMNS;
        let names = ["request", dns, connect, tls, send, wait, receive, total, "status"];
        let cells = rows(hop, further).into_iter().map(|row| {
            let [a, b, c, d, e, f, g] = row.times;
            [row.label, a, b, c, d, e, f, g, row.failure.unwrap_or(row.status)]
        });
        table::columns(page, "First and later requests", names, cells);
    }
    page.raw("</section>\n");
}
