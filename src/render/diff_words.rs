//! Two saved documents beside each other in words: what their totals come to, how their phases differ, and what was
//! otherwise. For all forms that people read.

use super::overview::{Cells, Fact, Overview, Table};
use super::part_words;
use crate::diff::{Diff, Row, Seen, Side, Summary};
use crate::runs::Change;
use crate::units::{count, micros};

/// What is told of them.
pub(super) fn overview(diff: &Diff) -> Overview {
    let (a, b) = (&diff.a, &diff.b);
    let otherwise = changes(&diff.changes, (a.runs, b.runs), ("A", "B"));
    Overview {
        title: format!("A: {}, B: {}", a.input, b.input),
        conclusions: vec![conclusion(diff)],
        failed: false,
        about: [("A", a), ("B", b)].map(|(letter, side)| format!("{letter} is {}", told(side))).into(),
        table: table(diff),
        facts: if otherwise.is_none() { vec![nothing_else()] } else { Vec::new() },
        further: otherwise.into_iter().collect(),
    }
}

fn told(side: &Side) -> String {
    let started =
        side.started_at.as_ref().map(|at| format!(", {}", at.split('.').next().unwrap_or_default()));
    format!("{}{}{}", side.file, runs(side), started.unwrap_or_default())
}

/// How many runs a side has, behind a comma; nothing of one.
pub(super) fn runs(side: &Side) -> String {
    match side.runs - side.ok {
        _ if side.runs == 1 => String::new(),
        0 => format!(", {}", count(side.runs, "run")),
        failed => format!(", {}, {failed} of them failed", count(side.runs, "run")),
    }
}

/// What the totals come to.
pub(super) fn conclusion(diff: &Diff) -> String {
    let apart = |difference: i64| {
        let word = if difference < 0 { "less" } else { "more" };
        format!("{} {word}", micros(difference.unsigned_abs()))
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

fn table(diff: &Diff) -> Table {
    let row = |row: &Row| {
        let times = [part_words::time(row.a), part_words::time(row.b), difference(row)];
        let seen = seen(row.seen).unwrap_or_default();
        [part_words::name(row.part).to_owned()].into_iter().chain(times).chain([seen]).collect()
    };
    Table {
        name: "Phases beside each other".to_owned(),
        head: ["phase", "A", "B", "B - A", "by chance?"].map(str::to_owned).into(),
        rows: diff.rows.iter().map(row).collect(),
        cells: Cells::Numbers,
        note: "Of many runs these are the medians; B - A is the shift between the runs (Hodges and Lehmann), judged by \
               their ranks (Mann and Whitney), all phases together (Holm)."
            .to_owned(),
    }
}

/// A difference with its sign; a stroke where there is none.
pub(super) fn difference(row: &Row) -> String {
    row.difference.map_or_else(|| "-".to_owned(), apart)
}

/// A difference with its sign.
pub(super) fn apart(difference: i64) -> String {
    let sign = if difference < 0 { "-" } else { "+" };
    format!("{sign}{}", micros(difference.unsigned_abs()))
}

/// What is to be made of a difference; `None` where that cannot be told.
pub(super) fn seen(seen: Seen) -> Option<String> {
    match seen {
        Seen::Yes(likely) => Some(format!("seen ({})", chance(likely))),
        Seen::No(likely) => Some(format!("no difference seen ({})", chance(likely))),
        Seen::Unjudged => None,
    }
}

/// How often chance does as much.
pub(super) fn chance(likely: f64) -> String {
    if likely < 0.001 { "p < 0.001".to_owned() } else { format!("p {likely:.3}") }
}

/// That nothing else was otherwise.
pub(super) fn nothing_else() -> Fact {
    Fact::plain("otherwise", "Nothing else was seen to differ.")
}

/// What was otherwise, of sides with so many runs and these names; `None` where nothing was.
pub(super) fn changes(changes: &[Change], runs: (usize, usize), (a, b): (&str, &str)) -> Option<Table> {
    let row =
        |change: &Change| vec![change.what.clone(), values(&change.a, runs.0), values(&change.b, runs.1)];
    (!changes.is_empty()).then(|| Table {
        name: format!("What else differs: {a} and {b}"),
        head: vec!["what".to_owned(), a.to_owned(), b.to_owned()],
        rows: changes.iter().map(row).collect(),
        cells: Cells::Words,
        note: String::new(),
    })
}

/// The values that a side of so many runs had, each with how many had it where they are not one.
pub(super) fn values(values: &[(String, usize)], runs: usize) -> String {
    match values {
        [] => "none".to_owned(),
        [(only, many)] if *many == runs => only.clone(),
        values => {
            let told: Vec<String> =
                values.iter().map(|(value, many)| format!("{value} ({many} of {runs})")).collect();
            told.join("; ")
        }
    }
}
