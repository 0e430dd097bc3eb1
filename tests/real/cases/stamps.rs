//! Counts and times against a packet capture: each packet on record, none more, each when it was.

use std::net::IpAddr;

use super::on_a_quiet_moment;
use crate::Test;
use crate::World;
use crate::net::{Access, FAR};
use crate::pcap::{Capture, Exchange};
use crate::urltrace::{OK, Run, trace, trace_ok, walk};
use crate::wire::{self, PHASES};

pub(crate) const TESTS: &[Test] = &[
    ("dns_packets_are_those_of_the_capture", packets),
    ("dns_and_tcp_times_are_those_of_the_capture", times),
    ("phases_are_those_of_the_capture_whatever_the_distance", phases),
    ("request_and_response_times_are_those_of_the_capture", http_times),
    ("a_phase_begins_with_its_first_packet", promptness),
    ("nothing_is_sent_twice_in_silence", names),
];

/// How far a stamp may be from the capture's.
const TOLERANCE_US: u64 = 1_500;
/// The same for the reply to a question by UDP and for a connect: both times of the arrival are the kernel's.
const KERNEL_TOLERANCE_US: u64 = 150;

/// A packet of the JSON, as the capture would show it.
struct Told {
    server: IpAddr,
    tcp: bool,
    qname: String,
    sent: u64,
    received: Option<u64>,
}

fn told(run: &Run) -> Vec<Told> {
    let pointers: Vec<String> = match run.json.get("hops") {
        Some(hops) => {
            (0..hops.as_array().unwrap().len()).map(|hop| format!("/hops/{hop}/dns/packets")).collect()
        }
        None => vec!["/dns/packets".to_owned()],
    };
    let mut all: Vec<Told> = pointers
        .iter()
        .filter_map(|pointer| run.json.pointer(pointer)?.as_array())
        .flatten()
        .map(crate::urltrace::Packet)
        .map(|packet| Told {
            server: packet.server(),
            tcp: packet.text("transport") == "tcp",
            qname: if packet.text("transport") == "tcp" {
                String::new()
            } else {
                packet.text("qname").to_ascii_lowercase()
            },
            sent: packet.us("sent_us").unwrap(),
            received: packet.us("received_us"),
        })
        .collect();
    all.sort_by_key(|packet| packet.sent);
    all
}

/// Who was asked what and by which transport, sorted.
fn told_questions(run: &Run) -> Vec<(IpAddr, bool, String)> {
    let mut all: Vec<_> = told(run).into_iter().map(|one| (one.server, one.tcp, one.qname)).collect();
    all.sort();
    all
}

fn seen_questions(exchanges: &[Exchange]) -> Vec<(IpAddr, bool, String)> {
    let mut all: Vec<_> = exchanges.iter().map(|one| (one.server, one.tcp, one.qname.clone())).collect();
    all.sort();
    all
}

fn packets(world: &World) {
    let mut capture = Capture::start(world, Access::Full);
    let mut check =
        |run: Run| assert_eq!(told_questions(&run), seen_questions(&capture.take().dns()), "{run}");
    check(trace_ok(world, "https://www.example.site/"));
    check(trace_ok(world, "-L http://example.site/start"));
    for (name, rtype) in [
        ("www.example.site", "A"),
        ("three.example.site", "A"),
        ("www.glueless.site", "AAAA"),
        ("big.example.site", "TXT"),
        ("www.lame.site", "A"),
        ("www.stopped.site", "A"),
        ("www.silent.site", "A"),
        ("nope.example.site", "A"),
    ] {
        check(walk(world, Access::Full, name, rtype));
    }
}

/// The difference between a time as told and as seen is small, or says which.
fn near(what: &str, told: u64, seen: u64) -> Result<(), String> {
    within(TOLERANCE_US, what, told, seen)
}

fn within(tolerance: u64, what: &str, told: u64, seen: u64) -> Result<(), String> {
    if told.abs_diff(seen) <= tolerance {
        Ok(())
    } else {
        Err(format!("{what}: {told} us on record, {seen} us in the capture"))
    }
}

fn times(world: &World) {
    for access in [Access::Full, FAR] {
        times_at(world, access);
    }
}

fn times_at(world: &World, access: Access) {
    let mut capture = Capture::start(world, access);
    for url in ["https://www.example.site/", "https://dead6.example.site/"] {
        on_a_quiet_moment(|| {
            let run = trace(world, access, url).expect_exit(OK);
            let packets = capture.take();
            dns_times(&run, &packets.dns())?;
            for attempt in
                run.list("/hops/0/connect/attempts").iter().filter(|attempt| attempt["outcome"] == "won")
            {
                let address: IpAddr = attempt["address"].as_str().unwrap().parse().unwrap();
                let connection =
                    packets.connections().into_iter().find(|one| one.server == (address, 443)).unwrap();
                let seen = connection.syn_ack.unwrap() - connection.syn;
                let told = attempt["duration_us"].as_u64().unwrap();
                within(KERNEL_TOLERANCE_US, "SYN to SYN/ACK", told, seen)?;
            }
            Ok(())
        });
    }
    for (name, rtype) in [("big.example.site", "TXT"), ("www.silent.site", "A")] {
        on_a_quiet_moment(|| {
            let run = walk(world, access, name, rtype);
            dns_times(&run, &capture.take().dns())
        });
    }
}

/// Matches by server, name and transport in the order sent. Answered questions: how long it took. All: the
/// distance to the first packet.
fn dns_times(run: &Run, exchanges: &[Exchange]) -> Result<(), String> {
    let told = told(run);
    let mut seen: Vec<Option<&Exchange>> = exchanges.iter().map(Some).collect();
    let (mut told_first, mut seen_first) = (None, None);
    for packet in &told {
        let own = |slot: &&mut Option<&Exchange>| {
            slot.is_some_and(|one| {
                (one.server, one.tcp, &one.qname) == (packet.server, packet.tcp, &packet.qname)
            })
        };
        let exchange = seen
            .iter_mut()
            .find(own)
            .and_then(Option::take)
            .unwrap_or_else(|| panic!("{} {}: not captured: {run}", packet.server, packet.qname));
        let what = format!("{} {}", packet.server, packet.qname);
        let (told_first, seen_first) =
            (*told_first.get_or_insert(packet.sent), *seen_first.get_or_insert(exchange.sent));
        near(&format!("{what}: sent"), packet.sent - told_first, exchange.sent.saturating_sub(seen_first))?;
        if let (Some(received), Some(seen)) = (packet.received, exchange.received) {
            let tolerance = if packet.tcp { TOLERANCE_US } else { KERNEL_TOLERANCE_US };
            within(tolerance, &format!("{what}: reply"), received - packet.sent, seen - exchange.sent)?;
        }
    }
    Ok(())
}

fn phases(world: &World) {
    for access in [Access::Full, FAR] {
        let mut capture = Capture::start(world, access);
        on_a_quiet_moment(|| {
            let run = trace(world, access, "--http1.1 https://www.example.site/").expect_exit(OK);
            let seen = wire::phases(&capture.take())
                .ok_or("the capture does not show one connection and all of it")?;
            for (phase, seen) in PHASES.iter().zip(seen) {
                let told = run.number(&format!("/hops/0/phases/{phase}_us"));
                within(KERNEL_TOLERANCE_US, phase, told, seen)?;
            }
            Ok(())
        });
    }
}

/// In the clear, where the capture can see which segment is which: the host's HTTPS record would make it TLS.
fn http_times(world: &World) {
    let mut capture = Capture::start(world, Access::Full);
    on_a_quiet_moment(|| {
        let run = trace_ok(world, "--no-https-rr http://www.example.site/");
        let connection = capture.take().connections().remove(0);
        let begin = run.number("/hops/0/connect/attempts/0/start_us");
        for (what, told, seen) in [
            ("the request", "sent_us", connection.request),
            ("the first byte", "first_byte_us", connection.response),
        ] {
            let told = run.number(&format!("/hops/0/http/{told}")) - begin;
            near(&format!("SYN to {what}"), told, seen.unwrap() - connection.syn)?;
        }
        Ok(())
    });
}

/// Nothing but the program's own work lies between the end of one stage and the first packet of the next: no
/// timer, no thread to wake.
fn promptness(world: &World) {
    // The key shares, the check of the certificate and the walk's beginning and end: the packets here take no time
    // that they could hide behind, and this is the profile of tests.
    const OWN_WORK_US: u64 = 2_500;
    on_a_quiet_moment(|| {
        let run = trace_ok(world, "https://www.example.site/");
        let [dns, connect, tls] = ["dns", "connect", "tls"].map(|stage| {
            let start = run.number(&format!("/hops/0/{stage}/start_us"));
            (start, start + run.number(&format!("/hops/0/{stage}/duration_us")))
        });
        for (what, from, to) in [
            ("the first question", 0, run.number("/hops/0/dns/packets/0/sent_us")),
            ("the connection", dns.1, run.number("/hops/0/connect/attempts/0/start_us")),
            ("the ClientHello", connect.1, run.number("/hops/0/tls/flights/0/start_us")),
            ("the request", tls.1, run.number("/hops/0/http/start_us")),
        ] {
            if to - from > OWN_WORK_US {
                return Err(format!("{what} came {} us late: {run}", to - from));
            }
        }
        Ok(())
    });
}

fn names(world: &World) {
    let mut capture = Capture::start(world, Access::Full);
    let run = trace_ok(world, "https://www.example.site/");
    let packets = capture.take();
    let connections: Vec<_> = packets.connections().into_iter().map(|one| one.server.0.to_string()).collect();
    let attempts: Vec<_> = run
        .list("/hops/0/connect/attempts")
        .iter()
        .map(|attempt| attempt["address"].as_str().unwrap())
        .collect();
    assert_eq!(connections, attempts, "{run}");
    // Names that were never part of the question are never asked for.
    for exchange in packets.dns() {
        // The zones above it are asked for the keys and delegations that DNSSEC is judged by.
        let on_the_way = ["www.example.site.", "example.site.", "site.", "."];
        assert!(on_the_way.contains(&exchange.qname.as_str()), "{exchange:?}\n{run}");
    }
}
