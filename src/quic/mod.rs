//! Stages 3 and 4 in one: a QUIC connection with its TLS handshake (RFC 9000, RFC 9001), by the `quinn` crate.
//!
//! Takes addresses, gives a connection, with a record of every attempt, of the datagrams that anybody could see,
//! and of the TLS handshake as it is kept for TCP. Does not resolve, and does not speak HTTP.
//!
//! # Layout
//! - `dial`: one attempt; `race`: over the addresses
//! - `errors`: what the network says in place of a reply
//! - `tap`: the socket, with every datagram's moment; `packet`: what a datagram shows
//! - `crypto`: the TLS messages as they pass
//! - `failure`: what ended a handshake, worded
//! - `connection`: one that stands; `allowance`: what its server allows

mod allowance;
mod connection;
mod crypto;
mod dial;
mod errors;
mod failure;
mod packet;
mod race;
mod tap;
#[cfg(test)]
mod tests;

pub use self::allowance::Allowance;
pub use self::connection::{Connection, Watch};
pub use self::dial::KEEP_ALIVE;
pub use self::packet::varint;
pub use self::race::{Dialled, Target, connect};
