//! A page's connections: a lane for each, how it was opened and what went over it, side by side where that overlaps.

use super::canvas::{Anchor, Canvas, width};
use super::paged::{WIDTH, axis, head, legend, marks, notes, place, segment};
use super::within::Within;
use crate::picture::{ConnectionLane, Paged, Run};
use crate::render::page_words as words;
use crate::timeline::Phase;
use crate::units;

/// Where the names of connections end.
const NAMES: f64 = 580.0;
/// Where what is told of them begins.
const TOLD: f64 = 360.0;
/// A line of a lane.
const TRACK: f64 = 17.0;
/// Room above and below a lane's lines.
const EDGE: f64 = 4.0;
/// Lanes that a picture has room for: the document for programs has all.
const MOST: usize = 200;

pub(super) fn draw(title: &str, paged: &Paged<'_>, within: Within) -> Canvas {
    let mut canvas = Canvas::new(WIDTH);
    let top = head(&mut canvas, title, paged, within) + 20.0;
    canvas.text("faint", (10.0, top - 8.0), Anchor::Start, 200.0, "connection");
    let lanes: Vec<&ConnectionLane> = paged.lanes.iter().take(MOST).collect();
    let bottom = lanes.iter().fold(top, |y, lane| y + height(lane));
    let mut y = top;
    for (index, lane) in lanes.iter().enumerate() {
        if index % 2 == 1 {
            canvas.rect("stripe", (0.0, y), (WIDTH, height(lane)));
        }
        y += height(lane);
    }
    axis(&mut canvas, paged.end, (top, bottom));
    y = top;
    for lane in lanes {
        put(&mut canvas, paged, lane, y, within);
        y += height(lane);
    }
    marks(&mut canvas, paged, (top, bottom));
    legend(&mut canvas, paged, bottom + 24.0);
    // A page says that once.
    if within == Within::File {
        notes(&mut canvas, paged, bottom + 42.0);
    }
    canvas
}

fn height(lane: &ConnectionLane) -> f64 {
    TRACK.mul_add(tracks(lane.tracks), 2.0 * EDGE)
}

fn tracks(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(1))
}

fn put(canvas: &mut Canvas, paged: &Paged<'_>, lane: &ConnectionLane, y: f64, within: Within) {
    let base = y + EDGE + 12.0;
    canvas.text("name", (10.0, base), Anchor::Start, TOLD - 20.0, &words::lane(paged, lane));
    canvas.text("faint", (TOLD, base), Anchor::Start, NAMES - TOLD, &words::lane_facts(paged, lane));
    for opening in &lane.openings {
        let took = opening.end.0.saturating_sub(opening.start.0);
        let tip = format!(
            "connection {}: {} {}, from {}",
            lane.id.0,
            opening.phase.as_str(),
            units::micros(took),
            units::micros(opening.start.0)
        );
        canvas.open("opening", None, &tip);
        segment(canvas, opening.phase, (opening.start, opening.end), paged.end, y + EDGE + 2.0, TRACK - 4.0);
        canvas.close();
    }
    for run in &lane.runs {
        put_run(canvas, paged, run, TRACK.mul_add(tracks(run.track), y + EDGE + 2.0), within);
    }
}

/// A request on its connection, named where there is room inside it.
fn put_run(canvas: &mut Canvas, paged: &Paged<'_>, run: &Run, top: f64, within: Within) {
    let Some(row) = paged.rows.get(run.row) else { return };
    let name = words::name(row);
    let id = (within == Within::Page).then(|| format!("run-{}", run.row));
    let class =
        format!("run host-{}{}", row.host.min(words::MOST_HOSTS), if row.is_bad() { " bad" } else { "" });
    let tip = format!("{} {name}: {} {}", run.row, words::outcome(row), words::phases(row));
    canvas.open(&class, id, &tip);
    for phase in [Phase::Send, Phase::Wait, Phase::Receive] {
        if let Some(time) = row.phases[phase] {
            segment(canvas, phase, time, paged.end, top, TRACK - 4.0);
        }
    }
    // Before the response comes there is nothing that the name could lie over.
    if let Some((start, end)) = row.phases[Phase::Wait] {
        let (from, to) = (place(start.0, paged.end), place(end.0, paged.end));
        if width(&name) + 8.0 <= to - from {
            canvas.text("inside", (from + 4.0, top + 10.5), Anchor::Start, to - from, &name);
        }
    }
    canvas.close();
}
