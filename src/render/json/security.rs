//! The view of what a response says of its own safety in a browser.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::reading::{CookieFlags, CookieRefusal, Security};

/// nosniff, a content policy, and the flags of the cookies that are set. Strict-Transport-Security is among the headers, and
/// has findings of its own.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct SecurityView {
    /// Whether browsers are told to take the content type as it is (X-Content-Type-Options: nosniff).
    nosniff: bool,
    /// Whether a page is held to a Content-Security-Policy.
    #[cfg_attr(test, schemars(extend("enum" = ["absent", "report-only", "enforced"])))]
    content_policy: &'static str,
    /// The first 50 cookies that it sets, without their values.
    cookies: Vec<CookieFlagsView>,
}

/// The flags of a cookie.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct CookieFlagsView {
    /// Its name; empty where it has none.
    name: String,
    /// It goes by https only.
    secure: bool,
    /// Scripts do not see it.
    http_only: bool,
    /// Whether it goes along from other sites, as told; null where nothing is.
    same_site: Option<String>,
    /// The rule by which browsers do not take it; null where they do.
    refused: Option<&'static str>,
}

impl From<Security> for SecurityView {
    fn from(Security { nosniff, policy, cookies }: Security) -> Self {
        let cookies = cookies.into_iter().map(|cookie| {
            let CookieFlags { name, secure, http_only, same_site, is_removal: _, refused, field: _ } = cookie;
            CookieFlagsView { name, secure, http_only, same_site, refused: refused.map(CookieRefusal::words) }
        });
        Self { nosniff, content_policy: policy.as_str(), cookies: cookies.collect() }
    }
}
