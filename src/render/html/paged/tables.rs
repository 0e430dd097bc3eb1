//! The hosts of a page, what of it was not asked for, and its second visit, as tables.

use super::super::markup::Page;
use crate::picture::Paged;
use crate::render::again_words;
use crate::render::page_words as words;
use crate::render::shorten::shorten;
use crate::trace::SecondVisit;
use crate::units;

/// Rows that a table has room for: the document for programs has all.
const MOST: usize = 200;
/// Columns of a URL beyond which its middle is left out.
const LONGEST_URL: usize = 300;

/// The hosts, each with what it was asked for.
pub(super) fn hosts(page: &mut Page, paged: &Paged<'_>) {
    page.raw("<section id=\"hosts\">\n<h2>Hosts</h2>\n<div class=\"scroll\">\n<table>\n<thead><tr>");
    for name in ["host", "requests", "failed", "bytes", "connections", "first needed", "last ended"] {
        page.raw("<th scope=\"col\">").raw(name).raw("</th>");
    }
    page.raw("</tr></thead>\n<tbody>\n");
    for (place, host) in paged.hosts.iter().take(MOST).enumerate() {
        page.element("<tr><th scope=\"row\"><bdi>", host.name, "</bdi>");
        if paged.own_host() == Some(place) {
            page.raw(" <span class=\"badge\">document</span>");
        }
        page.raw("</th>");
        for text in [
            host.requests.to_string(),
            host.failed.to_string(),
            units::bytes(host.bytes),
            host.connections.to_string(),
            units::micros(host.first.0),
            units::micros(host.last.0),
        ] {
            page.element("<td>", &text, "</td>");
        }
        page.raw("</tr>\n");
    }
    page.raw("</tbody>\n</table>\n</div>\n");
    more(page, paged.hosts.len());
    page.raw("</section>\n");
}

/// What was found and not asked for, and why.
pub(super) fn left_out(page: &mut Page, paged: &Paged<'_>) {
    let all: Vec<_> = words::each_left_out(paged.page).collect();
    if all.is_empty() {
        return;
    }
    page.raw("<section id=\"left-out\">\n<h2>Found and not asked for</h2>\n<ul>\n");
    for (number, why) in words::left_out(paged.page) {
        page.raw("<li>").number(number as u64).raw(" ").text(why).raw("</li>\n");
    }
    page.raw(
        "</ul>\n<details>\n<summary>Each of them</summary>\n<div class=\"scroll\">\n<table>\n<thead><tr>",
    );
    for name in ["reason", "kind", "URL", "asked for by"] {
        page.raw("<th scope=\"col\">").raw(name).raw("</th>");
    }
    page.raw("</tr></thead>\n<tbody>\n");
    for (resource, why) in all.iter().take(MOST) {
        page.raw("<tr><td>").raw(why).raw("</td><td>").raw(resource.kind.as_str()).raw("</td><td><code>");
        page.text(&shorten(&resource.url, LONGEST_URL, "…")).raw("</code></td>");
        page.element("<td>", &words::named_by(paged, resource), "</td></tr>\n");
    }
    page.raw("</tbody>\n</table>\n</div>\n");
    more(page, all.len());
    page.raw("</details>\n</section>\n");
}

/// What a second visit asked for.
pub(super) fn again(page: &mut Page, paged: &Paged<'_>, visit: &SecondVisit) {
    page.raw("<section id=\"second-visit\">\n<h2>Second visit</h2>\n");
    page.element("<p>", &again_words::summary(paged, visit), " (not counted).</p>\n<ul>\n");
    for (number, fate) in again_words::fates(visit) {
        page.raw("<li>").number(number as u64).raw(" ").text(fate).raw("</li>\n");
    }
    page.raw(
        "</ul>\n<details>\n<summary>Each request</summary>\n<div class=\"scroll\">\n<table>\n<thead><tr>",
    );
    for name in ["URL", "asked by", "status", "bytes", "before", "time", "why"] {
        page.raw("<th scope=\"col\">").raw(name).raw("</th>");
    }
    page.raw("</tr></thead>\n<tbody>\n");
    let rows = again_words::rows(paged, visit, true);
    for row in rows.iter().take(MOST) {
        page.raw("<tr><td><code>").text(&shorten(&row.row.hop.url.href, LONGEST_URL, "…"));
        page.raw("</code></td>");
        for text in [
            row.by.to_owned(),
            row.status.clone(),
            row.bytes.map(units::bytes).unwrap_or_default(),
            units::bytes(row.row.bytes()),
            row.micros.map(units::micros).unwrap_or_default(),
            row.why.clone(),
        ] {
            page.element("<td>", &text, "</td>");
        }
        page.raw("</tr>\n");
    }
    page.raw("</tbody>\n</table>\n</div>\n");
    more(page, rows.len());
    page.raw("</details>\n</section>\n");
}

fn more(page: &mut Page, all: usize) {
    if all > MOST {
        page.element("<p class=\"note\">And ", &(all - MOST).to_string(), " more: the JSON has all.</p>\n");
    }
}
