//! The evidence that a resolution has seen already, out of its packets. Nothing is asked here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;

use hickory_resolver::proto::rr::{Name, RData, RecordType as WireType};

use crate::clock::Moment;
use crate::dns::dnssec::evidence::{Asked, Evidence, Fetched, Said, Sections};
use crate::dns::dnssec::key_cache::Store;
use crate::dns::transport::log::Log;
use crate::dns::wire::name::printed_name;
use crate::trace::{Meaning, NO_AUTHORITY, Packet, Purpose, RecordType};

/// How the walk ended whose answer is validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WalkEnd {
    /// With an answer, be it a no.
    Answered,
    /// Without.
    Lost,
}

/// The server of a zone that gave the walk its latest useful answer, and the packet.
pub(crate) fn answered(log: &Log, zone: &str) -> Option<(SocketAddr, usize)> {
    let walked = |packet: &Packet| {
        packet.zone == zone
            && packet.meaning.is_useful()
            && matches!(packet.purpose, Purpose::Walk | Purpose::NsAddress)
    };
    log.packets_with_raw()
        .into_iter()
        .rev()
        .find(|(_, packet, _)| walked(packet))
        .map(|(id, packet, _)| (packet.server, id))
}

/// What the walk's packets answer, and what this run was told of the zones on the way.
pub(crate) fn collect(log: &Log, store: &Store, question: (Name, Vec<RecordType>), end: WalkEnd) -> Evidence {
    let mut evidence = Evidence { memory: store.memory.clone(), ..Evidence::default() };
    let packets = log.packets_with_raw();
    let walked = packets.iter().filter(|(_, packet, _)| packet.purpose == Purpose::Walk);
    let names: BTreeSet<Name> =
        walked.filter_map(|(_, packet, _)| printed_name(&packet.qname).ok()).collect();
    let spares = if end == WalkEnd::Answered { spares(&packets) } else { Vec::new() };
    for (id, packet, bytes) in packets {
        let is_answer = matches!(
            packet.meaning,
            Meaning::Answer { .. } | Meaning::Cname { .. } | Meaning::NoData(_) | Meaning::NxDomain(_)
        );
        if packet.purpose != Purpose::Walk || !is_answer && !spares.contains(&id) {
            continue;
        }
        let (Ok(zone), Ok(qname)) = (printed_name(&packet.zone), printed_name(&packet.qname)) else {
            evidence.unanswered = Some(unread(&packet));
            continue;
        };
        let Some(mut message) = Sections::read(&bytes) else {
            evidence.unanswered = Some(unread(&packet));
            continue;
        };
        message.spell_as(&qname);
        let said = Said { zone, message: Rc::new(message) };
        evidence.asked.push(Asked { qname, qtype: WireType::from(packet.qtype.0), said });
    }
    without_parts(&mut evidence.asked, &question.0, &names);
    match end {
        WalkEnd::Answered => share(&mut evidence.asked, store, question),
        WalkEnd::Lost => lost(&mut evidence, log, store),
    }
    evidence.delegations = delegations(&evidence, store);
    evidence
}

/// Leaves out what was said of the first labels of names (RFC 9156): it led the walk on, and is no part
/// of the answer.
fn without_parts(asked: &mut Vec<Asked>, question: &Name, walked: &BTreeSet<Name>) {
    let records = asked.iter().flat_map(|asked| asked.said.message.answers.iter());
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
fn spares(packets: &[(usize, Packet, Rc<[u8]>)]) -> Vec<usize> {
    let same = |one: &Packet, other: &Packet| {
        other.purpose == Purpose::Walk
            && (&one.zone, &one.qname, one.qtype) == (&other.zone, &other.qname, other.qtype)
    };
    let is_spare =
        |packet: &Packet| matches!(packet.meaning, Meaning::Lame { reason } if reason == NO_AUTHORITY);
    let spares = packets.iter().filter(|(_, packet, _)| packet.purpose == Purpose::Walk && is_spare(packet));
    let taken = spares.filter(|(id, packet, _)| {
        !packets.iter().any(|(other, beside, _)| {
            let earlier = is_spare(beside) && (beside.received, other) < (packet.received, id);
            same(packet, beside) && (beside.meaning.is_useful() || earlier)
        })
    });
    taken.map(|(id, ..)| *id).collect()
}

/// Adds what was answered when the question was asked before, and keeps it for the next time.
fn share(asked: &mut Vec<Asked>, store: &Store, question: (Name, Vec<RecordType>)) {
    let mut known = store.asked.borrow_mut();
    let (known, now) = (known.get_or_insert_with(question, Vec::new), Moment::now());
    known.retain(|(_, until)| now <= *until);
    for (old, _) in known.iter() {
        if !asked.iter().any(|new| (&new.qname, new.qtype) == (&old.qname, old.qtype)) {
            asked.push(old.clone());
        }
    }
    for new in asked.iter() {
        match known.iter_mut().find(|(old, _)| (&new.qname, new.qtype) == (&old.qname, old.qtype)) {
            // It was reused.
            Some((old, _)) if Rc::ptr_eq(&old.said.message, &new.said.message) => {}
            Some(old) => *old = (new.clone(), now.after(new.said.message.life())),
            None => known.push((new.clone(), now.after(new.said.message.life()))),
        }
    }
}

/// Where a walk without an answer ended. The keys of a zone whose servers were all asked in vain are
/// not asked for: that would only be in vain again.
fn lost(evidence: &mut Evidence, log: &Log, store: &Store) {
    let packets = log.packets();
    let mut walked = packets.iter().rev().filter(|packet| packet.purpose == Purpose::Walk);
    let Some(last) = walked.next() else { return };
    let zone = match &last.meaning {
        Meaning::Referral { cut, .. } => cut,
        _ => &last.zone,
    };
    let spoke = packets.iter().any(|packet| packet.zone == *zone && packet.meaning.is_useful());
    let Ok(zone) = printed_name(zone) else { return };
    if !spoke && store.keys.borrow_mut().get(&zone, Moment::now()).is_none() {
        let why = "none of its servers was of use to the walk".to_owned();
        evidence.keys.insert(zone.clone(), Fetched::Failed(why));
    }
    evidence.lost_at = Some(zone);
}

/// The referrals on the way to everything that was answered: a run may know of many more.
fn delegations(evidence: &Evidence, store: &Store) -> BTreeMap<Name, Said> {
    let mut passed = BTreeSet::new();
    let owners = |asked: &Asked| {
        let owners = asked.said.message.answers.iter().map(|record| record.name.clone());
        owners.chain([asked.qname.clone(), asked.said.zone.clone()]).collect::<Vec<_>>()
    };
    for mut name in evidence.asked.iter().flat_map(owners).chain(evidence.lost_at.clone()) {
        while passed.insert(name.clone()) && !name.is_root() {
            name = name.base_name();
        }
    }
    let (mut known, now) = (store.delegations.borrow_mut(), Moment::now());
    passed.into_iter().filter_map(|name| known.get(&name, now)?.said(now).map(|said| (name, said))).collect()
}
