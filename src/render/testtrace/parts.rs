//! The parts that the fixtures are made of: one good hop, and ways to bend it.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use crate::trace::*;

/// A point in wall time.
pub(super) fn time(unix_seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds)
}

/// A hop as it is made by hand; [`trace`] lays it into the tables.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) url: Url,
    pub(super) start: At,
    pub(super) end: At,
    pub(super) dns: Stage<Dns>,
    pub(super) connect: Stage<Connect>,
    pub(super) tls: Stage<Tls>,
    pub(super) http: Stage<Http>,
    /// The earlier hop whose connection it goes out on.
    pub(super) reused: Option<usize>,
    pub(super) failure: Option<Failure>,
}

pub(super) fn trace(input: &str, total: u64, hops: Vec<Draft>) -> Trace {
    // 2026-11-21T12:00:00.123456Z
    let started_at = time(1_795_262_400) + Duration::from_micros(123_456);
    let mut trace = Trace::new(input.into(), started_at, Duration::from_micros(1_840));
    trace.total = Duration::from_micros(total);
    trace.lab = true;
    for hop in hops {
        hop.lay_into(&mut trace);
    }
    trace
}

impl Draft {
    fn lay_into(self, trace: &mut Trace) {
        let Self { url, start, end, dns, connect, tls, http, reused, failure } = self;
        let id = RequestId(trace.requests.len());
        let lookup = match dns {
            Stage::Ran(dns) => Stage::Ran(trace.add_lookup(dns)),
            Stage::Skipped(reason) => Stage::Skipped(reason),
            Stage::NotReached => Stage::NotReached,
        };
        let connection = match (reused, connect) {
            (Some(earlier), _) => trace.requests[earlier].connection,
            (None, Stage::Ran(tcp)) => {
                Stage::Ran(trace.add_connection(Connection { opened_for: id, tcp, tls }))
            }
            (None, Stage::Skipped(reason)) => Stage::Skipped(reason),
            (None, Stage::NotReached) => Stage::NotReached,
        };
        trace.add_request(Request { url, start, end, lookup, connection, http, failure });
    }
}

pub(super) fn field(name: &str, value: &[u8]) -> Header {
    Header { name: name.into(), value: value.to_vec() }
}

pub(super) fn headers(fields: &[(&str, &str)]) -> Vec<Header> {
    fields.iter().map(|(name, value)| field(name, value.as_bytes())).collect()
}

/// A hop that went well: 302.8 ms with a dead IPv6 address, 52.8 ms without.
pub(super) fn good_hop(scheme: &str, host: &str, path: &str, dead_ipv6: bool) -> Draft {
    let url = Url {
        href: format!("{scheme}://{host}{path}"),
        scheme: if scheme == "http" { Scheme::Http } else { Scheme::Https },
        scheme_assumed: false,
        username: None,
        password: None,
        host: Host::Name(host.into()),
        host_ascii: host.into(),
        host_unicode: host.into(),
        port: if scheme == "http" { 80 } else { 443 },
        port_is_default: true,
        path: path.into(),
        query: None,
        fragment: None,
        changes: Vec::new(),
    };
    let port = url.port;
    let mut hop = Draft {
        url,
        start: At(20),
        end: At(302_820),
        dns: Stage::Ran(dns(host)),
        connect: Stage::Ran(connect(port)),
        tls: Stage::Ran(tls(host)),
        http: Stage::Ran(http(host, path)),
        reused: None,
        failure: None,
    };
    if !dead_ipv6 {
        let connect = hop.connect.ran_mut().unwrap();
        connect.attempts.remove(0);
        connect.winner = Some(0);
        shift(&mut hop, 0, &[(Pull::Race, 250_000)]);
    }
    hop
}

/// What a stage's time can be taken out of a hop.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pull {
    /// The time before the connection.
    Dns,
    /// The wait for a dead address.
    Race,
    /// The handshake.
    Tls,
}

/// Moves a hop to begin `by` later, and everything behind the named stages earlier.
pub(super) fn shift(hop: &mut Draft, by: u64, pulls: &[(Pull, u64)]) {
    let pull = |upto: &[Pull]| -> u64 {
        pulls.iter().filter(|(pull, _)| upto.contains(pull)).map(|(_, us)| us).sum()
    };
    let (before_connect, before_tls) = (pull(&[Pull::Dns]), pull(&[Pull::Dns, Pull::Race]));
    let before_http = pull(&[Pull::Dns, Pull::Race, Pull::Tls]);
    let at = |at: &mut At, earlier: u64| *at = At(at.0 + by - earlier);
    at(&mut hop.start, 0);
    at(&mut hop.end, before_http);
    if let Some(dns) = hop.dns.ran_mut() {
        at(&mut dns.start, 0);
        at(&mut dns.end, 0);
        for packet in &mut dns.packets {
            at(&mut packet.sent, 0);
            at(&mut packet.end, 0);
            for stamp in [&mut packet.connected, &mut packet.received].into_iter().flatten() {
                at(stamp, 0);
            }
        }
        if let Some(stub) = &mut dns.stub {
            at(&mut stub.start, 0);
            at(&mut stub.end, 0);
        }
    }
    if let Some(connect) = hop.connect.ran_mut() {
        at(&mut connect.start, before_connect);
        at(&mut connect.end, before_tls);
        for attempt in &mut connect.attempts {
            at(&mut attempt.start, before_tls);
            at(&mut attempt.end, before_tls);
        }
    }
    if let Some(tls) = hop.tls.ran_mut() {
        at(&mut tls.start, before_tls);
        at(&mut tls.end, before_tls);
        for flight in &mut tls.flights {
            at(&mut flight.start, before_tls);
            at(&mut flight.end, before_tls);
        }
        if let Some(verification) = &mut tls.verification {
            at(&mut verification.start, before_tls);
        }
    }
    if let Some(http) = hop.http.ran_mut() {
        at(&mut http.start, before_http);
        at(&mut http.end, before_http);
        for stamp in [&mut http.sent, &mut http.first_byte, &mut http.head_end].into_iter().flatten() {
            at(stamp, before_http);
        }
        for interim in &mut http.informational {
            at(&mut interim.at, before_http);
        }
    }
}

/// Ends a hop in `stage`: what comes after was not reached.
pub(super) fn fail(
    hop: &mut Draft,
    input: &str,
    stage: StageName,
    code: FailureCode,
    message: &str,
    hint: Option<&str>,
) -> Trace {
    let (start, end) = match stage {
        StageName::Dns => hop.dns.as_ref().ran().map(|dns| (dns.start, dns.end)),
        StageName::Tcp => hop.connect.as_ref().ran().map(|connect| (connect.start, connect.end)),
        StageName::Tls => hop.tls.as_ref().ran().map(|tls| (tls.start, tls.end)),
        StageName::Url | StageName::Http => hop.http.as_ref().ran().map(|http| (http.start, http.end)),
    }
    .unwrap();
    if stage < StageName::Tcp {
        hop.connect = Stage::NotReached;
    }
    if stage < StageName::Tls {
        hop.tls = Stage::NotReached;
    }
    if stage < StageName::Http {
        hop.http = Stage::NotReached;
    }
    hop.end = end;
    hop.failure = Some(Failure {
        stage,
        code,
        message: message.into(),
        hint: hint.map(Into::into),
        running: end.since(start),
    });
    trace(input, end.0, vec![hop.clone()])
}

/// Turns a response into a redirect.
pub(super) fn redirect(http: &mut Http, status: u16, location: &str, changes: &[&'static str]) {
    http.status = Some(status);
    http.reason = None;
    http.headers = headers(&[("location", location), ("content-length", "0")]);
    http.body = Body { framing: "content-length", complete: true, ..Body::default() };
    http.redirect = Some(Redirect {
        location: location.into(),
        target: Some(location.into()),
        changes: changes.to_vec(),
        followed: true,
        next_method: Some("GET".into()),
    });
}

fn record(name: &str, rtype: RecordType, ttl: u32, data: &str) -> Record {
    Record { name: name.into(), rtype, ttl, data: data.into() }
}

fn server(name: &str, address: &str, source: AddressSource) -> NameServer {
    NameServer { name: name.into(), addresses: vec![(address.parse().unwrap(), source)] }
}

fn reply(answers: usize, authorities: usize, additionals: usize) -> ReplyHeader {
    ReplyHeader {
        rcode: Rcode::NOERROR,
        authoritative: answers > 0,
        truncated: false,
        recursion_desired: false,
        recursion_available: false,
        authentic_data: false,
        answers,
        authorities,
        additionals,
        edns_size: Some(1_232),
        nsid: None,
        extended_errors: Vec::new(),
    }
}

/// A UDP packet of the walk that was answered.
fn packet(
    zone: &str,
    qname: &str,
    server: (&str, &str, AddressSource),
    sent: u64,
    end: u64,
    meaning: Meaning,
) -> Packet {
    let (server_name, address, source) = server;
    let counts = match &meaning {
        Meaning::Answer { records } | Meaning::Cname { records, .. } => (records.len(), 0, 0),
        Meaning::Referral { servers, glue, .. } => (0, servers.len(), *glue),
        _ => (0, 0, 0),
    };
    Packet {
        parent: None,
        purpose: Purpose::Walk,
        zone: zone.into(),
        qname: qname.into(),
        qtype: RecordType::A,
        server_name: Some(server_name.into()),
        server: SocketAddr::new(address.parse().unwrap(), 53),
        source,
        chosen: Choice::First,
        transport: Transport::Udp,
        edns: true,
        connection: None,
        sent: At(sent),
        connected: None,
        tcp_done: None,
        received: Some(At(end)),
        end: At(end),
        bytes_sent: 45,
        bytes_received: Some(180),
        dropped: 0,
        dropped_kinds: Vec::new(),
        reply: Some(reply(counts.0, counts.1, counts.2)),
        meaning,
        untrusted: Vec::new(),
    }
}

fn referral(cut: &str, servers: Vec<NameServer>) -> Meaning {
    let glue = servers.iter().map(|server| server.addresses.len()).sum();
    let named = servers.len();
    Meaning::Referral { cut: cut.into(), servers, glue, ignored: 0, named }
}

fn dns(host: &str) -> Dns {
    let name = format!("{host}.");
    let zone = match host.split('.').collect::<Vec<_>>()[..] {
        [.., second, top] => format!("{second}.{top}."),
        _ => name.clone(),
    };
    let root = ("a.root-servers.net.", "198.41.0.4", AddressSource::Hint);
    let top = ("ns1.nic.test.", "127.53.0.2", AddressSource::GlueInDomain);
    let ns1 = format!("ns1.{zone}");
    let own = (ns1.as_str(), "127.53.0.3", AddressSource::GlueInDomain);
    let a = record(&name, RecordType::A, 300, "127.53.1.1");
    let aaaa = record(&name, RecordType::AAAA, 300, "2001:db8:53::1");
    let top_servers = vec![
        server("ns1.nic.test.", "127.53.0.2", AddressSource::GlueInDomain),
        server("ns2.nic.test.", "127.53.0.12", AddressSource::GlueInDomain),
    ];
    let own_servers = vec![server(&ns1, "127.53.0.3", AddressSource::GlueInDomain)];
    let answer = |record: &Record| Meaning::Answer { records: vec![record.clone()] };

    let mut stub_packet =
        packet("", &name, ("", "127.0.0.53", AddressSource::Configured), 70, 2_170, answer(&a));
    (stub_packet.purpose, stub_packet.server_name) = (Purpose::Stub, None);
    let mut priming =
        packet(".", ".", root, 80, 6_080, answer(&record(".", RecordType::NS, 518_400, root.0)));
    (priming.purpose, priming.qtype) = (Purpose::Priming, RecordType::NS);
    let mut second = packet("test.", &name, top, 5_300, 13_300, referral(&zone, own_servers.clone()));
    second.parent = Some(0);
    let mut third = packet(&zone, &name, own, 13_340, 28_430, answer(&a));
    third.parent = Some(3);
    third.reply.as_mut().unwrap().nsid = Some(b"ams-3".to_vec());
    let mut fourth = packet(&zone, &name, own, 13_360, 20_360, answer(&aaaa));
    (fourth.parent, fourth.qtype) = (Some(3), RecordType::AAAA);

    Dns {
        name: name.clone(),
        types: vec![RecordType::A, RecordType::AAAA],
        lane: DnsLane::Walk,
        start: At(40),
        end: At(28_440),
        rcode: Some(Rcode::NOERROR),
        answers: vec![a.clone(), aaaa.clone()],
        negative: None,
        addresses: vec!["127.53.1.1".parse().unwrap(), "2001:db8:53::1".parse().unwrap()],
        cuts: vec![
            Cut {
                zone: ".".into(),
                servers: vec![server(root.0, root.1, AddressSource::Hint)],
                learned_from: None,
                ..Cut::default()
            },
            Cut {
                zone: "test.".into(),
                servers: top_servers.clone(),
                learned_from: Some(0),
                ..Cut::default()
            },
            Cut { zone: zone.clone(), servers: own_servers, learned_from: Some(3), ..Cut::default() },
        ],
        packets: vec![
            packet(".", &name, root, 60, 5_260, referral("test.", top_servers)),
            stub_packet,
            priming,
            second,
            third,
            fourth,
        ],
        critical_path: vec![0, 3, 4],
        hints: RootHints {
            source: "built-in".into(),
            date: Some("2026-10-01".into()),
            drift: Some(Vec::new()),
        },
        service: None,
        stub: Some(Stub {
            servers: vec!["127.0.0.53:53".parse().unwrap()],
            server: Some("127.0.0.53:53".parse().unwrap()),
            start: At(70),
            end: At(2_170),
            rcode: Some(Rcode::NOERROR),
            answers: vec![record(&name, RecordType::A, 263, "127.53.1.1"), aaaa],
            ttl: Some(263),
            age: None,
            agrees: Some(true),
            error: None,
            authenticated: None,
        }),
        notes: Vec::new(),
        all_servers: None,
        unfound_servers: Vec::new(),
        propagation: None,
        system: None,
        dnssec: Some(crate::finding::sample::dnssec(DnssecVerdict::Secure)),
        unvalidated: None,
        authenticated: None,
    }
}

/// Bends a good walk into one with an alias, a glueless cut, a lame server and a truncated answer.
pub(super) fn alias_walk(dns: &mut Dns) {
    let own = ("ns1.example.test.", "127.53.0.3", AddressSource::GlueInDomain);
    let name = dns.name.clone();
    let target = "edge.cdn.test.";
    let cname = record(&name, RecordType::CNAME, 60, target);
    let a = record(target, RecordType::A, 30, "127.53.1.1");
    let glueless = vec![NameServer { name: "ns.example.test.".into(), addresses: Vec::new() }];
    let after = |mut packet: Packet, parent: usize, chosen: Choice| {
        (packet.parent, packet.chosen) = (Some(parent), chosen);
        packet
    };
    let top = ("ns1.nic.test.", "127.53.0.2", AddressSource::GlueInDomain);
    let edge = ("ns.example.test.", "127.53.0.4", AddressSource::Walk);
    dns.packets.truncate(4);
    let chain = Meaning::Cname { records: vec![cname.clone()], target: target.into() };
    dns.packets.push(after(packet("example.test.", &name, own, 13_340, 15_340, chain), 3, Choice::First));
    dns.packets.push(after(
        packet("test.", target, top, 15_380, 17_380, referral("cdn.test.", glueless)),
        4,
        Choice::Fastest,
    ));
    let address = record("ns.example.test.", RecordType::A, 300, "127.53.0.4");
    let mut walk = packet(
        "example.test.",
        "ns.example.test.",
        own,
        17_400,
        19_400,
        Meaning::Answer { records: vec![address] },
    );
    walk.purpose = Purpose::NsAddress;
    dns.packets.push(after(walk, 5, Choice::Fastest));
    let lame = Meaning::Lame { reason: "an answer without authority" };
    dns.packets.push(after(packet("cdn.test.", target, edge, 19_420, 21_420, lame), 6, Choice::First));
    let mut cut = packet("cdn.test.", target, edge, 21_440, 23_440, Meaning::Truncated);
    cut.reply.as_mut().unwrap().truncated = true;
    dns.packets.push(after(cut, 7, Choice::Again));
    let mut tcp =
        packet("cdn.test.", target, edge, 23_450, 28_430, Meaning::Answer { records: vec![a.clone()] });
    (tcp.transport, tcp.connected) = (Transport::Tcp, Some(At(25_450)));
    tcp.connection = Some(crate::trace::ConnectionUse::Opened);
    dns.packets.push(after(tcp, 8, Choice::Truncated));
    dns.critical_path = vec![0, 3, 4, 5, 6, 7, 8, 9];
    dns.answers = vec![cname, a];
    dns.addresses.truncate(1);
    dns.stub.as_mut().unwrap().agrees = Some(false);
    dns.cuts.push(Cut {
        zone: "cdn.test.".into(),
        servers: vec![server("ns.example.test.", "127.53.0.4", AddressSource::Walk)],
        learned_from: Some(5),
        ..Cut::default()
    });
}

fn connect(port: u16) -> Connect {
    let attempt = |address: &str, start, end, outcome, syn| Attempt {
        address: SocketAddr::new(address.parse::<IpAddr>().unwrap(), port),
        start: At(start),
        end: At(end),
        outcome,
        syn_retransmits: syn,
    };
    Connect {
        start: At(28_460),
        end: At(278_660),
        attempts: vec![
            attempt("2001:db8:53::1", 28_460, 278_660, AttemptOutcome::Lost, None),
            attempt("127.53.1.1", 278_460, 278_660, AttemptOutcome::Won, Some(0)),
        ],
        winner: Some(1),
        local: Some("127.0.0.1:50712".parse().unwrap()),
        tcp_info: Some(TcpInfo {
            rtt: Duration::from_micros(44),
            rtt_var: Duration::from_micros(22),
            min_rtt: Some(Duration::from_micros(40)),
            mss: 32_741,
            retransmits: 0,
            congestion_window: 10,
            path_mtu: 65_535,
        }),
        untried: Vec::new(),
        redirected_from: None,
    }
}

fn certificate(subject: &str, issuer: &str, names: &[&str], is_ca: bool) -> Certificate {
    Certificate {
        subject: subject.into(),
        issuer: issuer.into(),
        serial: "04a1b2c3".into(),
        names: names.iter().map(|name| (*name).into()).collect(),
        not_before: time(1_793_000_000),
        not_after: time(1_800_532_800),
        days_left: 61,
        key_type: "ECDSA P-256".into(),
        key_bits: Some(256),
        signature_algorithm: "ecdsa-with-SHA256".into(),
        sha256: "5f".repeat(32),
        spki_sha256: "a7".repeat(32),
        is_ca,
        self_issued: subject == issuer,
        issuer_urls: vec!["http://ca.test/issuer.der".into()],
        sct_count: 2,
    }
}

fn tls(host: &str) -> Tls {
    let flight = |direction, start, end, messages: &[&'static str], bytes, cpu| Flight {
        direction,
        start: At(start),
        end: At(end),
        messages: messages.to_vec(),
        bytes,
        cpu: Duration::from_micros(cpu),
    };
    Tls {
        start: At(278_680),
        end: At(283_780),
        sni: Some(host.into()),
        verified_name: host.into(),
        offer: Some(Offer {
            versions: vec!["TLSv1.3".into(), "TLSv1.2".into()],
            cipher_suites: vec!["TLS_AES_128_GCM_SHA256".into(), "TLS_CHACHA20_POLY1305_SHA256".into()],
            groups: vec!["X25519MLKEM768".into(), "x25519".into(), "secp256r1".into()],
            key_shares: vec![("X25519MLKEM768".into(), 1_216), ("x25519".into(), 32)],
            signature_schemes: vec!["ecdsa_secp256r1_sha256".into(), "rsa_pss_rsae_sha256".into()],
            alpn: vec!["h2".into(), "http/1.1".into()],
            bytes: 1_530,
        }),
        flights: vec![
            flight(Direction::Sent, 278_680, 278_690, &["ClientHello"], 1_530, 180),
            flight(Direction::Received, 281_000, 281_010, &["ServerHello", "ChangeCipherSpec"], 1_215, 210),
            flight(
                Direction::Received,
                281_020,
                281_150,
                &["EncryptedExtensions", "Certificate", "CertificateVerify", "Finished"],
                2_140,
                40,
            ),
            flight(Direction::Sent, 283_770, 283_780, &["Finished"], 74, 20),
        ],
        round_trips: 1,
        version: Some("TLSv1.3".into()),
        cipher_suite: Some("TLS_AES_128_GCM_SHA256".into()),
        group: Some("X25519MLKEM768".into()),
        signature_scheme: Some("ecdsa_secp256r1_sha256".into()),
        alpn: Some("h2".into()),
        hello_retry: false,
        client_certificate_requested: false,
        chain: vec![
            certificate(&format!("CN={host}"), "CN=Lab Issuing CA", &[host, "*.example.test"], false),
            certificate("CN=Lab Issuing CA", "CN=Lab Root CA", &[], true),
        ],
        verification: Some(Verification {
            roots: "lab".into(),
            faults: Vec::new(),
            overridden: false,
            start: At(281_200),
            cpu: Duration::from_micros(420),
            system_would_trust: None,
        }),
        alert: None,
        ocsp_bytes: 0,
        bytes_received: 3_355,
        bytes_sent: 1_604,
        key_exchange_cpu: Duration::from_micros(190),
        legacy_probe: None,
    }
}

fn http(host: &str, path: &str) -> Http {
    Http {
        request: SentRequest {
            method: "GET".into(),
            target: path.into(),
            headers: headers(&[
                (":method", "GET"),
                (":scheme", "https"),
                (":authority", host),
                (":path", path),
                ("accept", "*/*"),
                ("user-agent", "urltrace/0.1.0"),
            ]),
            body_bytes: 0,
        },
        version: HttpVersion::Http2,
        start: At(283_800),
        sent: Some(At(283_860)),
        informational: vec![Informational {
            status: 103,
            at: At(290_000),
            headers: headers(&[("link", "</style.css>; rel=preload")]),
        }],
        first_byte: Some(At(302_100)),
        head_end: Some(At(302_110)),
        end: At(302_820),
        status: Some(200),
        reason: None,
        headers: headers(&[
            ("content-type", "text/html; charset=utf-8"),
            ("content-encoding", "gzip"),
            ("server", "lab"),
            ("cache-control", "max-age=600"),
        ]),
        trailers: Vec::new(),
        head_bytes: 96,
        body: Body {
            wire_bytes: 4_121,
            encoded_bytes: 4_096,
            decoded_bytes: Some(12_288),
            encoding: Some("gzip".into()),
            framing: "h2",
            complete: true,
            decode_error: None,
            saved_to: None,
        },
        bytes_received: 4_310,
        bytes_sent: 180,
        garbage: None,
        redirect: None,
    }
}
