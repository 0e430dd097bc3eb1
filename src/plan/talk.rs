//! What is said on a connection that is open, line by line, and what has to be answered. Types only: `crate::talk` holds
//! the conversation.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use regex_lite::Regex;

use crate::trace::Tls;

/// A conversation, and where it is told what came of it.
#[derive(Clone, Debug)]
pub struct Talk {
    /// Its steps, in their order.
    pub steps: Arc<[TalkStep]>,
    /// What came of it.
    pub told: Arc<Talked>,
}

/// A step of a conversation: what has to come is waited for, what is to be sent is sent, and then TLS begins.
#[derive(Clone, Debug)]
pub struct TalkStep {
    /// What one of the lines that come has to match: those before it are passed over.
    pub expect: Option<Regex>,
    /// What is sent, with a line end behind it; `$1` and `${name}` are groups of what matched. Nothing where it is empty.
    pub send: String,
    /// What becomes of the connection then.
    pub then: Then,
}

/// What becomes of a connection behind a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It stays as it is.
    GoesOn,
    /// A handshake of TLS begins on it.
    StartsTls,
}

/// What came of a conversation.
#[derive(Debug, Default)]
pub struct Talked(Mutex<Option<TalkEnd>>);

/// How a conversation ended.
#[derive(Clone, Debug)]
pub struct TalkEnd {
    /// Why it did not come to its end.
    pub fault: Option<TalkFault>,
    /// The handshake that began in it, where that was completed.
    pub tls: Option<Box<Tls>>,
    /// From the open connection to its end.
    pub took: Duration,
}

/// Why a conversation did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TalkFault {
    /// No line matched.
    Unmatched(String),
    /// Anything else.
    Broken(String),
}

impl Talked {
    /// Tells how it ended.
    pub fn tell(&self, end: TalkEnd) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
    }

    /// How it ended; `None` where it never began.
    #[must_use]
    pub fn end(&self) -> Option<TalkEnd> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
