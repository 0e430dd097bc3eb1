//! Every document that is written is read back as what it was written from, and damaged ones are refused.

use serde_json::{Value, json};

use super::{Report, differences};
use std::time::Duration;

use crate::budget::Budget;
use crate::plan::{RepeatPlan, RunDetail, RunStart, Varied};
use crate::redact::{Redact, Redacted, Secrets, redact};
use crate::render::{Format, Style, render, render_compared, render_dns, render_repeated};
use crate::report::{CompareReport, Compared, RepeatEnd, RepeatReport, Repeated, TraceReport};
use crate::trace::Trace;

fn trace_report(document: &Value) -> Result<TraceReport, String> {
    match Report::read(document)? {
        Report::Trace(report) => Ok(*report),
        _ => Err("it is no trace".to_owned()),
    }
}

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

/// Writes a report of another kind, and reads it: it is the same, and is written the same in every form that it has.
#[track_caller]
fn comes_back<T: Redact + PartialEq + std::fmt::Debug>(
    report: &Redacted<T>,
    write: impl Fn(&Redacted<T>, Format, &mut Vec<u8>) -> std::io::Result<()>,
    of: impl Fn(Report) -> Option<Box<T>>,
) {
    let written = |report: &Redacted<T>, format| {
        let mut out = Vec::new();
        write(report, format, &mut out).map(|()| out).ok()
    };
    let document: Value = serde_json::from_slice(&written(report, Format::Json).unwrap()).unwrap();
    let again = redact(*of(Report::read(&document).unwrap()).unwrap(), Secrets::Hide);
    assert_eq!(&*again, &**report);
    for format in FORMATS {
        assert_eq!(written(&again, format), written(report, format), "{format:?}");
    }
}

#[test]
fn many_runs_a_comparison_and_a_name_come_back() {
    let reports: Vec<TraceReport> = reports(Secrets::Hide)
        .into_iter()
        .filter(|(name, _)| ["success", "quick", "alias", "refused"].contains(name))
        .map(|(_, report)| TraceReport { budgets: vec![], ..(*report).clone() })
        .collect();
    let style = Style::default();
    let budget = Budget::of_what("p95:total", 500_000).unwrap();
    let late = |index: usize| Some(Duration::from_millis(index as u64));
    let traces: Vec<&Trace> = reports.iter().map(|report| &report.trace).collect();
    let repeat = RepeatReport {
        input: "https://www.example.test/".to_owned(),
        plan: RepeatPlan {
            runs: reports.len(),
            duration: None,
            interval: Some(Duration::from_secs(1)),
            start: RunStart::WarmDns,
            detail: RunDetail::Whole,
        },
        warm_up: None,
        budgets: vec![budget.judge_all(&traces, &crate::runs::Summary::of(&traces))],
        runs: reports
            .iter()
            .enumerate()
            .map(|(index, report)| Repeated { report: report.clone(), late: late(index) })
            .collect(),
        end: RepeatEnd::Duration,
        exit_code: 9,
        told: None,
    };
    comes_back(
        &redact(repeat, Secrets::Hide),
        |report, format, out| render_repeated(report, format, &style, out),
        |report| if let Report::Repeat(report) = report { Some(report) } else { None },
    );
    let row = |label: &str| {
        let mut trace = reports[0].trace.clone();
        trace.input = "https://www.example.test/".to_owned();
        Compared { label: label.to_owned(), runs: vec![trace] }
    };
    let compare = CompareReport {
        input: "https://www.example.test/".to_owned(),
        varied: Varied::Http,
        rounds: 1,
        start: RunStart::Cold,
        detail: RunDetail::Whole,
        rows: vec![row("HTTP/1.1"), row("HTTP/2")],
        note: Some("something to say".to_owned()),
        end: RepeatEnd::Done,
        exit_code: 0,
        told: None,
    };
    comes_back(
        &redact(compare, Secrets::Hide),
        |report, format, out| render_compared(report, format, &style, out),
        |report| if let Report::Compare(report) = report { Some(report) } else { None },
    );
    for (_, trace) in crate::render::testtrace::all() {
        let Some(dns) = crate::render::testtrace::dns_report(&trace) else { continue };
        comes_back(
            &dns,
            |report, format, out| render_dns(report, format, &style, out),
            |report| if let Report::Dns(report) = report { Some(report) } else { None },
        );
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
    // Every place with every value takes hours; a number says how many places are passed over.
    let step = std::env::var("URLTRACE_DAMAGE_STEP").ok().and_then(|step| step.parse().ok()).unwrap_or(103);
    let (mut refused, mut tried) = (0, 0);
    for (name, report) in reports(Secrets::Hide) {
        let whole = document(&report);
        let mut pointers = Vec::new();
        collect(&whole, &mut String::new(), &mut pointers);
        for (place, pointer) in pointers.iter().step_by(step).enumerate() {
            let wrong = wrong[place % wrong.len()].clone();
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
    assert!(tried > 200 && refused > 80, "{refused} of {tried}");
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

/// Documents that earlier versions have written: what they saw is what is shown.
#[test]
fn documents_of_earlier_minors_are_read() {
    for (text, written_on) in [
        (include_str!("../../fixtures/trace/earlier/2026-11-21.json"), "the first day"),
        (include_str!("../../fixtures/trace/earlier/2026-11-29.json"), "a later one"),
    ] {
        let document: Value = serde_json::from_str(text).unwrap();
        let read = trace_report(&document).unwrap_or_else(|why| panic!("{written_on}: {why}"));
        let report = redact(read, Secrets::Hide);
        let again = self::document(&report);
        for pointer in ["/input", "/started_at", "/total_us", "/verdict/summary", "/hops/0/phases/dns_us"] {
            assert_eq!(document.pointer(pointer), again.pointer(pointer), "{written_on}: {pointer}");
        }
        // Sentences change from version to version; what was seen does not.
        let is_seen = |pointer: &&String| {
            let end = pointer.rsplit('/').next().unwrap_or_default();
            end.ends_with("_us")
                || end.ends_with("_bytes")
                || ["status", "address", "data", "outcome"].contains(&end)
        };
        let lost = differences(&document, &again);
        assert_eq!(lost.iter().filter(is_seen).collect::<Vec<_>>(), Vec::<&String>::new(), "{written_on}");
        assert!(written(&report, Format::Text, &Style::default()).contains("200 OK"), "{written_on}");
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
        (
            "/kind",
            json!("diff"),
            "it is a document of kind diff: those of a trace, page, repeat, compare, diff or dns can be shown",
        ),
    ] {
        let mut damaged = document(&report);
        *damaged.pointer_mut(pointer).unwrap() = wrong;
        assert_eq!(trace_report(&damaged).unwrap_err(), told);
    }
}
