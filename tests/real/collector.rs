//! `--otlp` and `--format otlp` by what OpenTelemetry's own people read them with: the definitions of the protocol
//! (opentelemetry-proto), which know no field too many, and a collector (rotel). On the loopback.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Test;
use crate::live::python;
use crate::monitors::{Monitors, read_by};
use crate::servers::Server;
use crate::world::Directory;

pub(crate) const TESTS: &[Test<Monitors>] = &[
    ("collector: the definitions of OTLP know every field of the spans", definitions),
    ("collector: rotel takes the spans, named and addressed by OpenTelemetry's variables", collected),
    ("collector: rotel takes a trace for each of many runs and of many URLs", collected_of_many),
];

/// As long as a span may be under way on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at the collector's log: nothing tells that it has written.
const POLL: Duration = Duration::from_millis(50);

/// Reads requests, one a line. Ids are hex in OTLP's JSON, and base64 in that of Protocol Buffers.
const STRICT: &str = r#"
import base64, json, re, sys
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
def packed(value):
    if isinstance(value, list):
        return [packed(one) for one in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, inner in value.items():
        if key in ("traceId", "spanId", "parentSpanId"):
            size = 32 if key == "traceId" else 16
            assert re.fullmatch("[0-9a-f]{%d}" % size, inner), (key, inner)
            out[key] = base64.b64encode(bytes.fromhex(inner)).decode()
        else:
            out[key] = packed(inner)
    return out
spans = 0
for line in sys.stdin:
    text = json.dumps(packed(json.loads(line)))
    request = json_format.Parse(text, ExportTraceServiceRequest(), ignore_unknown_fields=False)
    for span in [span for r in request.resource_spans for s in r.scope_spans for span in s.spans]:
        assert span.end_time_unix_nano >= span.start_time_unix_nano > 10**18 and len(span.trace_id) == 16
        spans += 1
print(spans)
"#;

/// Runs that differ in what spans tell.
const RUNS: &[&[&str]] = &[
    &["https://www.example.test/"],
    &["-L", "--traceparent", "http://shop.test/"],
    &["https://expired.tls.test/"],
    &["https://missing.example.test/"],
    &["http://empty-response.http.test/"],
    &["--page", "https://page-queue.http.test/"],
    &["-n", "3", "https://www.example.test/"],
    &["https://www.example.test/", "https://expired.tls.test/", "https://missing.example.test/"],
    &["ftp://x/"],
];

fn urltrace() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_urltrace"));
    command.env_clear().stdin(Stdio::null()).arg("--lab");
    command
}

fn definitions(_: &Monitors) {
    let strict = || {
        let mut command = Command::new(python());
        command.args(["-c", STRICT]);
        command
    };
    assert_ne!(read_by(strict(), "{\"resourceSpans\":[{\"scope\":{}}]}\n").0, 0, "it does find fault");
    for run in RUNS {
        let output = urltrace().args(["--format", "otlp"]).args(*run).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (code, said) = read_by(strict(), &text);
        assert_eq!(code, 0, "{run:?}\n{said}\n{text}");
        assert!(said.trim().parse::<usize>().unwrap() >= 1, "{run:?}: {said}");
    }
}

/// A port of the loopback that nobody has.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The collector, and the port to which spans go.
fn rotel(dir: &Directory) -> (Server, u16) {
    fs::create_dir_all(dir.path()).unwrap();
    let (http, grpc) = (free_port(), free_port());
    // The package has the program beside its modules.
    let find = "import os, rotel; print(os.path.join(os.path.dirname(rotel.__file__), 'rotel-agent'))";
    let agent = crate::tools::must(Command::new(python()).args(["-c", find]));
    let mut command = Command::new(agent.trim());
    command.env_clear().args(["start", "--exporter", "blackhole", "--debug-log", "traces"]);
    command.args(["--debug-log-verbosity", "detailed", "--batch-timeout", "50ms"]);
    command.args(["--otlp-http-endpoint", &format!("127.0.0.1:{http}")]);
    command.args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{grpc}")]);
    command.arg("--pid-file").arg(dir.path().join("pid"));
    let mut rotel = Server::from_command("rotel", dir.path(), command);
    rotel.wait_until(|| TcpStream::connect(("127.0.0.1", http)).is_ok());
    (rotel, http)
}

/// Waits until the collector has told of all these.
fn wait_for(rotel: &Server, wanted: &[&str]) {
    let begin = Instant::now();
    while !wanted.iter().all(|word| rotel.log().contains(word)) {
        assert!(begin.elapsed() < PATIENCE, "{}", rotel.log());
        thread::sleep(POLL); // nothing tells that it has written
    }
}

/// The ids of the traces whose own span has this name.
fn traces(log: &str, name: &str) -> std::collections::BTreeSet<String> {
    let is_own = |span: &&str| span.contains(&format!("Name           : {name}\n"));
    let spans = log.split("Trace ID").skip(1).filter(is_own);
    spans.map(|span| span.lines().next().unwrap().trim_start_matches([' ', ':']).to_owned()).collect()
}

fn collected_of_many(_: &Monitors) {
    let dir = Directory::new("collector-many");
    let (rotel, http) = rotel(&dir);
    let option = format!("--otlp=http://127.0.0.1:{http}");
    for run in [
        &["-n", "3", "https://www.example.test/"][..],
        &["http://http1-only.http.test/", "http://shop.test/", "http://nowhere.example.test/"],
    ] {
        let output = urltrace().arg(&option).args(run).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!said.contains("--otlp"), "{run:?}: {said}");
    }
    wait_for(
        &rotel,
        &["urltrace shop.test", "urltrace http1-only.http.test", "urltrace nowhere.example.test"],
    );
    let log = rotel.log();
    assert_eq!(traces(&log, "urltrace www.example.test").len(), 3, "a trace a run: {log}");
}

fn collected(_: &Monitors) {
    let dir = Directory::new("collector");
    let (rotel, http) = rotel(&dir);
    let output = urltrace()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("http://127.0.0.1:{http}/v1/traces"))
        .env("OTEL_SERVICE_NAME", "probe of shop")
        .env("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment.name=te%73t")
        .args(["-L", "http://shop.test/", "--otlp"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
    let wanted = [
        "service.name: Str(probe of shop)",
        "deployment.environment.name: Str(test)",
        "Name           : urltrace shop.test",
        "SPAN_KIND_CLIENT",
        "http.response.status_code: Int(200)",
        "Name           : TLS client handshake shop.test",
    ];
    wait_for(&rotel, &wanted);
    assert!(!rotel.log().contains("Str(other)"), "{}", rotel.log());
}
