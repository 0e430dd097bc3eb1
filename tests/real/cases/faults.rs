//! Dead, lame and unreachable servers: the trace gets there, or says why it cannot, and shows each packet.

use std::time::Duration;

use crate::dig::dig;
use crate::net::Access;
use crate::urltrace::{DNS, OK, Run, TCP, trace, trace_ok, urltrace, walk};
use crate::zones::{AUTH, HOSTER, SILENT, STOPPED, WEB, WEB_HTTP1, WEB_SILENT};
use crate::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("a_lame_name_server_is_shown_and_passed_over", lame),
    ("a_stopped_name_server_is_shown_and_passed_over", stopped),
    ("a_silent_name_server_is_shown_and_passed_over", silent),
    ("a_zone_without_a_living_server_is_a_named_failure", all_dead),
    ("a_machine_with_ipv6_only_gets_there", ipv6_only),
    ("a_network_that_drops_dns_over_ipv4_costs_little", ipv4_dns_dropped),
    ("a_network_that_drops_dns_to_the_roots_falls_back_to_the_stub", walled),
    ("a_machine_without_a_route_to_the_roots_falls_back_to_the_stub", no_route),
    ("a_machine_without_any_route_fails_at_once", offline),
    ("a_network_that_drops_everything_fails_within_the_limit", all_dropped),
    ("a_dead_ipv6_address_costs_a_quarter_of_a_second", dead_ipv6),
    ("a_refused_connection_is_exit_code_5", refused),
    ("a_lost_syn_is_counted_and_named", lost_syn),
    ("an_address_of_a_family_that_is_not_there_is_exit_code_5", unreachable),
    ("a_silent_address_ends_at_its_limit_with_exit_code_5", connect_timeout),
];

/// The walk gets the answer in spite of the dead server, and has a packet to it with that meaning.
fn passes_over(world: &World, zone: &str, dead: &[std::net::IpAddr], meanings: &[&str]) -> Run {
    let name = format!("www.{zone}");
    let run = walk(world, Access::Full, &name, "A").expect_exit(OK);
    let client = world.internet.client(Access::Full);
    assert_eq!(run.records("/answers"), dig(client, AUTH[0], &name, "A").answers(), "{run}");
    let packets = run.packets("walk");
    let to_dead: Vec<_> = packets.iter().filter(|packet| dead.contains(&packet.server())).collect();
    assert!(!to_dead.is_empty(), "no packet to the server that the referral names first: {run}");
    for packet in to_dead {
        assert!(meanings.contains(&packet.meaning()), "{}\n{run}", packet.0);
    }
    assert!(AUTH.contains(&packets.last().unwrap().server()), "{run}");
    run
}

fn lame(world: &World) {
    let run = passes_over(world, "lame.site", &HOSTER, &["refused"]);
    let refusal = *run.packets("walk").iter().find(|packet| packet.meaning() == "refused").unwrap();
    assert_eq!(refusal.text("rcode"), "REFUSED");
    let next = *run.packets("walk").last().unwrap();
    assert_eq!(next.text("chosen"), "next-after-failure", "{run}");
}

fn stopped(world: &World) {
    // The kernel there says "port unreachable" at once; no time is lost on waiting.
    let run = passes_over(world, "stopped.site", &STOPPED, &["error"]);
    assert!(run.number("/dns/duration_us") < 300_000, "{run}");
}

fn silent(world: &World) {
    // Of the IPv6 address, the router says that it knows no way there.
    let run = passes_over(world, "silent.site", &SILENT, &["timeout", "superseded", "error"]);
    // The next server is asked long before the first one's time is up.
    assert!(run.number("/dns/duration_us") < 1_500_000, "{run}");
}

fn all_dead(world: &World) {
    let run = walk(world, Access::Full, "www.dead.site", "A").expect_failure(DNS, "dns", "no-usable-server");
    let asked: Vec<_> = run.packets("walk").iter().map(|packet| packet.server()).collect();
    assert!(STOPPED.iter().all(|address| asked.contains(address)), "{run}");
}

fn ipv6_only(world: &World) {
    let run = trace(world, Access::Ipv6Only, "https://www.example.site/").expect_exit(OK);
    assert_eq!(run.text("/hops/0/dns/lane"), "walk", "{run}");
    assert_eq!(run.text("/hops/0/connect/address"), WEB[1].to_string(), "{run}");
    assert!(
        run.packets("walk")
            .iter()
            .filter(|packet| packet.meaning() == "referral")
            .all(|packet| packet.server().is_ipv6())
    );
    assert_eq!(run.at("/hops/0/dns/stub/agrees"), true, "{run}");
}

fn ipv4_dns_dropped(world: &World) {
    let run = trace(world, Access::Ipv4DnsDropped, "https://www.example.site/").expect_exit(OK);
    assert_eq!(run.text("/hops/0/dns/lane"), "walk", "{run}");
    // A hedge to the other family at each of three cuts, at worst.
    assert!(run.number("/hops/0/phases/dns_us") < 2_000_000, "{run}");
    let answered = |packet: &crate::urltrace::Packet<'_>| packet.us("received_us").is_some();
    assert!(
        run.packets("walk").into_iter().filter(answered).all(|packet| packet.server().is_ipv6()),
        "{run}"
    );
}

fn falls_back(world: &World, access: Access, limit: Duration) {
    let run = trace(world, access, "https://www.example.site/").expect_exit(OK);
    assert_eq!(run.text("/hops/0/dns/lane"), "stub-fallback", "{run}");
    assert_eq!(run.at("/hops/0/http/status"), 200, "{run}");
    assert!(u128::from(run.number("/hops/0/phases/dns_us")) < limit.as_micros(), "{run}");
    let client = world.internet.client(Access::Full);
    let mut addresses: Vec<_> = ["A", "AAAA"]
        .iter()
        .flat_map(|rtype| dig(client, AUTH[0], "www.example.site", rtype).answer)
        .collect();
    addresses.sort();
    let answers = run
        .records("/hops/0/dns/answers")
        .into_iter()
        .map(|record| (record.name, record.data))
        .collect::<Vec<_>>();
    assert_eq!(
        answers,
        addresses.into_iter().map(|record| (record.name, record.data)).collect::<Vec<_>>(),
        "{run}"
    );
    assert!(
        !run.list("/hops/0/dns/notes").is_empty() || !run.list("/findings").is_empty(),
        "nobody is told: {run}"
    );
}

fn walled(world: &World) {
    // Two seconds are given to the roots.
    falls_back(world, Access::DnsWalled, Duration::from_millis(2600));
}

fn no_route(world: &World) {
    falls_back(world, Access::NoRouteToRoots, Duration::from_millis(2600));
}

fn offline(world: &World) {
    let run = trace(world, Access::Offline, "https://www.example.site/").expect_failure(
        DNS,
        "dns",
        "dns-unreachable",
    );
    assert!(run.number("/total_us") < 3_000_000, "{run}");
    assert!(run.at("/hops/0/connect").is_null() && run.at("/hops/0/phases/connect_us").is_null(), "{run}");
    assert!(run.text("/failure/message").contains("this machine has no route to a root server"), "{run}");
    for packet in run.list("/hops/0/dns/packets") {
        // No router has said anything, and what UDP cannot reach TCP cannot either.
        let detail = packet["detail"].as_str().unwrap();
        assert!(!detail.contains("ICMP") && packet["transport"] == "udp", "{packet}");
    }
    walk(world, Access::Offline, "www.example.site", "A").expect_failure(DNS, "dns", "dns-unreachable");
}

fn all_dropped(world: &World) {
    let run = trace(world, Access::AllDropped, "https://www.example.site/").expect_exit(DNS);
    assert!(["dns-timeout", "dns-unreachable"].contains(&run.text("/failure/code")), "{run}");
    assert!(run.number("/total_us") < 10_500_000, "{run}");
    let run = trace(world, Access::AllDropped, "--max-time 1 https://www.example.site/")
        .expect_failure(DNS, "dns", "max-time");
    assert!((900_000..1_300_000).contains(&run.number("/total_us")), "{run}");
}

fn dead_ipv6(world: &World) {
    let run = trace_ok(world, "https://dead6.example.site/");
    let attempts = run.list("/hops/0/connect/attempts");
    let [first, second] = attempts else { panic!("{run}") };
    assert_eq!(
        (first["address"].as_str(), first["outcome"].as_str()),
        (Some(&*WEB_SILENT.to_string()), Some("lost")),
        "{run}"
    );
    assert_eq!(
        (second["address"].as_str(), second["outcome"].as_str()),
        (Some(&*WEB[0].to_string()), Some("won")),
        "{run}"
    );
    // RFC 8305 section 5: the next attempt starts 250 ms after the one before.
    let stagger = second["start_us"].as_u64().unwrap() - first["start_us"].as_u64().unwrap();
    assert!((250_000..280_000).contains(&stagger), "{stagger}\n{run}");
    assert!((250_000..300_000).contains(&run.number("/hops/0/phases/connect_us")), "{run}");
}

fn refused(world: &World) {
    let run = trace(world, Access::Full, "https://stopped.example.site/").expect_failure(
        TCP,
        "tcp",
        "connection-refused",
    );
    assert_eq!(run.at("/hops/0/connect/attempts/0/outcome"), "refused", "{run}");
    assert!(run.at("/hops/0/tls").is_null() && run.at("/hops/0/phases/tls_us").is_null(), "{run}");
}

fn lost_syn(world: &World) {
    let dropping = world.internet.drop_packets_to(WEB_HTTP1);
    let run = std::thread::scope(|scope| {
        // The first SYN is lost for sure, the second (RFC 6298: after a second) arrives for sure.
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(500)); // between the first SYN and the second
            drop(dropping);
        });
        trace_ok(world, "https://http1.example.site/")
    });
    assert_eq!(run.at("/hops/0/connect/attempts/0/syn_retransmits"), 1, "{run}");
    assert_eq!(run.at("/hops/0/connect/tcp_info/retransmits"), 1, "{run}");
    assert!((1_000_000..1_200_000).contains(&run.number("/hops/0/phases/connect_us")), "{run}");
    assert!(run.list("/findings").iter().any(|finding| finding["id"] == "tcp-syn-retransmitted"), "{run}");
    assert_eq!(run.text("/verdict/stage"), "connect", "{run}");
}

fn unreachable(world: &World) {
    let run = trace(world, Access::Ipv6Only, "https://http1.example.site/");
    let run = run.expect_failure(TCP, "tcp", "unreachable");
    assert_eq!(run.at("/hops/0/connect/attempts/0/outcome"), "unreachable", "{run}");
    assert!(run.number("/hops/0/phases/connect_us") < 100_000, "{run}");
}

fn connect_timeout(world: &World) {
    let url = format!("--connect-timeout 0.6 https://[{WEB_SILENT}]/");
    let run = urltrace(world, Access::Full, &url).expect_failure(TCP, "tcp", "connect-timeout");
    assert!((600_000..700_000).contains(&run.number("/hops/0/phases/connect_us")), "{run}");
    assert!(run.at("/hops/0/phases/dns_us").is_null(), "an address has no DNS time: {run}");
}
