//! On a terminal, and ended from outside: the report's width, the progress line, signals. `script` (of
//! util-linux, on every Debian) makes the terminal.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{stdout, urltrace};

const BINARY: &str = env!("CARGO_BIN_EXE_urltrace");
const SLOW: &str = "http://no-answer-http.http.test/";

/// What a command prints on a terminal of so many columns, without COLUMNS in its environment.
fn on_terminal(columns: usize, command: &str) -> String {
    let output = Command::new("script")
        .args(["-qec", &format!("stty cols {columns} rows 50; {command}"), "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .expect("script starts");
    String::from_utf8(output.stdout).expect("output is UTF-8").replace("\r\n", "\n")
}

/// The text without its colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |sum, part| {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
        sum + &part[end..]
    })
}

#[test]
fn the_report_is_as_wide_as_the_terminal() {
    for columns in [40, 60, 80, 132, 160, 200] {
        for options in ["", "-v", "-L"] {
            let text = on_terminal(columns, &format!("{BINARY} --lab --silent {options} http://shop.test/"));
            let widths: Vec<usize> = plain(&text).lines().map(|line| line.chars().count()).collect();
            let widest = widths.iter().copied().max().unwrap_or(0);
            // The axis ends where the terminal does, or at 160.
            assert_eq!(widest, columns.min(160), "{columns} {options}: {text}");
        }
    }
    let narrow = on_terminal(200, &format!("COLUMNS=64 {BINARY} --lab --silent http://shop.test/"));
    assert!(plain(&narrow).lines().all(|line| line.chars().count() <= 64), "{narrow}");
}

#[test]
fn no_progress_stays_above_the_report() {
    for columns in [40, 80] {
        let command = format!("timeout --foreground -s INT 1.5 {BINARY} --lab -m 20 {SLOW}");
        let text = on_terminal(columns, &command);
        let report = text.find(SLOW).unwrap_or_else(|| panic!("no report: {text:?}"));
        let (before, rest) = text.split_at(report);
        assert!(rest.contains("interrupted"), "{text}");
        // Whatever was drawn was on one line, and that was cleared last.
        assert_eq!(before.matches('\n').count(), 0, "{before:?}");
        let cleared = before.rfind("\x1b[2K").map_or("", |at| &before[at + 4..]);
        assert_eq!(plain(cleared).trim(), "", "{before:?}");
    }
}

/// What comes of a run that asks for a password, where this is typed; the terminal's modes are shown behind it.
fn asked_for_a_password(options: &str, typed: &[u8]) -> String {
    let command = format!(
        "trap : INT; {BINARY} --lab --silent {options} -u me http://shop.test/; echo code $?; stty -a"
    );
    let mut child = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script starts");
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut seen = Vec::new();
    while !seen.ends_with(b"password of me: ") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).expect("a password is asked for");
        seen.push(byte[0]);
    }
    stdin.write_all(typed).unwrap();
    stdout.read_to_end(&mut seen).unwrap();
    child.wait().unwrap();
    String::from_utf8(seen).unwrap()
}

#[test]
fn a_password_is_read_unseen_and_the_terminal_left_as_it_was() {
    let shown = asked_for_a_password("--format json --show-secrets", b"secres\x7ft\n");
    // `me:secret`
    assert!(shown.contains("Basic bWU6c2VjcmV0") && !shown.contains("secre\x08"), "{shown}");
    let hidden = asked_for_a_password("--format json", b"hunter2\n");
    assert!(!hidden.contains("hunter2") && hidden.contains("code 0"), "{hidden}");
    let interrupted = asked_for_a_password("", b"secr\x03");
    assert!(interrupted.contains("code 130"), "{interrupted}");
    for text in [shown, hidden, interrupted] {
        let modes: Vec<&str> = text.split_whitespace().collect();
        assert!(modes.contains(&"echo") && modes.contains(&"isig"), "{text}");
    }
}

#[test]
fn without_a_terminal_standard_input_says_the_password() {
    // A session of its own has no terminal.
    for (typed, sent) in [("secret\nmore\n", "Basic bWU6c2VjcmV0\""), ("", "Basic bWU6\"")] {
        let mut child = Command::new("setsid")
            .args([
                "--wait",
                BINARY,
                "--lab",
                "--format",
                "json",
                "--show-secrets",
                "-u",
                "me",
                "http://shop.test/",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("setsid starts");
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(sent), "{text}");
    }
}

#[test]
fn fish_completes_the_value_behind_its_option_and_behind_an_equals_sign() {
    for (line, want) in [
        ("urltrace --format js", "json"),
        ("urltrace dns --format js", "json"),
        ("urltrace --format=js", "--format=json"),
    ] {
        let command = format!("{BINARY} --generate fish | source; complete -C '{line}'");
        let output = Command::new("fish").args(["--no-config", "-c", &command]).output();
        let Ok(output) = output else { return }; // a shell that is not installed cannot complete
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().any(|line| line.starts_with(want)), "{line}: {text}");
    }
}

/// Runs a trace that waits, sends it signals, and gives what came of it.
fn signalled(arguments: &[&str], signals: &[&str]) -> (Output, Duration) {
    let mut command = urltrace();
    let child = command
        .args(["--lab", "-m", "20"])
        .args(arguments)
        .arg(SLOW)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    for signal in signals {
        // On a busy machine, too.
        std::thread::sleep(Duration::from_millis(1_500)); // until the lab is up and the request under way: nothing tells
        let id = child.id().to_string();
        Command::new("kill").args([*signal, id.as_str()]).status().unwrap();
    }
    (child.wait_with_output().unwrap(), begin.elapsed())
}

#[test]
fn a_signal_ends_the_trace_and_the_process_dies_of_it_after_its_report() {
    let (output, took) = signalled(&[], &["-INT"]);
    assert_eq!(output.status.signal(), Some(2), "a shell's loop ends, too");
    let text = stdout(&output);
    assert!(
        text.contains("interrupted") && text.contains("connect ") && took.as_secs() < 10,
        "{took:?} {text}"
    );
    for format in ["json", "jsonl"] {
        let (output, _) = signalled(&["--format", format], &["-TERM"]);
        assert_eq!(output.status.signal(), Some(15));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&document["exit_code"], &document["failure"]["code"]),
            (&143.into(), &"interrupted".into())
        );
    }
}
