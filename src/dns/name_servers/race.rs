//! A query to the servers of one zone as it runs: the attempts under way, the replies, what each leads to.

use crate::dns::response::apex_ns;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::OwnedSemaphorePermit;

use crate::dns::name_servers::apex_probe::ask_apex;
use crate::dns::name_servers::ask::{HEDGE_STEP, PATIENCE_LEAST, PATIENCE_UNKNOWN};
use crate::dns::name_servers::observe;
use crate::dns::name_servers::observe::label;
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::single::judge;
use crate::dns::name_servers::zone_query::{Answered, Unanswered, ZoneQuery};
use crate::dns::outcome::fault::{FailureKind, ServerFailure};
use crate::dns::outcome::words::no_reply;
use crate::dns::response::bailiwick::untrusted;
use crate::dns::response::classify::{Verdict, accept_forwarded};
use crate::dns::transport::ask::{Ask, NoReply};
use crate::dns::transport::exchange::Exchanged;
use crate::dns::wire::name::name_text;
use crate::dns::wire::query_case::Echo;
use crate::explain::dns_words::astray;
use crate::trace::{At, Choice, Meaning, Transport};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    First,
    Again,
    /// All at once, see `dead`.
    Only,
}

pub(crate) struct Race<'a> {
    pub(crate) query: &'a ZoneQuery,
    pub(crate) queue: VecDeque<Candidate>,
    /// Servers that did not answer in time, for a second round.
    pub(crate) again: Vec<Candidate>,
    pub(crate) round: Round,
    /// Packets on their way, and those that wait for a place at their server: a race that waits for one
    /// has none but those of its packets, which end by themselves.
    pub(crate) running: FuturesUnordered<LocalBoxFuture<'static, Event>>,
    /// When the packets on their way were sent.
    pub(crate) in_flight: HashMap<usize, At>,
    /// The places that this question has: what is sent to a server again or beside needs no other.
    pub(crate) slots: HashMap<SocketAddr, Weak<OwnedSemaphorePermit>>,
    /// Those at silent servers that will be asked again, as long as this race waits for no other place.
    pub(crate) kept: HashMap<SocketAddr, Slot>,
    /// Whose packet it is.
    pub(crate) servers: HashMap<usize, Candidate>,
    /// The packet whose failure or slowness made a packet be sent.
    pub(crate) because: HashMap<usize, usize>,
    pub(crate) failures: Vec<ServerFailure>,
    /// An answer without authority, kept in case nobody does better.
    pub(crate) spare: Option<(usize, Verdict)>,
    pub(crate) hedge_at: Option<At>,
    pub(crate) hedged: bool,
    /// The packet sent last.
    pub(crate) last: Option<usize>,
    /// Why nothing more may be sent.
    pub(crate) ended: Option<Unanswered>,
    /// Whether root servers that are silent by UDP were asked by TCP.
    pub(crate) tcp_tried: bool,
    /// Whether any server asked here has sent a reply.
    pub(crate) replied: bool,
}

impl Race<'_> {
    pub(crate) async fn run(&mut self) -> Result<Answered, Unanswered> {
        let clock = *self.query.log.clock();
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
                    Some(Event::Done(done, slot)) => {
                        self.in_flight.remove(&done.id);
                        let server = done.ask.server;
                        let won = self.judge(*done);
                        // What is asked of the same server because of it has it by now, or will want it.
                        let waits = self.running.len() > self.in_flight.len();
                        if let Some(slot) = slot && !waits && self.is_asked_again(server) {
                            self.kept.insert(server, slot);
                        }
                        if let Some(won) = won {
                            self.remember_overtaken();
                            return Ok(won);
                        }
                    }
                    Some(Event::Free(dispatch, was_missed, slot)) => {
                        if let Some(known) = self.query.failure().known() {
                            return Err(Unanswered::Known(Box::new(known)));
                        }
                        self.go_on(*dispatch, was_missed, slot);
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
    fn end(&mut self) -> Option<Result<Answered, Unanswered>> {
        if let Some((id, verdict)) = self.spare.take() {
            let path = self.path(id);
            return Some(Ok(Answered { id, verdict, path, without_authority: true }));
        }
        if let Some(lost) = self.ended.take() {
            return Some(Err(lost));
        }
        let began = self.queue.is_empty() && self.round == Round::First && !self.again.is_empty();
        if began {
            self.round = Round::Again;
            self.queue = std::mem::take(&mut self.again).into();
            self.hedged = false;
            ask_apex(self.query, &self.queue);
        }
        let beside = if began { self.silent() } else { Vec::new() };
        if self.queue.is_empty() && self.try_tcp() {
            return None;
        }
        if self.start_next(Some(Choice::NextAfterFailure), self.last.or(self.query.parent), self.last) {
            self.ask_otherwise(beside);
            return None;
        }
        if self.ended.is_some() {
            return self.ended.take().map(Err);
        }
        let path = self.last.map(|last| self.path(last)).unwrap_or_default();
        Some(Err(Unanswered::Failed { failures: std::mem::take(&mut self.failures), path }))
    }

    /// The servers asked so far are slow: asks the next one beside them, two for the root, which
    /// has many and where nothing is known yet.
    fn hedge(&mut self) {
        let clock = self.query.log.clock();
        let before = self.in_flight.len();
        // A root that is far away is not one that UDP does not reach.
        let oldest = self.in_flight.values().min().copied();
        let waited = oldest.map_or(Duration::ZERO, |sent| clock.now().since(sent));
        if (self.hedged || self.queue.is_empty()) && waited >= PATIENCE_UNKNOWN {
            self.try_tcp();
        }
        let at_once = if self.query.zone.name.is_root() { 2 } else { 1 };
        for _ in 0..at_once {
            if !self.start_next(Some(Choice::Hedge), self.query.parent, self.last) {
                break;
            }
        }
        self.hedged = true;
        // One that waits for its place has not been silent yet.
        let only_waits = self.in_flight.len() == before && self.running.len() > before;
        self.hedge_at = (!only_waits).then(|| clock.now().after(HEDGE_STEP));
    }

    /// Asks the next server of the queue; false when there is none, or when no more may be sent.
    pub(crate) fn start_next(
        &mut self,
        chosen: Option<Choice>,
        parent: Option<usize>,
        because: Option<usize>,
    ) -> bool {
        while let Some(server) = self.queue.pop_front() {
            if !self.query.context.network.routed(server.address) {
                continue;
            }
            let chosen = match (self.round, chosen) {
                (Round::Again, _) => Choice::Again,
                (_, Some(chosen)) => chosen,
                (_, None) if server.measured => Choice::Fastest,
                (_, None) => Choice::First,
            };
            if self.start(Dispatch { server, chosen, parent, because, form: None, aside: false }) {
                return true;
            }
        }
        false
    }

    /// Judges what came of a packet: a useful answer ends the race.
    fn judge(&mut self, done: Exchanged) -> Option<Answered> {
        let Exchanged { id, ask, outcome, rtt, echo } = done;
        let server = self.servers.get(&id)?.clone();
        let context = Rc::clone(&self.query.context);
        if let (Some(rtt), Ok(_)) = (rtt, &outcome) {
            context.infra.measured(server.address, rtt);
        }
        let reply = match outcome {
            Ok(reply) => reply,
            Err(why @ (NoReply::Malformed(_) | NoReply::NotSent(_))) => {
                self.fail(id, &server, no_reply(&why), FailureKind::Other);
                return None;
            }
            Err(NoReply::Error { reason, no_route }) => {
                if no_route {
                    observe::no_route(self.query, &server);
                }
                context.infra.missed(server.address);
                let why = if no_route { format!("could not be asked: {reason}") } else { reason };
                self.without_tcp(id, server, &ask, why, FailureKind::Other);
                return None;
            }
            Err(NoReply::WrongSource { .. }) => {
                self.ask_again(id, server, Choice::WrongSource, Transport::Tcp, ask.edns);
                return None;
            }
            Err(NoReply::Timeout { .. }) => {
                context.infra.missed(server.address);
                if self.round == Round::First && ask.transport == Transport::Udp {
                    self.again.push(server.clone());
                }
                let why = observe::silence(self.query, id);
                self.without_tcp(id, server, &ask, why, FailureKind::Timeout);
                return None;
            }
        };
        if self.query.zone.name.is_root() {
            self.query.root_answered.set(true);
        }
        self.replied = true;
        observe::udp(self.query, &ask);
        observe::form(self.query, &server, &ask);
        if echo == Echo::OtherCase {
            context.infra.changes_case(server.address);
            self.query.log.close(id, Meaning::CaseChanged);
            self.ask_again(id, server, Choice::CaseMismatch, Transport::Tcp, ask.edns);
            return None;
        }
        let (verdict, forwarded) = accept_forwarded(judge(&reply, &ask), &reply, &self.query.zone.name);
        if forwarded {
            self.query.log.note(format!(
                "{} ({}), a server of zone {}, answered as a resolver does: something on the way answers in its \
                 place, and the walk goes by what it says",
                name_text(&server.name),
                server.address.ip(),
                name_text(&self.query.zone.name)
            ));
        }
        if self.query.zone.child.borrow().is_none() {
            *self.query.zone.child.borrow_mut() = apex_ns::read(&reply, &self.query.zone.name, id);
        }
        self.query.log.untrusted(id, untrusted(&reply, &ask.zone));
        if let Verdict::Referral(referral) = &verdict {
            observe::limit_of_servers(self.query, referral);
        }
        self.query.log.close(id, verdict.meaning());
        let mnemonic = reply.header.rcode.mnemonic();
        match verdict {
            Verdict::Truncated => self.ask_again(id, server, Choice::Truncated, Transport::Tcp, ask.edns),
            Verdict::EdnsRefused => {
                context.infra.plain_only(server.address);
                self.ask_again(id, server, Choice::WithoutEdns, ask.transport, false);
            }
            Verdict::Refused => {
                context.infra.lame(server.address, &self.query.zone.name);
                self.fail(id, &server, format!("answered {mnemonic}"), FailureKind::Other);
            }
            Verdict::ServerFailure => {
                let kind = FailureKind::ServerFailure(reply.header.rcode);
                self.fail(id, &server, format!("answered {mnemonic}"), kind);
            }
            Verdict::Upward { to } => {
                context.infra.lame(server.address, &self.query.zone.name);
                let zone = name_text(&self.query.zone.name);
                let astray = astray(&zone, &name_text(&ask.qname), &name_text(&to));
                self.fail(id, &server, format!("referred {astray}"), FailureKind::Other);
            }
            Verdict::Lame { reason, spare } => {
                context.infra.lame(server.address, &self.query.zone.name);
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
                return Some(Answered { id, verdict: useful, path, without_authority: false });
            }
        }
        None
    }

    /// The same server once more, in another form. It has answered: hedging waits for a whole
    /// exchange again.
    fn ask_again(&mut self, id: usize, server: Candidate, chosen: Choice, transport: Transport, edns: bool) {
        let srtt = self.query.context.infra.srtt(server.address).unwrap_or(PATIENCE_LEAST);
        let patience = (srtt * 4).max(PATIENCE_LEAST);
        let form = Some((transport, edns));
        if self.start(Dispatch { server, chosen, parent: Some(id), because: Some(id), form, aside: false }) {
            self.hedge_at = Some(self.query.log.clock().now().after(patience));
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

/// A place at a server, for all packets of one question to it.
pub(crate) type Slot = Rc<OwnedSemaphorePermit>;

/// A packet that is to be sent.
pub(crate) struct Dispatch {
    pub(crate) server: Candidate,
    pub(crate) chosen: Choice,
    pub(crate) parent: Option<usize>,
    pub(crate) because: Option<usize>,
    /// Transport and EDNS; `None` for what the run knows of the server when it is sent.
    pub(crate) form: Option<(Transport, bool)>,
    /// Whether it goes beside the packet that is waited for.
    pub(crate) aside: bool,
}

/// What is awaited.
pub(crate) enum Event {
    Done(Box<Exchanged>, Option<Slot>),
    /// The server of a packet has a place for it; `true` if it was known to be silent before.
    Free(Box<Dispatch>, bool, Option<Slot>),
}
