//! Handshakes over what is no socket: TLS inside TLS, as through an https proxy, and narrow pipes.

use super::*;
use crate::stream::Stream;
use crate::timestamp::Stamped;
use crate::tls::provider;
use crate::trace::FailureCode;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

const PROXY: &str = "proxy.example.test";
/// How long the proxy holds back what the server says first.
const DELAY: Duration = Duration::from_millis(30);

/// A TLS server that passes everything on to `behind`, and waits a bit before it first answers.
async fn proxy(config: ServerConfig, behind: SocketAddr) -> SocketAddr {
    tls(config, move |mut client| async move {
        let mut server = TcpStream::connect(behind).await.unwrap();
        server.set_nodelay(true).unwrap();
        let mut hello = vec![0; 4096];
        let count = client.read(&mut hello).await.unwrap();
        server.write_all(&hello[..count]).await.unwrap();
        tokio::time::sleep(DELAY).await; // the injected delay of the tunnel
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    })
    .await
}

/// A TLS server that sends back what it gets.
async fn echo(config: ServerConfig) -> SocketAddr {
    tls(config, |stream| async move {
        let (mut read, mut write) = tokio::io::split(stream);
        let _ = tokio::io::copy(&mut read, &mut write).await;
        let _ = write.shutdown().await;
    })
    .await
}

async fn over<S: AsyncRead + AsyncWrite + Stamped + Unpin>(
    client: &Client,
    carrier: S,
    host: &str,
) -> (Tls, Result<TlsStream<S>, Failure>) {
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(30));
    let (tls, result) = client.handshake(carrier, Peer { host, address: None }, &clock, &stop).await;
    check_times(&tls);
    (tls, result)
}

/// The end of a tunnel to `behind`, through a proxy that is spoken to over TLS.
async fn tunnel(ca: &Authority, client: &Client, behind: SocketAddr) -> Stream {
    let address =
        proxy(server_config(ca.issue(&leaf(&[PROXY]), &[]), Speaks::Both, provider()), behind).await;
    let (_, outer) = over(client, Stream::from(connect(address).await), PROXY).await;
    Stream::Tls(Box::new(outer.unwrap()))
}

/// Megabytes there and back, with reader and writer in one task.
async fn echoes<S: AsyncRead + AsyncWrite + Unpin>(stream: S, size: usize) {
    let (mut read, mut write) = tokio::io::split(stream);
    let data: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
    let send = async {
        write.write_all(&data).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let receive = async {
        let mut data = Vec::new();
        read.read_to_end(&mut data).await.unwrap();
        data
    };
    let ((), received) = tokio::join!(send, receive);
    assert!(received == data, "{} of {size} bytes came back", received.len());
}

#[tokio::test]
async fn a_handshake_inside_another_connections_tls_has_its_own_record_and_stamps() {
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let ca = Authority::root("root");
        let client = client(&plan(&[&ca]));
        let behind = echo(server_config(ca.issue(&leaf(&[HOST]), &[]), speaks, provider())).await;
        let carrier = tunnel(&ca, &client, behind).await;
        let (tls, stream) = over(&client, carrier, HOST).await;
        let stream = stream.unwrap();
        assert_eq!(tls.sni.as_deref(), Some(HOST));
        assert_eq!(tls.chain[0].names, [HOST]);
        assert!(tls.verification.as_ref().unwrap().faults.is_empty());
        let waited = tls.flights[1].start.since(tls.flights[0].end);
        assert!(waited >= DELAY, "the delay of the tunnel is the server's: {waited:?}");
        assert_eq!(tls.round_trips, if matches!(speaks, Speaks::Only13) { 1 } else { 2 });
        // One record or more of the tunnel for each of ours.
        let Stream::Tls(outer) = stream.carrier() else { panic!("a tunnel") };
        assert!(outer.bytes_sent() > tls.bytes_sent && outer.bytes_received() > tls.bytes_received);
        echoes(stream, 3 << 20).await;
    }
}

#[tokio::test]
async fn a_fault_at_the_end_of_a_tunnel_is_told_without_a_second_connection() {
    let ca = Authority::root("root");
    let client = client(&plan(&[&ca]));
    let behind = raw(|_, tcp| async move { drop(tcp) }).await;
    let (tls, result) = over(&client, tunnel(&ca, &client, behind).await, HOST).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.code, FailureCode::TlsClosed);
    assert!(failure.message.starts_with("the server closed the connection"), "{}", failure.message);
    assert_eq!(tls.legacy_probe, None);
    let wrong = echo(server_config(self_signed(&leaf(&[HOST])), Speaks::Both, provider())).await;
    let (tls, result) = over(&client, tunnel(&ca, &client, wrong).await, HOST).await;
    assert_eq!(result.unwrap_err().code, FailureCode::CertificateSelfSigned);
    assert!(tls.alert.is_some());
}

#[tokio::test]
async fn a_pipe_of_a_few_bytes_carries_handshake_and_data() {
    let ca = Authority::root("root");
    let client = client(&plan(&[&ca]));
    let config = Arc::new(server_config(ca.issue(&leaf(&[HOST]), &[]), Speaks::Both, provider()));
    for room in [1, 7, 64, 16 * 1024] {
        let (near, far) = tokio::io::duplex(room);
        let acceptor = TlsAcceptor::from(Arc::clone(&config));
        tokio::spawn(async move {
            let (mut read, mut write) = tokio::io::split(acceptor.accept(far).await.unwrap());
            let _ = tokio::io::copy(&mut read, &mut write).await;
            let _ = write.shutdown().await;
        });
        let (tls, stream) = over(&client, near, HOST).await;
        assert_eq!(tls.round_trips, 1);
        echoes(stream.unwrap(), 40_000).await;
    }
}
