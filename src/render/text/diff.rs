//! Two saved documents beside each other: a table of the phases, and what was otherwise.

use std::io::{self, Write};

use super::ink::Ink;
use super::page::{Line, Page};
use super::phase_ink::part_ink;
use crate::diff::{Diff, Row, Seen, Side};
use crate::redact::Redacted;
use crate::render::style::Style;
use crate::render::{diff_words, part_words};
use crate::runs::Change;

/// Columns of the names, and of each number.
const NAME: usize = 12;
const NUMBER: usize = 12;
/// The most columns of what was otherwise: a longer label stands out of its column.
const MAX_LABEL: usize = 34;

/// Writes the table.
pub(crate) fn diff(diff: &Redacted<Diff>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style);
    for (letter, side) in [("A", &diff.a), ("B", &diff.b)] {
        head(&mut page, letter, side);
    }
    page.gap();
    let mut summary = page.line();
    summary.push(Ink::Strong, diff_words::conclusion(diff));
    page.wrap(page.line(), &summary);
    page.gap();
    table(&mut page, diff);
    page.gap();
    let mut otherwise = page.line();
    let told = if diff.changes.is_empty() { "Nothing else was seen to differ." } else { "What else differs" };
    otherwise.push(if diff.changes.is_empty() { Ink::Faint } else { Ink::Strong }, told);
    page.put(otherwise);
    put_changes(&mut page, &diff.changes, (diff.a.runs, diff.b.runs));
    out.write_all(page.into_text().as_bytes())
}

fn head(page: &mut Page, letter: &str, side: &Side) {
    let (mut label, mut body) = (page.line(), page.line());
    label.push(Ink::Strong, letter).push(Ink::Plain, "  ");
    body.push(Ink::Plain, &side.file).push(Ink::Plain, ": ").push(Ink::Plain, &side.input);
    body.push(Ink::Plain, diff_words::runs(side));
    if let Some(started_at) = &side.started_at {
        body.push(Ink::Faint, format!(", {}", started_at.split('.').next().unwrap_or_default()));
    }
    page.wrap(label, &body);
}

fn table(page: &mut Page, diff: &Diff) {
    let mut line = page.line();
    line.pad_to(NAME);
    for word in ["A", "B", "B - A"] {
        line.right(Ink::Strong, word, NUMBER);
    }
    page.put(line);
    for row in &diff.rows {
        put_row(page, row);
    }
}

fn put_row(page: &mut Page, row: &Row) {
    let ink = part_ink(row.part);
    let mut line = page.line();
    line.column(ink, part_words::name(row.part), NAME);
    line.right(ink, &part_words::time(row.a), NUMBER).right(ink, &part_words::time(row.b), NUMBER);
    let strong = if matches!(row.seen, Seen::Yes(_)) { Ink::Strong } else { ink };
    line.right(strong, &diff_words::difference(row), NUMBER);
    if let Some(seen) = diff_words::seen(row.seen) {
        let ink = if matches!(row.seen, Seen::Yes(_)) { Ink::Strong } else { Ink::Faint };
        line.push(ink, format!("  {seen}"));
    }
    page.put(line);
}

/// What was otherwise; of sides with so many runs.
pub(super) fn put_changes(page: &mut Page, changes: &[Change], (a, b): (usize, usize)) {
    let label = |change: &Change| {
        let mut label = page.line();
        label.push(Ink::Plain, &change.what);
        label
    };
    let labels: Vec<Line> = changes.iter().map(label).collect();
    let widths = labels.iter().map(|label| label.width() + 2).filter(|width| *width <= MAX_LABEL);
    let width = widths.max().unwrap_or_default();
    for (mut label, change) in labels.into_iter().zip(changes) {
        label.pad_to(width.max(label.width() + 1));
        let mut body = page.line();
        body.push(Ink::Plain, diff_words::values(&change.a, a));
        body.push(Ink::Faint, format!(" {} ", body.signs().leads_to));
        body.push(Ink::Plain, diff_words::values(&change.b, b));
        page.wrap(label, &body);
    }
}
