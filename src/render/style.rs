//! How a report looks: its format, colours, characters and width. Decides nothing of its contents.

/// The formats of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one document, schema `urltrace/1`.
    Json,
    /// The same on one line.
    Jsonl,
    /// One page for a browser.
    Html,
    /// A picture.
    Svg,
    /// For tickets.
    Markdown,
    /// For tools that read HTTP Archives.
    Har,
    /// Metrics in Prometheus's text format.
    Prometheus,
    /// The same as OpenMetrics.
    OpenMetrics,
    /// Phases, a line a request.
    Csv,
    /// Chrome's trace events, for Perfetto and speedscope.
    ChromeTrace,
    /// Annotations of GitHub Actions.
    Github,
    /// JUnit's XML: a test for each budget.
    Junit,
    /// Spans for OpenTelemetry's collectors.
    Otlp,
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
    /// `-i`: the response's header fields.
    pub headers: bool,
    /// What is drawn: the ladder comes under the waterfall of a text, and in its place in an SVG.
    pub diagram: Diagram,
    /// `--explain`: the run told as a story.
    pub explain: bool,
}

/// What is drawn of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Diagram {
    /// Where the time went: a bar for each phase and part.
    #[default]
    Waterfall,
    /// Who sent what to whom: a lane for each party, an arrow for each packet, segment and flight.
    Ladder,
    /// A page's connections: a lane for each, with what went over it.
    Connections,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            unicode: true,
            width: 80,
            verbose: false,
            headers: false,
            diagram: Diagram::Waterfall,
            explain: false,
        }
    }
}

impl Style {
    pub(super) const fn charset(&self) -> Charset {
        if self.unicode { Charset::Unicode } else { Charset::Ascii }
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
