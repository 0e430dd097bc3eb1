//! `-n` and `--budget`: many runs of one URL, and what they may cost.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::{check_document, code, run, stderr, stdout, urltrace};

/// The document of many runs, valid by the schema with each run in it.
fn repeated(arguments: &[&str]) -> (i32, Value) {
    let output = run(&[&["--lab", "--format", "json"], arguments].concat());
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", stdout(&output), stderr(&output)));
    check_document(&document);
    for run in document["runs"].as_array().unwrap().iter().filter(|run| run["kind"] == "trace") {
        check_document(run);
    }
    (code(&output), document)
}

fn runs(document: &Value) -> &[Value] {
    document["runs"].as_array().unwrap()
}

/// The zones whose servers a run has asked for what it counts, each once.
fn asked(run: &Value) -> Vec<&str> {
    let packets = run["hops"][0]["dns"]["packets"].as_array().unwrap();
    let mut zones: Vec<&str> = packets
        .iter()
        .filter(|packet| packet["purpose"] == "walk")
        .map(|packet| packet["zone"].as_str().unwrap())
        .collect();
    zones.sort_unstable();
    zones.dedup();
    zones
}

#[test]
fn cold_runs_are_alike_and_leave_the_root_and_the_top_level_domain_alone() {
    let (code, document) = repeated(&["-n", "4", "https://www.example.test/"]);
    assert_eq!(
        (code, document["kind"].as_str(), document["start"].as_str()),
        (0, Some("repeat"), Some("cold"))
    );
    assert_eq!(document["warmup"]["kept"], serde_json::json!(["test.", "example.test."]));
    let all = runs(&document);
    assert_eq!(all.len(), 4);
    for run in all {
        assert_eq!(asked(run), ["example.test."], "the zone's own servers, and nobody else");
        let hop = &run["hops"][0];
        assert!(hop["phases"]["dns_us"].as_u64().unwrap() > 0 && hop["phases"]["connect_us"].is_u64());
        let cached =
            hop["dns"]["cuts"].as_array().unwrap().iter().filter(|cut| cut["cached"] == true).count();
        assert_eq!(
            cached, 3,
            "what the root and the registry say of zones is kept: {:?}",
            hop["dns"]["cuts"]
        );
        let purposes =
            hop["dns"]["packets"].as_array().unwrap().iter().filter(|packet| packet["purpose"] == "priming");
        assert_eq!(purposes.count(), 0, "the root was asked once, before");
        assert_eq!(hop["dns"]["dnssec"]["verdict"], "secure");
    }
    let total = &document["summary"]["phases"]["total"];
    assert_eq!((&total["n"], &total["p90_us"]), (&4.into(), &Value::Null));
    assert!(total["null_reasons"]["p90_us"].as_str().unwrap().contains("10 runs"));
    let mut totals: Vec<u64> = all.iter().map(|run| run["total_us"].as_u64().unwrap()).collect();
    totals.sort_unstable();
    assert_eq!(total["p50_us"], totals[1], "the nearest rank of four");
    let median = document["summary"]["median_run"].as_u64().unwrap() as usize;
    assert_eq!(all[median]["total_us"], totals[1]);
}

#[test]
fn what_is_known_at_the_start_of_a_run_is_as_asked() {
    let (_, root) = repeated(&["-n", "2", "--cold-root", "https://www.example.test/"]);
    assert!(root["warmup"].is_null());
    for run in runs(&root) {
        assert_eq!(asked(run), [".", "example.test.", "test."]);
    }
    let (_, warm) = repeated(&["-n", "2", "--warm", "dns", "https://www.example.test/"]);
    for run in runs(&warm) {
        assert_eq!(asked(run), Vec::<&str>::new(), "the answer was there");
        assert!(run["hops"][0]["connect"].is_object(), "and the connection was not");
    }
}

#[test]
fn every_third_run_is_slow_and_the_slowest_is_explained() {
    let (_, document) = repeated(&["-n", "7", "--brief", "http://flapping.http.test/"]);
    let waits: Vec<u64> =
        runs(&document).iter().map(|run| run["phases"]["wait_us"].as_u64().unwrap()).collect();
    for (index, wait) in waits.iter().enumerate() {
        assert_eq!(*wait > 250_000, index % 3 == 2, "{waits:?}");
    }
    let slowest = &document["summary"]["slowest"];
    assert_eq!(slowest["phase"], "wait");
    assert!(slowest["more_us"].as_u64().unwrap() > 200_000 && slowest["run"].as_u64().unwrap() % 3 == 2);
    assert!(document["summary"]["phases"]["wait"]["p50_us"].as_u64().unwrap() < 250_000);

    let text = stdout(&run(&["--lab", "-n", "4", "http://flapping.http.test/"]));
    for part in [
        "4 runs",
        "p50",
        "stddev",
        "p90 takes 10 runs",
        "slowest",
        "run 3",
        "the median run",
        "a mark for each run",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let ascii = stdout(&run(&["--lab", "--ascii", "-n", "4", "http://flapping.http.test/"]));
    assert!(ascii.is_ascii() && ascii.contains('#'), "{ascii}");
}

#[test]
fn starts_are_kept_and_lateness_is_told() {
    // Every third run takes 300 ms, and the next is due after 100.
    let (_, document) = repeated(&["-n", "5", "--interval", "0.1", "--brief", "http://flapping.http.test/"]);
    assert_eq!(document["interval_us"], 100_000);
    let late = &document["summary"]["late"];
    let runs: Vec<u64> =
        late["runs_us"].as_array().unwrap().iter().map(|late| late.as_u64().unwrap()).collect();
    assert_eq!(runs.len(), 5);
    assert!(runs[3] > 150_000, "the one behind the slow one began late: {runs:?}");
    let most = |value: &Value| value["max_us"].as_u64().unwrap();
    assert!(most(&late["total_from_due"]) >= most(&document["summary"]["phases"]["total"]));
    let (_, document) =
        repeated(&["--duration", "0.25", "--interval", "0.1", "--brief", "https://www.example.test/"]);
    assert_eq!(
        (document["ended"].as_str(), document["runs"].as_array().unwrap().len()),
        (Some("duration"), 3)
    );
}

#[test]
fn failures_are_counted_by_stage_and_give_the_exit_code() {
    let (code, document) = repeated(&["-n", "2", "https://expired.tls.test/"]);
    assert_eq!((code, document["outcome"].as_str()), (6, Some("failed")));
    let failures = &document["summary"]["failures"][0];
    assert_eq!((failures["code"].as_str(), &failures["count"]), (Some("certificate-expired"), &2.into()));
    assert!(document["summary"]["phases"]["total"].is_null() && document["summary"]["median_run"].is_null());
    let text = stdout(&run(&["--lab", "-n", "2", "https://expired.tls.test/"]));
    assert!(text.contains("2 of 2 runs ended with certificate-expired"), "{text}");
}

#[test]
fn ctrl_c_prints_the_runs_that_there_are() {
    let child = urltrace()
        .args([
            "--lab",
            "-n",
            "1000",
            "--interval",
            "0.2",
            "--brief",
            "--format",
            "json",
            "https://www.example.test/",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(3)); // time for the lab to start and for some runs
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["ended"], &document["exit_code"]), (&"interrupted".into(), &130.into()));
    assert!(runs(&document).iter().all(|run| run["outcome"] == "ok"), "what was cut short is no failure");
}

#[test]
fn a_broken_budget_is_told_and_ends_with_nine() {
    let url = "https://www.example.test/";
    let of = |budget: &str| {
        let output = run(&["--lab", "--format", "json", "--budget", budget, url]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        check_document(&document);
        (code(&output), document["budgets"].clone(), stderr(&output))
    };
    let (held, budgets, said) = of("total=30s,redirects=0,cert-days=1,quic=1us");
    assert_eq!((held, said.as_str()), (0, ""));
    assert!(budgets.as_array().unwrap().iter().all(|budget| budget["held"] == true), "{budgets}");
    assert!(budgets[3]["actual"].is_null() && budgets[3]["reason"].is_string(), "no QUIC, no time");
    let (broken, budgets, said) = of("total=1us,redirects=0,bytes=10B");
    assert_eq!(broken, 9);
    assert_eq!([0, 1, 2].map(|at| budgets[at]["held"].as_bool().unwrap()), [false, true, false]);
    assert!(
        said.contains("budget: total is") && said.contains("bytes is") && !said.contains("redirects"),
        "{said}"
    );
    let failed = run(&["--lab", "--budget", "total=1us", "https://expired.tls.test/"]);
    assert_eq!(code(&failed), 6, "a stage's code is stronger");
    assert!(stdout(&failed).contains("not judged"), "{}", stdout(&failed));
    let text = stdout(&run(&["--lab", "--budget", "total=30s", url]));
    assert!(text.contains("Budgets") && text.contains("held"), "{text}");
    let missing = run(&["--lab", "--budget", "cert-days=1", "http://flapping.http.test/"]);
    assert_eq!(code(&missing), 9, "what cannot be judged is not held");
}

#[test]
fn budgets_of_many_runs_are_on_the_number_that_they_name() {
    let (code, document) = repeated(&[
        "-n",
        "3",
        "--brief",
        "--budget",
        "wait=250ms,max:wait=250ms",
        "http://flapping.http.test/",
    ]);
    assert_eq!(code, 9);
    assert_eq!(
        (&document["budgets"][0]["held"], &document["budgets"][1]["held"]),
        (&true.into(), &false.into())
    );
    assert_eq!(document["budgets"][1]["what"], "max:wait");
}

#[test]
fn a_file_has_budgets_too() {
    let path = std::env::temp_dir().join(format!("urltrace-budgets-{}.toml", std::process::id()));
    let path = path.to_str().unwrap();
    std::fs::write(path, "# ours\ntotal = \"1us\"\nredirects = 0\n").unwrap();
    let output = run(&["--lab", "--budget-file", path, "https://www.example.test/"]);
    assert_eq!(code(&output), 9, "{}", stderr(&output));
    std::fs::write(path, "total = 500\n").unwrap();
    let output = run(&["--lab", "--budget-file", path, "https://www.example.test/"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("no limit for total"), "{}", stderr(&output));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_many_runs_must_not_do_is_refused() {
    let url = "https://www.example.test/";
    for arguments in [
        &["-n", "0", url][..],
        &["-n", "1001", url],
        &["-n", "11", "--cold-root", url],
        &["--interval", "1", url],
        &["-n", "2", "-d", "x", url],
        &["-n", "2", "-X", "DELETE", url],
        &["-n", "2", "--tls-scan", url],
        &["-n", "2", "--format", "har", url],
        &["-n", "2", "--budget", "p95:total=1s", url],
        &["--budget", "totl=1s", url],
    ] {
        let output = run(&[&["--lab"], arguments].concat());
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stdout(&output));
        assert!(stderr(&output).contains("urltrace: "), "{}", stderr(&output));
    }
}

#[test]
fn many_runs_are_a_page_and_a_ticket() {
    let directory = std::env::temp_dir().join(format!("urltrace-repeats-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = |name: &str| directory.join(name).display().to_string();
    let (html, markdown) = (file("page.html"), file("ticket.md"));
    let exports = ["--export-html", html.as_str(), "--export-markdown", markdown.as_str()];
    let url = "http://flapping.http.test/?token=planted";
    let options = ["--lab", "-n", "12", "--budget", "p90:total=1ms"];
    let output = run(&[&options[..], &exports, &[url]].concat());
    assert_eq!(code(&output), 9, "{}", stderr(&output));
    let [page, ticket] = [&html, &markdown].map(|path| std::fs::read_to_string(path).unwrap());
    for text in [&page, &ticket] {
        assert!(!text.contains("planted"), "{text}");
        for words in ["flapping", "every 3rd run is slow", "slowest", "p95 takes 20 runs", "the median run"] {
            assert!(text.contains(words), "{words}:\n{text}");
        }
        assert!(text.contains("p90:total") && text.contains("broken"), "{text}");
    }
    // A dot a run in each phase, and the ring at the slowest.
    let drawn = page.split("<table class=\"boxes\">").nth(1).unwrap().split("</table>").next().unwrap();
    for row in drawn.split("<tr ").skip(1) {
        assert_eq!(row.matches("class=\"b dot\"").count(), 12, "{row}");
        assert_eq!((row.matches("class=\"ring\"").count(), row.matches("<rect").count()), (1, 1), "{row}");
    }
    let inside = page.split("id=\"urltrace-json\">").nth(1).unwrap().split("</script>").next().unwrap();
    let document: Value = serde_json::from_str(inside).unwrap();
    check_document(&document);
    assert_eq!(runs(&document).len(), 12);
    assert!(document["runs"][0]["hops"].is_null(), "in brief");
    // All failed: what failed is told, and there is no diagram.
    let failed = stdout(&run(&["--lab", "-n", "2", "--format", "html", "https://missing.example.test/"]));
    assert!(failed.contains("2 of 2 runs") && failed.contains("the first run"), "{failed}");
    assert!(!failed.contains("class=\"boxes\""));
    std::fs::remove_dir_all(directory).unwrap();
}
