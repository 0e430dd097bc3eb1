//! Several ways in turn: phase against phase, with what each differs from the first, and what else was otherwise.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::diff::{apart, chance, put_change};
use super::fact::fact;
use super::ink::Ink;
use super::page::Page;
use super::phase_ink::phase_ink;
use crate::diff::{self, Paired, Part, Row, Seen};
use crate::plan::{RunStart, Varied};
use crate::redact::Redacted;
use crate::render::compared::{paired, shown};
use crate::render::style::Style;
use crate::report::{CompareReport, Compared, RepeatEnd};
use crate::runs::{LEAST_PAIRS, Spread, Summary};
use crate::trace::Trace;
use crate::units::{self, count};

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
    failures(&mut page, report, &names);
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
    let own = match (report.varied, report.start) {
        (Varied::Address, _) => {
            "a connection of its own; the address is given, so that nobody is asked for it"
        }
        (Varied::Warm, _) => "what its way keeps between the rounds; what is kept was there before the first",
        (_, RunStart::WarmDns | RunStart::WarmConnection | RunStart::WarmAll) => {
            "a connection of its own and the answers of a lookup before the runs"
        }
        (_, RunStart::Cold) if report.rounds > 1 => {
            "a lookup below what registries said, which was asked before the runs, and a connection of its own"
        }
        _ => "a lookup and a connection of its own",
    };
    let ways = if is_legend { count(labels.len(), "way") } else { labels.join(", ") };
    let rounds = match report.rounds {
        1 => String::new(),
        rounds => format!(" in {}, each in another order", count(rounds, "round")),
    };
    let mut about = page.line();
    about.push(Ink::Faint, format!("{ways} in turn{rounds}; each run with {own}"));
    if report.end == RepeatEnd::Interrupted {
        about.push(Ink::Faint, "; there are no more runs because it was interrupted");
    }
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
        line.push(
            Ink::Faint,
            "* more than chance: p below 0.05 by the signed ranks of the rounds (Wilcoxon), all of them together (Holm)",
        );
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
        .map(|row| Summary::of(&row.runs.iter().collect::<Vec<_>>()))
        .collect();
    for part in Part::all() {
        let medians: Vec<Option<u64>> = spread.iter().map(|summary| median(summary, part)).collect();
        if medians.iter().all(Option::is_none) {
            continue;
        }
        let (ink, name) = match part {
            Part::Phase(phase) => (phase_ink(phase), phase.as_str()),
            Part::Unaccounted => (Ink::Faint, "this program"),
            Part::Total => (Ink::Strong, "total"),
        };
        let time = |us: Option<u64>| us.map_or_else(|| "-".to_owned(), units::micros);
        let mut line = page.line();
        line.column(ink, name, NAME);
        for (place, median) in medians.iter().enumerate() {
            line.right(ink, &time(*median), if place == 0 { names.first } else { TIME });
            let Some(at) = place.checked_sub(1).and_then(|place| others.get(place)) else { continue };
            let row = paired.get(*at - 1).and_then(|one| row_of(one, part));
            let seen = row.is_some_and(|row| matches!(row.seen, Seen::Yes(_)));
            let told = row.and_then(|row| row.difference).map_or_else(String::new, apart);
            let told = format!("{told}{}", if seen { "*" } else { " " });
            line.right(if seen { Ink::Strong } else { ink }, &told, APART);
        }
        page.put(line);
    }
    statuses(page, report, (names, others));
}

fn row_of(paired: &Paired, part: Part) -> Option<&Row> {
    paired.rows.iter().find(|row| row.part == part)
}

fn median(summary: &Summary, part: Part) -> Option<u64> {
    let spread = match part {
        Part::Phase(phase) => summary.phases[phase].as_ref(),
        Part::Unaccounted => summary.unaccounted.as_ref(),
        Part::Total => summary.total.as_ref(),
    };
    spread.map(Spread::median)
}

fn statuses(page: &mut Page, report: &CompareReport, (names, others): (&Names, &[usize])) {
    let mut line = page.line();
    line.column(Ink::Plain, "status", NAME);
    for (at, width) in std::iter::once((0, names.first)).chain(others.iter().map(|at| (*at, TIME))) {
        let Some(row) = report.rows.get(at) else { continue };
        let failed = row.runs.iter().filter(|trace| trace.failure().is_some()).count();
        match shown(row).and_then(|(_, trace)| trace.last_status()) {
            _ if failed == row.runs.len() => line.right(Ink::Bad, "failed", width),
            Some(status) => line.right(Ink::Plain, &format!("{status:03}"), width),
            None => line.right(Ink::Plain, "-", width),
        };
        if at > 0 {
            line.push(Ink::Plain, " ".repeat(APART));
        }
    }
    page.put(line);
}

/// How runs of each way failed: the first failure of each, and how many there are.
fn failures(page: &mut Page, report: &CompareReport, names: &Names) {
    for (at, row) in report.rows.iter().enumerate() {
        let failed: Vec<&Trace> = row.runs.iter().filter(|trace| trace.failure().is_some()).collect();
        let Some(failure) = failed.first().and_then(|trace| trace.failure()) else { continue };
        let mut body = page.line();
        if row.runs.len() > 1 {
            body.push(Ink::Bad, format!("{} of {} failed", failed.len(), count(row.runs.len(), "run")));
            body.push(Ink::Plain, "; the first: ");
        }
        body.push(Ink::Bad, &failure.message).push(Ink::Plain, format!(" ({})", failure.code.as_str()));
        if let Some(hint) = &failure.hint {
            body.push(Ink::Plain, "; ").push(Ink::Plain, hint);
        }
        fact(page, Ink::Bad, names.get(at), &body);
    }
}

/// What each total comes to.
fn conclusions(page: &mut Page, report: &CompareReport, paired: &[Paired], names: &Names) {
    let came: Vec<&Compared> = report.rows.iter().filter(|row| row.failure().is_none()).collect();
    let told = match &came[..] {
        [] => Some("No run was answered.".to_owned()),
        [only] if report.rows.len() > 1 => Some(format!("Only {} was answered.", only.label)),
        _ => None,
    };
    if let Some(told) = told {
        let mut line = page.line();
        line.push(Ink::Strong, told);
        page.wrap(page.line(), &line);
        return;
    }
    let first = names.get(0);
    for (at, one) in paired.iter().enumerate() {
        let name = names.get(at + 1);
        let Some(told) = conclusion(name, first, one) else { continue };
        let mut line = page.line();
        line.push(Ink::Strong, told);
        page.wrap(page.line(), &line);
    }
    let is_unjudged = paired.iter().any(|one| matches!(one.summary(), diff::Summary::Unjudged(_)));
    if is_unjudged {
        let mut line = page.line();
        let rounds = if report.rounds == 1 { "one round" } else { "so few rounds" };
        line.push(
            Ink::Faint,
            format!(
                "Whether that is chance cannot be told from {rounds}: -n {LEAST_PAIRS} can, -n 20 better."
            ),
        );
        page.wrap(page.line(), &line);
    }
}

fn conclusion(name: &str, first: &str, paired: &Paired) -> Option<String> {
    let total = row_of(paired, Part::Total)?;
    let of = count(paired.pairs, "round");
    let by = |difference: i64| {
        let word = if difference < 0 { "less" } else { "more" };
        format!("{} {word} than {first}", units::micros(difference.unsigned_abs()))
    };
    match paired.summary() {
        diff::Summary::NoTimes => None,
        diff::Summary::Seen(difference) => Some(format!(
            "{name} takes {}, and that is no chance ({} in {of}).",
            by(difference),
            chance(total.seen.likely()?)
        )),
        diff::Summary::NotSeen => Some(format!(
            "{name}: no difference to {first} is seen in the totals; chance would do as much ({} in {of}).",
            chance(total.seen.likely()?)
        )),
        diff::Summary::Unjudged(difference) => Some(format!("{name} took {}.", by(difference))),
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
        for change in &one.changes {
            put_change(page, change, (many(0), many(at + 1)));
        }
    }
    if report.rows.len() > 1 && paired.iter().all(|one| one.changes.is_empty()) {
        let mut line = page.line();
        line.push(Ink::Faint, "Nothing else was seen to differ.");
        page.put(line);
    }
}
