//! What the requests of a measured page waited for. Between that and a request's turn lies our own work, which no
//! schedule has: it counts as the request's own. So does the wait for a connection that was opened ahead for a hint.

use super::model::{HostModel, Node, Times};
use crate::trace::ConnectionId;

/// Our own work between what was waited for and a turn takes no longer. What took longer waited for something else.
const MOST: u64 = 20_000;

/// A request as it was measured.
pub(super) struct Measured {
    pub(super) node: Node,
    pub(super) times: Times,
    /// What it went out on.
    pub(super) connection: Option<ConnectionId>,
}

/// A connection that was opened ahead.
pub(super) struct Prepared {
    pub(super) connection: ConnectionId,
    /// Where it leads to.
    pub(super) origin: String,
    /// When it was open.
    pub(super) end: u64,
}

/// Gives each request behind the chain its own share of what it waited.
pub(super) fn settle(
    all: &mut [Measured],
    chain: usize,
    (head, prepared): (Option<u64>, &[Prepared]),
    hosts: &[HostModel],
) {
    let begins = begins(all, head);
    let mut ends: Vec<(u64, bool)> = all.iter().map(|one| (one.times.end, false)).collect();
    ends.sort_unstable();
    let mut order: Vec<usize> = (chain..all.len()).collect();
    order.sort_by_key(|place| all[*place].times.turn);
    let mut used: Vec<ConnectionId> = Vec::new();
    for place in order {
        let Measured { node, times, connection } = &mut all[place];
        let (found, turn) = (times.found, times.turn);
        let lately = |at: u64| at <= turn && at >= found && turn - at <= MOST;
        let ahead = prepared.iter().find(|one| Some(one.connection) == *connection);
        let is_first = ahead.is_some_and(|one| !used.contains(&one.connection));
        used.extend(ahead.map(|one| one.connection).filter(|_| is_first));
        if is_first {
            // It is the one that finds the connection open.
            node.opening = Some(0);
        }
        if turn == found {
            continue;
        }
        // What was opened ahead carries all requests of the host, or the first alone.
        let host = &hosts[node.host];
        let is_of_host = |one: &&Prepared| one.origin == host.origin && lately(one.end);
        if (is_first || host.is_clear || host.is_shared) && prepared.iter().any(|one| is_of_host(&one)) {
            node.own += turn - found;
            continue;
        }
        // Each end gives one request its turn, and the first that ended the first.
        let freed = ends.iter_mut().find(|(at, is_taken)| !is_taken && lately(*at));
        let from = match freed {
            Some((at, is_taken)) => {
                *is_taken = true;
                Some(*at)
            }
            None => begins.iter().copied().filter(|at| lately(*at)).max(),
        };
        node.own += from.map_or(0, |from| turn - from);
    }
}

/// What may be waited for beside another's end: the head, and connections that are open.
fn begins(all: &[Measured], head: Option<u64>) -> Vec<u64> {
    let opened = all.iter().filter_map(|one| Some(one.times.turn + one.node.opening?));
    opened.chain(head).collect()
}
