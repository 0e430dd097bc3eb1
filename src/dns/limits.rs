//! The limits on what a hostile zone, or a broken one, can make a resolution do (RFC 1034 §5.3.3 "bound the amount of
//! work"; NXNSAttack, CVE-2020-8616; unbound's and knot's own limits are of the same size).
//!
//! Numbers only; each is told in a note where it is hit. Limits of time, of memory and of texts stay beside what
//! they bound.

/// Packets for one host with all its aliases and name servers.
pub(crate) const HOST_BUDGET: u32 = 128;

/// Packets for one name.
pub(crate) const NAME_BUDGET: u32 = 64;

/// Referrals followed for one name.
pub(crate) const MAX_CUTS: usize = 16;

/// Aliases followed for one question, as unbound does.
pub(crate) const MAX_ALIASES: usize = 11;

/// Questions for parts of one name (RFC 9156 §2.3, MAX_MINIMISE_COUNT).
pub(crate) const MAX_MINIMISE_COUNT: usize = 10;

/// Lookups of name servers inside each other.
pub(crate) const MAX_DEPTH: usize = 4;

/// Lookups of name servers for one zone.
pub(crate) const MAX_LOOKUPS: u32 = 16;

/// Name servers of one zone that do not exist.
pub(crate) const MAX_MISSING: u32 = 5;

/// Name servers of one zone that are looked up at the same time.
pub(crate) const LOOKUPS_AT_ONCE: usize = 3;
