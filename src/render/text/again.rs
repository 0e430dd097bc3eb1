//! A page's second visit: what came of it as a whole, and a line for each request that it took.

use super::fact::{LABEL, fact_text};
use super::ink::Ink;
use super::page::Page;
use crate::picture::Paged;
use crate::render::again_words::{AgainRow, fates, rows, summary};
use crate::trace::SecondVisit;
use crate::units::{self, count};

/// Rows that are shown without `-v`.
const MOST: usize = 25;
/// Columns: name, what it asks by, status, bytes now and before, time.
const NAME: usize = 22;
const BY: usize = 11;
const STATUS: usize = 7;
const SIZE: usize = 9;
const TIME: usize = 9;

/// Writes the section.
pub(super) fn put(page: &mut Page, paged: &Paged<'_>, visit: &SecondVisit, verbose: bool) {
    page.gap();
    fact_text(page, Ink::Strong, "2nd visit", &format!("{} (not counted)", summary(paged, visit)));
    let told: Vec<String> =
        fates(visit).into_iter().map(|(number, fate)| format!("{number} {fate}")).collect();
    fact_text(page, Ink::Faint, "kept", &told.join("; "));
    let rows = rows(paged, visit, verbose);
    if rows.is_empty() {
        return;
    }
    // What does not fit is left away from the right: the name and what came stay.
    let is_narrow = page.width() < NAME + BY + STATUS + 2 * SIZE + TIME;
    let mut head = page.line();
    head.column(Ink::Faint, "request", NAME).column(Ink::Faint, "asked by", BY);
    head.column(Ink::Faint, "status", STATUS);
    if !is_narrow {
        head.right(Ink::Faint, "size", SIZE).right(Ink::Faint, "before", SIZE).right(
            Ink::Faint,
            "time",
            TIME,
        );
    }
    page.put(head);
    let shown = if verbose { rows.len() } else { rows.len().min(MOST) };
    rows[..shown].iter().for_each(|row| put_row(page, row, is_narrow, verbose));
    if shown < rows.len() {
        fact_text(
            page,
            Ink::Faint,
            "",
            &format!("and {} more; -v has all", count(rows.len() - shown, "request")),
        );
    }
}

fn put_row(page: &mut Page, row: &AgainRow<'_>, is_narrow: bool, verbose: bool) {
    let ink = if row.is_bad { Ink::Bad } else { Ink::Plain };
    let mut line = page.line();
    line.column(ink, &row.name, NAME - 1).push(Ink::Plain, " ").column(Ink::Faint, row.by, BY);
    line.column(ink, &row.status, STATUS - 1).push(Ink::Plain, " ");
    if !is_narrow {
        let told = |number: Option<String>| number.unwrap_or_default();
        line.right(Ink::Plain, &told(row.bytes.map(units::bytes)), SIZE)
            .right(Ink::Faint, &units::bytes(row.row.bytes()), SIZE)
            .right(Ink::Plain, &told(row.micros.map(units::micros)), TIME);
    }
    page.put(line);
    if verbose {
        let (mut gap, mut body) = (page.line(), page.line());
        gap.pad_to(LABEL.min(4));
        body.push(Ink::Faint, &row.why);
        page.wrap(gap, &body);
    }
}
