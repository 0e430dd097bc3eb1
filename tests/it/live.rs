//! Streams of events and WebSockets by servers on loopback: their times, and peers that mean no good.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::json;

/// Serves every connection like this, behind the head of its request.
fn peer(serve: fn(TcpStream, String)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.set_nodelay(true);
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                head.push(byte[0]);
            }
            serve(stream, String::from_utf8_lossy(&head).into_owned());
        }
    });
    port
}

fn events(stream: &mut TcpStream, length: Option<usize>) {
    let length = length.map_or_else(String::new, |length| format!("Content-Length: {length}\r\n"));
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n{length}\r\n");
    let _ = stream.write_all(head.as_bytes());
}

const PAUSE: Duration = Duration::from_millis(300);

fn micros(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no time"))
}

#[test]
fn an_endless_stream_of_events_ends_with_the_run_and_has_its_first_event() {
    let port = peer(|mut stream, _| {
        events(&mut stream, None);
        let _ = stream.write_all(b": a comment\n\ndata: ha");
        thread::sleep(PAUSE); // the case itself: the event is whole only later
        let _ = stream.write_all(b"lf\n\ndata: two\n\n");
        thread::sleep(Duration::from_secs(20)); // longer than the run: the stream has no end
    });
    let (exit, document) = json(&["-m", "2", &format!("http://127.0.0.1:{port}/")]);
    let http = &document["hops"][0]["http"];
    assert_eq!(
        (exit, &document["outcome"], &document["failure"]),
        (0, &"ok".into(), &Value::Null),
        "{http:#}"
    );
    assert_eq!((&http["sse"]["events"], &http["sse"]["end"]), (&2.into(), &"max-time".into()));
    let waited = micros(&http["sse"]["first_event_us"]) - micros(&http["first_byte_us"]);
    assert!((250_000..1_500_000).contains(&waited), "{waited} us for {PAUSE:?}");
    assert_eq!(http["body"]["complete"], false);
    let ids: Vec<_> =
        document["findings"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert!(!ids.contains(&"http-body-slow"), "{ids:?}");
}

#[test]
fn a_stream_that_the_server_ends_is_told_as_such_and_one_that_breaks_off_fails() {
    let port = peer(|mut stream, _| {
        events(&mut stream, Some(9));
        let _ = stream.write_all(b"data: 1\n\n");
    });
    let (exit, document) = json(&["-m", "5", &format!("http://127.0.0.1:{port}/")]);
    let sse = &document["hops"][0]["http"]["sse"];
    assert_eq!((exit, &sse["events"], &sse["end"]), (0, &1.into(), &"server".into()));
    let port = peer(|mut stream, _| {
        events(&mut stream, Some(90));
        let _ = stream.write_all(b"data: 1\n\n");
    });
    let (exit, document) = json(&["-m", "5", &format!("http://127.0.0.1:{port}/")]);
    assert_eq!((exit, &document["failure"]["code"]), (7, &"body-incomplete".into()));
    // Other endless bodies fail as ever.
    let port = peer(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nx");
        thread::sleep(Duration::from_secs(20)); // longer than the run
    });
    let (exit, document) = json(&["-m", "1", &format!("http://127.0.0.1:{port}/")]);
    assert_eq!((exit, &document["failure"]["code"]), (7, &"max-time".into()));
}

#[test]
fn a_websocket_is_pinged_and_its_pong_has_its_time() {
    let (exit, document) = json(&["--lab", "wss://socket.http.test/"]);
    let hop = &document["hops"][0];
    let socket = &hop["http"]["websocket"];
    assert_eq!((exit, &hop["http"]["status"]), (0, &101.into()), "{hop:#}");
    assert_eq!(
        (&socket["messages"], &socket["bytes"], &socket["frames"]),
        (&1.into(), &13.into(), &2.into())
    );
    let took = micros(&socket["pong_us"]) - micros(&socket["ping_us"]);
    assert!((100_000..1_500_000).contains(&took), "{took} us for 120 ms");
    assert_eq!((&hop["url"]["scheme"], &hop["tls"]["alpn"]), (&"wss".into(), &"http/1.1".into()));
    assert_eq!(hop["end_us"], socket["pong_us"]);
}

#[test]
fn a_server_that_opens_no_websocket_is_told_with_its_answer() {
    for (answer, code) in [
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "websocket-refused"),
        ("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "websocket-refused"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            "websocket-handshake",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            "websocket-handshake",
        ),
        ("", "empty-response"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        let (exit, document) = json(&["-L", "-m", "5", &format!("ws://127.0.0.1:{port}/chat")]);
        assert_eq!(
            (exit, &document["failure"]["code"]),
            (7, &code.into()),
            "{answer}: {}",
            document["failure"]
        );
    }
}
