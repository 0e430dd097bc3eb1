//! What came of `Expect: 100-continue` (RFC 9110 §10.1.1).

use std::time::Duration;

use super::at::At;

/// How long curl waits for a 100 when not told otherwise.
pub const USUAL_EXPECT_WAIT: Duration = Duration::from_secs(1);

/// The wait of a body for a 100 (Continue).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expect {
    /// The last byte of the head was handed to the kernel: the wait begins.
    pub asked: At,
    /// Its end: the first byte of the response that ended it, or the end of what was allowed.
    pub end: At,
    /// How long it may take.
    pub limit: Duration,
    /// What ended it.
    pub outcome: ExpectOutcome,
}

/// What ended the wait for a 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectOutcome {
    /// A 100: the body was wanted.
    Continue,
    /// A final response: the body was not sent.
    Final,
    /// Its time: the body was sent without a word.
    TimedOut,
    /// The end of the exchange.
    Unanswered,
}

impl ExpectOutcome {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Final => "final",
            Self::TimedOut => "timed-out",
            Self::Unanswered => "unanswered",
        }
    }
}
