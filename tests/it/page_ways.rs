//! The ways that requests of a page take: connections that are free before their own, https for http, HTTP/3 where it is
//! offered; and the cookies that they take along.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::{check_document, flat, json, run, stdout, undisturbed};

fn ending<'d>(document: &'d Value, end: &str) -> &'d Value {
    let all = document["requests"].as_array().unwrap();
    let found = all.iter().find(|it| it["url"].as_str().unwrap().ends_with(end));
    found.unwrap_or_else(|| panic!("{end} in {document:#}"))
}

#[test]
fn a_request_takes_the_connection_that_is_free_before_its_own() {
    // It waited for the first, which takes 100 ms, and for no handshake of 200.
    let has_waited = |document: &Value| {
        let (first, second) = (ending(document, "first.css"), ending(document, "second.css"));
        let queue = second["phases"]["queue_us"].as_u64();
        (first["connection"] == 0 && second["connection"] == 0)
            && queue.is_some_and(|queue| (95_000..190_000).contains(&queue))
    };
    let document = undisturbed(|| json(&["--lab", "--page", "https://page-pooled.http.test/"]).1, has_waited);
    check_document(&document);
    assert!(has_waited(&document), "{document:#}");
    let (first, second) = (ending(&document, "first.css"), ending(&document, "second.css"));
    let us = |value: &Value, name: &str| value[name].as_u64().unwrap_or_else(|| panic!("{name} of {value}"));
    assert_eq!(second["reused"], true);
    for phase in ["connect_us", "tls_us"] {
        assert!(second["phases"][phase].is_null(), "{second}");
    }
    let note = second["note"].as_str().unwrap();
    assert_eq!(note, "goes over a connection that was free or open before its own");
    assert!(first["spare"].is_null() && first["note"].is_null(), "{first}");
    // What its own cost is on record.
    let place = us(second, "spare") as usize - document["hops"].as_array().unwrap().len();
    let spare = &document["page"]["hops"][place];
    assert_eq!((&spare["until"], &spare["http"]), (&"tls".into(), &Value::Null));
    assert!(us(&spare["phases"], "tls_us") >= 200_000, "{spare}");
    assert_ne!(spare["connection"], second["connection"]);
    let requests = document["requests"].as_array().unwrap();
    assert!(requests.iter().all(|it| it["connection"] != spare["connection"]), "nobody uses it");
    // It is no request, and its end is not the page's.
    assert_eq!(requests.len(), 3);
    assert_eq!(document["page"]["end_us"], second["end_us"]);
    let told = stdout(&run(&["--lab", "--page", "-v", "https://page-pooled.http.test/"]));
    let words: Vec<&str> = told.split_whitespace().collect();
    assert!(words.join(" ").contains(note), "{told}");
}

#[test]
fn connections_to_a_host_of_which_nothing_is_known_are_opened_side_by_side() {
    // By HTTP/1.1 none waits for the other's handshake, nor for its answer.
    let is_beside = |document: &Value| {
        let phase = |end: &str, name: &str| ending(document, end)["phases"][name].as_u64();
        let at = |end: &str, name: &str| ending(document, end)[name].as_u64().unwrap();
        let opened = |end: &str| phase(end, "tls_us").is_some_and(|us| us >= 200_000);
        let begun = at("second.css", "end_us") - phase("second.css", "wait_us").unwrap();
        let both = ["first.css", "second.css"];
        both.iter().all(|end| opened(end) && phase(end, "queue_us").is_none())
            && begun < at("first.css", "end_us")
    };
    let document = undisturbed(|| json(&["--lab", "--page", "https://page-beside.http.test/"]).1, is_beside);
    check_document(&document);
    assert!(is_beside(&document), "{document:#}");
    assert_ne!(ending(&document, "first.css")["connection"], ending(&document, "second.css")["connection"]);
    // By HTTP/2 the first that is open carries all; the other is on record as far as it came.
    let (far, farther) = (ending(&document, "/far.css"), ending(&document, "farther.css"));
    assert_eq!(far["connection"], farther["connection"]);
    let spares: Vec<u64> = [far, farther].iter().filter_map(|it| it["spare"].as_u64()).collect();
    let [spare] = spares[..] else { panic!("{spares:?} of {document:#}") };
    let place = spare as usize - document["hops"].as_array().unwrap().len();
    let spare = &document["page"]["hops"][place];
    assert!(["dns", "tcp", "tls"].contains(&spare["until"].as_str().unwrap()), "{spare:#}");
    assert!(spare["http"].is_null(), "{spare:#}");
}

#[test]
fn a_host_that_wants_http1_is_asked_by_that() {
    let (_, document) = json(&["--lab", "--page", "https://page-beside.http.test/"]);
    let all = document["requests"].as_array().unwrap();
    let asked = all.iter().filter(|it| it["url"] == "https://wants-http1.http.test/");
    let told: Vec<_> = asked.map(|it| (&it["initiator"]["kind"], &it["status"], &it["protocol"])).collect();
    let (parser, retry) = ("parser".into(), "retry".into());
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((told[0].0, told[0].1), (&parser, &Value::Null));
    assert_eq!(told[1], (&retry, &200.into(), &"HTTP/1.1".into()));
}

#[test]
fn what_a_kept_connection_refuses_is_asked_for_once_more() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let is_told = Arc::new(Mutex::new(false));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let is_told = Arc::clone(&is_told);
            thread::spawn(move || {
                let mut asked = 0;
                talk(stream, &mut |path, _| {
                    asked += 1;
                    match path {
                        "/" => html("<img src=/a.png><img src=/b.png>"),
                        "/a.png" if asked > 1 => empty("408 Request Timeout"),
                        "/b.png" if !std::mem::replace(&mut *is_told.lock().unwrap(), true) => {
                            empty("421 Misdirected Request")
                        }
                        _ => image(),
                    }
                });
            });
        }
    });
    let document = page(&url);
    for file in ["a.png", "b.png"] {
        let all = document["requests"].as_array().unwrap();
        let asked: Vec<_> = all.iter().filter(|it| it["url"].as_str().unwrap().ends_with(file)).collect();
        let last = asked.last().unwrap();
        assert_eq!(last["status"], 200, "{document:#}");
        // On a busy machine the document's connection may not have been free.
        assert!(asked.len() == 2 || file == "a.png", "{document:#}");
        assert!(asked.len() == 1 || last["initiator"]["kind"] == "retry", "{document:#}");
    }
}

fn empty(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")
}

#[test]
fn what_was_opened_for_a_request_is_there_for_the_next() {
    // The first answer comes at once, the others late: what is opened meanwhile is used by what is asked for next.
    let url = serve(|path, _| match path {
        "/" => html(&(0..12).map(|number| format!("<img src=/{number}.png>")).collect::<String>()),
        _ => {
            thread::sleep(Duration::from_millis(30)); // the distance of the server
            image()
        }
    });
    let document = page(&url);
    let requests = document["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 13);
    assert!(requests.iter().all(|it| it["status"] == 200), "{requests:#?}");
    let connections: std::collections::BTreeSet<u64> =
        requests.iter().map(|it| it["connection"].as_u64().unwrap()).collect();
    assert!(connections.len() <= 6, "{connections:?}");
}

#[test]
fn a_connection_that_cannot_be_had_fails_its_request_and_no_other() {
    // It listens for one connection only: whoever else comes is turned away.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        drop(listener);
        talk(stream, &mut |path, _| match path {
            "/" => html("<img src=/a.png><img src=/b.png><img src=/c.png>"),
            _ => {
                thread::sleep(Duration::from_millis(100)); // so that the others try
                image()
            }
        });
    });
    let document = page(&url);
    let statuses: Vec<&Value> =
        document["requests"].as_array().unwrap().iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses.iter().filter(|status| ***status == 200).count(), 2, "{document:#}");
    let failed = document["requests"].as_array().unwrap().iter().filter(|it| it["failure"].is_object());
    assert!(failed.into_iter().all(|it| it["failure"]["code"] == "connection-refused"), "{document:#}");
}

/// Whether QUIC was tried for a request, whoever was first.
fn is_by_quic(document: &Value, request: &Value) -> bool {
    let chain = document["hops"].as_array().unwrap();
    let place = request["request"].as_u64().unwrap() as usize;
    let hop =
        if place < chain.len() { &chain[place] } else { &document["page"]["hops"][place - chain.len()] };
    let attempts = hop["connect"]["attempts"].as_array();
    attempts.is_some_and(|all| all.iter().any(|one| one["transport"] == "quic"))
}

#[test]
fn https_records_and_fields_decide_by_what_a_resource_comes() {
    // On a busy machine a record may come too late to be waited for, and a field too late for the next.
    let heeded = |document: &Value| {
        let by_https = |file| ending(document, file)["url"].as_str().unwrap().starts_with("https:");
        let by_quic = |file| is_by_quic(document, ending(document, file));
        by_https("a.png") && by_quic("c.png") && by_quic("late.png")
    };
    let mut runs = (0..3).map(|_| json(&["--lab", "--page", "http://page-promised.http.test/"]).1);
    let document = runs.find(heeded).expect("records are heeded");
    check_document(&document);
    for (file, scheme, by_quic) in [
        ("a.png", "https:", false),
        ("b.png", "https:", false),
        ("c.png", "https:", true),
        ("first.png", "https:", false),
        ("late.png", "https:", true),
        ("frame.html", "http:", false),
    ] {
        let request = ending(&document, file);
        assert_eq!(
            (&request["status"], is_by_quic(&document, request)),
            (&200.into(), by_quic),
            "{request:#}"
        );
        assert!(request["url"].as_str().unwrap().starts_with(scheme), "{request}");
        let is_told = request["note"].as_str().is_some_and(|note| note.contains("HTTPS record"));
        assert_eq!(is_told, matches!(file, "a.png" | "b.png"), "{request}");
    }
    // Both go over one connection, whoever was first.
    assert_eq!(ending(&document, "a.png")["connection"], ending(&document, "b.png")["connection"]);
    assert_eq!(ending(&document, "b.png")["protocol"], "HTTP/2");
    let (_, without) = json(&["--lab", "--page", "--no-http3", "http://page-promised.http.test/"]);
    assert!(!is_by_quic(&without, ending(&without, "late.png")));
    // Each request tells what else was tried for it.
    let told = |more: &[&str]| {
        let arguments = [&["--lab", "--page", "-v", "http://page-promised.http.test/"], more].concat();
        flat(&stdout(&run(&arguments))).contains("; beside it ")
    };
    assert!(told(&[]));
    assert!(!told(&["--no-http3"]));
}

#[test]
fn cookies_of_the_document_hold_from_its_head_on() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                let (path, cookie) = match ask(&mut BufReader::new(stream.try_clone().unwrap())) {
                    Some(asked) => asked,
                    None => return,
                };
                let mut stream = stream;
                log.lock().unwrap().push((path.clone(), cookie));
                let (begin, end) = match path.as_str() {
                    "/moved" => {
                        let head = "HTTP/1.1 302 Found\r\nlocation: /\r\nset-cookie: way=1\r\n";
                        (format!("{head}content-length: 0\r\nconnection: close\r\n\r\n"), "")
                    }
                    "/" => {
                        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nset-cookie: own=2\r\n";
                        let text = "<!doctype html><link rel=stylesheet href=/a.css>";
                        (format!("{head}connection: close\r\n\r\n{text}"), "<p>end</p>")
                    }
                    _ => {
                        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/css\r\nset-cookie: sheet=3\r\n";
                        (format!("{head}connection: close\r\n\r\n"), "@import '/b.css';")
                    }
                };
                let _ = stream.write_all(begin.as_bytes());
                thread::sleep(Duration::from_millis(300)); // the rest of the body is late
                let _ = stream.write_all(end.as_bytes());
            });
        }
    });
    let document = page(&format!("{url}moved"));
    let (style, end) = (ending(&document, "a.css"), &document["document_us"]);
    assert!(style["start_us"].as_u64() < end.as_u64(), "asked for before the document's end: {document:#}");
    let seen = seen.lock().unwrap();
    let cookies = |path: &str| seen.iter().find(|(own, _)| own == path).unwrap().1.clone();
    assert_eq!(cookies("/"), "way=1");
    assert_eq!(cookies("/a.css"), "way=1; own=2");
    assert_eq!(cookies("/b.css"), "way=1; own=2; sheet=3");
}

/// A response with fields of its own.
fn with(status: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: text/html\r\n{fields}content-length: {length}\r\n\r\n{body}")
}

#[test]
fn an_embedder_policy_keeps_others_from_the_page() {
    for (policy, of_image, of_frame) in [
        ("", None, None),
        ("require-corp", Some("resource-policy"), Some("embedder-policy")),
        ("credentialless", None, Some("embedder-policy")),
    ] {
        let other = serve(|path, _| match path {
            "/allowed.png" => {
                let fields = "content-type: image/png\r\ncross-origin-resource-policy: cross-origin\r\n";
                format!("HTTP/1.1 200 OK\r\n{fields}content-length: 1\r\n\r\nx")
            }
            "/frame.html" => html("<img src=/inside.png>"),
            _ => image(),
        });
        let field = if policy.is_empty() {
            String::new()
        } else {
            format!("cross-origin-embedder-policy: {policy}\r\n")
        };
        let body = format!(
            "<img src={other}plain.png><img src={other}allowed.png><img src=/own.png>\
             <iframe src={other}frame.html></iframe><iframe src=/isolated.html></iframe>"
        );
        let url = serve(move |path, _| match path {
            "/" => with("200 OK", &field, &body),
            "/isolated.html" => with("200 OK", "cross-origin-embedder-policy: require-corp\r\n", ""),
            _ => image(),
        });
        let document = page(&url);
        let unused = |end: &str| ending(&document, end)["unused"].as_str();
        assert_eq!(
            (unused("plain.png"), unused("frame.html")),
            (of_image, of_frame),
            "{policy}: {document:#}"
        );
        for end in ["allowed.png", "own.png", "isolated.html"] {
            assert_eq!(unused(end), None, "{policy}: {end}");
        }
        let all = document["requests"].as_array().unwrap();
        let is_asked = all.iter().any(|it| it["url"].as_str().unwrap().ends_with("inside.png"));
        assert_eq!(is_asked, of_frame.is_none(), "what nobody may show asks for nothing");
        let told = document["findings"].as_array().unwrap().iter();
        assert_eq!(
            told.filter(|it| it["id"] == "page-unused-resource").count() > 0,
            of_frame.is_some(),
            "{policy}"
        );
    }
}

#[test]
fn what_is_led_back_gone_to_or_apart_is_not_kept_from_the_page() {
    let own = Arc::new(OnceLock::new());
    let back = Arc::clone(&own);
    let only_own = |kind: &str| {
        let fields = "cross-origin-resource-policy: same-origin\r\n";
        with("200 OK", fields, "x").replace("text/html", kind)
    };
    let other = serve(move |path, cookie| match path {
        "/back.png" => with("302 Found", &format!("location: {}own.png\r\n", back.get().unwrap()), ""),
        "/a.pdf" => only_own("application/pdf"),
        "/apart.html" if cookie.is_empty() => html("<img src=/inside.png>"),
        "/apart.html" => empty("403 Forbidden"),
        "/inside.png" if !cookie.is_empty() => empty("403 Forbidden"),
        _ => only_own("image/png"),
    });
    let body = format!(
        "<img src={other}back.png><embed src={other}a.pdf><img src={other}kept.png>\
         <iframe credentialless src={other}apart.html></iframe>"
    );
    let url = serve(move |path, _| match path {
        "/" => with(
            "200 OK",
            "cross-origin-embedder-policy: require-corp\r\nset-cookie: a=1; Path=/; Domain=127.0.0.1\r\n",
            &body,
        ),
        _ => only_own("image/png"),
    });
    own.set(url.clone()).unwrap();
    let document = page(&url);
    for (end, unused) in
        [("own.png", None), ("a.pdf", None), ("apart.html", None), ("kept.png", Some("resource-policy"))]
    {
        assert_eq!(ending(&document, end)["unused"].as_str(), unused, "{end}: {document:#}");
    }
    for end in ["apart.html", "inside.png"] {
        assert_eq!(ending(&document, end)["status"], 200, "no cookies of the page: {end}");
    }
}

#[test]
fn what_is_shown_as_a_document_asks_as_one_and_what_says_nothing_does_not() {
    let other = serve(|_, _| with("200 OK", "x-frame-options: deny\r\n", "<img src=/barred.png>"));
    let body = format!(
        "<object data=/object.html></object><embed src={other}embed.html><iframe src=/reset.html></iframe>\
         <iframe src=/no-content.html></iframe><object data=/picture.png></object>"
    );
    let url = serve(move |path, cookie| match path {
        "/" => with("200 OK", "set-cookie: a=1; SameSite=None\r\nset-cookie: b=2\r\n", &body),
        "/object.html" => html("<link rel=stylesheet href=/inside.css><img src=/inside.png>"),
        "/inside.css" => with("200 OK", "link: </preloaded.css>; rel=preload; as=style\r\n", "")
            .replace("text/html", "text/css"),
        "/inside.png" if cookie != "b=2" => empty("403 Forbidden"),
        "/reset.html" => with("205 Reset Content", "", "<img src=/never.png>"),
        "/no-content.html" => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
        _ => image(),
    });
    let document = page(&url);
    let all = document["requests"].as_array().unwrap();
    let asked: Vec<&str> = all.iter().map(|it| it["url"].as_str().unwrap()).collect();
    assert_eq!(asked.len(), 8, "{asked:?}");
    for end in ["inside.css", "inside.png"] {
        let one = ending(&document, end);
        assert_eq!((&one["status"], &one["blocking"]), (&200.into(), &"none".into()), "{one}");
    }
    // A cookie that browsers do not take does not come back either; and nobody may show what forbids that.
    assert_eq!(ending(&document, "embed.html")["unused"], "framing");
}

fn page(url: &str) -> Value {
    let output = run(&["--page", "--format", "json", "--max-time", "20", url]);
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    check_document(&document);
    document
}

fn html(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn image() -> String {
    "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 1\r\n\r\nx".to_owned()
}

/// A server of one's own on loopback: what `answer` says of a path and a cookie.
fn serve(answer: impl Fn(&str, &str) -> String + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || talk(stream, &mut |path, cookie| answer(path, cookie)));
        }
    });
    url
}

fn talk(mut stream: TcpStream, answer: &mut dyn FnMut(&str, &str) -> String) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some((path, cookie)) = ask(&mut reader) {
        if stream.write_all(answer(&path, &cookie).as_bytes()).is_err() {
            return;
        }
    }
}

/// The path of a request, and its cookies.
fn ask(reader: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut first = String::new();
    if reader.read_line(&mut first).unwrap_or(0) == 0 {
        return None;
    }
    let (mut line, mut cookie) = (String::new(), String::new());
    while reader.read_line(&mut line).unwrap_or(0) > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("cookie: ") {
            value.trim().clone_into(&mut cookie);
        }
        line.clear();
    }
    Some((first.split(' ').nth(1)?.to_owned(), cookie))
}
