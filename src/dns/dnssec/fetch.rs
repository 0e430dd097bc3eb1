//! The uncounted lane of DNSSEC: the keys of all zones at once, and DS records that no referral
//! brought.
//!
//! It begins when the walk's answer is known and never changes it. Rounds after the first are rare:
//! a zone that is served by its parent's servers shows itself only by its signatures.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::{Name, RData, RecordType as WireType};
use tokio::sync::Notify;

use super::evidence::{Asked, Evidence, Fetched, Need, Said, Sections};
use super::lookup::ask_servers;
use super::resolver::Through;
use super::signature::Now;
use super::{Store, answer};
use crate::clock::Clock;
use crate::dns::cut::Shared;
use crate::dns::flight::{Goal, Turn};
use crate::dns::log::Log;
use crate::dns::message::printed_name;
use crate::trace::{Dnssec, Meaning, NO_AUTHORITY, Packet, Purpose, RecordType};

/// How long a finished trace waits for this lane, where something of it is still open.
pub(in crate::dns) const GRACE: Duration = Duration::from_secs(2);
/// Questions of one round, and rounds.
const MAX_NEEDS: usize = 24;
const MAX_ROUNDS: usize = 4;
/// Rounds through a resolver, where the zones have to be guessed.
const MAX_GUESSES: usize = 8;
pub(super) const DNSKEY: RecordType = RecordType(48);
const DS: RecordType = RecordType(43);

/// How often a question is left to another resolution of the run.
const MAX_TURNS: usize = 3;

/// How the walk ended whose answer is validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dns) enum WalkEnd {
    /// With an answer, be it a no.
    Answered,
    /// Without.
    Lost,
}

/// The validation of one resolution, while its evidence comes in.
#[derive(Debug)]
pub(in crate::dns) struct Checking {
    pub(super) shared: Rc<Shared>,
    /// Tells the resolutions of one resolver apart.
    resolution: u64,
    pub(super) evidence: RefCell<Evidence>,
    /// Who is asked in place of the zones' servers.
    pub(super) through: Option<Through>,
    finished: Cell<bool>,
    done: Notify,
}

impl Checking {
    pub(super) fn new(shared: &Rc<Shared>, through: Option<Through>) -> Self {
        Self {
            shared: Rc::clone(shared),
            resolution: shared.flights.resolution(),
            evidence: RefCell::default(),
            through,
            finished: Cell::new(false),
            done: Notify::new(),
        }
    }

    /// Prepares the validation of a walk that has ended. The work that gathers the evidence is to
    /// be run beside everything else: here nothing is read, because the next stage waits.
    pub(in crate::dns) fn begin(
        shared: &Rc<Shared>,
        log: &Rc<Log>,
        name: &Name,
        types: &[RecordType],
        end: WalkEnd,
    ) -> (Rc<Self>, impl Future<Output = ()> + 'static) {
        let checking = Rc::new(Self::new(shared, None));
        let (own, log) = (Rc::clone(&checking), Rc::clone(log));
        let question = (name.clone(), types.to_vec());
        let work = async move {
            *own.evidence.borrow_mut() = collect(&log, &own.shared.dnssec, question, end);
            own.fetch(&log).await;
            own.finish();
        };
        (checking, work)
    }

    pub(super) fn finish(&self) {
        self.finished.set(true);
        self.done.notify_waiters();
    }

    /// Waits until all is fetched.
    pub(in crate::dns) async fn finished(&self) {
        loop {
            let done = self.done.notified();
            if self.finished.get() {
                return;
            }
            done.await;
        }
    }

    #[cfg(test)]
    pub(super) fn evidence(&self) -> (Evidence, super::Anchors) {
        (self.evidence.borrow().clone(), self.shared.dnssec.anchors.clone())
    }

    /// Judges what there is.
    pub(in crate::dns) fn conclude(&self, clock: &Clock) -> Dnssec {
        let store = &self.shared.dnssec;
        answer::validate(&self.evidence.borrow(), &store.anchors, Now::at(clock.wall_now()))
    }

    pub(super) async fn fetch(&self, log: &Rc<Log>) {
        let mut asked = BTreeSet::new();
        let rounds = if self.through.is_some() { MAX_GUESSES } else { MAX_ROUNDS };
        for _ in 0..rounds {
            let needs = self.evidence.borrow().needs(&self.shared.dnssec.anchors);
            let new: Vec<Need> =
                needs.into_iter().filter(|need| !asked.contains(need)).take(MAX_NEEDS).collect();
            if new.is_empty() {
                return;
            }
            asked.extend(new.iter().cloned());
            join_all(new.into_iter().map(|need| self.ask_for(log, need))).await;
        }
    }

    async fn ask_for(&self, log: &Rc<Log>, need: Need) {
        let store = &self.shared.dnssec;
        let (zone, above, qtype, known) = match &need {
            Need::Keys(zone) => (zone, zone.clone(), DNSKEY, &store.keys),
            // RFC 4035 §3.1.4.1: the parent has it.
            Need::Ds(zone) => (zone, zone.base_name(), DS, &store.ds),
        };
        let reused = || known.borrow().get(zone).cloned();
        let goal = Goal::Signed { zone: zone.clone(), rtype: qtype };
        let mut fetched = reused();
        for turn in 0..MAX_TURNS {
            if fetched.is_some() {
                break;
            }
            let lead = self.shared.flights.enter(goal.clone(), self.resolution).await;
            fetched = reused();
            // Who had the lead may have been given up.
            let again = matches!(lead, Turn::Finished) && turn + 1 < MAX_TURNS;
            if fetched.is_none() && !again {
                let (found, keep) = self.ask(log, zone, &above, qtype).await;
                if keep == Keep::ForTheRun {
                    known.borrow_mut().insert(zone.clone(), found.clone());
                }
                fetched = Some(found);
            }
        }
        let fetched = fetched.unwrap_or_else(|| Fetched::Failed("they were not asked for".to_owned()));
        let mut evidence = self.evidence.borrow_mut();
        let place = if qtype == DNSKEY { &mut evidence.keys } else { &mut evidence.ds };
        place.insert(zone.clone(), fetched);
    }

    /// Asks servers of the deepest known zone at or above `above`.
    async fn ask(&self, log: &Rc<Log>, qname: &Name, above: &Name, qtype: RecordType) -> (Fetched, Keep) {
        if let Some(through) = &self.through {
            let purpose = if qtype == DNSKEY { Purpose::DnsKey } else { Purpose::Ds };
            let fetched = through.ask(&self.shared, log, qname, qtype, purpose).await;
            return (fetched, through.keep(log));
        }
        let Some(zone) = self.shared.zones_above(above).pop() else {
            return (Fetched::Failed("no server is known".to_owned()), Keep::No);
        };
        let fetched = ask_servers(&self.shared, log, &zone, qname, qtype).await;
        // The next host has a budget of its own.
        let keep = if log.is_spent() { Keep::No } else { Keep::ForTheRun };
        (fetched, keep)
    }
}

/// Whether what came of a question holds for later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    ForTheRun,
    No,
}

/// The server of a zone that gave the walk its latest useful answer, and the packet.
pub(super) fn answered(log: &Log, zone: &str) -> Option<(SocketAddr, usize)> {
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
fn collect(log: &Log, store: &Store, question: (Name, Vec<RecordType>), end: WalkEnd) -> Evidence {
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
pub(super) fn unread(packet: &Packet) -> String {
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
    let known = known.entry(question).or_default();
    for old in known.iter() {
        if !asked.iter().any(|new| (&new.qname, new.qtype) == (&old.qname, old.qtype)) {
            asked.push(old.clone());
        }
    }
    known.clone_from(asked);
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
    if !spoke && !store.keys.borrow().contains_key(&zone) {
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
    let known = store.delegations.borrow();
    passed.into_iter().filter_map(|name| known.get(&name)?.said().map(|said| (name, said))).collect()
}
