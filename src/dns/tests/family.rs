//! `urltrace dns -4` and `-6`: name servers are asked by one family.

use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::{ROOT, Run, STUB, TLD, TLD_ZONE, local, plan, resolve_with, tld};
use crate::dns::tests::server::TestNet;
use crate::plan::{DnsPlan, Family, HintsText};
use crate::trace::FailureCode;

const V6: &str = "::1";

const ROOT_ZONE: &str = ". NS a.root.\na.root. A 127.0.53.1\na.root. AAAA ::1\n\
    test. NS ns.nic.test.\nns.nic.test. A 127.0.53.2\n\
    far.test. NS ns.far.example.\nexample. NS ns.example.\nns.example. AAAA ::1\n";

const EXAMPLE: &str = "example. NS ns.example.\nns.example. AAAA ::1\nwww.example. A 192.0.2.1\n";

async fn run(family: Family, hints: &str, host: &str) -> (TestNet, Run) {
    let zones = || vec![(".", ROOT_ZONE)];
    let v6 = vec![(".", ROOT_ZONE), ("example.", EXAMPLE)];
    let stub = (STUB, vec![], vec![(".", ROOT_ZONE), ("test.", TLD_ZONE)]);
    let net = TestNet::start(vec![(ROOT, vec![], zones()), (V6, vec![], v6), tld(), stub]).await;
    let mut plan: DnsPlan = plan(&net);
    plan.server_family = family;
    plan.root_hints = Some(HintsText { source: "test".to_owned(), text: hints.to_owned() });
    plan.stub_servers = vec![net.address(STUB)];
    let run = resolve_with(&Resolver::new(plan).unwrap(), host).await;
    (net, run)
}

#[test]
fn servers_are_asked_by_the_family_wanted_and_a_zone_without_one_is_named() {
    local(async {
        let both = "a.root. 3600 A 127.0.53.1\na.root. 3600 AAAA ::1\n";
        let (net, found) = run(Family::Ipv6, both, "www.example").await;
        assert_eq!(found.addresses(), ["192.0.2.1"], "the types asked are the user's");
        assert!(found.walk().iter().all(|packet| packet.server.is_ipv6()), "{:?}", found.lines());
        assert_eq!(net.seen(ROOT), Vec::<String>::new());
        let (net, failed) = run(Family::Ipv6, both, "www.test").await;
        assert_eq!(failed.code(), FailureCode::NoUsableServer);
        assert_eq!(
            failed.message(),
            "no server of zone test. has an IPv6 address, and -6 allows no other: ns.nic.test. is at 127.0.53.2"
        );
        assert_eq!(net.seen(TLD), Vec::<String>::new());
        let (net, found) = run(Family::Ipv4, both, "nowhere.test").await;
        assert_eq!(found.code(), FailureCode::NxDomain);
        assert_eq!(net.seen(V6), Vec::<String>::new());
    });
}

#[test]
fn hints_without_the_family_end_the_walk_before_it_begins() {
    local(async {
        let (_, failed) = run(Family::Ipv6, "a.root. 3600 A 127.0.53.1\n", "www.test").await;
        assert_eq!(failed.code(), FailureCode::NoUsableServer);
        assert!(failed.message().starts_with("no server of zone . has an IPv6 address, and -6"));
        assert!(failed.walk().is_empty());
        assert_eq!(failed.dns.lane, crate::trace::DnsLane::Walk, "its own resolver is no way round it");
    });
}
