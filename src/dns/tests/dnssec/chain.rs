//! The chain on real evidence from the lab, bent in one place at a time; and on hostile bytes.

use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use hickory_resolver::proto::dnssec::rdata::{DNSSECRData, DS};
use hickory_resolver::proto::dnssec::{Algorithm, DigestType};
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{RData, Record, RecordType as WireType};
use proptest::prelude::*;

use crate::clock::Clock;
use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::evidence::{AskedReply, Evidence, Fetched, Sections, ZoneReply};
use crate::dns::dnssec::needs::{Need, needs};
use crate::dns::dnssec::rrsig::Now;
use crate::dns::dnssec::validate::validate;
use crate::dns::resolver::Resolver;
use crate::dns::tests::dnssec::zone::{TestKey, a, name, now, rrsig};
use crate::dns::tests::kit::local;
use crate::dns::wire::name::name_text;
use crate::lab::shared_lab;
use crate::plan::Plan;
use crate::stop::Stop;
use crate::trace::{Dnssec, DnssecVerdict};

/// What a trace of a host in the lab gathers, and when that was.
fn gathered(host: &str) -> (Evidence, Anchors, SystemTime) {
    let mut plan = Plan::default();
    shared_lab().apply(&mut plan);
    local(async {
        let (clock, resolver) = (Clock::start(), Resolver::new(plan.dns).unwrap());
        let stop = Stop::after(clock, Duration::from_secs(30));
        let (_, _, uncounted) = resolver.resolve(host, 443, &clock, &stop).await;
        uncounted.begin();
        let checking = uncounted.checking().unwrap();
        checking.finished().await;
        let (evidence, anchors) = checking.evidence();
        (evidence, anchors, clock.wall_now())
    })
}

/// Changes a message in place.
fn bend(reply: &mut ZoneReply, change: impl Fn(&mut Vec<Record>)) {
    let old = &reply.message;
    let (mut answers, mut authorities) = (old.answers.clone(), old.authorities.clone());
    change(&mut answers);
    change(&mut authorities);
    reply.message = Rc::new(Sections { name_error: old.name_error, answers, authorities });
}

fn of_type(rtype: WireType) -> impl Fn(&Record) -> bool {
    move |record| match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => signature.input().type_covered == rtype,
        _ => record.record_type() == rtype,
    }
}

fn judged(host: &str, change: impl FnOnce(&mut Evidence)) -> Dnssec {
    let (mut evidence, anchors, now) = gathered(host);
    change(&mut evidence);
    validate(&evidence, &anchors, Now::at(now))
}

fn ends(dnssec: &Dnssec, verdict: DnssecVerdict, says: &str) {
    let why = dnssec.why.clone().unwrap_or_default();
    assert_eq!(dnssec.verdict, verdict, "{why}");
    assert!(why.contains(says), "{why}");
}

const HOST: &str = "www.example.test";

#[test]
fn a_referral_without_ds_needs_a_proof() {
    let dnssec = judged(HOST, |evidence| {
        let reply = evidence.delegations.get_mut(&name("example.test")).unwrap();
        bend(reply, |section| section.retain(|record| !of_type(WireType::DS)(record)));
    });
    ends(
        &dnssec,
        DnssecVerdict::Bogus,
        "zone test. gives no DS for example.test. and no proof that there is none",
    );
    // It is asked for first.
    let (mut evidence, anchors, _) = gathered(HOST);
    let reply = evidence.delegations.get_mut(&name("example.test")).unwrap();
    bend(reply, |section| section.retain(|record| !of_type(WireType::DS)(record)));
    assert_eq!(needs(&evidence, &anchors), [Need::Ds(name("example.test"))]);
}

#[test]
fn a_question_for_the_ds_that_nobody_answered_leaves_it_open() {
    let dnssec = judged(HOST, |evidence| {
        let reply = evidence.delegations.get_mut(&name("example.test")).unwrap();
        bend(reply, |section| section.retain(|record| !of_type(WireType::DS)(record)));
        let why = "ns1.test. (127.0.0.1) referred to example.test.".to_owned();
        evidence.ds.insert(name("example.test"), Fetched::Failed(why));
    });
    ends(
        &dnssec,
        DnssecVerdict::Indeterminate,
        "the DS of example.test. could not be asked for: ns1.test. (127.0.0.1) referred to example.test.",
    );
}

#[test]
fn what_is_signed_below_an_unsigned_zone_of_the_same_servers_is_insecure() {
    let (mut evidence, anchors, now) = gathered("www.dnssec-insecure.test");
    let (zone, above, host) =
        ("sub.dnssec-insecure.test", name("dnssec-insecure.test"), "www.sub.dnssec-insecure.test");
    let records = vec![a(host, 1)];
    let signature = TestKey::new(256).sign(zone, host, &records, |_| ());
    let reply = |answers| {
        let message = Sections { name_error: false, answers, authorities: Vec::new() };
        ZoneReply { zone: name("test"), message: Rc::new(message) }
    };
    let answer = reply([records, vec![rrsig(host, signature)]].concat());
    evidence.asked = vec![AskedReply { qname: name(host), qtype: WireType::A, reply: answer }];
    evidence.ds.insert(name(zone), Fetched::Reply(reply(Vec::new())));
    assert!(needs(&evidence, &anchors).contains(&Need::Ds(above.clone())));
    let denial = evidence.delegations[&above].clone();
    evidence.ds.insert(above, Fetched::Reply(denial));
    let dnssec = validate(&evidence, &anchors, Now::at(now));
    ends(&dnssec, DnssecVerdict::Insecure, "zone dnssec-insecure.test. has no DS in test.");
}

/// A zone with an anchor, `before` keys in front of those that count, and an answer of it.
fn with_keys(before: usize, trusted: &TestKey, count: usize) -> Dnssec {
    let (entry, own) = (TestKey::new(257), TestKey::new(256));
    let dnskey = |key: &TestKey| {
        let data = RData::DNSSEC(DNSSECRData::DNSKEY(key.dnskey.clone()));
        Record::from_rdata(name("test"), 300, data)
    };
    let mut keys: Vec<Record> = (0..before).map(|_| dnskey(&TestKey::new(256))).collect();
    keys.extend([dnskey(trusted), dnskey(&own), dnskey(&entry)].into_iter().skip(3 - count));
    let signature = trusted.sign("test", "test", &keys, |_| ());
    keys.push(rrsig("test", signature));
    let records = vec![a("www.test", 1)];
    let signature = own.sign("test", "www.test", &records, |_| ());
    let reply = |answers| {
        let message = Sections { name_error: false, answers, authorities: Vec::new() };
        ZoneReply { zone: name("test"), message: Rc::new(message) }
    };
    let answer = reply([records, vec![rrsig("www.test", signature)]].concat());
    let mut evidence = Evidence::default();
    evidence.keys.insert(name("test"), Fetched::Reply(reply(keys)));
    evidence.asked.push(AskedReply { qname: name("www.test"), qtype: WireType::A, reply: answer });
    let digest = trusted.dnskey.to_digest(&name("test"), DigestType::SHA256).unwrap();
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("test. DS {} 13 2 {hex}", trusted.tag());
    let anchors = Anchors::parse(&text).unwrap();
    validate(&evidence, &anchors, now())
}

#[test]
fn a_key_is_found_behind_any_number_of_others() {
    let trusted = TestKey::new(257);
    let dnssec = with_keys(40, &trusted, 3);
    assert_eq!((dnssec.verdict, &dnssec.why), (DnssecVerdict::Secure, &None));
    let link = &dnssec.chain[0];
    assert_eq!(
        (link.keys.len(), link.keys[0].tag),
        (32, trusted.tag()),
        "the one that counts is shown first"
    );
    // Only when all were looked at is it said that there is none.
    let dnssec = with_keys(40, &trusted, 2);
    let why = dnssec.why.unwrap();
    let says = format!("zone test. has no DNSKEY for trust anchor tag {} (its keys: ", trusted.tag());
    assert!(why.starts_with(&says) && why.ends_with(" more)"), "{why}");
}

#[test]
fn a_proof_without_its_signature_is_none() {
    let dnssec = judged("www.dnssec-insecure.test", |evidence| {
        let reply = evidence.delegations.get_mut(&name("dnssec-insecure.test")).unwrap();
        bend(reply, |section| section.retain(|record| record.record_type() != WireType::RRSIG));
    });
    ends(&dnssec, DnssecVerdict::Bogus, "RRSIG missing: dnssec-insecure.test. NSEC");
    let dnssec = judged("missing.example.test", |evidence| {
        for asked in &mut evidence.asked {
            bend(&mut asked.reply, |section| section.retain(|record| !of_type(WireType::NSEC)(record)));
        }
    });
    ends(&dnssec, DnssecVerdict::Bogus, "missing.example.test. is said not to exist without proof");
    let dnssec = judged("any.dnssec-wildcard.test", |evidence| {
        for asked in &mut evidence.asked {
            bend(&mut asked.reply, |section| section.retain(|record| !of_type(WireType::NSEC)(record)));
        }
    });
    ends(&dnssec, DnssecVerdict::Bogus, "any.dnssec-wildcard.test. A was made from a wildcard without proof");
}

#[test]
fn the_soa_of_an_absence_has_to_be_signed() {
    let dnssec = judged("missing.example.test", |evidence| {
        let is_signature_over_soa =
            |record: &Record| record.record_type() == WireType::RRSIG && of_type(WireType::SOA)(record);
        for asked in &mut evidence.asked {
            bend(&mut asked.reply, |section| section.retain(|record| !is_signature_over_soa(record)));
        }
    });
    ends(&dnssec, DnssecVerdict::Bogus, "RRSIG missing: example.test. SOA");
}

#[test]
fn an_unsigned_ds_may_be_the_word_of_a_zone_in_between() {
    let (mut evidence, anchors, _) = gathered(HOST);
    let reply = |zone: &str, answers| {
        let message = Sections { name_error: false, answers, authorities: Vec::new() };
        ZoneReply { zone: name(zone), message: Rc::new(message) }
    };
    let (zone, above) = ("deep.mid.example.test", "example.test");
    let ds = DS::new(1, Algorithm::ECDSAP256SHA256, 2.into(), vec![1; 32]);
    let ds = Record::from_rdata(name(zone), 300, RData::DNSSEC(DNSSECRData::DS(ds)));
    evidence.ds.insert(name(zone), Fetched::Reply(reply(above, vec![ds])));
    let qname = name("www.deep.mid.example.test");
    evidence.asked = vec![AskedReply { qname, qtype: WireType::A, reply: reply(zone, Vec::new()) }];
    assert!(needs(&evidence, &anchors).contains(&Need::Ds(name("mid.example.test"))));
}

#[test]
fn a_changed_ds_does_not_verify_and_an_unsigned_one_is_missed() {
    let change = |keep_signature: bool| {
        judged(HOST, |evidence| {
            let reply = evidence.delegations.get_mut(&name("test")).unwrap();
            bend(reply, |section| {
                for record in section.iter_mut() {
                    if let RData::DNSSEC(DNSSECRData::DS(ds)) = &mut record.data {
                        *ds =
                            DS::new(ds.key_tag() ^ 1, ds.algorithm(), ds.digest_type(), ds.digest().to_vec());
                    }
                }
                section.retain(|record| keep_signature || record.record_type() != WireType::RRSIG);
            });
        })
    };
    ends(&change(true), DnssecVerdict::Bogus, "the signature over test. DS does not verify");
    ends(&change(false), DnssecVerdict::Bogus, "RRSIG missing: test. DS");
}

#[test]
fn a_zone_whose_keys_do_not_come_is_indeterminate() {
    let failed = judged(HOST, |evidence| {
        evidence.keys.insert(name("test"), Fetched::Failed("did not answer in 450 ms".to_owned()));
    });
    ends(
        &failed,
        DnssecVerdict::Indeterminate,
        "the keys of zone test. could not be asked for: did not answer",
    );
    let late = judged(HOST, |evidence| _ = evidence.keys.remove(&name("test")));
    ends(&late, DnssecVerdict::Indeterminate, "the keys of zone test. did not come in time");
    let none = judged(HOST, |evidence| {
        if let Some(Fetched::Reply(reply)) = evidence.keys.get_mut(&name("example.test")) {
            bend(reply, Vec::clear);
        }
    });
    ends(&none, DnssecVerdict::Bogus, "zone example.test. has a DS and no DNSKEY");
    let nothing = judged(HOST, |evidence| evidence.asked.clear());
    ends(&nothing, DnssecVerdict::Indeterminate, "no answer came");
}

#[test]
fn keys_without_their_signature_are_not_trusted() {
    let dnssec = judged(HOST, |evidence| {
        if let Some(Fetched::Reply(reply)) = evidence.keys.get_mut(&name("test")) {
            bend(reply, |section| section.retain(|record| record.record_type() != WireType::RRSIG));
        }
    });
    ends(&dnssec, DnssecVerdict::Bogus, "RRSIG missing: test. DNSKEY");
}

#[test]
fn an_algorithm_that_nobody_knows_counts_as_unsigned() {
    // The DS is signed by the test itself: the root's place is taken by a key of ours.
    use crate::dns::tests::dnssec::zone::{TestKey, rrsig};
    let root = TestKey::new(257);
    let record = |owner: &str, data| Record::from_rdata(name(owner), 300, RData::DNSSEC(data));
    let signed = |owner: &str, record: Record| {
        let signature = rrsig(owner, root.sign(".", owner, std::slice::from_ref(&record), |_| {}));
        Rc::new(Sections { name_error: false, answers: vec![record, signature], authorities: Vec::new() })
    };
    for (algorithm, digest_type, says) in
        [(253, 2, "algorithm 253, digest 2"), (13, 200, "algorithm 13, digest 200")]
    {
        let ds = DS::new(1, Algorithm::from_u8(algorithm), digest_type.into(), vec![0; 32]);
        let mut evidence = Evidence::default();
        let keys = signed(".", record(".", DNSSECRData::DNSKEY(root.dnskey.clone())));
        evidence.keys.insert(name("."), Fetched::Reply(ZoneReply { zone: name("."), message: keys }));
        let delegation =
            ZoneReply { zone: name("."), message: signed("test", record("test", DNSSECRData::DS(ds))) };
        evidence.delegations.insert(name("test"), delegation);
        let answer = Sections {
            name_error: false,
            answers: vec![crate::dns::tests::dnssec::zone::a("x.test", 1)],
            authorities: Vec::new(),
        };
        let reply = ZoneReply { zone: name("test"), message: Rc::new(answer) };
        evidence.asked.push(crate::dns::dnssec::evidence::AskedReply {
            qname: name("x.test"),
            qtype: WireType::A,
            reply,
        });
        let key = RData::DNSSEC(DNSSECRData::DNSKEY(root.dnskey.clone()));
        let text = format!(". DNSKEY {}", crate::dns::wire::presentation::data_text(&key));
        let anchors = Anchors::parse(&text).unwrap();
        let dnssec = validate(&evidence, &anchors, crate::dns::tests::dnssec::zone::now());
        ends(&dnssec, DnssecVerdict::Insecure, says);
    }
}

#[test]
fn a_wrong_clock_is_suspected_when_everything_is_untimely() {
    let (evidence, anchors, now) = gathered(HOST);
    let at = |time| validate(&evidence, &anchors, Now::at(time));
    assert!(!at(now).clock_suspected);
    let future = at(now + Duration::from_secs(400 * 86_400));
    assert!(future.clock_suspected);
    ends(&future, DnssecVerdict::Bogus, "the signature over . DNSKEY expired 379 days ago");
    let past = at(now - Duration::from_secs(2 * 86_400));
    assert!(past.clock_suspected);
    ends(&past, DnssecVerdict::Bogus, "is not valid before 1 day from now");
    let (evidence, anchors, now) = gathered("www.dnssec-expired.test");
    assert!(!validate(&evidence, &anchors, Now::at(now)).clock_suspected, "one zone is no clock");
}

#[test]
fn an_answer_for_another_name_is_not_taken_for_this_one() {
    // The A of another host, with its own good signature.
    let dnssec = judged(HOST, |evidence| {
        for asked in &mut evidence.asked {
            bend(&mut asked.reply, |section| {
                section.iter_mut().for_each(|record| {
                    if record.name == name(HOST) {
                        record.name = name("evil.example.test");
                    }
                });
            });
        }
    });
    assert_eq!(dnssec.verdict, DnssecVerdict::Bogus, "{:?}", dnssec.why);
}

/// The bytes of all messages of a trace, to be bent.
fn messages() -> &'static [Vec<u8>] {
    static BYTES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    BYTES.get_or_init(|| {
        let encode = |reply: &ZoneReply| {
            let mut message = Message::query();
            message.metadata.message_type = hickory_resolver::proto::op::MessageType::Response;
            if reply.message.name_error {
                message.metadata.response_code = hickory_resolver::proto::op::ResponseCode::NXDomain;
            }
            message.answers.clone_from(&reply.message.answers);
            message.authorities.clone_from(&reply.message.authorities);
            message.to_vec().unwrap()
        };
        let mut all = Vec::new();
        for host in
            [HOST, "missing.dnssec-nsec3.test", "any.dnssec-wildcard.test", "www.dnssec-insecure.test"]
        {
            let (evidence, _, _) = gathered(host);
            all.extend(evidence.delegations.values().map(encode));
            all.extend(evidence.asked.iter().map(|asked| encode(&asked.reply)));
            all.extend(evidence.keys.values().filter_map(|keys| keys.reply().map(encode)));
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_messages_make_validation_panic_or_find_security_in_noise(
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 5),
        edits in 0_usize..5,
    ) {
        // Every message is another one of the same traces with a few bytes changed.
        let place = |(pick, at, value): &(prop::sample::Index, prop::sample::Index, u8)| {
            let mut bytes = pick.get(messages()).clone();
            for edit in 0..edits {
                let at = (at.index(bytes.len()) + edit * 7) % bytes.len();
                bytes[at] = value.wrapping_add(u8::try_from(edit).unwrap());
            }
            Sections::read(&bytes).map(Rc::new)
        };
        let bent: Vec<_> = picks.iter().map(place).collect();
        let reply = |at: usize, zone: &str| bent[at].clone().map(|message| ZoneReply { zone: name(zone), message });
        let mut evidence = Evidence::default();
        let zones = [".", "test", "example.test"];
        for (at, zone) in zones.iter().enumerate() {
            if let Some(reply) = reply(at, zone) {
                evidence.keys.insert(name(zone), Fetched::Reply(reply.clone()));
                evidence.ds.insert(name(zone), Fetched::Reply(reply));
            }
        }
        if let Some(reply) = reply(3, ".") {
            evidence.delegations.insert(name("test"), reply);
        }
        if let Some(reply) = reply(4, "example.test") {
            for (qname, qtype) in [(HOST, WireType::A), ("a.b.missing.example.test", WireType::ANY), ("example.test", WireType::DS)] {
                evidence.asked.push(crate::dns::dnssec::evidence::AskedReply { qname: name(qname), qtype, reply: reply.clone() });
            }
        }
        // The anchors of the world sign nothing here.
        let anchors = Anchors::built_in();
        let _ = needs(&evidence, &anchors);
        let dnssec = validate(&evidence, &anchors, crate::dns::tests::dnssec::zone::now());
        prop_assert!(dnssec.verdict != DnssecVerdict::Secure);
    }
}

#[test]
fn owners_in_the_drawn_case_are_told_in_the_plain_one() {
    let plain = name("www.example.test");
    let owner = |text: &str| Record::from_rdata(name(text), 60, RData::A(Ipv4Addr::new(192, 0, 2, 1).into()));
    let mut message = Sections {
        name_error: false,
        answers: vec![owner("wWw.eXample.tEst"), owner("oTher.example.test")],
        authorities: vec![owner("eXaMple.TEST")],
    };
    message.spell_as(&plain);
    let told: Vec<_> =
        message.answers.iter().chain(&message.authorities).map(|rr| name_text(&rr.name)).collect();
    assert_eq!(told, ["www.example.test.", "oTher.example.test.", "example.test."]);
}
