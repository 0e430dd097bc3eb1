//! The JSON document, schema `urltrace/1`.
//!
//! It is written from view structs of its own, never from the model, so that the model can change
//! and the document cannot by accident. The schema file comes from the same structs. Within schema
//! 1 fields are only ever added.

mod connect;
mod dns;
mod dnssec;
mod finding;
mod hop;
mod http;
mod packet;
mod service;
mod survey;
mod tls;
mod url;

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};

use super::redact::Redactor;
use super::{DnsRun, Style, escape, words};
use crate::finding::{Finding, Verdict};
use crate::timeline;
use crate::trace::{Failure, Trace};

const SCHEMA: &str = "urltrace/1";

/// Writes the document of a trace.
pub(super) fn trace(
    trace: &Trace,
    findings: &[Finding],
    verdict: &Verdict,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let redactor = style.redactor();
    let mut document = serde_json::to_value(TraceDocument::new(trace, verdict, redactor))?;
    // Evidence is copied out of the finished document, so that a pointer and its value cannot
    // disagree.
    let findings = findings
        .iter()
        .map(|finding| serde_json::to_value(finding::FindingView::new(finding, &document, redactor)))
        .collect::<Result<Vec<_>, _>>()?;
    document["findings"] = findings.into();
    write(&document, out)
}

/// Writes the document of one `urltrace dns`.
pub(super) fn dns(run: &DnsRun<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    write(&dns_document(run, style.redactor())?, out)
}

fn dns_document(run: &DnsRun<'_>, redactor: Redactor) -> serde_json::Result<serde_json::Value> {
    let mut document = serde_json::to_value(DnsDocument::new(run, redactor))?;
    let findings = run
        .findings
        .iter()
        .map(|finding| serde_json::to_value(finding::FindingView::new(finding, &document, redactor)))
        .collect::<Result<Vec<_>, _>>()?;
    document["findings"] = findings.into();
    Ok(document)
}

/// Writes the same document without line ends.
pub(super) fn dns_line(run: &DnsRun<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let document = dns_document(run, style.redactor())?;
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, OneLine))?;
    out.write_all(b"\n")
}

/// The JSON Schema of both documents, as it stands in `fixtures/schema/urltrace-1.json`.
#[must_use]
pub fn schema() -> String {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Document<'static>>();
    schema.insert("title".to_owned(), SCHEMA.into());
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// A document of schema `urltrace/1`: of a traced URL, or of one `urltrace dns`.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code)] // only its schema is used
enum Document<'a> {
    Trace(Box<TraceDocument<'a>>),
    Dns(Box<DnsDocument<'a>>),
}

/// A traced URL.
#[derive(Serialize, JsonSchema)]
struct TraceDocument<'a> {
    /// The version of this document's form.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// The version of the program that wrote it.
    urltrace_version: &'static str,
    /// The URL as typed, secrets redacted.
    input: Cow<'a, str>,
    /// Wall time of t0, RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    started_at: String,
    /// Whether the trace ran inside the built-in lab.
    lab: bool,
    /// Whether the last response was read to its end.
    outcome: Outcome,
    /// What ended the trace before its goal.
    failure: Option<FailureView<'a>>,
    /// From t0 to the end of the last hop.
    total_us: u64,
    /// Client set-up before t0, not part of the total.
    setup_us: u64,
    /// Where the time went.
    verdict: finding::VerdictView<'a>,
    /// One record for each request of the redirect chain.
    hops: Vec<hop::HopView<'a>>,
    /// The waterfall's rows.
    spans: Vec<hop::SpanView>,
    /// What is wrong, slow or worth knowing, the most severe first.
    findings: Vec<finding::FindingView<'a>>,
}

impl<'a> TraceDocument<'a> {
    /// The document without its findings: these point into it.
    fn new(trace: &'a Trace, verdict: &'a Verdict, redactor: Redactor) -> Self {
        let failed = trace.requests.len().saturating_sub(1);
        Self {
            schema: SCHEMA,
            urltrace_version: env!("CARGO_PKG_VERSION"),
            input: redactor.typed(&trace.input),
            started_at: words::timestamp(trace.started_at, 6),
            lab: trace.lab,
            outcome: Outcome::of(trace.failure()),
            failure: trace.failure().map(|failure| FailureView::new(failure, failed, redactor)),
            total_us: us(trace.total),
            setup_us: us(trace.setup),
            verdict: finding::VerdictView::new(verdict, redactor),
            hops: trace
                .hops()
                .enumerate()
                .map(|(index, hop)| hop::HopView::new(index, hop, redactor))
                .collect(),
            spans: timeline::spans(trace)
                .into_iter()
                .map(|span| hop::SpanView::new(span, redactor))
                .collect(),
            findings: Vec::new(),
        }
    }
}

/// One `urltrace dns`.
#[derive(Serialize, JsonSchema)]
struct DnsDocument<'a> {
    /// The version of this document's form.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// Tells this document from that of a traced URL.
    #[schemars(extend("const" = "dns"))]
    kind: &'static str,
    /// The version of the program that wrote it.
    urltrace_version: &'static str,
    /// The name as typed.
    input: &'a str,
    /// Wall time of t0, RFC 3339, UTC.
    #[schemars(extend("format" = "date-time"))]
    started_at: String,
    /// Whether the question was answered, be it with no.
    outcome: Outcome,
    /// What ended the walk before its goal.
    failure: Option<FailureView<'a>>,
    /// From t0 to the end of the walk; in a batch from the walk's own start.
    total_us: u64,
    /// Client set-up before t0, not part of the total.
    setup_us: u64,
    /// The final response code, by its IANA name.
    rcode: Option<Cow<'static, str>>,
    /// The final answer: the CNAME chain in order, then the records.
    answers: Vec<dns::RecordView<'a>>,
    /// The walk, as in a trace.
    dns: dns::DnsView<'a>,
    /// What is wrong, slow or worth knowing of it, the most severe first.
    findings: Vec<finding::FindingView<'a>>,
}

impl<'a> DnsDocument<'a> {
    fn new(run: &DnsRun<'a>, redactor: Redactor) -> Self {
        Self {
            schema: SCHEMA,
            kind: "dns",
            urltrace_version: env!("CARGO_PKG_VERSION"),
            input: run.input,
            started_at: words::timestamp(run.started_at, 6),
            outcome: Outcome::of(run.failure),
            failure: run.failure.map(|failure| FailureView::new(failure, 0, redactor)),
            total_us: us(run.total),
            setup_us: us(run.setup),
            rcode: run.dns.rcode.map(crate::trace::Rcode::mnemonic),
            answers: run.dns.answers.iter().map(Into::into).collect(),
            dns: run.dns.into(),
            findings: Vec::new(),
        }
    }
}

/// How it ended.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Outcome {
    Ok,
    Failed,
}

impl Outcome {
    const fn of(failure: Option<&Failure>) -> Self {
        if failure.is_some() { Self::Failed } else { Self::Ok }
    }
}

/// Why there is no whole response.
#[derive(Serialize, JsonSchema)]
struct FailureView<'a> {
    /// The stage that failed or was running.
    #[schemars(extend("enum" = ["url", "dns", "tcp", "tls", "http"]))]
    stage: &'static str,
    /// A stable kebab-case word.
    code: &'static str,
    /// One sentence with the names and numbers of this run.
    message: Cow<'a, str>,
    /// What to try next.
    hint: Option<Cow<'a, str>>,
    /// The hop it happened in.
    hop: usize,
    /// How long the stage had been running.
    running_us: u64,
}

impl<'a> FailureView<'a> {
    fn new(failure: &'a Failure, hop: usize, redactor: Redactor) -> Self {
        Self {
            stage: failure.stage.as_str(),
            code: failure.code.as_str(),
            message: redactor.text(&failure.message),
            hint: failure.hint.as_deref().map(|hint| redactor.text(hint)),
            hop,
            running_us: us(failure.running),
        }
    }
}

/// Whole microseconds of a duration.
fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn write(document: &serde_json::Value, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Readable(PrettyFormatter::new()));
    document.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

/// Indented, and with every character that a terminal would obey written as `\u....`: the same
/// value to a program, and harmless when the document is read on a terminal.
struct Readable(PrettyFormatter<'static>);

impl Formatter for Readable {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        write_harmless(out, fragment)
    }

    fn write_char_escape<W: Write + ?Sized>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        self.0.write_char_escape(out, escape)
    }

    fn begin_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

fn write_harmless<W: Write + ?Sized>(out: &mut W, fragment: &str) -> io::Result<()> {
    let mut plain = 0;
    for (at, char) in fragment.char_indices().filter(|(_, char)| escape::is_control(*char)) {
        out.write_all(&fragment.as_bytes()[plain..at])?;
        for unit in char.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        plain = at + char.len_utf8();
    }
    out.write_all(&fragment.as_bytes()[plain..])
}

/// Without spaces or line ends, and as harmless as [`Readable`].
struct OneLine;

impl Formatter for OneLine {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        write_harmless(out, fragment)
    }
}

#[cfg(test)]
mod tests;
