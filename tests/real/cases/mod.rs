//! The tests, by what they look at.

mod connection;
mod dns;
mod faults;
mod http3;
mod proxies;
mod requests;
mod resolvers;
mod stamps;
mod web;
mod world;

use crate::dig::{Record, dig};
use crate::net::Access;
use crate::{Test, World};

/// All of them, in the order they run.
pub(crate) fn all() -> impl Iterator<Item = Test> {
    let early = [world::TESTS, connection::TESTS, dns::TESTS, resolvers::TESTS, faults::TESTS];
    let late = [web::TESTS, http3::TESTS, proxies::TESTS, requests::TESTS, stamps::TESTS];
    early.into_iter().chain(late).flatten().copied()
}

/// A question: the server that has the answer, name, type.
type Question<'a> = (std::net::IpAddr, &'a str, &'a str);

/// What `dig` gets for these questions, as one sorted list without repeats.
fn dig_all(world: &World, questions: &[Question<'_>]) -> Vec<Record> {
    let client = world.internet.client(Access::Full);
    let ask = |(server, name, rtype): &Question<'_>| dig(client, *server, name, rtype).answer;
    let mut records: Vec<Record> = questions.iter().flat_map(ask).collect();
    records.sort();
    records.dedup();
    records
}

/// Tries a few times: a machine that does something else for a moment is no fault of the program. What holds
/// by construction (counts, sums, sets) must not be tried this way, only times.
pub(crate) fn on_a_quiet_moment(mut attempt: impl FnMut() -> Result<(), String>) {
    const ATTEMPTS: usize = 10;
    let errors: Vec<String> = (0..ATTEMPTS).map_while(|_| attempt().err()).collect();
    assert!(errors.len() < ATTEMPTS, "{ATTEMPTS} times in a row, the last time:\n{}", errors[ATTEMPTS - 1]);
}
