//! What a scan makes of servers that have a list, and of those that answer in other ways or not at all.

use super::hostile::{alert, server_hello};
use super::*;
use crate::tls::{Allowance, Target, provider, scan};
use crate::trace::{ScanAnswer, ScanEnd, ScanVersion, SuiteOrder, TlsScan};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn scanned(address: SocketAddr, limit: Duration) -> TlsScan {
    let clock = Clock::start();
    let stop = Stop::after(clock, limit);
    let target = Target { address, sni: Some(HOST) };
    let open = async || TcpStream::connect(address).await.ok();
    let scan = scan(open, target, &clock, &stop, &mut Allowance::new(&clock)).await;
    assert!(scan.took <= limit + Duration::from_secs(1), "{:?}", scan.took);
    assert_eq!(scan.versions.len(), ScanVersion::ALL.len());
    scan
}

const ENOUGH: Duration = Duration::from_secs(30);

/// A server that answers each ClientHello by its bytes.
async fn answering(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> SocketAddr {
    let answer = Arc::new(answer);
    raw(move |_, mut tcp| {
        let answer = Arc::clone(&answer);
        async move {
            let mut hello = vec![0; 8192];
            let count = tcp.read(&mut hello).await.unwrap();
            let bytes = answer(&hello[..count]);
            let _ = tcp.write_all(&bytes).await;
            if !bytes.is_empty() {
                let _ = tcp.read(&mut [0; 64]).await;
            }
        }
    })
    .await
}

fn answers(scan: &TlsScan) -> Vec<&'static str> {
    scan.versions.iter().map(|row| row.answer.as_str()).collect()
}

#[tokio::test]
async fn what_a_rustls_server_has_is_found() {
    let ca = Authority::root("root");
    for (speaks, versions) in [
        (Speaks::Only13, ["taken", "refused", "refused", "refused", "refused"]),
        (Speaks::Only12, ["refused", "taken", "refused", "refused", "refused"]),
    ] {
        let address = patient(server_config(ca.issue(&leaf(&[HOST]), &[]), speaks, provider())).await;
        let scan = scanned(address, ENOUGH).await;
        assert_eq!(answers(&scan), versions);
        assert_eq!(scan.end, ScanEnd::Done);
        let names = |rows: &[crate::trace::Scanned]| -> Vec<String> {
            rows.iter().map(|row| row.name.clone()).collect()
        };
        let mut suites: Vec<&str> = scan.suites.iter().map(|suite| suite.name.as_str()).collect();
        suites.sort_unstable();
        assert_eq!(names(&scan.signature_schemes), ["ecdsa_secp256r1_sha256"]);
        match speaks {
            Speaks::Only13 => {
                let all =
                    ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
                assert_eq!(suites, all);
                assert_eq!(names(&scan.groups), ["X25519MLKEM768", "x25519", "secp384r1", "secp256r1"]);
                assert!(scan.is_complete(), "{:?}", scan.gaps);
                assert!(scan.certificates.is_empty(), "they are encrypted");
            }
            _ => {
                let ecdsa = "TLS_ECDHE_ECDSA_WITH_";
                let all = ["AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"];
                assert_eq!(suites, all.map(|rest| format!("{ecdsa}{rest}")));
                assert_eq!(scan.certificates[0].key_type, "ECDSA P-256");
            }
        }
    }
}

#[tokio::test]
async fn silence_ends_a_scan_and_nothing_is_said_to_be_refused() {
    let address = raw(|_, mut tcp| async move {
        let _ = tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await;
    })
    .await;
    let scan = scanned(address, Duration::from_secs(2)).await;
    assert_eq!(scan.end, ScanEnd::MaxTime);
    assert!(scan.versions.iter().all(|row| row.answer == ScanAnswer::Unasked), "{:?}", scan.versions);
    assert!(!scan.is_complete());
}

#[tokio::test]
async fn nobody_there_is_asked_three_questions() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let scan = scanned(address, ENOUGH).await;
    assert_eq!((scan.end, scan.connections), (ScanEnd::Unanswered, 6));
    assert!(!answers(&scan).contains(&"refused"), "{:?}", answers(&scan));
}

#[tokio::test]
async fn a_connection_that_ends_without_a_word_is_told_from_a_refusal() {
    let scan = scanned(answering(|_| Vec::new()).await, ENOUGH).await;
    assert_eq!(answers(&scan), ["closed"; 5]);
    let scan = scanned(answering(|_| alert(70)).await, ENOUGH).await;
    assert_eq!(answers(&scan), ["refused"; 5]);
    assert_eq!(scan.versions[0].answer, ScanAnswer::Refused("protocol_version".into()));
    // A warning does not end it; here nothing better follows.
    let scan = scanned(answering(|_| vec![21, 3, 3, 0, 2, 1, 40]).await, Duration::from_secs(1)).await;
    assert!(!answers(&scan).contains(&"taken"));
    let scan = scanned(answering(|_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await, ENOUGH).await;
    assert_eq!(scan.end, ScanEnd::Unanswered);
}

#[tokio::test]
async fn a_choice_that_was_not_offered_leaves_a_gap() {
    // It takes whatever comes as TLS 1.2 with one suite, again and again.
    let address = answering(|_| {
        let mut bytes = server_hello(0x0303, 0x009c);
        bytes.extend([22, 3, 3, 0, 4, 14, 0, 0, 0]);
        bytes
    })
    .await;
    let scan = scanned(address, ENOUGH).await;
    assert_eq!(answers(&scan), ["refused", "taken", "refused", "refused", "refused"]);
    assert_eq!(scan.versions[0].answer, ScanAnswer::Refused("it chose TLSv1.2".into()));
    assert_eq!(scan.suites.len(), 1);
    assert_eq!(scan.gaps[0], "suites of TLS 1.2: the server chose one that was not offered");
}

#[tokio::test]
async fn the_order_is_the_servers_or_the_clients_and_endless_answers_are_cut() {
    /// The offered suites of an old-style ClientHello.
    fn offered(hello: &[u8]) -> Vec<u16> {
        let length = usize::from(u16::from_be_bytes([hello[44], hello[45]]));
        hello[46..46 + length].chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
    }
    const OWN: [u16; 3] = [0x003c, 0x009c, 0x0035];
    for order in [SuiteOrder::Server, SuiteOrder::Client] {
        let address = answering(move |hello| {
            if u16::from_be_bytes([hello[9], hello[10]]) != 0x0303
                || hello.windows(4).any(|it| it == [0, 43, 0, 3])
            {
                return alert(70);
            }
            let offered = offered(hello);
            let chosen = match order {
                SuiteOrder::Server => OWN.iter().find(|suite| offered.contains(suite)),
                SuiteOrder::Client => offered.iter().find(|suite| OWN.contains(suite)),
            };
            let Some(suite) = chosen else { return alert(40) };
            let mut bytes = server_hello(0x0303, *suite);
            // Empty records without end follow.
            bytes.extend([22, 3, 3, 0, 0].repeat(10_000));
            bytes
        })
        .await;
        let scan = scanned(address, ENOUGH).await;
        assert_eq!(scan.version(ScanVersion::Tls12).unwrap().order, Some(order));
        let codes: Vec<u16> = scan.suites.iter().map(|suite| suite.code).collect();
        match order {
            SuiteOrder::Server => assert_eq!(codes, OWN),
            SuiteOrder::Client => assert_eq!(codes, [0x009c, 0x003c, 0x0035]),
        }
    }
}
