//! What DNSSEC adds to an answer: signatures, DS, proofs of absence (RFC 4035 §3.1, RFC 5155 §7.2).
//!
//! Answers are put together in [`zone`](super::zone), signatures made in [`signer`](super::signer).

use data_encoding::BASE32_DNSSEC;
use hickory_resolver::proto::dnssec::Nsec3HashAlgorithm;
use hickory_resolver::proto::dnssec::rdata::{DNSSECRData, NSEC, NSEC3};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::signer::{Signer, Signing};
use super::zone::{Answer, End, Zone};

/// Answers a question for an NSEC itself, which no zone text holds; every other question was answered
/// as the zone's text says. An NSEC3 has a name of its own, which nobody asks for.
pub(crate) fn answer_nsec(zone: &Zone, name: &Name, kind: RecordType, answer: &mut Answer) {
    let Some(signer) = zone.signer.as_ref().filter(|signer| !signer.signing.hashed()) else { return };
    if kind != RecordType::NSEC || answer.end != End::Negative || answer.rcode != ResponseCode::NoError {
        return;
    }
    let own = nsec(zone, signer, name).into_iter().next().filter(|record| record.name == *name);
    if let Some(record) = own {
        *answer = Answer { answers: vec![record], ..Answer::default() };
    }
}

/// Adds to an answer of `zone` what DO asks for: signatures, DS, proofs of absence.
pub(crate) fn sign(zone: &Zone, name: &Name, answer: &mut Answer) {
    let Some(signer) = &zone.signer else { return };
    let referral = answer.end == End::Referral;
    if referral {
        let Some(cut) = answer.authorities.first().map(|record| record.name.clone()) else { return };
        let ds = zone.records(&cut, RecordType::DS);
        if ds.is_empty() {
            answer.authorities.extend(no_ds(zone, signer, &cut));
        } else {
            let signature = signer.sign(&cut, &ds);
            answer.authorities.extend(ds);
            answer.authorities.extend(signature);
        }
        return;
    }
    let mut proofs: Vec<Record> = Vec::new();
    let mut end = name.to_lowercase();
    let mut signed = Vec::new();
    for set in sets(&answer.answers) {
        let owner = set[0].name.to_lowercase();
        let source = zone.source_of(&owner);
        let wild = source != owner;
        // A CNAME that follows from a DNAME has no signature of its own (RFC 6672 §5.3.1).
        if zone.exists(&source) {
            signed.extend(signer.sign(&source, &set));
        }
        if wild {
            proofs.extend(no_closer_name(zone, signer, &owner, &source));
        }
        if let RData::CNAME(target) = &set[0].data {
            end = target.0.to_lowercase();
        }
    }
    answer.answers.extend(signed);
    let soa: Vec<Record> = sets(&answer.authorities)
        .iter()
        .flat_map(|set| signer.sign(&set[0].name.to_lowercase(), set))
        .collect();
    answer.authorities.extend(soa);
    if answer.end == End::Negative {
        proofs.extend(absence(zone, signer, &end, answer.rcode == ResponseCode::NXDomain));
    }
    for proof in proofs {
        if !answer.authorities.contains(&proof) {
            answer.authorities.push(proof);
        }
    }
}

/// Records of one owner and type after the other, as they stand in a section.
fn sets(section: &[Record]) -> Vec<Vec<Record>> {
    let same =
        |one: &Record, other: &Record| one.name == other.name && one.record_type() == other.record_type();
    section.chunk_by(same).map(<[Record]>::to_vec).collect()
}

fn no_ds(zone: &Zone, signer: &Signer, cut: &Name) -> Vec<Record> {
    if !signer.signing.hashed() {
        return nsec(zone, signer, cut);
    }
    let chain = nsec3_chain(zone, signer.signing);
    if signer.signing == Signing::Nsec3 {
        return nsec3(signer, &chain, cut, Side::Matching);
    }
    let mut proof = nsec3(signer, &chain, &zone.closest(cut), Side::Matching);
    proof.extend(nsec3(signer, &chain, cut, Side::Covering));
    proof
}

fn no_closer_name(zone: &Zone, signer: &Signer, owner: &Name, source: &Name) -> Vec<Record> {
    if signer.signing.hashed() {
        let closer = owner.trim_to(source.iter().len());
        nsec3(signer, &nsec3_chain(zone, signer.signing), &closer, Side::Covering)
    } else {
        nsec(zone, signer, owner)
    }
}

/// NXDOMAIN or NODATA at a name.
fn absence(zone: &Zone, signer: &Signer, name: &Name, name_error: bool) -> Vec<Record> {
    let source = zone.source_of(name);
    if !signer.signing.hashed() {
        let mut proof = nsec(zone, signer, name);
        if name_error && let Ok(wildcard) = zone.closest(name).prepend_label("*") {
            proof.extend(nsec(zone, signer, &wildcard));
        } else if source != *name {
            proof.extend(nsec(zone, signer, &source));
        }
        return proof;
    }
    let chain = nsec3_chain(zone, signer.signing);
    if zone.exists(name) {
        let left_out = !chain.iter().any(|(owner, _)| *owner == hash(name));
        return if left_out {
            no_ds(zone, signer, name)
        } else {
            nsec3(signer, &chain, name, Side::Matching)
        };
    }
    let encloser = zone.closest(name);
    let closer = name.trim_to(encloser.iter().len() + 1);
    let mut proof = nsec3(signer, &chain, &encloser, Side::Matching);
    proof.extend(nsec3(signer, &chain, &closer, Side::Covering));
    if let Ok(wildcard) = encloser.prepend_label("*") {
        let side = if name_error { Side::Covering } else { Side::Matching };
        proof.extend(nsec3(signer, &chain, &wildcard, side));
    }
    proof
}

/// The NSEC at a name or, where there is none, the one that covers it; signed.
fn nsec(zone: &Zone, signer: &Signer, name: &Name) -> Vec<Record> {
    let owners = zone.authoritative_names();
    let at = owners.iter().rposition(|owner| owner <= name).unwrap_or(0);
    let (Some(owner), Some(next)) = (owners.get(at), owners.get((at + 1) % owners.len().max(1))) else {
        return Vec::new();
    };
    let data = NSEC::new_cover_self(next.clone(), zone.types_at(owner));
    let record = Record::from_rdata(owner.clone(), 60, RData::DNSSEC(DNSSECRData::NSEC(data)));
    with_signature(signer, record)
}

/// Which NSEC3 of a chain is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Matching,
    Covering,
}

/// The hashes of a zone's names, sorted, each with its name.
fn nsec3_chain(zone: &Zone, signing: Signing) -> Vec<(Vec<u8>, Vec<RecordType>)> {
    let mut chain: Vec<(Vec<u8>, Vec<RecordType>)> = Vec::new();
    for name in zone.names_with_empty() {
        let types = zone.types_at(&name);
        let unsigned_cut = types == [RecordType::NS];
        if signing == Signing::Nsec3OptOut && unsigned_cut {
            continue;
        }
        let signed = !types.is_empty() && !unsigned_cut;
        let types = types.into_iter().chain(signed.then_some(RecordType::RRSIG)).collect();
        chain.push((hash(&name), types));
    }
    chain.sort();
    chain
}

fn hash(name: &Name) -> Vec<u8> {
    // The lab's names can all be encoded.
    Nsec3HashAlgorithm::SHA1.hash(&[], name, 0).map(|digest| digest.as_ref().to_vec()).unwrap_or_default()
}

fn nsec3(signer: &Signer, chain: &[(Vec<u8>, Vec<RecordType>)], name: &Name, side: Side) -> Vec<Record> {
    let wanted = hash(name);
    let at = match side {
        Side::Matching => chain.iter().position(|(hash, _)| *hash == wanted),
        Side::Covering => {
            Some(chain.iter().rposition(|(hash, _)| *hash < wanted).unwrap_or(chain.len().saturating_sub(1)))
        }
    };
    let Some((owner, types)) = at.and_then(|at| chain.get(at)) else { return Vec::new() };
    let next = at.and_then(|at| chain.get((at + 1) % chain.len())).map(|(hash, _)| hash.clone());
    let opt_out = signer.signing == Signing::Nsec3OptOut;
    let data = NSEC3::new(
        Nsec3HashAlgorithm::SHA1,
        opt_out,
        0,
        Vec::new(),
        next.unwrap_or_default(),
        types.iter().copied(),
    );
    let Ok(owner) = signer.origin.prepend_label(BASE32_DNSSEC.encode(owner)) else { return Vec::new() };
    with_signature(signer, Record::from_rdata(owner, 60, RData::DNSSEC(DNSSECRData::NSEC3(data))))
}

fn with_signature(signer: &Signer, record: Record) -> Vec<Record> {
    let signature = signer.sign(&record.name, std::slice::from_ref(&record));
    std::iter::once(record).chain(signature).collect()
}
