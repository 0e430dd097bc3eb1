//! Bodies on their way out: read while they are sent, waiting for a 100, and sources that fail.

use std::fs::File;
use std::io::Write as _;
use std::sync::Mutex as Shelf;

use ::http::Response;
use bytes::Bytes;

use super::h2::serve_h2;
use super::*;
use crate::plan::{FilePiece, LineEnds, OncePiece, Piece};
use crate::trace::{ExpectOutcome, FailureCode};

const LIMIT: Duration = Duration::from_secs(20);
/// More than what is read ahead.
const LARGE: usize = 3_000_000;

/// Bytes of which no two places look the same for long.
fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at / 251 + at % 253) as u8).collect()
}

/// A file of these bytes, that nobody finds any more.
fn file(bytes: &[u8]) -> File {
    let name = format!("urltrace-upload-{}-{:p}", std::process::id(), bytes);
    let path = std::env::temp_dir().join(name);
    let mut options = File::options();
    let mut file = options.read(true).write(true).create(true).truncate(true).open(&path).unwrap();
    file.write_all(bytes).unwrap();
    std::fs::remove_file(path).unwrap();
    file
}

fn piece(file: File, length: usize) -> Piece {
    let (name, start, length) = ("big".to_owned(), 0, length as u64);
    Piece::File(Arc::new(FilePiece { name, file, start, length, line_ends: LineEnds::Kept, sent: length }))
}

fn once(file: File) -> Piece {
    let (name, begin) = ("standard input".to_owned(), Bytes::from_static(b"begin "));
    let rest = Shelf::new(Some(file));
    Piece::Once(Arc::new(OncePiece { name, begin, rest, line_ends: LineEnds::Kept }))
}

fn put(pieces: Vec<Piece>) -> Ask {
    let upload = Upload::new(&RequestBody::new(pieces));
    Ask { body: Some(upload), ..ask("PUT", None) }
}

fn expecting(limit: Duration) -> (Ask, HttpPlan) {
    let asked = Ask { expect: ExpectPlan::Asked, ..ask("POST", Some(b"the body")) };
    (asked, HttpPlan { expect_timeout: limit, ..HttpPlan::default() })
}

/// A server that reads a head and all that comes until it has been still for a moment, answers and gives it on.
async fn recording() -> (SocketAddr, tokio::sync::oneshot::Receiver<(Vec<u8>, Vec<u8>)>) {
    let (tell, told) = tokio::sync::oneshot::channel();
    let address = serve(|mut stream| async move {
        let head = read_head(&mut stream).await;
        let mut body = Vec::new();
        let chunked = String::from_utf8_lossy(&head).contains("chunked");
        let length: usize = String::from_utf8_lossy(&head)
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok())
            .unwrap_or(usize::MAX);
        while body.len() < length && !(chunked && body.ends_with(b"0\r\n\r\n")) {
            if stream.read_buf(&mut body).await.unwrap_or(0) == 0 {
                break;
            }
        }
        let _ = stream.write_all(b"HTTP/1.1 204 No\r\n\r\n").await;
        let _ = tell.send((head, body));
        hold(stream).await;
    })
    .await;
    (address, told)
}

/// What is in chunks.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        let (data, rest) = bytes[end + 2..].split_at(size);
        all.extend_from_slice(data);
        assert_eq!(&rest[..2], b"\r\n");
        bytes = &rest[2..];
        if size == 0 {
            assert!(bytes.is_empty());
            return all;
        }
    }
}

#[tokio::test]
async fn a_file_goes_with_its_length_and_can_go_again() {
    let bytes = pattern(LARGE);
    let edges = || Piece::Bytes(Bytes::from_static(b"edge"));
    let asked = put(vec![edges(), piece(file(&bytes), LARGE), edges(), piece(file(b"end"), 3)]);
    let wanted = [b"edge", &bytes[..], b"edge", b"end"].concat();
    for round in 0..2 {
        let (address, told) = recording().await;
        let (http, result) = fetch_within(address, &asked, &HttpPlan::default(), LIMIT).await;
        assert!(result.unwrap().is_some(), "round {round}");
        let (head, body) = told.await.unwrap();
        let head = String::from_utf8(head).unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", wanted.len())), "{head}");
        assert!(body == wanted, "round {round}: {} of {} bytes", body.len(), wanted.len());
        assert_eq!(http.request.body_bytes, wanted.len() as u64);
    }
}

#[tokio::test]
async fn what_has_no_length_goes_in_chunks_and_only_once() {
    let bytes = pattern(LARGE);
    let mut source = file(&bytes);
    std::io::Seek::rewind(&mut source).unwrap();
    let asked = put(vec![once(source)]);
    let (address, told) = recording().await;
    let (http, result) = fetch_within(address, &asked, &HttpPlan::default(), LIMIT).await;
    result.unwrap();
    let (head, body) = told.await.unwrap();
    let head = String::from_utf8(head).unwrap();
    assert!(head.contains("Transfer-Encoding: chunked\r\n") && !head.contains("Content-Length"), "{head}");
    let wanted = [b"begin ", &bytes[..]].concat();
    assert!(unchunked(&body) == wanted);
    assert_eq!(http.request.body_bytes, wanted.len() as u64);
    assert!(http.bytes_sent > wanted.len() as u64);

    let (address, _told) = recording().await;
    let (http, result) = fetch_within(address, &asked, &HttpPlan::default(), LIMIT).await;
    let failure = result.err().unwrap();
    assert_eq!((failure.code, http.bytes_sent), (FailureCode::RequestBodyFailed, 0));
    assert!(failure.message.contains("standard input can be read only once"), "{}", failure.message);
}

#[tokio::test]
async fn a_file_that_is_not_what_it_was_ends_the_request_unfinished() {
    let bytes = pattern(LARGE);
    for (length, word) in [(LARGE + 5, "shrank"), (LARGE - 5, "grew")] {
        let asked = put(vec![piece(file(&bytes), length)]);
        let (address, told) = recording().await;
        let (http, result) = fetch_within(address, &asked, &HttpPlan::default(), LIMIT).await;
        let failure = result.err().unwrap();
        assert_eq!(failure.code, FailureCode::RequestBodyFailed);
        assert!(failure.message.contains(word), "{}", failure.message);
        assert_eq!((http.sent, http.status), (None, None));
        let (_, body) = told.await.unwrap();
        assert!(body.len() < length, "{word}: it looks whole to the server");
    }
    let directory = File::open(std::env::temp_dir()).unwrap();
    let (address, _told) = recording().await;
    let (_, result) = fetch_within(address, &put(vec![once(directory)]), &HttpPlan::default(), LIMIT).await;
    let failure = result.err().unwrap();
    assert!(failure.message.contains("cannot be read: is a directory"), "{}", failure.message);
}

/// The source is a pipe whose writer takes its time: the sending waits, and that is told apart.
#[tokio::test]
async fn waiting_for_the_source_is_known() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let pause = Duration::from_millis(200);
    let thread = std::thread::spawn(move || {
        writer.write_all(b"one").unwrap();
        std::thread::sleep(pause); // the injected delay
        writer.write_all(b"two").unwrap();
    });
    let asked = put(vec![once(File::from(std::os::fd::OwnedFd::from(reader)))]);
    let (address, told) = recording().await;
    let (http, result) = fetch_within(address, &asked, &HttpPlan::default(), LIMIT).await;
    result.unwrap();
    thread.join().unwrap();
    assert_eq!(unchunked(&told.await.unwrap().1), b"begin onetwo");
    let send = http.sent.unwrap().since(http.start);
    assert!(http.body_wait >= pause - DELAY && http.body_wait <= send, "{:?} {send:?}", http.body_wait);
}

#[tokio::test]
async fn a_body_waits_for_a_100() {
    let delays = Delays::default();
    let put_in = delays.clone();
    let address = serve(|mut stream| async move {
        let head = read_head(&mut stream).await;
        assert!(String::from_utf8(head).unwrap().contains("\r\nExpect: 100-continue\r\n"));
        put_in.sleep().await; // the injected delay
        let mut early = [0];
        let nothing = tokio::time::timeout(Duration::ZERO, stream.read(&mut early)).await;
        assert!(nothing.is_err(), "the body came before it was asked for");
        stream.write_all(b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
        let mut body = [0; 8];
        stream.read_exact(&mut body).await.unwrap();
        assert_eq!(&body, b"the body");
        stream.write_all(b"HTTP/1.1 204 No\r\n\r\n").await.unwrap();
        hold(stream).await;
    })
    .await;
    let (asked, plan) = expecting(LIMIT);
    let (http, result) = fetch_within(address, &asked, &plan, LIMIT).await;
    assert!(result.unwrap().is_some());
    let expect = http.expect.unwrap();
    assert_eq!(expect.outcome, ExpectOutcome::Continue);
    delays.assert_found(0, expect.end.since(expect.asked));
    assert_eq!(http.informational[1].at, expect.end);
    assert!(http.sent.unwrap() >= expect.end && http.first_byte.unwrap() >= http.sent.unwrap());
    assert_eq!(http.request.body_bytes, 8);
}

#[tokio::test]
async fn a_server_without_a_word_gets_the_body_after_a_while() {
    let limit = Duration::from_millis(150);
    let (address, told) = recording().await;
    let (asked, plan) = expecting(limit);
    let (http, result) = fetch_within(address, &asked, &plan, LIMIT).await;
    result.unwrap();
    assert_eq!(told.await.unwrap().1, b"the body");
    let expect = http.expect.unwrap();
    assert_eq!((expect.outcome, expect.limit), (ExpectOutcome::TimedOut, limit));
    assert!(expect.end.since(expect.asked) >= limit && http.sent.unwrap() >= expect.end);
}

#[tokio::test]
async fn an_answer_in_its_place_spares_the_upload() {
    let (gone, seen) = tokio::sync::oneshot::channel();
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno").await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        let _ = gone.send(rest);
    })
    .await;
    let (asked, plan) = expecting(LIMIT);
    let (http, result) = fetch_within(address, &asked, &plan, LIMIT).await;
    assert!(result.unwrap().is_none(), "the server waits for a body on this connection");
    assert_eq!(seen.await.unwrap(), b"");
    let expect = http.expect.unwrap();
    assert_eq!((expect.outcome, http.request.body_bytes), (ExpectOutcome::Final, 0));
    assert_eq!((http.status, http.sent), (Some(413), Some(expect.asked)));
    assert_eq!(http.first_byte, Some(expect.end));
    assert!(http.body.complete);
}

#[tokio::test]
async fn who_has_nothing_to_send_expects_nothing() {
    for (asked, field) in [
        (Ask { expect: ExpectPlan::Asked, ..ask("GET", None) }, None),
        (Ask { expect: ExpectPlan::Asked, ..ask("POST", Some(b"")) }, None),
        (Ask { expect: ExpectPlan::Never, ..ask("POST", Some(b"x")) }, Some("100-continue")),
        (ask("GET", None), Some("100-continue")),
    ] {
        let (address, told) = recording().await;
        let own = field.map(|value: &str| ("Expect".to_owned(), Some(value.to_owned())));
        let plan = HttpPlan { headers: own.into_iter().collect(), ..HttpPlan::default() };
        let (http, _) = fetch_within(address, &asked, &plan, Duration::from_millis(300)).await;
        assert_eq!(http.expect, None);
        drop(told);
        assert!(http.request.headers.iter().all(|field| !field.name.eq_ignore_ascii_case("expect")));
    }
}

#[test]
fn http2_reads_ahead_and_waits_as_well() {
    local(async {
        let bytes = pattern(LARGE);
        let wanted = [b"begin ", &bytes[..]].concat();
        let expected = wanted.clone();
        let address = serve_h2(move |request, mut respond| {
            let expected = expected.clone();
            async move {
                let waits = request.headers().contains_key("expect");
                let length = request.headers().get("content-length").cloned();
                let mut body = request.into_body();
                if waits {
                    tokio::time::sleep(DELAY).await; // the injected delay
                    respond.send_informational(Response::builder().status(100).body(()).unwrap()).unwrap();
                }
                let mut all = Vec::new();
                while let Some(Ok(piece)) = body.data().await {
                    let _ = body.flow_control().release_capacity(piece.len());
                    all.extend_from_slice(&piece);
                }
                let same = all == expected && length.is_none();
                let status = if same || (waits && all == b"the body") { 204 } else { 500 };
                respond.send_response(Response::builder().status(status).body(()).unwrap(), true).unwrap();
            }
        })
        .await;
        let mut source = file(&bytes);
        std::io::Seek::rewind(&mut source).unwrap();
        let (http, result) = fetch_within(address, &put(vec![once(source)]), &super::h2::plan(), LIMIT).await;
        assert!(result.unwrap().is_some());
        assert_eq!((http.status, http.request.body_bytes), (Some(204), wanted.len() as u64));
    });
}

#[test]
fn http2_waits_for_a_100_and_is_broken_off_where_the_file_is_not_what_it_was() {
    local(async {
        let serve = || {
            serve_h2(move |request, mut respond| async move {
                let mut body = request.into_body();
                tokio::time::sleep(DELAY).await; // the injected delay
                respond.send_informational(Response::builder().status(100).body(()).unwrap()).unwrap();
                let mut ended = true;
                while let Some(piece) = body.data().await {
                    ended &= piece.is_ok();
                    let count = piece.map_or(0, |piece| piece.len());
                    let _ = body.flow_control().release_capacity(count);
                }
                let status = if ended { 204 } else { 500 };
                let _ = respond.send_response(Response::builder().status(status).body(()).unwrap(), true);
            })
        };
        let (asked, plan) = expecting(LIMIT);
        let plan = HttpPlan { version: crate::plan::VersionChoice::Http2, ..plan };
        let (http, result) = fetch_within(serve().await, &asked, &plan, LIMIT).await;
        assert!(result.unwrap().is_some());
        let expect = http.expect.unwrap();
        assert_eq!((expect.outcome, http.status), (ExpectOutcome::Continue, Some(204)));
        assert!(expect.end.since(expect.asked) >= DELAY, "{expect:?}");
        assert!(http.sent.unwrap() >= expect.end);

        let bytes = pattern(LARGE);
        let asked = put(vec![piece(file(&bytes), LARGE + 1)]);
        let (http, result) = fetch_within(serve().await, &asked, &super::h2::plan(), LIMIT).await;
        let failure = result.err().unwrap();
        assert_eq!((failure.code, http.sent), (FailureCode::RequestBodyFailed, None));
    });
}

/// The peer's kernel takes the body at once, and its program thinks for a while: the acknowledgement lies between.
#[tokio::test]
async fn the_acknowledgement_is_seen_while_an_answer_is_awaited() {
    let think = Duration::from_millis(300);
    let address = serve(move |mut stream| async move {
        read_head(&mut stream).await;
        let mut body = [0; 8];
        stream.read_exact(&mut body).await.unwrap();
        tokio::time::sleep(think).await; // the injected delay
        stream.write_all(b"HTTP/1.1 204 No\r\n\r\n").await.unwrap();
        hold(stream).await;
    })
    .await;
    let asked = ask("POST", Some(b"the body"));
    let (http, result) = fetch_within(address, &asked, &HttpPlan::default(), LIMIT).await;
    result.unwrap();
    let (sent, acked, first) = (http.sent.unwrap(), http.body_acked.unwrap(), http.first_byte.unwrap());
    assert!(acked >= sent && acked < first);
    // A kernel puts an acknowledgement off by 200 ms at most, and on loopback by 40 ms.
    assert!(acked.since(sent) < think - Duration::from_millis(50), "{:?}", acked.since(sent));

    // One without a body has none.
    let (http, _) = get(answer("HTTP/1.1 204 No\r\n\r\n").await, &HttpPlan::default()).await;
    assert_eq!(http.body_acked, None);
}
