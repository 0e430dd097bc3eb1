//! The view of a request that a page of another origin makes.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::reading;
use crate::trace::{Cors, CorsCredentials, CorsRefusal, CorsRole};

/// What a browser would do about the request for a page of another origin (Fetch standard).
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct CorsView<'a> {
    /// The page's origin, as sent in Origin; `null`, as a word, behind a redirect between two other origins.
    origin: &'a str,
    /// The request goes to the page's own origin, is sent without a question, is the question, or follows it.
    #[cfg_attr(test, schemars(extend("enum" = ["same-origin", "simple", "preflight", "preflighted"])))]
    role: &'static str,
    /// Of a preflight: the method of the request it is for.
    request_method: Option<&'a str>,
    /// Of a preflight: the fields of that request that are not safelisted.
    request_fields: Option<&'a [String]>,
    /// Whether cookies or credentials go along.
    credentials: bool,
    /// Of a request behind a preflight: the hop that this was.
    preflight_hop: Option<usize>,
    /// Whether that was asked for this request; was asked for an earlier one, and a browser still has the answer; or for an
    /// earlier attempt, and a browser has it no more and would ask again, which is not done here.
    #[cfg_attr(test, schemars(extend("enum" = ["asked", "kept", "expired", null])))]
    preflight_use: Option<&'static str>,
    /// Of a preflight that was answered well: Access-Control-Max-Age in seconds; null where there is none that can be read.
    max_age_s: Option<i64>,
    /// The same: for how many seconds a browser keeps the answer: 5 where it does not say, 7200 at most (Chromium's cap).
    kept_s: Option<u64>,
    /// Whether the page gets the response, or the request may follow the preflight; null where nothing is judged.
    allowed: Option<bool>,
    /// Why not.
    #[cfg_attr(test, schemars(extend("enum" = ["no-allow-origin", "other-origin", "any-origin-with-credentials", "no-allow-credentials", "preflight-status", "preflight-redirected", "method-not-allowed", "field-not-allowed", null])))]
    refusal: Option<&'static str>,
    /// The same in words.
    refusal_words: Option<String>,
    /// What the refusal is about: the origin that is allowed instead, the status, the method, the field; null where it has
    /// none.
    refusal_about: Option<String>,
}

impl<'a> From<&'a Cors> for CorsView<'a> {
    fn from(cors: &'a Cors) -> Self {
        let (request_method, request_fields) = match &cors.role {
            CorsRole::Preflight { method, fields } => (Some(method.as_str()), Some(fields.as_slice())),
            _ => (None, None),
        };
        Self {
            origin: &cors.origin,
            role: cors.role.as_str(),
            request_method,
            request_fields,
            credentials: cors.credentials == CorsCredentials::Included,
            preflight_hop: cors.allowed_by.map(|preflight| preflight.by.0),
            preflight_use: cors.allowed_by.map(|preflight| preflight.freshness.as_str()),
            max_age_s: cors.kept.and_then(|kept| kept.told),
            kept_s: cors.kept.map(|kept| kept.kept.as_secs()),
            allowed: cors.verdict.as_ref().map(|_| cors.refusal().is_none()),
            refusal: cors.refusal().map(CorsRefusal::as_str),
            refusal_about: cors.refusal().and_then(CorsRefusal::about),
            refusal_words: cors.refusal().map(|why| reading::cors_refusal(cors, why).0),
        }
    }
}
