//! A page's waterfall: a row for each request, its phases on one time axis, the page's marks as lines over all rows.

use super::canvas::{Anchor, Canvas, width};
use super::within::Within;
use crate::picture::{Paged, PagedRow};
use crate::render::axis::{helper_lines, round, share};
use crate::render::page_words as words;
use crate::timeline::Phase;
use crate::trace::{At, Blocking};
use crate::units;

pub(super) const WIDTH: f64 = 1180.0;
/// Where the axis begins and ends.
pub(super) const AXIS: (f64, f64) = (600.0, 1160.0);
/// Where names begin and end, and where the columns behind them begin or, for numbers, end.
const NAMES: (f64, f64) = (44.0, 322.0);
const KIND: f64 = 332.0;
const PRIORITY: f64 = 374.0;
const STATUS: f64 = 416.0;
const SIZE: f64 = 520.0;
const TIME: f64 = 588.0;
const ROW: f64 = 20.0;
/// Rows that a picture has room for: the document for programs has all.
const MOST: usize = 400;
/// Columns of a line of text below the picture.
const MEASURE: usize = 150;

pub(super) fn draw(title: &str, paged: &Paged<'_>, within: Within) -> Canvas {
    let mut canvas = Canvas::new(WIDTH);
    let top = head(&mut canvas, title, paged, within) + 20.0;
    for (x, anchor, name) in [
        (NAMES.0, Anchor::Start, "request"),
        (KIND, Anchor::Start, "kind"),
        (PRIORITY, Anchor::Start, "prio"),
        (STATUS, Anchor::Start, "status"),
        (SIZE, Anchor::End, "size"),
        (TIME, Anchor::End, "time"),
    ] {
        canvas.text("faint", (x, top - 8.0), anchor, 200.0, name);
    }
    let mut bottom = top;
    paged.rows.iter().take(MOST).for_each(|_| bottom += ROW);
    stripes(&mut canvas, paged.rows.len().min(MOST), top);
    axis(&mut canvas, paged.end, (top, bottom));
    let mut y = top;
    for (index, row) in paged.rows.iter().take(MOST).enumerate() {
        put(&mut canvas, paged, (index, row), y, within);
        y += ROW;
    }
    marks(&mut canvas, paged, (top, bottom));
    let y = bottom + 24.0;
    let x = legend(&mut canvas, paged, y);
    canvas.rect("blocks", (x, y - 11.0), (4.0, 12.0));
    canvas.text("faint", (x + 10.0, y), Anchor::Start, 200.0, "blocks rendering");
    notes(&mut canvas, paged, y + 18.0);
    canvas
}

/// What the picture is of, where it stands alone, and room for the words of the axis. How far that reaches.
pub(super) fn head(canvas: &mut Canvas, title: &str, paged: &Paged<'_>, within: Within) -> f64 {
    let mut y = 10.0;
    if within == Within::File {
        canvas.text("strong", (10.0, y + 12.0), Anchor::Start, WIDTH - 20.0, title);
        canvas.text("faint", (10.0, y + 30.0), Anchor::Start, WIDTH - 20.0, &words::summary(paged));
        y += 48.0;
    }
    let known = words::marks(paged.page).into_iter().filter(|(.., at)| at.is_some());
    known.for_each(|_| y += 15.0);
    y
}

fn stripes(canvas: &mut Canvas, rows: usize, top: f64) {
    let mut y = top;
    for row in 0..rows {
        if row % 2 == 1 {
            canvas.rect("stripe", (0.0, y), (WIDTH, ROW));
        }
        y += ROW;
    }
}

/// Where a time stands.
pub(super) fn place(at: u64, end: At) -> f64 {
    AXIS.0 + (AXIS.1 - AXIS.0) * share(at, end.0)
}

/// The axis with its helper lines, at round times.
pub(super) fn axis(canvas: &mut Canvas, end: At, (top, bottom): (f64, f64)) {
    for at in helper_lines(end.0) {
        let x = place(at, end);
        canvas.line("grid", (x, top - 4.0), (x, bottom));
        canvas.text("faint", (x, top - 8.0), Anchor::Middle, 90.0, &round(at));
    }
}

/// The page's marks, each as a line over all rows with its words above, on a line of their own.
pub(super) fn marks(canvas: &mut Canvas, paged: &Paged<'_>, (top, bottom): (f64, f64)) {
    let known =
        words::marks(paged.page).into_iter().filter_map(|(class, label, at)| Some((class, label, at?)));
    let mut y = top - 25.0;
    for (class, label, at) in known.rev() {
        let x = place(at.0, paged.end);
        let text = format!("{label} {}", units::micros(at.0));
        canvas.line(class, (x, y - 9.0), (x, bottom));
        let right = x + 5.0 + width(&text) <= WIDTH - 4.0;
        let (x, anchor) = if right { (x + 5.0, Anchor::Start) } else { (x - 5.0, Anchor::End) };
        canvas.text(class, (x, y), anchor, 400.0, &text);
        y -= 15.0;
    }
}

fn put(canvas: &mut Canvas, paged: &Paged<'_>, (index, row): (usize, &PagedRow<'_>), y: f64, within: Within) {
    let id = (within == Within::Page).then(|| format!("row-{index}"));
    let mut tip = vec![row.hop.url.href.clone()];
    tip.extend(words::facts(paged, row).into_iter().map(|(label, text)| format!("{label}: {text}")));
    let class = if row.is_bad() { "request bad" } else { "request" };
    canvas.open(class, id, &tip.join("\n"));
    canvas.rect("back", (0.0, y), (WIDTH, ROW));
    match row.blocking() {
        Blocking::Render => canvas.rect("blocks", (0.0, y), (4.0, ROW)),
        Blocking::Parser => canvas.rect("blocks parser", (0.0, y), (4.0, ROW)),
        Blocking::None => {}
    }
    let base = y + 14.0;
    canvas.text("faint", (36.0, base), Anchor::End, 30.0, &index.to_string());
    let name = words::name(row);
    let room = NAMES.1 - NAMES.0;
    canvas.text("name", (NAMES.0, base), Anchor::Start, room, &name);
    let beside = NAMES.0 + width(&name) + 9.0;
    if row.resource.is_some() && NAMES.1 - beside > 60.0 && !name.ends_with('/') {
        canvas.text("faint", (beside, base), Anchor::Start, NAMES.1 - beside, &row.hop.url.host_ascii);
    }
    canvas.text("", (KIND, base), Anchor::Start, 38.0, row.kind().short());
    canvas.text("", (PRIORITY, base), Anchor::Start, 38.0, words::priority(row.priority()));
    canvas.text("outcome", (STATUS, base), Anchor::Start, 48.0, &words::outcome(row));
    canvas.text("", (SIZE, base), Anchor::End, 60.0, &units::bytes(row.bytes()));
    canvas.text("", (TIME, base), Anchor::End, 64.0, &units::micros(row.micros()));
    for (phase, time) in row.phases.iter() {
        if let Some((start, end)) = *time {
            segment(canvas, phase, (start, end), paged.end, y + 4.0, 12.0);
        }
    }
    if row.hop.failure.is_some() {
        canvas.cross("stop", (place(row.hop.end.0, paged.end), y + 10.0));
    }
    canvas.close();
}

/// A phase on the axis. What is too short to be seen is a thin mark, never nothing.
pub(super) fn segment(
    canvas: &mut Canvas,
    phase: Phase,
    (start, end): (At, At),
    whole: At,
    top: f64,
    height: f64,
) {
    let (from, to) = (place(start.0, whole), place(end.0, whole));
    let (top, height) = if phase == Phase::Queue { (top + height / 2.0 - 1.5, 3.0) } else { (top, height) };
    canvas.rect(&format!("seg {}", phase.as_str()), (from, top), ((to - from).max(1.0), height));
}

/// What the colours mean. How far to the right that reaches.
pub(super) fn legend(canvas: &mut Canvas, paged: &Paged<'_>, y: f64) -> f64 {
    let used = |phase: &Phase| paged.rows.iter().any(|row| row.phases[*phase].is_some());
    let mut x = 10.0;
    for phase in Phase::ALL.into_iter().filter(used) {
        let (top, height) = if phase == Phase::Queue { (y - 6.5, 3.0) } else { (y - 10.0, 10.0) };
        canvas.rect(&format!("seg {}", phase.as_str()), (x, top), (18.0, height));
        canvas.text("faint", (x + 24.0, y), Anchor::Start, 80.0, phase.as_str());
        x += 24.0 + width(phase.as_str()) + 18.0;
    }
    canvas.reach(y + 14.0);
    x
}

/// What no such picture can show, and what this one leaves out.
pub(super) fn notes(canvas: &mut Canvas, paged: &Paged<'_>, mut y: f64) {
    let hidden = paged.rows.len().saturating_sub(MOST);
    let left: usize = words::left_out(paged.page).iter().map(|(number, _)| number).sum();
    let mut notes = vec![words::missing()];
    if left > 0 {
        notes.push(format!("Found and not asked for: {left}."));
    }
    if hidden > 0 {
        notes.push(format!("And {}: the JSON has all.", units::count(hidden, "more request")));
    }
    for line in lines(&notes.join(" ")) {
        canvas.text("note", (10.0, y), Anchor::Start, WIDTH - 20.0, &line);
        canvas.reach(y + 14.0);
        y += 18.0;
    }
}

/// Text in lines that fit.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(last) = lines.last_mut() else { continue };
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= MEASURE {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
