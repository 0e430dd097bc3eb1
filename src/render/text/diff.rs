//! Two saved documents beside each other: a table of the phases, and what was otherwise.

use std::io::{self, Write};

use super::fact::fact;
use super::ink::Ink;
use super::page::Page;
use super::phase_ink::phase_ink;
use crate::diff::{Change, Diff, Part, Row, Seen, Side, Summary};
use crate::redact::Redacted;
use crate::render::style::Style;
use crate::units;

/// Columns of the names, and of each number.
const NAME: usize = 12;
const NUMBER: usize = 12;

/// Writes the table.
pub(crate) fn diff(diff: &Redacted<Diff>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style);
    for (letter, side) in [("A", &diff.a), ("B", &diff.b)] {
        head(&mut page, letter, side);
    }
    page.gap();
    let mut summary = page.line();
    summary.push(Ink::Strong, conclusion(diff));
    page.wrap(page.line(), &summary);
    page.gap();
    table(&mut page, diff);
    page.gap();
    let mut otherwise = page.line();
    let told = if diff.changes.is_empty() { "Nothing else was seen to differ." } else { "What else differs" };
    otherwise.push(if diff.changes.is_empty() { Ink::Faint } else { Ink::Strong }, told);
    page.put(otherwise);
    for change in &diff.changes {
        put_change(&mut page, change, (diff.a.runs, diff.b.runs));
    }
    out.write_all(page.into_text().as_bytes())
}

fn head(page: &mut Page, letter: &str, side: &Side) {
    let (mut label, mut body) = (page.line(), page.line());
    label.push(Ink::Strong, letter).push(Ink::Plain, "  ");
    body.push(Ink::Plain, &side.file).push(Ink::Plain, ": ").push(Ink::Plain, &side.input);
    let runs = match side.runs - side.ok {
        _ if side.runs == 1 => String::new(),
        0 => format!(", {}", units::count(side.runs, "run")),
        failed => format!(", {}, {failed} of them failed", units::count(side.runs, "run")),
    };
    body.push(Ink::Plain, runs);
    if let Some(started_at) = &side.started_at {
        body.push(Ink::Faint, format!(", {}", started_at.split('.').next().unwrap_or_default()));
    }
    page.wrap(label, &body);
}

/// What the totals come to.
fn conclusion(diff: &Diff) -> String {
    let apart = |difference: i64| {
        let word = if difference < 0 { "less" } else { "more" };
        format!("{} {word}", units::micros(difference.unsigned_abs()))
    };
    match diff.summary() {
        Summary::NoTimes => "No times to compare: one side has no run that came to its end.".to_owned(),
        Summary::Seen(difference) => format!("B takes {}, and that is no chance.", apart(difference)),
        Summary::NotSeen => "No difference of the totals is seen: chance would do as much.".to_owned(),
        Summary::Unjudged(difference) => format!(
            "B took {}. Whether that is chance cannot be told from so few runs: -n 20 on both sides can.",
            apart(difference)
        ),
    }
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
    let (ink, name) = match row.part {
        Part::Phase(phase) => (phase_ink(phase), phase.as_str()),
        Part::Unaccounted => (Ink::Faint, "this program"),
        Part::Total => (Ink::Strong, "total"),
    };
    let number = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), units::micros);
    let mut line = page.line();
    line.column(ink, name, NAME);
    line.right(ink, &number(row.a), NUMBER).right(ink, &number(row.b), NUMBER);
    let apart = row.difference.map_or_else(|| "-".to_owned(), apart);
    let strong = if matches!(row.seen, Seen::Yes(_)) { Ink::Strong } else { ink };
    line.right(strong, &apart, NUMBER);
    match row.seen {
        Seen::Yes(likely) => line.push(Ink::Strong, format!("  seen ({})", chance(likely))),
        Seen::No(likely) => line.push(Ink::Faint, format!("  no difference seen ({})", chance(likely))),
        Seen::Unjudged => &mut line,
    };
    page.put(line);
}

/// A difference with its sign.
pub(super) fn apart(difference: i64) -> String {
    let sign = if difference < 0 { "-" } else { "+" };
    format!("{sign}{}", units::micros(difference.unsigned_abs()))
}

/// How often chance does as much.
pub(super) fn chance(likely: f64) -> String {
    if likely < 0.001 { "p < 0.001".to_owned() } else { format!("p {likely:.3}") }
}

/// What was otherwise; of sides with so many runs.
pub(super) fn put_change(page: &mut Page, change: &Change, (a, b): (usize, usize)) {
    let words = |values: &[(String, usize)], runs: usize| match values {
        [] => "none".to_owned(),
        [(only, many)] if *many == runs => only.clone(),
        values => {
            let told: Vec<String> =
                values.iter().map(|(value, many)| format!("{value} ({many} of {runs})")).collect();
            told.join("; ")
        }
    };
    let mut body = page.line();
    body.push(Ink::Plain, words(&change.a, a));
    body.push(Ink::Faint, format!(" {} ", body.signs().leads_to));
    body.push(Ink::Plain, words(&change.b, b));
    fact(page, Ink::Plain, &change.what, &body);
}
