//! `urltrace serve`: what it answers, that it keeps its bounds, and that no target waits for another. On loopback.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::serving::{AT_ONCE, GOOD, PATIENCE, Serving, config, web};
use crate::support::{code, run, stderr, urltrace};

#[test]
fn a_target_is_probed_and_its_report_kept() {
    let begin = Instant::now();
    let serving = Serving::start(&[]);
    assert_eq!(serving.get("/-/healthy").status, 200);
    assert!(begin.elapsed() < PATIENCE);
    let good = web(GOOD, AT_ONCE);
    let answer = serving.probe(&format!("target=http://{good}/"));
    assert!(answer.head.contains("content-type: text/plain; version=0.0.4"), "{}", answer.head);
    assert_eq!(answer.value("probe_success"), Some(1.0));
    assert_eq!(answer.value("probe_http_status_code"), Some(200.0));
    assert_eq!(answer.value("probe_http_uncompressed_body_length"), Some(6.0));
    assert_eq!(answer.value("probe_ip_protocol"), Some(4.0));
    assert!(answer.value("probe_duration_seconds").unwrap() > 0.0);
    let failed = serving.probe(&format!("target={good}/&module=tcp_connect"));
    assert_eq!(failed.value("probe_success"), Some(0.0));
    let connected = serving.probe(&format!("target={good}&module=tcp_connect"));
    assert_eq!(connected.value("probe_success"), Some(1.0));

    let page = serving.get("/");
    assert!(page.body.contains("report?id=3") && page.body.contains("not HOST:PORT"), "{}", page.body);
    let report = serving.get("/report?id=1");
    assert!(report.status == 200 && report.body.contains("<!DOCTYPE html>"), "{}", report.body);
    assert_eq!(serving.get("/report?id=99").status, 404);
    let debug = serving.probe(&format!("target=http://{good}/&debug=true"));
    assert!(debug.body.starts_with("success") && debug.body.contains("probe_success 1"), "{}", debug.body);

    let own = serving.get("/metrics");
    assert_eq!(own.value("urltrace_probes_total{result=\"success\"}"), Some(3.0));
    assert_eq!(own.value("urltrace_probes_total{result=\"failure\"}"), Some(1.0));
    assert_eq!(own.value("urltrace_probes_running"), Some(0.0));
}

#[test]
fn what_cannot_be_probed_is_refused() {
    let serving = Serving::start(&[]);
    let unknown = serving.get("/probe?target=a&module=none");
    assert_eq!((unknown.status, unknown.body.as_str()), (400, "unknown module \"none\"\n"));
    assert_eq!(serving.get("/probe?module=http_2xx").status, 400);
    assert_eq!(
        serving.send("GET", "/probe?target=a", "X-Prometheus-Scrape-Timeout-Seconds: soon\r\n").status,
        500
    );
    assert_eq!(serving.get("/nowhere").status, 404);
    let get = serving.get("/-/reload");
    assert!(get.status == 405 && get.head.contains("allow: post, put"), "{}", get.head);
    assert_eq!(serving.send("POST", "/metrics", "Content-Length: 0\r\n").status, 405);
    assert_eq!(serving.get("/metrics").value("urltrace_module_unknown_total"), Some(1.0));
    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(20_000));
    let mut stream = TcpStream::connect(serving.address).unwrap();
    stream.write_all(long.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[test]
fn rules_of_a_module_decide() {
    let path = config(
        "rules",
        "modules:
  body: {prober: http, http: {fail_if_body_matches_regexp: ['h.llo']}}
  nobody: {prober: http, http: {fail_if_body_not_matches_regexp: ['bye']}}
  fine: {prober: http, http: {fail_if_body_not_matches_regexp: ['^hello'], fail_if_header_not_matches: [{header: x-kind, regexp: good}]}}
  field: {prober: http, http: {fail_if_header_matches: [{header: X-KIND, regexp: 'g..d'}]}}
  missing: {prober: http, http: {fail_if_header_not_matches: [{header: X-None, regexp: '.'}]}}
  allowed: {prober: http, http: {fail_if_header_not_matches: [{header: X-None, regexp: '.', allow_missing: true}]}}
  status: {prober: http, http: {valid_status_codes: [404]}}
  version: {prober: http, http: {valid_http_versions: ['HTTP/2.0']}}
  secure: {prober: http, http: {fail_if_not_ssl: true}}
  plain: {prober: http, http: {fail_if_ssl: true}}
",
    );
    let serving = Serving::start(&["--config", path.to_str().unwrap()]);
    let good = web(GOOD, AT_ONCE);
    for (module, success, by_pattern) in [
        ("body", 0.0, 1.0),
        ("nobody", 0.0, 1.0),
        ("fine", 1.0, 0.0),
        ("field", 0.0, 1.0),
        ("missing", 0.0, 1.0),
        ("allowed", 1.0, 0.0),
        ("status", 0.0, 0.0),
        ("version", 0.0, 0.0),
        ("secure", 0.0, 0.0),
        ("plain", 1.0, 0.0),
    ] {
        let answer = serving.probe(&format!("target=http://{good}/&module={module}"));
        let seen = (answer.value("probe_success"), answer.value("probe_failed_due_to_regex"));
        assert_eq!(seen, (Some(success), Some(by_pattern)), "{module}: {}", serving.get("/").body);
    }
}

#[test]
fn modules_are_read_again_and_a_broken_file_changes_nothing() {
    let path = config("reload", "modules: {one: {prober: http}}\n");
    let mut serving = Serving::start(&["--config", path.to_str().unwrap()]);
    let good = web(GOOD, AT_ONCE);
    let has = |serving: &Serving, module: &str| {
        serving.get(&format!("/probe?target=http://{good}/&module={module}")).status == 200
    };
    assert!(has(&serving, "one") && !has(&serving, "two"));
    std::fs::write(&path, "modules: {two: {prober: http}}\n").unwrap();
    assert_eq!(serving.send("POST", "/-/reload", "Content-Length: 0\r\n").status, 200);
    assert!(has(&serving, "two") && !has(&serving, "one"));

    std::fs::write(&path, "modules:\n  three: {prober: http, htp: {}}\n").unwrap();
    let refused = serving.send("PUT", "/-/reload", "Content-Length: 0\r\n");
    assert_eq!(refused.status, 500);
    // A file may hold secrets: who asks is not told what stands in it, and who reads the log is.
    assert!(refused.body.contains("the log says why") && !refused.body.contains("htp"), "{}", refused.body);
    let told = serving.told();
    assert!(told.contains("htp") && told.contains("line 2"), "{told}");
    assert!(has(&serving, "two"));
    let own = serving.get("/metrics");
    assert_eq!(own.value("urltrace_config_last_reload_successful"), Some(0.0));
    assert!(own.value("urltrace_config_last_reload_success_timestamp_seconds").unwrap() > 1e9);

    let hang_up = || {
        let status = Command::new("kill").args(["-HUP", &serving.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    };
    std::fs::write(&path, "modules: {four: {prober: http}}\n").unwrap();
    hang_up();
    let begin = Instant::now();
    while !has(&serving, "four") {
        assert!(begin.elapsed() < PATIENCE, "SIGHUP was not heeded");
    }
    assert_eq!(serving.get("/metrics").value("urltrace_config_last_reload_successful"), Some(1.0));

    // A file that a module needs and that is not there is told, too.
    std::fs::write(&path, "modules: {five: {prober: http, http: {tls_config: {ca_file: nowhere.pem}}}}\n")
        .unwrap();
    let refused = serving.send("POST", "/-/reload", "Content-Length: 0\r\n");
    let told = serving.told();
    assert!(refused.status == 500 && told.contains("nowhere.pem"), "{}: {told}", refused.body);
}

#[test]
fn a_server_that_cannot_begin_says_why() {
    let path = config("begin", "modules: {a: {prober: smtp}}\n");
    let output = run(&["serve", "--listen", "127.0.0.1:0", "--config", path.to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("smtp") && stderr(&output).contains("line 1"), "{}", stderr(&output));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let output = run(&["serve", "--listen", &taken.local_addr().unwrap().to_string()]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("cannot be listened at"), "{}", stderr(&output));
}

#[test]
fn private_addresses_can_be_forbidden_whatever_leads_there() {
    let good = web(GOOD, AT_ONCE);
    let serving = Serving::start(&["--deny-private"]);
    for target in [format!("http://{good}/"), format!("http://localhost:{}/", good.port())] {
        let answer = serving.probe(&format!("target={target}"));
        assert_eq!(answer.value("probe_success"), Some(0.0), "{}", answer.body);
        assert_eq!(answer.value("probe_http_status_code"), Some(0.0));
    }
    let tcp = serving.probe(&format!("target={good}&module=tcp_connect"));
    assert_eq!(tcp.value("probe_success"), Some(0.0));
    let page = serving.get("/").body;
    assert!(page.contains("which is not public"), "{page}");
}

#[test]
fn a_probe_ends_with_its_scrape_and_delays_no_other() {
    const WAIT: Duration = Duration::from_secs(20);
    let (slow, good) = (web(GOOD, WAIT), web(GOOD, AT_ONCE));
    let serving = Serving::start(&["--max-probes", "16"]);
    let (sender, receiver) = mpsc::channel();
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..8 {
            let (sender, serving) = (sender.clone(), &serving);
            scope.spawn(move || {
                let fields = "X-Prometheus-Scrape-Timeout-Seconds: 5.5\r\n";
                let answer = serving.send("GET", &format!("/probe?target=http://{slow}/"), fields);
                sender.send(answer).unwrap();
            });
        }
        // They are being made.
        while serving.get("/metrics").value("urltrace_probes_running") != Some(8.0) {
            assert!(begin.elapsed() < Duration::from_secs(4), "the slow ones did not begin");
        }
        for _ in 0..3 {
            assert_eq!(serving.probe(&format!("target=http://{good}/")).value("probe_success"), Some(1.0));
        }
        assert!(receiver.try_recv().is_err(), "the slow ones have not ended yet");
        for _ in 0..8 {
            let answer = receiver.recv_timeout(PATIENCE).unwrap();
            assert_eq!(answer.value("probe_success"), Some(0.0), "{}", answer.body);
            let took = answer.value("probe_duration_seconds").unwrap();
            assert!((4.9..WAIT.as_secs_f64() - 1.0).contains(&took), "{took}");
        }
    });
}

#[test]
fn what_comes_beyond_the_bound_waits_and_is_refused_when_its_time_is_over() {
    const WAIT: Duration = Duration::from_secs(20);
    let slow = web(GOOD, WAIT);
    let serving = Serving::start(&["--max-probes", "1"]);
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            serving.send(
                "GET",
                &format!("/probe?target=http://{slow}/"),
                "X-Prometheus-Scrape-Timeout-Seconds: 4.5\r\n",
            )
        });
        while serving.get("/metrics").value("urltrace_probes_running") != Some(1.0) {}
        let short = "X-Prometheus-Scrape-Timeout-Seconds: 0.8\r\n";
        let second = serving.send("GET", &format!("/probe?target=http://{slow}/"), short);
        assert_eq!(second.status, 503, "{}", second.body);
        assert_eq!(first.join().unwrap().status, 200);
    });
    assert_eq!(serving.get("/metrics").value("urltrace_probes_total{result=\"refused\"}"), Some(1.0));
}

#[test]
fn many_probes_leave_nothing_behind() {
    const PROBES: usize = 400;
    let good = web(GOOD, AT_ONCE);
    let serving = Serving::start(&[]);
    let many = |count: usize| {
        for _ in 0..count {
            let answer = serving.probe(&format!("target=http://{good}/"));
            assert_eq!(answer.value("probe_success"), Some(1.0));
        }
    };
    // The last hundred are kept: after these, each that comes takes the place of another.
    many(150);
    let (memory, descriptors) = (serving.memory(), serving.descriptors());
    many(PROBES);
    let (grown, left) = (serving.memory().saturating_sub(memory), serving.descriptors());
    // A descriptor more is the runtime of a second thread, or a connection that is being closed.
    assert!(left <= descriptors + 8, "{descriptors} descriptors became {left}");
    assert!(grown < 8 * 1024, "{grown} KiB more after {PROBES} probes");
}

/// A root that knows the address of every name, for five minutes; how often it was asked for one.
fn root() -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((size, from)) = socket.recv_from(&mut packet) {
            let name = packet[12..size].iter().position(|byte| *byte == 0).unwrap();
            let question = &packet[12..12 + name + 5];
            let is_address = question.ends_with(&[0, 1, 0, 1]) && name > 0;
            count.fetch_add(usize::from(is_address), Ordering::Relaxed);
            let mut reply =
                [&packet[..2], &[0x84, 0, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0], question].concat();
            if is_address {
                reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 127, 0, 0, 1]);
            }
            let _ = socket.send_to(&reply, from);
        }
    });
    (address, asked)
}

#[test]
fn what_a_walk_has_learned_outlasts_the_time_between_two_scrapes() {
    let (root, asked) = root();
    let hints = config("hints", &format!(". NS a.root.\na.root. A {root}\n"));
    let modules = config(
        "walk",
        "modules: {walk: {prober: http, resolver: walk, http: {preferred_ip_protocol: ip4, ip_protocol_fallback: false}}}\n",
    );
    let mut command = urltrace();
    command.arg("--root-hints").arg(&hints);
    let serving = Serving::by(&mut command, &["--config", modules.to_str().unwrap()]);
    let target = format!("target=http://www.walk.test:{}/&module=walk", web(GOOD, AT_ONCE).port());
    let probe = || {
        let answer = serving.probe(&target);
        assert_eq!(answer.value("probe_success"), Some(1.0), "{}\n{}", answer.body, serving.get("/").body);
    };
    probe();
    thread::sleep(Duration::from_secs(12)); // an idle thread would end after 10 s by itself, and scrapes lie 15 s apart
    probe();
    assert_eq!(asked.load(Ordering::Relaxed), 1, "the answer holds for five minutes");
}
