//! The document of two saved documents beside each other.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::document::{Outcome, SCHEMA};
use crate::diff::{Diff, Row, Seen, Side, Summary};
use crate::runs::Change;

/// Two saved documents beside each other.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct DiffDocument<'a> {
    /// The version of this document's form.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    schema: &'static str,
    /// Tells this document from the others of the schema.
    #[cfg_attr(test, schemars(extend("const" = "diff")))]
    kind: &'static str,
    /// The version of the program that wrote it.
    urltrace_version: &'static str,
    /// Always `ok`: both could be read.
    outcome: Outcome,
    /// The exit code of the process: 0, whether they differ or not.
    exit_code: u8,
    /// The first.
    a: SideView<'a>,
    /// The second.
    b: SideView<'a>,
    /// What the totals come to: `seen`, they differ by more than chance; `not-seen`; `unjudged`, there are too few runs
    /// to tell; `no-times`, one side has no run that came to its end.
    #[cfg_attr(test, schemars(extend("enum" = ["seen", "not-seen", "unjudged", "no-times"])))]
    total_differs: &'static str,
    /// Each phase that happened on a side, then `unaccounted` and `total`.
    phase_differences: Vec<RowView>,
    /// What else was otherwise.
    changes: Vec<ChangeView<'a>>,
}

/// One of the two.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct SideView<'a> {
    /// The name of its file.
    name: &'a str,
    /// What it was made by.
    #[cfg_attr(test, schemars(extend("enum" = ["trace", "page", "repeat"])))]
    made_by: &'static str,
    /// The URL as typed.
    input: &'a str,
    /// Wall time of its start, as it was written.
    started_at: Option<&'a str>,
    /// How many runs it has.
    runs: usize,
    /// Those that came to their end. Times are of these.
    ok: usize,
}

/// A phase on both sides.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct RowView {
    /// Which.
    phase: &'static str,
    /// The first side's, of many runs the median; null where it did not happen.
    a_us: Option<u64>,
    /// The second side's.
    b_us: Option<u64>,
    /// By how much the second is longer: of many runs the median of all differences between a run of each (of rounds, of
    /// the means of the differences in a round, two by two); null where it did not happen on both.
    difference_us: Option<i64>,
    /// Whether it is more than chance (below 5 %, all phases together); null where too few runs tell.
    seen: Option<bool>,
    /// How likely chance makes the two sides as different as this: of two documents by the ranks of their runs (Mann and
    /// Whitney), of rounds by the signed ranks of the differences (Wilcoxon), corrected for as many as are told at once
    /// by Holm; null with fewer than 4 runs on a side, or 10 rounds.
    chance: Option<f64>,
}

/// What was otherwise.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ChangeView<'a> {
    /// What it is: `address`, `certificate`, `protocol`, `status`, `cache`, `header NAME`; of several requests also which.
    what: &'a str,
    /// The values of the first, the most frequent first.
    a: Vec<CountedView<'a>>,
    /// Those of the second.
    b: Vec<CountedView<'a>>,
}

/// A value, and how many runs had it.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct CountedView<'a> {
    /// The value.
    value: &'a str,
    /// How many runs had it.
    runs: usize,
}

impl<'a> DiffDocument<'a> {
    pub(super) fn new(diff: &'a Diff) -> Self {
        Self {
            schema: SCHEMA,
            kind: "diff",
            urltrace_version: env!("CARGO_PKG_VERSION"),
            outcome: Outcome::Ok,
            exit_code: 0,
            a: (&diff.a).into(),
            b: (&diff.b).into(),
            total_differs: word(diff.summary()),
            phase_differences: diff.rows.iter().map(RowView::new).collect(),
            changes: diff.changes.iter().map(Into::into).collect(),
        }
    }
}

/// What totals come to.
pub(super) const fn word(summary: Summary) -> &'static str {
    match summary {
        Summary::NoTimes => "no-times",
        Summary::Seen(_) => "seen",
        Summary::NotSeen => "not-seen",
        Summary::Unjudged(_) => "unjudged",
    }
}

impl<'a> From<&'a Side> for SideView<'a> {
    fn from(side: &'a Side) -> Self {
        let Side { file, kind, input, started_at, runs, ok } = side;
        Self {
            name: file,
            made_by: kind.as_str(),
            input,
            started_at: started_at.as_deref(),
            runs: *runs,
            ok: *ok,
        }
    }
}

impl RowView {
    pub(super) fn new(row: &Row) -> Self {
        Self {
            phase: row.part.as_str(),
            a_us: row.a,
            b_us: row.b,
            difference_us: row.difference,
            seen: match row.seen {
                Seen::Yes(_) => Some(true),
                Seen::No(_) => Some(false),
                Seen::Unjudged => None,
            },
            chance: row.seen.likely(),
        }
    }
}

impl<'a> From<&'a Change> for ChangeView<'a> {
    fn from(change: &'a Change) -> Self {
        fn counted(values: &[(String, usize)]) -> Vec<CountedView<'_>> {
            values.iter().map(|(value, runs)| CountedView { value, runs: *runs }).collect()
        }
        Self { what: &change.what, a: counted(&change.a), b: counted(&change.b) }
    }
}
