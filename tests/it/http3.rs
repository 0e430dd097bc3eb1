//! HTTP/3, end to end.

use serde_json::{Value, json};

use crate::support::{code, flat, json, run, stderr, stdout};

fn hop(arguments: &[&str], exit: i32) -> (Value, Value) {
    let (seen, document) = json(&[&["--lab"], arguments].concat());
    assert_eq!(seen, exit, "{arguments:?}: {}", document["failure"]);
    (document["hops"][0].clone(), document)
}

#[test]
fn one_handshake_stands_in_place_of_two() {
    let (hop, _) = hop(&["--http3-only", "https://www.http3.test/"], 0);
    let phases = &hop["phases"];
    assert!(phases["quic_us"].as_u64() > Some(0), "{phases}");
    for phase in ["connect", "tls"] {
        assert!(phases[format!("{phase}_us")].is_null() && hop["reasons"][phase].is_string(), "{phase}");
    }
    assert_eq!(hop["http"]["version"], "HTTP/3");
    assert_eq!(hop["http"]["body"]["framing"], "h3");
    let tls = &hop["tls"];
    assert_eq!(
        (&tls["version"], &tls["group"], &tls["alpn"]),
        (&"TLSv1.3".into(), &"X25519MLKEM768".into(), &"h3".into())
    );
    assert_eq!((&tls["round_trips"], &tls["verification"]["faults"]), (&1.into(), &json!([])));
    assert_eq!(tls["chain"].as_array().unwrap().len(), 2);
    assert!(tls["cipher_suite"].as_str().unwrap().starts_with("TLS_"));
    let messages: Vec<Value> =
        tls["flights"].as_array().unwrap().iter().map(|flight| flight["messages"].clone()).collect();
    let wanted = json!([
        ["ClientHello"],
        ["ServerHello", "EncryptedExtensions", "Certificate", "CertificateVerify", "Finished"],
        ["Finished"]
    ]);
    assert_eq!(Value::from(messages), wanted);
    let quic = &hop["quic"];
    assert_eq!(
        (&quic["version"], &quic["retry"], &quic["version_negotiation"]),
        (&"1".into(), &false.into(), &false.into())
    );
    assert!(quic["rtt_us"].as_u64() > Some(0) && quic["mtu"].as_u64() >= Some(1200), "{quic}");
    assert_eq!((&quic["lost"], &quic["early_data"]), (&0.into(), &"not-offered".into()));
    let first = &quic["datagrams"][0];
    assert_eq!((&first["direction"], &first["packets"]), (&"sent".into(), &json!(["Initial"])));
    assert_eq!(first["at_us"], quic["start_us"]);
    let attempts = hop["connect"]["attempts"].as_array().unwrap();
    assert_eq!(
        (attempts.len(), &attempts[0]["transport"], &attempts[0]["outcome"]),
        (1, &"quic".into(), &"won".into())
    );
    assert_eq!(attempts[0]["start_us"], quic["start_us"]);
}

#[test]
fn what_a_server_says_before_its_answer_is_on_record() {
    // Its delays are held to their phases by `tests/accuracy.rs`, where nothing runs beside them.
    let (hop, _) = hop(&["--http3-only", "https://slow.http3.test/"], 0);
    assert_eq!(hop["http"]["informational"][0]["status"], 103);
}

#[test]
fn a_file_is_the_same_by_every_version() {
    for version in ["--http3-only", "--http2"] {
        let (hop, _) = hop(&[version, "https://files.http3.test/late.png"], 0);
        assert_eq!(hop["http"]["status"], 200, "{version}: {hop}");
    }
}

#[test]
fn a_retry_costs_a_round_trip_and_is_told() {
    let (hop, _) = hop(&["--http3-only", "https://retry.http3.test/"], 0);
    assert_eq!((&hop["quic"]["retry"], &hop["tls"]["round_trips"]), (&true.into(), &2.into()));
    let kinds: Vec<&Value> =
        hop["quic"]["datagrams"].as_array().unwrap().iter().map(|datagram| &datagram["packets"][0]).collect();
    // The ClientHello fills one datagram or more.
    let retry = kinds.iter().position(|kind| **kind == "Retry").expect("a Retry is among them");
    assert!(retry > 0 && kinds[..retry].iter().all(|kind| **kind == "Initial"), "{kinds:?}");
    assert_eq!(kinds[retry + 1], "Initial");
    let report = stdout(&run(&["--lab", "--http3-only", "https://retry.http3.test/"]));
    assert!(report.contains("Retry"), "{report}");
}

#[test]
fn each_way_to_fail_has_its_code_and_names_the_way_out() {
    for (url, exit, stage, failure) in [
        ("https://blocked.http3.test/", 5, "tcp", "quic-timeout"),
        ("https://refused.http3.test/", 5, "tcp", "quic-closed"),
        ("https://www.example.test/", 5, "tcp", "quic-refused"),
        ("https://expired.http3.test/", 6, "tls", "certificate-expired"),
        ("http://www.example.test/", 5, "tcp", "version-not-negotiated"),
    ] {
        let (hop, document) = hop(&["--http3-only", "--connect-timeout", "1", url], exit);
        let told = &document["failure"];
        assert_eq!((&told["stage"], &told["code"]), (&stage.into(), &failure.into()), "{url}");
        assert!(told["hint"].is_string() && hop["http"].is_null(), "{url}");
    }
    let (hop, _) = hop(&["-k", "--http3-only", "https://expired.http3.test/"], 0);
    assert_eq!(hop["tls"]["verification"]["overridden"], true);
    assert_eq!(hop["tls"]["verification"]["faults"][0]["code"], "certificate-expired");
}

#[test]
fn it_goes_only_where_quic_can() {
    for arguments in [&["--tls-max", "1.2"][..], &["--unix-socket", "/nowhere"]] {
        let output = run(&[arguments, &["--http3-only", "https://www.http3.test/"]].concat());
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stderr(&output));
    }
    let (_, document) =
        hop(&["--http3-only", "-x", "http://proxy.http.test:3128", "https://www.http3.test/"], 5);
    assert_eq!(document["failure"]["code"], "version-not-negotiated");
    for arguments in [
        &["--http3-only", "--until", "tls", "https://www.http3.test/"][..],
        &["--http3-only", "--until", "tcp", "https://www.http3.test/"],
        &["quic://www.http3.test"],
        &["-x", "http://proxy.http.test:3128", "quic://www.http3.test:443"],
    ] {
        let (hop, document) = self::hop(arguments, 0);
        assert!(hop["phases"]["quic_us"].is_u64() && hop["http"].is_null(), "{arguments:?}");
        assert_eq!(
            (&document["outcome"], &hop["tls"]["alpn"]),
            (&"ok".into(), &"h3".into()),
            "{arguments:?}"
        );
        assert!(hop["reasons"]["send"].is_string(), "{arguments:?}");
    }
}

#[test]
fn further_requests_use_the_same_connection() {
    let url = "https://www.http3.test/";
    let (_, document) = hop(&["--http3-only", "-X", "HEAD", url], 0);
    assert_eq!(document["hops"][0]["http"]["body"]["encoded_bytes"], 0);
    let story = stdout(&run(&["--lab", "--http3-only", "--explain", url]));
    assert!(story.contains("QUIC makes the reliable streams itself"), "{story}");
    let ladder = stdout(&run(&["--lab", "--http3-only", "--ladder", url]));
    assert!(ladder.contains("QUIC Initial"), "{ladder}");
}

#[test]
fn a_session_is_resumed_by_quic_and_0_rtt_taken_or_turned_down() {
    for (host, early_data) in
        [("www.http3.test", "not-offered"), ("early.http3.test", "accepted"), ("late.http3.test", "refused")]
    {
        let url = format!("https://{host}/");
        let (hop, document) = hop(&["--http3-only", "--resume", &url], 0);
        let seen = &hop["tls"]["resumption"];
        assert_eq!(
            (&seen["resumed"], &seen["early_data"]),
            (&true.into(), &early_data.into()),
            "{host}: {seen}"
        );
        assert_eq!(hop["quic"]["early_data"], early_data, "{host}");
        assert!(seen["tickets"].as_u64() > Some(0) && seen["round_trips"] == 1, "{host}: {seen}");
        let us = |name: &str| seen[name].as_i64().unwrap();
        assert_eq!(us("saved_us"), us("full_handshake_us") - us("handshake_us"), "{host}: {seen}");
        // The first is a full one, and the second no part of the run.
        assert!(!hop["tls"]["chain"].as_array().unwrap().is_empty(), "{host}");
        let mut found = document["findings"].as_array().unwrap().iter();
        assert!(found.all(|finding| finding["id"] != "tls-no-resumption"), "{host}");
        let (alone, _) = self::hop(&["--http3-only", &url], 0);
        assert_eq!(
            (&alone["tls"]["resumption"], &alone["quic"]["early_data"]),
            (&Value::Null, &"not-offered".into()),
            "{host}"
        );
    }
    let report = stdout(&run(&["--lab", "--http3-only", "--resume", "https://late.http3.test/"]));
    assert!(report.contains("0-RTT offered and refused"), "{report}");
    let story =
        stdout(&run(&["--lab", "--http3-only", "--resume", "--explain", "https://early.http3.test/"]));
    let story = story.split_whitespace().collect::<Vec<&str>>().join(" ");
    assert!(story.contains("could have gone along with the first message (0-RTT)"), "{story}");
}

/// The attempts of a hop by a transport.
fn by<'h>(hop: &'h Value, transport: &str) -> Vec<&'h Value> {
    hop["connect"]["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["transport"] == transport)
        .collect()
}

#[test]
fn the_first_complete_handshake_is_used_and_the_other_is_on_record() {
    for arguments in [&["https://offered.http3.test/"][..], &["--http3", "https://www.http3.test/"]] {
        let (hop, document) = hop(arguments, 0);
        let attempts = hop["connect"]["attempts"].as_array().unwrap();
        assert_eq!((by(&hop, "tcp").len(), by(&hop, "quic").len()), (1, 1), "{arguments:?}: {attempts:?}");
        let winner = &attempts[usize::try_from(hop["connect"]["winner"].as_u64().unwrap()).unwrap()];
        assert_eq!(winner["outcome"], "won");
        assert_eq!(attempts.iter().filter(|one| one["outcome"] == "lost").count(), 1, "{attempts:?}");
        let quic = winner["transport"] == "quic";
        for (phase, ran) in [("quic_us", quic), ("connect_us", !quic), ("tls_us", !quic)] {
            assert_eq!(hop["phases"][phase].is_u64(), ran, "{phase} of {arguments:?}: {}", hop["phases"]);
        }
        assert_eq!((hop["quic"].is_object(), hop["http"]["version"] == "HTTP/3"), (quic, quic));
        assert_eq!((&hop["http"]["status"], hop["tls"]["alpn"] == "h3"), (&200.into(), quic));
        let spans = document["spans"].as_array().unwrap();
        let loser = if quic { "by TCP" } else { "by QUIC" };
        let row = spans.iter().find(|span| span["name"].as_str().unwrap().ends_with(loser)).unwrap();
        assert_eq!(row["counted"], false, "{row}");
        for output in [
            stdout(&run(&[&["--lab", "--explain"], arguments].concat())),
            stdout(&run(&[&["--lab", "--ladder"], arguments].concat())),
        ] {
            assert!(flat(&output).contains("beside it "), "{output}");
        }
    }
    for arguments in [
        &["--no-http3", "https://offered.http3.test/"][..],
        &["--http2", "https://offered.http3.test/"],
        &["--http1.1", "https://offered.http3.test/"],
        &["--tls-max", "1.2", "https://offered.http3.test/"],
        &["--until", "tls", "https://offered.http3.test/"],
        &["--route", "https://offered.http3.test/"],
        &["-x", "http://proxy.http.test:3128", "--http3", "https://offered.http3.test/"],
        &["https://www.http3.test/"],
    ] {
        let (hop, _) = hop(arguments, 0);
        assert_eq!((by(&hop, "quic").len(), &hop["quic"]), (0, &Value::Null), "{arguments:?}");
    }
}

#[test]
fn udp_that_is_blocked_or_refused_costs_nothing() {
    for (url, outcome) in [("https://blocked.http3.test/", "lost"), ("https://www.example.test/", "refused")]
    {
        let (alone, before) = hop(&["--http2", url], 0);
        let (hop, document) = hop(&["--http3", url], 0);
        assert_eq!((&hop["http"]["version"], &hop["quic"]), (&"HTTP/2".into(), &Value::Null), "{url}");
        assert_eq!(by(&hop, "quic")[0]["outcome"], outcome, "{url}: {}", hop["connect"]);
        assert_eq!(by(&alone, "quic").len(), 0);
        // Both set out before anything else is done for either.
        let [quic, hello] =
            [&by(&hop, "quic")[0]["start_us"], &hop["tls"]["start_us"]].map(|at| at.as_u64().unwrap());
        assert!(quic < hello, "{url}: QUIC set out at {quic} us, and TCP's ClientHello left at {hello} us");
        let total = |document: &Value| document["total_us"].as_u64().unwrap();
        // Whoever awaited UDP would wait for a second at least.
        assert!(
            total(&document) < total(&before) + 200_000,
            "{url}: {} {}",
            document["total_us"],
            before["total_us"]
        );
        let ids: Vec<_> = document["findings"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
        assert!(ids.iter().all(|id| !id.as_str().unwrap().starts_with("tcp-address")), "{ids:?}");
    }
    // What TCP has seen of a certificate holds for both; and where nobody is there, TCP's failure is told.
    for (url, exit, failure) in [
        ("https://expired.tls.test/", 6, "certificate-expired"),
        ("https://expired.http3.test/", 6, "certificate-expired"),
        ("https://www.example.test:9/", 5, "connection-refused"),
    ] {
        let (hop, document) = hop(&["--http3", url], exit);
        assert_eq!(document["failure"]["code"], failure, "{url}");
        assert_ne!(by(&hop, "quic")[0]["outcome"], "won", "{url}");
    }
}

#[test]
fn another_visit_may_use_what_this_one_is_told() {
    let url = "https://www.http3.test/";
    let (hop, _) = hop(&["--http2", url], 0);
    let told = json!({"clear": false, "alternatives": [
        {"protocol": "h3", "host": null, "port": 443, "max_age_s": 86400, "persist": false}
    ]});
    assert_eq!(hop["http"]["alt_svc"], told);
    let report = flat(&stdout(&run(&["--lab", "--http2", "--explain", url])));
    assert_eq!(report.matches("he next visit may use HTTP/3").count(), 2, "{report}");
    let report = flat(&stdout(&run(&["--lab", "--http3-only", "--explain", url])));
    assert!(!report.contains("next visit may use HTTP/3"), "{report}");
}

#[test]
fn three_versions_stand_beside_each_other() {
    let url = "https://www.http3.test/";
    let (exit, document) = json(&["--lab", "--compare-http", url]);
    assert_eq!((exit, &document["kind"], &document["outcome"]), (0, &"compare".into(), &"ok".into()));
    let rows = document["compare"].as_array().unwrap();
    let labels: Vec<&str> = rows.iter().map(|row| row["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["HTTP/1.1", "HTTP/2", "HTTP/3"]);
    for row in rows {
        assert_eq!(
            (&row["outcome"], &row["failure"], &row["status"]),
            (&"ok".into(), &Value::Null, &200.into())
        );
        assert_eq!(row["hops"][0]["http"]["version"], row["label"]);
        let quic = row["label"] == "HTTP/3";
        for (phase, ran) in [("dns_us", true), ("quic_us", quic), ("connect_us", !quic), ("tls_us", !quic)] {
            assert_eq!(row["phases"][phase].is_u64(), ran, "{phase}: {row}");
        }
        assert_eq!(row["phases"]["total_us"], row["total_us"]);
    }
    assert_eq!(document["hops"], rows[0]["hops"]);
    let table = stdout(&run(&["--lab", "--compare-http", url]));
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    for row in ["dns", "connect", "tls", "quic", "wait", "total", "status"] {
        let line =
            table.lines().find(|line| line.starts_with(row)).unwrap_or_else(|| panic!("{row}: {table}"));
        assert!(row == "status" || line.contains(" ms"), "{line}");
    }
}

#[test]
fn a_version_that_is_missing_is_a_row_that_failed() {
    let url = "https://blocked.http3.test/";
    let blocked = ["--lab", "--compare-http", "--connect-timeout", "1", url];
    let (exit, document) = json(&blocked);
    let rows = document["compare"].as_array().unwrap();
    let ends: Vec<&Value> = rows.iter().map(|row| &row["failure"]["code"]).collect();
    assert_eq!((exit, ends), (0, vec![&Value::Null, &Value::Null, &"quic-timeout".into()]));
    assert!(document["failure"].is_null() && document["outcome"] == "ok");
    let told = flat(&stdout(&run(&blocked)));
    assert!(told.contains("no reply by UDP") && told.contains("quic-timeout"), "{told}");
    // Where none is answered, the first row's failure is the run's.
    let (exit, document) = json(&["--lab", "--compare-http", "https://expired.http3.test/"]);
    assert_eq!((exit, &document["failure"]["code"]), (6, &"certificate-expired".into()));
    assert_eq!(document["compare"].as_array().unwrap().len(), 3);
    // Secrets of the URL are in no row.
    let (exit, document) =
        json(&["--lab", "--compare-http", "https://user:secret@www.example.test/?token=abc123"]);
    assert_eq!((exit, &document["compare"][2]["failure"]["code"]), (0, &"quic-refused".into()));
    assert!(!document.to_string().contains("secret") && !document.to_string().contains("abc123"));
    for words in [&["--http2"][..], &["--explain"], &["-o", "x"]] {
        let output = run(&[words, &["--compare-http", url]].concat());
        assert_eq!(code(&output), 2, "{words:?}: {}", stderr(&output));
    }
}

/// The finding on UDP that does not get there, if there is one.
fn unreachable(document: &Value) -> Option<&Value> {
    document["findings"].as_array().unwrap().iter().find(|it| it["id"] == "tcp-http3-unreachable")
}

#[test]
fn an_offer_of_http3_that_udp_does_not_reach_is_a_notice() {
    let (silent, document) = hop(&["https://unheard.http3.test/"], 0);
    let found = unreachable(&document).unwrap_or_else(|| panic!("{}", document["findings"]));
    assert_eq!((&found["severity"], &found["saving"]), (&"notice".into(), &Value::Null));
    let again = &silent["connect"]["udp_check"];
    assert_eq!((&again["outcome"], &again["answered_us"]), (&"timed-out".into(), &Value::Null), "{again}");
    assert_eq!(found["evidence"][0]["pointer"], "/hops/0/connect/udp_check/outcome");
    assert_eq!(found["evidence"][1]["pointer"], "/hops/0/dns/service/records/0/alpn");
    // It began when the run had ended, and is no part of it.
    assert!(again["start_us"].as_u64() >= document["total_us"].as_u64(), "{again}");
    assert!(again["duration_us"].as_u64() >= Some(1_200_000), "{again}");
    for told in [
        flat(&stdout(&run(&["--lab", "https://unheard.http3.test/"]))),
        flat(&stdout(&run(&["--lab", "--explain", "https://unheard.http3.test/"]))),
    ] {
        assert!(told.contains("tried again") || told.contains("tried once more"), "{told}");
    }

    let (refused, document) = hop(&["--http3", "https://www.example.test/"], 0);
    assert_eq!(
        (by(&refused, "quic")[0]["outcome"].as_str(), unreachable(&document)),
        (Some("refused"), None)
    );
    // Answered, and not first; not offered; not wanted; wanted alone.
    for arguments in [
        &["https://offered.http3.test/"][..],
        &["--http3", "https://www.http3.test/"],
        &["--http3", "https://blocked.http3.test/"],
        &["--no-http3", "https://unheard.http3.test/"],
        &["--http2", "https://unheard.http3.test/"],
    ] {
        let (hop, document) = hop(arguments, 0);
        assert_eq!(unreachable(&document), None, "{arguments:?}");
        // Where the race was over too soon for an answer, the second try has one.
        let again = &hop["connect"]["udp_check"];
        assert!(again.is_null() || again["answered_us"].is_u64(), "{arguments:?}: {again}");
    }
}

#[test]
fn a_record_that_offers_http3_alone_is_no_matter_of_tcp() {
    let url = "https://alone.http3.test/";
    let (alone, document) = hop(&[url], 0);
    assert_eq!((by(&alone, "tcp").len(), by(&alone, "quic").len()), (0, 1), "{}", alone["connect"]);
    assert_eq!((&alone["http"]["version"], &alone["dns"]["service"]["used"]), (&"HTTP/3".into(), &0.into()));
    assert!(alone["phases"]["connect_us"].is_null() && alone["phases"]["quic_us"].is_u64());
    assert_eq!(document["findings"], json!([]));
    // Whoever has no QUIC to offer cannot use the record, and goes to the host itself.
    for arguments in [&["--no-http3", url][..], &["--http2", url], &["--route", url]] {
        let (hop, _) = hop(arguments, 0);
        assert_eq!((by(&hop, "quic").len(), by(&hop, "tcp").len()), (0, 1), "{arguments:?}");
        let ignored = hop["dns"]["service"]["records"][0]["ignored"].as_str().unwrap();
        assert!(ignored.starts_with("it offers h3 only, and this run speaks h2"), "{ignored}");
    }
}

#[test]
fn where_quic_alone_is_offered_and_silent_the_hosts_own_address_follows() {
    let (late, document) = hop(&["https://alone-unheard.http3.test/"], 0);
    let [quic, tcp] = ["quic", "tcp"].map(|transport| by(&late, transport)[0].clone());
    assert_eq!((&quic["record"], &tcp["source"]), (&0.into(), &"host".into()), "{}", late["connect"]);
    let waited = tcp["start_us"].as_u64().unwrap() - quic["start_us"].as_u64().unwrap();
    // RFC 9460 section 3: when the record's endpoint has failed; 2 s of silence are taken for that.
    assert!((1_990_000..2_500_000).contains(&waited), "{waited}");
    assert!(late["phases"]["connect_us"].as_u64() >= Some(waited), "the wait is QUIC's: {}", late["phases"]);
    let service = &late["dns"]["service"];
    assert!(service["used"].is_null(), "{service}");
    let failed = service["records"][0]["failed"].as_str().unwrap();
    assert!(failed.contains("gave no reply by UDP in 2."), "{failed}");
    let found = unreachable(&document).unwrap_or_else(|| panic!("{}", document["findings"]));
    assert!(found["title"].as_str().unwrap().contains("the connection began 2."), "{found}");
    assert!(found["saving"]["us"].as_u64() >= Some(1_990_000), "{found}");
    assert!(late["connect"]["udp_check"].is_null(), "two packets went unanswered: {}", late["connect"]);
    let ids: Vec<_> = document["findings"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert!(!ids.contains(&&"tcp-https-record-failed".into()), "{ids:?}");
    assert!(document["verdict"]["culprit"]["cause"] != "us", "{}", document["verdict"]);
}

#[test]
fn a_server_with_one_version_alone_has_two_rows_that_say_why() {
    let (exit, document) = json(&["--lab", "--compare-http", "https://http1-only.http.test/"]);
    let rows = document["compare"].as_array().unwrap();
    let ends: Vec<_> =
        rows.iter().map(|row| (&row["outcome"], &row["failure"]["code"], &row["status"])).collect();
    let (ok, failed) = (Value::from("ok"), Value::from("failed"));
    let [no_h2, no_udp] = ["version-not-negotiated", "quic-refused"].map(Value::from);
    let wanted =
        [(&ok, &Value::Null, &200.into()), (&failed, &no_h2, &Value::Null), (&failed, &no_udp, &Value::Null)];
    assert_eq!((exit, ends), (0, wanted.to_vec()));
    assert_eq!((&document["outcome"], &document["hops"]), (&ok, &rows[0]["hops"]));
    for row in rows {
        assert!(
            !row["hops"].as_array().unwrap().is_empty(),
            "a row that failed shows how far it came: {row}"
        );
        let phases: u64 = row["phases"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "total_us")
            .filter_map(|(_, us)| us.as_u64())
            .sum();
        assert_eq!(row["phases"]["total_us"].as_u64(), Some(phases), "{row}");
    }
    let told = flat(&stdout(&run(&["--lab", "--compare-http", "https://http1-only.http.test/"])));
    assert!(told.contains("version-not-negotiated") && told.contains("quic-refused"), "{told}");
}
