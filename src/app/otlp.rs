//! Spans on their way to a collector, when the report is printed, or between the runs of many URLs: requests by the same
//! stages as a trace.
//!
//! What goes wrong is a line on standard error, and changes nothing of how the run ended.

use std::io::{self, Write as _};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::session::Session;
use crate::clock::Clock;
use crate::plan::{Collector, Packing, Piece, Plan, RequestBody};
use crate::reading;
use crate::redact::{Redacted, Secrets, redact};
use crate::render::{self, SpanBatch};
use crate::report::{CompareReport, RepeatReport, TraceReport};
use crate::stop::Stop;
use crate::trace::Trace;
use crate::tracer::{Run, Tracer};

/// How often it is tried, where the collector asks for that (OTLP/HTTP, retryable response codes).
const TRIES: u32 = 3;
/// The first wait where a collector names none; each further one is twice as long.
const WAIT: Duration = Duration::from_millis(500);

/// After so many requests one behind the other that were not taken, no more are made: each may have waited long.
const MOST_REFUSED: usize = 3;

/// Spans on their way to a collector, a trace a run: collected, and sent a bounded request at a time.
pub(super) struct Sending {
    collector: Collector,
    batch: SpanBatch,
    /// The traces that were not taken, and why the first of them was not.
    lost: usize,
    why: Option<String>,
    refused: usize,
}

impl Sending {
    pub(super) fn to(collector: Collector) -> Self {
        Self { collector, batch: SpanBatch::default(), lost: 0, why: None, refused: 0 }
    }

    /// Takes a trace in.
    pub(super) fn add(&mut self, report: &Redacted<TraceReport>) -> io::Result<()> {
        self.batch.add(report)
    }

    /// Whether it is time to send: what waits takes as much room as it may.
    pub(super) const fn is_due(&self) -> bool {
        self.batch.is_full()
    }

    /// Sends what was taken in. No run may be under way: it would take longer for that.
    pub(super) async fn send(&mut self, session: &Session) {
        let batch = std::mem::take(&mut self.batch);
        if batch.traces() == 0 {
            return;
        }
        if self.refused == MOST_REFUSED {
            self.lost += batch.traces();
            return;
        }
        match sent(&batch, &self.collector, session).await {
            Ok(()) => self.refused = 0,
            Err(why) => {
                self.refused += 1;
                self.lost += batch.traces();
                self.why.get_or_insert(why);
            }
        }
    }

    /// Sends the rest, and tells what went wrong.
    pub(super) async fn end(mut self, session: &Session) {
        self.send(session).await;
        let mut told = std::mem::take(&mut self.collector.unheeded);
        told.extend(self.why.map(|why| match self.lost {
            1 => format!("the spans were not taken: {why}"),
            many => format!("the spans of {many} runs were not taken: {why}"),
        }));
        if !told.is_empty() {
            // A collector's URL may have credentials in it.
            render::tell(&redact(format!("--otlp: {}", told.join("; ")), Secrets::Hide), None);
        }
    }
}

/// Sends the spans of many runs: they have ended, so that nothing is disturbed.
pub(super) async fn send_runs(
    report: &Redacted<RepeatReport>,
    collector: Collector,
    session: &Session,
) -> io::Result<()> {
    let runs = 0..report.runs.len();
    send_all(collector, session, runs, |batch, run| batch.add_run(report, run)).await
}

/// Sends those of several ways: each run is a trace that says which way it went.
pub(super) async fn send_ways(
    report: &Redacted<CompareReport>,
    collector: Collector,
    session: &Session,
) -> io::Result<()> {
    let ways = report.rows.iter().enumerate();
    let runs = ways.flat_map(|(way, row)| (0..row.runs.len()).map(move |run| (way, run)));
    send_all(collector, session, runs, |batch, (way, run)| batch.add_compared(report, way, run)).await
}

async fn send_all<R>(
    collector: Collector,
    session: &Session,
    runs: impl Iterator<Item = R>,
    add: impl Fn(&mut SpanBatch, R) -> io::Result<()>,
) -> io::Result<()> {
    let mut sending = Sending::to(collector);
    for run in runs {
        add(&mut sending.batch, run)?;
        if sending.is_due() {
            sending.send(session).await;
        }
    }
    sending.end(session).await;
    Ok(())
}

async fn sent(batch: &SpanBatch, collector: &Collector, session: &Session) -> Result<(), String> {
    let Collector { url, plan, packing, resource, .. } = collector;
    let bytes = batch.request(resource);
    let packed = match packing {
        Packing::Gzip => gzip(&bytes),
        Packing::None => Ok(bytes),
    };
    let body = packed.map_err(|error| error.to_string())?;
    let mut plan = plan.clone();
    plan.http.body = Some(RequestBody::new(vec![Piece::Bytes(body.into())]));
    let whole = Stop::new(Clock::start(), plan.max_time, session.signals.stop());
    let mut wait = WAIT;
    for attempt in 1.. {
        let clock = Clock::start();
        let stop = Stop::new(clock, whole.left(), session.signals.stop());
        let tracer = Tracer::new(Plan { max_time: whole.left(), ..plan.clone() })?.ready_for(url);
        let run = Run { clock: &clock, stop: &stop, setup: Duration::ZERO, on_stage: &|_, _| {} };
        let trace = tracer.trace(url, run).await;
        let asked = asked_again(&trace, &clock).map(|asked| asked.unwrap_or(wait));
        let Some(pause) = asked.filter(|pause| attempt < TRIES && *pause < whole.left()) else {
            return accepted(&trace);
        };
        let waited = whole.within(None, tokio::time::sleep(pause)).await; // the collector wants no more for so long
        if waited.is_err() {
            return accepted(&trace);
        }
        wait *= 2;
    }
    Ok(())
}

/// Whether a collector wants the same once more, and when, if it says so.
fn asked_again(trace: &Trace, clock: &Clock) -> Option<Option<Duration>> {
    let http = trace.hops().next_back().and_then(|hop| hop.http.ran())?;
    let retry = || reading::limits(http, clock.wall_now())?.retry.map(|retry| retry.wait);
    matches!(http.status, Some(429 | 502 | 503 | 504)).then(retry)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes)?;
    packed.finish()
}

/// Whether the collector took all of it.
fn accepted(trace: &Trace) -> Result<(), String> {
    if let Some(failure) = trace.failure() {
        return Err(format!("{}: {}", failure.stage.as_str(), failure.message));
    }
    let http = trace.hops().next_back().and_then(|hop| hop.http.ran());
    match http.map(|http| (http.status, &http.body.start)) {
        Some((Some(200..=299), said)) => rejected(said),
        Some((Some(status), _)) => Err(format!("the collector answered {status}")),
        Some((None, _)) | None => Err("the collector gave no answer".to_owned()),
    }
}

/// A success can be a partial one (OTLP/HTTP, partial success). What is no JSON says nothing.
fn rejected(said: &[u8]) -> Result<(), String> {
    let said: Value = serde_json::from_slice(said).unwrap_or_default();
    let partial = &said["partialSuccess"];
    let count = &partial["rejectedSpans"];
    let count = count.as_str().and_then(|text| text.parse::<u64>().ok()).or_else(|| count.as_u64());
    match count {
        None | Some(0) => Ok(()),
        Some(count) => {
            let why = partial["errorMessage"].as_str().unwrap_or("it gives no reason");
            let why: String = why.chars().filter(|char| !char.is_control()).take(200).collect();
            Err(format!("the collector rejected {count} of them: {why}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_success_is_told() {
        for said in ["", "{}", "{\"partialSuccess\":null}", "{\"partialSuccess\":{\"rejectedSpans\":\"0\"}}"]
        {
            assert_eq!(rejected(said.as_bytes()), Ok(()), "{said}");
        }
        for said in ["\"3\"", "3"] {
            let said =
                format!("{{\"partialSuccess\":{{\"rejectedSpans\":{said},\"errorMessage\":\"a\\u001bb\"}}}}");
            assert_eq!(rejected(said.as_bytes()), Err("the collector rejected 3 of them: ab".to_owned()));
        }
    }
}
