//! Handshakes that succeed: what the record says of them.

use super::*;
use crate::clock::Stopwatch;
use crate::tls::provider;
use crate::trace::Direction::{Received, Sent};
use crate::trace::TlsVersion;
use rustls::crypto::ring;
use tokio_rustls::LazyConfigAcceptor;

/// Direction and messages of each flight; the two halves of a server's TLS 1.3 flight as one,
/// since it is up to the network whether they come apart.
fn flights(tls: &Tls) -> Vec<(crate::trace::Direction, String)> {
    let mut flights: Vec<(crate::trace::Direction, String)> = Vec::new();
    for flight in &tls.flights {
        let (direction, messages) = (&flight.direction, flight.names());
        match flights.last_mut() {
            Some((last, names)) if last == direction => *names = format!("{names} {}", messages.join(" ")),
            _ => flights.push((*direction, messages.join(" "))),
        }
    }
    flights
}

const SERVER_13: &str =
    "ServerHello ChangeCipherSpec EncryptedExtensions Certificate CertificateVerify Finished";

#[tokio::test]
async fn tls_13_takes_one_round_trip_with_the_hybrid_group() {
    let ca = Authority::root("root");
    let middle = ca.under("middle");
    let mut config = server_config(middle.issue(&leaf(&[HOST]), &[&middle]), Speaks::Both, provider());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let address = patient(config).await;
    let tls = shake_ok(&client(&plan(&[&ca])), address).await;

    assert_eq!(
        flights(&tls),
        [
            (Sent, "ClientHello".to_owned()),
            (Received, SERVER_13.to_owned()),
            (Sent, "ChangeCipherSpec Finished".to_owned()),
        ]
    );
    assert_eq!(tls.round_trips, 1);
    assert_eq!(tls.version, Some(TlsVersion::Tls13));
    assert_eq!(tls.group.as_deref(), Some("X25519MLKEM768"));
    assert_eq!(tls.cipher_suite.as_deref(), Some("TLS_AES_256_GCM_SHA384"));
    assert_eq!(tls.signature_scheme.as_deref(), Some("ecdsa_secp256r1_sha256"));
    assert_eq!(tls.alpn.as_deref(), Some("h2"));
    assert_eq!(tls.sni.as_deref(), Some(HOST));
    assert!(!tls.hello_retry && !tls.client_certificate.requested && tls.alert.is_none());
    assert!(tls.key_exchange_cpu > Duration::ZERO);
    assert_eq!(tls.chain.len(), 2);
    assert_eq!(tls.chain[0].names, [HOST]);
    assert_eq!(tls.chain[0].issuer, "CN=middle");
    assert_eq!(tls.chain[0].days_left, 179);
    let verification = tls.verification.as_ref().unwrap();
    assert_eq!(verification.faults, []);
    assert!(!verification.overridden && verification.cpu > Duration::ZERO);
    assert_eq!(verification.roots, "test CA (1)");
    let [.., server, own] = &tls.flights[..] else { panic!("{tls:?}") };
    assert_eq!((tls.start, tls.end), (tls.flights[0].start, server.end), "the server's Finished ends it");
    assert!(tls.end <= verification.start && verification.start <= own.start, "checking is our own work");
    assert!(tls.noticed.is_some_and(|noticed| tls.end <= noticed && noticed <= own.start));

    let offer = tls.offer.unwrap();
    assert_eq!(offer.versions, ["TLSv1.3", "TLSv1.2"]);
    assert_eq!(offer.groups, ["X25519MLKEM768", "x25519", "secp256r1", "secp384r1"]);
    assert_eq!(offer.key_shares, [("X25519MLKEM768".to_owned(), 1216), ("x25519".to_owned(), 32)]);
    assert_eq!(offer.alpn, ["h2", "http/1.1"]);
    assert!(offer.cipher_suites.iter().any(|suite| suite == "TLS_CHACHA20_POLY1305_SHA256"));
    assert!(offer.signature_schemes.iter().any(|scheme| scheme == "ed25519"));
    assert_eq!(offer.bytes, tls.flights[0].bytes);
}

#[tokio::test]
async fn a_server_without_ml_kem_takes_the_x25519_share_at_once() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let address = patient(server_config(identity, Speaks::Only13, ring::default_provider())).await;
    let tls = shake_ok(&client(&plan(&[&ca])), address).await;
    assert_eq!(tls.group.as_deref(), Some("x25519"));
    assert_eq!((tls.round_trips, tls.hello_retry), (1, false));
    assert_eq!(tls.alpn, None);
}

#[tokio::test]
async fn tls_12_takes_two_round_trips_and_names_every_message() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let address = patient(server_config(identity, Speaks::Only12, provider())).await;
    let tls = shake_ok(&client(&plan(&[&ca])), address).await;
    assert_eq!(
        flights(&tls),
        [
            (Sent, "ClientHello".to_owned()),
            (Received, "ServerHello Certificate ServerKeyExchange ServerHelloDone".to_owned()),
            (Sent, "ClientKeyExchange ChangeCipherSpec Finished".to_owned()),
            (Received, "ChangeCipherSpec Finished".to_owned()),
        ]
    );
    assert_eq!(tls.round_trips, 2);
    assert_eq!(tls.version, Some(TlsVersion::Tls12));
    assert_eq!(tls.group.as_deref(), Some("x25519"));
    assert_eq!(tls.cipher_suite.as_deref(), Some("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"));
    assert_eq!(tls.signature_scheme.as_deref(), Some("ecdsa_secp256r1_sha256"));
    assert_eq!(tls.verification.unwrap().faults, []);
}

#[tokio::test]
async fn tls_max_is_kept_in_the_offer_and_in_the_choice() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let address = patient(server_config(identity, Speaks::Both, provider())).await;
    let plan = TlsPlan { max_version: TlsVersion::Tls12, ..plan(&[&ca]) };
    let client = Client::new(&plan, VersionChoice::Http11).unwrap();
    let tls = shake_ok(&client, address).await;
    assert_eq!(tls.version, Some(TlsVersion::Tls12));
    let offer = tls.offer.unwrap();
    assert_eq!(offer.versions, ["TLSv1.2"]);
    assert_eq!(offer.key_shares, []);
    assert_eq!(offer.alpn, ["http/1.1"]);
    assert!(!offer.groups.contains(&"X25519MLKEM768".to_owned()), "{:?}", offer.groups);
}

#[tokio::test]
async fn a_hello_retry_request_is_named_and_costs_a_round_trip() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let mut provider = ring::default_provider();
    provider.kx_groups = vec![ring::kx_group::SECP384R1];
    let address = patient(server_config(identity, Speaks::Only13, provider)).await;
    let tls = shake_ok(&client(&plan(&[&ca])), address).await;
    let seen = flights(&tls);
    assert_eq!(seen[0], (Sent, "ClientHello".to_owned()));
    assert!(seen[1].0 == Received && seen[1].1.starts_with("HelloRetryRequest"), "{seen:?}");
    assert_eq!(seen[2], (Sent, "ChangeCipherSpec ClientHello".to_owned()));
    assert!(seen[3].0 == Received && seen[3].1.starts_with("ServerHello "), "{seen:?}");
    assert!(seen[3].1.ends_with("EncryptedExtensions Certificate CertificateVerify Finished"), "{seen:?}");
    assert_eq!(seen[4], (Sent, "Finished".to_owned()));
    assert_eq!((tls.round_trips, tls.hello_retry), (2, true));
    assert_eq!(tls.group.as_deref(), Some("secp384r1"));
}

#[tokio::test]
async fn an_address_is_verified_without_sni() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&["127.0.0.1"]), &[]);
    let address = patient(server_config(identity, Speaks::Both, provider())).await;
    let (tls, result) = shake(&client(&plan(&[&ca])), address, "127.0.0.1").await;
    result.unwrap();
    assert_eq!(tls.sni, None);
    assert_eq!(tls.verified_name, "127.0.0.1");
}

#[tokio::test]
async fn a_name_with_its_final_dot_is_sent_and_verified_without() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let address = patient(server_config(identity, Speaks::Both, provider())).await;
    let (tls, result) = shake(&client(&plan(&[&ca])), address, "www.example.test.").await;
    result.unwrap();
    assert_eq!(tls.sni.as_deref(), Some(HOST));
}

/// A server that waits `before_hello`, then answers; its answer is cut after the ServerHello, the
/// rest of it comes `inside` later.
async fn slow(config: ServerConfig, before_hello: Duration) -> SocketAddr {
    let config = Arc::new(config);
    raw(move |_, tcp| {
        let config = Arc::clone(&config);
        async move {
            tcp.set_nodelay(true).unwrap();
            let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), tcp).await.unwrap();
            tokio::time::sleep(before_hello).await; // the injected delay
            if let Ok(mut stream) = start.into_stream(config).await {
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_delay_before_the_server_hello_is_found_between_the_flights() {
    const DELAY: Duration = Duration::from_millis(30);
    const TOLERANCE: Duration = Duration::from_millis(20);
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let address = slow(server_config(identity, Speaks::Both, provider()), DELAY).await;
    // The best of all handshakes counts: a busy machine can only add.
    let (all, mut waited, mut whole) = (Stopwatch::start(), Duration::MAX, Duration::MAX);
    let is_slow = |waited, whole| waited >= DELAY + TOLERANCE || whole >= DELAY + 2 * TOLERANCE;
    while is_slow(waited, whole) && all.elapsed() < Duration::from_secs(10) {
        let tls = shake_ok(&client(&plan(&[&ca])), address).await;
        waited = waited.min(tls.flights[1].start.since(tls.flights[0].end));
        whole = whole.min(tls.end.since(tls.start));
        assert!(waited >= DELAY, "{waited:?}");
    }
    assert!(!is_slow(waited, whole), "{waited:?} of {whole:?}");
}

#[tokio::test]
async fn a_server_hello_that_comes_alone_is_a_flight_of_its_own() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    const DELAY: Duration = Duration::from_millis(30);
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let behind = patient(server_config(identity, Speaks::Only13, provider())).await;
    // Between client and server: passes everything on, but waits after the ServerHello.
    let address = raw(move |_, mut client| async move {
        client.set_nodelay(true).unwrap();
        let mut server = TcpStream::connect(behind).await.unwrap();
        let mut hello = vec![0; 4096];
        let count = client.read(&mut hello).await.unwrap();
        server.write_all(&hello[..count]).await.unwrap();
        let mut header = [0; 5];
        server.read_exact(&mut header).await.unwrap();
        let mut body = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        server.read_exact(&mut body).await.unwrap();
        client.write_all(&[&header[..], &body].concat()).await.unwrap();
        tokio::time::sleep(DELAY).await; // the injected delay
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    })
    .await;
    let tls = shake_ok(&client(&plan(&[&ca])), address).await;
    let directions: Vec<_> = tls.flights.iter().map(|flight| flight.direction).collect();
    assert_eq!(directions, [Sent, Received, Received, Sent]);
    assert_eq!(tls.flights[1].names(), ["ServerHello"]);
    assert!(tls.flights[2].start.since(tls.flights[1].end) >= DELAY);
    assert_eq!(tls.round_trips, 1, "our ChangeCipherSpec alone is no flight");
}

#[tokio::test]
async fn a_stapled_ocsp_response_is_counted() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert_with_ocsp(identity.chain, identity.key, vec![7; 1157])
        .unwrap();
    let address = patient(config).await;
    let tls = shake_ok(&client(&plan(&[&ca])), address).await;
    assert_eq!(tls.ocsp_bytes, 1157);
    assert_eq!(tls.staple.unwrap().status, crate::trace::CertificateStatus::Unreadable);
}

#[tokio::test]
async fn the_key_log_gets_the_lines_wireshark_needs() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let address = patient(server_config(identity, Speaks::Both, provider())).await;
    let path = std::env::temp_dir().join(format!("urltrace-keys-{}", std::process::id()));
    std::fs::write(&path, "# kept\n").unwrap();
    let plan = TlsPlan { key_log: Some(path.clone()), ..plan(&[&ca]) };
    shake_ok(&client(&plan), address).await;
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(text.starts_with("# kept\n"), "{text}");
    for label in [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ] {
        let line = text.lines().find(|line| line.starts_with(&format!("{label} "))).unwrap();
        let parts: Vec<&str> = line.split(' ').collect();
        assert_eq!((parts.len(), parts[1].len(), parts[2].len()), (3, 64, 96), "{line}");
    }
}

#[test]
fn a_key_log_that_cannot_be_written_is_named() {
    let plan = TlsPlan { key_log: Some("/nonexistent/keys".into()), ..TlsPlan::default() };
    let error = Client::new(&plan, VersionChoice::Auto).unwrap_err();
    assert!(error.starts_with("SSLKEYLOGFILE /nonexistent/keys: cannot be written: "), "{error}");
}
