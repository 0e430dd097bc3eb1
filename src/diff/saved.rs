//! What is read of a saved document: times of each run, and the facts that are set beside each other. Of fields that are
//! not known nothing is kept, so that a document of a thousand runs takes little room.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::part::Part;
use crate::saved::{Head, no_document};

/// A saved document.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// The name of its file.
    pub file: String,
    /// What it was made by.
    pub kind: SavedKind,
    /// The URL as it was typed.
    pub input: String,
    /// Wall time of its start.
    pub started_at: Option<String>,
    /// Its runs: one, or many.
    pub(super) runs: Vec<Run>,
}

/// What a saved document was made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedKind {
    /// A trace.
    Trace,
    /// A trace with its page.
    Page,
    /// `-n`.
    Repeat,
}

impl SavedKind {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Trace, Self::Page, Self::Repeat];

    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Page => "page",
            Self::Repeat => "repeat",
        }
    }
}

#[derive(Deserialize)]
struct Repeat {
    runs: Vec<Run>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Run {
    pub(super) outcome: String,
    pub(super) failure: Option<Failure>,
    pub(super) final_status: Option<u16>,
    pub(super) phases: BTreeMap<String, Option<u64>>,
    #[serde(default)]
    pub(super) hops: Vec<Hop>,
    /// What a page asked for, its document among it.
    #[serde(default)]
    pub(super) requests: Vec<Asked>,
}

/// A request of a page.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) status: Option<u16>,
    pub(super) failure: Option<Failure>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Failure {
    pub(super) code: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Hop {
    pub(super) dns: Option<Dns>,
    pub(super) connect: Option<Connect>,
    pub(super) tls: Option<Tls>,
    pub(super) http: Option<Http>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Dns {
    #[serde(default)]
    pub(super) addresses: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Connect {
    pub(super) address: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Tls {
    pub(super) version: Option<String>,
    pub(super) cipher_suite: Option<String>,
    pub(super) group: Option<String>,
    #[serde(default)]
    pub(super) chain: Vec<Certificate>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Certificate {
    pub(super) issuer: Option<String>,
    pub(super) not_after: Option<String>,
    pub(super) sha256: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Http {
    pub(super) version: Option<String>,
    pub(super) status: Option<u16>,
    #[serde(default)]
    pub(super) headers: Vec<Field>,
    #[serde(default)]
    pub(super) layers: Vec<Layer>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Layer {
    pub(super) cache: Option<String>,
}

impl Saved {
    /// Reads a document out of its bytes.
    ///
    /// # Errors
    /// What is no document of a trace, of a page or of many runs; the text says why.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, String> {
        let Head { kind, input, started_at, .. } = Head::read(bytes)?;
        let one = || serde_json::from_slice::<Run>(bytes).map(|run| vec![run]);
        let (kind, runs) = match kind.as_deref() {
            Some("trace") => (SavedKind::Trace, one()),
            Some("page") => (SavedKind::Page, one()),
            Some("repeat") => {
                (SavedKind::Repeat, serde_json::from_slice::<Repeat>(bytes).map(|repeat| repeat.runs))
            }
            other => {
                return Err(format!(
                    "it is a document of kind {}: those of a trace, a page or a repeat can be set beside another",
                    other.unwrap_or("unknown")
                ));
            }
        };
        let runs = runs.map_err(no_document)?;
        Ok(Self { file: file.to_owned(), kind, input: input.unwrap_or_default(), started_at, runs })
    }
}

impl Run {
    /// Whether it came to its end.
    pub(super) fn is_ok(&self) -> bool {
        self.outcome == "ok"
    }

    /// What a part of it took, in microseconds.
    pub(super) fn spent(&self, part: Part) -> Option<u64> {
        self.phases.get(&part.in_json()).copied().flatten()
    }
}
