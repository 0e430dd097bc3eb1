//! Facts of a handshake against OpenSSL's own: `openssl s_server` on the loopback, and what `openssl s_client`
//! says of the same server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::{Directory, Setting, Test, equality, servers};

pub(crate) const TESTS: &[Test<Peers>] = &[
    ("openssl_takes_a_client_certificate_in_every_form_and_names_the_same_authorities", client_certificates),
    ("openssl_resumes_for_us_as_for_its_own_client", resumption),
    ("openssl_takes_the_offer_of_0_rtt_that_its_own_client_makes", early_data),
    ("a_staple_says_what_openssl_reads_in_it", staples),
    ("a_hello_retry_request_of_openssl_is_told_by_its_cause", hello_retry),
    ("the_facts_of_a_handshake_equal_those_of_s_client_and_curl", equality::table),
    ("what_an_old_server_speaks_is_what_s_client_gets_of_it", old_servers),
];

/// Certificates and keys, made by OpenSSL.
pub(crate) struct Peers {
    dir: Directory,
}

impl Setting for Peers {
    fn servers(&self) -> &[servers::Server] {
        &[]
    }

    fn describe(&self) -> String {
        format!("certificates: {}", self.dir.path().display())
    }
}

impl Peers {
    pub(crate) fn new() -> Self {
        let peers = Self { dir: Directory::new("openssl") };
        for words in [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /O=Tests/CN=Client-CA -days 99",
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout s.key -out s.csr -subj /CN=localhost -addext subjectAltName=DNS:localhost",
            "x509 -req -in s.csr -CA ca.pem -CAkey ca.key -set_serial 4660 -copy_extensions copy -days 50 -out s.pem",
            "req -newkey rsa:2048 -nodes -keyout r.key -out r.csr -subj /CN=localhost -addext subjectAltName=DNS:localhost",
            "x509 -req -in r.csr -CA ca.pem -CAkey ca.key -set_serial 4661 -copy_extensions copy -days 50 -out r.pem",
            "req -newkey rsa:2048 -nodes -keyout c.key -out c.csr -subj /CN=client-one",
            "x509 -req -in c.csr -CA ca.pem -CAkey ca.key -set_serial 22136 -days 50 -out c.pem",
            "pkcs8 -topk8 -in c.key -passout pass:secret -out c.p8",
            "pkcs8 -topk8 -scrypt -in c.key -passout pass:secret -outform DER -out c.p8.der",
            "pkcs12 -export -in c.pem -inkey c.key -certfile ca.pem -passout pass:secret -out c.p12",
            "pkcs12 -export -legacy -in c.pem -inkey c.key -passout pass:secret -out old.p12",
            "req -x509 -newkey ed25519 -nodes -keyout other.key -out other.pem -subj /CN=a-stranger -days 9",
        ] {
            peers.openssl(words);
        }
        std::fs::write(peers.path("password"), "secret\n").unwrap();
        peers
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs `openssl` in the directory; what it said on both streams.
    pub(crate) fn openssl(&self, words: &str) -> String {
        let output = Command::new("openssl")
            .args(words.split(' '))
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Starts `openssl s_server` with these words.
    pub(crate) fn serve(&self, words: &str) -> Peer {
        self.serve_with("-cert s.pem -key s.key", words)
    }

    /// The same with these certificates.
    pub(crate) fn serve_with(&self, certificates: &str, words: &str) -> Peer {
        let mut child = Command::new("openssl")
            .args("s_server -accept 127.0.0.1:0".split(' '))
            .args(certificates.split(' '))
            .args(words.split(' '))
            .current_dir(self.dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit_once(':')?.1.trim().parse().ok());
        // Whoever writes to a pipe that nobody reads stops.
        std::thread::spawn(move || lines.for_each(drop));
        Peer { child, port: port.expect("the port of s_server") }
    }

    /// Traces that server; the exit code, the document, and all that was printed.
    fn trace(&self, peer: &Peer, words: &str) -> (i32, Value, String) {
        self.trace_port(peer.port, words)
    }

    /// The same for any server on the loopback.
    pub(crate) fn trace_port(&self, port: u16, words: &str) -> (i32, Value, String) {
        self.trace_within("8", port, words)
    }

    /// The same with another `--max-time`.
    pub(crate) fn trace_for(&self, seconds: &str, peer: &Peer, words: &str) -> (i32, Value, String) {
        self.trace_within(seconds, peer.port, words)
    }

    fn trace_within(&self, seconds: &str, port: u16, words: &str) -> (i32, Value, String) {
        self.trace_url(seconds, port, "https://localhost/", words)
    }

    /// Traces this URL at any server on the loopback.
    pub(crate) fn trace_url(&self, seconds: &str, port: u16, url: &str, words: &str) -> (i32, Value, String) {
        let output = Command::new(Path::new(env!("CARGO_BIN_EXE_urltrace")))
            .args(["--format", "json", "--max-time", seconds, "--cacert", "ca.pem", "--connect-to"])
            .arg(format!("::127.0.0.1:{port}"))
            .args(words.split(' ').filter(|word| !word.is_empty()))
            .arg(url)
            .env("KEY_PASSWORD", "secret")
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr].concat()).into_owned();
        (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap(), said)
    }

    /// What `openssl s_client` says of that server.
    pub(crate) fn s_client(&self, peer: &Peer, words: &str) -> String {
        let words = format!("s_client -connect 127.0.0.1:{} -servername localhost {words}", peer.port);
        self.openssl(words.trim_end())
    }
}

/// A running server.
pub(crate) struct Peer {
    child: Child,
    pub(crate) port: u16,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client_certificates(peers: &Peers) {
    for version in ["-tls1_3", "-tls1_2"] {
        let peer = peers.serve(&format!("-www -CAfile ca.pem -Verify 2 -verify_return_error {version}"));
        for words in [
            "--cert c.pem --key c.key",
            "--cert c.pem:secret --key c.p8",
            "--cert c.pem --key c.p8.der --pass env:KEY_PASSWORD",
            "--cert c.p12 --pass file:password",
        ] {
            let (code, run, said) = peers.trace(&peer, words);
            assert_eq!(code, 0, "{version} {words}: {said}");
            let client = &run["hops"][0]["tls"]["client_certificate"];
            assert_eq!((&client["requested"], &client["sent"]), (&true.into(), &true.into()), "{client}");
            assert_eq!(client["subject"], "CN=client-one");
            // Acceptable client certificate CA names: one a line, in OpenSSL's own writing.
            let names = peers.s_client(&peer, "-cert c.pem -key c.key");
            assert!(
                names.contains("Acceptable client certificate CA names\nO = Tests, CN = Client-CA\n"),
                "{names}"
            );
            assert_eq!(client["acceptable_cas"], serde_json::json!(["O=Tests, CN=Client-CA"]));
            assert!(!said.contains("secret"), "{said}");
        }
        for (words, failure) in [
            ("", "client-certificate-required"),
            ("--cert other.pem --key other.key", "client-certificate-refused"),
        ] {
            let (code, run, said) = peers.trace(&peer, words);
            assert_eq!(
                (code, run["failure"]["code"].as_str()),
                (6, Some(failure)),
                "{version} {words}: {said}"
            );
            assert!(run["failure"]["hint"].as_str().unwrap().contains("CN=Client-CA"), "{said}");
        }
        for (words, line) in [
            ("--cert c.p12:wrong", "the password does not open it"),
            ("--cert old.p12:secret", "openssl pkcs12 -legacy"),
            ("--cert c.pem --key other.key", "the key does not fit"),
            ("--cert missing.pem", "`missing.pem` cannot be read"),
            ("--cert c.pem --key c.p8 --pass wrong", "the password does not open the key"),
        ] {
            let (code, _, said) = peers.trace(&peer, words);
            assert!(code == 2 && said.contains(line) && !said.contains("secret"), "{words}: {said}");
        }
    }
}

fn resumption(peers: &Peers) {
    for (words, version) in [
        ("-www", "TLSv1.3"),
        ("-www -num_tickets 0", "TLSv1.3"),
        ("-www -num_tickets 4", "TLSv1.3"),
        ("-www -tls1_2", "TLSv1.2"),
        ("-www -tls1_2 -no_ticket -no_cache", "TLSv1.2"),
    ] {
        let peer = peers.serve(words);
        // -www answers, and so gives the tickets time to come.
        let session = peers.path("session");
        let _ = std::fs::remove_file(&session);
        let mut first = Command::new("openssl")
            .args(["s_client", "-connect", &format!("127.0.0.1:{}", peer.port), "-ign_eof", "-sess_out"])
            .arg(&session)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        first.stdin.take().unwrap().write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        first.wait().unwrap();
        let again = match session.exists() {
            true => peers.s_client(&peer, &format!("-sess_in {}", session.display())),
            false => String::new(),
        };
        let reused = again.contains("Reused, TLS");
        let (_, run, said) = peers.trace(&peer, "--resume");
        let tls = &run["hops"][0]["tls"];
        assert_eq!(tls["version"], version);
        assert_eq!(tls["resumption"]["resumed"], reused, "{words}: {said}\n{again}");
        if reused {
            let us = |name: &str| tls["resumption"][name].as_i64().unwrap();
            assert_eq!(us("saved_us"), us("full_handshake_us") - us("handshake_us"), "{said}");
            assert_eq!(us("round_trips"), 1, "{said}");
        }
        if words.contains("num_tickets 4") {
            assert_eq!(tls["resumption"]["tickets"], 4, "{said}");
        }
    }
}

fn early_data(peers: &Peers) {
    for (words, outcome) in
        [("-early_data -max_early_data 4096", "accepted"), ("-max_early_data 0", "not-offered")]
    {
        let mut peer = peers.serve(words);
        // s_server sends what it is told: the response to the request that is on its way.
        let mut stdin = peer.child.stdin.take().unwrap();
        let answer = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(800)); // nothing tells that the request is there
            let _ = stdin.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
            std::thread::sleep(std::time::Duration::from_secs(4)); // the end of its input would end the server
        });
        let (_, run, said) = peers.trace(&peer, "--http1.1 --resume");
        let seen = &run["hops"][0]["tls"]["resumption"];
        assert_eq!(
            (&seen["resumed"], &seen["early_data"]),
            (&true.into(), &outcome.into()),
            "{words}: {said}"
        );
        drop(peer);
        answer.join().unwrap();
    }
}

fn staples(peers: &Peers) {
    for (index, status) in [
        ("V\t991231235959Z\t\t1234\tunknown\t/CN=localhost\n", "good"),
        ("R\t991231235959Z\t260101000000Z\t1234\tunknown\t/CN=localhost\n", "revoked"),
    ] {
        std::fs::write(peers.path("index.txt"), index).unwrap();
        peers.openssl("ocsp -issuer ca.pem -cert s.pem -reqout request.der");
        let made = "ocsp -index index.txt -rsigner ca.pem -rkey ca.key -CA ca.pem -reqin request.der -respout staple.der -ndays 3";
        let log = peers.openssl(made);
        let peer = peers.serve("-www -status_file staple.der");
        let (_, run, said) = peers.trace(&peer, "");
        let ocsp = &run["hops"][0]["tls"]["ocsp"];
        let theirs = peers.s_client(&peer, "-status");
        assert_eq!(ocsp["status"], status, "{said}\n{log}\n{theirs}");
        assert!(theirs.contains(&format!("Cert Status: {status}")), "{theirs}");
        for (own, their) in [
            ("this_update", "This Update: "),
            ("next_update", "Next Update: "),
            ("produced_at", "Produced At: "),
        ] {
            let line = theirs.lines().find_map(|line| line.trim().strip_prefix(their));
            let line = line.unwrap_or_else(|| panic!("no {their}: {theirs}"));
            // Nov 29 10:40:00 2026 GMT
            let time =
                jiff::fmt::strtime::parse("%b %d %H:%M:%S %Y GMT", line).unwrap().to_datetime().unwrap();
            assert_eq!(ocsp[own].as_str().unwrap().trim_end_matches('Z'), time.to_string(), "{own}");
        }
        let found = run["findings"].as_array().unwrap().iter().any(|it| it["id"] == "tls-ocsp-staple-bad");
        assert_eq!(found, status == "revoked", "{said}");
    }
}

fn hello_retry(peers: &Peers) {
    for (curves, group) in [("P-384", Some("secp384r1")), ("X25519", None)] {
        let peer = peers.serve(&format!("-www -curves {curves}"));
        let (_, run, said) = peers.trace(&peer, "");
        let tls = &run["hops"][0]["tls"];
        assert_eq!(tls["hello_retry"], group.is_some(), "{said}");
        let retry = &tls["hello_retry_request"];
        match group {
            None => assert!(retry.is_null(), "{said}"),
            Some(group) => {
                assert_eq!((&retry["cause"], &retry["group"]), (&"group".into(), &group.into()), "{said}");
                let flights = tls["flights"].as_array().unwrap();
                let cost = flights[1]["end_us"].as_u64().unwrap() - flights[0]["end_us"].as_u64().unwrap();
                assert_eq!(retry["cost_us"], cost, "{said}");
            }
        }
    }
}

/// Servers that speak nothing of what is offered: the failure names what s_client gets of them, which knows it still.
fn old_servers(peers: &Peers) {
    let names = peers.openssl("ciphers -stdname ALL:@SECLEVEL=0");
    let rsa = "-cert r.pem -key r.key";
    for (words, failure, version) in [
        ("-www -tls1 -cipher ECDHE-RSA-AES128-SHA:@SECLEVEL=0", "legacy-protocol", "TLSv1"),
        ("-www -tls1_1 -cipher AES256-SHA:@SECLEVEL=0", "legacy-protocol", "TLSv1.1"),
        ("-www -tls1_2 -cipher AES128-SHA256", "legacy-cipher", "TLSv1.2"),
        ("-www -tls1_2 -cipher AES256-GCM-SHA384", "legacy-cipher", "TLSv1.2"),
        ("-www -tls1_2 -cipher ECDHE-RSA-AES128-SHA", "legacy-cipher", "TLSv1.2"),
    ] {
        let peer = peers.serve_with(rsa, words);
        let option = words.split(' ').find(|word| word.starts_with("-tls")).unwrap();
        let theirs = peers.s_client(&peer, &format!("{option} -cipher ALL:@SECLEVEL=0"));
        let field =
            |name: &str| theirs.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim);
        assert_eq!(field("Protocol  : "), Some(version), "{theirs}");
        let suite = field("Cipher    : ").unwrap();
        let suite = names.lines().find_map(|line| {
            let mut columns = line.split_whitespace();
            let iana = columns.next()?;
            (columns.nth(1)? == suite).then(|| iana.to_owned())
        });
        let (code, run, said) = peers.trace(&peer, "");
        assert_eq!((code, run["failure"]["code"].as_str()), (6, Some(failure)), "{words}: {said}");
        let found = &run["hops"][0]["tls"]["legacy_probe"];
        // JSON has the version as RFC 5246 and its forerunners name it.
        let named = if version == "TLSv1" { "TLSv1.0" } else { version };
        assert_eq!(found["version"], named, "{words}: {said}");
        assert_eq!(found["cipher_suite"].as_str(), suite.as_deref(), "{words}: {said}\n{theirs}");
    }
}
