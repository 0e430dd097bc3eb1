//! The name servers, asked by plain blocking sockets, and their minds, asked without any.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::str::FromStr;
use std::time::Duration;

use hickory_resolver::proto::op::{Edns, Message, OpCode, Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::opt::{EdnsCode, EdnsOption, NSIDPayload};
use hickory_resolver::proto::rr::{DNSClass, Name, RData, RecordType};
use proptest::prelude::*;

use super::internet::{SERVERS, all_servers, zone_texts};
use super::server::NameServer;
use super::stub::AGE;
use super::{name_servers, zones};
use crate::clock::{Clock, Stopwatch};
use crate::lab::scenario::{EVERY_STAGE_DNS, SLOW_AUTHORITATIVE, STUB_DELAY};
use crate::lab::{Lab, shared_lab};
use crate::trace::Transport;
use RecordType::{A, AAAA, ANY, MX, NS, SOA, TXT};

fn question(name: &str, kind: RecordType, payload: Option<u16>) -> Message {
    let mut message = Message::query();
    message.add_query(Query::query(Name::from_str(name).unwrap(), kind));
    message.edns = payload.map(|payload| {
        let mut edns = Edns::new();
        edns.set_max_payload(payload);
        edns.options_mut().insert(EdnsOption::NSID(NSIDPayload::new(Vec::new()).unwrap()));
        edns
    });
    message
}

fn server(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 53, 0, last))
}

fn ask_udp(lab: &Lab, last: u8, question: &Message) -> Option<Message> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(SocketAddr::new(server(last), lab.ports().dns)).unwrap();
    // Far longer than any answer takes; only a server that is silent on purpose lets it pass.
    let wait = if last == 45 { 100 } else { 5_000 };
    socket.set_read_timeout(Some(Duration::from_millis(wait))).unwrap();
    socket.send(&question.to_vec().unwrap()).unwrap();
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer).ok()?;
    let message = Message::from_vec(&buffer[..length]).unwrap();
    assert_eq!(message.metadata.id, question.metadata.id);
    assert_eq!(message.queries, question.queries);
    Some(message)
}

fn ask_tcp(lab: &Lab, last: u8, question: &Message) -> Message {
    let mut stream = TcpStream::connect(SocketAddr::new(server(last), lab.ports().dns)).unwrap();
    let bytes = question.to_vec().unwrap();
    stream.write_all(&(bytes.len() as u16).to_be_bytes()).unwrap();
    stream.write_all(&bytes).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).unwrap();
    Message::from_vec(&reply).unwrap()
}

fn nsid(message: &Message) -> String {
    match message.edns.as_ref().and_then(|edns| edns.option(EdnsCode::NSID)) {
        Some(EdnsOption::NSID(nsid)) => String::from_utf8(nsid.as_ref().to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Server, name, type; code, AA, and records in answer, authority, additional.
type Case = (u8, &'static str, RecordType, ResponseCode, bool, [usize; 3]);

#[test]
fn servers_refer_answer_and_deny_as_real_ones_do() {
    use ResponseCode::{NXDomain, NoError, Refused, ServFail};
    let cases: &[Case] = &[
        (1, ".", NS, NoError, true, [2, 0, 2]),
        (2, ".", SOA, NoError, true, [1, 0, 0]),
        (1, "www.example.test.", A, NoError, false, [0, 2, 2]),
        (1, "test.", NS, NoError, false, [0, 2, 2]),
        (1, "a.example.", AAAA, NoError, false, [0, 1, 1]),
        (1, "nothing.", A, NXDomain, true, [0, 1, 0]),
        (11, "www.example.test.", A, NoError, false, [0, 2, 2]),
        (12, "www.shop.test.", A, NoError, false, [0, 2, 2]),
        (11, "www.glueless.test.", A, NoError, false, [0, 1, 0]),
        (11, "a.root-servers.test.", A, NoError, true, [1, 0, 0]),
        (11, "nothing.test.", A, NXDomain, true, [0, 1, 0]),
        (13, "edge7.cdn.example.", A, NoError, false, [0, 1, 1]),
        (21, "www.example.test.", A, NoError, true, [1, 0, 0]),
        (22, "WWW.example.TEST.", A, NoError, true, [1, 0, 0]),
        (21, "www.example.test.", AAAA, NoError, true, [0, 1, 0]),
        (21, "web.example.test.", A, NoError, true, [2, 0, 0]),
        (21, "missing.example.test.", A, NXDomain, true, [0, 1, 0]),
        (21, "nodata.example.test.", TXT, NoError, true, [1, 0, 0]),
        (21, "nodata.example.test.", A, NoError, true, [0, 1, 0]),
        (21, "example.test.", MX, NoError, true, [1, 0, 1]),
        (21, "example.test.", ANY, NoError, true, [8, 0, 3]),
        (21, "loop.example.test.", A, NoError, true, [2, 0, 0]),
        (21, "www.shop.test.", A, Refused, false, [0, 0, 0]),
        (21, "example.test.", RecordType::AXFR, Refused, false, [0, 0, 0]),
        (23, "www.cname.test.", A, NoError, true, [1, 0, 0]),
        (32, "www-cname-test.cdn.example.", A, NoError, true, [2, 0, 0]),
        (31, "ns1.hosting.example.", A, NoError, true, [1, 0, 0]),
        (31, "www.glueless.test.", A, NoError, true, [1, 0, 0]),
        (23, "www.ipv6.test.", AAAA, NoError, true, [1, 0, 0]),
        (41, "www.lame.test.", A, Refused, false, [0, 0, 0]),
        (42, "www.lame.test.", A, NoError, true, [1, 0, 0]),
        (50, "www.servfail.test.", A, ServFail, false, [0, 0, 0]),
        (51, "www.servfail.test.", A, NoError, true, [1, 0, 0]),
    ];
    let lab = shared_lab();
    for (last, name, kind, rcode, authoritative, counts) in cases {
        let asked = question(name, *kind, Some(1232));
        for reply in [ask_udp(lab, *last, &asked).unwrap(), ask_tcp(lab, *last, &asked)] {
            let seen = (
                reply.metadata.response_code,
                reply.metadata.authoritative,
                [reply.answers.len(), reply.authorities.len(), reply.additionals.len()],
            );
            assert_eq!(seen, (*rcode, *authoritative, *counts), "{last} {name} {kind}");
            assert!(!reply.metadata.recursion_available && !reply.metadata.truncation);
            let expected = SERVERS
                .iter()
                .find(|server| server.address == IpAddr::from([127, 53, 0, *last]))
                .unwrap()
                .nsid;
            assert_eq!(nsid(&reply), expected);
        }
    }
}

#[test]
fn an_option_that_was_not_asked_for_is_not_given() {
    let lab = shared_lab();
    let plain = ask_udp(lab, 21, &question("www.example.test.", A, None)).unwrap();
    assert!(plain.edns.is_none());
    let mut asked = question("www.example.test.", A, None);
    asked.edns = Some(Edns::new());
    let reply = ask_udp(lab, 21, &asked).unwrap();
    assert!(reply.edns.unwrap().option(EdnsCode::NSID).is_none());
}

#[test]
fn refusals_carry_their_extended_error() {
    let reply = ask_udp(shared_lab(), 41, &question("www.lame.test.", A, Some(1232))).unwrap();
    let edns = reply.edns.unwrap();
    let Some(EdnsOption::Unknown(15, error)) = edns.option(EdnsCode::Unknown(15)) else { panic!("{edns:?}") };
    assert_eq!(error, b"\0\x14zone lame.test is not loaded");
}

#[test]
fn answers_that_do_not_fit_are_cut() {
    let lab = shared_lab();
    let big = |payload| question("big.example.test.", TXT, payload);
    for payload in [None, Some(512), Some(1232), Some(65535)] {
        let reply = ask_udp(lab, 21, &big(payload)).unwrap();
        assert!(reply.metadata.truncation && reply.answers.is_empty(), "{payload:?}");
        assert!(reply.to_vec().unwrap().len() <= usize::from(payload.unwrap_or(512)));
    }
    let whole = ask_tcp(lab, 21, &big(Some(1232)));
    assert!(!whole.metadata.truncation);
    assert_eq!(whole.answers.len(), 12);
    // This server cuts everything.
    let small = question("www.truncated.test.", A, Some(1232));
    assert!(ask_udp(lab, 43, &small).unwrap().metadata.truncation);
    assert_eq!(ask_tcp(lab, 43, &small).answers.len(), 1);
}

#[test]
fn faulty_servers_are_faulty() {
    let lab = shared_lab();
    assert!(ask_udp(lab, 45, &question("www.silent.test.", A, Some(1232))).is_none());
    let reply = ask_udp(lab, 49, &question("www.no-edns.test.", A, Some(1232))).unwrap();
    assert_eq!((reply.metadata.response_code, reply.edns.is_none()), (ResponseCode::FormErr, true));
    let reply = ask_udp(lab, 49, &question("www.no-edns.test.", A, None)).unwrap();
    assert_eq!((reply.metadata.response_code, reply.answers.len()), (ResponseCode::NoError, 1));
    for last in [47, 48] {
        let reply = ask_udp(lab, last, &question("www.refused.test.", A, Some(1232))).unwrap();
        assert_eq!(reply.metadata.response_code, ResponseCode::Refused);
    }
}

#[test]
fn questions_out_of_the_ordinary_get_their_error_code() {
    let lab = shared_lab();
    let ask = |change: fn(&mut Message)| -> u16 {
        let mut asked = question("www.example.test.", A, Some(1232));
        change(&mut asked);
        ask_udp(lab, 21, &asked).unwrap().metadata.response_code.into()
    };
    // NOTIMP, FORMERR, REFUSED, BADVERS
    assert_eq!(ask(|asked| asked.metadata.op_code = OpCode::Notify), 4);
    assert_eq!(ask(|asked| asked.queries.clear()), 1);
    assert_eq!(ask(|asked| _ = asked.queries[0].set_query_class(DNSClass::CH)), 5);
    assert_eq!(ask(|asked| _ = asked.edns.as_mut().unwrap().set_version(1)), 16);
}

#[test]
fn the_resolver_gives_whole_aged_answers() {
    use ResponseCode::{NXDomain, NoError, Refused, ServFail};
    let lab = shared_lab();
    let ask = |name: &str, kind| {
        let mut asked = question(name, kind, Some(1232));
        asked.metadata.recursion_desired = true;
        ask_udp(lab, 53, &asked).unwrap()
    };
    let cases: &[(&str, RecordType, ResponseCode, usize, usize)] = &[
        ("www.example.test.", A, NoError, 1, 0),
        ("www.cname.test.", A, NoError, 3, 0),
        ("www.glueless.test.", A, NoError, 1, 0),
        ("www.slow.test.", A, NoError, 1, 0),
        ("www.cname.test.", AAAA, NoError, 2, 1),
        ("missing.example.test.", A, NXDomain, 0, 1),
        ("nothing.", A, NXDomain, 0, 1),
        ("loop.example.test.", A, ServFail, 0, 0),
        ("www.refused.test.", A, ServFail, 0, 0),
    ];
    for (name, kind, rcode, answers, authorities) in cases {
        let reply = ask(name, *kind);
        assert_eq!(reply.metadata.response_code, *rcode, "{name}");
        assert_eq!((reply.answers.len(), reply.authorities.len()), (*answers, *authorities), "{name} {kind}");
        assert!(reply.metadata.recursion_available && !reply.metadata.authoritative);
    }
    assert_eq!(ask("www.example.test.", A).answers[0].ttl, 300 - AGE);
    let unrecursive = ask_udp(lab, 53, &question("www.example.test.", A, None)).unwrap();
    assert_eq!(unrecursive.metadata.response_code, Refused);
}

#[test]
fn delays_are_what_they_are_said_to_be() {
    let lab = shared_lab();
    for (last, name, delay) in [
        (44, "www.slow.test.", SLOW_AUTHORITATIVE),
        (52, "www.every-stage.test.", EVERY_STAGE_DNS),
        (53, "www.example.test.", STUB_DELAY),
        (21, "www.example.test.", Duration::ZERO),
    ] {
        let mut asked = question(name, A, Some(1232));
        asked.metadata.recursion_desired = true;
        let slack = Duration::from_millis(2).max(delay / 20);
        let all = Stopwatch::start();
        // A busy machine can only add to a delay, and other tests keep these servers busy, for a while
        // at a time: the best of all tries is the server's own.
        let mut best = Duration::MAX;
        while best > delay + slack && all.elapsed() < Duration::from_secs(10) {
            let watch = Stopwatch::start();
            ask_udp(lab, last, &asked).unwrap();
            let took = watch.elapsed();
            assert!(took >= delay, "{name}: {took:?}");
            best = best.min(took);
        }
        assert!(best <= delay + slack, "{name}: {best:?}");
    }
}

#[test]
fn every_name_server_is_found_where_the_zones_say() {
    let servers = minds();
    let resolver = servers.last().unwrap();
    for server in SERVERS {
        if server.name.ends_with("refused.test.") {
            continue; // its own zone is loaded nowhere
        }
        let mut asked = question(server.name, A, None);
        asked.metadata.recursion_desired = true;
        let reply = resolver.reply(&asked.to_vec().unwrap(), Transport::Udp).unwrap();
        let reply = Message::from_vec(&reply).unwrap();
        let [record] = reply.answers.as_slice() else { panic!("{}", server.name) };
        assert!(matches!(&record.data, RData::A(a) if IpAddr::V4(a.0) == server.address), "{}", server.name);
        let known = zone_texts();
        assert!(server.zones.iter().all(|zone| known.iter().any(|(origin, _)| origin == zone)));
    }
    let mut addresses: Vec<_> = all_servers().map(|server| server.address).collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), SERVERS.len() + 1);
}

#[test]
fn the_servers_count_what_reaches_them() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let lab = runtime.block_on(Lab::start()).unwrap();
    let asked = question("www.example.test.", A, None);
    ask_udp(&lab, 1, &asked).unwrap();
    ask_udp(&lab, 1, &asked).unwrap();
    ask_tcp(&lab, 21, &asked);
    ask_udp(&lab, 45, &asked);
    let seen = lab.seen();
    assert_eq!(seen.dns(server(1), Transport::Udp), 2);
    assert_eq!(seen.dns(server(1), Transport::Tcp), 0);
    assert_eq!(seen.dns(server(21), Transport::Tcp), 1);
    assert_eq!(seen.dns(server(45), Transport::Udp), 1, "silent servers count too");
    assert_eq!(seen.udp.len() + seen.tcp.len(), 3);
}

fn minds() -> Vec<std::rc::Rc<NameServer>> {
    name_servers(zones(Clock::start().started_at()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_a_server_panic_or_answer_too_much(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        // Noise, noise with the header of a question, and a good question with some bytes changed.
        let good = question("www.cname.test.", ANY, Some(4096)).to_vec().unwrap();
        let mut headed = good[..12].to_vec();
        headed.extend_from_slice(&bytes);
        let mut edited = good;
        for (index, byte) in &edits {
            let at = index.index(edited.len());
            edited[at] = *byte;
        }
        for server in minds() {
            for question in [&bytes, &headed, &edited] {
                let reply = server.reply(question, Transport::Udp);
                prop_assert!(reply.is_none_or(|reply| reply.len() <= 1232 && reply[2] & 0x80 != 0));
                let _ = server.reply(question, Transport::Tcp);
            }
        }
    }
}
