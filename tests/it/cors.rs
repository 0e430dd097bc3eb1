//! Answers to preflights that a browser keeps: a chain that comes back within their time asks no second time, and one
//! behind it does.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::support::{check_document, run, stdout};

/// A server that allows a PUT for this Access-Control-Max-Age, and answers the first PUT of each path by that.
fn server(max_age: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            while let Some(line) = request(&mut stream) {
                let is_first = !asked.lock().unwrap().contains(&line);
                let answer = match line.as_str() {
                    line if line.starts_with("OPTIONS") => {
                        format!(
                            "204 X\r\nAccess-Control-Allow-Methods: PUT\r\nAccess-Control-Max-Age: {max_age}"
                        )
                    }
                    "PUT /back" if is_first => "307 X\r\nLocation: /back\r\nContent-Length: 0".to_owned(),
                    "PUT /busy" if is_first => "503 X\r\nContent-Length: 0".to_owned(),
                    _ => "200 X\r\nContent-Length: 0".to_owned(),
                };
                asked.lock().unwrap().push(line);
                let answer = format!("HTTP/1.1 {answer}\r\nAccess-Control-Allow-Origin: *\r\n\r\n");
                if stream.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    (origin, seen)
}

/// Method and path of the next request.
fn request(stream: &mut TcpStream) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    Some(head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned())
}

/// What was asked for, and role, use and preflight of each hop, beside what the report says.
fn traced(max_age: &'static str, path: &str, arguments: &[&str]) -> (Vec<String>, Vec<Value>, String) {
    let (origin, seen) = server(max_age);
    let url = format!("{origin}{path}");
    let page = ["--origin", "https://app.example.test", "-X", "PUT", "-L", "-v"];
    let json =
        std::env::temp_dir().join(format!("urltrace-it-cors-{}-{max_age}{}", std::process::id(), path.len()));
    let export = ["--export-json", json.to_str().unwrap()];
    let output = run(&[&page[..], &export[..], arguments, &[&url]].concat());
    let document: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    std::fs::remove_file(json).unwrap();
    check_document(&document);
    let hops = document["hops"].as_array().unwrap().iter();
    let told = hops.map(|hop| {
        let cors = &hop["cors"];
        json!([cors["role"], cors["preflight_use"], cors["preflight_hop"], cors["max_age_s"], cors["kept_s"]])
    });
    let asked = seen.lock().unwrap().clone();
    // Lines are broken where they are full.
    let said = stdout(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    (asked, told.collect(), said)
}

#[test]
fn a_redirect_that_leads_back_asks_again_only_where_the_answer_is_not_kept() {
    let (asked, told, said) = traced("600", "/back", &[]);
    assert_eq!(asked, ["OPTIONS /back", "PUT /back", "PUT /back"], "{said}");
    let first = json!(["preflight", null, null, 600, 600]);
    let put = json!(["preflighted", "asked", 0, null, null]);
    assert_eq!(told, [first, put.clone(), json!(["preflighted", "kept", 0, null, null])], "{said}");
    assert!(said.contains("which a browser still has") && said.contains("kept for 600 s"), "{said}");

    let (asked, told, said) = traced("0", "/back", &[]);
    assert_eq!(asked, ["OPTIONS /back", "PUT /back", "OPTIONS /back", "PUT /back"], "{said}");
    let ask = json!(["preflight", null, null, 0, 0]);
    assert_eq!(told, [ask.clone(), put, ask, json!(["preflighted", "asked", 2, null, null])], "{said}");
    assert!(said.contains("not kept: a browser asks before each"), "{said}");
}

#[test]
fn a_further_attempt_says_whether_a_browser_would_ask_again() {
    let retry = ["--retry", "1", "--retry-delay", "1200ms"];
    for (max_age, used, words) in [
        ("100000", "kept", "Chromium's most"),
        ("1", "expired", "it would ask again, and here that was not done"),
    ] {
        let (asked, told, said) = traced(max_age, "/busy", &retry);
        assert_eq!(asked, ["OPTIONS /busy", "PUT /busy", "PUT /busy"], "{said}");
        assert_eq!(
            (&told[1][1], &told[2][1], &told[2][2]),
            (&"asked".into(), &used.into(), &0.into()),
            "{said}"
        );
        assert!(said.contains(words), "{said}");
    }
}
