//! What `--reuse` found, a line for each request: the first beside those on the connection that it opened.

use super::ink::Ink;
use super::page::Page;
use crate::render::further_words::{COLUMNS, rows, summary};
use crate::trace::{FurtherEnd, Hop};

/// Columns of a request's number, and of its status.
const LABEL: usize = 6;
const STATUS: usize = 4;
/// Columns of a time.
const TIME: usize = 8;
/// Rows that are shown without `-v`.
const MOST: usize = 12;

pub(super) fn put(page: &mut Page, hop: &Hop<'_>, verbose: bool) {
    let Some(further) = &hop.request.further else { return };
    page.gap();
    if !matches!(further.end, FurtherEnd::Untried(_)) {
        let mut head = page.line();
        head.column(Ink::Strong, "reuse", LABEL + STATUS);
        // A narrow page has the last: where the time goes that both have.
        let room = page.width().saturating_sub(LABEL + STATUS) / (TIME + 1);
        let from = COLUMNS.len().saturating_sub(room);
        for column in &COLUMNS[from..] {
            head.push(Ink::Plain, " ").right(Ink::Faint, column, TIME);
        }
        page.put(head);
        let rows = rows(hop, further);
        let shown = if verbose { rows.len() } else { rows.len().min(MOST) };
        for row in &rows[..shown] {
            let mut line = page.line();
            line.column(Ink::Plain, &row.label, LABEL).column(Ink::Plain, &row.status, STATUS);
            for time in &row.times[from..] {
                line.push(Ink::Plain, " ").right(Ink::Plain, time, TIME);
            }
            page.put(line);
            if let Some(why) = &row.failure {
                let (mut gap, mut body) = (page.line(), page.line());
                gap.pad_to(LABEL + STATUS);
                body.push(Ink::Bad, why);
                page.wrap(gap, &body);
            }
        }
        if shown < rows.len() {
            let mut line = page.line();
            line.push(Ink::Faint, format!("and {} more: -v shows all", rows.len() - shown));
            page.put(line);
        }
    }
    let (mut head, mut body) = (page.line(), page.line());
    if matches!(further.end, FurtherEnd::Untried(_)) {
        head.push(Ink::Strong, "reuse").pad_to(LABEL + STATUS);
    }
    body.push(Ink::Plain, summary(further)).push(Ink::Faint, " (not counted)");
    page.wrap(head, &body);
}
