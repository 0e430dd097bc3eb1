//! Validation (RFC 4035 §5) beside a resolution: what has to be fetched, from whom, and the verdict in time.

pub(crate) mod checking;
pub(crate) mod collect;
pub(crate) mod from_servers;
pub(crate) mod other_servers;
pub(crate) mod recheck;
pub(crate) mod through_resolver;
