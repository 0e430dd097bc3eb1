//! Hostile peers at TCP, on loopback: whatever they do with the connection is a named failure, in bounded time.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use socket2::SockRef;

use crate::support::json;

/// Serves every connection with `serve` and returns the port.
fn peer(serve: impl Fn(TcpStream) + Send + Sync + Copy + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// Ends a connection by RST.
fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// What the peer has sent so far.
fn read_some(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0; 4096]);
}

/// Traces it: exit code, stage and code of the failure, and the document. It must not take long.
fn fails(scheme: &str, port: u16, words: &[&str]) -> (i32, String, String, Value) {
    let url = format!("{scheme}://127.0.0.1:{port}/");
    let start = Instant::now();
    let (exit, document) = json(&[&["--max-time", "2"], words, &[&url]].concat());
    assert!(start.elapsed() < Duration::from_secs(20), "{url} {words:?}");
    let failure = &document["failure"];
    let text = |name: &str| failure[name].as_str().unwrap_or_default().to_owned();
    assert!(document["total_us"].as_u64().unwrap() < 2_300_000, "{}", document["total_us"]);
    assert!(!text("message").is_empty(), "{failure}");
    (exit, text("stage"), text("code"), document)
}

fn expect(scheme: &str, port: u16, exit: i32, code: &str) -> Value {
    let (seen, stage, told, document) = fails(scheme, port, &[]);
    let wanted = match exit {
        5 => "tcp",
        6 => "tls",
        _ => "http",
    };
    assert_eq!((seen, &stage[..], &told[..]), (exit, wanted, code), "{}", document["failure"]);
    document
}

#[test]
fn a_reset_is_named_by_where_it_comes() {
    let at_once = peer(reset);
    // Whether the connection was seen before it was gone is chance.
    for (scheme, exit, code) in [("http", 7, "connection-reset"), ("https", 6, "tls-closed")] {
        let (seen, _, told, document) = fails(scheme, at_once, &[]);
        // A write that meets the reset takes its error away, and the next read finds an end.
        let at_its_stage = seen == exit && [code, "empty-response"].contains(&&told[..]);
        let by_stage = at_its_stage || (seen == 5 && told == "connect-failed");
        assert!(by_stage, "{}", document["failure"]);
        if seen == 5 {
            let message = document["failure"]["message"].as_str().unwrap();
            assert!(message.contains("reset as soon as it was made"), "{message}");
        }
    }
    let after_the_request = peer(|mut stream| {
        read_some(&mut stream);
        reset(stream);
    });
    expect("http", after_the_request, 7, "connection-reset");
    expect("https", after_the_request, 6, "tls-closed");
    let in_the_head = peer(|mut stream| {
        read_some(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-");
        thread::sleep(Duration::from_millis(50)); // the reset must not overtake what was sent
        reset(stream);
    });
    let document = expect("http", in_the_head, 7, "connection-reset");
    assert!(document["failure"]["message"].as_str().unwrap().contains("head"), "{}", document["failure"]);
    let in_the_body = peer(|mut stream| {
        read_some(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
        thread::sleep(Duration::from_millis(50)); // the reset must not overtake what was sent
        reset(stream);
    });
    let document = expect("http", in_the_body, 7, "connection-reset");
    assert_eq!(document["hops"][0]["http"]["body"]["encoded_bytes"], 10);
}

#[test]
fn an_end_is_named_by_where_it_comes() {
    let at_once = peer(|stream| drop(stream.shutdown(Shutdown::Write)));
    expect("http", at_once, 7, "empty-response");
    expect("https", at_once, 6, "tls-closed");
    // It reads on, and says nothing more.
    let half_closed = peer(|mut stream| {
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    expect("http", half_closed, 7, "empty-response");
    let in_a_chunk = peer(|mut stream| {
        read_some(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nhalf");
    });
    let document = expect("http", in_a_chunk, 7, "body-incomplete");
    assert_eq!(document["hops"][0]["http"]["body"]["complete"], false);
}

#[test]
fn a_window_of_zero_for_ever_ends_at_max_time_while_sending() {
    let port = peer(|stream| {
        // Nothing is read: its window closes.
        thread::sleep(Duration::from_secs(30)); // the window stays closed: that is the case
        drop(stream);
    });
    let file = std::env::temp_dir().join(format!("urltrace-it-window-{}", std::process::id()));
    std::fs::write(&file, vec![b'x'; 24 << 20]).unwrap();
    let (exit, stage, code, document) =
        fails("http", port, &["--data-binary", &format!("@{}", file.display())]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!((exit, &stage[..], &code[..]), (7, "http", "max-time"), "{}", document["failure"]);
    let message = document["failure"]["message"].as_str().unwrap();
    assert!(message.contains("the request was still being sent"), "{message}");
    assert!(document["hops"][0]["phases"]["wait_us"].is_null());
}

#[test]
fn a_byte_now_and_then_ends_at_max_time_and_says_what_was_awaited() {
    let in_the_head = peer(|mut stream| {
        read_some(&mut stream);
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n" {
            thread::sleep(Duration::from_millis(400)); // the injected delay of this peer
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
        }
    });
    let document = expect("http", in_the_head, 7, "max-time");
    assert!(document["failure"]["message"].as_str().unwrap().contains("head"), "{}", document["failure"]);
    let in_the_body = peer(|mut stream| {
        read_some(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(400)); // the injected delay of this peer
        }
    });
    let document = expect("http", in_the_body, 7, "max-time");
    let got = document["hops"][0]["http"]["body"]["encoded_bytes"].as_u64().unwrap();
    assert!((3..=6).contains(&got), "{got}");
    let in_the_hello = peer(|mut stream| {
        read_some(&mut stream);
        while stream.write_all(b"\x16").is_ok() {
            thread::sleep(Duration::from_millis(400)); // the injected delay of this peer
        }
    });
    let (exit, stage, code, document) = fails("https", in_the_hello, &[]);
    assert_eq!((exit, &stage[..]), (6, "tls"), "{}", document["failure"]);
    assert!(["max-time", "not-tls", "tls-protocol"].contains(&&code[..]), "{}", document["failure"]);
}
