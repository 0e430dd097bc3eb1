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
use super::parts::parts;
use super::signature::{RrSet, record_sets};
use crate::dns::lenient::read_message;

/// Names between a zone and one of its names that may be zones and are asked about: what the reverse
/// name of an IPv6 address has (RFC 3596 §2.5).
pub(super) const MAX_BETWEEN: usize = 34;
/// The same in one round, where a resolver was asked and every zone is only guessed at.
const MAX_GUESSED: usize = 8;
/// Labels of a signer whose zones are asked for all at once.
const MAX_AT_ONCE: usize = 4;
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

    /// Whether it says anything of a zone's DS that could be verified.
    pub(super) fn speaks_of(&self, zone: &Name) -> bool {
        self.ds_of(zone).is_some() || self.denies()
    }

    /// The zone whose keys sign what it says of `zone`'s DS, by its signatures. Always a proper
    /// ancestor: a chain of parents ends.
    fn signer_of_ds(&self, zone: &Name) -> Option<Name> {
        let relevant = |covered: WireType| matches!(covered, WireType::DS | WireType::NSEC | WireType::NSEC3);
        self.message.signatures().find_map(|(_, signature)| {
            let input = signature.input();
            let fits = relevant(input.type_covered)
                && self.zone.zone_of(&input.signer_name)
                && input.signer_name.zone_of(zone)
                && input.signer_name != *zone;
            fits.then(|| input.signer_name.clone())
        })
    }
}

/// What came of a question of this lane.
#[derive(Clone, Debug)]
pub(super) enum Fetched {
    Said(Said),
    /// Why nothing came, as the end of a sentence.
    Failed(String),
    /// Every server of the zone says that it does not give it: who said what.
    Refused(String),
}

/// A question of the walk that a zone answered.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) qname: Name,
    pub(super) qtype: WireType,
    pub(super) said: Said,
}

/// Who said all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Source {
    /// Servers of the zones.
    #[default]
    Servers,
    /// A resolver, which speaks of all zones in one reply and refers to none.
    Resolver,
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
    pub(super) source: Source,
    /// What is wrong with the answers, where somebody had to be asked for them once more.
    pub(super) unanswered: Option<String>,
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

    /// The zone that what was said of `zone`'s DS belongs to: who signed it, or else the zone asked;
    /// of a resolver the deepest zone above that is known to be one.
    pub(super) fn parent_of(&self, zone: &Name, said: &Said, anchors: &Anchors) -> Option<Name> {
        let asked = || match self.source {
            Source::Servers => said.zone.clone(),
            Source::Resolver => self.deepest_zone(&zone.base_name(), anchors),
        };
        let fits = |parent: &Name| parent.zone_of(zone) && parent != zone;
        said.signer_of_ds(zone).or_else(|| Some(asked()).filter(fits))
    }

    /// The deepest zone at or above a name that has a DS or an anchor.
    pub(super) fn deepest_zone(&self, name: &Name, anchors: &Anchors) -> Name {
        let has_ds = |zone: &Name| match self.ds.get(zone) {
            Some(Fetched::Said(said)) => said.ds_of(zone).is_some(),
            _ => false,
        };
        let mut above = (1..=name.iter().len()).rev().map(|labels| name.trim_to(labels));
        above.find(|zone| has_ds(zone) || anchors.at(zone).next().is_some()).unwrap_or_else(Name::root)
    }

    /// The answers, each by the zone it belongs to.
    pub(super) fn answers(&self, anchors: &Anchors) -> Vec<Asked> {
        match self.source {
            Source::Servers => self.asked.clone(),
            Source::Resolver => self.asked.iter().flat_map(|asked| parts(self, asked, anchors)).collect(),
        }
    }

    /// Whether any signature came at all.
    pub(super) fn is_signed(&self) -> bool {
        let fetched = self.keys.values().chain(self.ds.values()).filter_map(|fetched| match fetched {
            Fetched::Said(said) => Some(said),
            Fetched::Failed(_) | Fetched::Refused(_) => None,
        });
        let mut said = fetched.chain(self.asked.iter().map(|asked| &asked.said));
        said.any(|said| said.message.signatures().next().is_some())
    }

    /// What still has to be asked, as far as can be told now.
    pub(super) fn needs(&self, anchors: &Anchors) -> Vec<Need> {
        let mut search = Search { evidence: self, anchors, seen: BTreeMap::new(), needs: BTreeSet::new() };
        for asked in &self.answers(anchors) {
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

/// Whether the last name of a chain is known to be a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    IsZone,
    MayBe,
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
pub(super) fn between<'n>(
    zone: &Name,
    name: &'n Name,
    qtype: WireType,
) -> impl Iterator<Item = Name> + use<'n> {
    let last = name.iter().len() - usize::from(qtype == WireType::DS && !name.is_root());
    (zone.iter().len() + 1..=last).map(|labels| name.trim_to(labels))
}
