//! Saved documents: a JSON document read back into the report that it was written from.
//!
//! Documents of schema 1 are read, of this minor and of every earlier one: members that are not known are passed over,
//! and those that were added later are what they were before. What is wrong in one is told with its place. What it says of
//! its trace is believed, and nothing is measured.
//!
//! # Layout
//! - `head`: schema and kind, for all who read documents
//! - `value`: JSON values as parts of the model, `words`: those that stand for one of several, `kept`: words that last
//! - `url`, `dns`, `dnssec`, `packet`, `connect`, `tls`, `scan`, `quic`, `proxy`, `http`, `grpc`, `cors`: parts of a hop
//! - `hop`: hops, and the tables of a trace; `page`: what a page asked for; `report`: what was said of it
//! - `same`: whether it was read to its end

mod connect;
mod cors;
mod dns;
mod dnssec;
mod grpc;
mod head;
mod hop;
mod http;
mod kept;
mod packet;
mod page;
mod proxy;
mod quic;
mod report;
mod same;
mod scan;
#[cfg(test)]
mod tests;
mod tls;
mod url;
mod value;
mod words;

use serde_json::Value;

pub use self::head::{Head, no_document};
pub use self::same::differences;
use crate::report::TraceReport;

/// The report of a saved trace.
///
/// # Errors
/// A document of another schema or kind, and one that is damaged; the text says what, and where.
pub fn trace_report(document: &Value) -> Result<TraceReport, String> {
    // The first documents had one kind, and no name for it.
    let nameless = document.get("hops").map(|_| "trace");
    match Head::of(document)?.kind.as_deref().or(nameless) {
        Some("trace" | "page") => report::report(document).map_err(|fault| fault.to_string()),
        kind => {
            let kind: String = kind.unwrap_or("unknown").chars().take(40).collect();
            Err(format!(
                "it is a document of kind {}: those of a trace or a page can be shown",
                kind.escape_debug()
            ))
        }
    }
}
