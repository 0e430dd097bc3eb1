//! Proofs that something does not exist: NSEC (RFC 4035 §5.4, RFC 6840 §4) and NSEC3 (RFC 5155 §8).
//!
//! Pure: the records given are already verified, and belong to the zone. A proof that is not whole
//! is told by what is missing.

use std::collections::BTreeMap;

use hickory_resolver::proto::dnssec::Nsec3HashAlgorithm;
use hickory_resolver::proto::dnssec::rdata::{NSEC, NSEC3};
use hickory_resolver::proto::rr::{Name, RecordType as WireType, RecordTypeSet};

use crate::dns::presentation::name_text;
use crate::trace::{ProofKind, RecordType};

/// RFC 9276 §3.2: a validator may treat more as unsigned; resolvers in use do from 150 on.
pub(super) const MAX_ITERATIONS: u16 = 150;
/// RFC 9824 §2: says in an NSEC of the name itself that the name does not exist.
const NXNAME: u16 = 128;

/// What is to be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// That the name does not exist, nor a wildcard in its place.
    Name,
    /// That the name exists without this type, or the wildcard in its place does.
    Type(WireType),
    /// That nothing stands between the name and its ancestor of so many labels.
    CloserName { labels: usize },
    /// That the name is a delegation without a DS.
    Ds,
}

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unproven {
    /// What is missing, as the end of a sentence.
    Missing(String),
    /// The hashes would cost too much: the zone counts as unsigned.
    Iterations(u16),
}

fn missing<T>(what: String) -> Result<T, Unproven> {
    Err(Unproven::Missing(what))
}

/// Whether these types at a name prove that `rtype` is not there.
fn lacks(types: &RecordTypeSet, name: &Name, rtype: WireType) -> bool {
    // RFC 6840 §4.3: a CNAME would have been the answer.
    if types.contains(rtype) || types.contains(WireType::CNAME) {
        return false;
    }
    let (cut, apex) = (types.contains(WireType::NS), types.contains(WireType::SOA));
    if rtype == WireType::DS {
        // The child's own word about its DS is nothing (RFC 4035 §5.2), but for the root, which
        // has no parent.
        !apex || name.is_root()
    } else {
        // RFC 6840 §4.1: the parent's word about what lies in the child is nothing.
        !cut || apex
    }
}

/// A delegation without a DS, as its parent's types tell.
fn unsigned_delegation(types: &RecordTypeSet) -> bool {
    types.contains(WireType::NS) && !types.contains(WireType::DS) && !types.contains(WireType::SOA)
}

/// RFC 6840 §4.1: the word of a delegation's parent, or of a DNAME, ends at that name.
fn ends_there(types: &RecordTypeSet) -> bool {
    types.contains(WireType::DNAME) || (types.contains(WireType::NS) && !types.contains(WireType::SOA))
}

/// How many labels two names have in common, from the root.
fn common(one: &Name, other: &Name) -> usize {
    let pairs = one.iter().rev().zip(other.iter().rev());
    pairs.take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count()
}

fn wildcard_of(encloser: &Name) -> Option<Name> {
    encloser.prepend_label("*").ok()
}

// --------------------------------------------------------------------------------------- NSEC

/// Proves by NSEC.
pub(super) fn by_nsec(
    zone: &Name,
    name: &Name,
    wanted: Wanted,
    records: &[(&Name, &NSEC)],
) -> Result<ProofKind, Unproven> {
    let at = |name: &Name| records.iter().find(|(owner, _)| *owner == name).map(|(_, nsec)| *nsec);
    let covering = |name: &Name| {
        records
            .iter()
            .find(|(owner, nsec)| covers(owner, nsec, zone, name))
            .map(|(owner, nsec)| (*owner, *nsec))
    };
    let text = name_text(name);
    match wanted {
        Wanted::Ds => match at(name) {
            Some(nsec) if unsigned_delegation(nsec.type_set()) => Ok(ProofKind::Nsec),
            Some(nsec) if nsec.type_set().contains(WireType::DS) => {
                missing(format!("its NSEC says that {text} has a DS"))
            }
            Some(_) => missing(format!("its NSEC does not say that {text} is a delegation")),
            None => missing(format!("no NSEC speaks of {text}")),
        },
        Wanted::Type(rtype) => {
            if let Some(nsec) = at(name) {
                return if lacks(nsec.type_set(), name, rtype) {
                    Ok(ProofKind::Nsec)
                } else {
                    missing(format!("the NSEC of {text} does not rule out {}", word(rtype)))
                };
            }
            let Some((owner, nsec)) = covering(name) else {
                return missing(format!("no NSEC speaks of {text}"));
            };
            // An empty non-terminal: the next name lies below it.
            if name.zone_of(nsec.next_domain_name()) {
                return Ok(ProofKind::Nsec);
            }
            let encloser = encloser(name, owner, nsec);
            match wildcard_of(&encloser).as_ref().and_then(at) {
                Some(nsec) if lacks(nsec.type_set(), name, rtype) => Ok(ProofKind::Nsec),
                Some(_) => {
                    missing(format!("the wildcard below {} has {}", name_text(&encloser), word(rtype)))
                }
                None => missing(format!("no NSEC speaks of the wildcard below {}", name_text(&encloser))),
            }
        }
        Wanted::Name => {
            if at(name).is_some_and(|nsec| nsec.type_set().contains(WireType::from(NXNAME))) {
                return Ok(ProofKind::Nsec);
            }
            let Some((owner, nsec)) =
                covering(name).filter(|(_, nsec)| !name.zone_of(nsec.next_domain_name()))
            else {
                return missing(format!("no NSEC proves that {text} does not exist"));
            };
            let encloser = encloser(name, owner, nsec);
            let Some(wildcard) = wildcard_of(&encloser) else { return Ok(ProofKind::Nsec) };
            match covering(&wildcard) {
                Some(_) => Ok(ProofKind::Nsec),
                None => missing(format!("no NSEC proves that {} does not exist", name_text(&wildcard))),
            }
        }
        Wanted::CloserName { labels } => match covering(name) {
            Some((owner, nsec)) if encloser(name, owner, nsec).iter().len() <= labels => Ok(ProofKind::Nsec),
            _ => missing(format!("no NSEC proves that {text} itself does not exist")),
        },
    }
}

/// Whether an NSEC proves that a name of its zone does not exist.
fn covers(owner: &Name, nsec: &NSEC, zone: &Name, name: &Name) -> bool {
    let next = nsec.next_domain_name();
    // The last NSEC of a zone points back to its apex.
    let within = owner < name && (name < next || next == zone);
    within && zone.zone_of(owner) && !(owner.zone_of(name) && ends_there(nsec.type_set()))
}

/// The deepest ancestor of the name that exists, by the NSEC that covers the name.
fn encloser(name: &Name, owner: &Name, nsec: &NSEC) -> Name {
    name.trim_to(common(name, owner).max(common(name, nsec.next_domain_name())))
}

// -------------------------------------------------------------------------------------- NSEC3

/// Proves by NSEC3.
pub(super) fn by_nsec3(
    zone: &Name,
    name: &Name,
    wanted: Wanted,
    records: &[(&Name, &NSEC3)],
) -> Result<ProofKind, Unproven> {
    let mut hashed = Hashed::new(zone, records)?;
    let text = name_text(name);
    let kind = |opt_out: bool| if opt_out { ProofKind::Nsec3OptOut } else { ProofKind::Nsec3 };
    match wanted {
        Wanted::Ds => {
            if let Some(nsec3) = hashed.at(name) {
                return if unsigned_delegation(nsec3.type_set()) {
                    Ok(ProofKind::Nsec3)
                } else if nsec3.type_set().contains(WireType::DS) {
                    missing(format!("its NSEC3 says that {text} has a DS"))
                } else {
                    missing(format!("its NSEC3 does not say that {text} is a delegation"))
                };
            }
            let (_, closer) = hashed.closest(name)?;
            // RFC 5155 §8.6: only opt-out leaves delegations without a record of their own.
            match hashed.covering(&closer) {
                Some(nsec3) if nsec3.opt_out() => Ok(ProofKind::Nsec3OptOut),
                _ => missing(format!("no NSEC3 with opt-out covers {text}")),
            }
        }
        Wanted::Type(rtype) => {
            if let Some(nsec3) = hashed.at(name) {
                return if lacks(nsec3.type_set(), name, rtype) {
                    Ok(ProofKind::Nsec3)
                } else {
                    missing(format!("the NSEC3 of {text} does not rule out {}", word(rtype)))
                };
            }
            let (encloser, closer) = hashed.closest(name)?;
            let Some(covering) = hashed.covering(&closer) else {
                return missing(format!("no NSEC3 covers {}", name_text(&closer)));
            };
            let opt_out = covering.opt_out();
            // RFC 5155 §8.6.
            if rtype == WireType::DS && opt_out {
                return Ok(ProofKind::Nsec3OptOut);
            }
            match wildcard_of(&encloser).and_then(|wildcard| hashed.at(&wildcard)) {
                Some(nsec3) if lacks(nsec3.type_set(), name, rtype) => Ok(kind(opt_out)),
                // Signers leave out the empty names above delegations that are left out (RFC 5155 §7.1,
                // erratum 3441): there may be one here.
                _ if opt_out => Ok(ProofKind::Nsec3OptOut),
                _ => missing(format!(
                    "no NSEC3 says that the wildcard below {} lacks {}",
                    name_text(&encloser),
                    word(rtype)
                )),
            }
        }
        Wanted::Name => {
            let (encloser, closer) = hashed.closest(name)?;
            let Some(covering) = hashed.covering(&closer) else {
                return missing(format!("no NSEC3 covers {}", name_text(&closer)));
            };
            let Some(wildcard) = wildcard_of(&encloser) else { return Ok(kind(covering.opt_out())) };
            match hashed.covering(&wildcard) {
                Some(_) => Ok(kind(covering.opt_out())),
                None => missing(format!("no NSEC3 proves that {} does not exist", name_text(&wildcard))),
            }
        }
        // RFC 5155 §8.8: the wildcard's parent is known, the name one label longer must not exist.
        Wanted::CloserName { labels } => {
            let closer = name.trim_to(labels + 1);
            match hashed.covering(&closer) {
                Some(nsec3) => Ok(kind(nsec3.opt_out())),
                None => missing(format!("no NSEC3 proves that {} does not exist", name_text(&closer))),
            }
        }
    }
}

/// The NSEC3 records of one chain, and the hashes made so far.
struct Hashed<'a> {
    zone: &'a Name,
    salt: &'a [u8],
    iterations: u16,
    /// The hash that is a record's owner, and the record.
    records: Vec<(Vec<u8>, &'a NSEC3)>,
    known: BTreeMap<Name, Vec<u8>>,
}

impl<'a> Hashed<'a> {
    /// The records of the first one's chain: RFC 5155 §8.2 has them share salt and iterations.
    fn new(zone: &'a Name, records: &[(&'a Name, &'a NSEC3)]) -> Result<Self, Unproven> {
        let Some((_, first)) = records.first() else {
            return missing("there is no NSEC3".to_owned());
        };
        let (salt, iterations) = (first.salt(), first.iterations());
        if iterations > MAX_ITERATIONS {
            return Err(Unproven::Iterations(iterations));
        }
        let own = |(owner, nsec3): &(&'a Name, &'a NSEC3)| {
            let same = nsec3.salt() == salt && nsec3.iterations() == iterations;
            let hash = owner.iter().next().and_then(base32)?;
            (same && owner.base_name() == *zone).then_some((hash, *nsec3))
        };
        Ok(Self {
            zone,
            salt,
            iterations,
            records: records.iter().filter_map(own).collect(),
            known: BTreeMap::new(),
        })
    }

    fn hash(&mut self, name: &Name) -> Vec<u8> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        // A name that cannot be encoded has no hash, and equals none.
        let hash = Nsec3HashAlgorithm::SHA1
            .hash(self.salt, name, self.iterations)
            .map(|digest| digest.as_ref().to_vec())
            .unwrap_or_default();
        self.known.insert(name.clone(), hash.clone());
        hash
    }

    fn at(&mut self, name: &Name) -> Option<&'a NSEC3> {
        let hash = self.hash(name);
        self.records.iter().find(|(owner, _)| *owner == hash).map(|(_, nsec3)| *nsec3)
    }

    /// RFC 5155 §1.3: the record's hash comes before the name's, and the next one's after it.
    fn covering(&mut self, name: &Name) -> Option<&'a NSEC3> {
        let hash = self.hash(name);
        let covers = |owner: &Vec<u8>, next: &[u8]| {
            if owner.as_slice() < next {
                owner < &hash && hash.as_slice() < next
            } else {
                // The last one of the chain, or the only one.
                owner < &hash || hash.as_slice() < next
            }
        };
        self.records
            .iter()
            .find(|(owner, nsec3)| *owner != hash && covers(owner, nsec3.next_hashed_owner_name()))
            .map(|(_, nsec3)| *nsec3)
    }

    /// RFC 5155 §8.3: the closest encloser that is proven to exist, and the name one label longer.
    fn closest(&mut self, name: &Name) -> Result<(Name, Name), Unproven> {
        let mut closer = name.clone();
        while self.zone.zone_of(&closer) && closer != *self.zone {
            let candidate = closer.base_name();
            if let Some(nsec3) = self.at(&candidate) {
                return if ends_there(nsec3.type_set()) {
                    let dname = nsec3.type_set().contains(WireType::DNAME);
                    let what = if dname { "DNAME" } else { "delegation" };
                    missing(format!("the NSEC3 of {} is of a {what}", name_text(&candidate)))
                } else {
                    Ok((candidate, closer))
                };
            }
            closer = candidate;
        }
        missing(format!("no NSEC3 is of an ancestor of {}", name_text(name)))
    }
}

/// RFC 4648 §7: base32 with the extended hex alphabet, without padding.
fn base32(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for character in text {
        let value = match character {
            b'0'..=b'9' => character - b'0',
            b'a'..=b'v' => character - b'a' + 10,
            b'A'..=b'V' => character - b'A' + 10,
            _ => return None,
        };
        buffer = buffer << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xff) as u8);
        }
        buffer &= 0xff;
    }
    Some(bytes)
}

fn word(rtype: WireType) -> String {
    RecordType(u16::from(rtype)).mnemonic().into_owned()
}
