//! The run as Chrome's trace events (the Trace Event Format's JSON object), for Perfetto and speedscope.
//!
//! A request is a process, what lies beside each other in it are threads: on one thread events only nest. What a page
//! asks for are the events of a process for each host. Times are whole microseconds from t0.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::{self, Lines};
use crate::picture::{Paged, PagedRow};
use crate::redact::Redacted;
use crate::report::TraceReport;
use crate::timeline::{Span, Subject, spans};
use crate::trace::{At, Hop, Page, Resource, StageName, Trace};

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
    events.extend(trace.page.iter().flat_map(|page| of_page(trace, page)));
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

/// What a page asks for, host by host: each request on the first thread that is free, with its phases in it.
fn of_page(trace: &Trace, page: &Page) -> Vec<Value> {
    let paged = Paged::of(trace, page, &[]);
    let first = trace.requests.len() + 1;
    let mut events = Vec::new();
    let mut threads: Vec<Vec<Vec<(At, At)>>> = vec![Vec::new(); paged.hosts.len()];
    for (row, resource) in paged.rows.iter().filter_map(|row| Some((row, row.resource?.1))) {
        let tid = thread(&mut threads[row.host], (row.hop.start, row.hop.end));
        events.extend(resource_events((first + row.host, tid), row, resource));
    }
    for (host, threads) in threads.iter().enumerate().filter(|(_, threads)| !threads.is_empty()) {
        let (pid, name) = (first + host, format!("the page's requests to {}", paged.hosts[host].name));
        events.push(named("process_name", pid, 0, &name));
        events
            .extend((0..threads.len()).map(|tid| named("thread_name", pid, tid, &format!("requests {tid}"))));
    }
    events
}

fn resource_events((pid, tid): (usize, usize), row: &PagedRow<'_>, resource: &Resource) -> Vec<Value> {
    let args = json!({
        "counted": true,
        "url": resource.url,
        "kind": resource.kind.as_str(),
        "priority": resource.priority.as_str(),
        "blocking": resource.blocking.as_str(),
        "status": row.status(),
    });
    let mut events = vec![complete(pid, tid, &row.hop.url.path, (row.hop.start, row.hop.end), &args)];
    let phases = row.phases.iter().filter_map(|(phase, bounds)| Some((phase, (*bounds)?)));
    events.extend(
        phases.map(|(phase, bounds)| complete(pid, tid, phase.as_str(), bounds, &json!({ "counted": true }))),
    );
    events
}

/// A name of a process or of a thread.
fn named(what: &str, pid: usize, tid: usize, name: &str) -> Value {
    json!({ "ph": "M", "name": what, "pid": pid, "tid": thread_id(pid, tid), "args": { "name": name } })
}

fn request(pid: usize, hop: &Hop<'_>, spans: &[&Span]) -> Vec<Value> {
    let mut events = vec![
        named("process_name", pid, 0, &hop.url.href),
        named("thread_name", pid, 0, "request and phases"),
    ];
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
    let beside = (1..=threads.len()).map(|tid| named("thread_name", pid, tid, &format!("parts {tid}")));
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

/// Something that lasted, or an instant of its thread: speedscope does not bear what begins and ends at once.
fn complete(pid: usize, tid: usize, name: &str, (start, end): (At, At), args: &Value) -> Value {
    let counted = args["counted"] == true;
    let mut event = json!({
        "name": name,
        "cat": if counted { "counted" } else { "beside" },
        "pid": pid,
        "tid": thread_id(pid, tid),
        "ts": start.0,
        "args": args,
    });
    match end.0.saturating_sub(start.0) {
        0 => (event["ph"], event["s"]) = ("i".into(), "t".into()),
        lasted => (event["ph"], event["dur"]) = ("X".into(), lasted.into()),
    }
    event
}

/// To Perfetto a thread's number is nobody else's, whatever the process, and 0 is none.
const fn thread_id(pid: usize, place: usize) -> usize {
    pid * 1000 + place
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Selection;
    use crate::redact::{Secrets, redact};
    use crate::render::testtrace;

    /// The whole that is written of a trace, and that trace as it was shown.
    fn written(trace: Trace) -> (Value, Redacted<TraceReport>) {
        let report = redact(TraceReport::of(trace, &Selection::default(), |_, _| 0), Secrets::Hide);
        let mut out = Vec::new();
        super::trace(&report, &mut out).unwrap();
        (serde_json::from_slice(&out).unwrap(), report)
    }

    fn of(event: &Value, key: &str) -> u64 {
        event[key].as_u64().unwrap_or_else(|| panic!("{key} of {event}"))
    }

    #[test]
    fn on_a_thread_events_only_nest() {
        for (name, trace) in testtrace::all() {
            let (whole, report) = written(trace);
            let events = whole["traceEvents"].as_array().unwrap();
            let spans: Vec<[u64; 4]> = events
                .iter()
                .filter(|event| event["ph"] != "M")
                .map(|event| {
                    let start = of(event, "ts");
                    let lasted = event["dur"].as_u64().unwrap_or(0);
                    [of(event, "pid"), of(event, "tid"), start, start + lasted]
                })
                .collect();
            assert_eq!(spans.is_empty(), report.trace.requests.is_empty(), "{name}");
            for (place, one) in spans.iter().enumerate() {
                for other in spans[place + 1..].iter().filter(|other| other[..2] == one[..2]) {
                    let apart = one[3] <= other[2] || other[3] <= one[2];
                    let inside =
                        one[2] <= other[2] && other[3] <= one[3] || other[2] <= one[2] && one[3] <= other[3];
                    assert!(apart || inside, "{name}: {one:?} and {other:?}");
                }
            }
        }
    }

    /// The rules of the format: every event has its phase, name, process and thread, those with a duration their start,
    /// and each process and thread that is used has one name.
    #[test]
    fn events_are_as_the_format_has_them() {
        for (name, trace) in testtrace::all() {
            let (whole, report) = written(trace);
            assert_eq!(whole["displayTimeUnit"], "ms", "{name}");
            let (mut used, mut named) = (Vec::new(), Vec::new());
            for event in whole["traceEvents"].as_array().unwrap() {
                assert!(event["name"].as_str().is_some_and(|name| !name.is_empty()), "{name}: {event}");
                assert!(event["args"].is_object() && of(event, "pid") > 0, "{name}: {event}");
                let place = (of(event, "pid"), of(event, "tid"));
                assert_eq!(place.1 / 1000, place.0, "{name}: a thread of one process: {event}");
                let what = event["name"].as_str().unwrap();
                match event["ph"].as_str().unwrap() {
                    "X" | "i" => {
                        let lasted = event["dur"].as_u64();
                        assert!(of(event, "ts") + lasted.unwrap_or(0) < 1 << 53 && event["cat"].is_string());
                        assert_eq!(lasted.is_none_or(|us| us == 0), event["s"] == "t", "{name}: {event}");
                        let first = (place.0, place.0 * 1000);
                        used.extend([("process_name", first), ("thread_name", place)]);
                    }
                    "M" if matches!(what, "process_name" | "thread_name") => {
                        assert!(event["args"]["name"].is_string(), "{name}: {event}");
                        named.push((what, place));
                    }
                    other => panic!("{name}: {other:?}"),
                }
            }
            used.sort_unstable();
            used.dedup();
            named.sort_unstable();
            assert_eq!(used, named, "{name}");
            let of_page = |event: &&Value| event["args"]["url"].is_string();
            let resources = whole["traceEvents"].as_array().unwrap().iter().filter(of_page).count();
            assert_eq!(resources, report.trace.page_hops().len(), "{name}: each request of a page");
        }
    }
}
