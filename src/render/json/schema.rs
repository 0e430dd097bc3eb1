//! The JSON Schema of the documents: the committed file, which a test makes from their view structs.

use crate::packed::SCHEMA;

/// The JSON Schema of all documents.
#[must_use]
pub fn schema_file() -> &'static str {
    SCHEMA.text()
}

/// What the file has to be.
#[cfg(test)]
pub(super) mod from_views {
    use schemars::JsonSchema;
    use schemars::generate::SchemaSettings;

    use crate::finding::{Cause, Load, RULES};
    use crate::reading::FlowKind;
    use crate::render::json::compare::CompareDocument;
    use crate::render::json::diff::DiffDocument;
    use crate::render::json::document::{DnsDocument, ErrorDocument, SCHEMA, TraceDocument};
    use crate::render::json::page::{PageDocument, STOPPED};
    use crate::render::json::repeat::RepeatDocument;
    use crate::trace::{FailureCode, Left, ResourceKind, UrlChangeKind};

    /// The schema of the view structs.
    pub(crate) fn schema() -> String {
        let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let mut schema = generator.into_root_schema_for::<Document<'static>>();
        schema.insert("title".to_owned(), SCHEMA.into());
        schema.insert("$id".to_owned(), "urn:urltrace:schema:1".into());
        serde_json::to_string_pretty(&schema).unwrap() + "\n"
    }

    /// The words of a list, in its order.
    fn words<T: Copy>(list: &[T], word: impl Fn(T) -> &'static str) -> Vec<&'static str> {
        list.iter().map(|it| word(*it)).collect()
    }

    pub(crate) fn failure_codes() -> Vec<&'static str> {
        words(FailureCode::ALL, FailureCode::as_str)
    }

    pub(crate) fn certificate_codes() -> Vec<&'static str> {
        failure_codes().into_iter().filter(|code| code.starts_with("certificate-")).collect()
    }

    pub(crate) fn finding_ids() -> Vec<&'static str> {
        words(RULES, |rule| rule.id)
    }

    pub(crate) fn change_kinds() -> Vec<&'static str> {
        words(UrlChangeKind::ALL, UrlChangeKind::as_str)
    }

    pub(crate) fn causes() -> Vec<&'static str> {
        words(Cause::ALL, Cause::as_str)
    }

    pub(crate) fn flow_kinds() -> Vec<&'static str> {
        words(FlowKind::ALL, FlowKind::as_str)
    }

    pub(crate) fn loads() -> Vec<&'static str> {
        words(Load::ALL, Load::as_str)
    }

    pub(crate) fn resource_kinds() -> Vec<&'static str> {
        words(ResourceKind::ALL, ResourceKind::as_str)
    }

    pub(crate) fn left_words() -> Vec<&'static str> {
        let mut all = words(Left::ALL, Left::as_str);
        all.push(STOPPED);
        all
    }

    /// A document of schema `urltrace/1`, told apart by `kind`: of a traced URL, of a page, of one URL by several
    /// versions of HTTP or many times, of two saved documents,
    /// of one `urltrace dns`, or of an error.
    #[derive(JsonSchema)]
    #[schemars(untagged)]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Document<'a> {
        Trace(Box<TraceDocument<'a>>),
        Page(Box<PageDocument<'a>>),
        Compare(Box<CompareDocument<'a>>),
        Repeat(Box<RepeatDocument<'a>>),
        Diff(Box<DiffDocument<'a>>),
        Dns(Box<DnsDocument<'a>>),
        Error(Box<ErrorDocument<'a>>),
    }
}
