//! `--page --again`, end to end: what a second visit asks for, by what, and what is found of that.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::support::{check_document, code, json, run, stdout};

/// What became of a file at the second visit: what is done with the copy, why, and the status.
fn told<'d>(document: &'d Value, file: &str) -> (&'d str, &'d str, Option<u64>) {
    let requests = document["requests"].as_array().unwrap();
    let own = requests.iter().find(|it| it["url"].as_str().unwrap().ends_with(file)).unwrap();
    let visited = document["page"]["second_visit"]["requests"].as_array().unwrap();
    let row = visited.iter().find(|row| row["request"] == own["request"]).unwrap();
    (row["copy"].as_str().unwrap(), row["why"].as_str().unwrap(), row["asked"]["status"].as_u64())
}

/// The page of a server that counts what it is asked: one run, whatever it accounts for.
fn visited(base: &str) -> Value {
    let output = run(&["--format", "json", "--page", "--again", "--max-time", "2", base]);
    let document = serde_json::from_str(&stdout(&output)).unwrap();
    check_document(&document);
    document
}

fn ids(document: &Value) -> Vec<&str> {
    let all = document["findings"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap());
    all.filter(|id| id.starts_with("page-")).collect()
}

#[test]
fn a_second_visit_asks_for_what_is_not_fresh_and_by_what_it_can() {
    let (exit, document) = json(&["--lab", "--page", "--again", "https://page-again.http.test/"]);
    assert_eq!(exit, 0);
    check_document(&document);
    for (file, expected) in [
        ("http.test/", ("revalidate", "no-cache", Some(304))),
        ("fresh.css", ("fresh", "max-age", None)),
        ("checked.css", ("revalidate", "no-cache", Some(304))),
        ("changing.js", ("revalidate", "no-cache", Some(200))),
        ("deaf.js", ("revalidate", "no-cache", Some(200))),
        ("bare.png", ("refetch", "no-validator", Some(200))),
    ] {
        assert_eq!(told(&document, file), expected, "{file}");
    }
    assert_eq!(
        ids(&document),
        ["page-etag-changes", "page-revalidation-ignored", "page-no-validator"],
        "{:#}",
        document["findings"]
    );
    let visit = &document["page"]["second_visit"];
    assert_eq!((&visit["asked"], &visit["connections"]), (&5.into(), &1.into()), "HTTP/2 needs one: {visit}");
    let end = visit["end_us"].as_u64().unwrap();
    assert!(visit["start_us"].as_u64().unwrap() >= document["total_us"].as_u64().unwrap(), "not counted");
    for row in visit["requests"].as_array().unwrap() {
        let asked = &row["asked"];
        assert!(asked.is_null() || asked["end_us"].as_u64().unwrap() <= end, "{row}");
        assert_eq!(asked["by_etag"] == true, row["copy"] == "revalidate", "{row}");
    }
}

#[test]
fn a_page_that_can_be_kept_has_nothing_to_be_found_of() {
    let (_, document) = json(&["--lab", "--page", "--again", "https://page-kept.http.test/"]);
    assert_eq!(ids(&document), Vec::<&str>::new(), "{:#}", document["findings"]);
    let visit = &document["page"]["second_visit"];
    let statuses: Vec<&Value> =
        visit["requests"].as_array().unwrap().iter().map(|row| &row["asked"]["status"]).collect();
    assert_eq!(statuses, [&304.into(), &Value::Null, &304.into(), &304.into()]);
    assert!(visit["bytes"].as_u64().unwrap() < 4_000, "heads alone: {visit}");
    let (_, once) = json(&["--lab", "--page", "https://page-kept.http.test/"]);
    assert!(once["page"]["second_visit"].is_null());
}

#[test]
fn the_second_visit_is_told_in_words() {
    let output = run(&["--lab", "--page", "--again", "--explain", "https://page-again.http.test/"]);
    assert_eq!(code(&output), 0);
    let text = stdout(&output);
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "2nd visit 5 requests on 1 new connection,",
        "(not counted)",
        "1 fresh: nobody is asked",
        "2 asked about and still good (304)",
        "2 asked about and sent once more",
        "1 fetched anew",
        "Coming back",
    ] {
        assert!(joined.contains(words), "{words} in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn it_is_an_option_of_pages() {
    assert_eq!(code(&run(&["--lab", "--again", "https://page-again.http.test/"])), 2);
}

/// Answers requests in HTTP/1.1 by a function of the path, whether it names a validator, and how often it was asked for;
/// keeps the heads.
fn serve(answer: fn(&str, &str) -> String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&heads);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, kept) = (stream.unwrap(), Arc::clone(&kept));
            thread::spawn(move || talk(stream, &answer, &kept));
        }
    });
    (base, heads)
}

fn talk(mut stream: TcpStream, answer: &dyn Fn(&str, &str) -> String, heads: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if lines.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let told = answer(&path, &head);
        heads.lock().unwrap().push(head);
        if stream.write_all(told.as_bytes()).is_err() {
            return;
        }
    }
}

fn response(status: &str, fields: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// The paths of these heads, from a place on.
fn paths(heads: &Mutex<Vec<String>>, from: usize) -> Vec<String> {
    let heads = heads.lock().unwrap();
    heads[from..].iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn what_leads_on_is_followed_as_it_was_found() {
    let (base, heads) = serve(|path, head| match path {
        "/" => response("301 Moved Permanently", "Location: /page\r\n", ""),
        "/page" => response(
            "200 OK",
            "Content-Type: text/html\r\nCache-Control: max-age=60\r\n",
            "<!doctype html><link rel=stylesheet href=/a.css><img src=/moved>",
        ),
        // Fresh: its import is known of at once.
        "/a.css" => {
            response("200 OK", "Content-Type: text/css\r\nCache-Control: max-age=60\r\n", "@import '/b.css';")
        }
        "/b.css" if head.contains("If-Modified-Since: Mon, 06 May 2024 10:42:57 GMT\r\n") => {
            response("304 Not Modified", "", "")
        }
        "/b.css" => response(
            "200 OK",
            "Content-Type: text/css\r\nCache-Control: no-cache\r\nLast-Modified: Mon, 06 May 2024 10:42:57 GMT\r\n",
            "@import '/c.css';",
        ),
        "/c.css" => response("200 OK", "Content-Type: text/css\r\nCache-Control: no-store\r\n", "p {}"),
        "/moved" => response("302 Found", "Location: /there.png\r\n", ""),
        _ => response("200 OK", "Content-Type: image/png\r\n", "no pixels"),
    });
    let document = visited(&base);
    let first = document["requests"].as_array().unwrap().len();
    let mut second = paths(&heads, first);
    second.sort_unstable();
    assert_eq!(second, ["/b.css", "/c.css", "/moved", "/there.png"], "{document:#}");
    for (file, expected) in [
        ("/page", ("fresh", "max-age", None)),
        ("/b.css", ("revalidate", "no-cache", Some(304))),
        ("/c.css", ("refetch", "no-store", Some(200))),
        ("/moved", ("refetch", "no-validator", Some(302))),
        ("/there.png", ("refetch", "no-validator", Some(200))),
    ] {
        assert_eq!(told(&document, file), expected, "{file}");
    }
    assert_eq!(document["page"]["second_visit"]["requests"][0]["why"], "permanent");
}

/// Hints of markup and of a Link field are for a second visit, too, also where the document is at hand.
#[test]
fn hints_are_acted_on_at_the_second_visit() {
    let far = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = far.local_addr().unwrap().port();
    let met = Arc::new(Mutex::new(0));
    let count = Arc::clone(&met);
    thread::spawn(move || {
        let mut open = Vec::new();
        for stream in far.incoming().flatten() {
            *count.lock().unwrap() += 1;
            open.push(stream);
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let page =
        format!("<!doctype html><link rel=preconnect href=http://127.0.0.1:{port}><img src=/late.png>");
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (page, heads) = (page.clone(), Arc::clone(&heads));
            thread::spawn(move || {
                let answer = |path: &str, _: &str| match path {
                    "/" => {
                        response("200 OK", "Content-Type: text/html\r\nCache-Control: max-age=60\r\n", &page)
                    }
                    _ => {
                        thread::sleep(std::time::Duration::from_millis(200)); // so that the hint is acted on meanwhile
                        response(
                            "200 OK",
                            "Content-Type: image/png\r\nCache-Control: no-store\r\n",
                            "no pixels",
                        )
                    }
                };
                talk(stream, &answer, &heads);
            });
        }
    });
    let document = visited(&base);
    assert_eq!(*met.lock().unwrap(), 2, "{document:#}");
    let visit = &document["page"]["second_visit"];
    assert_eq!(visit["requests"].as_array().unwrap().len(), 2, "a hint is no request: {visit}");
    assert_eq!(visit["connections"], 2, "{visit}");
}

#[test]
fn a_cookie_that_changed_is_another_request_and_what_is_gone_leads_nowhere() {
    let (base, heads) = serve(|path, head| match path {
        "/" => response(
            "200 OK",
            "Content-Type: text/html\r\nCache-Control: max-age=60\r\n",
            "<!doctype html><link rel=stylesheet href=/a.css><img src=/choice.png><script async src=/set.js></script>",
        ),
        "/set.js" => response("200 OK", "Cache-Control: max-age=60\r\nSet-Cookie: a=1\r\n", ""),
        "/choice.png" => response("200 OK", "Cache-Control: max-age=60\r\nVary: Cookie\r\n", "no pixels"),
        // At the second visit, which brings the cookie, it is broken off.
        "/a.css" if head.contains("Cookie: a=1") => {
            "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n".to_owned()
        }
        "/a.css" => {
            response("200 OK", "Content-Type: text/css\r\nCache-Control: no-store\r\n", "@import '/b.css';")
        }
        _ => response("200 OK", "Content-Type: text/css\r\n", ""),
    });
    let document = visited(&base);
    assert_eq!(told(&document, "/choice.png"), ("refetch", "vary", Some(200)), "{document:#}");
    let first = document["requests"].as_array().unwrap().len();
    assert!(!paths(&heads, first).contains(&"/b.css".to_owned()), "{document:#}");
    assert_eq!(told(&document, "/b.css"), ("refetch", "no-validator", None), "nobody named it");
}
