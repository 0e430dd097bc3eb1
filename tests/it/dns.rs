//! `urltrace dns`: its questions, its forms of output, names from standard input.

use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::support::{check_document, code, json, run, stderr, stdout, urltrace};

/// Runs the binary with these lines on its standard input.
fn with_input(arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut child = urltrace()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_ref()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn short_prints_data_only_and_its_reason_elsewhere() {
    let output = run(&["dns", "--lab", "--short", "www.cname.test"]);
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
    assert_eq!(stdout(&output), "www-cname-test.cdn.example.\nedge7.cdn.example.\n127.53.1.5\n");
    let output = run(&["dns", "--lab", "--short", "nope.example.test"]);
    assert_eq!((code(&output), stdout(&output)), (4, String::new()));
    let reason = stderr(&output);
    assert!(reason.starts_with("urltrace: dns: nope.example.test. does not exist"));
    assert_eq!((reason.matches("urltrace:").count(), reason.matches("hint:").count()), (1, 1), "{reason}");
}

#[test]
fn bare_data_that_is_bogus_does_not_look_like_sound_data() {
    let (bogus, sound) = ("www.dnssec-expired.test", "www.example.test");
    let output = run(&["dns", "--lab", "--short", bogus]);
    assert_eq!((code(&output), stdout(&output).as_str()), (0, "127.53.1.94\n"));
    let reason = stderr(&output);
    assert!(reason.starts_with("urltrace: dns: www.dnssec-expired.test. is bogus (DNSSEC): "), "{reason}");
    let output = with_input(&["dns", "--lab", "-"], format!("{bogus}\n{sound}\n"));
    let text = stdout(&output);
    let told: Vec<bool> = text.lines().map(|line| line.ends_with("  dnssec bogus")).collect();
    assert_eq!(told, [true, false], "{text}");
}

#[test]
fn a_name_that_is_no_text_costs_itself_only() {
    let output = with_input(&["dns", "--lab", "-"], b"www.example.test\nw\xffw.example.test\n".as_slice());
    let text = stdout(&output);
    let codes: Vec<_> = text.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!((code(&output), codes), (4, vec!["NOERROR", "INVALID-NAME"]), "{text}");
}

#[test]
fn what_is_no_name_is_told_where_it_belongs() {
    let output = run(&["dns", "--lab", "https://user:pass@www.example.test/path"]);
    assert_eq!((code(&output), stdout(&output)), (2, String::new()));
    assert!(stderr(&output).contains("hint: `urltrace dns www.example.test`"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("pass"), "{}", stderr(&output));
    let output = with_input(&["dns", "--lab", "--format", "json", "-"], "https://www.example.test/\n");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["failure"]["code"], "invalid-name");
    assert_eq!(document["dns"]["packets"], serde_json::json!([]), "no server reads it");
    let output = run(&["dns", "--lab", "192.0.2.7"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("hint: `urltrace dns -x 192.0.2.7` asks for"));
}

#[test]
fn a_failed_walk_ran_as_long_as_the_walk() {
    let (_, document) = json(&["dns", "--lab", "nope.slow.test"]);
    let running = document["failure"]["running_us"].as_u64().unwrap();
    assert!(running > 0 && document["dns"]["duration_us"] == running, "{}", document["failure"]);
}

#[test]
fn a_question_that_is_not_the_name_itself_is_named_in_its_line() {
    let output = stdout(&run(&["dns", "--lab", "--qmin", "www.in-town.slow.test"]));
    assert!(output.contains(" for in-town.slow.test."), "{output}");
}

#[test]
fn types_go_by_name_and_number_and_addresses_by_x() {
    for rtype in ["65", "TYPE65", "https", "A,HTTPS"] {
        let (_, document) = json(&["dns", "--lab", "-t", rtype, "www.example.test"]);
        let types = document["dns"]["types"].as_array().unwrap();
        assert_eq!(types.last().unwrap(), "HTTPS", "{rtype}");
    }
    let (exit, document) = json(&["dns", "--lab", "-x", "192.0.2.7"]);
    assert_eq!((exit, &document["dns"]["name"]), (4, &"7.2.0.192.in-addr.arpa.".into()));
    assert_eq!(document["dns"]["types"], serde_json::json!(["PTR"]));
    for arguments in
        [&["dns", "-t", "AXFR", "x"][..], &["dns"], &["dns", "-x", "1.2.3"], &["dns", "-x", "::1", "x"]]
    {
        assert_eq!(code(&run(arguments)), 2, "{arguments:?}");
    }
}

#[test]
fn the_report_shows_the_cuts_as_a_tree_with_the_critical_path() {
    let text = stdout(&run(&["dns", "--lab", "www.example.test"]));
    assert!(text.contains("\n└ test. ") && text.contains("\n  └ example.test. "), "{text}");
    assert!(text.contains("critical path of 3 round trips, 3 packets"), "{text}");
    let text = stdout(&run(&["dns", "--lab", "--ascii", "www.example.test"]));
    assert!(text.is_ascii() && text.contains("\n`-test. "), "{text}");
}

#[test]
fn minimised_questions_are_seen_in_the_packets() {
    let (exit, document) = json(&["dns", "--lab", "--qmin", "www.example.test"]);
    assert_eq!(exit, 0);
    let walked: Vec<_> = document["dns"]["packets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|packet| packet["purpose"] == "walk")
        .map(|packet| packet["qname"].as_str().unwrap())
        .collect();
    assert_eq!(walked, ["test.", "example.test.", "www.example.test."]);
}

#[test]
fn names_from_standard_input_get_a_line_each_in_their_order() {
    let names =
        "# names\n\nwww.slow.test\nwww.example.test\nnope.example.test\na..b\n  www.example.test  again\n";
    let output = with_input(&["dns", "--lab", "-"], names);
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    let text = stdout(&output);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    assert_eq!(
        lines,
        [
            ["www.slow.test.", "NOERROR"],
            ["www.example.test.", "NOERROR"],
            ["nope.example.test.", "NXDOMAIN"],
            ["a..b.", "INVALID-NAME"],
            ["www.example.test.", "NOERROR"],
        ]
    );
    assert!(text.lines().last().unwrap().contains(" cached "), "{text}");

    let output =
        with_input(&["dns", "--lab", "--format", "json", "-"], "www.example.test\nwww.example.test\n");
    assert_eq!(code(&output), 0);
    let documents: Vec<Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), 2);
    documents.iter().for_each(check_document);
    assert_eq!(documents[0]["answers"], documents[1]["answers"]);
    assert_eq!(documents[1]["dns"]["packets"], serde_json::json!([]), "the same question is asked once");

    let output = with_input(
        &["dns", "--lab", "--cold", "--format", "json", "-"],
        "www.example.test\nwww.example.test\n",
    );
    for line in stdout(&output).lines() {
        let document: Value = serde_json::from_str(line).unwrap();
        // Three for the walk, three for the keys of its zones.
        assert_eq!(document["dns"]["packets"].as_array().unwrap().len(), 6);
        assert!(document["dns"]["cuts"].as_array().unwrap().iter().all(|cut| cut["cached"] == false));
    }
    let output = with_input(&["dns", "--lab", "--short", "-"], "www.example.test\nwww.slow.test\n");
    assert_eq!((code(&output), stdout(&output).as_str()), (0, "127.53.1.1\n127.53.1.9\n"));
    assert_eq!(code(&with_input(&["dns", "--lab", "-"], "")), 0);
    // What cannot be done for many names is refused, not left out.
    for option in ["--all-ns", "--propagation", "-v"] {
        let output = with_input(&["dns", "--lab", option, "-"], "");
        assert_eq!((code(&output), stdout(&output).as_str()), (2, ""), "{option}");
        assert!(stderr(&output).contains(option), "{}", stderr(&output));
    }
    assert_eq!(code(&run(&["dns", "--lab", "--cold", "www.example.test"])), 2);
}

#[test]
fn all_servers_of_the_zone_are_a_table_and_a_list() {
    let (exit, document) = json(&["dns", "--lab", "--all-ns", "www.example.test"]);
    assert_eq!(exit, 0);
    let servers = document["dns"]["all_servers"].as_array().unwrap();
    assert!(!servers.is_empty());
    for server in servers {
        assert_eq!(
            (&server["reachable"], &server["edns"], &server["tcp"]),
            (&true.into(), &true.into(), &true.into())
        );
        assert_eq!(server["faults"], serde_json::json!([]));
        assert!(server["serial"].is_u64() && server["rtt_us"].is_u64());
    }
    let text = stdout(&run(&["dns", "--lab", "--all-ns", "www.example.test"]));
    assert!(text.contains("all servers") && text.contains("EDNS TCP"), "{text}");
}

#[test]
fn copies_are_a_table_with_what_follows_and_the_lab_asks_nobody_outside() {
    let (exit, document) = json(&["dns", "--lab", "--propagation", "www.example.test"]);
    assert_eq!(exit, 0);
    let propagation = &document["dns"]["propagation"];
    let copies = propagation["copies"].as_array().unwrap();
    assert!(copies.iter().all(|copy| copy["keeper"] != "public" && copy["agrees"] == true), "{copies:?}");
    assert!(copies.iter().any(|copy| copy["keeper"] == "configured" && copy["ttl"] == 263));
    assert!(propagation["stale_for_s"].is_null());
    let stub = &document["dns"]["stub"];
    assert_eq!((&stub["age"], &stub["age_at_most"]), (&serde_json::Value::Null, &37.into()));
    let output = run(&["dns", "--lab", "--propagation", "--resolvers", "/no/such/file", "x.test"]);
    assert_eq!(code(&output), 2);
    assert_eq!(code(&run(&["dns", "--lab", "--resolvers", "/dev/null", "x.test"])), 2);
    let text = stdout(&run(&["dns", "--lab", "--propagation", "www.example.test"]));
    assert!(text.contains("TTL left") && text.contains("has what the authority says"), "{text}");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("cached 0 to 37 s ago, 263 s left"), "{text}");
}

#[test]
fn a_trace_asks_whom_else_it_is_told_to_once_the_page_is_there() {
    let url = "https://www.udp-only.test/";
    let (exit, document) = json(&["--lab", "--all-ns", "--propagation", "--qmin", url]);
    assert_eq!(exit, 0);
    check_document(&document);
    let dns = &document["hops"][0]["dns"];
    assert_eq!(dns["all_servers"].as_array().map(Vec::len), Some(1));
    assert!(dns["propagation"]["copies"].as_array().is_some_and(|copies| copies.len() == 2), "{dns:#}");
    let finding = &document["findings"][0];
    assert_eq!(finding["id"], "dns-zone-server-without-tcp");
    assert!(document.pointer(finding["evidence"][0]["pointer"].as_str().unwrap()).is_some());
    let end = document["total_us"].as_u64().unwrap();
    let packets = dns["packets"].as_array().unwrap();
    let asked =
        |purpose: &str| packets.iter().filter(|packet| packet["purpose"] == purpose).collect::<Vec<_>>();
    assert!(asked("all-servers").iter().all(|packet| packet["sent_us"].as_u64().unwrap() >= end));
    assert!(!asked("all-servers").is_empty() && !asked("propagation").is_empty());
    assert_eq!(packets[0]["qname"], "test.", "--qmin");
    let text = stdout(&run(&["--lab", "--all-ns", "--propagation", url]));
    assert!(text.contains("all servers") && text.contains("copies of A"), "{text}");
}

#[test]
fn what_all_servers_show_is_found_and_its_pointers_resolve() {
    let (_, document) = json(&["dns", "--lab", "--all-ns", "www.udp-only.test"]);
    check_document(&document);
    let findings = document["findings"].as_array().unwrap();
    let [finding] = &findings[..] else { panic!("{findings:#?}") };
    assert_eq!(finding["id"], "dns-zone-server-without-tcp");
    let evidence = &finding["evidence"][0];
    let seen = document.pointer(evidence["pointer"].as_str().unwrap()).unwrap();
    assert_eq!((seen, &evidence["value"]), (&serde_json::json!(["no-tcp"]), seen));
    let (_, document) = json(&["dns", "--lab", "--all-ns", "www.no-tcp.test"]);
    let ids: Vec<_> = document["findings"].as_array().unwrap().iter().map(|finding| &finding["id"]).collect();
    assert_eq!(ids, ["dns-tcp-broken"], "one fault is told once");
    let (_, document) = json(&["dns", "--lab", "--all-ns", "www.example.test"]);
    let empty = serde_json::json!([]);
    assert_eq!(document["findings"], empty);
    // The parent's servers are not those of the zone that they refer to.
    let (_, document) = json(&["dns", "--lab", "--all-ns", "www.loop-a.test"]);
    assert_eq!((&document["findings"], &document["dns"]["all_servers"]), (&empty, &empty), "{document:#}");
    let note = document["dns"]["notes"].to_string();
    assert!(note.contains("no server of zone loop-a.test. has an address"), "{note}");
}
