//! What a rule finds in the sample traces, for the rules' tests.

use super::found::Finding;
use super::place::{InLookup, Place};
use super::rule::Rule;
use super::verdict::verdict;
use crate::redact::{Secrets, redact};
use crate::render::{Format, Style, render};
use crate::report::TraceReport;
use crate::trace::{LookupId, ServerFault, Trace};

pub(crate) use crate::trace::sample::*;

/// The findings of one rule.
///
/// Wherever one rests on, the document must show: the JSON renderer stops at a place that it does not have.
pub(crate) fn of(rule: &Rule, trace: &Trace) -> Vec<Finding> {
    let findings = rule.look_at(trace);
    let report = TraceReport {
        trace: trace.clone(),
        findings: findings.clone(),
        verdict: verdict(trace, &findings),
        budgets: Vec::new(),
        expected: None,
        exit_code: 0,
    };
    let mut out = Vec::new();
    render(&redact(report, Secrets::Hide), Format::Json, &Style::default(), &mut out).unwrap();
    findings
}

/// A trace whose `--all-ns` met `fault` at 198.51.100.4, after seeing that `rule` speaks of that server
/// only, with `says` after its address.
pub(crate) fn with_faulty_server(rule: &Rule, fault: ServerFault, says: &str) -> Trace {
    let mut trace = sound();
    dns(&mut trace).all_servers =
        Some(vec![server("198.51.100.3:53", vec![]), server("198.51.100.4:53", vec![])]);
    assert!(of(rule, &trace).is_empty());
    dns(&mut trace).all_servers.as_mut().unwrap()[1].faults = vec![fault];
    let findings = of(rule, &trace);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].title.contains(&format!("(198.51.100.4{says}")), "{}", findings[0].title);
    assert_eq!(findings[0].evidence, [Place::Lookup(LookupId(0), InLookup::ServerFaults(1))]);
    trace
}
