//! The table of equality: what urltrace says of a handshake, beside what `openssl s_client` and `curl` say of the same
//! server.
//!
//! Each row is a server, as `openssl s_server` or nginx; each fact of it has to be the same in all three, as far
//! as they tell it. Each server takes one suite and one group only, so that no choice of the client's is compared.

use std::io::{BufRead as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::openssl::{Peer, Peers};

/// A server, and what the clients need for it.
struct Row {
    what: &'static str,
    server: Server,
    /// Words for urltrace, s_client and curl.
    clients: [&'static str; 3],
}

enum Server {
    /// Words for `openssl s_server`.
    OpenSsl(&'static str),
    /// Directives for nginx.
    Nginx(&'static str),
}

use Server::{Nginx, OpenSsl};

const NONE: [&str; 3] = ["", "", ""];
const KNOWN: [&str; 3] = ["--cert c.pem --key c.key", "-cert c.pem -key c.key", "--cert c.pem --key c.key"];
const UNTRUSTED: [&str; 3] = ["-k", "", "-k"];

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { what: "TLS 1.3, ECDSA", server: OpenSsl("-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -curves X25519"), clients: NONE },
    Row { what: "TLS 1.3, RSA, ALPN", server: OpenSsl("-cert r.pem -key r.key -tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256 -curves X25519 -alpn http/1.1"), clients: NONE },
    Row { what: "TLS 1.3, P-384 only", server: OpenSsl("-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384 -curves P-384"), clients: NONE },
    Row { what: "TLS 1.2, ECDSA, P-256", server: OpenSsl("-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256 -curves P-256"), clients: NONE },
    Row { what: "TLS 1.2, RSA", server: OpenSsl("-cert r.pem -key r.key -tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384 -curves X25519"), clients: NONE },
    Row { what: "TLS 1.2, P-384 only", server: OpenSsl("-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384 -curves P-384"), clients: NONE },
    Row { what: "a client certificate asked for, 1.3", server: OpenSsl("-tls1_3 -CAfile ca.pem -verify 2 -ciphersuites TLS_AES_128_GCM_SHA256 -curves X25519"), clients: NONE },
    Row { what: "a client certificate asked for, 1.2", server: OpenSsl("-tls1_2 -CAfile ca.pem -verify 2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256 -curves X25519"), clients: NONE },
    Row { what: "a client certificate required, 1.3", server: OpenSsl("-tls1_3 -CAfile ca.pem -Verify 2 -verify_return_error -ciphersuites TLS_AES_128_GCM_SHA256 -curves X25519"), clients: KNOWN },
    Row { what: "a client certificate required, 1.2", server: OpenSsl("-tls1_2 -CAfile ca.pem -Verify 2 -verify_return_error -cipher ECDHE-ECDSA-AES128-GCM-SHA256 -curves X25519"), clients: KNOWN },
    Row { what: "a staple, 1.3", server: OpenSsl("-tls1_3 -status_file staple.der -ciphersuites TLS_AES_128_GCM_SHA256 -curves X25519"), clients: NONE },
    Row { what: "a staple, 1.2", server: OpenSsl("-tls1_2 -status_file staple.der -cipher ECDHE-ECDSA-AES128-GCM-SHA256 -curves X25519"), clients: NONE },
    Row { what: "no tickets, 1.3", server: OpenSsl("-tls1_3 -num_tickets 0 -ciphersuites TLS_AES_128_GCM_SHA256 -curves X25519"), clients: NONE },
    Row { what: "four tickets, 1.3", server: OpenSsl("-tls1_3 -num_tickets 4 -ciphersuites TLS_AES_128_GCM_SHA256 -curves X25519"), clients: NONE },
    Row { what: "no tickets, 1.2", server: OpenSsl("-tls1_2 -no_ticket -no_cache -cipher ECDHE-ECDSA-AES128-GCM-SHA256 -curves X25519"), clients: NONE },
    Row { what: "a chain of three", server: OpenSsl("-cert under.pem -key s.key -cert_chain between.pem -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -curves X25519"), clients: NONE },
    Row { what: "the intermediate is missing", server: OpenSsl("-cert under.pem -key s.key -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -curves X25519"), clients: UNTRUSTED },
    Row { what: "self-signed", server: OpenSsl("-cert self.pem -key s.key -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -curves X25519"), clients: UNTRUSTED },
    Row { what: "expired", server: OpenSsl("-cert old.pem -key s.key -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -curves X25519"), clients: UNTRUSTED },
    Row { what: "another host", server: OpenSsl("-cert o.pem -key s.key -tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -curves X25519"), clients: UNTRUSTED },
    Row { what: "nginx, HTTP/2", server: Nginx("ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384; ssl_ecdh_curve X25519;"), clients: NONE },
    Row { what: "nginx, TLS 1.2", server: Nginx("ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256; ssl_ecdh_curve X25519;"), clients: NONE },
    Row { what: "nginx, no tickets", server: Nginx("ssl_protocols TLSv1.3; ssl_session_tickets off; ssl_session_cache off; ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384; ssl_ecdh_curve X25519;"), clients: NONE },
    Row { what: "nginx, a client certificate asked for", server: Nginx("ssl_protocols TLSv1.3; ssl_verify_client optional; ssl_client_certificate ca.pem; ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384; ssl_ecdh_curve X25519;"), clients: NONE },
    Row { what: "nginx, a client certificate required", server: Nginx("ssl_protocols TLSv1.2; ssl_verify_client on; ssl_client_certificate ca.pem; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256; ssl_ecdh_curve X25519;"), clients: KNOWN },
    Row { what: "nginx, a staple", server: Nginx("ssl_protocols TLSv1.3; ssl_stapling on; ssl_stapling_file staple.der; ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384; ssl_ecdh_curve X25519;"), clients: NONE },
];

/// The facts of a handshake.
#[derive(Debug, Default, PartialEq)]
struct Facts {
    version: String,
    suite: String,
    group: String,
    /// The kind of the server's signature.
    signature: String,
    alpn: Option<String>,
    /// SHA-256 of each certificate.
    chain: Vec<String>,
    leaf: Leaf,
    /// `ok`, or the code of the first fault.
    verified: String,
    asks: bool,
    authorities: Vec<String>,
    staple: Option<String>,
    tickets: usize,
    resumed: bool,
}

/// The facts of the server's certificate.
#[derive(Debug, Default, PartialEq)]
struct Leaf {
    subject: String,
    issuer: String,
    serial: String,
    not_before: String,
    not_after: String,
}

/// nginx, until it is dropped.
struct Web(Child);

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What runs while a row is looked at.
enum Running {
    OpenSsl(Peer),
    Nginx { port: u16, _until_dropped: Web },
}

pub(crate) fn table(peers: &Peers) {
    prepare(peers);
    let names = peers.openssl("ciphers -stdname ALL");
    let mut differences = Vec::new();
    for row in ROWS {
        let running = match row.server {
            OpenSsl(words) => Running::OpenSsl(peers.serve(&format!("-www {words}"))),
            Nginx(directives) => nginx(peers, directives),
        };
        let port = match &running {
            Running::OpenSsl(peer) => peer.port,
            Running::Nginx { port, .. } => *port,
        };
        let [urltrace, s_client, curl] = row.clients;
        let said = by_s_client(peers, port, s_client);
        let theirs = of_s_client(peers, &said, &names);
        let (_, run, printed) = peers.trace_port(port, &format!("--resume {urltrace}"));
        let ours = of_urltrace(&run["hops"][0]["tls"]);
        if ours != theirs {
            differences
                .push(format!("{}: urltrace\n{ours:#?}\ns_client\n{theirs:#?}\n{said}\n{printed}", row.what));
        }
        // With -k it does not read the roots: its verdict is that of a run without.
        let strict = by_curl(peers, port, curl.trim_start_matches("-k"));
        let said = by_curl(peers, port, curl) + "\n" + line(&strict, "verify ").unwrap_or_default();
        if let Err(why) = agrees_with_curl(&ours, &said, &names) {
            differences.push(format!("{}: curl: {why}\n{ours:#?}\n{said}", row.what));
        }
        println!("    {:40} {} {} {}", row.what, ours.version, ours.suite, ours.verified);
    }
    assert!(
        differences.is_empty(),
        "{} of {} rows:\n{}",
        differences.len(),
        ROWS.len(),
        differences.join("\n")
    );
}

/// Certificates beside those of the other tests, and a staple.
fn prepare(peers: &Peers) {
    let config = "[ca]\ndefault_ca=own\n[own]\ndatabase=ca.index\nserial=ca.serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\nunique_subject=no\n[any]\ncommonName=supplied\n";
    for (name, text) in [
        ("ca.conf", config),
        ("ca.index", ""),
        ("ca.serial", "77AA\n"),
        ("index.txt", "V\t991231235959Z\t\t1234\tunknown\t/CN=localhost\n"),
    ] {
        std::fs::write(peers.path(name), text).unwrap();
    }
    for words in [
        "req -newkey rsa:2048 -nodes -keyout r.key -out r.csr -subj /C=IE/O=Tests-of-RSA/CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1",
        "x509 -req -in r.csr -CA ca.pem -CAkey ca.key -set_serial 0xFEDCBA9876543210FF -copy_extensions copy -days 70 -out r.pem",
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout between.key -out between.csr -subj /O=Tests/CN=Between -addext basicConstraints=critical,CA:true",
        "x509 -req -in between.csr -CA ca.pem -CAkey ca.key -set_serial 9 -copy_extensions copy -days 80 -out between.pem",
        "x509 -req -in s.csr -CA between.pem -CAkey between.key -set_serial 10 -copy_extensions copy -days 60 -out under.pem",
        "req -new -key s.key -out o.csr -subj /CN=other.localhost -addext subjectAltName=DNS:other.localhost",
        "x509 -req -in o.csr -CA ca.pem -CAkey ca.key -set_serial 11 -copy_extensions copy -days 60 -out o.pem",
        "req -x509 -key s.key -out self.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 20",
        "ca -batch -config ca.conf -in s.csr -cert ca.pem -keyfile ca.key -startdate 250101000000Z -enddate 250201000000Z -out old.pem -notext",
        "ocsp -issuer ca.pem -cert s.pem -reqout request.der",
        "ocsp -index index.txt -rsigner ca.pem -rkey ca.key -CA ca.pem -reqin request.der -respout staple.der -ndays 3",
    ] {
        peers.openssl(words);
    }
}

/// Starts nginx with these directives for its server.
fn nginx(peers: &Peers, directives: &str) -> Running {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let directory = peers.path("");
    let config = format!(
        "daemon off; master_process off; pid nginx.pid; error_log nginx.log;\nevents {{}}\nhttp {{ access_log off;\n server {{ listen 127.0.0.1:{port} ssl http2; server_name localhost;\n ssl_certificate s.pem; ssl_certificate_key s.key; {directives}\n location / {{ return 200 \"ok\"; }} }} }}\n"
    );
    std::fs::write(peers.path("nginx.conf"), config).unwrap();
    let mut child = Command::new("nginx")
        .arg("-p")
        .arg(&directory)
        .args(["-c", "nginx.conf"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = || std::fs::read_to_string(peers.path("nginx.log")).unwrap_or_default();
        assert!(child.try_wait().unwrap().is_none(), "nginx ended: {}", log());
        assert!(start.elapsed() < Duration::from_secs(10), "nginx is not up: {}", log());
        std::thread::sleep(Duration::from_millis(20)); // nothing tells that it is up but its answer
    }
    Running::Nginx { port, _until_dropped: Web(child) }
}

/// What `openssl s_client` says of a handshake with a request behind it, and of a second one with its session.
fn by_s_client(peers: &Peers, port: u16, words: &str) -> String {
    let session = peers.path("equal.session");
    let _ = std::fs::remove_file(&session);
    let run = |more: &[&str]| {
        let mut child = Command::new("timeout")
            .args(["8", "openssl", "s_client", "-servername", "localhost", "-verify_hostname", "localhost"])
            .args(["-connect", &format!("127.0.0.1:{port}"), "-CAfile", "ca.pem", "-alpn", "h2,http/1.1"])
            .args(["-showcerts", "-status", "-ign_eof"])
            .args(words.split(' ').filter(|word| !word.is_empty()))
            .args(more)
            .current_dir(peers.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It is closed only with the program's end: what is sent after it would be missed.
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let path = session.display().to_string();
    let first = run(&["-sess_out", &path]);
    let again = if session.exists() { run(&["-sess_in", &path]) } else { String::new() };
    let reused = if again.contains("\nReused, TLS") { "RESUMED" } else { "NOT RESUMED" };
    format!("{first}\n{reused}\n")
}

/// The rest of the first line that begins so.
fn line<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.trim_start().strip_prefix(start)).map(str::trim)
}

/// The IANA name of a suite of OpenSSL's.
fn iana(names: &str, suite: &str) -> String {
    let known = names.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let (iana, name) = (words.next()?, words.nth(1)?);
        (name == suite).then(|| iana.to_owned())
    });
    known.unwrap_or_else(|| suite.to_owned())
}

/// `Nov 29 10:40:00 2026 GMT`, as JSON has it.
fn time(text: &str) -> String {
    let time = jiff::fmt::strtime::parse("%b %d %H:%M:%S %Y GMT", text).unwrap().to_datetime().unwrap();
    format!("{time}Z")
}

fn of_s_client(peers: &Peers, said: &str, names: &str) -> Facts {
    let mut chain = Vec::new();
    let mut leaf = None;
    // What signs a staple is no part of it.
    let sent = said.split("\nCertificate chain").nth(1).unwrap_or_default();
    let sent = sent.split("\nServer certificate").next().unwrap_or_default();
    for part in sent.split("-----BEGIN CERTIFICATE-----").skip(1) {
        let pem = format!("-----BEGIN CERTIFICATE-----{part}");
        std::fs::write(peers.path("equal.pem"), pem).unwrap();
        let read = peers.openssl(
            "x509 -in equal.pem -noout -subject -issuer -serial -dates -fingerprint -sha256 -nameopt oneline,-space_eq",
        );
        let field = |name: &str| line(&read, name).unwrap_or_else(|| panic!("no {name}: {read}")).to_owned();
        chain.push(field("sha256 Fingerprint=").replace(':', "").to_ascii_lowercase());
        leaf.get_or_insert_with(|| Leaf {
            subject: field("subject="),
            issuer: field("issuer="),
            serial: field("serial=").to_ascii_lowercase(),
            not_before: time(&field("notBefore=")),
            not_after: time(&field("notAfter=")),
        });
    }
    let new = line(said, "New, ").unwrap_or_default();
    let (version, suite) = new.split_once(", Cipher is ").unwrap_or_default();
    // Of TLS 1.2 it says `TLSv1.2` with the session alone.
    let version = line(said, "Protocol  : ").unwrap_or(version);
    let key = line(said, "Server Temp Key: ").unwrap_or_default();
    let group = key.split(", ").find(|word| *word != "ECDH").unwrap_or_default();
    let authorities = said.split("Acceptable client certificate CA names\n").nth(1).map(|rest| {
        let end =
            |line: &&str| !line.starts_with("Client Certificate Types") && !line.starts_with("Requested");
        rest.lines().take_while(end).map(|line| line.replace(" = ", "=")).collect()
    });
    let verified = match line(said, "Verify return code: ").and_then(|code| code.split(' ').next()) {
        Some("0") => "ok",
        Some("10") => "certificate-expired",
        Some("18") => "certificate-self-signed",
        Some("21") => "certificate-chain-incomplete",
        Some("62") => "certificate-wrong-host",
        other => panic!("{other:?}: {said}"),
    };
    Facts {
        version: version.to_owned(),
        suite: iana(names, suite),
        group: match group {
            "X25519" => "x25519",
            "prime256v1" => "secp256r1",
            other => other,
        }
        .to_owned(),
        signature: line(said, "Peer signature type: ").unwrap_or_default().to_owned(),
        alpn: line(said, "ALPN protocol: ").map(str::to_owned),
        chain,
        leaf: leaf.unwrap_or_default(),
        verified: verified.to_owned(),
        asks: said.contains("Requested Signature Algorithms"),
        authorities: authorities.unwrap_or_default(),
        staple: line(said, "Cert Status: ").map(str::to_owned),
        tickets: said.matches("TLS session ticket:").count(),
        resumed: said.contains("\nRESUMED\n"),
    }
}

fn of_urltrace(tls: &Value) -> Facts {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let leaf = &tls["chain"][0];
    let scheme = text(&tls["signature_scheme"]);
    let strings = |value: &Value| value.as_array().into_iter().flatten().map(&text).collect::<Vec<String>>();
    let verification = &tls["verification"];
    let verified = match verification["faults"].as_array().map(Vec::as_slice) {
        Some([]) => "ok".to_owned(),
        Some([fault, ..]) => text(&fault["code"]),
        None => "not checked".to_owned(),
    };
    Facts {
        version: text(&tls["version"]),
        suite: text(&tls["cipher_suite"]),
        group: text(&tls["group"]),
        signature: match scheme.as_str() {
            ecdsa if ecdsa.starts_with("ecdsa") => "ECDSA",
            pss if pss.starts_with("rsa_pss") => "RSA-PSS",
            other => other,
        }
        .to_owned(),
        alpn: tls["alpn"].as_str().map(str::to_owned),
        chain: tls["chain"].as_array().into_iter().flatten().map(|it| text(&it["sha256"])).collect(),
        leaf: Leaf {
            subject: text(&leaf["subject"]),
            issuer: text(&leaf["issuer"]),
            serial: text(&leaf["serial"]).trim_start_matches("00").to_owned(),
            not_before: text(&leaf["not_before"]),
            not_after: text(&leaf["not_after"]),
        },
        verified,
        asks: tls["client_certificate"]["requested"] == true,
        authorities: strings(&tls["client_certificate"]["acceptable_cas"]),
        staple: tls["ocsp"]["status"].as_str().map(str::to_owned),
        tickets: tls["resumption"]["tickets"].as_u64().unwrap_or_default() as usize,
        resumed: tls["resumption"]["resumed"] == true,
    }
}

fn by_curl(peers: &Peers, port: u16, words: &str) -> String {
    let output = Command::new("timeout")
        .args(["8", "curl", "-sv", "--cacert", "ca.pem", "--connect-to", &format!("::127.0.0.1:{port}")])
        .args(words.split(' ').filter(|word| !word.is_empty()))
        .args(["-o", "/dev/null", "-w", "verify %{ssl_verify_result}\n", "https://localhost/"])
        .current_dir(peers.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned()
}

/// Holds what curl says against the facts.
fn agrees_with_curl(facts: &Facts, said: &str, names: &str) -> Result<(), String> {
    let stars: String = said
        .as_bytes()
        .lines()
        .map_while(Result::ok)
        .fold(String::new(), |all, line| all + line.trim_start_matches(['*', ' ']) + "\n");
    let connection = line(&stars, "SSL connection using ").unwrap_or_default();
    let (version, suite) = connection.split_once(" / ").unwrap_or_default();
    let code = match facts.verified.as_str() {
        "certificate-self-signed" => "18",
        "certificate-chain-incomplete" => "20",
        "certificate-expired" => "10",
        // It compares the names by itself.
        "certificate-wrong-host" => "1",
        _ => "0",
    };
    let name = |text: &str| text.replace("; ", ", ");
    for (what, theirs, ours) in [
        ("version", version.to_owned(), facts.version.clone()),
        ("suite", iana(names, suite), facts.suite.clone()),
        (
            "ALPN",
            line(&stars, "ALPN: server accepted ").unwrap_or_default().to_owned(),
            facts.alpn.clone().unwrap_or_default(),
        ),
        ("subject", name(line(&stars, "subject: ").unwrap_or_default()), facts.leaf.subject.clone()),
        ("issuer", name(line(&stars, "issuer: ").unwrap_or_default()), facts.leaf.issuer.clone()),
        ("start", line(&stars, "start date: ").map(time).unwrap_or_default(), facts.leaf.not_before.clone()),
        ("expire", line(&stars, "expire date: ").map(time).unwrap_or_default(), facts.leaf.not_after.clone()),
        ("verify", said.lines().last().unwrap_or_default().to_owned(), code.to_owned()),
    ] {
        if theirs != ours {
            return Err(format!("{what}: {theirs} is not {ours}"));
        }
    }
    Ok(())
}
