//! The programs that are measured, and what each of them tells of its phases.
//!
//! What a program does not tell is left out: no phase is made up from two others. Which times of a program are which
//! phase is said where they are read.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::net::{Access, Client};
use crate::servers::Server;
use crate::tools::{Output, inside, installed, program, run_at};
use crate::wire::PHASES;
use crate::world::World;

const URL: &str = "https://www.example.site/";
/// Where blackbox_exporter listens, in the client's own namespace and on its loopback.
const EXPORTER: &str = "127.0.0.1:9115";

/// What a program says of a run, in microseconds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// As [`PHASES`] names them; `None` for one that it does not tell.
    pub(crate) phases: [Option<i64>; 6],
    /// All of it; what of that belongs to no phase; and what of that went by before arrivals were noticed: urltrace's
    /// only.
    pub(crate) whole: Option<(i64, i64, i64)>,
}

/// How a program is called and read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Urltrace,
    Curl,
    /// reorx/httpstat, in Python: it runs curl.
    PythonHttpstat,
    /// vicanso/http-stat-rs.
    RustHttpstat,
    /// prometheus/blackbox_exporter.
    Blackbox,
}

/// A program that is there.
pub(crate) struct Program {
    kind: Kind,
    executable: PathBuf,
    /// Name and version.
    pub(crate) title: String,
}

impl Program {
    pub(crate) fn is_urltrace(&self) -> bool {
        self.kind == Kind::Urltrace
    }

    /// All that are there, urltrace first; and why others are not.
    pub(crate) fn all(urltrace: &Path) -> (Vec<Self>, Vec<String>) {
        let mut all = vec![Self::new(Kind::Urltrace, urltrace.to_owned(), said(urltrace))];
        let curl = program("curl");
        let version = said(&curl).split(' ').take(2).collect::<Vec<_>>().join(" ");
        all.push(Self::new(Kind::Curl, curl, version));
        // Two programs have that name, and say at `--version` which they are.
        let named: Vec<(PathBuf, String)> =
            installed("httpstat").into_iter().map(|path| (path.clone(), said(&path))).collect();
        let mut missing = Vec::new();
        for (kind, word, name) in [
            (Kind::PythonHttpstat, "httpstat ", "httpstat (Python, PyPI)"),
            (Kind::RustHttpstat, "http-stat ", "http-stat-rs (Rust, crate http-stat)"),
        ] {
            match named.iter().find(|(_, version)| version.starts_with(word)) {
                Some((path, version)) => all.push(Self::new(kind, path.clone(), version.clone())),
                None => missing.push(name.to_owned()),
            }
        }
        let exporter = ["blackbox_exporter", "prometheus-blackbox-exporter"].map(installed).concat();
        match exporter.into_iter().next() {
            Some(path) => {
                let version = said(&path);
                let version = version.split([',', '(']).take(2).collect::<String>().replace(" version", "");
                all.push(Self::new(Kind::Blackbox, path, version.trim().to_owned()));
            }
            None => missing.push("blackbox_exporter (Debian's prometheus-blackbox-exporter)".to_owned()),
        }
        (all, missing)
    }

    fn new(kind: Kind, executable: PathBuf, title: String) -> Self {
        Self { kind, executable, title }
    }

    /// What has to run before it can be asked.
    pub(crate) fn prepare(&self, world: &World, access: Access) -> Option<Server> {
        if self.kind != Kind::Blackbox {
            return None;
        }
        let client = world.internet.client(access);
        let dir = world.dir.path().join("exporter");
        std::fs::create_dir_all(&dir).unwrap();
        let config = format!(
            "modules:\n  accuracy:\n    prober: http\n    timeout: 30s\n    http:\n      enable_http2: false\n      \
             preferred_ip_protocol: ip4\n      tls_config:\n        ca_file: {}\n",
            world.certificates.ca.display()
        );
        std::fs::write(dir.join("config.yml"), config).unwrap();
        let mut command = inside(&client.namespace, &self.executable);
        command.args(["--config.file=config.yml", "--web.listen-address", EXPORTER]);
        let mut server = Server::from_command("blackbox_exporter", &dir, command);
        let url = format!("http://{EXPORTER}/");
        server.wait_until(|| run_at(client, &program("curl"), &["-qsSf", "-o", "/dev/null", &url]).code == 0);
        Some(server)
    }

    /// Runs it once.
    pub(crate) fn run(&self, client: &Client, world: &World) -> Told {
        let ca = world.certificates.ca.to_str().unwrap();
        let run = |words: &[&str]| good(run_at(client, &self.executable, words));
        match self.kind {
            Kind::Urltrace => urltrace(&run(&["--format", "json", "--http1.1", "--cacert", ca, URL])),
            Kind::Curl => curl(&run(&[
                "-q",
                "-sS",
                "--http1.1",
                "--cacert",
                ca,
                "-o",
                "/dev/null",
                "-w",
                "%{json}",
                URL,
            ])),
            Kind::PythonHttpstat => {
                let settings = [
                    format!("HTTPSTAT_CURL_BIN={}", program("curl").display()),
                    format!("TMPDIR={}", world.dir.path().display()),
                    "HTTPSTAT_SAVE_BODY=false".to_owned(),
                    self.executable.to_str().unwrap().to_owned(),
                ];
                let words = [URL, "--format", "json", "--http1.1", "--cacert", ca].map(str::to_owned);
                python_httpstat(&good(run_at(client, &program("env"), &[&settings[..], &words].concat())))
            }
            // It takes no CA of a file: what checking costs is none of its time here.
            Kind::RustHttpstat => rust_httpstat(&run(&["--json", "--http1", "-k", URL])),
            Kind::Blackbox => {
                let probe = format!("http://{EXPORTER}/probe?module=accuracy&target={URL}");
                blackbox(&good(run_at(client, &program("curl"), &["-qsSf", &probe])))
            }
        }
    }
}

/// The first line that a program says of its version.
fn said(executable: &Path) -> String {
    let output = std::process::Command::new(executable).arg("--version").output().unwrap();
    // Some write it to standard error.
    let both = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&both).lines().next().unwrap_or_default().to_owned()
}

fn good(output: Output) -> String {
    let Output { code, stdout, stderr, shown } = output;
    assert_eq!(code, 0, "{shown} failed: {stdout}{stderr}");
    stdout
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn urltrace(text: &str) -> Told {
    let hop = &json(text)["hops"][0];
    let of = |phase: &str| hop["phases"][format!("{phase}_us")].as_i64();
    let waking = ["dns", "connect", "tls"].iter().map(|stage| {
        let at = |field: &str| hop[stage][field].as_i64();
        Some(at("noticed_us")? - at("start_us")? - at("duration_us")?)
    });
    let whole = || Some((of("total")?, of("unaccounted")?, waking.sum::<Option<i64>>()?));
    Told { phases: PHASES.map(of), whole: whole() }
}

/// Its times are from the start. What lies between the handshake's end and the request is its own; when the request
/// was sent it tells from 8.10 on (`time_posttransfer`), and before that the wait begins with the request.
fn curl(text: &str) -> Told {
    let json = json(text);
    let at = |name: &str| json[format!("time_{name}")].as_f64().map(|seconds| (seconds * 1e6).round() as i64);
    let between = |from: Option<i64>, to: Option<i64>| Some(to? - from?);
    let [lookup, connect, tls, ready] = ["namelookup", "connect", "appconnect", "pretransfer"].map(&at);
    let [sent, first, end] = ["posttransfer", "starttransfer", "total"].map(at);
    Told {
        phases: [
            lookup,
            between(lookup, connect),
            between(connect, tls),
            between(ready, sent),
            between(sent.or(ready), first),
            between(first, end),
        ],
        whole: None,
    }
}

/// curl's times, in whole milliseconds; `tls` goes on until the request.
fn python_httpstat(text: &str) -> Told {
    let json = json(text);
    let of = |name: &str| json["timings_ms"][name].as_i64().map(|ms| ms * 1000);
    let [dns, connect, tls, wait, receive] = ["dns", "connect", "tls", "server", "transfer"].map(of);
    Told { phases: [dns, connect, tls, None, wait, receive], whole: None }
}

/// By the contract of its JSON.
fn rust_httpstat(text: &str) -> Told {
    let json = json(text);
    let names = [
        "dns_lookup",
        "tcp_connect",
        "tls_handshake",
        "request_send",
        "server_processing",
        "content_transfer",
    ];
    Told { phases: names.map(|name| json["timing"][format!("{name}_us")].as_i64()), whole: None }
}

/// `processing` is from the connection to the first byte: the request is in it.
fn blackbox(text: &str) -> Told {
    assert!(text.contains("\nprobe_success 1"), "blackbox_exporter has no success: {text}");
    let of = |phase: &str| {
        let before = format!("probe_http_duration_seconds{{phase=\"{phase}\"}} ");
        let seconds: f64 = text.lines().find_map(|line| line.strip_prefix(&before))?.parse().ok()?;
        Some((seconds * 1e6).round() as i64)
    };
    let [dns, connect, tls, wait, receive] = ["resolve", "connect", "tls", "processing", "transfer"].map(of);
    Told { phases: [dns, connect, tls, None, wait, receive], whole: None }
}
