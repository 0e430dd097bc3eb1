//! Texts that explain what a trace shows, and the encyclopedia of `urltrace explain`. They look at no trace
//! and decide nothing.

pub mod dns_error;
pub mod dns_words;
pub mod dnssec;
pub mod propagation;
pub mod status;
pub mod topics;
pub mod tour;
