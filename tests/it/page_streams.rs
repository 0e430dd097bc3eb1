//! Pages over HTTP/2 whose requests are reset, each by itself: what that says of their connection, and what of the host.

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::support::{check_document, json};
use crate::tls_server;

/// What a server answers by HTTP/2.
enum Answer {
    /// A file: its type, its text, and after how long.
    File(&'static str, String, Duration),
    Reset(Reason),
}

fn at_once(kind: &'static str, text: &str) -> Answer {
    Answer::File(kind, text.to_owned(), Duration::ZERO)
}

/// What a server has seen.
#[derive(Default)]
struct Seen {
    /// Connections by HTTP/2, and requests over them.
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
    /// Connections by HTTP/1.1 now, and the most at a time.
    by_http1: AtomicUsize,
    most_by_http1: AtomicUsize,
}

/// Serves a page by HTTP/2 as `answer` says of a path and whether it was asked for before, and by HTTP/1.1 with an image
/// for everything but the document, which is `document`.
fn serve(
    document: &'static str,
    answer: impl Fn(&str, bool) -> Answer + Send + 'static,
) -> (String, Arc<Seen>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let seen = Arc::new(Seen::default());
    let log = Arc::clone(&seen);
    thread::spawn(move || {
        let mut config = tls_server::config();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let answer = Rc::new(answer);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, answer, log) = (acceptor.clone(), Rc::clone(&answer), Arc::clone(&log));
                tokio::task::spawn_local(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                        by_http2(stream, answer, log).await;
                    } else {
                        by_http1(stream, document, &log).await;
                    }
                });
            }
        });
    });
    (url, seen)
}

async fn by_http2(
    stream: TlsStream<TcpStream>,
    answer: Rc<impl Fn(&str, bool) -> Answer + 'static>,
    seen: Arc<Seen>,
) {
    seen.connections.fetch_add(1, Ordering::Relaxed);
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, mut sender))) = connection.accept().await {
        let path = request.uri().path().to_owned();
        let is_known = {
            let mut requests = seen.requests.lock().unwrap();
            requests.push(path.clone());
            requests.iter().filter(|other| **other == path).count() > 1
        };
        match answer(&path, is_known) {
            Answer::Reset(reason) => sender.send_reset(reason),
            Answer::File(kind, text, think) => drop(tokio::task::spawn_local(async move {
                tokio::time::sleep(think).await; // the server's thought
                let response = http::Response::builder().header("content-type", kind).body(()).unwrap();
                let Ok(mut body) = sender.send_response(response, false) else { return };
                let _ = body.send_data(Bytes::from(text), true);
            })),
        }
    }
}

async fn by_http1(stream: TlsStream<TcpStream>, document: &str, seen: &Seen) {
    let now = seen.by_http1.fetch_add(1, Ordering::Relaxed) + 1;
    seen.most_by_http1.fetch_max(now, Ordering::Relaxed);
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while stream.read_line(&mut head).await.is_ok_and(|count| count > 0) {
        if !head.ends_with("\r\n\r\n") {
            continue;
        }
        let (kind, body) =
            if head.starts_with("GET / ") { ("text/html", document) } else { ("image/png", "x") };
        tokio::time::sleep(Duration::from_millis(30)).await; // so that several are asked for at a time
        let head_of =
            format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
        if stream.write_all(format!("{head_of}{body}").as_bytes()).await.is_err()
            || stream.flush().await.is_err()
        {
            break;
        }
        head.clear();
    }
    seen.by_http1.fetch_sub(1, Ordering::Relaxed);
}

fn page(url: &str) -> Value {
    let (_, document) = json(&["-k", "--page", url]);
    check_document(&document);
    document
}

fn connections(document: &Value) -> HashSet<u64> {
    let requests = document["requests"].as_array().unwrap().iter();
    requests.filter_map(|request| request["connection"].as_u64()).collect()
}

#[test]
fn a_stream_that_is_reset_leaves_the_connection_to_the_others() {
    let think = Duration::from_millis(100);
    let (url, seen) = serve("", move |path, is_known| match path {
        "/" => at_once(
            "text/html",
            "<!doctype html><link rel=stylesheet href=/a.css><img src=/reset.png><img src=/refused.png>",
        ),
        "/reset.png" => Answer::Reset(Reason::INTERNAL_ERROR),
        "/refused.png" if !is_known => Answer::Reset(Reason::REFUSED_STREAM),
        "/a.css" => Answer::File("text/css", "@import '/b.css';".to_owned(), think),
        "/b.css" => Answer::File("text/css", "@import '/c.css';".to_owned(), think),
        _ => at_once("image/png", "x"),
    });
    let document = page(&url);
    assert_eq!(connections(&document).len(), 1, "{document:#}");
    assert_eq!(seen.connections.load(Ordering::Relaxed), 1);
    let requests = document["requests"].as_array().unwrap();
    let failed = requests.iter().filter(|request| request["status"].is_null()).count();
    assert_eq!((requests.len(), failed), (7, 2), "the refused one is asked for once more: {document:#}");
}

#[test]
fn a_host_that_wants_http1_gets_no_more_connections_than_that_has() {
    let images: String = (0..20).map(|number| format!("<img src=/{number}.png>")).collect();
    let (url, seen) = serve("", move |path, _| match path {
        "/" => at_once("text/html", &format!("<!doctype html>{images}")),
        _ => Answer::Reset(Reason::HTTP_1_1_REQUIRED),
    });
    let document = page(&url);
    let requests = document["requests"].as_array().unwrap();
    let by_http1 = requests.iter().filter(|request| request["protocol"] == "HTTP/1.1");
    assert_eq!(by_http1.filter(|request| request["status"] == 200).count(), 20, "{document:#}");
    let most = seen.most_by_http1.load(Ordering::Relaxed);
    assert!((2..=6).contains(&most), "{most} connections at a time");
}

#[test]
fn what_a_document_has_learned_of_its_server_holds_for_its_page() {
    const DOCUMENT: &str = "<!doctype html><img src=/1.png><img src=/2.png><img src=/3.png><img src=/4.png>";
    let (url, seen) = serve(DOCUMENT, |_, _| Answer::Reset(Reason::HTTP_1_1_REQUIRED));
    let document = page(&url);
    assert_eq!(*seen.requests.lock().unwrap(), ["/"], "only the document was asked for by HTTP/2");
    let requests = document["requests"].as_array().unwrap();
    assert_eq!(requests.iter().filter(|request| request["status"] == 200).count(), 5, "{document:#}");
    assert_eq!(requests.iter().filter(|request| request["initiator"]["kind"] == "retry").count(), 1);
}
