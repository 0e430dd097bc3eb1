//! The operating system's errors, in words for people.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_goes_and_the_words_stay() {
        assert_eq!(words(&io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(words(&io::Error::other("TLS alert")), "TLS alert");
    }
}
