//! Runs the binary with a cleared environment and reads what it said.

use std::io::Read as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The binary, without anything of the caller's environment that could change a result.
pub(crate) fn urltrace() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_urltrace"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// Runs it with these arguments.
pub(crate) fn run(arguments: &[&str]) -> Output {
    urltrace().args(arguments).output().expect("the binary starts")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("errors are UTF-8")
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal ended it")
}

/// Runs it with these arguments, and says for how many microseconds the machine had it wait for a core.
fn run_counting(arguments: &[&str]) -> (Output, u64) {
    let mut child = urltrace()
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
    child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    // It has not been waited for yet, so that its record is still there. The second number is nanoseconds (Linux's
    // sched-stats.rst); of the main thread, which is the one that traces.
    let told = std::fs::read_to_string(format!("/proc/{}/schedstat", child.id())).unwrap_or_default();
    let waited = told.split(' ').nth(1).map_or(0, |nanoseconds| nanoseconds.parse::<u64>().unwrap());
    (Output { status: child.wait().unwrap(), stdout, stderr }, waited / 1_000)
}

/// Of some runs the first that holds, or else the last. A busy machine may disturb times in any one; a fault of the program
/// is in all of them.
pub(crate) fn undisturbed<T>(mut run: impl FnMut() -> T, holds: impl Fn(&T) -> bool) -> T {
    const RUNS: usize = 6;
    let mut last = run();
    for _ in 1..RUNS {
        if holds(&last) {
            break;
        }
        last = run();
    }
    last
}

/// Runs it with `--format json`; the document must be valid by the schema, its phases must sum, and
/// account for nearly all of it. A process that the machine puts aside between two phases cannot
/// account for that time: what is missing beyond it in every run is ours.
pub(crate) fn json(arguments: &[&str]) -> (i32, Value) {
    const RUNS: usize = 5;
    let mut missing = Vec::new();
    while missing.len() < RUNS {
        let (output, put_aside) = run_counting(&[&["--format", "json"], arguments].concat());
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{arguments:?}: {error}\n{}\n{}", stdout(&output), stderr(&output))
        });
        check_document(&document);
        match unaccounted(&document, put_aside) {
            None => return (code(&output), document),
            Some(much) => missing.push(much),
        }
    }
    panic!("{arguments:?}: {missing:?}");
}

/// What a hop cannot account for, if it is too much: more than a busy machine adds. That the lab's delays lie in their
/// phases is held by `tests/accuracy.rs`, and the bound that is promised by the real-server tests, where nothing else runs.
fn unaccounted(document: &Value, put_aside: u64) -> Option<String> {
    document["hops"].as_array()?.iter().find_map(|hop| {
        let [total, unaccounted] =
            ["total_us", "unaccounted_us"].map(|name| hop["phases"][name].as_u64().unwrap());
        (unaccounted > (total / 100).max(20_000) + put_aside)
            .then(|| format!("{unaccounted} of {total} us, {put_aside} without a core"))
    })
}

/// What holds for every document, whatever was traced.
pub(crate) fn check_document(document: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../../fixtures/schema/urltrace-1.json")).unwrap();
    if document["kind"] != "dns" {
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let mut sum_of_hops = 0;
    for hop in document["hops"].as_array().unwrap_or(&Vec::new()) {
        let phases = hop["phases"].as_object().unwrap();
        let total = phases["total_us"].as_u64().unwrap();
        let parts: u64 =
            phases.iter().filter(|(name, _)| *name != "total_us").filter_map(|(_, part)| part.as_u64()).sum();
        assert_eq!(parts, total, "phases of {}", hop["url"]["href"]);
        sum_of_hops += total;
    }
    if document["hops"].as_array().is_some_and(|hops| !hops.is_empty()) {
        // A page goes on behind its document.
        let total = if document["kind"] == "page" { "document_us" } else { "total_us" };
        assert_eq!(document[total].as_u64().unwrap(), sum_of_hops);
    }
    for finding in document["findings"].as_array().unwrap_or(&Vec::new()) {
        for evidence in finding["evidence"].as_array().unwrap() {
            let pointer = evidence["pointer"].as_str().unwrap();
            assert_eq!(document.pointer(pointer), Some(&evidence["value"]), "{pointer}");
        }
        assert!(!finding["evidence"].as_array().unwrap().is_empty(), "{finding}");
    }
}

/// A text without its line ends.
pub(crate) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
