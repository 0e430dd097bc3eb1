//! From arguments to a plan: defaults, options, refusals.

use std::time::Duration;

use super::*;
use crate::finding::Named;

fn read(line: &[&str]) -> Result<Settings, PlanError> {
    let arguments = std::iter::once("urltrace").chain(line.iter().copied()).map(OsString::from);
    settings(arguments, &Environment { utf8: true, ..Environment::default() })
}

fn plan(line: &[&str]) -> Plan {
    match read(line).unwrap().action {
        Action::Trace { plan, .. } | Action::Ask { plan, .. } => plan,
        other => panic!("{other:?}"),
    }
}

fn message(line: &[&str]) -> String {
    match read(line).unwrap_err() {
        PlanError::Usage { message, .. } => message,
        PlanError::Clap(error) => error.to_string(),
        PlanError::Interrupted => "interrupted".to_owned(),
    }
}

#[test]
fn defaults_are_those_of_the_design() {
    let plan = plan(&["https://example.com/"]);
    assert_eq!(plan.max_time, Duration::from_secs(30));
    assert_eq!(plan.dns.timeout, Duration::from_secs(10));
    let given = self::plan(&["--max-time", "60", "https://example.com/"]);
    assert_eq!(given.dns.timeout, Duration::from_secs(60), "who gives a time wants it to be used");
    for (line, seconds) in [
        (["-m", "30", "example.com"].as_slice(), 30),
        (&["dns", "-m", "30", "example.com"], 30),
        (&["-m", "30", "dns", "example.com"], 30),
        (&["-m", "5", "example.com"], 10),
        (&["-m", "0", "example.com"], 60),
        (&["-m", "300", "example.com"], 60),
    ] {
        assert_eq!(self::plan(line).dns.timeout, Duration::from_secs(seconds), "{line:?}");
    }
    assert_eq!(plan.tcp.connect_timeout, Duration::from_secs(10));
    assert_eq!(plan.tls.roots, RootsChoice::Embedded);
    assert_eq!(plan.http.version, VersionChoice::Auto);
}

#[test]
fn options_become_a_plan() {
    let plan = plan(&[
        "-4",
        "-L",
        "-k",
        "--http1.1",
        "-X",
        "PUT",
        "-H",
        "A: b",
        "-H",
        "Accept:",
        "-H",
        "Empty;",
        "-d",
        "x=1",
        "-d",
        "y",
        "--resolve",
        "Example.com:443:192.0.2.1,[2001:db8::1]",
        "--connect-to",
        "a:1:[::1]:2",
        "--resolver",
        "[2001:db8::53]:5353",
        "-m",
        "0.5",
        "--tls-max",
        "1.2",
        "example.com",
    ]);
    assert_eq!(plan.dns.family, Family::Ipv4);
    assert_eq!(plan.http.headers[0], ("A".into(), Some("b".into())));
    assert_eq!(plan.http.headers[1], ("Accept".into(), None));
    assert_eq!(plan.http.headers[2], ("Empty".into(), Some(String::new())));
    assert_eq!(plan.http.body.and_then(|body| body.in_memory()), Some(b"x=1&y".to_vec()));
    assert_eq!(plan.dns.overrides[0].host, "example.com");
    assert_eq!(plan.dns.overrides[0].addresses.len(), 2);
    assert_eq!(plan.tcp.connect_to[0].to_host.as_deref(), Some("::1"));
    assert_eq!(plan.dns.lane, crate::plan::ResolverChoice::Server("[2001:db8::53]:5353".parse().unwrap()));
    assert_eq!(plan.dns.server_family, Family::Any, "a URL's family is that of its connections");
    assert_eq!(plan.max_time, Duration::from_millis(500));
    assert_eq!(plan.tls.max_version, TlsVersion::Tls12);
}

#[test]
fn the_parts_of_a_body_keep_their_order() {
    let line = ["--data-raw", "@a", "-d", "b", "--data-binary", "c", "--data-raw=d", "-de", "example.com"];
    assert_eq!(plan(&line).http.body.and_then(|body| body.in_memory()), Some(b"@a&b&c&d&e".to_vec()));
}

#[test]
fn what_cannot_be_used_is_said_plainly() {
    for (line, text) in [
        (&["--resolver", "nobody", "x"][..], "`nobody` is not a resolver"),
        (&["--max-time=-1", "x"], "--max-time"),
        (&["-d", "a", "-F", "a=b", "x"], "-F cannot be used with -d"),
        (&["-T", "Cargo.toml", "--json", "{}", "x"], "-T cannot be used with --json"),
        (&["-I", "-d", "a", "x"], "-I cannot be used with -d"),
        (&["-G", "-F", "a=b", "x"], "-G puts data into the URL"),
        (&["-r", "5-x", "x"], "\"5-x\" is no range of bytes"),
        (&["-b", "/nowhere/at/all", "x"], "-b: `/nowhere/at/all` cannot be read"),
        (&["--max-time", "soon", "x"], "`soon` is not a time"),
        (&["--max-time", "NaN", "x"], "`NaN` is not a time"),
        (&["--resolve", "x:443", "x"], "--resolve"),
        (&["--resolve", "x:443:here", "x"], "--resolve"),
        (&["--connect-to", "x", "x"], "--connect-to"),
        (&["-H", "no colon", "x"], "not a header field"),
        (&["-H", "bad name: x", "x"], "not a name for a header field"),
        (&["-H", "A: b\r\nEvil: 1", "x"], "control character"),
        (&["-X", "GET /", "x"], "is not a method"),
        (
            &["--root-hints", "/no/such/file", "x"],
            "`/no/such/file` cannot be read: no such file or directory",
        ),
        (&["--trust-anchor", "/no/such/file", "x"], "--trust-anchor: `/no/such/file` cannot be read"),
        (&["--no-dnssec", "--trust-anchor", "f", "x"], "cannot be used with"),
        (&["-d", "@/no/such/file", "x"], "cannot be read"),
        (&["-o", "/no/such/dir/file", "x"], "there is no directory"),
        (&["dns", "--type", "NOPE", "x"], "`NOPE` is not a record type"),
        (&["dns", ""], "not a domain name"),
        (&["dns", "-6", "--resolver", "192.0.2.53", "x"], "the resolver 192.0.2.53 has no IPv6 address"),
        (&["dns", "-4", "--resolver", "tcp://[2001:db8::1]", "x"], "2001:db8::1 has no IPv4 address"),
        (&["dns", "-6", "--propagation", "x"], "--propagation would ask the resolver 1.1.1.1"),
        (&["--format", "xml", "x"], "`xml` is not one of its values"),
        (&[], "no URL to trace"),
    ] {
        assert!(message(line).contains(text), "{line:?}: {}", message(line));
    }
    // Of several that an option cannot stand beside, the first is named, and nothing of its form.
    let line = ["--unix-socket", "/x", "--all-addresses", "--interface", "lo", "x"];
    assert!(
        message(&line).ends_with("--unix-socket cannot be used with --all-addresses"),
        "{}",
        message(&line)
    );
}

#[test]
fn the_environment_replaces_the_embedded_roots_unless_an_option_speaks() {
    let environment = Environment { ssl_cert_file: Some("/x.pem".into()), ..Environment::default() };
    let roots = |line: &[&str]| match settings(line.iter().map(OsString::from), &environment).unwrap().action
    {
        Action::Trace { plan, .. } => plan.tls.roots,
        other => panic!("{other:?}"),
    };
    assert!(matches!(roots(&["urltrace", "x"]), RootsChoice::Environment { file: Some(_), dir: None }));
    assert_eq!(roots(&["urltrace", "--roots", "embedded", "x"]), RootsChoice::Embedded);
    assert_eq!(roots(&["urltrace", "--cacert", "a.pem", "x"]), RootsChoice::File("a.pem".into()));
}

#[test]
fn colours_follow_option_then_no_color_then_terminal() {
    let color = |line: &[&str], environment: &Environment| {
        settings(line.iter().map(OsString::from), environment).unwrap().show.color
    };
    let terminal = Environment { stdout_is_terminal: true, ..Environment::default() };
    let no_color = Environment { no_color: true, ..terminal.clone() };
    let forced = Environment { force_color: true, ..Environment::default() };
    assert!(color(&["urltrace", "x"], &terminal));
    assert!(!color(&["urltrace", "x"], &no_color));
    assert!(color(&["urltrace", "--color", "always", "x"], &no_color));
    assert!(color(&["urltrace", "x"], &forced));
    assert!(!color(&["urltrace", "x"], &Environment::default()));
}

#[test]
fn findings_are_chosen_by_ids_aliases_and_severities() {
    let show = |line: &[&str]| read(line).unwrap().show.selection;
    let chosen =
        show(&["--only", "http-5xx,tls-version-old", "--ignore", "DNS-NS-Timeout", "http://a.test/"]);
    assert_eq!(chosen.only, ["http-status-error", "tls-version-old"].map(Named::Rule));
    assert_eq!(chosen.ignore, [Named::Rule("dns-server-silent")]);
    let failing = show(&["dns", "a.test", "--fail-on", "warning", "--fail-on", "dns-lame-ns"]);
    assert_eq!(failing.fail_on.len(), 3);
    for (option, word) in [("--only", "warning"), ("--ignore", "shoe"), ("--fail-on", "http-4x")] {
        let error = read(&[option, word, "http://a.test/"]).unwrap_err();
        let PlanError::Usage { message, hint } = error else { panic!("{error:?}") };
        assert_eq!(message, format!("{option}: there is no finding `{word}`"));
        assert_eq!(hint.unwrap().contains("did you mean http-4xx?"), word == "http-4x");
    }
    assert!(matches!(read(&["findings"]).unwrap().action, Action::ListFindings));
    assert!(message(&["findings", "--fail-on", "error"]).contains("`urltrace findings` prints a list"));
}

#[test]
fn a_time_to_wait_for_100_asks_for_one() {
    let waits = |line: &[&str]| {
        let http = plan(&[line, &["-d", "x", "https://example.com/"]].concat()).http;
        (http.expect, http.expect_timeout)
    };
    assert_eq!(waits(&["--expect100-timeout", "0.3"]), (ExpectPlan::Asked, Duration::from_millis(300)));
    assert_eq!(waits(&["--expect100"]), (ExpectPlan::Asked, Duration::from_secs(1)));
    assert_eq!(waits(&[]).0, ExpectPlan::ByField);
}
