//! A proxy on the way: which one a URL needs, and what is said to it before it passes bytes on.
//!
//! From a stream to the proxy to a stream to the target, with a record of each question and answer. It
//! resolves nothing, connects to nobody, and speaks no TLS: those are other stages', put together by
//! [`tracer`](crate::tracer). Every proxy is hostile: what it sends is bounded, in bytes and in time.
//!
//! # Layout
//! - `choose`: which proxy, or none (curl's rules)
//! - `exchange`: questions and answers on record; `connect`: CONNECT (RFC 9110 §9.3.6); `socks`: SOCKS 5
//!   (RFC 1928, RFC 1929)
//! - `fault`: what went wrong, in words

mod choose;
mod connect;
mod exchange;
mod fault;
mod socks;
#[cfg(test)]
mod tests;

use tokio::io::{AsyncRead, AsyncWrite};

pub use self::choose::{Choice, choose};
pub use self::fault::{not_connected, not_resolved, not_secured};
use crate::clock::Clock;
use crate::fault::Fault;
use crate::stop::Stop;
use crate::trace::{At, Failure, Proxy, ProxyKind};

/// How an exchange with a proxy is run.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The clock.
    pub clock: &'a Clock,
    /// What may end the whole.
    pub stop: &'a Stop,
    /// When the proxy must have answered.
    pub limit: At,
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

/// Has the proxy connect to the destination. Whatever came behind its answer is the target's, and handed back.
///
/// # Errors
/// It refused, could not, or spoke something else. The record holds what was seen until then.
pub async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    destination: Destination<'_>,
    proxy: &mut Proxy,
    terms: Terms<'_>,
) -> Result<Vec<u8>, Failure> {
    let start = terms.clock.now();
    proxy.start.get_or_insert(start);
    let asked = match proxy.kind {
        ProxyKind::Http | ProxyKind::Https => connect::open(stream, proxy, terms).await,
        ProxyKind::Socks5 | ProxyKind::Socks5h => socks::open(stream, destination, proxy, terms).await,
    };
    proxy.end = proxy.rounds.last().map_or_else(|| terms.clock.now(), |round| round.end).max(start);
    asked.map_err(|fault: Fault| fault.after(proxy.end.since(start)))
}
