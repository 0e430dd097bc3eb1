//! The web servers, asked by clients made of tokio-rustls and hand-written requests, and by h2.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use compression_codecs::core::util::{PartialBuffer, WriteBuffer};
use compression_codecs::{DecodeV2, GzipDecoder};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::ca::provider;
use super::sites::SITES;
use crate::clock::Stopwatch;
use crate::lab::scenario::{
    DRIP_PAUSE, DRIP_PIECES, EARLY_HINTS, EVERY_STAGE_PAUSE, EVERY_STAGE_PIECES, EVERY_STAGE_TLS,
    EVERY_STAGE_WAIT, SLOW_FIRST_BYTE, SLOW_TLS,
};
use crate::lab::scenarios::SCENARIOS;
use crate::lab::{Lab, shared_lab};

const H1: &[&[u8]] = &[b"http/1.1"];
const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // No test waits for anything that takes longer; a server that hangs fails here.
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), test).await }).unwrap()
}

fn address(host: &str) -> IpAddr {
    SITES.iter().find(|site| site.host == host).unwrap().address()
}

async fn plain(lab: &Lab, host: &str) -> TcpStream {
    TcpStream::connect(SocketAddr::new(address(host), lab.ports().http)).await.unwrap()
}

async fn secure(lab: &Lab, host: &str, alpn: &[&[u8]]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(lab.root_certificate().to_vec())).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    let tcp = TcpStream::connect(SocketAddr::new(address(host), lab.ports().https)).await?;
    let name = ServerName::try_from(host.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

async fn request<S: AsyncWrite + Unpin>(stream: &mut S, host: &str, path: &str, more: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

/// Everything until the server closes, as head and body.
async fn response<S: AsyncRead + Unpin>(stream: &mut S) -> (String, Vec<u8>) {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let head_end =
        |from: usize| from + all[from..].windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let mut end = head_end(0);
    if all.starts_with(b"HTTP/1.1 103") {
        end = head_end(end);
    }
    (String::from_utf8(all[..end].to_vec()).unwrap(), all[end..].to_vec())
}

async fn get(lab: &Lab, host: &str, path: &str, more: &str) -> (String, Vec<u8>) {
    let mut stream = secure(lab, host, H1).await.unwrap();
    request(&mut stream, host, path, more).await;
    response(&mut stream).await
}

#[test]
fn every_scenario_that_ends_in_a_status_does_so_over_both_versions() {
    let lab = shared_lab();
    run(async {
        for scenario in SCENARIOS.iter().filter(|scenario| scenario.expect.outcome == "ok") {
            // The status at the end of redirects is another's, that of a preflight is no page's, a stream has no end,
            // and nobody shows a certificate here.
            let other =
                scenario.options.iter().any(|option| matches!(*option, "-L" | "--cert" | "-X" | "-m"));
            if other || !scenario.url.starts_with("https://") {
                continue;
            }
            let host = &scenario.host()[..];
            let status = scenario.expect.status.unwrap();
            let (head, body) = get(lab, host, "/", "").await;
            let start = head.rsplit_once("HTTP/1.1 ").unwrap().1;
            assert!(start.starts_with(&status.to_string()), "{host}: {head}");
            // Interfaces for programs have no page.
            let page = |body: &[u8]| {
                start.contains("json")
                    || [&b"<!doctype html>"[..], b"<title>Quirks"].iter().any(|it| body.starts_with(it))
            };
            for field in ["server: urltrace-lab\r\n", "date: ", " GMT\r\n", "content-type: "] {
                assert!(start.contains(field), "{host}: {head}");
            }
            assert!(page(&body) || start.contains("chunked"), "{host}");

            let stream = secure(lab, host, BOTH).await.unwrap();
            let is_old = [
                "http1-only",
                "compare-http-missing",
                "not-kept",
                "few-requests",
                "page-queue",
                "page-pooled",
            ];
            if is_old.contains(&scenario.id) {
                assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
                continue;
            }
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]), "{host}");
            if scenario.id == "wants-http1" {
                // It refuses there what it answers by HTTP/1.1: that is held by `kept` of the program's tests.
                continue;
            }
            let (head, body) = h2_get(stream, host).await;
            assert_eq!(head.status, status, "{host}");
            assert!(head.headers.contains_key("date"));
            assert!(page(&body), "{host}");
        }
    });
}

async fn h2_get<S>(stream: S, host: &str) -> (http::response::Parts, Vec<u8>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let local = tokio::task::LocalSet::new();
    let uri = format!("https://{host}/");
    local
        .run_until(async move {
            let (client, connection) = h2::client::handshake(stream).await.unwrap();
            tokio::task::spawn_local(connection);
            let mut client = client.ready().await.unwrap();
            let request = http::Request::get(uri).body(()).unwrap();
            let (response, _) = client.send_request(request, true).unwrap();
            let (head, mut body) = response.await.unwrap().into_parts();
            let mut all = Vec::new();
            while let Some(data) = body.data().await {
                all.extend_from_slice(&data.unwrap());
            }
            (head, all)
        })
        .await
}

#[test]
fn redirects_lead_from_http_to_www() {
    let lab = shared_lab();
    run(async {
        let mut stream = plain(lab, "shop.test").await;
        request(&mut stream, "shop.test", "/", "").await;
        let (head, _) = response(&mut stream).await;
        assert!(head.contains(" 301 ") && head.contains("location: https://shop.test/\r\n"), "{head}");
        let (head, _) = get(lab, "shop.test", "/", "").await;
        assert!(head.contains(" 301 ") && head.contains("location: https://www.shop.test/\r\n"), "{head}");
        assert!(get(lab, "www.shop.test", "/", "").await.0.contains(" 200 "));
    });
}

#[test]
fn statuses_say_when_to_come_back() {
    let lab = shared_lab();
    run(async {
        assert!(get(lab, "rate-limited.http.test", "/", "").await.0.contains("retry-after: 30\r\n"));
        assert!(get(lab, "unavailable.http.test", "/", "").await.0.contains("retry-after: 120\r\n"));
        assert!(get(lab, "www.example.test", "/nothing", "").await.0.contains(" 404 "));
    });
}

#[test]
fn gzip_comes_when_asked_for() {
    let lab = shared_lab();
    run(async {
        let (head, whole) = get(lab, "gzip.http.test", "/", "").await;
        assert!(head.contains("vary: accept-encoding") && !head.contains("content-encoding"));
        let (head, small) = get(lab, "gzip.http.test", "/", "accept-encoding: br, gzip\r\n").await;
        assert!(head.contains("content-encoding: gzip\r\n"));
        let mut decoded = vec![0; whole.len() + 1];
        let (mut input, mut room) =
            (PartialBuffer::new(&small[..]), WriteBuffer::new_initialized(&mut decoded));
        assert!(GzipDecoder::new().decode(&mut input, &mut room).unwrap());
        assert_eq!(room.written(), whole);
        assert!(small.len() < whole.len() / 2);
    });
}

#[test]
fn certificates_are_spoilt_as_said_and_otherwise_good() {
    let lab = shared_lab();
    let fault = |host: &str| {
        let error = run(secure(lab, host, BOTH)).unwrap_err();
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(error)) => error.clone(),
            other => panic!("{host}: {other:?}"),
        }
    };
    let expired = fault("expired.tls.test");
    assert!(matches!(expired, CertificateError::ExpiredContext { .. }), "{expired:?}");
    let early = fault("not-yet-valid.tls.test");
    assert!(matches!(early, CertificateError::NotValidYetContext { .. }), "{early:?}");
    let other = fault("wrong-host.tls.test");
    assert!(matches!(other, CertificateError::NotValidForNameContext { .. }), "{other:?}");
    for host in ["self-signed.tls.test", "missing-intermediate.tls.test", "unknown-issuer.tls.test"] {
        assert_eq!(fault(host), CertificateError::UnknownIssuer, "{host}");
    }
    let chain = |host| {
        let stream = run(secure(lab, host, BOTH)).unwrap();
        let session = stream.get_ref().1;
        (session.peer_certificates().unwrap().to_vec(), session.protocol_version().unwrap())
    };
    let (certificates, version) = chain("www.example.test");
    assert_eq!((certificates.len(), version), (2, rustls::ProtocolVersion::TLSv1_3));
    assert_eq!(chain("tls12-only.tls.test").1, rustls::ProtocolVersion::TLSv1_2);
    let (_, leaf) = x509_parser::parse_x509_certificate(&certificates[0]).unwrap();
    assert_eq!(leaf.subject().to_string(), "CN=www.example.test");
    assert_eq!(leaf.issuer().to_string(), "O=urltrace lab, CN=urltrace lab intermediate CA");
    // The intermediate can be fetched where the leaf says.
    let fetched = run(async {
        let mut stream = plain(lab, "ca.tls.test").await;
        request(&mut stream, "ca.tls.test", "/intermediate.der", "").await;
        response(&mut stream).await
    });
    assert!(fetched.0.contains("content-type: application/pkix-cert\r\n"));
    assert_eq!(fetched.1, certificates[1].as_ref());
    let access = leaf.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        x509_parser::extensions::ParsedExtension::AuthorityInfoAccess(access) => Some(access),
        _ => None,
    });
    let [description] = access.unwrap().accessdescs.as_slice() else { panic!("{access:?}") };
    assert!(description.access_location.to_string().contains(super::ca::INTERMEDIATE_URL));
}

#[test]
fn bad_peers_are_bad() {
    let lab = shared_lab();
    run(async {
        let all = async |host: &str| {
            let mut stream = plain(lab, host).await;
            request(&mut stream, host, "/", "").await;
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.unwrap();
            all
        };
        assert!(all("not-http.http.test").await.starts_with(b"SSH-2.0-"));
        assert_eq!(all("empty-response.http.test").await, b"");
        let early = all("closed-early.http.test").await;
        let text = String::from_utf8(early).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("content-length: 10000") && body.len() == 4000, "{head}");

        let mut endless = plain(lab, "endless-headers.http.test").await;
        request(&mut endless, "endless-headers.http.test", "/", "").await;
        let mut start = vec![0; 300 * 1024];
        endless.read_exact(&mut start).await.unwrap();
        assert!(!start.windows(4).any(|four| four == b"\r\n\r\n"), "the head ended");
        let fields = start[..256 * 1024].windows(2).filter(|two| two == b"\r\n").count();
        assert!(fields < 1000, "the limit of fields would be reached first: {fields}");

        let mut silent = plain(lab, "no-answer-http.http.test").await;
        request(&mut silent, "no-answer-http.http.test", "/", "").await;
        let waited = tokio::time::timeout(Duration::from_millis(100), silent.read_u8()).await;
        assert!(waited.is_err(), "{waited:?}");
    });
}

#[test]
fn the_legacy_server_answers_old_hellos_only() {
    let lab = shared_lab();
    let error = run(secure(lab, "legacy-tls.tls.test", BOTH)).unwrap_err();
    let alert = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let version = rustls::AlertDescription::ProtocolVersion;
    assert_eq!(alert, Some(&rustls::Error::AlertReceived(version)));
    run(async {
        let mut hello = vec![0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 1];
        hello.extend([9; 32]);
        hello.extend([0, 0, 2, 0x00, 0x2f, 1, 0]);
        let address = SocketAddr::new(address("legacy-tls.tls.test"), lab.ports().https);
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&hello).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await.unwrap();
        assert_eq!(reply[..3], [0x16, 3, 1], "a handshake record");
        assert_eq!((reply[5], &reply[9..11]), (2, &[3, 1][..]), "a ServerHello of TLS 1.0");
    });
}

/// The most that is taken for an injected delay: hardly more.
fn most(injected: Duration) -> Duration {
    injected + Duration::from_millis(2).max(injected / 20)
}

/// The best of five tries, and of as many more as it takes to be `enough`, for ten seconds: a busy machine
/// can only add to a delay, and other tests keep the lab busy for a while at a time.
async fn best<const N: usize>(
    enough: [Duration; N],
    mut measure: impl AsyncFnMut() -> [Duration; N],
) -> [Duration; N] {
    let (all, mut best, mut tries) = (Stopwatch::start(), [Duration::MAX; N], 0);
    let is_enough = |best: &[Duration; N]| best.iter().zip(&enough).all(|(best, enough)| best <= enough);
    while tries < 5 || !is_enough(&best) && all.elapsed() < Duration::from_secs(10) {
        let measured = measure().await;
        best = std::array::from_fn(|index| best[index].min(measured[index]));
        tries += 1;
    }
    best
}

#[test]
fn delays_are_what_they_are_said_to_be() {
    let lab = shared_lab();
    run(async {
        for (host, delay) in [("slow-tls.tls.test", SLOW_TLS), ("www.every-stage.test", EVERY_STAGE_TLS)] {
            let handshake = async |host| {
                let watch = Stopwatch::start();
                secure(lab, host, BOTH).await.unwrap();
                [watch.elapsed()]
            };
            // A handshake also costs what it costs without a delay. That is not taken off what was
            // measured: where it is high by chance, the rest would be too little.
            let [without] = best([Duration::MAX], async || handshake("www.example.test").await).await;
            let most = most(delay) + without;
            let [measured] = best([most], async || handshake(host).await).await;
            assert!((delay..=most).contains(&measured), "{host}: {measured:?}, {without:?} without");
        }
        // From the request to the first byte of anything, and to the last of everything. Both from
        // the request: a client that is kept waiting itself stamps late, never early.
        for (host, first, last) in [
            ("www.example.test", Duration::ZERO, Duration::ZERO),
            ("slow-first-byte.http.test", SLOW_FIRST_BYTE, SLOW_FIRST_BYTE),
            ("early-hints.http.test", Duration::ZERO, EARLY_HINTS),
            ("drip-body.http.test", Duration::ZERO, DRIP_PAUSE * DRIP_PIECES),
            (
                "www.every-stage.test",
                EVERY_STAGE_WAIT,
                EVERY_STAGE_WAIT + EVERY_STAGE_PAUSE * EVERY_STAGE_PIECES,
            ),
        ] {
            let [best_first, best_last] = best([most(first), most(last)], async || {
                let mut stream = secure(lab, host, H1).await.unwrap();
                let watch = Stopwatch::start();
                request(&mut stream, host, "/", "").await;
                stream.read_u8().await.unwrap();
                let first = watch.elapsed();
                // The close after the body is in it too, and costs hardly anything.
                stream.read_to_end(&mut Vec::new()).await.unwrap();
                [first, watch.elapsed()]
            })
            .await;
            for (what, best, delay) in [("first", best_first, first), ("last", best_last, last)] {
                assert!((delay..=most(delay)).contains(&best), "{host}: {what} byte after {best:?}");
            }
        }
    });
}

#[test]
fn http2_in_the_clear_and_several_requests_on_one_connection_work() {
    let lab = shared_lab();
    run(async {
        let (head, _) = h2_get(plain(lab, "www.example.test").await, "www.example.test").await;
        assert_eq!(head.status, 301);
        let mut stream = plain(lab, "ca.tls.test").await;
        // Two at once, the first with a body that must not be taken for a request.
        let both = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 16\r\n\r\nGET / HTTP/1.1\r\n\
            HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(both).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        let text = String::from_utf8(all).unwrap();
        assert_eq!(text.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{text}");
        assert_eq!(text.matches("<!doctype html>").count(), 1, "HEAD has no body");
        assert!(text.ends_with("\r\n\r\n"));
    });
}

#[test]
fn hostile_clients_do_no_harm() {
    let lab = shared_lab();
    let noise: Vec<u8> = (0..80_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let tls_like = [&[0x16, 3, 1, 0xff, 0xff][..], &noise].concat();
    let hello_like = [&[0x16, 3, 1, 0, 200, 1, 0, 0, 196][..], &noise].concat();
    let preface_like = [super::http2::PREFACE, &noise].concat();
    let head_like = [b"GET / HTTP/1.1\r\n", vec![b'a'; 80_000].as_slice()].concat();
    let inputs: [&[u8]; 7] = [b"", b"\r\n\r\n", &noise, &tls_like, &hello_like, &preface_like, &head_like];
    run(async {
        for site in SITES {
            let listening =
                [(lab.ports().http, site.plain.is_some()), (lab.ports().https, site.secure.is_some())];
            for (port, _) in listening.into_iter().filter(|(_, listens)| *listens) {
                for input in inputs {
                    let mut stream = TcpStream::connect(SocketAddr::new(site.address(), port)).await.unwrap();
                    // The server may close before it has read it all.
                    let _ = stream.write_all(input).await;
                }
            }
        }
        // A stream reset before its body was sent, and again.
        let stream = secure(lab, "drip-body.http.test", BOTH).await.unwrap();
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async move {
                let (client, connection) = h2::client::handshake(stream).await.unwrap();
                tokio::task::spawn_local(connection);
                let mut client: h2::client::SendRequest<Bytes> = client.ready().await.unwrap();
                for _ in 0..5 {
                    let request = http::Request::get("https://drip-body.http.test/").body(()).unwrap();
                    let (response, mut sender) = client.send_request(request, true).unwrap();
                    sender.send_reset(h2::Reason::CANCEL);
                    drop(response);
                    client = client.ready().await.unwrap();
                }
            })
            .await;
        assert!(get(lab, "www.example.test", "/", "").await.0.contains(" 200 "));
    });
}
