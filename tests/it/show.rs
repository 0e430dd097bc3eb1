//! `urltrace show`: every scenario of the lab, saved and shown again in every format; and what cannot be shown.

use std::path::{Path, PathBuf};

use urltrace::lab::SCENARIOS;

use crate::support::{code, run, stderr, stdout};

/// What a run writes beside its report, and the format that shows the same.
const EXPORTS: [(&str, &str); 11] = [
    ("--export-json", "json"),
    ("--export-html", "html"),
    ("--export-svg", "svg"),
    ("--export-markdown", "markdown"),
    ("--export-har", "har"),
    ("--export-prometheus", "prometheus"),
    ("--export-csv", "csv"),
    ("--export-chrome-trace", "chrome-trace"),
    ("--export-github", "github"),
    ("--export-junit", "junit"),
    ("--export-otlp", "otlp"),
];

/// A directory of its own.
fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("urltrace-show-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn show(file: &Path, arguments: &[&str]) -> String {
    let output = run(&[&["show", file.to_str().unwrap()], arguments].concat());
    assert_eq!((code(&output), stderr(&output)), (0, String::new()), "{}", file.display());
    stdout(&output)
}

/// Options that write every form of a run beside its report, each in a file of this directory: a page has fewer.
fn exports(directory: &Path, is_page: bool) -> Vec<String> {
    let has = |format: &str| !(is_page && ["prometheus", "csv", "chrome-trace"].contains(&format));
    let all = EXPORTS.iter().filter(|(_, format)| has(format));
    all.flat_map(|(option, format)| [(*option).to_owned(), directory.join(format).display().to_string()])
        .collect()
}

#[test]
fn every_scenario_is_shown_again_as_it_was_reported() {
    let (before, after) = (directory("before"), directory("after"));
    for scenario in SCENARIOS {
        // A comparison is of several traces.
        if scenario.options.iter().any(|option| option.starts_with("--compare")) {
            continue;
        }
        let is_page = scenario.options.contains(&"--page");
        let written = exports(&before, is_page);
        let mut arguments = vec!["--lab"];
        arguments.extend_from_slice(scenario.options);
        arguments.extend(written.iter().map(String::as_str));
        arguments.push(scenario.url);
        let output = run(&arguments);
        assert_eq!(code(&output), i32::from(scenario.expect.exit), "{}: {}", scenario.id, stderr(&output));
        let again = exports(&after, is_page);
        let options: Vec<&str> = again.iter().map(String::as_str).collect();
        assert_eq!(show(&before.join("json"), &options), stdout(&output), "{}", scenario.id);
        for (one, other) in written.iter().zip(&again).skip(1).step_by(2) {
            let is_same = std::fs::read(one).unwrap() == std::fs::read(other).unwrap();
            assert!(is_same, "{}: {one} and {other}", scenario.id);
        }
    }
    std::fs::remove_dir_all(before).unwrap();
    std::fs::remove_dir_all(after).unwrap();
}

#[test]
fn a_report_is_drawn_as_the_options_say_and_standard_input_is_read() {
    let directory = directory("drawn");
    let (saved, again) = (directory.join("saved.json"), directory.join("again.json"));
    let saved_as = saved.to_str().unwrap();
    let options = ["-v", "-i", "--ladder", "--explain", "--ascii", "--color=always"];
    let arguments =
        [&["--lab", "https://old.redirect.test/", "-L", "--export-json", saved_as], &options[..]].concat();
    let output = run(&arguments);
    assert_eq!(show(&saved, &options), stdout(&output));
    show(&saved, &["--export-json", again.to_str().unwrap()]);
    assert_eq!(std::fs::read(&saved).unwrap(), std::fs::read(&again).unwrap());
    let piped = crate::support::urltrace()
        .args(["show", "-", "--format", "json"])
        .stdin(std::fs::File::open(&saved).unwrap())
        .output()
        .unwrap();
    assert_eq!(piped.stdout, std::fs::read(&saved).unwrap());
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn many_runs_are_shown_as_they_were_told() {
    let directory = directory("repeat");
    let forms = ["json", "html", "markdown", "prometheus", "csv", "github", "junit", "otlp"];
    let options = |name: &str| -> Vec<String> {
        let file = |format: &&str| directory.join(format!("{name}.{format}")).display().to_string();
        forms.iter().flat_map(|format| [format!("--export-{format}"), file(format)]).collect()
    };
    for extra in [
        &["-n", "3"][..],
        &["-n", "3", "--interval", "0.05", "--budget", "total=1ms"],
        &["-n", "3", "--warm", "connection"],
    ] {
        let before = options("before");
        let own: Vec<&str> = before.iter().map(String::as_str).collect();
        let output = run(&[&["--lab", "https://www.example.test/"], extra, &own].concat());
        let saved = directory.join("before.json");
        let after = options("after");
        let own: Vec<&str> = after.iter().map(String::as_str).collect();
        assert_eq!(show(&saved, &own), stdout(&output), "{extra:?}");
        for (one, other) in before.iter().zip(&after).skip(1).step_by(2) {
            assert!(
                std::fs::read(one).unwrap() == std::fs::read(other).unwrap(),
                "{extra:?}: {one} and {other}"
            );
        }
    }
    let saved = directory.join("before.json");
    let picture = run(&["show", saved.to_str().unwrap(), "--format", "svg"]);
    assert_eq!((code(&picture), stdout(&picture)), (2, String::new()));
    assert!(stderr(&picture).contains("its kind has no such form"), "{}", stderr(&picture));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn runs_in_brief_are_shown_as_far_as_they_are_known() {
    let directory = directory("brief");
    let saved = directory.join("saved.json");
    for (arguments, told) in [
        (&["-n", "3", "https://www.example.test/"][..], &["asked once before"][..]),
        (&["-n", "12", "http://flapping.http.test/"], &["p95 takes 20 runs"]),
        (
            &["-n", "3", "--warm", "connection", "https://www.example.test/"],
            &["2 of 3 runs had one from before"],
        ),
        (&["-n", "2", "https://missing.example.test/"], &["2 of 2 runs", "nxdomain"]),
    ] {
        let brief = run(&[&["--lab", "--brief", "--format", "json"], arguments].concat());
        std::fs::write(&saved, &brief.stdout).unwrap();
        assert_eq!(show(&saved, &["--format", "json"]), stdout(&brief), "{arguments:?}");
        for format in ["text", "html", "markdown"] {
            let text = crate::support::flat(&show(&saved, &["--format", format]));
            for words in told.iter().chain(&["of each its phases alone are known"]) {
                assert!(text.contains(words), "{arguments:?}: {words}: {text}");
            }
        }
        show(&saved, &["--format", "prometheus"]);
    }
    for format in ["csv", "otlp"] {
        let output = run(&["show", saved.to_str().unwrap(), "--format", format]);
        assert_eq!((code(&output), stdout(&output)), (2, String::new()));
        assert!(stderr(&output).contains("saved with --brief"), "{}", stderr(&output));
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn comparisons_and_names_are_shown() {
    let directory = directory("others");
    let file = directory.join("saved.json");
    for (arguments, told) in [
        (&["--compare-http", "https://www.example.test/"][..], "HTTP/2"),
        (&["--compare", "http=1.1,2", "-n", "3", "https://www.example.test/"], "in 3 rounds"),
        (&["--compare", "family=4,6", "-n", "2", "https://www.example.test/"], "2 of 2 runs failed"),
        (&["--compare", "warm=none,all", "-n", "2", "https://www.example.test/"], "warm all"),
        (&["dns", "www.example.test"], "www.example.test."),
        (&["dns", "nowhere.example.test"], "NXDOMAIN"),
        (&["dns", "--all-ns", "--propagation", "www.example.test"], "www.example.test."),
    ] {
        let output = run(&[&["--lab", "--format", "json"], arguments].concat());
        std::fs::write(&file, &output.stdout).unwrap();
        assert_eq!(show(&file, &["--format", "json"]), stdout(&output), "{arguments:?}");
        let text = show(&file, &[]);
        assert!(text.contains(told), "{arguments:?}: {text}");
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn documents_of_one_file_are_shown_in_turn() {
    let directory = directory("several");
    let file = directory.join("all.jsonl");
    let output = run(&[
        "--lab",
        "--format",
        "jsonl",
        "--ordered",
        "https://www.example.test/",
        "https://expired.tls.test/",
    ]);
    std::fs::write(&file, &output.stdout).unwrap();
    assert_eq!(show(&file, &["--format", "jsonl"]), stdout(&output));
    let text = show(&file, &[]);
    assert!(text.contains("www.example.test") && text.contains("expired.tls.test"), "{text}");
    let page = run(&["show", file.to_str().unwrap(), "--format", "html"]);
    assert_eq!(code(&page), 2);
    assert!(stderr(&page).contains("several can be shown as text, json or jsonl alone"), "{}", stderr(&page));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn what_is_read_otherwise_is_told() {
    let directory = directory("otherwise");
    let file = directory.join("saved.json");
    let output = run(&["--lab", "--format", "json", "https://www.example.test/"]);
    let changed = stdout(&output).replacen("\"until\"", "\"of_tomorrow\": 1,\n      \"until\"", 1);
    std::fs::write(&file, changed).unwrap();
    let output = run(&["show", file.to_str().unwrap()]);
    assert_eq!(code(&output), 0);
    let told = "1 member of it read otherwise here, the first /hops/0/of_tomorrow";
    assert!(stderr(&output).contains(told), "{}", stderr(&output));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn what_cannot_be_shown_is_told() {
    let directory = directory("refused");
    let file = directory.join("wrong.json");
    for (text, told) in [
        ("", "there is nothing in it"),
        ("{", "it is no JSON document of urltrace"),
        ("{}", "it is no JSON document of urltrace: it names no schema"),
        (
            "{\"schema\": \"urltrace/2\", \"kind\": \"trace\"}",
            "its schema is urltrace/2, and urltrace/1 can be read",
        ),
        ("{\"schema\": \"urltrace/1\", \"kind\": \"error\"}", "it is a document of kind error"),
        ("{\"schema\": \"urltrace/1\", \"kind\": \"diff\"}", "/a/made_by: it should be a text"),
        (
            "{\"schema\": \"urltrace/1\", \"kind\": \"trace\", \"hops\": 1}",
            "/hops: it is another number and should be a list",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = run(&["show", file.to_str().unwrap()]);
        assert_eq!((code(&output), stdout(&output)), (2, String::new()), "{text}");
        assert!(stderr(&output).contains(told), "{text}: {}", stderr(&output));
    }
    for (arguments, told) in [
        (&["show", "/nowhere/a.json"][..], "show: `/nowhere/a.json` cannot be read"),
        (&["show"], "FILE.json"),
        (&["show", "--fail-on", "error", "a.json"], "--fail-on is for a trace"),
        (&["show", "--show-secrets", "--format", "otlp", "a.json"], "--show-secrets is not for"),
        (
            &["show", "--resolver", "system", "a.json"],
            "`urltrace show` traces nothing: it does not take --resolver",
        ),
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(stderr(&output).contains(told), "{arguments:?}: {}", stderr(&output));
    }
    std::fs::remove_dir_all(directory).unwrap();
}
