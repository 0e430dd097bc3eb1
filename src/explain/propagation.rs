//! What the copies of an answer mean for somebody who changes it: which are old, and for how long (RFC 1035
//! §3.2.1, RFC 2308 §5).
//!
//! Words for facts of the model: who is asked, and who differs, is decided elsewhere.

use super::dns_words::holder;
use crate::trace::{Copied, Dns, DnsLane, Keeper, Propagation, Record};

/// Holders that are named in a sentence.
const NAMED: usize = 4;

/// What the copies mean for a change of the records: a sentence each.
#[must_use]
pub fn advice(dns: &Dns, propagation: &Propagation) -> Vec<String> {
    let given = Given::of(dns, &propagation.copies);
    let (copies, stale_for) = (&propagation.copies, propagation.stale_for);
    let kept = || copies.iter().filter(|copy| copy.keeper != Keeper::Authority && copy.agrees.is_some());
    let differ = kept().filter(|copy| copy.agrees == Some(false)).count();
    let mut advice = Vec::new();
    match (kept().count(), differ, stale_for) {
        (0, ..) => advice.push("no resolver answered: nothing is known of copies".to_owned()),
        (all, 0, _) => {
            advice.push(format!("every resolver that answered ({all}) has what the authority says"));
        }
        (all, differ, Some(seconds)) => advice.push(format!(
            "{differ} of {all} resolvers have something else: the last of these copies is gone in {seconds} s"
        )),
        (all, differ, None) => advice.push(format!("{differ} of {all} resolvers have something else")),
    }
    let mut authority = copies.iter().filter(|copy| copy.keeper == Keeper::Authority);
    if authority.any(|copy| copy.agrees == Some(false)) {
        advice.push("the zone's own servers differ: see --all-ns".to_owned());
    }
    let Some(given) = given.as_ref().filter(|given| given.most > 0) else { return advice };
    let Given { what, least, most, .. } = given;
    let now = if least == most { format!("{most} s") } else { format!("{least} s to {most} s, by server") };
    advice.push(format!(
        "before a change lower the TTL of {what} (now {now}) and wait {most} s: then old copies live as long as \
         the new TTL"
    ));
    let late = kept().filter_map(|copy| {
        given.excess(copy).map(|left| format!("{} ({left} s)", holder(propagation, copy)))
    });
    let late: Vec<String> = late.collect();
    if !late.is_empty() {
        let more = late.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        advice.push(format!(
            "longer than the zone gives ({most} s) is what is left at {}{more}: taken while the TTL was higher, or \
             kept against RFC 1035; a wait of {most} s does not end that",
            late[..late.len().min(NAMED)].join(", ")
        ));
    }
    advice
}

/// What the zone gives for the name's own records, the first of a chain of aliases: a change is made
/// there. Servers may differ.
#[derive(Debug)]
struct Given {
    /// The owner and the type, or what there is in their place.
    what: String,
    owner: String,
    least: u32,
    most: u32,
}

impl Given {
    fn of(dns: &Dns, copies: &[Copied]) -> Option<Self> {
        let walked = (dns.lane == DnsLane::Walk).then_some(&dns.answers);
        let authority = || copies.iter().filter(|copy| copy.keeper == Keeper::Authority);
        let heard = authority().map(|copy| &copy.answers).chain(walked);
        let own: Vec<&Record> = heard.flat_map(|answers| own(answers, &dns.name)).collect();
        let denied = walked.and(dns.negative.as_ref()).and_then(|negative| negative.ttl);
        let denied =
            authority().filter(|copy| copy.answers.is_empty()).filter_map(|copy| copy.ttl).chain(denied);
        let (what, ttls): (_, Vec<u32>) = match own.first() {
            Some(first) => {
                let what = format!("{} {}", dns.name, first.rtype.mnemonic());
                (what, own.iter().map(|record| record.ttl).collect())
            }
            None if dns.answers.is_empty() => ("absence in the zone's SOA".to_owned(), denied.collect()),
            None => return None,
        };
        let (least, most) = (ttls.iter().min().copied()?, ttls.iter().max().copied()?);
        Some(Self { what, owner: dns.name.clone(), least, most })
    }

    /// How much longer than that a copy will stay, if it does.
    fn excess(&self, copy: &Copied) -> Option<u32> {
        let own = own(&copy.answers, &self.owner).map(|record| record.ttl).max();
        let left = own.or(if copy.answers.is_empty() { copy.ttl } else { None });
        left.filter(|left| *left > self.most)
    }
}

fn own<'r>(records: &'r [Record], owner: &'r str) -> impl Iterator<Item = &'r Record> {
    records.iter().filter(move |record| record.name.eq_ignore_ascii_case(owner))
}
