//! Many URLs: what their renderers are handed beside the reports, and the summary at their end.

use std::time::Duration;

use crate::redact::{Redacted, Typed};
use crate::runs::{Percentile, Tally};
use crate::units::{count, duration, micros};

/// A line of a list that cannot be used.
#[derive(Clone, Debug)]
pub struct BadLineReport {
    /// Where it stands, as `line 7`; empty for a word of the command line.
    pub place: Redacted<String>,
    /// What it begins with.
    pub text: Redacted<Typed>,
    /// Why it cannot be used.
    pub why: Redacted<String>,
}

impl BadLineReport {
    /// In one sentence.
    pub(super) fn sentence(&self) -> String {
        let Self { place, text, why } = self;
        let place = if place.is_empty() { String::new() } else { format!("{}: ", **place) };
        let text = if text.0.is_empty() { String::new() } else { format!(" ({})", text.0) };
        format!("{place}{}{text}", **why)
    }
}

/// What came of many URLs.
#[derive(Clone, Copy, Debug)]
pub struct ManySummary<'a> {
    /// The count.
    pub tally: &'a Tally,
    /// How long all of it took.
    pub took: Duration,
    /// Where it was interrupted: how many had been read and not begun.
    pub left: Option<usize>,
}

/// The summary, for standard error.
#[must_use]
pub fn many_summary(summary: &ManySummary<'_>) -> String {
    let ManySummary { tally, took, left } = summary;
    let (all, traced) = (tally.all(), tally.traced());
    let mut told = format!("{} in {}: {traced} traced", count(all, "URL"), duration(*took));
    if all > traced {
        let failed: Vec<String> =
            tally.failed().map(|(came, many)| format!("{} {many}", came.as_str())).collect();
        told += &format!(", {} not ({})", all - traced, failed.join(", "));
    }
    if let Some(totals) = tally.totals() {
        let mut parts = vec![format!("p50 {}", micros(totals.median()))];
        for percentile in [Percentile::P90, Percentile::P99] {
            let value = totals.percentile(percentile);
            parts.extend(value.map(|value| format!("{} {}", percentile.as_str(), micros(value))));
        }
        parts.push(format!("max {}", micros(totals.max())));
        told += &format!("; total {}", parts.join(", "));
    }
    if let Some(left) = left {
        told += &format!("; interrupted, {left} more had been read");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::{Secrets, redact};
    use crate::runs::Came;

    #[test]
    fn the_summary_accounts_for_each() {
        let mut tally = Tally::default();
        for place in 0..10 {
            tally.count(place, Came::Traced, 0, Some(10_000 * (place as u64 + 1)));
        }
        tally.count(10, Came::Dns, 4, None);
        tally.count(11, Came::Status, 8, Some(5_000));
        let summary = ManySummary { tally: &tally, took: Duration::from_millis(1_500), left: None };
        let told = many_summary(&summary);
        assert!(
            told.starts_with("12 URLs in 1.5")
                && told.contains(": 10 traced, 2 not (dns 1, status 1); total p50 "),
            "{told}"
        );
        assert!(told.contains("p90 ") && !told.contains("p99"), "{told}");
        let told = many_summary(&ManySummary { tally: &Tally::default(), left: Some(3), ..summary });
        assert!(
            told.starts_with("0 URLs in") && told.ends_with("interrupted, 3 more had been read"),
            "{told}"
        );
    }

    #[test]
    fn a_bad_line_says_where_it_stands() {
        let text = |text: &str| redact(text.to_owned(), Secrets::Hide);
        let bad = BadLineReport {
            place: text("line 7"),
            text: redact(Typed("x".to_owned()), Secrets::Hide),
            why: text("no"),
        };
        assert_eq!(bad.sentence(), "line 7: no (x)");
        assert_eq!(
            BadLineReport { place: text(""), text: redact(Typed(String::new()), Secrets::Hide), ..bad }
                .sentence(),
            "no"
        );
    }
}
