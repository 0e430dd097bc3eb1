//! What resolvers say that is no answer, whose absence they tell, and datagrams that get lost.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;

use crate::clock::Clock;
use crate::dns::resolver::Resolver;
use crate::dns::tests::batch::ask_names;
use crate::dns::tests::kit::{AUTH, Run, STUB, TLD, auth, broken, local, plan, resolve_with, root, tld};
use crate::dns::tests::server::{Quirk, TestNet};
use crate::plan::{DnsPlan, DnssecPlan, Question, ResolverChoice, Reuse};
use crate::stop::Stop;
use crate::trace::{
    Choice, Dns, Failure, FailureCode, Meaning, Packet, Purpose, Rcode, RecordType, Transport,
};

const ADDRESS: &str = "www.example.test. A 192.0.2.1\nwww.example.test. AAAA 2001:db8::1\n";

/// Asks a resolver for the addresses of a host.
async fn through(net: &TestNet, server: &str, host: &str) -> Run {
    let lane = ResolverChoice::Server(net.address(server));
    let dnssec = DnssecPlan::On { anchors: None };
    resolve_with(&Resolver::new(DnsPlan { lane, dnssec, ..plan(net) }).unwrap(), host).await
}

/// Asks for one type.
async fn ask(plan: DnsPlan, name: &str, rtype: RecordType) -> (Dns, Result<(), Failure>) {
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(30));
    let question = Question { name: name.to_owned(), types: vec![rtype] };
    let resolver = Resolver::new(plan).unwrap();
    let (mut dns, result, uncounted) = resolver.ask(&question, &clock, &stop).await;
    uncounted.settle(&mut dns, Duration::from_secs(3), &clock, &stop).await;
    (dns, result)
}

#[test]
fn a_name_server_that_does_not_recurse_is_no_resolver() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(), (STUB, vec![Quirk::Upward], vec![])]).await;
        for (server, says) in [
            (TLD, "offers no recursion (RA): it referred to example.test."),
            (STUB, "offers no recursion (RA): it referred to ."),
        ] {
            let run = through(&net, server, "www.example.test").await;
            assert_eq!((run.code(), run.dns.rcode), (FailureCode::ResolverFailed, None));
            let address = net.address(server);
            let want = format!("no resolver answered www.example.test. A and AAAA: {address} {says}");
            assert_eq!(run.message(), want);
            let hint = run.result.as_ref().unwrap_err().hint.clone().unwrap();
            assert!(hint.contains("one that recurses"), "{hint}");
            assert_eq!((run.dns.dnssec, run.dns.negative), (None, None), "nothing to validate");
            assert_eq!(run.dns.unvalidated.as_deref(), Some("no resolver gave an answer"));
            assert_eq!(run.dns.packets[0].meaning.as_str(), "referral");
            assert_eq!(run.dns.authenticated, None, "it has claimed nothing");
        }
        // The alias is in its zone, what that leads to is not.
        let run = through(&net, AUTH, "shop.example.test").await;
        let says = "it gave the alias shop.example.test. -> www.other.test. and nothing of where that leads";
        assert!(run.message().contains(says), "{}", run.message());
        assert_eq!(run.code(), FailureCode::ResolverFailed);
    });
}

#[test]
fn the_machines_resolver_that_does_not_recurse_gave_no_answer() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth()]).await;
        let plan = DnsPlan { stub_servers: vec![net.address(TLD)], ..plan(&net) };
        let (dns, result) = ask(plan, "www.example.test", RecordType::A).await;
        assert_eq!(result, Ok(()));
        let stub = dns.stub.unwrap();
        assert_eq!((stub.agrees, stub.rcode, stub.answers.len()), (None, None, 0));
        assert!(stub.error.unwrap().contains("offers no recursion (RA): it referred to example.test."));
    });
}

#[test]
fn a_copy_of_who_gives_no_answer_is_an_error_and_does_not_differ() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth()]).await;
        let resolver = Resolver::new(DnsPlan { stub_servers: vec![net.address(TLD)], ..plan(&net) }).unwrap();
        let mut run = resolve_with(&resolver, "www.example.test").await;
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(30));
        resolver.ask_everybody(&[], &mut run.dns, &clock, &stop).await;
        let copies = run.dns.propagation.unwrap().copies;
        let copy = copies.iter().find(|copy| copy.address == net.address(TLD)).unwrap();
        let error = copy.error.as_deref().unwrap();
        assert_eq!((error, copy.agrees), ("offers no recursion (RA): it referred to example.test.", None));
    });
}

#[test]
fn aliases_that_come_back_to_themselves_are_told_as_that() {
    local(async {
        let net = TestNet::start(vec![root(), broken(auth(), Quirk::Recursive)]).await;
        let run = through(&net, AUTH, "short.example.test").await;
        assert_eq!(run.code(), FailureCode::CnameLoop);
        let want = format!(
            "CNAME loop at short.example.test., by resolver {}: short.example.test. -> short2.example.test. \
             -> short.example.test.",
            net.address(AUTH)
        );
        assert_eq!(run.message(), want);
        assert_eq!((run.dns.answers.len(), run.dns.dnssec), (2, None));
        assert_eq!(run.dns.unvalidated.as_deref(), Some("its aliases are a loop"));
    });
}

#[test]
fn what_does_not_exist_is_the_end_of_the_aliases() {
    local(async {
        let net = TestNet::start(vec![root(), broken(auth(), Quirk::Recursive)]).await;
        let run = through(&net, AUTH, "to-nowhere.example.test").await;
        assert_eq!(run.code(), FailureCode::NxDomain);
        assert!(run.message().starts_with("nowhere.example.test. does not exist: "), "{}", run.message());
        let lane = ResolverChoice::Server(net.address(AUTH));
        let (_, result) = ask(DnsPlan { lane, ..plan(&net) }, "alias.example.test", RecordType(15)).await;
        let message = result.unwrap_err().message;
        assert!(message.starts_with("www.example.test. has no MX record, by resolver "), "{message}");
    });
}

fn sent(dns: &Dns, purpose: Purpose) -> Vec<(Choice, Transport, &'static str)> {
    let of = |packet: &&Packet| packet.purpose == purpose;
    let told = |packet: &Packet| (packet.chosen, packet.transport, packet.meaning.as_str());
    dns.packets.iter().filter(of).map(told).collect()
}

#[test]
fn one_lost_datagram_is_sent_again() {
    use Choice::{Again, First, WithoutOptions};
    use Transport::{Tcp, Udp};
    local(async {
        let quirks = |quirk| vec![Quirk::Recursive, quirk];
        for (quirk, want) in [
            (Quirk::SilentFirst(1), vec![(First, Udp, "timeout"), (Again, Udp, "answer")]),
            (
                Quirk::NoUdp,
                vec![
                    (First, Udp, "timeout"),
                    (Again, Udp, "timeout"),
                    (WithoutOptions, Udp, "timeout"),
                    (Again, Tcp, "answer"),
                ],
            ),
            // It was slow, and nothing was lost.
            (
                Quirk::Delay(Duration::from_millis(1_100)),
                vec![(First, Udp, "answer"), (Again, Udp, "superseded")],
            ),
        ] {
            let net = TestNet::start(vec![root(), (STUB, quirks(quirk), vec![(".", ADDRESS)])]).await;
            let lane = ResolverChoice::Server(net.address(STUB));
            let (dns, result) = ask(DnsPlan { lane, ..plan(&net) }, "www.example.test", RecordType::A).await;
            assert_eq!(result, Ok(()));
            assert_eq!(sent(&dns, Purpose::Resolver), want);
            let answered = want.iter().position(|(.., meaning)| *meaning == "answer").unwrap();
            assert_eq!(dns.critical_path, (0..=answered).collect::<Vec<_>>());
            assert_eq!(net.seen(STUB).len(), want.len(), "all of them left");
        }
    });
}

#[test]
fn edns_is_not_at_fault_for_an_outage_that_ends_with_a_lesser_form() {
    use Choice::{Again, First, WithoutEdns, WithoutOptions};
    local(async {
        let lost = |chosen| (chosen, Transport::Udp, "timeout");
        let good = |chosen| (chosen, Transport::Udp, "answer");
        let by_tcp = (Again, Transport::Tcp, "error");
        for (lost_first, want) in [
            (2, vec![lost(First), lost(Again), good(WithoutOptions), good(Again)]),
            (3, vec![lost(First), lost(Again), lost(WithoutOptions), by_tcp, good(WithoutEdns), good(Again)]),
        ] {
            let quirks = vec![Quirk::Recursive, Quirk::SilentFirst(lost_first), Quirk::NoTcp];
            let net = TestNet::start(vec![root(), (STUB, quirks, vec![(".", ADDRESS)])]).await;
            let lane = ResolverChoice::Server(net.address(STUB));
            let (dns, result) = ask(DnsPlan { lane, ..plan(&net) }, "www.example.test", RecordType::A).await;
            assert_eq!((result, sent(&dns, Purpose::Resolver)), (Ok(()), want));
            assert!(!dns.notes.iter().any(|note| note.contains("EDNS")), "{:?}", dns.notes);
        }
    });
}

#[test]
fn the_machines_resolver_is_asked_again_too_and_given_up_in_the_same_time() {
    local(async {
        let lossy = (STUB, vec![Quirk::Recursive, Quirk::SilentFirst(1)], vec![(".", ADDRESS)]);
        let net = TestNet::start(vec![root(), tld(), auth(), lossy]).await;
        let with = |servers: Vec<SocketAddr>| DnsPlan { stub_servers: servers, ..plan(&net) };
        let (dns, _) = ask(with(vec![net.address(STUB)]), "www.example.test", RecordType::A).await;
        assert_eq!((dns.stub.as_ref().unwrap().agrees, sent(&dns, Purpose::Stub).len()), (Some(true), 2));

        let net = TestNet::start(vec![root(), (STUB, vec![Quirk::Silent], vec![])]).await;
        let lane = ResolverChoice::Server(net.address(STUB));
        let (dns, result) = ask(DnsPlan { lane, ..plan(&net) }, "www.example.test", RecordType::A).await;
        let failure = result.unwrap_err();
        assert_eq!(failure.code, FailureCode::DnsTimeout);
        assert!(
            failure.message.contains(
                " did not answer in 7 s, asked 4 times by UDP, the last time without EDNS, and by TCP: "
            ),
            "{}",
            failure.message
        );
        assert_eq!(sent(&dns, Purpose::Resolver).len(), 5);
        assert!(dns.packets.iter().all(|packet| packet.meaning != Meaning::Superseded));
        // 7 s are the limit of all together; the rest is for a busy machine.
        let took = dns.end.since(dns.start).as_millis();
        assert!((7_000..7_400).contains(&took), "{took} ms");
    });
}

#[test]
fn a_batch_loses_no_name_with_its_datagrams() {
    local(async {
        let names: Vec<String> = (0..20).map(|n| format!("n{n}.example.test")).collect();
        let zone: String = names.iter().map(|name| format!("{name}. A 192.0.2.1\n")).collect();
        let lossy = (STUB, vec![Quirk::Recursive, Quirk::SilentFirst(7)], vec![(".", zone.as_str())]);
        let net = TestNet::start(vec![root(), lossy]).await;
        let lane = ResolverChoice::Server(net.address(STUB));
        let results = ask_names(DnsPlan { lane, ..plan(&net) }, &names, Reuse::Shared).await;
        assert!(results.iter().all(|(_, dns, failure)| failure.is_none() && dns.answers.len() == 1));
        assert_eq!(net.seen(STUB).len(), 27, "only what was lost is asked again");
    });
}

#[test]
fn a_server_that_refuses_without_recursion_is_told_as_one_and_the_next_is_asked() {
    local(async {
        let closed = (TLD, vec![Quirk::Rcode(ResponseCode::Refused)], vec![]);
        let net =
            TestNet::start(vec![root(), closed, (STUB, vec![Quirk::Recursive], vec![(".", ADDRESS)])]).await;
        let run = through(&net, TLD, "www.example.test").await;
        assert!(run.message().contains("offers no recursion (RA): it answered REFUSED"), "{}", run.message());
        assert_eq!(run.dns.rcode, Some(Rcode::REFUSED));
        let servers = vec![net.address(TLD), net.address(STUB)];
        let both = DnsPlan { lane: ResolverChoice::System, stub_servers: servers, ..plan(&net) };
        let run = resolve_with(&Resolver::new(both).unwrap(), "www.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.1", "2001:db8::1"]);
    });
}

#[test]
fn a_short_reply_by_udp_is_told_beside_what_tcp_ended_with() {
    local(async {
        let quirks = vec![Quirk::Recursive, Quirk::Truncate, Quirk::NoTcp];
        let net = TestNet::start(vec![root(), (STUB, quirks, vec![(".", ADDRESS)])]).await;
        let run = through(&net, STUB, "www.example.test").await;
        let told = run.message();
        assert!(told.contains(" cut its reply by UDP short, and by TCP: connection closed"), "{told}");
    });
}
