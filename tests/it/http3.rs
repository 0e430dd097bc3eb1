//! HTTP/3, end to end.

use serde_json::{Value, json};

use crate::support::{code, json, run, stderr, stdout};

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

/// A text without its line ends.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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
