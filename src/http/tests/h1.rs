//! HTTP/1 with peers that keep the rules.

use std::io::Read as _;

use super::*;
use crate::plan::{BodyOutput, Compression};
use crate::trace::{FailureCode, HttpVersion, RedirectChange, header};

#[tokio::test]
async fn a_response_is_recorded_as_it_came() {
    let head =
        "HTTP/1.1 200 Fine\r\nset-Cookie: a=1\r\nX-One: 1\r\nContent-Length: 5\r\nSet-Cookie: b=2\r\n\r\n";
    let (send, request) = tokio::sync::oneshot::channel();
    let address = serve(move |mut stream| async move {
        send.send(read_head(&mut stream).await).unwrap();
        stream.write_all(format!("{head}hello").as_bytes()).await.unwrap();
        hold(stream).await;
    })
    .await;
    let (http, result) = get(address, &HttpPlan::default()).await;
    let request = request.await.unwrap();
    assert!(request.starts_with(b"GET /path?query HTTP/1.1\r\nHost: 127.0.0.1:"));
    assert_eq!(http.bytes_sent, request.len() as u64);
    assert_eq!((http.status, http.reason.as_deref()), (Some(200), Some("Fine")));
    assert_eq!(http.version, HttpVersion::Http11);
    let names: Vec<_> = http.headers.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["set-Cookie", "X-One", "Content-Length", "Set-Cookie"]);
    assert_eq!(http.head_bytes, head.len() as u64);
    assert_eq!(http.bytes_received, head.len() as u64 + 5);
    let body = &http.body;
    assert_eq!((body.wire_bytes, body.encoded_bytes, body.decoded_bytes), (5, 5, None));
    assert_eq!((body.framing.as_str(), body.complete), ("content-length", true));
    let stamps = [Some(http.start), http.sent, http.first_byte, http.head_end, Some(http.end)];
    assert!(stamps.iter().all(Option::is_some) && stamps.is_sorted(), "{stamps:?}");
    assert!(result.unwrap().is_some(), "the connection can be used again");
}

#[tokio::test]
async fn a_connection_carries_a_second_request_and_its_end_is_seen() {
    let (close, closed) = tokio::sync::oneshot::channel::<()>();
    let (done, ended) = tokio::sync::oneshot::channel::<()>();
    let address = serve(|mut stream| async move {
        for body in ["a", "bc"] {
            read_head(&mut stream).await;
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        closed.await.unwrap();
        stream.shutdown().await.unwrap();
        done.send(()).unwrap();
        hold(stream).await;
    })
    .await;
    let plan = HttpPlan::default();
    let (clock, target) = (Clock::start(), url(&format!("http://{address}/")));
    let stop = Stop::after(clock, Duration::from_secs(20));
    let session = connect(address, &plan).await;
    let (first, session) = fetch(session, &target, &ask("GET", None), &plan, &clock, &stop).await;
    let mut session = session.unwrap().unwrap();
    assert!(session.is_open().await);
    let (second, session) = fetch(session, &target, &ask("GET", None), &plan, &clock, &stop).await;
    assert_eq!((first.body.wire_bytes, second.body.wire_bytes), (1, 2));
    assert!(second.start >= first.end && second.bytes_received < first.bytes_received + 5);
    let mut session = session.unwrap().unwrap();
    close.send(()).unwrap();
    ended.await.unwrap();
    // The FIN is in flight on loopback; the next turn of the reactor brings it.
    tokio::time::timeout(Duration::from_secs(5), async {
        while session.is_open().await {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn interim_responses_have_stamps_of_their_own() {
    let delays = Delays::default();
    let pause = delays.clone();
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n").await.unwrap();
        pause.sleep().await; // an injected delay, measured
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    })
    .await;
    let http = get_ok(address).await;
    let [early] = http.informational.as_slice() else { panic!("{:?}", http.informational) };
    assert_eq!((early.status, header(&early.headers, "link").as_deref()), (103, Some("</a.css>")));
    delays.assert_found(0, http.first_byte.unwrap().since(early.at));
    assert_eq!((http.status, http.head_bytes), (Some(200), 38));
}

#[tokio::test]
async fn an_interim_response_in_the_same_read_shares_the_stamp() {
    let both = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    let http = get_ok(answer(both).await).await;
    assert_eq!(http.informational[0].at, http.first_byte.unwrap());
    assert_eq!((http.status, http.body.framing.as_str()), (Some(204), "none"));
}

#[tokio::test]
async fn a_slow_answer_lies_in_the_wait_and_a_slow_body_in_the_receive() {
    let delays = Delays::default();
    let pause = delays.clone();
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        pause.sleep().await; // an injected delay, measured
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n").await.unwrap();
        for byte in b"ab" {
            pause.sleep().await; // an injected delay, measured
            stream.write_all(&[*byte]).await.unwrap();
        }
    })
    .await;
    let http = get_ok(address).await;
    delays.assert_found(0, http.first_byte.unwrap().since(http.sent.unwrap()));
    let receive = http.end.since(http.head_end.unwrap());
    let second = delays.0.lock().unwrap()[2];
    delays.assert_found(1, receive.saturating_sub(second));
    assert!(http.sent.unwrap().since(http.start) < TOLERANCE);
    assert_eq!(http.body.encoded_bytes, 2);
}

#[tokio::test]
async fn a_head_that_drips_in_has_its_first_byte_stamped() {
    let delays = Delays::default();
    let pause = delays.clone();
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"H").await.unwrap();
        pause.sleep().await; // an injected delay, measured
        stream.write_all(b"TTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    })
    .await;
    let http = get_ok(address).await;
    delays.assert_found(0, http.head_end.unwrap().since(http.first_byte.unwrap()));
}

#[tokio::test]
async fn chunks_and_trailers_are_read() {
    let body = "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n";
    let address = answer(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}")).await;
    let (http, result) = get(address, &HttpPlan::default()).await;
    assert_eq!((http.body.encoded_bytes, http.body.wire_bytes), (11, body.len() as u64));
    assert_eq!((http.body.framing.as_str(), http.body.complete), ("chunked", true));
    assert_eq!(header(&http.trailers, "x-sum").as_deref(), Some("42"));
    assert!(result.unwrap().is_some());
}

#[tokio::test]
async fn responses_without_a_body_end_with_their_head() {
    for (method, status) in [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304 Not Modified")] {
        let address = answer(format!("HTTP/1.1 {status}\r\nContent-Length: 100\r\n\r\n")).await;
        let limit = Duration::from_secs(20);
        let (http, result) = fetch_within(address, &ask(method, None), &HttpPlan::default(), limit).await;
        assert!(result.unwrap().is_some(), "{method} {status}");
        assert_eq!((http.body.wire_bytes, http.body.framing.as_str(), http.body.complete), (0, "none", true));
        assert_eq!(Some(http.end), http.head_end);
    }
}

#[tokio::test]
async fn a_connection_is_not_kept_when_it_must_not_be() {
    let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
    ];
    for bytes in answers {
        let (http, result) = get(answer(bytes).await, &HttpPlan::default()).await;
        assert!(result.unwrap().is_none(), "{bytes}");
        assert!(http.body.complete);
    }
}

#[tokio::test]
async fn a_body_may_end_with_the_connection() {
    let (http, result) = get(answer("HTTP/1.0 200 OK\n\nuntil the end").await, &HttpPlan::default()).await;
    assert!(result.unwrap().is_none());
    assert_eq!((http.version, http.body.framing.as_str()), (HttpVersion::Http10, "close"));
    assert_eq!((http.body.encoded_bytes, http.body.complete), (13, true));
}

#[tokio::test]
async fn an_upload_is_sent_whole_and_counted() {
    let upload = vec![b'u'; 3_000_000];
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        let mut body = vec![0; 3_000_000];
        stream.read_exact(&mut body).await.unwrap();
        tokio::time::sleep(DELAY).await; // the delay that is to be found in the wait
        stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        hold(stream).await;
    })
    .await;
    let limit = Duration::from_secs(20);
    let (http, result) =
        fetch_within(address, &ask("POST", Some(&upload)), &HttpPlan::default(), limit).await;
    assert!(result.unwrap().is_some());
    assert_eq!((http.status, http.request.body_bytes), (Some(201), 3_000_000));
    assert!(http.bytes_sent > 3_000_000);
    assert!(http.first_byte.unwrap().since(http.sent.unwrap()) >= DELAY);
}

#[tokio::test]
async fn a_server_may_answer_before_it_has_read_the_upload() {
    let upload = vec![b'u'; 16 << 20];
    // It reads nothing: only an answer read while the upload hangs can end this exchange.
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!").await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let limit = Duration::from_secs(20);
    let (http, result) =
        fetch_within(address, &ask("POST", Some(&upload)), &HttpPlan::default(), limit).await;
    assert!(result.unwrap().is_none(), "half a request is on this connection");
    assert_eq!((http.status, http.sent, http.body.complete), (Some(413), None, true));
}

#[tokio::test]
async fn a_server_may_send_much_before_it_reads_the_upload() {
    const SIZE: usize = 16 << 20;
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b'd'; SIZE - 1]).await.unwrap();
        let mut body = vec![0; SIZE];
        stream.read_exact(&mut body).await.unwrap();
        stream.write_all(b"d").await.unwrap();
        hold(stream).await;
    })
    .await;
    let limit = Duration::from_secs(20);
    let (http, result) =
        fetch_within(address, &ask("PUT", Some(&vec![0; SIZE])), &HttpPlan::default(), limit).await;
    assert!(result.unwrap().is_some());
    assert_eq!(http.body.encoded_bytes, SIZE as u64);
    assert!(http.sent.unwrap() > http.first_byte.unwrap());
}

#[tokio::test]
async fn many_interim_responses_are_read() {
    let bytes = format!(
        "{}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n".repeat(100)
    );
    let http = get_ok(answer(bytes).await).await;
    assert_eq!((http.status, http.informational.len()), (Some(200), 100));
    // All of them together are held to the size of a head.
    let field = format!("HTTP/1.1 103 Early\r\nLink: {}\r\n\r\n", "x".repeat(1000)).repeat(300);
    let failure = get(answer(field).await, &HttpPlan::default()).await.1.err().unwrap();
    assert_eq!(failure.code, FailureCode::HeadersTooLarge, "{}", failure.message);
}

#[tokio::test]
async fn an_encoding_is_undone_unless_it_was_not_asked_for() {
    let data = b"to be decoded ".repeat(1000);
    let gzip = encode("gzip", &data);
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", gzip.len())
            .into_bytes();
    bytes.extend_from_slice(&gzip);
    let path = std::env::temp_dir().join(format!("urltrace-h1-{}", std::process::id()));
    let plan = HttpPlan { output: Some(BodyOutput::File(path.clone())), ..HttpPlan::default() };
    let (http, result) = get(answer(bytes.clone()).await, &plan).await;
    assert!(result.is_ok());
    assert_eq!((http.body.encoded_bytes, http.body.decoded_bytes), (gzip.len() as u64, Some(14_000)));
    assert_eq!((http.body.encoding.as_deref(), &http.body.saved_to), (Some("gzip"), &Some(path.clone())));
    let mut saved = Vec::new();
    std::fs::File::open(&path).unwrap().read_to_end(&mut saved).unwrap();
    assert_eq!(saved, data);
    let plain = HttpPlan { compression: Compression::Unasked, ..plan.clone() };
    let (http, _) = get(answer(bytes.clone()).await, &plain).await;
    assert_eq!((http.body.encoding.as_deref(), http.body.decoded_bytes), (Some("gzip"), None));
    assert!(std::fs::read(&path).unwrap() == gzip, "as it came");
    // Asked for by hand it is saved as it came, unless --compressed says otherwise; a part is left as it is.
    let own = ("ACCEPT-Encoding".to_owned(), Some("gzip".to_owned()));
    let by_hand = HttpPlan { headers: vec![own], ..plan.clone() };
    let (http, _) = get(answer(bytes.clone()).await, &by_hand).await;
    assert_eq!(http.body.decoded_bytes, Some(14_000));
    assert!(std::fs::read(&path).unwrap() == gzip, "as it came");
    let undone = HttpPlan { compression: Compression::Undone, ..by_hand };
    assert!(get(answer(bytes.clone()).await, &undone).await.1.is_ok());
    assert!(std::fs::read(&path).unwrap() == data, "decoded");
    let part = String::from_utf8_lossy(&bytes[..17]).replace("200 OK", "206 Pa").into_bytes();
    let (http, result) = get(answer([&part, &bytes[17..]].concat()).await, &plan).await;
    assert!(result.is_ok() && http.status == Some(206) && http.body.decoded_bytes.is_none());
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn a_redirect_is_recorded_and_its_body_not_saved_when_it_is_followed() {
    let path = std::env::temp_dir().join(format!("urltrace-hop-{}", std::process::id()));
    let bytes = "HTTP/1.1 301 Moved\r\nLocation: /new\r\nContent-Length: 4\r\n\r\nmove";
    for follow in [true, false] {
        let plan = HttpPlan { follow, output: Some(BodyOutput::File(path.clone())), ..HttpPlan::default() };
        let (http, result) = get(answer(bytes).await, &plan).await;
        assert!(result.is_ok());
        let redirect = http.redirect.unwrap();
        assert!(redirect.target.unwrap().ends_with("/new"));
        assert_eq!(
            (redirect.changes.as_slice(), redirect.followed),
            (&[RedirectChange::Path, RedirectChange::Query][..], false)
        );
        assert_eq!(path.exists(), !follow);
    }
    std::fs::remove_file(&path).unwrap();
}
