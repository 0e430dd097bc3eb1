//! Zone cuts, and what a run has learned: cuts, servers and answers, shared by all its hops.
//!
//! Nothing is sent here. The cache lives as long as one run, so that only answers can grow stale.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::dns::cache::answers::KnownAnswer;
use crate::dns::cache::delegations::Zone;
use crate::dns::cache::failures::Dead;
use crate::dns::cache::in_flight::Flights;
use crate::dns::cache::infra::ServerInfo;
use crate::dns::cache::network::{Route, Udp};
use crate::dns::cache::root_hints::Hints;
use crate::dns::dnssec::key_cache::Store;
use crate::dns::lru::Recent;
use crate::dns::name_servers::selection::{Candidate, interleave};
use crate::dns::outcome::fault::{Fault, Found};
use crate::dns::transport::slots::Places;
use crate::dns::wire::query_case::Spelling;
use crate::plan::{DnsPlan, Family};
use crate::trace::{At, RecordType};

/// What a run remembers at most of zones, answers and servers: all of it for thousands of names, and
/// of millions what was needed last.
const MOST_ZONES: usize = 16_384;

pub(crate) const MOST_ANSWERS: usize = 16_384;

const MOST_SERVERS: usize = 32_768;

/// Zones that one server is known not to serve.
const MOST_LAME: usize = 1_024;

/// When the machine's resolvers are asked beside a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StubUse {
    /// Always, to compare.
    Beside,
    /// When no root server answers: a batch asks nobody more than it has to.
    InNeed,
}

/// What all resolutions of a run share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) plan: DnsPlan,
    pub(crate) hints: Hints,
    /// Names of the hosts file, lower case without a final dot.
    pub(crate) hosts: Vec<(IpAddr, Vec<String>)>,
    root: Rc<Zone>,
    zones: RefCell<Recent<Name, Rc<Zone>, MOST_ZONES>>,
    answers: RefCell<Recent<(Name, Vec<RecordType>), KnownAnswer, MOST_ANSWERS>>,
    servers: RefCell<Recent<SocketAddr, ServerInfo, MOST_SERVERS>>,
    longest_srtt: Cell<Option<Duration>>,
    /// Whether anything comes back by UDP.
    pub(crate) udp: Cell<Udp>,
    ipv4: Cell<Route>,
    ipv6: Cell<Route>,
    /// When the machine's resolvers are asked beside a walk.
    pub(crate) stub_use: Cell<StubUse>,
    /// A resolver's answer was taken because no root server had answered. Many names need not find
    /// that out each on its own.
    pub(crate) root_silent: Cell<bool>,
    /// Whether `. NS` was asked.
    pub(crate) primed: Cell<bool>,
    pub(crate) drift: RefCell<Option<Vec<String>>>,
    pub(crate) flights: Rc<Flights>,
    pub(crate) places: Rc<Places>,
    pub(crate) dead: Dead,
    pub(crate) dnssec: Store,
}

impl Shared {
    pub(crate) fn new(plan: DnsPlan, hints: Hints, hosts: Vec<(IpAddr, Vec<String>)>) -> Self {
        let root = Rc::new(Zone::root(&hints));
        Self {
            flights: Rc::default(),
            places: Rc::new(Places::new(plan.server_limit)),
            dead: Dead::default(),
            plan,
            hints,
            hosts,
            root,
            zones: RefCell::default(),
            answers: RefCell::default(),
            servers: RefCell::default(),
            longest_srtt: Cell::new(None),
            udp: Cell::new(Udp::Unknown),
            ipv4: Cell::new(Route::Unknown),
            ipv6: Cell::new(Route::Unknown),
            stub_use: Cell::new(StubUse::Beside),
            root_silent: Cell::new(false),
            primed: Cell::new(false),
            drift: RefCell::new(None),
            dnssec: Store::default(),
        }
    }

    /// The known zones above or at a name, from the root down; never empty.
    pub(crate) fn zones_above(&self, name: &Name) -> Vec<Rc<Zone>> {
        let mut zones = self.zones.borrow_mut();
        let mut above = Vec::new();
        let mut name = name.clone();
        while !name.is_root() {
            above.extend(zones.get(&name).cloned());
            name = name.base_name();
        }
        above.push(Rc::clone(&self.root));
        above.reverse();
        above
    }

    /// Keeps a zone; one that is known already stays, with what was learned of it since.
    pub(crate) fn keep_zone(&self, zone: Zone) -> Rc<Zone> {
        let mut zones = self.zones.borrow_mut();
        Rc::clone(zones.get_or_insert_with(zone.name.clone(), || Rc::new(zone)))
    }

    /// An earlier answer to the same question, while its TTL lasts (a second at least, so that a
    /// TTL of zero does not make a run ask the same thing twice in a row).
    pub(crate) fn known(&self, name: &Name, types: &[RecordType], now: At) -> Option<Result<Found, Fault>> {
        let mut answers = self.answers.borrow_mut();
        let known = answers.get(&(name.clone(), types.to_vec()))?;
        let ttl = match &known.answer {
            Ok(found) => found.answers.iter().map(|record| record.ttl).min(),
            Err(fault) => fault.negative.as_ref().and_then(|negative| negative.ttl),
        };
        let life = Duration::from_secs(u64::from(ttl.unwrap_or(0).max(1)));
        (now.since(known.at) <= life).then(|| known.answer.clone())
    }

    pub(crate) fn keep_answer(
        &self,
        name: &Name,
        types: &[RecordType],
        at: At,
        answer: Result<Found, Fault>,
    ) {
        let key = (name.clone(), types.to_vec());
        self.answers.borrow_mut().insert(key, KnownAnswer { at, answer });
    }

    /// The addresses of a zone that were not tried yet, in the order to ask them.
    pub(crate) fn order(&self, zone: &Zone, tried: &HashSet<SocketAddr>) -> Vec<Candidate> {
        let infos = self.servers.borrow();
        let mut candidates: Vec<Candidate> = Vec::new();
        for server in zone.servers.borrow().iter() {
            for (address, source) in &server.addresses {
                if !tried.contains(address)
                    && self.plan.server_family.admits(address.ip())
                    && !candidates.iter().any(|known| known.address == *address)
                {
                    candidates.push(Candidate {
                        name: server.name.clone(),
                        address: *address,
                        source: *source,
                        measured: false,
                    });
                }
            }
        }
        let mut candidates = interleave(candidates);
        let rank = |candidate: &Candidate| match infos.peek(&candidate.address) {
            Some(info) if info.lame_for.contains(&zone.name) => (3, Duration::ZERO),
            Some(info) if info.missed => (2, Duration::ZERO),
            // The root is asked in the hints' order: any of its instances may be near.
            Some(ServerInfo { srtt: Some(srtt), .. }) if !zone.name.is_root() => (0, *srtt),
            _ => (1, Duration::ZERO),
        };
        for candidate in &mut candidates {
            candidate.measured = rank(candidate).0 == 0;
        }
        candidates.sort_by_key(rank);
        candidates
    }

    /// The longest average of all servers that have answered in this run.
    pub(crate) fn longest_srtt(&self) -> Option<Duration> {
        self.longest_srtt.get()
    }

    pub(crate) fn srtt(&self, server: SocketAddr) -> Option<Duration> {
        self.servers.borrow().peek(&server)?.srtt
    }

    /// Takes a round trip into the server's average (RFC 6298 §2: an eighth each).
    pub(crate) fn measured(&self, server: SocketAddr, rtt: Duration) {
        self.learn(server, |info| {
            info.missed = false;
            info.srtt = Some(info.srtt.map_or(rtt, |srtt| (srtt * 7 + rtt) / 8));
        });
        self.longest_srtt.set(self.longest_srtt.get().max(self.srtt(server)));
    }

    pub(crate) fn missed(&self, server: SocketAddr) {
        self.learn(server, |info| info.missed = true);
    }

    /// Whether a server did not answer in time, and has not answered since.
    pub(crate) fn is_missed(&self, server: SocketAddr) -> bool {
        self.servers.borrow().peek(&server).is_some_and(|info| info.missed)
    }

    /// Whether any root server has answered anything in this run.
    pub(crate) fn has_heard_a_root(&self) -> bool {
        self.hints.servers.iter().flat_map(|(_, at)| at).any(|at| self.srtt(*at).is_some())
    }

    pub(crate) fn lame(&self, server: SocketAddr, zone: &Name) {
        self.learn(server, |info| {
            if info.lame_for.len() >= MOST_LAME {
                info.lame_for.clear();
            }
            info.lame_for.insert(zone.clone());
        });
    }

    pub(crate) fn plain_only(&self, server: SocketAddr) {
        self.learn(server, |info| info.plain_only = true);
    }

    pub(crate) fn set_tcp_only(&self, server: SocketAddr) {
        self.learn(server, |info| info.tcp_only = true);
    }

    pub(crate) fn tcp_only(&self, server: SocketAddr) -> bool {
        self.servers.borrow().peek(&server).is_some_and(|info| info.tcp_only)
    }

    pub(crate) fn changes_case(&self, server: SocketAddr) {
        self.learn(server, |info| info.changes_case = true);
    }

    pub(crate) fn spelling(&self, server: SocketAddr) -> Spelling {
        let changes_case = self.servers.borrow().peek(&server).is_some_and(|info| info.changes_case);
        if changes_case { Spelling::Plain } else { Spelling::Random }
    }

    pub(crate) fn edns(&self, server: SocketAddr) -> bool {
        !self.servers.borrow().peek(&server).is_some_and(|info| info.plain_only)
    }

    fn learn(&self, server: SocketAddr, change: impl FnOnce(&mut ServerInfo)) {
        change(self.servers.borrow_mut().get_or_insert_with(server, ServerInfo::default));
    }

    /// A datagram to this server has left the machine.
    pub(crate) fn left(&self, server: SocketAddr) {
        self.route(server.is_ipv4()).set(Route::There);
    }

    /// This machine has no route to this server: if it never had one to any of the family, the
    /// whole family is given up.
    pub(crate) fn no_route(&self, server: SocketAddr) {
        let route = self.route(server.is_ipv4());
        if route.get() == Route::Unknown {
            route.set(Route::None);
        }
    }

    /// Whether there is no way out for any family that may be used.
    pub(crate) fn is_cut_off(&self) -> bool {
        let lost = |ipv4| self.route(ipv4).get() == Route::None;
        match self.plan.server_family {
            Family::Any => lost(true) && lost(false),
            Family::Ipv4 => lost(true),
            Family::Ipv6 => lost(false),
        }
    }

    /// Whether the root hints have a server that may be asked.
    pub(crate) fn has_a_root(&self) -> bool {
        let family = self.plan.server_family;
        self.hints.servers.iter().flat_map(|(_, at)| at).any(|at| family.admits(at.ip()))
    }

    /// Whether servers of this one's family are asked.
    pub(crate) fn routed(&self, server: SocketAddr) -> bool {
        self.route(server.is_ipv4()).get() != Route::None
    }

    fn route(&self, ipv4: bool) -> &Cell<Route> {
        if ipv4 { &self.ipv4 } else { &self.ipv6 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::cache::delegations::{Lookup, Server};
    use crate::dns::wire::name::parse_name;
    use crate::trace::AddressSource;

    fn shared() -> Shared {
        Shared::new(DnsPlan::default(), Hints::load(None, 53).unwrap(), Vec::new())
    }

    fn zone(addresses: &[&str]) -> Zone {
        let servers = addresses
            .iter()
            .enumerate()
            .map(|(index, address)| Server {
                name: parse_name(&format!("ns{index}.test")).unwrap(),
                addresses: vec![(address.parse().unwrap(), AddressSource::GlueInDomain)],
                lookup: Lookup::NotMade,
            })
            .collect();
        Zone::new(parse_name("test").unwrap(), servers, Some(0), Some(1))
    }

    fn asked(shared: &Shared, zone: &Zone) -> Vec<String> {
        shared.order(zone, &HashSet::new()).iter().map(|server| server.address.to_string()).collect()
    }

    #[test]
    fn the_root_is_asked_in_the_hints_order_families_in_turn() {
        let shared = shared();
        let root = shared.zones_above(&parse_name("www.test").unwrap()).remove(0);
        let first = asked(&shared, &root);
        assert_eq!(
            first[..4],
            ["198.41.0.4:53", "[2001:503:ba3e::2:30]:53", "170.247.170.2:53", "[2801:1b8:10::b]:53"]
        );
        shared.measured("[2801:1b8:10::b]:53".parse().unwrap(), Duration::from_millis(1));
        assert_eq!(asked(&shared, &root), first, "a fast one does not move ahead");
        shared.missed("198.41.0.4:53".parse().unwrap());
        assert_eq!(asked(&shared, &root).last().unwrap(), "198.41.0.4:53");
    }

    #[test]
    fn the_fastest_known_server_goes_first_and_a_lame_one_last() {
        let shared = shared();
        let zone = zone(&["192.0.2.1:53", "192.0.2.2:53", "[2001:db8::3]:53", "192.0.2.4:53"]);
        assert_eq!(
            asked(&shared, &zone),
            ["192.0.2.1:53", "[2001:db8::3]:53", "192.0.2.2:53", "192.0.2.4:53"]
        );
        shared.measured("192.0.2.4:53".parse().unwrap(), Duration::from_millis(9));
        shared.measured("192.0.2.2:53".parse().unwrap(), Duration::from_millis(20));
        shared.lame("192.0.2.1:53".parse().unwrap(), &zone.name);
        assert_eq!(
            asked(&shared, &zone),
            ["192.0.2.4:53", "192.0.2.2:53", "[2001:db8::3]:53", "192.0.2.1:53"]
        );
        assert!(shared.order(&zone, &HashSet::new())[0].measured);
        let tried = HashSet::from(["192.0.2.4:53".parse().unwrap()]);
        assert_eq!(shared.order(&zone, &tried).len(), 3);
    }

    #[test]
    fn millions_of_names_are_forgotten_and_the_zones_they_share_are_not() {
        let shared = shared();
        let new = |name: Name| Zone::new(name, Vec::new(), Some(0), Some(1));
        let name = |number: usize| parse_name(&format!("h{number}.test")).unwrap();
        shared.keep_zone(new(parse_name("test").unwrap()));
        for number in 0..2 * MOST_ZONES {
            let name = name(number);
            assert_eq!(shared.zones_above(&name).len(), 2, "the root and the TLD, at {number}");
            shared.keep_zone(new(name.clone()));
            shared.keep_answer(&name, &[RecordType::A], At(0), Ok(Found::default()));
        }
        let is_known = |number| {
            let name = name(number);
            let zone = shared.zones_above(&name).len() == 3;
            (zone, shared.known(&name, &[RecordType::A], At(0)).is_some())
        };
        assert_eq!(is_known(0), (false, false));
        assert_eq!(is_known(2 * MOST_ZONES - 1_000), (true, true));
    }

    #[test]
    fn a_family_without_a_route_is_known_for_the_run() {
        let shared = shared();
        let server: SocketAddr = "[2001:db8::1]:53".parse().unwrap();
        assert!(shared.routed(server));
        shared.no_route(server);
        assert!(!shared.routed("[2001:db8::2]:53".parse().unwrap()));
        assert!(shared.routed("192.0.2.1:53".parse().unwrap()));
        assert!(!shared.is_cut_off());
        shared.no_route("192.0.2.1:53".parse().unwrap());
        assert!(shared.is_cut_off());
    }

    #[test]
    fn one_address_without_a_route_says_nothing_of_a_family_that_has_one() {
        let shared = shared();
        shared.left("192.0.2.1:53".parse().unwrap());
        shared.no_route("10.255.0.1:53".parse().unwrap());
        assert!(shared.routed("192.0.2.2:53".parse().unwrap()));
        shared.no_route("[2001:db8::1]:53".parse().unwrap());
        assert!(!shared.is_cut_off());
    }
}
