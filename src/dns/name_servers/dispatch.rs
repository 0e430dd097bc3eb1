//! A packet of a query is dispatched: it waits for a slot at its server where there are only so many, and is
//! sent within the budgets.
//!
//! When the next one is due is `ask`'s part, what comes of it `judge`'s.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};

use futures_util::future::FutureExt;

use crate::dns::name_servers::form::QueryForm;
use crate::dns::name_servers::race::{Dispatch, Event, HEDGE_STEP, Race, Round, Slot};
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::zone_query::{PACKET_TIMEOUT, Unanswered, ZoneQuery};
use crate::dns::transport::ask::Ask;
use crate::dns::transport::exchange::{receive, send_spelled};
use crate::dns::wire::query_case::Spelling;
use crate::trace::{Choice, Transport};

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
        while let Some(server) = self.queue.pop_front() {
            if !self.query.context.network.routed(server.address) {
                continue;
            }
            let chosen = match (self.round, chosen) {
                (Round::Retry, _) => Choice::Again,
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

    /// Sends a packet, as soon as its server has a place for it; in the last round only if it has one
    /// now. False when nothing is to come of it.
    pub(crate) fn start(&mut self, dispatch: Dispatch) -> bool {
        if !self.may_send() {
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
        if self.round != Round::First {
            // Others ask it now, in vain as this one has: that is no time to try again.
            return false;
        }
        let (was_missed, dispatch) = (context.infra.is_missed(address), Box::new(dispatch));
        let wait = async move {
            let slot = context.slots.take(address).await;
            Event::Free(dispatch, was_missed, slot.map(Rc::new))
        };
        self.running.push(wait.boxed_local());
        // Two races that wait for each other's would wait for ever.
        self.kept.clear();
        self.hedge_at = None;
        true
    }

    /// A packet has its place: it is sent, or another in its place where others have found its server
    /// silent meanwhile.
    pub(crate) fn go_on(&mut self, dispatch: Dispatch, was_missed: bool, slot: Option<Slot>) {
        let is_silent = !was_missed && self.query.context.infra.is_missed(dispatch.server.address);
        if !is_silent || self.round == Round::Retry || dispatch.form.is_some() || self.queue.is_empty() {
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
        let form = match form {
            Some((transport, edns)) => QueryForm { chosen, transport, edns },
            None => QueryForm::to(context, server.address, chosen),
        };
        let ask = Ask { parent, ..query.ask(&server, form) };
        let spelling = match form.transport {
            Transport::Udp => context.infra.spelling(server.address),
            // Nobody can write into a connection that he does not see.
            Transport::Tcp | Transport::Tls | Transport::Https | Transport::Quic => Spelling::Plain,
        };
        let flight = send_spelled(&query.log, ask, spelling);
        let id = flight.id;
        if flight.has_left() {
            context.network.left(server.address);
        }
        if !self.hedged {
            self.hedge_at = Some(flight.sent.after(self.patience(server.address)));
        } else if self.hedge_at.is_none() {
            self.hedge_at = Some(flight.sent.after(HEDGE_STEP));
        }
        if !aside {
            self.last = Some(id);
        }
        if let Some(slot) = &slot {
            self.slots.insert(server.address, Rc::downgrade(slot));
        }
        self.in_flight.insert(id, flight.sent);
        self.servers.insert(id, server);
        if let Some(because) = because {
            self.because.insert(id, because);
        }
        let is_short = self.round == Round::Chance && !self.replied;
        let limit = if is_short { query.chance() } else { PACKET_TIMEOUT };
        let wait = async move { Event::Done(Box::new(receive(flight, limit).await), slot) };
        self.running.push(wait.boxed_local());
        true
    }
}
