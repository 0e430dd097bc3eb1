//! Views of the cookies that a response sets. Their values are in no document.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::trace::{CookieFate, CookieRefusal, SetCookie};

/// A cookie that a response sets.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub(super) struct CookieView<'a> {
    /// The place of its field among `headers`.
    field: usize,
    /// Its name.
    name: &'a str,
    /// What became of it: it is `kept`, it was over at once and is `removed`, or it was `refused`.
    #[cfg_attr(test, schemars(extend("enum" = ["kept", "removed", "refused"])))]
    fate: &'static str,
    /// Why it was refused.
    #[cfg_attr(test, schemars(extend("enum" = ["no-name", "other-domain", "public-suffix", "not-secure", "prefix", "control-character", "too-large", "too-many", null])))]
    refusal: Option<&'static str>,
    /// Whether it is for https alone.
    secure: bool,
    /// Whether scripts must not read it.
    http_only: bool,
    /// Whether it goes along with requests of other sites, where it says so.
    #[cfg_attr(test, schemars(extend("enum" = ["Strict", "Lax", "None", null])))]
    same_site: Option<&'static str>,
}

impl<'a> From<&'a SetCookie> for CookieView<'a> {
    fn from(cookie: &'a SetCookie) -> Self {
        Self {
            field: cookie.field,
            name: &cookie.name,
            fate: cookie.fate.as_str(),
            refusal: match cookie.fate {
                CookieFate::Refused(why) => Some(CookieRefusal::as_str(why)),
                CookieFate::Kept | CookieFate::Removed => None,
            },
            secure: cookie.secure,
            http_only: cookie.http_only,
            same_site: cookie.same_site,
        }
    }
}
