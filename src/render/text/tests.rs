//! The reports of all fixtures: whole, on every width, in both character sets.

use unicode_width::UnicodeWidthStr;

use crate::redact::Secrets;
use crate::render::{Diagram, Format, Style, escape, render, render_dns, testtrace};
use crate::trace::{
    AddressSource, Copied, Keeper, Propagation, RecordType, ServerCheck, ServerFault, Trace, UnfoundServer,
};

fn report(trace: &Trace, style: &Style) -> String {
    report_with(trace, Secrets::Hide, style)
}

fn report_with(trace: &Trace, secrets: Secrets, style: &Style) -> String {
    let mut out = Vec::new();
    render(&testtrace::report(trace, secrets), Format::Text, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn dns_report(trace: &Trace, style: &Style) -> Option<String> {
    let mut out = Vec::new();
    render_dns(&testtrace::dns_report(trace)?, Format::Text, style, &mut out).unwrap();
    Some(String::from_utf8(out).unwrap())
}

const UNICODE: Style = Style {
    color: false,
    unicode: true,
    width: 80,
    verbose: false,
    headers: false,
    diagram: Diagram::Waterfall,
    explain: false,
};
const ASCII: Style = Style { unicode: false, ..UNICODE };
const VERBOSE: Style = Style { verbose: true, ..UNICODE };
const LADDER: Style = Style { diagram: Diagram::Ladder, ..UNICODE };

/// Snapshots lie beside the documents of the same traces.
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../fixtures/trace");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_report_reads_as_committed() {
    for (name, trace) in testtrace::all() {
        snapshot(name, &report(&trace, &UNICODE));
    }
}

#[test]
fn every_report_reads_as_committed_in_ascii() {
    for name in ["success", "redirects", "expired", "max-time"] {
        let (_, trace) = testtrace::all().into_iter().find(|(fixture, _)| *fixture == name).unwrap();
        snapshot(&format!("{name}.ascii"), &report(&trace, &ASCII));
    }
}

#[test]
fn ladders_read_as_committed() {
    for name in ["success", "alias", "refused", "stub-fallback", "max-time"] {
        let (_, trace) = testtrace::all().into_iter().find(|(fixture, _)| *fixture == name).unwrap();
        snapshot(&format!("{name}.ladder"), &ladder(&trace, &LADDER));
    }
    snapshot("success.ladder.ascii", &ladder(&testtrace::success(), &Style { unicode: false, ..LADDER }));
    snapshot("success.ladder.verbose", &ladder(&testtrace::success(), &Style { verbose: true, ..LADDER }));
}

fn ladder(trace: &Trace, style: &Style) -> String {
    super::ladder_alone(&testtrace::report(trace, Secrets::Hide), style)
}

#[test]
fn verbose_reports_read_as_committed() {
    for name in ["quick", "alias", "hostile"] {
        let (_, trace) = testtrace::all().into_iter().find(|(fixture, _)| *fixture == name).unwrap();
        snapshot(&format!("{name}.verbose"), &report(&trace, &VERBOSE));
    }
}

#[test]
fn reports_of_a_name_read_as_committed() {
    for name in ["success", "alias", "nxdomain", "stub-fallback"] {
        let (_, trace) = testtrace::all().into_iter().find(|(fixture, _)| *fixture == name).unwrap();
        snapshot(&format!("{name}.dns"), &dns_report(&trace, &UNICODE).unwrap());
    }
    snapshot("success.dns.verbose", &dns_report(&testtrace::success(), &VERBOSE).unwrap());
}

#[test]
fn no_line_is_wider_than_asked_nor_holds_what_a_terminal_obeys() {
    for (name, trace) in testtrace::all() {
        for width in (40..=120).chain([140, 160, 200]) {
            for (unicode, verbose) in [(true, false), (false, false), (true, true), (false, true)] {
                // The long form is the same code line by line: some widths are enough for it.
                if verbose && width % 10 != 0 {
                    continue;
                }
                let style = Style { width, unicode, verbose, ..UNICODE };
                let drawn = Style { diagram: Diagram::Ladder, ..style };
                let texts = [Some(report(&trace, &drawn)), dns_report(&trace, &drawn)];
                for line in texts.iter().flatten().flat_map(|text| text.lines()) {
                    assert!(line.width() <= width, "{name} at {width}: {line}");
                    assert!(!line.chars().any(escape::is_control), "{name}: {line:?}");
                    assert!(unicode || line.is_ascii(), "{name}: {line:?}");
                    assert!(!line.ends_with(' '), "{name} at {width}: {line:?}");
                }
            }
        }
    }
}

#[test]
fn a_story_stays_on_its_page_whole_and_without_secrets() {
    for (name, trace) in testtrace::all() {
        for (width, unicode) in [(40, true), (72, false), (80, true), (80, false), (160, true)] {
            let style = Style { width, unicode, explain: true, ..UNICODE };
            let texts = [Some(report(&trace, &style)), dns_report(&trace, &style)];
            for text in texts.into_iter().flatten() {
                assert!(text.contains("The story of this run\n"), "{name}");
                assert!(["hunter2", "abc123"].iter().all(|secret| !text.contains(secret)), "{name}");
                for line in text.lines() {
                    assert!(line.width() <= width, "{name} at {width}: {line}");
                    assert!(!line.chars().any(escape::is_control), "{name}: {line:?}");
                    assert!(unicode || line.is_ascii(), "{name}: {line:?}");
                    assert!(!line.ends_with("RFC"), "{name}: {line}");
                }
            }
        }
    }
    let text = report(&testtrace::success(), &Style { explain: true, ..UNICODE });
    let tries = text.lines().filter(|line| line.trim_start().starts_with("try: urltrace ")).count();
    assert!(tries >= 6, "{text}");
}

#[test]
fn colour_changes_no_letter() {
    for (name, trace) in testtrace::all() {
        let plain = report(&trace, &VERBOSE);
        let painted = report(&trace, &Style { color: true, ..VERBOSE });
        assert!(!plain.contains('\x1b'), "{name}");
        assert!(painted.contains("\x1b["), "{name}");
        let mut stripped = String::new();
        for (index, part) in painted.split("\x1b[").enumerate() {
            stripped.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
        }
        assert_eq!(stripped, plain, "{name}");
    }
}

#[test]
fn bytes_of_a_peer_are_shown_escaped() {
    let text = report(&testtrace::garbage(), &UNICODE);
    assert!(text.contains(r"SSH-2.0-OpenSSH_9.2\x0d\x0a\x1b]0;pwned\x07\x1b[2J\xff\xfe"), "{text}");
    let text = report(&testtrace::hostile(), &VERBOSE);
    assert!(text.contains(r"\u{202e}") && text.contains(r"\x9b2J") && text.contains(r"\x1b[31m"), "{text}");
    assert!(text.contains(r"\xff\xfe\x80 raw"), "{text}");
}

#[test]
fn secrets_are_shown_only_when_asked() {
    let hidden = report(&testtrace::redirects(), &VERBOSE);
    let shown = report_with(&testtrace::redirects(), Secrets::Show, &VERBOSE);
    for secret in ["hunter2", "abc123", "s3cr3t", "4711", "YW5uOmh1bnRlcjI="] {
        assert!(!hidden.contains(secret), "{secret}");
        assert!(shown.contains(secret), "{secret}");
    }
}

#[test]
fn the_parts_of_a_report_come_in_their_order() {
    let text = report(&testtrace::success(), &VERBOSE);
    let places: Vec<usize> = [
        "https://www.example.test/  200 OK  303 ms  HTTP/2  TLS 1.3  127.53.1.1",
        "Connecting took 83 %",
        "\ndns ",
        "\nconnect ",
        "\nreceive ",
        "\nurl ",
        "\nhttp ",
        "\nresolver ",
        "! IPv6 does not answer",
        "\nDNS packets",
        "\nTLS flights",
        "\nrequest\n",
        "\nresponse\n",
    ]
    .iter()
    .map(|part| text.find(part).unwrap_or_else(|| panic!("no {part:?} in\n{text}")))
    .collect();
    assert!(places.is_sorted(), "{places:?}\n{text}");
}

#[test]
fn the_servers_of_a_zone_are_told_one_a_line_also_those_without_an_address() {
    let mut trace = testtrace::success();
    let dns = &mut trace.lookups[0];
    let check = ServerCheck {
        name: "ns1.example.test.".to_owned(),
        address: "192.0.2.53:53".parse().unwrap(),
        source: AddressSource::Walk,
        rtt: None,
        reachable: true,
        rcode: None,
        authoritative: Some(true),
        serial: Some(7),
        answers: Vec::new(),
        edns: Some(true),
        tcp: Some(true),
        faults: vec![ServerFault::NoUdp("did not answer in 2 s".to_owned())],
        packets: Vec::new(),
    };
    dns.all_servers = Some(vec![check]);
    let (name, why) = ("ns9.example.test.".to_owned(), "NXDOMAIN".to_owned());
    dns.unfound_servers = vec![UnfoundServer { name, why }];
    let text = report(&trace, &Style { width: 100, ..UNICODE });
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("ns")).map(str::trim_end).collect();
    assert_eq!(
        rows,
        [
            "ns1.example.test. 192.0.2.53         -           7  yes  yes  no-udp: no answer",
            "ns9.example.test.                    -           -  -    -    no address: NXDOMAIN",
        ],
        "{text}"
    );
}

#[test]
fn a_holder_of_a_copy_has_its_port_where_that_is_not_the_usual_one() {
    let mut trace = testtrace::success();
    let dns = &mut trace.lookups[0];
    let copy = |keeper, name: Option<&str>, address: &str| Copied {
        keeper,
        name: name.map(str::to_owned),
        address: address.parse().unwrap(),
        rcode: None,
        answers: Vec::new(),
        ttl: None,
        rtt: None,
        agrees: None,
        error: Some("did not answer in 2 s".to_owned()),
        packets: Vec::new(),
    };
    let copies = vec![
        copy(Keeper::Authority, Some("ns1.example.test."), "192.0.2.53:53"),
        copy(Keeper::Configured, None, "192.0.2.1:5353"),
        copy(Keeper::Public, Some("mine"), "[2001:db8::1]:5353"),
        copy(Keeper::Public, None, "192.0.2.9:53"),
    ];
    let rtype = RecordType::A;
    dns.propagation = Some(Propagation { rtype, copies, stale_for: None, advice: Vec::new() });
    let text = report(&trace, &Style { width: 100, ..UNICODE });
    for label in [
        "ns1.example.test. 192.0.2.53  ",
        "configured 192.0.2.1:5353  ",
        "mine [2001:db8::1]:5353  ",
        "public 192.0.2.9  ",
    ] {
        assert!(text.lines().any(|line| line.starts_with(label)), "{label} {text}");
    }
}
