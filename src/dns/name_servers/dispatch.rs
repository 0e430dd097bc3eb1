//! A packet of a race: it waits for a place at its server where there are only so many, and is sent.
//!
//! Whom to ask, and what comes of it, is the race's part.

use crate::dns::name_servers::race::Race;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::future::FutureExt;

use crate::dns::cache::network::Udp;
use crate::dns::name_servers::ask::{HEDGE_STEP, PATIENCE_LEAST, PATIENCE_UNKNOWN};
use crate::dns::name_servers::form::QueryForm;
use crate::dns::name_servers::race::{Dispatch, Event, Round, Slot};
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
        if !is_silent || self.round == Round::Again || dispatch.form.is_some() || self.queue.is_empty() {
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
            self.ended = Some(Unanswered::Detached);
        } else if query.budget.is_spent() {
            self.ended = Some(Unanswered::NameBudget);
        } else if query.log.is_spent() {
            self.ended = Some(Unanswered::HostBudget);
        }
        if self.ended.is_some() {
            self.queue.clear();
        }
        self.ended.is_none()
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
        let to = (&server.name, server.address, server.source);
        let question = (&query.qname, query.qtype);
        let ask = Ask { parent, ..form.of(Ask::of(query.purpose, &query.zone.name, question, to)) };
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
        let is_short = self.round == Round::Only && !self.replied;
        let limit = if is_short { query.chance() } else { PACKET_TIMEOUT };
        let wait = async move { Event::Done(Box::new(receive(flight, limit).await), slot) };
        self.running.push(wait.boxed_local());
        true
    }

    /// How long a server is awaited before the next is asked. One that has not been asked yet is taken
    /// to be as far away as the farthest known.
    fn patience(&self, server: SocketAddr) -> Duration {
        let context = &self.query.context;
        match (context.infra.srtt(server), context.infra.longest_srtt()) {
            (Some(srtt), _) => (srtt * 2).max(PATIENCE_LEAST),
            (None, Some(longest)) => (longest * 2).clamp(PATIENCE_LEAST, PATIENCE_UNKNOWN),
            (None, None) => PATIENCE_LEAST,
        }
    }

    /// Another server's answer came first: those that have had their time, and have never answered in
    /// this run, are not to be asked first by the next question.
    pub(crate) fn remember_overtaken(&self) {
        let ZoneQuery { context, log, .. } = self.query;
        let now = log.clock().now();
        for (id, sent) in &self.in_flight {
            if let Some(Candidate { address, .. }) = self.servers.get(id)
                && context.infra.srtt(*address).is_none()
                && context.network.udp.get() != Udp::Blocked
                && now.since(*sent) >= self.patience(*address)
            {
                context.infra.missed(*address);
            }
        }
    }
}
