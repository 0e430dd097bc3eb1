//! A scripted internet of name servers on loopback, for this stage's tests.
//!
//! Each server has an address of its own in 127/8, all share one port. Zones are plain text, served
//! with real referrals; faults are per server. It knows nothing of the code under test.

use hickory_resolver::proto::serialize::binary::BinEncodable;
use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_resolver::proto::serialize::txt::Parser;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// What is wrong with a server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Quirk {
    /// Answers every question with this code.
    Rcode(ResponseCode),
    /// The same for questions of this type.
    RcodeFor(RecordType, ResponseCode),
    /// Never answers.
    Silent,
    /// Never answers questions of this type.
    SilentFor(RecordType),
    /// Never answers questions for this name.
    SilentAt(&'static str),
    /// Never answers questions for names that begin so.
    SilentFrom(&'static str),
    /// FORMERR, without the question, to everything with EDNS.
    NoEdns,
    /// Never answers what has EDNS in it.
    DropsEdns,
    /// Does not answer its first so many questions.
    SilentFirst(usize),
    /// TC and nothing else over UDP.
    Truncate,
    /// Closes every TCP connection.
    NoTcp,
    /// Refers to the root.
    Upward,
    /// Refers one label deeper with each question, to itself.
    Deeper,
    /// Says NXDOMAIN beside its records.
    DeniesNames,
    /// Forgets AA.
    NoAuthority,
    /// Answers as a recursive resolver: RA and no AA.
    Recursive,
    /// Sends datagrams with a wrong id and with a wrong question before each answer.
    Spoofed,
    /// Sends so many replies with a wrong id by UDP, and none with the right one; closes TCP.
    WrongIds(u32),
    /// Answers by UDP as if it had been asked for another operation.
    WrongOperation,
    /// Answers by UDP from another address.
    Elsewhere,
    /// The same, and then from its own.
    ElsewhereFirst,
    /// Repeats the question in lower case.
    LowerCase,
    /// Never answers by UDP.
    NoUdp,
    /// Sends three bytes too few.
    Garbled,
    /// Waits before each answer.
    Delay(Duration),
    /// Waits before answers of this type.
    DelayFor(RecordType, Duration),
}

struct Zone {
    origin: Name,
    records: Vec<Record>,
}

struct Server {
    quirks: Vec<Quirk>,
    zones: Vec<Zone>,
    seen: RefCell<Vec<String>>,
}

/// The servers of one test.
pub(crate) struct TestNet {
    pub(crate) port: u16,
    servers: Vec<(IpAddr, Rc<Server>)>,
}

/// One server: address, faults, zones (`origin`, records one a line without TTL or class).
pub(crate) type Spec<'a> = (&'a str, Vec<Quirk>, Vec<(&'a str, &'a str)>);

impl TestNet {
    /// Starts the servers inside the current `LocalSet`.
    pub(crate) async fn start(specs: Vec<Spec<'_>>) -> Self {
        let addresses: Vec<IpAddr> = specs.iter().map(|spec| spec.0.parse().unwrap()).collect();
        let (port, sockets) = bind_all(&addresses).await;
        let mut servers = Vec::new();
        for ((address, (udp, tcp)), (_, quirks, zones)) in addresses.into_iter().zip(sockets).zip(specs) {
            let zones = zones.into_iter().map(|(origin, text)| zone(origin, text)).collect();
            let server = Rc::new(Server { quirks, zones, seen: RefCell::default() });
            tokio::task::spawn_local(serve_udp(Rc::new(udp), Rc::clone(&server)));
            tokio::task::spawn_local(serve_tcp(tcp, Rc::clone(&server)));
            servers.push((address, server));
        }
        Self { port, servers }
    }

    /// The questions a server was asked, such as `udp www.example.test. A`.
    pub(crate) fn seen(&self, address: &str) -> Vec<String> {
        let address: IpAddr = address.parse().unwrap();
        let (_, server) = self.servers.iter().find(|(known, _)| *known == address).unwrap();
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

fn zone(origin: &str, text: &str) -> Zone {
    let origin = Name::from_ascii(origin).unwrap();
    let mut soa = format!("{origin} 300 IN SOA ns.invalid. host.invalid. 1 3600 600 86400 60\n");
    if text.contains(" SOA ") {
        soa.clear();
    }
    let mut records = Vec::new();
    for line in std::iter::once(soa.as_str()).chain(text.lines()).filter(|line| !line.trim().is_empty()) {
        let (owner, rest) = line.trim().split_once(' ').unwrap();
        if let Some(target) = rest.strip_prefix("DNAME ") {
            // hickory's zone text has no DNAME.
            let rdata = Name::from_ascii(target).unwrap().to_bytes().unwrap();
            let rdata = hickory_resolver::proto::rr::rdata::NULL::with(rdata);
            let data = RData::Unknown { code: RecordType::DNAME, rdata };
            let mut record = Record::from_rdata(Name::from_ascii(owner).unwrap(), 300, data);
            record.dns_class = DNSClass::IN;
            records.push(record);
            continue;
        }
        let (ttl, rest) = rest.split_once(" IN ").unwrap_or(("300", rest));
        let line = format!("{owner} {ttl} IN {rest}\n");
        let (_, sets) = Parser::new(line.clone(), None, Some(Name::root())).parse().expect(&line);
        records.extend(
            sets.into_values().flat_map(|set| set.records_without_rrsigs().cloned().collect::<Vec<_>>()),
        );
    }
    Zone { origin, records }
}

async fn serve_udp(socket: Rc<UdpSocket>, server: Rc<Server>) {
    let mut buffer = [0_u8; 4096];
    loop {
        let (length, peer) = socket.recv_from(&mut buffer).await.unwrap();
        let Ok(query) = Message::from_vec(&buffer[..length]) else { continue };
        let (socket, server) = (Rc::clone(&socket), Rc::clone(&server));
        tokio::task::spawn_local(async move {
            for bytes in server.replies(&query, "udp").await {
                if server.quirks.iter().any(|quirk| matches!(quirk, Quirk::Elsewhere | Quirk::ElsewhereFirst))
                {
                    let other = UdpSocket::bind("127.0.53.99:0").await.unwrap();
                    let _ = other.send_to(&bytes, peer).await;
                }
                if !server.quirks.contains(&Quirk::Elsewhere) {
                    let _ = socket.send_to(&bytes, peer).await;
                }
            }
        });
    }
}

async fn serve_tcp(listener: TcpListener, server: Rc<Server>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let server = Rc::clone(&server);
        tokio::task::spawn_local(async move {
            let Ok(length) = stream.read_u16().await else { return };
            let mut bytes = vec![0; usize::from(length)];
            if stream.read_exact(&mut bytes).await.is_err() {
                return;
            }
            let query = Message::from_vec(&bytes).unwrap();
            for bytes in server.replies(&query, "tcp").await {
                let _ = stream.write_u16(u16::try_from(bytes.len()).unwrap()).await;
                let _ = stream.write_all(&bytes).await;
            }
        });
    }
}

impl Server {
    async fn replies(&self, query: &Message, transport: &str) -> Vec<Vec<u8>> {
        let question = &query.queries[0];
        let qtype = question.query_type;
        let asked = question.name.to_lowercase().to_string();
        self.seen.borrow_mut().push(format!("{transport} {asked} {qtype}"));
        let mut reply = Message::response(query.metadata.id, OpCode::Query);
        reply.metadata.recursion_desired = query.metadata.recursion_desired;
        reply.queries.clone_from(&query.queries);
        if query.edns.is_some() {
            let mut edns = Edns::new();
            edns.set_max_payload(1232);
            reply.edns = Some(edns);
        }
        self.answer(&mut reply, &question.name, qtype);
        let mut replies = Vec::new();
        for quirk in &self.quirks {
            match quirk {
                Quirk::NoTcp if transport == "tcp" => return Vec::new(),
                Quirk::NoTcp => {}
                Quirk::Silent => return Vec::new(),
                Quirk::SilentFor(rtype) if *rtype == qtype => return Vec::new(),
                Quirk::SilentFor(_) => {}
                Quirk::SilentAt(name) if asked == *name => return Vec::new(),
                Quirk::SilentFrom(start) if asked.starts_with(start) => return Vec::new(),
                Quirk::SilentAt(_) | Quirk::SilentFrom(_) => {}
                Quirk::Rcode(code) => clear(&mut reply, *code),
                Quirk::RcodeFor(rtype, code) if *rtype == qtype => clear(&mut reply, *code),
                Quirk::RcodeFor(..) => {}
                Quirk::NoEdns if query.edns.is_some() => {
                    clear(&mut reply, ResponseCode::FormErr);
                    reply.edns = None;
                    reply.queries.clear();
                }
                Quirk::DropsEdns if query.edns.is_some() => return Vec::new(),
                Quirk::NoEdns | Quirk::DropsEdns => {}
                Quirk::SilentFirst(number) if self.seen.borrow().len() <= *number => return Vec::new(),
                Quirk::SilentFirst(_) => {}
                Quirk::Truncate if transport == "udp" => {
                    clear(&mut reply, ResponseCode::NoError);
                    reply.metadata.truncation = true;
                }
                Quirk::Truncate => {}
                Quirk::Upward => {
                    clear(&mut reply, ResponseCode::NoError);
                    let ns = RData::NS(hickory_resolver::proto::rr::rdata::NS(
                        Name::from_ascii("a.root.").unwrap(),
                    ));
                    reply.authorities.push(Record::from_rdata(Name::root(), 300, ns));
                }
                Quirk::Deeper => {
                    clear(&mut reply, ResponseCode::NoError);
                    let cut = question.name.trim_to(2 + self.seen.borrow().len());
                    let host = cut.prepend_label("ns").unwrap();
                    let here = hickory_resolver::proto::rr::rdata::A::new(127, 0, 53, 4);
                    reply.additionals.push(Record::from_rdata(host.clone(), 300, RData::A(here)));
                    let ns = RData::NS(hickory_resolver::proto::rr::rdata::NS(host));
                    reply.authorities.push(Record::from_rdata(cut, 300, ns));
                }
                Quirk::DeniesNames => reply.metadata.response_code = ResponseCode::NXDomain,
                Quirk::NoAuthority => reply.metadata.authoritative = false,
                Quirk::Recursive => {
                    reply.metadata.authoritative = false;
                    reply.metadata.recursion_available = true;
                }
                Quirk::Spoofed => {
                    let mut wrong = reply.clone();
                    wrong.metadata.id ^= 1;
                    replies.push(wrong.to_vec().unwrap());
                    let mut wrong = reply.clone();
                    wrong.queries[0].name = Name::from_ascii("evil.test.").unwrap();
                    replies.push(wrong.to_vec().unwrap());
                    let mut wrong = reply.clone();
                    wrong.metadata.message_type = MessageType::Query;
                    replies.push(wrong.to_vec().unwrap());
                }
                Quirk::WrongIds(number) => {
                    if transport == "tcp" {
                        return Vec::new();
                    }
                    reply.metadata.id ^= 1;
                    return vec![reply.to_vec().unwrap(); *number as usize];
                }
                Quirk::WrongOperation if transport == "udp" => {
                    reply.metadata.op_code = OpCode::Status;
                }
                Quirk::WrongOperation => {}
                Quirk::Garbled => {
                    let mut bytes = reply.to_vec().unwrap();
                    bytes.truncate(bytes.len() - 3);
                    return vec![bytes];
                }
                Quirk::LowerCase => {
                    let mut lower = reply.clone();
                    lower.queries[0].name = lower.queries[0].name.to_lowercase();
                    return vec![lower.to_vec().unwrap()];
                }
                Quirk::NoUdp if transport == "udp" => return Vec::new(),
                Quirk::NoUdp | Quirk::Elsewhere | Quirk::ElsewhereFirst => {}
                Quirk::Delay(delay) => tokio::time::sleep(*delay).await,
                Quirk::DelayFor(rtype, delay) if *rtype == qtype => tokio::time::sleep(*delay).await,
                Quirk::DelayFor(..) => {}
            }
        }
        replies.push(reply.to_vec().unwrap());
        replies
    }

    fn answer(&self, reply: &mut Message, qname: &Name, qtype: RecordType) {
        let zones = self.zones.iter().filter(|zone| zone.origin.zone_of(qname));
        match zones.max_by_key(|zone| zone.origin.num_labels()) {
            Some(zone) => zone.answer(reply, qname, qtype),
            None => reply.metadata.response_code = ResponseCode::Refused,
        }
    }
}

fn clear(reply: &mut Message, code: ResponseCode) {
    reply.answers.clear();
    reply.authorities.clear();
    reply.additionals.clear();
    reply.metadata.authoritative = false;
    reply.metadata.response_code = code;
}

impl Zone {
    fn at<'a>(&'a self, name: &'a Name, rtype: RecordType) -> impl Iterator<Item = &'a Record> {
        self.records.iter().filter(move |record| record.name == *name && record.record_type() == rtype)
    }

    fn answer(&self, reply: &mut Message, qname: &Name, qtype: RecordType) {
        let mut above = qname.clone();
        while above != self.origin {
            if self.at(&above, RecordType::NS).next().is_some()
                && !(above == *qname && qtype == RecordType::DS)
            {
                return self.refer(reply, &above);
            }
            above = above.base_name();
        }
        reply.metadata.authoritative = true;
        let mut name = qname.clone();
        for _ in 0..20 {
            let found: Vec<_> = self.at(&name, qtype).cloned().collect();
            if !found.is_empty() {
                reply.answers.extend(found);
                return;
            }
            let Some(cname) = self.at(&name, RecordType::CNAME).next() else { break };
            reply.answers.push(cname.clone());
            let RData::CNAME(target) = &cname.data else { unreachable!() };
            name = target.0.clone();
            if !self.origin.zone_of(&name) {
                return;
            }
        }
        let dname = self.records.iter().find(|record| {
            record.record_type() == RecordType::DNAME && record.name != name && record.name.zone_of(&name)
        });
        if let Some(dname) = dname {
            reply.answers.push(dname.clone());
            return;
        }
        reply.authorities.extend(self.at(&self.origin, RecordType::SOA).cloned());
        if !self.records.iter().any(|record| name.zone_of(&record.name)) {
            reply.metadata.response_code = ResponseCode::NXDomain;
        }
    }

    /// Every address the zone text has for the servers, whoever it belongs to.
    fn refer(&self, reply: &mut Message, cut: &Name) {
        for ns in self.at(cut, RecordType::NS) {
            reply.authorities.push(ns.clone());
            let RData::NS(target) = &ns.data else { unreachable!() };
            let glue = [RecordType::A, RecordType::AAAA];
            let glue = glue.into_iter().flat_map(|rtype| self.at(&target.0, rtype).cloned());
            reply.additionals.extend(glue);
        }
        // RFC 4035 §3.1.4.1: a signed delegation says so.
        reply.authorities.extend(self.at(cut, RecordType::DS).cloned());
    }
}
