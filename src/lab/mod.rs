//! An internet inside the process: name servers from the root down, a certificate authority and
//! web servers, on loopback, without root rights and without a network.
//!
//! It serves `--lab`, teaching, and the tests. Every delay it puts in is a public constant, counted
//! from the moment a server has the request, so that a trace can be held to it. It runs on a thread
//! of its own with its own runtime: what its servers compute never blocks a client's stamps.
//!
//! Limits: it uses addresses in 127.53.0.0/16, which Linux has without set-up; macOS has only
//! 127.0.0.1, and there the lab says that it cannot start. A slow TCP connection cannot be shown,
//! because the kernel completes a loopback connection on its own. Zones are signed with keys of this
//! lab's own: its trust anchor is as little the world's as its CA is.
//!
//! A lab holds some hundred sockets. Tests that need many labs at once should share one.
//!
//! # Layout
//! - `running`: the lab itself
//! - `scenario`, [`scenarios`](self::SCENARIOS): what can be shown, and what a trace of it must find
//! - `dns/`: zones, name servers, the resolver
//! - `web/`: sites, certificates, TLS, HTTP/1.1 and HTTP/2, and those that speak neither
//! - `proxies`, `proxy`: proxies, good ones and some that refuse
//! - `sockets`, `ipv6`: what is bound, and the address that is dead
//! - `shared`, `timer`, `seen`: what servers have in common, exact waits, and counters for tests

mod dns;
mod ipv6;
mod proxies;
mod proxy;
mod running;
mod scenario;
mod scenarios;
mod scenarios_http;
mod scenarios_quic;
mod seen;
mod shared;
mod sockets;
#[cfg(test)]
mod tests;
mod timer;
mod web;

#[cfg(test)]
pub(crate) use self::dns::quirk::{Bend, Quirk};
#[cfg(test)]
pub(crate) use self::dns::testserver::{Spec, TestNet};
pub use self::ipv6::DeadIpv6;
pub use self::running::Lab;
#[cfg(test)]
pub(crate) use self::running::shared_lab;
pub use self::scenario::*;
pub use self::scenarios::SCENARIOS;
pub use self::seen::Seen;
pub use self::sockets::Ports;
#[cfg(test)]
pub(crate) use self::web::encode;
#[cfg(test)]
pub(crate) use self::web::x509 as web_x509;
