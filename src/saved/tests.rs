//! Every document that is written is read back as what it was written from, and damaged ones are refused.

use serde_json::{Value, json};

use super::{differences, trace_report};
use crate::redact::{Redacted, Secrets, redact};
use crate::render::{Format, Style, render};
use crate::report::TraceReport;
use crate::trace::Trace;

/// All that a report of a trace can be written as.
const FORMATS: [Format; 14] = [
    Format::Text,
    Format::Json,
    Format::Jsonl,
    Format::Html,
    Format::Svg,
    Format::Markdown,
    Format::Har,
    Format::Prometheus,
    Format::OpenMetrics,
    Format::Csv,
    Format::ChromeTrace,
    Format::Github,
    Format::Junit,
    Format::Otlp,
];

fn written(report: &Redacted<TraceReport>, format: Format, style: &Style) -> String {
    let mut out = Vec::new();
    render(report, format, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn document(report: &Redacted<TraceReport>) -> Value {
    serde_json::from_str(&written(report, Format::Json, &Style::default())).unwrap()
}

fn reports(secrets: Secrets) -> Vec<(&'static str, Redacted<TraceReport>)> {
    let of = |trace: Trace| {
        redact(TraceReport::of(trace, &crate::finding::Selection::default(), |_, _| 0), secrets)
    };
    let all = crate::render::testtrace::all().into_iter().filter(|(_, trace)| trace.page.is_none());
    all.map(|(name, trace)| (name, of(trace))).collect()
}

#[test]
fn what_is_written_is_read_back_and_written_the_same_in_every_format() {
    for secrets in [Secrets::Hide, Secrets::Show] {
        for (name, report) in reports(secrets) {
            let document = document(&report);
            let read = trace_report(&document).unwrap_or_else(|why| panic!("{name}: {why}"));
            // Credentials for a proxy are in no document.
            if secrets == Secrets::Hide {
                assert_eq!(read.trace, report.trace, "{name}");
            }
            assert_eq!(read, TraceReport { trace: read.trace.clone(), ..(*report).clone() }, "{name}");
            let again = redact(read, secrets);
            for verbose in [false, true] {
                let style = Style { verbose, ..Style::default() };
                for format in FORMATS {
                    let (one, other) = (written(&report, format, &style), written(&again, format, &style));
                    assert!(one == other, "{name} as {format:?}:\n{one}\n---\n{other}");
                }
            }
        }
    }
}

#[test]
fn a_document_is_seen_to_be_read_to_its_end() {
    for (name, report) in reports(Secrets::Hide) {
        let document = document(&report);
        let again = self::document(&redact(trace_report(&document).unwrap(), Secrets::Show));
        assert_eq!(differences(&document, &again), Vec::<String>::new(), "{name}");
    }
}

/// Every value of a document in turn: left out, or replaced by one of another kind.
#[test]
fn a_damaged_document_is_refused_or_read_and_never_ends_the_program() {
    let (_, report) = reports(Secrets::Hide).into_iter().find(|(name, _)| *name == "success").unwrap();
    let whole = document(&report);
    let mut pointers = Vec::new();
    collect(&whole, &mut String::new(), &mut pointers);
    assert!(pointers.len() > 1_000);
    let mut refused = 0;
    for pointer in &pointers {
        for wrong in [json!(null), json!(-1), json!(u64::MAX), json!("\u{1b}"), json!([[]]), json!({"a": 1})]
        {
            let mut damaged = whole.clone();
            *damaged.pointer_mut(pointer).unwrap() = wrong;
            match trace_report(&damaged) {
                Ok(read) => drop(document(&redact(read, Secrets::Show))),
                Err(why) => {
                    refused += 1;
                    assert!(why.len() < 200, "{pointer}: {why}");
                }
            }
        }
    }
    assert!(refused > 2_000, "{refused}");
}

fn collect(value: &Value, pointer: &mut String, into: &mut Vec<String>) {
    let rows: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(rows) => rows.iter().enumerate().map(|(index, row)| (index.to_string(), row)).collect(),
        _ => Vec::new(),
    };
    for (step, value) in rows {
        let length = pointer.len();
        pointer.push_str(&format!("/{}", step.replace('~', "~0").replace('/', "~1")));
        into.push(pointer.clone());
        collect(value, pointer, into);
        pointer.truncate(length);
    }
}

#[test]
fn a_fault_is_told_with_its_place() {
    let (_, report) = reports(Secrets::Hide).into_iter().find(|(name, _)| *name == "success").unwrap();
    for (pointer, wrong, told) in [
        ("/hops/0/dns/lane", json!("x"), "/hops/0/dns/lane: \"x\" is no word that stands here"),
        ("/hops/0/end_us", json!("1"), "/hops/0/end_us: it is another text and should be a whole number"),
        ("/hops", json!({}), "/hops: it is an object and should be a list"),
        (
            "/hops/0/connect/attempts/0/address",
            json!("here"),
            "/hops/0/connect/attempts/0/address: it is another text and should be an IP address",
        ),
        ("/schema", json!("urltrace/2"), "its schema is urltrace/2, and urltrace/1 can be read"),
        ("/kind", json!("diff"), "it is a document of kind diff: those of a trace can be shown"),
    ] {
        let mut damaged = document(&report);
        *damaged.pointer_mut(pointer).unwrap() = wrong;
        assert_eq!(trace_report(&damaged).unwrap_err(), told);
    }
}
