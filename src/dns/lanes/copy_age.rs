//! How long the resolver has had its copy in the cache: the authority's TTL less what is left of it
//! (RFC 1035 §3.2.1, RFC 2181 §8).
//!
//! Pure: both answers are given.

use std::collections::{HashMap, HashSet};

use crate::trace::{Record, RecordType};

/// Beyond so many seconds resolvers cut a TTL short, as they come: systemd-resolved, Google's, Unbound
/// and PowerDNS, BIND.
const USUAL_LIMITS: [u32; 4] = [7_200, 21_600, 86_400, 604_800];

/// How old a copy is: what the authority gave, less what is left, of the record that has lost least.
/// `None` when a copy has more left than the authority gives, so that the TTL was changed meanwhile or
/// is not passed on; or when no record is known on both sides. One that a resolver may have cut short
/// says nothing: nobody knows where it began to count.
pub(crate) fn age(original: &[Record], copy: &[Record]) -> Option<u32> {
    // A resolver may send thousands of records: each is looked at once.
    let mut given: HashMap<_, u32> = HashMap::new();
    for record in original {
        let ttl = given.entry(identity(record)).or_default();
        *ttl = record.ttl.max(*ttl);
    }
    let owners = dname_owners(original.iter().chain(copy));
    let ages: Option<Vec<u32>> = copy
        .iter()
        .filter(|copied| !is_synthesised(copied, &owners))
        .filter_map(|copied| {
            let given = *given.get(&identity(copied))?;
            (!may_be_cut(given, copied.ttl)).then(|| given.checked_sub(copied.ttl))
        })
        .collect();
    ages?.into_iter().min()
}

/// Whether what is left can be the rest of one of the usual limits in place of what was given.
fn may_be_cut(given: u32, left: u32) -> bool {
    USUAL_LIMITS.iter().any(|limit| left <= *limit && *limit < given)
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

    #[test]
    fn a_copy_is_as_old_as_the_time_it_has_lost() {
        let original = [record("a.test.", 300), record("b.test.", 60)];
        assert_eq!(age(&original, &[record("A.test.", 263)]), Some(37));
        let copies = [record("a.test.", 290), record("b.test.", 20)];
        assert_eq!(age(&original, &copies), Some(10), "of the record that has lost least");
        assert_eq!(age(&original, &[record("a.test.", 301)]), None, "more than the authority gives");
        assert_eq!(age(&original, &[record("c.test.", 1)]), None, "nothing to compare");
    }

    #[test]
    fn a_ttl_that_may_have_been_cut_short_says_nothing_of_the_age() {
        for (given, left, want) in [
            (518_400, 86_042, None),
            (2_147_483_647, 86_250, None),
            (2_147_483_647, 604_799, None),
            (172_800, 21_000, None),
            (86_400, 7_200, None),
            // No usual limit leaves so much of it.
            (86_400, 86_000, Some(400)),
            (604_800, 604_000, Some(800)),
            (7_200, 100, Some(7_100)),
            (3_600, 3_599, Some(1)),
        ] {
            assert_eq!(age(&[record("a.test.", given)], &[record("a.test.", left)]), want, "{given} {left}");
        }
        let original = [record("a.test.", 86_400), record("b.test.", 300)];
        let copies = [record("a.test.", 7_000), record("b.test.", 263)];
        assert_eq!(age(&original, &copies), Some(37), "the other record's is known");
    }

    #[test]
    fn records_that_only_look_alike_say_nothing_of_the_age() {
        let of =
            |rtype, name: &str, ttl, data: &str| Record { rtype, data: data.to_owned(), ..record(name, ttl) };
        // Two records of one name with TTLs of their own.
        let a = |ttl, data| of(RecordType::A, "a.test.", ttl, data);
        let original = [a(300, "192.0.2.1"), a(60, "192.0.2.2")];
        assert_eq!(age(&original, &[a(55, "192.0.2.2"), a(295, "192.0.2.1")]), Some(5));
        assert_eq!(age(&original, &[a(55, "192.0.2.3")]), None, "another address");
        // A resolver gives the CNAME that it makes of a DNAME a TTL of its own choice.
        let dname = |ttl| of(RecordType::DNAME, "old.test.", ttl, "new.test.");
        let cname = |ttl| of(RecordType::CNAME, "x.old.test.", ttl, "x.new.test.");
        assert_eq!(age(&[dname(300), cname(300)], &[dname(290), cname(0)]), Some(10));
        assert_eq!(age(&[dname(300), cname(300)], &[cname(0)]), None);
        let other = of(RecordType::DNAME, "ld.test.", 300, "new.test.");
        assert_eq!(age(&[other, cname(300)], &[cname(293)]), Some(7), "no label of it");
    }

    #[test]
    fn thousands_of_records_are_each_looked_at_once() {
        let many = |rtype, ttl| -> Vec<Record> {
            let record = |number| Record { rtype, ..record(&format!("a{number}.b{number}.test."), ttl) };
            (0..10_000).map(record).collect()
        };
        let all = |ttl| [many(RecordType::DNAME, ttl), many(RecordType::CNAME, ttl)].concat();
        let start = crate::clock::Stopwatch::start();
        assert_eq!(age(&all(300), &all(290)), Some(10));
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
    }
}
