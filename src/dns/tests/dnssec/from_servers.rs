//! Keys from servers that are slow, lose packets, refuse, or forget what they are: each hands on what
//! the lab's server says, changed.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{RData, RecordType as WireType};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::clock::Stopwatch;
use crate::dns::tests::dnssec::lab::{plan, traced};
use crate::dns::tests::kit::local;
use crate::lab::shared_lab;
use crate::plan::Plan;
use crate::trace::{Choice, Dns, DnssecVerdict, Edns, Packet, Purpose, Transport};

/// The servers of the root, of `test.`, of `example.test.` (two), and of the zones that show DNSSEC
/// (one).
const SERVERS: [u8; 7] = [1, 2, 11, 12, 21, 22, ONLY];

const FIRST: u8 = 21;

const SECOND: u8 = 22;

const ONLY: u8 = 91;

/// A name in a zone with one server.
const ALONE: &str = "any.dnssec-wildcard.test";

/// One in a zone with two.
const TWO: &str = "www.example.test";

/// What a server does that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Conduct {
    /// Answers late.
    Slow(Duration),
    /// Answers questions for keys late.
    SlowOnKeys(Duration),
    /// Every second question for keys is lost, beginning with the first.
    Loses,
    SilentOnKeys,
    /// Answers questions for keys with this code.
    Refuses(ResponseCode),
    /// The same, the first time.
    RefusesOnce(ResponseCode),
    /// FORMERR to everything with EDNS.
    NoEdns,
    /// The same, where keys are asked for.
    NoEdnsOnKeys,
    /// No AA in anything.
    NoAuthority,
    /// No OPT and no signatures in anything.
    CutsDown,
    /// No signatures in anything, as a secondary has none whose copy of the zone was never signed.
    Strips,
    /// Referrals without the addresses of the second server.
    ForgetsGlue,
    /// Other addresses in everything.
    Forges,
    /// Silence by UDP.
    NoUdp,
}

fn error(query: &Message, code: ResponseCode) -> Vec<u8> {
    let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
    reply.metadata.response_code = code;
    reply.queries.clone_from(&query.queries);
    reply.to_vec().unwrap()
}

async fn reply(question: &[u8], lab: SocketAddr, conduct: Option<Conduct>, keys: usize) -> Option<Vec<u8>> {
    let query = Message::from_vec(question).unwrap();
    let of_keys = query.queries[0].query_type == WireType::DNSKEY;
    match conduct {
        Some(Conduct::Slow(delay)) => tokio::time::sleep(delay).await, // the injected delay of a slow server
        Some(Conduct::SlowOnKeys(delay)) if of_keys => tokio::time::sleep(delay).await, // the same, injected for keys only
        Some(Conduct::Loses) if of_keys && keys % 2 == 1 => return None,
        Some(Conduct::SilentOnKeys) if of_keys => return None,
        Some(Conduct::NoUdp) => return None,
        Some(Conduct::Refuses(code)) if of_keys => return Some(error(&query, code)),
        Some(Conduct::RefusesOnce(code)) if of_keys && keys == 1 => return Some(error(&query, code)),
        Some(Conduct::NoEdns) if query.edns.is_some() => return Some(error(&query, ResponseCode::FormErr)),
        Some(Conduct::NoEdnsOnKeys) if of_keys && query.edns.is_some() => {
            return Some(error(&query, ResponseCode::FormErr));
        }
        _ => {}
    }
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(question, lab).await.unwrap();
    let mut bytes = vec![0; 4096];
    let length = socket.recv(&mut bytes).await.unwrap();
    let mut reply = Message::from_vec(&bytes[..length]).unwrap();
    match conduct {
        Some(Conduct::NoAuthority) => reply.metadata.authoritative = false,
        Some(Conduct::ForgetsGlue) => {
            reply.additionals.retain(|record| !record.name.to_string().starts_with("ns2."));
        }
        Some(Conduct::Forges) => {
            for record in &mut reply.answers {
                if let RData::A(address) = &mut record.data {
                    address.0 = Ipv4Addr::new(192, 0, 2, 66);
                }
            }
        }
        Some(conduct @ (Conduct::CutsDown | Conduct::Strips)) => {
            reply.edns = reply.edns.filter(|_| conduct == Conduct::Strips);
            reply.answers.retain(|record| record.record_type() != WireType::RRSIG);
            reply.authorities.retain(|record| record.record_type() != WireType::RRSIG);
        }
        _ => {}
    }
    Some(reply.to_vec().unwrap())
}

/// The lab behind servers with these conducts, all on one port of their own.
async fn behind(lab: &Plan, conducts: &[(u8, Conduct)]) -> Plan {
    let mut plan = lab.clone();
    let old = plan.dns.server_port;
    let address = |last: u8| Ipv4Addr::new(127, 53, 0, last);
    let (port, sockets) = 'found: loop {
        let first = UdpSocket::bind((address(SERVERS[0]), 0)).await.unwrap();
        let port = first.local_addr().unwrap().port();
        let mut sockets = vec![first];
        for last in &SERVERS[1..] {
            match UdpSocket::bind((address(*last), port)).await {
                Ok(socket) => sockets.push(socket),
                Err(_) => continue 'found,
            }
        }
        break (port, sockets);
    };
    for (last, socket) in SERVERS.into_iter().zip(sockets) {
        let conduct = conducts.iter().find(|(server, _)| *server == last).map(|(_, conduct)| *conduct);
        if conduct == Some(Conduct::NoUdp) {
            let listener = TcpListener::bind((address(last), port)).await.unwrap();
            tokio::task::spawn_local(async move {
                while let Ok((mut from, _)) = listener.accept().await {
                    let mut to = TcpStream::connect((address(last), old)).await.unwrap();
                    tokio::task::spawn_local(async move { copy_bidirectional(&mut from, &mut to).await });
                }
            });
        }
        let (socket, keys) = (Rc::new(socket), Cell::new(0));
        tokio::task::spawn_local(async move {
            let mut bytes = vec![0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
                let (socket, question) = (Rc::clone(&socket), bytes[..length].to_vec());
                let query = Message::from_vec(&question).unwrap();
                keys.set(keys.get() + usize::from(query.queries[0].query_type == WireType::DNSKEY));
                let keys = keys.get();
                tokio::task::spawn_local(async move {
                    let lab = SocketAddr::new(address(last).into(), old);
                    if let Some(reply) = reply(&question, lab, conduct, keys).await {
                        let _ = socket.send_to(&reply, from).await;
                    }
                });
            }
        });
    }
    let hints = plan.dns.root_hints.as_mut().unwrap();
    hints.text = hints.text.replace(&format!(":{old}"), &format!(":{port}"));
    plan.dns.server_port = port;
    plan
}

async fn through(lab: &Plan, host: &str, conducts: &[(u8, Conduct)]) -> Dns {
    traced(&behind(lab, conducts).await, host).await
}

fn verdict(dns: &Dns) -> (DnssecVerdict, &str) {
    let dnssec = dns.dnssec.as_ref().unwrap_or_else(|| panic!("{:?}", dns.unvalidated));
    (dnssec.verdict, dnssec.why.as_deref().unwrap_or_default())
}

/// The questions for the keys of a zone, in the order they were sent.
fn keys<'d>(dns: &'d Dns, zone: &str) -> Vec<&'d Packet> {
    dns.packets.iter().filter(|packet| packet.purpose == Purpose::DnsKey && packet.qname == zone).collect()
}

const WILD: &str = "dnssec-wildcard.test.";

const EXAMPLE: &str = "example.test.";

const EXAMPLE_TLD: &str = "test.";

const SECURE: (DnssecVerdict, &str) = (DnssecVerdict::Secure, "");

#[test]
fn keys_that_are_late_or_lost_once_are_waited_for() {
    let lab = plan(shared_lab());
    local(async {
        for (conduct, packets) in [
            (Conduct::SlowOnKeys(Duration::from_millis(600)), 2),
            (Conduct::Loses, 2),
            // Its round trips are known to be long: one question is enough.
            (Conduct::Slow(Duration::from_millis(500)), 1),
            (Conduct::RefusesOnce(ResponseCode::ServFail), 2),
        ] {
            let dns = through(&lab, ALONE, &[(ONLY, conduct)]).await;
            assert_eq!(verdict(&dns), SECURE, "{conduct:?}");
            let keys = keys(&dns, WILD);
            assert_eq!(keys.len(), packets, "{conduct:?}: {keys:#?}");
            assert!(keys.iter().all(|packet| packet.sent >= dns.end), "only when the answer is known");
            assert!(keys[1..].iter().all(|packet| packet.chosen == Choice::Again), "{conduct:?}");
        }
    });
}

#[test]
fn a_second_server_makes_up_for_the_first() {
    let lab = plan(shared_lab());
    local(async {
        for conduct in [
            Conduct::SilentOnKeys,
            Conduct::Refuses(ResponseCode::Refused),
            Conduct::NoEdnsOnKeys,
            Conduct::CutsDown,
        ] {
            let dns = through(&lab, TWO, &[(FIRST, conduct)]).await;
            assert_eq!(verdict(&dns), SECURE, "{conduct:?}");
            let last = keys(&dns, EXAMPLE).last().unwrap().server.ip();
            assert_eq!(last, Ipv4Addr::new(127, 53, 0, SECOND), "{conduct:?}");
        }
    });
}

#[test]
fn one_server_that_is_bogus_is_made_up_for_and_told() {
    let lab = plan(shared_lab());
    let in_part = |dns: &Dns| dns.dnssec.as_ref().unwrap().bogus_in_part.clone().unwrap_or_default();
    local(async {
        let dns = through(&lab, TWO, &[(FIRST, Conduct::Strips)]).await;
        assert_eq!(verdict(&dns), SECURE);
        let told = in_part(&dns);
        assert!(told.starts_with("what ns1.example.test. (127.53.0.21) gives is bogus ("), "{told}");
        assert!(
            told.ends_with("ns2.example.test. (127.53.0.22) gives the same, and there it is secure"),
            "{told}"
        );
        // One that came without an address is looked up for it.
        let without = [(11, Conduct::ForgetsGlue), (12, Conduct::ForgetsGlue), (FIRST, Conduct::Strips)];
        let dns = through(&lab, TWO, &without).await;
        assert_eq!(verdict(&dns), SECURE);
        assert!(
            in_part(&dns).contains("ns2.example.test. (127.53.0.22) gives the same"),
            "{}",
            in_part(&dns)
        );
        // What this trace goes on with is what the first one gave.
        let dns = through(&lab, TWO, &[(FIRST, Conduct::Forges)]).await;
        assert_eq!(verdict(&dns).0, DnssecVerdict::Bogus);
        assert!(in_part(&dns).ends_with("gives other records, which are secure"), "{}", in_part(&dns));
        let dns = through(&lab, TWO, &[(FIRST, Conduct::Strips), (SECOND, Conduct::Strips)]).await;
        assert_eq!((verdict(&dns).0, in_part(&dns).as_str()), (DnssecVerdict::Bogus, ""));
        let dns = through(&lab, TWO, &[]).await;
        assert_eq!((verdict(&dns), in_part(&dns).as_str()), (SECURE, ""));
    });
}

#[test]
fn keys_that_every_server_refuses_make_an_answer_bogus() {
    let lab = plan(shared_lab());
    local(async {
        for (code, says) in [
            (ResponseCode::Refused, "REFUSED"),
            (ResponseCode::ServFail, "SERVFAIL"),
            (ResponseCode::FormErr, "FORMERR"),
            (ResponseCode::NotImp, "NOTIMP"),
        ] {
            let dns = through(&lab, ALONE, &[(ONLY, Conduct::Refuses(code))]).await;
            let why = format!(
                "the servers of zone {WILD} refuse its DNSKEY: ns1.dnssec-nsec3.test. (127.53.0.91) answered {says}"
            );
            assert_eq!(verdict(&dns), (DnssecVerdict::Bogus, why.as_str()));
        }
        let refuses = Conduct::Refuses(ResponseCode::Refused);
        let dns = through(&lab, TWO, &[(FIRST, refuses), (SECOND, refuses)]).await;
        let (found, why) = verdict(&dns);
        assert_eq!((found, why.matches("answered REFUSED").count()), (DnssecVerdict::Bogus, 2), "{why}");
        let dns = through(&lab, TWO, &[(FIRST, refuses), (SECOND, Conduct::SilentOnKeys)]).await;
        let (found, why) = verdict(&dns);
        assert_eq!(found, DnssecVerdict::Indeterminate, "one of them says nothing: {why}");
        // Without a DS nothing vouches for the anchor's zone but the anchor: the way to it may be at fault.
        let dns = through(&lab, TWO, &[(1, refuses), (2, refuses)]).await;
        assert_eq!(verdict(&dns).0, DnssecVerdict::Indeterminate);
    });
}

#[test]
fn a_slow_server_is_listened_to_for_its_keys_as_for_its_answers() {
    let lab = plan(shared_lab());
    local(async {
        let dns = through(&lab, ALONE, &[(ONLY, Conduct::Slow(Duration::from_millis(2_300)))]).await;
        assert_eq!(verdict(&dns), SECURE);
        let keys = keys(&dns, WILD);
        assert!(keys.iter().any(|packet| packet.meaning.is_useful()), "{keys:#?}");
        // Nobody who is not slow is waited for any longer.
        let watch = Stopwatch::start();
        let silent = through(&lab, ALONE, &[(ONLY, Conduct::SilentOnKeys)]).await;
        assert_eq!(verdict(&silent).0, DnssecVerdict::Indeterminate);
        assert!(watch.elapsed() < Duration::from_millis(3_500), "{:?}", watch.elapsed());
    });
}

#[test]
fn servers_without_edns_give_no_signatures_over_keys() {
    let lab = plan(shared_lab());
    local(async {
        for conduct in [Conduct::NoEdns, Conduct::NoEdnsOnKeys] {
            let dns = through(&lab, ALONE, &[(ONLY, conduct)]).await;
            let (found, why) = verdict(&dns);
            let says = "refuse its DNSKEY: ns1.dnssec-nsec3.test. (127.53.0.91) does not take EDNS, and \
                        without it there are no signatures";
            assert!(found == DnssecVerdict::Bogus && why.ends_with(says), "{found:?} {why}");
            let chosen: Vec<_> = keys(&dns, WILD).iter().map(|packet| (packet.chosen, packet.edns)).collect();
            match conduct {
                // The walk has learned that it has none.
                Conduct::NoEdns => assert!(chosen.len() == 1 && chosen[0].1 == Edns::None, "{chosen:?}"),
                _ => assert_eq!(chosen[2], (Choice::WithoutEdns, Edns::None)),
            }
        }
    });
}

#[test]
fn silence_about_keys_stays_undecided_and_says_what_others_make_of_it() {
    let lab = plan(shared_lab());
    local(async {
        let dns = through(&lab, ALONE, &[(ONLY, Conduct::SilentOnKeys)]).await;
        let (found, why) = verdict(&dns);
        assert_eq!(found, DnssecVerdict::Indeterminate);
        assert!(why.contains("ns1.dnssec-nsec3.test. (127.53.0.91) did not answer in 1"), "{why}");
        assert!(
            why.ends_with(
                "asked twice; while no server answers that, resolvers that validate answer SERVFAIL"
            ),
            "{why}"
        );
        assert_eq!(keys(&dns, WILD).len(), 2);
        let dns =
            through(&lab, TWO, &[(FIRST, Conduct::SilentOnKeys), (SECOND, Conduct::SilentOnKeys)]).await;
        let (found, why) = verdict(&dns);
        assert_eq!(
            (found, why.matches("did not answer in 1").count()),
            (DnssecVerdict::Indeterminate, 2),
            "{why}"
        );
        assert_eq!(keys(&dns, EXAMPLE).len(), 4);
    });
}

#[test]
fn an_answer_without_authority_that_the_walk_goes_by_is_validated() {
    let lab = plan(shared_lab());
    local(async {
        for host in [ALONE, "missing.dnssec-nsec3.test"] {
            let dns = through(&lab, host, &[(ONLY, Conduct::NoAuthority)]).await;
            assert!(dns.packets.iter().any(|packet| packet.meaning.as_str() == "lame"), "{host}");
            assert_eq!(verdict(&dns), SECURE, "{host}");
        }
        let dns = through(&lab, "www.dnssec-unsigned-answer.test", &[(ONLY, Conduct::NoAuthority)]).await;
        let (found, why) = verdict(&dns);
        assert!(found == DnssecVerdict::Bogus && why.starts_with("RRSIG missing: "), "{found:?} {why}");
        // Where another server did better, its answer is the one.
        let dns = through(&lab, TWO, &[(FIRST, Conduct::NoAuthority)]).await;
        assert_eq!(verdict(&dns), SECURE);
    });
}

#[test]
fn a_server_that_answers_by_tcp_only_is_asked_for_keys_by_tcp() {
    let lab = plan(shared_lab());
    local(async {
        let dns = through(&lab, ALONE, &[(ONLY, Conduct::NoUdp)]).await;
        assert_eq!(verdict(&dns), SECURE);
        let way: Vec<_> = keys(&dns, WILD).iter().map(|packet| packet.transport).collect();
        assert_eq!(way, [Transport::Tcp], "nothing is sent that is known to be in vain");
        assert!(keys(&dns, EXAMPLE_TLD).iter().all(|packet| packet.transport == Transport::Udp));
    });
}

#[test]
fn where_udp_is_blocked_keys_are_asked_for_by_tcp() {
    use crate::dns::tests::kit::{AUTH, EXAMPLE, ROOT, ROOT_ZONE, TLD, TLD_ZONE};
    use crate::dns::tests::server::{Quirk, TestNet};
    local(async {
        let net = TestNet::start(vec![
            (ROOT, vec![Quirk::NoUdp], vec![(".", ROOT_ZONE)]),
            (TLD, vec![Quirk::NoUdp], vec![("test.", TLD_ZONE)]),
            (AUTH, vec![Quirk::NoUdp], vec![("example.test.", EXAMPLE)]),
        ])
        .await;
        let mut plan = Plan { dns: crate::dns::tests::kit::plan(&net), ..Plan::default() };
        plan.dns.dnssec = crate::plan::DnssecPlan::On {
            anchors: Some(crate::plan::AnchorsText {
                source: "test".to_owned(),
                text: format!(". DS 1 13 2 {}", "00".repeat(32)),
            }),
        };
        let dns = traced(&plan, TWO).await;
        assert!(!dns.addresses.is_empty());
        let keys = keys(&dns, ".");
        assert!(
            !keys.is_empty() && keys.iter().all(|packet| packet.transport == Transport::Tcp),
            "{keys:#?}"
        );
    });
}
