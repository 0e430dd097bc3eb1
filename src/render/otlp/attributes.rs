//! Attributes and times in the JSON mapping of OTLP: typed values, 64-bit numbers as text, ids as hex.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::trace::At;

/// Attributes of a span, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes(Vec<Value>);

impl Attributes {
    pub(super) fn text(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.push(json!({ "key": key, "value": { "stringValue": value.into() } }));
        self
    }

    pub(super) fn maybe(self, key: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    /// A 64-bit number is a text in the JSON mapping of Protocol Buffers.
    pub(super) fn number(mut self, key: &str, value: u64) -> Self {
        self.0.push(json!({ "key": key, "value": { "intValue": value.to_string() } }));
        self
    }

    pub(super) fn maybe_number(self, key: &str, value: Option<u64>) -> Self {
        match value {
            Some(value) => self.number(key, value),
            None => self,
        }
    }

    pub(super) fn truth(mut self, key: &str, value: bool) -> Self {
        self.0.push(json!({ "key": key, "value": { "boolValue": value } }));
        self
    }

    pub(super) fn list(mut self, key: &str, values: impl Iterator<Item = String>) -> Self {
        let values: Vec<Value> = values.map(|value| json!({ "stringValue": value })).collect();
        if !values.is_empty() {
            self.0.push(json!({ "key": key, "value": { "arrayValue": { "values": values } } }));
        }
        self
    }

    pub(super) fn done(self) -> Value {
        Value::Array(self.0)
    }
}

/// Nanoseconds of Unix time, as text.
pub(super) fn nanoseconds(start: SystemTime, at: At) -> String {
    // No finer than the stamps, and than the start that the JSON document has.
    let start = start.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    (start + Duration::from_micros(at.0).as_micros()).saturating_mul(1_000).to_string()
}
