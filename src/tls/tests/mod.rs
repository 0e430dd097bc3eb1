//! Handshakes on loopback, against rustls servers and hand-written ones in the same process.

mod after;
mod clients;
mod faults;
mod handshakes;
mod hostile;
mod limits;
mod probes;
mod streams;
mod tunnels;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, IsCa, KeyPair,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream as ServerStream;

use super::{Client, Peer, TlsStream};
use crate::clock::Clock;
use crate::plan::{RootsChoice, TlsPlan, VersionChoice};
use crate::stop::Stop;
use crate::trace::{Failure, Tls};

pub(super) const HOST: &str = "www.example.test";
const DAY: Duration = Duration::from_secs(86_400);

/// A certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    fn root(name: &str) -> Self {
        Self(CertifiedIssuer::self_signed(Self::params(name), key()).unwrap())
    }

    fn under(&self, name: &str) -> Self {
        Self(CertifiedIssuer::signed_by(Self::params(name), key(), &self.0).unwrap())
    }

    fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A certificate of that authority, sent with the given certificates behind it.
    fn issue(&self, params: &CertificateParams, behind: &[&Self]) -> Identity {
        let key = key();
        let leaf = params.signed_by(&key, &self.0).unwrap();
        let mut chain = vec![leaf.der().clone()];
        chain.extend(behind.iter().map(|authority| authority.der()));
        Identity { chain, key: key.into() }
    }
}

/// A server's certificates and key.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

/// A certificate for these names, valid for half a year.
fn leaf(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "a leaf");
    let now = Clock::start().started_at();
    params.not_before = (now - 10 * DAY).into();
    params.not_after = (now + 180 * DAY).into();
    params
}

fn self_signed(params: &CertificateParams) -> Identity {
    let key = key();
    let chain = vec![params.self_signed(&key).unwrap().der().clone()];
    Identity { chain, key: key.into() }
}

/// AIA with one caIssuers URL (RFC 5280 §4.2.2.1).
fn issuer_url(url: &str) -> CustomExtension {
    let tagged = |tag: u8, body: &[u8]| {
        let mut der = vec![tag, u8::try_from(body.len()).unwrap()];
        der.extend(body);
        der
    };
    let mut access = tagged(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, 2]);
    access.extend(tagged(0x86, url.as_bytes()));
    let content = tagged(0x30, &tagged(0x30, &access));
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content)
}

/// Which TLS versions a server speaks.
#[derive(Clone, Copy)]
enum Speaks {
    Both,
    Only12,
    Only13,
}

fn server_config(identity: Identity, speaks: Speaks, provider: CryptoProvider) -> ServerConfig {
    let versions: &[&rustls::SupportedProtocolVersion] = match speaks {
        Speaks::Both => rustls::ALL_VERSIONS,
        Speaks::Only12 => &[&rustls::version::TLS12],
        Speaks::Only13 => &[&rustls::version::TLS13],
    };
    ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain, identity.key)
        .unwrap()
}

/// A server that does what `serve` does with each TCP connection.
async fn raw<F, Fut>(serve: F) -> SocketAddr
where
    F: Fn(usize, TcpStream) -> Fut + 'static + Send + Sync,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for index in 0.. {
            let Ok((tcp, _)) = listener.accept().await else { break };
            tokio::spawn(serve(index, tcp));
        }
    });
    address
}

/// A TLS server that does what `serve` does after each handshake.
async fn tls<F, Fut>(config: ServerConfig, serve: F) -> SocketAddr
where
    F: Fn(ServerStream<TcpStream>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let acceptor = TlsAcceptor::from(Arc::new(config));
    raw(move |_, tcp| {
        let (acceptor, serve) = (acceptor.clone(), serve.clone());
        async move {
            tcp.set_nodelay(true).unwrap();
            if let Ok(stream) = acceptor.accept(tcp).await {
                serve(stream).await;
            }
        }
    })
    .await
}

/// A TLS server that keeps its connections open until the client closes them.
async fn patient(config: ServerConfig) -> SocketAddr {
    tls(config, |mut stream| async move {
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await
}

/// Reads the ClientHello and leaves it unanswered.
async fn read_hello(tcp: &mut TcpStream) {
    use tokio::io::AsyncReadExt as _;
    let mut header = [0; 5];
    tcp.read_exact(&mut header).await.unwrap();
    let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
    tcp.read_exact(&mut vec![0; length]).await.unwrap();
}

fn plan(trusted: &[&Authority]) -> TlsPlan {
    TlsPlan {
        roots: RootsChoice::Given {
            name: "test CA".to_owned(),
            certificates: trusted.iter().map(|authority| authority.der().to_vec()).collect(),
        },
        ..TlsPlan::default()
    }
}

fn client(plan: &TlsPlan) -> Client {
    Client::new(plan, VersionChoice::Auto).unwrap()
}

/// A connection as the stage before makes it.
async fn connect(address: SocketAddr) -> TcpStream {
    let tcp = TcpStream::connect(address).await.unwrap();
    tcp.set_nodelay(true).unwrap();
    tcp
}

async fn shake(
    client: &Client,
    address: SocketAddr,
    host: &str,
) -> (Tls, Result<TlsStream<TcpStream>, Failure>) {
    let clock = Clock::start();
    let tcp = connect(address).await;
    let peer = Peer { host, address: Some(address) };
    let stop = Stop::after(clock, Duration::from_secs(30));
    let (tls, result) = client.handshake(tcp, peer, &clock, &stop).await;
    check_times(&tls);
    (tls, result)
}

async fn shake_ok(client: &Client, address: SocketAddr) -> Tls {
    let (tls, result) = shake(client, address, HOST).await;
    if let Err(failure) = result {
        panic!("{failure:?}\n{tls:?}");
    }
    tls
}

async fn shake_err(client: &Client, address: SocketAddr, host: &str) -> (Tls, Failure) {
    let (tls, result) = shake(client, address, host).await;
    let failure = result.expect_err("the handshake should have failed");
    assert_eq!(failure.running, tls.end.since(tls.start));
    let message = &failure.message;
    assert!(!message.is_empty() && !message.ends_with('.') && !message.contains('\n'), "{message}");
    assert!(!message.chars().any(char::is_control), "{message:?}");
    (tls, failure)
}

/// What holds for every record, good or bad.
fn check_times(tls: &Tls) {
    let mut last = tls.start;
    for flight in &tls.flights {
        assert!(last <= flight.start && flight.start <= flight.end, "{tls:?}");
        last = flight.end;
    }
    let received = tls.flights.iter().rfind(|flight| flight.direction == crate::trace::Direction::Received);
    assert!(received.is_none_or(|flight| flight.end <= tls.end), "{tls:?}");
    let bytes = |direction| -> u64 {
        tls.flights
            .iter()
            .filter(|flight| flight.direction == direction)
            .map(|flight| flight.bytes as u64)
            .sum()
    };
    assert_eq!(bytes(crate::trace::Direction::Sent), tls.bytes_sent);
    assert!(bytes(crate::trace::Direction::Received) <= tls.bytes_received);
}
