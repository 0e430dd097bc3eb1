//! The delegation points that a run has learned (zone cuts, RFC 9499 §7), their name servers and addresses.

use hickory_resolver::proto::rr::Name;
use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use tokio::sync::Notify;

use crate::dns::cache::root_hints::Hints;
use crate::dns::response::classify::Referral;
use crate::dns::wire::name::name_text;
use crate::trace::{AddressSource, ChildSide, Cut, NameServer};

/// A zone and its servers, as far as they are known.
#[derive(Debug)]
pub(crate) struct Zone {
    pub(crate) name: Name,
    pub(crate) servers: RefCell<Vec<Server>>,
    /// The packet that told of it, in the log of the resolution that found it.
    learned_from: Option<usize>,
    /// The resolution that found it; `None` for the root.
    pub(crate) found_by: Option<u64>,
    /// Lookups made for its servers' addresses.
    pub(crate) lookups: Cell<u32>,
    /// How many of them ended with a name that does not exist.
    pub(crate) missing: Cell<u32>,
    /// A lookup for one of its servers has ended.
    pub(crate) changed: Notify,
    /// The TTL of the parent's NS records.
    ttl: Option<u32>,
    /// What its own servers say of its servers.
    pub(crate) child: RefCell<Option<ChildSide>>,
}

/// A server of a zone.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) name: Name,
    pub(crate) addresses: Vec<(SocketAddr, AddressSource)>,
    pub(crate) lookup: Lookup,
}

/// Whether a server's addresses were looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    NotMade,
    Running,
    Made,
}

impl Zone {
    pub(crate) fn root(hints: &Hints) -> Self {
        let server = |(name, addresses): &(Name, Vec<SocketAddr>)| Server {
            name: name.clone(),
            addresses: addresses.iter().map(|address| (*address, AddressSource::Hint)).collect(),
            lookup: Lookup::Made,
        };
        Self::new(Name::root(), hints.servers.iter().map(server).collect(), None, None)
    }

    /// The zone a referral leads to.
    pub(crate) fn referred(referral: &Referral, port: u16, packet: usize, found_by: u64) -> Self {
        let server = |(name, addresses): &(Name, Vec<(IpAddr, AddressSource)>)| Server {
            name: name.clone(),
            addresses: addresses
                .iter()
                .map(|(address, source)| (SocketAddr::new(*address, port), *source))
                .collect(),
            lookup: Lookup::NotMade,
        };
        let servers = referral.servers.iter().map(server).collect();
        let zone = Self::new(referral.cut.clone(), servers, Some(packet), Some(found_by));
        Self { ttl: Some(referral.ttl), ..zone }
    }

    pub(crate) fn new(
        name: Name,
        servers: Vec<Server>,
        learned_from: Option<usize>,
        found_by: Option<u64>,
    ) -> Self {
        Self {
            name,
            servers: RefCell::new(servers),
            learned_from,
            found_by,
            lookups: Cell::new(0),
            missing: Cell::new(0),
            changed: Notify::new(),
            ttl: None,
            child: RefCell::new(None),
        }
    }

    /// The cut as it stands in a trace.
    pub(crate) fn cut(&self, cached: bool) -> Cut {
        let server = |server: &Server| NameServer {
            name: name_text(&server.name),
            addresses: server.addresses.iter().map(|(address, source)| (address.ip(), *source)).collect(),
        };
        Cut {
            zone: name_text(&self.name),
            servers: self.servers.borrow().iter().map(server).collect(),
            // Packet ids mean nothing outside the resolution that sent them.
            learned_from: if cached { None } else { self.learned_from },
            cached,
            ttl: self.ttl,
            child: self
                .child
                .borrow()
                .clone()
                .map(|child| ChildSide { told_by: child.told_by.filter(|_| !cached), ..child }),
        }
    }
}

pub(crate) fn count(zone: &Zone) -> usize {
    zone.servers.borrow().iter().map(|server| server.addresses.len()).sum()
}

/// A lookup that is dropped before its end, with its resolution, leaves the server to be looked up
/// by another.
pub(crate) struct Unfinished {
    pub(crate) zone: Rc<Zone>,
    pub(crate) name: Name,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut servers = self.zone.servers.borrow_mut();
        if let Some(server) = servers.iter_mut().find(|server| server.name == self.name)
            && server.lookup == Lookup::Running
        {
            server.lookup = Lookup::NotMade;
            drop(servers);
            return_lookup(&self.zone);
            self.zone.changed.notify_waiters();
        }
    }
}

/// A lookup that gave up has told nothing of the zone: it is not one of those it may have.
pub(crate) fn return_lookup(zone: &Zone) {
    zone.lookups.set(zone.lookups.get().saturating_sub(1));
}
