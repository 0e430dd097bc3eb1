//! When a browser asks first, and what it makes of the answer, by the tables of the Fetch standard.

use super::*;
use crate::http::tests::{ask, url};
use crate::trace::sample;

/// Fields, by name and value.
type Fields<'a> = &'a [(&'a str, &'a str)];

const PAGE: &str = "https://app.example.test";

fn plan(fields: &[(&str, &str)]) -> HttpPlan {
    let headers =
        fields.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
    HttpPlan { headers, ..HttpPlan::default() }
}

fn stands(method: &str, body: bool, fields: &[(&str, &str)]) -> Cors {
    let body = body.then_some(&b"a=b"[..]);
    stand(&url("https://api.example.test/x"), &ask(method, body), &plan(fields), PAGE)
}

#[test]
fn a_browser_asks_first_where_the_standard_says_so() {
    let long = "x".repeat(129);
    let simple: &[(&str, bool, Fields<'_>)] = &[
        ("GET", false, &[]),
        ("HEAD", false, &[]),
        ("POST", true, &[]),
        ("post", true, &[]),
        ("POST", true, &[("Content-Type", "text/plain;charset=UTF-8")]),
        ("POST", true, &[("Content-Type", "multipart/form-data; boundary=x")]),
        ("GET", false, &[("Accept", "application/json"), ("Accept-Language", "de, en;q=0.5")]),
        ("GET", false, &[("Range", "bytes=0-99")]),
        ("GET", false, &[("Cookie", "a=b"), ("Referer", "https://x.test/"), ("Sec-Fetch-Mode", "cors")]),
    ];
    for (method, body, fields) in simple {
        assert_eq!(stands(method, *body, fields).role, CorsRole::Simple, "{method} {fields:?}");
    }
    let asked: &[(&str, bool, Fields<'_>, &str, &[&str])] = &[
        ("PUT", false, &[], "PUT", &[]),
        ("put", false, &[], "PUT", &[]),
        ("patch", false, &[], "patch", &[]),
        ("DELETE", false, &[("X-B", "1"), ("x-a", "2"), ("X-B", "3")], "DELETE", &["x-a", "x-b"]),
        ("POST", true, &[("Content-Type", "application/json")], "POST", &["content-type"]),
        ("GET", false, &[("Authorization", "Bearer x")], "GET", &["authorization"]),
        ("GET", false, &[("Accept", "a(b")], "GET", &["accept"]),
        ("GET", false, &[("Accept", &long)], "GET", &["accept"]),
        ("GET", false, &[("Accept-Language", "de_AT")], "GET", &["accept-language"]),
        ("GET", false, &[("Range", "bytes=-5")], "GET", &["range"]),
        ("GET", false, &[("User-Agent", "mine")], "GET", &["user-agent"]),
    ];
    for (method, body, fields, told, names) in asked {
        let wanted = CorsRole::Preflight {
            method: (*told).to_owned(),
            fields: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert_eq!(stands(method, *body, fields).role, wanted, "{method} {fields:?}");
    }
}

#[test]
fn the_own_origin_and_credentials_are_known() {
    let plan = plan(&[]);
    let at = |text: &str, origin: &str| stand(&url(text), &ask("PUT", None), &plan, origin);
    assert_eq!(at("https://app.example.test:443/", PAGE).role, CorsRole::SameOrigin);
    for other in ["http://app.example.test/", "https://app.example.test:8443/", "https://example.test/"] {
        assert_ne!(at(other, PAGE).role, CorsRole::SameOrigin, "{other}");
    }
    assert_eq!(origin_of(&url("http://[::1]:8080/")), "http://[::1]:8080");
    assert_eq!(at("https://x.test/", PAGE).credentials, CorsCredentials::Omitted);
    assert_eq!(stands("GET", false, &[("Cookie", "a=b")]).credentials, CorsCredentials::Included);
    assert_eq!(at("https://ann:pw@x.test/", PAGE).credentials, CorsCredentials::Included);
}

#[test]
fn a_preflight_has_no_credentials_and_names_what_is_to_come() {
    let plan = plan(&[("X-Token", "s3cret"), ("Cookie", "a=b"), ("Content-Type", "application/json")]);
    let target = url("https://ann:pw@api.example.test/x");
    let real = ask("POST", Some(b"{}"));
    let cors = stand(&target, &real, &plan, PAGE);
    let draft = Draft::new(&target, &asked(&real, &cors), &plan).unwrap();
    let (head, sent) = draft.http1();
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("OPTIONS /x HTTP/1.1\r\n") && sent.body_bytes == 0, "{head}");
    assert!(head.contains("\r\nOrigin: https://app.example.test\r\n"), "{head}");
    assert!(head.contains("Access-Control-Request-Method: POST\r\n"), "{head}");
    assert!(head.contains("Access-Control-Request-Headers: content-type,x-token\r\n"), "{head}");
    for secret in ["s3cret", "Cookie", "Authorization", "Content-Type:"] {
        assert!(!head.contains(secret), "{secret}: {head}");
    }
    let simple = stand(&target, &ask("GET", None), &HttpPlan::default(), PAGE);
    let (head, _) =
        Draft::new(&target, &asked(&ask("GET", None), &simple), &HttpPlan::default()).unwrap().http1();
    assert!(String::from_utf8(head).unwrap().contains("\r\nOrigin: https://app.example.test\r\n"));
}

/// What is said of a response with these fields.
fn judged(cors: &Cors, status: u16, fields: &[(&str, &str)]) -> &'static str {
    let mut trace = sample::sound();
    let http = sample::http(&mut trace);
    http.status = Some(status);
    for (name, value) in fields {
        http.headers.push(Header { name: (*name).to_owned(), value: value.as_bytes().to_vec() });
    }
    match judge(cors, http).unwrap() {
        CorsVerdict::Allowed => "allowed",
        CorsVerdict::Refused(refusal) => refusal.as_str(),
    }
}

const ORIGIN: (&str, &str) = ("Access-Control-Allow-Origin", PAGE);
const ANY: (&str, &str) = ("access-control-allow-origin", "*");
const GRANTED: (&str, &str) = ("access-control-allow-credentials", "true");

#[test]
fn responses_are_judged_as_by_a_browser() {
    let plain = stands("GET", false, &[]);
    let cookie = stands("GET", false, &[("Cookie", "a=b")]);
    let table: &[(&Cors, Fields<'_>, &str)] = &[
        (&plain, &[], "no-allow-origin"),
        (&plain, &[ANY], "allowed"),
        (&plain, &[ORIGIN], "allowed"),
        (&plain, &[("access-control-allow-origin", "https://app.example.test/")], "other-origin"),
        (&plain, &[("access-control-allow-origin", "https://APP.example.test")], "other-origin"),
        (&plain, &[ORIGIN, ORIGIN], "other-origin"),
        (&cookie, &[ANY, GRANTED], "any-origin-with-credentials"),
        (&cookie, &[ORIGIN], "no-allow-credentials"),
        (&cookie, &[ORIGIN, ("access-control-allow-credentials", "TRUE")], "no-allow-credentials"),
        (&cookie, &[ORIGIN, GRANTED], "allowed"),
    ];
    for (cors, fields, wanted) in table {
        assert_eq!(judged(cors, 500, fields), *wanted, "{fields:?}");
    }
}

#[test]
fn preflights_are_judged_as_by_a_browser() {
    let put = stands("PUT", false, &[("X-Token", "1")]);
    let secret = stands("GET", false, &[("Authorization", "x")]);
    let cookie = stands("PATCH", false, &[("Cookie", "a=b")]);
    let methods = |value| ("access-control-allow-methods", value);
    let names = |value| ("access-control-allow-headers", value);
    let table: &[(&Cors, u16, Fields<'_>, &str)] = &[
        (&put, 204, &[ORIGIN, methods("GET, PUT"), names("X-TOKEN, x-other")], "allowed"),
        (&put, 204, &[ANY, methods("*"), names("*")], "allowed"),
        (&put, 204, &[ANY, names("*")], "method-not-allowed"),
        (&put, 204, &[ANY, methods("put"), names("*")], "method-not-allowed"),
        (&put, 204, &[ANY, methods("PUT")], "field-not-allowed"),
        (&put, 204, &[methods("PUT"), names("x-token")], "no-allow-origin"),
        (&put, 405, &[ANY, methods("*"), names("*")], "preflight-status"),
        (&put, 302, &[ANY, methods("*"), names("*")], "preflight-redirected"),
        (&secret, 200, &[ANY, names("*")], "field-not-allowed"),
        (&secret, 200, &[ANY, names("*, Authorization")], "allowed"),
        (&cookie, 200, &[ORIGIN, GRANTED, methods("*")], "method-not-allowed"),
        (&cookie, 200, &[ORIGIN, GRANTED, methods("PATCH")], "allowed"),
    ];
    for (cors, status, fields, wanted) in table {
        assert_eq!(judged(cors, *status, fields), *wanted, "{status} {fields:?}");
    }
}

/// The answer to a preflight for `asked` with these fields, which ended at 1 s.
fn answer(asked: &Cors, fields: &[(&str, &str)]) -> Option<(Preflight, PreflightKept)> {
    let mut trace = sample::sound();
    let http = sample::http(&mut trace);
    (http.status, http.end) = (Some(204), At(1_000_000));
    for (name, value) in fields {
        http.headers.push(Header { name: (*name).to_owned(), value: value.as_bytes().to_vec() });
    }
    let cors = Cors { verdict: judge(asked, http), ..asked.clone() };
    Preflight::answered(RequestId(3), &url("https://api.example.test/x"), &cors, http)
}

#[test]
fn an_answer_is_kept_as_long_as_it_says_and_browsers_have_it() {
    let put = stands("PUT", false, &[]);
    let methods = ("access-control-allow-methods", "PUT");
    let kept = |ages: &[&str]| {
        let ages = ages.iter().map(|age| ("Access-Control-Max-Age", *age));
        let (_, kept) = answer(&put, &[ANY, methods].into_iter().chain(ages).collect::<Vec<_>>()).unwrap();
        (kept.told, kept.kept.as_secs())
    };
    type Row<'a> = (&'a [&'a str], (Option<i64>, u64));
    let told: &[Row<'_>] = &[
        (&[], (None, 5)),
        (&["600"], (Some(600), 600)),
        (&["0"], (Some(0), 0)),
        (&["-1"], (Some(-1), 0)),
        (&["86400"], (Some(86_400), 7_200)),
        (&["ten"], (None, 5)),
        (&["600.5"], (None, 5)),
        (&["600", "700"], (None, 5)),
        (&["99999999999999999999"], (None, 5)),
    ];
    for (ages, wanted) in told {
        assert_eq!(kept(ages), *wanted, "{ages:?}");
    }
    assert!(answer(&put, &[ANY]).is_none(), "what was refused is not kept");
    assert!(answer(&stands("GET", false, &[]), &[ANY]).is_none(), "no preflight");
}

#[test]
fn a_kept_answer_covers_what_it_names_for_as_long_and_no_more() {
    let put = stands("PUT", false, &[("X-Token", "1")]);
    let lists =
        [("access-control-allow-methods", "PUT, PATCH"), ("access-control-allow-headers", "x-token, *")];
    let age = ("access-control-max-age", "10");
    let (kept, _) = answer(&put, &[ANY, lists[0], lists[1], age]).unwrap();
    let at = |text: &str, method: &str, fields: Fields<'_>, seconds: u64| {
        let cors = stand(&url(text), &ask(method, None), &plan(fields), PAGE);
        kept.covers(&url(text), &cors, At(seconds * 1_000_000))
    };
    const HERE: &str = "https://api.example.test/x";
    assert_eq!(kept.by, RequestId(3));
    assert!(at(HERE, "PUT", &[("X-Token", "2")], 10) && at(HERE, "PATCH", &[("X-Else", "2")], 2));
    assert!(!at(HERE, "PUT", &[("X-Token", "2")], 11), "its time is over");
    assert!(!at(HERE, "DELETE", &[], 2), "a method that it does not name");
    assert!(!at(HERE, "PUT", &[("Authorization", "x")], 2), "no star stands for it");
    assert!(
        !at("https://api.example.test/x?y", "PUT", &[], 2)
            && !at("https://api.example.test/y", "PUT", &[], 2)
    );
    assert!(!at("https://other.example.test/x", "PUT", &[], 2));
    assert!(!at(HERE, "PUT", &[("Cookie", "a=b")], 2), "it was asked without credentials");
    let elsewhere = stand(&url(HERE), &ask("PUT", None), &plan(&[]), "https://b.example.test");
    assert!(!kept.covers(&url(HERE), &elsewhere, At(2_000_000)), "another page's");
    let with = stands("PUT", false, &[("Cookie", "a=b")]);
    let (kept, _) = answer(&with, &[ORIGIN, GRANTED, lists[0], age]).unwrap();
    assert!(kept.covers(&url(HERE), &with, At(2_000_000)));
    assert!(
        kept.covers(&url(HERE), &stands("PUT", false, &[]), At(2_000_000)),
        "one with covers one without"
    );
}
