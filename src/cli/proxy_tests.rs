//! Which proxies a command line and an environment come to.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::cli::{Action, Environment, PlanError, settings};
use crate::plan::{PlainRequests, Plan, ProxyServer};
use crate::trace::ProxyKind;

fn read(line: &[&str], variables: &[(&'static str, &str)]) -> Result<Plan, PlanError> {
    let arguments = std::iter::once("urltrace").chain(line.iter().copied()).map(OsString::from);
    let proxies: BTreeMap<_, _> =
        variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let environment = Environment { utf8: true, proxies, ..Environment::default() };
    match settings(arguments, &environment)?.action {
        Action::Trace { plan, .. } => Ok(plan),
        other => panic!("{other:?}"),
    }
}

fn told(server: Option<&ProxyServer>) -> String {
    server.map_or_else(String::new, |server| {
        let user =
            server.credentials.as_ref().map_or_else(String::new, |(user, word)| format!(" {user}:{word}"));
        format!("{} by {}{user}", server.url(), server.source.as_str())
    })
}

fn both(line: &[&str], variables: &[(&'static str, &str)]) -> [String; 2] {
    let plan = read(&[line, &["-L", "https://a.test/"]].concat(), variables).unwrap();
    [told(plan.proxy.http.as_ref()), told(plan.proxy.https.as_ref())]
}

#[test]
fn a_proxy_is_written_as_for_curl() {
    for (text, expected) in [
        ("p.test", "http://p.test:1080 by --proxy"),
        ("p.test:3128", "http://p.test:3128 by --proxy"),
        ("http://P.test:3128/", "http://p.test:3128 by --proxy"),
        ("HTTPS://p.test", "https://p.test:443 by --proxy"),
        ("socks5://[::1]:9050", "socks5://[::1]:9050 by --proxy"),
        ("socks5h://127.0.0.1", "socks5h://127.0.0.1:1080 by --proxy"),
        ("http://us%3Aer:p%40ss@p.test", "http://p.test:1080 by --proxy us:er:p@ss"),
        ("user@p.test", "http://p.test:1080 by --proxy user:"),
        ("", ""),
    ] {
        assert_eq!(both(&["-x", text], &[]), [expected, expected], "{text}");
    }
    for text in [
        "http://",
        "http://p.test:0",
        "http://p.test:x",
        "http://p test",
        "ftp://p.test",
        "socks4://p.test",
        "socks4a://p.test",
        "http://[::1",
        "http://p.test\r\nX: y",
        "[::1]99",
        "http://joe:a/b@p.test",
    ] {
        assert!(read(&["-x", text, "https://a.test/"], &[]).is_err(), "{text}");
    }
    let secret = read(&["-x", "http://joe:hunter2@p.test:0", "https://a.test/"], &[]).unwrap_err();
    let PlanError::Usage { message, .. } = secret else { panic!("{secret:?}") };
    assert!(!message.contains("hunter2") && message.contains("p.test:0"), "{message}");
    let debug = format!("{:?}", read(&["-x", "http://joe:hunter2@p.test", "https://a.test/"], &[]).unwrap());
    assert!(!debug.contains("hunter2"));
}

#[test]
fn the_environment_is_read_as_curl_reads_it() {
    let (h, s) = ("http://h.test:1", "http://s.test:2");
    let named = |url: &str, by: &str| format!("{url} by {by}");
    assert_eq!(
        both(&[], &[("http_proxy", h), ("https_proxy", s)]),
        [named(h, "http_proxy"), named(s, "https_proxy")]
    );
    assert_eq!(both(&[], &[("HTTPS_PROXY", s)]), [String::new(), named(s, "HTTPS_PROXY")]);
    assert_eq!(
        both(&[], &[("https_proxy", h), ("HTTPS_PROXY", s)])[1],
        named(h, "https_proxy"),
        "lower case first"
    );
    assert_eq!(
        both(&[], &[("all_proxy", h), ("ALL_PROXY", s)]),
        [named(h, "all_proxy"), named(h, "all_proxy")]
    );
    assert_eq!(
        both(&[], &[("ALL_PROXY", h), ("HTTPS_PROXY", s)]),
        [named(h, "ALL_PROXY"), named(s, "HTTPS_PROXY")]
    );
    assert_eq!(both(&["-x", "x.test:9"], &[("https_proxy", s)])[1], "http://x.test:9 by --proxy");
    assert_eq!(both(&["-x", ""], &[("https_proxy", s), ("all_proxy", s)]), ["", ""], "none at all");
    assert_eq!(both(&["--lab"], &[("https_proxy", s)]), ["", ""], "the lab is no part of this world");
    let unneeded = [("all_proxy", "socks://p:1"), ("http_proxy", h), ("https_proxy", s)];
    assert_eq!(both(&[], &unneeded), [named(h, "http_proxy"), named(s, "https_proxy")]);
    assert!(read(&["tls://a.test"], &unneeded).is_err(), "here it is needed");
    let bad = [("http_proxy", "socks://p:1"), ("https_proxy", s)];
    let plan = read(&["HTTPS://a.test/"], &bad).unwrap();
    assert_eq!(told(plan.proxy.https.as_ref()), named(s, "https_proxy"));
    for needed in [&["http://a.test/"][..], &["a.test"], &["-L", "https://a.test/"]] {
        assert!(read(needed, &bad).is_err(), "{needed:?}");
    }
}

#[test]
fn other_options_of_curls_do_what_they_do_there() {
    assert_eq!(both(&["--socks5", "p.test"], &[])[0], "socks5://p.test:1080 by --socks5");
    assert_eq!(both(&["--socks5-hostname", "p.test:9"], &[])[0], "socks5h://p.test:9 by --socks5-hostname");
    assert_eq!(both(&["--socks5", "a.test", "-x", "b.test"], &[])[0], "http://b.test:1080 by --proxy");
    assert_eq!(both(&["-x", "b.test", "--socks5", "a.test"], &[])[0], "socks5://a.test:1080 by --socks5");
    assert_eq!(both(&["-x", "p.test", "-U", "joe:a%20b"], &[])[0], "http://p.test:1080 by --proxy joe:a b");
    assert_eq!(
        both(&["-x", "ann:x@p.test", "-U", "joe:y"], &[])[0],
        "http://p.test:1080 by --proxy ann:x",
        "the URL's"
    );
    let plan = |line: &[&str], variables: &[(&'static str, &str)]| {
        read(&[line, &["http://a.test/"]].concat(), variables).unwrap().proxy
    };
    assert_eq!(plan(&["-p", "-x", "p.test"], &[]).plain, PlainRequests::Tunnel);
    assert_eq!(plan(&["-x", "p.test"], &[]).plain, PlainRequests::Forward);
    assert_eq!(plan(&["-x", "https://p.test"], &[]).http.unwrap().kind, ProxyKind::Https);
    let list = |line: &[&str], variables: &[(&'static str, &str)]| {
        plan(line, variables).exceptions.map(|found| format!("{} by {}", found.list, found.source.as_str()))
    };
    assert_eq!(list(&[], &[("NO_PROXY", "a"), ("no_proxy", "b")]).as_deref(), Some("b by no_proxy"));
    assert_eq!(list(&[], &[("NO_PROXY", "a")]).as_deref(), Some("a by NO_PROXY"));
    assert_eq!(list(&["--noproxy", "c,d"], &[("no_proxy", "b")]).as_deref(), Some("c,d by --noproxy"));
    assert_eq!(list(&["--noproxy", ""], &[("no_proxy", "*")]).as_deref(), Some(" by --noproxy"));
    assert_eq!(list(&[], &[]), None);
}
