//! The security status of an answer (RFC 4033 §5): its aliases, its records, or its absence.
//!
//! Pure, on top of `chain`. The worst that is found is the verdict.

use hickory_resolver::proto::dnssec::rdata::RRSIG;
use hickory_resolver::proto::rr::{Name, RecordType as WireType};

use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::chain::Validator;
use crate::dns::dnssec::conclusion::Conclusion;
use crate::dns::dnssec::denial::{Unproven, Wanted};
use crate::dns::dnssec::evidence::{AskedReply, Evidence, Source, ZoneReply};
use crate::dns::dnssec::resolver_reply::answers;
use crate::dns::dnssec::rrset::{RrSet, cname_target, record_sets, substituted};
use crate::dns::dnssec::rrsig::{Now, Untimely, untimely};
use crate::dns::wire::name::name_text;
use crate::trace::{Denial, Denied, Dnssec, DnssecVerdict, ProofKind, RecordType, SignatureInfo};

/// Aliases followed inside one message; the walk's own limit is lower.
const MAX_CHAIN: usize = 16;

const NO_SIGNATURES: &str = "the resolver gives no signatures, not even over the keys of the zone where the \
    chain of trust begins: it, or one that it forwards to, leaves DNSSEC out, and nothing it says can be \
    validated";

/// Judges a resolution.
pub(crate) fn validate(evidence: &Evidence, anchors: &Anchors, now: Now) -> Dnssec {
    let mut judge = Judge {
        chain: Validator::new(evidence, anchors, now),
        signatures: Vec::new(),
        denials: Vec::new(),
        open: Vec::new(),
        worst: None,
    };
    let answers = answers(evidence, anchors);
    for asked in &answers {
        judge.answer(asked);
    }
    if let Some(zone) = &evidence.lost_at {
        judge.lost(zone);
    } else if let Some(why) = &evidence.unanswered {
        judge.note(Conclusion::indeterminate(why.clone()));
    } else if evidence.asked.is_empty() {
        judge.note(Conclusion::indeterminate("no answer came that could be checked".to_owned()));
    } else if let Some(name) = judge.unspoken(&answers) {
        let why =
            format!("no answer that could be checked came for {}, where an alias leads", name_text(&name));
        judge.note(Conclusion::indeterminate(why));
    }
    let mut worst = judge.worst;
    let is_bogus = worst.as_ref().is_some_and(|worst| worst.verdict == DnssecVerdict::Bogus);
    if evidence.source == Source::Resolver && is_bogus && !evidence.is_signed() {
        // Nothing of DNSSEC came with anything: that says more of the resolver than of the zones.
        worst = Some(Conclusion::indeterminate(NO_SIGNATURES.to_owned()));
    }
    Dnssec {
        verdict: worst.as_ref().map_or(DnssecVerdict::Secure, |worst| worst.verdict),
        cause: worst.as_ref().and_then(|worst| worst.cause),
        why: worst.map(|worst| worst.why),
        chain: judge.chain.links,
        signatures: judge.signatures,
        denials: judge.denials,
        clock_suspected: clock_suspected(evidence, anchors, now),
        bogus_in_part: None,
    }
}

/// Whether everything seen is expired, or nothing is valid yet, the anchored zone's keys included:
/// it is not likely that all zones went wrong at once.
fn clock_suspected(evidence: &Evidence, anchors: &Anchors, now: Now) -> bool {
    let replies = evidence.replies().chain(evidence.delegations.values());
    let mut sides: Vec<Option<Untimely>> = Vec::new();
    let mut anchored = false;
    for reply in replies {
        let own = |(_, signature): (_, &RRSIG)| {
            anchored |= anchors.at(&signature.input().signer_name).next().is_some();
            untimely(signature, now)
        };
        sides.extend(reply.message.signatures().map(own));
    }
    let same = |side| !sides.is_empty() && sides.iter().all(|one| *one == Some(side));
    anchored && (same(Untimely::Expired) || same(Untimely::NotYet))
}

struct Judge<'a> {
    chain: Validator<'a>,
    signatures: Vec<SignatureInfo>,
    denials: Vec<Denial>,
    /// Where aliases lead that another reply has to speak of.
    open: Vec<Name>,
    worst: Option<Conclusion>,
}

impl Judge<'_> {
    /// Takes an ending; the first of the worst kind stays.
    fn note(&mut self, conclusion: Conclusion) {
        if self.worst.as_ref().is_none_or(|worst| conclusion.verdict > worst.verdict) {
            self.worst = Some(conclusion);
        }
    }

    /// Where an alias leads of which no reply speaks: then the alias alone was checked.
    fn unspoken(&self, answers: &[AskedReply]) -> Option<Name> {
        self.open.iter().find(|name| !answers.iter().any(|asked| asked.qname == **name)).cloned()
    }

    /// A walk that ended without an answer: how far down the chain holds.
    fn lost(&mut self, zone: &Name) {
        let state = self.chain.zone(zone);
        let far = self.chain.links.iter().rev().find(|link| link.status == DnssecVerdict::Secure);
        let held = far.map(|link| format!("the chain of trust holds down to zone {}", link.zone));
        let fault = state.fault.as_ref().map(|fault| fault.why.clone());
        let why = held.into_iter().chain(fault).collect::<Vec<_>>().join("; ");
        self.note(Conclusion::indeterminate(format!("there is no answer to validate; {why}")));
    }

    /// One reply of the walk: the chain of aliases in it, and what it ends with.
    fn answer(&mut self, asked: &AskedReply) {
        let sets = record_sets(&asked.reply.message.answers);
        let find =
            |name: &Name, rtype: WireType| sets.iter().find(|set| set.owner == name && set.rtype == rtype);
        if asked.qtype == WireType::RRSIG && self.bare_signatures(asked) {
            return;
        }
        let mut name = asked.qname.clone();
        let mut passed = vec![name.clone()];
        while passed.len() <= MAX_CHAIN {
            if asked.qtype == WireType::ANY {
                let all: Vec<_> = sets.iter().filter(|set| *set.owner == name).collect();
                if !all.is_empty() {
                    // A resolver may have the NS records of a referral, which nobody signs.
                    let is_copy = |set: &RrSet<'_>| set.rtype == WireType::NS && set.signatures.is_empty();
                    let of_resolver = self.chain.evidence.source == Source::Resolver;
                    let own = all.into_iter().filter(|set| !(of_resolver && is_copy(set)));
                    own.for_each(|set| self.record_set(asked, set));
                    return;
                }
            }
            let dname = sets
                .iter()
                .find(|set| set.rtype == WireType::DNAME && *set.owner != name && set.owner.zone_of(&name));
            let cname = find(&name, WireType::CNAME);
            if let Some(set) = find(&name, asked.qtype) {
                // RFC 6672 §5.3.1: the CNAME follows from the DNAME, which alone is signed.
                let made = dname.filter(|_| asked.qtype == WireType::CNAME);
                self.record_set(asked, made.unwrap_or(set));
                // An alias beside the records is part of the answer: others may go by it.
                if let (Some(cname), None) = (cname.filter(|_| asked.qtype != WireType::CNAME), dname) {
                    self.record_set(asked, cname);
                }
                return;
            }
            let target = match (dname, cname) {
                // RFC 6672 §5.3.1: the CNAME follows from the DNAME, which alone is signed.
                (Some(dname), _) => {
                    self.record_set(asked, dname);
                    substituted(&name, dname)
                }
                (None, Some(cname)) => {
                    self.record_set(asked, cname);
                    cname_target(cname)
                }
                (None, None) => None,
            };
            let Some(target) = target else {
                // An alias may lead to a name that this reply does not speak of.
                if passed.len() == 1 || denies_target(&asked.reply, &name) {
                    self.absence(asked, &name);
                } else {
                    self.open.push(name);
                }
                return;
            };
            if passed.contains(&target) {
                return;
            }
            if !asked.reply.zone.zone_of(&target) {
                self.open.push(target);
                return;
            }
            passed.push(target.clone());
            name = target;
        }
    }

    /// Signatures that were asked for themselves, if there are any: nothing signs them.
    fn bare_signatures(&mut self, asked: &AskedReply) -> bool {
        let of_name = asked.reply.message.signatures().filter(|(owner, _)| **owner == asked.qname);
        let signatures: Vec<&RRSIG> = of_name.map(|(_, signature)| signature).collect();
        if signatures.is_empty() {
            return false;
        }
        let zone = signer_for(&asked.reply, &asked.qname, signatures.into_iter());
        let state = self.chain.zone(&zone);
        let why = "signatures are not signed themselves (RFC 4035 section 2.2)";
        self.note(state.fault.clone().unwrap_or_else(|| Conclusion::insecure(why.to_owned())));
        true
    }

    /// Records that are there.
    fn record_set(&mut self, asked: &AskedReply, set: &RrSet<'_>) {
        let zone = signer_of_set(&asked.reply, set);
        let state = self.chain.zone(&zone);
        if let Some(fault) = &state.fault {
            self.note(fault.clone());
            return;
        }
        let from = (&asked.reply.zone, set.owner, asked.qtype);
        let (result, infos) = self.chain.check(set, (&zone, &state.keys), from);
        self.keep(infos);
        match result {
            Ok(None) => {}
            Ok(Some(labels)) => {
                let wanted = Wanted::CloserName { labels };
                let made = format!("{} was made from a wildcard", set.subject());
                self.deny(asked, &zone, set.owner, wanted, Denied::CloserName, &made);
            }
            Err(conclusion) => self.note(conclusion),
        }
    }

    /// A name or type that is said not to exist.
    fn absence(&mut self, asked: &AskedReply, name: &Name) {
        let message = &asked.reply.message;
        let sets = record_sets(&message.authorities);
        let of_kind = |set: &&RrSet<'_>| {
            matches!(set.rtype, WireType::NSEC | WireType::NSEC3)
                || (set.rtype == WireType::SOA && set.owner.zone_of(name))
        };
        let relevant: Vec<&RrSet<'_>> = sets.iter().filter(of_kind).collect();
        let signatures = relevant.iter().flat_map(|set| set.signatures.iter().copied());
        let zone = signer_for(&asked.reply, name, signatures);
        let state = self.chain.zone(&zone);
        if let Some(fault) = &state.fault {
            self.note(fault.clone());
            return;
        }
        if let Some(soa) = relevant.iter().find(|set| set.rtype == WireType::SOA) {
            let from = (&asked.reply.zone, name, asked.qtype);
            let (result, infos) = self.chain.check(soa, (&zone, &state.keys), from);
            self.keep(infos);
            if let Err(conclusion) = result {
                self.note(conclusion);
                return;
            }
        }
        let text = name_text(name);
        let (wanted, denied, claim) = if message.name_error {
            (Wanted::Name, Denied::Name, format!("{text} is said not to exist"))
        } else {
            let rtype = RecordType(u16::from(asked.qtype));
            let claim = format!("{text} is said to have no {}", rtype.mnemonic());
            (Wanted::Type(asked.qtype), Denied::Type(rtype), claim)
        };
        self.deny(asked, &zone, name, wanted, denied, &claim);
    }

    /// Proves what `claim` says by the proofs of the message, or notes that it is not proven.
    fn deny(
        &mut self,
        asked: &AskedReply,
        zone: &Name,
        name: &Name,
        wanted: Wanted,
        what: Denied,
        claim: &str,
    ) {
        let state = self.chain.zone(zone);
        let proofs = self.chain.proofs(&asked.reply.message, zone, &state.keys);
        let mut result = self.chain.prove(&proofs, zone, name, wanted);
        let mut what = what;
        if wanted == Wanted::Name && result.is_err() {
            // No code of a reply is signed: some servers say NXDOMAIN of an empty non-terminal (RFC 8020 §2). As
            // unbound, and of NSEC only: no resolver takes it with NSEC3.
            let of_type = self.chain.prove(&proofs, zone, name, Wanted::Type(asked.qtype));
            if of_type == Ok(ProofKind::Nsec) {
                (result, what) = (of_type, Denied::Type(RecordType(u16::from(asked.qtype))));
            }
        }
        let text = name_text(name);
        let of_cut = match result {
            Err(Unproven::Missing(_)) => self.chain.unsigned_cut(&proofs, zone, name, asked.qtype),
            _ => None,
        };
        self.keep(proofs.signatures);
        match result {
            Ok(proof) => {
                let denial = Denial { name: text.clone(), what, proof, zone: name_text(zone) };
                if !self.denials.contains(&denial) {
                    self.denials.push(denial);
                }
                if proof == ProofKind::Nsec3OptOut {
                    let why = format!(
                        "{claim}; zone {} leaves unsigned names out there (NSEC3 opt-out)",
                        name_text(zone)
                    );
                    self.note(Conclusion::insecure(why));
                }
            }
            Err(unproven) => {
                let of_child = match unproven {
                    Unproven::Iterations(_) => None,
                    _ if of_cut.is_some() => of_cut,
                    _ => self.chain.unsigned_between(&asked.reply.zone, name, asked.qtype),
                };
                let unproven = || unproven.conclude(zone, |what| format!("{claim} without proof: {what}"));
                self.note(of_child.unwrap_or_else(unproven));
            }
        }
    }

    fn keep(&mut self, infos: Vec<SignatureInfo>) {
        for info in infos {
            if !self.signatures.contains(&info) {
                self.signatures.push(info);
            }
        }
    }
}

/// The zone that records belong to: who signed them, if that can be, or the zone that was asked.
fn signer_for<'s>(reply: &ZoneReply, owner: &Name, signatures: impl Iterator<Item = &'s RRSIG>) -> Name {
    let fits = |signer: &&Name| reply.zone.zone_of(signer) && signer.zone_of(owner);
    let signers: Vec<&Name> =
        signatures.map(|signature| &signature.input().signer_name).filter(fits).collect();
    // Others may have put theirs beside the zone's own.
    let own = signers.iter().find(|signer| ***signer == reply.zone).or(signers.first());
    own.unwrap_or(&&reply.zone).to_lowercase()
}

/// The same for a record set: a DS, as an answer to ANY may have it, belongs to the zone above its name.
fn signer_of_set(reply: &ZoneReply, set: &RrSet<'_>) -> Name {
    let signatures = || set.signatures.iter().copied();
    let above = |signature: &&RRSIG| {
        let signer = &signature.input().signer_name;
        signer != set.owner && signer.zone_of(set.owner)
    };
    match signatures().find(above).filter(|_| set.rtype == WireType::DS) {
        Some(signature) => signature.input().signer_name.to_lowercase(),
        None => signer_for(reply, set.owner, signatures()),
    }
}

/// Whether a reply says that an alias's target lacks what was asked for.
fn denies_target(reply: &ZoneReply, name: &Name) -> bool {
    let soa = |record: &hickory_resolver::proto::rr::Record| {
        record.record_type() == WireType::SOA && record.name.zone_of(name)
    };
    reply.message.name_error || reply.message.authorities.iter().any(soa)
}
