//! What of two sets of runs is no time, and was otherwise in the one than in the other. Data alone: what it is, `diff` finds
//! out.

/// What was otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is: `address`, `certificate`, `header cache-control`, with more than one request also which.
    pub what: String,
    /// The values of the first, the most frequent first, each with how many runs had it.
    pub a: Vec<(String, usize)>,
    /// Those of the second.
    pub b: Vec<(String, usize)>,
}
