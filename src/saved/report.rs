//! The report of a document: the trace, and what was said of it.
//!
//! What follows from the trace is reckoned again; where the document says otherwise, it is taken at its word: another
//! version of the program may have made it, and with another selection of findings.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::hop::Rows;
use super::page::page;
use super::value::{Fault, Object, Read, objects, record};
use crate::budget::{Budget, Judged};
use crate::exit::{self, Statuses};
use crate::finding::{self, Culprit, Finding, Load, Mark, RULES, Saving, Verdict};
use crate::report::{Expected, TraceReport};
use crate::timeline::Phase;
use crate::trace::{Failure, Page, Trace};

/// The report of one trace.
pub(super) fn report(value: &Value) -> Read<TraceReport> {
    let it = Object::of(value)?;
    let trace = trace(&it)?;
    let reckoned = finding::check(&trace);
    let verdict = verdict(&it, finding::verdict(&trace, &reckoned))?;
    let own_code = trace.failure().map_or(exit::OK, |failure| exit::of_stage(failure.stage));
    Ok(record!(it, TraceReport { budgets } {
        exit_code: it.or("exit_code", own_code)?,
        findings: findings(&it, reckoned)?,
        verdict: verdict,
        expected: it.get("expected_status")?,
        trace: trace,
    }))
}

pub(super) fn trace(it: &Object<'_>) -> Read<Trace> {
    let mut rows = Rows::default();
    for (index, hop) in it.list("hops")? {
        rows.add(hop).map_err(|fault| fault.within(index).within("hops"))?;
    }
    let chain = rows.requests.len();
    let is_page = it.get::<Option<String>>("kind")?.as_deref() == Some("page");
    let page = is_page.then(|| page(it, &mut rows)).transpose()?;
    let (lookups, connections, mut requests) = rows.tables()?;
    let behind = requests.split_off(chain);
    let failure: Option<Failure> = it.get("failure")?;
    // The first documents had it here alone.
    if let Some(last) = requests.last_mut().filter(|last| last.failure.is_none()) {
        last.failure.clone_from(&failure);
    }
    Ok(record!(it, Trace { lab } {
        // Of a row of several these stand outside.
        input: it.or("input", String::new())?,
        started_at: it.or("started_at", SystemTime::UNIX_EPOCH)?,
        setup: it.or("setup_us", Duration::ZERO)?,
        total: it.get(if is_page { "document_us" } else { "total_us" })?,
        lookups: lookups,
        connections: connections,
        no_request: failure.filter(|_| requests.is_empty()),
        requests: requests,
        page: page.map(|page| Box::new(Page { requests: behind, ..page })),
        brief: None,
    }))
}

objects! {
    Judged => |it| record!(it, Judged { actual, held, reason } {
        budget: Budget::of_what(&it.get::<String>("what")?, it.get("limit")?)
            .ok_or_else(|| Fault::new("it is nothing that can be limited").within("what"))?,
    });
    Expected => |it| record!(it, Expected { met } {
        statuses: Statuses::read(&it.get::<String>("statuses")?)
            .map_err(|why| Fault::new(why).within("statuses"))?,
    });
}

/// The findings that the document has, each with the places and the moments of the one that was reckoned.
pub(super) fn findings(it: &Object<'_>, mut reckoned: Vec<Finding>) -> Read<Vec<Finding>> {
    it.list("findings")?
        .map(|(index, row)| {
            finding(row, &mut reckoned).map_err(|fault| fault.within(index).within("findings"))
        })
        .collect()
}

fn finding(row: &Value, reckoned: &mut Vec<Finding>) -> Read<Finding> {
    let it = Object::of(row)?;
    let (id, title): (&'static str, String) = (it.get("id")?, it.get("title")?);
    let same = reckoned.iter().position(|other| other.id == id && other.title == title);
    let same = same.or_else(|| reckoned.iter().position(|other| other.id == id));
    let same = same.map(|index| reckoned.remove(index));
    let (evidence, known) = same.map_or((Vec::new(), None), |same| (same.evidence, same.saving));
    let standard = RULES.iter().find(|rule| rule.id == id).map_or("", |rule| rule.standard);
    Ok(record!(it, Finding { severity, stage, detail, advice } {
        standard: it.or("standard", standard)?,
        id: id,
        title: title,
        evidence: evidence,
        saving: it.with("saving", |value| saving(value, known))?,
    }))
}

/// A saving, with the moments and mends of the one that was reckoned.
fn saving(value: &Value, reckoned: Option<Saving>) -> Read<Saving> {
    let it = Object::of(value)?;
    let (stretches, mends) = reckoned.map(|same| (same.stretches, same.mends)).unwrap_or_default();
    Ok(record!(it, Saving { basis, applies } {
        load: it.or("load", Load::This)?,
        mark: it.or("mark", Mark::Document)?,
        amount: it.get("us")?,
        low: it.get("low_us")?,
        high: it.get("high_us")?,
        stretches: stretches,
        mends: mends,
    }))
}

/// The verdict of the document, with the place of the one that was reckoned.
fn verdict(document: &Object<'_>, reckoned: Verdict) -> Read<Verdict> {
    let Some(it) = document.object("verdict")? else { return Ok(reckoned) };
    let read = || -> Read<Verdict> {
        let known = reckoned.saving.clone();
        Ok(record!(it, Verdict { summary, share_percent } {
            phase: it.get::<Option<Phase>>("stage")?,
            duration: it.get("duration_us")?,
            saving: it.with("saving", |value| saving(value, known))?,
            culprit: match it.with("culprit", |value| culprit(value, &reckoned.culprit))? {
                Some(culprit) => culprit,
                None => reckoned.culprit.clone(),
            },
        }))
    };
    read().map_err(|fault| fault.within("verdict"))
}

fn culprit(value: &Value, reckoned: &Culprit) -> Read<Culprit> {
    let it = Object::of(value)?;
    Ok(record!(it, Culprit { stage, cause, span, host, server } { place: reckoned.place }))
}
