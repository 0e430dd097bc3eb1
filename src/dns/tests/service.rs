//! HTTPS records beside the walk, against a scripted internet on loopback.

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::RecordType as WireType;

use crate::clock::Clock;
use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::{AUTH, OTHER, ROOT, TLD, best, local, other, plan, root, slow, tld};
use crate::dns::tests::server::{Quirk, TestNet};
use crate::plan::{DnsPlan, HttpsRecords};
use crate::stop::Stop;
use crate::trace::{Dns, EndpointSource, Failure, Purpose, Scheme};

pub(crate) const ZONE: &str = "example.test. NS ns1.example.test.\nns1.example.test. A 127.0.53.3\n\
    www.example.test. A 192.0.2.1\nwww.example.test. AAAA 2001:db8::1\n\
    www.example.test. HTTPS 1 . alpn=h2,h3 ipv4hint=192.0.2.1\n\
    plain.example.test. A 192.0.2.2\n\
    _8443._https.www.example.test. HTTPS 1 pool.example.test. port=9443\n\
    pool.example.test. A 192.0.2.5\n\
    alias.example.test. HTTPS 0 www.other.test.\n\
    both.example.test. A 192.0.2.6\nboth.example.test. HTTPS 0 nowhere.example.test.\n\
    loop.example.test. A 192.0.2.7\nloop.example.test. HTTPS 0 loop2.example.test.\n\
    loop2.example.test. A 192.0.2.8\nloop2.example.test. HTTPS 0 loop.example.test.\n\
    cname.example.test. CNAME www.other.test.\n\
    hinted.example.test. A 192.0.2.9\nhinted.example.test. HTTPS 1 . alpn=h2 ipv4hint=192.0.2.10\n\
    far.example.test. A 192.0.2.11\nfar.example.test. HTTPS 1 gone.example.test.\n";

fn auth(quirks: Vec<Quirk>) -> crate::dns::tests::server::Spec<'static> {
    (AUTH, quirks, vec![("example.test.", ZONE)])
}

type Resolved = (Dns, Result<Vec<IpAddr>, Failure>);

pub(crate) async fn origin(resolver: &Resolver, scheme: Scheme, host: &str, port: u16) -> Resolved {
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(30));
    let protocols = vec!["h2", "http/1.1"];
    let (mut dns, result, uncounted) =
        resolver.resolve_origin(scheme, host, port, protocols, &clock, &stop).await;
    uncounted.settle(&mut dns, Duration::from_millis(100), &clock, &stop).await;
    (dns, result)
}

async fn https(net: &TestNet, host: &str) -> Resolved {
    origin(&Resolver::new(plan(net)).unwrap(), Scheme::Https, host, 443).await
}

fn took(dns: &Dns) -> Duration {
    dns.end.since(dns.start)
}

#[test]
fn the_record_comes_with_the_addresses_at_no_extra_round_trip() {
    local(async {
        let slow_auth = (AUTH, vec![Quirk::Delay(Duration::from_millis(40))], vec![("example.test.", ZONE)]);
        let net = TestNet::start(vec![slow(root(), 20), slow(tld(), 30), slow_auth]).await;
        let (dns, result) = https(&net, "www.example.test").await;
        assert_eq!(result.unwrap().len(), 2);
        assert_eq!((net.seen(ROOT).len(), net.seen(TLD).len(), net.seen(AUTH).len()), (2, 1, 3));
        assert_eq!(net.seen(AUTH)[2], "udp www.example.test. HTTPS");
        // 20 + 30 + 40 ms were put in; 40 ms of scheduling are allowed, to the best of all runs: a busy
        // machine can only add.
        let again = async || took(&https(&net, "www.example.test").await.0);
        let took = best(took(&dns), 130, again).await;
        assert!((90..130).contains(&took), "{took} ms");
        let service = dns.service.unwrap();
        assert_eq!((service.used, service.records[0].target.as_str()), (Some(0), "www.example.test."));
        assert_eq!(service.records[0].alpn, ["h2", "h3"]);
        assert!(dns.notes.is_empty(), "{:?}", dns.notes);
        assert_eq!(dns.critical_path.len(), 3);
    });
}

#[test]
fn without_a_record_or_with_the_switch_nothing_is_said() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(vec![])]).await;
        let (dns, _) = https(&net, "plain.example.test").await;
        assert_eq!((dns.service, net.seen(AUTH).len()), (None, 3));
        let plan = DnsPlan { https_records: HttpsRecords::Ignore, ..plan(&net) };
        let (dns, _) = origin(&Resolver::new(plan).unwrap(), Scheme::Https, "www.example.test", 443).await;
        assert_eq!((dns.service, net.seen(AUTH).len()), (None, 5));
    });
}

#[test]
fn a_silent_or_late_answer_costs_fifty_milliseconds_and_nothing_else() {
    for quirk in
        [Quirk::SilentFor(WireType::HTTPS), Quirk::DelayFor(WireType::HTTPS, Duration::from_millis(300))]
    {
        local(async {
            let net = TestNet::start(vec![root(), tld(), auth(vec![quirk])]).await;
            let (dns, result) = https(&net, "www.example.test").await;
            assert_eq!(result.unwrap().len(), 2);
            let again = async || took(&https(&net, "www.example.test").await.0);
            let took = best(took(&dns), 90, again).await;
            assert!((50..90).contains(&took), "{took} ms");
            assert!(dns.notes.iter().any(|note| note.contains("HTTPS records were not awaited")));
            assert_eq!(dns.service, None);
        });
    }
}

#[test]
fn another_port_is_asked_for_by_its_own_name() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(vec![])]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        let (dns, result) = origin(&resolver, Scheme::Https, "www.example.test", 8443).await;
        let service = dns.service.unwrap();
        assert_eq!(service.name, "_8443._https.www.example.test.");
        let record = service.used().unwrap();
        assert_eq!((record.port, record.target.as_str()), (Some(9443), "pool.example.test."));
        assert_eq!(result.unwrap(), ["192.0.2.5".parse::<IpAddr>().unwrap()], "the target's address");
        // Port 80 of http is port 443 of https.
        let (dns, _) = origin(&resolver, Scheme::Http, "www.example.test", 80).await;
        assert_eq!(dns.service.unwrap().name, "www.example.test.");
    });
}

#[test]
fn an_alias_leads_a_host_without_an_address_to_one() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(vec![]), other()]).await;
        let (dns, result) = https(&net, "alias.example.test").await;
        assert_eq!(result.unwrap().len(), 2);
        let service = dns.service.as_ref().unwrap();
        assert_eq!(service.aliases, [("alias.example.test.".to_owned(), "www.other.test.".to_owned())]);
        assert!(service.demands_https() && service.used.is_none());
        assert_eq!(dns.answers[0].data, "0 www.other.test.");
        assert_eq!(net.seen(OTHER).len(), 3, "A, AAAA and HTTPS of the target");
        assert_eq!(net.seen(TLD).len(), 2, "its zone is learned once");
    });
}

#[test]
fn an_alias_of_no_use_leaves_the_hosts_own_addresses() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(vec![])]).await;
        let (dns, result) = https(&net, "both.example.test").await;
        assert_eq!(result.unwrap(), ["192.0.2.6".parse::<IpAddr>().unwrap()]);
        assert!(dns.notes.iter().any(|note| note.contains("is of no use")), "{:?}", dns.notes);
        let (dns, result) = https(&net, "loop.example.test").await;
        assert_eq!(result.unwrap(), ["192.0.2.7".parse::<IpAddr>().unwrap()]);
        assert!(dns.notes.iter().any(|note| note.contains("are a loop")), "{:?}", dns.notes);
        let (dns, result) = https(&net, "far.example.test").await;
        assert_eq!(result.unwrap(), ["192.0.2.11".parse::<IpAddr>().unwrap()]);
        assert!(dns.service.unwrap().records[0].ignored.is_some());
    });
}

#[test]
fn endpoints_stand_in_the_order_in_which_they_are_tried() {
    use EndpointSource::{Aliases, Host, Record};
    local(async {
        let zone = "example.test. NS ns1.example.test.\nns1.example.test. A 127.0.53.3\n\
            www.example.test. A 192.0.2.1\n\
            www.example.test. HTTPS 1 gone.example.test.\n\
            www.example.test. HTTPS 2 . port=9\n\
            www.example.test. HTTPS 3 pool.example.test. port=8443\n\
            www.example.test. HTTPS 4 . alpn=h3 no-default-alpn\n\
            pool.example.test. A 192.0.2.5\n\
            alias.example.test. A 192.0.2.7\nalias.example.test. HTTPS 0 pool.example.test.\n";
        let net = TestNet::start(vec![root(), tld(), (AUTH, vec![], vec![("example.test.", zone)])]).await;
        let endpoints = |dns: &Dns| -> Vec<(EndpointSource, Option<u16>, String)> {
            let service = dns.service.as_ref().unwrap();
            let told =
                |one: &crate::trace::ServiceEndpoint| (one.source, one.port, one.addresses[0].to_string());
            service.endpoints.iter().map(told).collect()
        };
        let (dns, result) = https(&net, "www.example.test").await;
        assert_eq!(result.unwrap(), ["192.0.2.1".parse::<IpAddr>().unwrap()]);
        let (own, pool) = ("192.0.2.1".to_owned(), "192.0.2.5".to_owned());
        let want =
            [(Record(1), Some(9), own.clone()), (Record(2), Some(8443), pool.clone()), (Host, None, own)];
        assert_eq!(endpoints(&dns), want);
        let service = dns.service.unwrap();
        assert_eq!(
            (service.used, service.records[0].ignored.as_deref()),
            (Some(1), Some("its target has no address"))
        );
        let (dns, _) = https(&net, "alias.example.test").await;
        assert_eq!(endpoints(&dns), [(Aliases, None, pool), (Host, None, "192.0.2.7".to_owned())]);
    });
}

#[test]
fn the_record_of_a_cnames_target_is_the_hosts() {
    local(async {
        let zone = "other.test. NS ns1.other.test.\nns1.other.test. A 127.0.53.5\n\
            www.other.test. A 192.0.2.80\nwww.other.test. HTTPS 1 . alpn=h2\n";
        let net =
            TestNet::start(vec![root(), tld(), auth(vec![]), (OTHER, vec![], vec![("other.test.", zone)])])
                .await;
        let (dns, result) = https(&net, "cname.example.test").await;
        assert_eq!(result.unwrap(), ["192.0.2.80".parse::<IpAddr>().unwrap()]);
        assert_eq!(dns.service.unwrap().records[0].owner, "www.other.test.");
        let walk = dns.packets.iter().filter(|packet| packet.purpose == Purpose::Walk).count();
        assert_eq!(walk, 1 + 1 + 3 + 1 + 3, "root, tld, three at each end, and the tld once more");
    });
}

#[test]
fn hints_that_differ_are_told() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(vec![])]).await;
        let (dns, result) = https(&net, "hinted.example.test").await;
        assert_eq!(result.unwrap(), ["192.0.2.9".parse::<IpAddr>().unwrap()]);
        assert!(dns.notes.iter().any(|note| note.contains("hints at 192.0.2.10")), "{:?}", dns.notes);
    });
}

#[test]
fn a_second_hop_to_the_host_asks_nothing_again() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth(vec![])]).await;
        let resolver = Resolver::new(plan(&net)).unwrap();
        assert!(origin(&resolver, Scheme::Https, "www.example.test", 443).await.1.is_ok());
        let before = net.seen(AUTH).len();
        let (dns, _) = origin(&resolver, Scheme::Https, "www.example.test", 443).await;
        assert_eq!(net.seen(AUTH).len(), before);
        assert_eq!(dns.service.unwrap().used, Some(0));
    });
}
