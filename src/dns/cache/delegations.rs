//! The delegation cache: the zone cuts that a run has learned (RFC 9499 §7), the name servers there and their
//! addresses, in-bailiwick or looked up.
//!
//! A delegation holds as long as the TTL of its NS records, and of the addresses that were looked up for it.
//! Nothing is asked here.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;
use tokio::sync::Notify;

use crate::clock::Moment;
use crate::dns::cache::root_hints::Hints;
use crate::dns::lru::Lru;
use crate::dns::registry::is_told_by_registry;
use crate::dns::response::classify::Referral;
use crate::dns::wire::name::name_text;
use crate::trace::{AddressKind, AddressSource, ChildSide, Cut, NameServer, RecordType};

/// Zones that are remembered at most: all of them for a thousand names, and of millions what was
/// needed last.
const MOST_ZONES: usize = 2_048;

/// The zones of all runs.
#[derive(Debug)]
pub(crate) struct Delegations {
    /// Which addresses a name server may have.
    pub(crate) reach: Reach,
    root: Rc<Zone>,
    zones: RefCell<Lru<Name, Rc<Zone>, MOST_ZONES>>,
}

impl Delegations {
    pub(crate) fn below(hints: &Hints) -> Self {
        let reach = if hints.are_of_the_internet() { Reach::Internet } else { Reach::Anywhere };
        Self { reach, root: Rc::new(Zone::root(hints)), zones: RefCell::default() }
    }

    /// Takes over the delegations that registries gave, as they were told: what was looked up for their servers
    /// is left behind, and so is what their own servers said.
    pub(crate) fn take_over_registries(&self, other: &Self, now: Moment) {
        let told: Vec<Zone> = other
            .zones
            .borrow()
            .iter()
            .filter(|(name, zone)| is_told_by_registry(name) && zone.holds(now))
            .map(|(_, zone)| zone.as_told())
            .collect();
        told.into_iter().for_each(|zone| drop(self.keep(zone, now)));
    }

    /// The known zones above or at a name, from the root down; never empty.
    pub(crate) fn above(&self, name: &Name, now: Moment) -> Vec<Rc<Zone>> {
        let mut zones = self.zones.borrow_mut();
        let mut above = Vec::new();
        let mut name = name.clone();
        while !name.is_root() {
            above.extend(zones.get(&name).filter(|zone| zone.holds(now)).cloned());
            name = name.base_name();
        }
        above.push(Rc::clone(&self.root));
        above.reverse();
        above
    }

    /// Keeps a zone; one that is known already stays as long as it holds, with what was learned of it since.
    pub(crate) fn keep(&self, zone: Zone, now: Moment) -> Rc<Zone> {
        let mut zones = self.zones.borrow_mut();
        if let Some(known) = zones.get(&zone.name).filter(|known| known.holds(now)) {
            return Rc::clone(known);
        }
        let zone = Rc::new(zone);
        zones.insert(zone.name.clone(), Rc::clone(&zone));
        zone
    }
}

/// Where name servers may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Where anybody finds them (unbound: do-not-query-localhost).
    Internet,
    /// Below other root servers: wherever those say.
    Anywhere,
}

impl Reach {
    pub(crate) fn admits(self, address: IpAddr) -> bool {
        self == Self::Anywhere || !AddressKind::of(address).is_some_and(AddressKind::is_nobodys)
    }
}

/// A zone and its servers, as far as they are known.
#[derive(Debug)]
pub(crate) struct Zone {
    pub(crate) name: Name,
    pub(crate) servers: RefCell<Vec<Server>>,
    /// Addresses of them that nobody can be asked at.
    pub(crate) not_asked: RefCell<Vec<(Name, IpAddr, AddressSource)>>,
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
    /// When something of it is to be asked anew; never for the root.
    until: Cell<Option<Moment>>,
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
    /// Its addresses were of no use: one type is left to ask for where the other one was answered, or both
    /// where all it has is glue.
    Rest(Option<RecordType>),
    Made,
}

impl Server {
    pub(crate) fn has_address(&self) -> bool {
        !self.addresses.is_empty()
    }

    /// Whether nobody has given an address of it yet.
    pub(crate) fn is_unknown(&self) -> bool {
        !self.has_address() && matches!(self.lookup, Lookup::NotMade | Lookup::Running)
    }

    /// Whether a lookup could still bring addresses.
    pub(crate) fn can_be_looked_up(&self) -> bool {
        match self.lookup {
            Lookup::NotMade => self.addresses.is_empty(),
            Lookup::Running | Lookup::Rest(_) => true,
            Lookup::Made => false,
        }
    }
}

impl Zone {
    fn root(hints: &Hints) -> Self {
        let server = |(name, addresses): &(Name, Vec<SocketAddr>)| Server {
            name: name.clone(),
            addresses: addresses.iter().map(|address| (*address, AddressSource::Hint)).collect(),
            lookup: Lookup::Made,
        };
        Self::new(Name::root(), hints.servers.iter().map(server).collect(), None, None)
    }

    /// The zone a referral leads to.
    pub(crate) fn referred(
        referral: &Referral,
        (port, reach): (u16, Reach),
        packet: usize,
        found_by: u64,
        now: Moment,
    ) -> Self {
        let server = |(name, _): &(Name, Vec<(IpAddr, AddressSource)>)| Server {
            name: name.clone(),
            addresses: Vec::new(),
            lookup: Lookup::NotMade,
        };
        let servers = referral.servers.iter().map(server).collect();
        let zone = Self::new(referral.cut.clone(), servers, Some(packet), Some(found_by));
        for (name, addresses) in &referral.servers {
            addresses
                .iter()
                .for_each(|(address, source)| zone.locate(name, (*address, *source), port, reach));
        }
        zone.holds_at_most(now, referral.ttl);
        Self { ttl: Some(referral.ttl), ..zone }
    }

    /// The zone as its parent told of it.
    fn as_told(&self) -> Self {
        let is_glue = |source: AddressSource| {
            matches!(source, AddressSource::GlueInDomain | AddressSource::GlueSibling)
        };
        let server = |server: &Server| Server {
            name: server.name.clone(),
            addresses: server.addresses.iter().filter(|(_, source)| is_glue(*source)).copied().collect(),
            lookup: Lookup::NotMade,
        };
        let servers = self.servers.borrow().iter().map(server).collect();
        let told = Self::new(self.name.clone(), servers, self.learned_from, self.found_by);
        told.until.set(self.until.get());
        let not_asked = self.not_asked.borrow();
        told.not_asked.borrow_mut().extend(not_asked.iter().filter(|(.., source)| is_glue(*source)).cloned());
        Self { ttl: self.ttl, ..told }
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
            not_asked: RefCell::default(),
            learned_from,
            found_by,
            lookups: Cell::new(0),
            missing: Cell::new(0),
            changed: Notify::new(),
            ttl: None,
            until: Cell::new(None),
            child: RefCell::new(None),
        }
    }

    fn holds(&self, now: Moment) -> bool {
        self.until.get().is_none_or(|until| now <= until)
    }

    /// Something of it holds so many seconds: a second at least, so that a walk comes past it.
    pub(crate) fn holds_at_most(&self, now: Moment, ttl: u32) {
        let end = now.after(Duration::from_secs(u64::from(ttl.max(1))));
        self.until.set(Some(self.until.get().map_or(end, |until| until.min(end))));
    }

    /// An address of one of its servers.
    pub(crate) fn locate(&self, name: &Name, at: (IpAddr, AddressSource), port: u16, reach: Reach) {
        let (address, source) = at;
        if !reach.admits(address) {
            let (mut not_asked, told) = (self.not_asked.borrow_mut(), (name.clone(), address, source));
            if !not_asked.iter().any(|(known, at, _)| (known, *at) == (name, address)) {
                not_asked.push(told);
            }
            return;
        }
        let mut servers = self.servers.borrow_mut();
        let at = (SocketAddr::new(address, port), source);
        if let Some(server) = servers.iter_mut().find(|server| server.name == *name)
            && !server.addresses.contains(&at)
        {
            server.addresses.push(at);
        }
    }

    /// How many addresses of its servers are known.
    pub(crate) fn addresses(&self) -> usize {
        self.servers.borrow().iter().map(|server| server.addresses.len()).sum()
    }

    /// Whether an address of any of its servers is one of these.
    pub(crate) fn has_address(&self, which: impl Fn(SocketAddr) -> bool) -> bool {
        let servers = self.servers.borrow();
        servers.iter().flat_map(|server| &server.addresses).any(|(address, _)| which(*address))
    }

    /// Glue may be old (RFC 1034 §4.2.1): what stands in the zones of servers elsewhere is still to be looked up.
    /// False where nothing is. A server inside the zone would have to be asked for its own address.
    pub(crate) fn doubts_glue(&self) -> bool {
        let mut servers = self.servers.borrow_mut();
        let is_doubtful = |server: &&mut Server| {
            server.lookup == Lookup::NotMade
                && !server.addresses.is_empty()
                && !self.name.zone_of(&server.name)
        };
        let mut doubtful = servers.iter_mut().filter(is_doubtful).peekable();
        let any = doubtful.peek().is_some();
        doubtful.for_each(|server| server.lookup = Lookup::Rest(None));
        any
    }

    /// What servers publish of their own addresses may be wrong, too: takes the glue that led to them. False where
    /// there is no other.
    pub(crate) fn take_glue(&self, all: &Delegations) -> bool {
        let known = self.addresses();
        let servers = self.servers.borrow().clone();
        for server in servers.iter().filter(|server| server.lookup == Lookup::Made) {
            let Some(own) = all.above(&server.name, Moment::now()).pop() else { continue };
            let named = own.servers.borrow().iter().find(|one| one.name == server.name).cloned();
            let is_new = |at: &SocketAddr| server.addresses.iter().all(|(known, _)| known != at);
            for (at, source) in named.into_iter().flat_map(|named| named.addresses) {
                if own.name != self.name && source == AddressSource::GlueInDomain && is_new(&at) {
                    self.locate(&server.name, (at.ip(), source), at.port(), all.reach);
                }
            }
        }
        self.addresses() > known
    }

    /// A lookup that gave up has told nothing of the zone: it is not one of those it may have.
    pub(crate) fn return_lookup(&self) {
        self.lookups.set(self.lookups.get().saturating_sub(1));
    }

    /// The cut as it stands in a trace.
    pub(crate) fn cut(&self, cached: bool) -> Cut {
        let server = |server: &Server| NameServer {
            name: name_text(&server.name),
            addresses: server.addresses.iter().map(|(address, source)| (address.ip(), *source)).collect(),
        };
        let nowhere = |(name, address, source): &(Name, IpAddr, AddressSource)| NameServer {
            name: name_text(name),
            addresses: vec![(*address, *source)],
        };
        Cut {
            zone: name_text(&self.name),
            servers: self.servers.borrow().iter().map(server).collect(),
            not_asked: self.not_asked.borrow().iter().map(nowhere).collect(),
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
            self.zone.return_lookup();
            self.zone.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::wire::name::parse_name;

    #[test]
    fn millions_of_zones_are_forgotten_and_those_that_they_share_are_not() {
        let delegations = Delegations::below(&Hints::load(None, 53).unwrap());
        let now = Moment::now();
        let keep = |name: Name| delegations.keep(Zone::new(name, Vec::new(), Some(0), Some(1)), now);
        let name = |number: usize| parse_name(&format!("h{number}.test")).unwrap();
        keep(parse_name("test").unwrap());
        for number in 0..2 * MOST_ZONES {
            let name = name(number);
            assert_eq!(delegations.above(&name, now).len(), 2, "the root and the TLD, at {number}");
            keep(name);
        }
        assert_eq!(delegations.above(&name(0), now).len(), 2);
        assert_eq!(delegations.above(&name(2 * MOST_ZONES - 1_000), now).len(), 3);
    }

    #[test]
    fn a_delegation_holds_as_long_as_all_that_is_known_of_it() {
        let delegations = Delegations::below(&Hints::load(None, 53).unwrap());
        let (now, name) = (Moment::now(), parse_name("example.test").unwrap());
        let later = |seconds| now.after(Duration::from_secs(seconds));
        let zone = |ttl| {
            let zone = Zone::new(name.clone(), Vec::new(), Some(0), Some(1));
            zone.holds_at_most(now, ttl);
            zone
        };
        let first = delegations.keep(zone(100), now);
        assert!(Rc::ptr_eq(&first, &delegations.keep(zone(50), later(100))), "what is known stays");
        assert_eq!(delegations.above(&name, later(101)).len(), 1, "its TTL is over");
        first.holds_at_most(later(10), 20);
        assert_eq!(delegations.above(&name, later(30)).len(), 2);
        assert_eq!(delegations.above(&name, later(31)).len(), 1, "an address of its servers is over");
        assert!(!Rc::ptr_eq(&first, &delegations.keep(zone(100), later(31))), "it was told anew");
    }
}
