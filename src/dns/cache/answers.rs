//! Answers that a run has got, by name and types (RFC 2308 for those that say no). Nothing is sent here.

use crate::dns::outcome::fault::{Fault, Found};
use crate::trace::At;

#[derive(Clone, Debug)]
pub(crate) struct KnownAnswer {
    pub(crate) at: At,
    pub(crate) answer: Result<Found, Fault>,
}
