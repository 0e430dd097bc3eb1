//! Many URLs in one run: lists, lines, order, exit codes, and what a bad line, a signal or a reader that goes away
//! costs.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::{check_document, code, run, stderr, stdout, urltrace};

/// Runs it with this on standard input.
fn with_list(arguments: &[&str], list: &str) -> Output {
    let mut child = urltrace()
        .arg("--lab")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let list = list.to_owned();
    let writer = std::thread::spawn(move || input.write_all(list.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output
}

/// The documents, one a line, each valid by the schema.
fn documents(output: &Output) -> Vec<Value> {
    let read = |line: &str| -> Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    let all: Vec<Value> = stdout(output).lines().map(read).collect();
    all.iter().for_each(check_document);
    all
}

const LIST: &str = "\
# what we run
https://www.example.test/
https://expired.tls.test/   # ran out
https://www.example.test/missing --expect 404
not a url at all
https://www.example.test/ -H 'Accept: text/html' --expect 301-308
https://missing.example.test/
";

#[test]
fn every_line_has_one_document_in_the_order_of_the_list() {
    let output = with_list(&["--format", "jsonl", "--ordered", "-"], LIST);
    let all = documents(&output);
    let told: Vec<(&str, u64)> = all
        .iter()
        .map(|document| (document["input"].as_str().unwrap_or("-"), document["exit_code"].as_u64().unwrap()))
        .collect();
    let want = [
        ("https://www.example.test/", 0),
        ("https://expired.tls.test/", 6),
        ("https://www.example.test/missing", 0),
        ("-", 2),
        ("https://www.example.test/", 8),
        ("https://missing.example.test/", 4),
    ];
    assert_eq!(told, want, "{}", stderr(&output));
    assert_eq!(code(&output), 6, "that of the first in the order of the list");
    assert_eq!(all[3]["kind"], "error");
    assert!(
        all[3]["failure"]["message"].as_str().unwrap().starts_with("line 5: something else stands behind"),
        "{}",
        all[3]
    );
    assert_eq!(all[2]["expected_status"], serde_json::json!({ "statuses": "404", "met": true }));
    assert_eq!(all[4]["expected_status"]["met"], false);
    let said = stderr(&output);
    assert!(
        said.starts_with("urltrace: 6 URLs in ")
            && said.contains("2 traced, 4 not (line 1, dns 1, tls 1, status 1)"),
        "{said}"
    );
}

#[test]
fn a_list_is_a_row_for_each_url_as_csv() {
    let list = format!("{LIST}http://shop.test/\nhttps://www.example.test/?token=planted,b\n");
    let output = with_list(&["-L", "--format", "csv", "--ordered", "-"], &list);
    let text = stdout(&output);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    // What is quoted here has commas in it, and no quotes.
    let fields = |line: &str| -> Vec<String> {
        let mut fields = vec![String::new()];
        let mut quoted = false;
        for char in line.chars() {
            match char {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                other => fields.last_mut().unwrap().push(other),
            }
        }
        fields
    };
    let rows: Vec<Vec<String>> = lines.map(fields).collect();
    assert!(rows.iter().all(|row| row.len() == names.len()), "{text}");
    let of = |row: usize, name: &str| &rows[row][names.iter().position(|known| *known == name).unwrap()];
    let told =
        |row: usize| ["outcome", "stage", "code", "status", "exit_code"].map(|name| of(row, name).as_str());
    assert_eq!(told(0), ["ok", "", "", "200", "0"], "{text}");
    assert_eq!(told(1), ["failed", "tls", "certificate-expired", "", "6"]);
    assert_eq!(told(2), ["ok", "", "", "404", "0"]);
    assert_eq!(told(3), ["failed", "", "usage", "", "2"]);
    assert_eq!(told(4), ["ok", "", "", "200", "8"], "not as expected");
    assert_eq!(told(5), ["failed", "dns", "nxdomain", "", "4"]);
    assert!(
        of(3, "message").starts_with("line 5: ") && of(5, "message").contains("missing.example.test"),
        "{text}"
    );
    assert_eq!(
        (of(5, "wait_us").as_str(), of(3, "total_us").as_str()),
        ("", ""),
        "what did not happen is not 0"
    );
    assert_eq!((of(6, "requests").as_str(), of(6, "status").as_str()), ("3", "200"), "a chain is a row");
    assert!(of(7, "input").contains("[redacted]") && !text.contains("planted"), "{text}");
    // The phases sum, and so do the bytes.
    for row in &rows {
        let first = names.iter().position(|name| *name == "queue_us").unwrap();
        let total = names.iter().position(|name| *name == "total_us").unwrap();
        let sum: u64 = row[first..total].iter().filter_map(|field| field.parse::<u64>().ok()).sum();
        assert_eq!(sum, row[total].parse().unwrap_or(0), "{text}");
    }
    assert!(of(6, "received_bytes").parse::<u64>().unwrap() > 0);
    assert_eq!(code(&output), 6);
    let empty = with_list(&["--format", "csv", "-"], "# nothing\n");
    assert_eq!(
        (stdout(&empty).lines().count(), code(&empty)),
        (1, 0),
        "the names of the columns stand alone"
    );
    let output = with_list(&["--format", "csv", "--export-json", "a.json", "-"], LIST);
    assert!(
        code(&output) == 2 && stderr(&output).contains("no page, picture or file"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_file_and_words_are_lists_too_and_the_rest_is_traced_beside_a_bad_line() {
    let path = std::env::temp_dir().join(format!("urltrace-urls-{}", std::process::id()));
    std::fs::write(&path, "https://www.example.test/ --page\nhttps://www.example.test/?b\n").unwrap();
    let list = format!("@{}", path.display());
    let output = run(&["--lab", "--format", "jsonl", "--ordered", "https://www.example.test/?a", &list]);
    std::fs::remove_file(&path).unwrap();
    let all = documents(&output);
    assert_eq!(all.len(), 3, "{}", stderr(&output));
    assert_eq!((&all[0]["exit_code"], &all[2]["exit_code"]), (&0.into(), &0.into()));
    let why = all[1]["failure"]["message"].as_str().unwrap();
    assert!(why.contains(", line 1: `--page` has no place in a list"), "{why}");
    assert_eq!(code(&output), 2);
}

#[test]
fn a_delegation_is_asked_for_once_whoever_needs_it() {
    let list: String = (0..12).map(|number| format!("https://www.example.test/?{number}\n")).collect();
    let output = with_list(&["--format", "jsonl", "-"], &list);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for document in documents(&output) {
        for packet in document["hops"][0]["dns"]["packets"].as_array().unwrap() {
            assert_ne!(packet["purpose"], "priming", "nobody is asked to compare");
            assert_ne!(packet["purpose"], "stub");
            if packet["purpose"] == "walk" && packet["zone"] != "example.test." {
                let key = format!("{} {} {}", packet["zone"], packet["qname"], packet["qtype"]);
                *asked.entry(key).or_default() += 1;
            }
        }
    }
    assert!(!asked.is_empty() && asked.values().all(|times| *times == 1), "{asked:?}");
}

#[test]
fn text_has_a_line_for_each_and_none_is_wider_than_the_page() {
    let list = format!("{LIST}https://www.example.test/{}\n", "long/".repeat(60));
    let output = with_list(&["--ordered", "-"], &list);
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 7, "{text}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
    assert!(lines[0].starts_with("200 ") && lines[0].ends_with("https://www.example.test/"), "{text}");
    assert!(lines[1].starts_with("tls ") && lines[1].contains("certificate-expired"), "{text}");
    assert!(lines[3].starts_with("line") && lines[3].contains("line 5: "), "{text}");
    assert!(lines[4].contains("not as expected"), "{text}");
    assert!(lines[5].starts_with("dns ") && lines[5].contains("nxdomain"), "{text}");
    let ascii = stdout(&with_list(&["--ordered", "--ascii", "-"], &list));
    assert!(ascii.is_ascii(), "{ascii}");
}

#[test]
fn one_that_is_slow_holds_up_its_own_host_alone() {
    // Every third request there takes 300 ms; the others are done by then.
    let list = "http://flapping.http.test/\n".repeat(3) + &"https://www.example.test/\n".repeat(3);
    let order = |arguments: &[&str]| -> Vec<String> {
        let all = documents(&with_list(arguments, &list));
        all.iter().map(|document| document["input"].as_str().unwrap().to_owned()).collect()
    };
    let free = order(&["--format", "jsonl", "-"]);
    assert_eq!(free.last().unwrap(), "http://flapping.http.test/", "{free:?}");
    let kept = order(&["--format", "jsonl", "--ordered", "-"]);
    assert_eq!(kept, list.lines().collect::<Vec<_>>());
}

#[test]
fn what_was_expected_of_one_url_is_told() {
    let url = "https://www.example.test/";
    let output = run(&["--lab", "--format", "json", "--expect", "301-308,404", url]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    check_document(&document);
    assert_eq!((code(&output), &document["exit_code"]), (8, &8.into()));
    assert_eq!(document["expected_status"], serde_json::json!({ "statuses": "301-308,404", "met": false }));
    assert!(
        stderr(&output).contains("expect: status 200 came, and 301-308,404 was expected"),
        "{}",
        stderr(&output)
    );
    let output = run(&["--lab", "--expect", "200", url]);
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
    assert!(stdout(&output).contains("expected: status 200, and so it is"), "{}", stdout(&output));
    let output = run(&["--lab", "--expect", "200", "https://expired.tls.test/"]);
    assert_eq!(code(&output), 6, "a stage's code is stronger");
    let output = run(&["--lab", "--fail", "--expect", "404", "https://www.example.test/missing"]);
    assert_eq!(code(&output), 0, "it goes before --fail");
}

#[test]
fn ctrl_c_prints_what_there_is_and_the_list_may_never_end() {
    let mut child = urltrace()
        .args(["--lab", "--format", "jsonl", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"https://www.example.test/\n").unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    let document: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(document["outcome"], "ok", "told before the list has ended");
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let (mut rest, mut said) = (String::new(), String::new());
    out.read_to_string(&mut rest).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let status = child.wait().unwrap();
    drop(input);
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2));
    assert_eq!(rest, "");
    assert!(said.contains("1 URL in ") && said.contains("interrupted, 0 more had been read"), "{said}");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut child = urltrace()
        .args(["--lab", "--format", "jsonl", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"https://www.example.test/\n").unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    drop(out);
    // The list goes on for as long as somebody reads it.
    while input.write_all(b"https://www.example.test/\n").is_ok() {}
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

/// Of the faults that the lab has: a URL each that fails by itself, and the exit code that it has to have.
const FAULTY: [(&str, u64); 4] = [
    ("https://missing.example.test/", 4),
    ("https://expired.tls.test/", 6),
    ("https://wrong-host.tls.test/", 6),
    ("http://", 3),
];

/// Held here with few; `cargo bench --bench load` does it with 10,000 and every scenario.
#[test]
fn every_url_of_a_long_list_is_accounted_for() {
    const URLS: usize = 300;
    let mut list = String::new();
    let mut want: BTreeMap<String, u64> = BTreeMap::new();
    for number in 0..URLS {
        let (url, code) = match FAULTY.get(number / 20 % FAULTY.len()) {
            Some((url, code)) if number % 20 == 0 => (format!("{url}?{number}"), *code),
            _ => (format!("http://www.example.test/?{number}"), 0),
        };
        list += &format!("{url}\n");
        want.insert(url, code);
    }
    let output = with_list(&["--format", "jsonl", "--max-time", "20", "--per-host", "16", "-"], &list);
    let told: BTreeMap<String, u64> = documents(&output)
        .iter()
        .map(|document| {
            (document["input"].as_str().unwrap().to_owned(), document["exit_code"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(stdout(&output).lines().count(), URLS);
    assert_eq!(told, want, "{}", stderr(&output));
}
