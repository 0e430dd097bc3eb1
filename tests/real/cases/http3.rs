//! HTTP/3 against Caddy, which has a QUIC of another make. curl of Debian has none: the judge is what the server itself
//! says of the protocol, and what curl gets by HTTP/2 from the same server.

use std::fs;
use std::net::IpAddr;

use crate::curl::curl;
use crate::net::Access;
use crate::servers::Server;
use crate::tools::{inside, must, program, run_at};
use crate::urltrace::{Run, TCP, trace, trace_ok};
use crate::web::TEXT_BYTES;
use crate::zones::{WEB, WEB_HTTP1};
use crate::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("http3_from_caddy_is_what_caddy_and_curl_say", spoken),
    ("quic_and_tcp_run_side_by_side_and_one_is_used", raced),
    ("http3_that_nobody_speaks_is_refused", missing),
    ("http3_that_is_offered_and_does_not_get_through_is_found", unreachable),
];

const URL: &str = "https://www.example.site:8443/text.txt";

/// Caddy beside nginx, on a port of its own.
fn caddy(world: &World) -> Server {
    let dir = world.dir.path().join(format!("caddy{}", world.number()));
    fs::create_dir(&dir).unwrap();
    let [v4, v6] = WEB;
    let root = world.dir.path().join("web/root");
    let config = format!(
        "{{
  admin off
  auto_https off
  storage file_system {}
}}
https://www.example.site:8443 {{
  bind {v4} [{v6}]
  tls {} {}
  root * {}
  header X-Proto {{http.request.proto}}
  file_server
}}
",
        dir.display(),
        world.certificates.leaf.display(),
        world.certificates.key.display(),
        root.display()
    );
    let file = dir.join("Caddyfile");
    fs::write(&file, config).unwrap();
    let mut server = Server::start(&world.internet, &dir, "caddy", &program("caddy"), |command| {
        command.env("HOME", &dir).args(["run", "--adapter", "caddyfile", "--config"]).arg(&file);
    });
    let client = world.internet.client(Access::Full);
    let resolve = format!("www.example.site:8443:{v4}");
    server.wait_until(|| {
        let words = ["-qsSfk", "-o", "/dev/null", "--resolve", &resolve, URL];
        run_at(client, &program("curl"), &words).code == 0
    });
    server
}

fn by_http2(world: &World) -> crate::curl::Seen {
    let resolve = format!("*:8443:{}", WEB[0]);
    curl(world, URL, WEB[0], &["--http2", "--resolve", &resolve])
}

fn field<'r>(run: &'r Run, name: &str) -> &'r str {
    let all = run.list("/hops/0/http/headers");
    let found = all.iter().find(|field| field["name"].as_str().unwrap().eq_ignore_ascii_case(name));
    found.unwrap_or_else(|| panic!("no {name}: {run}"))["value"].as_str().unwrap()
}

fn spoken(world: &World) {
    let _caddy = caddy(world);
    let seen = by_http2(world);
    let run = trace_ok(world, &format!("--http3-only -4 {URL}"));
    assert_eq!((run.text("/hops/0/http/version"), field(&run, "x-proto")), ("HTTP/3", "HTTP/3.0"), "{run}");
    assert_eq!(run.number("/hops/0/http/status"), seen.number("http_code"), "{run}");
    assert_eq!(run.number("/hops/0/http/body/encoded_bytes"), seen.number("size_download"), "{run}");
    assert_eq!(run.number("/hops/0/http/body/encoded_bytes"), TEXT_BYTES as u64, "{run}");
    for name in ["content-type", "etag", "last-modified"] {
        assert_eq!(Some(field(&run, name)), seen.headers[name][0].as_str(), "{name}: {run}");
    }
    assert_eq!(run.text("/hops/0/tls/chain/0/sha256"), world.certificates.fingerprint(), "{run}");
    assert_eq!((run.text("/hops/0/tls/alpn"), run.text("/hops/0/quic/version")), ("h3", "1"), "{run}");
    assert!(run.number("/hops/0/phases/quic_us") > 0 && run.at("/hops/0/phases/tls_us").is_null(), "{run}");
    // Caddy's QUIC spreads what it sends.
    assert!(run.at("/hops/0/http/slow_start").is_null(), "{run}");
    assert!(run.text("/hops/0/http/slow_start_reason").starts_with("QUIC"), "{run}");
    let endpoint = trace_ok(world, "-4 quic://www.example.site:8443");
    assert!(endpoint.at("/hops/0/http").is_null(), "{endpoint}");
    assert!(endpoint.number("/hops/0/phases/quic_us") > 0, "{endpoint}");
    // What was replaced stands there for QUIC as for TCP.
    let elsewhere =
        "-4 --connect-to www.example.site:443:www.example.site:8443 https://www.example.site/text.txt";
    let [tcp, quic] =
        ["--http2", "--http3-only"].map(|version| trace_ok(world, &format!("{version} {elsewhere}")));
    let replaced = "/hops/0/connect/redirected_from";
    assert_eq!(quic.text(replaced), tcp.text(replaced), "{quic}");
    assert_eq!(field(&quic, "x-proto"), "HTTP/3.0", "{quic}");
    // The offer for the next visit, as it came.
    let offer = tcp.list("/hops/0/http/alt_svc/alternatives")[0].clone();
    let told = format!(
        "{}=\":{}\"; ma={}",
        offer["protocol"].as_str().unwrap(),
        offer["port"].as_u64().unwrap(),
        offer["max_age_s"].as_u64().unwrap()
    );
    // Caddy says it once for each of its addresses.
    assert!(seen.headers["alt-svc"][0].as_str().unwrap().starts_with(&told), "{tcp}");
}

/// What each transport's only attempt came to.
fn outcome<'r>(run: &'r Run, transport: &str) -> &'r str {
    let attempts = run.list("/hops/0/connect/attempts");
    let own: Vec<_> = attempts.iter().filter(|attempt| attempt["transport"] == transport).collect();
    assert_eq!(own.len(), 1, "{run}");
    own[0]["outcome"].as_str().unwrap()
}

fn raced(world: &World) {
    let _caddy = caddy(world);
    let run = trace_ok(world, &format!("--http3 -4 {URL}"));
    let quic = field(&run, "x-proto") == "HTTP/3.0";
    let (winner, loser) = if quic { ("quic", "tcp") } else { ("tcp", "quic") };
    assert_eq!((outcome(&run, winner), outcome(&run, loser)), ("won", "lost"), "{run}");
    assert_eq!(
        (run.at("/hops/0/quic").is_object(), run.at("/hops/0/phases/tls_us").is_u64()),
        (quic, !quic),
        "{run}"
    );
    // Without an offer in the DNS, TCP is alone.
    let plain = trace_ok(world, &format!("-4 {URL}"));
    assert_eq!(field(&plain, "x-proto"), "HTTP/2.0", "{plain}");
    assert_eq!(outcome(&plain, "tcp"), "won", "{plain}");
    // nginx of Debian has no QUIC: its machine says so.
    let nginx = trace_ok(world, "--http3 -4 https://www.example.site/text.txt");
    assert_eq!((outcome(&nginx, "tcp"), outcome(&nginx, "quic")), ("won", "refused"), "{nginx}");
}

fn missing(world: &World) {
    let address: IpAddr = WEB_HTTP1;
    let nobody =
        format!("--http3-only --resolve http1.example.site:443:{address} https://http1.example.site/");
    trace(world, Access::Full, &nobody).expect_failure(TCP, "tcp", "quic-refused");
}

/// A firewall in front of the servers, until it is dropped.
struct Firewall<'w>(&'w str);

impl<'w> Firewall<'w> {
    /// With what it does to QUIC for Caddy.
    fn new(namespace: &'w str, verdict: &str) -> Self {
        let chain = format!("chain c {{\ntype filter hook input priority 0;\nudp dport 8443 {verdict}\n}}");
        must(inside(namespace, &program("nft")).arg(format!("table inet quic {{\n{chain}\n}}")));
        Self(namespace)
    }
}

impl Drop for Firewall<'_> {
    fn drop(&mut self) {
        let _ = inside(self.0, &program("nft")).arg("delete table inet quic").status();
    }
}

fn unreachable(world: &World) {
    let _caddy = caddy(world);
    let found = |run: &Run| {
        let all = run.list("/findings").iter();
        let mut all = all.filter(|finding| finding["id"] == "tcp-http3-unreachable");
        all.next().map(|finding| finding["title"].as_str().unwrap().to_owned())
    };
    let run = trace_ok(world, &format!("--http3 -4 {URL}"));
    // Where the race was over too soon for an answer, the second try has one.
    let again = run.at("/hops/0/connect/udp_check");
    assert!(again.is_null() || again["answered_us"].is_u64(), "{run}");
    assert_eq!(found(&run), None, "{run}");
    // Caddy offers it in Alt-Svc all the same.
    for (verdict, outcome, words) in [
        ("drop", "lost", "was silent, and when tried again got no reply in 1."),
        ("reject", "refused", "was refused (ICMP: port unreachable)"),
    ] {
        let firewall = Firewall::new(&world.internet.servers, verdict);
        let run = trace_ok(world, &format!("--http3 -4 {URL}"));
        let plain = trace_ok(world, &format!("-4 {URL}"));
        drop(firewall);
        assert_eq!(outcome, self::outcome(&run, "quic"), "{run}");
        let title = found(&run).unwrap_or_else(|| panic!("{run}"));
        assert!(title.starts_with("Alt-Svc offers HTTP/3, but UDP to ") && title.contains(words), "{title}");
        let again = run.at("/hops/0/connect/udp_check");
        assert_eq!((again.is_null(), again["answered_us"].is_u64()), (verdict == "reject", false), "{run}");
        // Nobody tried QUIC: nothing is known of it.
        assert_eq!(found(&plain), None, "{plain}");
    }
}
