//! What servers have said that bears on DNSSEC: referrals with their DS, DNSKEY and DS RRsets, and the
//! answers (RFC 4035 §4.2, §4.3).
//!
//! Messages as they came, by zone; nothing is verified here.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::dnssec::rdata::DNSSECRData;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType as WireType};

use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::rrset::{RrSet, record_sets};
use crate::dns::dnssec::signature_cache::SignatureCache;
use crate::dns::wire::unknown_rdata::read_message;

/// Without the room that its list was given while it grew: what is kept of a long list of names is mostly these.
fn as_large_as_needed(mut records: Vec<Record>) -> Vec<Record> {
    records.shrink_to_fit();
    records
}

/// A message, as far as validation reads it.
#[derive(Debug)]
pub(crate) struct Sections {
    pub(crate) name_error: bool,
    pub(crate) answers: Vec<Record>,
    pub(crate) authorities: Vec<Record>,
}

impl Sections {
    /// Reads a message again that was read before.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let message = read_message(bytes).ok()?;
        Some(Self {
            name_error: u16::from(message.metadata.response_code) == crate::trace::Rcode::NXDOMAIN.0,
            answers: as_large_as_needed(message.answers),
            authorities: as_large_as_needed(message.authorities),
        })
    }

    /// Writes the owners that are `plain` or above it in its case: a server that does not compress
    /// repeats the case of the question, which is drawn by lot.
    pub(crate) fn spell_as(&mut self, plain: &Name) {
        let records = self.answers.iter_mut().chain(&mut self.authorities);
        for record in records.filter(|record| record.name.zone_of(plain)) {
            record.name = plain.trim_to(record.name.iter().len());
        }
    }

    /// How long it may be used again: what RFC 2308 says where it denies, a second at least.
    pub(crate) fn life(&self) -> Duration {
        let soa = self.authorities.iter().find_map(|record| match &record.data {
            RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
            _ => None,
        });
        let least = |records: &[Record]| records.iter().map(|record| record.ttl).min();
        let ttl = least(&self.answers).or(soa).or_else(|| least(&self.authorities));
        Duration::from_secs(u64::from(ttl.unwrap_or(0).max(1)))
    }

    fn all(&self) -> impl Iterator<Item = &Record> {
        self.answers.iter().chain(&self.authorities)
    }

    /// Every signature with the name it stands at.
    pub(crate) fn signatures(
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
pub(crate) struct ZoneReply {
    /// The zone it was asked as a server of.
    pub(crate) zone: Name,
    pub(crate) message: Rc<Sections>,
}

impl ZoneReply {
    /// The DS records of a zone.
    pub(crate) fn ds_of(&self, zone: &Name) -> Option<RrSet<'_>> {
        let find = |section| {
            record_sets(section).into_iter().find(|set| set.owner == zone && set.rtype == WireType::DS)
        };
        find(&self.message.answers).or_else(|| find(&self.message.authorities))
    }

    /// Whether it brings a proof of absence of any kind.
    pub(crate) fn denies(&self) -> bool {
        let is_proof = |record: &Record| matches!(record.record_type(), WireType::NSEC | WireType::NSEC3);
        self.message.authorities.iter().any(is_proof)
    }

    /// Whether it says anything of a zone's DS that could be verified.
    pub(crate) fn speaks_of(&self, zone: &Name) -> bool {
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
            fits.then(|| input.signer_name.to_lowercase())
        })
    }
}

/// What came of a question of this lane.
#[derive(Clone, Debug)]
pub(crate) enum Fetched {
    Reply(ZoneReply),
    /// Why nothing came, as the end of a sentence.
    Failed(String),
    /// Why nobody was asked, in the same way.
    Unasked(String),
    /// Every server of the zone says that it does not give it: who said what.
    Refused(String),
}

impl Fetched {
    /// Why nothing came, and whether anybody was asked.
    pub(crate) fn failed(&self) -> Option<(&str, bool)> {
        match self {
            Self::Reply(_) => None,
            Self::Failed(why) | Self::Refused(why) => Some((why, true)),
            Self::Unasked(why) => Some((why, false)),
        }
    }

    /// What came.
    pub(crate) fn reply(&self) -> Option<&ZoneReply> {
        match self {
            Self::Reply(reply) => Some(reply),
            Self::Failed(_) | Self::Refused(_) | Self::Unasked(_) => None,
        }
    }
}

/// A question of the walk that a zone answered.
#[derive(Clone, Debug)]
pub(crate) struct AskedReply {
    pub(crate) qname: Name,
    pub(crate) qtype: WireType,
    pub(crate) reply: ZoneReply,
}

impl AskedReply {
    /// Whether both answer the same question.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        (&self.qname, self.qtype) == (&other.qname, other.qtype)
    }
}

/// Who said all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Source {
    /// Servers of the zones.
    #[default]
    Servers,
    /// A resolver, which speaks of all zones in one reply and refers to none.
    Resolver,
}

/// Everything known of one resolution.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    /// The referral to each zone.
    pub(crate) delegations: BTreeMap<Name, ZoneReply>,
    /// Replies to questions for a DS.
    pub(crate) ds: BTreeMap<Name, Fetched>,
    /// Replies to questions for the keys.
    pub(crate) keys: BTreeMap<Name, Fetched>,
    /// The walk's own answers.
    pub(crate) asked: Vec<AskedReply>,
    /// Where a walk ended that found no answer: the last zone on its way.
    pub(crate) lost_at: Option<Name>,
    /// What has verified earlier in this run.
    pub(crate) verified: SignatureCache,
    pub(crate) source: Source,
    /// What is wrong with the answers, where somebody had to be asked for them once more.
    pub(crate) unanswered: Option<String>,
}

impl Evidence {
    /// What was said of a zone's DS; the answer to the question itself outweighs a referral.
    pub(crate) fn about(&self, zone: &Name) -> Option<&ZoneReply> {
        let asked = match self.ds.get(zone) {
            Some(Fetched::Reply(reply)) => Some(reply),
            _ => None,
        };
        let referral = self.delegations.get(zone);
        asked.filter(|reply| reply.speaks_of(zone)).or(referral).or(asked)
    }

    /// The zone that what was said of `zone`'s DS belongs to: who signed it, or else the zone asked;
    /// of a resolver the deepest zone above that is known to be one.
    pub(crate) fn parent_of(&self, zone: &Name, reply: &ZoneReply, anchors: &Anchors) -> Option<Name> {
        let asked = || match self.source {
            Source::Servers => reply.zone.clone(),
            Source::Resolver => self.deepest_zone(&zone.base_name(), anchors),
        };
        let fits = |parent: &Name| parent.zone_of(zone) && parent != zone;
        reply.signer_of_ds(zone).or_else(|| Some(asked()).filter(fits))
    }

    /// The deepest zone at or above a name that has a DS or an anchor.
    pub(crate) fn deepest_zone(&self, name: &Name, anchors: &Anchors) -> Name {
        let has_ds = |zone: &Name| match self.ds.get(zone) {
            Some(Fetched::Reply(reply)) => reply.ds_of(zone).is_some(),
            _ => false,
        };
        let mut above = (1..=name.iter().len()).rev().map(|labels| name.trim_to(labels));
        above.find(|zone| has_ds(zone) || anchors.at(zone).next().is_some()).unwrap_or_else(Name::root)
    }

    /// Whether any signature came at all.
    pub(crate) fn is_signed(&self) -> bool {
        self.replies().any(|reply| reply.message.signatures().next().is_some())
    }

    /// Every reply but the referrals.
    pub(crate) fn replies(&self) -> impl Iterator<Item = &ZoneReply> {
        let fetched = self.keys.values().chain(self.ds.values()).filter_map(Fetched::reply);
        fetched.chain(self.asked.iter().map(|asked| &asked.reply))
    }
}
