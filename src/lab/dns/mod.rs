//! The lab's name servers: what they hold, what each answers, and how they are reached.
//!
//! # Layout
//! - `internet`, `odd`: the name space, a table; `zone`: one zone and its answers
//! - `signer`, `signing`: keys and signatures; what DNSSEC adds to an answer
//! - `server`, `quirk`, `stub`: the mind of a name server, what is wrong with it, and the mind of the resolver
//! - `load`: zones and servers made; `serve`: their sockets

pub(super) mod internet;
mod load;
mod odd;
pub(super) mod quirk;
#[cfg(test)]
mod quirk_tests;
#[cfg(test)]
mod seed_tests;
mod serve;
pub(super) mod server;
pub(super) mod signer;
mod signing;
mod stub;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) mod testserver;
mod zone;

pub(super) use self::load::{name_servers, trust_anchor, zones};
pub(super) use self::serve::{Sockets, spawn};
