//! The validator, a security-aware resolver's part (RFC 4033 §2, RFC 4035 §5; NSEC3 by RFC 5155): trust anchors,
//! authentication chain, denial of existence. Evidence in, verdict out; no clock, no socket.

pub(crate) mod anchors;
pub(crate) mod chain;
pub(crate) mod conclusion;
pub(crate) mod denial;
pub(crate) mod evidence;
pub(crate) mod key_cache;
pub(crate) mod needs;
pub(crate) mod nsec;
pub(crate) mod nsec3;
pub(crate) mod resolver_reply;
pub(crate) mod rrset;
pub(crate) mod rrsig;
pub(crate) mod signature_cache;
pub(crate) mod validate;
