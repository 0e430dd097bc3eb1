//! The way from a report to its renderer: one `match` on the format.

use std::io::{self, Write};

use super::run::DnsRun;
use super::style::{Format, Style};
use super::{json, text};
use crate::finding::{Finding, Verdict};
use crate::trace::Trace;

/// Writes the report of a trace.
///
/// # Errors
/// Only those of `out`.
pub fn render(
    trace: &Trace,
    findings: &[Finding],
    verdict: &Verdict,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::trace(trace, findings, verdict, style, out),
        Format::Json => json::trace(trace, findings, verdict, style, out),
    }
}

/// Writes the report of one `urltrace dns`.
///
/// # Errors
/// Only those of `out`.
pub fn render_dns(run: &DnsRun<'_>, format: Format, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::dns(run, style, out),
        Format::Json => json::dns(run, style, out),
    }
}

/// Writes one result of a batch as one line: text, or a JSON document without line ends.
///
/// # Errors
/// Only those of `out`.
pub fn render_dns_line(
    run: &DnsRun<'_>,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::dns_line(run, style, out),
        Format::Json => json::dns_line(run, style, out),
    }
}

/// Writes the data of an answer, one record a line.
///
/// # Errors
/// Only those of `out`.
pub fn render_short(run: &DnsRun<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    text::short(run.dns, style, out)
}
