//! The waterfall: a row for each phase and part, on one time axis with helper lines.

use super::canvas::{Anchor, Canvas};
use super::within::Within;
use crate::picture::{Depth, Picture, Row, Standing, What};
use crate::render::axis::{helper_lines, round, share};
use crate::render::picture_words as words;
use crate::timeline::Subject;
use crate::trace::Trace;
use crate::units;

const WIDTH: f64 = 960.0;
/// Where the names end, and where the axis begins and ends.
const NAMES: f64 = 290.0;
const AXIS: (f64, f64) = (370.0, 880.0);
const ROW: f64 = 20.0;
const TOP: f64 = 34.0;

pub(super) fn draw(trace: &Trace, picture: &Picture, depth: Depth, within: Within) -> Canvas {
    let rows: Vec<&Row> = picture.rows.iter().filter(|row| is_drawn(&picture.rows, row, depth)).collect();
    let mut canvas = Canvas::new(WIDTH);
    let mut bottom = TOP;
    rows.iter().for_each(|_| bottom += ROW);
    axis(&mut canvas, picture.end.0, bottom);
    let mut y = TOP;
    for row in rows {
        put(&mut canvas, trace, picture, row, y, within);
        y += ROW;
    }
    canvas.reach(bottom + 12.0);
    canvas
}

/// The packets of what is not counted are for those who want all.
fn is_drawn(rows: &[Row], row: &Row, depth: Depth) -> bool {
    let above = row.parent.and_then(|parent| rows.get(parent));
    match row.what {
        _ if depth == Depth::Full => true,
        What::Packet(..) => above.is_some_and(|above| above.standing != Standing::Uncounted),
        What::Unaccounted(micros) => micros > 200,
        _ => true,
    }
}

/// Where a time stands.
fn place(at: u64, end: u64) -> f64 {
    AXIS.0 + (AXIS.1 - AXIS.0) * share(at, end)
}

/// The axis with its helper lines, at round times.
fn axis(canvas: &mut Canvas, end: u64, bottom: f64) {
    for at in helper_lines(end) {
        let x = place(at, end);
        canvas.line("grid", (x, TOP - 8.0), (x, bottom));
        canvas.text("faint", (x, TOP - 14.0), Anchor::Middle, 90.0, &round(at));
    }
}

fn put(canvas: &mut Canvas, trace: &Trace, picture: &Picture, row: &Row, y: f64, within: Within) {
    let phase = row.phase.map_or("", crate::timeline::Phase::as_str);
    let whole = if row.is_whole() { "whole" } else { "part" };
    let id = (within == Within::Page).then(|| format!("row-{}", row.id));
    let class = format!("row {whole} {phase} {}", row.standing.as_str());
    canvas.open(&class, id, &words::row(trace, row).join("\n"));
    canvas.rect("back", (0.0, y), (WIDTH, ROW));
    let mut left = 10.0;
    (0..row.depth).for_each(|_| left += 14.0);
    let label = match row.what {
        What::Request => words::request(trace, row),
        _ => row.label.clone(),
    };
    let base = y + 14.0;
    // A request's URL has the line to itself.
    let room = if row.what == What::Request { WIDTH - left } else { NAMES - left };
    canvas.text(if row.is_whole() { "strong" } else { "" }, (left, base), Anchor::Start, room, &label);
    if let (Some(micros), false) = (row.micros(), row.what == What::Request) {
        canvas.text("faint", (AXIS.0 - 12.0, base), Anchor::End, 80.0, &units::micros(micros));
    }
    if let What::Missing(_, reason) = row.what {
        canvas.text("faint", (AXIS.0, base), Anchor::Start, WIDTH - AXIS.0, reason);
    }
    if let (Some((start, end)), false) = (row.time, row.what == What::Request) {
        let whole = picture.end.0;
        let (from, to) = (place(start.0.min(whole), whole), place(end.0.min(whole), whole));
        let (top, height) = if row.is_whole() { (y + 3.0, 14.0) } else { (y + 6.0, 8.0) };
        if matches!(row.what, What::Part(Subject::Informational(_))) {
            canvas.line("point", (from, y + 3.0), (from, y + 17.0));
        } else {
            // What is too short to be seen is a thin mark, never nothing.
            canvas.rect("bar", (from, top), ((to - from).max(1.5), height));
        }
        let mark = words::mark(row.standing);
        if !mark.is_empty() {
            let right = to + 4.0 + super::canvas::width(mark) <= WIDTH;
            let (x, anchor) = if right { (to + 4.0, Anchor::Start) } else { (from - 4.0, Anchor::End) };
            canvas.text("note", (x, base), anchor, 90.0, mark);
        }
    }
    if within == Within::Page {
        for (place, finding) in row.findings.iter().take(3).enumerate() {
            let x = AXIS.0 - 12.0 - 70.0 - [0.0, 9.0, 18.0][place];
            canvas.link(*finding, (x, base));
        }
    }
    canvas.close();
}
