//! What is asked once the answer is there: all servers of a zone, and everybody who keeps a copy.

use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::op::ResponseCode;

use crate::clock::Clock;
use crate::dns::resolver::Resolver;
use crate::dns::tests::kit::{
    AUTH, EXAMPLE, OTHER, SECOND, STUB, auth, local, plan, resolve_with, root, tld,
};
use crate::dns::tests::server::{Quirk, TestNet};
use crate::plan::{DnsPlan, Minimisation, PublicResolver, Question};
use crate::stop::Stop;
use crate::trace::{At, Dns, Keeper, Packet, Purpose, RecordType, ServerFault, Transport};

const TLD: &str = crate::dns::tests::kit::TLD;

const LONG: Duration = Duration::from_secs(30);

/// Asks for an address, and no more.
async fn walked(plan: DnsPlan, name: &str) -> (Resolver, Dns, Clock) {
    walked_for(RecordType::A, plan, name).await
}

async fn walked_for(rtype: RecordType, plan: DnsPlan, name: &str) -> (Resolver, Dns, Clock) {
    let clock = Clock::start();
    let stop = Stop::after(clock, LONG);
    let question = Question { name: name.to_owned(), types: vec![rtype] };
    let resolver = Resolver::new(plan).unwrap();
    let (mut dns, _, uncounted) = resolver.ask(&question, &clock, &stop).await;
    uncounted.settle(&mut dns, Duration::from_millis(500), &clock, &stop).await;
    (resolver, dns, clock)
}

/// Asks for an address, then all servers.
async fn ask(plan: DnsPlan, name: &str) -> Dns {
    let (resolver, mut dns, clock) = walked(plan, name).await;
    let before = (dns.end, dns.critical_path.clone());
    resolver.ask_all_servers(&mut dns, &clock, &Stop::after(clock, LONG)).await;
    assert_eq!((dns.end, dns.critical_path.clone()), before, "nothing of it is counted");
    dns
}

fn faults(dns: &Dns, octet: &str) -> Vec<&'static str> {
    let checks = dns.all_servers.as_ref().unwrap();
    let check = checks.iter().find(|check| check.address.ip().to_string().ends_with(octet)).unwrap();
    check.faults.iter().map(ServerFault::as_str).collect()
}

fn noted(dns: &Dns, words: &str) -> bool {
    dns.notes.iter().any(|note| note.contains(words))
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
            example.test. NS ns.far.test.\nns.far.test. A 127.0.53.9\n\
            example.test. NS ns2.far.test.\nns2.far.test. A 127.0.53.10\n\
            example.test. NS ns3.far.test.\nns3.far.test. A 127.0.53.11\n"
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
            ("127.0.53.10", vec![Quirk::NoUdp], vec![("example.test.", old.as_str())]),
            ("127.0.53.11", vec![Quirk::Garbled], good()),
        ])
        .await;
        let dns = ask(plan(&net), "www.example.test").await;
        let checks = dns.all_servers.as_ref().unwrap();
        assert_eq!(checks.len(), 9);
        let of = |octet: &str| {
            checks.iter().find(|check| check.address.ip().to_string().ends_with(octet)).unwrap()
        };
        let words = |octet| faults(&dns, octet);
        assert_eq!(words(".53.3"), [""; 0]);
        assert_eq!(words(".53.4"), ["serial-differs", "answer-differs"]);
        assert_eq!(words(".53.5"), ["lame"]);
        assert_eq!(words(".53.6"), ["unreachable"]);
        assert_eq!(words(".53.7"), ["no-edns"]);
        assert_eq!(words(".53.8"), ["no-tcp"]);
        assert_eq!(words(".53.9"), [""; 0], "truncation costs a round trip and nothing else");
        assert_eq!(
            words(".53.10"),
            ["no-udp", "serial-differs", "answer-differs"],
            "asked by TCP, to compare"
        );
        let rounds = net.seen("127.0.53.10");
        let rounds = rounds.iter().filter(|line| *line == "udp www.example.test. SOA").count();
        assert_eq!(rounds, 3, "one datagram may be lost, or EDNS be what is dropped");
        let heard = (words(".53.11"), of(".53.11").reachable);
        assert_eq!(heard, (vec!["unreadable"], true), "something came back");
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
        let (mut dns, _, uncounted) = resolver.ask(&question, &clock, &stop).await;
        uncounted.settle(&mut dns, Duration::from_millis(500), &clock, &stop).await;
        let stub = dns.stub.as_ref().unwrap();
        assert_eq!((stub.age, stub.age_at_most), (None, Some(37)), "300 s were given, 263 s are left");
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
            propagation.advice[1].starts_with(
                "before a change lower the TTL of www.example.test. A (now 300 s) and wait 300 s"
            )
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

#[test]
fn a_part_of_the_name_is_not_the_question() {
    local(async {
        let top = format!(
            "test. NS ns.nic.test.\nns.nic.test. A {TLD}\n\
            example.test. NS ns1.example.test.\nns1.example.test. A {AUTH}\n\
            dead.test. NS ns1.dead.test.\nns1.dead.test. A {OTHER}\n"
        );
        let zone = format!("{EXAMPLE}far.example.test. CNAME a.b.dead.test.\n");
        let dead = vec![("dead.test.", "a.b.dead.test. A 192.0.2.7\n")];
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", top.as_str())]),
            (AUTH, vec![], vec![("example.test.", zone.as_str())]),
            (OTHER, vec![Quirk::Silent], dead),
        ])
        .await;
        let relaxed = || DnsPlan { minimisation: Minimisation::Relaxed, ..plan(&net) };
        let names = ["a.b.dead.test", "far.example.test"];
        for dns in join_all(names.map(|name| ask(relaxed(), name))).await {
            let parts = dns.packets.iter().filter(|packet| packet.qname == "b.dead.test.");
            assert!(parts.count() > 0, "{}", dns.name);
            let asked =
                |packet: &&Packet| packet.purpose == Purpose::AllServers && packet.qtype == RecordType::A;
            let names: Vec<_> = dns.packets.iter().filter(asked).map(|packet| &packet.qname).collect();
            assert_eq!(names, ["a.b.dead.test."], "{}", dns.name);
        }
        // An alias inside the last zone is what its servers were asked for.
        let dns = ask(relaxed(), "alias.example.test").await;
        let checks = dns.all_servers.unwrap();
        assert_eq!(checks[0].answers.len(), 2, "{checks:?}");
    });
}

#[test]
fn where_udp_is_blocked_servers_are_compared_by_tcp() {
    local(async {
        let top = format!(
            "test. NS ns.nic.test.\nns.nic.test. A {TLD}\n\
            example.test. NS ns1.example.test.\nns1.example.test. A {AUTH}\n\
            example.test. NS ns2.example.test.\nns2.example.test. A {SECOND}\n"
        );
        let other = EXAMPLE.replace("192.0.2.1\n", "192.0.2.2\n");
        let no_udp = || vec![Quirk::NoUdp];
        let net = TestNet::start(vec![
            crate::dns::tests::kit::broken(root(), Quirk::NoUdp),
            (TLD, no_udp(), vec![("test.", top.as_str())]),
            (AUTH, no_udp(), vec![("example.test.", EXAMPLE)]),
            (SECOND, no_udp(), vec![("example.test.", other.as_str())]),
        ])
        .await;
        let (resolver, mut dns, clock) = walked(plan(&net), "www.example.test").await;
        let before = dns.packets.len();
        let stop = Stop::after(clock, LONG);
        resolver.ask_all_servers(&mut dns, &clock, &stop).await;
        resolver.ask_everybody(&[], &mut dns, &clock, &stop).await;
        let differing = [".53.3", ".53.4"].map(|octet| faults(&dns, octet));
        assert!(differing.iter().any(|faults| *faults == ["answer-differs"]), "{differing:?}");
        assert!(differing.iter().flatten().all(|fault| *fault != "no-udp"), "{differing:?}");
        assert!(dns.packets[before..].iter().all(|packet| packet.transport == Transport::Tcp));
        let copies = dns.propagation.unwrap().copies;
        assert_eq!(copies.iter().filter(|copy| copy.agrees.is_some()).count(), 2, "{copies:?}");
    });
}

#[test]
fn a_server_whose_address_is_not_found_is_named() {
    local(async {
        let missing: String =
            (1..=7).map(|number| format!("example.test. NS gone{number}.nic.test.\n")).collect();
        let top = format!(
            "test. NS ns.nic.test.\nns.nic.test. A {TLD}\nexample.test. NS ns1.example.test.\n\
            ns1.example.test. A {AUTH}\n{missing}"
        );
        let net = TestNet::start(vec![root(), (TLD, vec![], vec![("test.", top.as_str())]), auth()]).await;
        let dns = ask(plan(&net), "www.example.test").await;
        assert_eq!(dns.all_servers.as_ref().unwrap().len(), 1);
        let lost = dns.unfound_servers.iter().map(|lost| (lost.name.as_str(), lost.why.as_str()));
        let lost: Vec<_> = lost.collect();
        assert_eq!((lost.len(), lost[4]), (5, ("gone5.nic.test.", "NXDOMAIN")), "{lost:?}");
        assert!(
            noted(
                &dns,
                "the limit of 5 name servers that do not exist was hit: 2 more servers of zone example.test."
            ),
            "{:?}",
            dns.notes
        );
    });
}

#[test]
fn a_stopped_survey_keeps_what_it_saw() {
    local(async {
        let top = format!(
            "test. NS ns.nic.test.\nns.nic.test. A {TLD}\n\
            example.test. NS ns1.example.test.\nns1.example.test. A {AUTH}\n\
            example.test. NS ns2.example.test.\nns2.example.test. A {SECOND}\n"
        );
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", top.as_str())]),
            (AUTH, vec![], vec![("example.test.", EXAMPLE)]),
            (SECOND, vec![Quirk::Silent], vec![]),
        ])
        .await;
        let (resolver, dns, clock) = walked(plan(&net), "www.example.test").await;
        let soon = Stop::after(clock, clock.now().after(Duration::from_millis(300)).since(At(0)));
        let mut seen = dns.clone();
        resolver.ask_all_servers(&mut seen, &clock, &soon).await;
        let checks = seen.all_servers.as_ref().unwrap();
        assert_eq!(checks.len(), 1);
        assert_eq!(checks[0].packets.len(), 3);
        assert!(checks[0].packets.iter().all(|id| seen.packets[*id].server == checks[0].address));
        let cut = seen.packets.iter().filter(|packet| packet.meaning.was_stopped());
        assert_eq!(
            cut.map(|packet| packet.server).collect::<Vec<_>>(),
            [net.address(SECOND); 2],
            "TCP was closed"
        );
        let note = "the comparison of all servers was ended by --max-time: 1 of 2 had been asked to the end";
        assert!(noted(&seen, note), "{:?}", seen.notes);
        // The same of copies; and nothing is sent when all is over.
        let soon = Stop::after(clock, clock.now().after(Duration::from_millis(300)).since(At(0)));
        let mut seen = dns.clone();
        resolver.ask_everybody(&[], &mut seen, &clock, &soon).await;
        assert_eq!(seen.propagation.unwrap().copies.len(), 1);
        assert_eq!(seen.packets.iter().filter(|packet| packet.meaning.was_stopped()).count(), 1);
        let (sender, interrupted) = tokio::sync::watch::channel(true);
        let over = Stop::new(clock, LONG, interrupted);
        let mut seen = dns.clone();
        resolver.ask_all_servers(&mut seen, &clock, &over).await;
        resolver.ask_everybody(&[], &mut seen, &clock, &over).await;
        assert_eq!((seen.packets.len(), seen.all_servers, seen.propagation), (dns.packets.len(), None, None));
        assert_eq!(seen.notes.iter().filter(|note| note.ends_with("by Ctrl-C before it began")).count(), 2);
        drop(sender);
    });
}

#[test]
fn the_hops_of_a_trace_ask_the_same_servers_once() {
    local(async {
        let net = TestNet::start(vec![root(), tld(), auth()]).await;
        let survey = crate::plan::Survey { all_servers: true, ..Default::default() };
        let (resolver, first, clock) = walked(DnsPlan { survey, ..plan(&net) }, "www.example.test").await;
        let (_, other, _) = walked(plan(&net), "mail.example.test").await;
        let mut hops = [first.clone(), other, first];
        resolver.survey_hops(hops.iter_mut().enumerate(), &clock, &Stop::after(clock, LONG)).await;
        let asked = hops.each_ref().map(|dns| dns.all_servers.as_ref().map(Vec::len));
        assert_eq!(asked, [Some(1), Some(1), None]);
        assert!(noted(&hops[2], "what other servers say is told with hop 1"), "{:?}", hops[2].notes);
    });
}

#[test]
fn a_child_on_its_parents_servers_is_the_zone_that_is_compared() {
    local(async {
        let servers: String = [(1, TLD), (2, SECOND), (3, OTHER), (4, "127.0.53.6")]
            .iter()
            .map(|(number, address)| {
                format!("test. NS ns{number}.nic.test.\nns{number}.nic.test. A {address}\n")
            })
            .collect();
        let top = format!(". NS a.root.\na.root. A 127.0.53.1\n{servers}");
        let refers = format!("{servers}same.test. NS ns1.nic.test.\n");
        let child = |serial: u32| {
            format!(
                "same.test. 300 IN SOA ns.x. h.x. {serial} 3600 600 86400 60\nwww.same.test. A 192.0.2.1\n\
                alias.same.test. CNAME www.same.test.\nalias.b.same.test. CNAME top.test.\n"
            )
        };
        let (old, new) = (child(1), child(99));
        let parent = || ("test.", refers.as_str());
        let net = TestNet::start(vec![
            (crate::dns::tests::kit::ROOT, vec![], vec![(".", top.as_str())]),
            (TLD, vec![], vec![parent(), ("same.test.", old.as_str())]),
            (SECOND, vec![], vec![parent(), ("same.test.", new.as_str())]),
            (OTHER, vec![], vec![("test.", servers.as_str())]),
            ("127.0.53.6", vec![], vec![parent()]),
        ])
        .await;
        let relaxed = || DnsPlan { minimisation: Minimisation::Relaxed, ..plan(&net) };
        for (plan, name) in [
            (plan(&net), "www.same.test"),
            (relaxed(), "www.same.test"),
            (plan(&net), "same.test"),
            (plan(&net), "alias.same.test"),
            (plan(&net), "gone.same.test"),
        ] {
            let dns = ask(plan, name).await;
            let serials: Vec<_> = dns.all_servers.iter().flatten().map(|check| check.serial).collect();
            assert_eq!(serials, [Some(1), Some(99), None, None], "{name}: {:?}", dns.all_servers);
            assert_eq!(faults(&dns, ".53.2"), ["serial-differs"], "{name}");
            assert!(faults(&dns, ".53.4").is_empty() && faults(&dns, ".53.6").is_empty(), "{name}");
            let lame = &dns.all_servers.as_ref().unwrap()[2].faults;
            let why = "answers from zone test., 2 of 3 servers from zone same.test.";
            assert_eq!(*lame, [ServerFault::Lame(why.to_owned())], "{name}");
            assert!(
                noted(&dns, "same.test. is a zone of its own on the servers of test."),
                "{:?}",
                dns.notes
            );
        }
        // What is asked of the parent is compared by the parent.
        let (resolver, mut dns, clock) = walked_for(RecordType::DS, plan(&net), "same.test").await;
        resolver.ask_all_servers(&mut dns, &clock, &Stop::after(clock, LONG)).await;
        let checks = dns.all_servers.unwrap();
        assert!(checks.iter().all(|check| check.serial == Some(1)), "{checks:?}");
        assert!(checks[..2].iter().chain(&checks[3..]).all(|check| check.faults.is_empty()), "{checks:?}");
    });
}

#[test]
fn servers_that_drop_edns_are_heard_without_it() {
    local(async {
        const SERVERS: [&str; 6] = [AUTH, SECOND, OTHER, "127.0.53.6", "127.0.53.7", "127.0.53.8"];
        let servers: String = SERVERS
            .iter()
            .enumerate()
            .map(|(number, at)| {
                format!("example.test. NS ns{number}.nic.test.\nns{number}.nic.test. A {at}\n")
            })
            .collect();
        let top = format!(
            "test. NS ns.nic.test.\nns.nic.test. A {TLD}\n{servers}\
            plain.test. NS ns0.plain.test.\nns0.plain.test. A 127.0.53.9\n"
        );
        let good = || vec![("example.test.", EXAMPLE)];
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", top.as_str())]),
            (AUTH, vec![], good()),
            (SECOND, vec![Quirk::DropsEdns], good()),
            (OTHER, vec![Quirk::DropsEdns, Quirk::NoTcp], good()),
            ("127.0.53.6", vec![Quirk::DropsEdns, Quirk::NoUdp], good()),
            ("127.0.53.7", vec![Quirk::SilentFirst(3)], good()),
            ("127.0.53.8", vec![Quirk::NoEdns], good()),
            ("127.0.53.9", vec![Quirk::DropsEdns], vec![("plain.test.", "www.plain.test. A 192.0.2.5\n")]),
        ])
        .await;
        let others = async {
            let dns = ask(plan(&net), "www.example.test").await;
            for (octet, expected) in [
                (".53.3", &[][..]),
                (".53.4", &["edns-dropped"]),
                (".53.5", &["edns-dropped", "no-tcp"]),
                (".53.6", &["edns-dropped", "no-udp"]),
                (".53.7", &[]),
                (".53.8", &["no-edns"]),
            ] {
                assert_eq!(faults(&dns, octet), expected, "{octet}");
            }
            for check in dns.all_servers.unwrap() {
                assert!(check.reachable && check.answers.len() == 1, "{check:?}");
                assert_eq!(
                    check.edns,
                    Some(!check.faults.iter().any(|fault| fault.as_str().contains("edns")))
                );
            }
        };
        // What the walk has found out is used at once, and by the look at copies.
        let known = async {
            let (resolver, mut dns, clock) = walked(plan(&net), "www.plain.test").await;
            let (before, stop) = (dns.packets.len(), Stop::after(clock, LONG));
            resolver.ask_all_servers(&mut dns, &clock, &stop).await;
            resolver.ask_everybody(&[], &mut dns, &clock, &stop).await;
            assert_eq!(faults(&dns, ".53.9"), ["edns-dropped"]);
            assert_eq!(dns.propagation.unwrap().copies[0].agrees, Some(true));
            assert_eq!(dns.packets[before..].iter().filter(|packet| packet.received.is_none()).count(), 0);
        };
        futures_util::join!(others, known);
        // The look at copies alone finds it out, too.
        let (resolver, mut dns, clock) = walked(plan(&net), "www.example.test").await;
        resolver.ask_everybody(&[], &mut dns, &clock, &Stop::after(clock, LONG)).await;
        let copies = dns.propagation.unwrap().copies;
        let agree = copies.iter().filter(|copy| copy.agrees == Some(true)).map(|copy| copy.address.ip());
        let agree: Vec<_> = agree.map(|at| at.to_string()).collect();
        assert_eq!(agree, [AUTH, SECOND, OTHER, "127.0.53.7", "127.0.53.8"], "{copies:?}");
    });
}

#[test]
fn a_change_waits_for_the_longest_ttl_that_the_zone_gives() {
    local(async {
        let top = format!(
            "test. NS ns.nic.test.\nns.nic.test. A {TLD}\n\
            example.test. NS ns1.nic.test.\nns1.nic.test. A {AUTH}\n\
            example.test. NS ns2.nic.test.\nns2.nic.test. A {SECOND}\n"
        );
        let zone = |ttl: u32| {
            format!(
                "www.example.test. {ttl} IN A 192.0.2.1\nalias.example.test. 60 IN CNAME www.example.test.\n"
            )
        };
        let (few, more, at_most, late) = (zone(300), zone(600), zone(600), zone(100_000));
        let recursive = || vec![Quirk::Recursive];
        let net = TestNet::start(vec![
            root(),
            (TLD, vec![], vec![("test.", top.as_str())]),
            (AUTH, vec![], vec![("example.test.", few.as_str())]),
            (SECOND, vec![], vec![("example.test.", more.as_str())]),
            (STUB, recursive(), vec![(".", at_most.as_str())]),
            (OTHER, recursive(), vec![(".", late.as_str())]),
        ])
        .await;
        let public = |address| PublicResolver { address: net.address(address), name: None };
        let public = [public(STUB), public(OTHER)];
        for (name, before, late) in [
            (
                "www.example.test",
                "before a change lower the TTL of www.example.test. A (now 300 s to 600 s, by server) and wait 600 s:",
                Some("longer than the zone gives (600 s) is what is left at public 127.0.53.5 (100000 s):"),
            ),
            // The target's TTL is not the alias's.
            (
                "alias.example.test",
                "before a change lower the TTL of alias.example.test. CNAME (now 60 s) and wait 60 s:",
                None,
            ),
            (
                "gone.example.test",
                "before a change lower the TTL of absence in the zone's SOA (now 60 s) and wait 60 s:",
                None,
            ),
        ] {
            let (resolver, mut dns, clock) = walked(plan(&net), name).await;
            resolver.ask_everybody(&public, &mut dns, &clock, &Stop::after(clock, LONG)).await;
            let advice = dns.propagation.unwrap().advice;
            let at = advice.iter().position(|line| line.starts_with("before a change")).unwrap();
            assert!(advice[at].starts_with(before), "{advice:?}");
            let after = advice.get(at + 1).map(String::as_str);
            assert_eq!(after.is_some(), late.is_some(), "{advice:?}");
            assert!(after.unwrap_or_default().starts_with(late.unwrap_or_default()), "{advice:?}");
        }
        // What a resolver has left is not what the zone gives.
        let lane = crate::plan::ResolverChoice::Server(net.address(STUB));
        let (resolver, mut dns, clock) = walked(DnsPlan { lane, ..plan(&net) }, "www.example.test").await;
        resolver.ask_everybody(&[], &mut dns, &clock, &Stop::after(clock, LONG)).await;
        let advice = dns.propagation.unwrap().advice;
        assert!(advice.iter().all(|line| !line.starts_with("before")), "{advice:?}");
    });
}
