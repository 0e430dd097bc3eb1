//! Words of the model that live as long as the program: reasons, names of options, names by a standard.
//!
//! In a trace they come from the program's own text. One of a document is kept for good, each once; there are few, so
//! that more than a limit are no document's.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Words that are kept in the life of a process: the program has some hundred of its own.
const MOST: usize = 4_096;
/// Bytes that one may have.
const LONGEST: usize = 512;

static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The word, to be kept; `None` for one that is too long, or one too many.
pub(super) fn kept(word: &str) -> Option<&'static str> {
    // Nothing can be left half done by whoever held it.
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(word) {
        return Some(known);
    }
    if all.len() >= MOST || word.len() > LONGEST {
        return None;
    }
    let word: &'static str = Box::leak(word.into());
    all.insert(word);
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_kept_once_and_a_long_one_is_none() {
        let (one, again) =
            (kept("the host is an IP address").unwrap(), kept("the host is an IP address").unwrap());
        assert!(std::ptr::eq(one, again));
        assert_eq!(kept(&"x".repeat(LONGEST + 1)), None);
    }
}
