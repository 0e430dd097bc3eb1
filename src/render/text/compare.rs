//! One URL by several versions of HTTP: phase against phase.

use std::io::{self, Write};

use super::fact::fact;
use super::ink::Ink;
use super::page::Page;
use super::phase_ink::phase_ink;
use crate::redact::Redacted;
use crate::render::style::Style;
use crate::report::{CompareReport, Compared};
use crate::timeline::{Phase, Phases, phases_of_all};
use crate::units;

/// Columns of the names of phases, and of each version.
const NAME: usize = 12;
const COLUMN: usize = 13;

/// Writes the table.
pub(crate) fn compare(
    report: &Redacted<CompareReport>,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let CompareReport { input, rows, exit_code: _ } = &**report;
    let mut page = Page::new(style);
    let mut head = page.line();
    head.push(Ink::Strong, input);
    page.put(head);
    let names: Vec<&str> = rows.iter().map(|row| row.version.as_str()).collect();
    let mut about = page.line();
    about.push(
        Ink::Faint,
        format!("{} in turn, each with a lookup and a connection of its own", names.join(", ")),
    );
    page.wrap(page.line(), &about);
    page.gap();
    table(&mut page, rows);
    page.gap();
    for row in rows {
        let Some(failure) = row.trace.failure() else { continue };
        let mut body = page.line();
        body.push(Ink::Bad, &failure.message).push(Ink::Plain, format!(" ({})", failure.code.as_str()));
        if let Some(hint) = &failure.hint {
            body.push(Ink::Plain, "; ").push(Ink::Plain, hint);
        }
        fact(&mut page, Ink::Bad, row.version.as_str(), &body);
    }
    let mut last = page.line();
    last.push(Ink::Faint, conclusion(rows));
    page.wrap(page.line(), &last);
    out.write_all(page.into_text().as_bytes())
}

fn table(page: &mut Page, rows: &[Compared]) {
    let all: Vec<Phases> = rows.iter().map(|row| phases_of_all(&row.trace)).collect();
    let mut line = page.line();
    line.pad_to(NAME);
    for row in rows {
        line.right(Ink::Strong, row.version.as_str(), COLUMN);
    }
    page.put(line);
    let mut put = |ink: Ink, name: &str, value: &dyn Fn(&Phases) -> Option<u64>| {
        if all.iter().any(|phases| value(phases).is_some()) {
            let mut line = page.line();
            line.column(ink, name, NAME);
            for phases in &all {
                line.right(ink, &value(phases).map_or_else(|| "-".to_owned(), units::micros), COLUMN);
            }
            page.put(line);
        }
    };
    for phase in Phase::ALL {
        put(phase_ink(phase), phase.as_str(), &|phases| phases.spent[phase]);
    }
    put(Ink::Faint, "this program", &|phases| Some(phases.unaccounted));
    put(Ink::Strong, "total", &|phases| Some(phases.total));
    let mut line = page.line();
    line.column(Ink::Plain, "status", NAME);
    for row in rows {
        match row.trace.last_status() {
            Some(status) if row.trace.failure().is_none() => {
                line.right(Ink::Plain, &format!("{status:03}"), COLUMN)
            }
            _ => line.right(Ink::Bad, "failed", COLUMN),
        };
    }
    page.put(line);
}

/// Which total was the least, and what that is worth.
fn conclusion(rows: &[Compared]) -> String {
    let mut done: Vec<&Compared> = rows.iter().filter(|row| row.trace.failure().is_none()).collect();
    done.sort_by_key(|row| row.trace.total);
    match &done[..] {
        [] => "No version was answered.".to_owned(),
        [only] => format!("Only {} was answered.", only.version.as_str()),
        [least, next, ..] => format!(
            "{} took the least this once: {} less than {}. Small differences are chance; run it again.",
            least.version.as_str(),
            units::duration(next.trace.total.saturating_sub(least.trace.total)),
            next.version.as_str()
        ),
    }
}
