//! Every scenario of the lab: the right verdict and the right exit code.

use urltrace::lab::{SCENARIOS, Scenario};

use crate::support::{code, json, run, stderr, stdout};

fn arguments(scenario: &Scenario) -> Vec<&'static str> {
    let mut arguments = vec!["--lab"];
    arguments.extend_from_slice(scenario.options);
    arguments.push(scenario.url);
    arguments
}

#[test]
fn every_scenario_ends_as_it_should() {
    for scenario in SCENARIOS {
        let (exit, document) = json(&arguments(scenario));
        let id = scenario.id;
        assert_eq!(exit, i32::from(scenario.expect.exit), "{id}: {}", document["failure"]);
        match scenario.expect.outcome {
            "ok" => assert_eq!(document["outcome"], "ok", "{id}: {}", document["failure"]),
            failure => assert_eq!(document["failure"]["code"], failure, "{id}: {}", document["failure"]),
        }
        let last = document["hops"].as_array().unwrap().last().unwrap();
        assert_eq!(last["http"]["status"].as_u64(), scenario.expect.status.map(u64::from), "{id}");
        // A request on a connection that is open looks nothing up.
        let looked_up = document["hops"].as_array().unwrap().iter().rfind(|hop| !hop["dns"].is_null());
        let verdict = looked_up.and_then(|hop| hop["dns"]["dnssec"]["verdict"].as_str());
        assert_eq!(verdict, scenario.expect.dnssec, "{id}");
        // A comparison has no verdict.
        let is_told = document["verdict"]["summary"].as_str().is_some_and(|text| !text.is_empty());
        assert!(is_told || document["kind"] == "compare", "{id}");
    }
}

#[test]
fn every_scenario_has_a_report_of_80_columns_without_escape_codes() {
    for scenario in SCENARIOS {
        for extra in [&[][..], &["--ascii"], &["-v"]] {
            // A comparison has one table, and nothing more to tell.
            let compares = scenario.options.iter().any(|option| option.starts_with("--compare"));
            if extra == ["-v"] && compares {
                continue;
            }
            let output = run(&[&arguments(scenario)[..], extra].concat());
            assert_eq!(
                code(&output),
                i32::from(scenario.expect.exit),
                "{}: {}",
                scenario.id,
                stderr(&output)
            );
            let text = stdout(&output);
            assert!(text.lines().count() >= 3, "{}: {text}", scenario.id);
            assert!(!text.contains('\x1b'));
            if extra != ["-v"] {
                let wide = text.lines().find(|line| line.chars().count() > 80);
                assert_eq!(wide, None, "{}", scenario.id);
            }
            if extra == ["--ascii"] {
                assert!(text.is_ascii(), "{}: {text}", scenario.id);
            }
        }
    }
}

/// What rules on the URL, TLS and HTTP find in a scenario that is there for them.
const FOUND: &[(&str, &[&str])] = &[
    ("normal", &[]),
    ("https-service", &[]),
    ("tls12-only", &["tls-version-old"]),
    ("slow-tls", &["tls-slow-handshake"]),
    ("weak-key", &["tls-certificate-faulty", "tls-weak-key"]),
    ("sha1", &["tls-certificate-faulty", "tls-sha1"]),
    ("bloated-chain", &["tls-chain-bloated"]),
    ("cross-signed", &[]),
    ("out-of-order", &["tls-chain-out-of-order"]),
    ("other-authority", &["tls-caa-mismatch"]),
    ("legacy-tls", &["tls-legacy-version"]),
    ("tls-scan", &["tls-weak-cipher", "tls-old-version-offered"]),
    ("http1-only", &["tls-no-h2-alpn"]),
    ("redirect-chain", &["http-redirect-avoidable", "http-redirect-avoidable", "url-first-request-in-clear"]),
    (
        "temporary-redirect",
        &["http-redirect-avoidable", "http-redirect-temporary", "url-first-request-in-clear"],
    ),
    ("downgrade", &["http-redirect-downgrade", "url-not-encrypted", "http-redirect-avoidable"]),
    ("not-kept", &["tls-no-h2-alpn", "http-connection-close"]),
    (
        "two-lengths",
        &["http-framing-ambiguous", "url-not-encrypted", "http-no-cache-policy", "http-no-validator"],
    ),
    ("not-gzip", &["http-coding-broken"]),
    ("slow-first-byte", &["http-first-byte-slow"]),
    ("slow-upstream", &["http-upstream-slow"]),
    ("websocket", &[]),
    ("events", &[]),
    ("cors", &[]),
    ("cors-preflight-refused", &["http-cors-refused"]),
    ("cors-refused", &["http-cors-refused"]),
    ("cold-function", &["http-cold-start"]),
    ("few-requests", &["tls-no-h2-alpn"]),
    ("cdn-miss", &["http-cdn-miss"]),
    ("cdn-bypass", &["http-cdn-bypass"]),
    ("login", &["http-status-error", "http-auth-required"]),
    ("bare-response", &["http-hsts-missing", "http-no-cache-policy", "http-no-validator"]),
    ("short-hsts", &["http-hsts-weak"]),
    ("not-found", &["http-status-error"]),
    ("cdn-hit", &[]),
    ("cdn-stale", &[]),
    ("gateway-overhead", &["http-upstream-slow"]),
    ("oauth-careless", &["http-auth-required"]),
    ("saml", &["http-auth-required"]),
    ("cas", &["http-auth-required"]),
    ("token", &["http-token-faulty"]),
    ("cookie-flags", &["http-cookie-refused", "http-hsts-missing", "http-cookie-in-clear"]),
    ("old-api", &["http-api-deprecated"]),
    ("gzip", &[]),
    ("grpc", &[]),
    ("grpc-clear", &["url-not-encrypted"]),
    ("grpc-call", &[]),
    ("grpc-not-serving", &["http-grpc-not-serving"]),
    ("grpc-unknown-service", &["http-grpc-status"]),
    ("grpc-unimplemented", &["http-grpc-status"]),
    ("grpc-without-trailers", &["http-grpc-status"]),
    ("grpc-compressed", &["http-grpc-message-refused"]),
    ("grpc-page", &["http-status-error"]),
    ("uncompressed", &["http-no-compression"]),
    ("port-speaks-tls", &["url-port-speaks-tls"]),
];

#[test]
fn scenarios_show_what_they_are_there_for_and_sound_ones_nothing() {
    for (id, found) in FOUND {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.id == *id).unwrap();
        let (_, document) = json(&arguments(scenario));
        let ids = document["findings"].as_array().unwrap().iter().filter_map(|it| it["id"].as_str());
        let ids: Vec<&str> = ids.filter(|id| !id.starts_with("dns-") && !id.starts_with("tcp-")).collect();
        assert_eq!(ids, *found, "{id}");
        let refused = ids.iter().any(|id| *id == "http-cors-refused" || id.starts_with("http-grpc-"))
            || *id == "login"
            || ["not-found", "grpc-page"].contains(id);
        if document["outcome"] == "ok" && !refused {
            assert_ne!(document["verdict"]["culprit"]["cause"], "error", "{id}");
        }
    }
}

#[test]
fn a_redirect_chain_has_one_record_a_hop_and_they_sum_to_the_total() {
    let (exit, document) = json(&["--lab", "http://shop.test/", "-L"]);
    assert_eq!(exit, 0);
    let hops = document["hops"].as_array().unwrap();
    let urls: Vec<_> = hops.iter().map(|hop| hop["url"]["href"].as_str().unwrap()).collect();
    assert_eq!(urls, ["http://shop.test/", "https://shop.test/", "https://www.shop.test/"]);
    assert_eq!(hops[0]["http"]["redirect"]["changes"], serde_json::json!(["scheme"]));
    // Without -L the redirect is told, not followed.
    let (_, document) = json(&["--lab", "http://shop.test/"]);
    assert_eq!(document["hops"].as_array().unwrap().len(), 1);
    assert_eq!(document["hops"][0]["http"]["redirect"]["followed"], false);
}

#[test]
fn dnssec_can_be_left_out_given_other_anchors_and_never_fails_a_trace() {
    let (exit, document) = json(&["dns", "--lab", "www.dnssec-expired.test"]);
    assert_eq!(exit, 0, "bogus is told, not a failure");
    assert_eq!(document["dns"]["dnssec"]["verdict"], "bogus");
    let (exit, document) = json(&["--lab", "https://www.dnssec-expired.test/"]);
    assert_eq!((exit, &document["findings"][0]["id"]), (0, &"dns-dnssec-bogus".into()));
    let (_, document) = json(&["--lab", "--no-dnssec", "https://www.example.test/"]);
    assert!(document["hops"][0]["dns"]["dnssec"].is_null());
    let file = std::env::temp_dir().join(format!("urltrace-anchors-{}", std::process::id()));
    let path = file.to_str().unwrap();
    std::fs::write(&file, "example. IN DS 1 13 2 ABCD\n").unwrap();
    let (_, document) = json(&["dns", "--lab", "--trust-anchor", path, "www.example.test"]);
    assert_eq!(document["dns"]["dnssec"]["verdict"], "indeterminate");
    std::fs::write(&file, "www.example.test. IN A 192.0.2.1\n").unwrap();
    let output = run(&["dns", "--lab", "--trust-anchor", path, "www.example.test"]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("line 1: `A` is not an anchor"), "{}", stderr(&output));
}

#[test]
fn the_walk_alone_answers_with_data_and_fails_with_4() {
    let (exit, document) = json(&["dns", "--lab", "www.example.test"]);
    assert_eq!((exit, &document["rcode"]), (0, &"NOERROR".into()));
    assert_eq!(document["answers"][0]["type"], "A");
    let zones: Vec<_> = document["dns"]["critical_path"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| {
            document["dns"]["packets"][id.as_u64().unwrap() as usize]["zone"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(zones, [".", "test.", "example.test."]);
    let (exit, document) = json(&["--lab", "dns", "no-such-name.example.test"]);
    assert_eq!((exit, &document["rcode"]), (4, &"NXDOMAIN".into()));
    assert_eq!(document["failure"]["code"], "nxdomain");
    assert_eq!(document["dns"]["negative"]["zone"], "example.test.");
}

#[test]
fn the_list_has_a_line_for_each_scenario_with_its_url() {
    let text = stdout(&run(&["lab"]));
    for scenario in SCENARIOS {
        assert!(text.lines().any(|line| line.contains(scenario.id)), "{}", scenario.id);
        assert!(text.contains(scenario.url), "{}", scenario.url);
    }
}

#[test]
fn fail_turns_a_bad_status_into_8() {
    let url = SCENARIOS.iter().find(|scenario| scenario.expect.status == Some(404)).unwrap().url;
    assert_eq!(code(&run(&["--lab", url])), 0);
    assert_eq!(code(&run(&["--lab", "--fail", url])), 8);
}

#[test]
fn k_goes_on_and_still_tells_the_fault() {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.id == "expired").unwrap();
    let (exit, document) = json(&["--lab", "-k", scenario.url]);
    assert_eq!(exit, 0);
    assert_eq!(document["hops"][0]["tls"]["verification"]["overridden"], true);
    assert_eq!(document["findings"][0]["id"], "tls-certificate-faulty");
}

#[test]
fn a_client_certificate_is_wanted_and_the_labs_own_is_let_in() {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.id == "client-certificate-given").unwrap();
    let (exit, document) = json(&["--lab", "--cert", "lab:client", scenario.url]);
    assert_eq!(exit, 0, "{}", document["failure"]);
    let authority = "O=urltrace lab, CN=urltrace lab root CA";
    let shown = serde_json::json!({
        "requested": true, "sent": true, "subject": "CN=urltrace lab client", "acceptable_cas": [authority],
    });
    assert_eq!(document["hops"][0]["tls"]["client_certificate"], shown);
    // Without it, the same server says whom it would let in.
    let (_, document) = json(&["--lab", scenario.url]);
    assert!(document["failure"]["hint"].as_str().unwrap().contains(authority), "{}", document["failure"]);
    let output = run(&["--cert", "lab:client", "https://www.example.test/"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("it goes with --lab"), "{}", stderr(&output));
    // A password is in no message, whatever is wrong.
    let missing = run(&["--lab", "--cert", "no-such-file:hunter2", scenario.url]);
    let unfit = run(&["--lab", "--cert", "Cargo.toml:hunter2", "--pass", "hunter2", scenario.url]);
    for (output, words) in [(missing, "`no-such-file` cannot be read"), (unfit, "holds no certificate")] {
        let told = stdout(&output) + &stderr(&output);
        assert!(code(&output) == 2 && told.contains(words) && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_second_connection_tells_what_tickets_are_worth() {
    for (id, resumed, early_data, some_tickets) in [
        ("resumption", true, Some("not-offered"), true),
        ("early-data", true, Some("accepted"), true),
        ("early-data-refused", true, Some("refused"), true),
        ("no-tickets", false, None, false),
        ("forgetful", false, Some("not-offered"), true),
    ] {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.id == id).unwrap();
        let (_, document) = json(&["--lab", "--resume", scenario.url]);
        let tls = &document["hops"][0]["tls"];
        let seen = &tls["resumption"];
        assert_eq!(seen["resumed"], resumed, "{id}: {seen}");
        assert_eq!(seen["early_data"].as_str(), early_data, "{id}: {seen}");
        assert_eq!(seen["tickets"].as_u64().unwrap() > 0, some_tickets, "{id}: {seen}");
        let us = |name: &str| seen[name].as_i64();
        let saved = us("handshake_us").and_then(|took| Some(us("full_handshake_us")? - took));
        assert_eq!(us("saved_us"), saved.filter(|_| resumed), "{id}: {seen}");
        let found = document["findings"].as_array().unwrap().iter();
        let found = found.filter(|finding| finding["id"] == "tls-no-resumption").count();
        assert_eq!(found, usize::from(!resumed), "{id}");
        // The first handshake is a full one, and the second no part of the run.
        assert!(!tls["chain"].as_array().unwrap().is_empty(), "{id}");
        let counted: u64 =
            ["dns_us", "connect_us", "tls_us", "send_us", "wait_us", "receive_us", "unaccounted_us"]
                .iter()
                .filter_map(|phase| document["hops"][0]["phases"][phase].as_u64())
                .sum();
        assert_eq!(document["total_us"].as_u64().unwrap(), counted, "{id}");
    }
    let (_, document) = json(&["--lab", "https://www.example.test/"]);
    assert!(document["hops"][0]["tls"]["resumption"].is_null());
}

#[test]
fn a_staple_is_read_and_a_missing_or_bad_one_found() {
    for (id, status, found) in [
        ("stapled", Some("good"), None),
        ("revoked", Some("revoked"), Some("tls-ocsp-staple-bad")),
        ("must-staple", None, Some("tls-ocsp-must-staple-missing")),
    ] {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.id == id).unwrap();
        let (_, document) = json(&["--lab", scenario.url]);
        let tls = &document["hops"][0]["tls"];
        assert_eq!(tls["ocsp"]["status"].as_str(), status, "{id}: {}", tls["ocsp"]);
        assert_eq!(tls["ocsp"]["next_update"].is_string(), status.is_some(), "{id}");
        assert_eq!(tls["ocsp"]["revoked_at"].is_string(), id == "revoked");
        assert_eq!(tls["chain"][0]["must_staple"], id == "must-staple");
        let ids = document["findings"].as_array().unwrap().iter();
        let of_ocsp = ids.filter_map(|finding| finding["id"].as_str()).find(|id| id.contains("ocsp"));
        assert_eq!(of_ocsp, found, "{id}");
    }
}

#[test]
fn max_time_ends_any_stage_with_a_whole_document() {
    // Each limit is long for what comes before that stage, on a machine that has much else to do.
    for (id, stage, limit) in [
        ("no-answer-http", "http", "0.5"),
        ("slow-first-byte", "http", "0.5"),
        ("slow-authoritative", "dns", "0.05"),
        ("slow-tls", "tls", "0.13"),
    ] {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.id == id).unwrap();
        let (exit, document) = json(&["--lab", "--max-time", limit, scenario.url]);
        assert_eq!(document["failure"]["code"], "max-time", "{id}: {}", document["failure"]);
        assert_eq!(document["failure"]["stage"], stage, "{id}");
        assert!(exit >= 4);
        assert!(document["failure"]["running_us"].as_u64().unwrap() > 0);
        // It ends with its limit, and not when the server would have answered.
        assert!(document["total_us"].as_u64().unwrap() < 650_000, "{id}: {}", document["total_us"]);
    }
}

/// Each reading is of what its run shows.
#[test]
fn the_tour_is_true_of_its_runs() {
    let text = stdout(&run(&["lab", "--tour"]));
    let told: Vec<&str> = text.split("\nStep ").collect();
    assert_eq!(told.len(), urltrace::explain::tour::STEPS.len());
    for (step, told) in urltrace::explain::tour::STEPS.iter().zip(told) {
        assert!(told.lines().any(|line| line == format!("  urltrace {}", step.arguments)), "{told}");
        let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let (report, reading) = flat.split_once("Reading: ").unwrap();
        for words in step.shows {
            assert!(report.contains(words), "`{words}` is not in {told}");
        }
        assert!(reading.contains(&format!("(Exit code {}.)", step.exit)), "{told}");
    }
    assert_eq!(run(&["lab", "--tour", "99"]).status.code(), Some(2));
}

/// What the story tells to try can be typed, and its scenarios are there.
#[test]
fn every_command_of_a_story_runs() {
    let mut commands = std::collections::BTreeSet::new();
    for arguments in [
        &["--lab", "https://www.example.test/"][..],
        &["--lab", "https://tls12-only.tls.test/"],
        &["--lab", "https://expired.tls.test/"],
        &["--lab", "-L", "http://kept-connection.http.test/"],
        &["--lab", "https://missing.example.test/"],
        &["--lab", "https://dead-endpoint.https.test/"],
        &["--lab", "http://not-http.http.test/"],
        &["dns", "--lab", "www.cname.test"],
    ] {
        let text = stdout(&run(&[arguments, &["--explain"]].concat()));
        let tries = text.lines().filter_map(|line| line.trim_start().strip_prefix("try: urltrace "));
        commands.extend(tries.map(str::to_owned));
    }
    assert!(commands.len() > 15, "{commands:?}");
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        let code = run(&words).status.code();
        assert!(matches!(code, Some(0 | 4..=7)), "{command}: {code:?}");
    }
}

#[test]
fn a_chain_is_told_in_detail_and_its_issuer_held_against_the_zone() {
    let tls = |id: &str| {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.id == id).unwrap();
        let (_, document) = json(&arguments(scenario));
        document["hops"][0]["tls"].clone()
    };
    let places = |tls: &serde_json::Value| {
        let chain = tls["chain"].as_array().unwrap().clone();
        chain.into_iter().map(|it| it["place"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let bloated = tls("bloated-chain");
    assert_eq!(places(&bloated), ["leaf", "issuer", "root", "duplicate"]);
    assert_eq!(bloated["chain"][2]["trusted_root"], true);
    let crossed = tls("cross-signed");
    assert_eq!(places(&crossed), ["leaf", "issuer", "issuer"]);
    assert_eq!(crossed["verification"]["verified"], true);
    assert_eq!(
        (&crossed["chain"][2]["trusted_root"], &crossed["chain"][2]["self_issued"]),
        (&true.into(), &false.into())
    );
    assert_eq!(crossed["chain"][1]["trusted_root"], false);
    assert_eq!(places(&tls("out-of-order")), ["leaf", "out-of-order", "issuer"]);
    let missing = tls("missing-intermediate");
    assert_eq!(missing["verification"]["faults"][0]["url"], "http://ca.tls.test/intermediate.der");
    assert!(missing["caa"].is_null(), "it is not trusted");

    let caa = tls("normal")["caa"].clone();
    assert_eq!((&caa["verdict"], &caa["domain"]), (&"named".into(), &"example.test.".into()));
    assert_eq!(caa["identifier"], "ca.test");
    assert_eq!(caa["records"][0]["data"], "0 issue \"ca.test\"");
    let asked: Vec<&str> =
        caa["questions"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(asked, ["www.example.test.", "example.test."]);
    let packets = caa["questions"][0]["packets"].as_array().unwrap();
    assert!(packets.iter().any(|it| it["qtype"] == "CAA" && it["purpose"] == "walk"), "{caa}");
    assert!(packets.iter().all(|it| it["purpose"] != "stub"), "nobody compares: {caa}");
    let caa = tls("other-authority")["caa"].clone();
    assert_eq!((&caa["verdict"], &caa["domain"]), (&"not-named".into(), &"other-authority.tls.test.".into()));
    let caa = tls("stapled")["caa"].clone();
    assert_eq!(caa["verdict"], "no-records");
    assert_eq!(caa["questions"].as_array().unwrap().len(), 3, "{caa}");
    let (_, given) =
        json(&["--lab", "--resolve", "www.example.test:443:127.53.1.1", "https://www.example.test/"]);
    assert!(given["hops"][0]["tls"]["caa"].is_null(), "a name that nobody was asked for is told to nobody");
}
