//! Every fixture as OTLP: the form, the tree, and one of them whole.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;

use super::spans::CLIENT;
use super::*;
use crate::finding::Selection;
use crate::redact::{Secrets, redact};
use crate::render::testtrace;
use crate::trace::span_ids;

fn spans(trace: Trace) -> Vec<Value> {
    let report = redact(TraceReport::of(trace, &Selection::default(), |_, _| 0), Secrets::Hide);
    let mut out = Vec::new();
    super::spans(&report, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.matches('\n').count(), 1, "one line: {text}");
    let request: Value = serde_json::from_str(&text).unwrap();
    request.pointer("/resourceSpans/0/scopeSpans/0/spans").unwrap().as_array().unwrap().clone()
}

fn attribute<'a>(span: &'a Value, key: &str) -> Option<&'a Value> {
    let all = span["attributes"].as_array().unwrap();
    let found = all.iter().find(|attribute| attribute["key"] == key)?;
    found["value"].as_object().unwrap().values().next()
}

/// Every message of `opentelemetry/proto/trace/v1/trace.proto` and of those that it uses, as far as it is written: its
/// fields by their JSON names, and what each holds.
const PROTO: &[(&str, &[(&str, &str)])] = &[
    ("ExportTraceServiceRequest", &[("resourceSpans", "[ResourceSpans")]),
    ("ResourceSpans", &[("resource", "Resource"), ("scopeSpans", "[ScopeSpans"), ("schemaUrl", "string")]),
    ("Resource", &[("attributes", "[KeyValue"), ("droppedAttributesCount", "uint32")]),
    ("ScopeSpans", &[("scope", "Scope"), ("spans", "[Span"), ("schemaUrl", "string")]),
    ("Scope", &[("name", "string"), ("version", "string"), ("attributes", "[KeyValue")]),
    (
        "Span",
        &[
            ("traceId", "hex32"),
            ("spanId", "hex16"),
            ("traceState", "string"),
            ("parentSpanId", "hex16"),
            ("flags", "uint32"),
            ("name", "string"),
            ("kind", "uint32"),
            ("startTimeUnixNano", "int64"),
            ("endTimeUnixNano", "int64"),
            ("attributes", "[KeyValue"),
            ("events", "[Event"),
            ("links", "[Link"),
            ("status", "Status"),
        ],
    ),
    ("Event", &[("timeUnixNano", "int64"), ("name", "string"), ("attributes", "[KeyValue")]),
    ("Link", &[("traceId", "hex32"), ("spanId", "hex16"), ("attributes", "[KeyValue")]),
    ("Status", &[("message", "string"), ("code", "uint32")]),
    ("KeyValue", &[("key", "string"), ("value", "AnyValue")]),
    (
        "AnyValue",
        &[
            ("stringValue", "string"),
            ("boolValue", "bool"),
            ("intValue", "int64"),
            ("arrayValue", "ArrayValue"),
        ],
    ),
    ("ArrayValue", &[("values", "[AnyValue")]),
];

/// Holds a value against a message of the table or a scalar.
fn is_of(kind: &str, value: &Value, path: &str) {
    if let Some(kind) = kind.strip_prefix('[') {
        let items = value.as_array().unwrap_or_else(|| panic!("{path}: {value}"));
        return items.iter().for_each(|item| is_of(kind, item, path));
    }
    let hex = |length: usize| {
        let text = value.as_str().unwrap_or_default();
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        text.len() == length && is_hex && text.bytes().any(|byte| byte != b'0')
    };
    let holds = match kind {
        "string" => value.is_string(),
        "bool" => value.is_boolean(),
        "uint32" => value.as_u64().is_some_and(|number| u32::try_from(number).is_ok()),
        "int64" => value.as_str().is_some_and(|text| text.parse::<i64>().is_ok()),
        "hex32" => hex(32),
        "hex16" => hex(16),
        message => {
            let (_, fields) = PROTO.iter().find(|(name, _)| *name == message).unwrap();
            for (key, value) in value.as_object().unwrap_or_else(|| panic!("{path}: {value}")) {
                let field = fields.iter().find(|(name, _)| name == key);
                let (_, kind) = field.unwrap_or_else(|| panic!("{path}: {message} has no field {key}"));
                is_of(kind, value, &format!("{path}/{key}"));
            }
            true
        }
    };
    assert!(holds, "{path}: {value} is no {kind}");
}

fn written(trace: Trace) -> Value {
    let report = redact(TraceReport::of(trace, &Selection::default(), |_, _| 0), Secrets::Hide);
    let mut out = Vec::new();
    super::spans(&report, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn every_name_and_form_is_that_of_the_proto() {
    for (name, trace) in testtrace::all() {
        is_of("ExportTraceServiceRequest", &written(trace), name);
    }
    for wrong in [
        r#"{"resource_spans":[]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"W3M="}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"SPAN_KIND_CLIENT"}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":1}]}]}]}"#,
    ] {
        let wrong: Value = serde_json::from_str(wrong).unwrap();
        let checked = std::panic::catch_unwind(|| is_of("ExportTraceServiceRequest", &wrong, ""));
        assert!(checked.is_err(), "{wrong}");
    }
}

#[test]
fn every_trace_is_a_tree_of_spans_with_one_for_each_request_sent() {
    for (name, trace) in testtrace::all() {
        let asked = |hop: &crate::trace::Hop<'_>| hop.request.until == crate::trace::StageName::Http;
        let sent = trace.hops().filter(asked).count() + trace.page_hops().filter(asked).count();
        let chain = trace.hops().filter(asked).count();
        let failed = trace.failure().is_some();
        let spans = spans(trace);
        let ids: BTreeSet<&str> = spans.iter().map(|span| span["spanId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), spans.len(), "{name}: an id comes twice");
        for (place, span) in spans.iter().enumerate() {
            assert_eq!(span["traceId"].as_str().unwrap().len(), 32, "{name}");
            assert!(place == 0 || span["parentSpanId"].is_string(), "{name}");
            let is_above = place == 0;
            assert!(is_above || ids.contains(span["parentSpanId"].as_str().unwrap()), "{name}");
            let time = |key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
            assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"), "{name}");
            assert!(span["kind"].is_u64(), "{name}: enums are numbers");
        }
        let clients: Vec<&Value> = spans.iter().filter(|span| span["kind"] == CLIENT).collect();
        assert_eq!(clients.len(), sent, "{name}");
        for (count, span) in clients.iter().enumerate().take(chain) {
            let resent = attribute(span, "http.request.resend_count").and_then(Value::as_str);
            assert!(count > 0 || resent.is_none(), "{name}");
            assert!(attribute(span, "url.full").is_some() && attribute(span, "server.port").is_some());
        }
        assert_eq!(spans[0]["status"]["code"] == 2, failed, "{name}");
    }
}

#[test]
fn a_redirect_chain_counts_its_requests() {
    let spans = spans(testtrace::redirects());
    let counts: Vec<Option<&str>> = spans
        .iter()
        .filter(|span| span["kind"] == CLIENT)
        .map(|span| attribute(span, "http.request.resend_count").and_then(Value::as_str))
        .collect();
    assert_eq!(counts[..2], [None, Some("1")], "{counts:?}");
}

#[test]
fn a_connection_is_set_up_by_lookup_sockets_and_handshake() {
    let spans = spans(testtrace::success());
    let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    let setup = names.iter().position(|name| name.starts_with("HTTP connection_setup ")).unwrap();
    let inside: Vec<&str> = spans
        .iter()
        .filter(|span| span["parentSpanId"] == spans[setup]["spanId"])
        .map(|span| span["name"].as_str().unwrap().split(' ').next().unwrap())
        .collect();
    assert_eq!(inside, ["DNS", "socket", "socket", "TLS"], "{names:?}");
    let get = spans.iter().find(|span| span["kind"] == CLIENT).unwrap();
    assert_eq!(spans[setup]["parentSpanId"], get["spanId"]);
}

fn sent_as(value: String) -> Vec<Value> {
    let mut trace = testtrace::success();
    let http = trace.requests[0].http.ran_mut().unwrap();
    http.request
        .headers
        .push(crate::trace::Header { name: "traceparent".to_owned(), value: value.into_bytes() });
    spans(trace)
}

#[test]
fn the_span_that_was_sent_is_the_requests_and_somebody_elses_is_above_the_run() {
    let trace = [0xab; 16];
    let ours = HEXLOWER.encode(&span_ids::caller(trace, [1, 2, 3, 4]));
    let traced = HEXLOWER.encode(&trace);
    let spans = sent_as(format!("00-{traced}-{ours}-01"));
    let get = spans.iter().find(|span| span["kind"] == CLIENT).unwrap();
    assert!(spans.iter().all(|span| span["traceId"] == traced.as_str()));
    assert_eq!(get["spanId"], ours.as_str());
    assert!(spans[0].get("parentSpanId").is_none());
    let spans = sent_as(format!("00-{traced}-b7ad6b7169203331-01"));
    assert_eq!(spans[0]["parentSpanId"], "b7ad6b7169203331");
    assert!(spans.iter().all(|span| span["traceId"] == traced.as_str()));
    assert!(spans.iter().all(|span| span["spanId"] != "b7ad6b7169203331"));
}

#[test]
fn whoever_sends_is_named_before_we_are() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let names = |said: &[(String, String)]| -> Vec<(String, String)> {
        let attributes = sender(said);
        let read =
            |one: &Value| pair(one["key"].as_str().unwrap(), one["value"]["stringValue"].as_str().unwrap());
        attributes.as_array().unwrap().iter().map(read).collect()
    };
    let version = pair("service.version", env!("CARGO_PKG_VERSION"));
    assert_eq!(names(&[]), [pair("service.name", "urltrace"), version.clone()]);
    let said = [pair("service.name", "shop"), pair("host.name", "a")];
    assert_eq!(names(&said), [version, said[0].clone(), said[1].clone()]);
}

#[test]
fn runs_within_somebody_elses_trace_have_spans_of_their_own() {
    let mut runs = vec![testtrace::success(), testtrace::success()];
    for (later, run) in runs.iter_mut().enumerate() {
        run.started_at += std::time::Duration::from_secs(later as u64);
        let http = run.requests[0].http.ran_mut().unwrap();
        let value = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_vec();
        http.request.headers.push(crate::trace::Header { name: "traceparent".to_owned(), value });
    }
    let report = testtrace::repeat(runs);
    let mut batch = SpanBatch::default();
    (0..3).for_each(|run| batch.add_run(&report, run).unwrap());
    assert_eq!((batch.traces(), batch.is_full()), (2, false), "there are two runs");
    let request: Value = serde_json::from_slice(&batch.request(&[])).unwrap();
    is_of("ExportTraceServiceRequest", &request, "two runs");
    let spans = request.pointer("/resourceSpans/0/scopeSpans/0/spans").unwrap().as_array().unwrap();
    let ids: BTreeSet<&str> = spans.iter().map(|span| span["spanId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), spans.len(), "an id comes twice");
    let above = spans.iter().filter(|span| span["parentSpanId"] == "b7ad6b7169203331");
    assert_eq!(above.count(), 2, "both runs lie below the caller");
    let mut lines = Vec::new();
    super::runs(&report, &mut lines).unwrap();
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 2, "a line a run");
}
