//! `--otlp` against a collector of the test: what is sent, and what is said when it is not taken.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::Value;

use crate::support::{code, run, stderr, stdout, urltrace};

/// What a collector was sent: head and body.
type Sent = (String, Vec<u8>);

/// Takes one request and answers with this; its URL, and what it was sent.
fn collector(answer: &'static str) -> (String, JoinHandle<Sent>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (url, std::thread::spawn(move || take(&listener, answer)))
}

fn take(listener: &TcpListener, answer: &str) -> Sent {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).unwrap();
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
    (head, body)
}

const TAKEN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

fn unpacked(body: &[u8]) -> Value {
    let mut text = String::new();
    flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Holds a request against the JSON mapping of Protocol Buffers as OTLP has it.
fn check_mapping(path: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                assert!(
                    key.chars().all(char::is_alphanumeric) && key.starts_with(char::is_lowercase),
                    "{path}/{key}"
                );
                let text = || value.as_str().unwrap_or_else(|| panic!("{path}/{key} is {value}"));
                let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                match key.as_str() {
                    "traceId" => assert!(text().len() == 32 && is_hex(text()), "{path}"),
                    "spanId" | "parentSpanId" => assert!(text().len() == 16 && is_hex(text()), "{path}"),
                    // 64-bit numbers are texts.
                    "startTimeUnixNano" | "endTimeUnixNano" | "timeUnixNano" | "intValue" => {
                        assert!(text().parse::<u64>().is_ok(), "{path}/{key}");
                    }
                    "kind" => assert!(matches!(value.as_u64(), Some(1 | 3)), "{path}/{key}"),
                    "boolValue" => assert!(value.is_boolean(), "{path}"),
                    _ => check_mapping(&format!("{path}/{key}"), value),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| check_mapping(path, item)),
        _ => {}
    }
}

fn spans(request: &Value) -> &Vec<Value> {
    request.pointer("/resourceSpans/0/scopeSpans/0/spans").unwrap().as_array().unwrap()
}

#[test]
fn spans_are_sent_packed_as_json_behind_the_report() {
    let (url, taken) = collector(TAKEN);
    let option = format!("--otlp={url}");
    let output = run(&["--lab", &option, "-L", "-H", "Authorization: Bearer planted", "http://shop.test/"]);
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
    assert!(!stdout(&output).is_empty());
    let (head, body) = taken.join().unwrap();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    for field in ["content-type: application/json\r\n", "content-encoding: gzip\r\n"] {
        assert!(head.contains(field), "{head}");
    }
    let request = unpacked(&body);
    check_mapping("", &request);
    assert!(!request.to_string().contains("planted"), "{request}");
    let clients: Vec<&Value> = spans(&request).iter().filter(|span| span["kind"] == 3).collect();
    assert_eq!(clients.len(), 3, "one for each request");
    let traces: BTreeSet<&str> =
        spans(&request).iter().map(|span| span["traceId"].as_str().unwrap()).collect();
    assert_eq!(traces.len(), 1);
}

#[test]
fn what_a_collector_does_not_take_is_a_line_and_no_exit_code() {
    for (answer, word) in [
        ("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "answered 400"),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 59\r\n\r\n\
             {\"partialSuccess\":{\"rejectedSpans\":\"2\",\"errorMessage\":\"x\"}}",
            "rejected 2 of them: x",
        ),
    ] {
        let (url, taken) = collector(answer);
        let output = run(&["--lab", &format!("--otlp={url}"), "https://www.example.test/"]);
        taken.join().unwrap();
        assert_eq!(code(&output), 0);
        let said = stderr(&output);
        assert!(said.contains(word) && said.lines().count() == 1, "{said}");
    }
    let output = run(&["--lab", "--otlp=http://user:planted@127.0.0.1:1", "https://www.example.test/"]);
    let said = stderr(&output);
    assert!(code(&output) == 0 && said.contains("refused") && !said.contains("planted"), "{said}");
}

#[test]
fn without_a_url_the_variables_name_the_collector() {
    let (url, taken) = collector(TAKEN);
    let output = urltrace()
        .args(["--lab", "--otlp", "https://www.example.test/"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{url}/base"))
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b")
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        .output()
        .unwrap();
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
    let (head, body) = taken.join().unwrap();
    assert!(head.starts_with("post /base/v1/traces ") && head.contains("x-key: a b\r\n"), "{head}");
    assert!(!head.contains("content-encoding"), "{head}");
    check_mapping("", &serde_json::from_slice(&body).unwrap());
}

#[test]
fn a_collector_that_asks_for_it_is_asked_again_and_a_silent_one_is_left() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let later =
            format!("HTTP/1.1 {status}\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let taken = std::thread::spawn(move || [later.as_str(), TAKEN].map(|answer| take(&listener, answer)));
        let output = run(&["--lab", "--otlp", &url, "https://www.example.test/"]);
        assert_eq!((code(&output), stderr(&output)), (0, String::new()), "{status}");
        let [first, second] = taken.join().unwrap();
        assert_eq!(unpacked(&first.1), unpacked(&second.1), "{status}: the same once more");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let output = urltrace()
        .args(["--lab", "--otlp", "https://www.example.test/"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", listener.local_addr().unwrap()))
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "300")
        .output()
        .unwrap();
    let said = stderr(&output);
    assert!(code(&output) == 0 && !stdout(&output).is_empty(), "{said}");
    assert!(
        said.starts_with("urltrace: --otlp: the spans were not taken: ") && said.lines().count() == 1,
        "{said}"
    );
}

#[test]
fn what_variables_ask_for_in_vain_is_said() {
    let (url, taken) = collector(TAKEN);
    let output = urltrace()
        .args(["--lab", "--otlp", "https://www.example.test/"])
        .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{url}/own"))
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .output()
        .unwrap();
    let said = stderr(&output);
    assert!(code(&output) == 0 && said.contains("OTEL_EXPORTER_OTLP_PROTOCOL asks for `grpc`"), "{said}");
    assert!(taken.join().unwrap().0.starts_with("post /own http/1.1"));
}

#[test]
fn nothing_is_sent_unasked_and_the_ids_sent_are_those_of_the_requests_spans() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let (server, taken) = collector(TAKEN);
    let output = urltrace()
        .args(["--traceparent", "--format", "otlp", "--resolver", "system", &server])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", listener.local_addr().unwrap()))
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(listener.accept().is_err(), "nobody asked for it to be sent");
    let (head, _) = taken.join().unwrap();
    let field = head.lines().find_map(|line| line.strip_prefix("traceparent: ")).unwrap();
    let parts: Vec<&str> = field.split('-').collect();
    let request: Value = serde_json::from_slice(&output.stdout).unwrap();
    check_mapping("", &request);
    let client = spans(&request).iter().find(|span| span["kind"] == 3).unwrap();
    assert_eq!((&client["traceId"], &client["spanId"]), (&Value::from(parts[1]), &Value::from(parts[2])));
    for wrong in [
        &["--compare-http", "--show-secrets"][..],
        &["--show-secrets"],
        &["https://b.test/", "--show-secrets"],
    ] {
        let words = ["--lab", "--otlp=http://127.0.0.1:1", "https://www.example.test/"];
        assert_eq!(code(&run(&[&words, wrong].concat())), 2, "{wrong:?}");
    }
    assert_eq!(code(&run(&["--otlp=http://127.0.0.1:1"])), 2, "a collector is no URL to trace");
}

#[test]
fn a_failed_run_is_a_request_with_its_error() {
    let output = run(&["--lab", "--format", "otlp", "https://nxdomain.example.test/"]);
    let request: Value = serde_json::from_slice(&output.stdout).unwrap();
    check_mapping("", &request);
    let client = spans(&request).iter().find(|span| span["kind"] == 3).unwrap();
    assert_eq!(client["status"]["code"], 2);
    let kind = client["attributes"].as_array().unwrap().iter().find(|one| one["key"] == "error.type");
    assert_eq!(kind.unwrap()["value"]["stringValue"], "host_not_found");
}

/// The traces of a request, each by its id with the name of its first span.
fn traces(request: &Value) -> std::collections::BTreeMap<String, String> {
    let roots = spans(request).iter().filter(|span| span["parentSpanId"].is_null());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    roots.map(|span| (text(&span["traceId"]), text(&span["name"]))).collect()
}

#[test]
fn each_of_many_runs_and_of_many_urls_is_a_trace_of_its_own() {
    for (arguments, names) in [
        (&["-n", "3", "https://www.example.test/"][..], &["urltrace www.example.test"; 3][..]),
        (
            &[
                "--ordered",
                "http://http1-only.http.test/",
                "https://expired.tls.test/",
                "nowhere.example.test",
            ],
            &["urltrace http1-only.http.test", "urltrace expired.tls.test", "urltrace nowhere.example.test"],
        ),
    ] {
        let (url, taken) = collector(TAKEN);
        let output = run(&[&["--lab", &format!("--otlp={url}")], arguments].concat());
        assert!(!stderr(&output).contains("--otlp"), "{}", stderr(&output));
        let request = unpacked(&taken.join().unwrap().1);
        check_mapping("", &request);
        let mut told: Vec<String> = traces(&request).into_values().collect();
        let mut wanted = names.to_vec();
        told.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(told, wanted, "{arguments:?}");
        let ids: BTreeSet<&str> =
            spans(&request).iter().map(|span| span["spanId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), spans(&request).len(), "{arguments:?}: an id comes twice");
        // The same as lines, without a collector.
        let lines = stdout(&run(&[&["--lab", "--format", "otlp"], arguments].concat()));
        let requests: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(requests.len(), 3);
        requests.iter().for_each(|request| {
            check_mapping("", request);
            assert_eq!(traces(request).len(), 1);
        });
    }
}

#[test]
fn many_traces_go_in_requests_of_a_bounded_size_and_none_is_lost() {
    const URLS: usize = 200;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let taken = std::thread::spawn(move || {
        let mut requests = Vec::new();
        let mut left = URLS;
        while left > 0 {
            let request = unpacked(&take(&listener, TAKEN).1);
            left -= traces(&request).len();
            requests.push(request);
        }
        requests
    });
    let urls = vec!["https://www.example.test/"; URLS];
    let output = run(&[&["--lab", "--per-host", "16", &format!("--otlp={url}")], &urls[..]].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(!stderr(&output).contains("--otlp"), "{}", stderr(&output));
    let requests = taken.join().unwrap();
    assert!(requests.len() > 1, "{} requests", requests.len());
    for request in &requests {
        let size = request.to_string().len();
        assert!(size < 1 << 20, "{size} bytes");
    }
}

#[test]
fn a_collector_that_takes_nothing_costs_no_run() {
    let urls = ["https://www.example.test/"; 3];
    let output = run(&[&["--lab", "--otlp=http://127.0.0.1:1"], &urls[..]].concat());
    let said = stderr(&output);
    assert_eq!((code(&output), stdout(&output).lines().count()), (0, 3), "{said}");
    assert!(
        said.contains("--otlp: the spans of 3 runs were not taken: ") && said.contains("refused"),
        "{said}"
    );
}

#[test]
fn each_run_of_a_comparison_is_a_trace_that_says_its_way() {
    let ways = [
        "--lab",
        "--compare",
        "url=http://http1-only.http.test/?token=planted,https://expired.tls.test/",
        "-n",
        "2",
    ];
    let (url, taken) = collector(TAKEN);
    // Where the URLs stand in the option, the word behind --otlp is the collector's.
    let output = run(&[&ways[..], &["--otlp", &url]].concat());
    assert!(!stderr(&output).contains("--otlp"), "{}", stderr(&output));
    let request = unpacked(&taken.join().unwrap().1);
    check_mapping("", &request);
    assert!(!request.to_string().contains("planted"), "{request}");
    assert_eq!(traces(&request).len(), 4, "{request}");
    let of = |span: &Value, key: &str| -> String {
        let all = span["attributes"].as_array().unwrap();
        let found = all.iter().find(|one| one["key"] == key).map(|one| &one["value"]);
        let value =
            found.and_then(|value| value["stringValue"].as_str().or_else(|| value["intValue"].as_str()));
        value.unwrap_or_else(|| panic!("{key}: {span}")).to_owned()
    };
    let roots = |request: &Value| -> Vec<[String; 3]> {
        let roots = spans(request).iter().filter(|span| span["parentSpanId"].is_null());
        let names = ["urltrace.compare.varied", "urltrace.compare.way", "urltrace.compare.round"];
        roots.map(|span| names.map(|name| of(span, name))).collect()
    };
    let mut told = roots(&request);
    told.sort_unstable();
    let wanted = [
        ["url", "http://http1-only.http.test/?token=[redacted]", "1"],
        ["url", "http://http1-only.http.test/?token=[redacted]", "2"],
        ["url", "https://expired.tls.test/", "1"],
        ["url", "https://expired.tls.test/", "2"],
    ];
    assert_eq!(told, wanted.map(|row| row.map(str::to_owned)));
    // The same as lines, without a collector.
    let lines = stdout(&run(&[&ways[..], &["--format", "otlp"]].concat()));
    let mut told: Vec<[String; 3]> =
        lines.lines().flat_map(|line| roots(&serde_json::from_str(line).unwrap())).collect();
    told.sort_unstable();
    assert_eq!(told, wanted.map(|row| row.map(str::to_owned)));
}
