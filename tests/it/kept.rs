//! Servers that end a connection they had kept, under the request behind a redirect: everybody else goes on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::json;

/// What a server does with a connection.
type Serve = fn(TcpStream);

/// Serves each connection with its own of these, in order.
fn peers(serve: Vec<Serve>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        // `json` may run the binary more than once.
        for serve in serve.iter().cycle() {
            let Ok((stream, _)) = listener.accept() else { return };
            let _ = stream.set_nodelay(true);
            serve(stream);
        }
    });
    port
}

fn read_head(stream: &mut TcpStream) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.push(byte[0]);
    }
}

fn redirects(stream: &mut TcpStream) {
    read_head(stream);
    let _ = stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /n\r\nContent-Length: 0\r\n\r\n");
}

fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}

fn answers(mut stream: TcpStream) {
    read_head(&mut stream);
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

/// Whether the dead attempt is on record as a hop of its own.
fn assert_went_on(what: &str, document: &Value, exit: i32) {
    let hops = document["hops"].as_array().unwrap();
    assert_eq!((exit, &hops.last().unwrap()["http"]["status"]), (0, &200.into()), "{what}: {document:#}");
    assert!(document["failure"].is_null());
    if hops.len() == 3 {
        assert_eq!(
            (&hops[2]["retry_of"], &hops[1]["reused_connection_of"]),
            (&1.into(), &0.into()),
            "{what}"
        );
        assert!(
            hops[2]["reused_connection_of"].is_null() && hops[1]["failure"]["code"].is_string(),
            "{what}"
        );
        assert!(hops[1]["http"]["unanswered"].is_string(), "{what}");
        let is_refused = hops[1]["http"]["unanswered"] == "refused";
        let id = if is_refused { "http-stream-refused" } else { "http-connection-closed" };
        assert!(findings(document).contains(&id), "{what}: {:?}", findings(document));
    }
}

fn findings(document: &Value) -> Vec<&str> {
    document["findings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[test]
fn a_kept_connection_may_end_at_any_time() {
    let table: [(&str, usize, Serve); 6] = [
        ("FIN at once", 0, |mut stream| redirects(&mut stream)),
        ("FIN a little later", 0, |mut stream| {
            redirects(&mut stream);
            thread::sleep(Duration::from_millis(1)); // the case itself: the FIN comes behind the response
        }),
        ("FIN under the second request", 3, |mut stream| {
            redirects(&mut stream);
            read_head(&mut stream);
        }),
        ("RST at once", 0, |mut stream| {
            redirects(&mut stream);
            reset(stream);
        }),
        ("RST a little later", 0, |mut stream| {
            redirects(&mut stream);
            thread::sleep(Duration::from_millis(1)); // the case itself: the RST comes behind the response
            reset(stream);
        }),
        ("RST under the second request", 3, |mut stream| {
            redirects(&mut stream);
            read_head(&mut stream);
            reset(stream);
        }),
    ];
    for (what, hops, first) in table {
        let port = peers(vec![first, answers]);
        let (exit, document) = json(&["-L", "-m", "5", &format!("http://127.0.0.1:{port}/")]);
        assert_went_on(what, &document, exit);
        assert!(hops == 0 || document["hops"].as_array().unwrap().len() == hops, "{what}");
    }
}

#[test]
fn what_must_not_be_done_twice_is_not_and_a_new_connection_is_no_kept_one() {
    let again: Serve = |mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 307 Again\r\nLocation: /n\r\nContent-Length: 0\r\n\r\n");
        read_head(&mut stream);
    };
    let port = peers(vec![again, answers]);
    let url = format!("http://127.0.0.1:{port}/");
    let (exit, document) = json(&["-L", "-m", "5", "-X", "POST", &url]);
    assert_eq!((exit, &document["failure"]["code"]), (7, &"empty-response".into()));
    assert_eq!(document["hops"].as_array().unwrap().len(), 2);

    let port = peers(vec![|mut stream| read_head(&mut stream)]);
    let (exit, document) = json(&["-L", "-m", "5", &format!("http://127.0.0.1:{port}/")]);
    assert_eq!((exit, document["hops"].as_array().unwrap().len()), (7, 1));
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&[length[1], length[2], length[3], kind, flags][..], &stream.to_be_bytes(), payload].concat()
}

/// Reads frames until one of this type.
fn until(stream: &mut TcpStream, kind: u8) -> bool {
    let mut header = [0; 9];
    while stream.read_exact(&mut header).is_ok() {
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let _ = std::io::copy(&mut Read::by_ref(stream).take(length.into()), &mut std::io::sink());
        if header[3] == kind {
            return true;
        }
    }
    false
}

/// Takes the first request of a connection.
fn begin(stream: &mut TcpStream) {
    let _ = stream.read_exact(&mut [0; 24]);
    let _ = stream.write_all(&frame(4, 0, 0, b""));
    until(stream, 1);
}

/// `302`, `Location: /n`, no body.
fn found(stream: &mut TcpStream) {
    begin(stream);
    let _ = stream.write_all(&frame(1, 5, 1, b"\x48\x03302\x0f\x1f\x02/n"));
}

fn goaway(last: u8, code: u8, debug: &[u8]) -> Vec<u8> {
    frame(7, 0, 0, &[&[0, 0, 0, last, 0, 0, 0, code][..], debug].concat())
}

fn ok(mut stream: TcpStream) {
    begin(&mut stream);
    let _ = stream.write_all(&frame(1, 5, 1, b"\x88"));
    until(&mut stream, 0xff);
}

#[test]
fn so_may_one_of_http2() {
    let table: [(&str, Serve); 7] = [
        ("FIN at once", |mut stream| found(&mut stream)),
        ("FIN under the second request", |mut stream| {
            found(&mut stream);
            until(&mut stream, 1);
        }),
        ("RST under the second request", |mut stream| {
            found(&mut stream);
            until(&mut stream, 1);
            reset(stream);
        }),
        ("GOAWAY at once", |mut stream| {
            found(&mut stream);
            let _ = stream.write_all(&goaway(1, 0, b""));
            until(&mut stream, 0xff);
        }),
        ("GOAWAY under the second request", |mut stream| {
            found(&mut stream);
            until(&mut stream, 1);
            let _ = stream.write_all(&goaway(1, 0, b""));
            until(&mut stream, 0xff);
        }),
        ("GOAWAY later, then FIN", |mut stream| {
            found(&mut stream);
            until(&mut stream, 1);
            thread::sleep(Duration::from_millis(20)); // the case itself: the GOAWAY comes late
            let _ = stream.write_all(&goaway(1, 0, b""));
        }),
        ("REFUSED_STREAM", |mut stream| {
            found(&mut stream);
            until(&mut stream, 1);
            let _ = stream.write_all(&frame(3, 0, 3, &[0, 0, 0, 7]));
            until(&mut stream, 0xff);
        }),
    ];
    for (what, first) in table {
        let port = peers(vec![first, ok]);
        let (exit, document) = json(&["-L", "-m", "5", "--http2", &format!("http://127.0.0.1:{port}/")]);
        assert_went_on(what, &document, exit);
    }
    // The protocol says that it was not processed: then any method goes again.
    let refused: Serve = |mut stream| {
        begin(&mut stream);
        let _ = stream.write_all(&frame(1, 5, 1, b"\x48\x03307\x0f\x1f\x02/n"));
        until(&mut stream, 1);
        let _ = stream.write_all(&frame(3, 0, 3, &[0, 0, 0, 7]));
        until(&mut stream, 0xff);
    };
    let port = peers(vec![refused, ok]);
    let url = format!("http://127.0.0.1:{port}/");
    let (exit, document) = json(&["-L", "-m", "5", "--http2", "-X", "POST", &url]);
    assert_went_on("a POST that was refused", &document, exit);
    assert_eq!(document["hops"][1]["http"]["unanswered"], "refused");
}

/// Nothing was done for it, by the server's own word: then one on a fresh connection goes again as well, and once.
#[test]
fn what_a_server_refuses_unprocessed_goes_again_once() {
    let refuses: Serve = |mut stream| {
        begin(&mut stream);
        let _ = stream.write_all(&frame(3, 0, 1, &[0, 0, 0, 7]));
        until(&mut stream, 0xff);
    };
    let leaves: Serve = |mut stream| {
        begin(&mut stream);
        let _ = stream.write_all(&goaway(0, 0, b"reload"));
    };
    for (what, first) in [("REFUSED_STREAM", refuses), ("GOAWAY", leaves)] {
        let port = peers(vec![first, ok]);
        let url = format!("http://127.0.0.1:{port}/");
        let (exit, document) = json(&["-m", "5", "--http2", "-d", "a=1", &url]);
        let hops = document["hops"].as_array().unwrap();
        assert_eq!((exit, hops.len()), (0, 2), "{what}: {document:#}");
        assert_eq!((&hops[1]["retry_of"], &hops[1]["http"]["status"]), (&0.into(), &200.into()), "{what}");
        assert_eq!(hops[0]["http"]["unanswered"], "refused", "{what}");
        assert!(findings(&document).contains(&"http-stream-refused"), "{what}");
        let port = peers(vec![first, first]);
        let url = format!("http://127.0.0.1:{port}/");
        let (exit, document) = json(&["-m", "5", "--http2", &url]);
        assert_eq!((exit, document["hops"].as_array().unwrap().len()), (7, 2), "{what}: never a third time");
        assert_eq!(document["failure"]["code"], "http2-protocol");
    }
    // Who insists on HTTP/2 is not given HTTP/1.1.
    let wants_http1: Serve = |mut stream| {
        begin(&mut stream);
        let _ = stream.write_all(&frame(3, 0, 1, &[0, 0, 0, 13]));
        until(&mut stream, 0xff);
    };
    let port = peers(vec![wants_http1]);
    let (exit, document) = json(&["-m", "5", "--http2", &format!("http://127.0.0.1:{port}/")]);
    assert_eq!((exit, document["hops"].as_array().unwrap().len()), (7, 1), "{document:#}");
    assert_eq!(document["hops"][0]["http"]["unanswered"], "http1-required");
    // Who does not, is: on a connection that offers nothing else.
    let (exit, document) = json(&["--lab", "https://wants-http1.http.test/"]);
    let hops = document["hops"].as_array().unwrap();
    assert_eq!((exit, hops.len()), (0, 2), "{document:#}");
    assert_eq!((&hops[0]["tls"]["alpn"], &hops[1]["tls"]["alpn"]), (&"h2".into(), &"http/1.1".into()));
    assert_eq!((&hops[1]["http"]["status"], &hops[1]["retry_of"]), (&200.into(), &0.into()));
    assert!(findings(&document).contains(&"http-stream-refused"));
}

#[test]
fn what_ends_http2_is_told_with_its_code_and_what_was_said() {
    let table: [(&str, Serve, &[&str]); 5] = [
        (
            "http2-protocol",
            |mut stream| {
                begin(&mut stream);
                let _ = stream.write_all(&goaway(1, 11, b"too_many_pings"));
                let _ = stream.shutdown(Shutdown::Write);
                until(&mut stream, 0xff);
            },
            &["ENHANCE_YOUR_CALM (GOAWAY)", "saying `too_many_pings`"],
        ),
        (
            "http2-protocol",
            |mut stream| {
                begin(&mut stream);
                let _ = stream.write_all(&goaway(0, 0, b""));
                until(&mut stream, 0xff);
            },
            &["shut the connection down (GOAWAY, NO_ERROR)"],
        ),
        (
            "body-incomplete",
            |mut stream| {
                begin(&mut stream);
                let _ = stream.write_all(&frame(1, 4, 1, b"\x88\x0f\x0d\x0210"));
                let _ = stream.write_all(&frame(0, 0, 1, b"abc"));
                let _ = stream.write_all(&frame(3, 0, 1, &[0, 0, 0, 2]));
                until(&mut stream, 0xff);
            },
            &["broke off the body with INTERNAL_ERROR (RST_STREAM): 3 of 10 bytes came"],
        ),
        (
            "http2-protocol",
            |mut stream| {
                begin(&mut stream);
                let _ = stream.write_all(&frame(1, 5, 1, b"\x88\x00\x07upgrade\x06h2,h2c"));
                until(&mut stream, 0xff);
            },
            &["the field `upgrade: h2,h2c`, which only HTTP/1.1 has (RFC 9113 section 8.2.2)"],
        ),
        (
            "http2-protocol",
            |mut stream| {
                let _ = stream.read_exact(&mut [0; 24]);
                let _ = stream.write_all(&frame(1, 5, 1, b"\x88"));
                until(&mut stream, 0xff);
            },
            &["its first frame is HEADERS, not SETTINGS"],
        ),
    ];
    for (code, serve, words) in table {
        let port = peers(vec![serve]);
        let (exit, document) = json(&["-m", "5", "--http2", &format!("http://127.0.0.1:{port}/")]);
        assert_eq!((exit, &document["failure"]["code"]), (7, &code.into()), "{}", document["failure"]);
        let message = document["failure"]["message"].as_str().unwrap();
        assert!(words.iter().all(|words| message.contains(words)), "{message}");
    }
}

#[test]
fn fields_of_http2_are_in_wire_order() {
    let serve: Serve = |mut stream| {
        begin(&mut stream);
        let field = |name: &str, value: &str| {
            let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
            [&[0][..], &text(name), &text(value)].concat()
        };
        let block = [
            vec![0x88],
            field("set-cookie", "a=1"),
            field("x-a", "1"),
            field("set-cookie", "b=1"),
            field("x-b", "2"),
            field("x-a", "3"),
            field("set-cookie", "c=1"),
        ];
        let _ = stream.write_all(&frame(1, 5, 1, &block.concat()));
        until(&mut stream, 0xff);
    };
    let port = peers(vec![serve]);
    let url = format!("http://127.0.0.1:{port}/");
    let (_, document) = json(&["-m", "5", "--http2", "--show-secrets", &url]);
    let fields = document["hops"][0]["http"]["headers"].as_array().unwrap();
    let fields: Vec<_> = fields
        .iter()
        .map(|field| format!("{}={}", field["name"].as_str().unwrap(), field["value"].as_str().unwrap()))
        .collect();
    assert_eq!(fields, ["set-cookie=a=1", "x-a=1", "set-cookie=b=1", "x-b=2", "x-a=3", "set-cookie=c=1"]);
}

/// Answers this many requests, and then reads one more.
fn serves<const ANSWERS: usize>(mut stream: TcpStream) {
    for _ in 0..ANSWERS {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
    read_head(&mut stream);
}

#[test]
fn the_same_again_goes_by_the_same_connection_and_is_not_counted() {
    let port = peers(vec![serves::<5>]);
    let (exit, document) = json(&["-m", "5", "--reuse", &format!("http://127.0.0.1:{port}/")]);
    let hop = &document["hops"][0];
    assert_eq!((exit, &hop["further_end"]), (0, &"done".into()), "{hop:#}");
    let further = hop["further"].as_array().unwrap();
    assert_eq!(further.len(), 4);
    let mut before = hop["end_us"].as_u64().unwrap();
    assert_eq!(document["total_us"].as_u64(), Some(before), "what comes after it is not counted");
    for again in further {
        assert_eq!((&again["status"], &again["failure"]), (&200.into(), &Value::Null));
        let phases = &again["phases"];
        assert!(phases["connect_us"].is_null() && phases["tls_us"].is_null() && phases["dns_us"].is_null());
        let part = |name: &str| phases[name].as_u64().unwrap();
        let sum = part("send_us") + part("wait_us") + part("receive_us") + part("unaccounted_us");
        assert_eq!(sum, part("total_us"));
        let (start, end) = (again["start_us"].as_u64().unwrap(), again["end_us"].as_u64().unwrap());
        assert!(before <= start && start <= end, "one after another");
        before = end;
    }
}

#[test]
fn a_server_that_ends_the_connection_in_between_is_told() {
    let port = peers(vec![serves::<2>]);
    let (exit, document) = json(&["-m", "5", "--reuse=3", &format!("http://127.0.0.1:{port}/")]);
    let hop = &document["hops"][0];
    assert_eq!((exit, &hop["further_end"], &document["failure"]), (0, &"closed".into(), &Value::Null));
    let further = hop["further"].as_array().unwrap();
    assert_eq!((further.len(), &further[0]["status"]), (2, &200.into()), "{hop:#}");
    assert_eq!(further[1]["failure"]["code"], "empty-response");
    let port = peers(vec![answers]);
    let (_, document) = json(&["-m", "5", "--reuse", &format!("http://127.0.0.1:{port}/")]);
    let hop = &document["hops"][0];
    assert_eq!((&hop["further"], &hop["further_end"]), (&Value::Null, &"untried".into()));
    assert!(hop["further_why"].as_str().unwrap().contains("with its first response"));
}

#[test]
fn what_may_change_something_is_made_again_when_told_so() {
    let posts: Serve = |mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        read_head(&mut stream);
    };
    let port = peers(vec![posts]);
    let url = format!("http://127.0.0.1:{port}/");
    let (_, document) = json(&["-m", "5", "-X", "POST", "--reuse=1", "--reuse-all", &url]);
    assert_eq!(document["hops"][0]["further"].as_array().unwrap().len(), 1, "told to");
}
