//! `urltrace serve` among clients that do it harm, and under rules that take long. On loopback.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::serving::{AT_ONCE, GOOD, PATIENCE, Serving, config, web};

/// Whether the server has ended a connection: it is there, and nothing more comes.
fn has_ended(stream: &mut TcpStream) -> bool {
    let mut some = [0; 4096];
    loop {
        match stream.read(&mut some) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}

#[test]
fn heads_that_come_slowly_and_clients_that_say_nothing_are_not_waited_for() {
    let serving = Serving::start(&[]);
    let begin = Instant::now();
    let mut slow = TcpStream::connect(serving.address).unwrap();
    let mut silent = TcpStream::connect(serving.address).unwrap();
    silent.set_read_timeout(Some(PATIENCE)).unwrap();
    slow.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").unwrap();
    loop {
        let _ = slow.write_all(b"X: y\r\n");
        if has_ended(&mut slow) {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "it waits for the head");
    }
    assert!(begin.elapsed() > Duration::from_secs(9), "{:?}", begin.elapsed());
    assert!(has_ended(&mut silent), "it waits for who says nothing");
}

#[test]
fn connections_that_do_nothing_make_room_for_others() {
    // Eight descriptors short of what one probe and its connections need: few connections are let in.
    let serving = limited(80, &["--max-probes", "1"]);
    let mut idle: Vec<TcpStream> = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(serving.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        idle.push(stream);
    }
    // All of them were answered: those before had to go.
    assert!(has_ended(&mut idle[0]));
    assert_eq!(serving.get("/-/healthy").status, 200);
}

/// A server that may have so many descriptors.
fn limited(descriptors: u32, words: &[&str]) -> Serving {
    let mut command = Command::new("sh");
    let urltrace = env!("CARGO_BIN_EXE_urltrace");
    command.arg0("sh").args(["-c", &format!("ulimit -n {descriptors}; exec {urltrace} \"$@\""), "sh"]);
    Serving::by(command.env_clear().stdin(Stdio::null()), words)
}

#[test]
fn the_limit_of_descriptors_bounds_the_probes_and_is_told() {
    let mut serving = limited(512, &[]);
    let told = serving.told();
    assert!(told.contains("28 probes at the same time, and not 256"), "{told}");
    assert!(serving.told().contains("512 open files"));
    assert_eq!(serving.get("/metrics").value("urltrace_probes_running_limit"), Some(28.0));
    let good = web(GOOD, AT_ONCE);
    assert_eq!(serving.probe(&format!("target=http://{good}/")).value("probe_success"), Some(1.0));
}

#[test]
fn the_soft_limit_of_descriptors_is_raised() {
    let serving = Serving::start(&["--max-probes", "300"]);
    let limits = std::fs::read_to_string(serving.process().join("limits")).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft: usize = line.split_whitespace().nth(3).unwrap().parse().unwrap();
    assert!(soft >= 300 * 12, "{line}");
}

#[test]
fn rules_that_take_long_end_with_the_scrape_and_fail() {
    const LONG: usize = 900_000;
    let body =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {LONG}\r\nConnection: close\r\n\r\n{}", "a".repeat(LONG));
    let target = web(body.leak(), AT_ONCE);
    let path = config(
        "long",
        "modules: {long: {prober: http, http: {fail_if_body_matches_regexp: ['(a?){900}(a?b?){900}(a?){900}c']}}}\n",
    );
    let serving = Serving::start(&["--config", path.to_str().unwrap(), "--max-probes", "1"]);
    let begin = Instant::now();
    let fields = "X-Prometheus-Scrape-Timeout-Seconds: 2.5\r\n";
    let answer = serving.send("GET", &format!("/probe?module=long&target=http://{target}/"), fields);
    let took = begin.elapsed();
    assert_eq!(answer.value("probe_success"), Some(0.0), "{}", answer.body);
    assert_eq!(answer.value("probe_failed_due_to_regex"), Some(1.0));
    assert_eq!(answer.value("probe_http_status_code"), Some(200.0));
    // What was probed is told without what was thought about it.
    assert!(answer.value("probe_duration_seconds").unwrap() < 1.9, "{}", answer.body);
    assert!((Duration::from_millis(1_900)..Duration::from_secs(10)).contains(&took), "{took:?}");
    assert!(serving.get("/").body.contains("took longer than the probe had"));
    // It thinks on, and nobody probes beside it: there is one place.
    assert_eq!(serving.get("/metrics").value("urltrace_probes_running"), Some(1.0));
}

#[test]
fn names_of_hosts_are_names_and_no_more() {
    let path = config(
        "hostname",
        "modules:
  own: {prober: http, http: {headers: {host: inside.test}}}
  free: {prober: http}
",
    );
    let serving = Serving::start(&["--config", path.to_str().unwrap()]);
    let good = web(GOOD, AT_ONCE);
    for (module, name, status) in [
        ("free", "a.test", 200),
        ("free", "a.test:8080", 200),
        ("free", "[2001:db8::1]:80", 200),
        ("free", "a.test%0d%0aX-Own:%20b", 400),
        ("free", "a%20b", 400),
        ("free", "a/b", 400),
        ("free", "%c3%a9", 400),
        ("own", "inside.test", 200),
        ("own", "other.test", 400),
    ] {
        let query = format!("/probe?target=http://{good}/&module={module}&hostname={name}");
        let answer = serving.get(&query);
        assert_eq!(answer.status, status, "{module} {name}: {}", answer.body);
    }
    let (told, named) = (serving.get("/metrics"), "urltrace_probes_total{result=\"success\"}");
    assert_eq!(told.value(named), Some(4.0));
}
