//! What can be seen in the order of runs, and its words.

use crate::timeline::Phase;
use crate::units::{count, micros};

/// How likely chance may be where a pattern is told.
pub const PATTERN_LEVEL: f64 = 0.01;
/// What was seen in the order of runs, or in who answered them. Times are totals in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// The median of the runs that it calls fast; of a drift, of its first third.
    pub fast: u64,
    /// That of the runs that it calls slow; of a drift, of its last third.
    pub slow: u64,
    /// The slow runs, counted from 0; of a drift none.
    pub slow_runs: Vec<usize>,
    /// How many came to their end, and were looked at.
    pub of: usize,
    /// The phase that differs most.
    pub phase: Phase,
    /// How likely chance does as much; `None` where it is judged by its shape alone.
    pub chance: Option<f64>,
}

/// By what servers are told from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// By the address that was connected to.
    Address,
    /// By this field of the response.
    Field(&'static str),
}

impl NamedBy {
    /// The word used in JSON: `address`, or the name of the field.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Field(name) => name,
        }
    }
}

/// Which pattern it is.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// Every so many runs one is slow.
    Flapping {
        /// Every so many.
        period: usize,
    },
    /// Two levels, and little between.
    Bimodal,
    /// Each run takes a little more, or less, than the one before.
    Drift {
        /// By how much.
        per_run: i64,
    },
    /// One server of several is slow.
    BadBackend {
        /// By what servers are told from each other.
        by: NamedBy,
        /// The slow one.
        server: String,
        /// How many there are.
        servers: usize,
    },
}

impl PatternKind {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Flapping { .. } => "flapping",
            Self::Bimodal => "bimodal",
            Self::Drift { .. } => "drift",
            Self::BadBackend { .. } => "bad-backend",
        }
    }
}

impl Pattern {
    /// In one sentence, without its end.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { kind, fast, slow, slow_runs, of, phase, chance: _ } = self;
        let (fast, slow, phase) = (micros(*fast), micros(*slow), phase.as_str());
        match kind {
            PatternKind::Flapping { period } => format!(
                "every {} run is slow, from run {} on: {slow}, where the others take {fast}; the difference is in {phase}",
                ordinal(*period),
                slow_runs.first().map_or(0, |run| run + 1),
            ),
            PatternKind::Bimodal => format!(
                "two levels with little between: {} near {fast}, {} near {slow}; the difference is in {phase}",
                count(of - slow_runs.len(), "run"),
                slow_runs.len(),
            ),
            PatternKind::Drift { per_run } => format!(
                "each run takes about {} {} than the one before: from {fast} to {slow} over {}, in {phase}",
                micros(per_run.unsigned_abs()),
                if *per_run < 0 { "less" } else { "more" },
                count(*of, "run"),
            ),
            PatternKind::BadBackend { by, server, servers } => format!(
                "one of {servers} servers is slow, {}{server}: {} near {slow}, where the others take {fast}; the \
                 difference is in {phase}",
                match by {
                    NamedBy::Address => String::new(),
                    NamedBy::Field(name) => format!("{name}: "),
                },
                count(slow_runs.len(), "run"),
            ),
        }
    }
}

fn ordinal(number: usize) -> String {
    match number {
        2 => "2nd".to_owned(),
        3 => "3rd".to_owned(),
        other => format!("{other}th"),
    }
}
