//! `urltrace diff`: documents that the program has written itself, beside each other.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{check_document, code, run, stderr, stdout};

/// Saves a document in a file of its own.
fn save(name: &str, arguments: &[&str]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("urltrace-diff-{}-{name}.json", std::process::id()));
    let output = run(&[&["--lab", "--format", "json"], arguments].concat());
    std::fs::write(&path, &output.stdout).unwrap();
    path
}

fn diff(arguments: &[&str], a: &Path, b: &Path) -> (i32, String) {
    let output = run(&[&["diff", a.to_str().unwrap(), b.to_str().unwrap()], arguments].concat());
    assert_eq!(stderr(&output), "");
    (code(&output), stdout(&output))
}

#[test]
fn a_slower_server_is_seen_and_the_same_one_is_not() {
    let arguments = |url: &'static str| ["-n", "6", "--brief", url];
    let quick = save("quick", &arguments("https://www.example.test/"));
    let again = save("again", &arguments("https://www.example.test/"));
    // That server thinks for 700 ms.
    let slow = save("slow", &arguments("https://slow-first-byte.http.test/"));
    let (same_code, same) = diff(&["--format", "json"], &quick, &again);
    let (other_code, other) = diff(&["--format", "json"], &quick, &slow);
    assert_eq!((same_code, other_code), (0, 0), "whether they differ or not");
    let documents: Vec<Value> =
        [same, other].iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    documents.iter().for_each(check_document);
    assert_eq!((&documents[0]["kind"], &documents[0]["a"]["runs"]), (&"diff".into(), &6.into()));
    assert_eq!(documents[1]["total_differs"], "seen");
    let wait = |document: &Value| -> Value {
        let rows = document["phase_differences"].as_array().unwrap();
        rows.iter().find(|row| row["phase"] == "wait").unwrap().clone()
    };
    assert_eq!(wait(&documents[1])["seen"], true);
    assert!(wait(&documents[1])["difference_us"].as_i64().unwrap() > 100_000);
    let (_, text) = diff(&[], &quick, &slow);
    for part in ["A  ", "B  ", "B takes", "wait", "seen (p ", "6 runs"] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for path in [quick, again, slow] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn single_runs_are_set_beside_each_other_and_not_judged() {
    let one = save("one", &["https://www.example.test/"]);
    let other = save("other", &["https://expired.tls.test/", "-k"]);
    let (_, text) = diff(&["--ascii"], &one, &other);
    assert!(text.contains("cannot be told from so few runs") && text.contains("certificate"), "{text}");
    assert!(text.is_ascii());
    let (_, changes) = text.split_once("What else differs\n").unwrap();
    let starts = |what: &str, column: usize| {
        let line = changes.lines().find(|line| line.starts_with(what)).unwrap();
        line[what.len()..column].trim().is_empty() && !line[column..].starts_with(' ')
    };
    let width = "addresses in DNS".len() + 2;
    assert!(["addresses in DNS", "address ", "certificate"].iter().all(|what| starts(what, width)), "{text}");
    let (_, text) = diff(&["--format", "json"], &one, &other);
    let document: Value = serde_json::from_str(&text).unwrap();
    check_document(&document);
    assert_eq!(document["total_differs"], "unjudged");
    let changes = document["changes"].as_array().unwrap();
    let what: Vec<&str> = changes.iter().map(|change| change["what"].as_str().unwrap()).collect();
    assert!(what.contains(&"address") && what.contains(&"certificate"), "{what:?}");
    let (_, same) = diff(&[], &one, &one);
    assert!(same.contains("Nothing else was seen to differ."), "{same}");
    for path in [one, other] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn two_documents_are_a_page_a_ticket_and_csv_and_are_shown_again() {
    let arguments = |url: &'static str| ["-n", "6", "--brief", url];
    let quick = save("fast", &arguments("https://www.example.test/"));
    let slow = save("late", &arguments("https://slow-first-byte.http.test/"));
    let saved = quick.with_file_name(format!("urltrace-diff-{}-saved.json", std::process::id()));
    let path = saved.to_str().unwrap();
    let forms = ["text", "html", "markdown", "csv", "json"];
    let (_, text) = diff(&["--export-json", path], &quick, &slow);
    for form in forms {
        let (exit, told) = diff(&["--format", form], &quick, &slow);
        assert_eq!(exit, 0);
        let again = run(&["show", path, "--format", form]);
        assert_eq!((code(&again), stderr(&again)), (0, String::new()), "{form}");
        assert!(stdout(&again) == told, "{form}:\n{told}\n{}", stdout(&again));
        match form {
            "html" => {
                for words in ["B takes", "<th scope=\"row\">wait</th>", "seen (p ", "urltrace-json"] {
                    assert!(told.contains(words), "{words}: {told}");
                }
            }
            "markdown" => assert!(told.contains("| wait | ") && told.contains("**B takes"), "{told}"),
            "csv" => {
                let wait = told.lines().find(|line| line.starts_with("wait,")).unwrap();
                assert_eq!(wait.split(',').nth(4), Some("true"), "{told}");
            }
            "text" => assert_eq!(told, text),
            _ => check_document(&serde_json::from_str(&told).unwrap()),
        }
    }
    let damaged =
        std::fs::read_to_string(&saved).unwrap().replace("\"made_by\": \"repeat\"", "\"made_by\": \"hand\"");
    std::fs::write(&saved, damaged).unwrap();
    let output = run(&["show", path]);
    assert!(code(&output) == 2 && stderr(&output).contains("/a/made_by"), "{}", stderr(&output));
    for path in [quick, slow, saved] {
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let output = run(&["diff", "/nowhere/a.json", "/nowhere/b.json"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("diff: `/nowhere/a.json` cannot be read"), "{}", stderr(&output));
    let output = run(&["diff", "Cargo.toml", "Cargo.toml"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("it is no JSON document of urltrace"), "{}", stderr(&output));
    let output = run(&["diff", "--format", "svg", "a", "b"]);
    assert!(stderr(&output).contains("diff prints a comparison"), "{}", stderr(&output));
}
