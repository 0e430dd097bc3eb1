//! What became of the cookies that a response sets (`--cookies`), in words.

use crate::trace::{CookieFate, CookieRefusal, SetCookie};

/// Names that are told of each kind.
const MOST: usize = 8;

/// `2 kept (a, b); refused c: it is for another domain`; `None` where there are none.
pub(super) fn cookies(cookies: &[SetCookie]) -> Option<String> {
    let named = |fate: CookieFate| {
        let names: Vec<&str> =
            cookies.iter().filter(|cookie| cookie.fate == fate).map(|cookie| cookie.name.as_str()).collect();
        let more = if names.len() > MOST { ", ..." } else { "" };
        let shown = names.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| (names.len(), format!("{shown}{more}")))
    };
    let mut parts = Vec::new();
    parts.extend(named(CookieFate::Kept).map(|(count, names)| format!("{count} kept ({names})")));
    parts.extend(named(CookieFate::Removed).map(|(count, names)| format!("{count} removed ({names})")));
    for cookie in cookies.iter().take(MOST) {
        if let CookieFate::Refused(why) = cookie.fate {
            parts.push(format!("refused {}: {}", cookie.name, refusal(why)));
        }
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Why a cookie is not taken.
const fn refusal(why: CookieRefusal) -> &'static str {
    match why {
        CookieRefusal::NoName => "it has no name",
        CookieRefusal::OtherDomain => "it is for a domain that the host is not in",
        CookieRefusal::PublicSuffix => "it is for a whole top-level domain",
        CookieRefusal::NotSecure => "it is for https alone, and came in the clear",
        CookieRefusal::Prefix => "it is not what its name promises (__Secure-, __Host-)",
        CookieRefusal::ControlCharacter => "it holds a control character",
        CookieRefusal::TooLarge => "it is larger than 4096 bytes",
        CookieRefusal::TooMany => "the response sets more than 50",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cookie_is_told_with_its_fate() {
        let cookie = |name: &str, fate| SetCookie {
            field: 0,
            name: name.to_owned(),
            fate,
            secure: false,
            http_only: false,
            same_site: None,
        };
        let all = [
            cookie("a", CookieFate::Kept),
            cookie("b", CookieFate::Kept),
            cookie("c", CookieFate::Refused(CookieRefusal::OtherDomain)),
            cookie("d", CookieFate::Removed),
        ];
        let told = "2 kept (a, b); 1 removed (d); refused c: it is for a domain that the host is not in";
        assert_eq!(cookies(&all).as_deref(), Some(told));
        assert_eq!(cookies(&[]), None);
    }
}
