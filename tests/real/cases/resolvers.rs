//! The resolver as the counted lane: unbound by UDP, TCP, TLS and HTTPS, against `dig` and a capture.

use super::{dig_all, on_a_quiet_moment};
use crate::dig::Record;
use crate::net::Access;
use crate::pcap::Capture;
use crate::urltrace::{DNS, OK, Packet, Run, trace_ok, urltrace};
use crate::zones::{AUTH, HOSTER, RESOLVER};
use crate::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("a_resolver_can_be_the_counted_lane", resolver),
    ("a_resolver_on_a_connection_gives_the_answers_that_dig_prints", connected),
    ("a_resolvers_connections_and_their_times_are_those_of_the_capture", set_up),
    ("a_resolvers_name_is_looked_up_and_shown", bootstrap),
    ("https_records_from_a_resolver_are_used_as_the_walks_are", services),
    ("a_resolver_whose_certificate_is_not_its_own_is_not_asked", certificate),
    ("names_of_a_batch_share_one_connection_to_the_resolver", batch),
];

/// How far a stamp may be from the capture's.
const TOLERANCE_US: u64 = 1_000;
const NAME: &str = "resolver.example.site";

/// Names and data: a cache's times to live are less than the authority's.
fn plain(records: Vec<Record>) -> Vec<(String, String)> {
    records.into_iter().map(|one| (one.name, one.data)).collect()
}

fn resolver(world: &World) {
    let address = RESOLVER[1].to_string();
    for (who, server) in [("system", RESOLVER[0].to_string()), (address.as_str(), address.clone())] {
        let run = trace_ok(world, &format!("--resolver {who} https://alias.example.site/ -k"));
        assert_eq!(run.text("/hops/0/dns/lane"), "resolver", "{run}");
        let counted = run.packets("resolver");
        assert!(
            !counted.is_empty() && counted.iter().all(|packet| packet.server().to_string() == server),
            "{run}"
        );
        let ask = |rtype| [(AUTH[0], "alias.example.site", rtype), (HOSTER[0], "edge.cdn.com", rtype)];
        let expected = dig_all(world, &[ask("A"), ask("AAAA")].concat());
        assert_eq!(plain(run.records("/hops/0/dns/answers")), plain(expected), "{run}");
    }
}

/// The forms of `--resolver` that unbound is reached by, and what a packet calls them.
fn forms() -> Vec<(&'static str, String)> {
    let [v4, v6] = RESOLVER;
    vec![
        ("tcp", format!("tcp://{v4}")),
        ("tls", format!("tls://{v4}")),
        ("tls", format!("tls://[{v6}]:853#{NAME}")),
        ("https", format!("https://{v4}/dns-query")),
        ("https", format!("https://[{v6}]/dns-query")),
    ]
}

/// Asks with the tests' CA.
fn ask(world: &World, words: &str) -> Run {
    urltrace(world, Access::Full, &format!("dns --cacert {} {words}", world.certificates.ca.display()))
}

fn connected(world: &World) {
    for (transport, form) in forms() {
        for (name, rtype, at) in [
            ("www.example.site", "AAAA", AUTH[0]),
            ("big.example.site", "TXT", AUTH[0]),
            ("edge.cdn.com", "A", HOSTER[0]),
        ] {
            let run = ask(world, &format!("--resolver {form} --type {rtype} {name}")).expect_exit(OK);
            let expected = dig_all(world, &[(at, name, rtype)]);
            assert_eq!(plain(run.records("/answers")), plain(expected), "{run}");
            let packets = run.packets("resolver");
            let [packet] = packets.as_slice() else { panic!("{run}") };
            assert_eq!((packet.text("transport"), packet.text("connection")), (transport, "opened"), "{run}");
        }
        let run = ask(world, &format!("--resolver {form} nope.example.site"));
        run.expect_failure(DNS, "dns", "nxdomain");
    }
}

fn opened(run: &Run) -> Vec<Packet<'_>> {
    let all = run.list("/dns/packets").iter().map(Packet);
    all.filter(|packet| packet.0["connection"] == "opened").collect()
}

fn set_up(world: &World) {
    let mut capture = Capture::start(world, Access::Full);
    for (transport, form) in forms().into_iter().filter(|(transport, _)| *transport != "tcp") {
        on_a_quiet_moment(|| {
            let run =
                ask(world, &format!("--resolver {form} --type A,AAAA www.example.site")).expect_exit(OK);
            let seen = capture.take().connections();
            let told = opened(&run);
            assert_eq!((told.len(), run.packets("resolver").len()), (seen.len(), 2), "{run}");
            let (packet, connection) = (told[0], &seen[0]);
            assert_eq!(
                (packet.server(), packet.text("transport")),
                (connection.server.0, transport),
                "{run}"
            );
            let [sent, tcp, connected, received] = ["sent_us", "tcp_done_us", "connected_us", "received_us"]
                .map(|name| packet.us(name).unwrap_or_else(|| panic!("no {name}: {run}")));
            assert!(sent <= tcp && tcp < connected && connected < received, "{run}");
            assert_eq!(packet.us("rtt_us"), Some(received - connected), "{run}");
            let (told, seen) = (tcp - sent, connection.syn_ack.unwrap() - connection.syn);
            if told.abs_diff(seen) > TOLERANCE_US {
                return Err(format!("TCP: {told} us on record, {seen} us in the capture"));
            }
            Ok(())
        });
    }
}

fn bootstrap(world: &World) {
    for (form, port) in [(format!("tls://{NAME}"), 853), (format!("https://{NAME}/dns-query"), 443)] {
        let run = ask(world, &format!("--resolver {form} www.example.site")).expect_exit(OK);
        let lookup = run.packets("bootstrap");
        assert!(lookup.iter().any(|packet| packet.text("qname") == format!("{NAME}.")), "{run}");
        let packets = run.packets("resolver");
        assert!(RESOLVER.contains(&packets[0].server()), "{run}");
        assert_eq!(packets[0].0["server"]["port"], port, "{run}");
        // It ends before the resolver is asked, and is part of what the user waited for.
        assert!(lookup.iter().all(|packet| packet.us("end_us") <= packets[0].us("sent_us")), "{run}");
    }
}

fn services(world: &World) {
    for form in ["system"].into_iter().chain(forms().iter().map(|(_, form)| form.as_str())) {
        let run = trace_ok(world, &format!("--resolver {form} http://www.example.site/"));
        assert_eq!(run.text("/hops/0/url/changes/0/kind"), "https-record-upgrade", "{run}");
        assert_eq!(run.list("/hops/0/dns/service/records").len(), 1, "{run}");
        assert_eq!(run.packets("resolver").len(), 3, "{run}");
        let run = trace_ok(world, &format!("--resolver {form} --no-https-rr http://www.example.site/"));
        assert!(run.list("/hops/0/url/changes").is_empty(), "{run}");
        assert_eq!(run.packets("resolver").len(), 2, "{run}");
    }
}

fn certificate(world: &World) {
    let [v4, _] = RESOLVER;
    for form in [format!("tls://{v4}#other.site"), format!("tls://{}", AUTH[0])] {
        let run = ask(world, &format!("--resolver {form} www.example.site")).expect_exit(DNS);
        assert!(run.list("/answers").is_empty(), "{run}");
        assert!(run.packets("resolver").iter().all(|packet| packet.us("received_us").is_none()), "{run}");
    }
    // Without the tests' CA nobody vouches for it.
    let run = urltrace(world, Access::Full, &format!("dns --resolver tls://{v4} www.example.site"));
    let run = run.expect_exit(DNS);
    assert!(run.text("/failure/message").contains("certificate"), "{run}");
}

fn batch(world: &World) {
    let mut capture = Capture::start(world, Access::Full);
    let names = world.dir.path().join(format!("names{}", world.number()));
    std::fs::write(&names, "www.example.site\nedge.cdn.com\nhttp1.example.site\nnope.example.site\n")
        .unwrap();
    let client = world.internet.client(Access::Full);
    for (option, connections) in [("", 1), (" --cold", 4)] {
        for form in [format!("tls://{}", RESOLVER[0]), format!("https://{}/dns-query", RESOLVER[1])] {
            let command = format!(
                "'{}' dns --short --cacert '{}' --no-dnssec --resolver '{form}'{option} - < '{}'",
                env!("CARGO_BIN_EXE_urltrace"),
                world.certificates.ca.display(),
                names.display()
            );
            let output = crate::tools::run_at(client, &crate::tools::program("sh"), &["-c", &command]);
            let lines = output.stdout.lines().count();
            assert_eq!((output.code, lines), (DNS, 3), "{}", output.stderr);
            let seen = capture.take().connections();
            assert_eq!(seen.len(), connections, "{form}{option}: {seen:?}");
        }
    }
}
