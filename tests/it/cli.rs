//! Arguments, files and terminals: one clear error each, and the right exit code.

use std::io::{Read, Write};
use std::process::Stdio;

use crate::support::{code, json, run, stderr, stdout, urltrace};

/// The whole of standard error, and nothing on standard output.
fn refused(arguments: &[&str], exit: i32) -> String {
    let output = run(arguments);
    assert_eq!(code(&output), exit, "{arguments:?}: {}", stderr(&output));
    assert_eq!(stdout(&output), "", "{arguments:?}");
    let text = stderr(&output);
    assert_eq!(
        text.lines().filter(|line| line.starts_with("urltrace: ") || line.starts_with("error: ")).count(),
        1,
        "{text}"
    );
    text
}

#[test]
fn a_file_that_is_missing_is_one_clear_error() {
    for option in ["--cacert", "--root-hints"] {
        let text = refused(&[option, "/no/such/file", "https://127.0.0.1:1/"], 2);
        assert!(text.contains(option) && text.contains("/no/such/file"), "{text}");
    }
    let text = refused(&["-o", "/no/such/dir/file", "https://127.0.0.1:1/"], 2);
    assert!(text.contains("/no/such/dir"), "{text}");
}

#[test]
fn a_file_that_holds_something_else_is_one_clear_error() {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for option in ["--cacert", "--root-hints"] {
        let text = refused(&[option, here, "https://127.0.0.1:1/"], 2);
        assert!(text.contains("Cargo.toml"), "{text}");
    }
}

#[test]
fn wrong_arguments_exit_with_2() {
    for arguments in [&[][..], &["--no-such-option"], &["--max-time", "x", "a"], &["--resolver", "x", "a"]] {
        refused(arguments, 2);
    }
    // Nothing of it is a secret, though the form of a proxy looks like one.
    for (arguments, told) in [
        (&["-x"][..], "urltrace: --proxy needs a value\nhint: `urltrace --help` shows its form\n"),
        (&["--tls-max"], "urltrace: --tls-max needs a value\nhint: 1.2, 1.3\n"),
        (&["--tls-max", "1.1", "a"], "urltrace: --tls-max: `1.1` is not one of its values\nhint: 1.2, 1.3\n"),
        (&["-n", "x", "a"], "urltrace: --repeat: `x` cannot be read: invalid digit found in string\n"),
        (&["--page", "--compare", "http=1.1", "a"], "urltrace: --page cannot be used with --compare\n"),
        (&["diff", "a.json"], "urltrace: <B.json> is missing\n"),
        (&["diff"], "urltrace: <A.json>, <B.json> are missing\n"),
    ] {
        assert_eq!(refused(arguments, 2), told);
    }
}

#[test]
fn a_url_that_cannot_be_traced_exits_with_3_and_says_why() {
    for (url, text) in [
        ("https://exa mple/", "space at column 12"),
        ("ftp://x/", "`ftp` cannot be traced"),
        ("https://", "no host"),
        ("https://example.com:0/", "port 0"),
    ] {
        let output = run(&[url]);
        assert_eq!(code(&output), 3, "{url}");
        let all = stdout(&output) + &stderr(&output);
        assert!(all.contains(text), "{url}: {all}");
        let (exit, document) = json(&[url]);
        assert_eq!(
            (exit, &document["outcome"], &document["failure"]["stage"]),
            (3, &"failed".into(), &"url".into())
        );
        assert_eq!(document["hops"], serde_json::json!([]));
    }
}

#[test]
fn a_refused_port_exits_with_5_and_has_no_dns_time() {
    let (exit, document) = json(&["https://127.0.0.1:1/"]);
    assert_eq!(exit, 5);
    assert_eq!(document["failure"]["stage"], "tcp");
    assert_eq!(document["failure"]["code"], "connection-refused");
    let hop = &document["hops"][0];
    assert!(hop["dns"].is_null() && hop["phases"]["dns_us"].is_null() && hop["tls"].is_null());
    assert!(hop["reasons"]["dns"].as_str().unwrap().contains("IP address"), "{}", hop["reasons"]);
    assert_eq!(hop["connect"]["attempts"][0]["outcome"], "refused");
}

#[test]
fn help_names_every_option_once_and_fits_the_width() {
    let (short, long) = (stdout(&run(&["-h"])), stdout(&run(&["--help"])));
    for option in ["--resolver", "--root-hints", "--lab", "--cacert", "--max-time", "--compressed", "--fail"]
    {
        assert!(short.contains(option) && long.contains(option), "{option}");
    }
    assert!(short.contains("--generate"));
    assert!(long.lines().all(|line| line.chars().count() <= 100), "{long}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = urltrace()
        .args(["--lab", "-v", "https://www.example.test/"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!((child.wait().unwrap().code(), text.as_str()), (Some(0), ""));
}

#[test]
fn a_reader_that_goes_away_changes_no_exit_code() {
    for (line, want) in [
        (&["--lab", "https://expired.tls.test/"][..], 6),
        (&["--lab", "-v", "--format", "json", "https://expired.tls.test/"], 6),
        (&["--lab", "dns", "nowhere.test"], 4),
        (&["--lab", "dns", "--short", "nowhere.test"], 4),
    ] {
        let mut child = urltrace().args(line).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(want), "{line:?}");
    }
    let mut child = urltrace()
        .args(["--lab", "dns", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all("nowhere.test\n".repeat(50).as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4), "of the names until then");
}

#[test]
fn output_to_a_pipe_has_no_escape_codes_and_no_progress() {
    let output = run(&["--lab", "https://www.example.test/"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(!stdout(&output).contains('\x1b'));
    assert_eq!(stderr(&output), "");
    let output = run(&["--lab", "--color", "always", "https://www.example.test/"]);
    assert!(stdout(&output).contains('\x1b'));
}

#[test]
fn what_is_found_can_decide_the_exit_code() {
    let (insecure, unavailable) = ("https://expired.tls.test/", "https://unavailable.http.test/");
    for (arguments, exit) in [
        (&["--lab", "-k", insecure][..], 0),
        (&["--lab", "-k", "--fail-on", "error", insecure], 0),
        (&["--lab", "-k", "--fail-on", "warning", insecure], 9),
        (&["--lab", "--fail-on", "error", "https://www.dnssec-expired.test/"], 9),
        (&["--lab", "-k", "--fail-on", "tls-cert-expired", insecure], 9),
        (&["--lab", "-k", "--fail-on", "tls-version-old", insecure], 0),
        (&["--lab", "-k", "--fail-on", "warning", "--ignore", "tls-certificate-faulty", insecure], 0),
        (&["--lab", "--fail-on", "error", insecure], 6),
        (&["--lab", "--fail", unavailable], 8),
        (&["--lab", "--fail", "--fail-on", "http-5xx", unavailable], 9),
        (&["--lab", "--fail", "--fail-on", "http-4xx", "--ignore", "http-5xx", unavailable], 8),
        (&["--lab", "--fail", "--fail-on", "error", insecure], 6),
        (&["--lab", "--fail-on", "http-body-truncated", "http://closed-early.http.test/"], 7),
        (&["--lab", "--fail-on", "dns-nxdomain", "--only", "dns-nxdomain", "https://no.example.test/"], 4),
        (&["--lab", "--fail-on", "tcp-refused", "https://www.example.test/"], 0),
        (&["--lab", "--fail-on", "url-credentials", "https://ann:secret@www.example.test/"], 9),
        (&["dns", "--lab", "--fail-on", "warning", "www.lame.test"], 9),
        (&["dns", "--lab", "--fail-on", "warning", "www.example.test"], 0),
        (&["dns", "--lab", "--fail-on", "notice", "missing.example.test"], 4),
    ] {
        let (code, document) = json(arguments);
        assert_eq!((code, document["exit_code"].as_i64()), (exit, Some(exit.into())), "{arguments:?}");
    }
    let (_, document) = json(&["--lab", "-k", "--only", "tls-untrusted,http-5xx", insecure]);
    assert_eq!(document["findings"][0]["id"], "tls-certificate-faulty");
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(1));
    let text = refused(&["--fail-on", "tls-cert-expird", insecure], 2);
    assert!(text.contains("did you mean tls-cert-expired?"), "{text}");
    assert!(stdout(&run(&["findings"])).contains("\ndns-server-silent "));
}
