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
//! - `terms`: whom to reach, by which limits; `fault`: what went wrong, in words

mod choose;
mod connect;
mod exchange;
mod fault;
mod socks;
mod terms;
#[cfg(test)]
mod tests;

use tokio::io::{AsyncRead, AsyncWrite};

pub use self::choose::{Choice, choose};
pub use self::fault::{guess, not_connected, not_resolved, not_secured};
pub use self::terms::{Credentials, Destination, Terms};
use crate::fault::Fault;
use crate::timestamp::Stamped;
use crate::trace::{Failure, Proxy, ProxyKind};

/// Has the proxy connect to the destination. Whatever came behind its answer is the target's, and handed back.
///
/// # Errors
/// It refused, could not, or spoke something else. The record holds what was seen until then.
pub async fn open<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    stream: &mut S,
    destination: Destination<'_>,
    proxy: &mut Proxy,
    terms: Terms<'_>,
) -> Result<Vec<u8>, Failure> {
    let start = terms.clock.now();
    let before = proxy.start;
    proxy.start.get_or_insert(start);
    let asked = match proxy.kind {
        ProxyKind::Http | ProxyKind::Https => connect::open(stream, proxy, terms).await,
        ProxyKind::Socks5 | ProxyKind::Socks5h => socks::open(stream, destination, proxy, terms).await,
    };
    // What was made ready until then is no part of the work with it.
    proxy.start = before.or(proxy.rounds.first().map(|round| round.start)).or(Some(start));
    proxy.end = proxy.rounds.last().map_or_else(|| terms.clock.now(), |round| round.end).max(start);
    asked.map_err(|fault: Fault| fault.after(proxy.end.since(start)))
}
