//! The evidence of a walk for validation, out of its packets: answers, and the referrals with their DS (RFC 4035
//! §3.1.4). Nothing is asked here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;

use hickory_resolver::proto::rr::{Name, RData, RecordType as WireType};

use crate::clock::Moment;
use crate::dns::dnssec::evidence::{AskedReply, Evidence, Fetched, Sections, ZoneReply};
use crate::dns::dnssec::key_cache::KeyCache;
use crate::dns::transport::log::Log;
use crate::dns::wire::name::printed_name;
use crate::trace::{Meaning, Packet, Purpose, RecordType};

/// How the walk ended whose answer is validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WalkEnd {
    /// With an answer, be it a no.
    Answered,
    /// Without.
    Lost,
}

/// The server of a zone that gave the walk its latest useful answer, and the packet.
pub(crate) fn last_useful(log: &Log, zone: &str) -> Option<(SocketAddr, usize)> {
    let walked = |packet: &Packet| {
        packet.zone == zone
            && packet.meaning.is_useful()
            && matches!(packet.purpose, Purpose::Walk | Purpose::NsAddress)
    };
    log.look(|packets| {
        let id = packets.iter().rposition(|packet| walked(packet))?;
        Some((packets.get(id)?.server, id))
    })
}

/// What the walk's packets answer, and what this run was told of the zones on the way.
pub(crate) fn collect(
    log: &Log,
    store: &KeyCache,
    question: (Name, Vec<RecordType>),
    end: WalkEnd,
) -> Evidence {
    let mut evidence = Evidence { verified: store.verified.clone(), ..Evidence::default() };
    let names = log.look(|packets| {
        let walked = packets.iter().enumerate().filter(|(_, packet)| packet.purpose == Purpose::Walk);
        let replied: Vec<(usize, &Packet, Rc<[u8]>)> =
            walked.filter_map(|(id, packet)| Some((id, *packet, log.raw(id)?))).collect();
        let spares = if end == WalkEnd::Answered { spares(&replied) } else { Vec::new() };
        for (id, packet, bytes) in &replied {
            let is_answer = matches!(
                packet.meaning,
                Meaning::Answer { .. } | Meaning::Cname { .. } | Meaning::NoData(_) | Meaning::NxDomain(_)
            );
            if !is_answer && !spares.contains(id) {
                continue;
            }
            match asked_reply(packet, bytes) {
                Some(asked) => evidence.asked.push(asked),
                None => evidence.unanswered = Some(unread(packet)),
            }
        }
        replied
            .iter()
            .filter_map(|(_, packet, _)| printed_name(&packet.qname).ok())
            .collect::<BTreeSet<Name>>()
    });
    without_minimised(&mut evidence.asked, &question.0, &names);
    match end {
        WalkEnd::Answered => join_known(&mut evidence.asked, store, question),
        WalkEnd::Lost => lost(&mut evidence, log, store),
    }
    evidence.delegations = delegations(&evidence, store);
    evidence
}

/// A packet with its reply as it came; `None` when it cannot be read again. A resolver's stands at the root.
pub(crate) fn asked_reply(packet: &Packet, bytes: &[u8]) -> Option<AskedReply> {
    let zone = if packet.zone.is_empty() { Name::root() } else { printed_name(&packet.zone).ok()? };
    let qname = printed_name(&packet.qname).ok()?;
    let mut message = Sections::read(bytes)?;
    message.spell_as(&qname);
    let reply = ZoneReply { zone, message: Rc::new(message) };
    Some(AskedReply { qname, qtype: WireType::from(packet.qtype.0), reply })
}

/// Leaves out what was said of the first labels of names (RFC 9156): it led the walk on, and is no part
/// of the answer.
fn without_minimised(asked: &mut Vec<AskedReply>, question: &Name, walked: &BTreeSet<Name>) {
    let records = asked.iter().flat_map(|asked| asked.reply.message.answers.iter());
    let targets: BTreeSet<Name> = records
        .filter_map(|record| match &record.data {
            RData::CNAME(target) => Some(target.0.clone()),
            _ => None,
        })
        .collect();
    let is_part = |name: &Name| walked.iter().any(|other| other != name && name.zone_of(other));
    asked
        .retain(|asked| asked.qname == *question || targets.contains(&asked.qname) || !is_part(&asked.qname));
}

/// What is said of an answer that validation cannot read: nothing is true of what nobody checked.
pub(crate) fn unread(packet: &Packet) -> String {
    format!(
        "the answer for {} {} cannot be read again to be validated",
        packet.qname,
        packet.qtype.mnemonic()
    )
}

/// The answers without authority that the walk went by, since no server of the zone did better: of
/// each question the first that came.
fn spares(walked: &[(usize, &Packet, Rc<[u8]>)]) -> Vec<usize> {
    let same = |one: &Packet, other: &Packet| {
        (&one.zone, &one.qname, one.qtype) == (&other.zone, &other.qname, other.qtype)
    };
    let is_spare = |packet: &Packet| packet.meaning == Meaning::NonAuthoritative;
    let taken = walked.iter().filter(|(id, packet, _)| {
        is_spare(packet)
            && !walked.iter().any(|(other, beside, _)| {
                let earlier = is_spare(beside) && (beside.received, other) < (packet.received, id);
                same(packet, beside) && (beside.meaning.is_useful() || earlier)
            })
    });
    taken.map(|(id, ..)| *id).collect()
}

/// Adds what was answered when the question was asked before, and keeps it for the next time.
fn join_known(asked: &mut Vec<AskedReply>, store: &KeyCache, question: (Name, Vec<RecordType>)) {
    let mut known = store.asked.borrow_mut();
    let (known, now) = (known.get_or_insert_with(question, Vec::new), Moment::now());
    known.retain(|(_, until)| now <= *until);
    for (old, _) in known.iter() {
        if !asked.iter().any(|new| new.is_as(old)) {
            asked.push(old.clone());
        }
    }
    for new in asked.iter() {
        match known.iter_mut().find(|(old, _)| new.is_as(old)) {
            // It was reused.
            Some((old, _)) if Rc::ptr_eq(&old.reply.message, &new.reply.message) => {}
            Some(old) => *old = (new.clone(), now.after(new.reply.message.life())),
            None => known.push((new.clone(), now.after(new.reply.message.life()))),
        }
    }
}

/// Where a walk without an answer ended. The keys of a zone whose servers were all asked in vain are
/// not asked for: that would only be in vain again.
fn lost(evidence: &mut Evidence, log: &Log, store: &KeyCache) {
    let last = log.look(|packets| {
        let last = packets.iter().rfind(|packet| packet.purpose == Purpose::Walk)?;
        let zone = match &last.meaning {
            Meaning::Referral { cut, .. } => cut,
            _ => &last.zone,
        };
        let spoke = packets.iter().any(|packet| packet.zone == *zone && packet.meaning.is_useful());
        Some((printed_name(zone).ok()?, spoke))
    });
    let Some((zone, spoke)) = last else { return };
    if !spoke && store.keys.borrow_mut().get(&zone, Moment::now()).is_none() {
        let why = "none of its servers was of use to the walk".to_owned();
        evidence.keys.insert(zone.clone(), Fetched::Failed(why));
    }
    evidence.lost_at = Some(zone);
}

/// The referrals on the way to everything that was answered: a run may know of many more.
fn delegations(evidence: &Evidence, store: &KeyCache) -> BTreeMap<Name, ZoneReply> {
    let mut passed = BTreeSet::new();
    let owners = |asked: &AskedReply| {
        let owners = asked.reply.message.answers.iter().map(|record| record.name.clone());
        owners.chain([asked.qname.clone(), asked.reply.zone.clone()]).collect::<Vec<_>>()
    };
    for mut name in evidence.asked.iter().flat_map(owners).chain(evidence.lost_at.clone()) {
        while passed.insert(name.clone()) && !name.is_root() {
            name = name.base_name();
        }
    }
    let (mut known, now) = (store.delegations.borrow_mut(), Moment::now());
    passed
        .into_iter()
        .filter_map(|name| known.get(&name, now)?.reply(now).map(|reply| (name, reply)))
        .collect()
}
