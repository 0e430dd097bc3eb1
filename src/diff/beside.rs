//! The two beside each other: a row for each phase, and whether its difference is more than chance.

use super::facts::changes;
use super::part::Part;
use super::saved::{Saved, SavedKind};
use crate::runs::{Change, Spread, rank_sum, shift, six_digits, together};

/// How likely chance may be where a difference is told to be seen.
pub const LEVEL: f64 = 0.05;

/// Two documents beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// The first.
    pub a: Side,
    /// The second.
    pub b: Side,
    /// Each phase that happened on a side, `unaccounted` and the total last.
    pub rows: Vec<Row>,
    /// What else was otherwise.
    pub changes: Vec<Change>,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The name of its file.
    pub file: String,
    /// What it was made by.
    pub kind: SavedKind,
    /// The URL as it was typed.
    pub input: String,
    /// Wall time of its start, as it was written.
    pub started_at: Option<String>,
    /// How many runs it has.
    pub runs: usize,
    /// Those that came to their end.
    pub ok: usize,
}

/// A phase on both sides, in microseconds; of many runs the medians.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which.
    pub part: Part,
    /// The first side's; `None` where it did not happen.
    pub a: Option<u64>,
    /// The second side's.
    pub b: Option<u64>,
    /// By how much the second is longer; of many runs the shift between them (Hodges and Lehmann), which need not be the
    /// difference of the medians.
    pub difference: Option<i64>,
    /// What is to be made of it.
    pub seen: Seen,
}

/// Whether a difference is more than chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen {
    /// It is: chance would make one as large so seldom.
    Yes(f64),
    /// Chance makes one as large so often.
    No(f64),
    /// It cannot be told: there are too few runs.
    Unjudged,
}

impl Seen {
    /// What is to be made of a difference that chance makes so often.
    pub(super) fn of(likely: Option<f64>) -> Self {
        match likely {
            Some(likely) if likely < LEVEL => Self::Yes(six_digits(likely)),
            Some(likely) => Self::No(six_digits(likely)),
            None => Self::Unjudged,
        }
    }

    /// How likely chance is, where that is known.
    #[must_use]
    pub const fn likely(self) -> Option<f64> {
        match self {
            Self::Yes(likely) | Self::No(likely) => Some(likely),
            Self::Unjudged => None,
        }
    }
}

impl Diff {
    /// Sets one beside the other.
    #[must_use]
    pub fn of(a: &Saved, b: &Saved) -> Self {
        let series = |saved: &Saved, part: Part| -> Vec<u64> {
            saved.runs.iter().filter(|run| run.is_ok()).filter_map(|run| run.spent(part)).collect()
        };
        let both: Vec<(Part, Vec<u64>, Vec<u64>)> = Part::all()
            .map(|part| (part, series(a, part), series(b, part)))
            .filter(|(_, a, b)| !(a.is_empty() && b.is_empty()))
            .collect();
        let likely: Vec<Option<f64>> = both.iter().map(|(_, a, b)| rank_sum(a, b)).collect();
        let rows = both.into_iter().zip(together(&likely)).map(|((part, a, b), likely)| Row {
            part,
            difference: shift(&a, &b),
            a: Spread::of(a).map(|spread| spread.median()),
            b: Spread::of(b).map(|spread| spread.median()),
            seen: Seen::of(likely),
        });
        Self { rows: rows.collect(), changes: changes(&a.runs, &b.runs), a: Side::of(a), b: Side::of(b) }
    }

    /// What it comes to, in one sentence.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.rows)
    }
}

impl Summary {
    /// What the total of these rows comes to.
    pub(super) fn of(rows: &[Row]) -> Self {
        let Some(total) = rows.iter().find(|row| row.part == Part::Total) else {
            return Self::NoTimes;
        };
        match (total.difference, total.seen) {
            (None, _) => Self::NoTimes,
            (Some(difference), Seen::Yes(_)) => Self::Seen(difference),
            (Some(_), Seen::No(_)) => Self::NotSeen,
            (Some(difference), Seen::Unjudged) => Self::Unjudged(difference),
        }
    }
}

/// What the totals come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    /// One side has no run that came to its end.
    NoTimes,
    /// The second takes so much longer, in microseconds.
    Seen(i64),
    /// No difference was seen.
    NotSeen,
    /// The second took so much longer, and whether that is chance cannot be told.
    Unjudged(i64),
}

impl Side {
    fn of(saved: &Saved) -> Self {
        Self {
            file: saved.file.clone(),
            kind: saved.kind,
            input: saved.input.clone(),
            started_at: saved.started_at.clone(),
            runs: saved.runs.len(),
            ok: saved.runs.iter().filter(|run| run.is_ok()).count(),
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
