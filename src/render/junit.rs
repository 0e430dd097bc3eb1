//! The run as JUnit's XML, for CI: a test that the URL is traced, one of the status that was expected, and one for each
//! budget.
//!
//! The form is the one that Jenkins, GitLab and GitHub's reporters read. A budget that cannot be judged because the
//! run failed is skipped; one that cannot be judged for another reason has not held.

use std::io::{self, Write};
use std::time::Duration;

use super::complaint::{broken_budget, unexpected};
use super::escape::markup;
use super::words;
use crate::budget::Judged;
use crate::redact::Redacted;
use crate::report::{RepeatReport, TraceReport};
use crate::trace::Failure;

/// Writes the tests of a trace.
pub(super) fn trace(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    let trace = &report.trace;
    suite(
        &Suite {
            url: &trace.input,
            started: words::timestamp(trace.started_at, 0),
            took: trace.total,
            failure: trace.failure(),
            budgets: &report.budgets,
            status: match (&report.expected, unexpected(report)) {
                (None, None) => None,
                (_, why) => Some(why),
            },
        },
        out,
    )
}

/// Writes those of many runs.
pub(super) fn repeat(report: &Redacted<RepeatReport>, out: &mut dyn Write) -> io::Result<()> {
    let traces = report.traces();
    suite(
        &Suite {
            url: &report.input,
            started: traces.first().map_or_else(String::new, |trace| words::timestamp(trace.started_at, 0)),
            took: traces.iter().map(|trace| trace.total).sum(),
            failure: report.failure(),
            budgets: &report.budgets,
            status: None,
        },
        out,
    )
}

struct Suite<'a> {
    url: &'a str,
    started: String,
    took: Duration,
    failure: Option<&'a Failure>,
    budgets: &'a [Judged],
    /// A test of the status, and why it fails.
    status: Option<Option<String>>,
}

fn suite(suite: &Suite<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Suite { url, started, took, failure, budgets, status } = suite;
    let unheld = budgets.iter().filter(|judged| !judged.is_held()).count();
    let (failures, skipped) = match failure {
        Some(_) => (0, unheld + usize::from(status.is_some())),
        None => (unheld + usize::from(matches!(status, Some(Some(_)))), 0),
    };
    let tests = 1 + budgets.len() + usize::from(status.is_some());
    let errors = usize::from(failure.is_some());
    let (url, seconds) = (markup(url), format!("{:.6}", took.as_secs_f64()));
    let counts =
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"");
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"urltrace\" {counts} time=\"{seconds}\">")?;
    // Many readers know no zone here: it is UTC, as the other formats have it.
    let stamp = started.trim_end_matches('Z');
    writeln!(out, "  <testsuite name=\"{url}\" {counts} time=\"{seconds}\" timestamp=\"{stamp}\">")?;
    case(url.as_str(), "traced", Some(&seconds), out, || {
        failure.map(|failure| {
            let kind = format!("{}: {}", failure.stage.as_str(), failure.code.as_str());
            let hint = failure.hint.as_deref().unwrap_or_default();
            element("error", &failure.message, Some(&kind), hint)
        })
    })?;
    if let Some(why) = status {
        case(url.as_str(), "status", None, out, || match (why, failure) {
            (_, Some(_)) => Some(element("skipped", "the run failed", None, "")),
            (why, None) => why.as_ref().map(|why| element("failure", why, Some("status"), "")),
        })?;
    }
    for judged in *budgets {
        case(url.as_str(), &format!("budget {}", judged.budget.what()), None, out, || {
            let told = || broken_budget(judged);
            let reason = || judged.reason.clone().unwrap_or_default();
            match (judged.is_held(), failure) {
                (true, _) => None,
                (false, Some(_)) => Some(element("skipped", &reason(), None, "")),
                (false, None) => Some(element("failure", &told(), Some("budget"), "")),
            }
        })?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn case(
    url: &str,
    name: &str,
    seconds: Option<&str>,
    out: &mut dyn Write,
    outcome: impl FnOnce() -> Option<String>,
) -> io::Result<()> {
    let time = seconds.map(|seconds| format!(" time=\"{seconds}\"")).unwrap_or_default();
    let start = format!("    <testcase classname=\"{url}\" name=\"{}\"{time}", markup(name));
    match outcome() {
        None => writeln!(out, "{start}/>"),
        Some(outcome) => writeln!(out, "{start}>\n      {outcome}\n    </testcase>"),
    }
}

fn element(name: &str, message: &str, kind: Option<&str>, text: &str) -> String {
    let kind = kind.map(|kind| format!(" type=\"{}\"", markup(kind))).unwrap_or_default();
    format!("<{name} message=\"{}\"{kind}>{}</{name}>", markup(message), markup(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::redact::{Secrets, redact};
    use crate::render::testtrace;
    use crate::trace::Trace;

    fn xml(trace: &Trace) -> String {
        let budgets = ["total=1ms", "total=10s", "dns=1ms"].map(|word| Budget::read(word).unwrap());
        let report = TraceReport::clone(&testtrace::report(trace, Secrets::Hide)).with_budgets(&budgets, 9);
        let mut out = Vec::new();
        super::trace(&redact(report, Secrets::Hide), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn budgets_are_tests_that_hold_or_fail() {
        let xml = xml(&testtrace::success());
        assert!(xml.contains("tests=\"4\" failures=\"2\" errors=\"0\" skipped=\"0\""), "{xml}");
        assert_eq!(xml.matches("<failure message=").count(), 2, "{xml}");
        assert!(xml.contains("name=\"budget total\"/>"), "the one that holds: {xml}");
    }

    #[test]
    fn a_status_that_was_expected_is_a_test() {
        for (statuses, failures) in [("200", 0), ("404,500", 1)] {
            let statuses = crate::exit::Statuses::read(statuses).unwrap();
            let report = TraceReport::clone(&testtrace::report(&testtrace::success(), Secrets::Hide));
            let mut out = Vec::new();
            super::trace(&redact(report.with_expected(Some(&statuses)), Secrets::Hide), &mut out).unwrap();
            let xml = String::from_utf8(out).unwrap();
            assert!(xml.contains(&format!("tests=\"2\" failures=\"{failures}\"")), "{xml}");
        }
    }

    #[test]
    fn a_run_that_failed_is_an_error_and_its_budgets_are_skipped() {
        for (name, trace) in testtrace::all().into_iter().filter(|(_, trace)| trace.failure().is_some()) {
            let xml = xml(&trace);
            assert!(xml.contains("failures=\"0\" errors=\"1\" skipped=\"3\""), "{name}\n{xml}");
            assert_eq!(xml.matches("<skipped ").count(), 3, "{name}\n{xml}");
        }
    }
}
