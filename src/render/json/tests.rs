//! The documents of all fixtures: valid, whole, redacted, harmless to a terminal.

use std::path::Path;

use serde_json::Value;

use super::schema::from_views::schema;
use crate::finding::{self, InRequest, Place, Selection};
use crate::redact::{Secrets, redact};
use crate::render::{Format, Style, escape, render, render_dns, testtrace};
use crate::report::TraceReport;
use crate::trace::{RequestId, Trace};

fn document(trace: &Trace, secrets: Secrets) -> String {
    let mut out = Vec::new();
    render(&testtrace::report(trace, secrets), Format::Json, &Style::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A committed document names no version: a release must not change it.
fn without_version(document: &str) -> String {
    let line = |version: &str| format!("\"urltrace_version\": \"{version}\"");
    document.replace(&line(env!("CARGO_PKG_VERSION")), &line("0.0.0"))
}

fn dns_document(trace: &Trace) -> Option<String> {
    let run = testtrace::dns_report(trace)?;
    let mut out = Vec::new();
    render_dns(&run, Format::Json, &Style::default(), &mut out).unwrap();
    Some(String::from_utf8(out).unwrap())
}

/// Compares with a committed file, or writes it when `URLTRACE_WRITE_FIXTURES` is set.
fn assert_file(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("URLTRACE_WRITE_FIXTURES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{} is not current; run the tests once with URLTRACE_WRITE_FIXTURES=1 and look at the difference",
        path.display()
    );
}

#[test]
fn the_committed_schema_is_current() {
    assert_file("fixtures/schema/urltrace-1.json", &schema());
}

#[test]
fn the_committed_documents_are_current() {
    for name in ["success", "redirects", "nxdomain", "bad-url"] {
        let (_, trace) = testtrace::all().into_iter().find(|(fixture, _)| *fixture == name).unwrap();
        assert_file(
            &format!("fixtures/trace/{name}.json"),
            &without_version(&document(&trace, Secrets::Hide)),
        );
    }
    let dns = dns_document(&testtrace::success()).unwrap();
    assert_file("fixtures/trace/success.dns.json", &without_version(&dns));
}

#[test]
fn every_document_is_valid() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut documents = 0;
    for (name, trace) in testtrace::all() {
        let all = [
            Some(document(&trace, Secrets::Hide)),
            Some(document(&trace, Secrets::Show)),
            dns_document(&trace),
        ];
        for document in all.into_iter().flatten() {
            let document: Value = serde_json::from_str(&document).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&document)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{name}: {errors:#?}");
            documents += 1;
        }
    }
    assert!(documents > 30);
    let mut wrong: Value = serde_json::from_str(&document(&testtrace::success(), Secrets::Hide)).unwrap();
    wrong["hops"][0]["phases"]["dns_us"] = "28400".into();
    assert!(!validator.is_valid(&wrong), "the schema does not look inside");
    let mut wrong: Value = serde_json::from_str(&document(&testtrace::success(), Secrets::Hide)).unwrap();
    wrong["hops"][0].as_object_mut().unwrap().remove("tls");
    assert!(!validator.is_valid(&wrong), "the schema lets a stage be absent instead of null");
}

#[test]
fn the_culprits_pointer_leads_somewhere_and_its_span_is_there() {
    for (name, trace) in testtrace::all() {
        let report = redact(TraceReport::of(trace.clone(), &Selection::default(), |_, _| 0), Secrets::Hide);
        let mut out = Vec::new();
        render(&report, Format::Jsonl, &Style::default(), &mut out).unwrap();
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1, "{name}");
        let document: Value = serde_json::from_slice(&out).unwrap();
        let culprit = &document["verdict"]["culprit"];
        let pointer = culprit["pointer"].as_str().unwrap_or_else(|| panic!("{name}: {culprit}"));
        assert!(document.pointer(pointer).is_some_and(|value| !value.is_null()), "{name}: {culprit}");
        if let Some(id) = culprit["span"].as_u64() {
            assert_eq!(document["spans"][id as usize]["id"], id, "{name}");
        }
        let failed = !document["failure"].is_null();
        assert_eq!(culprit["cause"] == "failure", failed, "{name}: {culprit}");
    }
}

#[test]
fn an_error_has_a_document_too() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (code, word) in [(2, "usage"), (1, "internal")] {
        let mut out = Vec::new();
        super::error(code, "no", Some("yes"), super::Lines::One, &mut out).unwrap();
        let document: Value = serde_json::from_slice(&out).unwrap();
        assert!(validator.is_valid(&document), "{document}");
        assert_eq!((&document["kind"], &document["failure"]["code"]), (&"error".into(), &word.into()));
    }
}

#[test]
fn evidence_is_copied_from_where_its_pointer_leads() {
    let document: Value = serde_json::from_str(&document(&testtrace::success(), Secrets::Hide)).unwrap();
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    for finding in findings {
        for evidence in finding["evidence"].as_array().unwrap() {
            let pointer = evidence["pointer"].as_str().unwrap();
            assert_eq!(document.pointer(pointer), Some(&evidence["value"]), "{pointer}");
        }
    }
    assert_eq!(findings[0]["evidence"][0]["value"], "lost");
    assert_eq!(findings[0]["saving"]["low_us"], 240_000);
}

#[test]
fn what_every_finding_rests_on_is_in_its_document() {
    for (name, trace) in testtrace::all() {
        let report = redact(TraceReport::of(trace.clone(), &Selection::default(), |_, _| 0), Secrets::Hide);
        let findings = &report.findings;
        let mut out = Vec::new();
        render(&report, Format::Json, &Style::default(), &mut out).unwrap();
        let document: Value = serde_json::from_slice(&out).unwrap();
        let mut told = document["findings"].as_array().unwrap().iter();
        for finding in findings {
            let evidence = told.next().unwrap()["evidence"].as_array().unwrap();
            assert_eq!(evidence.len(), finding.evidence.len(), "{name}: {}", finding.id);
            assert!(evidence.iter().all(|it| document.pointer(it["pointer"].as_str().unwrap()).is_some()));
        }
        // Without a request around it the same lookup has the same places in another document.
        let Some(document) = dns_document(&trace) else { continue };
        let document: Value = serde_json::from_str(&document).unwrap();
        let findings = finding::check_dns(&trace.lookups[0], trace.started_at);
        let told = document["findings"].as_array().unwrap();
        for (finding, told) in findings.iter().zip(told) {
            assert_eq!(told["evidence"].as_array().unwrap().len(), finding.evidence.len(), "{name}");
        }
    }
}

#[test]
#[should_panic(expected = "points nowhere")]
#[cfg(debug_assertions)]
fn a_pointer_that_leads_nowhere_is_a_fault_of_its_rule() {
    let trace = testtrace::success();
    let mut report = (*testtrace::report(&trace, Secrets::Hide)).clone();
    report.findings[0].evidence.push(Place::Request(RequestId(7), InRequest::Phases));
    let report = redact(report, Secrets::Hide);
    let _ = render(&report, Format::Json, &Style::default(), &mut Vec::new());
}

#[test]
fn phases_sum_to_the_total_in_every_document() {
    for (name, trace) in testtrace::all() {
        let document: Value = serde_json::from_str(&document(&trace, Secrets::Hide)).unwrap();
        for hop in document["hops"].as_array().unwrap() {
            let phases = hop["phases"].as_object().unwrap();
            let sum: u64 =
                phases.iter().filter(|(key, _)| *key != "total_us").filter_map(|(_, us)| us.as_u64()).sum();
            assert_eq!(Some(sum), phases["total_us"].as_u64(), "{name}");
        }
    }
}

#[test]
fn a_document_is_harmless_on_a_terminal_and_loses_nothing() {
    let text = document(&testtrace::hostile(), Secrets::Hide);
    assert!(!text.chars().any(|char| char != '\n' && escape::is_control(char)));
    let document: Value = serde_json::from_str(&text).unwrap();
    let reason = document.pointer("/hops/0/http/reason").and_then(Value::as_str);
    let Some(http) = testtrace::hostile().requests.remove(0).http.ran() else { panic!("no http") };
    assert_eq!(reason, http.reason.as_deref());
    assert_eq!(document.pointer("/hops/0/dns/packets/4/nsid/hex").unwrap(), "1b5d303b6f776e656407ff");
    assert_eq!(
        document.pointer("/hops/0/dns/packets/4/extended_errors/0/name").unwrap(),
        "No Reachable Authority"
    );
}

#[test]
fn secrets_are_shown_only_when_asked() {
    let hidden = document(&testtrace::redirects(), Secrets::Hide);
    let shown = document(&testtrace::redirects(), Secrets::Show);
    for secret in ["hunter2", "abc123", "s3cr3t", "4711", "YW5uOmh1bnRlcjI="] {
        assert!(!hidden.contains(secret), "{secret}");
        assert!(shown.contains(secret), "{secret}");
    }
    assert!(hidden.contains("page=2") && hidden.contains("session=[redacted]; Path=/; HttpOnly"));
}

#[test]
fn headers_keep_their_order_and_their_repeats() {
    let document: Value = serde_json::from_str(&document(&testtrace::redirects(), Secrets::Hide)).unwrap();
    let names: Vec<&str> = document["hops"][2]["http"]["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| header["name"].as_str().unwrap())
        .collect();
    let expected = [
        "content-type",
        "content-encoding",
        "server",
        "cache-control",
        "etag",
        "strict-transport-security",
        "set-cookie",
        "set-cookie",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_document_of_a_name_says_what_it_is() {
    let document: Value = serde_json::from_str(&dns_document(&testtrace::success()).unwrap()).unwrap();
    assert_eq!(document["kind"], "dns");
    assert_eq!(document["rcode"], "NOERROR");
    let answer = &document["answers"][0];
    let expected =
        serde_json::json!({"name": "www.example.test.", "type": "A", "ttl": 300, "data": "127.53.1.1"});
    assert_eq!(answer, &expected);
    let trace: Value = serde_json::from_str(&self::document(&testtrace::success(), Secrets::Hide)).unwrap();
    assert_eq!(document["dns"], trace["hops"][0]["dns"]);
}
