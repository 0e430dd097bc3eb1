//! Whether the slow runs are those of one server of several, as addresses and the fields of responses tell them apart.

use std::collections::BTreeMap;

use super::super::rank_tests::{rank_sum, together};
use super::pattern::{NamedBy, PATTERN_LEVEL, Pattern, PatternKind};
use super::series::Series;
use crate::trace::{Hop, Trace, header};

/// Runs from which on a slow server is told, and how many each server has at least to be looked at.
const LEAST: usize = 12;
const LEAST_EACH: usize = 4;
/// Servers at most: more different values are no servers, but names of responses.
const MOST: usize = 16;

/// Fields by which servers behind one address name themselves.
const FIELDS: [&str; 14] = [
    "x-served-by",
    "x-backend",
    "x-backend-server",
    "x-upstream",
    "x-server",
    "x-server-name",
    "x-instance",
    "x-instance-id",
    "x-node",
    "x-pod",
    "x-host",
    "x-amz-cf-pop",
    "via",
    "server",
];

/// The server of a run.
fn server(by: NamedBy, trace: &Trace) -> Option<String> {
    let hop = trace.hops().next_back()?;
    match by {
        NamedBy::Address => address(&hop),
        NamedBy::Field(name) => header(&hop.http.ran()?.headers, name).map(std::borrow::Cow::into_owned),
    }
}

fn address(hop: &Hop<'_>) -> Option<String> {
    let connect = hop.dialled()?;
    Some(connect.attempts.get(connect.winner?)?.address.ip().to_string())
}

/// One of several servers, and of which runs it is.
struct Server {
    by: NamedBy,
    name: String,
    servers: usize,
    own: Vec<bool>,
    likely: Option<f64>,
}

/// Each server that is slower than the others of its kind. Of two names of the same runs the first is told.
pub(super) fn slow_servers(series: &Series<'_>) -> Vec<Pattern> {
    if series.totals.len() < LEAST {
        return Vec::new();
    }
    let ways = std::iter::once(NamedBy::Address).chain(FIELDS.map(NamedBy::Field));
    let mut all: Vec<Server> = Vec::new();
    for server in ways.flat_map(|by| servers(series, by)) {
        if !all.iter().any(|known| known.own == server.own) {
            all.push(server);
        }
    }
    let likely: Vec<Option<f64>> = all.iter().map(|server| server.likely).collect();
    let seen = all.into_iter().zip(together(&likely));
    seen.filter_map(|(server, likely)| {
        let Server { by, name, servers, own, likely: _ } = server;
        let chance = likely.filter(|likely| *likely < PATTERN_LEVEL)?;
        series.pattern(PatternKind::BadBackend { by, server: name, servers }, &own, Some(chance))
    })
    .collect()
}

/// The servers by one kind of name, each held against the others.
fn servers(series: &Series<'_>, by: NamedBy) -> Vec<Server> {
    let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, trace) in series.traces.iter().enumerate() {
        if let Some(server) = server(by, trace) {
            named.entry(server).or_default().push(at);
        }
    }
    let many = named.len();
    if !(2..=MOST).contains(&many) {
        return Vec::new();
    }
    let known: usize = named.values().map(Vec::len).sum();
    let judged =
        named.into_iter().filter(|(_, runs)| runs.len() >= LEAST_EACH && known - runs.len() >= LEAST_EACH);
    judged
        .map(|(name, runs)| {
            let mut own = vec![false; series.totals.len()];
            runs.iter().for_each(|at| own[*at] = true);
            let of = |wanted: bool| -> Vec<u64> {
                let some = series.totals.iter().zip(&own).filter(|(_, own)| **own == wanted);
                some.map(|(total, _)| *total).collect()
            };
            let likely = rank_sum(&of(false), &of(true));
            Server { by, name, servers: many, own, likely }
        })
        .collect()
}
