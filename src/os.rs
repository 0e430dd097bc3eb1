//! What differs from one operating system to another: its errors, in words for people, and files that
//! one may have to wait for.

use std::fs::OpenOptions;
use std::io;

/// What the system says, in lower case and without Rust's `(os error 101)`.
#[must_use]
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        // A sentence begins; an abbreviation stays.
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

/// Opens a file without waiting for whoever is to be on its other side, and never waits to write it.
#[cfg(unix)]
pub(crate) fn without_waiting(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
}

/// Opens a file; only Unix has files that one may have to wait for.
#[cfg(not(unix))]
pub(crate) fn without_waiting(_: &mut OpenOptions) {}

/// Whether a FIFO could not be opened because nobody reads it (POSIX `open`: ENXIO).
pub(crate) fn has_no_reader(error: &io::Error) -> bool {
    cfg!(unix) && error.raw_os_error() == Some(libc::ENXIO)
}

/// Whether a connect has begun and is not over (POSIX `connect`: EINPROGRESS).
pub(crate) fn is_in_progress(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || cfg!(unix) && error.raw_os_error() == Some(libc::EINPROGRESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_goes_and_the_words_stay() {
        assert_eq!(words(&io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(words(&io::Error::other("TLS alert")), "TLS alert");
    }
}
