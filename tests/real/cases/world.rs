//! The world itself, seen with `dig` and `curl` only: when these fail, the set-up is wrong, not urltrace.

use std::time::Duration;

use crate::curl::curl;
use crate::dig::{dig, try_dig};
use crate::net::Access;
use crate::pcap::Capture;
use crate::zones::{AUTH, GTLD, HOSTER, RESOLVER, SILENT, STOPPED, TLD, WEB, roots};
use crate::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("world_has_thirteen_roots_of_each_family", thirteen_roots),
    ("world_delegates_from_the_root_down", delegations),
    ("world_has_clients_of_every_kind", clients),
    ("world_serves_http2_and_captures_packets", web_and_capture),
];

fn thirteen_roots(world: &World) {
    let client = world.internet.client(Access::Full);
    let roots = roots();
    assert_eq!((13, 26), (roots.iter().filter(|root| root.is_ipv4()).count(), roots.len()));
    for root in roots {
        let reply = dig(client, root, ".", "NS");
        assert!(reply.authoritative && reply.answer.len() == 13, "{root}: {reply:?}");
    }
}

fn delegations(world: &World) {
    let client = world.internet.client(Access::Full);
    for (server, zone, name_servers) in [
        (roots()[0], "site.", 2),
        (roots()[1], "com.", 2),
        (TLD[0], "example.site.", 2),
        (TLD[3], "glueless.site.", 1),
        (GTLD[0], "cdn.com.", 1),
    ] {
        let reply = dig(client, server, zone, "A");
        assert!(!reply.authoritative && reply.answer.is_empty(), "{server} {zone}: {reply:?}");
        let referral =
            reply.authority.iter().filter(|record| record.rtype == "NS" && record.name == zone).count();
        assert_eq!(referral, name_servers, "{server} {zone}: {reply:?}");
    }
    for (server, name, rcode) in [
        (AUTH[0], "www.example.site", "NOERROR"),
        (HOSTER[1], "www.glueless.site", "NOERROR"),
        (AUTH[2], "no.example.site", "NXDOMAIN"),
        (HOSTER[0], "www.lame.site", "REFUSED"),
    ] {
        assert_eq!(dig(client, server, name, "A").rcode, rcode, "{server} {name}");
    }
}

fn clients(world: &World) {
    let [root4, root6] = [roots()[0], roots()[1]];
    let [resolver4, resolver6] = RESOLVER;
    let expected = [
        (Access::Full, [true; 4]),
        (Access::Ipv6Only, [false, true, false, true]),
        (Access::Ipv4DnsDropped, [false, true, false, true]),
        (Access::DnsWalled, [false, false, true, true]),
        (Access::NoRouteToRoots, [false, false, true, true]),
        (Access::AllDropped, [false; 4]),
        (Access::Offline, [false; 4]),
    ];
    // At the same time: each one that is not reached takes a second to find out.
    std::thread::scope(|scope| {
        for (access, reached) in expected {
            let client = world.internet.client(access);
            scope.spawn(move || {
                let servers = [root4, root6, resolver4, resolver6];
                let seen = servers.map(|server| try_dig(client, server, "site", "NS").is_some());
                assert_eq!(seen, reached, "{}", client.namespace);
            });
        }
    });
    let client = world.internet.client(Access::Full);
    for nobody in STOPPED.into_iter().chain(SILENT) {
        assert!(try_dig(client, nobody, "www.stopped.site", "A").is_none());
    }
}

fn web_and_capture(world: &World) {
    let mut capture = Capture::start(world, Access::Full);
    let seen = curl(world, "https://www.example.site/", WEB[0], &[]);
    assert_eq!(
        (seen.number("http_code"), seen.text("http_version"), seen.tls_version.as_deref()),
        (200, "2", Some("TLSv1.3"))
    );
    let client = world.internet.client(Access::Full);
    dig(client, AUTH[0], "www.example.site", "A");
    dig(client, AUTH[1], "big.example.site", "TXT");
    let packets = capture.take();
    let exchanges = packets.dns();
    let shape: Vec<_> = exchanges.iter().map(|one| (one.server, one.tcp, one.qname.as_str())).collect();
    let expected =
        [(AUTH[0], false, "www.example.site."), (AUTH[1], false, "big.example.site."), (AUTH[1], true, "")];
    assert_eq!(shape, expected);
    assert!(
        exchanges.iter().all(|one| one.received.is_some_and(|received| received > one.sent)),
        "{exchanges:?}"
    );
    let connections = packets.connections();
    assert_eq!(connections.iter().map(|one| one.server).collect::<Vec<_>>(), [(WEB[0], 443)]);
    assert!(
        connections[0].syn_ack.is_some_and(|syn_ack| syn_ack - connections[0].syn < 1_000_000),
        "{connections:?}"
    );

    let seen = curl(world, "https://www.example.site/slow", WEB[1], &[]);
    let wait = Duration::from_micros(seen.micros("time_starttransfer") - seen.micros("time_pretransfer"));
    assert!(wait >= crate::web::SLOW_FIRST_BYTE, "{wait:?}");
}
