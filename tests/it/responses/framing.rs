//! Hostile heads, lengths, chunks, streams and frames of WebSockets.

use super::Named::{At, Count, Failure, Finding};
use super::Says::{Ever, Once, Socket};
use super::{judge, ok};

#[test]
fn lies_about_lengths_and_broken_heads_are_named() {
    let chunked = "Transfer-Encoding: chunked";
    let fields = |count: usize| "X-Field: y\n".repeat(count);
    judge(vec![
        (
            "a length that is too long",
            Once(ok("Content-Length: 10", b"abc")),
            &[],
            Failure("body-incomplete"),
        ),
        (
            "a length that is too short",
            Once(ok("Content-Length: 3", b"abcdef")),
            &[],
            Finding("http-framing-ambiguous"),
        ),
        (
            "two lengths",
            Once(ok("Content-Length: 3\nContent-Length: 4", b"abcd")),
            &[],
            Failure("bad-framing"),
        ),
        (
            "a length of forty digits",
            Once(ok(&format!("Content-Length: {}", "9".repeat(40)), b"abc")),
            &[],
            Failure("bad-framing"),
        ),
        ("a length below nothing", Once(ok("Content-Length: -1", b"abc")), &[], Failure("bad-framing")),
        (
            "a length and chunks",
            Once(ok(&format!("Content-Length: 3\n{chunked}"), b"6\r\nabcdef\r\n0\r\n\r\n")),
            &[],
            Finding("http-framing-ambiguous"),
        ),
        (
            "a chunk of more than 64 bits",
            Once(ok(chunked, b"1ffffffffffffffff\r\nabc")),
            &[],
            Failure("bad-framing"),
        ),
        (
            "a chunk as long as a file system",
            Once(ok(chunked, b"ffffffffffffffff\r\nabc")),
            &[],
            Failure("body-incomplete"),
        ),
        ("a chunk of less than nothing", Once(ok(chunked, b"-1\r\nabc")), &[], Failure("bad-framing")),
        (
            "an extension of a chunk without end",
            Ever(ok(chunked, b"1;"), b"a=b;".to_vec()),
            &[],
            Failure("bad-framing"),
        ),
        ("chunks without end", Ever(ok(chunked, b""), b"1\r\na\r\n".to_vec()), &[], Failure("max-time")),
        (
            "trailers without end",
            Ever(ok(chunked, b"0\r\n"), b"X-Trailer: y\r\n".to_vec()),
            &[],
            Failure("bad-framing"),
        ),
        ("a trailer without end", Ever(ok(chunked, b"0\r\nX: "), b"y".to_vec()), &[], Failure("bad-framing")),
        ("a thousand and one fields", Once(ok(&fields(1_001), b"")), &[], Failure("too-many-headers")),
        (
            "fields without end",
            Ever(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-Field: y\r\n".to_vec()),
            &[],
            Failure("headers-too-large"),
        ),
        (
            "a name without end",
            Ever(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x".to_vec()),
            &[],
            Failure("headers-too-large"),
        ),
        (
            "a reason without end",
            Ever(b"HTTP/1.1 200 ".to_vec(), b"o".to_vec()),
            &[],
            Failure("headers-too-large"),
        ),
        (
            "a fold without end",
            Ever(b"HTTP/1.1 200 OK\r\nX: y".to_vec(), b"\r\n z".to_vec()),
            &[],
            Failure("headers-too-large"),
        ),
        (
            "a thousand folds",
            Once(ok(&format!("X: y\n{}Content-Length: 0", " z\n".repeat(2_000)), b"")),
            &[],
            Count("/hops/0/http/headers", 2),
        ),
        ("NUL in a value", Once(ok("X: a\0b", b"")), &[], Failure("not-http")),
        // Borne as browsers do.
        (
            "control bytes in a value",
            Once(ok("X: \x1b[2J\x07", b"")),
            &[],
            At("/hops/0/http/headers", "\\u001b[2J\\u0007"),
        ),
        (
            "control bytes in the reason",
            Once(b"HTTP/1.1 200 \x1b[2J\r\n\r\n".to_vec()),
            &[],
            At("/hops/0/http/reason", "[2J"),
        ),
        (
            "a control byte in a redirect",
            Once(b"HTTP/1.1 302 Found\r\nLocation: /a\x01b\r\nContent-Length: 0\r\n\r\n".to_vec()),
            &[],
            At("/hops/0/http/redirect/target", "/a%01b"),
        ),
        (
            "a bare carriage return",
            Once(b"HTTP/1.1 200 OK\r\nX: a\rY: b\r\n\r\n".to_vec()),
            &[],
            Finding("http-bare-return"),
        ),
        (
            "a line that is no field",
            Once(b"HTTP/1.1 200 OK\r\nWarning here\r\nContent-Length: 0\r\n\r\n".to_vec()),
            &[],
            Finding("http-field-malformed"),
        ),
        (
            "chunks that are not the last coding",
            Once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n".to_vec()),
            &[],
            Finding("http-framing-ambiguous"),
        ),
        (
            "a text that says HTTP/2.0",
            Once(b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()),
            &[],
            At("/hops/0/http/version", "HTTP/1.1"),
        ),
        ("a status of nothing", Once(b"HTTP/1.1 000 Odd\r\n\r\n".to_vec()), &[], Failure("not-http")),
        (
            "a redirect to two places",
            Once(b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n".to_vec()),
            &[],
            Finding("http-redirect-broken"),
        ),
        (
            "a redirect to nowhere",
            Once(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n".to_vec()),
            &[],
            Finding("http-redirect-broken"),
        ),
        (
            "a redirect whose body never ends",
            Ever(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n".to_vec(), b"x".to_vec()),
            &["-L"],
            Failure("connection-refused"),
        ),
        (
            "an upgrade that nobody asked for",
            Once(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n".to_vec()),
            &[],
            Finding("http-status-error"),
        ),
        (
            "interim responses without end",
            Ever(Vec::new(), b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_vec()),
            &[],
            Failure("too-many-informational"),
        ),
        (
            "an interim response and nothing else",
            Once(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
            &[],
            Failure("head-incomplete"),
        ),
        ("a body without end", Ever(ok("", b""), b"0123456789abcdef".to_vec()), &[], Failure("max-time")),
        (
            "a body without end behind its length",
            Ever(ok("Content-Length: 4", b"abcd"), b"ef".to_vec()),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "events without end",
            Ever(ok("Content-Type: text/event-stream", b""), b"data: a\n\n".to_vec()),
            &[],
            At("/hops/0/http/sse/end", "max-time"),
        ),
        (
            "an event without end",
            Ever(ok("Content-Type: text/event-stream", b"data: "), b"a".to_vec()),
            &[],
            At("/hops/0/http/sse/end", "max-time"),
        ),
    ]);
}

#[test]
fn frames_out_of_bounds_are_named() {
    let long = |rest: [u8; 8]| [&[0x82, 127][..], &rest].concat();
    let once = |frames: &[u8]| Socket(frames.to_vec(), Vec::new());
    judge(vec![
        ("a frame of 2^63 bytes", once(&long([0x80, 0, 0, 0, 0, 0, 0, 0])), &[], Failure("websocket-frame")),
        (
            "a frame as long as a file system",
            Socket(long([0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), vec![b'x'; 4_096]),
            &[],
            Failure("max-time"),
        ),
        ("a ping of 126 bytes", once(&[0x89, 126, 0, 126]), &[], Failure("websocket-frame")),
        ("a masked frame", once(&[0x81, 0x81, 1, 2, 3, 4, 5]), &[], Failure("websocket-frame")),
        ("a frame of no kind", once(&[0x83, 0]), &[], Failure("websocket-frame")),
        ("the continuation of nothing", once(&[0x80, 0]), &[], Failure("websocket-frame")),
        ("pings without end", Socket(Vec::new(), vec![0x89, 1, b'?']), &[], Failure("websocket-endless")),
        (
            "pieces of a message without end",
            Socket(vec![0x01, 0], vec![0x00, 0]),
            &[],
            Failure("websocket-endless"),
        ),
        ("half a code", once(&[0x88, 1, 3]), &[], Failure("websocket-frame")),
        ("a close of nonsense", once(&[0x88, 4, 0xff, 0xff, 0x1b, 0xff]), &[], Failure("websocket-frame")),
        ("an end in the middle", once(&[0x82, 9, 1]), &[], Failure("websocket-closed")),
    ]);
}
