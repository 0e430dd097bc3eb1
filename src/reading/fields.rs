//! The fields of a response by name, trimmed and cut: a value may be a megabyte long.

use crate::trace::{Header, members, parameter};

/// Characters of a value that are kept.
const KEPT: usize = 200;
/// Bytes of a value in which a word is looked for.
const SEARCHED: usize = 4_096;
/// Members of a list that are read.
const MEMBERS: usize = 32;

/// Fields of a response.
#[derive(Clone, Copy)]
pub(super) struct Fields<'t> {
    all: &'t [Header],
    /// A bit for each name, which others share: most of the many names that are asked for are in no response.
    names: u64,
}

/// The bit of a name, in any case.
pub(super) const fn bit(name: &str) -> u64 {
    let last = match name.as_bytes() {
        [.., last] => last.to_ascii_lowercase() as usize,
        [] => 0,
    };
    1 << ((name.len() * 7 + last) % 64)
}

impl<'t> Fields<'t> {
    pub(super) fn of(all: &'t [Header]) -> Self {
        Self { all, names: all.iter().fold(0, |names, field| names | bit(&field.name)) }
    }

    /// Whether there can be one of these names, by their bits.
    pub(super) const fn may_have(self, names: u64) -> bool {
        self.names & names != 0
    }

    fn named(self, name: &str) -> impl Iterator<Item = &'t Header> {
        let some = if self.may_have(bit(name)) { self.all } else { &[] };
        some.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// The first of that name that says anything.
    pub(super) fn value(self, name: &str) -> Option<String> {
        self.named(name).map(|field| clip(field.text().trim())).find(|value| !value.is_empty())
    }

    /// How many there are of that name.
    pub(super) fn count(self, name: &str) -> usize {
        self.named(name).count()
    }

    /// Whether one of that name has a word in it, which is ASCII, in any case.
    pub(super) fn says(self, name: &str, word: &str) -> bool {
        self.named(name).any(|field| {
            let start = &field.value[..field.value.len().min(SEARCHED)];
            let first = word.as_bytes().first();
            // Most places are passed by their first letter.
            start.windows(word.len().max(1)).any(|part| {
                first.is_some_and(|first| part[0].eq_ignore_ascii_case(first))
                    && part.eq_ignore_ascii_case(word.as_bytes())
            })
        })
    }

    /// The members of a list, each cut.
    pub(super) fn members(self, name: &str) -> Vec<String> {
        members(self.all, name).iter().take(MEMBERS).map(|member| clip(member)).collect()
    }

    /// The parameter `parameter` of the member of a list that is called `name`.
    pub(super) fn of_member(self, field: &str, name: &str, wanted: &str) -> Option<String> {
        let all = self.members(field);
        let found = all.iter().find(|member| first(member).eq_ignore_ascii_case(name))?;
        parameter(found, wanted)
    }
}

/// What stands before the parameters of a member, without quotes.
pub(super) fn first(member: &str) -> String {
    match member.strip_prefix('"') {
        Some(rest) => rest.split('"').next().unwrap_or_default().to_owned(),
        None => member.split(';').next().unwrap_or_default().trim().to_owned(),
    }
}

/// What a member of Via calls who wrote it: `1.1 varnish (Varnish/7.1)`.
pub(super) fn via_name(member: &str) -> &str {
    member.split_once(' ').map_or(member, |(_, name)| name.trim())
}

/// The beginning of a text that is too long.
pub(super) fn clip(text: &str) -> String {
    text.chars().take(KEPT).collect()
}

/// Milliseconds as a decimal number, in microseconds.
pub(super) fn millis(text: &str) -> Option<u64> {
    let number: f64 = text.trim().parse().ok()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the range is checked
    (0.0..1e9).contains(&number).then(|| (number * 1_000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_that_share_a_bit_and_found_in_any_case() {
        let header = |name: &str| Header { name: name.to_owned(), value: b"Hit".to_vec() };
        let headers = [header("X-CACHE"), header("age")];
        let fields = Fields::of(&headers);
        assert_eq!((fields.count("x-cache"), fields.count("Age")), (1, 1));
        let other = "b-cache";
        assert_eq!(bit(other), bit("x-cache"));
        assert_eq!((fields.may_have(bit(other)), fields.count(other), fields.value("")), (true, 0, None));
    }
}
