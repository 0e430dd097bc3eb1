//! A packet of a query is dispatched: it waits for a slot at its server where there are only so many, and is
//! sent within the budgets.
//!
//! When the next one is due is `ask`'s part, what comes of it `judge`'s.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::future::FutureExt;
use tokio::time::timeout;

use crate::dns::cache::letter_case::Role;
use crate::dns::name_servers::form::QueryForm;
use crate::dns::name_servers::race::{Dispatch, Event, Form, HEDGE_STEP, Race, Round, Slot, Tried};
use crate::dns::name_servers::selection::{Candidate, take_next};
use crate::dns::name_servers::zone_query::{PACKET_TIMEOUT, Unanswered, ZoneQuery};
use crate::dns::transport::ask::Ask;
use crate::dns::transport::exchange::{receive, send};
use crate::trace::{At, Choice, Spelling, Transport};

/// Waits for a place at the first server; one that others have found silent meanwhile goes last.
pub(crate) async fn first_slot(
    query: &ZoneQuery,
    queue: &mut VecDeque<Candidate>,
) -> Option<(SocketAddr, Slot)> {
    let context = &query.context;
    for _ in 0..queue.len() {
        let address = queue.front()?.address;
        let was_missed = context.infra.is_missed(address);
        let slot = query.log.queue(context.slots.take(address)).await?;
        if was_missed || !context.infra.is_missed(address) || queue.len() == 1 {
            return Some((address, Rc::new(slot)));
        }
        queue.rotate_left(1);
    }
    None
}

impl Race<'_> {
    /// Asks the next server of the queue; false when there is none, or when no more may be sent.
    pub(crate) fn start_next(
        &mut self,
        chosen: Option<Choice>,
        parent: Option<usize>,
        because: Option<usize>,
    ) -> bool {
        loop {
            let asked: Vec<&Candidate> = self.tried.iter().map(|one| &one.server).collect();
            let network = &self.query.context.network;
            let Some(server) = take_next(&mut self.queue, &asked, network) else { return false };
            if !network.routed(server.address) {
                continue;
            }
            let chosen = match chosen {
                Some(chosen) => chosen,
                None if server.measured => Choice::Fastest,
                None => Choice::First,
            };
            if self.start(Dispatch { server, chosen, parent, because, form: None, aside: false }) {
                return true;
            }
        }
    }

    /// Sends a packet, as soon as its server has a place for it; what it was asked before only if it has one
    /// now. False when nothing is to come of it.
    pub(crate) fn start(&mut self, dispatch: Dispatch) -> bool {
        // What follows from a reply has its time.
        let is_over = dispatch.form.is_none() && self.query.log.clock().now() >= self.limit;
        if is_over || !self.may_send() {
            return false;
        }
        let (context, address) = (Rc::clone(&self.query.context), dispatch.server.address);
        if let Some(slot) = self.slots.get(&address).and_then(Weak::upgrade) {
            return self.send(dispatch, Some(slot));
        }
        let free = context.slots.take(address).now_or_never();
        if let Some(slot) = free {
            return self.send(dispatch, slot.map(Rc::new));
        }
        if self.round == Round::Chance || matches!(dispatch.chosen, Choice::Again | Choice::PlainCase) {
            // Others ask it now, in vain as this one has: that is no time to try again.
            return false;
        }
        let (was_missed, dispatch) = (context.infra.is_missed(address), Box::new(dispatch));
        let wait = async move {
            let slot = context.slots.take(address).await;
            Event::Free(dispatch, was_missed, slot.map(Rc::new))
        };
        self.running.push(wait.boxed_local());
        self.hedge_at = None;
        true
    }

    /// A packet has its place: it is sent, or another in its place where others have found its server
    /// silent meanwhile.
    pub(crate) fn go_on(&mut self, dispatch: Dispatch, was_missed: bool, slot: Option<Slot>) {
        let is_silent = !was_missed && self.query.context.infra.is_missed(dispatch.server.address);
        if !is_silent || dispatch.form.is_some() || self.queue.is_empty() {
            if self.may_send() {
                self.send(dispatch, slot);
            }
            return;
        }
        drop(slot);
        self.queue.push_back(dispatch.server);
        let chosen =
            Some(dispatch.chosen).filter(|chosen| !matches!(chosen, Choice::First | Choice::Fastest));
        self.start_next(chosen, dispatch.parent, dispatch.because);
    }

    /// Whether one more packet may be sent.
    fn may_send(&mut self) -> bool {
        let query = self.query;
        if query.work.is_detached() {
            self.stopped = Some(Unanswered::Detached);
        } else if query.budget.is_spent() {
            self.stopped = Some(Unanswered::NameBudget);
        } else if query.log.is_spent() {
            self.stopped = Some(Unanswered::HostBudget);
        }
        if self.stopped.is_some() {
            self.queue.clear();
        }
        self.stopped.is_none()
    }

    fn send(&mut self, dispatch: Dispatch, slot: Option<Slot>) -> bool {
        let Dispatch { server, chosen, parent, because, form, aside } = dispatch;
        let query = self.query;
        let context = &query.context;
        query.log.spend();
        query.budget.spend();
        let is_usual = form.is_none();
        let Form { transport, edns, spelling } = form.unwrap_or_else(|| self.usual_form(server.address));
        let chosen = if is_usual { QueryForm::to(context, server.address, chosen).chosen } else { chosen };
        let form = QueryForm { chosen, transport, edns };
        let flight = send(&query.log, Ask { parent, spelling, ..query.ask(&server, form) });
        let (id, sent) = (flight.id, flight.sent);
        let role = match (chosen, flight.spelling()) {
            (Choice::PlainCase, _) => Some(Role::Check),
            (_, Spelling::Random) => Some(Role::Drawn),
            (_, Spelling::Plain) => None,
        };
        let on_its_way = role.map(|role| context.infra.case(server.address).begin(role));
        if flight.has_left() {
            context.network.left(server.address);
        }
        if !self.hedged {
            self.hedge_at = Some(sent.after(self.patience(server.address)));
        } else if self.hedge_at.is_none() {
            self.hedge_at = Some(sent.after(HEDGE_STEP));
        }
        if !aside {
            self.last = Some(id);
        }
        if let Some(slot) = &slot {
            self.slots.insert(server.address, Rc::downgrade(slot));
        }
        let wait = self.time_for(chosen, server.address, is_usual || aside);
        if is_usual {
            self.count(&server, sent, transport);
        }
        self.in_flight.insert(id, sent);
        self.servers.insert(id, server);
        if let Some(because) = because {
            self.because.insert(id, because);
        }
        let (heard_by, address) = (Rc::clone(&query.context), self.servers[&id].address);
        let hear = async move {
            let _on_its_way = on_its_way;
            let mut reply = pin!(receive(flight, wait));
            let done = match timeout(PACKET_TIMEOUT, reply.as_mut()).await {
                Ok(done) => done,
                Err(_) => {
                    // It is listened to, and others need not ask it first.
                    heard_by.infra.missed(address);
                    reply.await
                }
            };
            Event::Done(Box::new(done), slot)
        };
        self.running.push(hear.boxed_local());
        true
    }

    /// What the run knows of a server.
    pub(crate) fn usual_form(&self, server: SocketAddr) -> Form {
        let context = &self.query.context;
        let QueryForm { transport, edns, .. } = QueryForm::to(context, server, Choice::First);
        let spelling = match transport {
            Transport::Udp => context.infra.case(server).spelling(),
            // Nobody can write into a connection that he does not see.
            Transport::Tcp | Transport::Tls | Transport::Https | Transport::Quic => Spelling::Plain,
        };
        Form { transport, edns, spelling }
    }

    /// How long a packet is listened for: to the end, and some time where it follows from a reply.
    fn time_for(&self, chosen: Choice, server: SocketAddr, is_first: bool) -> Duration {
        let left = self.limit.since(self.query.log.clock().now());
        match chosen {
            // There is an answer already.
            Choice::PlainCase => (self.patience(server) * 2).min(PACKET_TIMEOUT),
            _ if is_first => left,
            _ => left.max(PACKET_TIMEOUT),
        }
    }

    fn count(&mut self, server: &Candidate, sent: At, transport: Transport) {
        match self.tried.iter_mut().find(|one| one.server.address == server.address) {
            Some(one) => (one.last, one.times, one.transport) = (sent, one.times + 1, transport),
            None => {
                let was_known = self.query.context.infra.srtt(server.address).is_some();
                let (server, first, last) = (server.clone(), sent, sent);
                self.tried.push(Tried { server, first, last, times: 1, transport, was_known, heard: false });
            }
        }
    }
}
