//! How each phase of many runs spread: a box, and a dot for each run. In shapes alone, so that it reads without colour; the
//! same numbers stand in the table below.

use super::markup::Page;
use super::waterfall::phase_class;
use crate::diff::Part;
use crate::render::{part_words, repeat_words};
use crate::runs::{Percentile, Spread, Summary};
use crate::timeline::phases_of_all;
use crate::trace::Trace;
use crate::units::{count, micros};

/// A drawing: its size, and what it leaves free at its edges.
const WIDTH: u64 = 900;
const HEIGHT: u64 = 64;
const EDGE: u64 = 10;
/// Where the box lies.
const TOP: u64 = 14;
const LOW: u64 = HEIGHT - TOP;
/// As many dots that a name at each is of use.
const NAMED: usize = 200;

/// Writes a row for each part that happened.
pub(super) fn put(page: &mut Page, traces: &[&Trace], summary: &Summary, slowest: Option<usize>) {
    page.raw("<section id=\"spread\">\n<h2>How each phase spreads</h2>\n<p class=\"note\">Each has an axis of its own, from ");
    page.raw("its shortest run to its longest, and does not begin at 0. A dot is a run, the first at the top and the last ");
    page.raw("at the bottom. The box has the middle half of the runs, its thick line is the median, the dashed line ");
    page.raw("the 95th percentile (from 20 runs on).");
    page.raw(match slowest {
        Some(_) => " The ring marks the slowest run.</p>\n",
        None => "</p>\n",
    });
    page.raw("<table class=\"boxes\">\n<tbody>\n");
    for (part, spread) in repeat_words::spreads(summary) {
        let spent = traces.iter().enumerate().filter(|(_, trace)| trace.failure().is_none());
        let dots: Vec<(usize, u64)> = spent
            .filter_map(|(run, trace)| Some((run, part_words::spent(&phases_of_all(trace), part)?)))
            .collect();
        row(page, part, spread, &Dots { all: &dots, runs: traces.len(), slowest });
    }
    page.raw("</tbody>\n</table>\n</section>\n");
}

/// The runs in which a part happened, each with what it took; of so many runs.
struct Dots<'a> {
    all: &'a [(usize, u64)],
    runs: usize,
    slowest: Option<usize>,
}

fn row(page: &mut Page, part: Part, spread: &Spread, dots: &Dots<'_>) {
    let phase = match part {
        Part::Phase(phase) => Some(phase),
        Part::Unaccounted | Part::Total => None,
    };
    page.raw("<tr class=\"").raw(phase_class(phase)).raw("\"><th scope=\"row\">");
    page.text(part_words::name(part)).raw("</th><td>");
    page.raw("<svg viewBox=\"0 0 900 64\" role=\"img\" aria-label=\"").text(&label(part, spread)).raw("\">");
    let axis = Axis { from: spread.min(), to: spread.max() };
    if spread.n() > 1 {
        shapes(page, &axis, spread);
    }
    for (run, us) in dots.all {
        let (x, y) = (axis.place(*us), height(*run, dots.runs));
        circle(page, "b dot", (x, y), 3);
        if dots.runs <= NAMED {
            page.raw("<title>run ").number(*run as u64 + 1).raw(": ").text(&micros(*us)).raw("</title>");
        }
        page.raw("</circle>");
        if dots.slowest == Some(*run) {
            circle(page, "ring", (x, y), 7);
            page.raw("</circle>");
        }
    }
    page.raw("</svg><span class=\"ends\"><span>").text(&micros(axis.from)).raw("</span>");
    if axis.to > axis.from {
        page.element("<span>", &micros(axis.to), "</span>");
    }
    page.raw("</span></td></tr>\n");
}

/// The same in words, for whoever sees no drawing.
fn label(part: Part, spread: &Spread) -> String {
    let [low, high] = spread.quartiles();
    let p95 = spread.percentile(Percentile::P95).map(|us| format!(", p95 {}", micros(us)));
    format!(
        "{} in {}: from {} to {}, the middle half from {} to {}, median {}{}",
        part_words::name(part),
        count(spread.n(), "run"),
        micros(spread.min()),
        micros(spread.max()),
        micros(low),
        micros(high),
        micros(spread.median()),
        p95.unwrap_or_default()
    )
}

/// Whiskers, box, median and percentile.
fn shapes(page: &mut Page, axis: &Axis, spread: &Spread) {
    let [low, high] = spread.quartiles().map(|us| axis.place(us));
    let (first, last) = (axis.place(spread.min()), axis.place(spread.max()));
    for (from, to) in [(first, low), (high, last)] {
        line(page, "box", (from, HEIGHT / 2), (to, HEIGHT / 2));
    }
    for end in [first, last] {
        line(page, "box", (end, TOP + 8), (end, LOW - 8));
    }
    page.raw("<rect class=\"box\" x=\"").number(low).raw("\" y=\"").number(TOP).raw("\" width=\"");
    page.number((high - low).max(1)).raw("\" height=\"").number(LOW - TOP).raw("\"/>");
    let middle = axis.place(spread.median());
    line(page, "middle", (middle, TOP), (middle, LOW));
    if let Some(us) = spread.percentile(Percentile::P95) {
        let at = axis.place(us);
        line(page, "p95", (at, TOP - 6), (at, LOW + 6));
    }
}

fn line(page: &mut Page, class: &'static str, from: (u64, u64), to: (u64, u64)) {
    page.raw("<path class=\"").raw(class).raw("\" d=\"M").number(from.0).raw(" ").number(from.1);
    page.raw("L").number(to.0).raw(" ").number(to.1).raw("\"/>");
}

/// A circle, still open for its name.
fn circle(page: &mut Page, class: &'static str, (x, y): (u64, u64), radius: u64) {
    page.raw("<circle class=\"").raw(class).raw("\" cx=\"").number(x).raw("\" cy=\"").number(y);
    page.raw("\" r=\"").number(radius).raw("\">");
}

/// How high a run lies: the first on top.
fn height(run: usize, runs: usize) -> u64 {
    let steps = runs.saturating_sub(1).max(1) as u64;
    if runs < 2 { HEIGHT / 2 } else { 5 + run as u64 * (HEIGHT - 10) / steps }
}

/// From the shortest to the longest.
struct Axis {
    from: u64,
    to: u64,
}

impl Axis {
    fn place(&self, us: u64) -> u64 {
        let room = u128::from(WIDTH - 2 * EDGE);
        if self.to <= self.from {
            return WIDTH / 2;
        }
        let (at, of) = (us.clamp(self.from, self.to) - self.from, self.to - self.from);
        EDGE + u64::try_from(u128::from(at) * room / u128::from(of)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_between_the_shortest_and_the_longest() {
        let axis = Axis { from: 100, to: 300 };
        assert_eq!([100, 200, 300, 7, 999].map(|us| axis.place(us)), [10, 450, 890, 10, 890]);
        assert_eq!(Axis { from: 5, to: 5 }.place(5), WIDTH / 2);
        assert_eq!([(0, 1), (0, 20), (19, 20)].map(|(run, runs)| height(run, runs)), [32, 5, 59]);
        assert!(Axis { from: 0, to: u64::MAX }.place(u64::MAX) == 890, "no overflow");
    }
}
