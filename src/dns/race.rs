//! One question to the servers of one zone: the next server is asked beside a slow one and at once
//! after a failed one, and the first useful answer wins.
//!
//! Every server asked, again, by TCP or without EDNS is a packet of its own. Where the addresses
//! come from, and what follows from the answer, is the walk's business.

mod otherwise;
mod sending;

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{FutureExt, LocalBoxFuture};
use futures_util::stream::FuturesUnordered;
use hickory_resolver::proto::rr::Name;
use tokio::sync::OwnedSemaphorePermit;

use super::case::Echo;
use super::child;
use super::cut::{Candidate, Shared, Zone};
use super::dead::{CHANCE_AT_ONCE, Case, Entry, Extent, ask_apex};
pub(super) use super::effort::{Budget, Lane, Lost, Won};
use super::exchange::{Ask, Exchanged, Outcome};
use super::fault::{FailureKind, Fault, ServerFailure};
use super::learn::{self, label};
use super::log::Log;
use super::presentation::name_text;
use super::reply::{Asked, Verdict, accept_forwarded, classify};
use super::untrusted::untrusted;
use crate::trace::{At, Choice, Meaning, Purpose, RecordType, Transport, astray};
use sending::{Event, Place, Shot, first_place};

/// The limit for one packet.
pub(super) const PACKET_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The most patience with a server that has never answered, and the least with UDP to the root.
const PATIENCE_UNKNOWN: Duration = Duration::from_millis(400);
/// The least patience with any server, and the whole of it while nothing is known of any.
const PATIENCE_LEAST: Duration = Duration::from_millis(150);
/// After the first hedge, the next one.
const HEDGE_STEP: Duration = Duration::from_millis(150);

/// The question, and on whose behalf it is asked.
#[derive(Clone, Debug)]
pub(super) struct Quest {
    pub(super) shared: Rc<Shared>,
    pub(super) log: Rc<Log>,
    pub(super) lane: Rc<Lane>,
    pub(super) budget: Rc<Budget>,
    /// Set as soon as any root server has answered anything.
    pub(super) root_answered: Rc<Cell<bool>>,
    pub(super) zone: Rc<Zone>,
    pub(super) qname: Name,
    pub(super) qtype: RecordType,
    pub(super) extent: Extent,
    pub(super) parent: Option<usize>,
    pub(super) purpose: Purpose,
}

/// Asks the candidates in their order. `first` says why the first one is asked.
pub(super) async fn ask_servers(
    quest: &Quest,
    candidates: Vec<Candidate>,
    first: Option<Choice>,
) -> Result<Won, Lost> {
    let mut queue = VecDeque::from(candidates);
    let mut place = first_place(quest, &mut queue).boxed_local().await;
    match Case::of(quest).enter() {
        Entry::Open => {}
        Entry::Shut(fault) => return Err(Lost::Known(fault)),
        Entry::Once => {
            let end = race(quest, queue.clone(), place, first, Round::Only).boxed_local().await;
            if let Some(end) = Case::of(quest).after_chance(end) {
                return end;
            }
            place = first_place(quest, &mut queue).boxed_local().await;
        }
    }
    race(quest, queue, place, first, Round::First).boxed_local().await
}

/// One race, with a place at its first server.
async fn race(
    quest: &Quest,
    queue: VecDeque<Candidate>,
    place: Option<(SocketAddr, Place)>,
    first: Option<Choice>,
    round: Round,
) -> Result<Won, Lost> {
    let mut race = Race {
        quest,
        queue,
        again: Vec::new(),
        round,
        running: FuturesUnordered::new(),
        in_flight: HashMap::new(),
        places: HashMap::new(),
        kept: HashMap::new(),
        servers: HashMap::new(),
        because: HashMap::new(),
        failures: Vec::new(),
        spare: None,
        hedge_at: None,
        hedged: false,
        last: None,
        ended: None,
        tcp_tried: false,
        replied: false,
    };
    if let Some((address, place)) = &place {
        race.places.insert(*address, Rc::downgrade(place));
    }
    race.start_next(first, quest.parent, None);
    if round == Round::Only {
        for _ in 1..CHANCE_AT_ONCE {
            if !race.start_next(first, quest.parent, None) {
                break;
            }
        }
        race.queue.clear();
    }
    drop(place);
    let won = race.run().await;
    drop(race);
    quest.log.supersede_abandoned();
    won
}

impl Quest {
    /// What another question has found of the zone's silence.
    fn known(&self) -> Option<Fault> {
        Case::of(self).known()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    First,
    Again,
    /// All at once, see `dead`.
    Only,
}

struct Race<'a> {
    quest: &'a Quest,
    queue: VecDeque<Candidate>,
    /// Servers that did not answer in time, for a second round.
    again: Vec<Candidate>,
    round: Round,
    /// Packets on their way, and those that wait for a place at their server: a race that waits for one
    /// has none but those of its packets, which end by themselves.
    running: FuturesUnordered<LocalBoxFuture<'static, Event>>,
    /// When the packets on their way were sent.
    in_flight: HashMap<usize, At>,
    /// The places that this question has: what is sent to a server again or beside needs no other.
    places: HashMap<SocketAddr, Weak<OwnedSemaphorePermit>>,
    /// Those at silent servers that will be asked again, as long as this race waits for no other place.
    kept: HashMap<SocketAddr, Place>,
    /// Whose packet it is.
    servers: HashMap<usize, Candidate>,
    /// The packet whose failure or slowness made a packet be sent.
    because: HashMap<usize, usize>,
    failures: Vec<ServerFailure>,
    /// An answer without authority, kept in case nobody does better.
    spare: Option<(usize, Verdict)>,
    hedge_at: Option<At>,
    hedged: bool,
    /// The packet sent last.
    last: Option<usize>,
    /// Why nothing more may be sent.
    ended: Option<Lost>,
    /// Whether root servers that are silent by UDP were asked by TCP.
    tcp_tried: bool,
    /// Whether any server asked here has sent a reply.
    replied: bool,
}

impl Race<'_> {
    async fn run(&mut self) -> Result<Won, Lost> {
        let clock = *self.quest.log.clock();
        loop {
            if self.running.is_empty() {
                if let Some(end) = self.end() {
                    return end;
                }
                continue;
            }
            let more = !self.queue.is_empty() || self.may_try_tcp();
            let hedge_at = self.hedge_at.filter(|_| more);
            let hedge = async {
                match hedge_at {
                    Some(at) => {
                        tokio::time::sleep_until(clock.instant(at).into()).await;
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                event = self.running.next() => match event {
                    Some(Event::Done(done, place)) => {
                        self.in_flight.remove(&done.id);
                        let server = done.ask.server;
                        let won = self.judge(*done);
                        // What is asked of the same server because of it has it by now, or will want it.
                        let waits = self.running.len() > self.in_flight.len();
                        if let Some(place) = place && !waits && self.is_asked_again(server) {
                            self.kept.insert(server, place);
                        }
                        if let Some(won) = won {
                            self.remember_overtaken();
                            return Ok(won);
                        }
                    }
                    Some(Event::Free(shot, was_missed, place)) => {
                        if let Some(known) = self.quest.known() {
                            return Err(Lost::Known(Box::new(known)));
                        }
                        self.go_on(*shot, was_missed, place);
                    }
                    None => {}
                },
                () = hedge => self.hedge(),
            }
        }
    }

    fn is_asked_again(&self, server: SocketAddr) -> bool {
        self.again.iter().any(|again| again.address == server)
    }

    /// Nobody is being asked: is there anything left to do?
    fn end(&mut self) -> Option<Result<Won, Lost>> {
        if let Some((id, verdict)) = self.spare.take() {
            let path = self.path(id);
            return Some(Ok(Won { id, verdict, path, without_authority: true }));
        }
        if let Some(lost) = self.ended.take() {
            return Some(Err(lost));
        }
        let began = self.queue.is_empty() && self.round == Round::First && !self.again.is_empty();
        if began {
            self.round = Round::Again;
            self.queue = std::mem::take(&mut self.again).into();
            self.hedged = false;
            ask_apex(self.quest, &self.queue);
        }
        let beside = if began { self.silent() } else { Vec::new() };
        if self.queue.is_empty() && self.try_tcp() {
            return None;
        }
        if self.start_next(Some(Choice::NextAfterFailure), self.last.or(self.quest.parent), self.last) {
            self.ask_otherwise(beside);
            return None;
        }
        if self.ended.is_some() {
            return self.ended.take().map(Err);
        }
        let path = self.last.map(|last| self.path(last)).unwrap_or_default();
        Some(Err(Lost::Failed { failures: std::mem::take(&mut self.failures), path }))
    }

    /// The servers asked so far are slow: asks the next one beside them, two for the root, which
    /// has many and where nothing is known yet.
    fn hedge(&mut self) {
        let clock = self.quest.log.clock();
        let before = self.in_flight.len();
        // A root that is far away is not one that UDP does not reach.
        let oldest = self.in_flight.values().min().copied();
        let waited = oldest.map_or(Duration::ZERO, |sent| clock.now().since(sent));
        if (self.hedged || self.queue.is_empty()) && waited >= PATIENCE_UNKNOWN {
            self.try_tcp();
        }
        let at_once = if self.quest.zone.name.is_root() { 2 } else { 1 };
        for _ in 0..at_once {
            if !self.start_next(Some(Choice::Hedge), self.quest.parent, self.last) {
                break;
            }
        }
        self.hedged = true;
        // One that waits for its place has not been silent yet.
        let only_waits = self.in_flight.len() == before && self.running.len() > before;
        self.hedge_at = (!only_waits).then(|| clock.now().after(HEDGE_STEP));
    }

    /// Asks the next server of the queue; false when there is none, or when no more may be sent.
    fn start_next(&mut self, chosen: Option<Choice>, parent: Option<usize>, because: Option<usize>) -> bool {
        while let Some(server) = self.queue.pop_front() {
            if !self.quest.shared.routed(server.address) {
                continue;
            }
            let chosen = match (self.round, chosen) {
                (Round::Again, _) => Choice::Again,
                (_, Some(chosen)) => chosen,
                (_, None) if server.measured => Choice::Fastest,
                (_, None) => Choice::First,
            };
            if self.start(Shot { server, chosen, parent, because, form: None, aside: false }) {
                return true;
            }
        }
        false
    }

    /// Judges what came of a packet: a useful answer ends the race.
    fn judge(&mut self, done: Exchanged) -> Option<Won> {
        let Exchanged { id, ask, outcome, rtt, echo } = done;
        let server = self.servers.get(&id)?.clone();
        let shared = Rc::clone(&self.quest.shared);
        if let (Some(rtt), Outcome::Reply(_)) = (rtt, &outcome) {
            shared.measured(server.address, rtt);
        }
        let reply = match outcome {
            Outcome::Reply(reply) => reply,
            Outcome::Malformed(reason) => {
                self.fail(
                    id,
                    &server,
                    format!("sent a reply that cannot be read: {reason}"),
                    FailureKind::Other,
                );
                return None;
            }
            Outcome::Error { reason, no_route } => {
                if no_route {
                    learn::no_route(self.quest, &server);
                }
                shared.missed(server.address);
                let why = if no_route { format!("could not be asked: {reason}") } else { reason };
                self.without_tcp(id, server, &ask, why, FailureKind::Other);
                return None;
            }
            Outcome::WrongSource { .. } => {
                self.ask_again(id, server, Choice::WrongSource, Transport::Tcp, ask.edns);
                return None;
            }
            Outcome::Timeout => {
                shared.missed(server.address);
                if self.round == Round::First && ask.transport == Transport::Udp {
                    self.again.push(server.clone());
                }
                let why = learn::silence(self.quest, id);
                self.without_tcp(id, server, &ask, why, FailureKind::Timeout);
                return None;
            }
        };
        if self.quest.zone.name.is_root() {
            self.quest.root_answered.set(true);
        }
        self.replied = true;
        learn::udp(self.quest, &ask);
        learn::form(self.quest, &server, &ask);
        if echo == Echo::OtherCase {
            shared.changes_case(server.address);
            self.quest.log.close(id, Meaning::CaseChanged);
            self.ask_again(id, server, Choice::CaseMismatch, Transport::Tcp, ask.edns);
            return None;
        }
        let asked = Asked {
            zone: &self.quest.zone.name,
            qname: &ask.qname,
            qtype: ask.qtype,
            transport: ask.transport,
            edns: ask.edns,
        };
        let (verdict, forwarded) = accept_forwarded(classify(&reply, &asked), &reply, &self.quest.zone.name);
        if forwarded {
            self.quest.log.note(format!(
                "{} ({}), a server of zone {}, answered as a resolver does: something on the way answers in its \
                 place, and the walk goes by what it says",
                name_text(&server.name),
                server.address.ip(),
                name_text(&self.quest.zone.name)
            ));
        }
        if self.quest.zone.child.borrow().is_none() {
            *self.quest.zone.child.borrow_mut() = child::read(&reply, &self.quest.zone.name, id);
        }
        self.quest.log.untrusted(id, untrusted(&reply, asked.zone));
        if let Verdict::Referral(referral) = &verdict {
            learn::limit_of_servers(self.quest, referral);
        }
        self.quest.log.close(id, verdict.meaning());
        let mnemonic = reply.header.rcode.mnemonic();
        match verdict {
            Verdict::Truncated => self.ask_again(id, server, Choice::Truncated, Transport::Tcp, ask.edns),
            Verdict::EdnsRefused => {
                shared.plain_only(server.address);
                self.ask_again(id, server, Choice::WithoutEdns, ask.transport, false);
            }
            Verdict::Refused => {
                shared.lame(server.address, &self.quest.zone.name);
                self.fail(id, &server, format!("answered {mnemonic}"), FailureKind::Other);
            }
            Verdict::ServerFailure => {
                let kind = FailureKind::ServerFailure(reply.header.rcode);
                self.fail(id, &server, format!("answered {mnemonic}"), kind);
            }
            Verdict::Upward { to } => {
                shared.lame(server.address, &self.quest.zone.name);
                let zone = name_text(&self.quest.zone.name);
                let astray = astray(&zone, &name_text(&ask.qname), &name_text(&to));
                self.fail(id, &server, format!("referred {astray}"), FailureKind::Other);
            }
            Verdict::Lame { reason, spare } => {
                shared.lame(server.address, &self.quest.zone.name);
                if let (None, Some(spare)) = (&self.spare, spare) {
                    self.spare = Some((id, *spare));
                    self.again.clear();
                }
                self.fail(id, &server, reason.to_owned(), FailureKind::Other);
            }
            Verdict::Malformed { reason } => {
                self.fail(
                    id,
                    &server,
                    format!("sent a reply that cannot be used: {reason}"),
                    FailureKind::Other,
                );
            }
            useful => {
                let path = self.path(id);
                return Some(Won { id, verdict: useful, path, without_authority: false });
            }
        }
        None
    }

    /// The same server once more, in another form. It has answered: hedging waits for a whole
    /// exchange again.
    fn ask_again(&mut self, id: usize, server: Candidate, chosen: Choice, transport: Transport, edns: bool) {
        let srtt = self.quest.shared.srtt(server.address).unwrap_or(PATIENCE_LEAST);
        let patience = (srtt * 4).max(PATIENCE_LEAST);
        let form = Some((transport, edns));
        if self.start(Shot { server, chosen, parent: Some(id), because: Some(id), form, aside: false }) {
            self.hedge_at = Some(self.quest.log.clock().now().after(patience));
        }
    }

    /// No reply. What a question by TCP was for is told with it; one that was only to make sure of
    /// the case of letters goes by UDP again, and is believed.
    fn without_tcp(&mut self, id: usize, server: Candidate, ask: &Ask, why: String, kind: FailureKind) {
        match (ask.transport, ask.chosen) {
            (Transport::Tcp, Choice::CaseMismatch) => {
                self.ask_again(id, server, Choice::CaseMismatch, Transport::Udp, ask.edns);
            }
            // What it did by UDP says more.
            (Transport::Tcp, Choice::UdpBlocked | Choice::Again) if self.knows_failure(&server) => {}
            (Transport::Tcp, Choice::WrongSource) => {
                let why = format!("was answered for from another address or port by UDP, and by TCP: {why}");
                self.fail(id, &server, why, FailureKind::Other);
            }
            (Transport::Tcp, Choice::Truncated) => {
                let why = format!("cut its reply by UDP short, and by TCP: {why}");
                self.fail(id, &server, why, FailureKind::Other);
            }
            _ => self.fail(id, &server, why, kind),
        }
    }

    /// The server is of no use: the next one is asked at once.
    fn fail(&mut self, id: usize, server: &Candidate, why: String, kind: FailureKind) {
        let server = label(server);
        let failure = ServerFailure { server, why, kind };
        match self.failures.iter_mut().find(|known| known.server == failure.server) {
            Some(known) => *known = failure,
            None => self.failures.push(failure),
        }
        if self.ended.is_none() {
            self.start_next(Some(Choice::NextAfterFailure), Some(id), Some(id));
        }
    }

    fn knows_failure(&self, server: &Candidate) -> bool {
        let named = label(server);
        self.failures.iter().any(|failure| failure.server == named)
    }

    /// From the first packet to this one: each was sent because of the one before.
    fn path(&self, id: usize) -> Vec<usize> {
        let mut path = vec![id];
        let mut at = id;
        while let Some(before) = self.because.get(&at) {
            path.push(*before);
            at = *before;
        }
        path.reverse();
        path
    }
}
