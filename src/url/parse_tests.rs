//! URLs as typed: their parts, what is changed silently, and what is refused.

use proptest::prelude::*;

use super::*;
use crate::trace::{UrlChange, UrlChangeKind};

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
fn a_missing_scheme_is_assumed_as_browsers_do_and_said() {
    for (input, href) in [
        ("example.com", "https://example.com/"),
        ("example.com:8080/x", "https://example.com:8080/x"),
        ("localhost:3000", "http://localhost:3000/"),
        ("app.localhost", "http://app.localhost/"),
        ("LOCALHOST.", "http://localhost./"),
        ("localhost:443", "https://localhost/"),
        ("intranet/wiki", "http://intranet/wiki"),
        ("//example.com/", "https://example.com/"),
        ("[::1]:8443", "http://[::1]:8443/"),
        ("192.0.2.1", "http://192.0.2.1/"),
        ("0x7f.1/x", "http://127.0.0.1/x"),
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
        ("http://[::FFFF:127.0.0.1]/", "ipv6-form", "::FFFF:127.0.0.1", "::ffff:7f00:1"),
        ("https:////example.com/", "slashes", "https:////", "https://"),
        ("https:/example.com/", "slashes", "https:/", "https://"),
        ("https://@example.com/", "empty-userinfo", "@", ""),
        ("https://:@example.com/", "empty-userinfo", ":@", ""),
        ("https://me:@example.com/", "empty-userinfo", ":@", "@"),
        ("https://XN--A.test/", "upper-case-host", "XN--A.test", "xn--a.test"),
        ("https://xn--a.test/", "invalid-punycode", "xn--a.test", "xn--a.test"),
    ] {
        let url = ok(input);
        let wanted = |change: &UrlChange| {
            (change.kind.as_str(), change.before.as_str(), change.after.as_str()) == (kind, before, after)
        };
        assert!(url.changes.iter().any(wanted), "{input}: {:?}", url.changes);
    }
    assert_eq!(ok("https://b\u{fc}cher.example/").host_unicode, "b\u{fc}cher.example");
    assert_eq!(ok("http://example.com:443/").changes, []);
    assert_eq!(ok("http://[::ffff:7f00:1]:81/").changes, [], "the standard writes hexadecimal");
    assert_eq!(ok("http://[::ffff:7f00:1]:81/").host_ascii, "::ffff:7f00:1");
}

#[test]
fn what_looks_like_punycode_and_is_none_is_kept() {
    let url = ok("https://me:pw@www.XN--0.test:8443/a?b#c");
    assert_eq!(url.href, "https://me:pw@www.xn--0.test:8443/a?b#c");
    assert_eq!((url.host_ascii.as_str(), url.host_unicode.as_str()), ("www.xn--0.test", "www.xn--0.test"));
    assert_eq!((url.port, url.path.as_str()), (8443, "/a"));
    for input in
        ["https://xn--0 .test/", "https://xn--0%2f.test/", "https://xn--0.1/", "https://xn--0\u{fc}.test/"]
    {
        assert!(parse(input).is_err(), "{input}");
    }
}

/// The message and the hint, together.
fn refusal(input: &str) -> String {
    let failure = parse(input).expect_err(input);
    format!("{}; {}", failure.message, failure.hint.unwrap_or_default())
}

#[test]
fn no_error_quotes_what_may_be_a_password() {
    for input in [
        "http:joe:SECRET@/x",
        "http://joe:SECRET@/x",
        "joe:SECRET@/x",
        "http://joe:SEC#RET@h/",
        "http://joe:SEC/RET@h/",
        "http://joe:SEC?RET@h/",
        "joe:SEC#RET@h",
        "https://joe:4/SECRET@:0/",
        "'http://joe:SECRET@h/'",
        "/joe:SECRET@h",
        "http:joe:SECRET@",
        "SECRET@host:path",
        "http://SECRET@::1/",
    ] {
        let Err(failure) = parse(input) else { continue };
        let text = format!("{} {:?}", failure.message, failure.hint);
        assert!(!text.contains("SEC") && !text.contains("RET"), "{input}: {text}");
    }
    for input in ["http://joe:SEC#RET@h/", "http://joe:SEC/RET@h/", "joe:SEC?RET@h"] {
        assert!(refusal(input).contains("%2F, %3F and %23"), "{input}: {}", refusal(input));
    }
}

#[test]
fn what_is_something_else_is_told_what_it_would_be() {
    for (input, text) in [
        ("/etc/hosts", "cannot begin with a path"),
        ("///x", "cannot begin with a path"),
        ("\\\\server\\share", "cannot begin with a path"),
        ("http//example.com/a", "http://example.com/a"),
        ("https.//example.com", "https://example.com"),
        ("\"https://example.com/\"", "in quotes"),
        ("'example.com'", "in quotes"),
        ("\u{201c}example.com\u{201d}", "in quotes"),
        ("<https://example.com/>", "in quotes"),
        ("@file", "@FILE belongs to an option"),
        ("htp://example.com/", "did you mean http://example.com/?"),
        ("htttps://example.com/", "did you mean https://example.com/?"),
        ("hxxps://example.com/", "did you mean https://example.com/?"),
        ("view-source:https://example.com/", "trace the URL behind it"),
        ("git@example.com:me/it.git", "https://example.com/PATH"),
        ("::1", "http://[::1]/"),
        ("http://2001:db8::1/", "http://[2001:db8::1]/"),
        ("https://2001:db8::1/", "https://[2001:db8::1]/"),
        ("fe80::1%eth0", "written in brackets"),
    ] {
        assert!(refusal(input).contains(text), "{input}: {}", refusal(input));
    }
}

#[test]
fn a_column_is_that_of_what_was_typed() {
    for (input, column) in [
        ("http://x|y@x|y/", 13),
        ("https://exa mple/", 12),
        ("  https://exa mple/", 14),
        ("ht\ttps://exa mple/", 13),
        ("https://ex%61mple%zz.com/", 18),
        ("https://b\u{fc}cher<x/", 15),
    ] {
        let told = refusal(input);
        assert!(
            told.contains(&format!("at column {column}, ")) || told.contains(&format!("at column {column};")),
            "{input}: {told}"
        );
    }
}

#[test]
fn what_cannot_be_traced_names_its_reason() {
    use FailureCode::*;
    for (input, code, text) in [
        ("https://exa mple/", InvalidHost, "a space at column 12"),
        ("ftp://x/", UnsupportedScheme, "`ftp`"),
        ("mailto:me@example.com", UnsupportedScheme, "`mailto`"),
        ("javascript:alert(1)", UnsupportedScheme, "`javascript`"),
        ("foo://example.com", UnsupportedScheme, "`foo`"),
        ("https://", EmptyHost, "no host"),
        ("https:///", EmptyHost, "no host"),
        ("https://user@", EmptyHost, "no host"),
        ("https://user@/", EmptyHost, "no host"),
        ("https://:80/", EmptyHost, "no host"),
        ("", InvalidUrl, "empty"),
        ("https://example.com:0/", InvalidPort, "port 0"),
        ("https://example.com:65536/", InvalidPort, "larger"),
        ("https://example.com:99999999999/", InvalidPort, "larger"),
        ("https://example.com:8o/", InvalidPort, "`8o`"),
        ("https://ex%zzample.com/", InvalidHost, "percent-encoding at column 11"),
        ("https://ex%20ample.com/", InvalidHost, "`%20` at column 11, which stands for"),
        ("https://ex%+5ample.com/", InvalidHost, "percent-encoding at column 11"),
        ("https://exa<mple.com/", InvalidHost, "`<` at column 12"),
        ("https://[::1/", InvalidHost, "the host `[::1` begins with `[` and has no `]`"),
        ("https://user:pw@[::1", InvalidHost, "the host `[::1` begins with `[`"),
        ("https://[::1:80/", InvalidHost, "the host `[::1:80` begins with `[`"),
        ("https://[x]/", InvalidHost, "is not an IPv6 address"),
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

#[test]
fn an_endpoint_is_a_host_and_a_port_and_nothing_else() {
    for (input, href, port, is_default) in [
        ("tls://mail.example.com:993", "tls://mail.example.com:993", 993, false),
        ("TLS://Mail.Example.com", "tls://mail.example.com:443", 443, true),
        ("tcp://192.0.2.1:22/", "tcp://192.0.2.1:22", 22, false),
        ("tcp://[2001:DB8::1]:022", "tcp://[2001:db8::1]:22", 22, false),
        ("tls://b\u{fc}cher.example:443", "tls://xn--bcher-kva.example:443", 443, false),
        ("dns://www.example.com", "dns://www.example.com", 0, true),
        ("quic://example.com", "quic://example.com:443", 443, true),
        ("QUIC://example.com:8443", "quic://example.com:8443", 8443, false),
    ] {
        let url = ok(input);
        let seen = (url.href.as_str(), url.port, url.port_is_default, url.path.as_str());
        assert_eq!(seen, (href, port, is_default, ""), "{input}");
    }
    assert_eq!(ok("tcp://h.test:022").changes[0].kind, UrlChangeKind::PortForm);
    use FailureCode::*;
    for (input, code, text) in [
        ("tcp://example.com", InvalidPort, "tcp://HOST:PORT"),
        ("tcp://example.com:/", InvalidPort, "none was given"),
        ("tcp://example.com:70000", InvalidPort, "larger than 65535"),
        ("tls://example.com:x", InvalidPort, "not a number"),
        ("dns://example.com:53", InvalidPort, "has no port"),
        ("tls://", EmptyHost, "no host"),
        ("tls://exa mple.com", InvalidHost, "a space at column 10"),
        ("tls://example.com:993/inbox", InvalidUrl, "nothing behind it"),
        ("dns://example.com/A", InvalidUrl, "takes a name"),
        ("tls://2001:db8::1", InvalidHost, "tls://[2001:db8::1]:443"),
    ] {
        assert_eq!(parse(input).expect_err(input).code, code, "{input}");
        assert!(refusal(input).contains(text), "{input}: {}", refusal(input));
    }
    let login = refusal("tls://joe:SECRET@example.com:993");
    assert!(login.contains("takes no user name") && !login.contains("SECRET"), "{login}");
}

#[test]
fn a_call_of_grpc_has_a_method_or_asks_for_the_health() {
    for (input, href, port) in [
        ("grpc://Example.com", "grpc://example.com/", 80),
        ("GRPCS://example.com:443/", "grpcs://example.com/", 443),
        ("grpc://192.0.2.1:50051/?service=a.B", "grpc://192.0.2.1:50051/?service=a.B", 50051),
        ("grpcs://[::1]:8443/a.B/C", "grpcs://[::1]:8443/a.B/C", 8443),
        ("grpcs://example.com/way/a.B/C", "grpcs://example.com/way/a.B/C", 443),
        ("grpcs://xn--a.example/", "grpcs://xn--a.example/", 443),
    ] {
        let url = ok(input);
        assert_eq!((url.href.as_str(), url.port), (href, port), "{input}");
    }
    for (input, text) in [
        ("grpc://example.com/a.B", "has a service and a method"),
        ("grpc://example.com/a.B/", "none of them empty"),
        ("grpc://example.com//C", "has a service and a method"),
        ("grpc://example.com/a//C", "none of them empty"),
        ("grpc://example.com/a.B/C?x=SECRET", "stands in its message"),
        ("grpc://example.com/?x=SECRET", "?service=NAME and nothing beside it"),
        ("grpc://example.com/?service=a&x=SECRET", "?service=NAME and nothing beside it"),
    ] {
        let said = refusal(input);
        assert!(said.contains(text) && !said.contains("SECRET"), "{input}: {said}");
    }
}
