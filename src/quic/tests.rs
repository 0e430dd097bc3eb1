//! QUIC handshakes with peers that answer as no server should.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;

use super::{Dialled, Target, connect};
use crate::clock::{Clock, Stopwatch};
use crate::plan::{TcpPlan, TlsPlan, VersionChoice};
use crate::stop::Stop;
use crate::tcp::{Endpoint, Turn, line_up};
use crate::tls;
use crate::trace::{AttemptOutcome, Direction, EndpointSource, FailureCode, PacketKind, Stage, StageName};

/// What a silent peer costs here.
const PATIENCE: Duration = Duration::from_millis(300);
/// Long enough for a peer on a busy machine to be heard before a fifth of it is over.
const LATE: Duration = Duration::from_secs(10);

async fn dial(to: &[SocketAddr]) -> Dialled {
    dial_within(to, Duration::from_secs(20)).await
}

async fn dial_within(to: &[SocketAddr], limit: Duration) -> Dialled {
    dial_for(to, PATIENCE, limit).await
}

async fn dial_for(to: &[SocketAddr], patience: Duration, limit: Duration) -> Dialled {
    let plan = TcpPlan { connect_timeout: patience, ..TcpPlan::default() };
    let client = tls::Client::new(&TlsPlan::default(), VersionChoice::Http3Only).unwrap();
    let endpoint = Endpoint {
        addresses: to.iter().map(SocketAddr::ip).collect(),
        port: to[0].port(),
        source: EndpointSource::Host,
        turn: Turn::Next,
    };
    let queue = line_up(&[endpoint], &plan);
    let clock = Clock::start();
    let stop = Stop::after(clock, limit);
    let target = Target { queue: &queue, found: to.len(), host: "www.example.test", tls: &client };
    connect(target, &plan, &clock, &stop).await
}

/// A peer that answers each datagram with what the script makes of it.
async fn peer(script: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut bytes = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
            for reply in script(&bytes[..length]) {
                let _ = socket.send_to(&reply, from).await;
            }
        }
    });
    address
}

/// A long header of this kind to the client, as an answer to its first.
fn long_header(first: u8, version: u32, asked: &[u8]) -> Vec<u8> {
    let destination = usize::from(asked[5]);
    let (to_us, rest) = asked[6..].split_at(destination);
    let source = &rest[1..][..usize::from(rest[0])];
    let mut bytes = vec![first];
    bytes.extend(version.to_be_bytes());
    bytes.push(u8::try_from(source.len()).unwrap());
    bytes.extend(source);
    bytes.push(u8::try_from(to_us.len()).unwrap());
    bytes.extend(to_us);
    bytes
}

#[tokio::test]
async fn each_bad_peer_has_its_name_and_ends_in_time() {
    type Script = fn(&[u8]) -> Vec<Vec<u8>>;
    let table: [(&str, Script, FailureCode, &str); 12] = [
        ("silence", |_| vec![], FailureCode::QuicTimeout, "no reply by UDP from 127.0.0.1"),
        (
            "another version",
            |asked| {
                let mut bytes = long_header(0x80, 0, asked);
                bytes.extend([0xff, 0, 0, 29, 0x6b, 0x33, 0x43, 0xcf]);
                vec![bytes]
            },
            FailureCode::QuicVersion,
            "it offers 0xff00001d, 2",
        ),
        (
            "text",
            |_| vec![b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()],
            FailureCode::QuicTimeout,
            "no reply to QUIC",
        ),
        (
            "a forged Retry",
            |asked| {
                let mut bytes = long_header(0xf0, 1, asked);
                bytes.extend([7; 40]);
                vec![bytes]
            },
            FailureCode::QuicTimeout,
            "no reply to QUIC",
        ),
        (
            "a forged Initial",
            |asked| {
                let mut bytes = long_header(0xc0, 1, asked);
                bytes.extend([0, 0x44, 0]);
                bytes.extend([9; 0x400]);
                vec![bytes]
            },
            FailureCode::QuicTimeout,
            "no reply to QUIC",
        ),
        ("a flood", |_| vec![vec![0xcf; 1200]; 400], FailureCode::QuicTimeout, "no reply to QUIC"),
        (
            "no version at all",
            |asked| vec![long_header(0x80, 0, asked)],
            FailureCode::QuicVersion,
            "speaks no version of QUIC that is spoken here",
        ),
        // RFC 9000 §6.2: what offers the version that was asked for is to be passed over, each time.
        (
            "the same version, over and over",
            |asked| vec![[long_header(0x80, 0, asked), vec![0, 0, 0, 1]].concat()],
            FailureCode::QuicTimeout,
            "no reply to QUIC",
        ),
        (
            "another version for another connection",
            |asked| {
                let mut stranger = asked.to_vec();
                let ids = 6..(7 + usize::from(asked[5]) + 20).min(stranger.len());
                stranger[ids].iter_mut().for_each(|byte| *byte ^= 0x55);
                stranger[6 + usize::from(asked[5])] = asked[6 + usize::from(asked[5])];
                vec![[long_header(0x80, 0, &stranger), vec![0xff, 0, 0, 29]].concat()]
            },
            FailureCode::QuicTimeout,
            "no reply to QUIC",
        ),
        (
            "a forged Handshake packet",
            |asked| vec![[long_header(0xe0, 1, asked), vec![0x44, 0], vec![9; 0x400]].concat()],
            FailureCode::QuicTimeout,
            "no reply to QUIC",
        ),
        // RFC 9000 §10.3: nobody knows its token.
        (
            "a forged stateless reset",
            |_| vec![[vec![0x41], vec![9; 60]].concat()],
            FailureCode::QuicTimeout,
            "no reply to QUIC",
        ),
        ("an empty datagram", |_| vec![Vec::new()], FailureCode::QuicTimeout, "by UDP"),
    ];
    let each = table.map(|(name, script, code, words)| async move {
        let address = peer(script).await;
        let watch = Stopwatch::start();
        let dialled = dial(&[address]).await;
        let failure = dialled.result.err().unwrap_or_else(|| panic!("{name} passed"));
        assert_eq!((failure.stage, failure.code), (StageName::Tcp, code), "{name}: {}", failure.message);
        assert!(failure.message.contains(words), "{name}: {}", failure.message);
        assert!(dialled.quic.end >= dialled.quic.start && dialled.quic.datagrams.len() <= 64, "{name}");
        assert!(matches!(dialled.tls, Stage::NotReached), "{name}: {:?}", dialled.tls);
        assert!(watch.elapsed() < Duration::from_secs(15), "{name}: {:?}", watch.elapsed());
        let sent = &dialled.quic.datagrams[0];
        assert_eq!((&sent.packets[..], sent.bytes), (&[PacketKind::Initial][..], 1200), "{name}");
    });
    futures_util::future::join_all(each).await;
}

/// A server that answers each Initial packet with a Retry, whatever token it bears.
fn retries_without_end() -> SocketAddr {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["www.example.test".to_owned()]).unwrap();
    let chain = vec![params.self_signed(&key).unwrap().der().clone()];
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
    let tls = rustls::ServerConfig::builder_with_provider(tls::provider().into())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key.into())
        .unwrap();
    let crypto = Arc::new(quinn::crypto::rustls::QuicServerConfig::try_from(tls).unwrap());
    let config = move || quinn::ServerConfig::with_crypto(Arc::clone(&crypto) as _);
    let endpoint = quinn::Endpoint::server(config(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let address = endpoint.local_addr().unwrap();
    tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            let _ = incoming.retry();
            // With another key, the token that comes back is none of its own.
            endpoint.set_server_config(Some(config()));
        }
    });
    address
}

#[tokio::test]
async fn retries_without_end_are_named() {
    let watch = Stopwatch::start();
    let dialled = dial(&[retries_without_end()]).await;
    let failure = dialled.result.err().unwrap();
    assert_eq!((failure.stage, failure.code), (StageName::Tcp, FailureCode::QuicTimeout), "{failure:?}");
    assert!(failure.message.contains("with a Retry, and did not go on"), "{}", failure.message);
    assert!(dialled.quic.retry && dialled.quic.datagrams.len() <= 64, "{:?}", dialled.quic);
    assert!(watch.elapsed() < Duration::from_secs(15), "{:?}", watch.elapsed());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_port_that_nobody_listens_on_is_told_by_the_network() {
    let free = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let watch = Stopwatch::start();
    let Dialled { connect, result, .. } = dial(&[free]).await;
    let failure = result.err().unwrap();
    assert_eq!(
        (failure.stage, failure.code),
        (StageName::Tcp, FailureCode::QuicRefused),
        "{}",
        failure.message
    );
    assert_eq!(connect.attempts[0].outcome, AttemptOutcome::Refused);
    assert!(watch.elapsed() < PATIENCE, "it need not wait: {:?}", watch.elapsed());
    // The next address is tried at once.
    let other: SocketAddr = format!("127.0.0.2:{}", free.port()).parse().unwrap();
    let Dialled { connect, result, .. } = dial(&[free, other]).await;
    assert_eq!(connect.attempts.len(), 2);
    assert!(result.err().unwrap().message.ends_with("and no better from 1 address more"));
}

#[tokio::test]
async fn what_came_is_told_also_where_the_run_ends_first() {
    let garbage = peer(|_| vec![b"hello".to_vec()]).await;
    let silent = peer(|_| vec![]).await;
    for (address, words, received) in [
        (garbage, "waiting for the QUIC handshake with 127.0.0.1:", true),
        (silent, "waiting for a reply to QUIC from 127.0.0.1:", false),
    ] {
        let Dialled { quic, result, .. } = dial_for(&[address], LATE, LATE / 5).await;
        let failure = result.err().unwrap();
        assert_eq!(failure.code, FailureCode::MaxTime, "{}", failure.message);
        assert!(failure.message.contains(words), "{}", failure.message);
        assert_eq!(failure.message.contains(" came ("), received, "{}", failure.message);
        let came = |datagram: &crate::trace::Datagram| datagram.direction == Direction::Received;
        assert_eq!(quic.datagrams.iter().any(came), received, "{:?}", quic.datagrams);
        assert!(!quic.datagrams.is_empty());
    }
}
