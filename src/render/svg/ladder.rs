//! The ladder diagram: a lane for each party, downward the time, an arrow for each packet, segment and flight.
//!
//! Arrows are level: this machine has one stamp of each, and the way of a packet is not measured.

use super::canvas::{Anchor, Canvas};
use super::within::Within;
use crate::picture::{Arrow, Depth, Fate, Fold, Ladder, Source, Step};
use crate::render::ladder_words;
use crate::render::picture_words as words;
use crate::trace::{At, Trace};
use crate::units;

/// Room for the times at the left.
const TIMES: f64 = 100.0;
const MARGIN: f64 = 80.0;
/// Between two lanes.
const LEAST_GAP: f64 = 130.0;
const WIDTH: f64 = 960.0;
const TOP: f64 = 64.0;
/// Each arrow has this much for itself.
const LINE: f64 = 22.0;
/// The whole run has this much more, in proportion to the time.
const STRETCH: f64 = 320.0;

pub(super) fn draw(trace: &Trace, ladder: &Ladder, depth: Depth, within: Within) -> Canvas {
    let gaps = f64::from(u32::try_from(ladder.lanes.len().saturating_sub(1).max(1)).unwrap_or(1));
    let gap = ((WIDTH - TIMES - MARGIN) / gaps).max(LEAST_GAP);
    let width = TIMES + gap * gaps + MARGIN;
    let steps = ladder.steps(depth);
    let places = places(&steps, ladder.end);
    let left = ladder.end.0.saturating_sub(ladder.arrows.last().map_or(0, |arrow| arrow.at().0));
    let is_long = left > 0 && left.saturating_mul(10) >= ladder.end.0;
    let bottom = places.last().copied().unwrap_or(TOP) + if is_long { 3.0 * LINE } else { LINE };
    let mut canvas = Canvas::new(width);
    let mut x = TIMES;
    let mut lanes = Vec::new();
    for lane in &ladder.lanes {
        canvas.line("life", (x, TOP - 12.0), (x, bottom));
        canvas.text("strong", (x, 24.0), Anchor::Middle, gap - 8.0, lane.party.as_str());
        canvas.text("faint", (x, 42.0), Anchor::Middle, gap - 8.0, &lane.name);
        lanes.push(x);
        x += gap;
    }
    let drawing = Drawing { trace, lanes, width, within };
    for (index, step) in steps.iter().enumerate() {
        match step {
            Step::Arrow(arrow) => {
                if let Some(asked) = asked(&steps[..index], arrow) {
                    drawing.at_work(&mut canvas, arrow, (places[asked], places[index]));
                }
                drawing.arrow(&mut canvas, arrow, places[index]);
            }
            Step::Folded(fold) => drawing.fold(&mut canvas, fold, places[index]),
        }
    }
    if is_long {
        let words = ladder_words::nothing_more(left);
        canvas.text("label", (TIMES + 14.0, bottom - LINE), Anchor::Start, width, &words);
    }
    let mut y = bottom + 22.0;
    for sentence in ladder_words::legend(ladder, depth) {
        for line in lines(&sentence, 120) {
            canvas.text("faint", (10.0, y), Anchor::Start, width, &line);
            y += 16.0;
        }
    }
    canvas.reach(y);
    canvas
}

/// How far down each step stands: each has a line of its own, and the rest is in proportion to the time.
#[expect(clippy::cast_precision_loss, reason = "a pixel is coarser than what a float loses")]
fn places(steps: &[Step<'_>], end: At) -> Vec<f64> {
    let (mut y, mut before) = (TOP, At(0));
    let scale = STRETCH / (end.0.max(1) as f64);
    steps
        .iter()
        .map(|step| {
            let (start, until) = match step {
                Step::Arrow(arrow) => (arrow.at(), arrow.at()),
                Step::Folded(fold) => (fold.start, fold.end),
            };
            y += LINE + scale * (start.0.saturating_sub(before.0) as f64);
            before = until.max(before);
            y
        })
        .collect()
}

/// The question that an arrow answers, among the steps before it.
fn asked(before: &[Step<'_>], arrow: &Arrow) -> Option<usize> {
    let wanted = match arrow.source {
        Source::Reply(lookup, packet) => Source::Question(lookup, packet),
        Source::Response(request) => Source::Request(request),
        _ => return None,
    };
    before.iter().rposition(|step| matches!(step, Step::Arrow(asked) if asked.source == wanted))
}

/// A sentence in lines of so many characters.
fn lines(sentence: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= most => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

struct Drawing<'t> {
    trace: &'t Trace,
    lanes: Vec<f64>,
    width: f64,
    within: Within,
}

impl Drawing<'_> {
    /// From a question to its reply: the ways there and back and the server's work, together.
    fn at_work(&self, canvas: &mut Canvas, arrow: &Arrow, (from, to): (f64, f64)) {
        let class = format!("work {}", arrow.source.phase().as_str());
        canvas.rect(&class, (self.lanes[arrow.from.max(arrow.to)] - 3.0, from), (6.0, to - from));
    }

    fn arrow(&self, canvas: &mut Canvas, arrow: &Arrow, y: f64) {
        let phase = arrow.source.phase().as_str();
        let counted = if arrow.counted { "counted" } else { "uncounted" };
        let id = (self.within == Within::Page).then(|| format!("arrow-{}", arrow.id));
        let class = format!("arrow {phase} {counted} {}", arrow.fate.as_str());
        canvas.open(&class, id, &words::arrow(self.trace, arrow).join("\n"));
        let near = self.lanes[0];
        let far = self.lanes[arrow.from.max(arrow.to)];
        let tip = if arrow.ends_short() { near + (far - near) * 0.7 } else { far };
        canvas.line("shaft", (near, y), (tip, y));
        match (arrow.is_sent(), arrow.fate) {
            (true, Fate::Fine) => canvas.head("head", (tip, y), true),
            (true, Fate::Unanswered | Fate::Failed) => canvas.cross("cross", (tip, y)),
            (true, Fate::NotAwaited) => {
                canvas.text("label", (tip + 4.0, y + 4.0), Anchor::Start, LINE, "?");
            }
            (false, _) => canvas.head("head", (near, y), false),
        }
        canvas.text("faint", (near - 10.0, y + 4.0), Anchor::End, TIMES, &units::micros(arrow.at().0));
        let room = self.width - near - 24.0;
        canvas.text("label", (near + 14.0, y - 5.0), Anchor::Start, room, &ladder_words::label(arrow));
        if self.within == Within::Page {
            for (place, finding) in arrow.findings.iter().take(2).enumerate() {
                canvas.link(*finding, ([4.0, 12.0][place], y + 4.0));
            }
        }
        canvas.close();
    }

    fn fold(&self, canvas: &mut Canvas, fold: &Fold, y: f64) {
        canvas.text("faint", (self.lanes[0] - 10.0, y), Anchor::End, TIMES, &units::micros(fold.start.0));
        let room = self.width - self.lanes[0] - 24.0;
        canvas.text("label", (self.lanes[0] + 14.0, y), Anchor::Start, room, &ladder_words::fold(fold));
    }
}
