//! Proxies end to end: which one is used, what is told of it, and what is not.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use rustls::{ServerConnection, Stream};
use serde_json::Value;

use crate::support::{code, json, run, stderr, stdout, urltrace};
use crate::tls_server;

const PROXY: &str = "http://proxy.http.test:3128";

#[test]
fn a_tunnel_and_a_forwarded_request_are_told_apart() {
    let (exit, document) = json(&["--lab", "-x", PROXY, "https://www.example.test/"]);
    let hop = &document["hops"][0];
    let proxy = &hop["proxy"];
    assert_eq!(exit, 0, "{}", document["failure"]);
    assert_eq!((&proxy["usage"], &proxy["status"]), (&"tunnel".into(), &200.into()));
    assert_eq!(proxy["target"], "www.example.test:443");
    assert_eq!((&proxy["resolver"], &hop["dns"]), (&"proxy".into(), &Value::Null));
    assert_eq!(hop["reasons"]["dns"], "the proxy resolves the name");
    assert_eq!(hop["http"]["version"], "HTTP/2", "ALPN works through a tunnel");
    let micros = |value: &Value| value.as_u64().unwrap();
    assert!(micros(&hop["phases"]["proxy_us"]) >= micros(&proxy["tunnel_us"]));
    assert!(micros(&proxy["tunnel_us"]) >= 40_000, "{proxy}");
    assert_eq!(proxy["lookup"]["addresses"], serde_json::json!(["127.53.2.1"]));
    assert!(micros(&hop["phases"]["connect_us"]) >= micros(&proxy["connect_us"]) + 2_000, "with the lookup");

    let (_, document) = json(&["--lab", "-x", PROXY, "http://clear-endpoint.https.test/"]);
    let hop = &document["hops"][0];
    assert_eq!((&hop["proxy"]["usage"], &hop["http"]["status"]), (&"forward".into(), &200.into()));
    assert_eq!(hop["http"]["request"]["target"], "http://clear-endpoint.https.test/");
    assert_eq!(hop["phases"]["proxy_us"], Value::Null);
    assert!(hop["reasons"]["proxy"].as_str().unwrap().contains("forwards"));

    let (_, document) = json(&["--lab", "-p", "-x", PROXY, "http://clear-endpoint.https.test/"]);
    let hop = &document["hops"][0];
    assert_eq!((&hop["proxy"]["usage"], &hop["http"]["request"]["target"]), (&"tunnel".into(), &"/".into()));
}

#[test]
fn an_https_proxy_has_tls_of_its_own_inside_the_phase() {
    let (exit, document) =
        json(&["--lab", "-x", "https://proxy-tls.http.test:3128", "https://www.example.test/"]);
    assert_eq!(exit, 0, "{}", document["failure"]);
    let hop = &document["hops"][0];
    let (outer, inner) = (&hop["proxy"]["tls"], &hop["tls"]);
    assert_eq!((&outer["sni"], &inner["sni"]), (&"proxy-tls.http.test".into(), &"www.example.test".into()));
    assert!(!outer["chain"].as_array().unwrap().is_empty());
    let (tls, tunnel) = (outer["duration_us"].as_u64().unwrap(), hop["proxy"]["tunnel_us"].as_u64().unwrap());
    assert!(hop["phases"]["proxy_us"].as_u64().unwrap() >= tls + tunnel);
    let (_, document) =
        json(&["--lab", "-x", "https://proxy-tls.http.test:3128", "http://clear-endpoint.https.test/"]);
    assert_eq!(document["hops"][0]["http"]["status"], 200, "forwarded over TLS");
    let (exit, document) =
        json(&["--lab", "-x", "https://proxy.http.test:3128", "https://www.example.test/"]);
    assert_eq!((exit, &document["failure"]["code"]), (5, &"proxy-tls".into()));
}

#[test]
fn socks_is_told_an_address_or_a_name() {
    let (_, document) = json(&["--lab", "-x", "socks5://socks.http.test:3128", "https://www.example.test/"]);
    let hop = &document["hops"][0];
    assert_eq!(
        (&hop["proxy"]["target"], &hop["proxy"]["resolver"]),
        (&"127.53.1.1:443".into(), &"urltrace".into())
    );
    assert!(
        hop["phases"]["dns_us"].as_u64().is_some() && !hop["dns"]["packets"].as_array().unwrap().is_empty()
    );
    assert_eq!(hop["proxy"]["reply"], serde_json::json!({"code": 0, "name": "succeeded"}));
    let (_, document) =
        json(&["--lab", "--socks5-hostname", "socks.http.test:3128", "https://www.example.test/"]);
    let hop = &document["hops"][0];
    assert_eq!(
        (&hop["proxy"]["target"], &hop["proxy"]["kind"]),
        (&"www.example.test:443".into(), &"socks5h".into())
    );
    assert_eq!(hop["phases"]["dns_us"], Value::Null);
    let (exit, document) =
        json(&["--lab", "-x", "socks5h://socks.http.test:3128", "https://none.example.test/"]);
    assert_eq!((exit, &document["failure"]["code"]), (5, &"proxy-target-failed".into()));
    assert!(document["failure"]["message"].as_str().unwrap().contains("host unreachable (reply 4)"));
}

#[test]
fn each_redirect_chooses_its_proxy_anew() {
    let (exit, document) =
        json(&["--lab", "-L", "-x", PROXY, "--noproxy", "www.shop.test", "http://shop.test/"]);
    assert_eq!(exit, 0, "{}", document["failure"]);
    let used = |hop: &Value| hop["proxy"]["usage"].as_str().map(str::to_owned);
    let hops = document["hops"].as_array().unwrap();
    let usages: Vec<_> = hops.iter().map(used).collect();
    assert_eq!(usages, [Some("forward".to_owned()), Some("tunnel".to_owned()), None]);
    let bypass = &hops[2]["proxy_bypass"];
    assert_eq!(*bypass, serde_json::json!({"source": "--noproxy", "entry": "www.shop.test", "proxy": PROXY}));
    assert!(!hops[2]["dns"].is_null() && hops[0]["proxy_bypass"].is_null());
    let text =
        stdout(&run(&["--lab", "-x", PROXY, "--noproxy", "example.test", "https://www.example.test/"]));
    assert!(
        text.contains("none: --noproxy has `example.test`, so http://proxy.http.test:3128 was"),
        "{text}"
    );
}

#[test]
fn the_report_says_which_variable_named_the_proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = vec![0; 4096];
        let count = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        String::from_utf8(request[..count].to_vec()).unwrap()
    });
    let output = urltrace()
        .env("http_proxy", format!("http://joe:pass%20word@127.0.0.1:{port}"))
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("NO_PROXY", "other.test")
        .args(["--format", "json", "http://a.test:8080/x?y=1"])
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let request = asked.join().unwrap();
    assert!(
        request.starts_with("GET http://a.test:8080/x?y=1 HTTP/1.1\r\nHost: a.test:8080\r\n"),
        "{request}"
    );
    assert!(request.contains("\r\nProxy-Authorization: Basic am9lOnBhc3Mgd29yZA==\r\n"), "{request}");
    let proxy = &document["hops"][0]["proxy"];
    assert_eq!((&proxy["source"], &proxy["authenticated"]), (&"http_proxy".into(), &true.into()));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(!told.contains("am9lOnBhc3Mgd29yZA") && !told.contains("pass word"));

    // Upper case alone means nothing for http, and what is excepted goes directly.
    for (variables, url) in [
        ([("HTTP_PROXY", "http://127.0.0.1:1"), ("x", "")], "http://127.0.0.1:9/"),
        ([("http_proxy", "http://127.0.0.1:1"), ("no_proxy", "127.0.0.0/8")], "http://127.0.0.1:9/"),
    ] {
        let output = urltrace().envs(variables).args(["--format", "json", url]).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["failure"]["code"], "connection-refused", "{variables:?}");
    }
}

#[test]
fn credentials_open_the_tunnel_and_stand_in_no_report() {
    let line =
        ["--lab", "-x", "http://proxy-407.http.test:3128", "-U", "lab:secret", "https://www.example.test/"];
    for format in [
        &["-v"][..],
        &["--format", "json"],
        &["--format", "html"],
        &["--format", "markdown"],
        &["--ladder", "--explain"],
    ] {
        let output = run(&[format, &line].concat());
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let told = stdout(&output);
        assert!(!told.contains("bGFiOnNlY3JldA") && !told.contains("lab:secret"), "{format:?}");
    }
    let (_, document) =
        json(&["--lab", "-x", "http://proxy-407.http.test:3128", "http://clear-endpoint.https.test/"]);
    assert_eq!(document["hops"][0]["http"]["status"], 407);
    let finding = &document["findings"][0];
    assert!(
        finding["title"]
            .as_str()
            .unwrap()
            .contains("the http proxy proxy-407.http.test:3128 wants credentials")
    );
}

#[test]
fn the_ladder_and_the_story_have_the_proxy() {
    let text = stdout(&run(&["--lab", "--ladder", "--explain", "-x", PROXY, "https://www.example.test/"]));
    assert!(text.contains("CONNECT www.example.test:443"), "{text}");
    let lanes = text.lines().find(|line| line.contains("client")).unwrap();
    assert!(lanes.contains("proxy") && lanes.contains("web server"), "{lanes}");
    assert!(text.contains("The proxy") && text.contains("--proxy names"), "{text}");
}

#[test]
fn a_session_is_resumed_through_a_tunnel_of_its_own() {
    for (proxy, options) in [
        (PROXY, &[][..]),
        ("https://proxy-tls.http.test:3128", &[]),
        ("http://proxy-407.http.test:3128", &["-U", "lab:secret"]),
        ("socks5://socks.http.test:3128", &[]),
        ("socks5h://socks.http.test:3128", &[]),
    ] {
        let line = ["--lab", "--resume", "-x", proxy, "https://early-data.tls.test/"];
        let (exit, document) = json(&[&line, options].concat());
        assert_eq!(exit, 0, "{proxy}: {}", document["failure"]);
        let seen = &document["hops"][0]["tls"]["resumption"];
        assert_eq!(
            (&seen["resumed"], &seen["early_data"]),
            (&true.into(), &"accepted".into()),
            "{proxy}: {seen}"
        );
        assert!(seen["handshake_us"].as_u64() > Some(0), "{proxy}: {seen}");
    }
}

#[test]
fn a_second_tunnel_that_is_refused_is_told() {
    // It opens one tunnel, and no other.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (target, address) = (tls_server::serve(tls_server::config(), answer), "127.0.0.1");
    std::thread::spawn(move || {
        for (index, mut client) in listener.incoming().flatten().enumerate() {
            let _ = client.read(&mut [0; 4096]);
            if index > 0 {
                let _ = client.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
                continue;
            }
            let _ = client.write_all(OPEN);
            let server = TcpStream::connect((address, target)).unwrap();
            let (mut up, mut down) =
                ((client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client));
            std::thread::spawn(move || std::io::copy(&mut up.0, &mut up.1));
            std::thread::spawn(move || std::io::copy(&mut down.0, &mut down.1));
        }
    });
    let proxy = format!("http://127.0.0.1:{port}");
    let url = format!("https://127.0.0.1:{target}/");
    let (exit, document) = json(&["-k", "--resume", "-x", &proxy, &url]);
    assert_eq!(exit, 0, "{}", document["failure"]);
    let seen = &document["hops"][0]["tls"]["resumption"];
    assert_eq!((&seen["resumed"], &seen["early_data"]), (&false.into(), &Value::Null), "{seen}");
    assert!(seen["reason"].as_str().unwrap().contains("503"), "{seen}");
}

/// A response and the end.
fn answer(connection: ServerConnection, tcp: TcpStream) {
    says(connection, tcp, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"");
}

const OPEN: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

#[test]
fn an_https_proxy_that_lies_is_a_failure_by_name() {
    type Conduct = fn(ServerConnection, TcpStream);
    let lies: [(&str, Conduct, i32, &str); 8] = [
        (
            "a tunnel to plain HTTP",
            |connection, tcp| says(connection, tcp, OPEN, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            6,
            "not-tls",
        ),
        ("a tunnel that ends", |connection, tcp| says(connection, tcp, OPEN, b""), 6, "tls-closed"),
        (
            "a tunnel and an answer with it",
            |connection, tcp| says(connection, tcp, &[OPEN, b"HTTP/1.1 200 OK\r\n\r\n"].concat(), b""),
            6,
            "not-tls",
        ),
        ("a tunnel to itself", to_itself, 6, "certificate-self-signed"),
        (
            "a head without an end",
            |connection, tcp| goes_on(connection, tcp, b"HTTP/1.1 200 OK\r\n", b"A: bcdefgh\r\n"),
            5,
            "not-proxy",
        ),
        (
            "interim responses without an end",
            |connection, tcp| goes_on(connection, tcp, b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            5,
            "not-proxy",
        ),
        (
            "no HTTP",
            |connection, tcp| says(connection, tcp, b"\x05\x00 garbage\r\n\r\n", b""),
            5,
            "not-proxy",
        ),
        (
            "no answer",
            |mut connection, mut tcp| {
                let _ = Stream::new(&mut connection, &mut tcp).read(&mut [0; 64]);
            },
            5,
            "max-time",
        ),
    ];
    for (what, conduct, exit, code) in lies {
        let proxy = format!("https://127.0.0.1:{}", tls_server::serve(tls_server::config(), conduct));
        let options = ["-m", "2", "--proxy-insecure", "-x", &proxy, "https://192.0.2.1/"];
        let (seen, document) = json(&options);
        let failure = &document["failure"];
        assert_eq!((seen, failure["code"].as_str()), (exit, Some(code)), "{what}: {failure}");
        let told = failure.to_string();
        assert!(told.contains("the https proxy 127.0.0.1:"), "{what}: {told}");
        assert!(document["total_us"].as_u64().unwrap() < 2_500_000, "{what}");
    }
}

/// Says one thing at once, and another when it has heard more.
fn says(mut connection: ServerConnection, mut tcp: TcpStream, first: &[u8], then: &[u8]) {
    let mut stream = Stream::new(&mut connection, &mut tcp);
    let _ = stream.write_all(first);
    let _ = stream.read(&mut [0; 8192]);
    let _ = stream.write_all(then);
    connection.send_close_notify();
    let _ = connection.complete_io(&mut tcp);
}

/// Says one thing for as long as anybody listens.
fn goes_on(mut connection: ServerConnection, mut tcp: TcpStream, first: &[u8], again: &[u8]) {
    let mut stream = Stream::new(&mut connection, &mut tcp);
    let _ = stream.write_all(first);
    while stream.write_all(&again.repeat(100)).is_ok() {}
}

/// Opens a tunnel and stands at its end itself.
fn to_itself(mut connection: ServerConnection, mut tcp: TcpStream) {
    let mut outer = Stream::new(&mut connection, &mut tcp);
    let _ = outer.write_all(OPEN);
    let mut inner = ServerConnection::new(tls_server::config().into()).unwrap();
    while inner.is_handshaking() && inner.complete_io(&mut outer).is_ok() {}
}

#[test]
fn a_forwarding_proxy_that_answers_in_tls_is_told_as_an_https_proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        // The alert protocol_version, or what OpenSSL says to an http request.
        stream.write_all(b"\x15\x03\x01\x00\x02\x02\x46").unwrap();
    });
    let proxy = format!("http://127.0.0.1:{port}");
    let (exit, document) = json(&["-x", &proxy, "http://www.example.test/"]);
    assert_eq!((exit, &document["failure"]["code"]), (7, &"not-http".into()));
    let hint = document["failure"]["hint"].as_str().unwrap();
    assert!(hint.contains(&format!("the http proxy 127.0.0.1:{port} that answered so")), "{hint}");
    assert!(hint.ends_with("it begins like TLS: is it an https proxy?"), "{hint}");
    assert!(!document["findings"].to_string().contains("url-port-speaks-tls"), "it is the proxy's port");
}
