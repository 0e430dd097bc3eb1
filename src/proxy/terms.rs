//! What an exchange with a proxy is run by: limits, credentials, and whom it is to reach. Types only.

use crate::clock::Clock;
use crate::stop::Stop;
use crate::trace::At;

/// How an exchange with a proxy is run.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The clock.
    pub clock: &'a Clock,
    /// What may end the whole.
    pub stop: &'a Stop,
    /// When the proxy must have answered.
    pub limit: At,
    /// The User-Agent of CONNECT (RFC 9110 §10.1.5); empty for none.
    pub agent: &'a str,
    /// What else CONNECT says, or does not say.
    pub fields: &'a [(String, Option<String>)],
    /// What it may be told of who asks.
    pub credentials: Option<Credentials<'a>>,
}

/// Credentials for a proxy.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The user's name.
    pub user: &'a str,
    /// The password.
    pub password: &'a str,
    /// Both, as a field has them (RFC 7617).
    pub basic: &'a str,
}

/// Whom a SOCKS proxy is to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// A name, for the proxy to resolve.
    Name(&'a str, u16),
    /// An address.
    Address(std::net::SocketAddr),
}
