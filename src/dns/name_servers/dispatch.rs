//! A packet of a race: it waits for a place at its server where there are only so many, and is sent.
//!
//! Whom to ask, and what comes of it, is the race's part.

use crate::dns::name_servers::race::Race;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::future::FutureExt;

use crate::dns::cache::failures::chance;
use crate::dns::cache::network::Udp;
use crate::dns::name_servers::ask::{HEDGE_STEP, PATIENCE_LEAST, PATIENCE_UNKNOWN};
use crate::dns::name_servers::form::Way;
use crate::dns::name_servers::race::{Event, Place, Round, Shot};
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::zone_query::{Lost, PACKET_TIMEOUT, Quest};
use crate::dns::transport::ask::Ask;
use crate::dns::transport::exchange::{receive, send_spelled};
use crate::dns::wire::name::name_text;
use crate::dns::wire::query::Recursion;
use crate::dns::wire::query_case::Spelling;
use crate::trace::{Choice, Transport};

/// Waits for a place at the first server; one that others have found silent meanwhile goes last.
pub(crate) async fn first_place(
    quest: &Quest,
    queue: &mut VecDeque<Candidate>,
) -> Option<(SocketAddr, Place)> {
    let shared = &quest.shared;
    for _ in 0..queue.len() {
        let address = queue.front()?.address;
        let was_missed = shared.is_missed(address);
        let place = quest.log.queue(shared.places.take(address)).await?;
        if was_missed || !shared.is_missed(address) || queue.len() == 1 {
            return Some((address, Rc::new(place)));
        }
        queue.rotate_left(1);
    }
    None
}

impl Race<'_> {
    /// Sends a packet, as soon as its server has a place for it; in the last round only if it has one
    /// now. False when nothing is to come of it.
    pub(crate) fn start(&mut self, shot: Shot) -> bool {
        if !self.may_send() {
            return false;
        }
        let (shared, address) = (Rc::clone(&self.quest.shared), shot.server.address);
        if let Some(place) = self.places.get(&address).and_then(Weak::upgrade) {
            return self.send(shot, Some(place));
        }
        let free = shared.places.take(address).now_or_never();
        if let Some(place) = free {
            return self.send(shot, place.map(Rc::new));
        }
        if self.round != Round::First {
            // Others ask it now, in vain as this one has: that is no time to try again.
            return false;
        }
        let (was_missed, shot) = (shared.is_missed(address), Box::new(shot));
        let wait = async move {
            let place = shared.places.take(address).await;
            Event::Free(shot, was_missed, place.map(Rc::new))
        };
        self.running.push(wait.boxed_local());
        // Two races that wait for each other's would wait for ever.
        self.kept.clear();
        self.hedge_at = None;
        true
    }

    /// A packet has its place: it is sent, or another in its place where others have found its server
    /// silent meanwhile.
    pub(crate) fn go_on(&mut self, shot: Shot, was_missed: bool, place: Option<Place>) {
        let is_silent = !was_missed && self.quest.shared.is_missed(shot.server.address);
        if !is_silent || self.round == Round::Again || shot.form.is_some() || self.queue.is_empty() {
            if self.may_send() {
                self.send(shot, place);
            }
            return;
        }
        drop(place);
        self.queue.push_back(shot.server);
        let chosen = Some(shot.chosen).filter(|chosen| !matches!(chosen, Choice::First | Choice::Fastest));
        self.start_next(chosen, shot.parent, shot.because);
    }

    /// Whether one more packet may be sent.
    fn may_send(&mut self) -> bool {
        let quest = self.quest;
        if quest.lane.is_detached() {
            self.ended = Some(Lost::Detached);
        } else if quest.budget.is_spent() {
            self.ended = Some(Lost::NameBudget);
        } else if quest.log.is_spent() {
            self.ended = Some(Lost::HostBudget);
        }
        if self.ended.is_some() {
            self.queue.clear();
        }
        self.ended.is_none()
    }

    fn send(&mut self, shot: Shot, place: Option<Place>) -> bool {
        let Shot { server, chosen, parent, because, form, aside } = shot;
        let quest = self.quest;
        let shared = &quest.shared;
        quest.log.spend();
        quest.budget.spend();
        let Way { chosen, transport, edns } = match form {
            Some((transport, edns)) => Way { chosen, transport, edns },
            None => Way::to(shared, server.address, chosen),
        };
        let ask = Ask {
            parent,
            purpose: quest.purpose,
            zone: name_text(&quest.zone.name),
            qname: quest.qname.clone(),
            qtype: quest.qtype,
            server_name: Some(name_text(&server.name)),
            server: server.address,
            source: server.source,
            chosen,
            transport,
            edns,
            recursion: Recursion::No,
        };
        let spelling = match transport {
            Transport::Udp => shared.spelling(server.address),
            // Nobody can write into a connection that he does not see.
            Transport::Tcp | Transport::Tls | Transport::Https | Transport::Quic => Spelling::Plain,
        };
        let flight = send_spelled(&quest.log, ask, spelling);
        let id = flight.id;
        if flight.has_left() {
            shared.left(server.address);
        }
        if !self.hedged {
            self.hedge_at = Some(flight.sent.after(self.patience(server.address)));
        } else if self.hedge_at.is_none() {
            self.hedge_at = Some(flight.sent.after(HEDGE_STEP));
        }
        if !aside {
            self.last = Some(id);
        }
        if let Some(place) = &place {
            self.places.insert(server.address, Rc::downgrade(place));
        }
        self.in_flight.insert(id, flight.sent);
        self.servers.insert(id, server);
        if let Some(because) = because {
            self.because.insert(id, because);
        }
        let is_short = self.round == Round::Only && !self.replied;
        let limit = if is_short { chance(shared) } else { PACKET_TIMEOUT };
        let wait = async move { Event::Done(Box::new(receive(flight, limit).await), place) };
        self.running.push(wait.boxed_local());
        true
    }

    /// How long a server is awaited before the next is asked. One that has not been asked yet is taken
    /// to be as far away as the farthest known.
    fn patience(&self, server: SocketAddr) -> Duration {
        let shared = &self.quest.shared;
        match (shared.srtt(server), shared.longest_srtt()) {
            (Some(srtt), _) => (srtt * 2).max(PATIENCE_LEAST),
            (None, Some(longest)) => (longest * 2).clamp(PATIENCE_LEAST, PATIENCE_UNKNOWN),
            (None, None) => PATIENCE_LEAST,
        }
    }

    /// Another server's answer came first: those that have had their time, and have never answered in
    /// this run, are not to be asked first by the next question.
    pub(crate) fn remember_overtaken(&self) {
        let Quest { shared, log, .. } = self.quest;
        let now = log.clock().now();
        for (id, sent) in &self.in_flight {
            if let Some(Candidate { address, .. }) = self.servers.get(id)
                && shared.srtt(*address).is_none()
                && shared.udp.get() != Udp::Blocked
                && now.since(*sent) >= self.patience(*address)
            {
                shared.missed(*address);
            }
        }
    }
}
