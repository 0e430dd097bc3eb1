//! Metrics, CSV, trace events, annotations, JUnit and `urltrace check`, from the binary.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{code, run, stderr, stdout};

fn lab(arguments: &[&str]) -> (i32, String) {
    let output = run(&[&["--lab"], arguments].concat());
    (code(&output), stdout(&output))
}

/// The numbers of a metric, in microseconds.
fn micros(text: &str, metric: &str) -> Vec<u64> {
    text.lines()
        .filter(|line| line.starts_with(&format!("{metric}{{")))
        .map(|line| (line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() * 1e6).round() as u64)
        .collect()
}

#[test]
fn metrics_sum_and_tell_of_a_certificate_that_is_not_trusted() {
    let (code, text) = lab(&["--format", "prometheus", "https://www.example.test/"]);
    assert_eq!(code, 0);
    let phases: u64 = micros(&text, "urltrace_phase_seconds").iter().sum();
    assert_eq!(vec![phases], micros(&text, "urltrace_duration_seconds"), "{text}");
    assert!(text.contains("urltrace_tls_verified{url=\"https://www.example.test/\"} 1\n"), "{text}");
    let (code, text) = lab(&["--format", "prometheus", "https://expired.tls.test/"]);
    assert_eq!(code, 6);
    assert!(text.contains("urltrace_tls_verified{url=\"https://expired.tls.test/\"} 0\n"), "{text}");
    assert!(text.contains("urltrace_tls_leaf_not_after_timestamp_seconds{"), "{text}");
    assert!(text.contains("stage=\"tls\",reason=\"certificate-expired\"} 1\n"), "{text}");
}

#[test]
fn a_file_of_metrics_is_written_beside_the_report_and_secrets_are_refused() {
    let path = std::env::temp_dir().join(format!("urltrace-{}.prom", std::process::id()));
    let file = path.to_str().unwrap();
    let (code, text) = lab(&["--export-prometheus", file, "-n", "3", "https://www.example.test/"]);
    assert_eq!(code, 0);
    assert!(!text.contains("# HELP"), "the report is not the file: {text}");
    let metrics = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(metrics.contains("urltrace_runs_duration_seconds_count{url=\"https://www.example.test/\"} 3\n"));
    assert!(metrics.contains("quantile=\"0.5\"") && !metrics.contains("quantile=\"0.9\""), "{metrics}");
    for option in [&["--format", "openmetrics"][..], &["--export-prometheus", file]] {
        let output = run(&[&["--lab", "--show-secrets", "https://www.example.test/"], option].concat());
        assert_eq!(crate::support::code(&output), 2, "{option:?}");
        assert!(stderr(&output).contains("--show-secrets is not for"), "{}", stderr(&output));
        assert!(!path.exists());
    }
}

#[test]
fn a_check_ends_with_the_codes_of_nagios_and_one_line() {
    let silent = "http://no-answer-http.http.test/";
    for (arguments, expected, word) in [
        (&["https://www.example.test/"][..], 0, "HTTP OK: HTTP/"),
        (&["-w", "0.000001", "https://www.example.test/"], 1, "HTTP WARNING: "),
        (&["-w", "0.000001", "-c", "0.000002", "https://www.example.test/"], 2, "HTTP CRITICAL: "),
        (&["-C", "30,14", "https://www.example.test/"], 0, "cert_days="),
        (&["-C", "1", "http://kept-connection.http.test/"], 3, "no certificate was shown"),
        (&["https://expired.tls.test/"], 2, "HTTP CRITICAL: tls: "),
        (&["https://missing.example.test/"], 2, "HTTP CRITICAL: dns: "),
        (&["-w", ":5", "https://www.example.test/"], 0, "HTTP OK: HTTP/"),
        (&["grpcs://grpc.http.test/?service=lab.Archive"], 2, "HTTP CRITICAL: "),
        (&["-t", "0.5", silent], 2, "HTTP CRITICAL: http: "),
    ] {
        let (code, line) = lab(&[&["check"], arguments].concat());
        assert_eq!((code, line.matches('\n').count()), (expected, 1), "{arguments:?}: {line}");
        assert!(line.contains(word), "{arguments:?}: {line}");
        let failed = word.starts_with("HTTP CRITICAL: ") && word.len() > "HTTP CRITICAL: ".len();
        assert_eq!(line.contains("|time="), !failed, "{arguments:?}: {line}");
    }
}

#[test]
fn what_a_check_cannot_ask_is_unknown() {
    for (arguments, word) in [
        (&["check"][..], "HTTP UNKNOWN: "),
        (&["check", "-w", "x", "https://127.0.0.1:1/"], "no number of seconds"),
        (&["check", "-C", "14,30", "https://127.0.0.1:1/"], "are no days"),
        (&["check", "https://exa mple/"], "HTTP UNKNOWN: url: "),
        (&["check", "--no-such-option", "https://127.0.0.1:1/"], "HTTP UNKNOWN: "),
        (&["check", "--cacert", "/no/such/file", "https://127.0.0.1:1/"], "/no/such/file"),
        (&["check", "--format", "json", "https://127.0.0.1:1/"], "--format"),
        (&["check", "--fail", "https://127.0.0.1:1/"], "--fail"),
        (&["check", "--help"], "Usage: urltrace check"),
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), 3, "{arguments:?}: {}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).contains(word), "{arguments:?}: {}", stdout(&output));
    }
    let output = run(&["check", "http://127.0.0.1:1/"]);
    assert_eq!(code(&output), 2, "a connection that is refused is critical");
}

#[test]
fn csv_has_a_line_for_each_request_of_each_run() {
    let (_, text) = lab(&["-L", "-n", "2", "--format", "csv", "http://shop.test/"]);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let places: Vec<[&str; 2]> = lines[1..].iter().map(|line| [line[0], line[1]]).collect();
    assert_eq!(places, [["0", "0"], ["0", "1"], ["0", "2"], ["1", "0"], ["1", "1"], ["1", "2"]], "{text}");
    assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{text}");
}

#[test]
fn trace_events_have_what_their_readers_need() {
    let (_, text) = lab(&["-L", "--format", "chrome-trace", "http://shop.test/"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    let events = document["traceEvents"].as_array().unwrap();
    let phases: BTreeSet<&str> = events.iter().map(|event| event["ph"].as_str().unwrap()).collect();
    assert_eq!(phases, BTreeSet::from(["M", "X", "i"]));
    let processes: BTreeSet<u64> = events.iter().map(|event| event["pid"].as_u64().unwrap()).collect();
    assert_eq!(processes, BTreeSet::from([1, 2, 3]), "a process for each request");
    for event in events.iter().filter(|event| event["ph"] == "X") {
        assert!(event["ts"].is_u64() && event["dur"].is_u64() && event["name"].is_string(), "{event}");
    }
}

#[test]
fn annotations_and_tests_tell_of_broken_budgets() {
    let budgets = ["--budget", "total=1ms,bytes=1GB", "https://www.example.test/"];
    let (code, text) = lab(&[&["--format", "github"], &budgets[..]].concat());
    assert_eq!(code, 9);
    assert!(text.starts_with("::error title=budget total::total is "), "{text}");
    assert!(!text.contains("title=budget bytes"), "{text}");
    let (code, text) = lab(&[&["--format", "junit"], &budgets[..]].concat());
    assert_eq!(code, 9);
    assert!(text.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"0\""), "{text}");
    let (code, text) = lab(&[&["--format", "junit", "-n", "2"], &budgets[..]].concat());
    assert_eq!(code, 9);
    assert!(text.contains("failures=\"1\""), "{text}");
}
