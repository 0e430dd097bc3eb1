//! The JSON Schema of the documents: the committed file, which a test makes from their view structs.

/// The JSON Schema of both documents.
pub const SCHEMA_FILE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/schema/urltrace-1.json"));

/// What the file has to be.
#[cfg(test)]
pub(super) mod from_views {
    use schemars::JsonSchema;
    use schemars::generate::SchemaSettings;

    use crate::render::json::document::{DnsDocument, SCHEMA, TraceDocument};

    /// The schema of the view structs.
    pub(crate) fn schema() -> String {
        let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let mut schema = generator.into_root_schema_for::<Document<'static>>();
        schema.insert("title".to_owned(), SCHEMA.into());
        serde_json::to_string_pretty(&schema).unwrap() + "\n"
    }

    /// A document of schema `urltrace/1`: of a traced URL, or of one `urltrace dns`.
    #[derive(JsonSchema)]
    #[schemars(untagged)]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Document<'a> {
        Trace(Box<TraceDocument<'a>>),
        Dns(Box<DnsDocument<'a>>),
    }
}
