//! What the names of a batch cost each server, and what one of them leaves to the others.

use crate::dns::tests::kit::TLD_ZONE;
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType as WireType;

use crate::clock::Clock;
use crate::dns::resolver::Resolver;
use crate::dns::tests::batch::{ask_names, ask_questions, busiest};
use crate::dns::tests::kit::{
    AUTH, EXAMPLE, OTHER, ROOT, SECOND, STUB, TLD, auth, local, plan, resolve_with, root, slow, tld,
};
use crate::dns::tests::server::{Quirk, TestNet};
use crate::plan::{DnsPlan, HintsText, Question, ResolverChoice, Reuse};
use crate::stop::Stop;
use crate::trace::{Dns, DnsLane, Failure, FailureCode, RecordType};

fn names(number: usize, zone: &str) -> Vec<String> {
    (0..number).map(|number| format!("h{number}.{zone}")).collect()
}

async fn ask(resolver: &Resolver, name: &str, rtype: RecordType) -> (Dns, Result<(), Failure>) {
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(30));
    let question = Question { name: name.to_owned(), types: vec![rtype] };
    let (dns, result, _side) = resolver.ask(&question, &clock, &stop).await;
    (dns, result)
}

/// Names in so many top-level zones, whose servers are all one; the root zone and theirs.
fn top_level(number: usize) -> (String, Vec<(String, String)>, Vec<String>) {
    let mut root = String::from(". NS b.root.\nb.root. A 127.0.53.4\n");
    let (mut zones, mut names) = (Vec::new(), Vec::new());
    for zone in 0..number {
        let cut = format!("t{zone}. NS ns.t{zone}.\nns.t{zone}. A {TLD}\n");
        root.push_str(&cut);
        zones.push((format!("t{zone}."), format!("{cut}www.t{zone}. A 192.0.2.1\n")));
        names.push(format!("www.t{zone}"));
    }
    (root, zones, names)
}

#[test]
fn a_busy_batch_does_not_take_the_resolvers_word_while_root_servers_answer() {
    local(async {
        let (root_zone, zones, names) = top_level(64);
        let zones: Vec<_> = zones.iter().map(|(origin, text)| (origin.as_str(), text.as_str())).collect();
        for (what, hints, delay) in [
            ("the first root is dead", "a.root. 9 A 127.0.53.1\nb.root. 9 A 127.0.53.4\n", 100),
            ("the only root is far away", "b.root. 9 A 127.0.53.4\n", 300),
        ] {
            let far = (SECOND, vec![Quirk::Delay(Duration::from_millis(delay))], vec![(".", &*root_zone)]);
            let net = TestNet::start(vec![
                (ROOT, vec![Quirk::Silent], vec![]),
                far,
                (TLD, vec![], zones.clone()),
                (STUB, vec![Quirk::Recursive], vec![(".", "www.t0. A 192.0.2.99\n")]),
            ])
            .await;
            let mut plan = DnsPlan { stub_servers: vec![net.address(STUB)], ..plan(&net) };
            plan.root_hints = Some(HintsText { source: "test".to_owned(), text: hints.to_owned() });
            let results = ask_names(plan, &names, Reuse::Shared).await;
            for (name, dns, failure) in &results {
                assert_eq!((dns.lane, failure), (DnsLane::Walk, &None), "{what}: {name}");
            }
            assert_eq!(net.seen(STUB).len(), 0, "{what}");
            // Eight are asked before it is known how far away it is.
            assert!((64..=72).contains(&net.seen(SECOND).len()), "{what}: {}", net.seen(SECOND).len());
            assert!(net.seen(ROOT).len() <= 8, "{what}: found silent once: {:?}", net.seen(ROOT).len());
            // One that is farther away than is waited for is asked once more.
            assert!(busiest(&results) <= 16, "{what}: {}", busiest(&results));
        }
    });
}

#[test]
fn a_root_that_has_answered_another_name_is_not_told_to_answer_none() {
    local(async {
        let silent = (ROOT, vec![Quirk::SilentFor(WireType::MX)], root().2);
        let stub = (STUB, vec![Quirk::Recursive], vec![(".", "www.nowhere. MX 1 mail.nowhere.\n")]);
        let net = TestNet::start(vec![silent, tld(), auth(), stub]).await;
        let mx = RecordType::from_mnemonic("MX").unwrap();
        for (stub_servers, lane) in
            [(vec![], DnsLane::Walk), (vec![net.address(STUB)], DnsLane::StubFallback)]
        {
            let resolver = Resolver::new(DnsPlan { stub_servers, ..plan(&net) }).unwrap();
            let (_, result) = ask(&resolver, "www.example.test", RecordType::A).await;
            assert_eq!(result, Ok(()));
            let (dns, result) = ask(&resolver, "www.nowhere", mx).await;
            assert_eq!(dns.lane, lane);
            // Two rounds, and not the two seconds that are left to a root of which nothing was heard.
            assert!(dns.end.since(dns.start) >= Duration::from_secs(3), "{:?}", dns.end);
            if let Err(failure) = result {
                assert_eq!(failure.code, FailureCode::DnsTimeout);
                assert!(failure.message.starts_with("no server of zone . gave an answer"), "{failure:?}");
            } else {
                assert_eq!(dns.answers[0].data, "1 mail.nowhere.");
            }
        }
    });
}

#[test]
fn hedges_need_a_place_at_their_server_too() {
    local(async {
        let both = format!(
            "half.test. NS ns1.half.test.\nns1.half.test. A {SECOND}\n\
            half.test. NS ns2.half.test.\nns2.half.test. A {AUTH}\n"
        );
        let tld_zone = format!("{TLD_ZONE}{both}");
        // A name needs what its zone's other server can give, which has its hands full with others.
        let busy = vec![Quirk::Delay(Duration::from_millis(100))];
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", &*tld_zone)]),
            (SECOND, vec![Quirk::Silent], vec![]),
            (AUTH, busy, vec![("example.test.", EXAMPLE), ("half.test.", &*both)]),
        ])
        .await;
        let names: Vec<_> = names(32, "example.test").into_iter().zip(names(32, "half.test")).collect();
        let names: Vec<_> = names.into_iter().flat_map(|(one, two)| [one, two]).collect();
        let results = ask_names(plan(&net), &names, Reuse::Shared).await;
        for (name, _, failure) in &results {
            assert_eq!(failure.as_ref().unwrap().code, FailureCode::NxDomain, "{name}");
        }
        assert!(busiest(&results) <= 8, "{}", busiest(&results));
        // Once more in plain case, until one of them shows that the server takes no notice of case.
        let asked = net.seen(AUTH).len();
        assert!((65..=128).contains(&asked), "each question once, and at most once more: {asked}");
        assert!(net.seen(SECOND).len() <= 8, "found silent once: {}", net.seen(SECOND).len());
    });
}

#[test]
fn questions_that_need_each_others_places_do_not_wait_for_ever() {
    local(async {
        // Two zones with the same dead servers, in opposite order.
        let zone = |zone: &str, first: &str, second: &str| {
            format!(
                "{zone}.test. NS n1.{zone}.test.\nn1.{zone}.test. A {first}\n\
                {zone}.test. NS n2.{zone}.test.\nn2.{zone}.test. A {second}\n"
            )
        };
        let tld_zone = format!("{TLD_ZONE}{}{}", zone("x", SECOND, OTHER), zone("y", OTHER, SECOND));
        let dead = |address| (address, vec![Quirk::Silent], vec![]);
        let tld = (TLD, vec![], vec![("test.", &*tld_zone)]);
        let net = TestNet::start(vec![root(), tld, dead(SECOND), dead(OTHER)]).await;
        let names: Vec<_> = names(32, "x.test").into_iter().zip(names(32, "y.test")).collect();
        let names: Vec<_> = names.into_iter().flat_map(|(one, two)| [one, two]).collect();
        let results = ask_names(plan(&net), &names, Reuse::Shared).await;
        for (name, _, failure) in &results {
            let failure = failure.as_ref().unwrap();
            assert!(failure.message.contains("no server of zone"), "{name}: {}", failure.message);
        }
    });
}

#[test]
fn cold_names_share_the_places_at_a_server() {
    local(async {
        let net = TestNet::start(vec![slow(root(), 20), slow(tld(), 20), slow(auth(), 20)]).await;
        let results = ask_names(plan(&net), &names(64, "example.test"), Reuse::Cold).await;
        for (name, _, failure) in &results {
            assert_eq!(failure.as_ref().unwrap().code, FailureCode::NxDomain, "{name}");
        }
        // The names do not exist: each is asked for once more in plain case.
        assert_eq!([ROOT, TLD, AUTH].map(|server| net.seen(server).len()), [64, 64, 128]);
        assert!(busiest(&results) <= 8, "{}", busiest(&results));
    });
}

#[test]
fn a_resolver_is_asked_no_more_at_a_time_than_any_server() {
    local(async {
        let quirks = vec![Quirk::Recursive, Quirk::Delay(Duration::from_millis(20))];
        let net = TestNet::start(vec![
            (SECOND, vec![Quirk::Silent], vec![]),
            (STUB, quirks, vec![(".", "www.example.test. A 192.0.2.1\n")]),
        ])
        .await;
        let question = |name: String| Question { name, types: vec![RecordType::A, RecordType::AAAA] };
        let one = ResolverChoice::Server(net.address(STUB));
        // A question that has no reply goes out four times by UDP and once by TCP.
        for (lane, silent, at_once) in [(one, 0, 8), (ResolverChoice::System, 40, 40)] {
            let stub_servers = vec![net.address(SECOND), net.address(STUB)];
            let plan = DnsPlan { lane, stub_servers, ..plan(&net) };
            let before = net.seen(STUB).len();
            let questions = names(64, "example.test").into_iter().map(question).collect();
            let results = ask_questions(plan, questions, Reuse::Shared).await;
            for (name, _, failure) in &results {
                assert_eq!(failure.as_ref().unwrap().code, FailureCode::NxDomain, "{name}");
            }
            assert_eq!(net.seen(STUB).len() - before, 128);
            assert!(busiest(&results) <= at_once, "{}", busiest(&results));
            assert_eq!(net.seen(SECOND).len(), silent, "found silent once");
        }
    });
}

#[test]
fn that_a_name_has_no_address_of_one_family_says_nothing_of_the_other() {
    local(async {
        let tld_zone = format!(
            "{TLD_ZONE}zone.test. NS ns.v6only.test.\n\
            v6only.test. NS ns1.v6only.test.\nns1.v6only.test. A {AUTH}\n"
        );
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", &*tld_zone)]),
            (AUTH, vec![], vec![("v6only.test.", "ns.v6only.test. AAAA ::1\n")]),
            ("::1", vec![], vec![("zone.test.", "www.zone.test. A 192.0.2.4\n")]),
        ])
        .await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let (_, result) = ask(&resolver, "ns.v6only.test", RecordType::A).await;
        assert_eq!(result.unwrap_err().code, FailureCode::NoData);
        let (dns, result) = ask(&resolver, "www.zone.test", RecordType::A).await;
        assert_eq!(result, Ok(()));
        assert_eq!(dns.answers[0].data, "192.0.2.4");
        // That it does not exist holds for all types.
        let before = net.seen(TLD).len();
        let (_, result) = ask(&resolver, "nope.test", RecordType::A).await;
        assert_eq!(result.unwrap_err().code, FailureCode::NxDomain);
        assert_eq!(net.seen(TLD).len(), before + 1);
    });
}

#[test]
fn a_type_that_is_not_awaited_leaves_the_zones_lookups_to_others() {
    local(async {
        let tld_zone = format!(
            "{TLD_ZONE}zone.test. NS ns1.zone.test.\nns1.zone.test. A {SECOND}\n\
            zone.test. NS ns2.other.test.\n"
        );
        let zone = "www.zone.test. CNAME www.example.test.\nsix.zone.test. AAAA 2001:db8::6\n";
        let elsewhere = "ns2.other.test. A 127.0.53.66\n";
        let late = Duration::from_millis(30);
        let quirks = vec![
            Quirk::RcodeFor(WireType::AAAA, ResponseCode::ServFail),
            Quirk::DelayFor(WireType::AAAA, late),
        ];
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", &*tld_zone)]),
            (SECOND, quirks, vec![("zone.test.", zone)]),
            slow(auth(), 100),
            (OTHER, vec![], vec![("other.test.", elsewhere)]),
            ("127.0.53.66", vec![], vec![("zone.test.", zone)]),
        ])
        .await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let run = resolve_with(&resolver, "www.zone.test").await;
        assert_eq!(run.addresses().len(), 2);
        assert!(!run.noted("name server lookups"), "{:?}", run.dns.notes);
        assert_eq!(net.seen(OTHER).len(), 0, "nobody waits for AAAA any more");
        let (dns, result) = ask(&resolver, "six.zone.test", RecordType::from_mnemonic("AAAA").unwrap()).await;
        assert_eq!(result, Ok(()), "{:?}", dns.notes);
        assert_eq!(dns.answers[0].data, "2001:db8::6");
    });
}
