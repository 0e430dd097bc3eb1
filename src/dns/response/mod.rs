//! What a reply means. No I/O.

pub(crate) mod alias;
pub(crate) mod apex_ns;
pub(crate) mod bailiwick;
pub(crate) mod classify;
pub(crate) mod recursive;
