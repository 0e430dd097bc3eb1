//! All that a report is made from: what was seen, and what follows from it.

use std::time::{Duration, SystemTime};

use crate::budget::{Budget, Judged};
use crate::exit::Statuses;
use crate::finding::{Finding, Selection, Verdict};
use crate::plan::{RepeatPlan, RunDetail, RunStart, Varied};
use crate::runs::{self, Change, Pattern, Slowest};
use crate::trace::{Dns, Failure, Trace};

/// A traced URL.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceReport {
    /// What was seen.
    pub trace: Trace,
    /// What is wrong, slow or worth knowing.
    pub findings: Vec<Finding>,
    /// Where the time went, or what failed.
    pub verdict: Verdict,
    /// What it was allowed to cost, and whether that held.
    pub budgets: Vec<Judged>,
    /// `--expect`: which statuses were wanted, and whether one came.
    pub expected: Option<Expected>,
    /// The process's exit code.
    pub exit_code: u8,
}

/// Which statuses were wanted of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// As asked for.
    pub statuses: Statuses,
    /// Whether the last response has one of them; `None` where there is no response.
    pub met: Option<bool>,
}

impl Expected {
    /// What came of it.
    #[must_use]
    pub fn of(statuses: &Statuses, trace: &Trace) -> Self {
        let met = trace.last_status().map(|status| statuses.contain(status));
        Self { statuses: statuses.clone(), met }
    }
}

/// Several ways in turn.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareReport {
    /// The URL as it was typed; of several the first.
    pub input: String,
    /// What was varied.
    pub varied: Varied,
    /// How many rounds were wanted.
    pub rounds: usize,
    /// What each run began with.
    pub start: RunStart,
    /// What JSON has of each run that does not stand for its way.
    pub detail: RunDetail,
    /// The ways, in the order in which they were given. The first is what the others are set against.
    pub rows: Vec<Compared>,
    /// What there is to say of the ways themselves.
    pub note: Option<String>,
    /// Why there are no more runs.
    pub end: RepeatEnd,
    /// The process's exit code.
    pub exit_code: u8,
    /// Of ways that were saved in brief, what each but the first had otherwise than that; `None` where it follows from the
    /// runs.
    pub told: Option<Vec<Vec<Change>>>,
}

/// The runs of one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// What it is called.
    pub label: String,
    /// What was seen, round by round.
    pub runs: Vec<Trace>,
}

impl Compared {
    /// Why its first run failed, where all did.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        let all = self.runs.iter().all(|trace| trace.failure().is_some());
        self.runs.first().filter(|_| all)?.failure()
    }
}

impl CompareReport {
    /// Why the first way failed, where all did.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        let all = self.rows.iter().all(|row| row.failure().is_some() || row.runs.is_empty());
        self.rows.first().filter(|_| all)?.failure()
    }
}

/// Many runs of one URL, one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct RepeatReport {
    /// The URL as it was typed.
    pub input: String,
    /// How often, and what each run began with.
    pub plan: RepeatPlan,
    /// The walk before the first run, which is not counted; `None` where there was none.
    pub warm_up: Option<Trace>,
    /// The runs, in their order.
    pub runs: Vec<Repeated>,
    /// Why there are no more.
    pub end: RepeatEnd,
    /// What they were allowed to cost, and whether that held.
    pub budgets: Vec<Judged>,
    /// The process's exit code.
    pub exit_code: u8,
    /// Of runs that were saved in brief, what was told of them all; `None` where that follows from the runs.
    pub told: Option<Box<ToldOfRuns>>,
}

/// What was told of runs, each of which is known in brief alone.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldOfRuns {
    /// What set the slowest apart.
    pub slowest: Option<Slowest>,
    /// What their order and their servers showed.
    pub patterns: Vec<Pattern>,
    /// The zones whose delegation the first began with.
    pub kept: Vec<String>,
}

/// One of many runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeated {
    /// As it would be reported alone.
    pub report: TraceReport,
    /// With `--interval`: how much later than planned it began.
    pub late: Option<Duration>,
}

/// Why there are no more runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepeatEnd {
    /// As many as wanted were made.
    Done,
    /// The time of `--duration` was over.
    Duration,
    /// As many were made as are kept.
    Most,
    /// It was interrupted.
    Interrupted,
}

impl RepeatEnd {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Duration => "duration",
            Self::Most => "most",
            Self::Interrupted => "interrupted",
        }
    }
}

impl RepeatReport {
    /// The traces, in their order.
    #[must_use]
    pub fn traces(&self) -> Vec<&Trace> {
        self.runs.iter().map(|run| &run.report.trace).collect()
    }

    /// What sets the slowest run apart from the median one; `None` where it is hardly slower.
    #[must_use]
    pub fn slowest(&self) -> Option<Slowest> {
        if let Some(told) = &self.told {
            return told.slowest.clone();
        }
        let traces = self.traces();
        runs::slowest(&traces, runs::median_run(&traces)?)
    }

    /// What their order and their servers tell.
    #[must_use]
    pub fn patterns(&self) -> Vec<Pattern> {
        self.told.as_ref().map_or_else(|| runs::patterns(&self.traces()), |told| told.patterns.clone())
    }

    /// The zones whose delegation the first run began with.
    #[must_use]
    pub fn kept(&self) -> Vec<String> {
        let of_first = || self.runs.first().map_or_else(Vec::new, |run| runs::kept(&run.report.trace));
        let owned = || of_first().into_iter().map(str::to_owned).collect();
        self.told.as_ref().map_or_else(owned, |told| told.kept.clone())
    }

    /// The run to show: the one nearest the median, or the first where all failed; `None` where they are known in brief.
    #[must_use]
    pub fn shown(&self) -> Option<(usize, &TraceReport)> {
        let at = runs::median_run(&self.traces()).filter(|_| self.told.is_none())?;
        Some((at, &self.runs.get(at)?.report))
    }

    /// Why the first run failed, where all did.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        let all = self.runs.iter().all(|run| run.report.trace.failure().is_some());
        self.runs.first().filter(|_| all)?.report.trace.failure()
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
        Self { trace, findings, verdict, budgets: Vec::new(), expected: None, exit_code }
    }

    /// The same without findings: where there is no place for them, nobody has to look.
    #[must_use]
    pub fn without_findings(trace: Trace, exit_code: impl FnOnce(&Trace, &[Finding]) -> u8) -> Self {
        let verdict = crate::finding::verdict(&trace, &[]);
        let exit_code = exit_code(&trace, &[]);
        Self { trace, findings: Vec::new(), verdict, budgets: Vec::new(), expected: None, exit_code }
    }

    /// The same for a line of a list, which has no place for a verdict either.
    #[must_use]
    pub fn of_a_line(trace: Trace, exit_code: impl FnOnce(&Trace, &[Finding]) -> u8) -> Self {
        let exit_code = exit_code(&trace, &[]);
        let (findings, verdict) = (Vec::new(), Verdict::untold());
        Self { trace, findings, verdict, budgets: Vec::new(), expected: None, exit_code }
    }

    /// The same with what was expected of the status.
    #[must_use]
    pub fn with_expected(self, statuses: Option<&Statuses>) -> Self {
        Self { expected: statuses.map(|statuses| Expected::of(statuses, &self.trace)), ..self }
    }

    /// The same with budgets judged; a broken one gives `broken` as the exit code where no stage failed.
    #[must_use]
    pub fn with_budgets(self, budgets: &[Budget], broken: u8) -> Self {
        let budgets: Vec<Judged> = budgets.iter().map(|budget| budget.judge(&self.trace)).collect();
        let is_broken = self.trace.failure().is_none() && !budgets.iter().all(Judged::is_held);
        Self { exit_code: if is_broken { broken } else { self.exit_code }, budgets, ..self }
    }
}
