//! What a run has learned of this host's network: whether UDP comes back, which family has a route, whether
//! any root server is in reach. Nothing of single servers: that is `infra`.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::net::SocketAddr;

use crate::plan::Family;

/// What is known of UDP to port 53 from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Udp {
    #[default]
    Unknown,
    Works,
    /// No reply came, and TCP works.
    Blocked,
}

/// What is known of the way out for one address family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Route {
    #[default]
    Unknown,
    /// A datagram has left: what cannot be reached is a single address.
    There,
    /// A reply has come back.
    Answers,
    /// None was sent, and the machine knew no way for the first one.
    None,
}

/// What is known of the network.
#[derive(Debug, Default)]
pub(crate) struct Network {
    /// Whether anything comes back by UDP.
    pub(crate) udp: Cell<Udp>,
    /// A resolver's answer was taken because no root server had answered. Many names need not find
    /// that out each on its own.
    pub(crate) root_silent: Cell<bool>,
    ipv4: Cell<Route>,
    ipv6: Cell<Route>,
    /// Addresses that a route of this machine lets nothing through to.
    barred: RefCell<HashSet<SocketAddr>>,
}

impl Network {
    /// A datagram to this server has left the machine.
    pub(crate) fn left(&self, server: SocketAddr) {
        let route = self.route(server.is_ipv4());
        if route.get() != Route::Answers {
            route.set(Route::There);
        }
    }

    /// A reply has come from this server.
    pub(crate) fn heard(&self, server: SocketAddr) {
        self.route(server.is_ipv4()).set(Route::Answers);
    }

    /// Whether a reply has come from any server of this one's family.
    pub(crate) fn has_heard(&self, server: SocketAddr) -> bool {
        self.route(server.is_ipv4()).get() == Route::Answers
    }

    /// This machine has no route to this server: if it never had one to any of the family, the
    /// whole family is given up.
    pub(crate) fn no_route(&self, server: SocketAddr) {
        let route = self.route(server.is_ipv4());
        if route.get() == Route::Unknown {
            route.set(Route::None);
        }
    }

    /// A route of this machine lets nothing through to this server.
    pub(crate) fn bar(&self, server: SocketAddr) {
        self.barred.borrow_mut().insert(server);
    }

    /// Whether this server is asked: its family has a way, and no route of this machine bars it.
    pub(crate) fn routed(&self, server: SocketAddr) -> bool {
        self.has_route(server.is_ipv4()) && !self.barred.borrow().contains(&server)
    }

    /// Whether there is no way out for any family that may be used.
    pub(crate) fn is_cut_off(&self, family: Family) -> bool {
        match family {
            Family::Any => !self.has_route(true) && !self.has_route(false),
            Family::Ipv4 => !self.has_route(true),
            Family::Ipv6 => !self.has_route(false),
        }
    }

    fn has_route(&self, ipv4: bool) -> bool {
        self.route(ipv4).get() != Route::None
    }

    fn route(&self, ipv4: bool) -> &Cell<Route> {
        if ipv4 { &self.ipv4 } else { &self.ipv6 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_without_a_route_is_known_for_the_run() {
        let network = Network::default();
        let server: SocketAddr = "[2001:db8::1]:53".parse().unwrap();
        assert!(network.routed(server));
        network.no_route(server);
        assert!(!network.routed("[2001:db8::2]:53".parse().unwrap()));
        assert!(network.routed("192.0.2.1:53".parse().unwrap()));
        assert!(!network.is_cut_off(Family::Any));
        network.no_route("192.0.2.1:53".parse().unwrap());
        assert!(network.is_cut_off(Family::Any));
    }

    #[test]
    fn one_address_without_a_route_says_nothing_of_a_family_that_has_one() {
        let network = Network::default();
        network.left("192.0.2.1:53".parse().unwrap());
        network.no_route("10.255.0.1:53".parse().unwrap());
        assert!(network.routed("192.0.2.2:53".parse().unwrap()));
        network.no_route("[2001:db8::1]:53".parse().unwrap());
        assert!(!network.is_cut_off(Family::Any));
        network.bar("10.1.0.1:53".parse().unwrap());
        assert!(!network.routed("10.1.0.1:53".parse().unwrap()));
        assert!(network.routed("10.1.0.2:53".parse().unwrap()));
    }
}
