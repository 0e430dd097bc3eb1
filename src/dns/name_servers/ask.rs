//! One query to the servers of a zone (RFC 1034 §5.3.3 step 3, "send them queries"): the next server is asked beside
//! a slow one (hedging) and at once after a failed one, and the first useful answer wins.
//!
//! Every server asked, once more, by TCP or without EDNS is a packet of its own. Where the addresses
//! come from, and what follows from the answer, is `iterate`'s business.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::FutureExt;

use crate::dns::cache::failures::{Entry, is_silence};
use crate::dns::name_servers::dispatch::first_slot;
use crate::dns::name_servers::observe;
use crate::dns::name_servers::race::{Event, HEDGE_STEP, PATIENCE_UNKNOWN, Race, Round, Slot};
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::zone_query::{Answered, Unanswered, ZoneQuery};
use crate::trace::Choice;

/// The servers that are asked at once about a name of a zone that has failed.
const CHANCE_AT_ONCE: usize = 4;

/// Asks the candidates in their order. `first` says why the first one is asked.
pub(crate) async fn ask_servers(
    query: &ZoneQuery,
    candidates: Vec<Candidate>,
    first: Option<Choice>,
) -> Result<Answered, Unanswered> {
    let mut queue = VecDeque::from(candidates);
    let mut slot = first_slot(query, &mut queue).boxed_local().await;
    match query.failure().enter() {
        Entry::Open => {}
        Entry::Shut(fault) => return Err(Unanswered::Known(fault)),
        Entry::Once => {
            let result = race(query, queue.clone(), slot, first, Round::Chance).boxed_local().await;
            let Err(Unanswered::Failed { failures, .. }) = &result else { return result };
            if !is_silence(failures) {
                return result;
            }
            if let Some(fault) = query.failure().after_chance(query.chance()) {
                return Err(Unanswered::Known(Box::new(fault)));
            }
            slot = first_slot(query, &mut queue).boxed_local().await;
        }
    }
    race(query, queue, slot, first, Round::Whole).boxed_local().await
}

/// One race, with a slot at its first server.
async fn race(
    query: &ZoneQuery,
    queue: VecDeque<Candidate>,
    slot: Option<(SocketAddr, Slot)>,
    first: Option<Choice>,
    round: Round,
) -> Result<Answered, Unanswered> {
    let mut race = Race::new(query, queue, round);
    if let Some((address, slot)) = &slot {
        race.slots.insert(*address, Rc::downgrade(slot));
    }
    race.start_next(first, query.parent, None);
    if round == Round::Chance {
        for _ in 1..CHANCE_AT_ONCE {
            if !race.start_next(first, query.parent, None) {
                break;
            }
        }
        race.queue.clear();
    }
    drop(slot);
    let result = race.run().await;
    drop(race);
    query.log.supersede_abandoned();
    result
}

impl Race<'_> {
    async fn run(&mut self) -> Result<Answered, Unanswered> {
        let clock = *self.query.log.clock();
        loop {
            if self.running.is_empty() {
                if let Some(result) = self.next_round() {
                    return result;
                }
                continue;
            }
            let more = !self.queue.is_empty() || self.may_try_tcp() || self.next_again_at().is_some();
            let hedge_at = self.hedge_at.filter(|_| more);
            let hedge = async {
                match hedge_at {
                    Some(at) => {
                        tokio::time::sleep_until(clock.instant(at).into()).await; // the patience before a hedge
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                event = self.running.next() => match event {
                    Some(Event::Done(done, slot)) => {
                        self.in_flight.remove(&done.id);
                        let answered = self.take(*done);
                        // What is asked of the same server because of it has it by now.
                        drop(slot);
                        if let Some(answered) = answered {
                            return Ok(self.end(answered));
                        }
                    }
                    Some(Event::Settled(doubted, slot)) => {
                        let answered = self.check(*doubted);
                        drop(slot);
                        if let Some(answered) = answered {
                            return Ok(self.end(answered));
                        }
                    }
                    Some(Event::Lingered) => {
                        if let Some(answered) = self.release() {
                            return Ok(self.end(answered));
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

    /// Nobody is being asked: is there anything left to do?
    fn next_round(&mut self) -> Option<Result<Answered, Unanswered>> {
        if !self.doubted.is_empty() {
            self.check_failures();
            return None;
        }
        if let Some((id, verdict)) = self.spare.take() {
            let path = self.path(id);
            return Some(Ok(Answered { id, verdict, path, without_authority: true }));
        }
        if let Some(why) = self.stopped.take() {
            return Some(Err(why));
        }
        if self.queue.is_empty() && self.try_tcp() {
            return None;
        }
        if self.start_next(Some(Choice::NextAfterFailure), self.last.or(self.query.parent), self.last) {
            return None;
        }
        if self.stopped.is_some() {
            return self.stopped.take().map(Err);
        }
        // What waited for each other longest.
        let paths = self.servers.keys().map(|id| self.path(*id));
        let path = paths.max_by_key(|path| (path.len(), path.last().copied())).unwrap_or_default();
        Some(Err(Unanswered::Failed { failures: std::mem::take(&mut self.failures), path }))
    }

    /// The servers asked so far are slow: asks the next one beside them, two for the root, which
    /// has many and where nothing is known yet; with nobody left, one of them again.
    fn hedge(&mut self) {
        let clock = *self.query.log.clock();
        let before = self.in_flight.len();
        // A root that is far away is not one that UDP does not reach.
        let oldest = self.in_flight.values().min().copied();
        let waited = oldest.map_or(Duration::ZERO, |sent| clock.now().since(sent));
        if (self.hedged || self.queue.is_empty()) && waited >= PATIENCE_UNKNOWN {
            self.try_tcp();
        }
        let at_once = if self.query.zone.name.is_root() { 2 } else { 1 };
        let mut asked = 0;
        while asked < at_once && self.start_next(Some(Choice::Hedge), self.query.parent, self.last) {
            asked += 1;
        }
        if asked == 0 {
            self.ask_again();
        }
        self.hedged = true;
        // One that waits for its place has not been silent yet.
        let only_waits = self.in_flight.len() == before && self.running.len() > before;
        let step = clock.now().after(HEDGE_STEP);
        let next = if self.queue.is_empty() { self.next_again_at().unwrap_or(step).max(step) } else { step };
        self.hedge_at = (!only_waits).then_some(next);
        if asked == 0 {
            // Who failed may do better than who is silent.
            self.check_failures();
        }
    }

    fn end(&mut self, answered: Answered) -> Answered {
        self.remember_overtaken();
        observe::lost(self.query, &self.servers, answered.id);
        if let Some(held) = self.held.take() {
            self.query.log.forget(held.answered.id);
        }
        answered
    }
}
