//! Stage 1: takes a URL apart, as the WHATWG URL standard does, and tells what it would silently
//! change. Touches no network and judges no host beyond its spelling.

use url::ParseError;

use crate::trace::{Failure, FailureCode, Host, Scheme, StageName, Url, UrlChange};

/// Schemes that are written without `//`, so that `word:rest` is not taken for `host:port`.
const OTHER_SCHEMES: &[&str] = &[
    "about",
    "blob",
    "data",
    "file",
    "ftp",
    "ftps",
    "gopher",
    "irc",
    "javascript",
    "ldap",
    "magnet",
    "mailto",
    "news",
    "sftp",
    "sip",
    "sms",
    "ssh",
    "tel",
    "telnet",
    "urn",
    "view-source",
    "ws",
    "wss",
];

/// Takes `input` apart.
///
/// # Errors
/// A failure of the stage `url` that names the reason and, where one character is at fault, its
/// column.
pub fn parse(input: &str) -> Result<Url, Failure> {
    let fail = |code, message: String, hint: Option<String>| Failure {
        stage: StageName::Url,
        code,
        message,
        hint,
        running: std::time::Duration::ZERO,
    };
    let mut changes = Vec::new();
    let clean = strip(input, &mut changes);
    if clean.is_empty() {
        return Err(fail(FailureCode::InvalidUrl, "the URL is empty".to_owned(), None));
    }
    let (scheme_word, rest) = split_scheme(&clean);
    let (scheme, scheme_assumed) = match scheme_word {
        None => (Scheme::Https, true),
        Some(word) if word.eq_ignore_ascii_case("http") => (Scheme::Http, false),
        Some(word) if word.eq_ignore_ascii_case("https") => (Scheme::Https, false),
        Some(word) => {
            let message = format!("the scheme `{word}` cannot be traced");
            let hint = "urltrace traces http and https".to_owned();
            return Err(fail(FailureCode::UnsupportedScheme, message, Some(hint)));
        }
    };
    if let Some(word) = scheme_word {
        note(&mut changes, "upper-case-scheme", word, scheme.as_str());
    }
    let parts = Parts::of(rest);
    if scheme_word.is_some() && parts.lead != "//" {
        note(
            &mut changes,
            "slashes",
            &format!("{}:{}", scheme.as_str(), parts.lead),
            &format!("{}://", scheme.as_str()),
        );
    }
    if parts.authority.is_empty() {
        return Err(fail(FailureCode::EmptyHost, format!("`{clean}` has no host"), None));
    }
    let (userinfo, host, port_text) = split_authority(parts.authority);
    if host.is_empty() {
        return Err(fail(FailureCode::EmptyHost, format!("`{clean}` has no host"), None));
    }
    check_port(port_text).map_err(|message| {
        // `https://joe:a/b@host/`: the password ends the authority.
        let hint = parts
            .tail
            .contains('@')
            .then(|| "in a user name or password `/`, `?` and `#` are written %2F, %3F and %23".to_owned());
        fail(FailureCode::InvalidPort, message, hint)
    })?;
    let whole = format!("{}://{}{}", scheme.as_str(), parts.authority, parts.tail);
    let parsed = ::url::Url::parse(&whole).map_err(|error| {
        let (code, message) = explain(error, input, host);
        let hint = (scheme_assumed && !clean.contains('.'))
            .then(|| "a URL looks like https://www.example.com/".to_owned());
        fail(code, message, hint)
    })?;
    let url_host = match parsed.host() {
        Some(::url::Host::Domain(name)) if !name.is_empty() => Host::Name(name.to_owned()),
        Some(::url::Host::Ipv4(address)) => Host::Ipv4(address),
        Some(::url::Host::Ipv6(address)) => Host::Ipv6(address),
        _ => return Err(fail(FailureCode::EmptyHost, format!("`{clean}` has no host"), None)),
    };
    let host_ascii = match &url_host {
        Host::Name(name) => name.clone(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    compare_host(host, &url_host, &host_ascii, &mut changes);
    compare_port(port_text, scheme, &mut changes);
    compare_tail(parts.tail, &parsed, &mut changes);
    if let Some(userinfo) = userinfo.filter(|text| text.contains('@')) {
        // The text itself may hold a password: only the fact is told.
        let _ = userinfo;
        note(&mut changes, "at-sign-in-userinfo", "@", "%40");
    }
    let host_unicode = match &url_host {
        Host::Name(name) if name.contains("xn--") => idna::domain_to_unicode(name).0,
        _ => host_ascii.clone(),
    };
    Ok(Url {
        scheme,
        scheme_assumed,
        username: Some(percent_decode(parsed.username())).filter(|name| !name.is_empty()),
        password: parsed.password().map(percent_decode),
        host: url_host,
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

fn note(changes: &mut Vec<UrlChange>, kind: &'static str, before: &str, after: &str) {
    if before != after {
        changes.push(UrlChange { kind, before: before.to_owned(), after: after.to_owned() });
    }
}

/// URL standard §4.4: leading and trailing C0 controls and spaces go, tabs and newlines everywhere.
fn strip(input: &str, changes: &mut Vec<UrlChange>) -> String {
    let trimmed = input.trim_matches(|c: char| c <= ' ');
    note(changes, "surrounding-space", input, trimmed);
    let clean = trimmed.replace(['\t', '\n', '\r'], "");
    note(changes, "tab-or-newline", trimmed, &clean);
    clean
}

/// The scheme, if there is one, and what follows its colon.
fn split_scheme(clean: &str) -> (Option<&str>, &str) {
    let Some((word, rest)) = clean.split_once(':') else { return (None, clean) };
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let lower = word.to_ascii_lowercase();
    let known = matches!(lower.as_str(), "http" | "https") || OTHER_SCHEMES.contains(&lower.as_str());
    if is_word && (rest.starts_with("//") || known && !is_port(rest)) {
        (Some(word), rest)
    } else {
        (None, clean)
    }
}

/// Whether what follows a colon reads as a port: digits up to the end of the authority.
fn is_port(rest: &str) -> bool {
    let digits = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The raw parts of a URL after its scheme.
struct Parts<'a> {
    /// The slashes, as typed.
    lead: &'a str,
    authority: &'a str,
    /// Path, query and fragment.
    tail: &'a str,
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str) -> Self {
        // For http and https any run of slashes and backslashes begins the authority.
        let body = rest.trim_start_matches(['/', '\\']);
        let (lead, _) = rest.split_at(rest.len() - body.len());
        let end = body.find(['/', '\\', '?', '#']).unwrap_or(body.len());
        let (authority, tail) = body.split_at(end);
        Self { lead, authority, tail }
    }
}

/// User information (without its `@`), host, and the text after the port's colon.
fn split_authority(authority: &str) -> (Option<&str>, &str, Option<&str>) {
    let (userinfo, rest) = match authority.rsplit_once('@') {
        Some((userinfo, rest)) => (Some(userinfo), rest),
        None => (None, authority),
    };
    let colon = match rest.rfind(']') {
        Some(bracket) => rest[bracket..].find(':').map(|at| at + bracket),
        None => rest.rfind(':'),
    };
    match colon {
        Some(at) => (userinfo, &rest[..at], Some(&rest[at + 1..])),
        None => (userinfo, rest, None),
    }
}

fn check_port(text: Option<&str>) -> Result<(), String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(()) };
    match text.parse::<u32>() {
        _ if !text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(format!("the port `{text}` is not a number"))
        }
        Ok(0) => Err("port 0 cannot be connected to".to_owned()),
        Ok(1..=65535) => Ok(()),
        _ => Err(format!("the port {text} is larger than 65535")),
    }
}

/// Words for what the parser refused.
fn explain(error: ParseError, input: &str, host: &str) -> (FailureCode, String) {
    let forbidden = |c: char| {
        c.is_control()
            || matches!(c, ' ' | '#' | '/' | ':' | '<' | '>' | '?' | '@' | '[' | '\\' | ']' | '^' | '|' | '%')
    };
    let column = |wanted: char| {
        let host_at = input.find(host).unwrap_or(0);
        let at = input[host_at..].find(wanted).map_or(host_at, |at| host_at + at);
        input[..at].chars().count() + 1
    };
    let code = FailureCode::InvalidHost;
    match error {
        ParseError::EmptyHost => (FailureCode::EmptyHost, "the URL has no host".to_owned()),
        ParseError::InvalidPort => {
            (FailureCode::InvalidPort, "the port is not a number from 1 to 65535".to_owned())
        }
        ParseError::InvalidIpv4Address => {
            (code, format!("the host `{host}` ends in a number and is no IPv4 address"))
        }
        ParseError::InvalidIpv6Address if host.contains('%') => {
            (code, format!("the host `{host}` has a zone identifier, which URLs cannot carry (RFC 9844)"))
        }
        ParseError::InvalidIpv6Address => (code, format!("the host `{host}` is no IPv6 address")),
        _ => match bad_escape(host).or_else(|| host.chars().find(|c| forbidden(*c) && *c != '%')) {
            Some('%') => {
                (code, format!("the host `{host}` has a bad percent-encoding at column {}", column('%')))
            }
            Some(c) => {
                let shown = if c == ' ' { "a space".to_owned() } else { format!("`{}`", c.escape_default()) };
                (
                    code,
                    format!(
                        "the host `{}` has {shown} at column {}, which no host can have",
                        host.escape_debug(),
                        column(c)
                    ),
                )
            }
            None => (code, format!("the host `{host}` is no valid domain name: {error}")),
        },
    }
}

/// `%` that two hexadecimal digits do not follow, or that hides a forbidden character.
fn bad_escape(host: &str) -> Option<char> {
    let mut rest = host;
    while let Some(at) = rest.find('%') {
        let digits = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match digits {
            Some(byte) if byte > b' ' && !b"#%/:<>?@[\\]^|\x7f".contains(&byte) => rest = &rest[at + 3..],
            _ => return Some('%'),
        }
    }
    None
}

fn compare_host(raw: &str, host: &Host, ascii: &str, changes: &mut Vec<UrlChange>) {
    match host {
        Host::Ipv4(_) => note(changes, "ipv4-form", raw, ascii),
        Host::Ipv6(_) => note(changes, "ipv6-form", raw.trim_matches(['[', ']']), ascii),
        Host::Name(_) => {
            let decoded = percent_decode(raw);
            note(changes, "percent-encoding-in-host", raw, &decoded);
            let lower = decoded.to_lowercase();
            note(changes, "upper-case-host", &decoded, &lower);
            note(changes, "idn", &lower, ascii);
        }
    }
}

fn compare_port(text: Option<&str>, scheme: Scheme, changes: &mut Vec<UrlChange>) {
    let Some(text) = text else { return };
    match text.parse::<u16>() {
        Ok(port) if port == scheme.default_port() => note(changes, "default-port", &format!(":{text}"), ""),
        Ok(port) => note(changes, "port-form", text, &port.to_string()),
        Err(_) => note(changes, "empty-port", &format!(":{text}"), ""),
    }
}

fn compare_tail(tail: &str, parsed: &::url::Url, changes: &mut Vec<UrlChange>) {
    let (rest, fragment) = tail.split_once('#').map_or((tail, None), |(rest, text)| (rest, Some(text)));
    let (raw_path, query) = rest.split_once('?').map_or((rest, None), |(path, text)| (path, Some(text)));
    let forward = raw_path.replace('\\', "/");
    note(changes, "backslash", raw_path, &forward);
    let path = if forward.is_empty() { "/" } else { &forward };
    let has_dots = path.split('/').any(|segment| {
        matches!(segment.to_ascii_lowercase().as_str(), "." | ".." | "%2e" | "%2e%2e" | ".%2e" | "%2e.")
    });
    note(changes, if has_dots { "dot-segments" } else { "percent-encoding" }, path, parsed.path());
    note(changes, "percent-encoding", query.unwrap_or_default(), parsed.query().unwrap_or_default());
    note(changes, "percent-encoding", fragment.unwrap_or_default(), parsed.fragment().unwrap_or_default());
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            let wanted = UrlChange { kind, before: before.into(), after: after.into() };
            assert!(url.changes.contains(&wanted), "{input}: {:?}", url.changes);
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
