//! `--cookies`: the cookies of one chain of requests, kept as a browser keeps them (RFC 6265 §5.2 and §5.3), in
//! memory alone. Which go to a URL is `cookies`' matter.
//!
//! Stricter than that RFC where browsers and curl are (RFC 6265bis): a cookie of a secure name or for https alone
//! is taken by https only, and one by http never takes the place of one for https. There is no list of public
//! suffixes here: of those, single labels alone are known.

use std::time::{Duration, SystemTime};

use super::cookie_date;
use super::cookies::is_path;
use crate::plan::Cookie;
use crate::trace::{CookieFate, CookieRefusal, Header, Host, Scheme, SetCookie, Url};

/// Bytes of a name and its value, as browsers and curl have it.
const MAX_BYTES: usize = 4096;
/// Bytes of an attribute.
const MAX_ATTRIBUTE: usize = 1024;
/// Cookies that one response may set, as with curl.
const MAX_OF_RESPONSE: usize = 50;

/// The attributes of a Set-Cookie field.
#[derive(Default)]
struct Attributes<'a> {
    expires: Option<SystemTime>,
    max_age: Option<i64>,
    domain: Option<String>,
    path: Option<&'a str>,
    secure: bool,
    http_only: bool,
    same_site: Option<&'static str>,
}

/// Takes the cookies that a response to `url` sets into `jar`, and tells what became of each. `now` is when it
/// came.
#[must_use]
pub fn take_cookies(jar: &mut Vec<Cookie>, url: &Url, headers: &[Header], now: SystemTime) -> Vec<SetCookie> {
    let fields =
        headers.iter().enumerate().filter(|(_, field)| field.name.eq_ignore_ascii_case("set-cookie"));
    let mut told = Vec::new();
    for (number, (place, field)) in fields.enumerate() {
        let text = field.text();
        let (pair, rest) = text.split_once(';').unwrap_or((&text, ""));
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let (name, value) = (name.trim_matches(BLANKS), value.trim_matches(BLANKS));
        let attributes = attributes(rest);
        let fate = if number >= MAX_OF_RESPONSE {
            CookieFate::Refused(CookieRefusal::TooMany)
        } else {
            match cookie((name, value), &attributes, url, now) {
                Ok(cookie) => keep(jar, cookie, url.scheme, now),
                Err(why) => CookieFate::Refused(why),
            }
        };
        told.push(SetCookie {
            field: place,
            name: name.to_owned(),
            fate,
            secure: attributes.secure,
            http_only: attributes.http_only,
            same_site: attributes.same_site,
        });
    }
    told
}

/// Drops what has expired.
pub fn drop_expired(jar: &mut Vec<Cookie>, now: SystemTime) {
    jar.retain(|cookie| cookie.expires.is_none_or(|expires| expires > now));
}

const BLANKS: [char; 2] = [' ', '\t'];

/// RFC 6265 §5.2: of several of a name the last counts.
fn attributes(text: &str) -> Attributes<'_> {
    let mut all = Attributes::default();
    for part in text.split(';') {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (name.trim_matches(BLANKS).to_ascii_lowercase(), value.trim_matches(BLANKS));
        if value.len() > MAX_ATTRIBUTE {
            continue;
        }
        match name.as_str() {
            "expires" => all.expires = cookie_date::read(value).or(all.expires),
            "max-age" => all.max_age = seconds(value).or(all.max_age),
            "domain" if !value.is_empty() => {
                all.domain = Some(value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase());
            }
            "path" => all.path = value.starts_with('/').then_some(value),
            "secure" => all.secure = true,
            "httponly" => all.http_only = true,
            "samesite" => {
                let known = ["Strict", "Lax", "None"];
                all.same_site = known.into_iter().find(|known| known.eq_ignore_ascii_case(value));
            }
            _ => {}
        }
    }
    all
}

/// §5.2.2: digits, with a minus before them or not; more than fit are for ever.
fn seconds(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

/// §5.3, as far as it needs no jar.
fn cookie(
    (name, value): (&str, &str),
    attributes: &Attributes<'_>,
    url: &Url,
    now: SystemTime,
) -> Result<Cookie, CookieRefusal> {
    if name.is_empty() {
        return Err(CookieRefusal::NoName);
    }
    if [name, value].iter().any(|text| text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t')) {
        return Err(CookieRefusal::ControlCharacter);
    }
    if name.len() + value.len() > MAX_BYTES {
        return Err(CookieRefusal::TooLarge);
    }
    let host = url.host_ascii.trim_end_matches('.');
    let domain = match &attributes.domain {
        // A single label equal to the host is that host alone (§5.3, step 5).
        Some(domain) if domain == host && !domain.contains('.') => None,
        Some(domain) if !domain.contains('.') => return Err(CookieRefusal::PublicSuffix),
        Some(domain) if !covers(domain, host, &url.host) => return Err(CookieRefusal::OtherDomain),
        Some(domain) => Some(domain.clone()),
        None => None,
    };
    let is_secure = url.scheme == Scheme::Https;
    if attributes.secure && !is_secure {
        return Err(CookieRefusal::NotSecure);
    }
    let path = attributes.path.map_or_else(|| default_path(&url.path), str::to_owned);
    let lower = name.to_ascii_lowercase();
    let keeps_promise = if lower.starts_with("__secure-") {
        attributes.secure
    } else if lower.starts_with("__host-") {
        attributes.secure && domain.is_none() && path == "/" && attributes.path.is_some()
    } else {
        true
    };
    if !keeps_promise {
        return Err(CookieRefusal::Prefix);
    }
    let expires = match attributes.max_age {
        Some(seconds) if seconds <= 0 => Some(SystemTime::UNIX_EPOCH),
        Some(seconds) => now.checked_add(Duration::from_secs(seconds.unsigned_abs())),
        None => attributes.expires,
    };
    Ok(Cookie {
        subdomains: domain.is_some(),
        domain: domain.unwrap_or_else(|| host.to_owned()),
        path,
        secure: attributes.secure,
        cross_site: attributes.secure && attributes.same_site == Some("None"),
        expires,
        name: name.to_owned(),
        value: value.to_owned(),
    })
}

/// §5.3, steps 11 and 12: one of the same name, domain and path is taken the place of, where it stands.
fn keep(jar: &mut Vec<Cookie>, cookie: Cookie, scheme: Scheme, now: SystemTime) -> CookieFate {
    let is_shadowed = |other: &Cookie| {
        let (one, two) = (&cookie.domain, &other.domain);
        let same = one == two || below(one, two) || below(two, one);
        other.secure && other.name == cookie.name && same && is_path(&other.path, &cookie.path)
    };
    if scheme != Scheme::Https && jar.iter().any(is_shadowed) {
        return CookieFate::Refused(CookieRefusal::NotSecure);
    }
    let is_same = |other: &Cookie| {
        (&other.name, &other.domain, other.subdomains, &other.path)
            == (&cookie.name, &cookie.domain, cookie.subdomains, &cookie.path)
    };
    let place = jar.iter().position(is_same);
    let is_over = cookie.expires.is_some_and(|expires| expires <= now);
    match (place, is_over) {
        (Some(place), true) => {
            jar.remove(place);
            CookieFate::Removed
        }
        (None, true) => CookieFate::Removed,
        (Some(place), false) => {
            jar[place] = cookie;
            CookieFate::Kept
        }
        (None, false) => {
            jar.push(cookie);
            CookieFate::Kept
        }
    }
}

/// Whether a host is below a domain.
fn below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// §5.1.3.
fn covers(domain: &str, host: &str, kind: &Host) -> bool {
    domain == host || (matches!(kind, Host::Name(_)) && below(host, domain))
}

/// §5.1.4: up to the last slash.
fn default_path(path: &str) -> String {
    match path.rfind('/') {
        Some(at) if at > 0 => path[..at].to_owned(),
        _ => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::tests::url;

    const NOW: u64 = 1_800_000_000;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
    }

    fn set(jar: &mut Vec<Cookie>, href: &str, text: &str) -> CookieFate {
        let fields = [Header { name: "Set-Cookie".to_owned(), value: text.as_bytes().to_vec() }];
        take_cookies(jar, &url(href), &fields, now()).remove(0).fate
    }

    fn told(jar: &[Cookie]) -> Vec<String> {
        let one = |cookie: &Cookie| {
            let below = if cookie.subdomains { "." } else { "" };
            let secure = if cookie.secure { " secure" } else { "" };
            format!("{below}{}{} {}={}{secure}", cookie.domain, cookie.path, cookie.name, cookie.value)
        };
        jar.iter().map(one).collect()
    }

    #[test]
    fn a_cookie_is_kept_for_whom_it_says() {
        use CookieFate::{Kept, Refused};
        use CookieRefusal::{ControlCharacter, NoName, NotSecure, OtherDomain, Prefix, PublicSuffix};
        let table: [(&str, &str, CookieFate, &str); 24] = [
            ("http://a.test/", "n=v", Kept, "a.test/ n=v"),
            ("http://a.test/x/y", "n=v", Kept, "a.test/x n=v"),
            ("http://a.test/x/y", " n = v ; Path=/ ; HttpOnly", Kept, "a.test/ n=v"),
            ("http://a.test/x/y", "n=v; path=/z; Path=x", Kept, "a.test/x n=v"),
            ("http://a.test/", "n=a=b; SameSite=lax", Kept, "a.test/ n=a=b"),
            ("http://a.test/", "n=\"q\"", Kept, "a.test/ n=\"q\""),
            ("http://a.test/", "n=", Kept, "a.test/ n="),
            ("http://www.a.test/", "n=v; Domain=.A.test", Kept, ".a.test/ n=v"),
            ("http://www.a.test/", "n=v; Domain=www.a.test", Kept, ".www.a.test/ n=v"),
            ("http://www.a.test/", "n=v; Domain=", Kept, "www.a.test/ n=v"),
            ("http://a.test/", "n=v; Domain=www.a.test", Refused(OtherDomain), ""),
            ("http://ba.test/", "n=v; Domain=a.test", Refused(OtherDomain), ""),
            ("http://a.test/", "n=v; Domain=test", Refused(PublicSuffix), ""),
            ("http://localhost/", "n=v; Domain=localhost", Kept, "localhost/ n=v"),
            ("http://127.0.0.1/", "n=v; Domain=0.0.1", Refused(OtherDomain), ""),
            ("http://127.0.0.1/", "n=v; Domain=127.0.0.1", Kept, ".127.0.0.1/ n=v"),
            ("http://a.test/", "n=v; Secure", Refused(NotSecure), ""),
            ("https://a.test/", "n=v; Secure", Kept, "a.test/ n=v secure"),
            ("http://a.test/", "=v", Refused(NoName), ""),
            ("http://a.test/", "v", Refused(NoName), ""),
            ("http://a.test/", "n=v\u{1}", Refused(ControlCharacter), ""),
            ("https://a.test/", "__Secure-n=v", Refused(Prefix), ""),
            ("https://a.test/", "__Host-n=v; Secure; Path=/; Domain=a.test", Refused(Prefix), ""),
            ("https://a.test/", "__Host-n=v; Secure; Path=/", Kept, "a.test/ __Host-n=v secure"),
        ];
        for (href, text, fate, kept) in table {
            let mut jar = Vec::new();
            assert_eq!(set(&mut jar, href, text), fate, "{href} {text}");
            assert_eq!(told(&jar).concat(), kept, "{href} {text}");
        }
    }

    #[test]
    fn a_cookie_ends_when_it_says() {
        let table = [
            ("n=v", None),
            ("n=v; Max-Age=60", Some(NOW + 60)),
            ("n=v; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Some(NOW + 60)),
            ("n=v; Expires=Fri, 15 Jan 2027 08:00:01 GMT", Some(NOW + 1)),
            ("n=v; Expires=when it rains", None),
            ("n=v; Max-Age=soon", None),
            ("n=v; Max-Age=99999999999999999999", None),
        ];
        for (text, expires) in table {
            let mut jar = Vec::new();
            assert_eq!(set(&mut jar, "http://a.test/", text), CookieFate::Kept, "{text}");
            let since = jar[0].expires.map(|at| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());
            assert_eq!(since, expires, "{text}");
            drop_expired(&mut jar, now() + Duration::from_secs(61));
            assert_eq!(jar.is_empty(), expires.is_some(), "{text}");
        }
        for over in ["n=; Max-Age=0", "n=; Max-Age=-1", "n=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"] {
            let mut jar = Vec::new();
            set(&mut jar, "http://a.test/", "n=v");
            set(&mut jar, "http://a.test/", "other=v");
            assert_eq!(set(&mut jar, "http://a.test/", over), CookieFate::Removed);
            assert_eq!(told(&jar), ["a.test/ other=v"], "{over}");
        }
    }

    #[test]
    fn a_later_cookie_takes_the_place_of_its_like_alone() {
        let mut jar = Vec::new();
        for text in ["a=1", "b=1", "a=2; Path=/x", "a=3; Domain=a.test", "a=4"] {
            assert_eq!(set(&mut jar, "http://a.test/", text), CookieFate::Kept);
        }
        assert_eq!(told(&jar), ["a.test/ a=4", "a.test/ b=1", "a.test/x a=2", ".a.test/ a=3"]);
        let mut jar = Vec::new();
        set(&mut jar, "https://a.test/", "a=1; Secure");
        assert_eq!(set(&mut jar, "http://a.test/", "a=2"), CookieFate::Refused(CookieRefusal::NotSecure));
        assert_eq!(set(&mut jar, "https://a.test/", "a=2"), CookieFate::Kept);
        assert_eq!(told(&jar), ["a.test/ a=2"]);
    }

    #[test]
    fn floods_are_bounded() {
        let large = format!("n={}", "v".repeat(MAX_BYTES));
        let mut jar = Vec::new();
        assert_eq!(set(&mut jar, "http://a.test/", &large), CookieFate::Refused(CookieRefusal::TooLarge));
        let field = |number: usize| Header {
            name: "set-cookie".to_owned(),
            value: format!("n{number}=v").into_bytes(),
        };
        let fields: Vec<Header> = (0..60).map(field).collect();
        let told = take_cookies(&mut jar, &url("http://a.test/"), &fields, now());
        assert_eq!((jar.len(), told.len()), (MAX_OF_RESPONSE, 60));
        assert_eq!(told[50].fate, CookieFate::Refused(CookieRefusal::TooMany));
    }
}
