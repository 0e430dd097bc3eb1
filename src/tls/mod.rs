//! Stage 4: the TLS handshake, looked into flight by flight (RFC 8446, RFC 5246).
//!
//! From a stream of bytes (a TCP connection, or a tunnel through a proxy) to a stream of application
//! data, with a record of everything on the way: what was offered and chosen, every flight with its
//! times, the chain as sent and all that is wrong with it. Nothing here knows of HTTP. One question has
//! one file:
//!
//! - `crate::roots`: what is trusted;
//! - `client`: the configuration of a run, and a handshake from its start to its record;
//! - `group`: key exchange, with X25519MLKEM768;
//! - `handshake`: moving the bytes, record by record, with stamps;
//! - `messages`: the same where QUIC moves them;
//! - `summary`: what a handshake that ended left behind, in the model's form;
//! - `record`, `offer`, `certificate`, `ocsp`, `der`: reading bytes into the model;
//! - `host`: the host as it is asked for and looked for in a certificate;
//! - `checkable`: what of keys and signatures can be checked;
//! - `verify`, `faults`, `constraints`: the check inside the handshake, and the full judgement after it;
//! - `identity`, `key_file`, `pkcs12`: the certificate of the client's own;
//! - `inquiry`: what is asked after a failure; `probe`: what a server would have spoken that refused
//!   what we speak; `scan`: all that it speaks; `hello`, `answer`: the questions of both, and the answers;
//! - `failure`, `certificate_faults`: what a failure means, in words;
//! - `resume`: a second handshake with a ticket of the first;
//! - `stream`: application data.

mod answer;
mod caa;
mod certificate;
mod certificate_faults;
mod checkable;
mod client;
mod constraints;
mod der;
mod failure;
mod faults;
mod group;
mod handshake;
mod hello;
mod host;
mod identity;
mod inquiry;
mod key_file;
mod keylog;
mod messages;
mod names;
mod ocsp;
mod offer;
mod pkcs12;
mod probe;
mod record;
mod resume;
mod scan;
mod stream;
mod summary;
#[cfg(test)]
mod tests;
mod verify;

pub use caa::{CAA, judge as judge_caa, names as caa_names};
pub use client::{Client, Faults, HANDSHAKE_LIMIT, Peer, Prepared};
pub use group::provider;
pub use host::is_named;
pub use messages::{Ending, Messages, Renamed};
pub use resume::{Heard, Memory};
pub use scan::{Allowance, Target, scan};
pub use stream::TlsStream;
pub use summary::{Doubt, Unread};
