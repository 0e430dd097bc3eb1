//! `urltrace check`: one trace, one line, and the exit code that a monitor reads.

use std::io::Write;

use super::session::{Ended, Problem, Session, unless_reader_gone};
use crate::check::{Thresholds, check};
use crate::cli::Show;
use crate::clock::Stopwatch;
use crate::plan::Plan;
use crate::redact::redact;
use crate::render;
use crate::report::TraceReport;
use crate::signals::Signal;
use crate::tracer::{Run, Tracer};

/// Traces, and judges.
pub(super) async fn checked(
    url: &str,
    plan: Plan,
    thresholds: Thresholds,
    lab: bool,
    show: &Show,
    setup: Stopwatch,
    out: &mut dyn Write,
) -> Result<Ended, Problem> {
    let max_time = plan.max_time;
    let prepare = |plan| Ok(Tracer::new(plan)?.ready_for(url));
    let (session, tracer) = Session::begin(plan, lab, max_time, setup, prepare).await?;
    let run = Run { clock: &session.clock, stop: &session.stop, setup: session.setup, on_stage: &|_, _| {} };
    let trace = tracer.trace(url, run).await;
    let checked = check(&trace, &thresholds);
    let code = checked.state.code();
    let report = redact(TraceReport::of(trace, &show.selection, |_, _| code), show.secrets);
    unless_reader_gone(render::check_line(&report, &checked, &thresholds, max_time, out))?;
    let signal = session.signals.first();
    Ok(Ended { code: signal.map_or(code, Signal::exit_code), complaint: None, signal })
}
