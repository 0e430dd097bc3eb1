//! The whole page: its policy, its style, its sections in reading order, and the document for programs.

use std::io::{self, Write};

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::markup::Page;
use super::{cards, findings, head, paged, story, waterfall};
use crate::picture::{Depth, Paged, Picture};
use crate::redact::Redacted;
use crate::render::json::{self, Lines};
use crate::render::style::Diagram;
use crate::render::svg::{self, Within};
use crate::render::words;
use crate::report::TraceReport;
use crate::units;

const STYLE: &str = include_str!("style.css");

/// Writes the page of a trace.
pub(crate) fn trace(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    let TraceReport { trace, findings, verdict, budgets: _, expected: _, exit_code: _ } = &**report;
    let paged = trace.page.as_ref().map(|of| Paged::of(trace, of, findings));
    let mut page = Page::default();
    begin(&mut page, &head::title(trace), if paged.is_some() { paged::STYLE } else { "" });
    head::put(&mut page, trace, verdict, findings, paged.as_ref());
    page.raw("<main id=\"report\">\n");
    sections(&mut page, report, paged.as_ref());
    page.raw("</main>\n<footer>\n");
    foot(&mut page, report);
    end(page, Inside::Whole, |document| json::trace(report, Lines::One, document), out)
}

/// What a page tells of a trace.
pub(super) fn sections(page: &mut Page, report: &TraceReport, paged: Option<&Paged<'_>>) {
    let TraceReport { trace, findings, .. } = report;
    let picture = Picture::of(trace, findings, Depth::Short);
    if let Some(paged) = paged {
        paged::waterfall(page, paged, findings);
        findings::put(page, findings, &picture, Some(paged));
        paged::further(page, report, paged);
        waterfall::put(page, "Waterfall of the document", trace, &picture, findings);
    } else {
        waterfall::put(page, "Waterfall", trace, &picture, findings);
        findings::put(page, findings, &picture, None);
    }
    ladder(page, report, &picture);
    cards::put(page, trace);
    story::put(page, &crate::story::story(trace));
}

/// The ladder diagram, which scrolls by itself on a narrow screen.
fn ladder(page: &mut Page, report: &TraceReport, picture: &Picture) {
    if picture.ladder.is_empty() {
        return;
    }
    page.raw(
        "<section id=\"ladder\">\n<h2>Ladder</h2>\n<p class=\"note\">Who sent what to whom: a lane for each ",
    );
    page.raw("party, an arrow for each packet, segment and flight. All stamps are this machine's.</p>\n");
    page.raw("<div class=\"ladder\" tabindex=\"0\" role=\"region\" aria-label=\"Ladder diagram\">\n");
    page.drawing(&svg::draw(report, picture, Diagram::Ladder, Depth::Short, Within::Page));
    page.raw("</div>\n</section>\n");
}

/// Up to the body. `further` are rules beside those of every report. The policy lets the page's own style in, by its hash, and nothing else: no script, no
/// request, no frame.
pub(super) fn begin(page: &mut Page, title: &str, further: &'static str) {
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
    page.text(&BASE64.encode(&Sha256::digest([STYLE, svg::STYLE, further].concat())));
    page.raw("'; base-uri 'none'; form-action 'none'\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
    page.raw("<meta name=\"referrer\" content=\"no-referrer\">\n");
    page.element("<title>", title, "</title>\n");
    page.raw("<style>").raw(STYLE).raw(svg::STYLE).raw(further).raw("</style>\n</head>\n<body>\n");
    page.raw("<a class=\"skip\" href=\"#report\">Skip to the report</a>\n");
}

fn foot(page: &mut Page, report: &TraceReport) {
    page.raw("<p>Started ").text(&words::timestamp(report.trace.started_at, 3));
    page.raw(" (UTC), measured by urltrace ").raw(env!("CARGO_PKG_VERSION"));
    page.raw(". Set-up before the start, not counted: ").text(&units::duration(report.trace.setup));
    page.raw(". Exit code ").number(report.exit_code.into()).raw(".</p>\n");
}

/// How much of the document for programs is inside a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    /// All of it.
    Whole,
    /// What is told of all runs together, and of each its outcome and phases.
    Brief,
}

/// From within the footer to the end of the file: the document that `write` writes is in it.
pub(super) fn end(
    mut page: Page,
    inside: Inside,
    write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    out: &mut dyn Write,
) -> io::Result<()> {
    page.raw("<p>The document for programs (schema <code>urltrace/1</code>) is in this file: the text of ");
    page.raw("<code>script#urltrace-json</code>");
    page.raw(match inside {
        Inside::Whole => "",
        Inside::Brief => ", its runs in brief; <code>--format json</code> has them whole",
    });
    page.raw(".</p>\n</footer>\n<script type=\"application/json\" id=\"urltrace-json\">");
    let mut document = Vec::new();
    write(&mut document)?;
    page.json(String::from_utf8_lossy(&document).trim_end());
    page.raw("</script>\n</body>\n</html>\n");
    out.write_all(page.into_text().as_bytes())
}
