//! What servers have said that bears on DNSSEC, and what of it is still missing.
//!
//! Messages as they came, by zone; nothing is verified here. What has to be asked is told without
//! any cryptography, so that finding it out costs the counted lane nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use hickory_resolver::proto::dnssec::rdata::DNSSECRData;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType as WireType};

use super::anchors::Anchors;
use super::memory::Memory;
use super::signature::{RrSet, record_sets};
use crate::dns::lenient::read_message;

/// Names between a zone and an unsigned record of it that are asked for a DS: a zone served by its
/// parent's servers is never referred to.
const MAX_BETWEEN: usize = 4;
/// Signers of one answer whose chains are followed.
const MAX_SIGNERS: usize = 8;

/// A message, as far as validation reads it.
#[derive(Debug)]
pub(super) struct Sections {
    pub(super) name_error: bool,
    pub(super) answers: Vec<Record>,
    pub(super) authorities: Vec<Record>,
}

impl Sections {
    /// Reads a message again that was read before.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let message = read_message(bytes).ok()?;
        Some(Self {
            name_error: u16::from(message.metadata.response_code) == crate::trace::Rcode::NXDOMAIN.0,
            answers: message.answers,
            authorities: message.authorities,
        })
    }

    /// Writes the owners that are `plain` or above it in its case: a server that does not compress
    /// repeats the case of the question, which is drawn by lot.
    pub(super) fn spell_as(&mut self, plain: &Name) {
        let records = self.answers.iter_mut().chain(&mut self.authorities);
        for record in records.filter(|record| record.name.zone_of(plain)) {
            record.name = plain.trim_to(record.name.iter().len());
        }
    }

    fn all(&self) -> impl Iterator<Item = &Record> {
        self.answers.iter().chain(&self.authorities)
    }

    /// Every signature with the name it stands at.
    pub(super) fn signatures(
        &self,
    ) -> impl Iterator<Item = (&Name, &hickory_resolver::proto::dnssec::rdata::RRSIG)> {
        self.all().filter_map(|record| match &record.data {
            RData::DNSSEC(DNSSECRData::RRSIG(signature)) => Some((&record.name, signature)),
            _ => None,
        })
    }
}

/// What a server of a zone said.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// The zone it was asked as a server of.
    pub(super) zone: Name,
    pub(super) message: Rc<Sections>,
}

impl Said {
    /// The DS records of a zone.
    pub(super) fn ds_of(&self, zone: &Name) -> Option<RrSet<'_>> {
        let find = |section| {
            record_sets(section).into_iter().find(|set| set.owner == zone && set.rtype == WireType::DS)
        };
        find(&self.message.answers).or_else(|| find(&self.message.authorities))
    }

    /// Whether it brings a proof of absence of any kind.
    fn denies(&self) -> bool {
        let is_proof = |record: &Record| matches!(record.record_type(), WireType::NSEC | WireType::NSEC3);
        self.message.authorities.iter().any(is_proof)
    }

    fn speaks_of(&self, zone: &Name) -> bool {
        self.ds_of(zone).is_some() || self.denies()
    }

    /// The zone whose keys sign what it says of `zone`'s DS: by its signatures, or the zone asked.
    /// Always a proper ancestor: a chain of parents ends.
    pub(super) fn parent_of(&self, zone: &Name) -> Option<Name> {
        let relevant = |covered: WireType| matches!(covered, WireType::DS | WireType::NSEC | WireType::NSEC3);
        let signer = self.message.signatures().find_map(|(_, signature)| {
            let input = signature.input();
            let fits = relevant(input.type_covered)
                && self.zone.zone_of(&input.signer_name)
                && input.signer_name.zone_of(zone)
                && input.signer_name != *zone;
            fits.then(|| input.signer_name.clone())
        });
        let asked = (self.zone.zone_of(zone) && self.zone != *zone).then(|| self.zone.clone());
        signer.or(asked)
    }
}

/// What came of a question of this lane.
#[derive(Clone, Debug)]
pub(super) enum Fetched {
    Said(Said),
    /// Why nothing came, as the end of a sentence.
    Failed(String),
}

/// A question of the walk that a zone answered.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) qname: Name,
    pub(super) qtype: WireType,
    pub(super) said: Said,
}

/// Everything known of one resolution.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// The referral to each zone.
    pub(super) delegations: BTreeMap<Name, Said>,
    /// Replies to questions for a DS.
    pub(super) ds: BTreeMap<Name, Fetched>,
    /// Replies to questions for the keys.
    pub(super) keys: BTreeMap<Name, Fetched>,
    /// The walk's own answers.
    pub(super) asked: Vec<Asked>,
    /// Where a walk ended that found no answer: the last zone on its way.
    pub(super) lost_at: Option<Name>,
    /// What has verified earlier in this run.
    pub(super) memory: Memory,
}

/// A question that has to be asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    Keys(Name),
    Ds(Name),
}

impl Evidence {
    /// What was said of a zone's DS; the answer to the question itself outweighs a referral.
    pub(super) fn about(&self, zone: &Name) -> Option<&Said> {
        let asked = match self.ds.get(zone) {
            Some(Fetched::Said(said)) => Some(said),
            _ => None,
        };
        let referral = self.delegations.get(zone);
        asked.filter(|said| said.speaks_of(zone)).or(referral).or(asked)
    }

    /// What still has to be asked, as far as can be told now.
    pub(super) fn needs(&self, anchors: &Anchors) -> Vec<Need> {
        let mut search = Search { evidence: self, anchors, seen: BTreeMap::new(), needs: BTreeSet::new() };
        for asked in &self.asked {
            search.answer(asked);
        }
        if let Some(zone) = &self.lost_at {
            search.may_be_secure(zone);
        }
        search.needs.retain(|need| match need {
            Need::Keys(zone) => !self.keys.contains_key(zone),
            Need::Ds(zone) => !self.ds.contains_key(zone),
        });
        search.needs.into_iter().collect()
    }
}

struct Search<'a> {
    evidence: &'a Evidence,
    anchors: &'a Anchors,
    seen: BTreeMap<Name, bool>,
    needs: BTreeSet<Need>,
}

impl Search<'_> {
    fn answer(&mut self, asked: &Asked) {
        let zone = &asked.said.zone;
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
            for between in between(zone, name, asked.qtype) {
                self.needs.insert(Need::Ds(between));
            }
        }
    }

    /// Notes what a zone's chain needs; whether it can be secure, by what is known. It calls
    /// itself for ancestors only: at most as deep as a name has labels.
    fn may_be_secure(&mut self, zone: &Name) -> bool {
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
        let Some(parent) = said.parent_of(zone).filter(|parent| self.may_be_secure(parent)) else {
            return false;
        };
        if let Some(set) = said.ds_of(zone) {
            self.needs.insert(Need::Keys(zone.clone()));
            if set.signatures.is_empty() {
                // It may be the word of an unsigned zone between the two, on the same servers.
                let names = between(&parent, zone, WireType::DS);
                self.needs.extend(names.into_iter().map(Need::Ds));
            }
            true
        } else if said.denies() {
            false
        } else {
            self.needs.insert(Need::Ds(zone.clone()));
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
pub(super) fn between(zone: &Name, name: &Name, qtype: WireType) -> Vec<Name> {
    let last = name.iter().len() - usize::from(qtype == WireType::DS && !name.is_root());
    (zone.iter().len() + 1..=last).take(MAX_BETWEEN).map(|labels| name.trim_to(labels)).collect()
}
