//! What is asked once the answer is there: all servers of a zone, and everybody who keeps a copy.

use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;

use super::Resolver;
use super::testkit::{AUTH, EXAMPLE, OTHER, SECOND, STUB, auth, local, plan, resolve_with, root, tld};
use super::testserver::{Quirk, TestNet};
use crate::clock::Clock;
use crate::plan::{DnsPlan, PublicResolver, Question};
use crate::stop::Stop;
use crate::trace::{Dns, Keeper, Purpose, RecordType, ServerFault};

const TLD: &str = super::testkit::TLD;

/// Asks for an address, then whom `survey` says.
async fn ask(plan: DnsPlan, name: &str) -> Dns {
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(30));
    let question = Question { name: name.to_owned(), types: vec![RecordType::A] };
    let resolver = Resolver::new(plan).unwrap();
    let (mut dns, _, side) = resolver.ask(&question, &clock, &stop).await;
    side.settle(&mut dns, Duration::from_millis(500), &clock).await;
    let before = (dns.end, dns.critical_path.clone());
    resolver.ask_all_servers(&mut dns, &clock, &stop).await;
    assert_eq!((dns.end, dns.critical_path.clone()), before, "nothing of it is counted");
    dns
}

#[test]
fn every_server_of_the_last_zone_is_compared_with_the_others() {
    local(async {
        let servers: String =
            [(1, AUTH), (2, SECOND), (3, OTHER), (4, "127.0.53.6"), (5, "127.0.53.7"), (6, "127.0.53.8")]
                .iter()
                .map(|(number, address)| {
                    let name = format!("ns{number}.example.test.");
                    format!("example.test. NS {name}\n{name} A {address}\n")
                })
                .collect();
        let top = format!(
            "test. NS ns.nic.test.\nns.nic.test. A {TLD}\n{servers}\
            example.test. NS ns.far.test.\nns.far.test. A 127.0.53.9\n"
        );
        let soa = "example.test. 300 IN SOA ns.x. h.x. 7 3600 600 86400 60\n";
        let fresh = format!("{soa}{EXAMPLE}");
        let old = fresh.replace("h.x. 7 ", "h.x. 6 ").replace("192.0.2.1\n", "192.0.2.2\n");
        let good = || vec![("example.test.", fresh.as_str())];
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", top.as_str())]),
            (AUTH, vec![], good()),
            (SECOND, vec![], vec![("example.test.", old.as_str())]),
            (OTHER, vec![Quirk::Rcode(ResponseCode::Refused)], good()),
            ("127.0.53.6", vec![Quirk::Silent], good()),
            ("127.0.53.7", vec![Quirk::NoEdns], good()),
            ("127.0.53.8", vec![Quirk::NoTcp], good()),
            ("127.0.53.9", vec![Quirk::Truncate], good()),
        ])
        .await;
        let dns = ask(plan(&net), "www.example.test").await;
        let checks = dns.all_servers.as_ref().unwrap();
        assert_eq!(checks.len(), 7);
        let of = |octet: &str| {
            checks.iter().find(|check| check.address.ip().to_string().ends_with(octet)).unwrap()
        };
        let words = |octet| of(octet).faults.iter().map(ServerFault::as_str).collect::<Vec<_>>();
        assert_eq!(words(".53.3"), [""; 0]);
        assert_eq!(words(".53.4"), ["serial-differs", "answer-differs"]);
        assert_eq!(words(".53.5"), ["lame"]);
        assert_eq!(words(".53.6"), ["unreachable"]);
        assert_eq!(words(".53.7"), ["no-edns"]);
        assert_eq!(words(".53.8"), ["no-tcp"]);
        assert_eq!(words(".53.9"), [""; 0], "truncation costs a round trip and nothing else");
        assert_eq!((of(".53.3").serial, of(".53.4").serial, of(".53.6").serial), (Some(7), Some(6), None));
        assert_eq!((of(".53.3").tcp, of(".53.8").tcp, of(".53.6").tcp), (Some(true), Some(false), None));
        assert_eq!((of(".53.3").authoritative, of(".53.5").authoritative), (Some(true), Some(false)));
        assert!(of(".53.3").rtt.is_some() && of(".53.3").reachable && !of(".53.6").reachable);
        assert_eq!(of(".53.4").answers[0].data, "192.0.2.2");
        for check in checks {
            assert!(check.packets.iter().all(|id| dns.packets[*id].purpose == Purpose::AllServers));
        }
    });
}

#[test]
fn servers_without_glue_are_looked_up_and_absence_is_an_answer_too() {
    local(async {
        let top = format!(
            "test. NS ns.nic.test.\nns.nic.test. A {TLD}\n\
            example.test. NS ns1.other.test.\nexample.test. NS ns2.other.test.\n\
            other.test. NS ns.other.test.\nns.other.test. A {OTHER}\n"
        );
        let other =
            format!("ns1.other.test. A {AUTH}\nns2.other.test. A {SECOND}\nns.other.test. A {OTHER}\n");
        let zone = || vec![("example.test.", EXAMPLE)];
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", top.as_str())]),
            (OTHER, vec![], vec![("other.test.", other.as_str())]),
            (AUTH, vec![], zone()),
            (SECOND, vec![], zone()),
        ])
        .await;
        let dns = ask(plan(&net), "nope.example.test").await;
        let checks = dns.all_servers.unwrap();
        assert_eq!(checks.len(), 2);
        for check in checks {
            assert_eq!(
                (check.faults.len(), check.rcode.unwrap().mnemonic()),
                (0, "NXDOMAIN".into()),
                "{check:?}"
            );
        }
    });
}

#[test]
fn copies_are_compared_with_the_original_and_say_when_they_end() {
    local(async {
        let recursive = |zone| (vec![Quirk::Recursive], vec![(".", zone)]);
        let resolver = |address, (quirks, zones)| (address, quirks, zones);
        let (fresh, stale) =
            ("www.example.test. 263 IN A 192.0.2.1\n", "www.example.test. 200 IN A 192.0.2.9\n");
        let gone = "example.test. A 192.0.2.3\n";
        let net = TestNet::start(vec![
            root(),
            tld(),
            auth(),
            resolver(STUB, recursive(fresh)),
            resolver(SECOND, recursive(stale)),
            resolver(OTHER, recursive(gone)),
            ("127.0.53.6", vec![Quirk::Silent], vec![]),
        ])
        .await;
        let plan = DnsPlan { stub_servers: vec![net.address(STUB)], ..plan(&net) };
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(30));
        let question = Question { name: "www.example.test".to_owned(), types: vec![RecordType::A] };
        let resolver = Resolver::new(plan).unwrap();
        let (mut dns, _, side) = resolver.ask(&question, &clock, &stop).await;
        side.settle(&mut dns, Duration::from_millis(500), &clock).await;
        assert_eq!(dns.stub.as_ref().unwrap().age, Some(37), "300 s were given, 263 s are left");
        let public: Vec<_> = [SECOND, OTHER, "127.0.53.6"]
            .map(|address| PublicResolver { address: net.address(address), name: Some("public".to_owned()) })
            .into();
        let counted = (dns.end, dns.critical_path.clone(), dns.packets.len());
        resolver.ask_everybody(&public, &mut dns, &clock, &stop).await;
        assert_eq!((dns.end, dns.critical_path.clone()), (counted.0, counted.1));
        let propagation = dns.propagation.unwrap();
        let seen: Vec<_> = propagation
            .copies
            .iter()
            .map(|copy| (copy.keeper, copy.agrees, copy.ttl, copy.error.is_some()))
            .collect();
        assert_eq!(
            seen,
            [
                (Keeper::Authority, Some(true), Some(300), false),
                (Keeper::Configured, Some(true), Some(263), false),
                (Keeper::Public, Some(false), Some(200), false),
                (Keeper::Public, Some(false), Some(60), false),
                (Keeper::Public, None, None, true),
            ]
        );
        assert_eq!(propagation.stale_for, Some(200));
        assert_eq!(
            propagation.advice[0],
            "2 of 3 resolvers have something else: the last of these copies is gone in 200 s"
        );
        assert!(
            propagation.advice[1].starts_with("before a change lower the TTL (now 300 s) and wait 300 s")
        );
        let of_it = |id: &usize| *id >= counted.2 && dns.packets[*id].purpose == Purpose::Propagation;
        assert!(propagation.copies.iter().flat_map(|copy| &copy.packets).all(of_it));
    });
}

#[test]
fn a_name_in_the_hosts_file_is_noted_and_not_heeded() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth()]).await;
        let file = |what: &str, text: &str| {
            let path = std::env::temp_dir().join(format!("urltrace-{what}-{}", net.port));
            std::fs::write(&path, text).unwrap();
            path
        };
        let hosts = file("system-hosts", "192.0.2.99 WWW.example.test # mine\n");
        let nsswitch = file("nsswitch", "hosts: files dns\n");
        let plan =
            DnsPlan { hosts_file: Some(hosts.clone()), nsswitch: Some(nsswitch.clone()), ..plan(&net) };
        let run = resolve_with(&Resolver::new(plan).unwrap(), "www.example.test").await;
        std::fs::remove_file(&hosts).unwrap();
        std::fs::remove_file(nsswitch).unwrap();
        assert_eq!(run.addresses(), ["192.0.2.1", "2001:db8::1"]);
        assert!(run.noted("has 192.0.2.99 for www.example.test"), "{:?}", run.dns.notes);
        let system = run.dns.system.unwrap();
        assert_eq!((system.addresses.len(), system.order.as_deref()), (1, Some("files dns")));
        assert_eq!(system.hosts_file, hosts.display().to_string());
    });
}
