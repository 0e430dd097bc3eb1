//! Zones of which no server answers, and what stands in a record of a name behind one.

use crate::dns::tests::kit::TLD_ZONE;
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;

use crate::clock::Clock;
use crate::dns::resolver::Resolver;
use crate::dns::tests::batch::ask_names;
use crate::dns::tests::kit::{
    AUTH, EXAMPLE, ROOT, SECOND, TLD, ask, auth, best, broken, local, plan, resolve, resolve_with, root, tld,
};
use crate::dns::tests::server::{Quirk, TestNet};
use crate::plan::{DnsPlan, Minimisation, Reuse};
use crate::stop::Stop;
use crate::trace::{At, FailureCode};

/// Eight places, ten packets for each question, one about the zone itself, and the chances of eight names, and
/// of one more a second.
const DEAD_ZONE_PACKETS: usize = 8 * 10 + 1 + 8 + 6;

#[test]
fn a_dead_zone_fails_for_the_next_name_at_once() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::Silent)]).await;
        let names: Vec<String> = (0..1_000).map(|number| format!("h{number}.example.test")).collect();
        let start = Clock::start();
        let results = ask_names(plan(&net), &names, Reuse::Shared).await;
        let took = start.now().since(At(0));
        assert!(took < Duration::from_secs(8), "{took:?}");
        assert!(net.seen(AUTH).len() <= DEAD_ZONE_PACKETS, "{}", net.seen(AUTH).len());
        assert_eq!(asked_for(&net, "udp example.test. SOA"), 1, "once in a run");
        let dead = "ns1.example.test. (127.0.53.3) did not answer in ";
        let (mut found, mut chances, mut told) = (0, 0, 0);
        for (name, dns, failure) in &results {
            let failure = failure.as_ref().unwrap();
            assert_eq!(failure.code, FailureCode::DnsTimeout, "{name}");
            let words = format!("no server of zone example.test. gave an answer for {name}. A: {dead}");
            let after = failure.message.strip_prefix(&words).expect(&failure.message);
            assert!(after.starts_with("52") || after.starts_with("53"), "{after}");
            if after.ends_with(" ms") {
                found += 1;
                continue;
            }
            let by = after.split_once(" ms (found for h").expect(after).1;
            let once = dns.packets.iter().filter(|packet| packet.zone == "example.test.").count();
            let took = dns.end.since(dns.start);
            assert!(took < Duration::from_secs(1), "{name}: {took:?}");
            if once == 0 {
                told += 1;
                assert!(by.ends_with(".example.test. A earlier in this run)"), "{by}");
            } else {
                chances += 1;
                let end = "A earlier in this run, and one more question had no reply in 400 ms)";
                assert!(by.ends_with(end) && once == 1, "{by}, {once} packets");
            }
        }
        assert_eq!(found, 8);
        assert!((8..=14).contains(&chances), "{chances} names were asked for once");
        assert_eq!(told, 1_000 - found - chances);
    });
}

fn asked_for(net: &TestNet, question: &str) -> usize {
    net.seen(AUTH).iter().filter(|seen| *seen == question).count()
}

/// Names that the only server drops, and after them such as it answers.
fn mixed(dropped: usize) -> (String, Vec<String>) {
    let good = (0..5).map(|number| format!("y{number}.example.test. A 192.0.2.{number}\n"));
    let names = (0..dropped).map(|number| format!("x{number}.example.test"));
    let names = names.chain((0..5).map(|number| format!("y{number}.example.test"))).collect();
    (format!("{EXAMPLE}{}", good.collect::<String>()), names)
}

#[test]
fn silence_about_some_names_of_a_zone_says_nothing_of_its_others() {
    local(async {
        let (zone, names) = mixed(20);
        let quirks = vec![Quirk::SilentFrom("x")];
        let auth = (AUTH, quirks, vec![("example.test.", zone.as_str())]);
        let net = TestNet::start(vec![root(), tld(), auth]).await;
        let results = ask_names(plan(&net), &names, Reuse::Shared).await;
        for (name, dns, failure) in &results {
            match failure {
                None => assert!(name.starts_with('y') && dns.answers.len() == 1, "{name}"),
                Some(failure) => {
                    assert!(name.starts_with('x'), "{name}: {}", failure.message);
                    assert!(failure.message.contains("did not answer in 5"), "{}", failure.message);
                    let hint = failure.hint.as_ref().unwrap();
                    assert!(hint.contains("have answered other questions in this run"), "{hint}");
                }
            }
        }
        assert_eq!(asked_for(&net, "udp example.test. SOA"), 1);
    });
}

#[test]
fn a_name_of_a_zone_that_seems_dead_has_a_chance_and_saves_the_others() {
    local(async {
        // The zone's own name is dropped, too: eight names are found out, then four have their chance.
        let (zone, names) = mixed(12);
        let quirks = vec![Quirk::SilentAt("example.test."), Quirk::SilentFrom("x")];
        let auth = (AUTH, quirks, vec![("example.test.", zone.as_str())]);
        let net = TestNet::start(vec![root(), tld(), auth]).await;
        let results = ask_names(plan(&net), &names, Reuse::Shared).await;
        for (name, dns, failure) in &results {
            let failure = failure.as_ref().map(|failure| failure.message.as_str());
            assert_eq!(failure.is_none(), name.starts_with('y'), "{name}: {failure:?}");
            let waited = dns.end.since(dns.start);
            assert!(failure.is_none() || waited > Duration::from_millis(5_000), "{name}: {waited:?}");
            assert!(failure.is_none_or(|failure| !failure.contains("earlier in this run")), "{failure:?}");
        }
    });
}

#[test]
fn the_whole_name_is_asked_for_where_a_part_of_it_meets_silence() {
    local(async {
        let zone = format!("{EXAMPLE}a.b.example.test. A 192.0.2.9\n");
        let quirks = vec![Quirk::SilentAt("b.example.test.")];
        let auth = (AUTH, quirks, vec![("example.test.", zone.as_str())]);
        let net = TestNet::start(vec![root(), tld(), auth]).await;
        let plan = DnsPlan { minimisation: Minimisation::Relaxed, ..plan(&net) };
        let run = resolve_with(&Resolver::new(plan).unwrap(), "a.b.example.test").await;
        assert_eq!(run.addresses(), ["192.0.2.9"]);
        assert!(
            run.noted("does not answer for b.example.test., a part of the name: the whole name was asked")
        );
        assert_eq!(asked_for(&net, "udp example.test. SOA"), 0, "a part convicts nobody");
    });
}

#[test]
fn parts_of_names_are_not_asked_for_again_where_a_part_met_silence() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::Silent)]).await;
        let names: Vec<String> = (0..64).map(|number| format!("a.b{number}.example.test")).collect();
        let plan = DnsPlan { minimisation: Minimisation::Relaxed, ..plan(&net) };
        let start = Clock::start();
        let results = ask_names(plan, &names, Reuse::Shared).await;
        let took = start.now().since(At(0));
        assert!(took < Duration::from_secs(9), "{took:?}");
        assert!(net.seen(AUTH).len() <= DEAD_ZONE_PACKETS + 8 * 8, "{}", net.seen(AUTH).len());
        assert!(results.iter().all(|(_, _, failure)| failure.is_some()));
    });
}

#[test]
fn time_in_the_queue_of_a_slow_server_is_not_a_names_own() {
    local(async {
        let delay = Quirk::Delay(Duration::from_millis(200));
        let net = TestNet::start(vec![root(), tld(), broken(auth(), delay)]).await;
        // Eight at a time: the last ones wait for 1.4 s.
        let names: Vec<String> = (0..64).map(|number| format!("h{number}.example.test")).collect();
        let plan = DnsPlan { timeout: Duration::from_millis(900), ..plan(&net) };
        let slowest = async || {
            let results = ask_names(plan.clone(), &names, Reuse::Shared).await;
            for (name, _, failure) in &results {
                let failure = failure.as_ref().unwrap();
                assert_eq!(failure.code, FailureCode::NxDomain, "{name}: {}", failure.message);
            }
            results.iter().map(|(_, dns, _)| dns.end.since(dns.start)).max().unwrap()
        };
        let took = best(slowest().await, 900, slowest).await;
        assert!(took < 900, "{took} ms");
    });
}

#[test]
fn each_name_server_without_an_address_is_told_and_a_dead_zone_met_once() {
    local(async {
        let servers: String =
            (0..8).map(|number| format!("far.test. NS n{number}.example.test.\n")).collect();
        let zone = format!("{TLD_ZONE}far.test. NS a.nope.test.\n{servers}");
        let tld = (TLD, vec![], vec![("test.", zone.as_str())]);
        let net = TestNet::start(vec![root(), tld, broken(auth(), Quirk::Silent)]).await;
        let start = Clock::start();
        let run = resolve(&net, "www.far.test").await;
        let took = start.now().since(At(0));
        assert!(took < Duration::from_secs(8), "{took:?}");
        assert_eq!(run.code(), FailureCode::NoUsableServer);
        let told =
            run.message().strip_prefix("no server of zone far.test. gave an answer for www.far.test. A: ");
        let told: Vec<_> = told.unwrap().split("; ").collect();
        assert_eq!(told.len(), 7, "{told:?}");
        assert!(told.contains(&"ns a.nope.test.: NXDOMAIN"), "{told:?}");
        assert!(told.contains(&"ns n0.example.test.: its zone's servers did not answer"), "{told:?}");
        assert_eq!(told[6], "and 3 more");
        // Three lookups at a time, of two types, ten packets each: the others know, or have a chance.
        assert!(net.seen(AUTH).len() <= 60 + 1 + 10, "{:?}", net.seen(AUTH));
    });
}

#[test]
fn each_name_server_is_told_with_its_own_reason_and_looked_up_once() {
    local(async {
        // One is inside its own zone without glue, the other does not exist.
        let zone = format!("{TLD_ZONE}half.test. NS ns1.half.test.\nhalf.test. NS ns2.example.test.\n");
        let tld = (TLD, vec![], vec![("test.", zone.as_str())]);
        let net = TestNet::start(vec![root(), tld, auth()]).await;
        let run = resolve(&net, "www.half.test").await;
        assert_eq!(run.code(), FailureCode::GlueLoop);
        assert_eq!(
            run.message(),
            "no server of zone half.test. gave an answer for www.half.test. A: ns ns1.half.test.: glue loop; \
             ns ns2.example.test.: NXDOMAIN"
        );
        // And once more in plain case, for one of the types: it is a name that does not exist.
        let asked = ["udp ns2.example.test. A", "udp ns2.example.test. AAAA"];
        let asked: usize = asked.iter().map(|line| asked_for(&net, line)).sum();
        assert_eq!(asked, 3, "{:?}", net.seen(AUTH));
        // What is found for one of them serves the other.
        let zone = format!("{TLD_ZONE}half.test. NS ns1.half.test.\nhalf.test. NS mail.example.test.\n");
        let tld = (TLD, vec![], vec![("test.", zone.as_str())]);
        let example = EXAMPLE.replace("192.0.2.25", AUTH);
        let auth = (
            AUTH,
            vec![],
            vec![("example.test.", example.as_str()), ("half.test.", "www.half.test. A 192.0.2.7\n")],
        );
        let net = TestNet::start(vec![root(), tld, auth]).await;
        assert_eq!(resolve(&net, "www.half.test").await.addresses(), ["192.0.2.7"]);
    });
}

#[test]
fn all_servers_that_were_awaited_when_time_was_up_are_on_the_way() {
    local(async {
        let zone = format!("{TLD_ZONE}example.test. NS ns2.example.test.\nns2.example.test. A {SECOND}\n");
        let tld = (TLD, vec![], vec![("test.", zone.as_str())]);
        let (auth, second) = (broken(auth(), Quirk::Silent), (SECOND, vec![Quirk::Silent], vec![]));
        let net = TestNet::start(vec![root(), tld, auth, second]).await;
        let (clock, resolver) = (Clock::start(), Resolver::new(plan(&net)).unwrap());
        let stop = Stop::after(clock, Duration::from_secs(1));
        let (dns, result, _side) = resolver.resolve("www.example.test", 443, &clock, &stop).await;
        assert_eq!(result.unwrap_err().code, FailureCode::MaxTime);
        let way = dns.critical_path.iter().map(|id| dns.packets[*id].server.ip().to_string());
        let mut way: Vec<_> = way.collect();
        assert_eq!(way[..4], [ROOT, TLD, AUTH, SECOND]);
        way.sort();
        way.dedup();
        assert_eq!(way.len(), 4);
    });
}

#[test]
fn a_type_that_a_server_drops_does_not_make_its_zone_dead() {
    local(async {
        let drops = Quirk::SilentFor(hickory_resolver::proto::rr::RecordType::MX);
        let net = TestNet::start(vec![root(), tld(), broken(auth(), drops)]).await;
        let (dns, result) = ask(&net, "www.example.test", &["MX", "A"]).await;
        assert_eq!(result, Ok(()));
        assert_eq!(dns.answers[0].data, "192.0.2.1");
        let (_, result) = ask(&net, "example.test", &["MX"]).await;
        assert_eq!(result.unwrap_err().code, FailureCode::DnsTimeout);
    });
}

#[test]
fn the_code_told_is_the_servers_own() {
    local(async {
        let odd = Quirk::Rcode(ResponseCode::Unknown(11));
        let net = TestNet::start(vec![root(), tld(), broken(auth(), odd)]).await;
        let (dns, result) = ask(&net, "www.example.test", &["A"]).await;
        assert_eq!(result.unwrap_err().code, FailureCode::NoUsableServer);
        assert_eq!(dns.rcode.unwrap().mnemonic(), "DSOTYPENI");
        let denies = (AUTH, vec![Quirk::DeniesNames], vec![("example.test.", EXAMPLE)]);
        let net = TestNet::start(vec![root(), tld(), denies]).await;
        let (_, result) = ask(&net, "www.example.test", &["A"]).await;
        let failure = result.unwrap_err();
        assert_eq!(failure.code, FailureCode::NoUsableServer, "resolvers take neither");
        assert!(
            failure.message.contains("it says NXDOMAIN and has A records of www.example.test."),
            "{failure:?}"
        );
    });
}
