//! The connections of a page: six a host in HTTP/1.1, one for each origin and credentials mode in HTTP/2 and HTTP/3.
//!
//! Whether a host speaks HTTP/2 is known when the first handshake with it has ended: until then each of its requests has a
//! connection opened, six at most, as in Chromium (which remembers over time what this program never knows). Where the
//! first of them carries many requests at a time, it carries all, and the others are broken off. Connections are opened here
//! by nobody.

use std::collections::{HashMap, HashSet};

use crate::http::Session;
use crate::page::PER_HOST;
use crate::trace::{ConnectionId, HttpVersion};
use crate::tracer::pool::Idle;
use crate::tracer::target::Origin;

/// Requests at a time on one connection of HTTP/2 or HTTP/3, until the server has said how many it takes (RFC 9113
/// §6.5.2): what most take, and what browsers begin with.
const STREAMS: usize = 100;
/// And at most, whatever it says: as Chrome has it.
const MOST_STREAMS: usize = 256;

/// Whose connections one may use: those of an origin, with credentials or without (Fetch standard, section 2.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) origin: Origin,
    pub(super) credentials: Credentials,
}

/// Whether a request is sent with credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Credentials {
    Sent,
    Omitted,
}

/// What a host is known to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Speaks {
    #[default]
    Unknown,
    /// One request at a time on each connection.
    Http1,
    /// Any number on one.
    Many,
}

/// How a request gets its connection.
pub(super) enum Way {
    /// One that is open and idle.
    Idle(Idle),
    /// One that others use, too.
    Shared(Idle),
    /// One that is being opened ahead, for a hint.
    Coming,
    /// One of its own.
    Open,
}

#[derive(Default)]
struct Host {
    speaks: Speaks,
    idle: Vec<Idle>,
    /// Connections, those that are being opened included.
    open: usize,
    shared: Option<Idle>,
    /// Requests under way on the shared one.
    streams: usize,
    /// One is being opened ahead that nobody waits for yet: it is the first request's.
    ahead: bool,
    /// Being opened, for whoever waits.
    coming: usize,
}

impl Host {
    /// Connections at most.
    const fn most(&self) -> usize {
        match self.speaks {
            Speaks::Http1 | Speaks::Unknown => PER_HOST,
            Speaks::Many => 1,
        }
    }

    /// Whether this connection carries all its requests.
    fn shares(&self, connection: ConnectionId) -> bool {
        self.shared.as_ref().is_some_and(|shared| shared.connection == connection)
    }
}

/// Every host of a page.
#[derive(Default)]
pub(super) struct Hosts {
    all: HashMap<Key, Host>,
    /// Whose connections the requests of a host go over in place of its own.
    rides: HashMap<Key, Key>,
    /// Hosts that are not to be asked over those of others: one was refused there (421).
    alone: HashSet<Key>,
}

impl Hosts {
    /// Whose connections a host's requests go over.
    pub(super) fn whose(&self, key: Key) -> Key {
        let stands = |other: &&Key| self.all.get(other).is_some_and(|host| host.shared.is_some());
        self.rides.get(&key).filter(stands).cloned().unwrap_or(key)
    }

    /// The open connections by HTTP/2 of others with the same credentials mode, where this host may be asked over one.
    pub(super) fn others(&self, own: &Key) -> Vec<(&Key, ConnectionId)> {
        if own.origin.is_clear() || self.alone.contains(own) {
            return Vec::new();
        }
        let of = |host: &Host| {
            let shared = host.shared.as_ref().filter(|it| it.session.version() == HttpVersion::Http2)?;
            Some(shared.connection)
        };
        let fits = |key: &Key| {
            key != own && key.credentials == own.credentials && key.origin.port() == own.origin.port()
        };
        let all = self.all.iter().filter(|(key, _)| fits(key));
        all.filter_map(|(key, host)| Some((key, of(host)?))).collect()
    }

    /// Has a host's requests go over another's connection from now on; `None` where that has ended or is full.
    pub(super) fn ride(&mut self, own: &Key, other: &Key, connection: ConnectionId) -> Option<Idle> {
        if self.all.get(other)?.shared.as_ref()?.connection != connection {
            return None;
        }
        let Way::Shared(idle) = self.way(other, None)? else { return None };
        if let Some(host) = self.all.get_mut(own) {
            host.open = host.open.saturating_sub(1);
        }
        self.rides.insert(own.clone(), other.clone());
        Some(idle)
    }

    /// The connection of the other had ended when it was to be used: one of its own is opened.
    pub(super) fn come_home(&mut self, own: &Key, other: &Key) {
        self.rides.remove(own);
        self.replaced(own);
        if let Some(host) = self.all.get_mut(other) {
            host.open = host.open.saturating_sub(1);
        }
    }

    /// A host's requests go over its own connections from now on.
    pub(super) fn part(&mut self, own: &Key) {
        self.rides.remove(own);
        self.alone.insert(own.clone());
    }

    pub(super) fn speaks(&self, key: &Key) -> Speaks {
        self.all.get(key).map_or(Speaks::Unknown, |host| host.speaks)
    }

    /// A way for a request now, if there is one, but not over the connection to avoid.
    pub(super) fn way(&mut self, key: &Key, avoid: Option<ConnectionId>) -> Option<Way> {
        let host = self.all.entry(key.clone()).or_default();
        if host.speaks == Speaks::Unknown && key.origin.is_clear() {
            host.speaks = Speaks::Http1;
        }
        if let Some(Idle { session, connection }) = &host.shared
            && avoid != Some(*connection)
            && let Some(session) = session.share()
        {
            let most = session.most_streams().map_or(STREAMS, |most| most.clamp(1, MOST_STREAMS));
            if host.streams >= most {
                return None;
            }
            host.streams += 1;
            return Some(Way::Shared(Idle { session, connection: *connection }));
        }
        // A retry in HTTP/1.1 takes none that was idle: the next may have ended the same way.
        if avoid.is_none()
            && let Some(idle) = host.idle.pop()
        {
            return Some(Way::Idle(idle));
        }
        if avoid.is_none() && std::mem::take(&mut host.ahead) {
            return Some(Way::Coming);
        }
        (host.open < host.most()).then(|| {
            host.open += 1;
            Way::Open
        })
    }

    /// A connection was opened for a request, which is about to use it.
    pub(super) fn opened(&mut self, key: &Key, session: &Session, connection: ConnectionId) {
        let host = self.all.entry(key.clone()).or_default();
        match session.version() {
            HttpVersion::Http10 | HttpVersion::Http11 => host.speaks = Speaks::Http1,
            HttpVersion::Http2 | HttpVersion::Http3 => {
                host.speaks = Speaks::Many;
                host.shared = session.share().map(|session| Idle { session, connection });
                host.streams = 1;
            }
        }
    }

    /// Whether any host is known to take many requests at a time.
    pub(super) fn are_any_told(&self) -> bool {
        self.all.values().any(|host| host.speaks == Speaks::Many)
    }

    /// Whether a request takes whichever connection is free or open first.
    pub(super) fn binds_late(&self, key: &Key) -> bool {
        self.speaks(key) != Speaks::Many
    }

    /// Whether one carries all requests.
    pub(super) fn is_shared(&self, key: &Key) -> bool {
        self.all.get(key).is_some_and(|host| host.shared.is_some())
    }

    /// A host's requests go by HTTP/1.1 from now on: it wants no other.
    pub(super) fn by_http1(&mut self, key: &Key) {
        let host = self.all.entry(key.clone()).or_default();
        if host.shared.take().is_some() {
            host.streams = 0;
            host.open = host.open.saturating_sub(1);
        }
        host.speaks = Speaks::Http1;
    }

    /// One is being opened, for whoever waits.
    pub(super) fn coming(&mut self, key: &Key) {
        self.all.entry(key.clone()).or_default().coming += 1;
    }

    /// Whether any is.
    pub(super) fn are_coming(&self, key: &Key) -> bool {
        self.all.get(key).is_some_and(|host| host.coming > 0)
    }

    /// It is open, or not to be had.
    pub(super) fn came(&mut self, key: &Key) {
        if let Some(host) = self.all.get_mut(key) {
            host.coming = host.coming.saturating_sub(1);
        }
    }

    /// Whether this connection is free.
    pub(super) fn is_idle(&self, key: &Key, connection: ConnectionId) -> bool {
        self.all.get(key).is_some_and(|host| host.idle.iter().any(|idle| idle.connection == connection))
    }

    /// One that is free: its own, if it can be.
    pub(super) fn free(&mut self, key: &Key, own: Option<ConnectionId>) -> Option<Idle> {
        let host = self.all.get_mut(key)?;
        if host.shared.is_some() {
            return match self.way(key, None)? {
                Way::Shared(idle) | Way::Idle(idle) => Some(idle),
                Way::Open => {
                    // That is for `opens_for` to say.
                    self.all.get_mut(key)?.open -= 1;
                    None
                }
                Way::Coming => None,
            };
        }
        let place = host.idle.iter().position(|idle| Some(idle.connection) == own);
        match place {
            Some(place) => Some(host.idle.remove(place)),
            None => host.idle.pop(),
        }
    }

    /// Whether one more is opened, where so many wait.
    pub(super) fn opens_for(&mut self, key: &Key, waiting: usize) -> bool {
        let Some(host) = self.all.get_mut(key) else { return false };
        let opens = waiting > host.coming && host.idle.is_empty() && host.open < host.most();
        host.open += usize::from(opens);
        host.coming += usize::from(opens);
        opens
    }

    /// Whether a connection is to be opened ahead: none is there, and none is on the way.
    pub(super) fn is_bare(&mut self, key: &Key) -> bool {
        let host = self.all.entry(key.clone()).or_default();
        let is_bare = host.open == 0;
        host.open += usize::from(is_bare);
        host.coming += usize::from(is_bare);
        host.ahead |= is_bare;
        is_bare
    }

    /// One was opened ahead, for nobody yet.
    pub(super) fn opened_ahead(&mut self, key: &Key, idle: Idle) {
        let connection = idle.connection;
        self.came_ahead(key);
        self.opened(key, &idle.session, connection);
        self.returned(key, idle);
    }

    /// One that was opened ahead is open, or not to be had.
    pub(super) fn came_ahead(&mut self, key: &Key) {
        self.came(key);
        self.all.entry(key.clone()).or_default().ahead = false;
    }

    /// One that somebody else has opened, and is using.
    pub(super) fn lent(&mut self, key: &Key, session: &Session, connection: ConnectionId) {
        self.all.entry(key.clone()).or_default().open += 1;
        self.opened(key, session, connection);
    }

    /// A request is done with, and its connection goes on.
    pub(super) fn returned(&mut self, key: &Key, left: Idle) {
        let Some(host) = self.all.get_mut(key) else { return };
        if host.shares(left.connection) {
            host.streams = host.streams.saturating_sub(1);
        }
        // Else it is a hold of a shared one.
        if left.session.share().is_none() {
            host.idle.push(left);
        }
    }

    /// A connection has ended; one that carries many requests at a time may do so for each of them, and has one place.
    pub(super) fn ended(&mut self, key: &Key, connection: ConnectionId, carries_many: bool) {
        let Some(host) = self.all.get_mut(key) else { return };
        let is_shared = host.shares(connection);
        if is_shared {
            (host.shared, host.streams) = (None, 0);
        }
        if is_shared || !carries_many {
            host.open = host.open.saturating_sub(1);
        }
    }

    /// Another is opened in place of one that had ended.
    pub(super) fn replaced(&mut self, key: &Key) {
        self.all.entry(key.clone()).or_default().open += 1;
    }

    /// One is not opened after all.
    pub(super) fn left(&mut self, key: &Key) {
        if let Some(host) = self.all.get_mut(key) {
            host.open = host.open.saturating_sub(1);
        }
    }

    /// One was not opened. What the host speaks is still not known, and others need not wait for one another.
    pub(super) fn failed(&mut self, key: &Key) {
        let Some(host) = self.all.get_mut(key) else { return };
        host.open = host.open.saturating_sub(1);
        if host.speaks == Speaks::Unknown {
            host.speaks = Speaks::Http1;
        }
    }

    /// All that is left open.
    pub(super) fn into_open(self) -> impl Iterator<Item = Session> {
        let all = self.all.into_values().flat_map(|host| host.idle.into_iter().chain(host.shared));
        all.map(|idle| idle.session)
    }
}
