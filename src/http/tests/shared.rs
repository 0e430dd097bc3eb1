//! Several requests at once on one HTTP/2 connection, and the end of its task.

use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use bytes::Bytes;
use futures_util::future::join_all;

use super::h2::{plan, serve_h2};
use super::*;
use crate::http::session::Wire;
use crate::http::tap;
use crate::trace::{At, FailureCode, header};

/// What the server sends for `/NUMBER`: so many pieces of so many bytes.
fn pieces(number: usize) -> (usize, usize) {
    (1 + number % 3, 1_000 + 100 * number)
}

fn number(path: &str) -> usize {
    path[1..].parse().unwrap()
}

type Seen = Arc<Mutex<BTreeMap<usize, Duration>>>;

/// Answers request `/NUMBER` the sooner, the larger its number is, in pieces with pauses between them.
/// `seen` has how long each really waited before its head.
async fn many(count: usize, seen: Seen) -> SocketAddr {
    serve_h2(move |request, mut respond| {
        let (number, seen) = (number(request.uri().path()), Arc::clone(&seen));
        async move {
            let watch = Stopwatch::start();
            tokio::time::sleep(DELAY + Duration::from_millis(10) * (count - number) as u32).await; // later streams end first
            seen.lock().unwrap().insert(number, watch.elapsed());
            let head = ::http::Response::builder()
                .status(200 + number as u16)
                .header("x-number", number.to_string())
                .body(())
                .unwrap();
            let mut stream = respond.send_response(head, false).unwrap();
            let (pieces, size) = pieces(number);
            for piece in 0..pieces {
                tokio::time::sleep(Duration::from_millis(5)).await; // the pace of the body: streams take turns
                let data = Bytes::from(vec![b'0' + number as u8; size]);
                stream.send_data(data, piece + 1 == pieces).unwrap();
            }
        }
    })
    .await
}

/// The tap of a session's connection; it lives as long as the session or the task.
fn tap_of(session: &Session) -> Weak<std::cell::RefCell<tap::State>> {
    let Wire::Http2(link) = &session.wire else { panic!("not HTTP/2") };
    Rc::downgrade(&link.tap)
}

#[test]
fn requests_on_one_connection_have_each_its_own_bytes_stamps_and_status() {
    for count in [2, 10] {
        local(async move {
            let seen = Seen::default();
            let address = many(count, Arc::clone(&seen)).await;
            let (clock, plan) = (Clock::start(), plan());
            let stop = Stop::after(clock, Duration::from_secs(20));
            let session = connect(address, &plan).await;
            let ask = ask("GET", None);
            let fetches = (0..count).map(|number| {
                let (session, url) = (session.share().unwrap(), url(&format!("http://{address}/{number}")));
                let (ask, plan, stop) = (&ask, &plan, &stop);
                async move { fetch(session, &url, ask, plan, &clock, stop).await }
            });
            let all = join_all(fetches).await;
            for (number, (http, result)) in all.iter().enumerate() {
                assert!(result.as_ref().is_ok_and(Option::is_some), "{number}");
                assert_eq!(http.request.target, format!("/{number}"));
                assert_eq!(http.status, Some(200 + number as u16));
                assert_eq!(header(&http.headers, "x-number").as_deref(), Some(&*number.to_string()));
                let (pieces, size) = pieces(number);
                assert_eq!(http.body.encoded_bytes, (pieces * size) as u64, "{number}");
                assert_eq!(http.body.wire_bytes, (pieces * (size + 9)) as u64, "{number}");
                let own = http.head_bytes + http.body.wire_bytes;
                // What belongs to the connection itself counts to the oldest, which ends last here.
                assert_eq!(http.bytes_received > own, number == 0, "{number}");
                assert!(number == 0 || http.bytes_received == own, "{number}");
                assert!(http.bytes_sent > 9 && (number == 0) == (http.bytes_sent > 24 + 9 + 60), "{number}");
                let stamps = [Some(http.start), http.sent, http.first_byte, http.head_end, Some(http.end)];
                assert!(stamps.iter().all(Option::is_some) && stamps.is_sorted(), "{stamps:?}");
                let waited = http.first_byte.unwrap().since(http.sent.unwrap());
                let real = seen.lock().unwrap()[&number];
                assert!(waited.abs_diff(real) < TOLERANCE, "{number}: {waited:?}, put in: {real:?}");
                assert!(http.end.since(http.head_end.unwrap()) >= Duration::from_millis(5) * pieces as u32);
            }
            let first: Vec<At> = all.iter().map(|(http, _)| http.first_byte.unwrap()).collect();
            assert!(first.iter().rev().is_sorted(), "the last was answered first: {first:?}");
        });
    }
}

#[test]
fn a_request_that_is_given_up_takes_no_other_with_it() {
    local(async {
        let address = many(2, Seen::default()).await;
        let (clock, plan, ask) = (Clock::start(), plan(), ask("GET", None));
        let soon = Stop::after(clock, Duration::from_millis(20));
        let late = Stop::after(clock, Duration::from_secs(20));
        let session = connect(address, &plan).await;
        let (short, long) = (url(&format!("http://{address}/0")), url(&format!("http://{address}/1")));
        let ((_, given_up), (http, whole)) = tokio::join!(
            fetch(session.share().unwrap(), &short, &ask, &plan, &clock, &soon),
            fetch(session.share().unwrap(), &long, &ask, &plan, &clock, &late),
        );
        assert_eq!(given_up.err().unwrap().code, FailureCode::MaxTime);
        assert_eq!((http.status, http.body.encoded_bytes), (Some(201), 2 * 1_100));
        let (http, again) = fetch(whole.unwrap().unwrap(), &long, &ask, &plan, &clock, &late).await;
        assert_eq!((http.status, http.body.encoded_bytes), (Some(201), 2 * 1_100));
        assert!(again.unwrap().unwrap().is_open().await);
    });
}

#[test]
fn a_dropped_session_leaves_no_task_and_no_socket() {
    local(async {
        let (gone, mut is_gone) = tokio::sync::mpsc::unbounded_channel();
        let address = serve(|stream| async move {
            let mut connection = ::h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                let head = ::http::Response::builder().status(204).body(()).unwrap();
                respond.send_response(head, true).unwrap();
            }
            gone.send(()).unwrap();
        })
        .await;
        let (clock, target, plan) = (Clock::start(), url(&format!("http://{address}/")), plan());
        let stop = Stop::after(clock, Duration::from_secs(20));
        let session = connect(address, &plan).await;
        let tap = tap_of(&session);
        let (_, result) = fetch(session, &target, &ask("GET", None), &plan, &clock, &stop).await;
        let session = result.unwrap().unwrap();
        let second = session.share().unwrap();
        drop(session);
        tokio::task::yield_now().await;
        assert!(tap.strong_count() > 0, "the connection ends with its last hold");
        drop(second);
        tokio::task::yield_now().await;
        assert_eq!(tap.strong_count(), 0);
        assert_eq!(tokio::time::timeout(Duration::from_secs(10), is_gone.recv()).await, Ok(Some(())));
    });
}

#[test]
fn an_exchange_dropped_at_any_await_leaves_no_task() {
    local(async {
        let address = many(2, Seen::default()).await;
        let (clock, target, plan) = (Clock::start(), url(&format!("http://{address}/0")), plan());
        let (ask, stop) = (ask("GET", None), Stop::after(clock, Duration::from_secs(20)));
        let session = connect(address, &plan).await;
        let tap = tap_of(&session);
        let limit = Duration::from_millis(15);
        let left = tokio::time::timeout(limit, fetch(session, &target, &ask, &plan, &clock, &stop)).await;
        assert!(left.is_err());
        tokio::task::yield_now().await;
        assert_eq!(tap.strong_count(), 0);
    });
}
