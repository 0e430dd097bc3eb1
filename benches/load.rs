//! A long list in the lab: 10,000 URLs, each twentieth a scenario of the lab, all in turn that need no options, with 2 s for
//! each URL. Every line has its document and the exit code that it has to have; time and memory are told.
//!
//! With `--check` it fails where a line is missing, told twice or told wrong, or the process has had more memory than 40 MiB
//! and 64 KiB a URL under way; its lab is in that.
//! `cargo bench --bench load -- [--check] [--urls N] [--binary FILE]`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a bench

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use serde_json::Value;
use urltrace::lab::{SCENARIOS, Scenario};

const URLS: usize = 10_000;
/// Each so many lines one is a fault.
const EVERY: usize = 20;
/// URLs under way at the same time, and of one host.
const PARALLEL: usize = 64;
/// What a list may take, and each URL under way, in kilobytes.
const MOST: u64 = 40 << 10;
const MOST_EACH: u64 = 64;
/// The server of the URLs without a fault.
const SOUND: &str = "http://www.example.test/";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|word| word == "--help") {
        println!("cargo bench --bench load -- [--check] [--urls N] [--binary FILE]");
        return ExitCode::SUCCESS;
    }
    let value = |option: &str| arguments.iter().skip_while(|word| *word != option).nth(1).map(String::as_str);
    let urls = value("--urls").map_or(URLS, |text| text.parse().expect("--urls takes a number"));
    let binary = value("--binary").unwrap_or(env!("CARGO_BIN_EXE_urltrace"));
    // A line has no place for options.
    let faults: Vec<&Scenario> = SCENARIOS.iter().filter(|scenario| scenario.options.is_empty()).collect();
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    let list: Vec<String> = (0..urls).map(|number| line(number, &faults, &mut wanted)).collect();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load.txt");
    std::fs::write(&path, list.join("\n") + "\n").unwrap();
    let told = trace(binary, &path, &mut wanted);
    let _ = std::fs::remove_file(&path);
    let limit = MOST + MOST_EACH * PARALLEL as u64;
    println!("{}", told.summary.trim());
    println!("every {EVERY}th by one of {} scenarios, {PARALLEL} at a time", faults.len());
    println!("{} lines in {:.1} s: {:.0} a second", told.lines, told.seconds, urls as f64 / told.seconds);
    println!("memory at most {} kB, of {limit} kB", told.memory);
    for wrong in told.wrong.iter().take(20) {
        println!("wrong: {wrong}");
    }
    wanted.keys().take(20).for_each(|url| println!("not told: {url}"));
    let is_sound = told.lines == urls && told.wrong.is_empty() && wanted.is_empty() && told.memory <= limit;
    let check = arguments.iter().any(|word| word == "--check");
    if check && !is_sound { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The exit code that a URL has to have, and how many lines have it.
struct Wanted {
    code: u64,
    lines: usize,
}

/// A line of the list.
fn line(number: usize, faults: &[&Scenario], wanted: &mut BTreeMap<String, Wanted>) -> String {
    let (url, code) = match faults.get(number / EVERY % faults.len()) {
        Some(fault) if number.is_multiple_of(EVERY) => (fault.url.to_owned(), u64::from(fault.expect.exit)),
        _ => (format!("{SOUND}?{number}"), 0),
    };
    wanted.entry(url.clone()).or_insert(Wanted { code, lines: 0 }).lines += 1;
    url
}

/// What came of it.
struct Told {
    lines: usize,
    seconds: f64,
    memory: u64,
    summary: String,
    wrong: Vec<String>,
}

/// Traces the list, and strikes out each line that is told as it has to be.
fn trace(binary: &str, list: &Path, wanted: &mut BTreeMap<String, Wanted>) -> Told {
    let at_once = PARALLEL.to_string();
    let begin = Instant::now();
    let mut child = Command::new(binary)
        .args([
            "--lab",
            "--format",
            "jsonl",
            "--max-time",
            "2",
            // Each line is known again by its whole URL.
            "--show-secrets",
            "--parallel",
            &at_once,
            "--per-host",
            &at_once,
        ])
        .arg(format!("@{}", list.display()))
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut told = Told { lines: 0, seconds: 0.0, memory: 0, summary: String::new(), wrong: Vec::new() };
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let document: Value = serde_json::from_str(&line.unwrap()).expect("each line is a document");
        told.memory = memory(&child).unwrap_or(told.memory);
        let input = document["input"].as_str().unwrap_or_default();
        told.lines += 1;
        if let Err(why) = strike_out(input, &document, wanted) {
            told.wrong.push(format!("{input}: {why}, and {}", document["failure"]));
        }
    }
    child.stderr.take().unwrap().read_to_string(&mut told.summary).unwrap();
    child.wait().unwrap();
    told.seconds = begin.elapsed().as_secs_f64();
    told
}

/// Takes a line off those that are still to be told.
fn strike_out(input: &str, document: &Value, wanted: &mut BTreeMap<String, Wanted>) -> Result<(), String> {
    let entry = wanted.get_mut(input).ok_or("it was not asked for, or is told again")?;
    let code = document["exit_code"].as_u64().unwrap_or(u64::MAX);
    let known = entry.code;
    entry.lines -= 1;
    if entry.lines == 0 {
        wanted.remove(input);
    }
    // Some take longer than they have here.
    let is_late = document["failure"]["code"]
        .as_str()
        .is_some_and(|code| code == "max-time" || code.contains("timeout"));
    let is_fault = !input.starts_with(SOUND);
    if code == known || is_fault && is_late { Ok(()) } else { Err(format!("its code is {code}")) }
}

/// The most memory that it has had so far, in kilobytes; `None` once it has ended.
fn memory(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
