//! The walk's answers against `dig` at the servers that have them.

use std::net::IpAddr;

use super::{Question, dig_all};
use crate::dig::dig;
use crate::net::Access;
use crate::urltrace::{DNS, OK, Packet, walk};
use crate::zones::{AUTH, AUTH_IPV6_ONLY, GTLD, HOSTER, TLD, roots};
use crate::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("every_type_has_the_records_that_dig_prints", every_type),
    ("a_name_is_read_in_the_form_it_is_printed_in", escapes),
    ("rare_types_have_the_records_that_dig_prints", rare_types),
    ("a_walk_goes_from_the_root_over_the_tld_to_the_authority", path),
    ("the_root_itself_and_a_tld_can_be_asked", top),
    ("a_cname_is_followed_inside_its_zone_and_across_zones", cname),
    ("a_dname_is_followed", dname),
    ("cnames_that_go_in_a_circle_are_a_named_failure", cname_loop),
    ("a_glueless_delegation_is_walked_for_its_servers_address", glueless),
    ("a_zone_with_ipv6_name_servers_only_is_reached", ipv6_only_zone),
    ("nxdomain_and_nodata_name_the_zone_and_its_negative_ttl", negative),
    ("a_truncated_answer_comes_by_tcp", truncated),
];

const AT: IpAddr = AUTH[0];

/// Walks and compares with `dig` asked at the servers of `questions`.
fn agrees(world: &World, name: &str, rtype: &str, questions: &[Question<'_>]) {
    let run = walk(world, Access::Full, name, rtype).expect_exit(OK);
    let expected = dig_all(world, questions);
    assert!(!expected.is_empty(), "dig found nothing for {name} {rtype}");
    assert_eq!(run.records("/answers"), expected, "{name} {rtype}\n{run}");
    assert_eq!(run.text("/rcode"), "NOERROR");
}

fn every_type(world: &World) {
    for (name, rtype) in [
        ("www.example.site", "A"),
        ("www.example.site", "AAAA"),
        ("example.site", "TXT"),
        ("example.site", "NS"),
        ("example.site", "SOA"),
        ("example.site", "MX"),
        ("alias.example.site", "CNAME"),
        ("x.wild.example.site", "A"),
        ("a.ent.example.site", "AAAA"),
        ("WWW.Example.SITE.", "A"),
        ("to-odd.example.site", "A"),
        ("xn--bcher-kva.example.site", "A"),
    ] {
        agrees(world, name, rtype, &[(AT, name, rtype)]);
    }
}

/// RFC 1035 section 5.1: a backslash takes a dot's meaning away. `dig` reads names so, and both print them so.
fn escapes(world: &World) {
    let name = r"odd\.label.example.site";
    agrees(world, name, "A", &[(AT, name, "A")]);
}

fn rare_types(world: &World) {
    for (name, rtype) in [
        ("_https._tcp.example.site", "SRV"),
        ("example.site", "CAA"),
        ("www.example.site", "HTTPS"),
        ("_443._tcp.www.example.site", "TLSA"),
        ("www.example.site", "SSHFP"),
        ("example.site", "NAPTR"),
        ("legacy.example.site", "DNAME"),
        ("www.example.site", "TYPE65280"),
    ] {
        agrees(world, name, rtype, &[(AT, name, rtype)]);
    }
}

/// The zones asked on the critical path, and what the last server said.
fn zones(packets: &[Packet<'_>], critical: &[serde_json::Value]) -> Vec<String> {
    let on_path = |packet: &&Packet<'_>| critical.iter().any(|id| *id == packet.0["id"]);
    packets
        .iter()
        .filter(on_path)
        .map(|packet| format!("{} {}", packet.text("zone"), packet.meaning()))
        .collect()
}

fn path(world: &World) {
    let run = walk(world, Access::Full, "www.example.site", "A").expect_exit(OK);
    let packets = run.packets("walk");
    assert_eq!(
        zones(&packets, run.list("/dns/critical_path")),
        [". referral", "site. referral", "example.site. answer"],
        "{run}"
    );
    let last = packets.last().unwrap();
    assert!(AUTH.contains(&last.server()), "{run}");
    assert_eq!(last.0["nsid"]["text"], "auth.urltrace", "{run}");
    assert!(last.0["flags"].as_array().unwrap().iter().any(|flag| flag == "aa"), "{run}");
    assert!(roots().contains(&packets[0].server()), "{run}");
    let cuts: Vec<_> = run.list("/dns/cuts").iter().map(|cut| cut["zone"].as_str().unwrap()).collect();
    assert_eq!(cuts, [".", "site.", "example.site."], "{run}");
    // The hints are IANA's, and so is what the root says here, addresses included.
    let primed = run.packets("priming");
    assert_eq!(primed[0].0["counts"]["additional"], 26, "{run}");
    assert_eq!(run.at("/dns/root_hints/source"), "built-in");
    assert_eq!(run.list("/dns/root_hints/drift").len(), 0, "{run}");
    // Glue of the TLD's servers lies in the root zone, under no cut that leads there.
    let referral = &run.packets("walk")[0].0["referral"];
    assert_eq!((referral["cut"].as_str(), referral["glue"].as_u64()), (Some("site."), Some(4)), "{run}");

    // `com.` is served by names under `net.`: glue inside the asked zone (the root), not under the new cut.
    let run = walk(world, Access::Full, "edge.cdn.com", "A").expect_exit(OK);
    assert_eq!(
        zones(&run.packets("walk"), run.list("/dns/critical_path")),
        [". referral", "com. referral", "cdn.com. answer"],
        "{run}"
    );
    assert!(run.packets("ns-address").is_empty(), "glue was there: {run}");
}

fn top(world: &World) {
    let [root, tld] = [roots()[0], TLD[0]];
    agrees(world, ".", "NS", &[(root, ".", "NS")]);
    agrees(world, "site", "SOA", &[(tld, "site", "SOA")]);
    agrees(world, "site.", "NS", &[(tld, "site", "NS")]);
}

fn cname(world: &World) {
    let h = HOSTER[0];
    agrees(world, "inner.example.site", "A", &[(AT, "inner.example.site", "A")]);
    agrees(world, "alias.example.site", "A", &[(AT, "alias.example.site", "A"), (h, "edge.cdn.com", "A")]);
    agrees(
        world,
        "alias.example.site",
        "AAAA",
        &[(AT, "alias.example.site", "AAAA"), (h, "edge.cdn.com", "AAAA")],
    );
    agrees(
        world,
        "three.example.site",
        "A",
        &[(AT, "three.example.site", "A"), (h, "via.cdn.com", "CNAME"), (h, "www.glueless.site", "A")],
    );
    // The chain is in order.
    let run = walk(world, Access::Full, "three.example.site", "A").expect_exit(OK);
    let owners: Vec<_> = run.list("/answers").iter().map(|record| record["name"].as_str().unwrap()).collect();
    assert_eq!(owners, ["three.example.site.", "via.cdn.com.", "www.glueless.site."], "{run}");
}

fn dname(world: &World) {
    let run = walk(world, Access::Full, "edge.legacy.example.site", "A").expect_exit(OK);
    let expected = dig_all(world, &[(HOSTER[0], "edge.cdn.com", "A")]);
    let answers = run.records("/answers");
    assert!(expected.iter().all(|record| answers.contains(record)), "{run}");
    let synthesized =
        answers.iter().find(|record| record.rtype == "CNAME").unwrap_or_else(|| panic!("no CNAME: {run}"));
    assert_eq!(
        (synthesized.name.as_str(), synthesized.data.as_str()),
        ("edge.legacy.example.site.", "edge.cdn.com.")
    );
}

fn cname_loop(world: &World) {
    walk(world, Access::Full, "loop.example.site", "A").expect_failure(DNS, "dns", "cname-loop");
}

fn glueless(world: &World) {
    agrees(world, "www.glueless.site", "A", &[(HOSTER[0], "www.glueless.site", "A")]);
    let run = walk(world, Access::Full, "www.glueless.site", "AAAA").expect_exit(OK);
    let sub_walk = run.packets("ns-address");
    assert!(sub_walk.iter().all(|packet| packet.text("qname") == "ns1.dnshost.com."), "{run}");
    assert!(
        sub_walk.iter().any(|packet| packet.meaning() == "answer" && HOSTER.contains(&packet.server())),
        "{run}"
    );
    let last = *run.packets("walk").last().unwrap();
    assert_eq!(last.0["server"]["source"], "walk", "{run}");
    assert!(HOSTER.contains(&last.server()), "{run}");
}

fn ipv6_only_zone(world: &World) {
    agrees(world, "www.sixns.site", "A", &[(AUTH_IPV6_ONLY, "www.sixns.site", "A")]);
}

fn negative(world: &World) {
    let client = world.internet.client(Access::Full);
    for (server, name, rtype, code) in [
        (AT, "nope.example.site", "A", "nxdomain"),
        (AT, "a.b.c.nope.example.site", "TXT", "nxdomain"),
        (TLD[0], "nosuchzone.site", "A", "nxdomain"),
        (GTLD[0], "www.nosuchzone.com", "AAAA", "nxdomain"),
        (roots()[0], "www.nosuchtld", "A", "nxdomain"),
        (AT, "v4only.example.site", "AAAA", "nodata"),
        (AT, "ent.example.site", "A", "nodata"),
        (AT, "www.example.site", "MX", "nodata"),
    ] {
        let reply = dig(client, server, name, rtype);
        let (zone, ttl) = reply.negative();
        let run = walk(world, Access::Full, name, rtype).expect_failure(DNS, "dns", code);
        assert_eq!(run.text("/rcode"), reply.rcode, "{run}");
        assert_eq!(
            (run.text("/dns/negative/zone"), run.number("/dns/negative/ttl")),
            (zone.as_str(), ttl),
            "{run}"
        );
        assert!(run.list("/answers").is_empty(), "{run}");
    }
    // The alias exists; what it leads to does not.
    let run = walk(world, Access::Full, "dangling.example.site", "A").expect_failure(DNS, "dns", "nxdomain");
    assert_eq!(run.text("/dns/negative/zone"), "cdn.com.", "{run}");
    assert_eq!(run.records("/answers"), dig_all(world, &[(AT, "dangling.example.site", "CNAME")]), "{run}");
}

fn truncated(world: &World) {
    agrees(world, "big.example.site", "TXT", &[(AT, "big.example.site", "TXT")]);
    let run = walk(world, Access::Full, "big.example.site", "TXT").expect_exit(OK);
    let packets = run.packets("walk");
    let [.., udp, tcp] = packets.as_slice() else { panic!("{run}") };
    assert_eq!((udp.text("transport"), udp.meaning()), ("udp", "truncated"), "{run}");
    assert_eq!(
        (tcp.text("transport"), tcp.text("chosen"), tcp.meaning()),
        ("tcp", "truncated", "answer"),
        "{run}"
    );
    assert_eq!(udp.server(), tcp.server(), "{run}");
    assert!(udp.us("bytes_received").unwrap() <= 1232 && tcp.us("bytes_received").unwrap() > 1232, "{run}");
    // Connect and exchange are timed apart.
    assert!(
        tcp.us("sent_us") <= tcp.us("connected_us") && tcp.us("connected_us") <= tcp.us("received_us"),
        "{run}"
    );
    assert!(tcp.us("connected_us").is_some(), "{run}");
}
