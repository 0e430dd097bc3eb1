//! What a browser holds against a response to a page of another origin, in words.

use crate::trace::{
    Cors, CorsCredentials, CorsRefusal, CorsRole, PreflightFreshness, PreflightKept, PreflightUse,
};

/// Why a request needs a preflight: `the method PUT and the field x-token`.
pub(super) fn preflight_reasons(method: &str, fields: &[String]) -> String {
    let mut reasons = Vec::new();
    if !matches!(method, "GET" | "HEAD" | "POST") {
        reasons.push(format!("the method {method}"));
    }
    match fields {
        [] => {}
        [one] => reasons.push(format!("the field {one}")),
        many => reasons.push(format!("the fields {}", many.join(", "))),
    }
    reasons.join(" and ")
}

/// What is wrong, and what should be there in its place.
#[must_use]
pub fn refusal(cors: &Cors, why: &CorsRefusal) -> (String, String) {
    let origin = &cors.origin;
    let with = match cors.credentials {
        CorsCredentials::Included => ", and credentials go along",
        CorsCredentials::Omitted => "",
    };
    match why {
        CorsRefusal::NoOrigin => (
            "there is no Access-Control-Allow-Origin".to_owned(),
            format!("Access-Control-Allow-Origin: {origin}"),
        ),
        CorsRefusal::OtherOrigin(said) => (
            format!("Access-Control-Allow-Origin says `{said}`, and the page is of {origin}"),
            format!("Access-Control-Allow-Origin: {origin}, once, and Vary: Origin beside it"),
        ),
        CorsRefusal::AnyWithCredentials => (
            "Access-Control-Allow-Origin is `*`, which does not do where cookies or credentials go along".to_owned(),
            format!("Access-Control-Allow-Origin: {origin}, and Vary: Origin beside it"),
        ),
        CorsRefusal::NoCredentials => (
            "cookies or credentials go along, and Access-Control-Allow-Credentials is not `true`".to_owned(),
            "Access-Control-Allow-Credentials: true".to_owned(),
        ),
        CorsRefusal::Status(status) => (
            format!("the preflight was answered with {status}, and 200 to 299 would do"),
            "an answer of 204 to OPTIONS, also for those who have not logged in: a preflight has no credentials"
                .to_owned(),
        ),
        CorsRefusal::Redirected(status) => (
            format!("the preflight was redirected ({status}), and browsers follow none"),
            "an answer to OPTIONS at this URL itself, or requests to where it leads".to_owned(),
        ),
        CorsRefusal::Method(method) => (
            format!("Access-Control-Allow-Methods does not name {method}{with}"),
            format!("Access-Control-Allow-Methods: {method}"),
        ),
        CorsRefusal::Field(field) => (
            format!("Access-Control-Allow-Headers does not name {field}{with}{}", star(field)),
            format!("Access-Control-Allow-Headers: {field}"),
        ),
    }
}

/// What the standard and browsers do not agree on (Fetch, section 4.9; Chromium of 2026).
fn star(field: &str) -> &'static str {
    match field {
        "authorization" => {
            "; by the standard `*` does not stand for it, and Chromium lets it pass all the same"
        }
        _ => "",
    }
}

/// How a request stands to its page, in one line.
#[must_use]
pub fn cors_line(cors: &Cors) -> String {
    let mut words = format!("as a page of {} asks for it: ", cors.origin);
    words.push_str(&match &cors.role {
        CorsRole::SameOrigin => "its own origin, so that nothing is blocked".to_owned(),
        CorsRole::Simple => "a simple request, sent without a preflight".to_owned(),
        CorsRole::Preflight { method, fields } => {
            format!("the preflight, for {}", preflight_reasons(method, fields))
        }
        CorsRole::Preflighted => by_preflight(cors.allowed_by.as_ref()),
    });
    if cors.credentials == CorsCredentials::Included {
        words.push_str(", with credentials");
    }
    if let Some(why) = cors.refusal() {
        let blocked = if cors.is_preflight() {
            "a browser would not send the request, and it was not sent"
        } else {
            "a browser would keep the response from the page"
        };
        words.push_str(&format!("; {}: {blocked}", refusal(cors, why).0));
    } else if cors.verdict.is_some() {
        words.push_str("; allowed");
    }
    if let Some(kept) = &cors.kept {
        words.push_str(&kept_words(kept));
    }
    words
}

/// Which preflight allowed a request.
fn by_preflight(used: Option<&PreflightUse>) -> String {
    match used {
        Some(PreflightUse { by, freshness: PreflightFreshness::Kept }) => {
            format!(
                "allowed by the preflight of hop {}, which a browser still has: no question before it",
                by.0 + 1
            )
        }
        Some(PreflightUse { by, freshness: PreflightFreshness::Expired }) => format!(
            "allowed by the preflight of hop {}, which a browser has no more: it would ask again, and here that was \
             not done",
            by.0 + 1
        ),
        Some(PreflightUse { freshness: PreflightFreshness::Asked, .. }) | None => {
            "allowed by the preflight".to_owned()
        }
    }
}

/// How long a browser keeps the answer to a preflight.
fn kept_words(PreflightKept { told, kept }: &PreflightKept) -> String {
    let seconds = kept.as_secs();
    match told {
        None => format!(", and kept for {seconds} s, as no Access-Control-Max-Age says longer"),
        Some(..=0) => ", and not kept: a browser asks before each such request".to_owned(),
        Some(told) if i64::try_from(seconds).is_ok_and(|seconds| seconds < *told) => {
            format!(", and kept for {seconds} s (Chromium's most; Access-Control-Max-Age says {told} s)")
        }
        Some(_) => {
            format!(", and kept for {seconds} s: a browser asks nothing before such a request until then")
        }
    }
}
