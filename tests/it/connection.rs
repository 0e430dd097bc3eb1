//! How far a trace goes, where its connections come from and lead to, and what every address does.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixListener;

use serde_json::Value;

use crate::support::{code, json, run, stderr, stdout};
use crate::tls_server;

fn hop(arguments: &[&str], exit: i32) -> (Value, Value) {
    let (seen, document) = json(arguments);
    assert_eq!(seen, exit, "{arguments:?}: {}", document["failure"]);
    (document["hops"][0].clone(), document)
}

#[test]
fn a_trace_that_ends_early_has_null_and_a_reason_for_the_rest() {
    for (arguments, until, ran) in [
        (&["tls://www.example.test"][..], "tls", ["dns", "connect", "tls"].as_slice()),
        (&["tcp://www.example.test:443"], "tcp", &["dns", "connect"]),
        (&["dns://www.example.test"], "dns", &["dns"]),
        (&["--until", "tls", "https://www.example.test/"], "tls", &["dns", "connect", "tls"]),
        (&["--until", "tls", "http://www.example.test/"], "tls", &["dns", "connect"]),
        (&["--until", "tcp", "https://www.example.test/"], "tcp", &["dns", "connect"]),
        (&["--until", "dns", "https://www.example.test/"], "dns", &["dns"]),
        (&["--until", "url", "https://www.example.test/"], "url", &[]),
        (&["--until", "dns", "tls://www.example.test"], "dns", &["dns"]),
    ] {
        let (hop, document) = hop(&[&["--lab"], arguments].concat(), 0);
        assert_eq!((&hop["until"], &document["outcome"]), (&until.into(), &"ok".into()), "{arguments:?}");
        for stage in ["dns", "connect", "tls", "http"] {
            assert_eq!(hop[stage].is_object(), ran.contains(&stage), "{arguments:?}: {stage}");
        }
        for phase in ["dns", "connect", "tls", "send", "wait", "receive"] {
            let time = &hop["phases"][format!("{phase}_us")];
            assert_eq!(time.is_u64(), ran.contains(&phase), "{arguments:?}: {phase}: {time}");
            assert_ne!(time.is_u64(), hop["reasons"][phase].is_string(), "{arguments:?}: {phase}");
        }
        let phases = hop["phases"].as_object().unwrap();
        let sum: u64 =
            phases.iter().filter(|(name, _)| *name != "total_us").filter_map(|it| it.1.as_u64()).sum();
        assert_eq!(Some(sum), phases["total_us"].as_u64(), "{arguments:?}");
    }
}

#[test]
fn an_endpoint_fails_as_its_stage_does_and_a_bad_one_is_told_in_one_line() {
    for (url, exit, failure) in [
        ("tls://expired.tls.test:443", 6, "certificate-expired"),
        ("tls://wrong-host.tls.test", 6, "certificate-wrong-host"),
        ("tcp://www.example.test:1", 5, "connection-refused"),
        ("dns://missing.example.test", 4, "nxdomain"),
        ("tcp://www.example.test", 3, "invalid-port"),
        ("quic://refused.http3.test", 5, "quic-closed"),
        ("quic://expired.http3.test", 6, "certificate-expired"),
        ("quic://www.http3.test/path", 3, "invalid-url"),
        ("ftp://www.example.test", 3, "unsupported-scheme"),
    ] {
        let (seen, document) = json(&["--lab", url]);
        assert_eq!((seen, &document["failure"]["code"]), (exit, &failure.into()), "{url}");
    }
    let (hop, document) = hop(&["--lab", "-k", "tls://expired.tls.test"], 0);
    assert_eq!(hop["tls"]["verification"]["overridden"], true);
    assert_eq!(document["findings"][0]["id"], "tls-certificate-faulty");
    // A server that speaks another protocol is offered none.
    assert_eq!(hop["tls"]["offer"]["alpn"], serde_json::json!([]));
    assert_eq!(hop["url"]["port"], 443);
    let (hop, _) = self::hop(&["--lab", "dns://www.example.test"], 0);
    assert!(hop["url"]["port"].is_null());
}

#[test]
fn every_address_is_tried_afterwards_and_a_bad_one_is_a_finding() {
    let (plain, _) = hop(&["--lab", "https://pool.tls.test/"], 0);
    assert!(plain["connect"]["addresses"].is_null());
    let (hop, document) = hop(&["--lab", "--all-addresses=http", "https://pool.tls.test/"], 0);
    let all = hop["connect"]["addresses"].as_array().unwrap();
    let outcomes: Vec<_> = all.iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["ok", "tls-failed", "refused"]);
    assert_eq!((&all[0]["status"], &all[0]["verified"]), (&200.into(), &true.into()));
    assert_eq!(all[0]["fingerprint"], hop["tls"]["chain"][0]["sha256"]);
    assert_eq!((&all[1]["verified"], &all[1]["code"]), (&false.into(), &"certificate-expired".into()));
    assert!(all[2]["tls_us"].is_null() && all[2]["connect_us"].is_u64());
    assert!(all[0]["connect_us"].is_u64() && all[0]["tls_us"].is_u64());
    let found = &document["findings"][0];
    assert_eq!(found["id"], "tcp-backend-failed");
    assert_eq!(found["evidence"][1]["pointer"], "/hops/0/connect/addresses/2/outcome");
    // Without =http no request is sent, and the total is that of the trace.
    let (hop, document) = self::hop(&["--lab", "--all-addresses", "https://pool.tls.test/"], 0);
    assert!(hop["connect"]["addresses"][0]["status"].is_null());
    assert_eq!(document["total_us"], hop["end_us"]);
    let (hop, document) =
        self::hop(&["--lab", "--all-addresses", "--connect-timeout", "0.3", "https://www.ipv6.test/"], 0);
    let six = &hop["connect"]["addresses"][0];
    assert_eq!(six["family"], "ipv6");
    // Some machines have no IPv6 at all: nobody is blamed for that.
    let blamed = document["findings"].as_array().unwrap().iter().any(|one| one["id"] == "tcp-family-failed");
    assert_eq!(blamed, six["outcome"] == "timed-out", "{six}");
}

#[test]
fn of_very_many_addresses_the_rest_is_said_to_be_untried() {
    let many: Vec<String> = (1..=70).map(|last| format!("127.53.9.{last}")).collect();
    let given = format!("www.example.test:443:127.53.1.1,{}", many.join(","));
    let (hop, _) = hop(&["--lab", "--all-addresses", "--resolve", &given, "https://www.example.test/"], 0);
    let all = hop["connect"]["addresses"].as_array().unwrap();
    let with = |outcome: &str| all.iter().filter(|one| one["outcome"] == outcome).count();
    assert_eq!((all.len(), with("ok"), with("refused"), with("untried")), (71, 1, 63, 7));
    assert!(all[70]["connect_us"].is_null());
}

#[cfg(target_os = "linux")]
#[test]
fn the_path_to_a_server_is_found_afterwards_and_not_counted() {
    let (hop, document) = hop(&["--lab", "--route", "https://www.example.test/"], 0);
    let route = hop["route"].as_array().unwrap();
    assert_eq!((route.len(), &hop["route_end"], &hop["route_why"]), (1, &"reached".into(), &Value::Null));
    let only = &route[0];
    assert_eq!((&only["ttl"], &only["sent"], &only["answered"]), (&1.into(), &3.into(), &3.into()));
    assert_eq!((&only["address"], &only["answer"]), (&hop["connect"]["address"], &"reached".into()));
    assert!(only["rtt_us"].is_u64() && only["others"] == serde_json::json!([]));
    assert_eq!(document["total_us"], hop["end_us"]);
    let (plain, _) = self::hop(&["--lab", "https://www.example.test/"], 0);
    assert!(plain["route"].is_null() && plain["route_end"].is_null());
    let proxied = ["--lab", "--route", "-x", "http://proxy.http.test:3128", "https://www.example.test/"];
    let (hop, _) = self::hop(&proxied, 0);
    assert!(hop["route"].is_null() && hop["route_end"] == "untraced");
    assert!(hop["route_why"].as_str().unwrap().contains("the proxy's"));
}

#[test]
fn a_connection_comes_from_where_it_is_told_to() {
    let local = |arguments: &[&str]| {
        let all = [&["--lab"], arguments, &["https://www.example.test/"]].concat();
        hop(&all, 0).0["connect"]["local"].as_str().unwrap().to_owned()
    };
    assert!(local(&["--interface", "127.0.0.77"]).starts_with("127.0.0.77:"));
    assert!(local(&["--interface", "lo"]).starts_with("127."));
    let port: u16 = local(&["--local-port", "42100-42199"]).rsplit(':').next().unwrap().parse().unwrap();
    assert!((42100..=42199).contains(&port), "{port}");
    let output = run(&["--lab", "--interface", "192.0.2.77", "https://www.example.test/"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("192.0.2.77 is no address of this machine"), "{}", stderr(&output));
    // A port that somebody has is no reason to take another.
    let held = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    let (_, document) = hop(&["--lab", "--local-port", &port, "https://www.example.test/"], 5);
    let message = document["failure"]["message"].as_str().unwrap();
    assert!(message.contains(&format!("port {port} of --local-port is in use")), "{message}");
}

#[test]
fn a_unix_socket_takes_the_place_of_name_and_address() {
    let path = std::env::temp_dir().join(format!("urltrace-it-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let count = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").unwrap();
        String::from_utf8_lossy(&request[..count]).into_owned()
    });
    let given = path.to_str().unwrap();
    let (hop, _) = hop(&["--unix-socket", given, "http://app.example.test/x"], 0);
    let asked = server.join().unwrap();
    assert!(asked.starts_with("GET /x HTTP/1.1\r\nHost: app.example.test\r\n"), "{asked}");
    assert_eq!(hop["connect"]["unix_socket"], given);
    assert_eq!((&hop["http"]["status"], &hop["connect"]["attempts"]), (&200.into(), &serde_json::json!([])));
    assert!(hop["dns"].is_null() && hop["reasons"]["dns"].as_str().unwrap().contains("--unix-socket"));
    assert!(hop["connect"]["tcp_info"].is_null() && hop["connect"]["address"].is_null());
    // The file is still there, and nobody behind it.
    let (_, document) = self::hop(&["--unix-socket", given, "http://app.example.test/x"], 5);
    assert_eq!(document["failure"]["code"], "connection-refused");
    std::fs::remove_file(&path).unwrap();
    let (_, document) = self::hop(&["--unix-socket", given, "http://app.example.test/x"], 5);
    assert_eq!(document["failure"]["code"], "connect-failed");
}

#[test]
fn a_unix_socket_carries_tls() {
    let path = std::env::temp_dir().join(format!("urltrace-it-{}-tls.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let own = rcgen::generate_simple_self_signed(vec!["app.example.test".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let config = std::sync::Arc::new(config);
    // A run may be repeated.
    std::thread::spawn(move || {
        for carrier in listener.incoming() {
            let tls = rustls::ServerConnection::new(std::sync::Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(tls, carrier.unwrap());
            let mut request = [0; 4096];
            let count = stream.read(&mut request).unwrap();
            let is_right = request[..count].starts_with(b"GET /x HTTP/1.1\r\n");
            let status = if is_right { "200 OK" } else { "400 Bad Request" };
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nhi").unwrap();
        }
    });
    let (hop, _) = hop(&["-k", "--unix-socket", path.to_str().unwrap(), "https://app.example.test/x"], 0);
    assert_eq!((&hop["http"]["status"], &hop["tls"]["version"]), (&200.into(), &"TLSv1.3".into()));
    let [hello, connect] = [&hop["tls"]["flights"][0], &hop["connect"]];
    let connected = connect["start_us"].as_u64().unwrap() + connect["duration_us"].as_u64().unwrap();
    assert!(hello["start_us"].as_u64().unwrap() >= connected);
    assert!(hello["messages"][0] == "ClientHello" && hop["tls"]["cipher_suite"].is_string());
    std::fs::remove_file(&path).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn the_kernel_is_asked_once_more_when_all_is_over() {
    let (hop, document) = hop(&["--lab", "http://shop.test/"], 0);
    let (first, after) = (&hop["connect"]["tcp_info"], &hop["connect"]["tcp_info_after"]);
    assert_eq!(first["bytes_received"], 0);
    // All that HTTP counted, and the kernel saw no more.
    assert_eq!(after["bytes_received"], hop["http"]["bytes_received"], "{after}");
    assert_eq!(after["bytes_sent"], hop["http"]["bytes_sent"], "{after}");
    assert_eq!((&after["retransmits"], &after["out_of_order"]), (&0.into(), &0.into()));
    assert_eq!(document["total_us"], hop["end_us"]);
    // Right after the connect it would say the same again.
    let (hop, _) = self::hop(&["--lab", "tcp://shop.test:80"], 0);
    assert!(hop["connect"]["tcp_info"].is_object() && hop["connect"]["tcp_info_after"].is_null());
}

#[test]
fn a_scan_tells_all_that_a_server_takes_and_is_no_part_of_the_run() {
    let (exit, document) = json(&["--lab", "--tls-scan", "https://old-versions.tls.test/"]);
    assert_eq!(exit, 0, "{document}");
    let scan = &document["hops"][0]["tls"]["scan"];
    let rows = |list: &str| scan[list].as_array().unwrap().clone();
    let offered: Vec<(String, Option<bool>, Option<String>)> = rows("versions")
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().map(str::to_owned);
            (text("name").unwrap(), row["offered"].as_bool(), text("order"))
        })
        .collect();
    let row =
        |name: &str, offered, order: Option<&str>| (name.to_owned(), Some(offered), order.map(str::to_owned));
    assert_eq!(
        offered,
        [
            row("TLSv1.3", true, Some("client")),
            row("TLSv1.2", true, Some("server")),
            row("TLSv1.1", true, Some("server")),
            row("TLSv1.0", true, Some("server")),
            row("SSLv3", false, None),
        ]
    );
    let suites_of = |version: &str| -> Vec<String> {
        let suites = rows("suites");
        let own = suites.iter().filter(|row| row["version"] == version);
        own.map(|row| row["openssl_name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        suites_of("TLSv1.2"),
        [
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES128-SHA",
            "AES128-GCM-SHA256",
            "AES128-SHA",
            "DES-CBC3-SHA",
        ]
    );
    assert_eq!(suites_of("TLSv1.0"), ["ECDHE-RSA-AES128-SHA", "AES128-SHA", "DES-CBC3-SHA", "RC4-SHA"]);
    assert_eq!(suites_of("TLSv1.3").len(), 3);
    let names = |list: &str| -> Vec<String> {
        rows(list).iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("groups"), ["X25519MLKEM768", "x25519", "secp384r1", "secp256r1"]);
    assert!(names("signature_schemes").contains(&"rsa_pkcs1_sha1".to_owned()));
    assert_eq!((&scan["complete"], &scan["ended"]), (&true.into(), &serde_json::Value::Null), "{scan}");
    assert!(scan["connections"].as_u64().unwrap() < 80, "{scan}");
    // One at a time, 50 ms apart, and no microsecond of the run.
    assert!(scan["duration_us"].as_u64().unwrap() > (scan["connections"].as_u64().unwrap() - 1) * 50_000);
    assert!(document["total_us"].as_u64().unwrap() < scan["duration_us"].as_u64().unwrap());
    assert_eq!(document["hops"][0]["phases"]["total_us"], document["total_us"]);

    // Other formats have the same rows.
    for format in ["html", "markdown"] {
        let output = run(&["--lab", "--tls-scan", "--format", format, "https://old-versions.tls.test/"]);
        let page = stdout(&output);
        for told in ["TLS scan", "SSL 3", "TLS_RSA_WITH_RC4_128_SHA", "rsa_pkcs1_sha1", "X25519MLKEM768"] {
            assert!(page.replace('\\', "").contains(told), "{format} lacks {told}: {page}");
        }
    }

    // What is cut short says so, and nothing that was not asked is called refused.
    let (_, document) = json(&["--lab", "--tls-scan", "--max-time", "1", "https://old-versions.tls.test/"]);
    let scan = &document["hops"][0]["tls"]["scan"];
    assert_eq!((&scan["complete"], &scan["ended"]), (&false.into(), &"--max-time was over".into()), "{scan}");
    // After a failure, too; and behind a proxy it is plainly not made.
    let (_, document) = json(&["--lab", "--tls-scan", "https://legacy-tls.tls.test/"]);
    let suites = document["hops"][0]["tls"]["scan"]["suites"].as_array().unwrap();
    assert!(suites.iter().all(|row| row["version"] == "TLSv1.0") && suites.len() == 3, "{suites:?}");
    let (_, document) =
        json(&["--lab", "--tls-scan", "-x", "http://proxy.http.test:3128", "https://www.example.test/"]);
    let scan = &document["hops"][0]["tls"]["scan"];
    assert_eq!(
        (&scan["ended"], &scan["connections"]),
        (&"behind a proxy no server is scanned".into(), &0.into())
    );
}

#[test]
fn a_scan_of_what_has_no_tls_says_so() {
    for (arguments, why) in [
        (&["http://kept-connection.http.test/"][..], "http has no TLS"),
        (&["tcp://www.example.test:443"], "tcp:// ends"),
        (&["dns://www.example.test"], "dns:// ends"),
        (&["https://missing.example.test/"], "there was no connection to it"),
    ] {
        let line = [&["--lab", "--tls-scan"], arguments].concat();
        let (_, document) = json(&line);
        let hop = &document["hops"][0];
        let told = hop["tls_scan_skipped"].as_str().unwrap();
        assert!(told.contains(why) && hop["tls"].is_null(), "{arguments:?}: {told}");
        for format in [&[][..], &["--format", "markdown"], &["--format", "html"]] {
            let report = stdout(&run(&[&line, format].concat()));
            assert!(report.contains("othing to scan: "), "{format:?} {arguments:?}: {report}");
        }
        let (_, document) = json(&[&["--lab"], arguments].concat());
        assert!(document["hops"][0]["tls_scan_skipped"].is_null(), "{arguments:?}: it was not asked for");
    }
    // Behind the redirect there is something.
    let (_, document) = json(&["--lab", "--tls-scan", "-L", "http://example.test/"]);
    let hops = document["hops"].as_array().unwrap();
    let skipped: Vec<bool> = hops.iter().map(|hop| hop["tls_scan_skipped"].is_string()).collect();
    assert_eq!(skipped, [true, false, false]);
    assert!(hops[1]["tls"]["scan"]["complete"].is_boolean());
}

#[test]
fn a_session_is_resumed_over_a_unix_socket() {
    let port = tls_server::serve(tls_server::config(), |mut connection, mut tcp| {
        let mut stream = rustls::Stream::new(&mut connection, &mut tcp);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.read(&mut [0; 64]);
    });
    let path = std::env::temp_dir().join(format!("urltrace-it-{}-tls.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
            let (mut from_server, mut to_client) = (server, client);
            std::thread::spawn(move || std::io::copy(&mut from_server, &mut to_client));
        }
    });
    let given = path.to_str().unwrap();
    let (hop, _) = hop(&["-k", "--resume", "--unix-socket", given, "https://localhost/"], 0);
    std::fs::remove_file(&path).unwrap();
    let seen = &hop["tls"]["resumption"];
    assert_eq!((&seen["resumed"], &seen["reason"]), (&true.into(), &Value::Null), "{seen}");
}
