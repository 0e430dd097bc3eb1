//! Many runs of one URL: each from a t0 of its own, at its time, and the report of all of them.
//!
//! One run follows another, never two at once. What follows from all of them together (percentiles, the slowest, patterns) `runs`
//! reckons; the pause between two is `pace`'s.

use std::io::Write;
use std::time::Duration;

use super::exports;
use super::otlp;
use super::pace;
use super::session::{Ended, Problem, Session, unless_reader_gone};
use super::shown::{broken_budgets, complaint, format, limits, style};
use crate::budget::Budget;
use crate::cli::Show;
use crate::clock::{Clock, Moment, Stopwatch};
use crate::exit::{self, OnBadStatus};
use crate::finding::{self, Finding};
use crate::plan::{Collector, MOST_COLD_ROOT, MOST_RUNS, Plan, RepeatPlan, ResolverChoice, RunStart};
use crate::redact::redact;
use crate::render::{self, Progress};
use crate::report::{RepeatEnd, RepeatReport, Repeated, TraceReport};
use crate::runs::Summary;
use crate::signals::Signal;
use crate::stop::Stop;
use crate::trace::{StageName, Trace};
use crate::tracer::{Run, Tracer};

/// What is to be traced, and how often.
pub(super) struct Wanted {
    pub(super) url: String,
    pub(super) plan: Plan,
    pub(super) repeat: RepeatPlan,
    pub(super) lab: bool,
    pub(super) on_bad_status: OnBadStatus,
    pub(super) collector: Option<Box<Collector>>,
}

/// Traces, and reports all runs together.
pub(super) async fn repeat(
    wanted: Wanted,
    show: &Show,
    setup: Stopwatch,
    out: &mut dyn Write,
) -> Result<Ended, Problem> {
    let Wanted { url, plan, repeat, lab, on_bad_status, collector } = wanted;
    let progress = Progress::counting(show.progress, repeat.runs, repeat.duration);
    let max_time = plan.max_time;
    let is_walk = matches!(plan.dns.lane, ResolverChoice::Walk);
    let prepare = |plan| Ok(pace::started(Tracer::new(plan)?, repeat.start).ready_for(&url));
    let (session, tracer) = Session::begin(plan, lab, max_time, setup, prepare).await?;
    let runs = Runs {
        tracer: &tracer,
        session: &session,
        url: &url,
        plan: repeat,
        max_time,
        show,
        progress: &progress,
    };
    let warm_up = match repeat.start {
        RunStart::WarmDns | RunStart::WarmAll => Some(runs.warm_up().await),
        RunStart::Cold | RunStart::WarmConnection if is_walk => Some(runs.warm_up().await),
        RunStart::Cold | RunStart::WarmConnection | RunStart::ColdRoot => None,
    };
    let (done, end) = runs.all(&on_bad_status).await;
    progress.finish();
    let signal = session.signals.first();
    let mut report = RepeatReport {
        input: url,
        plan: repeat,
        warm_up,
        runs: done,
        end,
        budgets: Vec::new(),
        exit_code: 0,
        told: None,
    };
    judge(&mut report, &show.budgets);
    report.exit_code = signal.map_or_else(|| code_of(&report), Signal::exit_code);
    add_cold_start(&mut report, show);
    let report = redact(report, show.secrets);
    let code = report.exit_code;
    let written =
        exports::write(show, |format, bytes| render::render_repeated(&report, format, &style(show), bytes))?;
    let code = written.filter(|_| code == exit::OK).unwrap_or(code);
    unless_reader_gone(render::render_repeated(&report, format(show.format), &style(show), out))?;
    if let Some(collector) = collector {
        unless_reader_gone(out.flush())?;
        otlp::send_runs(&report, *collector, &session).await?;
    }
    let failure = report.part(RepeatReport::failure);
    let told = failure.and_then(|failure| complaint(failure, show));
    let told = told.or_else(|| broken_budgets(&report.budgets, report.failure(), show));
    Ok(Ended { code, complaint: told, signal })
}

/// What all runs may cost together.
fn judge(report: &mut RepeatReport, budgets: &[Budget]) {
    let traces = report.traces();
    let summary = Summary::of(&traces);
    let judged = budgets.iter().map(|budget| budget.judge_all(&traces, &summary)).collect();
    report.budgets = judged;
}

/// The code of the first run that failed; then that of a limit, and of a status.
fn code_of(report: &RepeatReport) -> u8 {
    let broken = report.budgets.iter().any(|judged| !judged.is_held()).then_some(exit::LIMIT);
    let codes =
        || report.runs.iter().map(|run| run.report.exit_code).chain(broken).filter(|code| *code != exit::OK);
    let weak = [exit::LIMIT, exit::STATUS];
    let strong = codes().find(|code| !weak.contains(code));
    strong.or_else(|| weak.into_iter().find(|weak| codes().any(|code| code == *weak))).unwrap_or(exit::OK)
}

/// What the first run shows beside the others stands among its own findings.
fn add_cold_start(report: &mut RepeatReport, show: &Show) {
    let found: Vec<Finding> = finding::cold_start(&report.traces());
    if let Some(first) = report.runs.first_mut() {
        first.report.findings.extend(found);
        show.selection.apply(&mut first.report.findings);
    }
}

/// The runs of one URL.
struct Runs<'a> {
    tracer: &'a Tracer,
    session: &'a Session,
    url: &'a str,
    plan: RepeatPlan,
    max_time: Duration,
    show: &'a Show,
    progress: &'a Progress,
}

impl Runs<'_> {
    async fn warm_up(&self) -> Trace {
        let clock = Clock::start();
        let stop = Stop::new(clock, self.max_time, self.session.signals.stop());
        let on_stage =
            |stage: StageName, what: &str| self.say(&format!("before the runs: {} {what}", stage.as_str()));
        let run = Run { clock: &clock, stop: &stop, setup: self.session.setup, on_stage: &on_stage };
        let mut trace = self.tracer.warm_up(self.url, run).await;
        trace.lab = self.session.lab.is_some();
        trace
    }

    async fn all(&self, on_bad_status: &OnBadStatus) -> (Vec<Repeated>, RepeatEnd) {
        let begun = Moment::now();
        let mut done: Vec<Repeated> = Vec::new();
        for number in 0..self.plan.runs {
            let due = self.due(begun, number, done.last());
            if self.plan.duration.is_some_and(|duration| number > 0 && due.since(begun) >= duration) {
                return (done, RepeatEnd::Duration);
            }
            if !pace::wait(self.session, due).await {
                return (done, RepeatEnd::Interrupted);
            }
            let late = self.plan.interval.map(|_| Moment::now().since(due));
            let trace = self.one(number).await;
            let interrupted = self.session.signals.first().is_some();
            // What was cut short from here says nothing of the server; alone it is all there is.
            if !(interrupted && trace.failure().is_some() && !done.is_empty()) {
                let report =
                    TraceReport::of(trace, &self.show.selection, |trace: &Trace, findings: &[Finding]| {
                        exit::of_trace(trace, on_bad_status, limits(findings, trace.failure(), self.show))
                    });
                let report = report.with_expected(on_bad_status.statuses());
                done.push(Repeated { report, late });
            }
            if interrupted {
                return (done, RepeatEnd::Interrupted);
            }
            self.progress.count(number + 1, Moment::now().since(begun));
        }
        let most = if self.plan.start == RunStart::ColdRoot { MOST_COLD_ROOT } else { MOST_RUNS };
        let is_cut = self.plan.duration.is_some() && self.plan.runs == most;
        (done, if is_cut { RepeatEnd::Most } else { RepeatEnd::Done })
    }

    /// When a run is to begin.
    fn due(&self, begun: Moment, number: usize, last: Option<&Repeated>) -> Moment {
        match (self.plan.interval, last) {
            (_, None) => begun,
            (Some(interval), Some(_)) => begun.after(interval * u32::try_from(number).unwrap_or(u32::MAX)),
            (None, Some(last)) => pace::after(self.session, Some(&last.report.trace)),
        }
    }

    async fn one(&self, number: usize) -> Trace {
        let clock = Clock::start();
        let stop = Stop::new(clock, self.max_time, self.session.signals.stop());
        let on_stage = |stage: StageName, what: &str| {
            self.say(&format!("run {}: {} {what}", number + 1, stage.as_str()));
        };
        let run = Run { clock: &clock, stop: &stop, setup: self.session.setup, on_stage: &on_stage };
        let mut trace = self.tracer.trace(self.url, run).await;
        trace.lab = self.session.lab.is_some();
        trace
    }

    fn say(&self, what: &str) {
        self.progress.stage(|| redact(what.to_owned(), self.show.secrets));
    }
}
