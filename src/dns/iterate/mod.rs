//! Iterative resolution (RFC 1034 §5.3.3): zone after zone, alias after alias.

pub(crate) mod assemble;
pub(crate) mod coalesce;
pub(crate) mod descend;
pub(crate) mod https_query;
pub(crate) mod job;
pub(crate) mod ns_addresses;
pub(crate) mod qname_minimisation;
pub(crate) mod resolve;
pub(crate) mod wish;
pub(crate) mod zone;
