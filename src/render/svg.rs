//! Pictures of a traced URL (SVG 1.1): the waterfall and the ladder diagram, drawn from [`crate::picture`].
//!
//! One file each that asks nobody for anything, light and dark by CSS, or a part of a page, whose style sheet
//! then takes [`STYLE`] in. No script, no `style` attribute, no link to elsewhere. In a page each row has the
//! id `row-N` and each arrow `arrow-N`, and a mark that leads to `#finding-N` where a finding rests on it.

mod canvas;
mod ladder;
mod waterfall;
mod within;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

pub(super) use within::Within;

use super::escape::markup as escaped;
use super::style::{Diagram, Style};
use crate::picture::{Depth, Picture};
use crate::redact::Redacted;
use crate::report::TraceReport;

/// The rules that a page needs for the pictures in it.
pub(super) const STYLE: &str = include_str!("svg/style.css");

/// Writes the picture of a trace as a file.
pub(super) fn trace(report: &Redacted<TraceReport>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let picture = Picture::of(&report.trace, &report.findings);
    let depth = if style.verbose { Depth::Full } else { Depth::Short };
    out.write_all(draw(report, &picture, style.diagram, depth, Within::File).as_bytes())
}

/// One picture of a trace, as markup.
pub(super) fn draw(
    report: &Redacted<TraceReport>,
    picture: &Picture,
    diagram: Diagram,
    depth: Depth,
    within: Within,
) -> String {
    let (drawn, name, what) = match diagram {
        Diagram::Waterfall => {
            let drawn = waterfall::draw(&report.trace, picture, depth, within);
            (drawn, "waterfall", "where the time went, a bar for each phase and its parts")
        }
        Diagram::Ladder => {
            let drawn = ladder::draw(&report.trace, &picture.ladder, depth, within);
            (drawn, "ladder", "who sent what to whom, an arrow for each packet, segment and flight")
        }
    };
    let url = report.trace.requests.last().map_or(&report.trace.input, |request| &request.url.href);
    let title = escaped(&format!("{url}: {what}"));
    let (width, height) = drawn.size();
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
