//! Why a query on a connection got no reply.

use std::io;

/// An error with words of a library.
#[cfg(feature = "encrypted-dns")]
pub(crate) fn failed(what: &str, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{what}: {}", plain(&error.to_string())))
}

/// A library's words without the address of its manual.
pub(crate) fn plain(words: &str) -> String {
    words.split(": https://").next().unwrap_or_default().to_owned()
}

/// Why a question has no reply.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The connection has ended.
    Lost(io::Error),
    /// It was not looked at (RFC 9113 §8.7), and may be asked again.
    #[cfg(feature = "encrypted-dns")]
    Unprocessed(io::Error),
    /// The resolver reacted in another way; the connection is as good as before.
    #[cfg(feature = "encrypted-dns")]
    Odd(io::Error),
}
