//! Which part of a host name its owner has registered, by the Public Suffix List: who is one's own, who is somebody
//! else, and which names registries run.
//!
//! The list is packed by the build (`rules.txt`; to renew it, write the list's rules in the form that its head
//! tells). A name that it does not know has its last label for a suffix, as the list's own algorithm says.

use std::borrow::Cow;

use crate::packed::SUFFIXES;

/// Whose rules count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    /// Those of registries.
    Registries,
    /// Those of everybody who lets others have names (`github.io`), too.
    All,
}

/// Unpacks the list, so that nothing is worked on when it is first asked.
pub(crate) fn load() {
    SUFFIXES.text();
}

/// The registered name that a host belongs to: a suffix and one label more. A host without one, such as an address or a
/// suffix, is its own site.
#[must_use]
pub(crate) fn site(host: &str) -> Cow<'_, str> {
    let host = host.trim_end_matches('.');
    let is_address = host.contains(':')
        || host
            .rsplit('.')
            .next()
            .is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    let name = lower(host);
    if is_address {
        return name;
    }
    let starts = starts(&name);
    let own = suffix(&name, &starts, Section::All).and_then(|suffix| suffix.checked_sub(1));
    match own {
        Some(own) => name[starts[own]..].to_owned().into(),
        None => name,
    }
}

/// Whether names below this one are registered: the root, a top-level domain, `co.uk`.
#[must_use]
pub(crate) fn is_registry(name: &str) -> bool {
    let name = lower(name.trim_end_matches('.'));
    let starts = starts(&name);
    starts.len() <= 1 || suffix(&name, &starts, Section::Registries) == Some(0)
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        name.to_ascii_lowercase().into()
    } else {
        name.into()
    }
}

/// Where each label begins.
fn starts(name: &str) -> Vec<usize> {
    if name.is_empty() {
        return Vec::new();
    }
    std::iter::once(0).chain(name.match_indices('.').map(|(at, _)| at + 1)).collect()
}

/// The label that the suffix of a name begins with: that of the longest rule, exceptions first.
fn suffix(name: &str, starts: &[usize], section: Section) -> Option<usize> {
    // The longest rules have few labels; names may have many.
    const DEEPEST: usize = 8;
    let last = starts.len().checked_sub(1)?;
    for label in starts.len().saturating_sub(DEEPEST)..=last {
        let own = marks(&name[starts[label]..]);
        if label < last && has(own, b'!', section) {
            return Some(label + 1);
        }
        let below = starts.get(label + 1).is_some_and(|start| has(marks(&name[*start..]), b'*', section));
        if below || has(own, b'=', section) {
            return Some(label);
        }
    }
    Some(last)
}

/// Whether a mark stands among a rule's, for a section.
fn has(marks: &str, mark: u8, section: Section) -> bool {
    let marks = marks.as_bytes();
    let is = |(at, own): (usize, &u8)| {
        *own == mark && (section == Section::All || marks.get(at + 1) != Some(&b'p'))
    };
    marks.iter().enumerate().any(is)
}

/// The marks of a name, by bisection over the sorted lines; none where it is not there.
fn marks(name: &str) -> &'static str {
    let text = SUFFIXES.text();
    let (mut low, mut high) = (0, text.len());
    while low < high {
        let middle = low + (high - low) / 2;
        // No character beyond ASCII is in it but in nothing that is compared; lines end in line feeds.
        let bytes = text.as_bytes();
        let start = bytes[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = bytes[start..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| start + at);
        let Some((own, marks)) = text.get(start..end).and_then(|line| line.rsplit_once(' ')) else { break };
        match own.cmp(name) {
            std::cmp::Ordering::Equal => return marks,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_by_the_list() {
        // The list's own test cases, and some of the web.
        for (host, expected) in [
            ("example.com", "example.com"),
            ("WwW.Example.COM", "example.com"),
            ("a.b.example.com.", "example.com"),
            ("com", "com"),
            ("b.example.uk.com", "example.uk.com"),
            ("uk.com", "uk.com"),
            ("test.ac", "test.ac"),
            ("b.c.mm", "b.c.mm"),
            ("a.b.c.mm", "b.c.mm"),
            ("test.jp", "test.jp"),
            ("www.test.ac.jp", "test.ac.jp"),
            ("kyoto.jp", "kyoto.jp"),
            ("a.b.ide.kyoto.jp", "b.ide.kyoto.jp"),
            ("a.b.c.kobe.jp", "b.c.kobe.jp"),
            ("www.city.kobe.jp", "city.kobe.jp"),
            ("b.c.ck", "b.c.ck"),
            ("www.www.ck", "www.ck"),
            ("www.test.k12.ak.us", "test.k12.ak.us"),
            ("www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
            ("www.example.co.uk", "example.co.uk"),
            ("someone.github.io", "someone.github.io"),
            ("a.someone.github.io", "someone.github.io"),
            ("host", "host"),
            ("a.b.unlisted", "b.unlisted"),
            ("192.0.2.1", "192.0.2.1"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("", ""),
            (".", ""),
            ("..", ""),
        ] {
            assert_eq!(site(host), expected, "{host}");
        }
    }

    #[test]
    fn registries_are_those_of_their_own_section() {
        for (name, expected) in [
            ("", true),
            (".", true),
            ("com.", true),
            ("test", true),
            ("co.uk.", true),
            ("uk.", true),
            ("CO.UK", true),
            ("bbc.uk", false),
            ("github.io", false),
            ("io", true),
            ("x.ck", true),
            ("www.ck", false),
            ("k12.ak.us", true),
            ("example.com", false),
            ("ibm.de", false),
        ] {
            assert_eq!(is_registry(name), expected, "{name}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_whole() {
        let lines: Vec<&str> = SUFFIXES.text().lines().collect();
        assert!(lines.len() > 10_000, "{}", lines.len());
        let names: Vec<&str> = lines.iter().map(|line| line.rsplit_once(' ').unwrap().0).collect();
        assert!(names[3..].windows(2).all(|pair| pair[0] < pair[1]));
        for line in &lines[3..] {
            let (name, marks) = line.rsplit_once(' ').unwrap();
            assert_eq!(super::marks(name), marks);
            assert!(name.is_ascii() && marks.bytes().all(|byte| b"=*!p".contains(&byte)), "{line}");
        }
        let name = "a.".repeat(100_000);
        assert!(site(&name).len() < 16, "a name of many labels is looked at from its end");
    }
}
