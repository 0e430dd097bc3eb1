//! What a call says and what its response means, without a connection.

use bytes::Bytes;

use super::*;
use crate::trace::BodyFraming;
use crate::url::parse;

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag], &length[..], message].concat()
}

/// A response with these fields, trailers and body, after it was read in pieces of any size.
fn answered(url: &str, status: u16, fields: &[(&str, &str)], trailers: &[(&str, &str)], body: &[u8]) -> Http {
    let url = parse(url).unwrap();
    let list = |fields: &[(&str, &str)]| {
        let field = |(name, value): &(&str, &str)| Header {
            name: (*name).to_owned(),
            value: value.as_bytes().to_vec(),
        };
        fields.iter().map(field).collect::<Vec<_>>()
    };
    let mut record = crate::http::scene::blank(crate::trace::HttpVersion::Http2, crate::trace::At(0));
    record.grpc = Some(call(&url));
    record.status = Some(status);
    (record.headers, record.trailers) = (list(fields), list(trailers));
    record.body.framing =
        if body.is_empty() && trailers.is_empty() { BodyFraming::None } else { BodyFraming::Http2 };
    if is_grpc(&record.headers) && record.body.framing != BodyFraming::None {
        let whole = counted([body].into_iter());
        assert_eq!(counted(body.chunks(1)), whole, "cut anywhere");
        assert_eq!(counted(body.chunks(3)), whole, "cut anywhere");
        record.body.messages = Some(whole);
    }
    conclude(&mut record, true);
    record
}

fn counted<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> GrpcMessages {
    let (mut messages, mut held) = (Messages::default(), 0);
    pieces.for_each(|piece| messages.take(piece, |message| held += message.len() as u64));
    let found = messages.found();
    assert_eq!(held, found.bytes, "what is handed on is what is counted");
    found
}

type Fields<'a> = &'a [(&'a str, &'a str)];
/// HTTP status, fields, trailers, body, and what they come to.
type Row<'a> = (u16, Fields<'a>, Fields<'a>, &'a [u8], (u32, GrpcStatusBy));

const KIND: (&str, &str) = ("content-type", "application/grpc");
const OK: &[(&str, &str)] = &[("grpc-status", "0")];
const HEALTH: &str = "grpc://a.test/";

#[test]
fn a_url_names_the_call_and_its_message() {
    let call_of = |url: &str| {
        let url = parse(url).unwrap();
        let given = RequestBody::new(vec![Piece::Bytes(Bytes::from_static(b"given"))]);
        (target(&url), call(&url).asked, body(&url, Some(&given)).in_memory().unwrap())
    };
    let check = "/grpc.health.v1.Health/Check";
    assert_eq!(call_of("grpc://a.test"), (check.to_owned(), Some(String::new()), framed(0, b"")));
    let (path, asked, message) = call_of("grpcs://a.test/?service=lab.Gr%65eter");
    assert_eq!((path.as_str(), asked.as_deref()), (check, Some("lab.Greeter")));
    assert_eq!(message, framed(0, b"\x0a\x0blab.Greeter"));
    let long = "x".repeat(300);
    let (_, _, message) = call_of(&format!("grpc://a.test/?service={long}"));
    assert_eq!(message, framed(0, &[b"\x0a\xac\x02", long.as_bytes()].concat()), "a length of two bytes");
    let (path, asked, message) = call_of("grpc://a.test:81/lab.Greeter/Greet");
    assert_eq!((path.as_str(), asked, message), ("/lab.Greeter/Greet", None, framed(0, b"given")));
}

#[test]
fn a_timeout_has_at_most_eight_digits() {
    for (left, value) in [
        (Duration::from_millis(29_876), "29876m"),
        (Duration::ZERO, "0m"),
        (Duration::from_secs(99_999), "99999000m"),
        (Duration::from_secs(100_000), "100000S"),
        (Duration::MAX, "99999999S"),
    ] {
        assert_eq!(timeout(left), value);
    }
}

#[test]
fn the_answer_to_a_health_check_is_read() {
    for (message, serving) in [
        (&b""[..], Serving::Unknown),
        (b"\x08\x01", Serving::Serving),
        (b"\x08\x02", Serving::NotServing),
        (b"\x08\x03", Serving::ServiceUnknown),
        (b"\x08\xac\x02", Serving::Other(300)),
        (b"\x08\x01\x08\x02", Serving::NotServing),
        // Fields that nobody knows yet: a number, eight bytes, four, and a text.
        (b"\x10\x05\x19abcdefgh\x08\x01\x25abcd\x2a\x03abc", Serving::Serving),
    ] {
        let call = answered(HEALTH, 200, &[KIND], OK, &framed(0, message)).grpc.unwrap();
        assert_eq!((call.serving, &call.faults[..]), (Some(serving), &[][..]), "{message:x?}");
    }
    let broken: [&[u8]; 8] = [
        b"\x08",
        b"\x0a\x01\x01",
        b"\x12\x05abc",
        b"\x13",
        b"\x00\x01",
        b"\x19abc",
        &[0x88; 11],
        &[0x10; KEPT + 2],
    ];
    for message in broken {
        let call = answered(HEALTH, 200, &[KIND], OK, &framed(0, message)).grpc.unwrap();
        assert_eq!((call.serving, &call.faults[..]), (None, &[GrpcFault::Unreadable][..]), "{message:x?}");
    }
    let record = answered(HEALTH, 200, &[KIND], OK, &framed(0, b"\x08\x01"));
    let messages = record.body.messages.unwrap();
    assert_eq!((messages.whole, messages.bytes, messages.first.is_empty()), (1, 2, true), "nothing is kept");
}

#[test]
fn a_compressed_answer_to_a_health_check_is_read() {
    let answer = |how: &str, packed: &[u8]| {
        let call =
            answered(HEALTH, 200, &[KIND, ("grpc-encoding", how)], OK, &framed(1, packed)).grpc.unwrap();
        (call.serving, call.faults.iter().map(GrpcFault::as_str).collect::<Vec<_>>())
    };
    for how in ["gzip", "deflate"] {
        let packed = crate::http::tests::encode(how, b"\x08\x02");
        assert_eq!(answer(how, &packed), (Some(Serving::NotServing), vec!["compressed"]), "{how}");
        assert_eq!(answer(how, &packed[..4]), (None, vec!["compressed", "unreadable"]), "{how} cut");
    }
    assert_eq!(answer("snappy", b"\x02\x04\x08\x02"), (None, vec!["compressed", "unreadable"]));
    let bomb = crate::http::tests::encode("gzip", &[0; 500_000]);
    assert!(bomb.len() < KEPT);
    assert_eq!(answer("gzip", &bomb), (None, vec!["compressed", "unreadable"]));
}

#[test]
fn the_status_is_the_trailers_then_bare_fields_then_what_clients_make_of_http() {
    use GrpcStatusBy::{HttpStatus, Trailers, TrailersOnly};
    let one = framed(0, b"\x08\x01");
    let rows: [Row<'_>; 12] = [
        (200, &[KIND], OK, &one, (0, Trailers)),
        (200, &[KIND], &[("grpc-status", " 14 ")], &one, (14, Trailers)),
        (200, &[KIND, ("grpc-status", "12")], &[], b"", (12, TrailersOnly)),
        // What stands before a body is no trailer.
        (200, &[KIND, ("grpc-status", "0")], &[("x", "y")], &one, (2, HttpStatus)),
        (200, &[KIND], &[("grpc-status", "-1")], &one, (2, HttpStatus)),
        (200, &[KIND], &[("grpc-status", "99999999999")], &one, (2, HttpStatus)),
        (200, &[("content-type", "text/html")], &[], b"<html>", (2, HttpStatus)),
        (404, &[], &[], b"", (12, HttpStatus)),
        (401, &[], &[], b"", (16, HttpStatus)),
        (503, &[], &[], b"", (14, HttpStatus)),
        (302, &[], &[], b"", (2, HttpStatus)),
        (503, &[("grpc-status", "8")], &[], b"", (8, TrailersOnly)),
    ];
    for (http, fields, trailers, body, (code, by)) in rows {
        let status = answered(HEALTH, http, fields, trailers, body).grpc.unwrap().status;
        assert_eq!(status, Some(GrpcStatus { code, by }), "{http} {fields:?} {trailers:?}");
    }
}

#[test]
fn words_of_the_server_are_decoded_and_bounded() {
    let said = |value: &str| {
        let trailers = [("grpc-status", "5"), ("grpc-message", value)];
        answered(HEALTH, 200, &[KIND], &trailers, b"").grpc.unwrap().message
    };
    assert_eq!(said("no such%20service: caf%C3%A9").as_deref(), Some("no such service: caf\u{e9}"));
    assert_eq!(said("100% %zz %").as_deref(), Some("100% %zz %"), "what is no escape stays");
    assert_eq!(said(&"x".repeat(1 << 20)).unwrap().len(), WORDS);
    assert!(answered(HEALTH, 200, &[KIND], OK, &framed(0, b"")).grpc.unwrap().message.is_none());
}

#[test]
fn what_clients_refuse_is_named() {
    const CALL: &str = "grpc://a.test/a.B/C";
    let faults = |fields: &[(&str, &str)], trailers: &[(&str, &str)], body: &[u8]| {
        answered(CALL, 200, fields, trailers, body).grpc.unwrap().faults
    };
    assert_eq!(faults(&[KIND], OK, &framed(0, b"x")), []);
    assert_eq!(faults(&[("content-type", "Application/GRPC+proto; a=b")], OK, &framed(0, b"x")), []);
    assert_eq!(faults(&[KIND], OK, b""), [GrpcFault::NoMessage]);
    assert_eq!(faults(&[KIND], &[("grpc-status", "5")], b""), [], "what failed needs no message");
    assert_eq!(faults(&[KIND], &[("x", "y")], &framed(0, b"x")), [GrpcFault::NoStatus]);
    for odd in ["-1", "99999999999", "OK", "0x0", ""] {
        let told = faults(&[KIND], &[("grpc-status", odd)], &framed(0, b"x"));
        assert_eq!(told, [GrpcFault::BadStatus(odd.to_owned())]);
    }
    let web = Some("application/grpc-web".to_owned());
    assert_eq!(
        faults(&[("content-type", "application/grpc-web")], OK, &framed(0, b"x")),
        [GrpcFault::NotGrpc(web), GrpcFault::NoMessage]
    );
    assert_eq!(faults(&[KIND], OK, &framed(0, b"abc")[..7]), [GrpcFault::MessageCut]);
    assert_eq!(faults(&[KIND], OK, b"\0\0"), [GrpcFault::MessageCut], "a prefix in part");
    let two = [framed(0, b"x"), framed(0, b"")].concat();
    assert_eq!(faults(&[KIND], OK, &two), [GrpcFault::SeveralMessages]);
    let packed = [KIND, ("grpc-encoding", "gzip")];
    assert_eq!(faults(&packed, OK, &framed(1, b"x")), [GrpcFault::Compressed("gzip".to_owned())]);
    for fields in [&[KIND][..], &[KIND, ("grpc-encoding", "identity")]] {
        assert_eq!(faults(fields, OK, &framed(1, b"x")), [GrpcFault::Undeclared]);
    }
    assert_eq!(faults(&[KIND], OK, &framed(7, b"x")), [GrpcFault::BadFlag(7)]);
    assert_eq!(
        faults(&[KIND], OK, &[0, 0xff, 0xff, 0xff, 0xff, b'x']),
        [GrpcFault::MessageLarge(u32::MAX), GrpcFault::MessageCut]
    );
}

#[test]
fn a_message_without_end_costs_no_memory() {
    let mut messages = Messages::default();
    messages.take(&[0, 0xff, 0xff, 0xff, 0xff], |_| {});
    for _ in 0..1_000 {
        messages.take(&[7; 1_000], |_| {});
    }
    let found = messages.found();
    assert_eq!((found.whole, found.bytes, found.unfinished), (0, 1_000_000, u64::from(u32::MAX) - 1_000_000));
    assert!(found.first.len() <= KEPT + 1);
}

#[test]
fn what_broke_off_has_no_status() {
    let mut record = answered(HEALTH, 200, &[KIND], &[], b"");
    record.grpc = Some(call(&parse(HEALTH).unwrap()));
    conclude(&mut record, false);
    assert_eq!(record.grpc.unwrap().status, None);
}
