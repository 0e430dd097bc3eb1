//! A sound trace for the rules' tests, and handles to break it. Not for production.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use super::Rule;
use crate::trace::*;

const HOST: &str = "www.example.test";

/// The IPv4 address of the sample's server.
pub(crate) fn address() -> IpAddr {
    "192.0.2.10".parse().unwrap()
}

/// A packet of the walk that was answered as `meaning` says.
pub(crate) fn packet(zone: &str, server: &str, sent: u64, received: u64, meaning: Meaning) -> Packet {
    Packet {
        parent: None,
        purpose: Purpose::Walk,
        zone: zone.to_owned(),
        qname: format!("{HOST}."),
        qtype: RecordType::A,
        server_name: Some(format!("ns1.{zone}")),
        server: server.parse().unwrap(),
        source: AddressSource::GlueInDomain,
        chosen: Choice::First,
        transport: Transport::Udp,
        edns: true,
        connection: None,
        sent: At(sent),
        connected: None,
        tcp_done: None,
        received: Some(At(received)),
        end: At(received),
        bytes_sent: 50,
        bytes_received: Some(120),
        dropped: 0,
        dropped_kinds: Vec::new(),
        reply: None,
        meaning,
        untrusted: Vec::new(),
    }
}

/// The header of a NOERROR reply.
pub(crate) fn header() -> ReplyHeader {
    ReplyHeader {
        rcode: Rcode::NOERROR,
        authoritative: false,
        truncated: false,
        recursion_desired: false,
        recursion_available: false,
        authentic_data: false,
        answers: 1,
        authorities: 0,
        additionals: 0,
        edns_size: None,
        nsid: None,
        extended_errors: Vec::new(),
    }
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

/// A trace whose `--all-ns` met `fault` at 198.51.100.4, after seeing that `rule` speaks of that server
/// only, with `says` after its address.
pub(crate) fn with_faulty_server(rule: &Rule, fault: ServerFault, says: &str) -> Trace {
    let mut trace = sound();
    dns(&mut trace).all_servers =
        Some(vec![server("198.51.100.3:53", vec![]), server("198.51.100.4:53", vec![])]);
    assert!(of(rule, &trace).is_empty());
    dns(&mut trace).all_servers.as_mut().unwrap()[1].faults = vec![fault];
    let findings = of(rule, &trace);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].title.contains(&format!("(198.51.100.4{says}")), "{}", findings[0].title);
    assert_eq!(findings[0].evidence, ["/hops/0/dns/all_servers/1/faults"]);
    trace
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
    let referral = |cut: &str| Meaning::Referral {
        cut: cut.to_owned(),
        servers: Vec::new(),
        glue: 1,
        ignored: 0,
        named: 0,
    };
    let dns = Dns {
        name: format!("{HOST}."),
        types: vec![RecordType::A, RecordType::AAAA],
        lane: DnsLane::Walk,
        start: At(0),
        end: At(30_000),
        rcode: Some(Rcode::NOERROR),
        answers: vec![answer()],
        negative: None,
        addresses: vec![address()],
        cuts: Vec::new(),
        packets: vec![
            packet(".", "198.51.100.1:53", 0, 10_000, referral("test.")),
            packet("test.", "198.51.100.2:53", 10_000, 20_000, referral("example.test.")),
            packet(
                "example.test.",
                "198.51.100.3:53",
                20_000,
                30_000,
                Meaning::Answer { records: vec![answer()] },
            ),
        ],
        critical_path: vec![0, 1, 2],
        hints: RootHints {
            source: "built-in".to_owned(),
            date: Some("2024-04-18".to_owned()),
            drift: Some(Vec::new()),
        },
        stub: None,
        service: None,
        notes: Vec::new(),
        all_servers: None,
        unfound_servers: Vec::new(),
        propagation: None,
        system: None,
        dnssec: None,
        unvalidated: None,
        authenticated: None,
    };
    let connect = Connect {
        start: At(30_000),
        end: At(40_000),
        attempts: vec![Attempt {
            address: (address(), 443).into(),
            start: At(30_000),
            end: At(40_000),
            outcome: AttemptOutcome::Won,
            syn_retransmits: Some(0),
        }],
        winner: Some(0),
        local: None,
        tcp_info: Some(TcpInfo {
            rtt: Duration::from_millis(10),
            rtt_var: Duration::from_millis(5),
            min_rtt: Some(Duration::from_millis(10)),
            mss: 1448,
            retransmits: 0,
            congestion_window: 10,
            path_mtu: 1500,
        }),
        untried: Vec::new(),
        redirected_from: None,
    };
    let certificate = Certificate {
        subject: format!("CN={HOST}"),
        issuer: "CN=Test CA".to_owned(),
        serial: "01".to_owned(),
        names: vec![HOST.to_owned()],
        not_before: SystemTime::UNIX_EPOCH,
        not_after: SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000),
        days_left: 60,
        key_type: "ECDSA P-256".to_owned(),
        key_bits: Some(256),
        signature_algorithm: "ecdsa-with-SHA256".to_owned(),
        sha256: "00".repeat(32),
        spki_sha256: "00".repeat(32),
        is_ca: false,
        self_issued: false,
        issuer_urls: Vec::new(),
        sct_count: 2,
    };
    let flight = |direction, start, end| Flight {
        direction,
        start: At(start),
        end: At(end),
        messages: Vec::new(),
        bytes: 100,
        cpu: Duration::ZERO,
    };
    let tls = Tls {
        start: At(40_000),
        end: At(51_000),
        sni: Some(HOST.to_owned()),
        verified_name: HOST.to_owned(),
        offer: None,
        flights: vec![
            flight(Direction::Sent, 40_000, 40_100),
            flight(Direction::Received, 50_100, 50_200),
            flight(Direction::Sent, 50_900, 51_000),
        ],
        round_trips: 1,
        version: Some("TLSv1.3".to_owned()),
        cipher_suite: Some("TLS_AES_128_GCM_SHA256".to_owned()),
        group: Some("X25519MLKEM768".to_owned()),
        signature_scheme: Some("ecdsa_secp256r1_sha256".to_owned()),
        alpn: Some("h2".to_owned()),
        hello_retry: false,
        client_certificate_requested: false,
        chain: vec![certificate],
        verification: Some(Verification {
            roots: "embedded".to_owned(),
            faults: Vec::new(),
            overridden: false,
            start: At(50_200),
            cpu: Duration::from_micros(300),
            system_would_trust: None,
        }),
        alert: None,
        ocsp_bytes: 0,
        bytes_received: 3000,
        bytes_sent: 1600,
        key_exchange_cpu: Duration::from_micros(200),
        legacy_probe: None,
    };
    let http = Http {
        request: SentRequest {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            headers: Vec::new(),
            body_bytes: 0,
        },
        version: HttpVersion::Http2,
        start: At(51_000),
        sent: Some(At(51_100)),
        informational: Vec::new(),
        first_byte: Some(At(66_000)),
        head_end: Some(At(66_000)),
        end: At(67_000),
        status: Some(200),
        reason: None,
        headers: Vec::new(),
        trailers: Vec::new(),
        head_bytes: 100,
        body: Body {
            wire_bytes: 4096,
            encoded_bytes: 4087,
            framing: "h2",
            complete: true,
            ..Body::default()
        },
        bytes_received: 4300,
        bytes_sent: 200,
        garbage: None,
        redirect: None,
    };
    let started_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let mut trace = Trace::new(format!("https://{HOST}/"), started_at, Duration::from_micros(500));
    trace.total = Duration::from_micros(67_000);
    let url = crate::url::parse(&trace.input).unwrap();
    let lookup = trace.add_lookup(dns);
    let connection =
        trace.add_connection(Connection { opened_for: RequestId(0), tcp: connect, tls: Stage::Ran(tls) });
    trace.add_request(Request {
        end: At(67_000),
        lookup: Stage::Ran(lookup),
        connection: Stage::Ran(connection),
        http: Stage::Ran(http),
        ..Request::new(url, At(0))
    });
    trace
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

/// The findings of one rule.
pub(crate) fn of(rule: &super::Rule, trace: &Trace) -> Vec<super::Finding> {
    (rule.check)(rule, trace)
}

/// A chain of two zones with a signed answer; for anything but secure, its second zone's keys are
/// signed no longer.
pub(crate) fn dnssec(verdict: DnssecVerdict) -> Dnssec {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let day = Duration::from_secs(86_400);
    let signature = |owner: &str, covers: RecordType, signer: &str, tag| SignatureInfo {
        owner: owner.to_owned(),
        covers,
        signer: signer.to_owned(),
        tag,
        algorithm: 13,
        inception: start - day * 4,
        expiration: start + day * 10,
        days_left: 10,
        fault: None,
        untimely: false,
    };
    let link = |zone: &str, ds_state, tag, signatures| ZoneLink {
        zone: zone.to_owned(),
        status: DnssecVerdict::Secure,
        why: None,
        ds_state,
        ds: vec![DsInfo { tag, algorithm: 13, digest_type: Some(2), matched: true }],
        keys: vec![KeyInfo { tag, algorithm: 13, bits: Some(256), flags: 257, role: KeyRole::KeySigning }],
        signatures,
        denial: None,
    };
    let (keys, ds) = (RecordType(48), RecordType(43));
    let over_ds = signature("test.", ds, ".", 20_326);
    let root = link(".", DsState::Anchor, 20_326, vec![signature(".", keys, ".", 20_326)]);
    let mut zone =
        link("test.", DsState::Present, 31_589, vec![over_ds, signature("test.", keys, "test.", 31_589)]);
    let mut all = Dnssec {
        verdict,
        why: None,
        chain: vec![root],
        signatures: vec![signature("www.example.test.", RecordType::A, "test.", 31_589)],
        denials: Vec::new(),
        clock_suspected: false,
    };
    if verdict != DnssecVerdict::Secure {
        let fault = "expired 3 days ago".to_owned();
        let over_keys = &mut zone.signatures[1];
        (over_keys.expiration, over_keys.days_left) = (start - day * 3, -3);
        (over_keys.fault, over_keys.untimely) = (Some(fault.clone()), true);
        zone.status = verdict;
        zone.why = Some(format!("the signature over test. DNSKEY {fault}"));
        all.why.clone_from(&zone.why);
        all.signatures.clear();
    }
    all.chain.push(zone);
    all
}
