//! The infrastructure cache (unbound's infra cache): what a run has learned of a name server by its address,
//! its smoothed round-trip time (SRTT), EDNS, TCP, case, and the zones it is lame for (RFC 9499 §7).
//!
//! In which order servers are asked is `name_servers::selection`'s part; nothing is sent here.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;

use crate::dns::cache::letter_case::LetterCase;
use crate::dns::lru::Lru;
use crate::trace::Edns;

/// Servers that a run remembers at most.
const MOST_SERVERS: usize = 8_192;

/// Zones that one server is known not to serve.
const MOST_LAME: usize = 1_024;

/// What is known of the servers of a run.
#[derive(Debug, Default)]
pub(crate) struct Infra {
    servers: RefCell<Lru<SocketAddr, ServerInfo, MOST_SERVERS>>,
    longest_srtt: Cell<Option<Duration>>,
}

/// What is known of a server's address.
#[derive(Debug, Default)]
struct ServerInfo {
    srtt: Option<Duration>,
    /// It did not answer in time, or not at all.
    missed: bool,
    /// It answers only what has less of EDNS than is usual.
    less_edns: Option<Edns>,
    /// It has sent an OPT record, as no server without EDNS does (RFC 6891 §7).
    has_edns: bool,
    /// It answers by TCP and not by UDP.
    tcp_only: bool,
    /// What it makes of the case of letters in a name.
    case: Rc<LetterCase>,
    /// Zones it was named for and does not serve.
    lame_for: HashSet<Name>,
}

/// What to expect of a server, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    Answers(Duration),
    Unknown,
    Missed,
    Lame,
}

impl Infra {
    pub(crate) fn standing(&self, server: SocketAddr, zone: &Name) -> Standing {
        match self.servers.borrow().peek(&server) {
            Some(info) if info.lame_for.contains(zone) => Standing::Lame,
            Some(info) if info.missed => Standing::Missed,
            Some(info) => info.srtt.map_or(Standing::Unknown, Standing::Answers),
            None => Standing::Unknown,
        }
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
        self.change(server, |info| {
            info.missed = false;
            info.srtt = Some(info.srtt.map_or(rtt, |srtt| (srtt * 7 + rtt) / 8));
        });
        self.longest_srtt.set(self.longest_srtt.get().max(self.srtt(server)));
    }

    pub(crate) fn missed(&self, server: SocketAddr) {
        self.change(server, |info| info.missed = true);
    }

    /// Whether a server did not answer in time, and has not answered since.
    pub(crate) fn is_missed(&self, server: SocketAddr) -> bool {
        self.is(server, |info| info.missed)
    }

    pub(crate) fn lame(&self, server: SocketAddr, zone: &Name) {
        self.change(server, |info| {
            if info.lame_for.len() >= MOST_LAME {
                info.lame_for.clear();
            }
            info.lame_for.insert(zone.clone());
        });
    }

    /// It is of use after all.
    pub(crate) fn not_lame(&self, server: SocketAddr, zone: &Name) {
        self.change(server, |info| {
            info.lame_for.remove(zone);
        });
    }

    /// It has answered with so much of EDNS, and not with more. One that has sent an OPT record has EDNS.
    pub(crate) fn less_edns(&self, server: SocketAddr, edns: Edns) {
        self.change(server, |info| {
            if edns == Edns::Bare || !info.has_edns {
                info.less_edns = Some(edns);
            }
        });
    }

    pub(crate) fn sent_opt(&self, server: SocketAddr) {
        self.change(server, |info| info.has_edns = true);
    }

    /// With how much of EDNS a server is asked.
    pub(crate) fn edns(&self, server: SocketAddr) -> Edns {
        self.servers.borrow().peek(&server).and_then(|info| info.less_edns).unwrap_or(Edns::Full)
    }

    pub(crate) fn set_tcp_only(&self, server: SocketAddr) {
        self.change(server, |info| info.tcp_only = true);
    }

    pub(crate) fn tcp_only(&self, server: SocketAddr) -> bool {
        self.is(server, |info| info.tcp_only)
    }

    /// What a server makes of the case of letters.
    pub(crate) fn case(&self, server: SocketAddr) -> Rc<LetterCase> {
        Rc::clone(&self.servers.borrow_mut().get_or_insert_with(server, ServerInfo::default).case)
    }

    fn is(&self, server: SocketAddr, what: impl Fn(&ServerInfo) -> bool) -> bool {
        self.servers.borrow().peek(&server).is_some_and(what)
    }

    fn change(&self, server: SocketAddr, change: impl FnOnce(&mut ServerInfo)) {
        change(self.servers.borrow_mut().get_or_insert_with(server, ServerInfo::default));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::wire::name::parse_name;

    #[test]
    fn a_server_stands_by_its_last_behaviour() {
        let (infra, server) = (Infra::default(), "192.0.2.1:53".parse().unwrap());
        let (own, other) = (parse_name("own.test").unwrap(), parse_name("other.test").unwrap());
        assert_eq!(infra.standing(server, &own), Standing::Unknown);
        infra.measured(server, Duration::from_millis(80));
        infra.measured(server, Duration::from_millis(160));
        assert_eq!(infra.standing(server, &own), Standing::Answers(Duration::from_millis(90)));
        infra.missed(server);
        assert_eq!(infra.standing(server, &own), Standing::Missed);
        infra.lame(server, &own);
        assert_eq!(
            (infra.standing(server, &own), infra.standing(server, &other)),
            (Standing::Lame, Standing::Missed)
        );
        infra.measured(server, Duration::from_millis(90));
        assert!(!infra.is_missed(server));
        assert_eq!(infra.longest_srtt(), Some(Duration::from_millis(90)));
    }
}
