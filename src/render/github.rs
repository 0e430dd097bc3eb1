//! The run as annotations of GitHub Actions: a workflow command a line, the worst first.
//!
//! What the runner would obey in a message is escaped as its documentation says; each line is one command.

use std::io::{self, Write};

use super::complaint::{broken_budget, unexpected};
use super::escape;
use super::style::Charset;
use crate::budget::Judged;
use crate::finding::Severity;
use crate::redact::Redacted;
use crate::report::{RepeatReport, TraceReport};
use crate::trace::Failure;

/// Writes the annotations of a trace: its failure, its budgets, its findings.
pub(super) fn trace(report: &Redacted<TraceReport>, out: &mut dyn Write) -> io::Result<()> {
    failure(report.trace.failure(), out)?;
    let failed = report.trace.failure().is_some();
    budgets(&report.budgets, failed, out)?;
    if let Some(why) = unexpected(report) {
        command("error", "status", &why, out)?;
    }
    for finding in &report.findings {
        let level = match finding.severity {
            Severity::Critical | Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Notice => "notice",
            // Not worth somebody's attention in a list of changes.
            Severity::Info => continue,
        };
        let parts = [&finding.title, &finding.detail, &finding.advice];
        let told: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
        command(level, finding.id, &told.join("\n"), out)?;
    }
    // For whoever reads the log.
    writeln!(out, "urltrace: {}", data(&report.verdict.summary).replace("##[", "## ["))
}

/// Writes those of many runs: of the failure of all, and their budgets.
pub(super) fn repeat(report: &Redacted<RepeatReport>, out: &mut dyn Write) -> io::Result<()> {
    failure(report.failure(), out)?;
    budgets(&report.budgets, report.failure().is_some(), out)
}

fn failure(failure: Option<&Failure>, out: &mut dyn Write) -> io::Result<()> {
    let Some(failure) = failure else { return Ok(()) };
    let hint = failure.hint.iter().map(|hint| format!("\n{hint}")).collect::<String>();
    let title = format!("urltrace: {}: {}", failure.stage.as_str(), failure.code.as_str());
    command("error", &title, &format!("{}{hint}", failure.message), out)
}

fn budgets(budgets: &[Judged], failed: bool, out: &mut dyn Write) -> io::Result<()> {
    let broken = budgets.iter().filter(|judged| !judged.is_held() && !failed);
    broken.into_iter().try_for_each(|judged| {
        command("error", &format!("budget {}", judged.budget.what()), &broken_budget(judged), out)
    })
}

/// A command, as the runner reads it.
fn command(level: &str, title: &str, message: &str, out: &mut dyn Write) -> io::Result<()> {
    let title = data(title).replace(':', "%3A").replace(',', "%2C");
    writeln!(out, "::{level} title={title}::{}", data(message))
}

/// A text that stays on its line.
fn data(text: &str) -> String {
    let lines: Vec<String> =
        text.split('\n').map(|line| escape::text(line, Charset::Unicode).replace('%', "%25")).collect();
    lines.join("%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::redact::{Secrets, redact};
    use crate::render::testtrace;

    fn lines(report: TraceReport) -> Vec<String> {
        let mut out = Vec::new();
        trace(&redact(report, Secrets::Hide), &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn findings_and_broken_budgets_are_annotations_by_severity() {
        let report = testtrace::report(&testtrace::success(), Secrets::Hide);
        let budgets = [Budget::read("total=1ms").unwrap(), Budget::read("total=10s").unwrap()];
        let lines = lines(TraceReport::clone(&report).with_budgets(&budgets, 9));
        assert!(lines[0].starts_with("::error title=budget total::"), "{lines:?}");
        assert!(
            lines[1].starts_with("::warning title=tcp-address-failed::IPv6 does not answer"),
            "{lines:?}"
        );
        assert!(lines[1].contains("%0A"), "{lines:?}");
        assert_eq!(lines.len(), 3, "nothing of what is only worth knowing: {lines:?}");
    }

    #[test]
    fn nothing_from_outside_becomes_a_command() {
        let mut report = TraceReport::clone(&testtrace::report(&testtrace::success(), Secrets::Hide));
        report.findings[0].title = "a\r\n::stop-commands::x\n::error::100 %0A".to_owned();
        let lines = lines(report);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(
            lines[0].starts_with("::warning title=tcp-address-failed::a") && lines[0].contains("100 %250A")
        );
    }
}
