//! The name servers of the bench: a root, `test.` and `example.test.`, each answering after a delay,
//! and a silent one beside each. UDP only; what they serve is here, who asks is not their business.

use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
use std::net::{Ipv4Addr, UdpSocket};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::{Edns, Message};
use hickory_resolver::proto::rr::rdata::{A, AAAA, NS, SOA};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// What each server waits before it answers.
pub(crate) const DELAY: Duration = Duration::from_millis(20);
/// The name that is looked for.
pub(crate) const HOST: &str = "www.example.test";
/// The zones, from the root down.
const ZONES: [&str; 3] = [".", "test.", "example.test."];
/// The servers' addresses end in the zone's number; those of the dead ones have 100 more.
const DEAD: u8 = 100;
const TTL: u32 = 60;
/// How soon a server sees that it should end.
const PATIENCE: Duration = Duration::from_millis(50);

/// How the zones' servers are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Servers {
    /// One for each zone, and it answers.
    AllWell,
    /// Two for each zone; the first is silent.
    FirstDead,
}

impl Servers {
    /// Names and addresses of a zone's servers.
    fn of(self, zone: u8) -> Vec<(Name, Ipv4Addr)> {
        let apex = Name::from_str(ZONES[usize::from(zone) - 1]).unwrap();
        let dead = (self == Self::FirstDead).then_some(("ns1", zone + DEAD));
        let all = dead.into_iter().chain([("ns2", zone)]);
        all.map(|(label, last)| {
            // A name of one label under the root would be a name in no zone here.
            let name = if apex.is_root() { format!("{label}.root.") } else { format!("{label}.{apex}") };
            (Name::from_str(&name).unwrap(), Ipv4Addr::new(127, 53, 9, last))
        })
        .collect()
    }

    /// The hints file that leads to the root.
    pub(crate) fn hints(self) -> String {
        self.of(1)
            .into_iter()
            .map(|(name, address)| format!(". 3600000 NS {name}\n{name} 3600000 A {address}\n"))
            .collect()
    }

    /// The root server that answers.
    pub(crate) const fn root(self) -> Ipv4Addr {
        Ipv4Addr::new(127, 53, 9, 1)
    }

    /// All of them in the form of a hosts file.
    pub(crate) fn hosts_file(self) -> String {
        let all = (1..=3).flat_map(|zone| self.of(zone));
        all.map(|(name, address)| format!("{address} {}\n", name.to_string().trim_end_matches('.'))).collect()
    }
}

/// Servers that run until they are told to end.
pub(crate) struct Served {
    pub(crate) port: u16,
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Served {
    /// Ends them and frees their port.
    pub(crate) fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
    }
}

/// Starts a server for each zone, all on this port (0: any), and a silent one beside each.
pub(crate) fn serve(servers: Servers, port: u16) -> Served {
    let (port, sockets) = bind(port);
    let over = Arc::new(AtomicBool::new(false));
    let threads = sockets.into_iter().map(|(last, socket)| {
        let over = over.clone();
        std::thread::spawn(move || answer(last, &socket, servers, &over))
    });
    let threads = threads.collect();
    Served { port, over, threads }
}

fn bind(wanted: u16) -> (u16, Vec<(u8, UdpSocket)>) {
    'port: loop {
        let first = UdpSocket::bind((Ipv4Addr::new(127, 53, 9, 1), wanted)).unwrap();
        let port = first.local_addr().unwrap().port();
        let mut sockets = vec![(1, first)];
        for last in [2, 3, 1 + DEAD, 2 + DEAD, 3 + DEAD] {
            match UdpSocket::bind((Ipv4Addr::new(127, 53, 9, last), port)) {
                Ok(socket) => sockets.push((last, socket)),
                Err(error) if wanted != 0 => panic!("port {wanted}: {error}"),
                Err(_) => continue 'port,
            }
        }
        for (_, socket) in &sockets {
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        return (port, sockets);
    }
}

/// Each question is answered [`DELAY`] after it came, whatever came meanwhile. A dead server keeps its
/// socket, so that nothing tells the asker, and says nothing.
fn answer(last: u8, socket: &UdpSocket, servers: Servers, over: &AtomicBool) {
    let mut buffer = [0; 1024];
    while !over.load(Ordering::Relaxed) {
        let (length, peer) = match socket.recv_from(&mut buffer) {
            Ok(received) => received,
            // A wait with a limit is not taken up again after a signal (signal(7)): a child has ended.
            Err(error) if matches!(error.kind(), WouldBlock | TimedOut | Interrupted) => continue,
            Err(error) => panic!("{error}"),
        };
        if last > DEAD {
            continue;
        }
        let due = Instant::now() + DELAY;
        let reply = reply(last, &buffer[..length], servers);
        let socket = socket.try_clone().unwrap();
        std::thread::spawn(move || {
            let asleep = (due - Instant::now()).saturating_sub(Duration::from_millis(1));
            std::thread::sleep(asleep); // the injected delay; it ends late, so the last stretch is waited for awake
            while Instant::now() < due {
                std::hint::spin_loop();
            }
            let _ = socket.send_to(&reply, peer);
        });
    }
}

fn reply(zone: u8, question: &[u8], servers: Servers) -> Vec<u8> {
    let asked = Message::from_vec(question).unwrap();
    let query = asked.queries[0].clone();
    let mut reply = Message::response(asked.metadata.id, asked.metadata.op_code);
    reply.add_query(query.clone());
    if asked.edns.is_some() {
        let mut opt = Edns::new();
        opt.set_version(0).set_max_payload(1232);
        reply.edns = Some(opt);
    }

    let below = ZONES.get(usize::from(zone)).map(|cut| Name::from_str(cut).unwrap());
    if let Some(cut) = below.filter(|cut| cut.zone_of(&query.name)) {
        for (server, address) in servers.of(zone + 1) {
            reply.authorities.push(Record::from_rdata(cut.clone(), TTL, RData::NS(NS(server.clone()))));
            reply.additionals.push(Record::from_rdata(server, TTL, RData::A(A(address))));
        }
        return reply.to_vec().unwrap();
    }
    reply.metadata.authoritative = true;
    let apex = Name::from_str(ZONES[usize::from(zone) - 1]).unwrap();
    let own = servers.of(zone);
    let host = Name::from_str(&format!("{HOST}.")).unwrap();
    let is_host = query.name == host;
    let data: Vec<RData> = match query.query_type {
        RecordType::A if is_host => vec![RData::A(A(Ipv4Addr::new(192, 0, 2, 1)))],
        RecordType::AAAA if is_host => vec![RData::AAAA(AAAA("2001:db8::1".parse().unwrap()))],
        RecordType::A => {
            let matching = own.iter().filter(|(name, _)| *name == query.name);
            matching.map(|(_, address)| RData::A(A(*address))).collect()
        }
        RecordType::NS if query.name == apex => {
            let glue = own.iter().map(|(name, address)| (name.clone(), RData::A(A(*address))));
            reply.additionals.extend(glue.map(|(name, data)| Record::from_rdata(name, TTL, data)));
            own.iter().map(|(name, _)| RData::NS(NS(name.clone()))).collect()
        }
        _ => Vec::new(),
    };
    if data.is_empty() {
        let soa = SOA::new(own[0].0.clone(), Name::root(), 1, 3600, 600, 86_400, TTL);
        reply.authorities.push(Record::from_rdata(apex, TTL, RData::SOA(soa)));
    }
    reply.answers.extend(data.into_iter().map(|data| Record::from_rdata(query.name.clone(), TTL, data)));
    reply.to_vec().unwrap()
}
