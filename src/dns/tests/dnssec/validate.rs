//! Answers of a zone made here: what belongs to one and what does not, and who signed the keys.

use std::rc::Rc;

use hickory_resolver::proto::dnssec::rdata::sig::SigInput;
use hickory_resolver::proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS, NSEC, RRSIG};
use hickory_resolver::proto::dnssec::{Algorithm, DigestType, PublicKey};
use hickory_resolver::proto::rr::rdata::{CNAME, NULL};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType as WireType};

use crate::dns::dnssec::anchors::Anchors;
use crate::dns::dnssec::evidence::{AskedReply, Evidence, Fetched, Sections, Source, ZoneReply};
use crate::dns::dnssec::validate::validate;
use crate::dns::tests::dnssec::zone::{TestKey, a, name, now, rrsig, rsa_key};
use crate::trace::{Denied, Dnssec, DnssecCause, DnssecVerdict, RecordType};

const ZONE: &str = "test";

fn reply(answers: Vec<Record>) -> ZoneReply {
    let message = Sections { name_error: false, answers, authorities: Vec::new() };
    ZoneReply { zone: name(ZONE), message: Rc::new(message) }
}

fn cname(owner: &str, target: &str) -> Record {
    Record::from_rdata(name(owner), 300, RData::CNAME(CNAME(name(target))))
}

/// As the parser leaves it: the type has no form of its own there.
fn dname(owner: &str, target: &[u8]) -> Record {
    let rdata = NULL::with(target.to_vec());
    Record::from_rdata(name(owner), 300, RData::Unknown { code: WireType::DNAME, rdata })
}

fn dnskey(zone: &str, key: &TestKey) -> Record {
    Record::from_rdata(name(zone), 300, RData::DNSSEC(DNSSECRData::DNSKEY(key.dnskey.clone())))
}

fn signed(by: &TestKey, zone: &str, owner: &str, set: Vec<Record>) -> Vec<Record> {
    let signature = by.sign(zone, owner, &set, |_| ());
    [set, vec![rrsig(owner, signature)]].concat()
}

/// What is known of a zone with one key, which is the anchor.
fn zone(key: &TestKey) -> (Evidence, Anchors) {
    let mut evidence = Evidence::default();
    let keys = signed(key, ZONE, ZONE, vec![dnskey(ZONE, key)]);
    evidence.keys.insert(name(ZONE), Fetched::Reply(reply(keys)));
    let digest = key.dnskey.to_digest(&name(ZONE), DigestType::SHA256).unwrap();
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("{ZONE}. DS {} 13 2 {hex}", key.tag());
    (evidence, Anchors::parse(&text).unwrap())
}

fn answer(key: &TestKey, qname: &str, qtype: WireType, answers: Vec<Record>) -> Dnssec {
    let (mut evidence, anchors) = zone(key);
    evidence.asked.push(AskedReply { qname: name(qname), qtype, reply: reply(answers) });
    validate(&evidence, &anchors, now())
}

fn ends(dnssec: &Dnssec, verdict: DnssecVerdict, says: &str) {
    let why = dnssec.why.clone().unwrap_or_default();
    assert_eq!((dnssec.verdict, why.contains(says)), (verdict, true), "{why}");
}

#[test]
fn an_alias_that_was_put_beside_signed_records_is_not_overlooked() {
    let key = TestKey::new(257);
    let records = signed(&key, ZONE, "www.test", vec![a("www.test", 1)]);
    ends(&answer(&key, "www.test", WireType::A, records.clone()), DnssecVerdict::Secure, "");
    let forged = [records, vec![cname("www.test", "evil.test")]].concat();
    let says = "RRSIG missing: www.test. CNAME came without a signature";
    ends(&answer(&key, "www.test", WireType::A, forged), DnssecVerdict::Bogus, says);
}

#[test]
fn an_alias_alone_is_no_answer() {
    let key = TestKey::new(257);
    for target in ["www.elsewhere", "a/b.test", "www.test"] {
        let records = signed(&key, ZONE, "alias.test", vec![cname("alias.test", target)]);
        let says = format!("no answer that could be checked came for {target}., where an alias leads");
        ends(&answer(&key, "alias.test", WireType::A, records.clone()), DnssecVerdict::Indeterminate, &says);
        ends(&answer(&key, "alias.test", WireType::CNAME, records), DnssecVerdict::Secure, "");
    }
}

#[test]
fn an_alias_that_follows_from_a_dname_needs_no_signature() {
    let key = TestKey::new(257);
    let made = cname("www.old.test", "www.new.test");
    let dname = dname("old.test", b"\x03new\x04test\0");
    let records = signed(&key, ZONE, "old.test", vec![dname]);
    let whole = [records, vec![made.clone()]].concat();
    ends(&answer(&key, "www.old.test", WireType::CNAME, whole), DnssecVerdict::Secure, "");
    let alone = answer(&key, "www.old.test", WireType::CNAME, vec![made]);
    ends(&alone, DnssecVerdict::Bogus, "RRSIG missing: www.old.test. CNAME");
}

fn ds(key: &TestKey, digest: &[u8]) -> Record {
    let ds = DS::new(key.tag(), Algorithm::ECDSAP256SHA256, DigestType::SHA256, digest.to_vec());
    Record::from_rdata(name("child.test"), 300, RData::DNSSEC(DNSSECRData::DS(ds)))
}

/// A name in a zone below, by the DS records that its parent has and the key that signs its keys.
fn below(parent: &TestKey, own: &TestKey, ds: Vec<Record>, keys: &[&TestKey], by: &TestKey) -> Dnssec {
    let (mut evidence, anchors) = zone(parent);
    evidence.delegations.insert(name("child.test"), reply(signed(parent, ZONE, "child.test", ds)));
    let keys = keys.iter().map(|key| dnskey("child.test", key)).collect();
    let child = |answers| ZoneReply { zone: name("child.test"), ..reply(answers) };
    let keys = child(signed(by, "child.test", "child.test", keys));
    evidence.keys.insert(name("child.test"), Fetched::Reply(keys));
    let records = signed(own, "child.test", "www.child.test", vec![a("www.child.test", 1)]);
    evidence.asked.push(AskedReply {
        qname: name("www.child.test"),
        qtype: WireType::A,
        reply: child(records),
    });
    validate(&evidence, &anchors, now())
}

#[test]
fn a_good_ds_is_found_among_any_number_in_any_order() {
    let (parent, own) = (TestKey::new(257), TestKey::new(257));
    let digest = own.dnskey.to_digest(&name("child.test"), DigestType::SHA256).unwrap();
    let good = ds(&own, digest.as_ref());
    // Each with a digest of its own: two that are the same one would count once.
    let mut all: Vec<Record> = (0..40).map(|number| ds(&TestKey::new(257), &[number; 32])).collect();
    all.push(good);
    for _ in 0..2 {
        all.reverse();
        ends(&below(&parent, &own, all.clone(), &[&own], &own), DnssecVerdict::Secure, "");
    }
}

#[test]
fn keys_that_another_key_has_signed_are_told_apart_from_keys_that_are_not_there() {
    let (parent, standby, own) = (TestKey::new(257), TestKey::new(257), TestKey::new(257));
    let digest = standby.dnskey.to_digest(&name("child.test"), DigestType::SHA256).unwrap();
    let only = || vec![ds(&standby, digest.as_ref())];
    let dnssec = below(&parent, &own, only(), &[&standby, &own], &own);
    let says = format!("is signed by key {} only, and its DS speaks of key {}", own.tag(), standby.tag());
    ends(&dnssec, DnssecVerdict::Bogus, &says);
    let dnssec = below(&parent, &own, only(), &[&own], &own);
    ends(&dnssec, DnssecVerdict::Bogus, &format!("has no DNSKEY for DS tag {}", standby.tag()));
    // A key without the flag signs nothing.
    let plain = TestKey::new(1);
    let digest = plain.dnskey.to_digest(&name("child.test"), DigestType::SHA256);
    let digest = digest.map_or_else(|_| vec![7; 32], |digest| digest.as_ref().to_vec());
    let dnssec = below(&parent, &own, vec![ds(&plain, &digest)], &[&plain, &own], &plain);
    ends(&dnssec, DnssecVerdict::Bogus, "has not the flag of a zone's key");
}

/// What is known of [`ZONE`] whose keys are those of an anchor and of RSA with 768 bits.
fn with_small_key(entry: &TestKey, small: &DNSKEY) -> (Evidence, Anchors) {
    let (mut evidence, anchors) = zone(entry);
    let small = Record::from_rdata(name(ZONE), 300, RData::DNSSEC(DNSSECRData::DNSKEY(small.clone())));
    let keys = signed(entry, ZONE, ZONE, vec![dnskey(ZONE, entry), small]);
    evidence.keys.insert(name(ZONE), Fetched::Reply(reply(keys)));
    (evidence, anchors)
}

/// Records with a signature by a key that nobody has the secret of.
fn claimed(by: &DNSKEY, owner: &str, set: Vec<Record>) -> Vec<Record> {
    let good = TestKey::new(256).sign(ZONE, owner, &set, |_| ());
    let algorithm = by.public_key().algorithm();
    let input = SigInput { key_tag: by.calculate_key_tag().unwrap(), algorithm, ..good.input().clone() };
    [set, vec![rrsig(owner, RRSIG::from_sig(input, vec![1; 96]))]].concat()
}

#[test]
fn a_key_too_small_to_be_checked_here_makes_nothing_bogus() {
    let (entry, small) = (TestKey::new(257), rsa_key(&[1, 0, 1], 768));
    let judged = |qname: &str, answers: Vec<Record>, authorities: Vec<Record>| {
        let (mut evidence, anchors) = with_small_key(&entry, &small);
        let message = Sections { name_error: false, answers, authorities };
        let reply = ZoneReply { zone: name(ZONE), message: Rc::new(message) };
        evidence.asked.push(AskedReply { qname: name(qname), qtype: WireType::A, reply });
        validate(&evidence, &anchors, now())
    };
    let says = "RSA of 768 bits cannot be checked here";
    let answer = judged("www.test", claimed(&small, "www.test", vec![a("www.test", 1)]), Vec::new());
    // A proof of absence, of which no signature can be checked.
    let proof = vec![nsec("www.test", "z.test", &[WireType::TXT])];
    let absence = judged("www.test", Vec::new(), claimed(&small, "www.test", proof));
    for dnssec in [answer, absence] {
        ends(&dnssec, DnssecVerdict::Indeterminate, says);
        assert_eq!(dnssec.cause, Some(DnssecCause::Unchecked));
        let why = dnssec.why.unwrap();
        assert!(!why.contains("resolvers"), "nothing is known of others: {why}");
    }
    // The same with keys that only it has signed.
    let digest = small.to_digest(&name(ZONE), DigestType::SHA256).unwrap();
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let anchors = format!("{ZONE}. DS {} 8 2 {hex}", small.calculate_key_tag().unwrap());
    let mut evidence = Evidence::default();
    let key = Record::from_rdata(name(ZONE), 300, RData::DNSSEC(DNSSECRData::DNSKEY(small.clone())));
    evidence.keys.insert(name(ZONE), Fetched::Reply(reply(claimed(&small, ZONE, vec![key]))));
    let answers = claimed(&small, "www.test", vec![a("www.test", 1)]);
    evidence.asked.push(AskedReply { qname: name("www.test"), qtype: WireType::A, reply: reply(answers) });
    let dnssec = validate(&evidence, &Anchors::parse(&anchors).unwrap(), now());
    ends(&dnssec, DnssecVerdict::Indeterminate, says);
}

#[test]
fn a_signature_by_somebody_else_does_not_hide_the_zones_own() {
    let key = TestKey::new(257);
    let set = vec![a("www.test", 1)];
    let good = key.sign(ZONE, "www.test", &set, |_| ());
    // One below the zone asked, as if the name were a zone of its own.
    let input = SigInput { signer_name: name("www.test"), ..good.input().clone() };
    let foreign = rrsig("www.test", RRSIG::from_sig(input, vec![1; 64]));
    let records = [set, vec![foreign, rrsig("www.test", good)]].concat();
    ends(&answer(&key, "www.test", WireType::A, records.clone()), DnssecVerdict::Secure, "");
    // By way of a resolver, which has been asked whether it is one.
    let (mut evidence, anchors) = zone(&key);
    evidence.source = Source::Resolver;
    let of_root = |answers, authorities| {
        let message = Sections { name_error: false, answers, authorities };
        ZoneReply { zone: Name::root(), message: Rc::new(message) }
    };
    let proof = vec![nsec("www.test", "z.test", &[WireType::A])];
    let no_ds = of_root(Vec::new(), signed(&key, ZONE, "www.test", proof));
    evidence.ds.insert(name("www.test"), Fetched::Reply(no_ds));
    let reply = of_root(records, Vec::new());
    evidence.asked.push(AskedReply { qname: name("www.test"), qtype: WireType::A, reply });
    ends(&validate(&evidence, &anchors, now()), DnssecVerdict::Secure, "");
}

fn nsec(owner: &str, next: &str, types: &[WireType]) -> Record {
    let nsec = NSEC::new_cover_self(name(next), types.iter().copied());
    Record::from_rdata(name(owner), 300, RData::DNSSEC(DNSSECRData::NSEC(nsec)))
}

/// What a reply with nothing but this NSEC comes to, for type A.
fn denied(qname: &str, name_error: bool, proof: Record) -> Dnssec {
    let key = TestKey::new(257);
    let (mut evidence, anchors) = zone(&key);
    let owner = proof.name.to_string();
    let authorities = signed(&key, ZONE, owner.trim_end_matches('.'), vec![proof]);
    let message = Sections { name_error, answers: Vec::new(), authorities };
    let reply = ZoneReply { zone: name(ZONE), message: Rc::new(message) };
    evidence.asked.push(AskedReply { qname: name(qname), qtype: WireType::A, reply });
    validate(&evidence, &anchors, now())
}

#[test]
fn an_empty_non_terminal_that_is_said_not_to_exist_is_proven_to_have_no_such_type() {
    let dnssec = denied("ent.test", true, nsec("a.test", "x.ent.test", &[WireType::A]));
    ends(&dnssec, DnssecVerdict::Secure, "");
    assert_eq!(dnssec.denials[0].what, Denied::Type(RecordType::A));
    let dnssec = denied("c.test", true, nsec("a.test", "x.ent.test", &[WireType::A]));
    ends(&dnssec, DnssecVerdict::Bogus, "no NSEC proves that *.test. does not exist");
}

#[test]
fn what_is_said_below_a_cut_without_a_ds_is_unsigned() {
    let cut = nsec("child.test", "d.test", &[WireType::NS]);
    for qname in ["child.test", "www.child.test"] {
        let says = "zone child.test. has no DS in test., proven by NSEC";
        ends(&denied(qname, false, cut.clone()), DnssecVerdict::Insecure, says);
    }
    let with_ds = nsec("child.test", "d.test", &[WireType::NS, WireType::DS]);
    ends(&denied("child.test", false, with_ds), DnssecVerdict::Bogus, "does not rule out A");
}

#[test]
fn an_nsec_that_ends_outside_its_zone_proves_nothing() {
    let dnssec = denied("www.test", false, nsec("w.test", "z.tesu", &[WireType::A]));
    ends(&dnssec, DnssecVerdict::Bogus, "no NSEC speaks of www.test.");
}

#[test]
fn whether_an_unsigned_name_is_a_zone_is_open_while_its_ds_is_not_answered() {
    let key = TestKey::new(257);
    let (mut evidence, anchors) = zone(&key);
    let silent = Fetched::Failed("ns.test. did not answer in 450 ms".to_owned());
    evidence.ds.insert(name("www.test"), silent);
    let reply = reply(vec![a("www.test", 1)]);
    evidence.asked.push(AskedReply { qname: name("www.test"), qtype: WireType::A, reply });
    let says = "the DS of www.test. could not be asked for: ns.test. did not answer in 450 ms; while no server answers \
                that, resolvers that validate answer SERVFAIL";
    ends(&validate(&evidence, &anchors, now()), DnssecVerdict::Indeterminate, says);
}
