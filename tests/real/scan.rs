//! `--tls-scan` against `openssl s_server` in many set-ups, whose words say what it takes, and against `sslscan` of
//! Debian on the same server.
//!
//! What one of the two does not know is left out of the comparison, and named here: sslscan 2.0.7 predates ML-KEM and
//! ML-DSA, which OpenSSL 3.0 has not either; in TLS 1.2 it asks for no group of RFC 7919, and for groups and
//! schemes by few suites, so that it may list none, all of a server that signs nothing (RSA key exchange), and of
//! curves only that of an ECDSA certificate, as it offers one at a time.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Test;
use crate::openssl::{Peer, Peers};

pub(crate) const TESTS: &[Test<Peers>] = &[
    ("a_scan_has_what_s_server_was_told_and_what_sslscan_lists", equal_to_sslscan),
    ("a_scan_follows_the_servers_order_or_says_that_there_is_none", order),
    ("a_scan_finds_what_is_weak_and_both_certificates", findings),
];

/// secp256r1.
const P256: u16 = 0x0017;
const ECDSA: &str = "-cert s.pem -key s.key";
const RSA: &str = "-cert r.pem -key r.key";
const BOTH: &str = "-cert s.pem -key s.key -dcert r.pem -dkey r.key";

/// Certificates, and the words of a server.
const SET_UPS: &[(&str, &str)] = &[
    (RSA, "-www"),
    (ECDSA, "-www"),
    (ECDSA, "-www -groups P-384"),
    (RSA, "-www -tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"),
    (RSA, "-www -cipher AES128-SHA:DHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA:@SECLEVEL=0"),
    (RSA, "-www -tls1_1 -cipher ECDHE-RSA-AES128-SHA:AES256-SHA:@SECLEVEL=0"),
    (RSA, "-www -tls1_2 -cipher kRSA"),
    (RSA, "-www -tls1_2 -cipher aNULL:eNULL:CAMELLIA:ARIA:@SECLEVEL=0"),
    (BOTH, "-www -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"),
];

/// What a scan of a server found; it must be whole.
fn scan(peers: &Peers, peer: &Peer, words: &str) -> (Value, Value) {
    let (_, run, said) = peers.trace_for("60", peer, "--tls-scan");
    let tls = &run["hops"][0]["tls"];
    let found = tls["scan"].clone();
    assert!(found.is_object(), "{words}: {said}");
    assert!(found["ended"].is_null(), "{words}: {found}");
    assert!(found["connections"].as_u64().unwrap() <= 200, "{words}: {found}");
    // What is asked afterwards is no part of the run.
    let phases = run["hops"][0]["phases"].as_object().unwrap();
    let counted: u64 =
        phases.iter().filter(|(name, _)| *name != "total_us").filter_map(|it| it.1.as_u64()).sum();
    assert_eq!(run["total_us"].as_u64().unwrap(), counted, "{words}");
    (found, run["findings"].clone())
}

/// Elements of a name in what sslscan says, each with the attributes `sslversion` and `id`.
fn listed(document: &str, element: &str) -> Vec<(String, u16)> {
    let attribute = |line: &str, name: &str| {
        let value = line.split_once(&format!(" {name}=\""))?.1.split('"').next()?;
        Some(value.to_owned())
    };
    let lines = document.lines().filter(|line| line.trim_start().starts_with(&format!("<{element} ")));
    lines
        .map(|line| {
            let id = attribute(line, "id").unwrap();
            (attribute(line, "sslversion").unwrap(), u16::from_str_radix(&id[2..], 16).unwrap())
        })
        .collect()
}

fn code(row: &Value) -> Option<u16> {
    u16::from_str_radix(row["code"].as_str()?.strip_prefix("0x")?, 16).ok()
}

/// Rows of a scan with all their versions.
fn by_version(rows: &Value) -> BTreeSet<(String, u16)> {
    let rows = rows.as_array().unwrap().iter();
    rows.flat_map(|row| {
        let versions = row["versions"].as_array().unwrap().iter();
        versions
            .filter_map(|version| Some((version.as_str().unwrap().to_owned(), code(row)?)))
            .collect::<Vec<_>>()
    })
    .collect()
}

fn sslscan(peer: &Peer) -> String {
    let output = Command::new("sslscan")
        .args(["--show-sigs", "--sni-name=localhost", "--no-heartbleed", "--no-renegotiation", "--xml=-"])
        .arg(format!("127.0.0.1:{}", peer.port))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn equal_to_sslscan(peers: &Peers) {
    for (certificates, words) in SET_UPS {
        let peer = peers.serve_with(certificates, words);
        let (found, _) = scan(peers, &peer, words);
        let theirs = sslscan(&peer);
        for (name, kind, number) in [
            ("TLSv1.3", "tls", "1.3"),
            ("TLSv1.2", "tls", "1.2"),
            ("TLSv1.1", "tls", "1.1"),
            ("TLSv1.0", "tls", "1.0"),
            ("SSLv3", "ssl", "3"),
        ] {
            let row = found["versions"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
            let enabled = format!("<protocol type=\"{kind}\" version=\"{number}\" enabled=\"1\"");
            assert_eq!(row["offered"], theirs.contains(&enabled), "{words}: {name}: {row}\n{theirs}");
            let ours: Vec<u16> = found["suites"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|row| row["version"] == name)
                .filter_map(code)
                .collect();
            let listed: Vec<u16> =
                listed(&theirs, "cipher").into_iter().filter(|row| row.0 == name).map(|row| row.1).collect();
            let set = |list: &[u16]| list.iter().copied().collect::<BTreeSet<_>>();
            assert_eq!(set(&ours), set(&listed), "{words}: suites of {name}: {found}\n{theirs}");
            assert_eq!(ours.len(), set(&ours).len(), "{words}: none twice");
            if row["order"] == "server" {
                assert_eq!(ours, listed, "{words}: the server's order in {name}");
            }
        }
        let ours = by_version(&found["groups"]);
        let is_known = |row: &(String, u16)| row.0 == "TLSv1.3" || !(0x0100..=0x0104).contains(&row.1);
        let mut curves: BTreeSet<_> = ours.iter().filter(|row| is_known(row)).cloned().collect();
        if *certificates == ECDSA {
            // sslscan offers one curve at a time, and TLS 1.2 also needs that of the certificate.
            curves.retain(|row| row.0 == "TLSv1.3" || row.1 == P256);
            negotiated(peers, &peer, &found, words);
        }
        alike(curves, listed(&theirs, "group"), &format!("{words}: groups: {found}\n{theirs}"));
        // OpenSSL has the same curves in both versions.
        let of = |version: &str| -> BTreeSet<u16> {
            let curves = ours.iter().filter(|row| row.0 == version && row.1 < 0x0100);
            curves.map(|row| row.1).collect()
        };
        if !of("TLSv1.3").is_empty() && !of("TLSv1.2").is_empty() {
            assert_eq!(of("TLSv1.2"), of("TLSv1.3"), "{words}: {found}");
        }
        let schemes = by_version(&found["signature_schemes"]);
        let why = format!("{words}: signature schemes: {found}\n{theirs}");
        if words.contains("kRSA") {
            assert!(schemes.is_empty(), "nothing is signed: {why}");
        } else {
            alike(schemes, listed(&theirs, "connection-signature-algorithm"), &why);
        }
    }
}

/// Each curve of TLS 1.2 is one that OpenSSL's own client gets, when it offers that of the certificate beside.
fn negotiated(peers: &Peers, peer: &Peer, found: &Value, words: &str) {
    for (_, code) in
        by_version(&found["groups"]).into_iter().filter(|row| row.0 == "TLSv1.2" && row.1 != P256)
    {
        let name = match code {
            0x0018 => "P-384",
            0x0019 => "P-521",
            0x001d => "X25519",
            _ => "X448",
        };
        let told = peers.s_client(peer, &format!("-tls1_2 -groups {name}:P-256"));
        let key = told.lines().find(|line| line.contains("Server Temp Key")).unwrap_or(&told);
        let curve = match name {
            "P-384" => "secp384r1",
            "P-521" => "secp521r1",
            other => other,
        };
        assert!(key.contains(curve), "{words}: {name}: {key}");
    }
}

/// Whether both have the same rows, version by version, but for those that sslscan has nothing of.
fn alike(ours: BTreeSet<(String, u16)>, theirs: Vec<(String, u16)>, why: &str) {
    /// Its stand-in for "all of them", of versions that name none.
    const ANY: u16 = 0xfdff;
    let theirs: BTreeSet<_> = theirs.into_iter().filter(|row| row.1 != ANY).collect();
    let knows = |row: &(String, u16)| row.0 == "TLSv1.3" || theirs.iter().any(|other| other.0 == row.0);
    let ours: BTreeSet<_> = ours.into_iter().filter(knows).collect();
    assert_eq!(ours, theirs, "{why}");
}

fn order(peers: &Peers) {
    const ORDER: [&str; 4] = [
        "ECDHE-RSA-AES128-SHA",
        "AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "DHE-RSA-AES128-GCM-SHA256",
    ];
    for (preference, decides) in [("-serverpref", "server"), ("-no_ticket", "client")] {
        let words = format!("-www -tls1_2 -cipher {} {preference}", ORDER.join(":"));
        let peer = peers.serve_with(RSA, &words);
        let (found, _) = scan(peers, &peer, &words);
        let row = found["versions"].as_array().unwrap().iter().find(|row| row["name"] == "TLSv1.2").unwrap();
        assert_eq!(row["order"], decides, "{words}: {found}");
        let names: Vec<&str> = found["suites"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|row| row["openssl_name"].as_str())
            .collect();
        if decides == "server" {
            assert_eq!(names, ORDER, "{words}");
        } else {
            assert_eq!(names.iter().collect::<BTreeSet<_>>(), ORDER.iter().collect(), "{words}");
        }
        // OpenSSL's own words for the same code points.
        let all = peers.openssl("ciphers -V -stdname ALL:COMPLEMENTOFALL:@SECLEVEL=0");
        for row in found["suites"].as_array().unwrap() {
            let code = row["code"].as_str().unwrap().to_uppercase();
            let id = format!("0x{},0x{} ", &code[2..4], &code[4..6]);
            let line = all.lines().find(|line| line.trim_start().starts_with(&id)).unwrap();
            let words: Vec<&str> = line.split_whitespace().collect();
            assert!(words.contains(&row["name"].as_str().unwrap()), "{line}: {row}");
            assert!(words.contains(&row["openssl_name"].as_str().unwrap()), "{line}: {row}");
        }
    }
}

fn findings(peers: &Peers) {
    for (certificates, words, expected, kinds) in [
        (RSA, "-www -tls1_2 -cipher kRSA", &["tls-no-forward-secrecy"][..], 1),
        (RSA, "-www -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA", &[], 1),
        (
            RSA,
            "-www -cipher aNULL:ECDHE-RSA-AES128-SHA:@SECLEVEL=0",
            &["tls-weak-cipher", "tls-old-version-offered", "tls-no-post-quantum"],
            1,
        ),
        (BOTH, "-www", &["tls-no-post-quantum"], 2),
    ] {
        let peer = peers.serve_with(certificates, words);
        let (found, findings) = scan(peers, &peer, words);
        let scanned =
            ["tls-weak-cipher", "tls-old-version-offered", "tls-no-forward-secrecy", "tls-no-post-quantum"];
        let ids = findings.as_array().unwrap().iter().filter_map(|finding| finding["id"].as_str());
        let mut ids: Vec<&str> = ids.filter(|id| scanned.contains(id)).collect();
        ids.dedup();
        assert_eq!(ids, expected, "{words}: {found}");
        assert_eq!(found["certificates"].as_array().unwrap().len(), kinds, "{words}: {found}");
    }
}
