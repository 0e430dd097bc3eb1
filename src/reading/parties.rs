//! Who serves a page: its document's own host, others of the same site, and strangers, by the Public Suffix List.

use std::collections::BTreeSet;

use crate::suffix;
use crate::trace::{Hop, Trace};

/// How a host stands to the document of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// It is the document's host.
    First,
    /// It is another host of the same site: below the same registered name.
    Second,
    /// It is somebody else's.
    Third,
}

impl Party {
    /// Every party.
    pub const ALL: &'static [Self] = &[Self::First, Self::Second, Self::Third];

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Third => "third",
        }
    }
}

/// What a page takes from a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostShare<'a> {
    /// The host.
    pub host: &'a str,
    /// The registered name that it belongs to; the host itself where it has none.
    pub site: String,
    /// How it stands to the document.
    pub party: Party,
    /// Requests to it, redirects included.
    pub requests: usize,
    /// Those that came to no response.
    pub failed: usize,
    /// Connections that these used.
    pub connections: usize,
    /// Bytes of the responses' bodies on the wire.
    pub wire_bytes: u64,
}

/// The hosts of a page in the order in which they were met; none of a trace without a page.
#[must_use]
pub fn hosts(trace: &Trace) -> Vec<HostShare<'_>> {
    let (Some(page), Some(document)) = (&trace.page, trace.hops().next_back()) else { return Vec::new() };
    let (own, own_site) = (&document.url.host_ascii, suffix::site(&document.url.host_ascii));
    let behind = page.requested().filter_map(|(.., request)| trace.page_hop(request));
    let mut all: Vec<(HostShare<'_>, BTreeSet<usize>)> = Vec::new();
    for hop in trace.hops().chain(behind) {
        let host = hop.url.host_ascii.as_str();
        let place = all.iter().position(|(share, _)| share.host == host).unwrap_or_else(|| {
            let site = suffix::site(host).into_owned();
            let party = match () {
                () if host == own => Party::First,
                () if site == own_site => Party::Second,
                () => Party::Third,
            };
            let share =
                HostShare { host, site, party, requests: 0, failed: 0, connections: 0, wire_bytes: 0 };
            all.push((share, BTreeSet::new()));
            all.len() - 1
        });
        let (share, connections) = &mut all[place];
        count(share, connections, &hop);
    }
    all.into_iter().map(|(share, used)| HostShare { connections: used.len(), ..share }).collect()
}

fn count(share: &mut HostShare<'_>, connections: &mut BTreeSet<usize>, hop: &Hop<'_>) {
    let answered = hop.http.ran().filter(|http| http.status.is_some());
    share.requests += 1;
    share.failed += usize::from(answered.is_none());
    share.wire_bytes += answered.map_or(0, |http| http.body.wire_bytes);
    connections.extend(hop.request.connection.ran().map(|id| id.0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    #[test]
    fn hosts_are_told_apart_by_their_sites() {
        let mut trace = sample::paged();
        let before = hosts(&trace);
        assert_eq!(before.len(), 1);
        assert_eq!((before[0].host, &before[0].site[..]), ("www.example.test", "example.test"));
        assert_eq!((before[0].party, before[0].requests), (Party::First, trace.requests.len() + 2));
        for (host, party) in [
            ("static.example.test", Party::Second),
            ("example.test", Party::Second),
            ("www.other.test", Party::Third),
            ("192.0.2.1", Party::Third),
        ] {
            host.clone_into(&mut sample::resource(&mut trace, 1).url.host_ascii);
            let all = hosts(&trace);
            assert_eq!((all[1].host, all[1].party, all[1].requests), (host, party, 1));
        }
        assert!(hosts(&sample::sound()).is_empty());
    }
}
