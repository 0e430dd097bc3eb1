//! What a run has learned. No I/O.

pub(crate) mod answers;
pub(crate) mod delegations;
pub(crate) mod failures;
pub(crate) mod in_flight;
pub(crate) mod infra;
pub(crate) mod letter_case;
pub(crate) mod network;
pub(crate) mod root_hints;
pub(crate) mod stamp;
