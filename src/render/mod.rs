//! Renderers: a finished trace as text, JSON, a page, a picture, Markdown, an HTTP Archive, metrics, spans, or for CI.
//!
//! They are functions chosen by one `match`, they only read the model, and only they and `main`
//! write. What comes from the network passes `escape` on its way to text, and all of it has
//! passed [`crate::redact`]: they take nothing else.

mod again_words;
mod arrival_words;
mod attempt_words;
mod axis;
mod check;
mod chrome_trace;
mod compare_words;
mod compared;
mod complaint;
pub mod completions;
mod cookie_words;
mod csv;
mod diff_words;
mod escape;
mod findings;
mod further_words;
mod github;
mod grpc_words;
mod har;
mod html;
mod json;
mod junit;
mod lab;
mod ladder_words;
pub mod man;
mod many;
mod markdown;
mod method_words;
mod otlp;
mod output;
mod overview;
mod page_words;
mod part_words;
mod picture_words;
mod progress;
pub mod prometheus;
mod proxy_words;
mod quic_words;
mod reading_words;
mod refusal;
mod repeat_words;
mod request_words;
mod retry_words;
mod scan_words;
mod serve;
mod shorten;
mod style;
mod svg;
#[cfg(test)]
pub(crate) mod testtrace;
mod text;
mod upload_words;
mod words;

pub use check::check_line;
pub use complaint::{broken_budgets, complaint, short_reason};
pub use findings::findings_list;
pub use json::schema_file;
pub use lab::{lab_list, lab_serving};
pub use many::{BadLineReport, ManySummary, many_summary};
pub use otlp::SpanBatch;
pub use output::{
    render, render_bad_line, render_compared, render_diff, render_dns, render_dns_line, render_line,
    render_lines_head, render_repeated, render_short,
};
pub use progress::{Progress, Uploaded};
pub use refusal::{Form, Refusal, refuse, tell};
pub use serve::{ProbeRow, probes, serving};
pub use style::{Diagram, Format, Style};
pub use text::{no_topic, topic_list, topics};
pub use text::{tour_prompt, tour_question, tour_reading};
