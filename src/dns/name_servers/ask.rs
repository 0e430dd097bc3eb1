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

use crate::dns::cache::failures::{CHANCE_AT_ONCE, Case, Entry};
use crate::dns::name_servers::dispatch::first_place;
use crate::dns::name_servers::race::{Place, Race, Round};
use crate::dns::name_servers::selection::Candidate;
use crate::dns::name_servers::zone_query::{Lost, Quest, Won};
use crate::trace::Choice;

/// The most patience with a server that has never answered, and the least with UDP to the root.
pub(crate) const PATIENCE_UNKNOWN: Duration = Duration::from_millis(400);

/// The least patience with any server, and the whole of it while nothing is known of any.
pub(crate) const PATIENCE_LEAST: Duration = Duration::from_millis(150);

/// After the first hedge, the next one.
pub(crate) const HEDGE_STEP: Duration = Duration::from_millis(150);

/// Asks the candidates in their order. `first` says why the first one is asked.
pub(crate) async fn ask_servers(
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
