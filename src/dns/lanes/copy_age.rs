//! How long the resolver has had its copy in the cache: the authority's TTL less what is left of it
//! (RFC 1035 §3.2.1, RFC 2181 §8).
//!
//! Pure: both answers are given.

use std::collections::{HashMap, HashSet};

use crate::trace::{Record, RecordType};

/// How old a copy is, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CopyAge {
    /// `None` where the resolver may have cut the TTL short when it learned the record: nobody knows where it
    /// began to count.
    pub(crate) exact: Option<u32>,
    /// At most so much: what the authority gives, less what is left.
    pub(crate) at_most: u32,
}

/// How old a copy is, by the record that has lost least. `None` when a copy has more left than the authority
/// gives, so that the TTL was changed meanwhile or is not passed on; or when no record is known on both sides.
///
/// Any resolver may have a limit for TTLs. A record was not cut short when another of the answer has as much
/// left as this one was given, or when two of different TTLs have lost the same.
pub(crate) fn age(original: &[Record], copy: &[Record]) -> Option<CopyAge> {
    // A resolver may send thousands of records: each is looked at once.
    let mut given: HashMap<_, u32> = HashMap::new();
    for record in original {
        let ttl = given.entry(identity(record)).or_default();
        *ttl = record.ttl.max(*ttl);
    }
    let owners = dname_owners(original.iter().chain(copy));
    let copied: Vec<&Record> = copy.iter().filter(|copied| !is_synthesised(copied, &owners)).collect();
    let passed_on = copied.iter().map(|record| record.ttl).max()?;
    let mut losses: HashMap<u32, (u32, bool)> = HashMap::new();
    for record in copied {
        let Some(given) = given.get(&identity(record)) else { continue };
        let loss = given.checked_sub(record.ttl)?;
        let (first, is_exact) = losses.entry(loss).or_insert((*given, false));
        *is_exact = *is_exact || loss == 0 || passed_on >= *given || *first != *given;
    }
    let (at_most, (_, is_exact)) = losses.into_iter().min_by_key(|(loss, _)| *loss)?;
    Some(CopyAge { exact: is_exact.then_some(at_most), at_most })
}

/// What makes two records the same one, whatever time they have left.
fn identity(record: &Record) -> (RecordType, String, String) {
    (record.rtype, record.name.to_ascii_lowercase(), record.data.to_ascii_lowercase())
}

fn dname_owners<'r>(records: impl Iterator<Item = &'r Record>) -> HashSet<String> {
    let of_type = records.filter(|record| record.rtype == RecordType::DNAME);
    of_type.map(|record| record.name.to_ascii_lowercase()).collect()
}

/// Whether a CNAME was made from a DNAME at one of `owners`: its TTL is its maker's choice.
fn is_synthesised(record: &Record, owners: &HashSet<String>) -> bool {
    if record.rtype != RecordType::CNAME || owners.is_empty() {
        return false;
    }
    let name = record.name.to_ascii_lowercase();
    let mut above = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
    above.any(|above| owners.contains(above))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, ttl: u32) -> Record {
        Record { name: name.to_owned(), rtype: RecordType::A, ttl, data: String::new() }
    }

    const fn exactly(age: u32) -> Option<CopyAge> {
        Some(CopyAge { exact: Some(age), at_most: age })
    }

    const fn within(age: u32) -> Option<CopyAge> {
        Some(CopyAge { exact: None, at_most: age })
    }

    #[test]
    fn a_copy_is_as_old_as_the_time_it_has_lost() {
        let original = [record("a.test.", 300), record("b.test.", 60)];
        let copies = [record("A.test.", 263), record("b.test.", 23)];
        assert_eq!(age(&original, &copies), exactly(37), "both say the same");
        let copies = [record("a.test.", 290), record("b.test.", 20)];
        assert_eq!(age(&original, &copies), within(10), "of the record that has lost least");
        assert_eq!(age(&original, &[record("b.test.", 60)]), exactly(0));
        assert_eq!(age(&original, &[record("a.test.", 301)]), None, "more than the authority gives");
        assert_eq!(age(&original, &[record("c.test.", 1)]), None, "nothing to compare");
    }

    #[test]
    fn a_ttl_that_may_have_been_cut_short_says_only_how_old_the_copy_is_at_most() {
        for (given, left) in
            [(300, 30), (300, 263), (518_400, 86_042), (2_147_483_647, 604_799), (86_400, 7_200)]
        {
            let copies = [record("a.test.", left)];
            assert_eq!(age(&[record("a.test.", given)], &copies), within(given - left), "{given} {left}");
        }
        // Both were cut to thirty seconds.
        let original = [record("a.test.", 86_400), record("b.test.", 300)];
        assert_eq!(age(&original, &[record("a.test.", 30), record("b.test.", 30)]), within(270));
        // Whoever passes on 7000 s has not cut 300 s.
        let copies = [record("a.test.", 7_000), record("b.test.", 263)];
        assert_eq!(age(&original, &copies), exactly(37), "the other record's is known");
    }

    #[test]
    fn records_that_only_look_alike_say_nothing_of_the_age() {
        let of =
            |rtype, name: &str, ttl, data: &str| Record { rtype, data: data.to_owned(), ..record(name, ttl) };
        // Two records of one name with TTLs of their own.
        let a = |ttl, data| of(RecordType::A, "a.test.", ttl, data);
        let original = [a(300, "192.0.2.1"), a(60, "192.0.2.2")];
        assert_eq!(age(&original, &[a(55, "192.0.2.2"), a(295, "192.0.2.1")]), exactly(5));
        assert_eq!(age(&original, &[a(55, "192.0.2.3")]), None, "another address");
        // A resolver gives the CNAME that it makes of a DNAME a TTL of its own choice.
        let dname = |ttl| of(RecordType::DNAME, "old.test.", ttl, "new.test.");
        let cname = |ttl| of(RecordType::CNAME, "x.old.test.", ttl, "x.new.test.");
        assert_eq!(age(&[dname(300), cname(300)], &[dname(290), cname(0)]), within(10));
        assert_eq!(age(&[dname(300), cname(300)], &[cname(0)]), None);
        let other = of(RecordType::DNAME, "ld.test.", 300, "new.test.");
        assert_eq!(age(&[other, cname(300)], &[cname(293)]), within(7), "no label of it");
    }

    #[test]
    fn thousands_of_records_are_each_looked_at_once() {
        let many = |rtype, ttl| -> Vec<Record> {
            let record = |number| Record { rtype, ..record(&format!("a{number}.b{number}.test."), ttl) };
            (0..10_000).map(record).collect()
        };
        let all = |ttl| [many(RecordType::DNAME, ttl), many(RecordType::CNAME, ttl)].concat();
        let start = crate::clock::Stopwatch::start();
        assert_eq!(age(&all(300), &all(290)), within(10));
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
    }
}
