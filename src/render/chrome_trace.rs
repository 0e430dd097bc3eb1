//! The run as Chrome's trace events (the Trace Event Format's JSON object), for Perfetto and speedscope.
//!
//! A request is a process, what lies beside each other in it are threads: on one thread events only nest. Times are
//! whole microseconds from t0.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::{self, Lines};
use crate::redact::Redacted;
use crate::report::TraceReport;
use crate::timeline::{Span, Subject, spans};
use crate::trace::{At, Hop, StageName};

/// Writes the events of a trace.
pub(super) fn trace(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    let trace = &report.trace;
    let spans = spans(trace);
    let mut events = Vec::new();
    for (place, hop) in trace.hops().enumerate() {
        // A process 0 is the idle one to some.
        let pid = place + 1;
        let own: Vec<&Span> = spans.iter().filter(|span| span.request == hop.id).collect();
        events.extend(request(pid, &hop, &own));
    }
    let whole = json!({
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {
            "creator": concat!("urltrace ", env!("CARGO_PKG_VERSION")),
            "url": trace.input,
            "verdict": report.verdict.summary,
        },
    });
    json::write(&whole, Lines::Many, out)
}

fn request(pid: usize, hop: &Hop<'_>, spans: &[&Span]) -> Vec<Value> {
    let named = |what: &str, tid: usize, name: &str| json!({ "ph": "M", "name": what, "pid": pid, "tid": tid, "args": { "name": name } });
    let mut events =
        vec![named("process_name", 0, &hop.url.href), named("thread_name", 0, "request and phases")];
    events.push(complete(pid, 0, "request", (hop.start, hop.end), &json!({ "counted": true })));
    let mut threads: Vec<Vec<(At, At)>> = Vec::new();
    for span in spans {
        let (tid, name) = match &span.subject {
            // It is there already.
            Subject::Request => continue,
            // They follow each other.
            Subject::Phase(phase) => (0, phase.as_str()),
            _ => (1 + thread(&mut threads, (span.start, span.end)), span.name.as_str()),
        };
        let stage = span.subject.stage().map(StageName::as_str);
        let args = json!({ "stage": stage, "of": span.name, "counted": span.counted });
        events.push(complete(pid, tid, name, (span.start, span.end), &args));
    }
    let beside = (1..=threads.len()).map(|tid| named("thread_name", tid, &format!("parts {tid}")));
    events.extend(beside);
    events
}

/// The first thread on which nothing lies at the same time.
fn thread(threads: &mut Vec<Vec<(At, At)>>, (start, end): (At, At)) -> usize {
    let is_free = |taken: &Vec<(At, At)>| taken.iter().all(|other| other.1 <= start || end <= other.0);
    let place = threads.iter().position(is_free).unwrap_or(threads.len());
    if place == threads.len() {
        threads.push(Vec::new());
    }
    threads[place].push((start, end));
    place
}

fn complete(pid: usize, tid: usize, name: &str, (start, end): (At, At), args: &Value) -> Value {
    let counted = args["counted"] == true;
    json!({
        "ph": "X",
        "name": name,
        "cat": if counted { "counted" } else { "beside" },
        "pid": pid,
        "tid": tid,
        "ts": start.0,
        "dur": end.0.saturating_sub(start.0),
        "args": args,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Selection;
    use crate::redact::{Secrets, redact};
    use crate::render::testtrace;

    #[test]
    fn on_a_thread_events_only_nest() {
        for (name, trace) in testtrace::all() {
            let report = redact(TraceReport::of(trace, &Selection::default(), |_, _| 0), Secrets::Hide);
            let mut out = Vec::new();
            super::trace(&report, &mut out).unwrap();
            let whole: Value = serde_json::from_slice(&out).unwrap();
            let events = whole["traceEvents"].as_array().unwrap();
            let of = |event: &Value, key: &str| event[key].as_u64().unwrap();
            let spans: Vec<[u64; 4]> = events
                .iter()
                .filter(|event| event["ph"] == "X")
                .map(|event| {
                    let start = of(event, "ts");
                    [of(event, "pid"), of(event, "tid"), start, start + of(event, "dur")]
                })
                .collect();
            assert_eq!(spans.is_empty(), report.trace.requests.is_empty(), "{name}");
            for (place, one) in spans.iter().enumerate() {
                for other in spans[place + 1..].iter().filter(|other| other[..2] == one[..2]) {
                    let apart = one[3] <= other[2] || other[3] <= one[2];
                    let inside = one[2] <= other[2] && other[3] <= one[3];
                    assert!(apart || inside, "{name}: {one:?} and {other:?}");
                }
            }
        }
    }
}
