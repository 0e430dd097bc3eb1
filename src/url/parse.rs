//! From text to the URL's record, or the failure that names what is wrong with it.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::changes::{compare_host, compare_port, compare_scheme, compare_tail, compare_userinfo, strip};
use super::refused::{check_port, explain};
use super::typed::Typed;
use crate::trace::{Failure, FailureCode, Host, Scheme, StageName, Url};

/// Takes `input` apart.
///
/// # Errors
/// A failure of the stage `url` that names the reason and, where one character is at fault, its
/// column.
pub fn parse(input: &str) -> Result<Url, Failure> {
    let mut changes = Vec::new();
    let clean = strip(input, &mut changes);
    if clean.is_empty() {
        return Err(failure(FailureCode::InvalidUrl, "the URL is empty".to_owned(), None));
    }
    let typed = Typed::split(&clean);
    let scheme = scheme(typed.scheme)?;
    compare_scheme(&typed, scheme, &mut changes);
    let no_host = || failure(FailureCode::EmptyHost, format!("`{clean}` has no host"), None);
    if typed.host.is_empty() {
        return Err(no_host());
    }
    check_port(typed.port).map_err(|message| {
        // `https://joe:a/b@host/`: the password ended the authority.
        let hint = "in a user name or password `/`, `?` and `#` are written %2F, %3F and %23".to_owned();
        failure(FailureCode::InvalidPort, message, Some(hint).filter(|_| typed.tail.contains('@')))
    })?;
    let whole = format!("{}://{}{}", scheme.as_str(), typed.authority, typed.tail);
    let parsed = ::url::Url::parse(&whole).map_err(|error| {
        let (code, message) = explain(error, input, typed.host);
        let hint = (typed.scheme.is_none() && !clean.contains('.'))
            .then(|| "a URL looks like https://www.example.com/".to_owned());
        failure(code, message, hint)
    })?;
    let host = host(&parsed).ok_or_else(no_host)?;
    let (host_ascii, host_unicode) = spellings(&host);
    compare_host(typed.host, &host, &host_ascii, &mut changes);
    compare_port(typed.port, scheme, &mut changes);
    compare_tail(typed.tail, &parsed, &mut changes);
    compare_userinfo(typed.userinfo, &mut changes);
    Ok(Url {
        scheme,
        scheme_assumed: typed.scheme.is_none(),
        username: Some(decoded(parsed.username())).filter(|name| !name.is_empty()),
        password: parsed.password().map(decoded),
        host,
        host_ascii,
        host_unicode,
        port: parsed.port().unwrap_or(scheme.default_port()),
        port_is_default: parsed.port().is_none(),
        path: parsed.path().to_owned(),
        query: parsed.query().map(str::to_owned),
        fragment: parsed.fragment().map(str::to_owned),
        href: parsed.into(),
        changes,
    })
}

fn failure(code: FailureCode, message: String, hint: Option<String>) -> Failure {
    Failure { stage: StageName::Url, code, message, hint, running: Duration::ZERO }
}

/// The scheme of a word; https when there is none.
fn scheme(word: Option<&str>) -> Result<Scheme, Failure> {
    match word {
        None => Ok(Scheme::Https),
        Some(word) if word.eq_ignore_ascii_case("http") => Ok(Scheme::Http),
        Some(word) if word.eq_ignore_ascii_case("https") => Ok(Scheme::Https),
        Some(word) => {
            let message = format!("the scheme `{word}` cannot be traced");
            let hint = "urltrace traces http and https".to_owned();
            Err(failure(FailureCode::UnsupportedScheme, message, Some(hint)))
        }
    }
}

fn host(parsed: &::url::Url) -> Option<Host> {
    match parsed.host()? {
        ::url::Host::Domain("") => None,
        ::url::Host::Domain(name) => Some(Host::Name(name.to_owned())),
        ::url::Host::Ipv4(address) => Some(Host::Ipv4(address)),
        ::url::Host::Ipv6(address) => Some(Host::Ipv6(address)),
    }
}

/// A host as sent, and in Unicode.
fn spellings(host: &Host) -> (String, String) {
    let ascii = match host {
        Host::Name(name) => name.clone(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let unicode = match host {
        Host::Name(name) if name.contains("xn--") => idna::domain_to_unicode(name).0,
        _ => ascii.clone(),
    };
    (ascii, unicode)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trace::UrlChange;

    fn ok(input: &str) -> Url {
        parse(input).unwrap_or_else(|failure| panic!("{input}: {failure:?}"))
    }

    #[test]
    fn every_part_is_shown() {
        let url = ok("https://user:p%40ss@www.example.com:8443/a/b?x=1&y#frag");
        assert_eq!(url.username.as_deref(), Some("user"));
        assert_eq!(url.password.as_deref(), Some("p@ss"));
        assert_eq!(url.host, Host::Name("www.example.com".into()));
        assert_eq!((url.port, url.port_is_default), (8443, false));
        assert_eq!(
            (url.path.as_str(), url.query.as_deref(), url.fragment.as_deref()),
            ("/a/b", Some("x=1&y"), Some("frag"))
        );
        assert!(url.changes.is_empty(), "{:?}", url.changes);
    }

    #[test]
    fn a_missing_scheme_is_taken_as_https_and_said() {
        for (input, href) in [
            ("example.com", "https://example.com/"),
            ("example.com:8080/x", "https://example.com:8080/x"),
            ("localhost:3000", "https://localhost:3000/"),
            ("//example.com/", "https://example.com/"),
            ("[::1]:8443", "https://[::1]:8443/"),
            ("192.0.2.1", "https://192.0.2.1/"),
            ("me:secret@example.com", "https://me:secret@example.com/"),
        ] {
            let url = ok(input);
            assert_eq!((url.href.as_str(), url.scheme_assumed), (href, true), "{input}");
        }
        assert!(!ok("HTTP://example.com").scheme_assumed);
    }

    #[test]
    fn silent_changes_are_listed() {
        for (input, kind, before, after) in [
            ("https://exam\tple.com/", "tab-or-newline", "https://exam\tple.com/", "https://example.com/"),
            (" https://example.com/ ", "surrounding-space", " https://example.com/ ", "https://example.com/"),
            ("HTTPS://example.com/", "upper-case-scheme", "HTTPS", "https"),
            ("https:\\\\example.com/", "slashes", "https:\\\\", "https://"),
            ("https:example.com/", "slashes", "https:", "https://"),
            ("https://Example.COM/", "upper-case-host", "Example.COM", "example.com"),
            ("https://b\u{fc}cher.example/", "idn", "b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("https://ex%61mple.com/", "percent-encoding-in-host", "ex%61mple.com", "example.com"),
            ("https://example.com:443/", "default-port", ":443", ""),
            ("http://example.com:080/", "default-port", ":080", ""),
            ("http://example.com:0081/", "port-form", "0081", "81"),
            ("https://example.com:/", "empty-port", ":", ""),
            ("https://example.com/a/../b/./c", "dot-segments", "/a/../b/./c", "/b/c"),
            ("https://example.com/a/%2e%2E/b", "dot-segments", "/a/%2e%2E/b", "/b"),
            ("https://example.com\\a\\b", "backslash", "\\a\\b", "/a/b"),
            ("https://example.com/a b", "percent-encoding", "/a b", "/a%20b"),
            ("http://0x7f.1/", "ipv4-form", "0x7f.1", "127.0.0.1"),
            ("http://2130706433/", "ipv4-form", "2130706433", "127.0.0.1"),
            ("http://[2001:DB8::0:1]/", "ipv6-form", "2001:DB8::0:1", "2001:db8::1"),
        ] {
            let url = ok(input);
            let wanted = |change: &UrlChange| {
                (change.kind.as_str(), change.before.as_str(), change.after.as_str()) == (kind, before, after)
            };
            assert!(url.changes.iter().any(wanted), "{input}: {:?}", url.changes);
        }
        assert_eq!(ok("https://b\u{fc}cher.example/").host_unicode, "b\u{fc}cher.example");
        assert_eq!(ok("http://example.com:443/").changes, []);
    }

    #[test]
    fn what_cannot_be_traced_names_its_reason() {
        use FailureCode::*;
        for (input, code, text) in [
            ("https://exa mple/", InvalidHost, "a space at column 12"),
            ("ftp://x/", UnsupportedScheme, "`ftp`"),
            ("mailto:me@example.com", UnsupportedScheme, "`mailto`"),
            ("javascript:alert(1)", UnsupportedScheme, "`javascript`"),
            ("ws://example.com", UnsupportedScheme, "`ws`"),
            ("foo://example.com", UnsupportedScheme, "`foo`"),
            ("https://", EmptyHost, "no host"),
            ("https:///", EmptyHost, "no host"),
            ("https://user@/", EmptyHost, "no host"),
            ("https://:80/", EmptyHost, "no host"),
            ("", InvalidUrl, "empty"),
            ("https://example.com:0/", InvalidPort, "port 0"),
            ("https://example.com:65536/", InvalidPort, "larger"),
            ("https://example.com:99999999999/", InvalidPort, "larger"),
            ("https://example.com:8o/", InvalidPort, "`8o`"),
            ("https://ex%zzample.com/", InvalidHost, "percent-encoding at column 11"),
            ("https://ex%20ample.com/", InvalidHost, "percent-encoding"),
            ("https://exa<mple.com/", InvalidHost, "`<` at column 12"),
            ("https://[::1/", InvalidHost, "IPv6"),
            ("https://[fe80::1%eth0]/", InvalidHost, "zone identifier"),
            ("https://1.2.3.4.5/", InvalidHost, "IPv4"),
            ("https://256.1.1.1/", InvalidHost, "IPv4"),
        ] {
            let failure = parse(input).expect_err(input);
            assert_eq!(failure.code, code, "{input}: {}", failure.message);
            assert!(failure.message.contains(text), "{input}: {}", failure.message);
        }
    }

    proptest! {
        #[test]
        fn any_input_gets_a_result_and_a_good_one_is_stable(input in ".{0,60}") {
            if let Ok(url) = parse(&input) {
                let again = parse(&url.href).expect("a browser's own form parses");
                prop_assert_eq!(again.href, url.href);
                prop_assert!(url.port != 0);
            }
        }

        #[test]
        fn url_shaped_input_never_panics(input in "(http|https|HTTPS|)(:|)[/\\\\]{0,3}[a-z%@:.\\[\\] \u{e9}0-9]{0,20}[/?#\\\\.%a-z]{0,12}") {
            let _ = parse(&input);
        }
    }
}
