//! The rows of a page's waterfall: each a summary with its phases on the axis, which opens to all that is known of it.

use super::super::cards::table;
use super::super::markup::Page;
use crate::finding::Finding;
use crate::picture::{Paged, PagedRow};
use crate::render::axis::{helper_lines, round, share};
use crate::render::page_words::{self as words, MOST_HOSTS};
use crate::render::shorten::shorten;
use crate::timeline::Phase;
use crate::trace::{At, Blocking};
use crate::units;

/// Rows that a page has room for: the document for programs has all.
const MOST: usize = 1000;
/// Columns of a URL beyond which its middle is left out.
const LONGEST_URL: usize = 2000;
/// Times on the axis stand this far apart at least, as a share of it.
const TIMES_APART: f64 = 0.25;
/// What is too short to be seen is drawn this wide, in percent of the axis.
const LEAST: f64 = 0.15;

pub(super) fn put(page: &mut Page, paged: &Paged<'_>, findings: &[Finding]) {
    page.raw("<p class=\"note\">A row for each request, in order of discovery, on one time axis of ");
    page.text(&units::micros(paged.end.0)).raw(". Open a row for all that is known of it.</p>\n");
    legend(page, paged);
    page.raw("<div class=\"rows\">\n<div class=\"head line\">");
    for (class, name) in [
        ("number", "#"),
        ("name", "request"),
        ("kind", "kind"),
        ("prio", "prio"),
        ("outcome", "status"),
        ("size", "size"),
        ("took", "time"),
    ] {
        page.raw("<span class=\"").raw(class).raw("\">").raw(name).raw("</span>");
    }
    axis(page, paged);
    page.raw("</div>\n");
    for (index, row) in paged.rows.iter().take(MOST).enumerate() {
        put_row(page, paged, index, row, findings);
    }
    page.raw("</div>\n");
    let left = paged.rows.len().saturating_sub(MOST);
    if left > 0 {
        page.element(
            "<p class=\"note\">And ",
            &units::count(left, "more request"),
            ": the JSON has all.</p>\n",
        );
    }
}

/// The times of the helper lines, and all lines, which the rows draw once more each.
fn axis(page: &mut Page, paged: &Paged<'_>) {
    page.raw("<svg class=\"axis\" aria-hidden=\"true\"><defs><g id=\"lines\">");
    for at in helper_lines(paged.end.0) {
        line(page, "grid", at, paged.end);
    }
    for (class, _, at) in words::marks(paged.page) {
        if let Some(at) = at {
            line(page, class, at.0, paged.end);
        }
    }
    page.raw("</g></defs><use href=\"#lines\"/>");
    let mut last = None;
    for at in helper_lines(paged.end.0) {
        let place = share(at, paged.end.0);
        // The column is narrow: not every line has room for its time.
        if last.is_some_and(|last| place - last < TIMES_APART) {
            continue;
        }
        last = Some(place);
        let anchor = match place {
            ..0.03 => "start",
            0.95.. => "end",
            _ => "middle",
        };
        page.raw("<text y=\"1em\" text-anchor=\"").raw(anchor).raw("\" x=\"").text(&percent(place));
        page.raw("\">").text(&round(at)).raw("</text>");
    }
    page.raw("</svg>");
}

fn line(page: &mut Page, class: &'static str, at: u64, end: At) {
    let place = percent(share(at, end.0));
    page.raw("<line class=\"").raw(class).raw("\" x1=\"").text(&place).raw("\" x2=\"").text(&place);
    page.raw("\" y1=\"0\" y2=\"100%\"/>");
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

fn put_row(page: &mut Page, paged: &Paged<'_>, index: usize, row: &PagedRow<'_>, findings: &[Finding]) {
    page.raw("<details class=\"res kind-").raw(row.kind().as_str()).raw(" host-");
    page.number(row.host.min(MOST_HOSTS) as u64);
    page.raw(match row.blocking() {
        Blocking::Render => " blocking",
        Blocking::Parser => " parser",
        Blocking::None => "",
    });
    page.raw(if row.is_bad() { " bad" } else { "" }).raw("\" id=\"request-").number(index as u64);
    page.raw("\">\n<summary class=\"line\"><span class=\"number\">").number(index as u64);
    page.raw("</span><span class=\"name\"><b><bdi>").text(&words::name(row)).raw("</bdi></b>");
    if row.resource.is_some() {
        page.raw(" <small><bdi>").text(&shorten(&row.hop.url.host_ascii, 80, "…")).raw("</bdi></small>");
    }
    match words::blocking(row.blocking()) {
        "" => {}
        told => {
            page.element(" <span class=\"sr\">", told, "</span>");
        }
    }
    for place in &row.findings {
        let Some(finding) = findings.get(*place) else { continue };
        page.raw(" <a class=\"sign ").text(finding.severity.as_str()).raw("\" href=\"#finding-");
        page.number(*place as u64 + 1).raw("\">!<span class=\"sr\"> finding ").number(*place as u64 + 1);
        page.raw("</span></a>");
    }
    page.raw("</span><span class=\"kind\">").raw(row.kind().short());
    page.raw("</span><span class=\"prio\">").raw(words::priority(row.priority()));
    page.element("</span><span class=\"outcome\">", &words::outcome(row), "</span>");
    page.element("<span class=\"size\">", &units::bytes(row.bytes()), "</span>");
    page.element("<span class=\"took\">", &units::micros(row.micros()), "</span>");
    bar(page, paged, row);
    page.raw("</summary>\n<div class=\"about\">\n");
    page.element("<p class=\"url\"><code>", &shorten(&row.hop.url.href, LONGEST_URL, "…"), "</code></p>\n");
    table::facts(page, &words::facts(paged, row));
    page.raw("</div>\n</details>\n");
}

/// The phases of a row on the axis, above all lines.
fn bar(page: &mut Page, paged: &Paged<'_>, row: &PagedRow<'_>) {
    page.raw("<svg class=\"bar\" aria-hidden=\"true\"><use href=\"#lines\"/>");
    for (phase, time) in row.phases.iter() {
        let Some((start, end)) = *time else { continue };
        let (from, to) = (share(start.0, paged.end.0), share(end.0, paged.end.0));
        let wide = ((to - from) * 100.0).max(LEAST);
        let left = (from * 100.0).min(100.0 - LEAST);
        page.raw("<rect class=\"").raw(phase.as_str()).raw("\" x=\"").text(&format!("{left:.2}%"));
        page.raw("\" width=\"").text(&format!("{wide:.2}%"));
        page.raw(if phase == Phase::Queue {
            "\" y=\"11\" height=\"3\"/>"
        } else {
            "\" y=\"6\" height=\"13\"/>"
        });
    }
    if row.hop.failure.is_some() {
        page.raw("<line class=\"stop\" y1=\"3\" y2=\"22\" x1=\"");
        let place = percent(share(row.hop.end.0, paged.end.0));
        page.text(&place).raw("\" x2=\"").text(&place).raw("\"/>");
    }
    page.raw("</svg>");
}

/// What colours, lines and edges mean.
fn legend(page: &mut Page, paged: &Paged<'_>) {
    page.raw("<ul class=\"legend\" aria-label=\"Colours and marks\">");
    let used = |phase: &Phase| paged.rows.iter().any(|row| row.phases[*phase].is_some());
    for phase in Phase::ALL.into_iter().filter(used) {
        page.raw("<li><svg class=\"key\" aria-hidden=\"true\"><rect class=\"").raw(phase.as_str());
        page.raw(if phase == Phase::Queue { "\" y=\"4\" height=\"3\"" } else { "\" y=\"1\" height=\"9\"" });
        page.raw(" width=\"100%\"/></svg> ").raw(phase.as_str()).raw("</li>");
    }
    for (class, label, at) in words::marks(paged.page) {
        if at.is_some() {
            page.raw("<li><svg class=\"key\" aria-hidden=\"true\"><line class=\"").raw(class);
            page.raw("\" x1=\"50%\" x2=\"50%\" y1=\"0\" y2=\"100%\"/></svg> ").raw(label).raw("</li>");
        }
    }
    page.raw("<li class=\"edge\">blocks rendering</li></ul>\n");
}
