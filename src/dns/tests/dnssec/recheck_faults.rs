//! Validation through resolvers that refuse what is bogus, leave signatures out, lie, or are slow: each
//! hands on what the lab's resolver says, changed.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType as WireType};
use tokio::net::UdpSocket;

use crate::dns::tests::dnssec::lab::traced;
use crate::dns::tests::dnssec::recheck::{of_dnssec, through_resolver};
use crate::dns::tests::kit::local;
use crate::plan::{HintsText, Plan, ResolverChoice};
use crate::trace::{Dns, DnsLane, DnssecVerdict, Purpose, Rcode};

/// Put in before each answer about keys.
const THINKING: Duration = Duration::from_millis(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conduct {
    Fine,
    /// SERVFAIL for everything below a zone, unless told not to check.
    Refuses(&'static str),
    /// The same, whatever it is told.
    AlwaysRefuses,
    /// No signature in anything.
    Strips,
    /// None in answers with addresses.
    StripsAddresses,
    /// Another address under the same signature.
    Lies,
    /// No answer about keys.
    SilentOnKeys,
    SlowOnKeys,
    /// FORMERR to every question that asks for signatures.
    NoEdns,
    /// The same, but for those that are told not to check.
    NoEdnsAtFirst,
    /// Another address where nobody asks for signatures.
    LiesWithoutThem,
}

fn is_of_keys(query: &Message) -> bool {
    matches!(query.queries[0].query_type, WireType::DS | WireType::DNSKEY)
}

fn error(query: &Message, code: ResponseCode) -> Vec<u8> {
    let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
    reply.metadata.recursion_desired = true;
    reply.metadata.recursion_available = true;
    reply.metadata.response_code = code;
    reply.queries.clone_from(&query.queries);
    reply.to_vec().unwrap()
}

async fn reply(question: &[u8], lab: SocketAddr, conduct: Conduct) -> Option<Vec<u8>> {
    let query = Message::from_vec(question).unwrap();
    let name = &query.queries[0].name;
    let refused = match conduct {
        Conduct::Refuses(zone) => {
            !query.metadata.checking_disabled && Name::from_ascii(zone).unwrap().zone_of(name)
        }
        Conduct::AlwaysRefuses => true,
        _ => false,
    };
    if refused {
        return Some(error(&query, ResponseCode::ServFail));
    }
    let signed = query.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
    let is_first = !query.metadata.checking_disabled;
    if signed && (conduct == Conduct::NoEdns || conduct == Conduct::NoEdnsAtFirst && is_first) {
        return Some(error(&query, ResponseCode::FormErr));
    }
    if is_of_keys(&query) {
        match conduct {
            Conduct::SilentOnKeys => return None,
            Conduct::SlowOnKeys => tokio::time::sleep(THINKING).await, // the injected delay
            _ => {}
        }
    }
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(question, lab).await.unwrap();
    let mut bytes = vec![0; 4096];
    let length = socket.recv(&mut bytes).await.unwrap();
    let mut reply = Message::from_vec(&bytes[..length]).unwrap();
    let unsigned =
        |record: &Record| !matches!(record.record_type(), WireType::RRSIG | WireType::NSEC | WireType::NSEC3);
    match conduct {
        Conduct::Strips => {
            reply.metadata.authentic_data = false;
            reply.answers.retain(unsigned);
            reply.authorities.retain(unsigned);
        }
        Conduct::StripsAddresses if query.queries[0].query_type == WireType::A => {
            reply.answers.retain(unsigned);
        }
        Conduct::LiesWithoutThem if signed => {}
        Conduct::Lies | Conduct::LiesWithoutThem => {
            for record in &mut reply.answers {
                if record.record_type() == WireType::A {
                    record.data = RData::A("203.0.113.99".parse().unwrap());
                }
            }
        }
        _ => {}
    }
    Some(reply.to_vec().unwrap())
}

/// Traces a host through a resolver with that conduct.
async fn through(plan: &Plan, host: &str, conduct: Conduct) -> Dns {
    traced(&with_resolver(plan, conduct).await, host).await
}

async fn with_resolver(plan: &Plan, conduct: Conduct) -> Plan {
    let mut plan = plan.clone();
    let lab = plan.dns.stub_servers[0];
    let socket = std::rc::Rc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let address = socket.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        let mut bytes = vec![0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
            let (socket, question) = (std::rc::Rc::clone(&socket), bytes[..length].to_vec());
            tokio::task::spawn_local(async move {
                if let Some(reply) = reply(&question, lab, conduct).await {
                    socket.send_to(&reply, from).await.unwrap();
                }
            });
        }
    });
    plan.dns.stub_servers = vec![address];
    plan.dns.lane = ResolverChoice::Server(address);
    plan
}

fn count(dns: &Dns, purpose: Purpose) -> usize {
    dns.packets.iter().filter(|packet| packet.purpose == purpose).count()
}

/// The verdict, and its reason.
fn verdict(dns: &Dns) -> (DnssecVerdict, &str) {
    let dnssec = dns.dnssec.as_ref().unwrap_or_else(|| panic!("{:?}", dns.unvalidated));
    (dnssec.verdict, dnssec.why.as_deref().unwrap_or_default())
}

#[test]
fn what_a_resolver_refuses_is_asked_again_and_the_culprit_named() {
    let plan = through_resolver();
    local(async {
        for (host, zone, says) in [
            (
                "www.dnssec-expired.test",
                "dnssec-expired.test.",
                "the signature over dnssec-expired.test. DNSKEY expired 3 days ago",
            ),
            (
                "www.dnssec-wrong-ds.test",
                "dnssec-wrong-ds.test.",
                "zone dnssec-wrong-ds.test. has no DNSKEY for DS tag ",
            ),
        ] {
            let dns = through(&plan, host, Conduct::Refuses(zone)).await;
            assert_eq!((dns.rcode, dns.authenticated), (Some(Rcode(2)), None), "{host}");
            assert!(dns.addresses.is_empty(), "the trace goes by what it was given: {host}");
            let (verdict, why) = verdict(&dns);
            assert!(verdict == DnssecVerdict::Bogus && why.starts_with(says), "{host}: {verdict:?} {why}");
            assert_eq!((count(&dns, Purpose::Resolver), count(&dns, Purpose::Recheck)), (2, 2), "{host}");
            assert_eq!(
                of_dnssec(&dns),
                [
                    ". DNSKEY".to_owned(),
                    "test. DNSKEY".to_owned(),
                    "test. DS".to_owned(),
                    format!("{host}. A"),
                    format!("{host}. AAAA"),
                    format!("{zone} DNSKEY"),
                    format!("{zone} DS"),
                ]
                .into_iter()
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
            );
            let said = |note: &String| note.contains("gave an answer when it was told not to check (CD)");
            assert!(dns.notes.iter().any(said), "{:?}", dns.notes);
        }
        let dns = through(&plan, "www.example.test", Conduct::AlwaysRefuses).await;
        let (verdict, why) = verdict(&dns);
        assert_eq!(verdict, DnssecVerdict::Indeterminate);
        assert!(
            why.starts_with("there is no answer to validate: told not to check (CD), resolver "),
            "{why}"
        );
        assert!(why.ends_with("answered SERVFAIL"), "{why}");
        assert_eq!(dns.packets.len(), 4, "nothing is asked of a chain that leads to no answer");
    });
}

#[test]
fn a_resolver_that_leaves_signatures_out_makes_nothing_bogus() {
    let plan = through_resolver();
    local(async {
        for host in ["www.example.test", "missing.example.test", "www.dnssec-expired.test"] {
            let dns = through(&plan, host, Conduct::Strips).await;
            let (verdict, why) = verdict(&dns);
            assert_eq!(verdict, DnssecVerdict::Indeterminate, "{host}");
            assert!(why.starts_with("the resolver gives no signatures"), "{host}: {why}");
            assert_eq!(dns.authenticated, Some(false), "{host}");
        }
        let dns = through(&plan, "www.example.test", Conduct::NoEdns).await;
        let (found, why) = verdict(&dns);
        assert_eq!((found, dns.addresses.is_empty()), (DnssecVerdict::Indeterminate, false), "{why}");
        assert!(why.starts_with("not everything could be asked for with its signatures: "), "{why}");
        assert!(why.ends_with("answered FORMERR"), "{why}");
        let dns = through(&plan, "www.example.test", Conduct::NoEdnsAtFirst).await;
        assert_eq!(verdict(&dns), (DnssecVerdict::Secure, ""), "asked again, with signatures");
        assert_eq!(count(&dns, Purpose::Recheck), 2);
    });
}

#[test]
fn what_is_changed_on_the_way_is_bogus() {
    let plan = through_resolver();
    local(async {
        for (conduct, says) in [
            (Conduct::Lies, "the signature over www.example.test. A does not verify"),
            (Conduct::StripsAddresses, "RRSIG missing: www.example.test. A came without"),
        ] {
            let dns = through(&plan, "www.example.test", conduct).await;
            let (verdict, why) = verdict(&dns);
            assert!(
                verdict == DnssecVerdict::Bogus && why.starts_with(says),
                "{conduct:?}: {verdict:?} {why}"
            );
            assert_eq!(dns.authenticated, Some(true), "what it claims is told all the same");
        }
    });
}

#[test]
fn keys_that_come_late_or_never_cost_the_counted_lane_nothing() {
    let plan = through_resolver();
    local(async {
        let dns = through(&plan, "www.example.test", Conduct::SlowOnKeys).await;
        assert_eq!(verdict(&dns), (DnssecVerdict::Secure, ""));
        // The lab's resolver takes 10 ms; 150 ms of scheduling are allowed.
        let counted = dns.end.since(dns.start);
        assert!(counted < Duration::from_millis(160), "{counted:?}");
        for packet in dns.packets.iter().filter(|packet| packet.purpose != Purpose::Resolver) {
            assert!(packet.sent >= dns.end && packet.end.since(packet.sent) >= THINKING, "{packet:?}");
        }
        assert!(dns.critical_path.iter().all(|id| dns.packets[*id].purpose == Purpose::Resolver));
        let dns = through(&plan, "www.example.test", Conduct::SilentOnKeys).await;
        let (verdict, why) = verdict(&dns);
        assert_eq!(verdict, DnssecVerdict::Indeterminate);
        assert!(why.contains("did not answer in 900 ms"), "{why}");
        assert!(dns.end.since(dns.start) < Duration::from_millis(160));
    });
}

#[test]
fn the_stub_that_a_walk_falls_back_to_is_asked_for_the_signatures() {
    let plan = through_resolver();
    local(async {
        let dns = fallen_back(&plan, Conduct::Fine).await;
        assert_eq!(verdict(&dns), (DnssecVerdict::Secure, ""));
        assert_eq!((count(&dns, Purpose::Recheck), count(&dns, Purpose::Stub)), (2, 2));
        assert_eq!((dns.unvalidated, dns.authenticated), (None, Some(true)));
        let dns = fallen_back(&plan, Conduct::LiesWithoutThem).await;
        let (verdict, why) = verdict(&dns);
        assert_eq!(verdict, DnssecVerdict::Indeterminate, "the addresses are others than the signed ones");
        assert!(why.contains("gave another answer when it was asked for signatures"), "{why}");
    });
}

/// A walk to whose root nobody answers.
async fn fallen_back(plan: &Plan, conduct: Conduct) -> Dns {
    let mut plan = with_resolver(plan, conduct).await;
    plan.dns.lane = ResolverChoice::Walk;
    let text = "a.root. 3600 A 127.0.53.199\n".to_owned();
    plan.dns.root_hints = Some(HintsText { source: "test".to_owned(), text });
    let dns = traced(&plan, "www.example.test").await;
    assert_eq!(dns.lane, DnsLane::StubFallback, "{:?}", dns.notes);
    dns
}
