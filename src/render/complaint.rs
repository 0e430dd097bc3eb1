//! What goes to standard error: failures in a line and a hint, and errors that have no report.

use std::io::{self, Write};

use super::escape;
use super::style::Style;
use crate::budget::{self, Judged, Unit};
use crate::exit;
use crate::redact::Redacted;
use crate::report::{DnsReport, TraceReport};
use crate::trace::{DnssecVerdict, Failure};
use crate::units::micros;

/// A failure as one line for standard error: `tcp: connect to 192.0.2.1:443 was refused`, and its
/// hint.
#[must_use]
pub fn complaint(failure: Redacted<&Failure>, style: &Style) -> (String, Option<String>) {
    let clean = |text: &str| escape::text(text, style.charset()).into_owned();
    let message = format!("{}: {}", failure.stage.as_str(), clean(&failure.message));
    (message, failure.hint.as_deref().map(clean))
}

/// Tells standard error why a name has no data, or that what it has is bogus: bare data cannot say it.
pub fn short_reason(report: &Redacted<DnsReport>, style: &Style) {
    let bogus = || {
        let dnssec = report.dns.dnssec.as_ref().filter(|dnssec| dnssec.verdict == DnssecVerdict::Bogus)?;
        let why = escape::text(dnssec.why.as_deref().unwrap_or_default(), style.charset()).into_owned();
        Some(format!("dns: {} is bogus (DNSSEC): {why}", report.dns.name))
    };
    let failure = report.part(|report| report.failure.as_ref());
    if let Some(message) = failure.map(|failure| complaint(failure, style).0).or_else(bogus) {
        // Standard error may be closed: there is nowhere to tell that.
        let _ = writeln!(io::stderr().lock(), "urltrace: {message}");
    }
}

/// Why a status ends the run with a failure, if it does.
pub(super) fn unexpected(report: &TraceReport) -> Option<String> {
    match &report.expected {
        Some(expected) => {
            (expected.met == Some(false)).then(|| format!("the status is none of {}", expected.statuses))
        }
        None => {
            (report.exit_code == exit::STATUS).then(|| "the status tells of a failure (--fail)".to_owned())
        }
    }
}

/// The budgets that a run did not keep to, in one line.
#[must_use]
pub fn broken_budgets<'a>(broken: impl Iterator<Item = &'a Judged>) -> String {
    let told: Vec<String> = broken.map(broken_budget).collect();
    format!("budget: {}", told.join("; "))
}

/// One of them.
pub(super) fn broken_budget(judged: &Judged) -> String {
    let Judged { budget, actual, reason, .. } = judged;
    let (what, unit) = (budget.what(), budget.measure.unit());
    let limit = budget::words(budget.limit, unit);
    match actual {
        Some(actual) if unit == Unit::Us => format!("{what} is {}, and its limit {limit}", micros(*actual)),
        Some(actual) => format!("{what} is {}, and its limit {limit}", budget::words(*actual, unit)),
        None => format!("{what} cannot be judged: {}", reason.as_deref().unwrap_or_default()),
    }
}
