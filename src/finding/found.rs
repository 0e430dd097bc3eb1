//! A finding: what a rule has found, how bad it is, and what mending it would save.

use std::time::Duration;

use super::place::Place;
use crate::page::Mend;
use crate::trace::{At, StageName};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing works.
    Critical,
    /// Something is broken.
    Error,
    /// Something is broken that was worked around, or will break soon.
    Warning,
    /// Something could be better.
    Notice,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: &'static [Self] = &[Self::Critical, Self::Error, Self::Warning, Self::Notice, Self::Info];

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

/// One fault that a rule found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The stage it speaks of.
    pub stage: StageName,
    /// What it is measured by: a standard and its section.
    pub standard: &'static str,
    /// One line, with this run's names and numbers.
    pub title: String,
    /// More, where the title is not enough; may be empty.
    pub detail: String,
    /// Where it is seen.
    pub evidence: Vec<Place>,
    /// What to do.
    pub advice: String,
    /// What doing it would save.
    pub saving: Option<Saving>,
}

/// Time that a mend would save, beside what those of the findings before it save. Never more than the measured
/// time of the phase it speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saving {
    /// Best estimate. Of findings that overlap, the first has what they share.
    pub amount: Duration,
    /// At least.
    pub low: Duration,
    /// At most: alone.
    pub high: Duration,
    /// How it is known.
    pub basis: Basis,
    /// To which visits it applies.
    pub applies: String,
    /// The same for programs.
    pub load: Load,
    /// The moments of the run that it would do without, one after another.
    pub stretches: Vec<(At, At)>,
    /// What would come so much sooner.
    pub mark: Mark,
    /// The changes to a page that it was simulated with; empty where it is no page's.
    pub mends: Vec<Mend>,
}

/// What a saving brings forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The end of the document, and all behind it.
    Document,
    /// The moment before which nothing of the page can be painted.
    StartRender,
    /// The end of the page, and nothing before it.
    PageEnd,
}

impl Mark {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::StartRender => "start-render",
            Self::PageEnd => "page-end",
        }
    }
}

/// Which loads of a URL a saving is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Load {
    /// This one, and others like it.
    This,
    /// A later one, by whoever was here before.
    Repeat,
    /// One that no cache helps with.
    Cold,
}

impl Load {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::This, Self::Repeat, Self::Cold];

    /// Whether the run that was traced is one of these loads.
    pub(super) const fn is_of_run(self) -> bool {
        matches!(self, Self::This | Self::Cold)
    }

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::This => "this",
            Self::Repeat => "repeat",
            Self::Cold => "cold",
        }
    }
}

/// How a saving is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// It is a span of this trace.
    Measured,
    /// It follows from spans of this trace.
    Derived,
    /// It rests on an assumption that `applies` names.
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

impl Saving {
    /// A span of this trace, to the microsecond.
    pub(super) fn measured(amount: Duration, applies: &str, load: Load) -> Option<Self> {
        Self::of(amount, amount, Basis::Measured, applies, load)
    }

    /// What follows from spans of this trace.
    pub(super) fn derived(amount: Duration, applies: &str, load: Load) -> Option<Self> {
        Self::of(amount, amount, Basis::Derived, applies, load)
    }

    /// These moments of this trace, each counted once.
    pub(super) fn measured_at(stretches: &[(At, At)], applies: &str, load: Load) -> Option<Self> {
        Self::measured(length(stretches), applies, load).map(|saving| saving.at(stretches))
    }

    /// The same, where that they would be spared is a conclusion.
    pub(super) fn derived_at(stretches: &[(At, At)], applies: &str, load: Load) -> Option<Self> {
        Self::derived(length(stretches), applies, load).map(|saving| saving.at(stretches))
    }

    /// The same, where that rests on an assumption that `applies` names.
    pub(super) fn modelled_at(stretches: &[(At, At)], applies: &str, load: Load) -> Option<Self> {
        let amount = length(stretches);
        Self::of(amount, amount, Basis::Modelled, applies, load).map(|saving| saving.at(stretches))
    }

    /// With what else it may save, at most.
    pub(super) fn up_to(self, more: Duration) -> Self {
        Self { high: self.high + more, ..self }
    }

    fn at(self, stretches: &[(At, At)]) -> Self {
        Self { stretches: stretches.to_vec(), ..self }
    }

    fn of(low: Duration, amount: Duration, basis: Basis, applies: &str, load: Load) -> Option<Self> {
        let (applies, stretches) = (applies.to_owned(), Vec::new());
        let (mark, mends) = (Mark::Document, Vec::new());
        (!amount.is_zero()).then_some(Self {
            amount,
            low,
            high: amount,
            basis,
            applies,
            load,
            stretches,
            mark,
            mends,
        })
    }
}

fn length(stretches: &[(At, At)]) -> Duration {
    stretches.iter().map(|(from, to)| to.since(*from)).sum()
}
