//! Which DS and DNSKEY records are still to be asked for. Nothing is asked here.

use std::collections::{BTreeMap, BTreeSet};

use hickory_resolver::proto::rr::{Name, RecordType as WireType};

use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::evidence::{
    Asked, Evidence, Fetched, MAX_AT_ONCE, MAX_BETWEEN, MAX_GUESSED, MAX_SIGNERS, Source,
};
use crate::dns::dnssec::rrset::record_sets;

/// A question that has to be asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    Keys(Name),
    Ds(Name),
}

/// Whether the last name of a chain is known to be a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    IsZone,
    MayBe,
}

pub(crate) struct Search<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) anchors: &'a Anchors,
    pub(crate) seen: BTreeMap<Name, bool>,
    pub(crate) needs: BTreeSet<Need>,
}

impl Search<'_> {
    pub(crate) fn answer(&mut self, asked: &Asked) {
        let zone = &asked.said.zone;
        if self.evidence.source == Source::Resolver {
            match asked.said.message.signatures().next() {
                Some(_) => self.at_once(zone, Last::IsZone),
                None if self.evidence.ds.is_empty() => self.at_once(&asked.qname.base_name(), Last::MayBe),
                None => {}
            }
        }
        let signed = self.may_be_secure(zone);
        let mut signers: Vec<&Name> = Vec::new();
        for (owner, signature) in asked.said.message.signatures() {
            let signer = &signature.input().signer_name;
            if signer != zone && zone.zone_of(signer) && signer.zone_of(owner) && !signers.contains(&signer) {
                signers.push(signer);
            }
        }
        for signer in signers.into_iter().take(MAX_SIGNERS) {
            self.may_be_secure(signer);
        }
        if !signed {
            return;
        }
        for name in unsigned_names(asked) {
            self.between(zone, name, asked.qtype);
        }
    }

    /// Asks for zones that may lie between two names.
    fn between(&mut self, above: &Name, name: &Name, qtype: WireType) {
        let all = between(above, name, qtype);
        if self.evidence.source == Source::Servers {
            self.needs.extend(all.take(MAX_BETWEEN).map(Need::Ds));
            return;
        }
        let mut new = 0;
        for zone in all {
            match self.evidence.ds.get(&zone) {
                // Whatever lies below this is of no use without it.
                Some(Fetched::Failed(_) | Fetched::Refused(_)) => return,
                Some(Fetched::Said(said)) if !said.speaks_of(&zone) => return,
                Some(Fetched::Said(_)) => {}
                None if new == MAX_GUESSED => return,
                None => {
                    new += 1;
                    self.needs.insert(Need::Ds(zone));
                }
            }
        }
    }

    /// Asks at once for all that a chain down to `zone` may need: a resolver refers to nothing, and
    /// one zone after the other would take as many round trips.
    fn at_once(&mut self, zone: &Name, last: Last) {
        let labels = zone.iter().len();
        let mut needs = Vec::new();
        for depth in 0..=labels.min(MAX_AT_ONCE) {
            let above = zone.trim_to(depth);
            let keys = depth < labels || last == Last::IsZone;
            if self.anchors.at(&above).next().is_some() {
                needs = vec![Need::Keys(above)];
            } else if !needs.is_empty() {
                needs.push(Need::Ds(above.clone()));
                if keys {
                    needs.push(Need::Keys(above));
                }
            }
        }
        self.needs.extend(needs);
    }

    /// Notes what a zone's chain needs; whether it can be secure, by what is known. It calls
    /// itself for ancestors only: at most as deep as a name has labels.
    pub(crate) fn may_be_secure(&mut self, zone: &Name) -> bool {
        if let Some(known) = self.seen.get(zone) {
            return *known;
        }
        let secure = self.look(zone);
        self.seen.insert(zone.clone(), secure);
        secure
    }

    fn look(&mut self, zone: &Name) -> bool {
        if self.anchors.at(zone).next().is_some() {
            self.needs.insert(Need::Keys(zone.clone()));
            return true;
        }
        if zone.is_root() {
            return false;
        }
        let Some(said) = self.evidence.about(zone) else {
            self.needs.insert(Need::Ds(zone.clone()));
            return true;
        };
        let parent = self.evidence.parent_of(zone, said, self.anchors);
        let Some(parent) = parent.filter(|parent| self.may_be_secure(parent)) else {
            return false;
        };
        if let Some(set) = said.ds_of(zone) {
            self.needs.insert(Need::Keys(zone.clone()));
            if set.signatures.is_empty() {
                // It may be the word of an unsigned zone between the two, on the same servers.
                self.between(&parent, zone, WireType::DS);
            }
            true
        } else if said.denies() {
            false
        } else {
            self.needs.insert(Need::Ds(zone.clone()));
            if self.evidence.source == Source::Resolver {
                self.between(&parent, zone, WireType::DS);
            }
            true
        }
    }
}

/// Names of an answer that came without any signature where there should be one.
fn unsigned_names(asked: &Asked) -> Vec<&Name> {
    let message = &asked.said.message;
    let sets = record_sets(&message.answers);
    if sets.is_empty() {
        let any = message.signatures().next().is_some();
        return if any { Vec::new() } else { vec![&asked.qname] };
    }
    // A CNAME that follows from a DNAME has no signature of its own (RFC 6672 §5.3.1).
    let dname = sets.iter().any(|set| set.rtype == WireType::DNAME);
    sets.iter()
        .filter(|set| set.signatures.is_empty() && !(dname && set.rtype == WireType::CNAME))
        .map(|set| set.owner)
        .filter(|owner| asked.said.zone.zone_of(owner))
        .collect()
}

/// The names below `zone` down to `name` where an unsigned zone could begin. A DS itself belongs
/// to the zone above its name.
pub(crate) fn between<'n>(
    zone: &Name,
    name: &'n Name,
    qtype: WireType,
) -> impl Iterator<Item = Name> + use<'n> {
    let last = name.iter().len() - usize::from(qtype == WireType::DS && !name.is_root());
    (zone.iter().len() + 1..=last).map(|labels| name.trim_to(labels))
}
