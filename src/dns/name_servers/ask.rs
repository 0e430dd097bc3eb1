//! One question to the servers of one zone: the next server is asked beside a slow one and at once
//! after a failed one, and the first useful answer wins.
//!
//! Every server asked, again, by TCP or without EDNS is a packet of its own. Where the addresses
//! come from, and what follows from the answer, is the walk's business.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::FutureExt;
use futures_util::stream::FuturesUnordered;

use crate::dns::cache::failures::{Entry, is_silence};
use crate::dns::name_servers::dispatch::first_slot;
use crate::dns::name_servers::race::{Race, Round, Slot};
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::zone_query::{Answered, Unanswered, ZoneQuery};
use crate::trace::Choice;

/// The most patience with a server that has never answered, and the least with UDP to the root.
pub(crate) const PATIENCE_UNKNOWN: Duration = Duration::from_millis(400);

/// The least patience with any server, and the whole of it while nothing is known of any.
pub(crate) const PATIENCE_LEAST: Duration = Duration::from_millis(150);

/// After the first hedge, the next one.
pub(crate) const HEDGE_STEP: Duration = Duration::from_millis(150);

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
            let end = race(query, queue.clone(), slot, first, Round::Only).boxed_local().await;
            let Err(Unanswered::Failed { failures, .. }) = &end else { return end };
            if !is_silence(failures) {
                return end;
            }
            if let Some(fault) = query.failure().after_chance(query.chance()) {
                return Err(Unanswered::Known(Box::new(fault)));
            }
            slot = first_slot(query, &mut queue).boxed_local().await;
        }
    }
    race(query, queue, slot, first, Round::First).boxed_local().await
}

/// One race, with a place at its first server.
async fn race(
    query: &ZoneQuery,
    queue: VecDeque<Candidate>,
    slot: Option<(SocketAddr, Slot)>,
    first: Option<Choice>,
    round: Round,
) -> Result<Answered, Unanswered> {
    let mut race = Race {
        query,
        queue,
        again: Vec::new(),
        round,
        running: FuturesUnordered::new(),
        in_flight: HashMap::new(),
        slots: HashMap::new(),
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
    if let Some((address, slot)) = &slot {
        race.slots.insert(*address, Rc::downgrade(slot));
    }
    race.start_next(first, query.parent, None);
    if round == Round::Only {
        for _ in 1..CHANCE_AT_ONCE {
            if !race.start_next(first, query.parent, None) {
                break;
            }
        }
        race.queue.clear();
    }
    drop(slot);
    let won = race.run().await;
    drop(race);
    query.log.supersede_abandoned();
    won
}
