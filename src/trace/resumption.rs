//! The model of session resumption: what a second connection with a ticket of the first came to.

use std::time::Duration;

/// What a second connection with a ticket of the first came to (RFC 8446 §2.2, RFC 5077). Tried after the
/// trace, and no part of its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumption {
    /// Tickets that the first connection was given until its response was over (in TLS 1.2: sessions).
    pub tickets: u32,
    /// The first handshake, from the ClientHello to the server's Finished; `None` when it was not complete.
    pub full: Option<Duration>,
    /// What became of the second.
    pub outcome: Resumed,
    /// What became of 0-RTT; `None` without a second handshake.
    pub early_data: Option<EarlyData>,
}

impl Resumption {
    /// The second handshake, from the ClientHello to the server's Finished.
    #[must_use]
    pub const fn took(&self) -> Option<Duration> {
        match &self.outcome {
            Resumed::Yes { took, .. } => Some(*took),
            Resumed::No { took, .. } => *took,
        }
    }

    /// What the resumed handshake saved, in microseconds; less than nothing where it took longer.
    #[must_use]
    pub fn saved_us(&self) -> Option<i64> {
        let Resumed::Yes { took, .. } = &self.outcome else { return None };
        let us = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        Some(us(self.full?) - us(*took))
    }
}

/// Whether a session was resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// It was.
    Yes {
        /// From the ClientHello to the server's Finished.
        took: Duration,
        /// Times that the server was waited for.
        round_trips: u32,
    },
    /// It was not.
    No {
        /// Why.
        why: NotResumed,
        /// The second handshake, where there was one.
        took: Option<Duration>,
    },
}

/// Why a session was not resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotResumed {
    /// The server gave no ticket, so that no second connection was made.
    NoTicket,
    /// Nothing was read behind the handshake, where TLS 1.3 gives its tickets.
    NothingRead,
    /// The server made a full handshake of it.
    FullHandshake,
    /// The second connection failed, in words.
    Failed(String),
}

impl NotResumed {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoTicket => "no-ticket",
            Self::NothingRead => "nothing-read",
            Self::FullHandshake => "full-handshake",
            Self::Failed(_) => "failed",
        }
    }
}

/// What became of 0-RTT (RFC 8446 §2.3) on the second connection. No request is sent in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlyData {
    /// No ticket allows it.
    NotOffered,
    /// The server took the offer.
    Accepted,
    /// The server turned it down.
    Refused,
}

impl EarlyData {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotOffered => "not-offered",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        }
    }
}
