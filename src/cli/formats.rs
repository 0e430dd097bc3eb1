//! The formats of a report, and the files beside it, as clap has them: declarations only.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Files that the same run is written to, beside the report.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output and lab")]
pub struct Exports {
    /// Also write the report as one HTML page to this file
    #[arg(long, value_name = "FILE")]
    pub export_html: Option<PathBuf>,
    /// Also write the picture of `--format svg` to this file
    #[arg(long, value_name = "FILE")]
    pub export_svg: Option<PathBuf>,
    /// Also write the document of `--format json` to this file
    #[arg(long, value_name = "FILE")]
    pub export_json: Option<PathBuf>,
    /// Also write the report as Markdown, for a ticket, to this file
    #[arg(long, alias = "export-md", value_name = "FILE")]
    pub export_markdown: Option<PathBuf>,
    /// Also write the run as an HTTP Archive (HAR 1.2) to this file
    #[arg(long, value_name = "FILE")]
    pub export_har: Option<PathBuf>,
    /// Also write metrics for Prometheus to this file, as node_exporter's textfile collector reads it (`*.prom`)
    #[arg(long, value_name = "FILE")]
    pub export_prometheus: Option<PathBuf>,
    /// Also write the phases as CSV, a line a request (of a comparison a line a phase), to this file
    #[arg(long, value_name = "FILE")]
    pub export_csv: Option<PathBuf>,
    /// Also write Chrome's trace events, for Perfetto and speedscope, to this file
    #[arg(long, value_name = "FILE")]
    pub export_chrome_trace: Option<PathBuf>,
    /// Also write the annotations of `--format github` to this file
    #[arg(long, value_name = "FILE")]
    pub export_github: Option<PathBuf>,
    /// Also write budgets as tests of JUnit's XML to this file
    #[arg(long, value_name = "FILE")]
    pub export_junit: Option<PathBuf>,
    /// Also write the spans of `--format otlp` to this file
    #[arg(long, value_name = "FILE")]
    pub export_otlp: Option<PathBuf>,
}

/// Options of distributed tracing.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output and lab")]
pub struct Telemetry {
    /// When the report is printed, send each run as a trace of spans to this collector of OpenTelemetry (OTLP by HTTP, JSON)
    ///
    /// A URL without a path gets /v1/traces. Where the only URL stands behind it, that is the one to trace. Without a
    /// URL of its own the variables OTEL_EXPORTER_OTLP_ENDPOINT, _HEADERS, _TIMEOUT, _COMPRESSION, _PROTOCOL and
    /// _CERTIFICATE are read, also as OTEL_EXPORTER_OTLP_TRACES_..., and where they name none, http://localhost:4318 is
    /// taken. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES name the sender.
    #[arg(long, value_name = "URL", num_args = 0..=1)]
    pub otlp: Option<Option<String>>,
}

/// Output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A report for people
    Text,
    /// One document of schema urltrace/1
    Json,
    /// The same on one line
    #[value(aliases = ["json-lines", "ndjson"])]
    Jsonl,
    /// One page that opens anywhere and asks nobody for anything
    Html,
    /// A picture of the run
    Svg,
    /// For tickets
    #[value(alias = "md")]
    Markdown,
    /// An HTTP Archive (HAR 1.2), for tools that read those
    Har,
    /// Metrics in Prometheus's text format
    Prometheus,
    /// The same as OpenMetrics
    Openmetrics,
    /// Phases, a line a request; of a list a line a URL
    Csv,
    /// Chrome's trace events, for Perfetto and speedscope
    ChromeTrace,
    /// Annotations of GitHub Actions
    Github,
    /// JUnit's XML: a test for each budget
    Junit,
    /// Spans for OpenTelemetry's collectors, as JSON
    Otlp,
}

/// Pictures of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Diagram {
    /// Where the time went
    Waterfall,
    /// Who sent what to whom, as with `--ladder`
    Ladder,
    /// A page's connections, and what went over each (with `--page`)
    Connections,
}

/// What `--generate` can print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Generate {
    /// The man page
    Man,
    /// Completions for bash
    #[value(alias = "complete-bash")]
    Bash,
    /// Completions for zsh
    #[value(alias = "complete-zsh")]
    Zsh,
    /// Completions for fish
    #[value(alias = "complete-fish")]
    Fish,
    /// The JSON schema
    Schema,
}

/// Whether there is no such form of a page.
#[must_use]
pub const fn has_no_page(format: Format) -> bool {
    matches!(format, Format::Prometheus | Format::Openmetrics)
}
