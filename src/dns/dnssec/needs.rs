//! Which DS and DNSKEY RRsets are still to be asked for (RFC 4035 §4.2). Nothing is asked here.
//!
//! Told without any cryptography, so that finding it out costs the counted lane nothing.

use std::collections::{BTreeMap, BTreeSet};

use hickory_resolver::proto::rr::{Name, RecordType as WireType};

use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::evidence::{AskedReply, Evidence, Fetched, Source};
use crate::dns::dnssec::resolver_reply::answers;
use crate::dns::dnssec::rrset::record_sets;

/// Names between a zone and one of its names that may be zones and are asked about: what the reverse
/// name of an IPv6 address has (RFC 3596 §2.5).
pub(crate) const MAX_BETWEEN: usize = 34;

/// The same in one round, where a resolver was asked and every zone is only guessed at.
const MAX_GUESSED: usize = 8;

/// Labels of a signer whose zones are asked for all at once.
const MAX_AT_ONCE: usize = 4;

/// Signers of one answer whose chains are followed.
const MAX_SIGNERS: usize = 8;

/// A question that has to be asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    Keys(Name),
    Ds(Name),
}

/// Whether the last name of a chain is the apex of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apex {
    Known,
    Possible,
}

/// What still has to be asked, as far as can be told now.
pub(crate) fn needs(evidence: &Evidence, anchors: &Anchors) -> Vec<Need> {
    let mut search = Search { evidence, anchors, seen: BTreeMap::new(), needs: BTreeSet::new() };
    for asked in &answers(evidence, anchors) {
        search.answer(asked);
    }
    if let Some(zone) = &evidence.lost_at {
        search.may_be_secure(zone);
    }
    search.needs.retain(|need| match need {
        Need::Keys(zone) => !evidence.keys.contains_key(zone),
        Need::Ds(zone) => !evidence.ds.contains_key(zone),
    });
    search.needs.into_iter().collect()
}

struct Search<'a> {
    evidence: &'a Evidence,
    anchors: &'a Anchors,
    seen: BTreeMap<Name, bool>,
    needs: BTreeSet<Need>,
}

impl Search<'_> {
    fn answer(&mut self, asked: &AskedReply) {
        let zone = &asked.reply.zone;
        if self.evidence.source == Source::Resolver {
            match asked.reply.message.signatures().next() {
                Some(_) => self.at_once(zone, Apex::Known),
                None if self.evidence.ds.is_empty() => self.at_once(&asked.qname.base_name(), Apex::Possible),
                None => {}
            }
        }
        let signed = self.may_be_secure(zone);
        let mut signers: Vec<&Name> = Vec::new();
        for (owner, signature) in asked.reply.message.signatures() {
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
                Some(Fetched::Failed(_) | Fetched::Refused(_) | Fetched::Unasked(_)) => return,
                Some(Fetched::Reply(reply)) if !reply.speaks_of(&zone) => return,
                Some(Fetched::Reply(_)) => {}
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
    fn at_once(&mut self, zone: &Name, last: Apex) {
        let labels = zone.iter().len();
        let mut needs = Vec::new();
        for depth in 0..=labels.min(MAX_AT_ONCE) {
            let above = zone.trim_to(depth);
            let keys = depth < labels || last == Apex::Known;
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
        let Some(reply) = self.evidence.about(zone) else {
            self.needs.insert(Need::Ds(zone.clone()));
            return true;
        };
        let parent = self.evidence.parent_of(zone, reply, self.anchors);
        let Some(parent) = parent.filter(|parent| self.may_be_secure(parent)) else {
            return false;
        };
        if let Some(set) = reply.ds_of(zone) {
            self.needs.insert(Need::Keys(zone.clone()));
            if set.signatures.is_empty() {
                // It may be the word of an unsigned zone between the two, on the same servers.
                self.between(&parent, zone, WireType::DS);
            }
            true
        } else if reply.denies() {
            false
        } else {
            self.needs.insert(Need::Ds(zone.clone()));
            // It may be the word of an unsigned zone between the two, on the same servers.
            self.between(&parent, zone, WireType::DS);
            true
        }
    }
}

/// Names of an answer that came without any signature where there should be one.
fn unsigned_names(asked: &AskedReply) -> Vec<&Name> {
    let message = &asked.reply.message;
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
        .filter(|owner| asked.reply.zone.zone_of(owner))
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
