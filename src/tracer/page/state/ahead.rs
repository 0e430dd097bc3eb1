//! Of the state of a page: what hints ask for, and whose connections are used by whom.

use std::net::IpAddr;

use super::{MOST_HINTS, OPEN, OPEN_AHEAD, State, is_address};
use crate::trace::{
    Connection, ConnectionId, Fate, Left, Request, RequestId, Resource, ResourceId, ResourceKind,
};
use crate::tracer::page::hosts::Key;
use crate::tracer::page::numbers::of_page;

/// Another host's connection: whose, which, and where it leads.
type Other = (Key, ConnectionId, IpAddr);

impl State {
    /// The next hint that there is something to do for, and whose connection it is about.
    pub(crate) fn next_hint(&mut self) -> Option<(ResourceId, Key)> {
        if self.stopped {
            return None;
        }
        let page = self.document.as_ref()?.host_ascii.clone();
        while let Some(id) = self.hints.pop_front() {
            let resource = &self.resources[id.0];
            let (kind, is_left) = (resource.kind, resource.fate == Fate::Left(Left::Hint));
            let Some(key) = self.key(id).filter(|_| is_left) else { continue };
            if self.prepared >= MOST_HINTS {
                self.leave(id, Left::TooMany);
                continue;
            }
            let host = key.origin.host();
            let is_known = host == page || self.requests.iter().any(|request| request.url.host_ascii == host);
            let is_name = self.known[id.0].url.as_ref().is_some_and(|url| !is_address(url));
            let is_to_do = match kind {
                ResourceKind::Preconnect => self.hosts.is_bare(&key),
                _ => is_name && !is_known,
            };
            if is_to_do {
                self.prepared += 1;
                return Some((id, key));
            }
        }
        None
    }

    /// Why a connection is open: for another request, or for a hint.
    pub(crate) fn why_open(&self, id: ConnectionId) -> &'static str {
        let is_it = |(place, _): &(usize, &Connection)| ConnectionId(of_page(*place)) == id;
        let opener = self.connections.iter().enumerate().find(is_it).map(|(_, it)| it.opened_for);
        let is_ahead = |resource: &Resource| matches!(resource.fate, Fate::Prepared(RequestId(place)) if Some(RequestId(of_page(place))) == opener);
        if self.resources.iter().any(is_ahead) { OPEN_AHEAD } else { OPEN }
    }

    /// A request went over the connection of another host.
    pub(crate) fn rode(&mut self, id: ResourceId, other: &Key, own: &Key, is_misdirected: bool) {
        if is_misdirected {
            self.hosts.part(own);
        }
        let told = if is_misdirected { ", and is not taken there (421)" } else { "" };
        let note = format!("goes over the connection of {}{told}", other.origin.host());
        self.resources[id.0].note.get_or_insert(note);
    }

    /// The same for what is done for a hint.
    pub(crate) fn begin_ahead(&mut self, id: ResourceId, request: Request) -> usize {
        let number = self.begin(id, request);
        self.resources[id.0].fate = Fate::Prepared(RequestId(number));
        number
    }

    /// The connections of others that are for this name, too.
    pub(crate) fn others(&self, own: &Key, host: &str) -> Vec<Other> {
        let named = |(key, connection): (&Key, ConnectionId)| {
            let covers = self.covers.iter().find(|covers| covers.connection == connection)?;
            covers.is_for(host).then(|| (key.clone(), connection, covers.address()))
        };
        self.hosts.others(own).into_iter().filter_map(named).collect()
    }

    /// Whether all that was to be asked for has come to its end: what is still done for hints is of no use any more.
    pub(crate) fn is_over(&self) -> bool {
        self.document_ended && self.running.is_empty() && self.pending.is_empty()
    }
}
