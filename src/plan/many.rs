//! How many URLs are traced side by side, and in which order they are told.

/// `--parallel` when not given.
pub const PARALLEL: usize = 16;
/// The most of it: each has a descriptor for every question and connection.
pub const MOST_PARALLEL: usize = 256;
/// `--per-host` when not given.
pub const PER_HOST: usize = 2;

/// How many URLs are traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManyPlan {
    /// `--parallel`: at the same time.
    pub parallel: usize,
    /// `--per-host`: of one host and port, at the same time.
    pub per_host: usize,
    /// `--ordered`.
    pub order: Order,
}

/// The order in which many are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they end.
    #[default]
    AsTheyEnd,
    /// As they were given.
    AsGiven,
}
