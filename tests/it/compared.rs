//! `--compare`: several ways in turn, in rounds, and what is told of their differences; and runs that keep what a browser
//! would.

use serde_json::Value;

use crate::support::{check_document, code, flat, json, run, stderr, stdout};

fn compared(arguments: &[&str]) -> (i32, Value) {
    let (exit, document) = json(&[&["--lab"], arguments].concat());
    check_document(&document);
    assert_eq!(document["kind"], "compare");
    (exit, document)
}

fn labels(document: &Value) -> Vec<&str> {
    document["compare"].as_array().unwrap().iter().map(|row| row["label"].as_str().unwrap()).collect()
}

/// The row of a phase in how a way stands to the first.
fn difference<'a>(row: &'a Value, phase: &str) -> &'a Value {
    let all = row["against_first"]["phase_differences"].as_array().unwrap();
    all.iter().find(|one| one["phase"] == phase).unwrap_or_else(|| panic!("{phase}: {row}"))
}

#[test]
fn the_slow_address_of_three_is_told_from_chance() {
    let url = "http://balanced.http.test/";
    let (exit, document) = compared(&["--compare", "address=all", "-n", "10", url]);
    assert_eq!((exit, &document["varied"], &document["rounds"]), (0, &"address".into(), &10.into()));
    assert_eq!(labels(&document), ["127.53.1.174", "127.53.1.175", "127.53.1.176"]);
    let rows = document["compare"].as_array().unwrap();
    for row in rows {
        assert_eq!(row["runs"].as_array().unwrap().len(), 10);
        assert_eq!(row["hops"][0]["connect"]["address"], row["label"]);
        assert!(row["phases"]["dns_us"].is_null(), "the address is given: {}", row["phases"]);
    }
    assert!(rows[0]["against_first"].is_null());
    let (alike, slow) = (&rows[1]["against_first"], &rows[2]["against_first"]);
    assert_eq!((&alike["pairs"], &slow["total_differs"]), (&10.into(), &"seen".into()), "{slow}");
    let wait = difference(&rows[2], "wait");
    assert!(wait["difference_us"].as_i64().unwrap() > 100_000 && wait["seen"] == true, "{wait}");
    assert!(wait["chance"].as_f64().unwrap() < 0.05, "{wait}");
    let told: Vec<&Value> =
        slow["changes"].as_array().unwrap().iter().map(|change| &change["what"]).collect();
    assert!(!told.contains(&&"address".into()), "what was varied is no news: {told:?}");
    // The same in text.
    let text = stdout(&run(&["--lab", "--compare", "address=all", "-n", "10", url]));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(flat(&text).contains("127.53.1.176 takes") && text.contains('*'), "{text}");
    assert!(flat(&text).contains("no chance"), "{text}");
    let ascii = stdout(&run(&["--lab", "--ascii", "--compare", "address=all", url]));
    assert!(ascii.is_ascii() && flat(&ascii).contains("cannot be told from one round"), "{ascii}");
}

#[test]
fn a_comparison_is_a_page_a_ticket_and_csv_too() {
    let url = "http://balanced.http.test/?token=planted";
    let directory = std::env::temp_dir().join(format!("urltrace-compared-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = |name: &str| directory.join(name).display().to_string();
    let forms = ["html", "markdown", "csv", "json"];
    let exports: Vec<String> =
        forms.iter().flat_map(|form| [format!("--export-{form}"), file(form)]).collect();
    let options: Vec<&str> = exports.iter().map(String::as_str).collect();
    let ways = ["--lab", "--compare", "address=127.53.1.174,127.53.1.176", "-n", "10"];
    let output = run(&[&ways[..], &options, &[url]].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let [html, markdown, csv, json] = forms.map(|form| std::fs::read_to_string(file(form)).unwrap());
    for text in [&html, &markdown, &csv, &json] {
        assert!(!text.contains("planted"), "{text}");
    }
    for words in ["127.53.1.176 - 127.53.1.174", "and that is no chance", "more than chance", "status"] {
        assert!(html.contains(words) && markdown.contains(words), "{words}:\n{markdown}");
    }
    let row = |phase: &str| -> Vec<String> {
        let wanted = format!("127.53.1.174,127.53.1.176,10,{phase},");
        let line = csv.lines().find(|line| line.starts_with(&wanted));
        line.unwrap_or_else(|| panic!("{phase}: {csv}")).split(',').map(str::to_owned).collect()
    };
    assert_eq!(csv.lines().next().unwrap().split(',').count(), row("wait").len(), "{csv}");
    let document: Value = serde_json::from_str(&json).unwrap();
    check_document(&document);
    for phase in ["wait", "total"] {
        let (told, row) = (difference(&document["compare"][1], phase), row(phase));
        assert_eq!(row[6], told["difference_us"].to_string(), "{csv}");
        assert_eq!((row[7].as_str(), row[8].parse::<f64>().ok()), ("true", told["chance"].as_f64()), "{csv}");
    }
    // What was saved is shown again, in every form.
    for (form, text) in forms.iter().zip([&html, &markdown, &csv, &json]) {
        let again = run(&["show", &file("json"), "--format", form]);
        assert_eq!((code(&again), stderr(&again)), (0, String::new()), "{form}");
        assert!(stdout(&again) == *text, "{form}");
    }
    assert_eq!(stdout(&run(&["show", &file("json")])), stdout(&output));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn runs_in_brief_leave_out_requests_and_are_shown_again() {
    let path = std::env::temp_dir().join(format!("urltrace-compared-brief-{}", std::process::id()));
    let saved = path.display().to_string();
    let ways = [
        "--lab",
        "--compare",
        "url=https://www.example.test/,https://not-found.http.test/",
        "-n",
        "4",
        "--brief",
        "--export-json",
        &saved,
    ];
    let output = run(&ways);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    check_document(&document);
    for row in document["compare"].as_array().unwrap() {
        assert_eq!(row["hops"].as_array().unwrap().len(), 1, "the run that stands for it is whole");
        let runs = row["runs"].as_array().unwrap();
        assert!(runs.len() == 4 && runs.iter().all(|run| run["hops"].is_null() && run["phases"].is_object()));
    }
    assert!(!document["compare"][1]["against_first"]["changes"].as_array().unwrap().is_empty(), "{document}");
    // What the requests told is kept as it was told.
    assert_eq!(stdout(&run(&["show", &saved])), stdout(&output));
    for form in ["json", "jsonl", "csv", "markdown", "html"] {
        let again = run(&["show", &saved, "--format", form]);
        assert_eq!((code(&again), stderr(&again)), (0, String::new()), "{form}");
        if form == "json" {
            assert_eq!(stdout(&again), std::fs::read_to_string(&path).unwrap());
        }
    }
    let spans = run(&["show", &saved, "--format", "otlp"]);
    assert!(code(&spans) == 2 && stderr(&spans).contains("saved with --brief"), "{}", stderr(&spans));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn ways_without_a_difference_are_said_to_have_none() {
    let url = "http://balanced.http.test/";
    let (_, document) = compared(&["--compare", "address=127.53.1.174,127.53.1.175", "-n", "12", url]);
    let row = &document["compare"][1];
    assert_ne!(row["against_first"]["total_differs"], "unjudged", "{row}");
    let nine = ["--compare", "address=127.53.1.174,127.53.1.176", "-n", "9", url];
    let (_, document) = compared(&nine);
    assert_eq!(document["compare"][1]["against_first"]["total_differs"], "unjudged", "nine are too few");
    assert!(difference(&document["compare"][1], "total")["chance"].is_null());
}

#[test]
fn resolvers_families_and_urls_are_compared() {
    let url = "https://www.example.test/";
    let (exit, document) = compared(&["--compare", "resolver=walk,system", "-n", "2", url]);
    assert_eq!((exit, labels(&document)), (0, vec!["walk", "system"]));
    let lane = |row: usize| &document["compare"][row]["hops"][0]["dns"]["lane"];
    assert_eq!((lane(0), lane(1)), (&"walk".into(), &"resolver".into()));
    // What registries said was asked before: no run asks the root.
    let packets = document["compare"][0]["hops"][0]["dns"]["packets"].as_array().unwrap();
    let at_root = |packet: &&Value| packet["zone"] == "." && packet["purpose"] == "walk";
    assert_eq!(packets.iter().filter(at_root).count(), 0, "{packets:?}");

    let (exit, document) = compared(&["--compare", "family=4,6", url]);
    assert_eq!((exit, labels(&document)), (0, vec!["IPv4", "IPv6"]));
    let ends: Vec<&Value> =
        document["compare"].as_array().unwrap().iter().map(|row| &row["outcome"]).collect();
    assert_eq!(ends, [&Value::from("ok"), &Value::from("failed")], "the lab has no IPv6");
    assert_eq!(document["compare"][1]["against_first"]["total_differs"], "no-times");

    let urls = "url=https://www.example.test/?token=abc123,https://not-found.http.test/";
    let (exit, document) = compared(&["--compare", urls]);
    let rows = &document["compare"];
    assert_eq!((exit, &rows[0]["status"], &rows[1]["status"]), (0, &200.into(), &404.into()));
    let changes = rows[1]["against_first"]["changes"].as_array().unwrap();
    assert!(changes.iter().any(|change| change["what"] == "status"), "{changes:?}");
    assert!(!document.to_string().contains("abc123"));
    let text = stdout(&run(&["--lab", "--compare", urls]));
    assert!(text.contains("A  https://www.example.test/") && text.contains("B  https://not-found"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn no_address_and_one_address_are_told() {
    let (exit, document) = compared(&["--compare", "address=all", "https://missing.example.test/"]);
    assert_eq!((exit, &document["failure"]["code"]), (4, &"nxdomain".into()));
    let (exit, document) = compared(&["--compare", "address=all", "https://www.example.test/"]);
    assert_eq!((exit, document["compare"].as_array().unwrap().len()), (0, 1));
    assert!(document["note"].as_str().unwrap().contains("one address"), "{}", document["note"]);
}

#[test]
fn what_cannot_be_compared_is_an_error_with_a_hint() {
    let url = "https://www.example.test/";
    for (words, why) in [
        (&["--compare", "colour=red,blue", url][..], "nothing to vary"),
        (&["--compare", "http=2", url], "one way"),
        (&["--compare", "http=2,2", url], "twice"),
        (&["--compare", "http=1.1,2", "--http2", url], "at odds with --http2"),
        (&["--compare", "family=4,6", "-6", url], "at odds with -6"),
        (&["--compare", "url=a.test,b.test", url], "there is one beside it"),
        (&["--compare", "http=1.1,2", "-n", "600", url], "more than 1000"),
        (&["--compare", "http=1.1,2", "-n", "5", "--interval", "1", url], "no place for --interval"),
        (&["--compare", "http=1.1,2", "-d", "x", url], "may change something"),
        (&["--compare", "http=1.1,2", "--format", "svg", url], "prints a comparison"),
        (&["--compare", "http=1.1,2", "--export-har", "a.har", url], "prints a comparison"),
        (&["--compare", "resolver=walk,192.0.2.53", "--lab", url], "no outside"),
        (&["--compare", "warm=none,hot", url], "no word for what is kept"),
        (&["--compare", "http=1.1,2", url, url], "looks into one URL"),
    ] {
        let output = run(words);
        let said = flat(&stderr(&output));
        assert!(code(&output) == 2 && said.contains(why), "{words:?}: {said}");
    }
}

#[test]
fn a_kept_connection_spares_the_way_to_it() {
    for url in ["https://www.example.test/", "https://http1-only.http.test/", "http://balanced.http.test/"] {
        let (exit, document) = json(&["--lab", "-n", "4", "--warm", "connection", url]);
        check_document(&document);
        assert_eq!((exit, &document["start"]), (0, &"warm-connection".into()), "{url}");
        let runs = document["runs"].as_array().unwrap();
        let kept: Vec<&Value> = runs.iter().map(|run| &run["hops"][0]["kept_connection"]).collect();
        assert_eq!(kept, [&Value::Null, &"used".into(), &"used".into(), &"used".into()], "{url}");
        for (at, run) in runs.iter().enumerate() {
            let (phases, hop) = (&run["phases"], &run["hops"][0]);
            assert_eq!(
                phases["dns_us"].is_u64() && phases["connect_us"].is_u64(),
                at == 0,
                "{url}: {phases}"
            );
            assert!(phases["wait_us"].is_u64(), "{url}: {phases}");
            if at > 0 {
                let why = hop["reasons"]["connect"].as_str().unwrap();
                assert!(why.contains("kept from an earlier run"), "{url}: {why}");
                // Its stamps are of its own run, and not of the one that opened the connection.
                assert!(run["total_us"].as_u64().unwrap() < 60_000, "{url}: {run}");
            }
        }
    }
    let text = flat(&stdout(&run(&["--lab", "-n", "4", "--warm", "all", "https://www.example.test/"])));
    assert!(text.contains("3 of 4 runs had one from before"), "{text}");
    assert!(text.contains("1 run that opened a connection took"), "{text}");
}

#[test]
fn a_connection_that_the_server_closed_is_told_and_another_opened() {
    let url = "https://not-kept.http.test/";
    let (exit, document) = json(&["--lab", "-n", "3", "--warm", "connection", "--brief", url]);
    assert_eq!(
        (exit, &document["summary"]["failed"]),
        (0, &0.into()),
        "one that ends each connection itself"
    );
    // It ends them behind the third response, and does not say so before.
    let url = "https://few-requests.http.test/";
    let (exit, document) = json(&["--lab", "-n", "5", "--interval", "100ms", "--warm", "connection", url]);
    check_document(&document);
    assert_eq!(exit, 0);
    let runs = document["runs"].as_array().unwrap();
    let kept: Vec<&str> =
        runs.iter().map(|run| run["hops"][0]["kept_connection"].as_str().unwrap_or("-")).collect();
    assert_eq!([&kept[..3], &kept[4..]].concat(), ["-", "used", "used", "used"]);
    // On a busy machine the end may be seen under the request only, which then goes again.
    let fourth = runs[3]["hops"].as_array().unwrap();
    match kept[3] {
        "closed" => assert_eq!(fourth.len(), 1, "{:#}", runs[3]),
        met => {
            assert_eq!((met, fourth.len()), ("used", 2), "{:#}", runs[3]);
            assert_eq!(
                (&fourth[0]["http"]["unanswered"], &fourth[1]["retry_of"]),
                (&"closed".into(), &0.into()),
                "{:#}",
                runs[3]
            );
        }
    }
}

#[test]
fn cold_and_warm_stand_side_by_side() {
    let url = "https://www.example.test/";
    let (exit, document) = compared(&["--compare", "warm=none,dns,connection,all", "-n", "10", url]);
    assert_eq!((exit, labels(&document)), (0, vec!["cold", "warm dns", "warm connection", "warm all"]));
    let rows = document["compare"].as_array().unwrap();
    assert!(rows[0]["phases"]["tls_us"].is_u64() && rows[1]["phases"]["tls_us"].is_u64());
    for warm in &rows[2..] {
        assert!(
            warm["phases"]["tls_us"].is_null() && warm["phases"]["dns_us"].is_null(),
            "{}",
            warm["phases"]
        );
        assert_eq!(warm["against_first"]["total_differs"], "seen", "{}", warm["against_first"]);
        assert!(difference(warm, "total")["difference_us"].as_i64().unwrap() < 0);
    }
}

#[test]
fn each_pattern_of_the_lab_is_named_with_its_numbers() {
    for (runs, url, kind, words) in [
        ("15", "http://flapping.http.test/", "flapping", "every 3rd run is slow"),
        ("30", "http://bimodal.http.test/", "bimodal", "two levels with little between"),
        ("20", "http://drifting.http.test/", "drift", "more than the one before"),
        ("30", "http://pool.http.test/", "bad-backend", "one of 3 servers is slow, x-served-by: web-2"),
    ] {
        let (exit, document) = json(&["--lab", "-n", runs, "--brief", "--warm", "dns", url]);
        check_document(&document);
        let patterns = document["summary"]["patterns"].as_array().unwrap();
        let told: Vec<&Value> = patterns.iter().map(|pattern| &pattern["kind"]).collect();
        assert_eq!((exit, told), (0, vec![&Value::from(kind)]), "{patterns:?}");
        let pattern = &patterns[0];
        assert!(pattern["detail"].as_str().unwrap().contains(words), "{pattern}");
        assert_eq!(pattern["phase"], "wait", "{pattern}");
    }
    let text = flat(&stdout(&run(&["--lab", "-n", "15", "http://flapping.http.test/"])));
    assert!(text.contains("flapping every 3rd run is slow, from run 3 on"), "{text}");
    // A server without a pattern has none.
    let plain = ["--lab", "-n", "20", "--brief", "--warm", "dns", "http://balanced.http.test/"];
    let (_, document) = json(&plain);
    let told: Vec<&Value> =
        document["summary"]["patterns"].as_array().unwrap().iter().map(|pattern| &pattern["kind"]).collect();
    // A machine that has other work may well drift.
    assert!(!told.contains(&&"flapping".into()) && !told.contains(&&"bad-backend".into()), "{told:?}");
}
