//! Why a query got no reply, as an outcome and in words.

use std::io;

use crate::dns::transport::ask::{Outcome, error_outcome};
use crate::trace::Transport;

/// The reason of an error on a connection, for people.
pub(crate) fn words(error: &io::Error, transport: Transport) -> String {
    // TLS, HTTP/2 and QUIC have words of their own inside; the system's need no translation there.
    if error.get_ref().is_some() {
        return error.to_string();
    }
    match error_outcome(error, transport) {
        Outcome::Error { reason, .. } => reason,
        _ => error.to_string(),
    }
}

/// An error with words of a library.
#[cfg(feature = "encrypted-dns")]
pub(crate) fn failed(what: &str, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{what}: {error}"))
}

/// Why a question has no reply.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The connection has ended.
    Lost(io::Error),
    /// The resolver reacted in another way; the connection is as good as before.
    #[cfg(feature = "encrypted-dns")]
    Odd(io::Error),
}
