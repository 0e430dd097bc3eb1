//! What follows from many runs of one URL: how each phase spread, which run is the one to show, and what set the
//! slowest apart. Pure: nothing is run here.
//!
//! # Layout
//! - `spread`: percentiles, mean and deviation of numbers
//! - `summary`: those of every phase, and which runs failed
//! - `slowest`: what differed in the slowest run

mod slowest;
mod spread;
mod summary;

pub use self::slowest::{Slowest, slowest};
pub use self::spread::{Percentile, Spread};
pub use self::summary::{Failures, Summary, kept, median_run};
