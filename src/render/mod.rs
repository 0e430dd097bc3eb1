//! Renderers: a finished trace as text or as JSON.
//!
//! They are functions chosen by one `match`, they only read the model, and only they and `main`
//! write. What comes from the network passes `escape` on its way to text, and what is secret is
//! taken out by `redact` on its way to any format.

mod escape;
mod json;
mod lab;
pub mod man;
mod progress;
mod redact;
#[cfg(test)]
pub(crate) mod testtrace;
mod text;
mod words;

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

pub use json::SCHEMA_FILE;
pub use lab::{lab_list, lab_serving};
pub use progress::Progress;

use crate::finding::{Finding, Verdict};
use crate::trace::{Dns, DnssecVerdict, Failure, Trace};

/// The formats of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one document, schema `urltrace/1`.
    Json,
}

/// How a report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour (text only).
    pub color: bool,
    /// UTF-8 when true, ASCII when false (text only).
    pub unicode: bool,
    /// Columns; no line is longer (text only). Below 40 it is taken as 40.
    pub width: usize,
    /// `-v`: every packet, flight, certificate and header.
    pub verbose: bool,
    /// `--show-secrets`: nothing is redacted.
    pub show_secrets: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, unicode: true, width: 80, verbose: false, show_secrets: false }
    }
}

impl Style {
    const fn charset(&self) -> Charset {
        if self.unicode { Charset::Unicode } else { Charset::Ascii }
    }

    const fn redactor(&self) -> redact::Redactor {
        redact::Redactor::new(self.show_secrets)
    }
}

/// The characters that an output can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    /// All of them.
    Unicode,
    /// ASCII only.
    Ascii,
}

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

/// A failure as one line for standard error: `tcp: connect to 192.0.2.1:443 was refused`, and its
/// hint.
#[must_use]
pub fn complaint(failure: &Failure, style: &Style) -> (String, Option<String>) {
    let redactor = style.redactor();
    let clean = |text: &str| escape::text(&redactor.text(text), style.charset()).into_owned();
    let message = format!("{}: {}", failure.stage.as_str(), clean(&failure.message));
    (message, failure.hint.as_deref().map(clean))
}

/// One run of `urltrace dns`.
#[derive(Clone, Copy, Debug)]
pub struct DnsRun<'a> {
    /// The name as it was typed.
    pub input: &'a str,
    /// Wall time of t0.
    pub started_at: SystemTime,
    /// Client set-up before t0.
    pub setup: Duration,
    /// From t0 to the end of the walk; in a batch from its own start.
    pub total: Duration,
    /// The walk.
    pub dns: &'a Dns,
    /// What ended it before its goal.
    pub failure: Option<&'a Failure>,
    /// What is wrong with it or worth knowing.
    pub findings: &'a [Finding],
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

/// Tells standard error why a name has no data, or that what it has is bogus: bare data cannot say it.
pub fn short_reason(run: &DnsRun<'_>, style: &Style) {
    let bogus = || {
        let dnssec = run.dns.dnssec.as_ref().filter(|dnssec| dnssec.verdict == DnssecVerdict::Bogus)?;
        let why = escape::text(dnssec.why.as_deref().unwrap_or_default(), style.charset()).into_owned();
        Some(format!("dns: {} is bogus (DNSSEC): {why}", run.dns.name))
    };
    if let Some(message) = run.failure.map(|failure| complaint(failure, style).0).or_else(bogus) {
        // Standard error may be closed: there is nowhere to tell that.
        let _ = writeln!(io::stderr().lock(), "urltrace: {message}");
    }
}
