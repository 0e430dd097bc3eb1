//! A rule: its identity, what it looks at, and how it makes a finding.

use std::time::SystemTime;

use super::found::{Finding, Severity};
use super::place::Place;
use crate::trace::{Connect, Connection, ConnectionId, Dns, Stage, StageName, Tls, Trace};

/// A rule: its identity and its check.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Prefixed by the stage; names the fault, not the cure; its file's name in kebab-case.
    pub id: &'static str,
    /// The usual severity.
    pub severity: Severity,
    /// The stage.
    pub stage: StageName,
    /// When it fires, in one sentence.
    pub fires: &'static str,
    /// What it measures by: a standard and its section.
    pub standard: &'static str,
    pub(super) check: Check,
}

/// What a rule looks at.
#[derive(Clone, Copy)]
pub(super) enum Check {
    /// All of a trace.
    Trace(fn(&Rule, &Trace) -> Vec<Finding>),
    /// Its lookups only: such a rule holds for a name that was looked up for its own sake, too.
    Lookups(fn(&Rule, Lookups<'_>) -> Vec<Finding>),
}

/// Lookups, and when they were made.
#[derive(Clone, Copy)]
pub(super) struct Lookups<'t> {
    /// All of the chain, by their ids.
    pub(super) all: &'t [Dns],
    /// Wall time of t0.
    pub(super) started_at: SystemTime,
}

impl<'t> From<&'t Trace> for Lookups<'t> {
    fn from(trace: &'t Trace) -> Self {
        // Those of a page's resources lie behind them, and the document has no more than their times.
        let of_chain = trace.requests.iter().filter_map(|request| request.lookup.ran());
        let all = of_chain.map(|id| id.0 + 1).max().unwrap_or(0).min(trace.lookups.len());
        Self { all: &trace.lookups[..all], started_at: trace.started_at }
    }
}

impl Rule {
    /// What it finds in a trace.
    pub(super) fn look_at(&self, trace: &Trace) -> Vec<Finding> {
        match self.check {
            Check::Trace(check) => check(self, trace),
            Check::Lookups(check) => check(self, trace.into()),
        }
    }

    /// A finding of this rule.
    pub(super) fn finding(&self, title: String, evidence: Vec<Place>, advice: impl Into<String>) -> Finding {
        Finding {
            id: self.id,
            severity: self.severity,
            stage: self.stage,
            standard: self.standard,
            title,
            detail: String::new(),
            evidence,
            advice: advice.into(),
            saving: None,
        }
    }
}

/// The connections of the chain, which the document has in full; of those of a page's resources it has no more than
/// their numbers, and no evidence could lead there.
pub(super) fn of_chain(trace: &Trace) -> impl Iterator<Item = (usize, &Connection)> {
    let all = trace.connections.iter().enumerate();
    all.filter(|(_, connection)| connection.opened_for.0 < trace.requests.len())
}

/// Every connection race.
pub(super) fn connections(trace: &Trace) -> impl Iterator<Item = (ConnectionId, &Connect)> {
    let all = of_chain(trace);
    all.map(|(index, connection)| (ConnectionId(index), &connection.tcp))
}

/// Every TLS handshake.
pub(super) fn handshakes(trace: &Trace) -> impl Iterator<Item = (ConnectionId, &Tls)> {
    let all = of_chain(trace);
    all.filter_map(|(index, connection)| {
        let tls: Stage<&Tls> = connection.tls.as_ref();
        Some((ConnectionId(index), tls.ran()?))
    })
}
