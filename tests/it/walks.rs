//! What a walk in the lab costs: how it ends, what it sends to whom, and how many of its questions
//! had to wait for each other.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::support::{json, run, stdout};
use serde_json::Value;
use urltrace::clock::{Clock, Stopwatch};
use urltrace::dns::Resolver;
use urltrace::lab::{Lab, SCENARIOS, Seen};
use urltrace::plan::{DnssecPlan, Plan};
use urltrace::stop::Stop;
use urltrace::trace::{Dns, Failure, Purpose, Scheme, Transport};

/// Scenario; the address found or the failure's code; round trips on the critical path; packets to
/// each server by the last byte of its address (UDP, TCP), without the machine's resolver.
type Case = (&'static str, &'static str, usize, &'static [(u8, u64, u64)]);

/// The root gets one question more: it is asked once a run whether the hints hold (priming). A host
/// is asked for by A, AAAA and HTTPS.
const CASES: &[Case] = &[
    ("normal", "127.53.1.1", 3, &[(1, 2, 0), (11, 1, 0), (21, 3, 0)]),
    ("lame-server-first", "127.53.1.7", 4, &[(1, 2, 0), (11, 1, 0), (41, 3, 0), (42, 3, 0)]),
    ("servfail-server-first", "127.53.1.12", 4, &[(1, 2, 0), (11, 1, 0), (50, 3, 0), (51, 3, 0)]),
    ("silent-server", "127.53.1.10", 3, &[(1, 2, 0), (11, 1, 0), (45, 3, 0), (46, 3, 0)]),
    ("no-edns", "127.53.1.11", 5, &[(1, 2, 0), (11, 1, 0), (49, 9, 0)]),
    ("truncated-answer", "127.53.1.8", 5, &[(1, 2, 0), (11, 1, 0), (43, 3, 3)]),
    ("slow-authoritative", "127.53.1.9", 3, &[(1, 2, 0), (11, 1, 0), (44, 3, 0)]),
    // An error or an absence is checked in plain case.
    ("all-servers-refuse", "no-usable-server", 5, &[(1, 2, 0), (11, 1, 0), (47, 6, 0), (48, 6, 0)]),
    ("cname-across-zones", "127.53.1.5", 6, &[(1, 3, 0), (11, 1, 0), (13, 1, 0), (23, 3, 0), (32, 3, 0)]),
    ("glueless", "127.53.1.6", 6, &[(1, 3, 0), (11, 1, 0), (13, 1, 0), (31, 5, 0)]),
    // That it does not exist is checked once, for whichever type comes first.
    ("nxdomain", "nxdomain", 4, &[(1, 2, 0), (11, 1, 0), (21, 4, 0)]),
    ("nodata", "nodata", 4, &[(1, 2, 0), (11, 1, 0), (21, 6, 0)]),
    ("case-sensitive", "127.53.1.80", 4, &[(1, 2, 0), (11, 1, 0), (113, 6, 0)]),
    ("https-type-not-served", "127.53.1.81", 3, &[(1, 2, 0), (11, 1, 0), (114, 3, 0)]),
    ("cname-loop", "cname-loop", 3, &[(1, 2, 0), (11, 1, 0), (21, 3, 0)]),
    ("upward-referral", "127.53.1.70", 4, &[(1, 2, 0), (11, 1, 0), (101, 3, 0), (102, 3, 0)]),
    ("glue-mismatch", "127.53.1.71", 3, &[(1, 2, 0), (11, 1, 0), (103, 3, 0)]),
    ("parent-child", "127.53.1.72", 3, &[(1, 2, 0), (11, 1, 0), (105, 3, 0)]),
    ("false-glue", "127.53.1.73", 6, &[(1, 3, 0), (11, 1, 0), (13, 1, 0), (31, 5, 0)]),
    ("glue-loop", "glue-loop", 2, &[(1, 2, 0), (11, 2, 0)]),
    ("cname-chain", "cname-chain-too-long", 3, &[(1, 2, 0), (11, 1, 0), (21, 3, 0)]),
    ("dname", "127.53.1.74", 3, &[(1, 2, 0), (11, 1, 0), (23, 3, 0)]),
    ("case-changed", "127.53.1.75", 5, &[(1, 2, 0), (11, 1, 0), (108, 3, 3)]),
    ("truncated-without-tcp", "127.53.1.76", 5, &[(1, 2, 0), (11, 1, 0), (109, 3, 0), (110, 3, 0)]),
    ("udp-only", "127.53.1.78", 3, &[(1, 2, 0), (11, 1, 0), (112, 3, 0)]),
    ("alias-at-apex", "127.53.1.79", 3, &[(1, 2, 0), (11, 1, 0), (23, 3, 0)]),
    ("intercepted", "127.53.1.77", 2, &[(1, 2, 0), (111, 3, 0)]),
    ("https-service", "127.53.1.60", 4, &[(1, 2, 0), (11, 1, 0), (23, 5, 0)]),
    ("https-alias", "127.53.1.61", 6, &[(1, 3, 0), (11, 1, 0), (13, 1, 0), (23, 3, 0), (32, 3, 0)]),
    ("https-upgrade", "127.53.1.62", 3, &[(1, 2, 0), (11, 1, 0), (23, 3, 0)]),
    ("https-endpoint-dead", "127.53.1.63", 3, &[(1, 2, 0), (11, 1, 0), (23, 3, 0)]),
    ("https-endpoint-clear", "127.53.1.65", 3, &[(1, 2, 0), (11, 1, 0), (23, 3, 0)]),
    ("resolver-caps-ttl", "127.53.1.64", 3, &[(1, 2, 0), (11, 1, 0), (23, 3, 0)]),
];

/// The same with DNSSEC, and the verdict. Each zone of the chain is asked once for its keys, whatever
/// else there is to prove came with the walk; the round trips are those of the walk alone, as the keys
/// are fetched beside the critical path.
type Judged = (&'static str, &'static str, &'static str, usize, &'static [(u8, u64, u64)]);

const JUDGED: &[Judged] = &[
    ("normal", "127.53.1.1", "secure", 3, &[(1, 3, 0), (11, 2, 0), (21, 4, 0)]),
    ("nxdomain", "nxdomain", "secure", 4, &[(1, 3, 0), (11, 2, 0), (21, 5, 0)]),
    ("nodata", "nodata", "secure", 4, &[(1, 3, 0), (11, 2, 0), (21, 7, 0)]),
    ("case-sensitive", "127.53.1.80", "secure", 4, &[(1, 3, 0), (11, 2, 0), (113, 7, 0)]),
    ("https-type-not-served", "127.53.1.81", "secure", 3, &[(1, 3, 0), (11, 2, 0), (114, 4, 0)]),
    ("dname", "127.53.1.74", "secure", 3, &[(1, 3, 0), (11, 2, 0), (23, 4, 0)]),
    (
        "cname-across-zones",
        "127.53.1.5",
        "secure",
        6,
        &[(1, 4, 0), (11, 2, 0), (13, 2, 0), (23, 4, 0), (32, 4, 0)],
    ),
    ("dnssec-expired", "127.53.1.94", "bogus", 3, &[(1, 3, 0), (11, 2, 0), (91, 4, 0)]),
    ("dnssec-wrong-ds", "127.53.1.95", "bogus", 3, &[(1, 3, 0), (11, 2, 0), (91, 4, 0)]),
    // One more, for the DS of the name itself: an unsigned zone of its own would explain it.
    ("dnssec-unsigned-answer", "127.53.1.96", "bogus", 3, &[(1, 3, 0), (11, 2, 0), (91, 5, 0)]),
    ("dnssec-insecure", "127.53.1.91", "insecure", 3, &[(1, 3, 0), (11, 2, 0), (91, 3, 0)]),
    ("dnssec-island", "127.53.1.98", "insecure", 3, &[(1, 3, 0), (11, 2, 0), (91, 3, 0)]),
    ("dnssec-small-key", "127.53.1.99", "indeterminate", 3, &[(1, 3, 0), (11, 2, 0), (91, 4, 0)]),
    ("dnssec-crowded", "127.53.1.90", "secure", 3, &[(1, 3, 0), (11, 2, 0), (91, 4, 2)]),
    // The server that was never signed is asked as any other; the second for what the first gave.
    ("dnssec-one-server", "127.53.1.89", "secure", 3, &[(1, 3, 0), (11, 2, 0), (116, 5, 0), (117, 4, 0)]),
    // No referral shows the unsigned zone, which is on its parent's server: the DS of the name and of
    // the one above it are asked for.
    ("dnssec-opt-out", "127.53.1.93", "insecure", 3, &[(1, 3, 0), (11, 2, 0), (91, 6, 0)]),
    ("dnssec-wildcard", "127.53.1.97", "secure", 3, &[(1, 3, 0), (11, 2, 0), (91, 4, 0)]),
    ("dnssec-nsec3", "nxdomain", "secure", 4, &[(1, 3, 0), (11, 2, 0), (91, 5, 0)]),
    ("dnssec-nsec3-nodata", "nodata", "secure", 4, &[(1, 3, 0), (11, 2, 0), (91, 7, 0)]),
];

/// The machine's resolver: not part of the walk.
const STUB: u8 = 53;

#[test]
fn every_walk_sends_what_it_must_and_nothing_else() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let lab = Lab::start().await.unwrap();
        for (id, end, trips, packets) in CASES {
            let scenario = SCENARIOS.iter().find(|scenario| scenario.id == *id).expect(id);
            let before = lab.seen();
            // Keys are fetched beside the walk, and are not of it.
            let (dns, result) = walk(&lab, scenario.url, Some(DnssecPlan::Off)).await;
            check(id, &lab, &before, &dns, &result, (end, *trips, packets)).await;
        }
    });
}

#[test]
fn validation_asks_each_zone_once_beside_the_critical_path() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let lab = Lab::start().await.unwrap();
        for (id, end, verdict, trips, packets) in JUDGED {
            let scenario = SCENARIOS.iter().find(|scenario| scenario.id == *id).expect(id);
            let before = lab.seen();
            let (dns, result) = walk(&lab, scenario.url, None).await;
            check(id, &lab, &before, &dns, &result, (end, *trips, packets)).await;
            let dnssec = dns.dnssec.as_ref().expect(id);
            assert_eq!(dnssec.verdict.as_str(), *verdict, "{id}: {:?}", dnssec.why);
        }
    });
}

async fn check(
    id: &str,
    lab: &Lab,
    before: &Seen,
    dns: &Dns,
    result: &Result<Vec<IpAddr>, Failure>,
    (end, trips, packets): (&str, usize, &[(u8, u64, u64)]),
) {
    let found = match result {
        Ok(addresses) => addresses.first().map(ToString::to_string).unwrap_or_default(),
        Err(failure) => failure.code.as_str().to_owned(),
    };
    let wanted: BTreeMap<u8, (u64, u64)> =
        packets.iter().map(|(last, udp, tcp)| (*last, (*udp, *tcp))).collect();
    assert_eq!(found, end, "{id}: {result:?}");
    assert_eq!(recorded(dns), wanted, "{id}: what the trace has on record");
    assert_eq!(arrived(lab, before, &wanted).await, wanted, "{id}: what the servers saw");
    assert_eq!(round_trips(dns), trips, "{id}: {:?}", dns.critical_path);
}

#[test]
fn what_is_odd_is_found_and_named() {
    for (id, finding, words) in [
        ("upward-referral", "dns-server-failed", "refers upward to"),
        ("lame-server-first", "dns-server-failed", "refused the question"),
        ("glue-mismatch", "dns-parent-child-differ", "ns1.glue.test. is at 127.53.0.103 by the parent"),
        ("parent-child", "dns-parent-child-differ", "only the zone names ns2.moved.test."),
        ("case-changed", "dns-case-not-preserved", "ns1.case.test."),
        ("truncated-without-tcp", "dns-tcp-broken", "connection refused"),
        (
            "alias-at-apex",
            "dns-cname-beside-data",
            "is an alias of web.aliased.test. and the zone's own name",
        ),
        ("intercepted", "dns-intercepted", "a.nic.intercepted."),
        ("no-edns", "dns-edns-refused", "does not understand EDNS"),
        ("secrets-in-url", "url-credentials", "a user name and a password"),
        ("secrets-in-url", "url-secret-in-query", "a secret: access_token"),
        ("ambiguous-host", "url-ambiguous-host", "browsers go to www.example.test"),
        (
            "aliases-of-aliases",
            "dns-long-cname-chain",
            "3 aliases through aliases.test. hosting.test. cdn.example.: ",
        ),
        ("low-ttl", "dns-low-ttl", "www.low-ttl.test. CNAME may be kept for 20 seconds only"),
        ("case-sensitive", "dns-case-sensitive", "it answered NXDOMAIN to www.case-sensitive.test."),
    ] {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.id == id).expect(id);
        let (_, document) = json(&["--lab", scenario.url]);
        let findings = document["findings"].as_array().unwrap();
        let found = findings.iter().find(|known| known["id"] == finding);
        let title = found.and_then(|found| found["title"].as_str()).unwrap_or_default();
        assert!(title.contains(words), "{id}: {findings:#?}");
    }
    // One alias into a CDN, and a time to live of just a minute.
    let (_, document) = json(&["--lab", "https://www.cname.test/"]);
    assert_eq!(document["findings"], serde_json::json!([]));
    let ids = |document: &serde_json::Value| -> Vec<String> {
        let all = document["findings"].as_array().unwrap();
        all.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
    };
    let ipv4_only = ["--lab", "dns", "-t", "A,AAAA", "ipv4.low-ttl.test"];
    assert_eq!(ids(&json(&ipv4_only).1), ["dns-no-ipv6"]);
    let (_, document) = json(&["--lab", "https://www.trapped.test/"]);
    let packets = document["hops"][0]["dns"]["packets"].as_array().unwrap();
    let offered = packets.iter().find(|packet| packet["offered_not_trusted"][0]["data"] == "127.53.0.107");
    assert!(offered.is_some(), "the false glue is listed");
}

#[test]
fn https_records_are_used_unless_they_are_switched_off() {
    let (_, document) = json(&["--lab", "http://upgrade.https.test/"]);
    let hop = &document["hops"][0];
    assert_eq!(hop["url"]["href"], "https://upgrade.https.test/");
    assert_eq!(hop["url"]["changes"][0]["kind"], "https-record-upgrade");
    assert_eq!((&hop["http"]["status"], &hop["tls"]["alpn"]), (&200.into(), &"h2".into()));
    let (_, document) = json(&["--lab", "--no-https-rr", "http://upgrade.https.test/"]);
    let hop = &document["hops"][0];
    assert_eq!((&hop["http"]["status"], hop["dns"]["service"].is_null()), (&426.into(), true));

    let (_, document) = json(&["--lab", "https://service.https.test/"]);
    let hop = &document["hops"][0];
    let service = &hop["dns"]["service"];
    assert_eq!(service["used"], 1);
    assert_eq!(service["records"][0]["ignored"], "its target has no address");
    assert_eq!(service["records"][1]["port"], 8443);
    assert_eq!(hop["connect"]["redirected_from"], "port 8443", "its port is used");
    assert_eq!(hop["tls"]["offer"]["alpn"], serde_json::json!(["h2", "http/1.1"]), "RFC 9460 section 7.1.2");
    let (_, document) = json(&["--lab", "--no-http3", "https://service.https.test/"]);
    let ignored = &document["hops"][0]["dns"]["service"]["records"][0]["ignored"];
    assert_eq!(ignored, "it offers h3 only, and this run speaks h2,http/1.1");
    let (_, document) = json(&["--lab", "https://alias.https.test/"]);
    let hop = &document["hops"][0];
    assert_eq!(hop["dns"]["service"]["aliases"][0]["target"], "alias-https-test.cdn.example.");
    assert_eq!(hop["connect"]["address"], "127.53.1.61");
}

#[test]
fn an_endpoint_of_an_https_record_that_fails_is_followed_by_the_hosts_own() {
    let (exit, document) = json(&["--lab", "https://dead-endpoint.https.test/"]);
    let hop = &document["hops"][0];
    assert_eq!((exit, &hop["http"]["status"]), (0, &200.into()));
    let service = &hop["dns"]["service"];
    assert!(service["used"].is_null(), "{service}");
    assert_eq!(service["records"][0]["failed"], "127.53.1.63:9 refused the connection");
    let [dead, own] = &hop["connect"]["attempts"].as_array().unwrap()[..] else { panic!("{hop}") };
    assert_eq!((&dead["outcome"], &dead["record"]), (&"refused".into(), &0.into()));
    assert_eq!((&own["outcome"], own["record"].is_null()), (&"won".into(), true));
    let finding = &document["findings"].as_array().unwrap()[0];
    assert_eq!(finding["id"], "tcp-https-record-failed");
    assert_eq!(finding["evidence"][0]["pointer"], "/hops/0/dns/service/records/0/failed");
    let text = stdout(&run(&["--lab", "https://dead-endpoint.https.test/"]));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("port 9, TTL 300, failed: 127.53.1.63:9 refused the connection"), "{text}");

    let (exit, document) = json(&["--lab", "https://clear-endpoint.https.test/"]);
    let hop = &document["hops"][0];
    assert_eq!((exit, &hop["http"]["status"]), (0, &200.into()));
    let before = &hop["abandoned_connections"].as_array().unwrap()[..];
    assert_eq!((before.len(), &before[0]["connect"]["redirected_from"]), (1, &"port 80".into()));
    assert!(before[0]["tls"]["end_us"].is_null() || before[0]["tls"]["version"].is_null());
    let failed = hop["dns"]["service"]["records"][0]["failed"].as_str().unwrap();
    assert!(failed.contains("TLS"), "{failed}");
    let number = |pointer: &str| hop.pointer(pointer).and_then(Value::as_u64).unwrap();
    let end = number("/connect/start_us") + number("/connect/duration_us");
    let begin = number("/abandoned_connections/0/connect/start_us");
    assert_eq!(number("/phases/connect_us"), end - begin, "what was given up is part of connecting");
}

async fn walk(lab: &Lab, url: &str, dnssec: Option<DnssecPlan>) -> (Dns, Result<Vec<IpAddr>, Failure>) {
    let mut plan = Plan::default();
    lab.apply(&mut plan);
    if let Some(dnssec) = dnssec {
        plan.dns.dnssec = dnssec;
    }
    let url = urltrace::url::parse(url).unwrap();
    let resolver = Resolver::new(plan.dns).unwrap();
    let clock = Clock::start();
    let stop = Stop::after(clock, Duration::from_secs(30));
    let protocols = vec!["h2", "http/1.1"];
    let scheme = Scheme::Https;
    let (mut dns, result, side) =
        resolver.resolve_origin(scheme, &url.host_ascii, 443, protocols, &clock, &stop).await;
    side.settle(&mut dns, Duration::from_millis(300), &clock, &stop).await;
    (dns, result)
}

/// What the trace says it sent. A connection that was refused brought no packet.
fn recorded(dns: &Dns) -> BTreeMap<u8, (u64, u64)> {
    let mut sent: BTreeMap<u8, (u64, u64)> = BTreeMap::new();
    for packet in dns.packets.iter().filter(|packet| packet.purpose != Purpose::Stub) {
        let IpAddr::V4(address) = packet.server.ip() else { continue };
        let counts = sent.entry(address.octets()[3]).or_default();
        match packet.transport {
            Transport::Udp => counts.0 += 1,
            // The walk asks by UDP and TCP only.
            _ => counts.1 += u64::from(packet.connected.is_some()),
        }
    }
    sent
}

/// What reached each server since. A question that nobody waited for any more may still be in the
/// server's queue: it is given a moment.
async fn arrived(lab: &Lab, before: &Seen, wanted: &BTreeMap<u8, (u64, u64)>) -> BTreeMap<u8, (u64, u64)> {
    let watch = Stopwatch::start();
    loop {
        let sent = difference(before, &lab.seen());
        if sent == *wanted || watch.elapsed() > Duration::from_secs(2) {
            return sent;
        }
        tokio::task::yield_now().await;
    }
}

/// What reached each server in between.
fn difference(before: &Seen, after: &Seen) -> BTreeMap<u8, (u64, u64)> {
    let mut sent: BTreeMap<u8, (u64, u64)> = BTreeMap::new();
    let last = |address: &IpAddr| match address {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(_) => 0,
    };
    for (address, count) in &after.udp {
        sent.entry(last(address)).or_default().0 += count - before.udp.get(address).unwrap_or(&0);
    }
    for (address, count) in &after.tcp {
        sent.entry(last(address)).or_default().1 += count - before.tcp.get(address).unwrap_or(&0);
    }
    sent.retain(|last, counts| *counts != (0, 0) && *last != STUB);
    sent
}

/// Questions of the critical path that had to wait for each other; one by TCP waits for its
/// connection, too.
fn round_trips(dns: &Dns) -> usize {
    let (mut trips, mut free_from) = (0, None);
    for packet in dns.critical_path.iter().map(|id| &dns.packets[*id]) {
        if free_from.is_none_or(|end| packet.sent >= end) {
            trips += if packet.connected.is_some() { 2 } else { 1 };
        }
        free_from = free_from.max(Some(packet.end));
    }
    trips
}
