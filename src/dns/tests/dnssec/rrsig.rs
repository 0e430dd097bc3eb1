//! Each check of a signature, passed and failed.

use hickory_resolver::proto::dnssec::Algorithm;
use hickory_resolver::proto::dnssec::rdata::RRSIG;
use hickory_resolver::proto::dnssec::rdata::sig::SigInput;
use hickory_resolver::proto::rr::rdata::{MX, NULL};
use hickory_resolver::proto::rr::{RData, Record, RecordType as WireType, SerialNumber};

use crate::dns::dnssec::rrset::record_sets;
use crate::dns::dnssec::rrsig::{Checks, Key, Validity, check, span};
use crate::dns::tests::dnssec::zone::{DAY, NOW, TestKey, a, name, now, rrsig, rsa_key};
use crate::trace::{DnssecCause, KeyRole};

const ZONE: &str = "example.test";

const WWW: &str = "www.example.test";

/// Checks the first set of a section with these keys.
fn outcome(section: &[Record], keys: &[Key]) -> Validity {
    let sets = record_sets(section);
    check(&sets[0], &name(ZONE), keys, now(), &Checks::default()).0
}

fn changed(change: impl FnOnce(&mut SigInput)) -> Validity {
    let key = TestKey::new(257);
    let set = [a(WWW, 1), a(WWW, 2)];
    let signature = rrsig(WWW, key.sign(ZONE, WWW, &set, change));
    outcome(&[&set[..], &[signature]].concat(), &[key.key()])
}

fn fails(outcome: Validity, words: &str) {
    match outcome {
        Validity::Fails(_, why) => assert!(why.contains(words), "{why}"),
        other => panic!("{words}: {other:?}"),
    }
}

const HOLDS: Validity = Validity::Holds { wildcard: None };

#[test]
fn a_good_signature_holds_whatever_the_order_case_and_number_of_copies() {
    let key = TestKey::new(256);
    let set = [a(WWW, 1), a(WWW, 200)];
    let signature = rrsig(WWW, key.sign(ZONE, WWW, &set, |_| {}));
    let keys = [key.key()];
    assert_eq!(outcome(&[set[0].clone(), set[1].clone(), signature.clone()], &keys), HOLDS);
    assert_eq!(outcome(&[signature.clone(), set[1].clone(), set[0].clone()], &keys), HOLDS);
    let mut shouted = set.to_vec();
    shouted.iter_mut().for_each(|record| record.name = name("WWW.Example.TEST"));
    let twice = [&shouted[..], &shouted[..], std::slice::from_ref(&signature)].concat();
    assert_eq!(outcome(&twice, &keys), HOLDS, "RFC 4034 section 6.3");
    let mut aged = set.to_vec();
    aged[0].ttl = 17;
    assert_eq!(outcome(&[&aged[..], &[signature]].concat(), &keys), HOLDS, "the original TTL is signed");
}

#[test]
fn names_in_data_are_sorted_and_signed_in_lower_case() {
    let key = TestKey::new(256);
    let mx = |host: &str| Record::from_rdata(name(ZONE), 300, RData::MX(MX::new(1, name(host))));
    let signature = key.sign(ZONE, ZONE, &[mx("a.test"), mx("b.test")], |_| {});
    assert_eq!(outcome(&[mx("B.test"), mx("a.test"), rrsig(ZONE, signature.clone())], &[key.key()]), HOLDS);
    assert_eq!(outcome(&[mx("b.test"), mx("A.test"), rrsig(ZONE, signature)], &[key.key()]), HOLDS);
    let opaque = |code: u16, data: &[u8]| {
        let data = RData::Unknown { code: WireType::from(code), rdata: NULL::with(data.to_vec()) };
        Record::from_rdata(name(ZONE), 300, data)
    };
    for (code, lower, mixed) in [
        (39, &b"\x03new\x04test\0"[..], &b"\x03NEW\x04Test\0"[..]), // DNAME
        (17, b"\x01a\x04test\0\x01b\0", b"\x01A\x04Test\0\x01B\0"), // RP
        (36, b"\0A\x04test\0", b"\0A\x04TEST\0"),                   // KX: 65 is a number
    ] {
        let signature = key.sign(ZONE, ZONE, &[opaque(code, lower)], |_| {});
        assert_eq!(outcome(&[opaque(code, mixed), rrsig(ZONE, signature)], &[key.key()]), HOLDS, "{code}");
    }
    let signature = key.sign(ZONE, ZONE, &[opaque(65_280, b"\x01a\0")], |_| {});
    fails(outcome(&[opaque(65_280, b"\x01A\0"), rrsig(ZONE, signature)], &[key.key()]), "does not verify");
}

#[test]
fn time_is_judged_by_serial_arithmetic() {
    assert_eq!(changed(|input| input.sig_expiration = SerialNumber::new(NOW)), HOLDS, "the last second");
    assert_eq!(changed(|input| input.sig_inception = SerialNumber::new(NOW)), HOLDS, "the first second");
    fails(changed(|input| input.sig_expiration = SerialNumber::new(NOW - 3 * DAY)), "expired 3 days ago");
    fails(changed(|input| input.sig_expiration = SerialNumber::new(NOW - 1)), "expired 1 second ago");
    fails(
        changed(|input| input.sig_inception = SerialNumber::new(NOW + 7_300)),
        "not valid before 2 hours from now",
    );
    // Beyond 2106 the counter begins again (RFC 4034 section 3.1.5).
    assert_eq!(changed(|input| input.sig_expiration = SerialNumber::new(NOW.wrapping_add(1 << 30))), HOLDS);
    assert_eq!(changed(|input| input.sig_inception = SerialNumber::new(NOW.wrapping_sub(1 << 30))), HOLDS);
    fails(
        changed(|input| input.sig_expiration = SerialNumber::new(NOW.wrapping_add(1 << 31).wrapping_add(1))),
        "expired",
    );
    assert_eq!((span(1), span(119), span(7_200), span(86_399)).3, "23 hours");
}

#[test]
fn signer_labels_key_and_algorithm_have_to_fit() {
    fails(
        changed(|input| input.signer_name = name("other.test")),
        "is by other.test., not by zone example.test.",
    );
    fails(changed(|input| input.signer_name = name("test")), "is by test., not by zone");
    fails(
        changed(|input| input.key_tag = input.key_tag.wrapping_add(1)),
        "which zone example.test. does not have",
    );
    fails(changed(|input| input.algorithm = Algorithm::ED25519), "(algorithm 15), which zone");
    let key = TestKey::new(257);
    let set = [a(WWW, 1)];
    let good = key.sign(ZONE, WWW, &set, |_| {});
    let mut input = good.input().clone();
    input.num_labels = 4;
    let section = [a(WWW, 1), rrsig(WWW, RRSIG::from_sig(input, good.sig().to_vec()))];
    fails(outcome(&section, &[key.key()]), "more labels than its own");
    // An algorithm that nobody here can check.
    let other = key.key_of(16);
    let signature = key.sign(ZONE, WWW, &set, |input| {
        (input.algorithm, input.key_tag) = (Algorithm::from_u8(16), other.info.tag);
    });
    let unchecked = outcome(&[a(WWW, 1), rrsig(WWW, signature)], &[other]);
    assert!(matches!(unchecked, Validity::Fails(DnssecCause::Unchecked, _)), "{unchecked:?}");
    fails(unchecked, "algorithm 16 cannot be checked here");
}

#[test]
fn keys_that_may_not_sign_do_not() {
    for (flags, role, words) in [
        (0x0181, KeyRole::Revoked, "which is revoked"),
        (0x0000, KeyRole::Other, "which may not sign zone data"),
    ] {
        let key = TestKey::new(flags);
        assert_eq!(key.key().info.role, role);
        let set = [a(WWW, 1)];
        let signature = rrsig(WWW, key.sign(ZONE, WWW, &set, |_| {}));
        fails(outcome(&[set[0].clone(), signature], &[key.key()]), words);
    }
    assert_eq!(TestKey::new(256).key().info.role, KeyRole::ZoneSigning);
    let info = TestKey::new(257).key().info;
    assert_eq!((info.role, info.bits, info.flags), (KeyRole::KeySigning, Some(256), 257));
}

#[test]
fn what_was_changed_does_not_verify() {
    let key = TestKey::new(257);
    let set = [a(WWW, 1), a(WWW, 2)];
    let good = key.sign(ZONE, WWW, &set, |_| {});
    let keys = [key.key()];
    for section in [vec![a(WWW, 1)], vec![a(WWW, 1), a(WWW, 3)], vec![a(WWW, 1), a(WWW, 2), a(WWW, 3)]] {
        let section = [section, vec![rrsig(WWW, good.clone())]].concat();
        fails(outcome(&section, &keys), &format!("does not verify with key {}", key.tag()));
    }
    let mut bytes = good.sig().to_vec();
    bytes[10] ^= 1;
    let bent = RRSIG::from_sig(good.input().clone(), bytes);
    fails(outcome(&[set[0].clone(), set[1].clone(), rrsig(WWW, bent.clone())], &keys), "does not verify");
    let empty = RRSIG::from_sig(good.input().clone(), Vec::new());
    fails(outcome(&[set[0].clone(), set[1].clone(), rrsig(WWW, empty)], &keys), "does not verify");
    // One that holds is enough.
    let both = [set[0].clone(), set[1].clone(), rrsig(WWW, bent), rrsig(WWW, good)];
    assert_eq!(outcome(&both, &keys), HOLDS);
    assert_eq!(outcome(&set, &keys), Validity::Missing);
}

#[test]
fn a_wildcards_signature_tells_its_closest_encloser() {
    let key = TestKey::new(257);
    let signature = key.sign(ZONE, "*.example.test", &[a("*.example.test", 1)], |_| {});
    let keys = [key.key()];
    let made = |owner: &str| outcome(&[a(owner, 1), rrsig(owner, signature.clone())], &keys);
    assert_eq!(made("x.example.test"), Validity::Holds { wildcard: Some(2) });
    assert_eq!(made("x.y.example.test"), Validity::Holds { wildcard: Some(2) });
    assert_eq!(made("*.example.test"), HOLDS, "the wildcard itself");
    fails(made("example.test"), "does not verify");
}

#[test]
fn colliding_keys_do_not_cost_without_end() {
    let key = TestKey::new(257);
    let set = [a(WWW, 1)];
    let bent = RRSIG::from_sig(key.sign(ZONE, WWW, &set, |_| {}).input().clone(), vec![1; 64]);
    let section: Vec<Record> =
        std::iter::once(a(WWW, 1)).chain((0..1_000).map(|_| rrsig(WWW, bent.clone()))).collect();
    let keys: Vec<Key> = (0..1_000).map(|_| key.key()).collect();
    let checks = Checks::default();
    let sets = record_sets(&section);
    let (_, infos) = check(&sets[0], &name(ZONE), &keys, now(), &checks);
    assert!(infos.len() <= 8);
    for _ in 0..8 {
        check(&sets[0], &name(ZONE), &keys, now(), &checks);
    }
    let (outcome, _) = check(&sets[0], &name(ZONE), &keys, now(), &checks);
    fails(outcome, "96 signatures for one answer are the limit");
}

/// A signature over [`WWW`] that says to be by this key.
fn claimed(key: &Key) -> RRSIG {
    let by = TestKey::new(256);
    let good = by.sign(ZONE, WWW, &[a(WWW, 1)], |_| ());
    let algorithm = Algorithm::from_u8(key.info.algorithm);
    RRSIG::from_sig(SigInput { key_tag: key.info.tag, algorithm, ..good.input().clone() }, vec![1; 64])
}

#[test]
fn a_key_that_the_library_does_not_take_says_nothing_of_the_signature() {
    const E: &[u8] = &[1, 0, 1];
    for (exponent, bits, limit) in [
        (E, 512, Some("RSA of 512 bits")),
        (E, 768, Some("RSA of 768 bits")),
        (E, 1_016, Some("RSA of 1016 bits")),
        (E, 1_017, None),
        (E, 1_024, None),
        (E, 8_192, None),
        (E, 8_193, Some("RSA of 8193 bits")),
        (&[3], 2_048, None),
        (&[1, 0xff, 0xff, 0xff, 0xff], 2_048, None),
        (&[2, 0, 0, 0, 1], 2_048, Some("RSA with an exponent of 34 bits")),
        (&[1; 9], 2_048, Some("RSA with an exponent of 65 bits")),
        (&[1], 2_048, Some("RSA with an exponent that is even or 1")),
        (&[1, 0, 0], 2_048, Some("RSA with an exponent that is even or 1")),
        (&[0, 1, 0, 1], 2_048, Some("RSA with leading zeros in the key")),
    ] {
        let key = Key::new(&rsa_key(exponent, bits)).unwrap();
        assert_eq!(key.info.bits, Some(bits));
        let section = [a(WWW, 1), rrsig(WWW, claimed(&key))];
        let (tag, outcome) = (key.info.tag, outcome(&section, &[key]));
        let wanted = match limit {
            Some(limit) => {
                let why = format!("is by key {tag}: {limit} cannot be checked here");
                Validity::Fails(DnssecCause::Unchecked, why)
            }
            None => Validity::Fails(DnssecCause::WrongSignature, format!("does not verify with key {tag}")),
        };
        assert_eq!(outcome, wanted, "{exponent:?} {bits}");
    }
}

#[test]
fn what_cannot_be_checked_leaves_open_what_the_others_say() {
    let (small, own) = (Key::new(&rsa_key(&[1, 0, 1], 768)).unwrap(), TestKey::new(256));
    let set = [a(WWW, 1)];
    let unchecked = rrsig(WWW, claimed(&small));
    let expired = own.sign(ZONE, WWW, &set, |input| input.sig_expiration = SerialNumber::new(NOW - DAY));
    let good = own.sign(ZONE, WWW, &set, |_| ());
    let bent = RRSIG::from_sig(good.input().clone(), vec![1; 64]);
    let keys = [small, own.key()];
    for other in [expired, bent] {
        for order in [[unchecked.clone(), rrsig(WWW, other.clone())], [rrsig(WWW, other), unchecked.clone()]]
        {
            let both = outcome(&[&set[..], &order].concat(), &keys);
            assert!(matches!(both, Validity::Fails(DnssecCause::Unchecked, _)), "{both:?}");
        }
    }
    assert_eq!(outcome(&[set[0].clone(), unchecked, rrsig(WWW, good)], &keys), HOLDS);
}

#[test]
fn signatures_by_others_do_not_use_up_the_limit() {
    let key = TestKey::new(256);
    let set = [a(WWW, 1)];
    let good = key.sign(ZONE, WWW, &set, |_| ());
    let expired = key.sign(ZONE, WWW, &set, |input| input.sig_expiration = SerialNumber::new(NOW - DAY));
    let of = |change: &dyn Fn(&mut SigInput)| {
        let mut input = good.input().clone();
        change(&mut input);
        rrsig(WWW, RRSIG::from_sig(input, vec![1; 64]))
    };
    let of_no_key = |number: u16| {
        of(&|input| {
            input.algorithm = Algorithm::from_u8([253, 13, 8, 18][usize::from(number % 4)]);
            input.key_tag = good.input().key_tag.wrapping_add(number + 1);
        })
    };
    let of_another_zone = |_| of(&|input| input.signer_name = name("test"));
    let old = |_| rrsig(WWW, expired.clone());
    for others in [
        (0..9).map(of_no_key).collect::<Vec<_>>(),
        (0..9).map(of_another_zone).collect(),
        (0..9).map(old).collect(),
    ] {
        let section = [&set[..], &others, &[rrsig(WWW, good.clone())]].concat();
        assert_eq!(outcome(&section, &[key.key()]), HOLDS, "{:?}", others[0]);
    }
    // More of its own than are looked at: the last may be the one that holds.
    let bent: Vec<Record> = (0..9).map(|_| of(&|_| ())).collect();
    let many = outcome(&[&set[..], &bent].concat(), &[key.key()]);
    assert!(matches!(many, Validity::Fails(DnssecCause::Unchecked, _)), "{many:?}");
    let few = outcome(&[&set[..], &bent[..8]].concat(), &[key.key()]);
    assert!(matches!(few, Validity::Fails(DnssecCause::WrongSignature, _)), "{few:?}");
}

#[test]
fn each_fault_has_what_it_comes_from() {
    let cause = |outcome| match outcome {
        Validity::Fails(cause, _) => cause,
        other => panic!("{other:?}"),
    };
    let key = |change: &dyn Fn(&mut SigInput)| cause(changed(|input| change(input)));
    assert_eq!(key(&|input| input.sig_expiration = SerialNumber::new(NOW - 1)), DnssecCause::Expired);
    assert_eq!(key(&|input| input.sig_inception = SerialNumber::new(NOW + 1)), DnssecCause::NotYetValid);
    assert_eq!(key(&|input| input.key_tag = input.key_tag.wrapping_add(1)), DnssecCause::OtherKey);
    assert_eq!(key(&|input| input.signer_name = name("test")), DnssecCause::OtherKey);
}

#[test]
fn an_rsa_key_is_as_large_as_its_modulus() {
    let anchors = crate::dns::dnssec::anchors::Anchors::built_in();
    for anchor in anchors.at(&hickory_resolver::proto::rr::Name::root()) {
        let crate::dns::dnssec::anchors::Trusts::Key(key) = &anchor.trusts else { panic!() };
        assert_eq!(Key::new(key).unwrap().info.bits, Some(2048));
    }
}
