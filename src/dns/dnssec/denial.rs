//! Proofs that something does not exist: NSEC (RFC 4035 §5.4, RFC 6840 §4) and NSEC3 (RFC 5155 §8).
//!
//! Pure: the records given are already verified, and belong to the zone. A proof that is not whole
//! is told by what is missing.

use hickory_resolver::proto::rr::{Name, RecordType as WireType, RecordTypeSet};

use crate::dns::dnssec::conclusion::Conclusion;
use crate::dns::wire::name::name_text;
use crate::trace::{DnssecCause, RecordType};

/// RFC 9276 §3.2: a validator may treat more as unsigned; resolvers in use do from 150 on.
pub(crate) const MAX_ITERATIONS: u16 = 150;

/// RFC 9824 §2: says in an NSEC of the name itself that the name does not exist.
pub(crate) const NXNAME: u16 = 128;

/// What is to be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
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
pub(crate) enum Unproven {
    /// What is missing, as the end of a sentence.
    Missing(String),
    /// The signature over a part of the proof does not hold, or cannot be checked here: in the same way.
    Fails(DnssecCause, String),
    /// The hashes would cost too much: the zone counts as unsigned.
    Iterations(u16),
}

impl Unproven {
    /// What it comes to for a zone that claims something in these words.
    pub(crate) fn conclude(self, zone: &Name, claim: impl FnOnce(&str) -> String) -> Conclusion {
        match self {
            Self::Missing(what) => Conclusion::bogus(DnssecCause::Unproven, claim(&what)),
            Self::Fails(DnssecCause::Unchecked, what) => Conclusion::unchecked(claim(&what)),
            Self::Fails(cause, what) => Conclusion::bogus(cause, claim(&what)),
            // RFC 9276 §3.2.
            Self::Iterations(count) => Conclusion::insecure(format!(
                "the NSEC3 records of zone {} take {count} iterations, more than {MAX_ITERATIONS}: what they \
                 prove counts as unsigned (RFC 9276)",
                name_text(zone)
            )),
        }
    }
}

pub(crate) fn missing<T>(what: String) -> Result<T, Unproven> {
    Err(Unproven::Missing(what))
}

/// Whether these types at a name prove that `rtype` is not there.
pub(crate) fn lacks(types: &RecordTypeSet, name: &Name, rtype: WireType) -> bool {
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
pub(crate) fn unsigned_delegation(types: &RecordTypeSet) -> bool {
    types.contains(WireType::NS) && !types.contains(WireType::DS) && !types.contains(WireType::SOA)
}

/// RFC 6840 §4.1: the word of a delegation's parent, or of a DNAME, ends at that name.
pub(crate) fn is_cut_or_dname(types: &RecordTypeSet) -> bool {
    types.contains(WireType::DNAME) || (types.contains(WireType::NS) && !types.contains(WireType::SOA))
}

/// How many labels two names have in common, from the root.
pub(crate) fn common(one: &Name, other: &Name) -> usize {
    let pairs = one.iter().rev().zip(other.iter().rev());
    pairs.take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count()
}

pub(crate) fn wildcard_of(encloser: &Name) -> Option<Name> {
    encloser.prepend_label("*").ok()
}

pub(crate) fn word(rtype: WireType) -> String {
    RecordType(u16::from(rtype)).mnemonic().into_owned()
}
