//! HTTP/3 with servers that are scripted stream by stream.

use std::sync::Arc;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, RecvStream, SendStream};

use super::*;
use crate::http::streams::{DATA, HEADERS, frame, opening};
use crate::http::{Session, qpack};
use crate::plan::{TcpPlan, TlsPlan, VersionChoice, Wanted};
use crate::quic::{self, Dialled};
use crate::tcp::{self, Turn};
use crate::tls;
use crate::trace::{
    At, BodyFraming, EndpointSource, ExpectOutcome, FailureCode, HttpVersion, StageName, Unanswered,
};

/// A server that does this with each request's stream, and what it begins its connection with.
async fn serve3<F>(
    begin: Vec<u8>,
    script: impl Fn(Connection, SendStream) -> F + Send + Sync + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let script = Arc::new(script);
    serve_both(begin, quinn::TransportConfig::default(), move |connection, send, mut receive| {
        let script = Arc::clone(&script);
        async move {
            let _ = receive.read_to_end(1 << 20).await;
            script(connection, send).await;
        }
    })
    .await
}

/// The same with both directions of each stream.
async fn serve_both<F>(
    begin: Vec<u8>,
    transport: quinn::TransportConfig,
    script: impl Fn(Connection, SendStream, RecvStream) -> F + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(tls::provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![key.cert.der().clone()],
            rustls::pki_types::PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()).into(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h3".to_vec()];
    let crypto = Arc::new(QuicServerConfig::try_from(config).unwrap());
    let mut config = quinn::ServerConfig::with_crypto(crypto);
    config.transport_config(Arc::new(transport));
    let endpoint = Endpoint::server(config, ([127, 0, 0, 1], 0).into()).unwrap();
    let address = endpoint.local_addr().unwrap();
    tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            let Ok(connection) = incoming.await else { continue };
            let mut control = connection.open_uni().await.unwrap();
            let _ = control.write_all(&begin).await;
            while let Ok((send, receive)) = connection.accept_bi().await {
                tokio::spawn(script(connection.clone(), send, receive));
            }
        }
    });
    address
}

async fn session(address: SocketAddr, clock: &Clock) -> Session {
    let plan = TlsPlan { insecure: true, ..TlsPlan::default() };
    let client = tls::Client::new(&plan, VersionChoice::Http3Only).unwrap();
    let (tcp, stop) = (TcpPlan::default(), Stop::after(*clock, Duration::from_secs(20)));
    let endpoint = tcp::Endpoint {
        addresses: vec![address.ip()],
        port: address.port(),
        source: EndpointSource::Host,
        turn: Turn::Next,
    };
    let queue = tcp::line_up(&[endpoint], &tcp);
    let target = quic::Target { queue: &queue, found: 1, host: "localhost", tls: &client };
    let Dialled { result, .. } = quic::connect(target, &tcp, clock, &stop).await;
    Session::over_quic(result.unwrap_or_else(|failure| panic!("{}", failure.message)))
}

async fn get3(address: SocketAddr, plan: &HttpPlan) -> (Http, Result<Option<Session>, Failure>) {
    get3_within(address, plan, Duration::from_secs(5)).await
}

async fn get3_within(
    address: SocketAddr,
    plan: &HttpPlan,
    limit: Duration,
) -> (Http, Result<Option<Session>, Failure>) {
    let clock = Clock::start();
    let session = session(address, &clock).await;
    let stop = Stop::after(clock, clock.now().since(At(0)) + limit);
    let (url, ask) = (url("https://localhost/a?b"), ask("GET", None));
    fetch(session, &url, &ask, plan, &clock, &stop).await
}

fn head(fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, &qpack::encode(fields.iter().map(|(name, value)| (*name, value.as_bytes()))))
}

async fn write(send: &mut SendStream, bytes: &[u8]) {
    let _ = send.write_all(bytes).await;
}

#[test]
fn a_response_is_read_in_wire_order_with_its_interim_one_and_its_trailers() {
    local(async {
        let delays = Delays::default();
        let put_in = delays.clone();
        let address = serve3(opening(1 << 16), move |_, mut send| {
            let delays = put_in.clone();
            async move {
                write(&mut send, &head(&[(":status", "103"), ("link", "</a>")])).await;
                delays.sleep().await; // an injected delay, measured
                // A frame of a type that nobody knows is passed over.
                write(&mut send, &frame(0x21, b"grease")).await;
                write(&mut send, &head(&[(":status", "200"), ("b", "1"), ("a", "2"), ("b", "3")])).await;
                write(&mut send, &frame(DATA, b"hello ")).await;
                delays.sleep().await; // an injected delay, measured
                write(&mut send, &frame(DATA, b"world")).await;
                write(&mut send, &head(&[("x-sum", "9")])).await;
                let _ = send.finish();
                let _ = send.stopped().await;
            }
        })
        .await;
        let (http, result) = get3(address, &HttpPlan::default()).await;
        assert!(result.unwrap().is_some(), "it can carry another");
        assert_eq!((http.status, http.version), (Some(200), HttpVersion::Http3));
        let names: Vec<_> =
            http.headers.iter().map(|field| format!("{}={}", field.name, field.text())).collect();
        assert_eq!(names, ["b=1", "a=2", "b=3"]);
        assert_eq!((http.informational[0].status, &http.trailers[0].name[..]), (103, "x-sum"));
        assert_eq!((http.body.encoded_bytes, http.body.wire_bytes, http.body.complete), (11, 15, true));
        assert_eq!(http.body.framing, BodyFraming::Http3);
        let (sent, first) = (http.sent.unwrap(), http.first_byte.unwrap());
        assert!(http.start <= sent && sent <= http.informational[0].at);
        delays.assert_found(0, first.since(http.informational[0].at));
        delays.assert_found(1, http.end.since(first));
        assert_eq!(http.request.target, "/a?b");
    });
}

#[test]
fn every_bad_answer_has_its_name() {
    local(async {
        let ok = head(&[(":status", "200")]);
        let sized = head(&[(":status", "200"), ("content-length", "9")]);
        let cut = |bytes: &[u8]| [bytes, &[0, 9, b'a', b'b']].concat();
        let table: Vec<(&str, Vec<u8>, FailureCode, &str)> = vec![
            ("nothing", vec![], FailureCode::Http3Protocol, "ended the stream without a response"),
            ("DATA first", frame(DATA, b"x"), FailureCode::Http3Protocol, "DATA before the HEADERS"),
            (
                "SETTINGS",
                frame(4, b""),
                FailureCode::Http3Protocol,
                "a frame SETTINGS on the stream of a request",
            ),
            (
                "no QPACK",
                frame(HEADERS, &[0, 0, 0xff, 0x7f]),
                FailureCode::Http3Protocol,
                "cannot be unpacked (QPACK) (RFC 9204 section 4.5)",
            ),
            (
                "QPACK's table",
                frame(HEADERS, &[0, 0, 0x80]),
                FailureCode::Http3Protocol,
                "dynamic table, which was given no room",
            ),
            (
                "two lengths",
                head(&[(":status", "200"), ("content-length", "1"), ("content-length", "2")]),
                FailureCode::Http3Protocol,
                "two lengths that disagree",
            ),
            ("no status", head(&[("a", "b")]), FailureCode::Http3Protocol, ":status"),
            ("large", vec![1, 0xc0, 0, 0, 1, 0, 0, 0, 0], FailureCode::HeadersTooLarge, "larger than 256 kB"),
            (
                "cut head",
                ok[..ok.len() - 1].to_vec(),
                FailureCode::HeadIncomplete,
                "inside the response head, after",
            ),
            ("cut body", cut(&ok), FailureCode::BodyIncomplete, "ended the stream inside the body: 2 B came"),
            (
                "short",
                [sized, frame(DATA, b"abc")].concat(),
                FailureCode::BadFraming,
                "says 9 bytes and 3 came",
            ),
            (
                "upper case",
                head(&[(":status", "200"), ("Connection", "close")]),
                FailureCode::Http3Protocol,
                "RFC 9114 section 4.2",
            ),
            (
                "endless interim",
                head(&[(":status", "102")]).repeat(1001),
                FailureCode::TooManyInformational,
                "more than 1000 interim responses",
            ),
            (
                "behind the trailers",
                [ok.clone(), head(&[("x", "1")]), frame(DATA, b"x")].concat(),
                FailureCode::Http3Protocol,
                "DATA behind the trailers",
            ),
        ];
        for (name, bytes, code, words) in table {
            let address = serve3(opening(1 << 16), move |_, mut send| {
                let bytes = bytes.clone();
                async move {
                    write(&mut send, &bytes).await;
                    let _ = send.finish();
                    let _ = send.stopped().await;
                }
            })
            .await;
            let (_, result) = get3(address, &HttpPlan::default()).await;
            let failure = result.err().unwrap_or_else(|| panic!("{name} passed"));
            assert_eq!((failure.stage, failure.code), (StageName::Http, code), "{name}: {}", failure.message);
            assert!(failure.message.contains(words), "{name}: {}", failure.message);
        }
    });
}

#[test]
fn the_end_of_a_stream_and_of_a_connection_are_told_apart() {
    local(async {
        let refused = serve3(opening(1 << 16), |_, mut send| async move {
            let _ = send.reset(0x10b_u32.into());
        });
        let closed = serve3(opening(1 << 16), |connection, send| async move {
            connection.close(0x102_u32.into(), b"out of order");
            drop(send);
        });
        // Its control stream begins with GOAWAY; and one that is a push.
        let goaway = serve3(vec![0, 7, 1, 0], |_, send| async move {
            std::mem::forget(send);
        });
        let push = serve3(vec![1, 0], |_, send| async move {
            std::mem::forget(send);
        });
        for (address, words) in [
            (
                refused.await,
                "refused the request with H3_REQUEST_REJECTED (RESET_STREAM): it did nothing for it",
            ),
            (closed.await, "ended the connection with H3_INTERNAL_ERROR, saying `out of order`,"),
            (goaway.await, "its first frame is GOAWAY, not SETTINGS (RFC 9114 section 6.2.1)"),
            (push.await, "a push, which was not allowed (RFC 9114 section 4.6)"),
        ] {
            let (_, result) = get3(address, &HttpPlan::default()).await;
            let failure = result.err().unwrap();
            assert_eq!(failure.code, FailureCode::Http3Protocol, "{}", failure.message);
            assert!(failure.message.contains(words), "{}", failure.message);
        }
    });
}

#[test]
fn a_body_waits_for_a_100_and_its_acknowledgement_is_seen() {
    local(async {
        let transport = quinn::TransportConfig::default();
        let address = serve_both(opening(1 << 16), transport, |_, mut send, mut receive| async move {
            let mut first = [0; 1024];
            let head = receive.read(&mut first).await.unwrap().unwrap();
            tokio::time::sleep(DELAY).await; // the injected delay
            write(&mut send, &super::h3::head(&[(":status", "100")])).await;
            let body = receive.read_to_end(1 << 20).await.unwrap();
            let whole = head < 1024 && body == frame(DATA, b"the body");
            tokio::time::sleep(Duration::from_millis(200)).await; // the time to think, in which the body is acknowledged
            let status = if whole { "204" } else { "500" };
            write(&mut send, &super::h3::head(&[(":status", status)])).await;
            let _ = send.finish();
            let _ = send.stopped().await;
        })
        .await;
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(5));
        let plan = HttpPlan { expect_timeout: Duration::from_secs(5), ..HttpPlan::default() };
        let asked = Ask { expect: ExpectPlan::Asked, ..ask("POST", Some(b"the body")) };
        let (session, to) = (session(address, &clock).await, url("https://localhost/"));
        let (http, result) = fetch(session, &to, &asked, &plan, &clock, &stop).await;
        assert!(result.unwrap().is_some(), "it can carry another");
        let expect = http.expect.unwrap();
        assert_eq!((expect.outcome, http.status), (ExpectOutcome::Continue, Some(204)));
        assert!(expect.end.since(expect.asked) >= DELAY, "{expect:?}");
        assert!(http.sent.unwrap() >= expect.end);
        assert!(http.body_acked.unwrap() > expect.end && http.body_acked < http.first_byte);
    });
}

#[test]
fn an_upload_is_whole_and_a_head_alone_is_enough_where_it_is_wanted() {
    local(async {
        let address = serve3(opening(1 << 16), |_, mut send| async move {
            write(&mut send, &head(&[(":status", "200"), ("content-length", "5")])).await;
            write(&mut send, &frame(DATA, b"12345")).await;
            let _ = send.finish();
            let _ = send.stopped().await;
        })
        .await;
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(5));
        let body = vec![b'u'; 300_000];
        let asked = ask("POST", Some(&body));
        let (plan, to) = (HttpPlan::default(), url("https://localhost/"));
        let session = session(address, &clock).await;
        let (http, result) = fetch(session, &to, &asked, &plan, &clock, &stop).await;
        let again = result.unwrap().expect("it is kept");
        assert!(http.bytes_sent > 300_000 && http.sent.is_some(), "{http:?}");
        let plan = HttpPlan { wanted: Wanted::Head, ..HttpPlan::default() };
        let (http, _) = fetch(again, &to, &ask("GET", None), &plan, &clock, &stop).await;
        assert_eq!((http.status, http.body.encoded_bytes), (Some(200), 0));
    });
}

/// Answers nothing, and keeps the stream open.
async fn mute(_: Connection, send: SendStream) {
    std::mem::forget(send);
}

#[test]
fn what_breaks_a_rule_on_the_servers_own_streams_is_named() {
    local(async {
        let table: [(&[u8], &str); 9] = [
            (&[0, 4, 0, 4, 0], "SETTINGS a second time (RFC 9114 section 7.2.4)"),
            (&[0, 4, 2, 4, 1], "the setting 0x4, which only HTTP/2 has (RFC 9114 section 7.2.4.1)"),
            (&[0, 4, 4, 6, 1, 6, 1], "the setting 0x6 twice"),
            (&[0, 4, 0, 13, 1, 0], "MAX_PUSH_ID, which is for clients"),
            (&[0, 4, 0, 3, 1, 0], "CANCEL_PUSH, although no push was allowed"),
            (&[0, 4, 0, 6, 0], "a frame of type 0x6, which only HTTP/2 has"),
            (&[0, 4, 0, 7, 1, 1], "GOAWAY with 1, which is no stream of a request"),
            (&[2, 0x3f, 0x45], "an entry for QPACK's table, which was given no room (RFC 9204 section 4.3)"),
            (&[3, 0x44, 0x80], "an acknowledgement of what QPACK's table was never given"),
        ];
        for (begin, words) in table {
            let (_, result) = get3(serve3(begin.to_vec(), mute).await, &HttpPlan::default()).await;
            let failure = result.err().unwrap();
            assert_eq!(failure.code, FailureCode::Http3Protocol, "{}", failure.message);
            assert!(failure.message.contains(words), "{}", failure.message);
        }
        // What is there to be passed over is passed over (RFC 9114 section 9), and the table may be set to nothing.
        for begin in [&[0, 4, 2, 0x21, 7, 0x21, 1, 9][..], &[0x21, 1, 2, 3], &[2, 0x20]] {
            let address = serve3(begin.to_vec(), |_, mut send| async move {
                tokio::time::sleep(DELAY).await; // what begins the connection is read by then
                write(&mut send, &head(&[(":status", "204")])).await;
                let _ = send.finish();
                let _ = send.stopped().await;
            })
            .await;
            let (http, _) = get3(address, &HttpPlan::default()).await;
            assert_eq!(http.status, Some(204), "{begin:?}");
        }
    });
}

#[test]
fn a_request_that_a_goaway_passes_over_was_not_processed() {
    local(async {
        let (http, result) = get3(serve3(vec![0, 4, 0, 7, 1, 0], mute).await, &HttpPlan::default()).await;
        let failure = result.err().unwrap();
        assert!(failure.message.ends_with("did nothing for this one (GOAWAY)"), "{}", failure.message);
        assert_eq!(http.unanswered, Some(Unanswered::Refused));
        for (code, unanswered) in [
            (0x10b_u32, Some(Unanswered::Refused)),
            (0x110, Some(Unanswered::Http1Required)),
            (0x102, Some(Unanswered::Unknown)),
        ] {
            let reset = move |_, mut send: SendStream| async move { drop(send.reset(code.into())) };
            let (http, _) = get3(serve3(opening(1 << 16), reset).await, &HttpPlan::default()).await;
            assert_eq!(http.unanswered, unanswered, "{code:x}");
        }
    });
}

#[test]
fn a_server_that_is_silent_or_allows_nothing_is_told_by_that() {
    local(async {
        let limit = DELAY * 4;
        let silent = serve3(opening(1 << 16), mute).await;
        let (http, result) = get3_within(silent, &HttpPlan::default(), limit).await;
        let message = result.err().unwrap().message;
        assert!(message.starts_with("the server took the request and sent nothing for"), "{message}");
        assert!(!message.contains("SETTINGS") && http.sent.is_some() && http.bytes_sent > 0, "{message}");
        let nothing = |set: fn(&mut quinn::TransportConfig)| {
            let mut transport = quinn::TransportConfig::default();
            set(&mut transport);
            serve_both(opening(1 << 16), transport, |_, send, _| async move { std::mem::forget(send) })
        };
        for (server, words) in [
            (
                nothing(|it| {
                    it.max_concurrent_bidi_streams(0_u32.into());
                }),
                "initial_max_streams_bidi 0",
            ),
            (
                nothing(|it| {
                    it.max_concurrent_uni_streams(0_u32.into());
                }),
                "initial_max_streams_uni 0",
            ),
            (
                nothing(|it| {
                    it.receive_window(0_u32.into());
                }),
                "initial_max_data 0",
            ),
        ] {
            let (http, result) = get3_within(server.await, &HttpPlan::default(), limit).await;
            let failure = result.err().unwrap();
            assert_eq!((failure.code, http.sent), (FailureCode::MaxTime, None), "{}", failure.message);
            assert!(failure.message.contains(words), "{}, not {words}", failure.message);
            assert!(failure.hint.unwrap().starts_with("--http2"));
        }
    });
}

#[test]
fn a_redirect_that_is_followed_and_a_length_that_is_passed_keep_nobody_waiting() {
    local(async {
        let endless = |bytes: Vec<u8>| {
            serve3(opening(1 << 16), move |_, mut send| {
                let bytes = bytes.clone();
                async move {
                    write(&mut send, &bytes).await;
                    std::mem::forget(send);
                }
            })
        };
        let redirect = head(&[(":status", "302"), ("location", "/b")]);
        let plan = HttpPlan { follow: true, ..HttpPlan::default() };
        let (http, result) = get3(endless(redirect.clone()).await, &plan).await;
        assert!(result.unwrap().is_some(), "the connection carries the next");
        assert!(http.redirect.unwrap().target.is_some() && !http.body.complete);
        let (_, result) = get3_within(endless(redirect).await, &HttpPlan::default(), DELAY * 4).await;
        assert_eq!(result.err().unwrap().code, FailureCode::MaxTime, "nobody follows it");
        let long = [head(&[(":status", "200"), ("content-length", "2")]), frame(DATA, b"abc")].concat();
        let failure = get3(endless(long).await, &HttpPlan::default()).await.1.err().unwrap();
        assert_eq!(failure.code, FailureCode::BadFraming, "{}", failure.message);
    });
}
