//! Documents of several traces: many runs of one URL, one URL in several ways; and that of a name.

use std::time::Duration;

use serde_json::Value;

use super::report::{findings, report, trace};
use super::value::{Fault, Object, Read, objects, record};
use crate::finding;
use crate::plan::{RepeatPlan, RunDetail, RunStart, Varied};
use crate::report::{
    CompareReport, Compared, DnsReport, RepeatEnd, RepeatReport, Repeated, ToldOfRuns, TraceReport,
};
use crate::runs::{Change, NamedBy, Pattern, PatternKind, Slowest};
use crate::timeline::Phase;
use crate::trace::{Brief, Failure, Trace};

/// Many runs of one URL. What was wanted beyond the runs that were made is not told, and nobody asks.
pub(super) fn repeat(value: &Value) -> Read<RepeatReport> {
    let it = Object::of(value)?;
    let (late, lab, start) = (late(&it)?, it.get("lab")?, it.or("start", RunStart::Cold)?);
    let first = it.list("runs")?.next();
    let is_brief = first.is_some_and(|(_, run)| run.get("hops").is_none());
    let run = |(index, row): (usize, &Value)| -> Read<Repeated> {
        let report = if is_brief { brief(row, lab, start)? } else { report(row)? };
        Ok(Repeated { report, late: late.get(index).copied() })
    };
    let within = |(index, row)| run((index, row)).map_err(|fault| fault.within(index).within("runs"));
    let runs = it.list("runs")?.map(within).collect::<Read<Vec<_>>>()?;
    let plan = RepeatPlan {
        runs: runs.len(),
        duration: None,
        interval: it.get("interval_us")?,
        start,
        detail: if is_brief { RunDetail::Brief } else { RunDetail::Whole },
    };
    Ok(record!(it, RepeatReport { input, budgets, exit_code } {
        plan: plan,
        warm_up: it.with("warmup", |value| warm_up(value, lab))?,
        runs: runs,
        end: it.or("ended", RepeatEnd::Done)?,
        told: if is_brief { Some(Box::new(told(&it)?)) } else { None },
    }))
}

/// A run that was saved with `--brief`: no more is known of it.
fn brief(value: &Value, lab: bool, start: RunStart) -> Read<TraceReport> {
    let it = Object::of(value)?;
    if start.keeps_connections() && value.get("kept_connection").is_none() {
        return Err(Fault::new("it is not there: older versions did not save it").within("kept_connection"));
    }
    let mut trace = in_brief(&it, "final_status")?;
    trace.lab = lab;
    let code = it.get("exit_code")?;
    Ok(TraceReport::without_findings(trace, |_, _| code))
}

/// A run whose requests were not saved; `status` is what the member of its last one's status is called.
fn in_brief(it: &Object<'_>, status: &str) -> Read<Trace> {
    let setup = it.or("setup_us", Duration::ZERO)?;
    let mut trace = Trace::new(String::new(), it.get("started_at")?, setup);
    (trace.total, trace.no_request) = (it.get("total_us")?, it.get("failure")?);
    let phases = it.object("phases")?.ok_or_else(|| Fault::new("it is not there").within("phases"))?;
    let spent = Phase::ALL.iter().map(|phase| phases.or(&format!("{}_us", phase.as_str()), None));
    trace.brief = Some(Box::new(Brief {
        status: it.get(status)?,
        failed_hop: it.object("failure")?.map_or(Ok(0), |failure| failure.or("hop", 0))?,
        kept: it.or("kept_connection", None)?,
        spent: spent.collect::<Read<_>>().map_err(|fault| fault.within("phases"))?,
        unaccounted: phases.or("unaccounted_us", 0).map_err(|fault| fault.within("phases"))?,
    }));
    Ok(trace)
}

/// What was told of such runs, and does not follow from what is known of each.
fn told(it: &Object<'_>) -> Read<ToldOfRuns> {
    let kept = match it.object("warmup")? {
        Some(warm_up) => warm_up.or("kept", Vec::new()).map_err(|fault| fault.within("warmup"))?,
        None => Vec::new(),
    };
    let Some(summary) = it.object("summary")? else {
        return Ok(ToldOfRuns { slowest: None, patterns: Vec::new(), kept });
    };
    let read = || -> Read<ToldOfRuns> {
        let (slowest, patterns) = (summary.or("slowest", None)?, summary.or("patterns", Vec::new())?);
        Ok(ToldOfRuns { slowest, patterns, kept: kept.clone() })
    };
    read().map_err(|fault| fault.within("summary"))
}

/// The walk before the runs, of which its time and its failure are told.
fn warm_up(value: &Value, lab: bool) -> Read<Trace> {
    let it = Object::of(value)?;
    let began = std::time::SystemTime::UNIX_EPOCH;
    let mut trace = Trace::new(String::new(), began, Duration::ZERO);
    (trace.total, trace.lab) = (it.get("total_us")?, lab);
    trace.no_request = it.get::<Option<Failure>>("failure")?;
    Ok(trace)
}

/// How late each run began; none without an interval.
fn late(it: &Object<'_>) -> Read<Vec<Duration>> {
    let Some(summary) = it.object("summary")? else { return Ok(Vec::new()) };
    let Some(late) = summary.object("late")? else { return Ok(Vec::new()) };
    late.get("runs_us")
}

objects! {
    Slowest => |it| record!(it, Slowest { run, phase, differences } {
        total: it.get("total_us")?,
        more: it.get("more_us")?,
        in_phase: it.get("phase_more_us")?,
    });
    Pattern => |it| record!(it, Pattern { phase, slow_runs, chance } {
        kind: pattern_kind(&it)?,
        fast: it.get("fast_us")?,
        slow: it.get("slow_us")?,
        of: it.get("runs")?,
    });
    Compared => |it| record!(it, Compared { label } { runs: ways_runs(&it)? });
    Change => |it| record!(it, Change { what } { a: it.rows("a", counted)?, b: it.rows("b", counted)? });
}

/// A value, and how many runs had it.
fn counted(value: &Value) -> Read<(String, usize)> {
    let it = Object::of(value)?;
    Ok((it.get("value")?, it.get("runs")?))
}

fn pattern_kind(it: &Object<'_>) -> Read<PatternKind> {
    let kind: String = it.get("kind")?;
    let missing = |what: &'static str| Fault::new("it is not there").within(what);
    Ok(match kind.as_str() {
        "flapping" => PatternKind::Flapping { period: it.get("period")? },
        "bimodal" => PatternKind::Bimodal,
        "drift" => PatternKind::Drift { per_run: it.get("per_run_us")? },
        "bad-backend" => {
            let backend = it.object("backend")?.ok_or_else(|| missing("backend"))?;
            let by: &'static str = backend.get("told_apart_by")?;
            let by = if by == NamedBy::Address.as_str() { NamedBy::Address } else { NamedBy::Field(by) };
            PatternKind::BadBackend { by, server: backend.get("server")?, servers: backend.get("servers")? }
        }
        _ => return Err(Fault::new("it is no pattern that is known").within("kind")),
    })
}

/// The runs of one way. What stands for them all is in its row.
fn ways_runs(row: &Object<'_>) -> Read<Vec<Trace>> {
    let runs: Vec<(usize, &Value)> = row.list("runs")?.collect();
    if runs.len() < 2 {
        return Ok(vec![trace(row)?]);
    }
    let shown: usize = row.get("shown_run")?;
    let run = |(at, value): (usize, &Value)| -> Read<Trace> {
        let it = Object::of(value)?;
        match at {
            at if at == shown => trace(row),
            _ if it.has("hops") => trace(&it),
            _ => in_brief(&it, "status"),
        }
    };
    let within = |(at, value)| run((at, value)).map_err(|fault| fault.within(at).within("runs"));
    runs.into_iter().map(within).collect()
}

/// One URL in several ways. What all rows have stands once.
pub(super) fn compare(value: &Value) -> Read<CompareReport> {
    let it = Object::of(value)?;
    let mut report = record!(it, CompareReport { input, exit_code } {
        varied: it.or("varied", Varied::Http)?,
        rounds: it.or("rounds", 1)?,
        start: it.or("start", RunStart::Cold)?,
        rows: it.get("compare")?,
        note: it.or("note", None)?,
        end: it.or("ended", RepeatEnd::Done)?,
        detail: RunDetail::Whole,
        told: None,
    });
    if report.rows.iter().flat_map(|row| &row.runs).any(|trace| trace.brief.is_some()) {
        report.detail = RunDetail::Brief;
        report.told = Some(otherwise(&it)?);
    }
    let (lab, started_at) = (it.get("lab")?, it.get("started_at")?);
    for trace in report.rows.iter_mut().flat_map(|row| &mut row.runs) {
        trace.input.clone_from(&report.input);
        trace.lab = lab;
        if let (Some(started_at), true) = (started_at, trace.started_at == std::time::SystemTime::UNIX_EPOCH)
        {
            trace.started_at = started_at;
        }
    }
    Ok(report)
}

/// What was told of each way but the first, where its runs do not tell it any more.
fn otherwise(it: &Object<'_>) -> Read<Vec<Vec<Change>>> {
    let changes = |row: &Value| -> Read<Vec<Change>> {
        let against = Object::of(row)?.object("against_first")?;
        let told = against.map_or(Ok(Vec::new()), |against| against.or("changes", Vec::new()));
        told.map_err(|fault| fault.within("against_first"))
    };
    let within = |(at, row)| changes(row).map_err(|fault| fault.within(at).within("compare"));
    it.list("compare")?.skip(1).map(within).collect()
}

/// One name.
pub(super) fn dns(value: &Value) -> Read<DnsReport> {
    let it = Object::of(value)?;
    let (started_at, dns) = (it.get("started_at")?, it.get("dns")?);
    let reckoned = finding::check_dns(&dns, started_at);
    Ok(record!(it, DnsReport { input, failure, exit_code } {
        setup: it.or("setup_us", Duration::ZERO)?,
        total: it.get("total_us")?,
        findings: findings(&it, reckoned)?,
        started_at: started_at,
        dns: dns,
    }))
}
