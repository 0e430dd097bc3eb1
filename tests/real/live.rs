//! gRPC, WebSockets and streams of events against servers that others use: grpcio with its health service, websockets
//! and aiohttp, of PyPI. Their own clients are the oracles. All on the loopback.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::cases::on_a_quiet_moment;
use crate::openssl::Peers;
use crate::{Setting, Test, servers};

pub(crate) const TESTS: &[Test<Live>] = &[
    ("live: calls of gRPC end as grpcio's client sees them", calls),
    ("live: the health of a gRPC server is what grpcio's client reads", health),
    ("live: a call carries its time, its fields and its message, and gives back the message", carried),
    ("live: what grpcio's clients refuse is told", refused),
    ("live: WebSockets come to the pong, or not, as with the client of websockets", websockets),
    ("live: cookies of a chain are those that curl sends on", cookies),
    ("live: a trace id is the one that OpenTelemetry's propagator reads", trace_ids),
    ("live: events are counted as aiohttp's client counts them, and those without end are bounded", events),
];

/// Servers with their ports in the clear and over TLS.
pub(crate) struct Live {
    /// Certificates.
    peers: Peers,
    grpc: Served,
    websocket: Served,
    events: Served,
}

struct Served {
    child: Child,
    clear: u16,
    secure: u16,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Setting for Live {
    fn servers(&self) -> &[servers::Server] {
        &[]
    }

    fn describe(&self) -> String {
        let ports = [("gRPC", &self.grpc), ("WebSocket", &self.websocket), ("events", &self.events)];
        ports.map(|(name, served)| format!("{name}: {} {}", served.clear, served.secure)).join("\n")
    }
}

/// The interpreter with the packages.
pub(crate) fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python/bin/python3");
    assert!(python.exists(), "{} is not there: .ci/run makes it (python_packages)", python.display());
    python
}

/// What plays servers and clients.
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/live/peers.py");

impl Live {
    pub(crate) fn new() -> Self {
        let peers = Peers::new();
        let serve = |role: &str| Served::start(&peers, role);
        let (grpc, websocket, events) =
            (serve("serve-grpc"), serve("serve-websocket"), serve("serve-events"));
        Self { peers, grpc, websocket, events }
    }

    /// Traces a URL; the exit code, the document, and all that was printed.
    fn trace(&self, words: &[&str], url: &str) -> (i32, Value, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_urltrace"))
            .env_clear()
            .args(["--format", "json", "--cacert"])
            .arg(self.peers.path("ca.pem"))
            .args(words)
            .arg(url)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr].concat()).into_owned();
        let run = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
        (output.status.code().unwrap(), run, said)
    }
}

impl Served {
    fn start(peers: &Peers, role: &str) -> Self {
        let mut child = Command::new(python())
            .args([PEERS, role])
            .args([peers.path("s.pem"), peers.path("s.key")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports: Vec<u16> = line.split_whitespace().map(|port| port.parse().unwrap()).collect();
        let [clear, secure] = ports[..] else { panic!("{role} does not come up: {line:?}") };
        Self { child, clear, secure }
    }

    /// What the library's own client sees.
    fn asked(&self, role: &str) -> Value {
        let output = Command::new(python()).args([PEERS, role, &self.clear.to_string()]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{role}: {error}\n{said}"))
    }

    /// Both ways to it: in the clear, and over TLS.
    fn both(&self, scheme: &str) -> [String; 2] {
        [format!("{scheme}://localhost:{}", self.clear), format!("{scheme}s://localhost:{}", self.secure)]
    }
}

/// What a trace has of its call.
fn call(run: &Value) -> &Value {
    &run["hops"][0]["http"]["grpc"]
}

fn ids(run: &Value) -> Vec<&str> {
    run["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

fn calls(live: &Live) {
    let answers = live.grpc.asked("ask-grpc");
    let answers = answers.as_array().unwrap().iter().filter(|answer| answer["path"].is_string());
    let mut seen = 0;
    for answer in answers {
        let (path, message) = (answer["path"].as_str().unwrap(), answer["message"].as_str().unwrap());
        for origin in live.grpc.both("grpc") {
            let (code, run, said) =
                live.trace(&["--fail", "--data-binary", message], &format!("{origin}{path}"));
            let call = call(&run);
            assert_eq!(call["status"], answer["status"], "{path} {message}: {said}");
            assert_eq!(
                call["message"].as_str().unwrap_or_default(),
                answer["said"].as_str().unwrap_or_default()
            );
            assert_eq!(call["faults"], serde_json::json!([]), "{said}");
            assert_eq!(run["hops"][0]["http"]["version"], "HTTP/2");
            let is_good = answer["status"] == 0;
            assert_eq!(code, if is_good { 0 } else { 8 }, "{said}");
            assert_eq!(!ids(&run).contains(&"http-grpc-status"), is_good, "{said}");
            if is_good {
                assert_eq!(
                    (&call["message_bytes"], &call["messages"]),
                    (&answer["bytes"], &1.into()),
                    "{said}"
                );
            }
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

fn health(live: &Live) {
    let answers = live.grpc.asked("ask-grpc");
    let mut words = Vec::new();
    for answer in answers.as_array().unwrap().iter().filter(|answer| answer["service"].is_string()) {
        let service = answer["service"].as_str().unwrap();
        for origin in live.grpc.both("grpc") {
            let query = if service.is_empty() { String::new() } else { format!("/?service={service}") };
            let (code, run, said) = live.trace(&["--fail"], &format!("{origin}{query}"));
            let call = call(&run);
            assert_eq!(
                (&call["status"], &call["serving"]),
                (&answer["status"], &answer["serving"]),
                "{said}"
            );
            assert_eq!(
                (&call["service"], &call["asked"]),
                (&"grpc.health.v1.Health".into(), &service.into())
            );
            let serves = answer["serving"] == "SERVING";
            assert_eq!(code, if serves { 0 } else { 8 }, "{said}");
            assert_eq!(
                ids(&run).contains(&"http-grpc-not-serving"),
                answer["status"] == 0 && !serves,
                "{said}"
            );
            words.push(answer["serving"].as_str().unwrap_or("none").to_owned());
        }
    }
    words.dedup();
    assert_eq!(words, ["SERVING", "NOT_SERVING", "UNKNOWN", "none"]);
}

fn carried(live: &Live) {
    let saved = live.peers.path("saved");
    for origin in live.grpc.both("grpc") {
        let url = format!("{origin}/lab.Echo/Seen");
        let words = ["-m", "20", "-H", "x-lab: yes", "-A", "tester", "-o", saved.to_str().unwrap()];
        let (code, _, said) = live.trace(&words, &url);
        assert_eq!(code, 0, "{said}");
        let told: Value = serde_json::from_slice(&std::fs::read(&saved).unwrap()).unwrap();
        let left = told["left"].as_f64().unwrap();
        assert!((10.0..=20.0).contains(&left), "{told}");
        let metadata = &told["metadata"];
        assert_eq!(
            (&metadata["x-lab"], &metadata["user-agent"]),
            (&"yes".into(), &"tester".into()),
            "{told}"
        );

        let (_, run, said) = live.trace(&[], &format!("{origin}/lab.Echo/Slow"));
        let wait = run["hops"][0]["phases"]["wait_us"].as_u64().unwrap();
        assert!((300_000..2_000_000).contains(&wait), "{said}");
        let (_, run, said) = live.trace(&["--reuse=3"], &origin);
        let further = run["hops"][0]["further"].as_array().map(Vec::len);
        assert_eq!(further, Some(3), "a health check may be made again: {said}");
    }
}

fn refused(live: &Live) {
    let origin = format!("grpc://localhost:{}", live.grpc.clear);
    let faults = |path: &str| {
        let (code, run, said) = live.trace(&["--fail"], &format!("{origin}/lab.Echo/{path}"));
        let call = call(&run);
        (
            code,
            call["status"].clone(),
            call["faults"].clone(),
            ids(&run).contains(&"http-grpc-message-refused"),
            said,
        )
    };
    let (code, status, told, found, said) = faults("Large");
    assert_eq!((code, status, told), (0, 0.into(), serde_json::json!(["message-large"])), "{said}");
    assert!(found, "{said}");
    let (code, status, told, found, said) = faults("Stream");
    assert_eq!((code, status, told), (0, 0.into(), serde_json::json!(["several-messages"])), "{said}");
    assert!(!found, "{said}");
    // Nobody offered it, and it compresses all the same.
    let (code, status, told, found, said) = faults("Packed");
    assert_eq!((code, status, told, found), (0, 0.into(), serde_json::json!(["compressed"]), true), "{said}");
    let elsewhere = format!("grpc://localhost:{}", live.events.clear);
    let (code, run, said) = live.trace(&[], &elsewhere);
    assert_eq!((code, &run["failure"]["stage"]), (7, &"http".into()), "a port without HTTP/2: {said}");
    let elsewhere = format!("grpcs://localhost:{}", live.events.secure);
    let (code, run, said) = live.trace(&[], &elsewhere);
    assert_eq!((code, &run["failure"]["code"]), (7, &"version-not-negotiated".into()), "{said}");
}

fn websockets(live: &Live) {
    let answers = live.websocket.asked("ask-websocket");
    let chat = "Sec-WebSocket-Protocol: chat";
    for answer in answers.as_array().unwrap() {
        let path = answer["path"].as_str().unwrap();
        for origin in live.websocket.both("ws") {
            let (code, run, said) = live.trace(&["-H", chat], &format!("{origin}{path}"));
            let http = &run["hops"][0]["http"];
            assert_eq!(http["status"], answer["status"], "{path}: {said}");
            let socket = &http["websocket"];
            assert_eq!(socket["pong_us"].is_u64(), answer["pong"] == true, "{path}: {said}");
            assert_eq!(code, if answer["pong"] == true { 0 } else { 7 }, "{path}: {said}");
            if answer["status"] == 101 {
                assert_eq!(socket["protocol"], answer["protocol"], "{path}: {said}");
                let close = (&socket["close"]["code"], &socket["close"]["reason"]);
                assert_eq!(close, (&answer["close"][0], &answer["close"][1]), "{path}: {said}");
                let extensions = http["headers"].as_array().unwrap().iter().filter(|field| {
                    field["name"].as_str().unwrap().eq_ignore_ascii_case("sec-websocket-extensions")
                });
                assert_eq!(extensions.count(), 0, "none was offered: {said}");
            }
            // What is sent right behind the 101 is on the way before our ping is answered.
            if path == "/talks" {
                let (messages, bytes) = (socket["messages"].as_u64(), socket["bytes"].as_u64());
                assert!(messages.is_some_and(|messages| (1..=5).contains(&messages)), "{said}");
                assert!(bytes >= Some(9 + 8), "a message and the pong: {said}");
            }
        }
    }
    let asked = ["-H", "Sec-WebSocket-Extensions: permessage-deflate", "-H", chat];
    let (code, _, said) = live.trace(&asked, &live.websocket.both("ws")[0]);
    assert_eq!(code, 0, "with the extension the pong is the same: {said}");
}

/// The cookies that reach the end of a redirect.
fn cookies(live: &Live) {
    let cookies_of = |told: &[u8]| -> Vec<String> {
        let told: Value = serde_json::from_slice(told).unwrap();
        let fields = told["cookies"].as_array().unwrap().iter().map(|field| field.as_str().unwrap());
        let mut cookies: Vec<String> =
            fields.flat_map(|field| field.split("; ")).map(str::to_owned).collect();
        cookies.sort();
        cookies
    };
    let saved = live.peers.path("cookies");
    for (scheme, port) in [("http", live.events.clear), ("https", live.events.secure)] {
        let (url, place) = (
            format!("{scheme}://cookies.test:{port}/deep/cookies"),
            format!("cookies.test:{port}:127.0.0.1"),
        );
        let theirs = Command::new("curl")
            .args(["-qsSkL", "-b", "", "-b", "given=0", "--resolve", &place, &url])
            .output()
            .expect("curl starts");
        let theirs = cookies_of(&theirs.stdout);
        let words =
            ["-k", "-L", "--cookies", "-b", "given=0", "--resolve", &place, "-o", saved.to_str().unwrap()];
        let (code, run, said) = live.trace(&words, &url);
        assert_eq!(code, 0, "{said}");
        assert_eq!(cookies_of(&std::fs::read(&saved).unwrap()), theirs, "{scheme}: {said}");
        assert!(theirs.len() > 6, "{theirs:?}");
        let values = ["a b", "plain=16"];
        assert!(values.iter().all(|value| !run.to_string().contains(value)), "no value is told: {said}");
    }
}

fn trace_ids(live: &Live) {
    let saved = live.peers.path("trace");
    for origin in live.events.both("http") {
        let (code, run, said) = live.trace(&["--traceparent", "-o", saved.to_str().unwrap()], &origin);
        assert_eq!(code, 0, "{said}");
        let told: Value = serde_json::from_slice(&std::fs::read(&saved).unwrap()).unwrap();
        let own = &run["hops"][0]["http"]["request"]["trace_id"];
        assert!(own.is_string() && told["trace"] == *own, "{told} {said}");
        assert_eq!(told["sampled"], true, "{told}");
        let (_, run, said) = live.trace(&["-o", saved.to_str().unwrap()], &origin);
        let told: Value = serde_json::from_slice(&std::fs::read(&saved).unwrap()).unwrap();
        assert!(told["trace"].is_null() && run["hops"][0]["http"]["request"]["trace_id"].is_null(), "{said}");
    }
}

fn events(live: &Live) {
    for origin in live.events.both("http") {
        on_a_quiet_moment(|| {
            let oracle = live.events.asked("ask-events");
            let (code, run, said) = live.trace(&[], &format!("{origin}/events"));
            assert_eq!(code, 0, "{said}");
            let http = &run["hops"][0]["http"];
            let sse = &http["sse"];
            assert_eq!((&sse["events"], &sse["end"]), (&oracle["events"], &"server".into()), "{said}");
            assert_eq!(
                (&sse["comments"], &sse["retry_ms"]),
                (&oracle["comments"], &oracle["retry"]),
                "{said}"
            );
            let first = sse["first_event_us"].as_u64().unwrap();
            let took = first - http["sent_us"].as_u64().unwrap();
            let head = first - http["first_byte_us"].as_u64().unwrap();
            let theirs = oracle["first_us"].as_u64().unwrap();
            // Its server waits for 400 ms before the first event, and aiohttp has to connect.
            let fits = took >= 390_000 && head >= 390_000 && took <= theirs + 100_000;
            if fits { Ok(()) } else { Err(format!("{took} us, {head} behind the head; aiohttp: {theirs}")) }
        });
        for path in ["endless-event", "endless-comment"] {
            let (code, run, said) = live.trace(&["-m", "1"], &format!("{origin}/{path}"));
            let http = &run["hops"][0]["http"];
            let sse = &http["sse"];
            assert_eq!(code, 0, "{said}");
            assert_eq!((&sse["events"], &sse["end"]), (&1.into(), &"max-time".into()), "{said}");
            assert!(run["total_us"].as_u64().unwrap() < 2_000_000, "{said}");
            assert!(http["body"]["encoded_bytes"].as_u64().unwrap() > 1_000_000, "it was read on: {said}");
        }
    }
}
