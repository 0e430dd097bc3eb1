//! The validator (RFC 4033 to 4035): evidence in, verdict out. No clock, no socket.

pub(crate) mod anchors;
pub(crate) mod chain;
pub(crate) mod denial;
pub(crate) mod evidence;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
pub(crate) mod key_cache;
pub(crate) mod needs;
pub(crate) mod nsec;
pub(crate) mod nsec3;
pub(crate) mod resolver_reply;
pub(crate) mod rrset;
pub(crate) mod rrsig;
pub(crate) mod signature_cache;
pub(crate) mod validate;
