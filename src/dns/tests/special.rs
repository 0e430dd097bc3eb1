//! Special names, the search list, and resolvers that are slow or drop EDNS.

use std::time::Duration;

use crate::clock::Clock;
use crate::dns::iterate::job::{Job, Patience};
use crate::dns::iterate::resolve::{begin, find};
use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::{ROOT, STUB, TLD, local, plan, resolve_with, root};
use crate::dns::tests::server::{Quirk, TestNet};
use crate::dns::transport::log::Log;
use crate::dns::wire::name::parse_name;
use crate::plan::{DnsPlan, HintsText, Question, ResolverChoice, SearchList};
use crate::stop::Stop;
use crate::trace::{Choice, DnsLane, Edns, FailureCode, Purpose, RecordType};

const ROOT_ZONE: &str =
    ". NS a.root.\na.root. A 127.0.53.1\nexample. NS ns.example.\nns.example. A 127.0.53.2\n";

const EXAMPLE: &str = "example. NS ns.example.\nns.example. A 127.0.53.2\nwww.example. A 192.0.2.1\n";

const PRIVATE: &str = "db.internal. A 192.0.2.7\nintranet.corp.example. A 192.0.2.8\n\
    x.prod.corp.example. A 192.0.2.9\nwww.example. A 192.0.2.1\n";

async fn net() -> TestNet {
    let stub = (STUB, vec![Quirk::Recursive], vec![(".", PRIVATE)]);
    let tld = (TLD, vec![], vec![("example.", EXAMPLE)]);
    TestNet::start(vec![(ROOT, vec![], vec![(".", ROOT_ZONE)]), tld, stub]).await
}

/// The Internet's root, one server of which is the test's own.
fn internet(net: &TestNet) -> DnsPlan {
    let text = format!("a.root. 3600 A {ROOT}\nb.root. 3600 A 198.41.0.4\n");
    let root_hints = Some(HintsText { source: "test".to_owned(), text });
    DnsPlan { root_hints, stub_servers: vec![net.address(STUB)], ..plan(net) }
}

fn names(seen: &[String]) -> Vec<&str> {
    seen.iter().filter_map(|line| line.split(' ').nth(1)).collect()
}

#[test]
fn the_name_of_an_onion_service_is_told_to_nobody() {
    local(async {
        let net = net().await;
        let stub = net.address(STUB);
        for lane in [ResolverChoice::Walk, ResolverChoice::System, ResolverChoice::Server(stub)] {
            let resolver = Resolver::new(DnsPlan { lane, ..internet(&net) }).unwrap();
            let run = resolve_with(&resolver, "expyuzz4wqqyqhja.onion").await;
            assert_eq!(run.code(), FailureCode::SpecialName);
            assert!(run.message().contains("Tor onion service"), "{}", run.message());
            assert!(run.dns.packets.is_empty());
        }
        assert!(net.seen(ROOT).is_empty() && net.seen(STUB).is_empty());
        // Of another root it is a name like any other.
        let run = resolve_with(&Resolver::new(plan(&net)).unwrap(), "x.onion").await;
        assert_eq!(run.code(), FailureCode::NxDomain);
    });
}

#[test]
fn a_private_name_is_asked_of_this_machines_resolver_only() {
    local(async {
        let net = net().await;
        let resolver = Resolver::new(internet(&net)).unwrap();
        let run = resolve_with(&resolver, "db.internal").await;
        assert_eq!((run.addresses(), run.dns.lane), (vec!["192.0.2.7".to_owned()], DnsLane::StubFallback));
        assert!(run.noted("db.internal. is a name for private networks"), "{:?}", run.dns.notes);
        for name in ["printer.local", "nas.home.arpa", "x.alt", "x.invalid", "www.test"] {
            let run = resolve_with(&resolver, name).await;
            let failure = run.result.as_ref().unwrap_err();
            assert_eq!(failure.code, FailureCode::NxDomain, "{name}");
            let hint = failure.hint.as_deref().unwrap();
            assert!(hint.contains("only this machine's resolver was asked, never the root"), "{hint}");
        }
        // Wherever such a name is met, as that of an alias or of a name server, the walk ends there.
        let log = Log::new(Clock::start());
        let job = Job::walk(&begin(&resolver.context, &log, None), Patience::Whole);
        let found = find(job, parse_name("db.internal").unwrap(), vec![RecordType::A]).await;
        assert_eq!((found.unwrap_err().code, log.packets().len()), (FailureCode::SpecialName, 0));
        let asked = net.seen(ROOT);
        assert!(names(&asked).iter().all(|name| *name == "."), "{asked:?}");
        let alone = DnsPlan { stub_servers: Vec::new(), ..internet(&net) };
        let run = resolve_with(&Resolver::new(alone).unwrap(), "db.internal").await;
        assert_eq!(run.code(), FailureCode::DnsUnreachable);
    });
}

#[test]
fn localhost_is_answered_here() {
    local(async {
        let net = net().await;
        let resolver = Resolver::new(internet(&net)).unwrap();
        let clock = crate::clock::Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(30));
        let types = vec![RecordType::A, RecordType::AAAA];
        let question = Question { name: "a.localhost".to_owned(), types };
        let (dns, result, _) = resolver.ask(&question, &clock, &stop).await;
        assert_eq!(result, Ok(()));
        let data: Vec<_> = dns.answers.iter().map(|record| record.data.as_str()).collect();
        assert_eq!((data, dns.lane), (vec!["127.0.0.1", "::1"], DnsLane::Special));
        let question = Question { types: vec![RecordType(15)], ..question };
        let (dns, result, _) = resolver.ask(&question, &clock, &stop).await;
        assert_eq!(result.unwrap_err().code, FailureCode::NoData);
        assert!(dns.packets.is_empty() && net.seen(ROOT).is_empty() && net.seen(STUB).is_empty());
    });
}

#[test]
fn a_short_name_is_completed_as_by_the_c_library_and_the_walk_says_so() {
    local(async {
        let net = net().await;
        let search = SearchList {
            source: "resolv.conf".to_owned(),
            domains: vec!["other.example".to_owned(), "corp.example".to_owned()],
            ignored: vec!["~x".to_owned()],
            ndots: 1,
        };
        let plan = DnsPlan { search, ..internet(&net) };
        let system = DnsPlan { lane: ResolverChoice::System, ..plan.clone() };
        let resolver = Resolver::new(system).unwrap();
        let run = resolve_with(&resolver, "intranet").await;
        assert_eq!(
            (run.addresses(), run.dns.name.as_str()),
            (vec!["192.0.2.8".to_owned()], "intranet.corp.example.")
        );
        assert!(
            run.noted("intranet. is completed to intranet.corp.example. by the search list of resolv.conf")
        );
        assert!(run.noted("`~x` in the search list of resolv.conf is not a domain name"));
        let run = resolve_with(&resolver, "x.prod").await;
        assert_eq!(run.addresses(), ["192.0.2.9"]);
        let asked = net.seen(STUB);
        let at = |name: &str| names(&asked).iter().position(|asked| *asked == name);
        assert!(at("intranet.").is_none() && at("x.prod.") < at("x.prod.corp.example."), "{asked:?}");
        assert_eq!(resolve_with(&resolver, "intranet.").await.code(), FailureCode::NxDomain, "a final dot");
        let run = resolve_with(&Resolver::new(plan).unwrap(), "intranet").await;
        assert_eq!(run.code(), FailureCode::NxDomain);
        let told = "intranet.other.example. (search list of resolv.conf, ndots:1)";
        assert!(run.noted(told) && run.result.unwrap_err().hint.unwrap().contains(told));
    });
}

#[test]
fn a_resolver_that_takes_long_has_answered() {
    local(async {
        let slow = vec![Quirk::Recursive, Quirk::Delay(Duration::from_millis(2_500))];
        let net = TestNet::start(vec![root(), (STUB, slow, vec![(".", PRIVATE)])]).await;
        let lane = ResolverChoice::Server(net.address(STUB));
        let run = resolve_with(&Resolver::new(DnsPlan { lane, ..plan(&net) }).unwrap(), "www.example").await;
        assert_eq!(run.addresses(), ["192.0.2.1"]);
        let answered = run.dns.packets.iter().find(|packet| packet.meaning.is_useful()).unwrap();
        assert_eq!(answered.chosen, Choice::First, "the first question was still listened for");
        assert!(run.took() < Duration::from_millis(2_900), "{:?}", run.took());
    });
}

#[test]
fn the_next_resolver_is_asked_while_the_first_is_still_listened_to() {
    local(async {
        let slow = vec![Quirk::Recursive, Quirk::Delay(Duration::from_millis(2_500))];
        let silent = (TLD, vec![Quirk::Silent], vec![]);
        let net = TestNet::start(vec![root(), silent, (STUB, slow, vec![(".", PRIVATE)])]).await;
        let servers = vec![net.address(STUB), net.address(TLD)];
        let system = DnsPlan { lane: ResolverChoice::System, stub_servers: servers, ..plan(&net) };
        let run = resolve_with(&Resolver::new(system).unwrap(), "www.example").await;
        assert_eq!(run.addresses(), ["192.0.2.1"]);
        assert!(run.took() < Duration::from_millis(2_900), "{:?}", run.took());
        assert!(!net.seen(TLD).is_empty(), "beside it");
    });
}

#[test]
fn a_resolver_that_drops_edns_is_asked_without_once_and_then_at_once() {
    local(async {
        let quirks = vec![Quirk::Recursive, Quirk::DropsEdns];
        let net = TestNet::start(vec![root(), (STUB, quirks, vec![(".", PRIVATE)])]).await;
        let lane = ResolverChoice::Server(net.address(STUB));
        let resolver = Resolver::new(DnsPlan { lane, ..plan(&net) }).unwrap();
        let run = resolve_with(&resolver, "www.example").await;
        assert_eq!(run.addresses(), ["192.0.2.1"]);
        assert!(run.noted("answered only the question without EDNS"), "{:?}", run.dns.notes);
        let answered = run.dns.packets.iter().find(|packet| packet.meaning.is_useful()).unwrap();
        assert_eq!((answered.chosen, answered.edns), (Choice::WithoutEdns, Edns::None));
        let again = resolve_with(&resolver, "db.internal").await;
        let sent = again.dns.packets.iter().filter(|packet| packet.purpose == Purpose::Resolver);
        assert!(sent.count() == 2 && again.took() < Duration::from_millis(500), "{:?}", again.took());
    });
}
