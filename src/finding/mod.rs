//! Findings: what a trace shows to be wrong, slow or worth knowing, and the verdict in one sentence.
//!
//! Findings are pure: they read a [`Trace`] and word what they saw. They measure nothing, change
//! nothing and know of no renderer; the numbers they rest on are JSON pointers into the document.

use std::time::Duration;

use crate::timeline;
use crate::trace::{StageName, Trace};
use crate::units;

/// How much a finding matters; the most severe comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It breaks the page for everybody.
    Critical,
    /// It breaks the page for some, or soon.
    Error,
    /// It costs time or trust.
    Warning,
    /// It is worth knowing.
    Notice,
    /// It is good to know.
    Info,
}

impl Severity {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
        }
    }
}

/// One thing a trace shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its rule: kebab-case, prefixed by its stage; names the fault.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Where it was seen.
    pub stage: StageName,
    /// One line.
    pub title: String,
    /// What was seen, with this run's numbers.
    pub detail: String,
    /// JSON pointers into the document; the JSON renderer looks the values up.
    pub evidence: Vec<String>,
    /// What to do about it.
    pub advice: String,
    /// The time that the mend would save.
    pub saving: Option<Saving>,
}

/// The time that a mend would save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saving {
    /// The likely amount.
    pub amount: Duration,
    /// The least.
    pub low: Duration,
    /// The most.
    pub high: Duration,
    /// How it was found.
    pub basis: Basis,
    /// When it holds, such as `every first visit`.
    pub applies: String,
}

/// How a saving was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// Seen in this run.
    Measured,
    /// Computed from times of this run.
    Derived,
    /// Computed with a model of what would happen instead.
    Modelled,
}

impl Basis {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Derived => "derived",
            Self::Modelled => "modelled",
        }
    }
}

/// Where the time went, or why there is no response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// One sentence.
    pub summary: String,
    /// The phase it speaks of: `dns`, `connect`, `tls`, `send`, `wait` or `receive`.
    pub stage: Option<&'static str>,
    /// That phase's share of the total.
    pub share_percent: Option<u8>,
    /// That phase's time, over all hops.
    pub duration: Option<Duration>,
}

/// What a trace shows to be wrong, slow or worth knowing, the most severe first.
#[must_use]
pub fn check(trace: &Trace) -> Vec<Finding> {
    let _ = trace;
    Vec::new()
}

/// Where the time of a trace went.
#[must_use]
pub fn verdict(trace: &Trace) -> Verdict {
    if let Some(failure) = &trace.failure {
        return Verdict {
            summary: format!("The trace ended in {}: {}.", failure.stage.as_str(), failure.message),
            ..Verdict::default()
        };
    }
    let mut sums: [(&'static str, u64); 7] = timeline::Phases::default().named().map(|(name, _)| (name, 0));
    for hop in &trace.hops {
        for (sum, (_, us)) in sums.iter_mut().zip(timeline::phases(hop).named()) {
            sum.1 += us.unwrap_or(0);
        }
    }
    let total = u64::try_from(trace.total.as_micros()).unwrap_or(u64::MAX);
    let Some((stage, us)) = sums.into_iter().max_by_key(|(_, us)| *us).filter(|(_, us)| *us > 0) else {
        return Verdict { summary: "No phase took measurable time.".to_owned(), ..Verdict::default() };
    };
    let what = match stage {
        "dns" => "Finding the address",
        "connect" => "Opening the connection",
        "tls" => "The TLS handshake",
        "send" => "Sending the request",
        "wait" => "Waiting for the server's first byte",
        _ => "Receiving the response",
    };
    Verdict {
        summary: format!("{what} took {} of it ({}).", units::share(us, total), units::micros(us)),
        stage: Some(stage),
        share_percent: units::percent(us, total),
        duration: Some(Duration::from_micros(us)),
    }
}
