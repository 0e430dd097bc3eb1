//! Documents of several traces: many runs of one URL, one URL in several ways; and that of a name.

use std::time::Duration;

use serde_json::Value;

use super::report::{findings, report, trace};
use super::value::{Fault, Object, Read, objects, record};
use crate::finding;
use crate::plan::{RepeatPlan, RunDetail, RunStart, Varied};
use crate::report::{CompareReport, Compared, DnsReport, RepeatEnd, RepeatReport, Repeated};
use crate::trace::{Failure, Trace};

/// Many runs of one URL. What was wanted beyond the runs that were made is not told, and nobody asks.
pub(super) fn repeat(value: &Value) -> Read<RepeatReport> {
    let it = Object::of(value)?;
    let late = late(&it)?;
    let run = |(index, row): (usize, &Value)| {
        if !Object::of(row)?.has("hops") {
            return Err(Fault::new("the runs were saved with --brief: only their phases are known"));
        }
        Ok(Repeated { report: report(row)?, late: late.get(index).copied() })
    };
    let within = |(index, row)| run((index, row)).map_err(|fault| fault.within(index).within("runs"));
    let runs = it.list("runs")?.map(within).collect::<Read<Vec<_>>>()?;
    let plan = RepeatPlan {
        runs: runs.len(),
        duration: None,
        interval: it.get("interval_us")?,
        start: it.or("start", RunStart::Cold)?,
        detail: RunDetail::Whole,
    };
    let lab = it.get("lab")?;
    Ok(record!(it, RepeatReport { input, budgets, exit_code } {
        plan: plan,
        warm_up: it.with("warmup", |value| warm_up(value, lab))?,
        runs: runs,
        end: it.or("ended", RepeatEnd::Done)?,
    }))
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
    Compared => |it| record!(it, Compared { label } { runs: ways_runs(&it)? });
}

/// The runs of one way. What stands for them all is in its row.
fn ways_runs(row: &Object<'_>) -> Read<Vec<Trace>> {
    let runs: Vec<(usize, &Value)> = row.list("runs")?.collect();
    if runs.len() < 2 {
        return Ok(vec![trace(row)?]);
    }
    let shown: usize = row.get("shown_run")?;
    let run = |(at, value): (usize, &Value)| {
        let it = Object::of(value)?;
        match at {
            at if at == shown => trace(row),
            _ if it.has("hops") => trace(&it),
            _ => Err(Fault::new("its requests are not there: of each way one run alone was saved whole")),
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
    });
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
