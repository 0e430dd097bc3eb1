//! The connections of a page: six a host in HTTP/1.1, one for each origin and credentials mode in HTTP/2 and HTTP/3.
//!
//! Whether a host speaks HTTP/2 is known when the first handshake with it has ended: until then its other requests
//! wait for that. Connections are opened here by nobody.

use std::collections::HashMap;

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
    /// One is being opened ahead, which the first request is for.
    ahead: bool,
}

/// Every host of a page.
#[derive(Default)]
pub(super) struct Hosts(HashMap<Key, Host>);

impl Hosts {
    pub(super) fn speaks(&self, key: &Key) -> Speaks {
        self.0.get(key).map_or(Speaks::Unknown, |host| host.speaks)
    }

    /// A way for a request now, if there is one, but not over the connection to avoid.
    pub(super) fn way(&mut self, key: &Key, avoid: Option<ConnectionId>) -> Option<Way> {
        let host = self.0.entry(key.clone()).or_default();
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
        let most = match host.speaks {
            // Who comes while one is opened ahead waits for that.
            Speaks::Http1 if host.ahead => 1,
            Speaks::Http1 => PER_HOST,
            Speaks::Unknown | Speaks::Many => 1,
        };
        (host.open < most).then(|| {
            host.open += 1;
            Way::Open
        })
    }

    /// A connection was opened for a request, which is about to use it.
    pub(super) fn opened(&mut self, key: &Key, session: &Session, connection: ConnectionId) {
        let host = self.0.entry(key.clone()).or_default();
        match session.version() {
            HttpVersion::Http10 | HttpVersion::Http11 => host.speaks = Speaks::Http1,
            HttpVersion::Http2 | HttpVersion::Http3 => {
                host.speaks = Speaks::Many;
                host.shared = session.share().map(|session| Idle { session, connection });
                host.streams = 1;
            }
        }
    }

    /// Whether a connection is to be opened ahead: none is there, and none is on the way.
    pub(super) fn is_bare(&mut self, key: &Key) -> bool {
        let host = self.0.entry(key.clone()).or_default();
        let is_bare = host.open == 0;
        host.open += usize::from(is_bare);
        host.ahead |= is_bare;
        is_bare
    }

    /// One was opened ahead, for nobody yet.
    pub(super) fn opened_ahead(&mut self, key: &Key, idle: Idle) {
        let connection = idle.connection;
        self.opened(key, &idle.session, connection);
        self.returned(key, Some(idle), connection);
        self.0.entry(key.clone()).or_default().ahead = false;
    }

    /// One that somebody else has opened, and is using.
    pub(super) fn lent(&mut self, key: &Key, session: &Session, connection: ConnectionId) {
        self.0.entry(key.clone()).or_default().open += 1;
        self.opened(key, session, connection);
    }

    /// What became of a connection after a response; `None` where it has ended.
    pub(super) fn returned(&mut self, key: &Key, left: Option<Idle>, connection: ConnectionId) {
        let Some(host) = self.0.get_mut(key) else { return };
        let is_shared = host.shared.as_ref().is_some_and(|shared| shared.connection == connection);
        if is_shared {
            host.streams = host.streams.saturating_sub(1);
        }
        match left {
            Some(idle) if idle.session.share().is_none() => host.idle.push(idle),
            // A hold of a shared one.
            Some(_) => {}
            None if is_shared => {
                (host.shared, host.streams) = (None, 0);
                host.open = host.open.saturating_sub(1);
            }
            None if host.speaks == Speaks::Many => {}
            None => host.open = host.open.saturating_sub(1),
        }
    }

    /// Another is opened in place of one that had ended.
    pub(super) fn replaced(&mut self, key: &Key) {
        self.0.entry(key.clone()).or_default().open += 1;
    }

    /// One was not opened. What the host speaks is still not known, and others need not wait for one another.
    pub(super) fn failed(&mut self, key: &Key) {
        let Some(host) = self.0.get_mut(key) else { return };
        host.open = host.open.saturating_sub(1);
        host.ahead = false;
        if host.speaks == Speaks::Unknown {
            host.speaks = Speaks::Http1;
        }
    }

    /// All that is left open.
    pub(super) fn into_open(self) -> impl Iterator<Item = Session> {
        let all = self.0.into_values().flat_map(|host| host.idle.into_iter().chain(host.shared));
        all.map(|idle| idle.session)
    }
}
