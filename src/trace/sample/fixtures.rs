//! The fixtures: one good run, bent in one way each.

use std::time::Duration;

use super::super::*;
use super::connection::time;
use super::exchange::{field, headers, redirect};
use super::hop::{Draft, Pull, fail, good_hop, shift, trace};
use super::hostile::hostile;
use super::lookup::alias_walk;
use super::proxy::proxy;

/// Every fixture by its name.
pub(crate) fn all() -> Vec<(&'static str, Trace)> {
    vec![
        ("success", success()),
        ("quick", quick()),
        ("redirects", redirects()),
        ("reused", reused()),
        ("again", again()),
        ("alias", alias()),
        ("nxdomain", nxdomain()),
        ("expired", expired()),
        ("refused", refused()),
        ("garbage", garbage()),
        ("hostile", hostile()),
        ("literal", literal()),
        ("proxied", proxied()),
        ("proxy-refused", proxy_refused()),
        ("http3", http3()),
        ("paged", super::paged()),
        ("stub-fallback", stub_fallback()),
        ("bad-url", bad_url()),
        ("max-time", max_time()),
    ]
}

/// The whole walk, a dead IPv6 address, TLS 1.3, HTTP/2.
pub(crate) fn success() -> Trace {
    trace("https://www.example.test/", 302_820, vec![good_hop("https", "www.example.test", "/", true)])
}

/// The same with a live first address: the walk takes the largest share.
fn quick() -> Trace {
    let mut hop = good_hop("https", "www.example.test", "/", false);
    hop.url.fragment = Some("top".into());
    hop.url.changes = vec![UrlChange {
        kind: UrlChangeKind::UpperCaseHost,
        before: "WWW.example.test".into(),
        after: "www.example.test".into(),
    }];
    trace("https://WWW.example.test/#top", 52_820, vec![hop])
}

/// The same, and what `--reuse` found: three more, and the connection ended under the last.
fn again() -> Trace {
    let mut trace = quick();
    let mut again = super::further(&[3_000, 2_800]);
    again.exchanges.push(super::further_failed());
    again.end = FurtherEnd::Closed;
    trace.requests[0].further = Some(again);
    trace
}

/// The same by HTTP/3.
fn http3() -> Trace {
    let mut trace = quick();
    super::quic::go_by_quic(&mut trace);
    trace
}

/// `http -> https -> www`, with a token in the first URL and credentials in the requests.
pub(crate) fn redirects() -> Trace {
    let mut first = good_hop("http", "shop.test", "/", false);
    first.url.href = "http://ann:hunter2@shop.test/?token=abc123&page=2".into();
    first.url.query = Some("token=abc123&page=2".into());
    (first.url.username, first.url.password) = (Some("ann".into()), Some("hunter2".into()));
    first.tls = Stage::Skipped("http is in the clear");
    let http = first.http.ran_mut().unwrap();
    http.version = HttpVersion::Http11;
    http.request.target = "/?token=abc123&page=2".into();
    http.request.headers = headers(&[
        ("Host", "shop.test"),
        ("Authorization", "Basic YW5uOmh1bnRlcjI="),
        ("Cookie", "cart=4711; theme=dark"),
        ("User-Agent", "urltrace/0.1.0"),
    ]);
    redirect(http, 301, "https://shop.test/?token=abc123&page=2", &[RedirectChange::Scheme]);
    shift(&mut first, 0, &[(Pull::Tls, 5_120)]);

    let mut second = good_hop("https", "shop.test", "/", false);
    second.url.href = "https://shop.test/?token=abc123&page=2".into();
    second.url.query = Some("token=abc123&page=2".into());
    redirect(
        second.http.ran_mut().unwrap(),
        308,
        "https://www.shop.test/cart",
        &[RedirectChange::Www, RedirectChange::Host, RedirectChange::Path, RedirectChange::Query],
    );
    let start = first.end.0;
    shift(&mut second, start, &[]);

    let mut third = good_hop("https", "www.shop.test", "/cart", false);
    let http = third.http.ran_mut().unwrap();
    http.headers.push(field("set-cookie", b"session=s3cr3t; Path=/; HttpOnly"));
    http.headers.push(field("set-cookie", b"theme=dark; Path=/"));
    let start = second.end.0;
    shift(&mut third, start, &[]);

    let total = third.end.0;
    trace("http://ann:hunter2@shop.test/?token=abc123&page=2", total, vec![first, second, third])
}

/// A missing slash, on the same connection.
fn reused() -> Trace {
    let mut first = good_hop("https", "www.example.test", "/docs", false);
    redirect(first.http.ran_mut().unwrap(), 301, "/docs/", &[RedirectChange::Slash, RedirectChange::Path]);
    let mut second = good_hop("https", "www.example.test", "/docs/", false);
    second.reused = Some(0);
    second.dns = Stage::Skipped("the connection was open");
    second.connect = Stage::Skipped("the connection was open");
    second.tls = Stage::Skipped("the connection was open");
    let (end, before) = (first.end.0, 33_800);
    shift(&mut second, end - before, &[]);
    second.start = At(end);
    let total = second.end.0;
    trace("https://www.example.test/docs", total, vec![first, second])
}

/// A CNAME into another zone, a name server without glue, a lame server, a truncated answer by TCP.
pub(crate) fn alias() -> Trace {
    let mut hop = good_hop("https", "www.example.test", "/", false);
    alias_walk(hop.dns.ran_mut().unwrap());
    trace("https://www.example.test/", 52_820, vec![hop])
}

/// The name does not exist.
fn nxdomain() -> Trace {
    let mut hop = good_hop("https", "nowhere.example.test", "/", false);
    let dns = hop.dns.ran_mut().unwrap();
    let negative =
        Negative { zone: Some("example.test.".into()), ttl: Some(300), rtype: None, foreign_soa: None };
    dns.rcode = Some(Rcode::NXDOMAIN);
    dns.answers.clear();
    dns.addresses.clear();
    dns.negative = Some(negative.clone());
    for packet in dns.packets.iter_mut().filter(|packet| packet.zone == "example.test.") {
        packet.meaning = Meaning::NxDomain(negative.clone());
        let reply = packet.reply.as_mut().unwrap();
        (reply.rcode, reply.answers, reply.authorities) = (Rcode::NXDOMAIN, 0, 1);
    }
    let stub = dns.stub.as_mut().unwrap();
    stub.rcode = Some(Rcode::NXDOMAIN);
    stub.answers.clear();
    (stub.ttl, stub.agrees) = (None, None);
    fail(
        &mut hop,
        "https://nowhere.example.test/",
        StageName::Dns,
        FailureCode::NxDomain,
        "`nowhere.example.test.` does not exist: a server of `example.test.` says so (NXDOMAIN)",
        Some("check the spelling, or ask who runs `example.test.` to add the name"),
    )
}

/// A certificate that is over; nothing was sent.
fn expired() -> Trace {
    let mut hop = good_hop("https", "expired.test", "/", false);
    let tls = hop.tls.ran_mut().unwrap();
    tls.chain[0].not_after = time(1_795_000_000);
    tls.chain[0].days_left = -3;
    tls.verification.as_mut().unwrap().faults = vec![
        CertificateFault::Expired { index: 0, not_after: time(1_795_000_000) },
        CertificateFault::WrongHost {
            wanted: "expired.test".into(),
            nearest: Some("www.expired.test".into()),
            near_miss: None,
        },
    ];
    tls.alert = Some(Alert { direction: Direction::Sent, description: "certificate_expired".into() });
    fail(
        &mut hop,
        "https://expired.test/",
        StageName::Tls,
        FailureCode::CertificateExpired,
        "the certificate of `expired.test` expired 3 days ago, on 2026-11-18",
        Some("renew the certificate on the server; `-k` goes on in spite of it"),
    )
}

/// Nobody listens on either address.
fn refused() -> Trace {
    let mut hop = good_hop("https", "www.example.test", "/", true);
    let connect = hop.connect.ran_mut().unwrap();
    connect.winner = None;
    connect.local = None;
    connect.tcp_info = None;
    connect.attempts[0].outcome = AttemptOutcome::Unreachable("No route to host (os error 113)".into());
    connect.attempts[0].end = At(connect.start.0 + 60);
    connect.attempts[1].outcome = AttemptOutcome::Refused;
    connect.attempts[1].start = At(connect.start.0 + 70);
    connect.attempts[1].end = At(connect.start.0 + 240);
    connect.end = At(connect.start.0 + 240);
    fail(
        &mut hop,
        "https://www.example.test/",
        StageName::Tcp,
        FailureCode::ConnectionRefused,
        "127.53.1.1:443 refused the connection, and 2001:db8:53::1 is unreachable",
        Some("check that a server listens on port 443"),
    )
}

/// An SSH banner with terminal escapes instead of HTTP.
pub(crate) fn garbage() -> Trace {
    let mut hop = good_hop("http", "bad.test", "/", false);
    hop.tls = Stage::Skipped("http is in the clear");
    let http = hop.http.ran_mut().unwrap();
    http.garbage = Some(b"SSH-2.0-OpenSSH_9.2\r\n\x1b]0;pwned\x07\x1b[2J\xff\xfe".to_vec());
    http.status = None;
    http.reason = None;
    http.headers.clear();
    http.informational.clear();
    http.head_end = None;
    http.body = Body { framing: BodyFraming::None, ..Body::default() };
    http.version = HttpVersion::Http11;
    shift(&mut hop, 0, &[(Pull::Tls, 5_120)]);
    let end = hop.http.as_ref().ran().unwrap().end;
    let running = end.since(hop.http.as_ref().ran().unwrap().start);
    hop.end = end;
    hop.failure = Some(Failure {
        stage: StageName::Http,
        code: FailureCode::NotHttp,
        message: "the server sent `SSH-2.0-OpenSSH_9.2` instead of HTTP".into(),
        hint: Some("this port seems to belong to an SSH server".into()),
        running,
    });
    trace("http://bad.test/", end.0, vec![hop])
}

/// An IP literal: no DNS, no name to check.
fn literal() -> Trace {
    let mut hop = good_hop("http", "127.0.0.1", "/", false);
    hop.url.host = Host::Ipv4([127, 0, 0, 1].into());
    hop.url.port = 8080;
    hop.url.port_is_default = false;
    hop.url.href = "http://127.0.0.1:8080/".into();
    hop.dns = Stage::Skipped("the host is an IP address");
    hop.tls = Stage::Skipped("http is in the clear");
    let connect = hop.connect.ran_mut().unwrap();
    connect.attempts[0].address = "127.0.0.1:8080".parse().unwrap();
    let http = hop.http.ran_mut().unwrap();
    http.version = HttpVersion::Http11;
    http.reason = Some("OK".into());
    shift(&mut hop, 0, &[(Pull::Dns, 28_420), (Pull::Tls, 5_120)]);
    let total = hop.end.0;
    trace("127.0.0.1:8080", total, vec![hop])
}

/// Behind a proxy that resolves the name and needs 41 ms for the tunnel.
fn proxied() -> Trace {
    let hop = behind_proxy();
    let total = hop.end.0;
    trace("https://www.example.test/", total, vec![hop])
}

fn behind_proxy() -> Draft {
    const LATER: u64 = 42_000;
    let mut hop = good_hop("https", "www.example.test", "/", false);
    hop.dns = Stage::Skipped("the proxy resolves the name");
    shift(&mut hop, LATER, &[(Pull::Dns, 28_420)]);
    hop.start = At(20);
    let connect = hop.connect.ran_mut().unwrap();
    for stamp in [&mut connect.start, &mut connect.end] {
        stamp.0 -= LATER;
    }
    let attempt = &mut connect.attempts[0];
    attempt.address = "192.0.2.31:3128".parse().unwrap();
    (attempt.start, attempt.end) = (connect.start, connect.end);
    let mut proxy = proxy(At(connect.end.0 + 30));
    (proxy.end, proxy.rounds[0].end) = (At(connect.end.0 + 41_000), At(connect.end.0 + 41_000));
    proxy.lookup = Some(ProxyLookup {
        start: At(20),
        end: At(30),
        addresses: vec!["192.0.2.31".parse().unwrap()],
        error: None,
    });
    hop.proxy = Some(proxy);
    hop
}

/// The proxy wants credentials, and repeats those that it got.
fn proxy_refused() -> Trace {
    let mut hop = behind_proxy();
    let proxy = hop.proxy.as_mut().unwrap();
    (proxy.status, proxy.reason) = (Some(407), Some("Not you, joe:hunter2hunter2".into()));
    proxy.credentials = Some(Secret("joe:hunter2hunter2".into()));
    proxy.headers = headers(&[("Proxy-Authenticate", "Basic realm=\"proxy\"")]);
    proxy.rounds[0].answer = Some("407 Not you, joe:hunter2hunter2".into());
    let end = proxy.end;
    let mut trace = fail(
        &mut hop,
        "https://www.example.test/",
        StageName::Tcp,
        FailureCode::ProxyAuthentication,
        "the http proxy proxy.example.test:3128 did not take the credentials: 407 Not you, joe:hunter2hunter2",
        Some("are user name and password right? -U gives others"),
    );
    (trace.requests[0].end, trace.total) = (end, end.since(At(0)));
    trace
}

/// No root server could be reached; the machine's resolver could.
fn stub_fallback() -> Trace {
    let mut hop = good_hop("https", "www.example.test", "/", false);
    let dns = hop.dns.ran_mut().unwrap();
    dns.lane = DnsLane::StubFallback;
    dns.cuts.truncate(1);
    dns.packets.truncate(2);
    let root = &mut dns.packets[0];
    root.meaning = Meaning::Timeout;
    (root.reply, root.received, root.bytes_received) = (None, None, None);
    root.end = At(root.sent.0 + 20_000);
    let stub = &mut dns.packets[1];
    stub.end = At(28_430);
    stub.received = Some(stub.end);
    dns.critical_path = vec![0, 1];
    dns.notes.push("no root server answered in 2 s: the answer is the resolver's".into());
    let record = dns.stub.as_mut().unwrap();
    record.end = At(28_430);
    record.agrees = None;
    trace("https://www.example.test/", 52_820, vec![hop])
}

/// Not a URL: no hop at all.
fn bad_url() -> Trace {
    let mut trace = trace("https://exa mple/", 90, Vec::new());
    trace.no_request = Some(Failure {
        stage: StageName::Url,
        code: FailureCode::InvalidHost,
        message: "`exa mple` cannot be a host: it has a space at column 12".into(),
        hint: Some("write a space in a path as `%20`".into()),
        running: Duration::from_micros(90),
    });
    trace
}

/// `--max-time` passed while the first byte was awaited.
fn max_time() -> Trace {
    let mut hop = good_hop("https", "slow.test", "/report", false);
    let http = hop.http.ran_mut().unwrap();
    http.first_byte = None;
    http.head_end = None;
    http.status = None;
    http.headers.clear();
    http.body = Body { framing: BodyFraming::None, ..Body::default() };
    http.end = At(30_000_000);
    hop.end = At(30_000_000);
    let running = http.end.since(http.start);
    hop.failure = Some(Failure {
        stage: StageName::Http,
        code: FailureCode::MaxTime,
        message: "no answer from `slow.test` within the 30 s of `--max-time`".into(),
        hint: Some("give it more time with `--max-time 60`".into()),
        running,
    });
    trace("https://slow.test/report", 30_000_000, vec![hop])
}
