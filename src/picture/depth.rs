//! How much of a run is drawn.

/// How much is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What the counted time has, long runs folded.
    Short,
    /// Every arrow.
    Full,
}
