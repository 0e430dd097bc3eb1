//! The seeds of the fuzz targets, made by the lab's servers: single replies, some of them bent by hand,
//! and chains of signed replies.
//!
//! With `URLTRACE_WRITE_FIXTURES=1` the tests write them; that the committed ones are what these
//! servers say holds anyway. What each seed means is held where the targets are (`dns::fuzzing`).

use std::net::IpAddr;
use std::rc::Rc;
use std::str::FromStr;

use hickory_resolver::proto::op::{Edns, Message, Query};
use hickory_resolver::proto::rr::rdata::opt::{EdnsOption, NSIDPayload};
use hickory_resolver::proto::rr::{Name, Record, RecordType};

use super::server::NameServer;
use super::{name_servers, zones};
use crate::clock::Clock;
use crate::trace::Transport;
use Form::{Plain, Signed, WithoutEdns};
use RecordType::{A, DNSKEY, DS, HTTPS, TXT};

/// The id of every seed.
const ID: u16 = 0x1035;

#[derive(Clone, Copy)]
enum Form {
    WithoutEdns,
    /// EDNS, and the server's identity wanted.
    Plain,
    /// Signatures wanted, too.
    Signed,
}

/// Seed, server, name, type, form.
const REPLIES: &[(&str, u8, &str, RecordType, Form)] = &[
    ("answer", 21, "www.example.test.", A, Plain),
    ("answer-signed", 21, "www.example.test.", A, Signed),
    ("cname", 23, "www.cname.test.", A, Plain),
    ("dname", 23, "www.old.dname.test.", A, Plain),
    ("dnskey", 1, ".", DNSKEY, Signed),
    ("edns-refused", 49, "www.no-edns.test.", A, Plain),
    ("extended-error", 50, "www.servfail.test.", A, Plain),
    ("false-glue", 11, "www.trapped.test.", A, Plain),
    ("https", 23, "service.https.test.", HTTPS, Plain),
    ("https-alias", 23, "alias.https.test.", HTTPS, Plain),
    ("intercepted", 111, "www.shop.intercepted.", A, Plain),
    ("nodata", 21, "nodata.example.test.", A, WithoutEdns),
    ("nodata-nsec3", 91, "text.dnssec-nsec3.test.", A, Signed),
    ("nxdomain", 21, "missing.example.test.", A, WithoutEdns),
    ("nxdomain-nsec", 21, "missing.example.test.", A, Signed),
    ("nxdomain-nsec3", 91, "missing.dnssec-nsec3.test.", A, Signed),
    ("referral", 1, "www.example.test.", A, Plain),
    ("referral-signed", 11, "www.example.test.", A, Signed),
    ("referral-unsigned", 11, "www.dnssec-insecure.test.", A, Signed),
    ("refused", 41, "www.lame.test.", A, Plain),
    ("truncated", 43, "www.truncated.test.", A, Plain),
    ("txt", 91, "text.dnssec-nsec3.test.", TXT, Plain),
    ("upward", 101, "www.upward.test.", A, Plain),
];

type Bend = fn(&mut Vec<u8>);
/// What no server sends on purpose: seed, the seed it is made of, and how.
const BENT: &[(&str, &str, Bend)] = &[
    ("bent-compression-loop", "answer", |bytes| {
        // The first answer's owner points at itself.
        let at = 12 + question_length(bytes);
        bytes[at..at + 2].copy_from_slice(&(0xc000 | at as u16).to_be_bytes());
    }),
    ("bent-counts", "referral", |bytes| bytes[6..12].fill(0xff)),
    ("bent-cut-in-a-record", "cname", |bytes| bytes.truncate(bytes.len() - 20)),
    ("bent-cut-and-truncated", "referral", |bytes| {
        bytes[2] |= 0x02;
        bytes.truncate(bytes.len() - 20);
    }),
    ("bent-header-alone", "refused", |bytes| {
        bytes[4..12].fill(0);
        bytes.truncate(12);
    }),
    ("bent-not-a-reply", "answer", |bytes| bytes[2] &= 0x7f),
    ("bent-two-questions", "answer", |bytes| bytes[5] = 2),
    ("bent-wrong-id", "answer", |bytes| bytes[0] ^= 0xff),
];

type Path = &'static [(&'static str, u8)];
/// Seed, name, the zones above it with a server of each.
const CHAINS: &[(&str, &str, Path)] = &[
    ("bogus-expired", "www.dnssec-expired.test.", &[ROOT, TEST, ("dnssec-expired.test.", 91)]),
    (
        "bogus-unsigned",
        "www.dnssec-unsigned-answer.test.",
        &[ROOT, TEST, ("dnssec-unsigned-answer.test.", 91)],
    ),
    ("bogus-wrong-ds", "www.dnssec-wrong-ds.test.", &[ROOT, TEST, ("dnssec-wrong-ds.test.", 91)]),
    ("insecure", "www.dnssec-insecure.test.", &[ROOT, TEST, ("dnssec-insecure.test.", 91)]),
    ("insecure-opt-out", "www.unsigned.dnssec-opt-out.test.", &[ROOT, TEST, ("dnssec-opt-out.test.", 91)]),
    ("secure", "www.example.test.", &[ROOT, TEST, ("example.test.", 21)]),
    ("secure-nsec", "missing.example.test.", &[ROOT, TEST, ("example.test.", 21)]),
    ("secure-nsec3", "missing.dnssec-nsec3.test.", &[ROOT, TEST, ("dnssec-nsec3.test.", 91)]),
    ("secure-wildcard", "any.dnssec-wildcard.test.", &[ROOT, TEST, ("dnssec-wildcard.test.", 91)]),
];
const ROOT: (&str, u8) = (".", 1);
const TEST: (&str, u8) = ("test.", 11);

fn question_length(bytes: &[u8]) -> usize {
    let name = bytes[12..].iter().position(|byte| *byte == 0).unwrap();
    name + 5
}

fn question(name: &str, kind: RecordType, form: Form) -> Message {
    let mut message = Message::query();
    message.metadata.id = ID;
    message.add_query(Query::query(Name::from_str(name).unwrap(), kind));
    if !matches!(form, WithoutEdns) {
        let mut edns = Edns::new();
        edns.set_max_payload(1232).set_dnssec_ok(matches!(form, Signed));
        edns.options_mut().insert(EdnsOption::NSID(NSIDPayload::new(Vec::new()).unwrap()));
        message.edns = Some(edns);
    }
    message
}

fn ask(servers: &[Rc<NameServer>], last: u8, question: &Message, transport: Transport) -> Vec<u8> {
    let server =
        servers.iter().find(|server| server.server.address == IpAddr::from([127, 53, 0, last])).unwrap();
    server.reply(&question.to_vec().unwrap(), transport).unwrap()
}

/// What is committed; written first, if that is asked for.
fn committed(file: &str, made: &[u8]) -> Vec<u8> {
    let path = format!("{}/fixtures/dns/{file}.bin", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("URLTRACE_WRITE_FIXTURES").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_single_seeds_are_replies_of_these_servers() {
    let servers = name_servers(zones(Clock::start().started_at()).unwrap());
    for (seed, last, name, kind, form) in REPLIES {
        let asked = question(name, *kind, *form);
        let reply = ask(&servers, *last, &asked, Transport::Udp);
        let kept = committed(&format!("replies/{seed}"), &reply);
        let (made, kept) = (Message::from_vec(&reply).unwrap(), Message::from_vec(&kept).unwrap());
        assert_eq!(kept.metadata, made.metadata, "{seed}");
        assert_eq!(kept.queries, asked.queries, "{seed}");
        // Keys and signatures are new in each run; what they are, and where they stand, is not.
        let types = |message: &Message| {
            let sections = [&message.answers, &message.authorities, &message.additionals];
            sections.map(|section| section.iter().map(Record::record_type).collect::<Vec<_>>())
        };
        assert_eq!(types(&kept), types(&made), "{seed}");
    }
}

#[test]
fn the_bent_seeds_are_bent_from_others() {
    for (seed, from, bend) in BENT {
        let path = format!("{}/fixtures/dns/replies/{from}.bin", env!("CARGO_MANIFEST_DIR"));
        let mut bytes = std::fs::read(path).unwrap();
        bend(&mut bytes);
        assert_eq!(committed(&format!("replies/{seed}"), &bytes), bytes, "{seed}");
    }
}

#[test]
fn the_chains_have_a_message_for_each_zone() {
    let clock = Clock::start();
    let servers = name_servers(zones(clock.started_at()).unwrap());
    let now = clock.started_at().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for (seed, host, path) in CHAINS {
        let mut bytes = u32::try_from(now).unwrap().to_be_bytes().to_vec();
        let keys_and_referral =
            |(zone, last): &(&'static str, u8)| [(*last, *zone, DNSKEY), (*last, *host, A)];
        let mut questions: Vec<_> = path.iter().flat_map(keys_and_referral).collect();
        let (zone, last) = path[path.len() - 1];
        let (_, parent) = host.split_once('.').unwrap();
        if parent != zone {
            // A zone on its parent's server: nobody refers to it.
            questions.insert(questions.len() - 1, (last, parent, DS));
        }
        for (last, name, kind) in &questions {
            // By TCP: a chain is not about truncation.
            let reply = ask(&servers, *last, &question(name, *kind, Signed), Transport::Tcp);
            bytes.extend(u16::try_from(reply.len()).unwrap().to_be_bytes());
            bytes.extend(reply);
        }
        let kept = committed(&format!("chains/{seed}"), &bytes);
        assert_eq!(messages(&kept), messages(&bytes), "{seed}");
        assert_eq!(messages(&kept), questions.len(), "{seed}");
    }
}

/// How many messages stand behind the time.
fn messages(chain: &[u8]) -> usize {
    let (mut rest, mut count) = (&chain[4..], 0);
    while let Some((length, messages)) = rest.split_first_chunk::<2>() {
        rest = &messages[usize::from(u16::from_be_bytes(*length))..];
        count += 1;
    }
    count
}
