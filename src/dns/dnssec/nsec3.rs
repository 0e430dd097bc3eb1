//! Denial of existence by NSEC3 records (RFC 5155 §8).

use std::collections::BTreeMap;

use hickory_resolver::proto::dnssec::Nsec3HashAlgorithm;
use hickory_resolver::proto::dnssec::rdata::NSEC3;
use hickory_resolver::proto::rr::{Name, RecordType as WireType};

use crate::dns::dnssec::denial::{
    MAX_ITERATIONS, Unproven, Wanted, is_cut_or_dname, lacks, missing, unsigned_delegation, wildcard_of, word,
};
use crate::dns::wire::name::name_text;
use crate::dns::wire::rfc4648::from_base32hex;
use crate::trace::ProofKind;

/// Proves by NSEC3.
pub(crate) fn by_nsec3(
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
            let hash = owner.iter().next().and_then(from_base32hex)?;
            let fits = nsec3.next_hashed_owner_name().len() == hash.len();
            (same && fits && owner.base_name() == *zone).then_some((hash, *nsec3))
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
                return if is_cut_or_dname(nsec3.type_set()) {
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
