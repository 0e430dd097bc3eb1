//! The uncounted lane of DNSSEC: the keys of all zones at once, and DS records that no referral
//! brought.
//!
//! It begins when the walk's answer is known and never changes it. Rounds after the first are rare:
//! a zone that is served by its parent's servers shows itself only by its signatures.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::{Name, RecordType as WireType};
use tokio::sync::Notify;

use super::evidence::{Asked, Evidence, Fetched, Need, Said, Sections};
use super::signature::Now;
use super::{Store, answer};
use crate::clock::Clock;
use crate::dns::cut::{Candidate, Shared};
use crate::dns::exchange::{Ask, Exchanged, Outcome, receive, send};
use crate::dns::log::Log;
use crate::dns::message::Recursion;
use crate::dns::presentation::name_text;
use crate::dns::reply::{self, Verdict, classify};
use crate::trace::{Choice, Dnssec, DnssecVerdict, Meaning, Packet, Purpose, RecordType, Transport};

/// How long a finished trace waits for this lane.
pub(in crate::dns) const GRACE: Duration = Duration::from_secs(1);
/// One packet; then the next server is asked.
const PATIENCE: Duration = Duration::from_millis(450);
/// Servers that are asked for one thing.
const MAX_SERVERS: usize = 3;
/// Questions of one round, and rounds.
const MAX_NEEDS: usize = 24;
const MAX_ROUNDS: usize = 4;
const DNSKEY: RecordType = RecordType(48);
const DS: RecordType = RecordType(43);

/// The validation of one resolution, while its evidence comes in.
#[derive(Debug)]
pub(in crate::dns) struct Checking {
    shared: Rc<Shared>,
    question: (Name, Vec<RecordType>),
    evidence: RefCell<Evidence>,
    finished: Cell<bool>,
    done: Notify,
}

impl Checking {
    /// Prepares the validation of a walk that has ended. The work that gathers the evidence is to
    /// be run beside everything else: here nothing is read, because the next stage waits.
    pub(in crate::dns) fn begin(
        shared: &Rc<Shared>,
        log: &Rc<Log>,
        name: &Name,
        types: &[RecordType],
    ) -> (Rc<Self>, impl Future<Output = ()> + 'static) {
        let checking = Rc::new(Self {
            shared: Rc::clone(shared),
            question: (name.clone(), types.to_vec()),
            evidence: RefCell::default(),
            finished: Cell::new(false),
            done: Notify::new(),
        });
        let (own, log) = (Rc::clone(&checking), Rc::clone(log));
        let work = async move {
            *own.evidence.borrow_mut() = collect(&log, &own.shared.dnssec);
            own.fetch(&log).await;
            own.finished.set(true);
            own.done.notify_waiters();
        };
        (checking, work)
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

    /// Judges what there is. An answer from earlier in this run is judged as it was then.
    pub(in crate::dns) fn conclude(&self, clock: &Clock) -> Dnssec {
        let store = &self.shared.dnssec;
        let evidence = self.evidence.borrow();
        if evidence.asked.is_empty()
            && let Some(known) = store.verdicts.borrow().get(&self.question)
        {
            return known.clone();
        }
        let dnssec = answer::validate(&evidence, &store.anchors, Now::at(clock.wall_now()));
        if dnssec.verdict != DnssecVerdict::Indeterminate {
            store.verdicts.borrow_mut().insert(self.question.clone(), dnssec.clone());
        }
        dnssec
    }

    async fn fetch(&self, log: &Rc<Log>) {
        let mut asked = BTreeSet::new();
        for _ in 0..MAX_ROUNDS {
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
        let reused = known.borrow().get(zone).cloned();
        let fetched = match reused {
            Some(said) => Fetched::Said(said),
            None => self.ask(log, zone, &above, qtype).await,
        };
        if let Fetched::Said(said) = &fetched {
            known.borrow_mut().insert(zone.clone(), said.clone());
        }
        let mut evidence = self.evidence.borrow_mut();
        let place = if qtype == DNSKEY { &mut evidence.keys } else { &mut evidence.ds };
        place.insert(zone.clone(), fetched);
    }

    /// Asks servers of the deepest known zone at or above `above`, one after the other.
    async fn ask(&self, log: &Rc<Log>, qname: &Name, above: &Name, qtype: RecordType) -> Fetched {
        let Some(zone) = self.shared.zones_above(above).pop() else {
            return Fetched::Failed("no server is known".to_owned());
        };
        let mut candidates = self.shared.order(&zone, &HashSet::new());
        // The one that has just answered first: the root's order is that of the hints.
        if let Some((server, _)) = answered(log, &name_text(&zone.name)) {
            candidates.sort_by_key(|candidate| candidate.address != server);
        }
        let mut why = "none of its servers can be reached from here".to_owned();
        let mut last = None;
        for (index, server) in candidates.into_iter().take(MAX_SERVERS).enumerate() {
            if !self.shared.routed(server.address) {
                continue;
            }
            let chosen = match (index, server.measured) {
                (0, true) => Choice::Fastest,
                (0, false) => Choice::First,
                _ => Choice::NextAfterFailure,
            };
            match self.ask_server(log, &zone.name, qname, qtype, &server, chosen, &mut last).await {
                Ok(said) => return Fetched::Said(said),
                Err(reason) => {
                    why = format!("{} ({}) {reason}", name_text(&server.name), server.address.ip());
                }
            }
        }
        Fetched::Failed(why)
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of one question")]
    async fn ask_server(
        &self,
        log: &Rc<Log>,
        zone: &Name,
        qname: &Name,
        qtype: RecordType,
        server: &Candidate,
        chosen: Choice,
        last: &mut Option<usize>,
    ) -> Result<Said, String> {
        let mut ask = Ask {
            parent: last.or_else(|| answered(log, &name_text(zone)).map(|(_, id)| id)),
            purpose: if qtype == DNSKEY { Purpose::DnsKey } else { Purpose::Ds },
            zone: name_text(zone),
            qname: qname.clone(),
            qtype,
            server_name: Some(name_text(&server.name)),
            server: server.address,
            source: server.source,
            chosen,
            transport: Transport::Udp,
            // Without EDNS there is no DO, and without DO there are no signatures.
            edns: true,
            recursion: Recursion::No,
        };
        loop {
            if !log.spend() {
                return Err("was not asked: the limit of packets for this host was hit".to_owned());
            }
            let Exchanged { id, outcome, .. } = receive(send(log, ask.clone()), PATIENCE).await;
            *last = Some(id);
            let reply = match outcome {
                Outcome::Reply(reply) => reply,
                Outcome::Malformed(reason) => {
                    return Err(format!("sent a reply that cannot be read: {reason}"));
                }
                Outcome::Timeout => return Err(format!("did not answer in {} ms", PATIENCE.as_millis())),
                Outcome::WrongSource { from } => {
                    return Err(format!("did not answer, and {from} did in its place"));
                }
                Outcome::Error { reason, .. } => return Err(reason),
            };
            let asked = reply::Asked { zone, qname, qtype, transport: ask.transport, edns: ask.edns };
            let verdict = classify(&reply, &asked);
            log.close(id, verdict.meaning());
            match verdict {
                Verdict::Truncated => {
                    ask.parent = Some(id);
                    (ask.chosen, ask.transport) = (Choice::Truncated, Transport::Tcp);
                }
                Verdict::Answer { .. } | Verdict::Absent { .. } => {
                    let read = log.raw(id).and_then(|bytes| Sections::read(&bytes));
                    let message = read.ok_or_else(|| "sent a reply that cannot be read again".to_owned())?;
                    return Ok(Said { zone: zone.clone(), message: Rc::new(message) });
                }
                _ => return Err(format!("answered {}", reply.header.rcode.mnemonic())),
            }
        }
    }
}

/// The server of a zone that gave the walk its latest useful answer, and the packet.
fn answered(log: &Log, zone: &str) -> Option<(SocketAddr, usize)> {
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

/// What the walk's packets say, and what earlier walks of this run said of the same zones.
fn collect(log: &Log, store: &Store) -> Evidence {
    let mut evidence = Evidence::default();
    for (_, packet, bytes) in log.packets_with_raw() {
        let counted = matches!(packet.purpose, Purpose::Walk | Purpose::NsAddress);
        let (Ok(zone), Ok(qname)) = (Name::from_ascii(&packet.zone), Name::from_ascii(&packet.qname)) else {
            continue;
        };
        let Some(mut message) = Sections::read(&bytes).filter(|_| counted) else { continue };
        message.spell_as(&qname);
        let said = Said { zone, message: Rc::new(message) };
        match &packet.meaning {
            Meaning::Referral { cut, .. } => {
                if let Ok(cut) = Name::from_ascii(cut) {
                    store.delegations.borrow_mut().entry(cut).or_insert(said);
                }
            }
            Meaning::Answer { .. } | Meaning::Cname { .. } | Meaning::NoData(_) | Meaning::NxDomain(_)
                if packet.purpose == Purpose::Walk =>
            {
                evidence.asked.push(Asked { qname, qtype: WireType::from(packet.qtype.0), said });
            }
            _ => {}
        }
    }
    evidence.delegations =
        store.delegations.borrow().iter().map(|(zone, said)| (zone.clone(), said.clone())).collect();
    evidence
}
