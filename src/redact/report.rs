//! The redaction of whole reports and of single texts.

use super::redacted::Redact;
use super::seen::Seen;
use super::shape::Shape;
use crate::diff::{Diff, Side};
use crate::finding::{Finding, Saving, Verdict};
use crate::report::{CompareReport, Compared, DnsReport, RepeatReport, Repeated, ToldOfRuns, TraceReport};
use crate::runs::{Change, PatternKind};
use crate::trace::{Failure, FailureCode};

impl Redact for TraceReport {
    fn learn(&self, seen: &mut Seen) {
        self.trace.learn(seen);
    }

    fn hide(&mut self, seen: &Seen) {
        let Self { trace, findings, verdict, budgets: _, expected: _, exit_code: _ } = self;
        trace.hide(seen);
        findings.iter_mut().for_each(|finding| hide_finding(finding, seen));
        // Hosts and servers are public.
        let Verdict { summary, phase: _, share_percent: _, duration: _, saving, culprit: _ } = verdict;
        if let Some(saving) = saving {
            seen.sentence(&mut saving.applies);
        }
        // It repeats the failure's sentence.
        match trace.failure() {
            Some(failure) if is_on_url(failure.code) => seen.sentence_on_pieces(summary),
            _ => seen.sentence(summary),
        }
    }
}

impl Redact for CompareReport {
    fn learn(&self, seen: &mut Seen) {
        seen.learn(&self.input, Shape::Typed);
        for row in &self.rows {
            if is_url(&row.label) {
                seen.learn(&row.label, Shape::Typed);
            }
            row.runs.iter().for_each(|trace| trace.learn(seen));
        }
    }

    fn hide(&mut self, seen: &Seen) {
        let Self { input, varied: _, rounds: _, start: _, detail: _, rows, note, end: _, exit_code: _, told } =
            self;
        seen.clean(input, Shape::Typed);
        // They have passed here before, unless secrets were wanted.
        told.iter_mut().flatten().for_each(|changes| hide_changes(changes, seen));
        seen.sentences(note);
        for Compared { label, runs } in rows {
            if is_url(label) {
                seen.clean(label, Shape::Typed);
            }
            runs.iter_mut().for_each(|trace| trace.hide(seen));
        }
    }
}

/// Whether a way is called by a URL: the others have words of ours, and addresses.
fn is_url(label: &str) -> bool {
    label.contains(['/', '@', '?']) && !label.starts_with("HTTP/")
}

impl Redact for RepeatReport {
    fn learn(&self, seen: &mut Seen) {
        seen.learn(&self.input, Shape::Typed);
        self.runs.iter().for_each(|run| run.report.learn(seen));
    }

    fn hide(&mut self, seen: &Seen) {
        let Self { input, plan: _, warm_up, runs, end: _, budgets: _, exit_code: _, told } = self;
        seen.clean(input, Shape::Typed);
        if let Some(told) = told {
            // They have passed here before, unless secrets were wanted.
            let ToldOfRuns { slowest, patterns, kept: _ } = &mut **told;
            seen.sentences(slowest.iter_mut().flat_map(|slowest| &mut slowest.differences));
            for pattern in patterns {
                if let PatternKind::BadBackend { server, .. } = &mut pattern.kind {
                    seen.sentence(server);
                }
            }
        }
        if let Some(trace) = warm_up {
            trace.hide(seen);
        }
        for Repeated { report, late: _ } in runs {
            report.hide(seen);
        }
    }
}

impl Redact for DnsReport {
    fn learn(&self, seen: &mut Seen) {
        seen.learn(&self.input, Shape::Typed);
        seen.host(&self.dns.name);
    }

    fn hide(&mut self, seen: &Seen) {
        let Self { input, started_at: _, setup: _, total: _, dns, failure, findings, exit_code: _ } = self;
        seen.clean(input, Shape::Typed);
        dns.hide(seen);
        if let Some(failure) = failure {
            failure.hide(seen);
        }
        findings.iter_mut().for_each(|finding| hide_finding(finding, seen));
    }
}

impl Redact for Failure {
    fn learn(&self, _: &mut Seen) {}

    fn hide(&mut self, seen: &Seen) {
        let Self { stage: _, code, message, hint, running: _ } = self;
        for text in std::iter::once(message).chain(hint) {
            if is_on_url(*code) { seen.sentence_on_pieces(text) } else { seen.sentence(text) }
        }
    }
}

/// Whether a failure speaks of a URL that could not be read.
const fn is_on_url(code: FailureCode) -> bool {
    matches!(
        code,
        FailureCode::InvalidUrl
            | FailureCode::UnsupportedScheme
            | FailureCode::EmptyHost
            | FailureCode::InvalidHost
            | FailureCode::InvalidPort
            | FailureCode::BadRedirect
    )
}

/// What was saved has passed here before, unless its secrets were wanted.
impl Redact for Diff {
    fn learn(&self, seen: &mut Seen) {
        for side in [&self.a, &self.b] {
            seen.learn(&side.input, Shape::Typed);
        }
    }

    fn hide(&mut self, seen: &Seen) {
        let Self { a, b, rows: _, changes } = self;
        for Side { file: _, kind: _, input, started_at: _, runs: _, ok: _ } in [a, b] {
            seen.clean(input, Shape::Typed);
        }
        hide_changes(changes, seen);
    }
}

fn hide_changes(changes: &mut [Change], seen: &Seen) {
    for Change { what: _, a, b } in changes {
        a.iter_mut().chain(b).for_each(|(value, _)| seen.sentence(value));
    }
}

/// A sentence by itself: for a line of progress, or an error before there is anything to report.
impl Redact for String {
    fn learn(&self, _: &mut Seen) {}

    fn hide(&mut self, seen: &Seen) {
        seen.sentence(self);
    }
}

/// A URL, a host or a target, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed(pub String);

impl Redact for Typed {
    fn learn(&self, seen: &mut Seen) {
        seen.learn(&self.0, Shape::Typed);
    }

    fn hide(&mut self, seen: &Seen) {
        seen.clean(&mut self.0, Shape::Typed);
    }
}

/// Words that are not ours, about what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted(pub String);

impl Redact for Quoted {
    fn learn(&self, _: &mut Seen) {}

    fn hide(&mut self, seen: &Seen) {
        let Self(text) = self;
        seen.clean(text, Shape::Foreign);
    }
}

fn hide_finding(finding: &mut Finding, seen: &Seen) {
    let Finding { id: _, severity: _, stage: _, standard: _, title, detail, evidence: _, advice, saving } =
        finding;
    seen.sentences([title, detail, advice]);
    // Mends name requests by their numbers.
    if let Some(Saving {
        amount: _,
        low: _,
        high: _,
        basis: _,
        applies,
        load: _,
        stretches: _,
        mark: _,
        mends: _,
    }) = saving
    {
        seen.sentence(applies);
    }
}
