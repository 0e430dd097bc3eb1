//! DNS messages, names and records as bytes and as text (RFC 1035). No clock, no socket, no policy.

#[cfg(feature = "encrypted-dns")]
pub(crate) mod aging;
pub(crate) mod message;
pub(crate) mod name;
pub(crate) mod padding;
pub(crate) mod presentation;
pub(crate) mod query;
pub(crate) mod query_case;
pub(crate) mod rfc4648;
pub(crate) mod svcb;
pub(crate) mod unknown_rdata;
