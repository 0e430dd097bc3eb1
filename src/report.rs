//! All that a report is made from: what was seen, and what follows from it.

use std::time::{Duration, SystemTime};

use crate::finding::{Finding, Selection, Verdict};
use crate::trace::{Dns, Failure, HttpVersion, Trace};

/// A traced URL.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceReport {
    /// What was seen.
    pub trace: Trace,
    /// What is wrong, slow or worth knowing.
    pub findings: Vec<Finding>,
    /// Where the time went, or what failed.
    pub verdict: Verdict,
    /// The process's exit code.
    pub exit_code: u8,
}

/// One URL by several versions of HTTP, one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareReport {
    /// The URL as it was typed.
    pub input: String,
    /// A run for each version.
    pub rows: Vec<Compared>,
    /// The process's exit code.
    pub exit_code: u8,
}

/// A run by one version.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The version that was asked for.
    pub version: HttpVersion,
    /// What was seen.
    pub trace: Trace,
}

impl CompareReport {
    /// Why the first row failed, where all did.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        let all = self.rows.iter().all(|row| row.trace.failure().is_some());
        self.rows.first().filter(|_| all)?.trace.failure()
    }
}

/// One run of `urltrace dns`.
#[derive(Clone, Debug, PartialEq)]
pub struct DnsReport {
    /// The name as it was typed.
    pub input: String,
    /// Wall time of t0.
    pub started_at: SystemTime,
    /// Client set-up before t0.
    pub setup: Duration,
    /// From t0 to the end of the walk; in a batch from its own start.
    pub total: Duration,
    /// The walk.
    pub dns: Dns,
    /// What ended it before its goal.
    pub failure: Option<Failure>,
    /// What is wrong with it or worth knowing.
    pub findings: Vec<Finding>,
    /// The process's exit code.
    pub exit_code: u8,
}

impl TraceReport {
    /// The report of a trace with the findings that are selected, of a process that ends with `exit_code`.
    ///
    /// The verdict is on the whole: what is not reported may still be what decides.
    #[must_use]
    pub fn of(
        mut trace: Trace,
        selection: &Selection,
        exit_code: impl FnOnce(&Trace, &[Finding]) -> u8,
    ) -> Self {
        crate::reading::note(&mut trace);
        let mut findings = crate::finding::check(&trace);
        let verdict = crate::finding::verdict(&trace, &findings);
        selection.apply(&mut findings);
        let exit_code = exit_code(&trace, &findings);
        Self { trace, findings, verdict, exit_code }
    }
}
