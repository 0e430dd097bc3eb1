//! `--retry` and `--cookies` against servers that count: each attempt is on record, each wait is a phase, and
//! what must not be sent is not.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use serde_json::Value;

use crate::support::{check_document, run};

/// A server that answers each connection with the next of these and says what it was sent; behind the last, with
/// the last.
fn server(answers: &'static [&'static str]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (send, receive) = channel();
    thread::spawn(move || {
        for number in 0.. {
            let Ok((stream, _)) = listener.accept() else { return };
            answer(stream, answers[number.min(answers.len() - 1)], &send);
        }
    });
    (url, receive)
}

fn answer(mut stream: TcpStream, head: &str, send: &Sender<String>) {
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        request.push(byte[0]);
    }
    let _ = stream
        .write_all(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes());
    let _ = send.send(String::from_utf8(request).unwrap());
}

/// One run: the server counts.
fn once(arguments: &[&str]) -> (i32, Value, String) {
    let output = run(&[&["--format", "json"], arguments].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    check_document(&document);
    (output.status.code().unwrap(), document, text)
}

fn statuses(document: &Value) -> Vec<u64> {
    document["hops"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hop| hop["http"]["status"].as_u64().unwrap_or(0))
        .collect()
}

#[test]
fn each_attempt_is_a_hop_and_its_wait_a_phase() {
    let (url, requests) = server(&["503 No", "429 No\r\nRetry-After: 1", "200 OK"]);
    let (exit, document, _) = once(&["--retry", "5", "--retry-delay", "300ms", &url]);
    assert_eq!((exit, statuses(&document)), (0, vec![503, 429, 200]), "{document:#}");
    assert_eq!(requests.try_iter().count(), 3);
    let hops = &document["hops"];
    assert!(hops[0]["retry"].is_null() && hops[0]["phases"]["queue_us"].is_null());
    assert_eq!(hops[0]["reasons"]["queue"], "it did not have to wait");
    for (hop, of, status, rule, least, most) in
        [(1, 0, 503, "given", 300_000, 900_000), (2, 1, 429, "retry-after", 1_000_000, 1_900_000)]
    {
        let (hop, retry) = (&hops[hop], &hops[hop]["retry"]);
        assert_eq!((&hop["retry_of"], &retry["status"]), (&of.into(), &status.into()));
        assert_eq!((&retry["cause"], &retry["rule"]), (&"status".into(), &rule.into()));
        let queue = hop["phases"]["queue_us"].as_u64().unwrap();
        assert_eq!(retry["waited_us"].as_u64(), Some(queue));
        assert!((least..most).contains(&queue), "{queue}");
        // What was waited is hidden nowhere else.
        assert!(hop["phases"]["unaccounted_us"].as_u64().unwrap() < 250_000, "{hop:#}");
    }
    let waits: Vec<&Value> =
        document["spans"].as_array().unwrap().iter().filter(|span| span["name"] == "retry wait").collect();
    assert_eq!(waits.len(), 2);
    assert!(waits.iter().all(|span| span["counted"] == true && span["stage"] == "http"));
    let ids: Vec<&Value> = document["findings"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert!(ids.contains(&&"http-failure-passed".into()), "{ids:?}");
    assert!(!ids.contains(&&"http-status-error".into()), "it has passed: {ids:?}");
    assert_eq!(document["verdict"]["culprit"]["cause"], "retry", "{:#}", document["verdict"]);
}

#[test]
fn what_must_not_be_sent_twice_is_not_unless_that_is_asked_for() {
    let (url, requests) = server(&["503 No"]);
    let (exit, document, _) = once(&["--retry", "2", "--retry-delay", "10ms", "-d", "a=1", &url]);
    assert_eq!((exit, statuses(&document)), (0, vec![503]));
    assert_eq!(document["hops"][0]["not_retried"], "not-idempotent");
    assert_eq!(requests.try_iter().count(), 1);
    let (_, document, _) = once(&["--retry", "2", "--retry-delay", "10ms", "--retry-all", "-d", "a=1", &url]);
    assert_eq!(statuses(&document), [503, 503, 503]);
    assert_eq!(document["hops"][2]["not_retried"], "used-up");
    assert!(document["hops"][1]["not_retried"].is_null());
    assert_eq!(requests.try_iter().count(), 3);
}

#[test]
fn nobody_waits_beyond_the_limit_of_the_run() {
    let (url, requests) = server(&["503 No\r\nRetry-After: 100"]);
    let (exit, document, _) = once(&["--retry", "2", "-m", "20", &url]);
    assert_eq!((exit, statuses(&document)), (0, vec![503]));
    assert_eq!(document["hops"][0]["not_retried"], "beyond-max-time");
    assert!(document["total_us"].as_u64().unwrap() < 10_000_000);
    assert_eq!(requests.try_iter().count(), 1);
}

#[test]
fn a_refused_connection_is_final_unless_that_is_asked_for() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/");
    let (exit, document, _) = once(&["--retry", "1", "--retry-delay", "10ms", &url]);
    assert_eq!((exit, document["hops"].as_array().unwrap().len()), (5, 1));
    let (exit, document, _) = once(&["--retry", "1", "--retry-delay", "10ms", "--retry-connrefused", &url]);
    assert_eq!((exit, document["hops"].as_array().unwrap().len()), (5, 2));
    assert_eq!(document["hops"][1]["retry"]["cause"], "refused");
}

#[test]
fn the_cookies_of_a_chain_come_back_to_whom_they_are_for() {
    let answers: &[&str] = &[
        "302 Go\r\nLocation: /x/y\r\nSet-Cookie: secret=s3cr3t; Path=/\r\nSet-Cookie: deep=1; Path=/x\r\n\
         Set-Cookie: other=1; Path=/z\r\nSet-Cookie: tls=1; Secure\r\nSet-Cookie: foreign=1; Domain=a.test",
        "302 Go\r\nLocation: /end\r\nSet-Cookie: secret=; Path=/; Max-Age=0\r\nSet-Cookie: late=2; Path=/",
        "200 OK",
    ];
    let (url, requests) = server(answers);
    let (exit, document, text) = once(&["-L", "--cookies", &url]);
    assert_eq!((exit, statuses(&document)), (0, vec![302, 302, 200]));
    let cookie = |request: String| {
        request.lines().find_map(|line| line.strip_prefix("Cookie: ").map(str::to_owned)).unwrap_or_default()
    };
    let sent: Vec<String> = requests.try_iter().map(cookie).collect();
    assert_eq!(sent, ["", "deep=1; secret=s3cr3t", "late=2"]);
    assert!(!text.contains("s3cr3t"), "a value of a cookie is a secret");
    let told: Vec<(&str, &str, Option<&str>)> = document["hops"][0]["http"]["cookies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["fate"].as_str().unwrap(), one["refusal"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("secret", "kept", None),
            ("deep", "kept", None),
            ("other", "kept", None),
            ("tls", "refused", Some("not-secure")),
            ("foreign", "refused", Some("other-domain"))
        ]
    );
    let (_, document, _) = once(&["-L", &url]);
    assert!(document["hops"][0]["http"]["cookies"].is_null());
    assert!(requests.try_iter().all(|request| cookie(request).is_empty()), "nobody asked for it");
}

#[test]
fn each_request_of_a_run_names_the_trace_of_the_run_and_a_parent_of_its_own() {
    let named = |head: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix("traceparent: "))?;
        let parts: Vec<String> = line.split('-').map(str::to_owned).collect();
        assert!(parts.len() == 4 && parts[0] == "00" && parts[3] == "01", "{line}");
        Some((parts[1].clone(), parts[2].clone()))
    };
    let (url, requests) = server(&["503 No", "200 OK"]);
    let (_, document, _) = once(&["--traceparent", "--retry", "1", "--retry-delay", "10ms", &url]);
    let sent: Vec<_> = requests.try_iter().map(|head| named(&head).unwrap()).collect();
    let [(first, one), (second, two)] = &sent[..] else { panic!("{sent:?}") };
    assert!(first == second && one != two && first.len() == 32 && one.len() == 16, "{sent:?}");
    for hop in document["hops"].as_array().unwrap() {
        assert_eq!(hop["http"]["request"]["trace_id"], first.as_str());
    }
    let output = run(&["--traceparent", &url]);
    let text = String::from_utf8(output.stdout).unwrap();
    let (other, _) = named(&requests.recv().unwrap()).unwrap();
    assert!(other != *first && text.contains(&other), "each run is a trace of its own, and shows it: {text}");

    // What -H says of it holds, and without the option there is none.
    let own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    let field = format!("traceparent: {own}");
    for (arguments, wanted) in [
        (&["--traceparent", "-H", &field][..], Some("0af7651916cd43dd8448eb211c80319c")),
        (&["--traceparent", "-H", "traceparent:"], None),
        (&[], None),
    ] {
        let (_, document, _) = once(&[arguments, &[&url]].concat());
        let head = requests.recv().unwrap();
        assert_eq!(head.contains("traceparent"), wanted.is_some(), "{head}");
        assert_eq!(document["hops"][0]["http"]["request"]["trace_id"].as_str(), wanted);
    }
}
