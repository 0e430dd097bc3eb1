//! What follows from many runs of one URL, or from many URLs: how each phase spread, which run is the one to show, and what set the
//! slowest apart. Pure: nothing is run here.
//!
//! # Layout
//! - `spread`: percentiles, mean and deviation of numbers
//! - `summary`: those of every phase, and which runs failed
//! - `slowest`: what differed in the slowest run
//! - `rank_tests`: whether two series differ by more than chance; `signed_ranks`: the same of pairs
//! - `patterns`: what their order and their servers tell
//! - `change`: what of them is no time, and was otherwise
//! - `tally`: what came of many URLs; `turns`: which of them may begin

mod change;
mod patterns;
mod rank_tests;
mod signed_ranks;
mod slowest;
mod spread;
mod summary;
mod tally;
mod turns;

pub use self::change::Change;
pub use self::patterns::{NamedBy, PATTERN_LEVEL, Pattern, PatternKind, patterns};
pub use self::rank_tests::{rank_sum, shift, together};
pub use self::signed_ranks::{LEAST_PAIRS, pair_shift, signed_rank};
pub use self::slowest::{Slowest, slowest};
pub use self::spread::{Percentile, Spread, six_digits};
pub use self::summary::{Failures, Summary, kept, median_run};
pub use self::tally::{Came, Tally};
pub use self::turns::{Shares, Turn, Turns};

/// Holds what a test tells of chance to what it is by a table.
#[cfg(test)]
fn near(told: Option<f64>, want: f64) {
    let told = told.unwrap();
    assert!((told - want).abs() < 5e-4, "{told} is not {want}");
}
