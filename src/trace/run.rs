//! A whole run: its tables of lookups, connections and requests, and what it says of all of them.

use std::time::{Duration, SystemTime};

use super::brief::Brief;
use super::connection::Connection;
use super::dns::Dns;
use super::failure::Failure;
use super::hop::Hop;
use super::ids::{ConnectionId, LookupId, RequestId};
use super::page::Page;
use super::request::{KeptConnection, Request};

/// Everything one run saw, from the URL to the last byte. Whole also when the run failed.
///
/// Rows are only ever added: an id, once given, stays good. Several requests may name one lookup or
/// one connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The URL as it was typed.
    pub input: String,
    /// Wall time of t0.
    pub started_at: SystemTime,
    /// Client set-up before t0 (roots, TLS configuration, resolver configuration, the lab).
    pub setup: Duration,
    /// From t0 to the end of the last request.
    pub total: Duration,
    /// Every name that was resolved.
    pub lookups: Vec<Dns>,
    /// Every connection that was opened, or was to be.
    pub connections: Vec<Connection>,
    /// The requests of the redirect chain, in their order; empty when the URL could not be parsed.
    pub requests: Vec<Request>,
    /// Why the input led to no request at all.
    pub no_request: Option<Failure>,
    /// `--page`: what the last response asks for; `None` without it.
    pub page: Option<Box<Page>>,
    /// True when the trace ran inside the built-in lab.
    pub lab: bool,
    /// All that is known of a run that was saved in brief; `None` of one that was seen or saved whole.
    pub brief: Option<Box<Brief>>,
}

impl Trace {
    /// A trace of an input that nothing has been done for yet.
    #[must_use]
    pub const fn new(input: String, started_at: SystemTime, setup: Duration) -> Self {
        Self {
            input,
            started_at,
            setup,
            total: Duration::ZERO,
            lookups: Vec::new(),
            connections: Vec::new(),
            requests: Vec::new(),
            no_request: None,
            page: None,
            lab: false,
            brief: None,
        }
    }

    /// Adds a lookup.
    pub fn add_lookup(&mut self, dns: Dns) -> LookupId {
        self.lookups.push(dns);
        LookupId(self.lookups.len() - 1)
    }

    /// Adds a connection.
    pub fn add_connection(&mut self, connection: Connection) -> ConnectionId {
        self.connections.push(connection);
        ConnectionId(self.connections.len() - 1)
    }

    /// Adds a request.
    pub fn add_request(&mut self, request: Request) -> RequestId {
        self.requests.push(request);
        RequestId(self.requests.len() - 1)
    }

    /// The redirect chain, each request with what was done for it.
    pub fn hops(&self) -> impl ExactSizeIterator<Item = Hop<'_>> + DoubleEndedIterator + Clone {
        self.requests
            .iter()
            .enumerate()
            .map(|(index, request)| Hop::new(RequestId(index), request, &self.lookups, &self.connections))
    }

    /// The requests of the page, each with what was done for it; none without `--page`.
    pub fn page_hops(&self) -> impl ExactSizeIterator<Item = Hop<'_>> + Clone {
        let requests = self.page.as_ref().map(|page| page.requests.as_slice()).unwrap_or_default();
        let first = self.requests.len();
        requests.iter().enumerate().map(move |(index, request)| {
            Hop::new(RequestId(first + index), request, &self.lookups, &self.connections)
        })
    }

    /// A request of the page by its id.
    #[must_use]
    pub fn page_hop(&self, id: RequestId) -> Option<Hop<'_>> {
        self.page_hops().nth(id.0.checked_sub(self.requests.len())?)
    }

    /// The status of the last response, where there is one.
    #[must_use]
    pub fn last_status(&self) -> Option<u16> {
        match &self.brief {
            Some(brief) => brief.status,
            None => self.hops().next_back().and_then(|hop| hop.http.ran()?.status),
        }
    }

    /// Whether it began with a connection that an earlier run had kept; `None` where none was.
    #[must_use]
    pub fn kept(&self) -> Option<KeptConnection> {
        match &self.brief {
            Some(brief) => brief.kept,
            None => {
                let all = || self.requests.iter().filter_map(|request| request.kept);
                all().find(|kept| *kept == KeptConnection::Used).or_else(|| all().next())
            }
        }
    }

    /// Which request failed, or was the last, counted from 0.
    #[must_use]
    pub fn last_hop(&self) -> usize {
        self.brief.as_ref().map_or(self.requests.len().saturating_sub(1), |brief| brief.failed_hop)
    }

    /// How many redirects were followed: a request that was sent again is no further one, nor is a preflight.
    #[must_use]
    pub fn redirects(&self) -> usize {
        let own = |request: &&Request| request.retry_of.is_none() && !request.is_preflight();
        self.requests.iter().filter(own).count().saturating_sub(1)
    }

    /// Whether a request was sent once more: what it came to is not what the run came to.
    #[must_use]
    pub fn is_repeated(&self, id: RequestId) -> bool {
        self.requests.iter().any(|later| later.retry_of == Some(id))
    }

    /// What ended the trace before its goal; `None` when the last response was read to its end.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.no_request.as_ref().or_else(|| self.requests.last()?.failure.as_ref())
    }
}
