//! How a resolution ended, and the sentences for it.

pub(crate) mod fault;
pub(crate) mod words;
