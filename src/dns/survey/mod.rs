//! Whom else one may ask once the answer is there. Never counted.

pub(crate) mod adopt;
pub(crate) mod all_ns;
pub(crate) mod batch;
pub(crate) mod last_zone;
pub(crate) mod probe;
pub(crate) mod propagation;
pub(crate) mod server_check;
pub(crate) mod targets;
