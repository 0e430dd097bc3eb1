//! Views of what a response says.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::reading::{CacheResult, Confidence, ErrorSource, Layer, Maker, Role};

/// A layer between the client and the origin, by what it wrote into the response.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct LayerView {
    /// What it is. The cache of a CDN is the same layer.
    #[cfg_attr(test, schemars(extend("enum" = ["CDN", "cache", "api-gateway", "load-balancer", "mesh", "function", "application"])))]
    role: &'static str,
    /// Whose it is; null where fewer than two fields agree on that.
    vendor: Option<&'static str>,
    /// What it calls itself.
    name: Option<String>,
    /// Where it is: a city, and the code of its airport (IATA).
    location: Option<String>,
    /// What its cache did.
    #[cfg_attr(test, schemars(extend("enum" = ["hit", "miss", "stale", "revalidated", "bypass", "dynamic", "none", "unknown", null])))]
    cache: Option<&'static str>,
    /// Why.
    reason: Option<String>,
    /// How old its copy was.
    age_s: Option<u64>,
    /// How long what is behind it took, by its word.
    upstream_us: Option<u64>,
    /// What it calls the request: its support asks for it.
    id: Option<String>,
    /// The fields it is known by.
    evidence: Vec<&'static str>,
    /// How well it is borne out.
    #[cfg_attr(test, schemars(extend("enum" = ["low", "medium", "high"])))]
    confidence: &'static str,
}

impl From<Layer> for LayerView {
    fn from(layer: Layer) -> Self {
        Self {
            role: Role::as_str(layer.role),
            vendor: layer.vendor,
            name: layer.name,
            location: layer.location,
            cache: layer.cache.map(CacheResult::as_str),
            reason: layer.reason,
            age_s: layer.age,
            upstream_us: layer.upstream_us,
            id: layer.id,
            evidence: layer.evidence,
            confidence: Confidence::as_str(layer.confidence),
        }
    }
}

/// Who made an error.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct ErrorSourceView {
    /// A CDN, a layer between it and the origin, or what is behind them.
    #[cfg_attr(test, schemars(extend("enum" = ["edge", "gateway", "origin"])))]
    who: &'static str,
    /// Its vendor, or the name that it gives itself.
    name: Option<String>,
    /// Its code, in its own words.
    code: Option<String>,
    /// What happened.
    meaning: String,
    /// What to check next.
    check_next: &'static str,
    /// The fields that show it; `status` and `body` for those.
    evidence: Vec<&'static str>,
    /// How well it is borne out.
    #[cfg_attr(test, schemars(extend("enum" = ["low", "medium", "high"])))]
    confidence: &'static str,
}

impl From<ErrorSource> for ErrorSourceView {
    fn from(source: ErrorSource) -> Self {
        Self {
            who: Maker::as_str(source.maker),
            name: source.called,
            code: source.code,
            meaning: source.meaning,
            check_next: source.check_next,
            evidence: source.evidence,
            confidence: Confidence::as_str(source.confidence),
        }
    }
}
