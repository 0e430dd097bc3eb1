//! TLS and HTTP facts against `curl` and `openssl`, from nginx.

use std::process::Command;

use super::{dig_all, on_a_quiet_moment};
use crate::curl::{Seen, curl};
use crate::net::Access;
use crate::tools::{must, program};
use crate::urltrace::{OK, Run, TLS, trace, trace_ok, urltrace};
use crate::web::{DRIP_BYTES, DRIP_RATE, SLOW_FIRST_BYTE, TEXT_BYTES};
use crate::zones::{AUTH, WEB, WEB_HTTP1, WEB_TLS12};
use crate::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("one_url_end_to_end_agrees_with_dig_and_curl", end_to_end),
    ("every_millisecond_is_accounted_for", accounted),
    ("versions_of_tls_and_http_agree_with_curl", versions),
    ("status_and_size_of_an_error_page_agree_with_curl", not_found),
    ("a_compressed_body_has_the_sizes_that_curl_counts", compressed),
    ("a_slow_first_byte_is_waiting_and_a_slow_body_is_receiving", slow),
    ("a_redirect_chain_has_a_record_for_each_hop", redirects),
    ("the_certificate_is_the_one_that_openssl_prints", certificate),
    ("an_unknown_issuer_is_exit_code_6_and_hides_nothing", unknown_issuer),
    ("an_internationalized_name_and_an_address_are_traced", names),
];

/// The facts that both tools have, for the hop given.
fn agree(run: &Run, hop: usize, seen: &Seen) {
    let at = |rest: &str| format!("/hops/{hop}/{rest}");
    assert_eq!(run.number(&at("http/status")), seen.number("http_code"), "{run}");
    assert_eq!(run.text(&at("http/version")), format!("HTTP/{}", seen.text("http_version")), "{run}");
    assert_eq!(run.text(&at("connect/address")), seen.text("remote_ip"), "{run}");
    assert_eq!(run.number(&at("connect/port")), seen.number("remote_port"), "{run}");
    assert_eq!(run.number(&at("http/body/encoded_bytes")), seen.number("size_download"), "{run}");
    assert_eq!(
        run.json.pointer(&at("tls/version")).and_then(|version| version.as_str()),
        seen.tls_version.as_deref(),
        "{run}"
    );
    if seen.text("http_version") != "2" {
        // HTTP/2 compresses fields: the two tools count different things there.
        assert_eq!(run.number(&at("http/head_bytes")), seen.number("size_header"), "{run}");
    }
    let own: Vec<(String, &str)> = run
        .list(&at("http/headers"))
        .iter()
        .map(|field| (field["name"].as_str().unwrap().to_ascii_lowercase(), field["value"].as_str().unwrap()))
        .filter(|(name, _)| name != "date")
        .collect();
    for (name, values) in seen.headers.as_object().unwrap().iter().filter(|(name, _)| *name != "date") {
        let values: Vec<&str> =
            values.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect();
        let found: Vec<&str> = own.iter().filter(|(own, _)| own == name).map(|(_, value)| *value).collect();
        assert_eq!(found, values, "{name}: {run}");
    }
    assert_eq!(
        own.len(),
        seen.headers.as_object().unwrap().keys().filter(|name| *name != "date").count(),
        "{run}"
    );
}

fn end_to_end(world: &World) {
    let url = "https://www.example.site/";
    let run = trace_ok(world, url);
    let host = "www.example.site";
    assert_eq!(
        run.records("/hops/0/dns/answers"),
        dig_all(world, &[(AUTH[0], host, "A"), (AUTH[0], host, "AAAA")]),
        "{run}"
    );
    assert_eq!((run.text("/hops/0/dns/rcode"), run.text("/hops/0/dns/lane")), ("NOERROR", "walk"), "{run}");
    let cuts: Vec<_> = run.list("/hops/0/dns/cuts").iter().map(|cut| cut["zone"].as_str().unwrap()).collect();
    assert_eq!(cuts, [".", "site.", "example.site."], "{run}");
    // Three round trips for a name with glue: A and AAAA part at the last cut.
    assert_eq!(run.list("/hops/0/dns/critical_path").len(), 3, "{run}");

    // The stub lane: unbound has walked the same tree.
    assert_eq!(run.at("/hops/0/dns/stub/agrees"), true, "{run}");
    assert_eq!(run.text("/hops/0/dns/stub/rcode"), "NOERROR", "{run}");
    assert!((1..=600).contains(&run.number("/hops/0/dns/stub/ttl")), "{run}");

    // IPv6 goes first (RFC 6724, RFC 8305).
    agree(&run, 0, &curl(world, url, WEB[1], &[]));
    assert_eq!(run.text("/hops/0/tls/sni"), host, "{run}");
    assert_eq!(run.text("/hops/0/tls/alpn"), "h2", "{run}");
    assert_eq!(run.number("/hops/0/connect/tcp_info/retransmits"), 0, "{run}");
    assert!(run.number("/hops/0/connect/tcp_info/mss") > 1200, "{run}");
}

/// What may lie between the phases, where a hundredth of the total is less. The packets here take no time, so that
/// nothing of our own work hides behind them: key shares, the check of the certificate, the walk's beginning and end.
/// The design's 1.5 ms are those of a release build on an idle machine, and this is the profile of tests.
const OWN_WORK_US: u64 = 5_000;

fn accounted(world: &World) {
    for url in [
        "https://www.example.site/",
        "--http1.1 https://www.example.site/text.txt",
        "http://www.example.site/",
    ] {
        on_a_quiet_moment(|| {
            let run = trace_ok(world, url);
            let (total, rest) =
                (run.number("/hops/0/phases/total_us"), run.number("/hops/0/phases/unaccounted_us"));
            if rest <= (total / 100).max(OWN_WORK_US) {
                Ok(())
            } else {
                Err(format!("{rest} of {total} us are unaccounted for: {run}"))
            }
        });
    }
}

fn versions(world: &World) {
    for (host, address, options) in [
        ("www", WEB[0], "-4"),
        ("www", WEB[0], "-4 --http1.1"),
        ("www", WEB[0], "-4 --tls-max 1.2"),
        ("www", WEB[1], "-6 --http2"),
        ("http1", WEB_HTTP1, "-4"),
        ("tls12", WEB_TLS12, "-4"),
        ("tls12", WEB_TLS12, "-4 --http1.1"),
    ] {
        let url = format!("https://{host}.example.site/");
        let run = trace_ok(world, &format!("{options} {url}"));
        agree(&run, 0, &curl(world, &url, address, &options.split(' ').collect::<Vec<_>>()));
        // RFC 8446 section 2, RFC 5246 section 7.3: one round trip, or two.
        let round_trips = if run.text("/hops/0/tls/version") == "TLSv1.3" { 1 } else { 2 };
        assert_eq!(run.number("/hops/0/tls/round_trips"), round_trips, "{run}");
    }
}

fn not_found(world: &World) {
    for options in ["-4", "-4 --http1.1"] {
        let url = "https://www.example.site/missing";
        let run = trace_ok(world, &format!("{options} {url}"));
        assert_eq!(run.number("/hops/0/http/status"), 404);
        agree(&run, 0, &curl(world, url, WEB[0], &options.split(' ').collect::<Vec<_>>()));
    }
}

fn compressed(world: &World) {
    for options in [&["-4", "--http1.1"][..], &["-4"]] {
        let url = "https://www.example.site/text.txt";
        let run = trace_ok(world, &format!("{} {url}", options.join(" ")));
        assert_eq!(run.text("/hops/0/http/body/encoding"), "gzip", "{run}");
        assert_eq!(run.number("/hops/0/http/body/decoded_bytes"), TEXT_BYTES as u64, "{run}");
        // curl offers what urltrace does not need to: the same offer makes the same bytes.
        let offer = [options, &["-H", "Accept-Encoding: gzip"]].concat();
        agree(&run, 0, &curl(world, url, WEB[0], &offer));
        assert!(
            run.number("/hops/0/http/body/wire_bytes") > run.number("/hops/0/http/body/encoded_bytes"),
            "{run}"
        );
        let plain = trace_ok(world, &format!("{} --no-compressed {url}", options.join(" ")));
        assert!(plain.at("/hops/0/http/body/encoding").is_null(), "{plain}");
        agree(&plain, 0, &curl(world, url, WEB[0], options));
    }
}

fn slow(world: &World) {
    let injected = SLOW_FIRST_BYTE.as_micros() as u64;
    on_a_quiet_moment(|| {
        let run = trace_ok(world, "https://www.example.site/slow");
        let phase = |name: &str| run.number(&format!("/hops/0/phases/{name}_us"));
        assert!(phase("wait") >= injected, "{run}");
        assert_eq!(run.text("/verdict/stage"), "wait", "{run}");
        let seen = curl(world, "https://www.example.site/slow", WEB[0], &[]);
        let by_curl = seen.micros("time_starttransfer") - seen.micros("time_pretransfer");
        let differs = phase("wait").abs_diff(by_curl);
        if differs <= 8_000 && phase("receive") < 10_000 {
            Ok(())
        } else {
            Err(format!("{differs} us from curl's {by_curl}: {run}"))
        }
    });
    // nginx sends the first second's share at once and the rest when its time has come.
    let run = trace_ok(world, "https://www.example.site/drip.bin");
    assert_eq!(run.number("/hops/0/http/body/encoded_bytes"), DRIP_BYTES as u64, "{run}");
    let least = 1_000_000 * (DRIP_BYTES - DRIP_RATE) as u64 / DRIP_RATE as u64;
    assert!(run.number("/hops/0/phases/receive_us") >= least * 9 / 10, "{run}");
    assert!(run.number("/hops/0/phases/wait_us") < 100_000, "{run}");
    assert_eq!(run.text("/verdict/stage"), "receive", "{run}");
}

fn redirects(world: &World) {
    let run = trace_ok(world, "-L http://example.site/start");
    let hops = run.list("/hops");
    let urls: Vec<_> = hops.iter().map(|hop| hop["url"]["href"].as_str().unwrap()).collect();
    assert_eq!(
        urls,
        [
            "http://example.site/start",
            "https://example.site/start",
            "https://www.example.site/start",
            "https://www.example.site/welcome/"
        ],
        "{run}"
    );
    let statuses: Vec<_> = hops.iter().map(|hop| hop["http"]["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [301, 308, 302, 200], "{run}");
    let seen = curl(world, urls[0], WEB[1], &["-L"]);
    assert_eq!((hops.len() as u64 - 1, urls[3]), (seen.number("num_redirects"), seen.text("url_effective")));
    let changes = |hop: usize| hops[hop]["http"]["redirect"]["changes"].to_string();
    assert_eq!([changes(0), changes(1), changes(2)], [r#"["scheme"]"#, r#"["www"]"#, r#"["path"]"#], "{run}");
    // The last hop stays on the host: the connection is used again, as curl does, and has no phases of its own.
    assert_eq!(hops[3]["reused_connection_of"], 2, "{run}");
    assert_eq!(seen.number("num_connects"), 3);
    assert!(hops[3]["phases"]["connect_us"].is_null() && hops[3]["phases"]["dns_us"].is_null(), "{run}");
    let sum: u64 = hops.iter().map(|hop| hop["phases"]["total_us"].as_u64().unwrap()).sum();
    assert_eq!(sum, run.number("/total_us"), "{run}");
    // Cuts of an earlier hop are known: www.example.site needs no root server again.
    let asked: Vec<_> =
        run.list("/hops/2/dns/packets").iter().filter(|packet| packet["purpose"] == "walk").collect();
    assert!(asked.iter().all(|packet| packet["zone"] == "example.site."), "{run}");
}

fn certificate(world: &World) {
    let run = trace_ok(world, "https://www.example.site/");
    let ask = |option: &[&str]| {
        let leaf = &world.certificates.leaf;
        let text =
            must(Command::new(program("openssl")).args(["x509", "-noout", "-in"]).arg(leaf).args(option));
        text.trim().split_once('=').map(|(_, value)| value.to_owned()).unwrap()
    };
    let hex = |text: &str| text.replace(':', "").to_ascii_lowercase();
    let leaf = "/hops/0/tls/chain/0";
    let at = |name: &str| run.text(&format!("{leaf}/{name}")).to_owned();
    assert_eq!(hex(&at("sha256")), hex(&ask(&["-fingerprint", "-sha256"])), "{run}");
    assert_eq!(
        hex(&at("serial")).trim_start_matches('0'),
        hex(&ask(&["-serial"])).trim_start_matches('0'),
        "{run}"
    );
    let iso = |option: &str| ask(&[option, "-dateopt", "iso_8601"]).replace(' ', "T");
    assert_eq!((at("not_before"), at("not_after")), (iso("-startdate"), iso("-enddate")), "{run}");
    for name in ["example.site", "*.example.site", "203.0.113.80", "2001:db8:80::80"] {
        assert!(run.list(&format!("{leaf}/names")).iter().any(|own| own == name), "{name}: {run}");
    }
    assert!(at("subject").contains("www.example.site") && at("issuer").contains("Test_CA"), "{run}");
    assert_eq!(at("key_type"), "ECDSA P-256", "{run}");
    assert_eq!(run.at("/hops/0/tls/verification/verified"), true, "{run}");
}

fn unknown_issuer(world: &World) {
    // One server sends its CA's certificate too, the other does not: from there, a missing intermediate
    // looks the same as an issuer that nobody knows.
    for (host, code, certificates) in
        [("http1", "certificate-unknown-issuer", 2), ("www", "certificate-chain-incomplete", 1)]
    {
        let run = urltrace(world, Access::Full, &format!("https://{host}.example.site/"));
        let run = run.expect_failure(TLS, "tls", code);
        assert_eq!(run.list("/hops/0/tls/chain").len(), certificates, "{run}");
        assert!(run.at("/hops/0/http").is_null(), "nothing may be sent to it: {run}");
    }
    let run = urltrace(world, Access::Full, "-k https://www.example.site/").expect_exit(OK);
    assert_eq!(run.at("/hops/0/tls/verification/overridden"), true, "{run}");
    let run = trace(world, Access::Full, "--connect-to ::www.example.site:443 https://other.example/");
    let run = run.expect_failure(TLS, "tls", "certificate-wrong-host");
    assert_eq!(run.text("/hops/0/tls/sni"), "other.example", "{run}");
}

fn names(world: &World) {
    let run = trace_ok(world, "https://Bücher.example.site/");
    assert_eq!(run.text("/hops/0/url/host"), "xn--bcher-kva.example.site", "{run}");
    assert_eq!(run.text("/hops/0/url/host_unicode"), "bücher.example.site", "{run}");
    assert_eq!(run.number("/hops/0/http/status"), 200);
    for address in WEB {
        let url =
            if address.is_ipv6() { format!("https://[{address}]/") } else { format!("https://{address}/") };
        let run = trace_ok(world, &url);
        assert!(run.at("/hops/0/dns").is_null() && run.at("/hops/0/phases/dns_us").is_null(), "{run}");
        assert!(run.at("/hops/0/reasons/dns").is_string(), "{run}");
        // RFC 6066 section 3: no SNI for an address.
        assert!(run.at("/hops/0/tls/sni").is_null(), "{run}");
        agree(&run, 0, &curl(world, &url, address, &[]));
    }
}
