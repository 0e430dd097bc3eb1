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
    crate::render::testtrace::all().into_iter().map(|(name, trace)| (name, of(trace))).collect()
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

/// What stands in place of a value of a document.
fn wrong() -> Vec<Value> {
    let (large, small) =
        ([json!(u64::MAX), json!(u32::MAX), json!(1_u64 << 48)], [json!(0), json!(7), json!(-1)]);
    let others = [json!(null), json!("\u{1b}"), json!(""), json!([[]]), json!({"a": 1}), json!(true)];
    large.into_iter().chain(small).chain(others).collect()
}

/// Reads a damaged document, and writes it where it can be read: what counts is that nothing else happens.
fn survives(whole: &Value, pointer: &str, wrong: Value) -> Result<(), String> {
    let mut damaged = whole.clone();
    *damaged.pointer_mut(pointer).unwrap() = wrong;
    let read = trace_report(&damaged)?;
    let report = redact(read, Secrets::Hide);
    let style =
        Style { verbose: true, diagram: crate::render::Diagram::Ladder, explain: true, ..Style::default() };
    for format in FORMATS {
        written(&report, format, &style);
    }
    Ok(())
}

/// Every value of a document in turn is replaced by one that does not belong there.
#[test]
fn a_damaged_document_is_refused_or_read_and_never_ends_the_program() {
    let wrong = wrong();
    // All of them at every place take minutes.
    let every = std::env::var_os("URLTRACE_DAMAGE_ALL").is_some();
    let (mut refused, mut tried) = (0, 0);
    for (name, report) in reports(Secrets::Hide) {
        let whole = document(&report);
        let mut pointers = Vec::new();
        collect(&whole, &mut String::new(), &mut pointers);
        let few = if every { 1 } else { 10 };
        for (place, pointer) in pointers.iter().enumerate().step_by(few) {
            let chosen = if every { wrong.clone() } else { vec![wrong[place / few % wrong.len()].clone()] };
            for wrong in chosen {
                tried += 1;
                let told = format!("{name} {pointer} {wrong}");
                let result = std::panic::catch_unwind(|| survives(&whole, pointer, wrong));
                let read = result.unwrap_or_else(|_| panic!("{told}"));
                if let Err(why) = read {
                    refused += 1;
                    assert!(why.len() < 200 && !why.contains('\u{1b}'), "{told}: {why}");
                }
            }
        }
    }
    assert!(tried > 1_000 && refused > 400, "{refused} of {tried}");
}

#[test]
fn a_document_that_ends_early_or_lies_too_deep_is_refused() {
    let (_, report) = reports(Secrets::Hide).into_iter().find(|(name, _)| *name == "success").unwrap();
    let whole = written(&report, Format::Jsonl, &Style::default());
    for end in (0..whole.trim_end().len()).step_by(997).chain([whole.trim_end().len() - 1]) {
        assert!(serde_json::from_slice::<Value>(&whole.as_bytes()[..end]).is_err(), "{end}");
    }
    assert!(serde_json::from_str::<Value>(&"[".repeat(100_000)).is_err());
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
        ("/kind", json!("diff"), "it is a document of kind diff: those of a trace or a page can be shown"),
    ] {
        let mut damaged = document(&report);
        *damaged.pointer_mut(pointer).unwrap() = wrong;
        assert_eq!(trace_report(&damaged).unwrap_err(), told);
    }
}
