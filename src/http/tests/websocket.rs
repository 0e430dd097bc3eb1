//! Frames of servers, whole, cut and wrong.

use super::*;

fn all(bytes: &[u8]) -> Result<Vec<Frame>, String> {
    let mut frames = Frames::default();
    frames.push(bytes);
    let mut found = Vec::new();
    while let Some(frame) = frames.next()? {
        found.push(frame);
    }
    Ok(found)
}

#[test]
fn frames_are_found_wherever_they_are_cut() {
    let mut bytes = vec![0x01, 3, b'a', b'b', b'c', 0x89, 1, b'?', 0x80, 126, 1, 0];
    bytes.extend([b'x'; 256]);
    bytes.extend([0x8a, 2, b'h', b'i']);
    let whole = all(&bytes).unwrap();
    let told: Vec<(u8, bool, u64)> = whole.iter().map(|it| (it.opcode, it.is_last, it.length)).collect();
    assert_eq!(told, [(TEXT, false, 3), (PING, true, 1), (CONTINUATION, true, 256), (PONG, true, 2)]);
    assert_eq!((whole[1].payload.as_slice(), whole[3].payload.as_slice()), (&b"?"[..], &b"hi"[..]));
    for size in 1..20 {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(size) {
            frames.push(piece);
            while let Some(frame) = frames.next().unwrap() {
                found.push(frame);
            }
        }
        assert_eq!(found, whole, "{size} bytes at a time");
    }
}

#[test]
fn what_breaks_the_protocol_is_named() {
    let long = |rest: &[u8]| [&[0x82, 127][..], rest].concat();
    let table: &[(&[u8], &str)] = &[
        (&[0x81, 0x83, 1, 2, 3, 4, 0, 0, 0], "masked"),
        (&[0xc1, 0], "extension"),
        (&[0x83, 0], "kind 0x3"),
        (&[0x8b, 0], "kind 0xb"),
        (&[0x89, 126, 0, 126], "control frame of 126"),
        (&[0x09, 0], "in fragments"),
        (&[0x88, 1, 3], "half a code"),
        (&[0x88, 2, 3, 0xee], "1006, a code that is never sent"),
        (&[0x88, 2, 0, 1], "never sent"),
        (&[0x80, 0], "continuation of no message"),
        (&[0x01, 0, 0x81, 0], "within another"),
        (&[0x81, 126, 0, 5], "shortest"),
        (&long(&[0, 0, 0, 0, 0, 0, 0xff, 0xff]), "shortest"),
        (&long(&[0x80, 0, 0, 0, 0, 0, 0, 0]), "which none can have"),
    ];
    for (bytes, why) in table {
        let error = all(bytes).unwrap_err();
        assert!(error.contains(why), "{bytes:x?}: {error}");
    }
    // As long as a file system, and allowed: it is passed over, and costs no memory.
    let mut frames = Frames::default();
    frames.push(&long(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
    assert_eq!(frames.next(), Ok(None));
    frames.push(&[b'x'; 1000]);
    assert_eq!((frames.next(), frames.buffer.len()), (Ok(None), 0));
}

#[test]
fn a_ping_without_a_pong_is_told_as_that() {
    let mut record = crate::http::scene::blank(HttpVersion::Http11, At(0));
    record.websocket = Some(WebSocket { ping: Some(At(500_000)), ..WebSocket::default() });
    let limit = std::time::Duration::from_secs(2);
    let fault = fault::stopped(crate::stop::Stopped::MaxTime, &record, At(2_000_000), limit);
    assert!(fault.message.contains("no pong answered the ping"), "{}", fault.message);
}

#[test]
fn a_101_of_http_10_opens_no_websocket() {
    let mut record = crate::http::scene::blank(HttpVersion::Http10, At(0));
    record.status = Some(101);
    let fault = upgraded(&record).unwrap_err();
    assert_eq!(fault.code, FailureCode::WebsocketHandshake);
    assert!(fault.message.starts_with("the 101 is of HTTP/1.0"), "{}", fault.message);
    record.version = HttpVersion::Http11;
    assert!(upgraded(&record).unwrap_err().message.contains("Upgrade: websocket"));
}
