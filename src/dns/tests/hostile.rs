//! Whatever bytes come from the network: decoding, judging and showing them never panics, and a
//! verdict never leads outside the zone that was asked.

use hickory_resolver::proto::op::{Message, OpCode};
use hickory_resolver::proto::rr::Name;
use hickory_resolver::proto::serialize::txt::Parser;
use proptest::prelude::*;

use crate::dns::cache::root_hints::Hints;
use crate::dns::fuzzing::{is_inside, judge as judge_for_fuzzing};
use crate::dns::response::classify::{Question, classify};
use crate::dns::response::recursive::classify_recursive;
use crate::dns::wire::message::{Decoded, decode};
use crate::dns::wire::name::parse_name;
use crate::dns::wire::query::{Form, Recursion, encode, why_not};
use crate::plan::HintsText;
use crate::trace::{Edns, RecordType, Transport};

/// Judges bytes in every way the stage does.
fn judge(bytes: &[u8]) {
    let qname = parse_name("www.example.test").unwrap();
    let query =
        encode(&qname, RecordType::A, Recursion::No, Form { edns: Edns::Full, signatures: false }).unwrap();
    let _ = why_not(&query, bytes);
    for qtype in [RecordType::A, RecordType::NS, RecordType::DNAME, RecordType(255)] {
        let Decoded::Reply(reply) = decode(&qname, qtype, bytes) else { continue };
        for zone in [".", "test", "example.test", "other.test"] {
            let zone = parse_name(zone).unwrap();
            for (transport, edns) in [(Transport::Udp, Edns::Full), (Transport::Tcp, Edns::None)] {
                let asked = Question { zone: &zone, qname: &qname, qtype, transport, edns };
                let verdict = classify(&reply, &asked);
                let _ = verdict.meaning();
                assert!(is_inside(&verdict, &zone, &qname), "{verdict:?}");
                let _ = classify_recursive(&reply, &asked).meaning();
            }
        }
        let _ = Hints::load(None, 53).unwrap().drift(&reply);
    }
    judge_for_fuzzing("www.example.test", bytes).unwrap();
}

/// A reply with every kind of record the stage knows.
fn specimen() -> Vec<u8> {
    let text = "www.example.test. 60 IN CNAME web.example.test.\nweb.example.test. 60 IN A 192.0.2.1\n\
        www.example.test. 60 IN TXT \"a\" \"b\"\nexample.test. 60 IN NS ns.example.test.\n\
        example.test. 60 IN SOA ns.example.test. h.example.test. 1 2 3 4 5\n\
        ns.example.test. 60 IN AAAA 2001:db8::1\nexample.test. 60 IN MX 10 mail.example.test.\n\
        example.test. 60 IN CAA 0 issue \"ca.test\"\nexample.test. 60 IN SRV 1 2 3 x.test.\n";
    let (_, sets) = Parser::new(text.to_owned(), None, Some(Name::root())).parse().unwrap();
    let mut message = Message::response(0, OpCode::Query);
    let query = encode(
        &parse_name("www.example.test").unwrap(),
        RecordType::A,
        Recursion::No,
        Form { edns: Edns::Full, signatures: false },
    )
    .unwrap();
    let query = Message::from_vec(&query.bytes).unwrap();
    message.queries.clone_from(&query.queries);
    message.edns.clone_from(&query.edns);
    for (index, set) in sets.into_values().enumerate() {
        let records = set.records_without_rrsigs().cloned();
        match index % 3 {
            0 => message.answers.extend(records),
            1 => message.authorities.extend(records),
            _ => message.additionals.extend(records),
        }
    }
    message.to_vec().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        judge(&bytes);
    }

    #[test]
    fn mutated_replies_never_panic_and_stay_inside_the_zone(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..12),
        length in any::<proptest::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = specimen();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(length.index(bytes.len()));
        }
        judge(&bytes);
    }

    #[test]
    fn names_and_hints_of_any_text_never_panic(text in "\\PC{0,300}") {
        let _ = parse_name(&text);
        let _ = Hints::load(Some(&HintsText { source: "x".to_owned(), text }), 53);
    }
}

#[test]
fn the_specimen_itself_can_be_read() {
    let qname = parse_name("www.example.test").unwrap();
    assert!(matches!(decode(&qname, RecordType::A, &specimen()), Decoded::Reply(_)));
}
