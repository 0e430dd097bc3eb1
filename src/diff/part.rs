//! The parts of a run whose times are set beside each other.

use crate::timeline::Phase;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A phase.
    Phase(Phase),
    /// What belongs to none.
    Unaccounted,
    /// From t0 to the end.
    Total,
}

impl Part {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Phase::ALL.into_iter().map(Self::Phase).chain([Self::Unaccounted, Self::Total])
    }

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phase(phase) => phase.as_str(),
            Self::Unaccounted => "unaccounted",
            Self::Total => "total",
        }
    }

    /// The name of its field in JSON.
    pub(super) fn in_json(self) -> String {
        format!("{}_us", self.as_str())
    }
}
