//! Servers that refuse, break off, say nothing or speak something else.

use super::*;
use crate::tls::{offer, provider};
use crate::trace::{At, Direction, FailureCode, HandshakeMessage, LegacyProbe, TlsVersion};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Answers the ClientHello with these bytes, then waits for the client to go.
async fn answers(bytes: &'static [u8]) -> SocketAddr {
    raw(move |_, mut tcp| async move {
        read_hello(&mut tcp).await;
        tcp.write_all(bytes).await.unwrap();
        let _ = tcp.read(&mut [0; 64]).await;
    })
    .await
}

pub(super) fn alert(code: u8) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, code]
}

pub(super) fn server_hello(version: u16, suite: u16) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([5; 32]);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    let mut record = vec![22, 3, 1, 0, u8::try_from(body.len() + 4).unwrap(), 2, 0, 0];
    record.push(u8::try_from(body.len()).unwrap());
    record.extend(body);
    record
}

/// Refuses the first connection with `refusal` and answers the next ones with `answer`.
async fn legacy(refusal: Vec<u8>, answer: Vec<u8>) -> SocketAddr {
    raw(move |index, mut tcp| {
        let bytes = if index == 0 { refusal.clone() } else { answer.clone() };
        async move {
            read_hello(&mut tcp).await;
            tcp.write_all(&bytes).await.unwrap();
            if !bytes.is_empty() {
                let _ = tcp.read(&mut [0; 64]).await;
            }
        }
    })
    .await
}

pub(super) fn any_client() -> Client {
    client(&plan(&[&Authority::root("root")]))
}

#[tokio::test]
async fn plain_http_is_named() {
    let address = answers(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let (tls, failure) = shake_err(&any_client(), address, HOST).await;
    assert_eq!(failure.code, FailureCode::NotTls);
    assert_eq!(
        failure.message,
        format!(
            "{address} answered in plain HTTP, not TLS: `HTTP/1.1 400 Bad Request\\r\\ncontent-length: 0\\r\\n\\r\\n`"
        )
    );
    assert!(failure.hint.unwrap().contains("http://"));
    assert_eq!(tls.bytes_received, 47);
    assert_eq!(tls.flights[1].bytes, 47);
    assert_eq!(tls.round_trips, 1);
}

#[tokio::test]
async fn other_protocols_and_garbage_are_shown_escaped() {
    for (bytes, spoken) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], "SSH"),
        (b"220 mail.example.test ESMTP\r\n", "plain SMTP or FTP"),
        (b"\x1b[31m\x00\xff", "something else"),
    ] {
        let (_, failure) = shake_err(&any_client(), answers(bytes).await, HOST).await;
        assert_eq!(failure.code, FailureCode::NotTls);
        let shown = bytes.escape_ascii().to_string();
        assert!(failure.message.contains(spoken) && failure.message.contains(&shown), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_server_that_goes_without_a_word_is_asked_once_more_in_an_old_tongue() {
    let address = legacy(Vec::new(), Vec::new()).await;
    let (tls, failure) = shake_err(&any_client(), address, HOST).await;
    assert_eq!(failure.code, FailureCode::TlsClosed);
    assert!(failure.message.contains("right after the ClientHello"), "{}", failure.message);
    assert_eq!(
        tls.legacy_probe,
        Some(LegacyProbe {
            answers_again: Some(false),
            answers_tls12: Some(false),
            answers_small: Some(false),
            ..LegacyProbe::default()
        })
    );
}

#[tokio::test]
async fn an_end_inside_the_handshake_says_how_far_it_came() {
    let address = raw(|_, mut tcp| async move {
        read_hello(&mut tcp).await;
        tcp.write_all(&[22, 3, 3, 1, 0, 2]).await.unwrap();
    })
    .await;
    let (tls, failure) = shake_err(&any_client(), address, HOST).await;
    assert_eq!(failure.code, FailureCode::TlsClosed);
    assert!(failure.message.contains("after 6 bytes, before the ServerHello"), "{}", failure.message);
    assert_eq!(tls.bytes_received, 6);
    assert_eq!(tls.legacy_probe, None);
}

#[tokio::test]
async fn a_reset_is_called_a_reset() {
    let address = raw(|_, mut tcp| async move {
        let _ = tcp.read(&mut [0; 16]).await;
        // Closing with unread data in the socket sends RST.
    })
    .await;
    let (_, failure) = shake_err(&any_client(), address, HOST).await;
    assert_eq!(failure.code, FailureCode::TlsClosed);
    assert!(failure.message.contains(" reset the connection"), "{}", failure.message);
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_the_awaited_flight_named() {
    let address = raw(|_, mut tcp| async move {
        let _ = tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await;
    })
    .await;
    let mut client = any_client();
    client.limit = Duration::from_millis(40);
    let (tls, failure) = shake_err(&client, address, HOST).await;
    assert_eq!(failure.code, FailureCode::TlsTimeout);
    assert!(
        failure.message.contains("within 40 ms: still waiting for the ServerHello"),
        "{}",
        failure.message
    );
    assert!(tls.end.since(tls.start) >= Duration::from_millis(40));
    assert_eq!(tls.flights.len(), 1);
    assert!(tls.offer.is_some());
}

#[tokio::test]
async fn max_time_and_interrupt_end_a_handshake_with_its_record() {
    let address = raw(|_, mut tcp| async move {
        let _ = tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await;
    })
    .await;
    let client = any_client();
    let clock = Clock::start();
    let tcp = TcpStream::connect(address).await.unwrap();
    let stop = Stop::after(clock, Duration::from_millis(40));
    let peer = Peer { host: HOST, address: Some(address) };
    let (tls, result) = client.handshake(tcp, peer, &clock, &stop).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.code, FailureCode::MaxTime);
    assert_eq!(failure.message, "--max-time 40 ms ran out while waiting for the ServerHello");
    assert_eq!(tls.flights.len(), 1);
    assert!(tls.end >= At(40_000));

    let (send, interrupted) = tokio::sync::watch::channel(false);
    let tcp = TcpStream::connect(address).await.unwrap();
    let stop = Stop::new(clock, Duration::from_secs(30), interrupted);
    send.send(true).unwrap();
    let (_, result) = client.handshake(tcp, peer, &clock, &stop).await;
    assert_eq!(result.unwrap_err().code, FailureCode::Interrupted);
}

#[tokio::test]
async fn absurd_lengths_and_endless_messages_end_in_a_protocol_failure() {
    let (_, failure) = shake_err(&any_client(), answers(b"\x16\x03\x03\xff\xff\x02").await, HOST).await;
    assert_eq!(failure.code, FailureCode::TlsProtocol);
    assert!(failure.message.contains("65540 bytes"), "{}", failure.message);

    // A ServerHello that claims 16 MB and goes on and on, and empty fragments without end.
    for record in
        [[&[22, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff][..], &[0; 0x3ffc]].concat(), vec![20, 3, 3, 0, 1, 1]]
    {
        let record = Arc::new(record);
        let address = raw(move |_, mut tcp| {
            let record = Arc::clone(&record);
            async move {
                read_hello(&mut tcp).await;
                while tcp.write_all(&record).await.is_ok() {}
            }
        })
        .await;
        let (tls, failure) = shake_err(&any_client(), address, HOST).await;
        assert_eq!(failure.code, FailureCode::TlsProtocol, "{}", failure.message);
        assert!(tls.bytes_received < 512 * 1024);
        assert!(tls.flights.iter().all(|flight| flight.messages.len() <= 40));
    }
}

#[tokio::test]
async fn a_chain_of_too_many_certificates_is_a_protocol_failure() {
    let ca = Authority::root("root");
    let mut identity = ca.issue(&leaf(&[HOST]), &[]);
    identity.chain.extend(std::iter::repeat_n(identity.chain[0].clone(), 100));
    let address = patient(server_config(identity, Speaks::Both, provider())).await;
    let plan = TlsPlan { insecure: true, ..plan(&[&ca]) };
    let (tls, failure) = shake_err(&client(&plan), address, HOST).await;
    assert_eq!(failure.code, FailureCode::CertificateUnchecked);
    assert_eq!(failure.message, "the server sent 101 certificates; 100 are read at most");
    assert_eq!(tls.chain.len(), 100);
}

#[tokio::test]
async fn a_damaged_flight_never_breaks_the_record() {
    let ca = Authority::root("root");
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let behind = patient(server_config(ca.issue(&leaf(&[HOST]), &[]), speaks, provider())).await;
        // Between client and server: flips bits of one byte, another one in each connection.
        let address = raw(move |index, mut client| async move {
            let mut server = TcpStream::connect(behind).await.unwrap();
            let mut flight = vec![0; 16384];
            let count = client.read(&mut flight).await.unwrap();
            server.write_all(&flight[..count]).await.unwrap();
            let count = server.read(&mut flight).await.unwrap();
            flight[index * 23 % count] ^= 0x55;
            client.write_all(&flight[..count]).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        })
        .await;
        let mut client = client(&plan(&[&ca]));
        // A changed length may make both sides wait.
        client.limit = Duration::from_millis(100);
        for _ in 0..60 {
            let (tls, result) = shake(&client, address, HOST).await;
            if let Err(failure) = result {
                assert_eq!(failure.stage, crate::trace::StageName::Tls);
                assert!(!failure.message.chars().any(char::is_control), "{}", failure.message);
            } else {
                assert_eq!(tls.verification.unwrap().faults, []);
            }
        }
    }
}

#[tokio::test]
async fn common_alerts_are_explained() {
    for (code, name, expected) in [
        (112, "unrecognized_name", FailureCode::TlsAlert),
        (80, "internal_error", FailureCode::TlsAlert),
        (40, "handshake_failure", FailureCode::TlsAlert),
        (70, "protocol_version", FailureCode::TlsAlert),
        (120, "no_application_protocol", FailureCode::VersionNotNegotiated),
        (116, "certificate_required", FailureCode::ClientCertificateRequired),
        (0, "close_notify", FailureCode::TlsAlert),
    ] {
        let address = legacy(alert(code), alert(code)).await;
        let (tls, failure) = shake_err(&any_client(), address, HOST).await;
        assert_eq!(failure.code, expected, "{name}");
        let seen = tls.alert.unwrap();
        assert_eq!((seen.direction, seen.description.as_str()), (Direction::Received, name));
        if expected == FailureCode::TlsAlert {
            assert!(failure.message.contains(&format!("alert {name}: ")), "{}", failure.message);
        }
        assert!(failure.hint.is_some());
        assert_eq!(tls.legacy_probe.is_some(), matches!(code, 40 | 70), "{name}");
        assert!(tls.flights[1].messages.contains(&HandshakeMessage::Alert));
    }
}

#[tokio::test]
async fn a_legacy_protocol_is_named_after_an_alert_and_after_silence() {
    for refusal in [alert(70), alert(40), Vec::new()] {
        let address = legacy(refusal, server_hello(0x0301, 0x002f)).await;
        let (tls, failure) = shake_err(&any_client(), address, HOST).await;
        assert_eq!(failure.code, FailureCode::LegacyProtocol);
        assert_eq!(
            failure.message,
            "the server speaks only TLS 1.0 (would choose TLS_RSA_WITH_AES_128_CBC_SHA); \
             urltrace and browsers need TLS 1.2"
        );
        let probe = LegacyProbe {
            version: Some("TLSv1.0".into()),
            cipher_suite: Some("TLS_RSA_WITH_AES_128_CBC_SHA".into()),
            ..LegacyProbe::default()
        };
        assert_eq!(tls.legacy_probe, Some(probe));
    }
}

#[tokio::test]
async fn a_legacy_server_hello_needs_no_second_question() {
    let address = legacy(server_hello(0x0302, 0xc013), Vec::new()).await;
    let (tls, failure) = shake_err(&any_client(), address, HOST).await;
    assert_eq!(failure.code, FailureCode::LegacyProtocol);
    assert_eq!(
        failure.message,
        "the server speaks only TLS 1.1 (chose TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA); \
         urltrace and browsers need TLS 1.2"
    );
    assert_eq!(tls.legacy_probe, None);
    let seen = tls.alert.unwrap();
    assert_eq!((seen.direction, seen.description.as_str()), (Direction::Sent, "protocol_version"));
}

#[tokio::test]
async fn legacy_suites_are_told_from_a_server_that_failed_once() {
    let address = legacy(alert(40), server_hello(0x0303, 0x009d)).await;
    let (_, failure) = shake_err(&any_client(), address, HOST).await;
    assert_eq!(failure.code, FailureCode::LegacyCipher);
    assert!(failure.message.contains("would choose TLS_RSA_WITH_AES_256_GCM_SHA384"), "{}", failure.message);

    let address = legacy(alert(40), server_hello(0x0303, 0xc02f)).await;
    let (_, failure) = shake_err(&any_client(), address, HOST).await;
    assert_eq!(failure.code, FailureCode::TlsAlert);
    assert!(failure.message.contains("it answers the same ClientHello when"), "{}", failure.message);
}

#[tokio::test]
async fn the_probe_falls_back_for_servers_that_refuse_newer_versions() {
    // Speaks TLS 1.0 only, and refuses a ClientHello that offers more.
    let address = raw(|_, mut tcp| async move {
        let mut hello = vec![0; 4096];
        let count = tcp.read(&mut hello).await.unwrap();
        let offered = offer::read(&hello[..count]).unwrap().versions;
        let old = offered == ["TLSv1.0"];
        let answer = if old { server_hello(0x0301, 0x000a) } else { alert(70) };
        tcp.write_all(&answer).await.unwrap();
        let _ = tcp.read(&mut [0; 64]).await;
    })
    .await;
    let (_, failure) = shake_err(&any_client(), address, HOST).await;
    assert_eq!(failure.code, FailureCode::LegacyProtocol);
    assert!(failure.message.contains("TLS_RSA_WITH_3DES_EDE_CBC_SHA"), "{}", failure.message);
}

#[tokio::test]
async fn a_server_beyond_tls_max_gets_the_hint_to_drop_it() {
    let ca = Authority::root("root");
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    let address = patient(server_config(identity, Speaks::Only13, provider())).await;
    let plan = TlsPlan { max_version: TlsVersion::Tls12, ..plan(&[&ca]) };
    let (_, failure) = shake_err(&client(&plan), address, HOST).await;
    assert_eq!(failure.code, FailureCode::TlsAlert);
    assert!(failure.message.contains("protocol_version"), "{}", failure.message);
    assert!(failure.hint.unwrap().contains("--tls-max"));
}

#[tokio::test]
async fn no_protocol_in_common_is_a_failed_version_negotiation() {
    let ca = Authority::root("root");
    let mut config = server_config(ca.issue(&leaf(&[HOST]), &[]), Speaks::Both, provider());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let address = patient(config).await;
    let client = Client::new(&plan(&[&ca]), VersionChoice::Http2).unwrap();
    let (_, failure) = shake_err(&client, address, HOST).await;
    assert_eq!(failure.code, FailureCode::VersionNotNegotiated);
    assert_eq!(failure.message, "the server speaks none of the protocols offered by ALPN (h2)");
}

pub(super) fn mutual(ca: &Authority, speaks: Speaks) -> ServerConfig {
    let versions: &[&rustls::SupportedProtocolVersion] = match speaks {
        Speaks::Only12 => &[&rustls::version::TLS12],
        _ => &[&rustls::version::TLS13],
    };
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.der()).unwrap();
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider().into());
    let identity = ca.issue(&leaf(&[HOST]), &[]);
    ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(identity.chain, identity.key)
        .unwrap()
}

#[tokio::test]
async fn a_wanted_client_certificate_is_said_in_both_versions() {
    let ca = Authority::root("root");
    let address = patient(mutual(&ca, Speaks::Only12)).await;
    let (tls, failure) = shake_err(&client(&plan(&[&ca])), address, HOST).await;
    assert_eq!(failure.code, FailureCode::ClientCertificateRequired);
    assert!(tls.client_certificate.requested);
    assert!(tls.flights[1].messages.contains(&HandshakeMessage::CertificateRequest), "{:?}", tls.flights);

    // In TLS 1.3 the server says no only after our Finished: on the first read.
    let address = patient(mutual(&ca, Speaks::Only13)).await;
    let (tls, result) = shake(&client(&plan(&[&ca])), address, HOST).await;
    assert!(tls.client_certificate.requested);
    assert!(tls.flights.iter().any(|flight| flight.messages.contains(&HandshakeMessage::CertificateRequest)));
    assert_eq!(tls.flights.last().unwrap().names(), ["ChangeCipherSpec", "Certificate", "Finished"]);
    let error = result.unwrap().read(&mut [0; 16]).await.unwrap_err();
    assert!(
        error.to_string().contains("alert certificate_required: it wants a client certificate"),
        "{error}"
    );
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<crate::alert::AlertReceived>());
    assert_eq!(inner.unwrap().name, "certificate_required");
}

#[tokio::test]
async fn a_host_that_cannot_be_sent_is_refused_before_anything_is() {
    let address = answers(b"").await;
    let (tls, failure) = shake_err(&any_client(), address, "not a name").await;
    assert_eq!(failure.code, FailureCode::InvalidHost);
    assert_eq!(tls.bytes_sent, 0);
}
