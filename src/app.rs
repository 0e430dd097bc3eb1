//! The program around a trace: runtime, lab, progress, interrupt, output and exit code.
//!
//! It decides nothing about a trace and words nothing of it; [`crate::render`] does.

mod check;
mod compare;
mod exports;
mod many;
mod otlp;
mod pace;
mod repeat;
mod saved;
mod session;
mod shown;

use std::future::Future;
use std::io::{self, Write};
use std::sync::Arc;

use self::session::{BATCH_TIME, Session};
pub use self::session::{Ended, Problem, unless_reader_gone};
pub use self::shown::form;
use self::shown::{broken_budgets, complaint, format, limits, style, unexpected};
use crate::cli::{Action, Cli, Format, Generate, PlanError, Settings, Show};
use crate::clock::Stopwatch;
use crate::dns::{self, Resolver};
use crate::exit::{self, OnBadStatus};
use crate::explain::topics::{self, Found};
use crate::explain::tour::STEPS;
use crate::finding::{self, Finding};
use crate::lab::{Lab, SCENARIOS};
use crate::plan::{Batch, Collector, Plan, Question, RequestBody};
use crate::redact::{Quoted, Secrets, redact};
use crate::render::{self, Progress, Refusal, Style, Uploaded};
use crate::report::{DnsReport, TraceReport};
use crate::serve::{self, ServeError};
use crate::signals::Signals;
pub use crate::signals::{Signal, die_of};
use crate::trace::{At, Dns, Failure, Trace};
use crate::tracer::{Run, Tracer, UNCOUNTED_GRACE};
use clap::CommandFactory;
use clap_complete::Shell;

/// Why arguments make no run. What was typed may be quoted in it.
#[must_use]
pub fn refused(error: PlanError) -> Refusal {
    match error {
        PlanError::Usage { message, hint } => refusal(message, hint, exit::USAGE),
        PlanError::Clap(error) => {
            // Words that are not ours.
            let text = redact(Quoted(error.to_string()), Secrets::Hide).0.clone();
            refusal(text.strip_prefix("error: ").unwrap_or(&text).to_owned(), None, exit::USAGE)
        }
        PlanError::Interrupted => refusal("interrupted".to_owned(), None, exit::INTERRUPTED),
    }
}

/// Why a run could not start, or its report not be written.
#[must_use]
pub fn cannot_run(problem: Problem) -> Refusal {
    match problem {
        Problem::Setup(message) => refusal(message, None, exit::USAGE),
        Problem::Internal(message) => refusal(message, None, exit::INTERNAL),
        Problem::Output(error) => {
            refusal(format!("the report cannot be written: {error}"), None, exit::INTERNAL)
        }
    }
}

fn refusal(message: String, hint: Option<String>, exit_code: u8) -> Refusal {
    let hint = hint.map(|hint| redact(hint, Secrets::Hide));
    Refusal { message: redact(message, Secrets::Hide), hint, exit_code }
}

/// Does what the settings say. `setup` began with the process.
///
/// # Errors
/// Only what kept the run from starting or its report from being written: a failed trace is a result.
pub fn run(settings: Settings, setup: Stopwatch, out: &mut dyn Write) -> Result<Ended, Problem> {
    let Settings { action, lab, show, collector, on_bad_status } = settings;
    match action {
        Action::Generate(what) => Ok(generate(what, out)?.into()),
        Action::ListLab => {
            render::lab_list(SCENARIOS, out)?;
            Ok(exit::OK.into())
        }
        Action::ListFindings => {
            render::findings_list(finding::RULES, out)?;
            Ok(exit::OK.into())
        }
        Action::Explain(topic) => Ok(explain(topic.as_deref(), &show, out)?),
        Action::Tour { steps, waits } => tour(steps, waits, &style(&show), out),
        Action::Serve(plan) => match serve::serve(*plan, out) {
            Ok(()) => Ok(exit::OK.into()),
            Err(ServeError::Setup(why)) => Err(Problem::Setup(why)),
            Err(ServeError::Internal(why)) => Err(Problem::Internal(why)),
            Err(ServeError::Output(error)) => Err(Problem::Output(error)),
        },
        Action::Diff { a, b } => saved::diff(&a, &b, &show, out),
        Action::Show { name, bytes } => saved::show(&name, &bytes, &show, out),
        Action::ServeLab => in_runtime(serve_lab(out)),
        Action::Trace { url, plan } => {
            exports::check(&show)?;
            in_runtime(trace(&url, plan, collector, (lab, &show, &on_bad_status, setup), out))
        }
        Action::Check { url, plan, thresholds } => {
            in_runtime(check::checked(&url, plan, thresholds, lab, &show, setup, out))
        }
        Action::Repeat { url, plan, repeat } => {
            exports::check(&show)?;
            let wanted = repeat::Wanted { url, plan, repeat, lab, on_bad_status, collector };
            in_runtime(repeat::repeat(wanted, &show, setup, out))
        }
        Action::Many { sources, plan, many } => {
            let wanted = many::Wanted { sources, plan, many, lab, on_bad_status, collector };
            in_runtime(many::many(wanted, &show, setup, out))
        }
        Action::Compare { url, plan, compare } => {
            exports::check(&show)?;
            let wanted = compare::Wanted { url, plan, compare, lab, on_bad_status, collector };
            in_runtime(compare::compare(wanted, &show, setup, out))
        }
        Action::AskAll(plan, batch) => in_runtime(ask_all(plan, batch, lab, &show, setup, out)),
        Action::Ask { input, question, plan } => {
            in_runtime(ask(input, question, plan, lab, &show, setup, out))
        }
    }
}

/// One thread: one URL needs no more, and nothing then runs beside a measured phase.
fn in_runtime<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::Internal(format!("the runtime cannot start: {error}")))?;
    runtime.block_on(tokio::task::LocalSet::new().run_until(work))
}

async fn trace(
    url: &str,
    plan: Plan,
    collector: Option<Box<Collector>>,
    (lab, show, on_bad_status, setup): (bool, &Show, &OnBadStatus, Stopwatch),
    out: &mut dyn Write,
) -> Result<Ended, Problem> {
    let progress = Progress::with_upload(show.progress, plan.http.body.as_ref().map(uploaded));
    let max_time = plan.max_time;
    let prepare = |plan| Ok(Tracer::new(plan)?.ready_for(url));
    let (session, tracer) = Session::begin(plan, lab, max_time, setup, prepare).await?;
    let run = Run {
        clock: &session.clock,
        stop: &session.stop,
        setup: session.setup,
        on_stage: &|stage, what| {
            progress.stage(|| redact(format!("{} {what}", stage.as_str()), show.secrets));
        },
    };
    let mut trace = tracer.trace(url, run).await;
    trace.lab = session.lab.is_some();
    progress.finish();
    let signal = session.signals.first();
    let code = |trace: &Trace, findings: &[Finding]| {
        let limits = limits(findings, trace.failure(), show);
        signal.map_or_else(|| exit::of_trace(trace, on_bad_status, limits), Signal::exit_code)
    };
    let report = TraceReport::of(trace, &show.selection, code);
    let broken = if signal.is_some() { report.exit_code } else { exit::LIMIT };
    let report = report.with_budgets(&show.budgets, broken).with_expected(on_bad_status.statuses());
    let report = redact(report, show.secrets);
    let code = report.exit_code;
    let written = exports::write(show, |format, bytes| render::render(&report, format, &style(show), bytes))?;
    let code = written.filter(|_| code == exit::OK).unwrap_or(code);
    // A URL that cannot be traced has nothing to report but its error.
    if !(report.trace.requests.is_empty() && show.format == Format::Text) {
        unless_reader_gone(render::render(&report, format(show.format), &style(show), out))?;
    }
    if let Some(collector) = collector {
        unless_reader_gone(out.flush())?;
        let mut sending = otlp::Sending::to(*collector);
        sending.add(&report)?;
        sending.end(&session).await;
    }
    let failure = report.part(|report| report.trace.failure());
    let told = failure.and_then(|failure| complaint(failure, show));
    let told = told.or_else(|| broken_budgets(&report.budgets, report.trace.failure(), show));
    let told = told.or_else(|| unexpected(&report, show));
    Ok(Ended { code, complaint: told, signal })
}

/// Reads off how much of a body has gone out.
fn uploaded(body: &RequestBody) -> Uploaded {
    let (meter, whole) = (Arc::clone(&body.meter), body.length());
    Arc::new(move || (meter.sent(), whole))
}

async fn ask(
    input: String,
    question: Question,
    plan: Plan,
    lab: bool,
    show: &Show,
    setup: Stopwatch,
    out: &mut dyn Write,
) -> Result<Ended, Problem> {
    let progress = Progress::new(show.progress);
    let max_time = plan.max_time;
    let prepare = |plan: Plan| Resolver::new(plan.dns);
    let (session, resolver) = Session::begin(plan, lab, max_time, setup, prepare).await?;
    let Session { setup, clock, ref stop, ref signals, .. } = session;
    progress.stage(|| redact(format!("dns {}", question.name), show.secrets));
    let (mut dns, result, lanes) = resolver.ask(&question, &clock, stop).await;
    let total = dns.end.since(At(0));
    lanes.settle(&mut dns, UNCOUNTED_GRACE, &clock, stop).await;
    let failure = result.err();
    if dns::is_worth_a_survey(failure.as_ref().map(|failure| failure.code)) {
        resolver.survey(&mut dns, &clock, stop).await;
    }
    progress.finish();
    let mut findings = finding::check_dns(&dns, clock.started_at());
    show.selection.apply(&mut findings);
    let signal = signals.first();
    let own = if failure.is_some() { exit::DNS } else { limits(&findings, None, show).code() };
    let exit_code = signal.map_or(own, Signal::exit_code);
    let started_at = clock.started_at();
    let report = DnsReport { input, started_at, setup, total, dns, failure, findings, exit_code };
    let report = redact(report, show.secrets);
    let failure = report.part(|report| report.failure.as_ref());
    if show.short {
        unless_reader_gone(render::render_short(&report, &style(show), out))?;
        // A failure has its own place, with its hint.
        if failure.is_none() {
            render::short_reason(&report, &style(show));
        }
    } else {
        unless_reader_gone(render::render_dns(&report, format(show.format), &style(show), out))?;
    }
    Ok(Ended { code: exit_code, complaint: failure.and_then(|failure| complaint(failure, show)), signal })
}

async fn ask_all(
    plan: Plan,
    batch: Batch,
    lab: bool,
    show: &Show,
    setup: Stopwatch,
    out: &mut dyn Write,
) -> Result<Ended, Problem> {
    // A plan that cannot be used is told of before the first question, not in the middle of the results.
    let prepare = |plan: Plan| Resolver::new(plan.dns.clone()).map(|_| plan.dns);
    let (session, plan) = Session::begin(plan, lab, BATCH_TIME, setup, prepare).await?;
    let Session { setup, clock, ref stop, ref signals, .. } = session;
    let mut code = exit::OK;
    let mut tell = |question: &Question, dns: Dns, failure: Option<Failure>| {
        let mut findings = if show.format != Format::Text || !show.selection.fail_on.is_empty() {
            finding::check_dns(&dns, clock.started_at())
        } else {
            Vec::new()
        };
        show.selection.apply(&mut findings);
        let exit_code = if failure.is_some() { exit::DNS } else { limits(&findings, None, show).code() };
        // A name without an answer is stronger than what was found about another.
        if exit_code == exit::DNS || code == exit::OK {
            code = exit_code;
        }
        let report = DnsReport {
            exit_code,
            input: question.name.clone(),
            started_at: clock.started_at(),
            setup,
            total: dns.end.since(dns.start),
            dns,
            failure,
            findings,
        };
        let report = redact(report, show.secrets);
        if show.short {
            render::render_short(&report, &style(show), out)?;
            render::short_reason(&report, &style(show));
        } else {
            render::render_dns_line(&report, format(show.format), &style(show), out)?;
        }
        // Whoever reads along sees each result when it is there.
        out.flush()
    };
    unless_reader_gone(dns::ask_all(&plan, &batch, &clock, stop, &mut tell).await)?;
    let signal = signals.first();
    Ok(Ended { code: signal.map_or(code, Signal::exit_code), complaint: None, signal })
}

/// Each step of the tour: its question, its run, its reading. What a run ends with is part of the lesson.
fn tour(
    steps: Vec<(usize, Settings)>,
    waits: bool,
    style: &Style,
    out: &mut dyn Write,
) -> Result<Ended, Problem> {
    let last = steps.len();
    for (told, (index, settings)) in steps.into_iter().enumerate() {
        let Some(step) = STEPS.get(index) else { continue };
        render::tour_question(index + 1, step, style, out)?;
        let ended = run(settings, Stopwatch::start(), out)?;
        if ended.signal.is_some() {
            return Ok(ended);
        }
        render::tour_reading(step, ended.code, style, out)?;
        if waits && told + 1 < last {
            render::tour_prompt(out)?;
            let mut line = String::new();
            if io::stdin().read_line(&mut line)? == 0 || line.trim().eq_ignore_ascii_case("q") {
                break;
            }
        }
    }
    Ok(exit::OK.into())
}

async fn serve_lab(out: &mut dyn Write) -> Result<Ended, Problem> {
    let lab = Lab::start().await.map_err(Problem::Internal)?;
    render::lab_serving(&lab, out)?;
    // Being stopped is how it ends.
    Signals::listen().wait().await;
    Ok(exit::OK.into())
}

fn explain(topic: Option<&str>, show: &Show, out: &mut dyn Write) -> io::Result<Ended> {
    let Some(words) = topic else {
        render::topic_list(&topics::all(), &style(show), out)?;
        return Ok(exit::OK.into());
    };
    match topics::look_up(words) {
        Found::Topics(topics) => {
            render::topics(&topics, &style(show), out)?;
            Ok(exit::OK.into())
        }
        Found::Near(near) => {
            let complaint = Some(render::no_topic(words, &near, &style(show)));
            Ok(Ended { code: exit::USAGE, complaint, signal: None })
        }
    }
}

fn generate(what: Generate, out: &mut dyn Write) -> io::Result<u8> {
    let command = Cli::command();
    match what {
        Generate::Man => render::man::write(command, out)?,
        Generate::Bash => render::completions::write(command, Shell::Bash, out)?,
        Generate::Zsh => render::completions::write(command, Shell::Zsh, out)?,
        Generate::Fish => render::completions::write(command, Shell::Fish, out)?,
        Generate::Schema => out.write_all(render::schema_file().as_bytes())?,
    }
    Ok(exit::OK)
}
