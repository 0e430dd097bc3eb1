//! How far a trace goes, where its connections come from, and what each address does, against `curl` and `openssl`.

use crate::net::Access;
use crate::tools::{program, run_at};
use crate::urltrace::{OK, TCP, TLS, trace, trace_ok, urltrace};
use crate::zones::{WEB, WEB_HTTP1, WEB_SILENT, WEB_STOPPED, WEB_TLS12};
use crate::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("a_port_and_a_certificate_are_checked_as_openssl_does", endpoints),
    ("every_address_is_tried_and_has_what_curl_gets_there", addresses),
    ("a_connection_comes_from_where_curl_says_too", sources),
    ("a_unix_socket_is_reached_as_curl_reaches_it", unix_socket),
    ("the_kernel_counts_at_the_end_what_was_sent_and_received", counted),
];

fn endpoints(world: &World) {
    let run = trace_ok(world, "tls://www.example.site:443");
    assert_eq!(run.text("/hops/0/tls/chain/0/sha256"), world.certificates.fingerprint(), "{run}");
    assert!(run.at("/hops/0/http").is_null() && run.at("/hops/0/phases/send_us").is_null(), "{run}");
    assert_eq!(run.text("/hops/0/reasons/send"), "tls:// ends after the handshake", "{run}");
    assert!(run.at("/hops/0/tls/alpn").is_null(), "no protocol was offered: {run}");
    let old =
        trace_ok(world, &format!("tls://tls12.example.site --resolve tls12.example.site:443:{WEB_TLS12}"));
    assert_eq!(old.text("/hops/0/tls/version"), "TLSv1.2", "{old}");
    urltrace(world, Access::Full, "tls://www.example.site").expect_exit(TLS);
    let open = trace_ok(world, "tcp://www.example.site:80");
    assert!(open.at("/hops/0/tls").is_null() && open.number("/hops/0/phases/connect_us") > 0, "{open}");
    trace(world, Access::Full, "tcp://www.example.site:81").expect_failure(TCP, "tcp", "connection-refused");
    let name = trace_ok(world, "dns://www.example.site");
    assert!(name.at("/hops/0/connect").is_null() && name.number("/hops/0/phases/dns_us") > 0, "{name}");
}

fn addresses(world: &World) {
    let run = trace_ok(world, "--all-addresses=http https://www.example.site/");
    let all = run.list("/hops/0/connect/addresses");
    let mut seen: Vec<&str> = all.iter().map(|one| one["address"].as_str().unwrap()).collect();
    let mut wanted = WEB.map(|address| address.to_string());
    seen.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(seen, wanted, "{run}");
    for one in all {
        let address = one["address"].as_str().unwrap().parse().unwrap();
        let curl = crate::curl::curl(world, "https://www.example.site/", address, &[]);
        assert_eq!(one["status"].as_u64(), Some(curl.number("http_code")), "{run}");
        assert_eq!(one["tls_version"].as_str(), curl.tls_version.as_deref(), "{run}");
        assert_eq!((&one["outcome"], &one["verified"]), (&"ok".into(), &true.into()), "{run}");
        assert_eq!(one["fingerprint"], *run.at("/hops/0/tls/chain/0/sha256"), "{run}");
    }
    assert!(run.list("/findings").iter().all(|one| one["id"] != "tcp-backend-failed"), "{run}");
    // One that works, one that refuses, one that is silent, and one of another family without an answer.
    let given = format!("www.example.site:443:{},{WEB_STOPPED},{WEB_HTTP1},[{WEB_SILENT}]", WEB[0]);
    let words = format!("--all-addresses --connect-timeout 1 --resolve {given} https://www.example.site/");
    let run = trace_ok(world, &words);
    let outcome = |address: &str| {
        let one = run.list("/hops/0/connect/addresses").iter().find(|one| one["address"] == address);
        one.unwrap_or_else(|| panic!("{address}: {run}"))["outcome"].as_str().unwrap()
    };
    assert_eq!(outcome(&WEB[0].to_string()), "ok", "{run}");
    assert_eq!(outcome(&WEB_HTTP1.to_string()), "ok", "{run}");
    assert_eq!(outcome(&WEB_STOPPED.to_string()), "refused", "{run}");
    let ids: Vec<&str> = run.list("/findings").iter().filter_map(|one| one["id"].as_str()).collect();
    assert!(ids.contains(&"tcp-backend-failed"), "{run}");
    assert_eq!(outcome(&WEB_SILENT.to_string()) == "timed-out", ids.contains(&"tcp-family-failed"), "{run}");
}

fn sources(world: &World) {
    let host = WEB[0];
    for option in ["--local-port 43210-43219", "-4 --local-port 43220"] {
        let run = trace_ok(world, &format!("{option} http://www.example.site/ --resolve *:80:{host}"));
        let local = run.text("/hops/0/connect/local").rsplit_once(':').unwrap();
        let port: u16 = local.1.parse().unwrap();
        assert!((43210..=43220).contains(&port), "{run}");
    }
    // The client's own address, which curl finds by itself.
    let curl = crate::curl::curl(world, "http://www.example.site/", host, &[]);
    let own = curl.text("local_ip").to_owned();
    let run = trace_ok(world, &format!("--interface {own} https://www.example.site/"));
    assert!(run.text("/hops/0/connect/local").starts_with(&format!("{own}:")), "{run}");
    assert_eq!(run.text("/hops/0/connect/address"), host.to_string(), "from IPv4 to IPv4 only: {run}");
    trace(world, Access::Full, &format!("--interface lo tcp://{host}:443")).expect_exit(TCP);
}

fn unix_socket(world: &World) {
    let path = world.dir.path().join("web.sock");
    let _ = std::fs::remove_file(&path);
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let answer = b"HTTP/1.1 203 Fine\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
    let server = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
            let _ = std::io::Write::write_all(&mut stream, answer);
        }
    });
    let shown = path.to_str().unwrap();
    let run = urltrace(world, Access::Full, &format!("--unix-socket {shown} http://nowhere.example/a"))
        .expect_exit(OK);
    let client = world.internet.client(Access::Full);
    let words =
        ["-q", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", "--unix-socket", shown];
    let curl = run_at(client, &program("curl"), &[&words[..], &["http://nowhere.example/a"]].concat());
    server.join().unwrap();
    let own =
        format!("{} {}", run.number("/hops/0/http/status"), run.number("/hops/0/http/body/encoded_bytes"));
    assert_eq!(own, curl.stdout, "{run}");
    assert!(run.at("/hops/0/dns").is_null(), "{run}");
}

fn counted(world: &World) {
    let run = trace_ok(world, "--http1.1 https://www.example.site/text.txt");
    let at = |name: &str| run.number(&format!("/hops/0/{name}"));
    // The handshake and the records of HTTP, and a few bytes of TLS around them.
    let tls = at("tls/bytes_received");
    let kernel = at("connect/tcp_info_after/bytes_received");
    let http = at("http/bytes_received");
    assert!(kernel >= tls + http && kernel < tls + http + 2000, "{kernel} of {tls} and {http}: {run}");
    assert_eq!(at("connect/tcp_info_after/retransmits"), 0, "{run}");
    assert_eq!(at("connect/tcp_info/bytes_received"), 0, "right after the handshake: {run}");
}
