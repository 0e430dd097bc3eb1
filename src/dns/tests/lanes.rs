//! The counted lane, the lanes beside it, reuse, limits and the questions of `urltrace dns`.

use std::time::Duration;

use hickory_resolver::proto::op::{Edns, Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::opt::EdnsOption;

use crate::clock::Clock;
use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::{
    AUTH, ROOT, SECOND, STUB, ask, auth, best, broken, local, other, plan, resolve_with, root, tld,
};
use crate::dns::tests::server::{Bend, Quirk, TestNet};
use crate::plan::{DnsPlan, DnssecPlan, ResolverChoice};
use crate::stop::Stop;
use crate::trace::{Choice, Dns, DnsLane, FailureCode, Purpose, Rcode, Stub};

#[test]
fn the_stub_never_delays_the_walk_and_is_compared_with_it() {
    local(async {
        let answers = "www.example.test. A 192.0.2.1\nwww.example.test. AAAA 2001:db8::1\n";
        let quirks = vec![Quirk::Recursive, Quirk::Delay(Duration::from_millis(200))];
        let stub = (STUB, quirks, vec![(".", answers)]);
        let net = TestNet::start(vec![root(), tld(), auth(), stub]).await;
        let plan = DnsPlan { stub_servers: vec![net.address(STUB)], ..plan(&net) };
        let again = async || resolve_with(&Resolver::new(plan.clone()).unwrap(), "www.example.test").await;
        let run = again().await;
        let walk = best(run.took(), 100, async || again().await.took()).await;
        assert!(walk < 100, "{walk} ms");
        let stub = run.dns.stub.clone().unwrap();
        assert_eq!((stub.agrees, stub.server, stub.ttl), (Some(true), Some(net.address(STUB)), Some(300)));
        // 200 ms were put in; 60 ms of scheduling are allowed.
        let took = |stub: &Stub| stub.end.since(stub.start);
        let took = best(took(&stub), 260, async || took(&again().await.dns.stub.unwrap())).await;
        assert!((200..260).contains(&took), "{took} ms");
        let by = |purpose| run.dns.packets.iter().filter(move |packet| packet.purpose == purpose);
        let (stub, walk) = (by(Purpose::Stub).next_back().unwrap(), by(Purpose::Walk).next().unwrap());
        assert!(stub.sent < walk.received.unwrap(), "asked at the same time");

        // A name that the two see differently, and one that the stub does not answer in time.
        let run = resolve_with(&Resolver::new(plan.clone()).unwrap(), "mail.example.test").await;
        assert_eq!(run.dns.stub.unwrap().agrees, Some(false));
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(30));
        let resolver = Resolver::new(plan).unwrap();
        let (mut dns, _, uncounted) = resolver.resolve("www.example.test", 443, &clock, &stop).await;
        uncounted.settle(&mut dns, Duration::from_millis(10), &clock, &stop).await;
        let stub = dns.stub.unwrap();
        assert!(stub.error.unwrap().ends_with("ms when the trace ended") && stub.agrees.is_none());
        let nx = resolve_with(&resolver, "nope.example.test").await;
        assert_eq!(nx.dns.stub.unwrap().agrees, Some(true), "both say NXDOMAIN");
    });
}

#[test]
fn without_any_root_the_stub_answers_after_two_seconds() {
    local(async {
        let stub = (STUB, vec![Quirk::Recursive], vec![(".", "www.example.test. A 192.0.2.1\n")]);
        let net = TestNet::start(vec![broken(root(), Quirk::Silent), stub]).await;
        let plan = DnsPlan { stub_servers: vec![net.address(STUB)], ..plan(&net) };
        let again = async || resolve_with(&Resolver::new(plan.clone()).unwrap(), "www.example.test").await;
        let run = again().await;
        assert_eq!(run.addresses(), ["192.0.2.1"]);
        assert_eq!(run.dns.lane, DnsLane::StubFallback);
        assert!(run.noted("no root server answered"));
        // 60 ms of scheduling are allowed.
        let total = best(run.took(), 2060, async || again().await.took()).await;
        assert!((2000..2060).contains(&total), "{total} ms");
    });
}

#[test]
fn with_no_root_and_no_resolver_nothing_can_be_reached() {
    local(async {
        let net = TestNet::start(vec![root(), tld()]).await;
        let mut plan = plan(&net);
        // Nobody listens there: ICMP says so at once.
        plan.root_hints.as_mut().unwrap().text =
            "a.root. 1 A 127.0.53.200\nb.root. 1 A 127.0.53.201\n".to_owned();
        plan.stub_servers = vec![net.address("127.0.53.202")];
        let run = resolve_with(&Resolver::new(plan).unwrap(), "www.example.test").await;
        assert_eq!(run.code(), FailureCode::DnsUnreachable);
        assert!(run.message().contains("port unreachable (ICMP)"), "{}", run.message());
        assert!(run.walk().iter().all(|packet| packet.meaning.as_str() == "error"));
    });
}

#[test]
fn cuts_and_answers_are_reused_within_a_run() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth()]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        resolve_with(&resolver, "www.example.test").await;
        let run = resolve_with(&resolver, "mail.example.test").await;
        assert_eq!(run.lines(), ["3 mail.example.test. A answer", "3 mail.example.test. AAAA nodata"]);
        assert!(run.dns.cuts.iter().all(|cut| cut.cached && cut.learned_from.is_none()));
        assert_eq!(run.dns.cuts.len(), 3);
        assert_eq!(run.walk()[0].chosen, Choice::Fastest);
        let run = resolve_with(&resolver, "WWW.example.test.").await;
        assert_eq!(run.addresses().len(), 2);
        assert!(run.dns.packets.is_empty() && run.noted("answer reused from earlier in this run"));
        resolve_with(&resolver, "nope.example.test").await;
        let run = resolve_with(&resolver, "nope.example.test").await;
        assert_eq!((run.code(), run.dns.packets.len()), (FailureCode::NxDomain, 0));
    });
}

#[test]
fn an_interrupt_and_max_time_say_what_was_being_asked() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::Silent)]).await;
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_millis(100));
        let resolver = Resolver::new(plan(&net)).unwrap();
        let (dns, result, _side) = resolver.resolve("www.example.test", 443, &clock, &stop).await;
        let failure = result.unwrap_err();
        assert_eq!(failure.code, FailureCode::MaxTime);
        assert_eq!(
            failure.message,
            "the limit of 100 ms passed while asking ns1.example.test. (127.0.53.3) for www.example.test. AAAA"
        );
        assert_eq!(dns.packets.iter().filter(|p| p.meaning.is_useful()).count(), 3, "what was seen is kept");
        // The limit counts from t0, what has run from where it began.
        assert!(dns.end >= crate::trace::At(100_000), "{:?}", dns.end);
        assert_eq!(failure.running, dns.end.since(dns.start));

        let (send, receive) = tokio::sync::watch::channel(false);
        let stop = Stop::new(clock, Duration::from_secs(30), receive);
        send.send(true).unwrap();
        let (_, result, _side) = resolver.resolve("mail.example.test", 443, &clock, &stop).await;
        assert_eq!(result.unwrap_err().code, FailureCode::Interrupted);

        let plan = DnsPlan { timeout: Duration::from_millis(150), ..plan(&net) };
        let run = resolve_with(&Resolver::new(plan).unwrap(), "www.example.test").await;
        assert_eq!(run.code(), FailureCode::DnsTimeout);
        assert!(run.message().starts_with("no answer within 150 ms, while asking ns1.example.test."));
        assert!(run.noted("the limit of 150 ms for DNS was hit"));
    });
}

#[test]
fn given_special_and_invalid_names_are_never_asked() {
    local(async {
        let net = TestNet::start(vec![root()]).await;
        let mut plan = plan(&net);
        plan.overrides.push(crate::plan::ResolveOverride {
            host: "www.example.test".to_owned(),
            port: 443,
            addresses: vec!["192.0.2.44".parse().unwrap()],
        });
        let resolver = Resolver::new(plan).unwrap();
        for (host, lane, want) in [
            ("www.example.test", DnsLane::Given, vec!["192.0.2.44"]),
            ("localhost", DnsLane::Special, vec!["::1", "127.0.0.1"]),
            ("a.LOCALHOST.", DnsLane::Special, vec!["::1", "127.0.0.1"]),
        ] {
            let run = resolve_with(&resolver, host).await;
            assert_eq!(
                (run.dns.lane, run.addresses()),
                (lane, want.iter().map(ToString::to_string).collect())
            );
            assert!(run.dns.packets.is_empty() && run.dns.start == run.dns.end);
        }
        let run = resolve_with(&resolver, &format!("{}.test", "a".repeat(64))).await;
        assert_eq!(run.code(), FailureCode::InvalidName);
        assert!(net.seen(ROOT).is_empty());
    });
}

#[test]
fn the_resolver_lane_asks_the_resolver_and_nobody_else() {
    local(async {
        let zone = "shop.example.test. CNAME www.example.test.\nwww.example.test. A 192.0.2.1\n";
        let good = (STUB, vec![Quirk::Recursive, Quirk::Truncate], vec![(".", zone)]);
        let bad = (SECOND, vec![Quirk::Rcode(ResponseCode::ServFail)], vec![]);
        let net = TestNet::start(vec![root(), good, bad]).await;
        let hosts = std::env::temp_dir().join(format!("urltrace-hosts-{}", net.port));
        std::fs::write(&hosts, "192.0.2.99 Home home.lan # mine\n::1 home\nbroken line\n").unwrap();
        let nsswitch = std::env::temp_dir().join(format!("urltrace-order-{}", net.port));
        std::fs::write(&nsswitch, "hosts: dns files\n").unwrap();
        let system = DnsPlan {
            lane: ResolverChoice::System,
            stub_servers: vec![net.address(SECOND), net.address(STUB)],
            hosts_file: Some(hosts.clone()),
            nsswitch: Some(nsswitch.clone()),
            dnssec: DnssecPlan::On { anchors: None },
            ..plan(&net)
        };
        let resolver = Resolver::new(system).unwrap();
        std::fs::remove_file(hosts).unwrap();
        std::fs::remove_file(nsswitch).unwrap();
        let run = resolve_with(&resolver, "home").await;
        assert_eq!(
            (run.addresses(), run.dns.packets.len()),
            (vec!["192.0.2.99".to_owned(), "::1".to_owned()], 0)
        );
        let order = "nsswitch.conf has `hosts: dns files`";
        assert!(run.noted(order), "{:?}", run.dns.notes);
        let run = resolve_with(&resolver, "shop.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.1"]);
        assert!(run.noted(order), "{:?}", run.dns.notes);
        assert_eq!((run.dns.lane, run.dns.stub.is_none()), (DnsLane::Resolver, true));
        assert_eq!(run.dns.answers[0].data, "www.example.test.");
        let path: Vec<_> =
            run.dns.critical_path.iter().map(|id| run.dns.packets[*id].meaning.as_str()).collect();
        assert_eq!(path, ["server-failure", "truncated", "answer"]);
        assert!(net.seen(ROOT).is_empty());
        let one = DnsPlan { lane: ResolverChoice::Server(net.address(SECOND)), ..plan(&net) };
        let run = resolve_with(&Resolver::new(one).unwrap(), "shop.example.test").await;
        assert_eq!(run.code(), FailureCode::ResolverFailed);
        assert!(run.message().contains("answered SERVFAIL"), "{}", run.message());
        assert_eq!(run.dns.rcode, Some(Rcode(2)));
    });
}

/// Makes a reply one with this code, without records, and with an extended error (RFC 8914).
fn refuse(reply: &mut Message, rcode: ResponseCode, error: u16, words: &[u8]) {
    reply.metadata.response_code = rcode;
    reply.answers.clear();
    let mut edns = Edns::new();
    edns.options_mut().insert(EdnsOption::Unknown(15, [&error.to_be_bytes()[..], words].concat()));
    reply.edns = Some(edns);
}

#[test]
fn a_resolver_that_gives_its_reasons_is_told_with_them() {
    let bogus: fn(&Message, &mut Message) = |_, reply| refuse(reply, ResponseCode::ServFail, 6, b"old\x1b");
    let blocked: fn(&Message, &mut Message) =
        |_, reply| refuse(reply, ResponseCode::NXDomain, 15, b"by order");
    local(async {
        for (bend, code, says, hint) in [
            (
                bogus,
                FailureCode::ResolverFailed,
                "answered SERVFAIL, DNSSEC Bogus: old\\u{1b} (EDE 6)",
                "leave out",
            ),
            (
                blocked,
                FailureCode::NxDomain,
                ", Blocked: by order (EDE 15)",
                "the resolver says that it blocks",
            ),
        ] {
            let quirks = vec![Quirk::Recursive, Quirk::Bent(Bend(bend))];
            let stub = (STUB, quirks, vec![(".", "www.example.test. A 192.0.2.1\n")]);
            let net = TestNet::start(vec![root(), stub]).await;
            let one = DnsPlan { lane: ResolverChoice::Server(net.address(STUB)), ..plan(&net) };
            let run = resolve_with(&Resolver::new(one).unwrap(), "www.example.test").await;
            assert_eq!(run.code(), code);
            assert!(run.message().ends_with(says), "{}", run.message());
            let failure = run.result.as_ref().unwrap_err();
            assert!(failure.hint.as_ref().unwrap().starts_with(hint), "{failure:?}");
        }
    });
}

#[test]
fn any_type_can_be_asked_alone() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(), other()]).await;
        let data = |dns: &Dns| dns.answers.iter().map(|record| record.data.clone()).collect::<Vec<_>>();
        let (dns, result) = ask(&net, "example.test", &["MX"]).await;
        assert_eq!((data(&dns), result), (vec!["10 mail.example.test.".to_owned()], Ok(())));
        // The child's own word, not the parent's referral.
        let (dns, _) = ask(&net, "example.test.", &["NS"]).await;
        assert_eq!(data(&dns), ["ns1.example.test."]);
        assert_eq!(dns.packets[dns.critical_path[2]].server.ip().to_string(), AUTH);
        let (dns, _) = ask(&net, "shop.example.test", &["CNAME"]).await;
        assert_eq!(data(&dns), ["www.other.test."]);
        let (dns, _) = ask(&net, "shop.example.test", &["A"]).await;
        assert_eq!(data(&dns), ["www.other.test.", "192.0.2.80"]);
        let (dns, _) = ask(&net, ".", &["NS"]).await;
        assert_eq!(data(&dns), ["a.root."]);
        // The parent answers for a DS.
        let (dns, result) = ask(&net, "example.test", &["DS"]).await;
        assert_eq!(result.unwrap_err().code, FailureCode::NoData);
        assert_eq!(dns.negative.unwrap().zone.as_deref(), Some("test."));
        let (dns, result) = ask(&net, "example.test", &["TXT", "MX"]).await;
        assert_eq!((result, data(&dns).len()), (Ok(()), 1));
        let (dns, result) = ask(&net, "nope.example.test", &["TXT"]).await;
        assert_eq!((result.unwrap_err().code, dns.rcode), (FailureCode::NxDomain, Some(Rcode::NXDOMAIN)));
    });
}
