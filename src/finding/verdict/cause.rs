//! The kinds of things that a run's result is owed to. Who it was is `culprit`'s.

/// The kinds of causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A stage failed.
    Failure,
    /// Something is wrong, although there is a response: a status of 4xx or 5xx, a bogus zone.
    Error,
    /// A server took its time.
    Server,
    /// The way there and back.
    Distance,
    /// Packets were lost and sent again.
    Loss,
    /// It waited for its turn.
    Queue,
    /// It was tried elsewhere first, in vain.
    Retry,
    /// This machine's own work.
    Us,
    /// Nothing stands out, or nothing was measured.
    None,
}

impl Cause {
    /// Every cause.
    pub const ALL: &'static [Self] = &[
        Self::Failure,
        Self::Error,
        Self::Server,
        Self::Distance,
        Self::Loss,
        Self::Queue,
        Self::Retry,
        Self::Us,
        Self::None,
    ];

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Error => "error",
            Self::Server => "server",
            Self::Distance => "distance",
            Self::Loss => "loss",
            Self::Queue => "queue",
            Self::Retry => "retry",
            Self::Us => "us",
            Self::None => "none",
        }
    }
}
