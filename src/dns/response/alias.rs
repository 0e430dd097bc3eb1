//! CNAME and DNAME chains inside one reply (RFC 1034 §3.6.2, RFC 6672). Nothing is asked here.

use hickory_resolver::proto::rr::Name;

use crate::dns::wire::message::{Data, Rr};
use crate::dns::wire::name::name_text;
use crate::trace::RecordType;

/// Aliases followed inside one reply; the walk's own limit is lower.
const MAX_CHAIN: usize = 16;

/// Where the aliases of a chain lead, in order. Of several CNAMEs at one name the first one is followed.
pub(crate) fn alias_targets(chain: &[Rr]) -> impl Iterator<Item = &Name> {
    let mut owner = None;
    chain.iter().filter_map(move |rr| match &rr.data {
        Data::Cname(target) if owner != Some(&rr.name) => {
            owner = Some(&rr.name);
            Some(target)
        }
        _ => None,
    })
}

/// The name asked for and the targets of a chain of aliases.
pub(crate) fn alias_names(chain: &[Rr], qname: &Name) -> Vec<Name> {
    std::iter::once(qname).chain(alias_targets(chain)).cloned().collect()
}

/// The names of a chain of aliases that comes back to itself.
pub(crate) fn alias_loop(chain: &[Rr], qname: &Name) -> Option<Vec<Name>> {
    let names = alias_names(chain, qname);
    let (end, before) = names.split_last()?;
    before.contains(end).then_some(names)
}

/// Aliases from the name asked to where they end, and the records found there.
pub(crate) struct Chain {
    pub(crate) links: Vec<Rr>,
    pub(crate) end: Name,
    pub(crate) records: Vec<Rr>,
    /// The chain left the zone: nothing after that was read.
    pub(crate) outside: bool,
}

/// The aliases before a DNAME, itself the last, that makes a name longer than names may be (RFC 6672 §2.2).
pub(crate) struct TooLong(pub(crate) Vec<Rr>);

/// Follows the aliases of an answer section, inside `zone` only when one is given.
pub(crate) fn follow(
    answers: &[Rr],
    qname: &Name,
    qtype: RecordType,
    zone: Option<&Name>,
) -> Result<Chain, TooLong> {
    let mut chain = Chain { links: Vec::new(), end: qname.clone(), records: Vec::new(), outside: false };
    let mut seen = vec![qname.clone()];
    while seen.len() <= MAX_CHAIN {
        if zone.is_some_and(|zone| !zone.zone_of(&chain.end)) {
            chain.outside = true;
            break;
        }
        let wanted = |rr: &&Rr| rr.name == chain.end && (rr.rtype == qtype || qtype == RecordType::ANY);
        // Below a DNAME the owner may have the case of letters of the question.
        let renamed = chain.links.iter().any(|rr| rr.rtype == RecordType::DNAME);
        let plain = |rr: &Rr| Rr { name: if renamed { &chain.end } else { &rr.name }.clone(), ..rr.clone() };
        chain.records = answers.iter().filter(wanted).map(plain).collect();
        if !chain.records.is_empty() {
            if qtype == RecordType::CNAME
                && let Some(Link { mut records, .. }) = alias(answers, &chain.end, zone)?
                && records[0].rtype == RecordType::DNAME
            {
                // Made of a DNAME, which is a part of the answer (RFC 6672 §3.1).
                chain.records = records.split_off(1);
                chain.links.extend(records);
            }
            break;
        }
        let links = match alias(answers, &chain.end, zone) {
            Ok(Some(links)) => links,
            Ok(None) => break,
            Err(TooLong(dname)) => return Err(TooLong([chain.links, dname].concat())),
        };
        chain.end = links.target;
        chain.links.extend(links.records);
        if seen.contains(&chain.end) {
            break; // a loop: the walk, which knows the whole chain, names it
        }
        seen.push(chain.end.clone());
    }
    Ok(chain)
}

pub(crate) struct Link {
    pub(crate) records: Vec<Rr>,
    pub(crate) target: Name,
}

/// The alias at a name: its CNAME, those that stand beside it although one alone may (RFC 2181 §10.1), or a
/// DNAME above it with the CNAME that follows from it, whatever CNAME came along (RFC 6672 §3.1).
pub(crate) fn alias(answers: &[Rr], name: &Name, zone: Option<&Name>) -> Result<Option<Link>, TooLong> {
    let own = |rr: &&Rr| rr.name == *name && matches!(rr.data, Data::Cname(_));
    let dname = answers.iter().find_map(|rr| match &rr.data {
        Data::Dname(target)
            if rr.name != *name
                && rr.name.zone_of(name)
                && zone.is_none_or(|zone| zone.zone_of(&rr.name)) =>
        {
            Some((rr, target))
        }
        _ => None,
    });
    let Some((dname, replacement)) = dname else {
        let records: Vec<Rr> = answers.iter().filter(own).take(MAX_CHAIN).cloned().collect();
        let target = alias_targets(&records).next().cloned();
        return Ok(target.map(|target| Link { records, target }));
    };
    let target = substitute(name, &dname.name, replacement).ok_or_else(|| TooLong(vec![dname.clone()]))?;
    let ttl = answers.iter().find(own).map_or(dname.ttl, |rr| rr.ttl);
    let data = Data::Cname(target.clone());
    let made = Rr { name: name.clone(), rtype: RecordType::CNAME, ttl, data };
    Ok(Some(Link { records: vec![dname.clone(), made], target }))
}

/// RFC 6672 §2.2: the owner at the end of `name` gives way to the DNAME's target.
fn substitute(name: &Name, owner: &Name, target: &Name) -> Option<Name> {
    let kept = name.iter().len().saturating_sub(owner.iter().len());
    Name::from_labels(name.iter().take(kept).chain(target.iter())).ok()
}

/// Aliases, as a chain in a message.
pub(crate) fn arrows(names: &[Name]) -> String {
    names.iter().map(name_text).collect::<Vec<_>>().join(" -> ")
}
