//! A sound trace, and handles to break it.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use super::super::*;
use super::connection::{certificate, flight};
use super::hop::url;
use super::lookup::begun;
use super::packet::reply;
use super::{connection, exchange};

const HOST: &str = "www.example.test";

/// The IPv4 address of the sample's server.
fn address() -> IpAddr {
    "192.0.2.10".parse().unwrap()
}

/// A packet of the walk that was answered as `meaning` says.
pub(crate) fn packet(zone: &str, server: &str, sent: u64, received: u64, meaning: Meaning) -> Packet {
    let (name, asked) = (format!("ns1.{zone}"), format!("{HOST}."));
    let of = (name.as_str(), "192.0.2.1", AddressSource::GlueInDomain);
    Packet {
        server: server.parse().unwrap(),
        bytes_received: Some(120),
        reply: None,
        ..super::packet::packet(zone, &asked, of, sent, received, meaning)
    }
}

/// The header of a NOERROR reply.
pub(crate) fn header() -> ReplyHeader {
    ReplyHeader { authoritative: false, edns_size: None, ..reply(1, 0, 0) }
}

/// A server of the last zone, as `--all-ns` saw it.
pub(crate) fn server(address: &str, faults: Vec<ServerFault>) -> ServerCheck {
    let reachable = !faults.iter().any(|fault| matches!(fault, ServerFault::Unreachable(_)));
    ServerCheck {
        name: "ns.example.test.".to_owned(),
        address: address.parse().unwrap(),
        source: AddressSource::GlueInDomain,
        rtt: reachable.then_some(Duration::from_millis(10)),
        reachable,
        rcode: reachable.then_some(Rcode::NOERROR),
        authoritative: reachable.then_some(true),
        serial: reachable.then_some(6),
        answers: Vec::new(),
        edns: reachable.then_some(true),
        tcp: reachable.then_some(true),
        faults,
        packets: Vec::new(),
    }
}

/// What the walk itself met at 198.51.100.4.
pub(crate) fn walk_met(trace: &mut Trace, meaning: Meaning) -> &mut Packet {
    let mut met = packet("example.test.", "198.51.100.4:53", 20_000, 24_000, meaning);
    met.received = None;
    let packets = &mut dns(trace).packets;
    packets.push(met);
    packets.last_mut().unwrap()
}

/// What the machine's resolver said.
pub(crate) fn stub(rcode: Rcode, addresses: &[&str]) -> Stub {
    let record = |data: &&str| Record { data: (*data).to_owned(), ..answer() };
    Stub {
        servers: Vec::new(),
        server: Some("198.51.100.53:53".parse().unwrap()),
        start: At(0),
        end: At(4_000),
        rcode: Some(rcode),
        answers: addresses.iter().map(record).collect(),
        ttl: None,
        age: None,
        age_at_most: None,
        agrees: Some(false),
        error: None,
        authenticated: None,
    }
}

fn answer() -> Record {
    Record { name: format!("{HOST}."), rtype: RecordType::A, ttl: 300, data: address().to_string() }
}

/// Three zones, one address, TLS 1.3, HTTP/2 200: nothing to complain about.
pub(crate) fn sound() -> Trace {
    let started_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let mut trace = Trace::new(format!("https://{HOST}/"), started_at, Duration::from_micros(500));
    trace.total = Duration::from_micros(67_000);
    let lookup = trace.add_lookup(walk());
    let tls = Stage::Ran(handshake());
    let connection = trace.add_connection(Connection {
        opened_for: RequestId(0),
        tcp: race(),
        proxy: None,
        quic: None,
        tls,
    });
    trace.add_request(Request {
        end: At(67_000),
        lookup: Stage::Ran(lookup),
        connection: Stage::Ran(connection),
        http: Stage::Ran(response()),
        ..Request::new(url("https", HOST, "/"), At(0))
    });
    trace
}

fn walk() -> Dns {
    let referral = |cut: &str| Meaning::Referral {
        cut: cut.to_owned(),
        servers: Vec::new(),
        glue: 1,
        ignored: 0,
        named: 0,
    };
    let found = Meaning::Answer { records: vec![answer()] };
    Dns {
        end: At(30_000),
        noticed: Some(At(30_000)),
        answers: vec![answer()],
        addresses: vec![address()],
        packets: vec![
            packet(".", "198.51.100.1:53", 0, 10_000, referral("test.")),
            packet("test.", "198.51.100.2:53", 10_000, 20_000, referral("example.test.")),
            packet("example.test.", "198.51.100.3:53", 20_000, 30_000, found),
        ],
        critical_path: vec![0, 1, 2],
        ..begun(&format!("{HOST}."))
    }
}

fn race() -> Connect {
    let mut race = connection::connect(443);
    (race.start, race.end, race.winner) = (At(30_000), At(40_000), Some(0));
    race.attempts = vec![Attempt {
        address: (address(), 443).into(),
        start: At(30_000),
        end: At(40_000),
        outcome: AttemptOutcome::Won,
        syn_retransmits: Some(0),
        answered: None,
        source: EndpointSource::Host,
        transport: Carrier::Tcp,
    }];
    let rtt = Duration::from_millis(10);
    race.tcp_info = race.tcp_info.map(|info| TcpInfo { rtt, min_rtt: Some(rtt), ..info });
    race
}

fn handshake() -> Tls {
    Tls {
        start: At(40_000),
        end: At(51_000),
        offer: None,
        flights: vec![
            flight(Direction::Sent, 40_000, 40_100, &[], 100, 0),
            flight(Direction::Received, 50_100, 50_200, &[], 100, 0),
            flight(Direction::Sent, 50_900, 51_000, &[], 100, 0),
        ],
        chain: vec![Certificate {
            not_before: SystemTime::UNIX_EPOCH,
            not_after: SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000),
            ..certificate(&format!("CN={HOST}"), "CN=Test CA", &[HOST], false)
        }],
        verification: Some(Verification {
            roots: "embedded".to_owned(),
            faults: Vec::new(),
            overridden: false,
            start: At(50_200),
            cpu: Duration::from_micros(300),
            system_would_trust: None,
            embedded_would_trust: None,
            roots_of: RootsOf::Everybody,
        }),
        ..connection::tls(HOST)
    }
}

fn response() -> Http {
    Http {
        start: At(51_000),
        sent: Some(At(51_100)),
        expect: None,
        body_wait: Duration::ZERO,
        body_acked: None,
        informational: Vec::new(),
        first_byte: Some(At(66_000)),
        first_byte_noticed: Some(At(66_020)),
        stamped_by: Some(StampedBy::Kernel),
        head_end: Some(At(66_000)),
        end: At(67_000),
        headers: exchange::headers(&[
            ("content-type", "text/html"),
            ("content-length", "4087"),
            ("cache-control", "max-age=600"),
            ("etag", "\"1\""),
            exchange::HSTS,
        ]),
        body: Body {
            wire_bytes: 4096,
            encoded_bytes: 4087,
            framing: BodyFraming::Http2,
            complete: true,
            ..Body::default()
        },
        ..exchange::http(HOST, "/")
    }
}

pub(crate) fn dns(trace: &mut Trace) -> &mut Dns {
    &mut trace.lookups[0]
}

pub(crate) fn connect(trace: &mut Trace) -> &mut Connect {
    &mut trace.connections[0].tcp
}

pub(crate) fn tls(trace: &mut Trace) -> &mut Tls {
    trace.connections[0].tls.ran_mut().unwrap()
}

pub(crate) fn http(trace: &mut Trace) -> &mut Http {
    trace.requests[0].http.ran_mut().unwrap()
}

/// Gives the response this field, and none else of its name.
pub(crate) fn field(trace: &mut Trace, name: &str, value: &str) {
    unset(trace, name);
    http(trace).headers.push(exchange::field(name, value.as_bytes()));
}

/// Takes the fields of this name from the response.
pub(crate) fn unset(trace: &mut Trace, name: &str) {
    http(trace).headers.retain(|field| !field.name.eq_ignore_ascii_case(name));
}
