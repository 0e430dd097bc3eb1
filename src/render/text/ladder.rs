//! The ladder diagram in characters: a column for each party, downward the time, a line for each arrow.

use unicode_width::UnicodeWidthStr;

use super::ink::Ink;
use super::page::{Line, Page};
use super::phase_ink::phase_ink;
use crate::picture::{Arrow, Depth, Fate, Fold, Ladder, Lane, Step};
use crate::render::escape;
use crate::render::ladder_words as words;
use crate::render::shorten::shorten;
use crate::render::style::Charset;
use crate::units;

/// Columns for the time at the left.
const TIME: usize = 9;

/// Lanes that a page has room for, of each party.
pub(super) const fn most_lanes(width: usize) -> usize {
    match width {
        0..=71 => 1,
        72..=99 => 2,
        _ => crate::picture::MOST_LANES,
    }
}

/// Draws a ladder.
pub(super) fn put(page: &mut Page, ladder: &Ladder, depth: Depth) {
    if ladder.is_empty() {
        return;
    }
    let drawing = Drawing::new(page, ladder);
    page.gap();
    for head in drawing.heads(&ladder.lanes) {
        page.put(head);
    }
    let steps = ladder.steps(depth);
    let mut before = None;
    for step in &steps {
        let at = match step {
            Step::Arrow(arrow) => arrow.at(),
            Step::Folded(fold) => fold.start,
        };
        let passed = before.map_or(0, |before: crate::trace::At| at.0.saturating_sub(before.0));
        // A long wait is a stretch of the drawing, too.
        if passed > 0 && passed.saturating_mul(10) >= ladder.end.0 {
            page.put(drawing.pause(&format!("{} pass", units::micros(passed))));
        }
        match step {
            Step::Arrow(arrow) => page.put(drawing.arrow(arrow)),
            Step::Folded(fold) => page.put(drawing.fold(fold)),
        }
        before = Some(match step {
            Step::Arrow(arrow) => arrow.at(),
            Step::Folded(fold) => fold.end,
        });
    }
    let left = before.map_or(0, |before| ladder.end.0.saturating_sub(before.0));
    if left > 0 && left.saturating_mul(10) >= ladder.end.0 {
        page.put(drawing.pause(&words::nothing_more(left)));
    }
    for sentence in words::legend(ladder, depth) {
        let mut body = page.line();
        body.push(Ink::Faint, sentence);
        page.wrap(page.line(), &body);
    }
}

/// The signs that arrows are drawn with.
struct Signs {
    line: &'static str,
    dashes: &'static str,
    right: &'static str,
    left: &'static str,
    life: &'static str,
    waiting: &'static str,
    start: &'static str,
    end: &'static str,
    lost: &'static str,
}

const UNICODE: Signs = Signs {
    line: "─",
    dashes: "┄",
    right: "▶",
    left: "◀",
    life: "│",
    waiting: "┆",
    start: "├",
    end: "┤",
    lost: "✗",
};
const ASCII: Signs = Signs {
    line: "-",
    dashes: ".",
    right: ">",
    left: "<",
    life: "|",
    waiting: ":",
    start: "|",
    end: "|",
    lost: "x",
};

struct Drawing {
    charset: Charset,
    signs: &'static Signs,
    width: usize,
    /// The columns of the lanes.
    columns: Vec<usize>,
}

impl Drawing {
    fn new(page: &Page, ladder: &Ladder) -> Self {
        let charset = page.charset();
        let signs = match charset {
            Charset::Unicode => &UNICODE,
            Charset::Ascii => &ASCII,
        };
        // The name of the last lane stands around it.
        let last = page.width().saturating_sub(4);
        let gaps = ladder.lanes.len().saturating_sub(1).max(1);
        // A ladder of two lanes needs no whole page.
        let room = (last - TIME - 1).min(gaps * 32).max(gaps);
        let columns = (0..ladder.lanes.len()).map(|lane| TIME + 1 + lane * room / gaps).collect();
        Self { charset, signs, width: page.width(), columns }
    }

    fn line(&self) -> Line {
        Line::new(self.charset)
    }

    fn cut(&self, text: &str, width: usize) -> String {
        let text = escape::text(text, self.charset);
        shorten(&text, width, self.line().signs().ellipsis)
    }

    /// Whose lanes they are: the party, and below it which one.
    fn heads(&self, lanes: &[Lane]) -> [Line; 2] {
        let gaps = self.columns.windows(2).map(|pair| pair[1] - pair[0]);
        let room = gaps.min().unwrap_or(self.width).max(1);
        let last = self.columns.len().saturating_sub(1);
        let head = |ink: Ink, words: &dyn Fn(&Lane) -> String| {
            let mut line = self.line();
            for (place, (column, lane)) in self.columns.iter().zip(lanes).enumerate() {
                let least = if line.width() == 0 { 0 } else { line.width() + 1 };
                // The last has what the one before has left.
                let room = if place == last { room * 2 } else { room };
                let text = self.cut(&words(lane), room.min(self.width.saturating_sub(least)));
                // Around its lane, inside the page, and not into its neighbour.
                let end = self.width.saturating_sub(text.width());
                let start = column.saturating_sub(text.width() / 2).min(end).max(least);
                let text = self.cut(&text, self.width.saturating_sub(start));
                line.pad_to(start).push(ink, text);
            }
            line
        };
        let name = |lane: &Lane| lane.name.clone();
        [head(Ink::Strong, &|lane| lane.party.as_str().to_owned()), head(Ink::Faint, &name)]
    }

    /// The lifelines from the end of the line to a column.
    fn lives(&self, line: &mut Line, to: usize, sign: &str) {
        for column in self.columns.iter().filter(|column| **column < to) {
            if *column >= line.width() {
                line.pad_to(*column).push(Ink::Faint, sign);
            }
        }
    }

    /// Time passes.
    fn pause(&self, words: &str) -> Line {
        let mut line = self.line();
        line.pad_to(TIME + 1).push(Ink::Faint, self.signs.waiting);
        let text = self.cut(words, self.width.saturating_sub(line.width() + 2));
        line.push(Ink::Faint, format!(" {text} "));
        self.lives(&mut line, self.width, self.signs.waiting);
        line
    }

    fn fold(&self, fold: &Fold) -> Line {
        let mut line = self.line();
        line.right(Ink::Faint, &units::micros(fold.start.0), TIME - 1);
        line.pad_to(TIME + 1).push(Ink::Faint, self.signs.waiting);
        let text = self.cut(&words::fold(fold), self.width.saturating_sub(line.width() + 2));
        line.push(Ink::Plain, format!(" {text} "));
        self.lives(&mut line, self.width, self.signs.waiting);
        line
    }

    fn arrow(&self, arrow: &Arrow) -> Line {
        let mut line = self.line();
        line.right(Ink::Plain, &units::micros(arrow.at().0), TIME - 1);
        let ink = match (arrow.fate, arrow.counted) {
            (Fate::Failed | Fate::Unanswered, _) => Ink::Bad,
            (_, false) => Ink::Faint,
            _ => phase_ink(arrow.source.phase()),
        };
        let near = self.columns[0];
        let far = self.columns[arrow.from.max(arrow.to)];
        let end = words::end(arrow);
        let label = escape::text(&arrow.label, self.charset).into_owned() + &end;
        let dash = if arrow.counted { self.signs.line } else { self.signs.dashes };
        // What did not arrive for all that is known ends before its lane.
        let tip = if arrow.ends_short() {
            (near + (far - near) * 2 / 3).max(near + 7 + label.width()).min(far - 1)
        } else {
            far
        };
        let inside = (tip - near).saturating_sub(6);
        let outside = self.width.saturating_sub(far + 2);
        let is_inside = label.width() <= inside || inside >= outside;
        line.pad_to(near);
        // What became of it is said whole: half of it would say the contrary.
        let cut = |room: usize| {
            let whole = label.width() <= room || room <= end.width();
            let room = if whole { room } else { room - end.width() };
            if whole { self.cut(&label, room) } else { self.cut(&arrow.label, room) + &end }
        };
        let text = if is_inside { cut(inside) } else { String::new() };
        let dashes = |columns: usize| dash.repeat(columns);
        // The shaft between the near lane and the tip, the tip itself not counted.
        let shaft = (tip - near).saturating_sub(2);
        let middle = if text.is_empty() {
            dashes(shaft)
        } else {
            let after = shaft.saturating_sub(3 + text.width());
            format!("{} {text} {}", dash, dashes(after))
        };
        if arrow.is_sent() {
            let head = match arrow.fate {
                Fate::Fine => self.signs.right,
                Fate::Unanswered | Fate::Failed => self.signs.lost,
                Fate::NotAwaited => "?",
            };
            line.push(Ink::Faint, self.signs.start).push(ink, middle).push(ink, head);
        } else {
            line.push(Ink::Faint, self.signs.life).push(ink, self.signs.left).push(ink, middle);
        }
        if !is_inside {
            self.lives(&mut line, far + 1, self.signs.life);
            let text = cut(outside);
            line.push(Ink::Plain, " ").push(ink, text).push(Ink::Plain, " ");
        } else if !arrow.ends_short() {
            line.push(Ink::Faint, if arrow.is_sent() { self.signs.life } else { self.signs.end });
        }
        self.lives(&mut line, self.width, self.signs.life);
        line
    }
}
