//! Bars on a time axis: phases as blocks to the eighth of a column, their parts as lines below.
//!
//! Pure drawing: a stretch of time in, characters out. A stretch too short to be seen is a thin
//! mark, never nothing.

use crate::render::style::Charset;

/// The axis that all bars of a report share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// Time from its left to its right end, in microseconds.
    pub(super) total: u64,
    /// Columns.
    pub(super) cells: usize,
    /// What can be drawn with.
    pub(super) charset: Charset,
}

/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A phase.
    Phase,
    /// A part of a phase.
    Part,
    /// Something that is not counted.
    Uncounted,
}

impl Axis {
    /// The bar from `start` to `end` (microseconds), with the blank before it.
    pub(super) fn bar(&self, start: u64, end: u64, kind: Kind) -> String {
        if self.total == 0 || self.cells == 0 {
            return String::new();
        }
        let (start, end) = (start.min(self.total), end.clamp(start.min(self.total), self.total));
        match (self.charset, kind) {
            (Charset::Unicode, Kind::Phase) => self.blocks(start, end),
            (Charset::Unicode, Kind::Part) => self.heavy_line(start, end),
            (Charset::Unicode, Kind::Uncounted) => self.run(start, end, '┄', '┄'),
            (Charset::Ascii, Kind::Phase) => self.run(start, end, '#', '|'),
            (Charset::Ascii, Kind::Part) => self.run(start, end, '=', '|'),
            (Charset::Ascii, Kind::Uncounted) => self.run(start, end, '-', '-'),
        }
    }

    /// Whole columns; `thin` where not even half of one is filled.
    fn run(&self, start: u64, end: u64, fill: char, thin: char) -> String {
        let (first, last) = (self.place(start, 1), self.place(end, 1));
        if first == last {
            return blank(first.min(self.cells - 1)) + &thin.to_string();
        }
        blank(first) + &fill.to_string().repeat(last - first)
    }

    /// Block elements. They fill a column from its left in eighths, but from its right only as a
    /// half or an eighth: a bar's left end is drawn as the nearest of these.
    fn blocks(&self, start: u64, end: u64) -> String {
        const LEFT: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
        let (start, end) = (self.place(start, 8), self.place(end, 8));
        if start == end {
            let cell = (start / 8).min(self.cells - 1);
            return blank(cell) + if start - cell * 8 < 4 { "▏" } else { "▕" };
        }
        let mut bar = blank(start / 8);
        for cell in start / 8..end.div_ceil(8) {
            let (from, to) = (start.max(cell * 8) - cell * 8, end.min(cell * 8 + 8) - cell * 8);
            bar.push(match (from, to) {
                (0, to) => LEFT[to],
                (from, 8) => match 8 - from {
                    1 | 2 => '▕',
                    3..=5 => '▐',
                    _ => '█',
                },
                // A bar inside one column leans to its nearer side.
                (from, to) if from + to < 8 => LEFT[(to - from).max(1)],
                (from, to) if to - from > 2 => '▐',
                _ => '▕',
            });
        }
        bar
    }

    /// A line under the phase's block, to half a column.
    fn heavy_line(&self, start: u64, end: u64) -> String {
        let (start, end) = (self.place(start, 2), self.place(end, 2));
        if start == end {
            let cell = (start / 2).min(self.cells - 1);
            return blank(cell) + if start == cell * 2 { "╸" } else { "╺" };
        }
        let mut bar = blank(start / 2);
        for cell in start / 2..end.div_ceil(2) {
            bar.push(match (start <= cell * 2, end >= cell * 2 + 2) {
                (true, true) => '━',
                (true, false) => '╸',
                (false, _) => '╺',
            });
        }
        bar
    }

    /// The nearest of `parts` marks a column.
    fn place(&self, at: u64, parts: usize) -> usize {
        let marks = (self.cells * parts) as u128;
        let total = u128::from(self.total);
        usize::try_from((u128::from(at) * marks + total / 2) / total).unwrap_or(0).min(self.cells * parts)
    }
}

fn blank(cells: usize) -> String {
    " ".repeat(cells)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    const UNICODE: Axis = Axis { total: 800, cells: 10, charset: Charset::Unicode };
    const ASCII: Axis = Axis { charset: Charset::Ascii, ..UNICODE };

    #[test]
    fn bars_lie_where_their_time_lies() {
        for (start, end, kind, unicode, ascii) in [
            (0, 800, Kind::Phase, "██████████", "##########"),
            (0, 400, Kind::Part, "━━━━━", "====="),
            (0, 410, Kind::Phase, "█████▏", "#####"),
            (0, 470, Kind::Phase, "█████▉", "######"),
            (400, 800, Kind::Phase, "     █████", "     #####"),
            (440, 800, Kind::Phase, "     ▐████", "      ####"),
            (470, 800, Kind::Phase, "     ▕████", "      ####"),
            (0, 0, Kind::Phase, "▏", "|"),
            (1, 2, Kind::Phase, "▏", "|"),
            (400, 404, Kind::Phase, "     ▏", "     |"),
            (475, 477, Kind::Part, "      ╸", "      |"),
            (440, 442, Kind::Part, "     ╺", "      |"),
            (440, 600, Kind::Part, "     ╺━╸", "      =="),
            (800, 800, Kind::Phase, "         ▕", "         |"),
            (420, 450, Kind::Phase, "     ▍", "     #"),
            (0, 240, Kind::Uncounted, "┄┄┄", "---"),
            (80, 82, Kind::Uncounted, " ┄", " -"),
            (0, 9_999, Kind::Phase, "██████████", "##########"),
            (9_999, 0, Kind::Phase, "         ▕", "         |"),
        ] {
            assert_eq!(UNICODE.bar(start, end, kind), unicode, "{start}..{end}");
            assert_eq!(ASCII.bar(start, end, kind), ascii, "{start}..{end}");
        }
        assert_eq!(Axis { total: 0, ..UNICODE }.bar(0, 0, Kind::Phase), "");
    }

    proptest! {
        #[test]
        fn every_bar_is_seen_and_stays_on_the_axis(start: u64, end: u64, total in 1u64.., cells in 1usize..200) {
            for charset in [Charset::Unicode, Charset::Ascii] {
                for kind in [Kind::Phase, Kind::Part, Kind::Uncounted] {
                    let bar = Axis { total, cells, charset }.bar(start, end, kind);
                    prop_assert!(bar.width() <= cells && !bar.trim().is_empty(), "{bar:?}");
                }
            }
        }
    }
}
