//! What differs from one operating system to another: its errors, in words for people, and files that
//! one may have to wait for.

use std::fs::OpenOptions;
use std::io;
use std::net::IpAddr;

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

/// What stands in the words of [`barred`].
pub(crate) const OWN_ROUTE: &str = "a route of this machine";

/// The same for what it says at once, and of itself, where a route of its own lets nothing through to an address (Linux, the types of
/// `ip route`).
pub(crate) fn barred(error: &io::Error, to: IpAddr) -> Option<String> {
    // That is EINVAL, too: the address is not whole without its interface.
    let lacks_scope = matches!(to, IpAddr::V6(to) if to.is_unicast_link_local());
    let which = match error.raw_os_error()? {
        _ if !cfg!(target_os = "linux") => return None,
        libc::EINVAL if !lacks_scope => "of type blackhole",
        libc::EACCES => "of type prohibit, or a policy of its own",
        libc::EHOSTUNREACH => "of type unreachable",
        _ => return None,
    };
    Some(format!("{} ({OWN_ROUTE} {which})", words(error)))
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

    #[cfg(target_os = "linux")]
    #[test]
    fn a_route_that_lets_nothing_through_is_named() {
        let of = |code, to: &str| barred(&io::Error::from_raw_os_error(code), to.parse().unwrap());
        let told = of(libc::EINVAL, "10.1.2.3").unwrap();
        assert_eq!(told, "invalid argument (a route of this machine of type blackhole)");
        assert!(of(libc::EACCES, "fd01::5").unwrap().contains("of type prohibit"));
        assert!(of(libc::EHOSTUNREACH, "10.1.2.3").unwrap().contains("of type unreachable"));
        assert_eq!(of(libc::EINVAL, "fe80::1"), None, "it lacks its scope");
        assert_eq!(of(libc::ENETUNREACH, "10.1.2.3"), None);
    }
}
