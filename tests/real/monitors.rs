//! What monitors read, by what they read it with: `promtool` and prometheus_client's strict parser of OpenMetrics,
//! check_http of the Monitoring Plugins beside `urltrace check`, and xmllint. The servers are Python's, on the loopback.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::live::python;
use crate::openssl::Peers;
use crate::tools::program;
use crate::{Setting, Test, servers};

pub(crate) const TESTS: &[Test<Monitors>] = &[
    ("monitors: promtool has nothing to say of metrics", promtool),
    ("monitors: the strict parser of OpenMetrics reads every sample", openmetrics),
    ("monitors: check_http comes to the same states and sizes", check_http),
    ("monitors: certificates are judged as check_http does", certificates),
    ("monitors: xmllint reads the tests of JUnit", junit),
];

/// A server with a path for each status, in the clear and over TLS.
pub(crate) struct Monitors {
    peers: Peers,
    child: Child,
    clear: u16,
    secure: u16,
}

const SERVER: &str = r#"
import http.server, ssl, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        word = self.path.strip("/")
        if word == "silent":
            time.sleep(30)  # nobody waits for it to its end
        status = int(word) if word.isdigit() else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"x" * 1000)
    def log_message(self, *_):
        pass
def serve(certificate=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever).start()
    return server.server_address[1]
print(serve(), serve(sys.argv[1:3]), flush=True)
"#;

impl Drop for Monitors {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Setting for Monitors {
    fn servers(&self) -> &[servers::Server] {
        &[]
    }

    fn describe(&self) -> String {
        format!("http: {}, https: {}", self.clear, self.secure)
    }
}

impl Monitors {
    pub(crate) fn new() -> Self {
        let peers = Peers::new();
        let mut child = Command::new(program("python3"))
            .args(["-c", SERVER])
            .args([peers.path("s.pem"), peers.path("s.key")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports: Vec<u16> = line.split_whitespace().map(|port| port.parse().unwrap()).collect();
        let [clear, secure] = ports[..] else { panic!("the server does not come up: {line:?}") };
        Self { peers, child, clear, secure }
    }
}

/// Exit code and standard output.
fn urltrace(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_urltrace"))
        .env_clear()
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// What a program that reads standard input says, and its exit code.
pub(crate) fn read_by(mut command: Command, text: &str) -> (i32, String) {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code().unwrap(), said)
}

/// Runs of the lab that differ in what there is to tell.
const RUNS: &[&[&str]] = &[
    &["https://www.example.test/"],
    &["-v", "-L", "http://shop.test/"],
    &["https://expired.tls.test/"],
    &["-k", "https://expired.tls.test/"],
    &["https://missing.example.test/"],
    &["https://cdn-hit.http.test/"],
    &["http://empty-response.http.test/"],
    &["ftp://x/"],
    &["-n", "10", "https://www.example.test/"],
    &["-n", "2", "http://empty-response.http.test/"],
];

fn metrics(run: &[&str], format: &str) -> String {
    let (_, text) = urltrace(&[&["--lab", "--format", format], run].concat());
    assert!(!text.is_empty(), "{run:?}");
    text
}

fn promtool(_: &Monitors) {
    let promtool = || {
        let mut command = Command::new(program("promtool"));
        command.args(["check", "metrics"]);
        command
    };
    // It does find fault.
    assert_eq!(read_by(promtool(), "x_milliseconds 1\n").0, 3);
    for run in RUNS {
        let text = metrics(run, "prometheus");
        assert_eq!(read_by(promtool(), &text), (0, String::new()), "{run:?}\n{text}");
    }
}

const PARSER: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as families
print(sum(len(family.samples) for family in families(sys.stdin.read())))
";

fn openmetrics(_: &Monitors) {
    let parser = || {
        let mut command = Command::new(python());
        command.args(["-c", PARSER]);
        command
    };
    assert_ne!(read_by(parser(), "# TYPE x counter\nx 1\n# EOF\n").0, 0, "it does find fault");
    for run in RUNS {
        let text = metrics(run, "openmetrics");
        let samples = text.lines().filter(|line| !line.starts_with('#')).count();
        let read = read_by(parser(), &text);
        assert_eq!((read.0, read.1.trim()), (0, samples.to_string().as_str()), "{run:?}\n{text}");
    }
}

/// State, first words and performance data of check_http.
fn plugin(arguments: &[&str]) -> (i32, String) {
    let check_http = Path::new("/usr/lib/nagios/plugins/check_http");
    assert!(check_http.exists(), "check_http is not there; .ci/run lists what these tests need");
    let output = Command::new(check_http).args(arguments).stdin(Stdio::null()).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The word behind `HTTP`, as far as there is one.
fn state(line: &str) -> &str {
    line.strip_prefix("HTTP ").unwrap_or(line).split([':', ' ']).next().unwrap()
}

/// The whole number of a datum.
fn datum<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let data = line.split_once('|')?.1;
    data.split_whitespace().find_map(|item| item.strip_prefix(label)?.strip_prefix('='))
}

fn check_http(world: &Monitors) {
    let port = world.clear.to_string();
    for (path, options) in [
        ("/200", &[][..]),
        ("/302", &[]),
        ("/404", &[]),
        ("/503", &[]),
        ("/200", &["-w", "10", "-c", "20"]),
        ("/200", &["-w", "0.000001", "-c", "20"]),
        ("/200", &["-w", "0.000001", "-c", "0.000002"]),
        ("/silent", &["-t", "1"]),
    ] {
        let theirs = plugin(&[&["-I", "127.0.0.1", "-p", &port, "-u", path, "-E"], options].concat());
        let url = format!("http://127.0.0.1:{port}{path}");
        let ours = urltrace(&[&["check"], options, &[url.as_str()]].concat());
        assert_eq!(theirs.0, ours.0, "{path} {options:?}\n{}{}", theirs.1, ours.1);
        if path == "/silent" {
            assert!(theirs.1.starts_with("CRITICAL"), "{}", theirs.1);
            continue;
        }
        assert_eq!(state(&theirs.1), state(&ours.1), "{path} {options:?}");
        // The last semicolon may be left out, and releases of the plugins differ in that.
        let size = |line: &str| datum(line, "size").map(|size| size.trim_end_matches(';').to_owned());
        assert_eq!(size(&theirs.1), size(&ours.1), "{}{}", theirs.1, ours.1);
        let thresholds = |line: &str| {
            datum(line, "time").map(|time| time.split(';').skip(1).take(3).collect::<Vec<_>>().join(";"))
        };
        assert_eq!(thresholds(&theirs.1), thresholds(&ours.1), "{}{}", theirs.1, ours.1);
        for label in ["time_connect", "time_headers", "time_firstbyte", "time_transfer"] {
            assert!(
                datum(&theirs.1, label).is_some() && datum(&ours.1, label).is_some(),
                "{label}: {}",
                ours.1
            );
        }
    }
    // Nobody listens on port 1 of the loopback.
    let (theirs, ours) =
        (plugin(&["-I", "127.0.0.1", "-p", "1"]), urltrace(&["check", "http://127.0.0.1:1/"]));
    assert_eq!((theirs.0, ours.0), (2, 2), "{}{}", theirs.1, ours.1);
    assert_eq!((plugin(&["-w", "x"]).0, urltrace(&["check", "-w", "x", "http://127.0.0.1/"]).0), (3, 3));
    assert_eq!((plugin(&["--help"]).0, urltrace(&["check", "--help"]).0), (3, 3));
}

fn certificates(world: &Monitors) {
    let port = world.secure.to_string();
    let url = format!("https://localhost:{port}/");
    let ca = world.peers.path("ca.pem");
    let ca = ca.to_str().unwrap();
    for days in ["0", "100000", "100000,99999"] {
        let theirs = plugin(&["-H", "localhost", "-I", "127.0.0.1", "-p", &port, "-S", "-C", days]);
        let ours = urltrace(&["check", "-4", "-C", days, "--cacert", ca, &url]);
        assert_eq!(theirs.0, ours.0, "-C {days}\n{}{}", theirs.1, ours.1);
    }
}

fn junit(_: &Monitors) {
    let budgets = ["--budget", "total=1us,bytes=1GB,max:total=1s"];
    for run in RUNS {
        let budgets =
            if run.contains(&"-n") { &budgets[..] } else { &["--budget", "total=1us,bytes=1GB"][..] };
        let (_, text) = urltrace(&[&["--lab", "--format", "junit"], budgets, run].concat());
        let mut xmllint = Command::new(program("xmllint"));
        xmllint.args(["--noout", "-"]);
        assert_eq!(read_by(xmllint, &text), (0, String::new()), "{run:?}\n{text}");
    }
}
