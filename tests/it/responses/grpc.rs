//! Hostile servers of gRPC, frame by frame: prefixes that lie, statuses that are none, words with escape sequences, and
//! streams that end in the middle or never.

use std::io::Read;
use std::net::TcpStream;

use super::Named::{At, Count, Failure, Finding};
use super::Says::Frames;
use super::Then::{Close, Ever, Hold};
use super::{Row, judge, packed, serve};
use crate::support::{code, run, stderr, stdout};

/// Types and flags of frames (RFC 9113 section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A connection preface without settings.
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

const STATUS: &str = "/hops/0/http/grpc/status";
const MESSAGE: &str = "/hops/0/http/grpc/message";
const WHY: &str = "/failure/message";
const FAULTS: &str = "/hops/0/http/grpc/faults";

/// The answer to a health check: SERVING.
const SERVING: &[u8] = b"\0\0\0\0\x02\x08\x01";

/// Reads a connection until the head of its first request is there. Gives nothing: what was asked is known.
pub(super) fn call(stream: &mut TcpStream) -> String {
    let mut read = |count: usize| {
        let mut bytes = vec![0; count];
        stream.read_exact(&mut bytes).ok().map(|()| bytes)
    };
    let mut head = read(24).and_then(|_| read(9));
    while let Some(frame) = head {
        let length = u32::from_be_bytes([0, frame[0], frame[1], frame[2]]);
        if read(length as usize).is_none() || frame[3] == HEADERS {
            break;
        }
        head = read(9);
    }
    String::new()
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&[length[1], length[2], length[3], kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Fields as literals that nobody has to keep (RFC 7541 section 6.2.2).
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let string = |out: &mut Vec<u8>, text: &str| {
        // An integer with a prefix of seven bits (section 5.1).
        if text.len() < 127 {
            out.push(text.len() as u8);
        } else {
            out.push(127);
            let mut rest = text.len() - 127;
            while rest >= 128 {
                out.push((rest % 128) as u8 | 128);
                rest /= 128;
            }
            out.push(rest as u8);
        }
        out.extend_from_slice(text.as_bytes());
    };
    let mut out = Vec::new();
    for (name, value) in fields {
        out.push(0);
        string(&mut out, name);
        string(&mut out, value);
    }
    out
}

/// A block of fields in as many frames as it takes.
fn fields(flags: u8, all: &[(&str, &str)]) -> Vec<u8> {
    let block = block(all);
    let mut pieces = block.chunks(1 << 14).peekable();
    let (mut kind, mut out) = (HEADERS, Vec::new());
    while let Some(piece) = pieces.next() {
        let end = if pieces.peek().is_none() { END_HEADERS } else { 0 };
        out.extend(frame(kind, if kind == HEADERS { flags } else { 0 } | end, 1, piece));
        kind = CONTINUATION;
    }
    out
}

const OF_GRPC: (&str, &str) = ("content-type", "application/grpc");

/// The preface and the head of a response, with these fields beside its status.
fn head(more: &[(&str, &str)]) -> Vec<u8> {
    [SETTINGS, &fields(0, &[&[(":status", "200")], more].concat())].concat()
}

fn data(bytes: &[u8]) -> Vec<u8> {
    bytes.chunks(1 << 14).flat_map(|piece| frame(DATA, 0, 1, piece)).collect()
}

fn trailers(all: &[(&str, &str)]) -> Vec<u8> {
    fields(END_STREAM, all)
}

/// A response that is sound but for its body.
fn with_body(body: &[u8]) -> super::Says {
    whole(&[OF_GRPC], body, &[("grpc-status", "0")])
}

fn whole(more: &[(&str, &str)], body: &[u8], end: &[(&str, &str)]) -> super::Says {
    Frames([head(more), data(body), trailers(end)].concat(), Close)
}

/// A response of fields alone.
fn bare(status: &str, more: &[(&str, &str)]) -> super::Says {
    let all = fields(END_STREAM, &[&[(":status", status)], more].concat());
    Frames([SETTINGS, &all].concat(), Close)
}

/// The same of gRPC, with this status.
fn said(status: &str) -> super::Says {
    bare("200", &[OF_GRPC, ("grpc-status", status)])
}

/// A message of 4 GB, of which five bytes come.
fn huge() -> Vec<u8> {
    [head(&[OF_GRPC]), data(b"\0\xff\xff\xff\xffhello")].concat()
}

#[test]
fn messages_that_lie_are_named() {
    let refused = Finding("http-grpc-message-refused");
    let bomb = packed("gzip", &vec![0; 64 << 20]);
    let bomb = [&[1], &u32::try_from(bomb.len()).unwrap().to_be_bytes()[..], &bomb].concat();
    let small = packed("gzip", &vec![0; 600 << 10]);
    let small = [&[1], &u32::try_from(small.len()).unwrap().to_be_bytes()[..], &small].concat();
    let mut rows: Vec<Row> = vec![
        ("a sound answer", with_body(SERVING), &[], At("/hops/0/http/grpc/serving", "SERVING")),
        ("a prefix that is too long", with_body(b"\0\0\0\0\x64\x08\x01"), &[], At(FAULTS, "message-cut")),
        ("a prefix that is too short", with_body(b"\0\0\0\0\x01\x08\x01"), &[], At(FAULTS, "message-cut")),
        ("a prefix in part", with_body(b"\0\0"), &[], At(FAULTS, "message-cut")),
        ("no message, and all is well", with_body(b""), &[], At(FAULTS, "no-message")),
        ("compressed, and not told how", with_body(b"\x01\0\0\0\x02\x08\x01"), &[], refused),
        ("a flag that there is not", with_body(b"\xff\0\0\0\x02\x08\x01"), &[], At(FAULTS, "bad-flag")),
        (
            "an answer of garbage",
            with_body(b"\0\0\0\0\x0b\x88\x88\x88\x88\x88\x88\x88\x88\x88\x88\x88"),
            &[],
            At(FAULTS, "unreadable"),
        ),
        (
            "messages by the thousand",
            with_body(&SERVING.repeat(6_000)),
            &[],
            Count("/hops/0/http/grpc/messages", 6_000),
        ),
        ("empty messages by the thousand", with_body(&[0; 50_000]), &[], At(FAULTS, "several-messages")),
        (
            "an end within a message of 4 GB",
            Frames([huge(), trailers(&[("grpc-status", "0")])].concat(), Close),
            &[],
            At(FAULTS, "message-large"),
        ),
        ("a message of 4 GB and silence", Frames(huge(), Hold), &[], Failure("max-time")),
        (
            "a message of 4 GB and the end of the connection",
            Frames(huge(), Close),
            &[],
            Failure("body-incomplete"),
        ),
    ];
    let zipped = [OF_GRPC, ("grpc-encoding", "gzip")];
    for (what, body) in [("a bomb for a message", bomb), ("a small bomb for a message", small)] {
        rows.push((what, whole(&zipped, &body, &[("grpc-status", "0")]), &[], At(FAULTS, "unreadable")));
    }
    judge(rows);
}

#[test]
fn statuses_and_words_that_are_none_are_named() {
    let mut rows: Vec<Row> = ["-1", "99999999999999999999", "OK", "0x0", "", "0 0", "+0", "\u{661}"]
        .map(|odd| ("a status that is no number", said(odd), &[][..], At(FAULTS, "bad-status")))
        .into();
    let unknown = |status: &str, more: &[(&str, &str)], by: &'static str| {
        ("a response without a status of gRPC", bare(status, more), &[][..], At(STATUS, by))
    };
    rows.extend([
        ("a status beyond all names", said("4294967295"), &[][..], Finding("http-grpc-status")),
        (
            "a status that fields before the body tell",
            whole(&[OF_GRPC, ("grpc-status", "0")], SERVING, &[("x", "y")]),
            &[],
            At(FAULTS, "no-status"),
        ),
        (
            "no trailers",
            Frames([head(&[OF_GRPC]), data(SERVING), frame(DATA, END_STREAM, 1, b"")].concat(), Close),
            &[],
            Finding("http-grpc-status"),
        ),
        (
            "two statuses",
            whole(&[OF_GRPC], SERVING, &[("grpc-status", "0"), ("grpc-status", "13")]),
            &[],
            At(STATUS, "0"),
        ),
        ("a 503 by HTTP", bare("503", &[]), &[], Finding("http-status-error")),
        unknown("302", &[("location", "/login")], "2"),
        unknown("404", &[("content-type", "text/html")], "12"),
        unknown("204", &[OF_GRPC], "2"),
        unknown("999", &[OF_GRPC], "2"),
        (
            "another's content type",
            whole(&[("content-type", "text/html")], b"<html>", &[("grpc-status", "0")]),
            &[],
            At(FAULTS, "not-grpc"),
        ),
        (
            "a content type that is nearly it",
            whole(&[("content-type", "application/grpcx")], SERVING, &[("grpc-status", "0")]),
            &[],
            At(FAULTS, "not-grpc"),
        ),
        ("no content type", whole(&[], SERVING, &[("grpc-status", "0")]), &[], At(FAULTS, "not-grpc")),
        (
            "words of broken escapes",
            whole(&[OF_GRPC], b"", &[("grpc-status", "5"), ("grpc-message", "100% %zz %f%")]),
            &[],
            At(MESSAGE, "100% %zz %f%"),
        ),
        (
            "words of no characters",
            whole(&[OF_GRPC], b"", &[("grpc-status", "5"), ("grpc-message", "%ff%fe%00x")]),
            &[],
            At(MESSAGE, "\u{fffd}\u{fffd}\0x"),
        ),
    ]);
    judge(rows);
}

#[test]
fn calls_that_break_off_or_never_end_are_named() {
    let goaway = |last: u8, code: u8| frame(GOAWAY, 0, 0, &[0, 0, 0, last, 0, 0, 0, code]);
    let reset = |code: u8| frame(RST_STREAM, 0, 1, &[0, 0, 0, code]);
    let within = |frames: Vec<u8>, then| Frames([huge(), frames].concat(), then);
    let long = "x".repeat(400_000);
    let many: Vec<(String, &str)> = (0..3_000).map(|n| (format!("x-{n}"), "y")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let interim = fields(0, &[(":status", "103")]);
    judge(vec![
        ("a reset within a message", within(reset(2), Hold), &[], At(WHY, "INTERNAL_ERROR (RST_STREAM)")),
        ("a reset without an error", within(reset(0), Hold), &[], At(WHY, "NO_ERROR (RST_STREAM)")),
        ("a reset by a number of nobody", within(reset(0xee), Hold), &[], At(WHY, "code 0xee (RST_STREAM)")),
        ("a good-bye within a message", within(goaway(1, 11), Close), &[], Failure("http2-protocol")),
        ("a good-bye that leaves the call out", within(goaway(0, 0), Close), &[], Failure("http2-protocol")),
        (
            "words of 400 kB",
            whole(&[OF_GRPC], b"", &[("grpc-status", "5"), ("grpc-message", &long)]),
            &[],
            Failure("headers-too-large"),
        ),
        ("trailers by the thousand", whole(&[OF_GRPC], SERVING, &many), &[], Finding("http-grpc-status")),
        (
            "trailers with a field of heads",
            whole(&[OF_GRPC], SERVING, &[(":status", "200")]),
            &[],
            Failure("http2-protocol"),
        ),
        (
            "a head without a status",
            Frames([SETTINGS, &fields(0, &[OF_GRPC])].concat(), Hold),
            &[],
            Failure("http2-protocol"),
        ),
        (
            "messages before the head",
            Frames([SETTINGS, &data(SERVING)].concat(), Hold),
            &[],
            Failure("http2-protocol"),
        ),
        (
            "trailers without end",
            Frames(
                [head(&[OF_GRPC]), data(SERVING), frame(HEADERS, END_STREAM, 1, &block(&[("x", "y")]))]
                    .concat(),
                Ever(frame(CONTINUATION, 0, 1, &block(&[("x", "y")]))),
            ),
            &[],
            Failure("headers-too-large"),
        ),
        (
            "interim responses without end",
            Frames(SETTINGS.to_vec(), Ever(interim)),
            &[],
            Failure("too-many-informational"),
        ),
        (
            "messages without end",
            Frames(head(&[OF_GRPC]), Ever(data(&SERVING.repeat(2_000)))),
            &[],
            Failure("max-time"),
        ),
        (
            "frames of nothing without end",
            Frames(head(&[OF_GRPC]), Ever(frame(DATA, 0, 1, b""))),
            &[],
            Failure("http2-protocol"),
        ),
        ("silence", Frames(SETTINGS.to_vec(), Hold), &[], Failure("max-time")),
        (
            "HTTP/1.1",
            Frames(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec(), Close),
            &[],
            At("/failure/stage", "http"),
        ),
    ]);
}

#[test]
fn words_of_a_server_do_not_reach_the_terminal_as_they_are() {
    let words = "%1b[2J%1b]0;x%07 %e2%80%ae%c2%9b %0d%0aHTTP";
    let port = serve(whole(&[OF_GRPC], b"", &[("grpc-status", "5"), ("grpc-message", words)]));
    let output = run(&["-v", "--color", "never", &format!("grpc://127.0.0.1:{port}/")]);
    let all = [stdout(&output), stderr(&output)].concat();
    assert!(code(&output) == 0 && all.contains("the server says"), "{all}");
    let is_bad = |c: &char| *c == '\u{202e}' || c.is_control() && *c != '\n';
    assert_eq!(all.chars().filter(is_bad).collect::<String>(), "", "{all:?}");
    assert!(!all.lines().any(|line| line.starts_with("HTTP")), "{all}");
}
