//! The hosts of a page: what each was asked for.

use std::collections::{BTreeSet, HashMap};

use super::row::Row;
use crate::trace::At;

/// A host of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host<'t> {
    /// Its name, as it is asked for.
    pub name: &'t str,
    /// Requests to it.
    pub requests: usize,
    /// Bytes that came from it: heads and bodies, as they were on the wire.
    pub bytes: u64,
    /// Connections that these requests went out on.
    pub connections: usize,
    /// Requests without a response, or with one of an error.
    pub failed: usize,
    /// When the first of them began.
    pub first: At,
    /// When the last of them ended.
    pub last: At,
}

/// The hosts in the order in which they were first needed; tells the rows theirs.
pub(super) fn hosts<'t>(rows: &mut [Row<'t>]) -> Vec<Host<'t>> {
    let mut hosts: Vec<Host<'t>> = Vec::new();
    let mut places: HashMap<&'t str, usize> = HashMap::new();
    let mut used: Vec<BTreeSet<usize>> = Vec::new();
    for row in rows {
        let name = row.hop.url.host_ascii.as_str();
        let place = *places.entry(name).or_insert(hosts.len());
        row.host = place;
        if place == hosts.len() {
            let (first, last) = (row.hop.start, row.hop.end);
            hosts.push(Host { name, requests: 0, bytes: 0, connections: 0, failed: 0, first, last });
            used.push(BTreeSet::new());
        }
        used[place].extend(row.hop.request.connection.ran().map(|id| id.0));
        let host = &mut hosts[place];
        host.requests += 1;
        host.bytes += row.bytes();
        host.connections = used[place].len();
        host.failed += usize::from(row.is_bad());
        (host.first, host.last) = (host.first.min(row.hop.start), host.last.max(row.hop.end));
    }
    hosts
}
