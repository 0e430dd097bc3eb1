//! Peers that do what they like, on loopback by IP address: each one a named failure.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::support::json;

/// Serves one connection with `serve` and returns the port.
fn peer(serve: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        if let Ok((stream, _)) = listener.accept() {
            serve(stream);
        }
    });
    port
}

/// Reads the request, then writes these bytes and closes.
fn answers(bytes: impl Into<Vec<u8>>) -> u16 {
    let bytes = bytes.into();
    peer(move |mut stream| {
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        let _ = stream.write_all(&bytes);
    })
}

fn fails(port: u16, scheme: &str, code: &str, exit: i32) -> serde_json::Value {
    let url = format!("{scheme}://127.0.0.1:{port}/");
    let (got, document) = json(&["--max-time", "3", &url]);
    assert_eq!(document["failure"]["code"], code, "{}", document["failure"]);
    assert_eq!(got, exit);
    document
}

#[test]
fn what_is_not_http_is_shown_escaped() {
    let document = fails(answers("SSH-2.0-OpenSSH_9.9\r\n\x1b[31m"), "http", "not-http", 7);
    let message = document["failure"]["message"].as_str().unwrap();
    assert!(message.contains("SSH-2.0") && !message.contains('\x1b'), "{message}");
}

#[test]
fn an_early_end_is_told_by_where_it_came() {
    fails(answers(""), "http", "empty-response", 7);
    fails(answers("HTTP/1.1 200 OK\r\nA: b\r\n"), "http", "head-incomplete", 7);
    let document =
        fails(answers("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), "http", "body-incomplete", 7);
    let http = &document["hops"][0]["http"];
    assert_eq!(
        (&http["status"], &http["body"]["encoded_bytes"], &http["body"]["complete"]),
        (&200.into(), &3.into(), &false.into())
    );
}

#[test]
fn a_status_line_that_curl_and_browsers_take_is_taken() {
    for line in ["http/1.1 200 OK", "HTTP/1.1 200OK", "HTTP/1.1  200", "HTTP/1.1 200 O\rK"] {
        let port = answers(format!("{line}\r\nContent-Length: 2\r\n\r\nhi"));
        let (exit, document) = json(&[&format!("http://127.0.0.1:{port}/")]);
        assert_eq!((exit, &document["hops"][0]["http"]["status"]), (0, &200.into()), "{line}");
    }
    let document = fails(answers("HTTP/1.1 2000 OK\r\n\r\n"), "http", "not-http", 7);
    let message = document["failure"]["message"].as_str().unwrap();
    assert!(message.starts_with("the status line of the response cannot be read"), "{message}");
}

#[test]
fn credentials_follow_a_redirect_to_another_host_where_that_is_trusted() {
    for (option, goes_along) in [("-L", false), ("--location-trusted", true)] {
        let (send, asked) = std::sync::mpsc::channel();
        let second = peer(move |mut stream| {
            let mut request = [0; 4096];
            let count = stream.read(&mut request).unwrap();
            send.send(String::from_utf8_lossy(&request[..count]).into_owned()).unwrap();
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        });
        let first = answers(format!(
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{second}/\r\nContent-Length: 0\r\n\r\n"
        ));
        let url = format!("http://127.0.0.1:{first}/");
        let (exit, document) = json(&[option, "-u", "ann:secret", "-H", "Cookie: a=b", &url]);
        assert_eq!((exit, &document["hops"][1]["http"]["status"]), (0, &204.into()));
        let request = asked.recv().unwrap().to_ascii_lowercase();
        for field in ["authorization: basic", "cookie: a=b"] {
            assert_eq!(request.contains(field), goes_along, "{option}: {request}");
        }
    }
}

#[test]
fn endless_heads_meet_their_limits() {
    let mut fat = b"HTTP/1.1 200 OK\r\nA: ".to_vec();
    fat.resize(300 * 1024, b'x');
    fails(answers(fat), "http", "headers-too-large", 7);
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(1001));
    fails(answers(many), "http", "too-many-headers", 7);
}

#[test]
fn a_plain_server_on_a_tls_port_and_the_reverse_are_recognised() {
    // HAProxy's own is of HTTP/1.0.
    for said in ["HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.0 400 Bad request\r\nConnection: close\r\n\r\n"]
    {
        let document = fails(answers(said), "https", "not-tls", 6);
        assert!(document["failure"]["message"].as_str().unwrap().contains("answered in plain HTTP, not TLS"));
    }
    fails(answers(b"\x15\x03\x01\x00\x02\x02\x46".to_vec()), "http", "not-http", 7);
    fails(answers(""), "https", "tls-closed", 6);
}

#[test]
fn a_silent_server_ends_at_max_time_with_the_stage_that_ran() {
    for (scheme, exit) in [("http", 7), ("https", 6)] {
        let port = peer(|mut stream| {
            let mut sink = Vec::new();
            let _ = stream.read_to_end(&mut sink);
        });
        let url = format!("{scheme}://127.0.0.1:{port}/");
        let (got, document) = json(&["--max-time", "0.2", &url]);
        assert_eq!((got, &document["failure"]["code"]), (exit, &"max-time".into()));
        let total = document["total_us"].as_u64().unwrap();
        assert!((200_000..300_000).contains(&total), "{total}");
    }
}

#[test]
fn header_fields_keep_order_case_and_repeats() {
    let port = answers(
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-b: 1\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n",
    );
    let (exit, document) = json(&["--show-secrets", &format!("http://127.0.0.1:{port}/")]);
    assert_eq!(exit, 0);
    let headers: Vec<_> = document["hops"][0]["http"]["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| format!("{}={}", field["name"].as_str().unwrap(), field["value"].as_str().unwrap()))
        .collect();
    assert_eq!(headers, ["Set-Cookie=a=1", "X-b=1", "set-cookie=b=2", "Content-Length=0"]);
}
