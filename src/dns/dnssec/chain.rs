//! The authentication chain (RFC 4033 §2): for each zone from an anchor down, DS to DNSKEY to RRSIG, and why not.
//!
//! Pure: it judges evidence that is there already. The answer itself is `validate`'s part.

use std::collections::BTreeMap;
use std::rc::Rc;

use hickory_resolver::proto::dnssec::rdata::{DNSSECRData, DS, NSEC, NSEC3};
use hickory_resolver::proto::rr::{Name, RData, RecordType as WireType};

use crate::dns::dnssec::anchors::{Anchors, Trusts};
use crate::dns::dnssec::conclusion::Conclusion;
use crate::dns::dnssec::denial::{Unproven, Wanted};
use crate::dns::dnssec::evidence::{Evidence, Fetched, Sections, Source, ZoneReply};
use crate::dns::dnssec::needs::{MAX_BETWEEN, between};
use crate::dns::dnssec::nsec::by_nsec;
use crate::dns::dnssec::nsec3::by_nsec3;
use crate::dns::dnssec::rrset::{RrSet, record_sets};
use crate::dns::dnssec::rrsig::{Checks, Key, Now, Validity, check};
use crate::dns::wire::name::name_text;
use crate::explain::dnssec::{by_other_keys, no_key};
use crate::trace::{
    Denial, Denied, DnssecCause, DnssecVerdict, DsInfo, DsState, KeyInfo, ProofKind, SignatureInfo, ZoneLink,
};

/// DS records of one zone that are shown. All of them are looked at: a digest is made only for those
/// that a key can fit.
const MAX_DS: usize = 32;

/// Keys of one zone that are shown. All of them are looked at: what one message holds.
const MAX_KEYS: usize = 32;

/// Record sets of proofs in one message that are verified: three for each name of the longest chain of
/// aliases in it, each made from a wildcard.
const MAX_PROOF: usize = 3 * 16;

const SHA1: u8 = 1;

/// What is known of a zone's keys.
#[derive(Debug)]
pub(crate) struct ZoneState {
    /// Why they are not trusted; `None` when they are.
    pub(crate) fault: Option<Conclusion>,
    pub(crate) keys: Vec<Key>,
}

impl ZoneState {
    fn status(&self) -> DnssecVerdict {
        self.fault.as_ref().map_or(DnssecVerdict::Secure, |fault| fault.verdict)
    }
}

/// The judge of one resolution.
pub(crate) struct Validator<'a> {
    pub(crate) evidence: &'a Evidence,
    anchors: &'a Anchors,
    now: Now,
    checks: Checks,
    zones: BTreeMap<Name, Rc<ZoneState>>,
    /// Parents before children.
    pub(crate) links: Vec<ZoneLink>,
}

/// The proofs of a message that hold.
#[derive(Default)]
pub(crate) struct Proofs<'m> {
    nsec: Vec<(&'m Name, &'m NSEC)>,
    nsec3: Vec<(&'m Name, &'m NSEC3)>,
    /// Why a part of them does not hold.
    fault: Option<(DnssecCause, String)>,
    pub(crate) signatures: Vec<SignatureInfo>,
}

impl Proofs<'_> {
    /// Notes why a part does not hold: the first, but that one cannot be checked outweighs the others.
    fn lacks(&mut self, Conclusion { cause, why, .. }: Conclusion) {
        let Some(cause) = cause else { return };
        if self.fault.is_none() || cause == DnssecCause::Unchecked {
            self.fault = Some((cause, why));
        }
    }
}

impl<'a> Validator<'a> {
    pub(crate) fn new(evidence: &'a Evidence, anchors: &'a Anchors, now: Now) -> Self {
        let (zones, links) = (BTreeMap::new(), Vec::new());
        let checks = Checks::remembering(&evidence.verified);
        Self { evidence, anchors, now, checks, zones, links }
    }

    /// Judges a zone's keys. It calls itself for ancestors only: at most as deep as a name has
    /// labels.
    pub(crate) fn zone(&mut self, zone: &Name) -> Rc<ZoneState> {
        if let Some(known) = self.zones.get(zone) {
            return Rc::clone(known);
        }
        let mut link = ZoneLink {
            zone: name_text(zone),
            status: DnssecVerdict::Indeterminate,
            why: None,
            ds_state: DsState::Missing,
            ds: Vec::new(),
            keys: Vec::new(),
            signatures: Vec::new(),
            denial: None,
        };
        let state = Rc::new(match self.trust(zone, &mut link) {
            Ok(keys) => ZoneState { fault: None, keys },
            Err(fault) => ZoneState { fault: Some(fault), keys: Vec::new() },
        });
        link.status = state.status();
        link.why = state.fault.as_ref().map(|fault| fault.why.clone());
        self.links.push(link);
        self.zones.insert(zone.clone(), Rc::clone(&state));
        state
    }

    /// The zone's keys, or why they are not to be trusted.
    fn trust(&mut self, zone: &Name, link: &mut ZoneLink) -> Result<Vec<Key>, Conclusion> {
        let text = name_text(zone);
        let anchors: Vec<Trusts> = self.anchors.at(zone).map(|anchor| anchor.trusts.clone()).collect();
        if !anchors.is_empty() {
            link.ds_state = DsState::Anchor;
            return self.keys(zone, &anchors, link);
        }
        if zone.is_root() {
            let mut why = "no trust anchor covers the name".to_owned();
            if self.anchors.is_empty() {
                why += ": the built-in ones are for the root servers of the Internet, and --root-hints names \
                        others; --trust-anchor gives theirs";
            }
            return Err(Conclusion::indeterminate(why));
        }
        let evidence = self.evidence;
        let Some(reply) = evidence.about(zone) else {
            let why = match evidence.ds.get(zone).and_then(Fetched::failed) {
                Some(failed) => self.ds_unheard(&text, failed),
                None => format!("the DS of {text} did not come in time"),
            };
            return Err(Conclusion::indeterminate(why));
        };
        let Some(parent) = evidence.parent_of(zone, reply, self.anchors) else {
            let why = format!("nobody above zone {text} was heard of its DS");
            return Err(Conclusion::indeterminate(why));
        };
        let above = self.zone(&parent);
        if let Some(fault) = &above.fault {
            return Err(fault.clone());
        }
        match reply.ds_of(zone) {
            Some(set) => {
                link.ds_state = DsState::Present;
                let trusts = self.verified_ds(&set, &parent, &above, link)?;
                self.keys(zone, &trusts, link)
            }
            None => {
                let conclusion = match evidence.ds.get(zone).and_then(Fetched::failed) {
                    // A referral that says nothing of it is no denial: the answer to the question would be.
                    Some(failed) if !reply.denies() => {
                        Conclusion::indeterminate(self.ds_unheard(&text, failed))
                    }
                    _ => self.unsigned(zone, reply, &parent, &above, link),
                };
                let unproven = conclusion.verdict == DnssecVerdict::Bogus;
                // It may be the word of an unsigned zone between the two.
                let between =
                    if unproven { self.unsigned_between(&parent, zone, WireType::DS) } else { None };
                Err(between.unwrap_or(conclusion))
            }
        }
    }

    /// The DS records, once their signature holds.
    fn verified_ds(
        &mut self,
        set: &RrSet<'_>,
        parent: &Name,
        above: &ZoneState,
        link: &mut ZoneLink,
    ) -> Result<Vec<Trusts>, Conclusion> {
        let records: Vec<&DS> = set
            .records
            .iter()
            .filter_map(|record| match &record.data {
                RData::DNSSEC(DNSSECRData::DS(ds)) => Some(ds),
                _ => None,
            })
            .collect();
        link.ds = records.iter().take(MAX_DS).map(|ds| ds_info(ds)).collect();
        let (result, infos) = self.check(set, (parent, &above.keys), (parent, set.owner, WireType::DS));
        link.signatures.extend(infos);
        if result?.is_some() {
            let why = format!("{} was made from a wildcard", set.subject());
            return Err(Conclusion::bogus(DnssecCause::WrongSignature, why));
        }
        // RFC 4509 §3: where there is a better digest, SHA-1 counts for nothing.
        let better = |ds: &&&DS| ds.digest_type().is_supported() && u8::from(ds.digest_type()) != SHA1;
        let has_better = records.iter().any(|ds| better(&ds) && ds.algorithm().is_supported());
        let usable: Vec<&DS> = records
            .iter()
            .filter(|ds| ds.algorithm().is_supported() && ds.digest_type().is_supported())
            .filter(|ds| !has_better || better(ds))
            .copied()
            .collect();
        let usable = few_of_each(usable);
        if usable.is_empty() {
            // RFC 4035 §5.2: as good as unsigned.
            let kind = |ds: &DsInfo| {
                format!("algorithm {}, digest {}", ds.algorithm, ds.digest_type.unwrap_or_default())
            };
            let kinds: Vec<String> = link.ds.iter().map(kind).collect();
            let why = format!(
                "every DS of {} is of a kind that is not supported here ({}): it counts as unsigned",
                link.zone,
                kinds.join("; ")
            );
            return Err(Conclusion { cause: Some(DnssecCause::Unchecked), ..Conclusion::insecure(why) });
        }
        Ok(usable)
    }

    /// A zone without a DS: proven to have none, or not.
    fn unsigned(
        &self,
        zone: &Name,
        reply: &ZoneReply,
        parent: &Name,
        above: &ZoneState,
        link: &mut ZoneLink,
    ) -> Conclusion {
        let proofs = self.proofs(&reply.message, parent, &above.keys);
        link.signatures.extend(proofs.signatures.iter().cloned());
        let (text, parent_text) = (name_text(zone), name_text(parent));
        match self.prove(&proofs, parent, zone, Wanted::Ds) {
            Ok(proof) => {
                link.ds_state = DsState::ProvenAbsent;
                link.denial =
                    Some(Denial { name: text.clone(), what: Denied::Ds, proof, zone: parent_text.clone() });
                without_ds(&text, &parent_text, proof)
            }
            Err(unproven) => {
                if let Unproven::Iterations(_) = unproven {
                    link.ds_state = DsState::ProvenAbsent;
                }
                unproven.conclude(parent, |what| {
                    format!(
                        "zone {parent_text} gives no DS for {text} and no proof that there is none: {what}"
                    )
                })
            }
        }
    }

    /// The keys of a zone, once one that is trusted from above has signed them.
    fn keys(&self, zone: &Name, trusted: &[Trusts], link: &mut ZoneLink) -> Result<Vec<Key>, Conclusion> {
        let text = name_text(zone);
        let anchored = link.ds_state == DsState::Anchor;
        let source = if anchored { "trust anchor" } else { "DS" };
        if anchored {
            link.ds = trusted.iter().filter_map(trust_info).collect();
        }
        let reply = self.key_reply(zone, anchored)?;
        let sets = record_sets(&reply.message.answers);
        let set = sets.iter().find(|set| set.owner == zone && set.rtype == WireType::DNSKEY);
        let Some(set) = set else {
            let why = format!("zone {text} has a {source} and no DNSKEY");
            return Err(Conclusion::bogus(DnssecCause::DsWithoutKey, why));
        };
        let keys: Vec<Key> = set
            .records
            .iter()
            .filter_map(|record| match &record.data {
                RData::DNSSEC(DNSSECRData::DNSKEY(key)) => Key::new(key),
                _ => None,
            })
            .collect();
        let entries: Vec<Key> = keys
            .iter()
            .filter(|key| trusted.iter().any(|trust| matches(trust, zone, key)))
            .cloned()
            .collect();
        link.keys = shown(&keys, trusted, zone);
        let held = |trust: &&Trusts| entries.iter().any(|key| matches(trust, zone, key));
        let held: Vec<DsInfo> = trusted.iter().filter(held).filter_map(trust_info).collect();
        link.ds.iter_mut().for_each(|info| info.matched = held.contains(info));
        if entries.is_empty() {
            let trusted: Vec<DsInfo> = trusted.iter().filter_map(trust_info).collect();
            let why = no_key(&text, source, &trusted, &infos(&keys));
            return Err(Conclusion::bogus(DnssecCause::DsWithoutKey, why));
        }
        let (validity, signatures) = check(set, zone, &entries, self.now, &self.checks);
        let fault = match validity {
            Validity::Holds { wildcard: None } => None,
            Validity::Holds { wildcard: Some(_) } => {
                let why = format!("{text} DNSKEY was made from a wildcard");
                Some(Conclusion::bogus(DnssecCause::WrongSignature, why))
            }
            Validity::Missing => Some(unsigned_set(set, zone)),
            Validity::Fails(cause, fault) => {
                let tags: Vec<u16> =
                    set.signatures.iter().map(|signature| signature.input().key_tag).collect();
                let has = |keys: &[Key], tag| keys.iter().any(|key| key.info.tag == tag);
                let is_other = |tag: &u16| has(&keys, *tag) && !has(&entries, *tag);
                Some(if tags.iter().all(is_other) {
                    let why = by_other_keys(&text, source, &tags, &infos(&entries));
                    Conclusion::bogus(DnssecCause::DsWithoutKey, why)
                } else {
                    failed_set(set, cause, &fault)
                })
            }
        };
        // Signatures by the zone's other keys are no fault: only those of trusted ones count here.
        let by_entry = |info: &SignatureInfo| entries.iter().any(|key| key.info.tag == info.tag);
        let keep_all = fault.is_some();
        link.signatures.extend(signatures.into_iter().filter(|info| keep_all || by_entry(info)));
        match fault {
            Some(fault) => Err(fault),
            None => Ok(keys),
        }
    }

    /// What was answered to the question for a zone's keys.
    fn key_reply(&self, zone: &Name, anchored: bool) -> Result<&'a ZoneReply, Conclusion> {
        let text = name_text(zone);
        let why = match self.evidence.keys.get(zone) {
            Some(Fetched::Reply(reply)) => return Ok(reply),
            Some(Fetched::Refused(reason)) if !anchored => {
                let why = format!("the servers of zone {text} refuse its DNSKEY: {reason}");
                return Err(Conclusion::bogus(DnssecCause::KeysRefused, why));
            }
            Some(Fetched::Unasked(reason)) => {
                format!("the keys of zone {text} were not asked for: {reason}")
            }
            Some(Fetched::Failed(reason) | Fetched::Refused(reason)) => {
                if self.evidence.lost_at.as_ref() == Some(zone) {
                    format!("the keys of zone {text} were not asked for: {reason}")
                } else {
                    format!("the keys of zone {text} could not be asked for: {reason}{}", self.consequence())
                }
            }
            None => format!("the keys of zone {text} did not come in time"),
        };
        Err(Conclusion::indeterminate(why))
    }

    /// Nobody has answered the question for a zone's DS.
    fn ds_unheard(&self, zone: &str, (reason, asked): (&str, bool)) -> String {
        match asked {
            true => format!("the DS of {zone} could not be asked for: {reason}{}", self.consequence()),
            // That says nothing of others, who may ask.
            false => format!("the DS of {zone} was not asked for: {reason}"),
        }
    }

    /// What an answer that does not come means to others.
    fn consequence(&self) -> &'static str {
        match self.evidence.source {
            Source::Servers => "; while no server answers that, resolvers that validate answer SERVFAIL",
            // The resolver may be the one that is at fault.
            Source::Resolver => "",
        }
    }

    /// Checks a set with its zone's keys: the labels of the closest encloser where it was made from a wildcard,
    /// or why it is not secure. Without a signature it may be of an unsigned zone between `above` and a name.
    pub(crate) fn check(
        &mut self,
        set: &RrSet<'_>,
        (zone, keys): (&Name, &[Key]),
        (above, name, qtype): (&Name, &Name, WireType),
    ) -> (Result<Option<usize>, Conclusion>, Vec<SignatureInfo>) {
        let (validity, infos) = check(set, zone, keys, self.now, &self.checks);
        let result = match validity {
            Validity::Holds { wildcard } => Ok(wildcard),
            Validity::Missing => {
                Err(self.unsigned_between(above, name, qtype).unwrap_or_else(|| unsigned_set(set, zone)))
            }
            Validity::Fails(cause, fault) => Err(failed_set(set, cause, &fault)),
        };
        (result, infos)
    }

    /// An unsigned zone between a zone and a name of it, served by the same servers, or by any where
    /// only a resolver was asked.
    pub(crate) fn unsigned_between(
        &mut self,
        above: &Name,
        name: &Name,
        qtype: WireType,
    ) -> Option<Conclusion> {
        let evidence = self.evidence;
        let of_resolver = evidence.source == Source::Resolver;
        let most = if of_resolver { usize::MAX } else { MAX_BETWEEN };
        let mut asked = false;
        for zone in between(above, name, qtype).take(most) {
            let Some(fetched) = evidence.ds.get(&zone) else {
                if of_resolver && asked {
                    let why = format!("whether {} is an unsigned zone was not asked", name_text(&zone));
                    return Some(Conclusion::indeterminate(why));
                }
                continue;
            };
            asked = true;
            let state = self.zone(&zone);
            let unheard = of_resolver || !matches!(fetched, Fetched::Reply(_));
            let unknown = unheard && state.status() == DnssecVerdict::Indeterminate;
            let speaks = matches!(fetched, Fetched::Reply(reply) if reply.speaks_of(&zone));
            if state.status() == DnssecVerdict::Insecure || unknown || (of_resolver && !speaks) {
                return state.fault.clone();
            }
            // A name that is no zone was only a guess: it has no place in the chain.
            let text = name_text(&zone);
            self.links.retain(|link| link.zone != text || link.status == DnssecVerdict::Secure);
        }
        None
    }

    /// A zone without a DS at or above a name, where the proofs that came tell of one: what its parent says
    /// of names in it is nothing.
    pub(crate) fn unsigned_cut(
        &self,
        proofs: &Proofs<'_>,
        zone: &Name,
        name: &Name,
        qtype: WireType,
    ) -> Option<Conclusion> {
        between(zone, name, qtype).take(MAX_BETWEEN).find_map(|cut| {
            let proof = self.prove(proofs, zone, &cut, Wanted::Ds).ok()?;
            Some(without_ds(&name_text(&cut), &name_text(zone), proof))
        })
    }

    /// The NSEC and NSEC3 records of a message whose signatures hold.
    pub(crate) fn proofs<'m>(&self, message: &'m Sections, zone: &Name, keys: &[Key]) -> Proofs<'m> {
        let mut proofs = Proofs::default();
        let sets = record_sets(&message.authorities);
        let mut relevant = sets.iter().filter(|set| matches!(set.rtype, WireType::NSEC | WireType::NSEC3));
        for set in relevant.by_ref().take(MAX_PROOF) {
            let (outcome, infos) = check(set, zone, keys, self.now, &self.checks);
            proofs.signatures.extend(infos);
            match outcome {
                // A proof that was made from a wildcard would prove anything (RFC 4035 §5.4).
                Validity::Holds { wildcard: Some(_) } => {}
                Validity::Holds { wildcard: None } => {
                    for record in &set.records {
                        match &record.data {
                            RData::DNSSEC(DNSSECRData::NSEC(nsec)) => proofs.nsec.push((&record.name, nsec)),
                            RData::DNSSEC(DNSSECRData::NSEC3(nsec3)) => {
                                proofs.nsec3.push((&record.name, nsec3));
                            }
                            _ => {}
                        }
                    }
                }
                Validity::Missing => proofs.lacks(unsigned_set(set, zone)),
                Validity::Fails(cause, fault) => proofs.lacks(failed_set(set, cause, &fault)),
            }
        }
        if relevant.next().is_some() {
            let why = format!("of its NSEC and NSEC3 records {MAX_PROOF} were checked, more are the limit");
            proofs.lacks(Conclusion::unchecked(why));
        }
        proofs
    }

    /// Proves something by whichever kind of record there is.
    pub(crate) fn prove(
        &self,
        proofs: &Proofs<'_>,
        zone: &Name,
        name: &Name,
        wanted: Wanted,
    ) -> Result<ProofKind, Unproven> {
        let result = if !proofs.nsec.is_empty() {
            by_nsec(zone, name, wanted, &proofs.nsec)
        } else if !proofs.nsec3.is_empty() {
            by_nsec3(zone, name, wanted, &proofs.nsec3)
        } else {
            Err(Unproven::Missing("there is no NSEC and no NSEC3".to_owned()))
        };
        match (result, &proofs.fault) {
            // What is missing may be what did not verify.
            (Err(Unproven::Missing(_)), Some((cause, why))) => Err(Unproven::Fails(*cause, why.clone())),
            (result, _) => result,
        }
    }
}

/// Of DS records that a key can fit alike so many: each costs a digest of every such key (CVE-2023-50387).
const MAX_ALIKE: usize = 4;

/// The same ones in whatever order a server gives them.
fn few_of_each(mut records: Vec<&DS>) -> Vec<Trusts> {
    let kind = |ds: &DS| (ds.key_tag(), u8::from(ds.algorithm()), u8::from(ds.digest_type()));
    records.sort_by(|one, other| (kind(one), one.digest()).cmp(&(kind(other), other.digest())));
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    records.retain(|ds| {
        let count = counts.entry(kind(ds)).or_default();
        *count += 1;
        *count <= MAX_ALIKE
    });
    records.into_iter().map(|ds| Trusts::Digest(ds.clone())).collect()
}

/// A zone that is proven to have no DS.
fn without_ds(zone: &str, parent: &str, proof: ProofKind) -> Conclusion {
    let how = match proof {
        ProofKind::Nsec => ", proven by NSEC",
        ProofKind::Nsec3 => ", proven by NSEC3",
        ProofKind::Nsec3OptOut => ", which leaves unsigned zones out (NSEC3 opt-out)",
    };
    Conclusion::insecure(format!("zone {zone} has no DS in {parent}{how}"))
}

/// A record set without a signature.
fn unsigned_set(set: &RrSet<'_>, zone: &Name) -> Conclusion {
    let (subject, zone) = (set.subject(), name_text(zone));
    let why = format!("RRSIG missing: {subject} came without a signature, and zone {zone} is signed");
    Conclusion::bogus(DnssecCause::Unsigned, why)
}

/// One whose signatures do not hold, or cannot be checked here.
fn failed_set(set: &RrSet<'_>, cause: DnssecCause, fault: &str) -> Conclusion {
    let why = format!("the signature over {} {fault}", set.subject());
    match cause {
        DnssecCause::Unchecked => Conclusion::unchecked(why),
        cause => Conclusion::bogus(cause, why),
    }
}

fn matches(trust: &Trusts, zone: &Name, key: &Key) -> bool {
    match trust {
        Trusts::Key(anchor) => anchor.public_key() == key.dnskey.public_key(),
        Trusts::Digest(ds) => {
            ds.key_tag() == key.info.tag
                && u8::from(ds.algorithm()) == key.info.algorithm
                && ds.covers(zone, &key.dnskey).unwrap_or(false)
        }
    }
}

fn ds_info(ds: &DS) -> DsInfo {
    DsInfo {
        tag: ds.key_tag(),
        algorithm: u8::from(ds.algorithm()),
        digest_type: Some(u8::from(ds.digest_type())),
        matched: false,
    }
}

fn trust_info(trust: &Trusts) -> Option<DsInfo> {
    match trust {
        Trusts::Digest(ds) => Some(ds_info(ds)),
        Trusts::Key(key) => {
            let info = Key::new(key)?.info;
            Some(DsInfo { tag: info.tag, algorithm: info.algorithm, digest_type: None, matched: false })
        }
    }
}

fn infos(keys: &[Key]) -> Vec<&KeyInfo> {
    keys.iter().map(|key| &key.info).collect()
}

/// The keys as they stand in a trace, where there are more than that those that are trusted first.
fn shown(keys: &[Key], trusted: &[Trusts], zone: &Name) -> Vec<KeyInfo> {
    if keys.len() <= MAX_KEYS {
        return keys.iter().map(|key| key.info.clone()).collect();
    }
    let is_entry = |key: &&Key| trusted.iter().any(|trust| matches(trust, zone, key));
    let (entries, others): (Vec<&Key>, Vec<&Key>) = keys.iter().partition(is_entry);
    entries.into_iter().chain(others).take(MAX_KEYS).map(|key| key.info.clone()).collect()
}
