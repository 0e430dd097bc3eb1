//! Denial of existence by NSEC records (RFC 4035 §5.4).

use hickory_resolver::proto::dnssec::rdata::NSEC;
use hickory_resolver::proto::rr::{Name, RecordType as WireType};

use crate::dns::dnssec::denial::{
    NXNAME, Unproven, Wanted, common, is_cut_or_dname, lacks, missing, unsigned_delegation, wildcard_of, word,
};
use crate::dns::wire::name::name_text;
use crate::trace::ProofKind;

/// Proves by NSEC.
pub(crate) fn by_nsec(
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
pub(crate) fn covers(owner: &Name, nsec: &NSEC, zone: &Name, name: &Name) -> bool {
    let next = nsec.next_domain_name();
    // The last NSEC of a zone points back to its apex.
    let within = owner < name && (name < next || next == zone);
    // One that ends outside its zone would deny names of others.
    within
        && zone.zone_of(owner)
        && zone.zone_of(next)
        && !(owner.zone_of(name) && is_cut_or_dname(nsec.type_set()))
}

/// The deepest ancestor of the name that exists, by the NSEC that covers the name.
pub(crate) fn encloser(name: &Name, owner: &Name, nsec: &NSEC) -> Name {
    name.trim_to(common(name, owner).max(common(name, nsec.next_domain_name())))
}
