//! CNAME and DNAME chains inside one reply (RFC 1034 §3.6.2, RFC 6672). Nothing is asked here.

use hickory_resolver::proto::rr::Name;

use crate::dns::wire::message::{Data, Rr};
use crate::dns::wire::name::name_text;
use crate::trace::RecordType;

/// Aliases followed inside one reply; the walk's own limit is lower.
const MAX_CHAIN: usize = 16;

/// Where a CNAME leads.
pub(crate) fn alias_target(rr: &Rr) -> Option<&Name> {
    match &rr.data {
        Data::Cname(target) => Some(target),
        _ => None,
    }
}

/// The name asked for and the targets of a chain of aliases.
pub(crate) fn alias_names(chain: &[Rr], qname: &Name) -> Vec<Name> {
    std::iter::once(qname).chain(chain.iter().filter_map(alias_target)).cloned().collect()
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

/// Follows the aliases of an answer section, inside `zone` only when one is given.
pub(crate) fn follow(
    answers: &[Rr],
    qname: &Name,
    qtype: RecordType,
    zone: Option<&Name>,
) -> Result<Chain, String> {
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
                && records.len() > 1
            {
                // Made of a DNAME, which is a part of the answer (RFC 6672 §3.1).
                chain.records = records.split_off(1);
                chain.links.extend(records);
            }
            break;
        }
        let Some(links) = alias(answers, &chain.end, zone)? else { break };
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

/// The alias at a name: a CNAME, or a DNAME above it with the CNAME that follows from it.
pub(crate) fn alias(answers: &[Rr], name: &Name, zone: Option<&Name>) -> Result<Option<Link>, String> {
    let cname = answers.iter().find_map(|rr| match &rr.data {
        Data::Cname(target) if rr.name == *name => Some((rr, target)),
        _ => None,
    });
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
        return Ok(cname.map(|(rr, target)| Link { records: vec![rr.clone()], target: target.clone() }));
    };
    let target = substitute(name, &dname.name, replacement)?;
    let made = match cname {
        Some((_, given)) if *given != target => {
            return Err(format!(
                "its CNAME for {} leads to {}, its DNAME to {}",
                name_text(name),
                name_text(given),
                name_text(&target)
            ));
        }
        // Its labels from the question came back in the case they were asked in.
        Some((rr, _)) => Rr { data: Data::Cname(target.clone()), ..rr.clone() },
        // RFC 6672 §3.1: a server may leave the CNAME to us.
        None => Rr {
            name: name.clone(),
            rtype: RecordType::CNAME,
            ttl: dname.ttl,
            data: Data::Cname(target.clone()),
        },
    };
    Ok(Some(Link { records: vec![dname.clone(), made], target }))
}

/// RFC 6672 §2.2: the owner at the end of `name` gives way to the DNAME's target.
fn substitute(name: &Name, owner: &Name, target: &Name) -> Result<Name, String> {
    let kept = name.iter().len().saturating_sub(owner.iter().len());
    let labels = name.iter().take(kept).chain(target.iter());
    Name::from_labels(labels).map_err(|_| {
        format!("its DNAME for {} makes {} longer than a name may be", name_text(owner), name_text(name))
    })
}

/// Aliases, as a chain in a message.
pub(crate) fn arrows(names: &[Name]) -> String {
    names.iter().map(name_text).collect::<Vec<_>>().join(" -> ")
}
