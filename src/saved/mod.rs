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
//! - `many`: what was said of several traces, and of a name
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
mod many;
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
use self::value::Read;
use crate::report::{CompareReport, DnsReport, RepeatReport, TraceReport};

/// The report that a document was written from.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// Of a trace, or of a page.
    Trace(Box<TraceReport>),
    /// Of many runs of one URL.
    Repeat(Box<RepeatReport>),
    /// Of one URL by several versions of HTTP.
    Compare(Box<CompareReport>),
    /// Of a name.
    Dns(Box<DnsReport>),
}

impl Report {
    /// Reads a document.
    ///
    /// # Errors
    /// One of another schema or kind, and one that is damaged; the text says what, and where.
    pub fn read(document: &Value) -> Result<Self, String> {
        // The first documents had one kind, and no name for it.
        let nameless = document.get("hops").map(|_| "trace");
        let kind = Head::of(document)?.kind;
        let read: Read<Self> = match kind.as_deref().or(nameless) {
            Some("trace" | "page") => report::report(document).map(|report| Self::Trace(Box::new(report))),
            Some("repeat") => many::repeat(document).map(|report| Self::Repeat(Box::new(report))),
            Some("compare") => many::compare(document).map(|report| Self::Compare(Box::new(report))),
            Some("dns") => many::dns(document).map(|report| Self::Dns(Box::new(report))),
            kind => {
                let kind: String = kind.unwrap_or("unknown").chars().take(40).collect();
                return Err(format!(
                    "it is a document of kind {}: those of a trace, page, repeat, compare, diff or dns can be shown",
                    kind.escape_debug()
                ));
            }
        };
        read.map_err(|fault| fault.to_string())
    }
}
