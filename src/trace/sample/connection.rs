//! A connection race and a TLS handshake.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use super::super::*;

/// A point in wall time.
pub(super) fn time(unix_seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds)
}

/// A race that a dead IPv6 address has delayed.
pub(super) fn connect(port: u16) -> Connect {
    let attempt = |address: &str, start, end, outcome, syn| Attempt {
        address: SocketAddr::new(address.parse::<IpAddr>().unwrap(), port),
        start: At(start),
        end: At(end),
        outcome,
        syn_retransmits: syn,
        answered: None,
        source: EndpointSource::Host,
        transport: Carrier::Tcp,
    };
    Connect {
        start: At(28_460),
        end: At(278_660),
        attempts: vec![
            attempt("2001:db8:53::1", 28_460, 278_660, AttemptOutcome::Lost, None),
            attempt("127.53.1.1", 278_460, 278_660, AttemptOutcome::Won, Some(0)),
        ],
        noticed: Some(At(278_660)),
        stamped_by: Some(StampedBy::Kernel),
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
            ..TcpInfo::default()
        }),
        untried: Vec::new(),
        redirected_from: None,
        ..Connect::default()
    }
}

/// A certificate of the chain.
pub(super) fn certificate(subject: &str, issuer: &str, names: &[&str], is_ca: bool) -> Certificate {
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
        sha256: if is_ca { "6a" } else { "5f" }.repeat(32),
        spki_sha256: "a7".repeat(32),
        is_ca,
        self_issued: subject == issuer,
        issuer_urls: vec!["http://ca.test/issuer.der".into()],
        scts: ["3a", "c4"]
            .map(|log| SignedTimestamp { log_id: log.repeat(32), timestamp: time(1_793_003_600) })
            .into(),
        must_staple: false,
        trusted_root: false,
        issuer_organization: None,
    }
}

/// Records one label above the host, which name the issuer.
fn caa() -> Caa {
    let question = |name: &str, start, outcome| CaaQuestion {
        name: name.into(),
        start: At(start),
        end: At(start + 7_100),
        outcome,
        packets: Vec::new(),
    };
    let record = Record {
        name: "example.test.".into(),
        rtype: RecordType(257),
        ttl: 300,
        data: "0 issue \"ca.test\"".into(),
    };
    Caa {
        questions: vec![
            question("www.example.test.", 400_000, CaaOutcome::Absent),
            question("example.test.", 407_200, CaaOutcome::Found),
        ],
        records: vec![record],
        property: CaaProperty::Issue,
        verdict: CaaVerdict::Named("ca.test".into()),
    }
}

/// A flight of the handshake.
pub(super) fn flight(
    direction: Direction,
    start: u64,
    end: u64,
    messages: &[HandshakeMessage],
    bytes: usize,
    cpu: u64,
) -> Flight {
    Flight {
        direction,
        start: At(start),
        end: At(end),
        messages: messages.to_vec(),
        bytes,
        cpu: Duration::from_micros(cpu),
    }
}

/// A handshake by TLS 1.3.
pub(super) fn tls(host: &str) -> Tls {
    Tls {
        start: At(278_680),
        end: At(283_780),
        noticed: Some(At(283_780)),
        stamped_by: Some(StampedBy::Kernel),
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
            flight(Direction::Sent, 278_680, 278_690, &[HandshakeMessage::ClientHello], 1_530, 180),
            flight(
                Direction::Received,
                281_000,
                281_010,
                &[HandshakeMessage::ServerHello, HandshakeMessage::ChangeCipherSpec],
                1_215,
                210,
            ),
            flight(
                Direction::Received,
                281_020,
                281_150,
                &[
                    HandshakeMessage::EncryptedExtensions,
                    HandshakeMessage::Certificate,
                    HandshakeMessage::CertificateVerify,
                    HandshakeMessage::Finished,
                ],
                2_140,
                40,
            ),
            flight(Direction::Sent, 283_770, 283_780, &[HandshakeMessage::Finished], 74, 20),
        ],
        round_trips: 1,
        version: Some(TlsVersion::Tls13),
        cipher_suite: Some("TLS_AES_128_GCM_SHA256".into()),
        group: Some("X25519MLKEM768".into()),
        signature_scheme: Some("ecdsa_secp256r1_sha256".into()),
        alpn: Some("h2".into()),
        hello_retry: false,
        client_certificate: ClientCertificate::default(),
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
            embedded_would_trust: None,
            roots_of: RootsOf::Everybody,
        }),
        alert: None,
        ocsp_bytes: 0,
        staple: None,
        bytes_received: 3_355,
        bytes_sent: 1_604,
        key_exchange_cpu: Duration::from_micros(190),
        legacy_probe: None,
        resumption: None,
        scan: None,
        caa: Some(caa()),
    }
}
