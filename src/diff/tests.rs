//! Two documents beside each other, made by hand.

use serde_json::{Value, json};

use super::*;
use crate::timeline::Phase;

fn run(total: u64, dns: Option<u64>, address: &str, server: &str) -> Value {
    json!({
        "outcome": "ok", "failure": null, "final_status": 200,
        "phases": { "dns_us": dns, "wait_us": total - 500, "unaccounted_us": 100, "total_us": total },
        "hops": [{
            "dns": { "addresses": ["192.0.2.2", "192.0.2.1"] },
            "connect": { "address": address },
            "tls": { "version": "TLSv1.3", "cipher_suite": "x", "group": "X25519", "chain": [] },
            "http": {
                "version": "HTTP/2", "status": 200, "layers": [{ "cache": null }],
                "headers": [{ "name": "Server", "value": server }, { "name": "date", "value": total.to_string() }],
            },
        }],
    })
}

fn saved(document: &Value) -> Saved {
    Saved::read("x.json", document.to_string().as_bytes()).unwrap()
}

fn trace(run: &Value) -> Saved {
    let mut document = run.clone();
    document["schema"] = "urltrace/1".into();
    document["kind"] = "trace".into();
    document["input"] = "https://a.test/".into();
    saved(&document)
}

fn repeat(runs: Vec<Value>) -> Saved {
    saved(&json!({ "schema": "urltrace/1", "kind": "repeat", "input": "https://a.test/", "runs": runs }))
}

fn row(diff: &Diff, part: Part) -> &Row {
    diff.rows.iter().find(|row| row.part == part).unwrap()
}

#[test]
fn of_pages_it_is_told_what_else_they_asked_for() {
    let page = |requests: &[(&str, u16)]| {
        let mut document = run(10_000, None, "192.0.2.1", "a");
        (document["schema"], document["kind"]) = ("urltrace/1".into(), "page".into());
        document["input"] = "https://a.test/".into();
        let all =
            requests.iter().map(|(url, status)| json!({ "url": url, "status": status, "failure": null }));
        document["requests"] = all.collect();
        saved(&document)
    };
    let top = ("https://a.test/", 200);
    let a = page(&[top, ("https://a.test/a.css?v=1", 200), ("https://b.test/b.js", 200)]);
    let b = page(&[top, ("https://a.test/a.css?v=2", 404), ("https://a.test/a.css?v=3", 200)]);
    let told = |a: &Saved, b: &Saved| -> Vec<(String, Vec<String>, Vec<String>)> {
        let values = |all: &[(String, usize)]| all.iter().map(|(value, _)| value.clone()).collect();
        Diff::of(a, b).changes.iter().map(|one| (one.what.clone(), values(&one.a), values(&one.b))).collect()
    };
    let words = |all: &[&str]| -> Vec<String> { all.iter().map(|one| (*one).to_owned()).collect() };
    assert_eq!(
        told(&a, &b),
        [
            ("resource https://a.test/a.css".to_owned(), words(&["200"]), words(&["200, 404"])),
            ("resource https://b.test/b.js".to_owned(), words(&["200"]), words(&[])),
        ]
    );
    assert_eq!(told(&a, &page(&[top])).len(), 3, "and how many there were");
    assert_eq!(told(&a, &a), []);
    // Beside a trace there is nothing to compare.
    assert_eq!(told(&a, &trace(&run(10_000, None, "192.0.2.1", "a"))), []);
}

#[test]
fn single_runs_have_a_difference_and_no_judgement() {
    let diff = Diff::of(
        &trace(&run(10_000, Some(2_000), "192.0.2.1", "a")),
        &trace(&run(14_000, None, "192.0.2.2", "b")),
    );
    assert_eq!(diff.summary(), Summary::Unjudged(4_000));
    let dns = row(&diff, Part::Phase(Phase::Dns));
    assert_eq!((dns.a, dns.b, dns.difference), (Some(2_000), None, None));
    assert!(diff.rows.iter().all(|row| row.seen == Seen::Unjudged));
    assert!(diff.rows.iter().all(|row| row.part != Part::Phase(Phase::Quic)), "it happened on no side");
    let what: Vec<&str> = diff.changes.iter().map(|change| change.what.as_str()).collect();
    assert_eq!(what, ["address", "header server"], "dates are another every time");
    assert_eq!(diff.changes[0].a, [("192.0.2.1".to_owned(), 1)]);
}

#[test]
fn many_runs_are_judged() {
    let runs =
        |base: u64| repeat((0..12).map(|at| run(base + at * 50, Some(1_000), "192.0.2.1", "a")).collect());
    let diff = Diff::of(&runs(10_000), &runs(12_000));
    assert_eq!(diff.summary(), Summary::Seen(2_000));
    let dns = row(&diff, Part::Phase(Phase::Dns));
    assert!(matches!(dns.seen, Seen::No(likely) if likely > 0.9), "{dns:?}");
    assert_eq!(diff.changes, []);
    assert_eq!(Diff::of(&runs(10_000), &runs(10_000)).summary(), Summary::NotSeen);
    assert_eq!((diff.a.runs, diff.a.ok, diff.a.kind), (12, 12, SavedKind::Repeat));
}

#[test]
fn failed_runs_have_no_times_and_are_a_change() {
    let mut failed = run(10_000, None, "192.0.2.1", "a");
    failed["outcome"] = "failed".into();
    failed["failure"] = json!({ "code": "tls-timeout" });
    let fine = run(10_000, None, "192.0.2.1", "a");
    let diff = Diff::of(&repeat(vec![fine.clone(), fine.clone()]), &repeat(vec![failed.clone(), failed]));
    assert_eq!(diff.summary(), Summary::NoTimes);
    assert_eq!((diff.b.runs, diff.b.ok), (2, 0));
    let change = &diff.changes[0];
    assert_eq!((change.what.as_str(), &change.b), ("outcome", &vec![("tls-timeout".to_owned(), 2)]));
}

#[test]
fn a_brief_side_has_no_headers_to_miss() {
    let mut brief = run(10_000, None, "192.0.2.1", "a");
    brief.as_object_mut().unwrap().remove("hops");
    let diff = Diff::of(&repeat(vec![brief]), &repeat(vec![run(10_000, None, "192.0.2.1", "a")]));
    assert_eq!(diff.changes, []);
}

#[test]
fn what_is_no_document_is_refused_with_the_reason() {
    let refused = |text: &str| Saved::read("x.json", text.as_bytes()).unwrap_err();
    for (text, why) in [
        ("", "no JSON document"),
        ("[]", "no JSON document"),
        ("{}", "it names no schema"),
        (r#"{"schema": "urltrace/2"}"#, "its schema is urltrace/2"),
        (r#"{"schema": "urltrace/1", "kind": "dns"}"#, "of kind dns"),
        (r#"{"schema": "urltrace/1", "kind": "trace"}"#, "missing field"),
        (r#"{"schema": "urltrace/1", "kind": "repeat", "runs": 7}"#, "invalid type"),
    ] {
        assert!(refused(text).contains(why), "{text}: {}", refused(text));
    }
}
