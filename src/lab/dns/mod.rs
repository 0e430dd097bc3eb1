//! The lab's name servers: what they hold, what each answers, and how they are reached.
//!
//! # Layout
//! - `internet`, `odd`: the name space, a table; `zone`: one zone and its answers
//! - `signer`, `signing`: keys and signatures; what DNSSEC adds to an answer
//! - `server`, `stub`: the mind of a name server, and of the resolver
//! - `load`: zones and servers made; `serve`: their sockets

pub(super) mod internet;
mod load;
mod odd;
#[cfg(test)]
mod seed_tests;
mod serve;
pub(super) mod server;
pub(super) mod signer;
mod signing;
mod stub;
#[cfg(test)]
mod tests;
mod zone;

pub(super) use self::load::{name_servers, trust_anchor, zones};
pub(super) use self::serve::{Sockets, spawn};
