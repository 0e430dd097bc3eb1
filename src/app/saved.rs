//! `urltrace show` and `urltrace diff`: saved documents, read back and rendered as the run was, or two beside each other.

use std::io::{self, Write};

use serde_json::Value;

use super::exports;
use super::session::{Ended, Problem, unless_reader_gone};
use super::shown::{complaint, format, style};
use crate::cli::{Diagram, Format, Show, has_no_page};
use crate::diff::{Diff, Saved};
use crate::exit;
use crate::redact::{Redacted, Secrets, redact};
use crate::render::{self, Style};
use crate::report::{CompareReport, DnsReport, RepeatReport, TraceReport};
use crate::saved::{Head, Report, differences, no_document};
use crate::units;

/// What was read.
#[derive(Clone)]
enum Read {
    /// What a run told.
    Report(Report),
    /// What was told of two documents.
    Diff(Box<Diff>),
}

impl Read {
    /// Reads a document.
    ///
    /// # Errors
    /// What is no document that can be shown; the text says why.
    fn of(document: &Value) -> Result<Self, String> {
        if Head::of(document)?.kind.as_deref() == Some("diff") {
            return Diff::read(document).map(|diff| Self::Diff(Box::new(diff)));
        }
        Report::read(document).map(Self::Report)
    }
}

/// The same, as renderers take it.
enum Shown {
    Trace(Box<Redacted<TraceReport>>),
    Repeat(Box<Redacted<RepeatReport>>),
    Compare(Box<Redacted<CompareReport>>),
    Dns(Box<Redacted<DnsReport>>),
    Diff(Box<Redacted<Diff>>),
}

impl Shown {
    fn new(read: Read, secrets: Secrets) -> Self {
        let report = match read {
            Read::Report(report) => report,
            Read::Diff(diff) => return Self::Diff(Box::new(redact(*diff, secrets))),
        };
        match report {
            Report::Trace(report) => Self::Trace(Box::new(redact(*report, secrets))),
            Report::Repeat(report) => Self::Repeat(Box::new(redact(*report, secrets))),
            Report::Compare(report) => Self::Compare(Box::new(redact(*report, secrets))),
            Report::Dns(report) => Self::Dns(Box::new(redact(*report, secrets))),
        }
    }

    fn write(&self, format: render::Format, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Trace(report) => render::render(report, format, style, out),
            Self::Repeat(report) => render::render_repeated(report, format, style, out),
            Self::Compare(report) => render::render_compared(report, format, style, out),
            Self::Dns(report) => render::render_dns(report, format, style, out),
            Self::Diff(diff) => render::render_diff(diff, format, style, out),
        }
    }
}

/// Shows each document of a file in turn.
///
/// # Errors
/// The first document that cannot be read, and what cannot be written.
pub(super) fn show(name: &str, bytes: &[u8], show: &Show, out: &mut dyn Write) -> Result<Ended, Problem> {
    exports::check(show)?;
    let cannot = |place: usize, why: &str| {
        let place = if place == 0 { String::new() } else { format!(", document {}", place + 1) };
        Problem::Setup(format!("show: `{name}`{place}: {why}"))
    };
    let mut documents =
        serde_json::Deserializer::from_slice(bytes).into_iter::<Value>().enumerate().peekable();
    if documents.peek().is_none() {
        return Err(cannot(0, "there is nothing in it"));
    }
    let mut ended = Ended::from(exit::OK);
    while let Some((place, document)) = documents.next() {
        let document = document.map_err(|error| cannot(place, &no_document(error)))?;
        let report = Read::of(&document).map_err(|why| cannot(place, &why))?;
        fits(show, &report).map_err(|why| cannot(place, why))?;
        if documents.peek().is_some() {
            takes_several(show).map_err(|why| cannot(place, why))?;
        }
        tell_differences(name, &document, &report)?;
        if place > 0 && show.format == Format::Text {
            writeln!(out)?;
        }
        ended = match one(report, show, out) {
            Err(Problem::Output(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Err(cannot(place, "its kind has no such form: --format json and text are for all"));
            }
            ended => ended?,
        };
    }
    Ok(ended)
}

/// Sets two documents beside each other, each a name and its bytes.
///
/// # Errors
/// One that cannot be read, and what cannot be written.
pub(super) fn diff(
    a: &(String, Vec<u8>),
    b: &(String, Vec<u8>),
    show: &Show,
    out: &mut dyn Write,
) -> Result<Ended, Problem> {
    exports::check(show)?;
    let read = |(name, bytes): &(String, Vec<u8>)| {
        Saved::read(name, bytes).map_err(|why| Problem::Setup(format!("diff: `{name}`: {why}")))
    };
    one(Read::Diff(Box::new(Diff::of(&read(a)?, &read(b)?))), show, out)
}

/// Shows one, and writes the files beside it.
fn one(mut report: Read, show: &Show, out: &mut dyn Write) -> Result<Ended, Problem> {
    match &mut report {
        Read::Report(Report::Trace(report)) => show.selection.apply(&mut report.findings),
        Read::Report(Report::Repeat(report)) => {
            report.runs.iter_mut().for_each(|run| show.selection.apply(&mut run.report.findings));
        }
        Read::Report(Report::Dns(report)) => show.selection.apply(&mut report.findings),
        Read::Report(Report::Compare(_)) | Read::Diff(_) => {}
    }
    let report = Shown::new(report, show.secrets);
    let written = exports::write(show, |format, bytes| report.write(format, &style(show), bytes))?;
    let code = written.unwrap_or(exit::OK);
    if let Shown::Trace(report) = &report {
        // A URL that could not be traced has nothing to report but its error.
        if report.trace.requests.is_empty() && show.format == Format::Text {
            let failure = report.part(|report| report.trace.failure());
            let told = failure.and_then(|failure| complaint(failure, show));
            return Ok(Ended { code, complaint: told, signal: None });
        }
    }
    unless_reader_gone(report.write(format(show.format), &style(show), out))?;
    Ok(code.into())
}

/// Whether a document of its kind has the forms that are asked for.
fn fits(show: &Show, report: &Read) -> Result<(), &'static str> {
    let is_page = matches!(report, Read::Report(Report::Trace(report)) if report.trace.page.is_some());
    if is_page && show.formats().any(has_no_page) {
        return Err("a page has no such form: --format json has all of it, har what other tools read");
    }
    // A line a phase needs no requests.
    let needs_requests: &[Format] = match report {
        Read::Report(Report::Repeat(report)) if report.told.is_some() => &[Format::Csv, Format::Otlp],
        Read::Report(Report::Compare(report)) if report.told.is_some() => &[Format::Otlp],
        Read::Report(_) | Read::Diff(_) => &[],
    };
    if show.formats().any(|format| needs_requests.contains(&format)) {
        return Err("its runs were saved with --brief: their requests are not there");
    }
    if !is_page && show.diagram == Diagram::Connections {
        return Err("--diagram connections is a picture of a page, and this is none");
    }
    Ok(())
}

/// Only what is read line by line, or by people, can hold several reports.
fn takes_several(show: &Show) -> Result<(), &'static str> {
    match show.format {
        Format::Text | Format::Json | Format::Jsonl if show.exports.is_empty() => Ok(()),
        _ => Err("more documents follow: several can be shown as text, json or jsonl alone"),
    }
}

/// Says on standard error what of a document is shown otherwise than it was saved, or not at all.
fn tell_differences(name: &str, document: &Value, report: &Read) -> Result<(), Problem> {
    let mut again = Vec::new();
    let whole = Shown::new(report.clone(), Secrets::Show);
    whole.write(render::Format::Jsonl, &Style::default(), &mut again)?;
    let again: Value =
        serde_json::from_slice(&again).map_err(|error| Problem::Internal(error.to_string()))?;
    let found = differences(document, &again);
    let Some(first) = found.first() else { return Ok(()) };
    let members = units::count(found.len(), "member");
    let by = document["urltrace_version"].as_str().unwrap_or("unknown");
    let by: String = by.escape_debug().take(20).collect();
    let told =
        format!("show: `{name}`: {members} of it read otherwise here, the first {}", first.escape_debug());
    let hint = format!("it was written by urltrace {by}, and this is {}", env!("CARGO_PKG_VERSION"));
    render::tell(&redact(told, Secrets::Hide), Some(&redact(hint, Secrets::Hide)));
    Ok(())
}
