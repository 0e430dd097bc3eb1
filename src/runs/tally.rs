//! What came of many URLs: how many were traced, where the others failed, and how their totals spread.

use std::collections::BTreeMap;

use super::spread::Spread;

/// What came of one URL of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Came {
    /// It was traced, and was as it was wanted.
    Traced,
    /// A line of a list that cannot be used.
    BadLine,
    /// It failed at the URL itself.
    Url,
    /// No address was found.
    Dns,
    /// No connection.
    Tcp,
    /// No TLS.
    Tls,
    /// No valid response.
    Http,
    /// Another status than was wanted.
    Status,
    /// A limit was broken.
    Limit,
    /// This machine's fault.
    Here,
}

impl Came {
    /// The word for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Traced => "traced",
            Self::BadLine => "line",
            Self::Url => "url",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Status => "status",
            Self::Limit => "limit",
            Self::Here => "here",
        }
    }
}

/// The count of many URLs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    came: BTreeMap<Came, usize>,
    totals: Vec<u64>,
    /// The exit code of the first that failed, by the order in which they were given, and its place.
    first_failed: Option<(usize, u8)>,
}

impl Tally {
    /// Counts one: its place, what came of it, its exit code, and its total in microseconds where it was traced.
    pub fn count(&mut self, place: usize, came: Came, code: u8, total: Option<u64>) {
        *self.came.entry(came).or_default() += 1;
        self.totals.extend(total);
        if came != Came::Traced && self.first_failed.is_none_or(|(first, _)| place < first) {
            self.first_failed = Some((place, code));
        }
    }

    /// How many there were.
    #[must_use]
    pub fn all(&self) -> usize {
        self.came.values().sum()
    }

    /// How many were traced, and as they were wanted.
    #[must_use]
    pub fn traced(&self) -> usize {
        self.came.get(&Came::Traced).copied().unwrap_or_default()
    }

    /// How the others failed, and how many of each.
    pub fn failed(&self) -> impl Iterator<Item = (Came, usize)> {
        self.came.iter().filter(|(came, _)| **came != Came::Traced).map(|(came, many)| (*came, *many))
    }

    /// The exit code of the first that failed, by the order in which they were given.
    #[must_use]
    pub fn first_code(&self) -> Option<u8> {
        self.first_failed.map(|(_, code)| code)
    }

    /// How the totals of those spread that no stage failed.
    #[must_use]
    pub fn totals(&self) -> Option<Spread> {
        Spread::of(self.totals.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_failed_is_the_first_that_was_given() {
        let mut tally = Tally::default();
        assert_eq!((tally.all(), tally.first_code(), tally.totals()), (0, None, None));
        tally.count(5, Came::Tls, 6, None);
        tally.count(0, Came::Traced, 0, Some(20));
        tally.count(2, Came::Status, 8, Some(10));
        tally.count(3, Came::Tls, 6, None);
        assert_eq!((tally.all(), tally.traced(), tally.first_code()), (4, 1, Some(8)));
        assert_eq!(tally.failed().collect::<Vec<_>>(), [(Came::Tls, 2), (Came::Status, 1)]);
        assert_eq!(tally.totals().unwrap().median(), 10);
    }
}
