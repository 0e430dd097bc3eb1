//! The result as the command line wants it shown: formats and styles of the renderers, and what it allows.

use std::ffi::OsString;

use crate::budget::Judged;
use crate::cli::{self, Format, Show};
use crate::exit::Limits;
use crate::finding::Finding;
use crate::redact::Redacted;
use crate::render::{self, Diagram, Form, Style};
use crate::report::TraceReport;
use crate::trace::{Failure, StageName};

/// Whether what was found, or how it failed, is allowed.
pub(super) fn limits(findings: &[Finding], failure: Option<&Failure>, show: &Show) -> Limits {
    if show.selection.forbids(findings, failure) { Limits::Broken } else { Limits::Kept }
}

/// The failure for standard error, where the report does not show it to the same eyes: a JSON
/// document has it inside, and on a terminal it is the report's second line. `--short` has neither.
pub(super) fn complaint(failure: Redacted<&Failure>, show: &Show) -> Option<(String, Option<String>)> {
    let shown = match show.format {
        Format::Text => show.terminal && failure.stage != StageName::Url,
        Format::Json | Format::Jsonl => true,
        // Nobody reads these where they come out.
        _ => false,
    };
    (!shown || show.short).then(|| render::complaint(failure, &style(show)))
}

/// The broken budgets for standard error, where no terminal shows them.
pub(super) fn broken_budgets(
    budgets: &[Judged],
    failure: Option<&Failure>,
    show: &Show,
) -> Option<(String, Option<String>)> {
    let seen = failure.is_some() || show.format == Format::Text && show.terminal;
    let broken = || budgets.iter().filter(|judged| !judged.is_held());
    (!seen && broken().next().is_some()).then(|| (render::broken_budgets(broken()), None))
}

/// How it is told that there is no report, by the arguments.
#[must_use]
pub fn form(arguments: &[OsString]) -> Form {
    if cli::is_check(arguments) {
        Form::Check
    } else {
        Form::Report(format(cli::requested_format(arguments)))
    }
}

/// A status that was not expected, for standard error, where no terminal shows it.
pub(super) fn unexpected(report: &TraceReport, show: &Show) -> Option<(String, Option<String>)> {
    let expected = report.expected.as_ref().filter(|expected| expected.met != Some(true))?;
    let seen = report.trace.failure().is_some() || show.format == Format::Text && show.terminal;
    let came =
        report.trace.last_status().map_or("no status".to_owned(), |status| format!("status {status:03}"));
    (!seen).then(|| (format!("expect: {came} came, and {} was expected", expected.statuses), None))
}

/// The renderer's format of the command line's.
#[must_use]
pub(super) fn format(format: Format) -> render::Format {
    match format {
        Format::Text => render::Format::Text,
        Format::Json => render::Format::Json,
        Format::Jsonl => render::Format::Jsonl,
        Format::Html => render::Format::Html,
        Format::Svg => render::Format::Svg,
        Format::Markdown => render::Format::Markdown,
        Format::Har => render::Format::Har,
        Format::Prometheus => render::Format::Prometheus,
        Format::Openmetrics => render::Format::OpenMetrics,
        Format::Csv => render::Format::Csv,
        Format::ChromeTrace => render::Format::ChromeTrace,
        Format::Github => render::Format::Github,
        Format::Junit => render::Format::Junit,
        Format::Otlp => render::Format::Otlp,
    }
}

pub(super) fn style(show: &Show) -> Style {
    Style {
        color: show.color,
        unicode: show.unicode,
        width: show.width,
        verbose: show.verbose,
        headers: show.headers,
        diagram: match show.diagram {
            cli::Diagram::Waterfall => Diagram::Waterfall,
            cli::Diagram::Ladder => Diagram::Ladder,
            cli::Diagram::Connections => Diagram::Connections,
        },
        explain: show.explain,
    }
}
