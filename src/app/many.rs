//! Many URLs side by side on one thread: each from a t0 of its own, told when it has ended or in its turn.
//!
//! Lists are read while their URLs are traced, and what was told is forgotten: what a run keeps does not grow with them. When
//! a URL's turn comes `runs` says, how a list is read `cli`, what a line looks like `render`; nothing is compared here, and no
//! file is written.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::otlp::Sending;
use super::session::{BATCH_TIME, Ended, Problem, Session};
use super::shown::{format, limits, style};
use crate::cli::{BadLine, Format, Line, Lines, Show, Source, WantedUrl};
use crate::clock::{Clock, Moment, Stopwatch};
use crate::exit::{self, OnBadStatus};
use crate::finding::Finding;
use crate::plan::{Collector, ManyPlan, Order, Plan};
use crate::redact::{Typed, redact};
use crate::render::{self, BadLineReport, ManySummary, Progress};
use crate::report::TraceReport;
use crate::runs::{Came, Shares, Tally, Turn, Turns};
use crate::signals::Signal;
use crate::stop::Stop;
use crate::trace::{FailureCode, StageName, Trace};
use crate::tracer::{Run, Tracer};
use crate::url;

/// What has ended before its turn at most: where it is as much, no further line is read.
const MOST_HELD: usize = 512;

/// What is to be traced.
pub(super) struct Wanted {
    pub(super) sources: Vec<Source>,
    pub(super) plan: Plan,
    pub(super) many: ManyPlan,
    pub(super) lab: bool,
    pub(super) on_bad_status: OnBadStatus,
    pub(super) collector: Option<Box<Collector>>,
}

/// Traces them all, and tells of each.
pub(super) async fn many(
    wanted: Wanted,
    show: &Show,
    setup: Stopwatch,
    out: &mut dyn Write,
) -> Result<Ended, Problem> {
    let Wanted { sources, plan, many, lab, on_bad_status, collector } = wanted;
    let (max_time, http) = (plan.max_time, plan.http.clone());
    let (session, tracer) = Session::begin(plan, lab, BATCH_TIME, setup, Tracer::new).await?;
    // Where the lines of the report come by on the same terminal, there is nothing more to say.
    let progress = Progress::new(show.progress.filter(|_| !show.terminal));
    let tracing = Tracing { tracer: &tracer, session: &session, max_time };
    let begun = Moment::now();
    let mut telling = Telling {
        show,
        on_bad_status,
        progress: &progress,
        order: many.order,
        out,
        held: BTreeMap::new(),
        untold: 0,
        tally: Tally::default(),
        sending: collector.map(|collector| Sending::to(*collector)),
    };
    render::render_lines_head(format(show.format), telling.out)?;
    let left = all(&tracing, Lines::new(sources, http, lab), many, &mut telling).await?;
    progress.finish();
    let signal = session.signals.first();
    let Telling { tally, sending, .. } = telling;
    if let Some(sending) = sending {
        sending.end(&session).await;
    }
    let summary = ManySummary { tally: &tally, took: Moment::now().since(begun), left: signal.map(|_| left) };
    let code = signal.map_or(tally.first_code().unwrap_or(exit::OK), Signal::exit_code);
    Ok(Ended { code, complaint: Some((render::many_summary(&summary), None)), signal })
}

/// Traces one after another as their turns come; how many were read and not begun when a signal came.
async fn all(
    tracing: &Tracing<'_>,
    mut lines: Lines,
    many: ManyPlan,
    telling: &mut Telling<'_>,
) -> Result<usize, Problem> {
    let ahead = (many.order == Order::AsGiven).then_some(2 * many.parallel);
    let mut turns = Turns::new(Shares { at_once: many.parallel, per_host: many.per_host, ahead });
    let mut running = FuturesUnordered::new();
    let (mut read, mut ended) = (0, false);
    loop {
        let interrupted = tracing.session.signals.first().is_some();
        // Spans are sent when no run is under way, whose times that would blur: until then none begins.
        let sends = telling.sending.as_ref().is_some_and(Sending::is_due);
        while let Some(turn) = if interrupted || sends { None } else { turns.begin(telling.untold) } {
            running.push(tracing.one(turn));
        }
        if let Some(sending) = telling.sending.as_mut().filter(|_| sends && running.is_empty()) {
            sending.send(tracing.session).await;
            continue;
        }
        let reads = !ended && !interrupted && turns.have_room() && telling.held.len() < MOST_HELD;
        if running.is_empty() && !reads {
            return Ok(turns.waiting());
        }
        tokio::select! {
            biased;
            Some((turn, trace)) = running.next(), if !running.is_empty() => {
                turns.end(turn.host.as_ref());
                telling.traced(turn, trace)?;
            }
            () = tracing.session.signals.wait(), if !interrupted => {}
            line = lines.next(), if reads => match line {
                None => ended = true,
                Some(Line { place, wanted }) => {
                    match wanted {
                        Err(bad) => telling.bad(read, place.as_deref(), bad)?,
                        Ok(wanted) => turns.line_up(Turn { place: read, host: host(&wanted.url), job: wanted }),
                    }
                    read += 1;
                }
            },
        }
    }
}

/// The host and port that a URL leads to first.
fn host(text: &str) -> Option<Arc<str>> {
    let url = url::parse(text).ok()?;
    Some(format!("{}:{}", url.host_ascii, url.port).into())
}

/// What every run has.
struct Tracing<'a> {
    tracer: &'a Tracer,
    session: &'a Session,
    max_time: Duration,
}

impl Tracing<'_> {
    async fn one(&self, mut turn: Turn<WantedUrl>) -> (Turn<WantedUrl>, Trace) {
        let clock = Clock::start();
        let stop = Stop::new(clock, self.max_time, self.session.signals.stop());
        let on_stage = |_: StageName, _: &str| {};
        let run = Run { clock: &clock, stop: &stop, setup: self.session.setup, on_stage: &on_stage };
        let http = turn.job.http.take();
        let mut trace = self.tracer.trace_one_of_many(&turn.job.url, http, run).await;
        trace.lab = self.session.lab.is_some();
        (turn, trace)
    }
}

/// Tells of each, and counts.
struct Telling<'a> {
    show: &'a Show,
    on_bad_status: OnBadStatus,
    progress: &'a Progress,
    order: Order,
    out: &'a mut dyn Write,
    /// What has ended before its turn to be told.
    held: BTreeMap<usize, Vec<u8>>,
    /// The place of the first that has not been told.
    untold: usize,
    tally: Tally,
    /// `--otlp`: where spans go.
    sending: Option<Sending>,
}

impl Telling<'_> {
    fn traced(&mut self, turn: Turn<WantedUrl>, trace: Trace) -> Result<(), Problem> {
        let Turn { place, job, .. } = turn;
        let expected = job.expect.map(OnBadStatus::Expect);
        let on_bad_status = expected.as_ref().unwrap_or(&self.on_bad_status);
        let show = self.show;
        let code = |trace: &Trace, findings: &[Finding]| {
            exit::of_trace(trace, on_bad_status, limits(findings, trace.failure(), show))
        };
        // A line of text has no place for what was found, nor has one of CSV.
        let is_bare = matches!(show.format, Format::Text | Format::Csv) && self.sending.is_none();
        let report = if is_bare && show.selection.fail_on.is_empty() {
            TraceReport::of_a_line(trace, code)
        } else {
            TraceReport::of(trace, &show.selection, code)
        };
        let report = report.with_budgets(&show.budgets, exit::LIMIT).with_expected(on_bad_status.statuses());
        let code = report.exit_code;
        let total = report.trace.failure().is_none().then(|| total(&report.trace));
        self.tally.count(place, came(&report), code, total);
        let report = redact(report, show.secrets);
        if let Some(sending) = &mut self.sending {
            sending.add(&report)?;
        }
        let mut bytes = Vec::new();
        render::render_line(&report, format(show.format), &style(show), &mut bytes)?;
        self.tell(place, bytes)
    }

    fn bad(&mut self, place: usize, stands: Option<&str>, bad: BadLine) -> Result<(), Problem> {
        self.tally.count(place, Came::BadLine, exit::USAGE, None);
        let BadLine { text, why } = bad;
        let stands = stands.unwrap_or_default().to_owned();
        let report = BadLineReport {
            place: redact(stands, self.show.secrets),
            text: redact(Typed(text), self.show.secrets),
            why: redact(why, self.show.secrets),
        };
        let mut bytes = Vec::new();
        render::render_bad_line(&report, format(self.show.format), &style(self.show), &mut bytes)?;
        self.tell(place, bytes)
    }

    /// Writes it, or keeps it until those before it have been written.
    fn tell(&mut self, place: usize, bytes: Vec<u8>) -> Result<(), Problem> {
        match self.order {
            Order::AsTheyEnd => self.out.write_all(&bytes)?,
            Order::AsGiven => {
                self.held.insert(place, bytes);
                while let Some(bytes) = self.held.remove(&self.untold) {
                    self.out.write_all(&bytes)?;
                    self.untold += 1;
                }
            }
        }
        self.progress.stage(|| {
            let (all, traced) = (self.tally.all(), self.tally.traced());
            redact(format!("{all} done, {} of them failed", all - traced), self.show.secrets)
        });
        // Whoever reads along sees each when it is there.
        Ok(self.out.flush()?)
    }
}

fn total(trace: &Trace) -> u64 {
    u64::try_from(trace.total.as_micros()).unwrap_or(u64::MAX)
}

fn came(report: &TraceReport) -> Came {
    if let Some(failure) = report.trace.failure() {
        return match (failure.code, failure.stage) {
            (FailureCode::OutputFailed | FailureCode::RequestBodyFailed, _) => Came::Here,
            (_, StageName::Url) => Came::Url,
            (_, StageName::Dns) => Came::Dns,
            (_, StageName::Tcp) => Came::Tcp,
            (_, StageName::Tls) => Came::Tls,
            (_, StageName::Http) => Came::Http,
        };
    }
    match report.exit_code {
        exit::OK => Came::Traced,
        exit::STATUS => Came::Status,
        _ => Came::Limit,
    }
}
