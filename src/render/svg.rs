//! Pictures of a traced URL (SVG 1.1): the waterfall and the ladder diagram, of a page also its connections, drawn from
//! [`crate::picture`].
//!
//! One file each that asks nobody for anything, light and dark by CSS, or a part of a page, whose style sheet
//! then takes [`STYLE`] in. No script, no `style` attribute, no link to elsewhere. In a page each row has the
//! id `row-N` and each arrow `arrow-N`, and a mark that leads to `#finding-N` where a finding rests on it.

mod canvas;
mod connections;
mod ladder;
mod paged;
mod waterfall;
mod within;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use canvas::Canvas;
pub(super) use within::Within;

use super::escape::markup as escaped;
use super::style::{Diagram, Style};
use crate::picture::{Depth, Paged, Picture};
use crate::redact::Redacted;
use crate::report::TraceReport;

/// The rules that a page needs for the pictures in it.
pub(super) const STYLE: &str = include_str!("svg/style.css");

/// Writes the picture of a trace as a file.
pub(super) fn trace(report: &Redacted<TraceReport>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let depth = if style.verbose { Depth::Full } else { Depth::Short };
    let drawn = match (&report.trace.page, style.diagram) {
        (Some(page), Diagram::Waterfall | Diagram::Connections) => {
            let paged = Paged::of(&report.trace, page, &report.findings);
            draw_page(report, &paged, style.diagram, Within::File)
        }
        _ => {
            let picture = Picture::of(&report.trace, &report.findings, depth);
            draw(report, &picture, style.diagram, depth, Within::File)
        }
    };
    out.write_all(drawn.as_bytes())
}

/// One picture of a trace, as markup.
pub(super) fn draw(
    report: &TraceReport,
    picture: &Picture,
    diagram: Diagram,
    depth: Depth,
    within: Within,
) -> String {
    match diagram {
        // Without a page there is one lane at most: the ladder shows more of it.
        Diagram::Ladder | Diagram::Connections => {
            let drawn = ladder::draw(&report.trace, &picture.ladder, depth, within);
            let what = "who sent what to whom, an arrow for each packet, segment and flight";
            framed(report, drawn, ("ladder", what), within)
        }
        Diagram::Waterfall => {
            let drawn = waterfall::draw(&report.trace, picture, depth, within);
            let what = "where the time went, a bar for each phase and its parts";
            framed(report, drawn, ("waterfall", what), within)
        }
    }
}

/// One picture of a page, as markup.
pub(super) fn draw_page(report: &TraceReport, paged: &Paged<'_>, diagram: Diagram, within: Within) -> String {
    let title = url(report);
    if diagram == Diagram::Connections {
        let what = "a lane for each connection, with what went over it";
        return framed(report, connections::draw(title, paged, within), ("connections", what), within);
    }
    let what = "a row for each request of the page, on one time axis";
    framed(report, paged::draw(title, paged, within), ("page", what), within)
}

/// The last URL, or what was typed where there is none.
fn url(report: &TraceReport) -> &str {
    report.trace.requests.last().map_or(&report.trace.input, |request| &request.url.href)
}

/// A drawing with its title, and as a file with its rules and its paper.
fn framed(report: &TraceReport, drawn: Canvas, (name, what): (&str, &str), within: Within) -> String {
    let (width, height) = drawn.size();
    let title = escaped(&format!("{}: {what}", url(report)));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"urltrace {name}\" viewBox=\"0 0 {width} {height}\" \
         preserveAspectRatio=\"xMidYMin meet\" role=\"group\" aria-labelledby=\"{name}-title {name}-desc\">\n\
         <title id=\"{name}-title\">{title}</title>\n<desc id=\"{name}-desc\">{}</desc>\n",
        escaped(&report.verdict.summary)
    );
    if within == Within::File {
        svg.push_str("<style>\n");
        svg.push_str(STYLE);
        svg.push_str("</style>\n");
        svg.push_str(&format!("<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n"));
    }
    svg.push_str(&drawn.into_markup());
    svg.push_str("</svg>\n");
    svg
}
