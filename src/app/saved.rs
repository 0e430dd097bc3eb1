//! `urltrace show`: saved documents, read back and rendered as the run was.

use std::io::Write;

use serde_json::Value;

use super::exports;
use super::session::{Ended, Problem, unless_reader_gone};
use super::shown::{complaint, format, style};
use crate::cli::{Diagram, Format, Show, has_no_page};
use crate::exit;
use crate::redact::{Secrets, redact};
use crate::render;
use crate::report::TraceReport;
use crate::saved::{differences, no_document, trace_report};

/// Shows each document of a file in turn.
///
/// # Errors
/// The first document that cannot be read, and what cannot be written.
pub(super) fn show(name: &str, bytes: &[u8], show: &Show, out: &mut dyn Write) -> Result<Ended, Problem> {
    exports::check(show)?;
    let cannot = |place: usize, why: String| {
        let place = if place == 0 { String::new() } else { format!(", document {}", place + 1) };
        Problem::Setup(format!("show: `{name}`{place}: {why}"))
    };
    let mut documents =
        serde_json::Deserializer::from_slice(bytes).into_iter::<Value>().enumerate().peekable();
    if documents.peek().is_none() {
        return Err(cannot(0, "there is nothing in it".to_owned()));
    }
    let mut ended = Ended::from(exit::OK);
    while let Some((place, document)) = documents.next() {
        let document = document.map_err(|error| cannot(place, no_document(error)))?;
        let report = trace_report(&document).map_err(|why| cannot(place, why))?;
        fits(show, report.trace.page.is_some()).map_err(|why| cannot(place, why.to_owned()))?;
        if documents.peek().is_some() {
            takes_several(show).map_err(|why| cannot(place, why))?;
        }
        tell_differences(name, &document, &report)?;
        if place > 0 && show.format == Format::Text {
            writeln!(out)?;
        }
        ended = one(report, show, out)?;
    }
    Ok(ended)
}

/// Shows one, and writes the files beside it.
fn one(mut report: TraceReport, show: &Show, out: &mut dyn Write) -> Result<Ended, Problem> {
    show.selection.apply(&mut report.findings);
    let report = redact(report, show.secrets);
    let written = exports::write(show, |format, bytes| render::render(&report, format, &style(show), bytes))?;
    let code = written.unwrap_or(exit::OK);
    // A URL that could not be traced has nothing to report but its error.
    if report.trace.requests.is_empty() && show.format == Format::Text {
        let failure = report.part(|report| report.trace.failure());
        let told = failure.and_then(|failure| complaint(failure, show));
        return Ok(Ended { code, complaint: told, signal: None });
    }
    unless_reader_gone(render::render(&report, format(show.format), &style(show), out))?;
    Ok(code.into())
}

/// Whether a document of its kind has the forms that are asked for.
fn fits(show: &Show, is_page: bool) -> Result<(), &'static str> {
    let mut formats = show.exports.iter().map(|export| export.format).chain([show.format]);
    if is_page && formats.any(has_no_page) {
        return Err("a page has no such form yet: --format json has all of it, har what other tools read");
    }
    if !is_page && show.diagram == Diagram::Connections {
        return Err("--diagram connections is a picture of a page, and this is a trace");
    }
    Ok(())
}

/// Only what is read line by line, or by people, can hold several reports.
fn takes_several(show: &Show) -> Result<(), String> {
    match show.format {
        Format::Text | Format::Json | Format::Jsonl if show.exports.is_empty() => Ok(()),
        _ => Err("more documents follow: several can be shown as text, json or jsonl alone".to_owned()),
    }
}

/// Says on standard error what of a document is shown otherwise than it was saved, or not at all.
fn tell_differences(name: &str, document: &Value, report: &TraceReport) -> Result<(), Problem> {
    let mut again = Vec::new();
    let whole = redact(report.clone(), Secrets::Show);
    render::render(&whole, render::Format::Jsonl, &render::Style::default(), &mut again)?;
    let again: Value =
        serde_json::from_slice(&again).map_err(|error| Problem::Internal(error.to_string()))?;
    let found = differences(document, &again);
    let Some(first) = found.first() else { return Ok(()) };
    let members = crate::units::count(found.len(), "member");
    let by = document["urltrace_version"].as_str().unwrap_or("unknown");
    let by: String = by.escape_debug().take(20).collect();
    render::tell(
        &redact(
            format!(
                "show: `{name}`: {members} of it read otherwise here, the first {}",
                first.escape_debug()
            ),
            Secrets::Hide,
        ),
        Some(&redact(
            format!("it was written by urltrace {by}, and this is {}", env!("CARGO_PKG_VERSION")),
            Secrets::Hide,
        )),
    );
    Ok(())
}
