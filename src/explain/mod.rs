//! Texts that explain what a trace shows. Tables only: they look at nothing and decide nothing.

pub mod dns_error;
pub mod dns_words;
pub mod dnssec;
pub mod propagation;
pub mod status;
