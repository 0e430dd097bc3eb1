//! Peers that break the protocol midway: a real server behind a relay that cuts, splits or adds, and ServerHellos
//! made by hand. Each ends in a failure by name, in bounded time and memory.

use super::hostile::any_client;
use super::*;
use crate::tls::provider;
use crate::trace::{FailureCode, StageName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;

/// What a relay makes of the server's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// After so many of them, a reset.
    Reset(usize),
    /// After so many of them, the end of the connection.
    End(usize),
    /// After so many of them, silence.
    Silence(usize),
    /// After so many of them, these bytes, for as long as they are taken.
    Flood(usize, &'static [u8]),
    /// After so many of them, these bytes once.
    Once(usize, &'static [u8]),
    /// Plaintext handshake records of one byte each.
    Split,
}

async fn record(server: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let mut record = vec![0; 5];
    server.read_exact(&mut record).await.ok()?;
    record.resize(5 + usize::from(u16::from_be_bytes([record[3], record[4]])), 0);
    server.read_exact(&mut record[5..]).await.ok()?;
    Some(record)
}

/// A relay before the server at `behind`.
async fn relay(behind: SocketAddr, after: After) -> SocketAddr {
    raw(move |_, client| async move {
        let (mut server_in, mut server_out) = connect(behind).await.into_split();
        client.set_nodelay(true).unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let up = tokio::spawn(async move {
            let _ = tokio::io::copy(&mut from_client, &mut server_out).await;
            (from_client, server_out)
        });
        let mut in_plaintext = true;
        for index in 0.. {
            match after {
                After::Reset(count) | After::End(count) if index == count => {
                    up.abort();
                    let _ = up.await;
                    if matches!(after, After::Reset(_)) {
                        let socket = socket2::SockRef::from(to_client.as_ref());
                        socket.set_linger(Some(Duration::ZERO)).unwrap();
                        // Dropped, it would end in good order first.
                        to_client.forget();
                    }
                    return;
                }
                After::Silence(count) if index == count => {
                    let _ = up.await;
                    return;
                }
                After::Flood(count, bytes) if index == count => {
                    while to_client.write_all(bytes).await.is_ok() {}
                    return;
                }
                After::Once(count, bytes) if index == count => {
                    let _ = to_client.write_all(bytes).await;
                }
                _ => {}
            }
            let Some(record) = record(&mut server_in).await else { break };
            in_plaintext &= record[0] == 22;
            let bytes: Vec<u8> = match after {
                After::Split if in_plaintext => {
                    record[5..].iter().flat_map(|byte| [22, 3, 3, 0, 1, *byte]).collect()
                }
                _ => record,
            };
            if to_client.write_all(&bytes).await.is_err() {
                break;
            }
        }
        let _ = up.await;
    })
    .await
}

/// A client, and a server of this version that it trusts.
async fn both(speaks: Speaks) -> (Client, SocketAddr) {
    let ca = Authority::root("root");
    let behind = patient(server_config(ca.issue(&leaf(&[HOST]), &[]), speaks, provider())).await;
    (client(&plan(&[&ca])), behind)
}

/// Records of the server until the client has all that it needs: ServerHello, ChangeCipherSpec and four encrypted
/// ones, or in TLS 1.2 four messages, ChangeCipherSpec and Finished; rustls puts several into one.
async fn records(speaks: Speaks) -> usize {
    let (client, behind) = both(speaks).await;
    for count in 1.. {
        if shake(&client, relay(behind, After::End(count)).await, HOST).await.1.is_ok() {
            return count;
        }
    }
    unreachable!()
}

#[tokio::test]
async fn a_reset_or_an_end_at_every_step_is_named() {
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let all = records(speaks).await;
        assert!(all >= 3, "{all}");
        let (client, behind) = both(speaks).await;
        for step in 0..all {
            for (after, words) in [
                (After::Reset(step), &["reset the connection"][..]),
                (
                    After::End(step),
                    &["closed the connection", "ended the connection", "reset the connection"],
                ),
            ] {
                let (tls, failure) = shake_err(&client, relay(behind, after).await, HOST).await;
                assert_eq!(failure.code, FailureCode::TlsClosed, "{after:?}: {}", failure.message);
                let is_told = words.iter().any(|words| failure.message.contains(words));
                assert!(is_told, "{after:?}: {}", failure.message);
                assert_eq!(tls.version.is_some(), step > 0, "{after:?}");
            }
        }
    }
}

#[tokio::test]
async fn silence_at_every_step_says_what_was_waited_for() {
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let all = records(speaks).await;
        let (mut client, behind) = both(speaks).await;
        client.limit = Duration::from_millis(80);
        for step in 0..all {
            let (tls, failure) = shake_err(&client, relay(behind, After::Silence(step)).await, HOST).await;
            assert_eq!(failure.code, FailureCode::TlsTimeout, "{step}: {}", failure.message);
            assert!(failure.message.contains("within 80 ms: still waiting for"), "{}", failure.message);
            assert_eq!(failure.message.contains("ServerHello"), step == 0, "{}", failure.message);
            assert!(tls.end.since(tls.start) < Duration::from_secs(2));
        }
    }
}

#[tokio::test]
async fn messages_in_records_of_one_byte_are_put_together() {
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let (client, behind) = both(speaks).await;
        let tls = shake_ok(&client, relay(behind, After::Split).await).await;
        assert!(tls.verification.unwrap().faults.is_empty());
        assert!(tls.flights.iter().all(|flight| flight.messages.len() <= 40), "{:?}", tls.flights);
    }
}

#[tokio::test]
async fn floods_end_in_bounded_time_and_memory() {
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let (client, behind) = both(speaks).await;
        for (what, bytes) in [
            ("warnings", &[21, 3, 3, 0, 2, 1, 90][..]),
            ("empty handshake records", &[22, 3, 3, 0, 0]),
            ("empty records of data", &[23, 3, 3, 0, 0]),
            ("ChangeCipherSpec", &[20, 3, 3, 0, 1, 1]),
            ("HelloRequest", &[22, 3, 3, 0, 4, 0, 0, 0, 0]),
            ("heartbeats", &[24, 3, 3, 0, 3, 1, 0, 0]),
        ] {
            for step in [0, 1] {
                let address = relay(behind, After::Flood(step, bytes)).await;
                let (tls, failure) = shake_err(&client, address, HOST).await;
                assert_eq!(failure.stage, StageName::Tls, "{what}: {failure:?}");
                assert!(
                    matches!(failure.code, FailureCode::TlsProtocol | FailureCode::TlsAlert),
                    "{what} after {step}: {failure:?}"
                );
                assert!(tls.bytes_received < 512 * 1024, "{what}: {}", tls.bytes_received);
                assert!(tls.end.since(tls.start) < Duration::from_secs(5), "{what}");
                assert!(tls.flights.iter().all(|flight| flight.messages.len() <= 40), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn what_stands_between_or_behind_the_messages_is_a_protocol_failure() {
    let (client, behind) = both(Speaks::Only12).await;
    for (bytes, code) in [
        // A second ServerHelloDone, a record that is too long, another protocol, an alert.
        (&[22, 3, 3, 0, 4, 14, 0, 0, 0][..], FailureCode::TlsProtocol),
        (&[22, 3, 3, 0x48, 1], FailureCode::TlsProtocol),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", FailureCode::TlsProtocol),
        (&[21, 3, 3, 0, 2, 2, 80], FailureCode::TlsAlert),
    ] {
        let (_, failure) = shake_err(&client, relay(behind, After::Once(1, bytes)).await, HOST).await;
        assert_eq!(failure.code, code, "{bytes:?}: {}", failure.message);
    }
}

#[tokio::test]
async fn garbage_behind_the_handshake_is_no_data() {
    const GARBAGE: &[u8] = &[
        23, 3, 3, 0, 32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
        24, 25, 26, 27, 28, 29, 30, 31, 32,
    ];
    for speaks in [Speaks::Only12, Speaks::Only13] {
        let all = records(speaks).await;
        let (client, behind) = both(speaks).await;
        let (_, result) = shake(&client, relay(behind, After::Once(all, GARBAGE)).await, HOST).await;
        match result {
            // It came together with the last record.
            Err(failure) => assert_eq!(failure.code, FailureCode::TlsProtocol, "{}", failure.message),
            Ok(mut stream) => {
                let error = stream.read(&mut [0; 64]).await.unwrap_err();
                assert!(error.to_string().contains("broken TLS from the server"), "{error}");
            }
        }
    }
}

/// A ServerHello of TLS 1.3 (RFC 8446 §4.1.3); as a HelloRetryRequest it has no share.
fn hello13(random: [u8; 32], session: &[u8], version: u16, suite: u16, share: &[u8]) -> Vec<u8> {
    let mut extensions = vec![0, 43, 0, 2];
    extensions.extend(version.to_be_bytes());
    if !share.is_empty() {
        extensions.extend([0, 51, 0, u8::try_from(share.len()).unwrap()]);
        extensions.extend(share);
    }
    let mut body = vec![3, 3];
    body.extend(random);
    body.push(u8::try_from(session.len()).unwrap());
    body.extend(session);
    body.extend(suite.to_be_bytes());
    body.push(0);
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
    message.extend(body);
    let mut record = vec![22, 3, 3, 0, u8::try_from(message.len()).unwrap()];
    record.extend(message);
    record
}

const RANDOM: [u8; 32] = [9; 32];

/// A share of a group.
fn share(group: u16, length: usize) -> Vec<u8> {
    let mut share = group.to_be_bytes().to_vec();
    share.extend(u16::try_from(length).unwrap().to_be_bytes());
    share.extend(std::iter::repeat_n(9, length));
    share
}

#[tokio::test]
async fn a_choice_that_was_not_offered_is_a_protocol_failure() {
    use crate::tls::record::HELLO_RETRY_RANDOM as RETRY;
    let retry = |group: u16| group.to_be_bytes().to_vec();
    for (what, random, version, suite, share) in [
        ("a version that is none", RANDOM, 0x0305, 0x1301, share(0x001d, 32)),
        ("TLS 1.2 by the extension", RANDOM, 0x0303, 0x1301, share(0x001d, 32)),
        ("a suite that was not offered", RANDOM, 0x0304, 0x1304, share(0x001d, 32)),
        ("a suite of TLS 1.2", RANDOM, 0x0304, 0xc02f, share(0x001d, 32)),
        ("a group that was not offered", RANDOM, 0x0304, 0x1301, share(0x001e, 56)),
        ("a group whose share was not sent", RANDOM, 0x0304, 0x1301, share(0x0018, 97)),
        ("a share that is too short", RANDOM, 0x0304, 0x1301, share(0x001d, 31)),
        (
            "a share of zeros",
            RANDOM,
            0x0304,
            0x1301,
            [share(0x001d, 0)[..2].to_vec(), vec![0, 32], vec![0; 32]].concat(),
        ),
        ("no share", RANDOM, 0x0304, 0x1301, Vec::new()),
        ("a retry for a group that was not offered", RETRY, 0x0304, 0x1301, retry(0x001e)),
        ("a retry for a share that was sent", RETRY, 0x0304, 0x1301, retry(0x001d)),
        ("a retry for nothing", RETRY, 0x0304, 0x1301, Vec::new()),
    ] {
        let (tls, failure) =
            shake_err(&any_client(), by_hand(random, version, suite, share, 1).await, HOST).await;
        assert_eq!(failure.code, FailureCode::TlsProtocol, "{what}: {failure:?}");
        assert_eq!(tls.alert.map(|alert| alert.direction), Some(crate::trace::Direction::Sent), "{what}");
    }
}

#[tokio::test]
async fn a_second_hello_retry_request_is_a_protocol_failure() {
    use crate::tls::record::HELLO_RETRY_RANDOM as RETRY;
    let address = by_hand(RETRY, 0x0304, 0x1301, 0x0018_u16.to_be_bytes().to_vec(), 2).await;
    let (tls, failure) = shake_err(&any_client(), address, HOST).await;
    assert_eq!(failure.code, FailureCode::TlsProtocol, "{failure:?}");
    assert!(tls.hello_retry);
    assert_eq!(tls.round_trips, 2);
}

/// A server that answers so many flights with this ServerHello.
async fn by_hand(random: [u8; 32], version: u16, suite: u16, share: Vec<u8>, times: usize) -> SocketAddr {
    raw(move |_, mut tcp| {
        let share = share.clone();
        async move {
            for _ in 0..times {
                let mut hello = vec![0; 8192];
                let count = tcp.read(&mut hello).await.unwrap();
                // Its session id comes back to it; a ChangeCipherSpec may stand before.
                let hello = if hello[0] == 20 { &hello[6..count] } else { &hello[..count] };
                let Some(session) = hello.get(44..44 + usize::from(hello[43])) else { return };
                let answer = hello13(random, session, version, suite, &share);
                let _ = tcp.write_all(&answer).await;
            }
            let _ = tcp.read(&mut [0; 64]).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_chain_of_a_hundred_certificates_is_read() {
    let ca = Authority::root("root");
    let mut identity = ca.issue(&leaf(&[HOST]), &[]);
    identity.chain.extend(std::iter::repeat_n(identity.chain[0].clone(), 99));
    let address = patient(server_config(identity, Speaks::Both, provider())).await;
    let tls = shake_ok(&client(&plan(&[&ca])), address).await;
    assert_eq!(tls.chain.len(), 100);
}
