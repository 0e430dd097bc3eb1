//! Zones of which no server answers, and what stands in a record of a name behind one.

use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;

use super::batch_tests::ask_names;
use super::testkit::{AUTH, EXAMPLE, ask, auth, broken, local, plan, resolve, root, tld};
use super::testkit::{TLD, TLD_ZONE};
use super::testserver::{Quirk, TestNet};
use crate::clock::Clock;
use crate::plan::{DnsPlan, Reuse};
use crate::trace::{At, FailureCode};

#[test]
fn a_dead_zone_fails_for_the_next_name_at_once() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), broken(auth(), Quirk::Silent)]).await;
        let names: Vec<String> = (0..60).map(|number| format!("h{number}.example.test")).collect();
        let start = Clock::start();
        let results = ask_names(plan(&net), &names, Reuse::Shared).await;
        let took = start.now().since(At(0));
        assert!(took < Duration::from_secs(6), "{took:?}");
        assert!(net.seen(AUTH).len() <= 32, "eight places, one question and three: {}", net.seen(AUTH).len());
        let dead = "ns1.example.test. (127.0.53.3) did not answer in 1500 ms";
        let (mut found, mut told) = (0, 0);
        for (name, dns, failure) in &results {
            let failure = failure.as_ref().unwrap();
            assert_eq!(failure.code, FailureCode::DnsTimeout, "{name}");
            let words = format!("no server of zone example.test. gave an answer for {name}. A: {dead}");
            if failure.message == words {
                found += 1;
                continue;
            }
            told += 1;
            let by = failure.message.strip_prefix(&format!("{words} (found for h")).expect(&failure.message);
            assert!(by.ends_with(".example.test. A earlier in this run)"), "{by}");
            assert!(
                dns.end.since(dns.start) < Duration::from_secs(1),
                "{name}: {:?}",
                dns.end.since(dns.start)
            );
            assert!(
                dns.packets.iter().all(|packet| packet.zone != "example.test."),
                "it was not asked again"
            );
        }
        assert_eq!((found, told), (8, 52));
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
        for (name, dns, failure) in &ask_names(plan, &names, Reuse::Shared).await {
            let failure = failure.as_ref().unwrap();
            assert_eq!(failure.code, FailureCode::NxDomain, "{name}: {}", failure.message);
            let took = dns.end.since(dns.start);
            assert!(took < Duration::from_millis(900), "{name}: {took:?}");
        }
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
        assert!(took < Duration::from_secs(6), "{took:?}");
        assert_eq!(run.code(), FailureCode::NoUsableServer);
        let told =
            run.message().strip_prefix("no server of zone far.test. gave an answer for www.far.test. A: ");
        let told: Vec<_> = told.unwrap().split("; ").collect();
        assert_eq!(told.len(), 7, "{told:?}");
        assert!(told.contains(&"ns a.nope.test.: NXDOMAIN"), "{told:?}");
        assert!(told.contains(&"ns n0.example.test.: its zone's servers did not answer"), "{told:?}");
        assert_eq!(told[6], "and 3 more");
        // Three lookups at a time, of two types, one question and three: the others know.
        assert!(net.seen(AUTH).len() <= 24, "{:?}", net.seen(AUTH));
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
