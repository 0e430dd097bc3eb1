//! The JSON Schema of the documents, made from their view structs.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::document::{DnsDocument, SCHEMA, TraceDocument};

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
