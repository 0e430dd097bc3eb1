//! The way from a report to its renderer: one `match` on the format.

use std::io::{self, Write};

use super::json::Lines;
use super::many::BadLineReport;
use super::prometheus::{self, Detail, Dialect};
use super::style::{Format, Style};
use super::{chrome_trace, csv, github, har, html, json, junit, markdown, otlp, svg, text};
use crate::diff::Diff;
use crate::exit;
use crate::redact::Redacted;
use crate::report::{CompareReport, DnsReport, RepeatReport, TraceReport};

/// Writes the report of a trace.
///
/// # Errors
/// Only those of `out`.
pub fn render(
    report: &Redacted<TraceReport>,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::trace(report, style, out),
        Format::Json => json::trace(report, Lines::Many, out),
        Format::Jsonl => json::trace(report, Lines::One, out),
        Format::Html => html::trace(report, out),
        Format::Svg => svg::trace(report, style, out),
        Format::Markdown => markdown::trace(report, out),
        Format::Har => har::trace(report, out),
        Format::Prometheus => prometheus::trace(report, Dialect::Prometheus, detail(style), out),
        Format::OpenMetrics => prometheus::trace(report, Dialect::OpenMetrics, detail(style), out),
        Format::Csv => csv::trace(report, out),
        Format::ChromeTrace => chrome_trace::trace(report, out),
        Format::Github => github::trace(report, out),
        Format::Junit => junit::trace(report, out),
        Format::Otlp => otlp::spans(report, out),
    }
}

/// Writes several ways in turn, beside each other.
///
/// # Errors
/// Only those of `out`.
pub fn render_compared(
    report: &Redacted<CompareReport>,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::compare(report, style, out),
        Format::Json => json::compare(report, Lines::Many, out),
        Format::Jsonl => json::compare(report, Lines::One, out),
        Format::Html => html::compare(report, out),
        Format::Markdown => markdown::compare(report, out),
        Format::Csv => csv::compare(report, out),
        Format::Otlp => otlp::ways(report, out),
        _ => has_no_form(),
    }
}

/// Writes many runs of one URL.
///
/// # Errors
/// Only those of `out`.
pub fn render_repeated(
    report: &Redacted<RepeatReport>,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::repeat(report, style, out),
        Format::Json => json::repeat(report, Lines::Many, out),
        Format::Jsonl => json::repeat(report, Lines::One, out),
        Format::Html => html::repeat(report, out),
        Format::Markdown => markdown::repeat(report, out),
        Format::Prometheus => prometheus::repeat(report, Dialect::Prometheus, out),
        Format::OpenMetrics => prometheus::repeat(report, Dialect::OpenMetrics, out),
        Format::Csv => csv::repeat(report, out),
        Format::Github => github::repeat(report, out),
        Format::Junit => junit::repeat(report, out),
        Format::Otlp => otlp::runs(report, out),
        Format::Svg | Format::Har | Format::ChromeTrace => has_no_form(),
    }
}

/// Writes two saved documents beside each other.
///
/// # Errors
/// Only those of `out`.
pub fn render_diff(
    diff: &Redacted<Diff>,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::diff(diff, style, out),
        Format::Json => json::diff(diff, Lines::Many, out),
        Format::Jsonl => json::diff(diff, Lines::One, out),
        Format::Html => html::diff(diff, out),
        Format::Markdown => markdown::diff(diff, out),
        Format::Csv => csv::diff(diff, out),
        _ => has_no_form(),
    }
}

/// Writes one URL of many as one line: text, or a JSON document without line ends.
///
/// # Errors
/// Only those of `out`.
pub fn render_line(
    report: &Redacted<TraceReport>,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::line(report, style, out),
        Format::Json | Format::Jsonl => json::trace(report, Lines::One, out),
        Format::Otlp => otlp::spans(report, out),
        Format::Csv => csv::url(report, out),
        _ => has_no_form(),
    }
}

/// Writes what stands above the lines of many URLs, where a format has such a thing.
///
/// # Errors
/// Only those of `out`.
pub fn render_lines_head(format: Format, out: &mut dyn Write) -> io::Result<()> {
    if format == Format::Csv { csv::list_head(out) } else { Ok(()) }
}

/// Writes a line of a list that cannot be used, in the place of its URL.
///
/// # Errors
/// Only those of `out`.
pub fn render_bad_line(
    bad: &BadLineReport,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::bad_line(bad, style, out),
        Format::Json | Format::Jsonl => json::error(exit::USAGE, &bad.sentence(), None, Lines::One, out),
        Format::Csv => csv::bad_line(bad, exit::USAGE, out),
        // Nothing was done that could have a span: the summary counts it.
        Format::Otlp => Ok(()),
        _ => has_no_form(),
    }
}

/// Writes the report of one `urltrace dns`.
///
/// # Errors
/// Only those of `out`.
pub fn render_dns(
    report: &Redacted<DnsReport>,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::dns(report, style, out),
        Format::Json => json::dns(report, Lines::Many, out),
        Format::Jsonl => json::dns(report, Lines::One, out),
        _ => has_no_form(),
    }
}

/// Writes one result of a batch as one line: text, or a JSON document without line ends.
///
/// # Errors
/// Only those of `out`.
pub fn render_dns_line(
    report: &Redacted<DnsReport>,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::dns_line(report, style, out),
        Format::Json | Format::Jsonl => json::dns(report, Lines::One, out),
        _ => has_no_form(),
    }
}

/// `-v` tells more.
const fn detail(style: &Style) -> Detail {
    if style.verbose { Detail::Each } else { Detail::Plain }
}

/// The command line refuses these for lookups, comparisons and many runs.
fn has_no_form() -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this has no such form"))
}

/// Writes the data of an answer, one record a line.
///
/// # Errors
/// Only those of `out`.
pub fn render_short(report: &Redacted<DnsReport>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    text::short(report, style, out)
}
