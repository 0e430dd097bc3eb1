//! What a server says once the handshake is over: alerts, and the wish for a second handshake. And hosts
//! that the library does not take.

use super::*;
use crate::alert::{AlertReceived, Demand, Ended};
use crate::tls::host::{Asked, Swap, swapping};
use crate::tls::provider;
use rustls::crypto::cipher::OutboundPlainMessage;
use rustls::{
    ConnectionTrafficSecrets, ContentType, ProtocolVersion, ServerConnection, SupportedCipherSuite,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A record of a server, encrypted as its next one; with AES-256-GCM.
fn record(connection: ServerConnection, content: ContentType, payload: &[u8]) -> Vec<u8> {
    let suite = connection.negotiated_cipher_suite().unwrap();
    let (number, secrets) = connection.dangerous_extract_secrets().unwrap().tx;
    let ConnectionTrafficSecrets::Aes256Gcm { key, iv } = secrets else { panic!("another suite") };
    let mut encrypter = match suite {
        SupportedCipherSuite::Tls13(suite) => suite.aead_alg.encrypter(key, iv),
        SupportedCipherSuite::Tls12(suite) => {
            suite.aead_alg.encrypter(key, &iv.as_ref()[..4], &iv.as_ref()[4..])
        }
    };
    let version = ProtocolVersion::TLSv1_2;
    let message = OutboundPlainMessage { typ: content, version, payload: payload.into() };
    encrypter.encrypt(message, number).unwrap().encode()
}

/// Asks for a client certificate and takes none for an answer.
fn asking(ca: &Authority, speaks: Speaks) -> ServerConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.der()).unwrap();
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider().into())
            .allow_unauthenticated()
            .build()
            .unwrap();
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let versions: &[&rustls::SupportedProtocolVersion] = match speaks {
        Speaks::Only12 => &[&rustls::version::TLS12],
        _ => &[&rustls::version::TLS13],
    };
    ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.chain, identity.key)
        .unwrap()
}

/// A server that says this after the handshake, and then waits for the client to go, or goes itself.
async fn says(
    mut config: ServerConfig,
    content: ContentType,
    payload: &'static [u8],
    stays: bool,
) -> SocketAddr {
    config.enable_secret_extraction = true;
    tls(config, move |stream| async move {
        let (mut tcp, connection) = stream.into_inner();
        tcp.write_all(&record(connection, content, payload)).await.unwrap();
        if stays {
            let _ = tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await;
        }
    })
    .await
}

#[tokio::test]
async fn an_alert_after_the_handshake_remembers_what_was_asked_for() {
    let ca = Authority::root("root");
    for speaks in [Speaks::Only12, Speaks::Only13] {
        for (payload, name) in [
            (&[2, 42], "bad_certificate"),
            (&[2, 40], "handshake_failure"),
            (&[2, 49], "access_denied"),
            (&[2, 80], "internal_error"),
        ] {
            let plain = server_config(ca.issue(&leaf(&[HOST]), &[]), speaks, provider());
            for (config, demand) in
                [(asking(&ca, speaks), Demand::ClientCertificate), (plain, Demand::Nothing)]
            {
                let address = says(config, ContentType::Alert, payload, true).await;
                let (_, stream) = shake(&client(&plan(&[&ca])), address, HOST).await;
                let error = stream.unwrap().read(&mut [0; 16]).await.unwrap_err();
                let alert = AlertReceived::of(&error).unwrap();
                assert_eq!((alert.name.as_str(), alert.demand), (name, demand));
                assert_eq!(alert.wants_client_certificate(), demand == Demand::ClientCertificate);
            }
        }
    }
}

#[tokio::test]
async fn a_write_that_breaks_tells_of_the_alert_that_came_before() {
    let ca = Authority::root("root");
    let address = says(asking(&ca, Speaks::Only13), ContentType::Alert, &[2, 42], false).await;
    let (_, stream) = shake(&client(&plan(&[&ca])), address, HOST).await;
    let mut stream = stream.unwrap();
    let error = loop {
        // The first writes still go out; the server's side is gone, and its kernel says so.
        if let Err(error) = async { stream.write_all(b"GET").await.and(stream.flush().await) }.await {
            break error;
        }
        tokio::time::sleep(Duration::from_millis(1)).await; // until the RST is here: nothing else tells
    };
    assert_eq!(AlertReceived::of(&error).unwrap().name, "bad_certificate");
}

#[tokio::test]
async fn a_second_handshake_that_is_asked_for_in_vain_is_remembered() {
    const HELLO_REQUEST: &[u8] = &[0, 0, 0, 0];
    let ca = Authority::root("root");
    let config = || server_config(ca.issue(&leaf(&[HOST]), &[]), Speaks::Only12, provider());
    let address = says(config(), ContentType::Handshake, HELLO_REQUEST, false).await;
    let (_, stream) = shake(&client(&plan(&[&ca])), address, HOST).await;
    let error = stream.unwrap().read(&mut [0; 16]).await.unwrap_err();
    assert_eq!(Ended::of(&error), Some(Ended { demand: Demand::Renegotiation }), "{error}");

    let stays = asking(&ca, Speaks::Only13);
    let address = tls(stays, |mut stream| async move {
        stream.shutdown().await.unwrap();
    })
    .await;
    let (_, stream) = shake(&client(&plan(&[&ca])), address, HOST).await;
    let error = stream.unwrap().read(&mut [0; 16]).await.unwrap_err();
    assert_eq!(Ended::of(&error), Some(Ended { demand: Demand::ClientCertificate }), "{error}");

    // Who goes on with data asks for nothing any more.
    let address = says(config(), ContentType::ApplicationData, b"data", false).await;
    let (_, stream) = shake(&client(&plan(&[&ca])), address, HOST).await;
    let mut stream = stream.unwrap();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 4);
    let error = stream.read(&mut [0; 16]).await.unwrap_err();
    assert_eq!((Ended::of(&error), error.kind()), (None, std::io::ErrorKind::UnexpectedEof));
}

/// A server for a host that rustls takes no more as a server than as a client: in its ClientHello the
/// name is swapped for the stand-in, and the server hashes what was sent.
fn serve_odd_host(host: &'static str, config: ServerConfig, told: std::sync::mpsc::Sender<SocketAddr>) {
    let swap = Asked::new(host).unwrap().swap.unwrap();
    let back = swap.reversed();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let serve = async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        told.send(listener.local_addr().unwrap()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut hello = vec![0; 8192];
            let count = tcp.read(&mut hello).await.unwrap();
            let name = host.trim_end_matches('.').as_bytes();
            assert!(hello[..count].windows(name.len()).any(|window| window == name), "SNI has another name");
            back.apply(&mut hello[..count]);
            let (mut near, far) = tokio::io::duplex(65536);
            near.write_all(&hello[..count]).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut tcp).await });
            let mut stream = acceptor.accept(far).await.unwrap();
            stream.write_all(b"hello").await.unwrap();
            stream.flush().await.unwrap();
            let _ = stream.read(&mut [0; 16]).await;
        }
    };
    Swap::within(Some(&swap), || runtime.block_on(serve));
}

#[tokio::test]
async fn a_host_with_a_hyphen_at_the_end_of_a_label_is_asked_for_and_verified() {
    let ca = Authority::root("root");
    for (host, listed, is_good) in [
        ("app-.example.test", "app-.example.test", true),
        ("app-.example.test", "*.example.test", true),
        ("-app.example.test.", "*.example.test", true),
        ("app-.example.test", "appx.example.test", false),
        ("app-.sub.example.test", "*.example.test", false),
    ] {
        for speaks in [Speaks::Only12, Speaks::Only13] {
            let mut params = leaf(&["other.test"]);
            let listed = rcgen::string::Ia5String::try_from(listed).unwrap();
            params.subject_alt_names.push(rcgen::SanType::DnsName(listed));
            let config = server_config(ca.issue(&params, &[]), speaks, swapping(provider()));
            let (told, address) = std::sync::mpsc::channel();
            std::thread::spawn(move || serve_odd_host(host, config, told));
            let address = address.recv().unwrap();
            let plan = TlsPlan { insecure: !is_good, ..plan(&[&ca]) };
            let (tls, stream) = shake(&client(&plan), address, host).await;
            let mut data = [0; 5];
            stream.unwrap().read_exact(&mut data).await.unwrap();
            assert_eq!(&data, b"hello");
            assert_eq!(tls.sni.as_deref(), Some(host.trim_end_matches('.')));
            let verification = tls.verification.unwrap();
            assert_eq!(verification.faults.is_empty(), is_good, "{host} {:?}", verification.faults);
        }
    }
}
