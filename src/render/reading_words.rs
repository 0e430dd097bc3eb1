//! What a response says, in lines: the same for text, HTML and Markdown.
//!
//! Nothing is escaped here: the renderers do that with everything they print.

use crate::reading::{Confidence, ErrorSource, Layer, Role, error_source, layers};
use crate::trace::Hop;
use crate::units;

/// A line on a response.
pub(crate) struct Said {
    /// What it is about.
    pub(crate) label: &'static str,
    /// The line.
    pub(crate) text: String,
    /// Where it is told.
    pub(crate) told: Told,
}

/// Where a line is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// In each report.
    Always,
    /// Where details are wanted.
    InDetail,
}

/// All that the response of a hop says.
pub(crate) fn said(hop: &Hop<'_>) -> Vec<Said> {
    let Some(http) = hop.http.ran() else { return Vec::new() };
    let mut lines = Vec::new();
    let all = layers(&http.headers);
    // That there is a server is no news.
    let bare = all.iter().all(|layer| layer.role == Role::Application && layer.vendor.is_none());
    let told = if bare { Told::InDetail } else { Told::Always };
    lines.extend(all.iter().map(|one| Said { label: "layer", text: layer(one), told }));
    if let Some(source) = error_source(http) {
        lines.push(Said { label: "error by", text: source_words(&source), told: Told::Always });
    }
    lines
}

fn layer(layer: &Layer) -> String {
    let mut words = layer.role.as_str().to_owned();
    match (layer.vendor, &layer.name) {
        (Some(vendor), _) => words.push_str(&format!(" {vendor}")),
        (None, Some(name)) => words.push_str(&format!(" that calls itself `{name}`")),
        (None, None) => {}
    }
    if let Some(location) = &layer.location {
        words.push_str(&format!(", {location}"));
    }
    if let Some(cache) = layer.cache {
        words.push_str(&format!(": {}", cache.as_str()));
        if let Some(reason) = &layer.reason {
            words.push_str(&format!(" ({reason})"));
        }
    }
    if let Some(age) = layer.age {
        words.push_str(&format!(", {age} s old"));
    }
    if let Some(took) = layer.upstream_us {
        words.push_str(&format!(", says that what is behind it took {}", units::micros(took)));
    }
    if let Some(id) = &layer.id {
        words.push_str(&format!(", id {id}"));
    }
    words.push_str(&format!("; by {}{}", layer.evidence.join(", "), doubt(layer.confidence)));
    words
}

const fn doubt(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => " (weak)",
        Confidence::Medium | Confidence::High => "",
    }
}

fn source_words(source: &ErrorSource) -> String {
    let called = source.called.as_ref().map_or_else(String::new, |called| format!(" ({called})"));
    let code = source.code.as_ref().map_or_else(String::new, |code| format!(" [{code}]"));
    format!(
        "the {}{called}: {}{code}; by {}{}",
        source.maker.as_str(),
        source.meaning,
        source.evidence.join(", "),
        doubt(source.confidence)
    )
}
