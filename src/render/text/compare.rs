//! Several ways in turn: phase against phase, with what each differs from the first, and what else was otherwise.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::diff::put_changes;
use super::fact::put_fact;
use super::ink::Ink;
use super::page::Page;
use super::phase_ink::part_ink;
use crate::diff::{Paired, Part, Seen};
use crate::plan::Varied;
use crate::redact::Redacted;
use crate::render::compared::paired;
use crate::render::style::Style;
use crate::render::{compare_words, diff_words, part_words};
use crate::report::{CompareReport, Compared};
use crate::runs::Summary;
use crate::units::count;

/// Columns of the names of phases, of a time, and of a difference; and of the first way at most, where its name is longer
/// than a time.
const NAME: usize = 12;
const TIME: usize = 11;
const APART: usize = 11;
const FIRST: usize = 17;

/// Writes the table.
pub(crate) fn compare(
    report: &Redacted<CompareReport>,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(style);
    let paired = paired(report);
    let names = Names::of(report);
    head(&mut page, report, &names);
    page.gap();
    tables(&mut page, report, &paired, &names);
    page.gap();
    for told in compare_words::failures(report, &names.all) {
        put_fact(&mut page, &told);
    }
    conclusions(&mut page, report, &paired, &names);
    otherwise(&mut page, report, &paired, &names);
    out.write_all(page.into_text().as_bytes())
}

/// What the ways are called above their columns: their labels, or letters where those are too long.
struct Names {
    all: Vec<String>,
    /// Columns of the first way.
    first: usize,
}

impl Names {
    fn of(report: &CompareReport) -> Self {
        let fits = |label: &str, room: usize| label.width() < room;
        let fit = report
            .rows
            .iter()
            .enumerate()
            .all(|(at, row)| fits(&row.label, if at == 0 { FIRST } else { TIME + APART }));
        let letter = |at: usize| char::from(b'A' + u8::try_from(at % 26).unwrap_or_default()).to_string();
        let name = |(at, row): (usize, &Compared)| if fit { row.label.clone() } else { letter(at) };
        let all: Vec<String> = report.rows.iter().enumerate().map(name).collect();
        let first = all.first().map_or(0, |name| name.width() + 1).clamp(TIME, FIRST);
        Self { all, first }
    }

    fn get(&self, at: usize) -> &str {
        self.all.get(at).map_or("", String::as_str)
    }
}

fn head(page: &mut Page, report: &CompareReport, names: &Names) {
    if report.varied != Varied::Url {
        let mut head = page.line();
        head.push(Ink::Strong, &report.input);
        page.wrap(page.line(), &head);
    }
    let labels: Vec<&str> = report.rows.iter().map(|row| row.label.as_str()).collect();
    let is_legend = labels.iter().enumerate().any(|(at, label)| names.get(at) != *label);
    if is_legend {
        for (at, label) in labels.iter().enumerate() {
            let (mut letter, mut body) = (page.line(), page.line());
            letter.push(Ink::Strong, names.get(at)).push(Ink::Plain, "  ");
            body.push(Ink::Plain, *label);
            page.wrap(letter, &body);
        }
    }
    let ways = if is_legend { count(labels.len(), "way") } else { labels.join(", ") };
    let mut about = page.line();
    about.push(Ink::Faint, compare_words::about(report, &ways));
    page.wrap(page.line(), &about);
    if let Some(note) = &report.note {
        let mut line = page.line();
        line.push(Ink::Plain, note);
        page.wrap(page.line(), &line);
    }
}

/// As many tables as it takes: each has the first way, and beside it as many others as there is room for.
fn tables(page: &mut Page, report: &CompareReport, paired: &[Paired], names: &Names) {
    let room = page.width().saturating_sub(NAME + names.first) / (TIME + APART);
    let others: Vec<usize> = (1..report.rows.len()).collect();
    if others.is_empty() {
        table(page, report, paired, (names, &[]));
    }
    for (number, some) in others.chunks(room.max(1)).enumerate() {
        if number > 0 {
            page.gap();
        }
        table(page, report, paired, (names, some));
    }
    if paired.iter().flat_map(|one| &one.rows).any(|row| matches!(row.seen, Seen::Yes(_))) {
        let mut line = page.line();
        line.push(Ink::Faint, format!("* {}", compare_words::MORE_THAN_CHANCE));
        page.wrap(page.line(), &line);
    }
}

/// The first way, and some of the others.
fn table(page: &mut Page, report: &CompareReport, paired: &[Paired], (names, others): (&Names, &[usize])) {
    let mut line = page.line();
    line.pad_to(NAME).right(Ink::Strong, names.get(0), names.first);
    for at in others {
        line.right(Ink::Strong, names.get(*at), TIME + APART);
    }
    page.put(line);
    let spread: Vec<Summary> = std::iter::once(&0)
        .chain(others)
        .filter_map(|at| report.rows.get(*at))
        .map(compare_words::summary)
        .collect();
    for part in Part::all() {
        let medians: Vec<Option<u64>> =
            spread.iter().map(|summary| compare_words::median(summary, part)).collect();
        if medians.iter().all(Option::is_none) {
            continue;
        }
        let (ink, mut line) = (part_ink(part), page.line());
        line.column(ink, part_words::name(part), NAME);
        for (place, median) in medians.iter().enumerate() {
            line.right(ink, &part_words::time(*median), if place == 0 { names.first } else { TIME });
            let Some(at) = place.checked_sub(1).and_then(|place| others.get(place)) else { continue };
            let row = paired.get(*at - 1).and_then(|one| compare_words::row_of(one, part));
            let seen = row.is_some_and(|row| matches!(row.seen, Seen::Yes(_)));
            let told = row.and_then(|row| row.difference).map_or_else(String::new, diff_words::apart);
            let told = format!("{told}{}", if seen { "*" } else { " " });
            line.right(if seen { Ink::Strong } else { ink }, &told, APART);
        }
        page.put(line);
    }
    statuses(page, report, (names, others));
}

fn statuses(page: &mut Page, report: &CompareReport, (names, others): (&Names, &[usize])) {
    let mut line = page.line();
    line.column(Ink::Plain, "status", NAME);
    for (at, width) in std::iter::once((0, names.first)).chain(others.iter().map(|at| (*at, TIME))) {
        let Some(row) = report.rows.get(at) else { continue };
        match compare_words::status(row) {
            None => line.right(Ink::Bad, "failed", width),
            Some(status) => line.right(Ink::Plain, &status, width),
        };
        if at > 0 {
            line.push(Ink::Plain, " ".repeat(APART));
        }
    }
    page.put(line);
}

/// What each total comes to.
fn conclusions(page: &mut Page, report: &CompareReport, paired: &[Paired], names: &Names) {
    for told in compare_words::conclusions(report, paired, &names.all) {
        let mut line = page.line();
        line.push(Ink::Strong, told);
        page.wrap(page.line(), &line);
    }
    if let Some(told) = compare_words::unjudged(report, paired) {
        let mut line = page.line();
        line.push(Ink::Faint, told);
        page.wrap(page.line(), &line);
    }
}

/// What else was otherwise than with the first.
fn otherwise(page: &mut Page, report: &CompareReport, paired: &[Paired], names: &Names) {
    let many = |at: usize| report.rows.get(at).map_or(0, |row| row.runs.len());
    for (at, one) in paired.iter().enumerate().filter(|(_, one)| !one.changes.is_empty()) {
        page.gap();
        let mut line = page.line();
        line.push(Ink::Strong, format!("What else differs: {} and {}", names.get(0), names.get(at + 1)));
        page.put(line);
        put_changes(page, &one.changes, (many(0), many(at + 1)));
    }
    if report.rows.len() > 1 && paired.iter().all(|one| one.changes.is_empty()) {
        let mut line = page.line();
        line.push(Ink::Faint, "Nothing else was seen to differ.");
        page.put(line);
    }
}
