//! Which of the cookies that are kept go to a URL (RFC 6265 §5.4). What a response sets is `jar`'s matter.

use crate::plan::Cookie;
use crate::trace::{Host, Scheme, Url};

/// Bytes of a Cookie field at most, as with curl: those behind stay away.
const MAX_FIELD: usize = 8190;

/// The value of a Cookie field for a URL; `None` where no cookie is for it.
#[must_use]
pub fn for_url(cookies: &[Cookie], url: &Url) -> Option<String> {
    let mut fit: Vec<&Cookie> = cookies.iter().filter(|cookie| is_for(cookie, url)).collect();
    // Longer paths first, then in the order of the file (RFC 6265 §5.4, step 2).
    fit.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
    let mut room = MAX_FIELD;
    let mut fits = |pair: &String| {
        let left = room.checked_sub(pair.len() + 2);
        room = left.unwrap_or(room);
        left.is_some()
    };
    let pairs = fit.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value));
    let pairs: Vec<String> = pairs.take_while(|pair| fits(pair)).collect();
    (!pairs.is_empty()).then(|| pairs.join("; "))
}

fn is_for(cookie: &Cookie, url: &Url) -> bool {
    is_host(cookie, url)
        && is_path(&cookie.path, &url.path)
        && (!cookie.secure || matches!(url.scheme, Scheme::Https | Scheme::Wss | Scheme::Grpcs))
}

/// RFC 6265 §5.1.3.
fn is_host(cookie: &Cookie, url: &Url) -> bool {
    let host = url.host_ascii.trim_end_matches('.');
    let is_below = || {
        let rest = host.strip_suffix(&cookie.domain).and_then(|rest| rest.strip_suffix('.'));
        cookie.subdomains && matches!(url.host, Host::Name(_)) && rest.is_some()
    };
    host == cookie.domain || is_below()
}

/// RFC 6265 §5.1.4.
pub(super) fn is_path(of_cookie: &str, path: &str) -> bool {
    let rest = path.strip_prefix(of_cookie);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || of_cookie.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::tests::url;

    #[test]
    fn a_cookie_goes_to_its_host_and_path_alone() {
        let cookie = |domain: &str, subdomains, path: &str, secure, name: &str| Cookie {
            domain: domain.to_owned(),
            subdomains,
            path: path.to_owned(),
            secure,
            cross_site: false,
            expires: None,
            name: name.to_owned(),
            value: "v".to_owned(),
        };
        let all = [
            cookie("a.test", true, "/", false, "site"),
            cookie("a.test", false, "/", false, "host"),
            cookie("www.a.test", false, "/x", false, "path"),
            cookie("www.a.test", false, "/", true, "secure"),
            cookie("0.0.1", true, "/", false, "number"),
        ];
        let table = [
            ("http://a.test/", Some("site=v; host=v")),
            ("http://www.a.test/", Some("site=v")),
            ("https://www.a.test/x/y", Some("path=v; site=v; secure=v")),
            ("http://www.a.test/xy", Some("site=v")),
            ("http://ba.test/", None),
            ("http://a.test.b/", None),
            ("http://127.0.0.1/", None),
        ];
        for (href, field) in table {
            assert_eq!(for_url(&all, &url(href)).as_deref(), field, "{href}");
        }
    }
}
