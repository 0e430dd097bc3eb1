//! What a response says of its own safety in a browser: nosniff, a content policy, and the flags of its cookies, of which
//! names alone are told (draft-ietf-httpbis-rfc6265bis section 4.1; WHATWG Fetch section 3.6). Strict-Transport-Security has rules of its own.

use super::fields::{Fields, clip};
use crate::trace::Header;

/// Cookies that are looked at in a response.
const COOKIES: usize = 50;

/// What a response says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    /// Whether browsers are told to take its content type as it is.
    pub nosniff: bool,
    /// Content-Security-Policy.
    pub policy: ContentPolicy,
    /// The cookies that it sets.
    pub cookies: Vec<CookieFlags>,
}

/// Whether a page is held to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentPolicy {
    /// There is none.
    Absent,
    /// What breaks it is reported and let pass.
    ReportOnly,
    /// What breaks it is blocked.
    Enforced,
}

impl ContentPolicy {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::ReportOnly => "report-only",
            Self::Enforced => "enforced",
        }
    }
}

/// The flags of a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieFlags {
    /// Its name, cut; empty for one that has none.
    pub name: String,
    /// It goes by https only.
    pub secure: bool,
    /// Scripts do not see it.
    pub http_only: bool,
    /// Whether it goes along from other sites, as told, in small letters.
    pub same_site: Option<String>,
    /// Whether it takes a cookie away: its time is over.
    pub is_removal: bool,
    /// Why browsers do not take it.
    pub refused: Option<CookieRefusal>,
    /// The place of its field.
    pub field: usize,
}

/// Why browsers do not take a cookie, whoever sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieRefusal {
    /// `SameSite=None` without `Secure`.
    NoneWithoutSecure,
    /// A name of `__Secure-` without `Secure`.
    SecurePrefix,
    /// A name of `__Host-` without `Secure`, with a `Domain`, or for another path than `/`.
    HostPrefix,
}

impl CookieRefusal {
    /// The rule that it breaks.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoneWithoutSecure => "SameSite=None needs Secure",
            Self::SecurePrefix => "a name of __Secure- needs Secure",
            Self::HostPrefix => "a name of __Host- needs Secure, Path=/ and no Domain",
        }
    }
}

/// What a response says of its safety.
#[must_use]
pub fn security(headers: &[Header]) -> Security {
    let fields = Fields::of(headers);
    let policy = match ["content-security-policy", "content-security-policy-report-only"]
        .map(|name| fields.count(name))
    {
        [0, 0] => ContentPolicy::Absent,
        [0, _] => ContentPolicy::ReportOnly,
        _ => ContentPolicy::Enforced,
    };
    let set = headers.iter().enumerate().filter(|(_, field)| field.name.eq_ignore_ascii_case("set-cookie"));
    Security {
        nosniff: fields.says("x-content-type-options", "nosniff"),
        policy,
        cookies: set.take(COOKIES).map(|(place, field)| flags(place, &field.text())).collect(),
    }
}

fn flags(field: usize, value: &str) -> CookieFlags {
    let (pair, rest) = value.split_once(';').unwrap_or((value, ""));
    let attribute = |name: &str| {
        rest.split(';').rev().map(|part| part.split_once('=').unwrap_or((part, ""))).find_map(
            |(own, value)| own.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase()),
        )
    };
    let has = |name: &str| attribute(name).is_some();
    let name = pair.split_once('=').map_or("", |(name, _)| name.trim());
    let secure = has("secure");
    let same_site = attribute("samesite").filter(|word| !word.is_empty()).map(|word| clip(&word));
    let lower = name.to_ascii_lowercase();
    let refused = if lower.starts_with("__host-")
        && !(secure && !has("domain") && attribute("path").is_some_and(|path| path == "/"))
    {
        Some(CookieRefusal::HostPrefix)
    } else if lower.starts_with("__secure-") && !secure {
        Some(CookieRefusal::SecurePrefix)
    } else if same_site.as_deref() == Some("none") && !secure {
        Some(CookieRefusal::NoneWithoutSecure)
    } else {
        None
    };
    let is_over = |age: &String| age == "0" || age.starts_with('-');
    // Servers remove by a year that is long over: 1970, ASP.NET by 1999 or 0001.
    let is_past = |at: String| {
        at.split(|char: char| !char.is_ascii_digit()).any(|part| part.len() == 4 && part < "2010")
    };
    let is_removal =
        attribute("max-age").as_ref().is_some_and(is_over) || attribute("expires").is_some_and(is_past);
    CookieFlags {
        name: clip(name),
        secure,
        http_only: has("httponly"),
        same_site,
        is_removal,
        refused,
        field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &str) -> Vec<Header> {
        let field = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            Header { name: name.to_owned(), value: value.as_bytes().to_vec() }
        };
        lines.lines().map(field).collect()
    }

    #[test]
    fn nosniff_and_policies_are_seen() {
        let said = |lines: &str| security(&head(lines));
        assert_eq!((said("x: y").nosniff, said("x: y").policy), (false, ContentPolicy::Absent));
        assert!(said("X-Content-Type-Options: NoSniff").nosniff);
        let report = "content-security-policy-report-only: default-src 'self'";
        assert_eq!(said(report).policy, ContentPolicy::ReportOnly);
        let both = format!("{report}\nContent-Security-Policy: default-src 'self'");
        assert_eq!(said(&both).policy, ContentPolicy::Enforced);
    }

    #[test]
    fn cookies_have_their_flags_and_never_their_values() {
        let of = |value: &str| security(&head(&format!("Set-Cookie: {value}"))).cookies.remove(0);
        let full = of("id=s3cret; Path=/; SECURE; HttpOnly; SameSite=Lax");
        assert_eq!((full.name.as_str(), full.secure, full.http_only), ("id", true, true));
        assert_eq!((full.same_site.as_deref(), full.refused, full.is_removal), (Some("lax"), None, false));
        assert_eq!(of("s3cret").name, "", "a value alone is none");
        for (value, refused) in [
            ("a=b; SameSite=None", Some(CookieRefusal::NoneWithoutSecure)),
            ("a=b; SameSite=None; Secure", None),
            ("a=b; SameSite=Lax; SameSite=None", Some(CookieRefusal::NoneWithoutSecure)),
            ("__Secure-a=b", Some(CookieRefusal::SecurePrefix)),
            ("__Secure-a=b; secure", None),
            ("__Host-a=b; Secure; Path=/", None),
            ("__host-a=b; Secure; Path=/; Domain=a.test", Some(CookieRefusal::HostPrefix)),
            ("__Host-a=b; Secure; Path=/x", Some(CookieRefusal::HostPrefix)),
            ("__Host-a=b; Secure", Some(CookieRefusal::HostPrefix)),
        ] {
            assert_eq!(of(value).refused, refused, "{value}");
        }
        for gone in [
            "a=; Max-Age=0",
            "a=; max-age=-1",
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "a=; expires=Tue, 12-Oct-1999 04:00:00 GMT; path=/",
            "a=; expires=Mon, 01-Jan-0001 00:00:00 GMT",
        ] {
            assert!(of(gone).is_removal, "{gone}");
        }
        for kept in ["a=b; Expires=Fri, 01 Jan 2038 00:00:00 GMT", "a=b; Max-Age=3600", "a=b; Expires=0"] {
            assert!(!of(kept).is_removal, "{kept}");
        }
        let many = "Set-Cookie: a=b\n".repeat(80);
        assert_eq!(security(&head(&many)).cookies.len(), COOKIES);
    }
}
