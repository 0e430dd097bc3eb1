//! What every document begins with: its schema and its kind.

use serde::Deserialize;

/// The form of the documents that can be read.
const SCHEMA: &str = "urltrace/1";

/// The head of a document.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Head {
    schema: Option<String>,
    /// What it is a document of: `trace`, `page`, `repeat`, ...
    pub kind: Option<String>,
    /// The URL as it was typed.
    pub input: Option<String>,
    /// Wall time of its start.
    pub started_at: Option<String>,
}

impl Head {
    /// Reads the head of a document.
    ///
    /// # Errors
    /// What is no document of a schema that is known; the text says why.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let head: Self = serde_json::from_slice(bytes).map_err(no_document)?;
        head.known()
    }

    /// The same of a document that is JSON already.
    ///
    /// # Errors
    /// See [`read`](Self::read).
    pub fn of(document: &serde_json::Value) -> Result<Self, String> {
        Self::deserialize(document).map_err(no_document)?.known()
    }

    fn known(self) -> Result<Self, String> {
        match self.schema.as_deref() {
            Some(SCHEMA) => Ok(self),
            Some(other) => {
                let other: String = other.chars().take(40).collect();
                Err(format!("its schema is {}, and {SCHEMA} can be read", other.escape_debug()))
            }
            None => Err("it is no JSON document of urltrace: it names no schema".to_owned()),
        }
    }
}

/// That something is no document.
#[must_use]
#[allow(clippy::needless_pass_by_value)] // it stands behind `map_err`
pub fn no_document(error: serde_json::Error) -> String {
    format!("it is no JSON document of urltrace: {error}")
}
