//! The stream after the handshake: data, its end, and how ends differ.

use super::*;
use crate::tls::provider;
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn open<F, Fut>(speaks: Speaks, serve: F) -> TlsStream<TcpStream>
where
    F: Fn(ServerStream<TcpStream>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let ca = Authority::root("root");
    let config = server_config(ca.issue(&leaf(&[HOST]), &[]), speaks, provider());
    let address = tls(config, serve).await;
    shake(&client(&plan(&[&ca])), address, HOST).await.1.unwrap()
}

#[tokio::test]
async fn data_goes_both_ways_and_close_notify_is_the_end() {
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let mut stream = open(speaks, |mut stream| async move {
            let mut request = [0; 4];
            stream.read_exact(&mut request).await.unwrap();
            stream.write_all(b"echo ").await.unwrap();
            stream.write_all(&request).await.unwrap();
            stream.shutdown().await.unwrap();
        })
        .await;
        stream.write_all(b"ping").await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "echo ping");
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "the end stays the end");
        assert!(stream.bytes_sent() > 4 && stream.bytes_received() > 9);
    }
}

#[tokio::test]
async fn an_end_without_close_notify_comes_after_the_data_and_is_told_apart() {
    let mut stream = open(Speaks::Both, |mut stream| async move {
        stream.write_all(b"half an answer").await.unwrap();
        stream.flush().await.unwrap();
        let (mut tcp, _) = stream.into_inner();
        tcp.shutdown().await.unwrap();
    })
    .await;
    let mut answer = Vec::new();
    let error = stream.read_to_end(&mut answer).await.unwrap_err();
    assert_eq!(answer, b"half an answer");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn data_before_a_broken_record_is_handed_out_first() {
    let mut stream = open(Speaks::Both, |mut stream| async move {
        stream.write_all(b"good").await.unwrap();
        stream.flush().await.unwrap();
        let (mut tcp, _) = stream.into_inner();
        tcp.write_all(&[23, 3, 3, 0, 32]).await.unwrap();
        tcp.write_all(&[0xaa; 32]).await.unwrap();
        let _ = tcp.read(&mut [0; 64]).await;
    })
    .await;
    let mut answer = Vec::new();
    let error = stream.read_to_end(&mut answer).await.unwrap_err();
    assert_eq!(answer, b"good");
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().contains("broken TLS from the server"), "{error}");
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::InvalidData);
}

#[tokio::test]
async fn megabytes_pass_with_reader_and_writer_in_one_task() {
    const SIZE: usize = 3 << 20;
    let stream = open(Speaks::Both, |stream| async move {
        let (mut read, mut write) = tokio::io::split(stream);
        let _ = tokio::io::copy(&mut read, &mut write).await;
        let _ = write.shutdown().await;
    })
    .await;
    let (mut read, mut write) = tokio::io::split(stream);
    let send = async {
        let data: Vec<u8> = (0..SIZE).map(|i| (i % 251) as u8).collect();
        write.write_all(&data).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let receive = async {
        let mut data = Vec::new();
        read.read_to_end(&mut data).await.unwrap();
        data
    };
    let ((), data) = tokio::join!(send, receive);
    assert_eq!(data.len(), SIZE);
    assert!(data.iter().enumerate().all(|(i, byte)| *byte == (i % 251) as u8));
}

#[tokio::test]
async fn data_sent_together_with_the_servers_finished_is_not_lost() {
    // A TLS 1.3 server may send data before it has our Finished (HTTP/2 SETTINGS, mostly).
    let ca = Authority::root("root");
    let mut config = server_config(ca.issue(&leaf(&[HOST]), &[]), Speaks::Only13, provider());
    config.send_half_rtt_data = true;
    let config = Arc::new(config);
    let address = raw(move |_, mut tcp| {
        let config = Arc::clone(&config);
        async move {
            let mut server = rustls::ServerConnection::new(config).unwrap();
            let mut hello = vec![0; 4096];
            let count = tcp.read(&mut hello).await.unwrap();
            server.read_tls(&mut &hello[..count]).unwrap();
            server.process_new_packets().unwrap();
            std::io::Write::write_all(&mut server.writer(), b"early").unwrap();
            let mut out = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut out).unwrap();
            }
            tcp.write_all(&out).await.unwrap();
            let _ = tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await;
        }
    })
    .await;
    let (tls, stream) = shake(&client(&plan(&[&ca])), address, HOST).await;
    let mut early = [0; 5];
    stream.unwrap().read_exact(&mut early).await.unwrap();
    assert_eq!(&early, b"early");
    let received: usize = tls.flights[1..tls.flights.len() - 1].iter().map(|flight| flight.bytes).sum();
    assert!((received as u64) < tls.bytes_received, "early data is no part of the flight");
}
