//! Classification of a recursive resolver's response (RFC 1034 §4.3.1, RFC 2308 §2). No I/O.

use hickory_resolver::proto::rr::Name;

use crate::dns::response::alias::{Chain, TooLong, alias, follow};
use crate::dns::response::classify::{
    Absence, EMPTY_WITHOUT_RECURSION, Question, Verdict, absent, judge_header, referral, soa, yxdomain,
};
use crate::dns::wire::message::{Data, Reply};
use crate::dns::wire::name::name_text;
use crate::trace::Rcode;

/// Judges the reply of a recursive resolver: it is complete, and believed as given.
///
/// A reply that leaves the question open is no answer, whatever its code: a referral, an alias that was
/// not followed, or came back to itself, an empty reply of a server that offers no recursion.
pub(crate) fn classify_recursive(reply: &Reply, asked: &Question<'_>) -> Verdict {
    if let Some(verdict) = judge_header(reply, asked) {
        return verdict;
    }
    match follow(&reply.answers, asked.qname, asked.qtype, None) {
        Err(TooLong(chain)) => Verdict::Yxdomain { chain, made: None },
        Ok(chain) if reply.header.rcode == Rcode::YXDOMAIN => yxdomain(chain),
        Ok(chain) if !chain.records.is_empty() => {
            Verdict::Answer { chain: chain.links, records: chain.records }
        }
        Ok(chain) => judge_without_records(reply, asked, chain),
    }
}

/// What a resolver means that has no record at the end of the aliases.
fn judge_without_records(reply: &Reply, asked: &Question<'_>, chain: Chain) -> Verdict {
    let root = Name::root();
    let (header, end) = (&reply.header, &chain.end);
    if header.rcode == Rcode::NXDOMAIN {
        return absent(reply, &root, end, asked.qtype, Absence::Name, chain.links);
    }
    // Only a loop, or the limit, ends a chain where there is another alias.
    let is_open = matches!(alias(&reply.answers, end, None), Ok(Some(_)));
    if is_open {
        return Verdict::Alias { target: chain.end, chain: chain.links };
    }
    if soa(reply, &root, end).is_some() {
        return absent(reply, &root, end, asked.qtype, Absence::Type, chain.links);
    }
    let is_ours = |owner: &Name| owner == end || chain.links.iter().any(|rr| rr.name == *owner);
    if let Some(foreign) = reply.answers.iter().find(|rr| !is_ours(&rr.name)) {
        let (owner, end) = (name_text(&foreign.name), name_text(end));
        return Verdict::Malformed { reason: format!("it has records of {owner}, and none of {end}") };
    }
    // RFC 2308 §2.2: without an SOA, NS records make it a referral.
    let owners = || reply.authorities.iter().filter(|rr| matches!(rr.data, Data::Ns(_))).map(|rr| &rr.name);
    let cut = owners().find(|owner| owner.zone_of(end)).or_else(|| owners().next());
    if let Some(cut) = cut.filter(|_| !header.authoritative && chain.links.is_empty()) {
        return Verdict::Referral(referral(reply, &root, cut));
    }
    if header.recursion_available || header.authoritative && chain.links.is_empty() {
        return absent(reply, &root, end, asked.qtype, Absence::Type, chain.links);
    }
    if chain.links.is_empty() {
        return Verdict::Lame { reason: EMPTY_WITHOUT_RECURSION, spare: None };
    }
    Verdict::Alias { target: chain.end, chain: chain.links }
}
