//! A scripted internet of name servers on loopback, for tests: the lab's servers, each with zones and quirks
//! of its own.
//!
//! Each has an address of its own in 127/8, all share one port. It knows nothing of the code under test.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};

use super::internet::Server;
use super::quirk::Quirk;
use super::serve::{Sockets, spawn};
use super::server::{NameServer, Role};
use super::zone::Zone;
use crate::clock::Clock;
use crate::lab::shared::Shared;
use crate::lab::web::reply::Bodies;

/// The servers of one test.
pub(crate) struct TestNet {
    pub(crate) port: u16,
    servers: Vec<Rc<NameServer>>,
}

/// One server: address, faults, zones (`origin`, records one a line without TTL or class).
pub(crate) type Spec<'a> = (&'a str, Vec<Quirk>, Vec<(&'a str, &'a str)>);

impl TestNet {
    /// Starts the servers inside the current `LocalSet`.
    pub(crate) async fn start(specs: Vec<Spec<'_>>) -> Self {
        let addresses: Vec<IpAddr> = specs.iter().map(|spec| spec.0.parse().unwrap()).collect();
        let (port, sockets) = bind_all(&addresses).await;
        let bodies = Bodies::new(Vec::new()).unwrap();
        let shared = Rc::new(Shared {
            clock: Clock::start(),
            tally: Default::default(),
            bodies,
            turns: Default::default(),
        });
        let mut servers = Vec::new();
        for ((address, (udp, tcp)), (_, mut quirks, zones)) in addresses.into_iter().zip(sockets).zip(specs) {
            quirks.push(Quirk::Curt);
            let (delay, quirks) = (Duration::ZERO, quirks.leak());
            let server = Server { name: "", address, nsid: "", zones: &[], delay, quirks, error: None };
            let role = Role::Authority(zones.into_iter().map(|(origin, text)| zone(origin, text)).collect());
            let server = Rc::new(NameServer::new(server, role));
            spawn(Rc::clone(&server), Sockets { udp, tcp }, Rc::clone(&shared));
            servers.push(server);
        }
        Self { port, servers }
    }

    /// The questions a server was asked, such as `udp www.example.test. A`.
    pub(crate) fn seen(&self, address: &str) -> Vec<String> {
        let address: IpAddr = address.parse().unwrap();
        let server = self.servers.iter().find(|known| known.server.address == address).unwrap();
        server.seen.borrow().clone()
    }

    pub(crate) fn address(&self, address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), self.port)
    }
}

/// One free port on all addresses, for both transports.
async fn bind_all(addresses: &[IpAddr]) -> (u16, Vec<(UdpSocket, TcpListener)>) {
    'again: for _ in 0..100 {
        let first = UdpSocket::bind((addresses[0], 0)).await.unwrap();
        let port = first.local_addr().unwrap().port();
        let mut first = Some(first);
        let mut sockets = Vec::new();
        for address in addresses {
            let udp = match first.take() {
                Some(first) => Ok(first),
                None => UdpSocket::bind((*address, port)).await,
            };
            let (Ok(udp), Ok(tcp)) = (udp, TcpListener::bind((*address, port)).await) else {
                continue 'again;
            };
            sockets.push((udp, tcp));
        }
        return (port, sockets);
    }
    panic!("no port is free on all of {addresses:?}");
}

/// A zone of text whose names are whole, and whose TTLs may be left out.
fn zone(origin: &str, text: &str) -> Rc<Zone> {
    let mut soa = format!("{origin} SOA ns.invalid. host.invalid. 1 3600 600 86400 60\n");
    if text.contains(" SOA ") {
        soa.clear();
    }
    let mut zone = Zone::parse(origin, "").unwrap();
    // One by one: records of one set may have TTLs of their own here.
    for line in std::iter::once(soa.as_str()).chain(text.lines()).filter(|line| !line.trim().is_empty()) {
        let (owner, rest) = line.trim().split_once(' ').unwrap();
        let (ttl, rest) = rest.split_once(" IN ").unwrap_or(("300", rest));
        let text = if rest.starts_with("DNAME ") {
            format!("{owner} IN {rest}\n")
        } else {
            format!("{owner} {ttl} IN {rest}\n")
        };
        zone.merge(Zone::parse(".", &text).expect(line));
    }
    Rc::new(zone)
}
