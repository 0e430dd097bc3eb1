//! The lab as a whole: its table of scenarios, its life, and that labs do not meet.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpStream};
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use super::dns::server::NameServer;
use super::proxies::PROXIES;
use super::web::site::Secure;
use super::web::sites::SITES;
use super::*;
use crate::clock::{Clock, Stopwatch};
use crate::plan::{Plan, RootsChoice};
use crate::trace::{FailureCode, Transport};

fn start() -> Lab {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(Lab::start()).unwrap()
}

/// How a host ends, walked through the minds of the servers from the root.
#[derive(Debug, PartialEq, Eq)]
enum Walked {
    Addresses(Vec<IpAddr>),
    NxDomain,
    NoData,
    Loop,
    NoServer,
}

/// A walk as naive as can be: every server of a cut in turn, UDP then TCP, no cache.
fn walk(servers: &[Rc<NameServer>], host: &str) -> Walked {
    let mut name = Name::from_str(host).unwrap();
    for _ in 0..4 {
        let Some(v4) = walk_one(servers, &name, RecordType::A) else { return Walked::NoServer };
        if v4.metadata.response_code == ResponseCode::NXDomain {
            return Walked::NxDomain;
        }
        let v6 = walk_one(servers, &name, RecordType::AAAA).unwrap();
        let mut addresses = Vec::new();
        for record in v4.answers.iter().chain(&v6.answers) {
            match &record.data {
                RData::A(a) => addresses.push(IpAddr::V4(a.0)),
                RData::AAAA(aaaa) => addresses.push(IpAddr::V6(aaaa.0)),
                RData::CNAME(target) => name = target.0.clone(),
                other => panic!("{other}"),
            }
        }
        if !addresses.is_empty() {
            return Walked::Addresses(addresses);
        }
        if v4.answers.is_empty() {
            return Walked::NoData;
        }
    }
    Walked::Loop
}

/// The authoritative answer to one question, from the root.
fn walk_one(servers: &[Rc<NameServer>], name: &Name, kind: RecordType) -> Option<Message> {
    let named = |name: &str| servers.iter().find(|server| server.server.name == name).unwrap();
    let mut asked = Message::query();
    asked.add_query(Query::query(name.clone(), kind));
    let asked = asked.to_vec().unwrap();
    let mut cut = vec![named("b.root-servers.test.")];
    for _ in 0..8 {
        let answer = |server: &&Rc<NameServer>| {
            let reply = |transport| Message::from_vec(&server.reply(&asked, transport)?).ok();
            reply(Transport::Udp).and_then(|short| match short.metadata.truncation {
                true => reply(Transport::Tcp),
                false => Some(short),
            })
        };
        let usable = |reply: &Message| {
            !matches!(reply.metadata.response_code, ResponseCode::Refused | ResponseCode::ServFail)
        };
        let reply = cut.iter().filter_map(answer).find(usable)?;
        if reply.metadata.authoritative {
            return Some(reply);
        }
        let next = reply.authorities.iter().map(|record| match &record.data {
            RData::NS(ns) => named(&ns.0.to_string()),
            other => panic!("{other}"),
        });
        cut = next.collect();
    }
    panic!("{name}: referrals without end")
}

/// Scenarios that turn on more than A records and well-meant referrals.
const BEYOND_A_SMALL_WALK: &[&str] = &[
    "https-service",
    "https-alias",
    "upward-referral",
    "false-glue",
    "glue-loop",
    "cname-chain",
    "dname",
    "intercepted",
];

#[test]
fn every_scenario_has_what_it_speaks_of() {
    let servers = dns::name_servers(dns::zones(Clock::start().started_at()).unwrap());
    // What this small walk cannot show; the walk itself is held to it in tests/it/walks.rs.
    let beyond = |id: &str| BEYOND_A_SMALL_WALK.contains(&id);
    for scenario in SCENARIOS.iter().filter(|scenario| !beyond(scenario.id)) {
        let (id, expect) = (scenario.id, scenario.expect);
        let walked = walk(&servers, &format!("{}.", scenario.host()));
        let wanted = match expect.outcome {
            "nxdomain" => Walked::NxDomain,
            "nodata" => Walked::NoData,
            "cname-loop" => Walked::Loop,
            "no-usable-server" => Walked::NoServer,
            _ => {
                let site = SITES.iter().find(|site| site.host == scenario.host()).expect(id);
                let listens = match scenario.url.split_once("://") {
                    Some(("http" | "grpc", _)) => site.plain.is_some(),
                    Some(("dns", _)) => true,
                    _ => site.secure.is_some(),
                };
                assert!(listens, "{id}: nothing listens");
                let mut addresses: Vec<IpAddr> = site.ipv4_addresses().collect();
                if site.has_dead_ipv6() {
                    addresses.push(IpAddr::V6(Ipv6Addr::LOCALHOST));
                }
                Walked::Addresses(addresses)
            }
        };
        assert_eq!(walked, wanted, "{id}");
    }
}

#[test]
fn the_table_of_scenarios_is_sound() {
    for (index, scenario) in SCENARIOS.iter().enumerate() {
        let (id, expect) = (scenario.id, scenario.expect);
        assert!(SCENARIOS[..index].iter().all(|other| other.id != id), "{id} twice");
        assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
        assert!(scenario.summary.len() <= 75 && !scenario.summary.ends_with('.'), "{id}");
        let code = FailureCode::ALL.iter().find(|code| code.as_str() == expect.outcome);
        assert!((expect.outcome == "ok") == code.is_none(), "{id}: {}", expect.outcome);
        assert_eq!(expect.outcome == "ok", expect.exit == 0, "{id}");
        assert!(expect.exit == 0 || (4..=7).contains(&expect.exit), "{id}");
        let phases = ["queue", "dns", "connect", "proxy", "tls", "quic", "send", "wait", "receive"];
        assert!(expect.injected.iter().all(|(phase, millis)| phases.contains(phase) && *millis > 0), "{id}");
    }
}

#[test]
fn sites_do_not_share_addresses_and_lie_in_a_zone() {
    for (index, site) in SITES.iter().enumerate() {
        let earlier = &SITES[..index];
        assert!(
            earlier.iter().all(|other| other.last != site.last && other.host != site.host),
            "{}",
            site.host
        );
        assert!(site.plain.is_some() || site.secure.is_some());
        let owner = format!("\n{}. 300 IN A {}\n", site.dns_name, site.address());
        assert_eq!(
            dns::internet::zone_texts().iter().filter(|(_, text)| text.contains(&owner)).count(),
            1,
            "{}",
            site.host
        );
    }
    assert!(SITES.iter().any(|site| matches!(site.secure, Some(Secure::Legacy(_)))));
}

#[test]
fn nothing_of_the_lab_shares_an_address_but_what_says_so() {
    let servers = dns::internet::all_servers().map(|server| (server.name.to_owned(), server.address));
    let sites = SITES.iter().map(|site| (site.host.to_owned(), site.address()));
    let proxies = PROXIES.iter().map(|proxy| (proxy.host.to_owned(), proxy.address()));
    let mut owners: HashMap<IpAddr, String> = HashMap::new();
    for (owner, address) in servers.chain(sites).chain(proxies) {
        if let Some(other) = owners.insert(address, owner.clone()) {
            panic!("{address} is that of {other} and of {owner}");
        }
    }
    // What DNS gives beside a site's own address is said in its row: another site's, or nobody's.
    for site in SITES {
        let beside: Vec<IpAddr> = site.ipv4_addresses().skip(1).collect();
        for (index, address) in beside.iter().enumerate() {
            assert!(*address != site.address() && !beside[..index].contains(address), "{}", site.host);
        }
    }
}

#[test]
fn labs_run_side_by_side_and_leave_nothing_behind() {
    let labs = [start(), start(), start()];
    let mut ports: Vec<u16> =
        labs.iter().flat_map(|lab| [lab.ports().dns, lab.ports().http, lab.ports().https]).collect();
    let site: IpAddr = SITES[0].address();
    for lab in &labs {
        for port in [lab.ports().http, lab.ports().https] {
            TcpStream::connect(SocketAddr::new(site, port)).unwrap();
        }
    }
    let [first, ..] = labs;
    let gone = SocketAddr::new(site, first.ports().https);
    drop(first);
    assert!(TcpStream::connect(gone).is_err(), "a dropped lab still answers");
    ports.sort_unstable();
    ports.dedup();
    assert!(ports.len() >= 6, "TCP ports of different labs are different: {ports:?}");
}

#[test]
fn a_lab_starts_fast() {
    // It is all work for the processor, which other tests take their part of, for a while at a time: the
    // best of all tries is its own.
    let (most, all, mut best) = (Duration::from_millis(100), Stopwatch::start(), Duration::MAX);
    while best > most && all.elapsed() < Duration::from_secs(10) {
        let watch = Stopwatch::start();
        drop(start());
        best = best.min(watch.elapsed());
    }
    assert!(best <= most, "{best:?}");
}

#[test]
fn a_plan_is_pointed_into_the_lab() {
    let lab = shared_lab();
    let mut plan = Plan::default();
    lab.apply(&mut plan);
    let hints = plan.dns.root_hints.unwrap();
    assert_eq!(hints.source, "lab");
    assert!(hints.text.contains(&format!("a.root-servers.test. 3600000 A 127.53.0.1:{}", lab.ports().dns)));
    assert_eq!(plan.dns.server_port, lab.ports().dns);
    assert_eq!(plan.dns.stub_servers, [SocketAddr::from(([127, 53, 0, 53], lab.ports().dns))]);
    assert_eq!(
        plan.tcp.port_map,
        [
            (80, lab.ports().http),
            (443, lab.ports().https),
            (8443, lab.ports().https),
            (3128, lab.ports().proxy)
        ]
    );
    assert!(
        matches!(&plan.tls.roots, RootsChoice::Given { certificates, .. } if certificates == &[lab.root_certificate()])
    );
    let mut plan = Plan::default();
    plan.tls.roots = RootsChoice::System;
    lab.apply(&mut plan);
    assert_eq!(plan.tls.roots, RootsChoice::System);
}

#[test]
fn the_dead_ipv6_address_is_dead() {
    let lab = shared_lab();
    for port in [lab.ports().http, lab.ports().https] {
        let address = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        let error = TcpStream::connect_timeout(&address, Duration::from_millis(50)).unwrap_err();
        let unanswered = error.kind() == std::io::ErrorKind::TimedOut;
        assert_eq!(unanswered, lab.dead_ipv6() == DeadIpv6::Unanswered, "{error}");
    }
}
