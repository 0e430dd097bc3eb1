//! Hints of a page, end to end: connections opened ahead, names looked up ahead, and who makes use of them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

use serde_json::Value;

use crate::support::{check_document, json, run, stdout, undisturbed};

fn ending<'d>(document: &'d Value, list: &str, end: &str) -> &'d Value {
    let all = document[list].as_array().unwrap();
    let found = all.iter().find(|it| it["url"].as_str().unwrap().ends_with(end));
    found.unwrap_or_else(|| panic!("{end} in {document:#}"))
}

/// What was done for a hint.
fn prepared<'d>(document: &'d Value, url: &str) -> &'d Value {
    let place = ending(document, "not_requested", url)["prepared"].as_u64().unwrap() as usize;
    &document["page"]["hops"][place - document["hops"].as_array().unwrap().len()]
}

#[test]
fn a_connection_opened_ahead_is_used_by_whom_it_is_for() {
    let (exit, document) = json(&["--lab", "--page", "https://page-ahead.http.test/"]);
    assert_eq!(exit, 0);
    check_document(&document);
    let far = ending(&document, "requests", "far.css");
    let styles = prepared(&document, "page-styles.http.test/");
    assert_eq!(far["connection"], styles["connection"], "{document:#}");
    assert_eq!((&far["reused"], &styles["until"]), (&true.into(), &"tls".into()));
    for phase in ["dns", "connect", "tls"] {
        assert!(far["phases"][format!("{phase}_us")].is_null(), "{phase} of {far}");
        assert_eq!(far["reasons"][phase], "the connection was opened ahead, for a hint");
        assert!(!styles["phases"][format!("{phase}_us")].is_null(), "{phase} of {styles}");
    }
    assert!(styles["phases"]["send_us"].is_null() && styles["http"].is_null());
    // Credentials are told apart: what is asked without goes over another connection.
    let third = prepared(&document, "third.http.test/");
    let widget = ending(&document, "requests", "widget.js");
    assert_ne!(widget["connection"], third["connection"]);
    assert_eq!(widget["reused"], false);
    let name = prepared(&document, "page-widget.tls.test/");
    assert_eq!((&name["until"], &name["connect"]), (&"dns".into(), &Value::Null));
    assert!(name["dns"].is_object(), "{name}");
    let ids: Vec<&str> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_str().unwrap())
        .filter(|id| id.starts_with("page-"))
        .collect();
    assert_eq!(ids, ["page-preconnect-unused"]);
    // No request, and none of the page's hosts.
    assert_eq!(document["requests"].as_array().unwrap().len(), 4, "the document, two styles and a script");
    let hosts = document["page"]["hosts"].as_array().unwrap();
    assert!(hosts.iter().all(|host| host["host"] != "page-widget.tls.test"), "{hosts:?}");
}

#[test]
fn what_is_opened_ahead_is_not_waited_for_later() {
    let start = |host: &str| {
        let (_, document) = json(&["--lab", "--page", &format!("https://{host}.http.test/")]);
        document["page"]["start_render_us"].as_u64().unwrap()
    };
    // The handshake of the other host takes 200 ms, and 100 of them go by beside the stylesheet that leads to it.
    let is_sooner = |(ahead, late): &(u64, u64)| ahead + 60_000 < *late;
    let both = undisturbed(|| (start("page-ahead"), start("page-late-host")), is_sooner);
    assert!(is_sooner(&both), "{both:?}");
}

#[test]
fn a_page_does_not_wait_for_what_is_done_ahead() {
    // It takes connections, and says nothing of TLS.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while lines.read_line(&mut line).unwrap_or(0) > 2 {
                line.clear();
            }
            let body = format!("<!doctype html><link rel=preconnect href=https://127.0.0.1:{port}>");
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        }
    });
    let begun = std::time::Instant::now();
    let output = run(&["--page", "--format", "json", "--max-time", "20", &base]);
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    check_document(&document);
    let hint = &document["not_requested"][0];
    assert_eq!(hint["note"], "the page had ended before it was there", "{document:#}");
    assert!(prepared(&document, "/")["failure"].is_null());
    drop(silent);
}
