//! A resolver's reply, taken apart: it may hold an alias of one zone, one of another, and the answer
//! of a third, where each zone's own servers would have said their part.
//!
//! Pure, and without any cryptography. Which zone a part belongs to is told by who signed it; where
//! nobody did, it is the deepest zone above that is known. Leaving records out can only make less
//! provable.

use std::collections::HashSet;
use std::rc::Rc;

use hickory_resolver::proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType as WireType};

use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::evidence::{AskedReply, Evidence, Fetched, Sections, Source, ZoneReply};
use crate::dns::dnssec::rrset::{RrSet, cname_target, record_sets, substituted};

/// Parts of one reply: the same as resolvers follow aliases.
const MAX_PARTS: usize = 17;

/// The answers, each by the zone it belongs to.
pub(crate) fn answers(evidence: &Evidence, anchors: &Anchors) -> Vec<AskedReply> {
    match evidence.source {
        Source::Servers => evidence.asked.clone(),
        Source::Resolver => evidence.asked.iter().flat_map(|asked| parts(evidence, asked, anchors)).collect(),
    }
}

/// The parts, in the order of the aliases; the last is what they end in.
fn parts(evidence: &Evidence, asked: &AskedReply, anchors: &Anchors) -> Vec<AskedReply> {
    let message = &asked.reply.message;
    let sets = record_sets(&message.answers);
    let mut parts: Vec<AskedReply> = Vec::new();
    let mut name = asked.qname.clone();
    while parts.len() < MAX_PARTS && !parts.iter().any(|part| part.qname == name) {
        let alias = alias_at(&sets, &name, asked.qtype);
        let zone = match &alias {
            Some((set, _)) => {
                deepest_signer(evidence, set.signatures.iter().copied(), set.owner, WireType::CNAME)
            }
            None => signer_of_end(evidence, message, &sets, &name, asked.qtype),
        };
        let zone = zone.unwrap_or_else(|| {
            let is_ds = asked.qtype == WireType::DS && alias.is_none();
            let above = if is_ds { name.base_name() } else { name.clone() };
            evidence.deepest_zone(&above, anchors)
        });
        let owner = alias.as_ref().map(|(set, _)| set.owner);
        let answers =
            message.answers.iter().filter(|record| record.name == name || Some(&record.name) == owner);
        let own = Sections {
            name_error: message.name_error && alias.is_none(),
            answers: answers.cloned().collect(),
            authorities: proofs(&message.authorities, &zone, alias.is_some()),
        };
        let reply = ZoneReply { zone, message: Rc::new(own) };
        parts.push(AskedReply { qname: name.clone(), qtype: asked.qtype, reply });
        let Some((_, target)) = alias else { break };
        name = target;
    }
    parts
}

/// The alias that leads on from a name, unless it has what was asked for.
fn alias_at<'s, 'm>(sets: &'s [RrSet<'m>], name: &Name, qtype: WireType) -> Option<(&'s RrSet<'m>, Name)> {
    let wanted = |set: &RrSet<'_>| set.rtype == qtype || matches!(qtype, WireType::ANY | WireType::RRSIG);
    if sets.iter().any(|set| set.owner == name && wanted(set)) {
        return None;
    }
    let is_above = |set: &&RrSet<'_>| set.owner != name && set.owner.zone_of(name);
    if let Some(dname) = sets.iter().filter(is_above).find(|set| set.rtype == WireType::DNAME) {
        return Some((dname, substituted(name, dname)?));
    }
    let cname = sets.iter().find(|set| set.owner == name && set.rtype == WireType::CNAME)?;
    Some((cname, cname_target(cname)?))
}

/// Who signed what stands at the end of the aliases, or that nothing does.
fn signer_of_end(
    evidence: &Evidence,
    message: &Sections,
    sets: &[RrSet<'_>],
    name: &Name,
    qtype: WireType,
) -> Option<Name> {
    let all = message.signatures().filter(|(owner, _)| *owner == name).map(|(_, signature)| signature);
    match qtype {
        WireType::ANY | WireType::RRSIG => return deepest_signer(evidence, all, name, qtype),
        _ => {}
    }
    if let Some(set) = sets.iter().find(|set| set.owner == name && set.rtype == qtype) {
        return deepest_signer(evidence, set.signatures.iter().copied(), name, qtype);
    }
    let sets = record_sets(&message.authorities);
    let signer = |soa: bool| {
        let relevant = sets.iter().filter(|set| match set.rtype {
            WireType::SOA => soa && set.owner.zone_of(name),
            WireType::NSEC | WireType::NSEC3 => !soa,
            _ => false,
        });
        deepest_signer(evidence, relevant.flat_map(|set| set.signatures.iter().copied()), name, qtype)
    };
    signer(true).or_else(|| signer(false))
}

/// Of those who can have signed for a name the one nearest to it, those that are found to have no DS last: they
/// may be no zones. A DS is not its own zone's.
fn deepest_signer<'s>(
    evidence: &Evidence,
    signatures: impl Iterator<Item = &'s RRSIG>,
    name: &Name,
    qtype: WireType,
) -> Option<Name> {
    let signers = signatures.map(|signature| &signature.input().signer_name);
    let fits =
        |signer: &&Name| signer.zone_of(name) && (qtype != WireType::DS || *signer != name || name.is_root());
    let has_no_ds = |signer: &Name| matches!(evidence.ds.get(signer), Some(Fetched::Reply(reply)) if reply.ds_of(signer).is_none());
    signers.filter(fits).max_by_key(|signer| (!has_no_ds(signer), signer.iter().len())).cloned()
}

/// What of the authority section is of one zone. An alias needs no more than the proof that it may be
/// made from a wildcard.
fn proofs(authorities: &[Record], zone: &Name, is_alias: bool) -> Vec<Record> {
    let kept = |rtype: WireType| !is_alias || matches!(rtype, WireType::NSEC | WireType::NSEC3);
    let own = |set: &RrSet<'_>| {
        let signer = |signature: &&RRSIG| signature.input().signer_name == *zone;
        kept(set.rtype) && (set.signatures.is_empty() || set.signatures.iter().any(signer))
    };
    let sets = record_sets(authorities);
    let owned: HashSet<(&Name, WireType)> =
        sets.iter().filter(|set| own(set)).map(|set| (set.owner, set.rtype)).collect();
    let of = |record: &&Record| {
        let rtype = match &record.data {
            RData::DNSSEC(DNSSECRData::RRSIG(signature)) => signature.input().type_covered,
            _ => record.record_type(),
        };
        owned.contains(&(&record.name, rtype))
    };
    authorities.iter().filter(of).cloned().collect()
}
