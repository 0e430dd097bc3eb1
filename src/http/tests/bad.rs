//! Peers that break the rules of HTTP/1, or the connection.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;
use crate::alert::{AlertReceived, Demand};
use crate::http::expect::Gate;
use crate::http::going::Going;
use crate::http::request::Draft;
use crate::http::scene::{Scene, blank};
use crate::http::upload::Feed;
use crate::http::{h1, link};
use crate::trace::{At, FailureCode, HttpVersion, StageName};
use std::io::ErrorKind;

#[tokio::test]
async fn every_bad_answer_has_its_name() {
    let fields = |count: usize| "X-Field: y\r\n".repeat(count);
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", fields(1001));
    let interim = "HTTP/1.1 102 Processing\r\n\r\n".repeat(1001);
    let ok = "HTTP/1.1 200 OK\r\n";
    let table: Vec<(String, FailureCode, &str)> = vec![
        (String::new(), FailureCode::EmptyResponse, "without sending a byte"),
        ("SSH-2.0-OpenSSH\r\n".to_owned(), FailureCode::NotHttp, "`SSH-2.0-OpenSSH\\r\\n`"),
        ("\x15\x03\x01\0\x02\x02F".to_owned(), FailureCode::NotHttp, "\\x15\\x03\\x01"),
        ("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n".to_owned(), FailureCode::NotHttp, "a NUL byte in a field value"),
        ("HTTP/1.1 200".to_owned(), FailureCode::HeadIncomplete, "inside the response head, after 12 B"),
        (
            "HTTP/1.1 200 OK\r\r\nContent-Length: 2\r\r\n\r\r\nok".to_owned(),
            FailureCode::HeadIncomplete,
            "its lines end in CR CR LF",
        ),
        (
            "HTTP/1.1 103 Early\r\n\r\n".to_owned(),
            FailureCode::HeadIncomplete,
            "after an interim response (103)",
        ),
        (many, FailureCode::TooManyHeaders, "more than 1000 fields"),
        (interim, FailureCode::TooManyInformational, "more than 1000 interim responses"),
        (format!("{ok}Content-Length: 10\r\n\r\nabc"), FailureCode::BodyIncomplete, "3 of 10 bytes came"),
        (format!("{ok}Transfer-Encoding: chunked\r\n\r\n5\r\nabc"), FailureCode::BodyIncomplete, "3 B came"),
        (
            format!("{ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"),
            FailureCode::BodyIncomplete,
            "the last chunk had come, so that none of its 3 B is missing",
        ),
        (format!("{ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabcx"), FailureCode::BadFraming, "after 3 B"),
        (format!("{ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), FailureCode::BadFraming, "1 and 2"),
        (format!("{ok}Content-Length: x\r\n\r\nab"), FailureCode::BadFraming, "is not a number"),
    ];
    for (bytes, code, words) in table {
        let (http, result) = get(answer(bytes.clone()).await, &HttpPlan::default()).await;
        let failure = result.err().unwrap_or_else(|| panic!("{bytes:?} passed"));
        assert_eq!((failure.stage, failure.code), (StageName::Http, code), "{}", failure.message);
        assert!(failure.message.contains(words), "{}", failure.message);
        assert_eq!(http.bytes_received, bytes.len() as u64);
        assert!(!http.body.complete && http.end > http.start);
        let garbage = code == FailureCode::NotHttp;
        assert_eq!(http.garbage.as_deref(), garbage.then_some(bytes.as_bytes()));
    }
}

#[tokio::test]
async fn an_endless_head_is_cut_at_its_limit() {
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
        while stream.write_all(b"X-Padding: abcdefghijklmnopqrstuvwxyz\r\n").await.is_ok() {}
    })
    .await;
    let (http, result) = get(address, &HttpPlan::default()).await;
    let failure = result.err().unwrap();
    assert_eq!(failure.code, FailureCode::HeadersTooLarge, "{}", failure.message);
    assert!(failure.message.contains("256 kB"));
    assert!(http.bytes_received < 400_000, "{}", http.bytes_received);
}

#[tokio::test]
async fn a_reset_is_named() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
    for (bytes, words) in
        [("", "before an answer"), ("HTTP/1.1 2", "inside the response head"), (head, "3 of 10")]
    {
        let address = serve(move |mut stream| async move {
            read_head(&mut stream).await;
            stream.write_all(bytes.as_bytes()).await.unwrap();
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            // Linger of zero turns the close into a RST, which overtakes data that was not read.
            if !bytes.is_empty() {
                tokio::time::sleep(DELAY).await; // what was sent arrives before the RST
            }
        })
        .await;
        let failure = get(address, &HttpPlan::default()).await.1.err().unwrap();
        assert_eq!(failure.code, FailureCode::ConnectionReset, "{}", failure.message);
        assert!(failure.message.contains("reset") && failure.message.contains(words), "{}", failure.message);
    }
}

#[tokio::test]
async fn max_time_ends_every_wait_and_says_which() {
    let start = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
    let table = [
        ("", "the server took the request and sent nothing"),
        ("HTTP/1.1 2", "head was still coming"),
        (start, "3 of 10 bytes so far"),
    ];
    for (bytes, words) in table {
        let address = serve(move |mut stream| async move {
            read_head(&mut stream).await;
            stream.write_all(bytes.as_bytes()).await.unwrap();
            hold(stream).await;
        })
        .await;
        let limit = Duration::from_millis(100);
        let (http, result) = fetch_within(address, &ask("GET", None), &HttpPlan::default(), limit).await;
        let failure = result.err().unwrap();
        assert_eq!(failure.code, FailureCode::MaxTime);
        assert!(
            failure.message.contains(words) && failure.message.contains("--max-time 100 ms"),
            "{}",
            failure.message
        );
        assert_eq!(http.bytes_received, bytes.len() as u64);
        assert!(http.sent.is_some() && failure.running >= Duration::from_millis(90));
    }
}

#[tokio::test]
async fn an_endless_body_is_ended_by_max_time() {
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 10_000]).await.is_ok() {}
    })
    .await;
    let limit = Duration::from_millis(100);
    let (http, result) = fetch_within(address, &ask("GET", None), &HttpPlan::default(), limit).await;
    let failure = result.err().unwrap();
    assert_eq!(failure.code, FailureCode::MaxTime);
    assert!(failure.message.contains("B so far"), "{}", failure.message);
    assert!(http.body.encoded_bytes > 10_000 && !http.body.complete);
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_is_not_sent() {
    let plan =
        HttpPlan { headers: vec![("X".to_owned(), Some("a\r\nY: b".to_owned()))], ..HttpPlan::default() };
    let (http, result) = get(answer("").await, &plan).await;
    assert_eq!(result.err().unwrap().code, FailureCode::InvalidRequest);
    assert_eq!((http.bytes_sent, http.sent), (0, None));
}

#[tokio::test]
async fn an_asked_version_that_was_not_negotiated_ends_before_the_request() {
    for (chose, words) in [(Some("http/1.1"), "chose http/1.1 by ALPN"), (None, "chose no protocol")] {
        let plan = HttpPlan { version: crate::plan::VersionChoice::Http2, ..HttpPlan::default() };
        let address = serve(hold).await;
        let mut session = connect(address, &HttpPlan::default()).await;
        session.negotiated = Some(chose.map(str::to_owned));
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(20));
        let target = url(&format!("https://{address}/"));
        let (http, result) = fetch(session, &target, &ask("GET", None), &plan, &clock, &stop).await;
        let failure = result.err().unwrap();
        assert_eq!(failure.code, FailureCode::VersionNotNegotiated);
        assert!(failure.message.contains(words), "{}", failure.message);
        assert_eq!((http.bytes_sent, http.sent), (0, None));
    }
}

/// Takes every write, gives some bytes, then an error, as a TLS stream does.
struct Breaking(&'static [u8], fn() -> std::io::Error);

impl crate::timestamp::Stamped for Breaking {}

impl AsyncRead for Breaking {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.0.is_empty() {
            return Poll::Ready(Err((self.1)()));
        }
        buf.put_slice(self.0);
        self.0 = &[];
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Breaking {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn errors_of_the_tls_layer_are_told_apart() {
    let whole: &[u8] = b"HTTP/1.1 200 OK\r\n\r\nsome of it";
    let wanted: fn() -> std::io::Error =
        || std::io::Error::new(ErrorKind::InvalidData, AlertReceived::new(116, Demand::Nothing));
    let broken: fn() -> std::io::Error =
        || std::io::Error::new(ErrorKind::InvalidData, AlertReceived::new(80, Demand::Nothing));
    let ended: fn() -> std::io::Error = || std::io::Error::new(ErrorKind::UnexpectedEof, "no close_notify");
    let table = [
        (b"".as_slice(), wanted, FailureCode::ClientCertificateRequired, StageName::Tls),
        (b"", broken, FailureCode::TlsAlert, StageName::Tls),
        (b"", ended, FailureCode::EmptyResponse, StageName::Http),
        (whole, ended, FailureCode::BodyIncomplete, StageName::Http),
    ];
    for (bytes, error, code, stage) in table {
        let (url, ask, plan) = (url("https://a.test/"), ask("GET", None), HttpPlan::default());
        let scene = Scene { url: &url, ask: &ask, plan: &plan, clock: Clock::start() };
        let draft = Draft::new(&url, &ask, &plan).unwrap();
        let mut record = blank(HttpVersion::Http11, At(0));
        let (mut feed, gate) = (Feed::new(None), Gate::new(None));
        let going = Going { draft: &draft, feed: &mut feed, gate: &gate };
        let mut stream = Breaking(bytes, error);
        let result = h1::exchange(&mut stream, &scene, (going, vec![0; link::FIRST_READ]), &mut record).await;
        let fault = result.err().unwrap();
        assert_eq!((fault.code, fault.stage), (code, stage), "{}", fault.message);
        assert!(!record.body.complete);
    }
}
