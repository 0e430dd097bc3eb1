//! Where a response sends us (RFC 9110 §10.2.2 and §15.4). Pure: decides nothing but the target,
//! the method, and what changes; whether to follow is the caller's choice.

use percent_encoding::{AsciiSet, percent_encode};
use url::Url as Parsed;

use crate::trace::{Header, Redirect, RedirectChange, Url, few_slashes};

/// The redirect in a response to `method url`, if it is one: 301, 302, 303, 307 or 308 with a
/// `Location`. The first `Location` counts.
pub(super) fn find(url: &Url, method: &str, status: u16, fields: &[Header]) -> Option<Redirect> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let field = fields.iter().find(|field| field.name.eq_ignore_ascii_case("location"))?;
    let location = if field.has_bare_return() { field.meant().into_owned() } else { location(&field.value) };
    if location.is_empty() {
        return None;
    }
    let base = base(url);
    let target = base.as_ref().and_then(|base| resolve(base, &location));
    let (target, changes) = match (target, base) {
        (Some(target), Some(base)) => (Some(spelt(&target, &base, url)), changes(&base, &target)),
        _ => (None, Vec::new()),
    };
    let next_method = target.is_some().then(|| next_method(status, method).to_owned());
    Some(Redirect { location, target, changes, followed: false, next_method })
}

/// A host that stands in for one that the parser refuses and browsers take (`xn--` without Punycode).
const STAND_IN: &str = "host.invalid";

/// The URL as the parser takes it.
fn base(url: &Url) -> Option<Parsed> {
    Parsed::parse(&url.href).or_else(|_| Parsed::parse(&url.href.replacen(&url.host_ascii, STAND_IN, 1))).ok()
}

/// A target as text, with the host that it took over from its base.
fn spelt(target: &Parsed, base: &Parsed, url: &Url) -> String {
    match target.host_str() {
        Some(STAND_IN) if base.host_str() == Some(STAND_IN) => {
            target.as_str().replacen(STAND_IN, &url.host_ascii, 1)
        }
        _ => String::from(target.clone()),
    }
}

/// The method of the next request (RFC 9110 §15.4.2 to §15.4.9, as browsers read it).
pub(super) fn next_method(status: u16, method: &str) -> &str {
    match (status, method) {
        (303, "HEAD") => "HEAD",
        (303, _) | (301 | 302, "POST") => "GET",
        _ => method,
    }
}

/// The value as text. Bytes that are not UTF-8 are percent-encoded, so that none is lost.
fn location(value: &[u8]) -> String {
    let value = value.trim_ascii();
    std::str::from_utf8(value)
        .map_or_else(|_| percent_encode(value, &AsciiSet::EMPTY).to_string(), str::to_owned)
}

fn resolve(base: &Parsed, location: &str) -> Option<Parsed> {
    let mut target = base.join(&few_slashes(location)).ok()?;
    if !matches!(target.scheme(), "http" | "https") || target.host_str().is_none_or(str::is_empty) {
        return None;
    }
    // RFC 9110 §10.2.2: a target without a fragment inherits the one of the URL it came from.
    if target.fragment().is_none() {
        target.set_fragment(base.fragment());
    }
    Some(target)
}

fn changes(from: &Parsed, to: &Parsed) -> Vec<RedirectChange> {
    let mut changes = Vec::new();
    if from.scheme() != to.scheme() {
        changes.push(RedirectChange::Scheme);
    }
    let (old, new) = (from.host_str().unwrap_or_default(), to.host_str().unwrap_or_default());
    if old.strip_prefix("www.") == Some(new) || new.strip_prefix("www.") == Some(old) {
        changes.push(RedirectChange::Www);
    } else if old != new {
        changes.push(RedirectChange::Host);
    }
    // `port()` is `None` for a scheme's default: from http to https, 80 turns to 443 by itself.
    if from.port() != to.port() {
        changes.push(RedirectChange::Port);
    }
    if from.path() != to.path() {
        let slash = from.path().trim_end_matches('/') == to.path().trim_end_matches('/');
        changes.push(if slash { RedirectChange::Slash } else { RedirectChange::Path });
    }
    if from.query() != to.query() {
        changes.push(RedirectChange::Query);
    }
    if changes.is_empty() {
        changes.push(RedirectChange::Same);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::tests::url;

    fn follow(from: &str, location: &[u8]) -> Redirect {
        let fields = [Header { name: "LOCATION".to_owned(), value: location.to_vec() }];
        find(&url(from), "GET", 301, &fields).unwrap()
    }

    #[test]
    fn a_host_that_the_parser_refuses_is_taken_over() {
        let mut from = url("https://a.test/x");
        (from.host_ascii, from.href) = ("xn--0.test".to_owned(), "https://xn--0.test/x".to_owned());
        let fields = [Header { name: "Location".to_owned(), value: b"/y".to_vec() }];
        let redirect = find(&from, "GET", 301, &fields).unwrap();
        assert_eq!(redirect.target.as_deref(), Some("https://xn--0.test/y"));
        assert_eq!(redirect.changes, [RedirectChange::Path]);
    }

    #[test]
    fn targets_and_what_changes() {
        type Row<'a> = (&'a str, &'a [u8], Option<&'a str>, &'a [&'a str]);
        let table: [Row<'_>; 22] = [
            ("http://a.test/", b"https://a.test/", Some("https://a.test/"), &["scheme"]),
            ("http://a.test/x", b"https://www.a.test/x", Some("https://www.a.test/x"), &["scheme", "www"]),
            ("https://www.a.test/", b"https://a.test/", Some("https://a.test/"), &["www"]),
            ("https://a.test/", b"//b.test/", Some("https://b.test/"), &["host"]),
            ("https://a.test/", b"///b.test/x", Some("https://b.test/x"), &["host", "path"]),
            ("https://a.test/", b"/\\/b.test/", Some("https://b.test/"), &["host"]),
            ("https://a.test/docs", b"/docs/", Some("https://a.test/docs/"), &["slash"]),
            ("https://a.test/a/b?q", b"../c?r", Some("https://a.test/c?r"), &["path", "query"]),
            ("https://a.test/", b"?lang=de", Some("https://a.test/?lang=de"), &["query"]),
            ("https://a.test/x", b"", None, &[]),
            ("https://a.test/x", b"https://a.test/x", Some("https://a.test/x"), &["same"]),
            ("https://a.test/", b"https://a.test:8443/", Some("https://a.test:8443/"), &["port"]),
            ("https://a.test:8443/", b"https://a.test:443/", Some("https://a.test/"), &["port"]),
            ("https://a.test/#top", b"/new", Some("https://a.test/new#top"), &["path"]),
            ("https://a.test/#top", b"/new#end", Some("https://a.test/new#end"), &["path"]),
            ("https://a.test/x#y", b"#z", Some("https://a.test/x#z"), &["same"]),
            ("https://a.test/", b"ftp://a.test/", None, &[]),
            ("https://a.test/", b"javascript:alert(1)", None, &[]),
            ("https://a.test/", b"http://", None, &[]),
            ("https://a.test/", b"http://a b/", None, &[]),
            ("https://a.test/", b"/gr\xfc\xdfe", Some("https://a.test/gr%FC%DFe"), &["path"]),
            ("https://u:p@a.test/", b" /in ", Some("https://u:p@a.test/in"), &["path"]),
        ];
        for (from, location, target, changes) in table {
            if location.is_empty() {
                let fields = [Header { name: "location".to_owned(), value: Vec::new() }];
                assert_eq!(find(&url(from), "GET", 302, &fields), None);
                continue;
            }
            let found = follow(from, location);
            let words: Vec<&str> = found.changes.iter().map(|change| change.as_str()).collect();
            assert_eq!((found.target.as_deref(), &words[..]), (target, changes), "{from}");
            assert_eq!(found.next_method.is_some(), target.is_some());
        }
    }

    #[test]
    fn methods_change_as_the_rfc_says() {
        let table = [
            (301, "GET", "GET"),
            (301, "POST", "GET"),
            (302, "POST", "GET"),
            (302, "PUT", "PUT"),
            (301, "HEAD", "HEAD"),
            (303, "POST", "GET"),
            (303, "DELETE", "GET"),
            (303, "HEAD", "HEAD"),
            (307, "POST", "POST"),
            (308, "POST", "POST"),
        ];
        for (status, method, next) in table {
            assert_eq!(next_method(status, method), next, "{status} {method}");
        }
    }

    #[test]
    fn other_statuses_do_not_redirect() {
        let fields = [Header { name: "location".to_owned(), value: b"/".to_vec() }];
        for status in [200, 201, 300, 304, 305, 306, 404] {
            assert_eq!(find(&url("http://a.test/"), "GET", status, &fields), None);
        }
        assert_eq!(find(&url("http://a.test/"), "GET", 301, &[]), None);
    }
}
