//! Several ways in turn in words: how their runs were made, what their totals come to, how some failed, and what was
//! otherwise. For all forms that people read.

use super::compared::shown;
use super::overview::{Cells, Fact, Overview, Table};
use super::{diff_words, part_words};
use crate::diff::{self, Paired, Part, Row, Seen};
use crate::plan::{RunStart, Varied};
use crate::report::{CompareReport, Compared, RepeatEnd};
use crate::runs::{LEAST_PAIRS, Spread, Summary};
use crate::trace::Trace;
use crate::units::{self, count};

/// What a mark at a difference says.
pub(super) const MORE_THAN_CHANCE: &str = "more than chance: p below 0.05 by the signed ranks of the rounds (Wilcoxon), all of them together (Holm)";

/// What is told of them.
pub(super) fn overview(report: &CompareReport, paired: &[Paired]) -> Overview {
    let names: Vec<String> = report.rows.iter().map(|row| row.label.clone()).collect();
    let many = |at: usize| report.rows.get(at).map_or(0, |row| row.runs.len());
    let first = names.first().map_or("", String::as_str);
    let otherwise = paired.iter().zip(names.iter().skip(1)).enumerate();
    let further: Vec<Table> = otherwise
        .filter_map(|(at, (one, name))| {
            diff_words::changes(&one.changes, (many(0), many(at + 1)), (first, name.as_str()))
        })
        .collect();
    let mut facts = failures(report, &names);
    facts.extend((names.len() > 1 && further.is_empty()).then(diff_words::nothing_else));
    let mut conclusions = conclusions(report, paired, &names);
    conclusions.extend(unjudged(report, paired));
    Overview {
        title: report.input.clone(),
        conclusions,
        failed: report.failure().is_some(),
        about: std::iter::once(about(report, &names.join(", "))).chain(report.note.clone()).collect(),
        table: table(report, paired, &names),
        facts,
        further,
    }
}

/// How the runs of these ways were made.
pub(super) fn about(report: &CompareReport, ways: &str) -> String {
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
    let rounds = match report.rounds {
        1 => String::new(),
        rounds => format!(" in {}, each in another order", count(rounds, "round")),
    };
    let interrupted = match report.end {
        RepeatEnd::Interrupted => "; there are no more runs because it was interrupted",
        _ => "",
    };
    format!("{ways} in turn{rounds}; each run with {own}{interrupted}")
}

/// The medians of each way, and how they stand to those of the first.
fn table(report: &CompareReport, paired: &[Paired], names: &[String]) -> Table {
    let first = names.first().map_or("", String::as_str);
    let mut head = vec!["phase".to_owned(), first.to_owned()];
    for name in names.iter().skip(1) {
        head.extend([name.clone(), format!("{name} - {first}"), "by chance?".to_owned()]);
    }
    let summaries: Vec<Summary> = report.rows.iter().map(summary).collect();
    let row = |part: Part| {
        let medians: Vec<Option<u64>> = summaries.iter().map(|summary| median(summary, part)).collect();
        medians.iter().any(Option::is_some).then(|| {
            let mut cells = vec![part_words::name(part).to_owned()];
            for (at, median) in medians.iter().enumerate() {
                cells.push(part_words::time(*median));
                let Some(one) = at.checked_sub(1).and_then(|at| paired.get(at)) else { continue };
                let row = row_of(one, part);
                cells.push(row.map_or_else(|| "-".to_owned(), diff_words::difference));
                cells.push(row.and_then(|row| diff_words::seen(row.seen)).unwrap_or_default());
            }
            cells
        })
    };
    let mut rows: Vec<Vec<String>> = Part::all().filter_map(row).collect();
    let mut statuses = vec!["status".to_owned()];
    for (at, row) in report.rows.iter().enumerate() {
        statuses.push(status(row).unwrap_or_else(|| "failed".to_owned()));
        statuses.extend((at > 0).then(|| [String::new(), String::new()]).into_iter().flatten());
    }
    rows.push(statuses);
    let is_seen = paired.iter().flat_map(|one| &one.rows).any(|row| matches!(row.seen, Seen::Yes(_)));
    Table {
        name: "Phases beside each other".to_owned(),
        head,
        rows,
        cells: Cells::Numbers,
        note: if is_seen { format!("seen: {MORE_THAN_CHANCE}") } else { String::new() },
    }
}

/// How the runs of a way spread.
pub(super) fn summary(row: &Compared) -> Summary {
    Summary::of(&row.runs.iter().collect::<Vec<_>>())
}

/// The median of a part.
pub(super) fn median(summary: &Summary, part: Part) -> Option<u64> {
    part_words::spread(summary, part).map(Spread::median)
}

/// How a part stands to that of the first way.
pub(super) fn row_of(paired: &Paired, part: Part) -> Option<&Row> {
    paired.rows.iter().find(|row| row.part == part)
}

/// The status of the run that stands for a way, or a stroke; `None` where all its runs failed.
pub(super) fn status(row: &Compared) -> Option<String> {
    row.runs.iter().any(|trace| trace.failure().is_none()).then(|| {
        let status = shown(row).and_then(|(_, trace)| trace.last_status());
        status.map_or_else(|| "-".to_owned(), |status| format!("{status:03}"))
    })
}

/// How runs of each way failed: the first failure of each, and how many there are.
pub(super) fn failures(report: &CompareReport, names: &[String]) -> Vec<Fact> {
    let fact = |(row, name): (&Compared, &String)| {
        let failed: Vec<&Trace> = row.runs.iter().filter(|trace| trace.failure().is_some()).collect();
        let failure = failed.first()?.failure()?;
        let many = match row.runs.len() {
            0 | 1 => String::new(),
            runs => format!("{} of {} failed; the first: ", failed.len(), count(runs, "run")),
        };
        let hint = failure.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        Some(Fact {
            bad: true,
            strong: format!("{many}{}", failure.message),
            ..Fact::plain(name, format!(" ({}){hint}", failure.code.as_str()))
        })
    };
    report.rows.iter().zip(names).filter_map(fact).collect()
}

/// What each total comes to.
pub(super) fn conclusions(report: &CompareReport, paired: &[Paired], names: &[String]) -> Vec<String> {
    let came: Vec<&Compared> = report.rows.iter().filter(|row| row.failure().is_none()).collect();
    match &came[..] {
        [] => return vec!["No run was answered.".to_owned()],
        [only] if report.rows.len() > 1 => return vec![format!("Only {} was answered.", only.label)],
        _ => {}
    }
    let Some((first, others)) = names.split_first() else { return Vec::new() };
    paired.iter().zip(others).filter_map(|(one, name)| conclusion(name, first, one)).collect()
}

/// Why nothing is said of chance; `None` where something is.
pub(super) fn unjudged(report: &CompareReport, paired: &[Paired]) -> Option<String> {
    let is_unjudged = paired.iter().any(|one| matches!(one.summary(), diff::Summary::Unjudged(_)));
    let rounds = if report.rounds == 1 { "one round" } else { "so few rounds" };
    is_unjudged.then(|| {
        format!("Whether that is chance cannot be told from {rounds}: -n {LEAST_PAIRS} can, -n 20 better.")
    })
}

fn conclusion(name: &str, first: &str, paired: &Paired) -> Option<String> {
    let total = row_of(paired, Part::Total)?;
    let of = count(paired.pairs, "round");
    let by = |difference: i64| {
        let word = if difference < 0 { "less" } else { "more" };
        format!("{} {word} than {first}", units::micros(difference.unsigned_abs()))
    };
    let chance = || total.seen.likely().map(diff_words::chance);
    match paired.summary() {
        diff::Summary::NoTimes => None,
        diff::Summary::Seen(difference) => {
            Some(format!("{name} takes {}, and that is no chance ({} in {of}).", by(difference), chance()?))
        }
        diff::Summary::NotSeen => Some(format!(
            "{name}: no difference to {first} is seen in the totals; chance would do as much ({} in {of}).",
            chance()?
        )),
        diff::Summary::Unjudged(difference) => Some(format!("{name} took {}.", by(difference))),
    }
}
