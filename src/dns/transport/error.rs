//! Why a query on a connection got no reply.

use std::io;

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
