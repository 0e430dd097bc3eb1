//! `--page`, end to end: what is asked for, when, by whom, on which connection.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::support::{check_document, code, json, run, stderr, stdout, undisturbed};

fn requests(document: &Value) -> &Vec<Value> {
    document["requests"].as_array().unwrap()
}

/// The request of a file.
fn request<'d>(document: &'d Value, file: &str) -> &'d Value {
    let ends = |request: &&Value| request["url"].as_str().unwrap().ends_with(file);
    requests(document).iter().find(ends).unwrap_or_else(|| panic!("no {file}"))
}

fn us(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_else(|| panic!("{name} of {value}"))
}

/// The files that were asked for, in order of discovery.
fn files(document: &Value) -> Vec<&str> {
    let file = |request: &'_ Value| -> &str {
        let url = request["url"].as_str().unwrap();
        &document["requests"][request["index"].as_u64().unwrap() as usize]["url"].as_str().unwrap()
            [url.rfind('/').unwrap() + 1..]
    };
    requests(document).iter().map(file).collect()
}

/// The phases of each request sum, and only the one that opened a connection has those of opening.
fn check(document: &Value) {
    let mut openers = std::collections::BTreeSet::new();
    for (index, request) in requests(document).iter().enumerate() {
        assert_eq!(request["index"], index);
        let phases = request["phases"].as_object().unwrap();
        let sum: u64 =
            phases.iter().filter(|(name, _)| *name != "total_us").filter_map(|(_, us)| us.as_u64()).sum();
        assert_eq!(Some(sum), phases["total_us"].as_u64(), "{request}");
        let opens = ["connect_us", "tls_us", "quic_us"].iter().any(|name| !phases[*name].is_null());
        assert_eq!(opens, !request["reused"].as_bool().unwrap(), "{request}");
        if opens {
            assert!(openers.insert(us(request, "connection")), "one opens a connection: {request}");
        }
        for (name, us) in
            phases.iter().filter(|(name, _)| !matches!(&name[..], "unaccounted_us" | "total_us"))
        {
            let reason = &request["reasons"][name.trim_end_matches("_us")];
            assert_eq!(us.is_null(), reason.is_string(), "{name}: {reason} of {request}");
        }
        if index > 0 {
            let by = us(&request["initiator"], "request");
            assert!(by < index as u64, "{request}");
            assert!(
                us(request, "discovered_us") >= us(&requests(document)[by as usize], "start_us"),
                "{request}"
            );
        }
    }
    assert!(requests(document)[0]["initiator"].is_null());
    assert_eq!(document["missing"].as_array().unwrap().len(), 3);
}

#[test]
fn a_page_is_its_document_and_all_that_it_asks_for() {
    let (exit, document) = json(&["--lab", "--page", "https://page.http.test/"]);
    assert_eq!((exit, &document["kind"]), (0, &"page".into()));
    check(&document);
    let expected =
        ["", "main.css", "print.css", "app.js", "later.js", "hero.png", "large.png", "widget.js", "base.css"];
    assert_eq!(files(&document), expected, "nothing inert, nothing twice");
    assert!(requests(&document).iter().all(|request| request["status"] == 200));
    let kinds = |blocking: &str| -> Vec<usize> {
        let of = |request: &&Value| request["blocking"] == blocking;
        requests(&document).iter().filter(of).map(|request| us(request, "index") as usize).collect()
    };
    assert_eq!(kinds("render"), [0, 1, 3, 8]);
    for (file, priority, initiator) in [
        ("main.css", "very-high", "parser"),
        ("print.css", "very-low", "parser"),
        ("app.js", "high", "parser"),
        ("later.js", "low", "parser"),
        ("hero.png", "medium", "parser"),
        ("widget.js", "low", "parser"),
        ("base.css", "very-high", "css"),
    ] {
        let request = request(&document, file);
        assert_eq!(
            (&request["priority"], &request["initiator"]["kind"]),
            (&priority.into(), &initiator.into())
        );
    }
    // The offset is that of the tag's last byte: `...<link rel=stylesheet href=/main.css>`.
    let (main, print) = (request(&document, "main.css"), request(&document, "print.css"));
    assert_eq!(us(&print["initiator"], "offset") - us(&main["initiator"], "offset"), 50);
    let left = |file: &str| {
        let all = document["not_requested"].as_array().unwrap();
        all.iter().find(|one| one["url"].as_str().unwrap().ends_with(file)).map(|one| one["reason"].clone())
    };
    assert_eq!(left("lazy.png"), Some("lazy".into()));
    assert_eq!((left("a.woff2"), left("ground.png")), (Some("potential".into()), Some("potential".into())));
    assert_eq!(left("inert.png"), None);
}

#[test]
fn an_import_is_found_when_its_sheet_has_come_and_rendering_waits_for_both() {
    let (_, document) = json(&["--lab", "--page", "https://page.http.test/"]);
    let (main, base) = (request(&document, "main.css"), request(&document, "base.css"));
    for (request, injected) in [(main, 100_000), (base, 150_000)] {
        let wait = us(&request["phases"], "wait_us");
        assert!((injected..injected + 90_000).contains(&wait), "{wait} of {injected}");
    }
    assert!(us(base, "discovered_us") >= us(main, "start_us") + 100_000);
    assert!(us(base, "discovered_us") <= us(main, "end_us"));
    let start_render = us(&document["page"], "start_render_us");
    assert_eq!(start_render, us(base, "end_us"), "the last of what blocks");
    assert!(us(&document, "total_us") >= start_render);
    assert!(us(&document, "document_us") < start_render);
}

#[test]
fn six_connections_a_host_in_http1_and_the_others_wait() {
    let (_, document) = json(&["--lab", "--page", "https://page-queue.http.test/"]);
    check(&document);
    let images = &requests(&document)[1..];
    assert_eq!(images.len(), 10);
    let connections: std::collections::BTreeSet<u64> =
        requests(&document).iter().map(|request| us(request, "connection")).collect();
    assert_eq!(connections.len(), 6);
    // Four at least waited for an image before them, which takes 120 ms.
    let queued = images.iter().filter_map(|request| request["phases"]["queue_us"].as_u64());
    assert!(queued.filter(|queue| *queue >= 100_000).count() >= 4, "{images:#?}");
    // No connection carries two at a time.
    for one in images {
        let begin = |request: &Value| us(request, "end_us") - us(&request["phases"], "wait_us");
        let beside = |other: &&Value| {
            other["connection"] == one["connection"]
                && other["index"] != one["index"]
                && begin(other) < us(one, "end_us")
                && begin(one) < us(other, "end_us")
        };
        assert_eq!(images.iter().find(beside), None, "beside {one}");
    }
}

#[test]
fn the_documents_own_connection_is_free_as_soon_as_the_document_has_come() {
    let url = serve(|path| match path {
        "/" => html("<link rel=stylesheet href=/a.css>"),
        _ => answer("200 OK", "text/css", ""),
    });
    let (_, document) = json(&["--page", &url]);
    let style = request(&document, "a.css");
    assert_eq!((&style["connection"], &style["reused"]), (&0.into(), &true.into()), "{style}");
}

#[test]
fn one_connection_of_http2_carries_an_origin() {
    let (_, document) = json(&["--lab", "--page", "https://page.http.test/"]);
    let own =
        requests(&document).iter().filter(|request| request["url"].as_str().unwrap().contains("//page."));
    assert!(own.into_iter().all(|request| request["connection"] == 0 && request["protocol"] == "HTTP/2"));
    assert_ne!(request(&document, "widget.js")["connection"], 0);
}

#[test]
fn what_is_broken_blocked_or_moved_is_told() {
    let (exit, document) = json(&["--lab", "--page", "https://page-broken.http.test/"]);
    assert_eq!(exit, 0, "a page has its document's code");
    check(&document);
    assert_eq!(files(&document), ["", "gone.css", "moved.png", "clear.png", "here.png"], "behind a base");
    assert_eq!(request(&document, "gone.css")["status"], 404);
    let here = request(&document, "here.png");
    assert_eq!((&here["initiator"]["kind"], &here["initiator"]["request"]), (&"redirect".into(), &2.into()));
    let clear = request(&document, "clear.png");
    assert!(clear["url"].as_str().unwrap().starts_with("https://"), "as browsers do: {clear}");
    assert!(clear["note"].is_string());
    let left = document["not_requested"].as_array().unwrap();
    assert_eq!((left.len(), &left[0]["reason"]), (1, &"mixed-content".into()));
    assert_eq!(of_pages(&document), ["page-mixed-content", "page-broken-resource", "page-resource-redirect"]);
}

#[test]
fn what_a_policy_blocks_is_not_asked_for_and_what_is_not_as_promised_is_told() {
    let (exit, document) = json(&["--lab", "--page", "https://page-guarded.http.test/"]);
    assert_eq!(exit, 0);
    check(&document);
    assert_eq!(files(&document), ["", "sound.css", "changed.css", "known.js", "hero.png"], "no import");
    let said = |file: &str| {
        let request = request(&document, file);
        (request["integrity"].clone(), request["unused"].clone())
    };
    assert_eq!(said("sound.css"), ("holds".into(), Value::Null));
    assert_eq!(said("changed.css"), ("differs".into(), "integrity".into()));
    assert_eq!(said("known.js"), (Value::Null, Value::Null));
    let left = document["not_requested"].as_array().unwrap();
    assert_eq!(left.len(), 2);
    for (one, file) in left.iter().zip(["unknown.js", "widget.js"]) {
        assert!(one["url"].as_str().unwrap().ends_with(file), "{one}");
        assert_eq!(one["reason"], "blocked-by-csp");
        // A nonce is a secret of its page.
        assert_eq!(one["note"], "script-src 'nonce-[redacted]'");
    }
    let findings = document["findings"].as_array().unwrap();
    let ids: Vec<&Value> = findings.iter().map(|finding| &finding["id"]).collect();
    assert_eq!(ids, ["page-unused-resource", "page-policy-blocked"]);
}

#[test]
fn a_page_without_a_doctype_takes_its_own_stylesheets_for_what_they_are_used_as() {
    let document = page("page-quirks");
    check(&document);
    assert_eq!(files(&document), ["", "plain.css", "sure.css", "imported.css"]);
    for (file, unused) in
        [("plain.css", Value::Null), ("imported.css", Value::Null), ("sure.css", "media-type".into())]
    {
        assert_eq!(request(&document, file)["unused"], unused, "{file}");
    }
}

#[test]
fn what_browsers_do_not_use_asks_for_nothing() {
    let document = page("page-refused");
    check(&document);
    assert_eq!(
        files(&document),
        ["", "moved.js", "picture.js", "frame.html", "shown.html", "inner.png"],
        "no target of a refused redirect, and nothing of a refused frame"
    );
    for (file, unused) in [
        ("moved.js", "cors".into()),
        ("picture.js", "media-type".into()),
        ("frame.html", "framing".into()),
        ("shown.html", Value::Null),
    ] {
        assert_eq!(request(&document, file)["unused"], unused, "{file}");
    }
}

#[test]
fn early_hints_are_followed_before_the_document_has_begun() {
    let (_, document) = json(&["--lab", "--page", "https://page-hints.http.test/"]);
    check(&document);
    let style = request(&document, "style.css");
    assert_eq!(style["initiator"]["kind"], "early-hint");
    assert!(style["initiator"]["offset"].is_null());
    assert_eq!(files(&document), ["", "style.css"], "the markup's own is the same request");
    assert_eq!(style["blocking"], "render");
    assert!(us(style, "discovered_us") < us(&document["page"], "first_byte_us"));
}

#[test]
fn limits_and_profiles() {
    let (_, document) = json(&["--lab", "--page", "--max-resources", "2", "https://page.http.test/"]);
    assert_eq!(requests(&document).len(), 3);
    assert_eq!(document["page"]["limits"][0]["limit"], "too-many");
    assert!(us(&document["page"]["limits"][0], "left_out") >= 5);
    let (_, document) = json(&["--lab", "--page", "--fetch-potential", "https://page.http.test/"]);
    assert_eq!(request(&document, "a.woff2")["kind"], "font");
    assert_eq!(request(&document, "ground.png")["initiator"]["kind"], "css");
    let (_, document) = json(&["--lab", "--page", "--profile", "plain", "https://page.http.test/"]);
    assert_eq!(document["page"]["profile"], "plain");
    let of_page = requests(&document).iter().filter(|request| request["connection"] == 0);
    assert!(of_page.into_iter().all(|request| request["phases"]["queue_us"].is_null()), "nothing is held up");
}

#[test]
fn what_a_page_has_no_form_for_is_refused() {
    for (arguments, words) in [
        (&["--page", "--until", "tls", "https://page.http.test/"][..], "--until"),
        (&["--diagram", "connections", "--format", "svg", "https://page.http.test/"], "add --page"),
        (&["--page", "-d", "x", "https://page.http.test/"], "--data"),
        (&["--max-resources", "3", "https://page.http.test/"], "--page"),
    ] {
        let output = run(&[&["--lab"], arguments].concat());
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(stderr(&output).contains(words), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn the_report_has_a_row_for_each_request_and_folds_many() {
    let text = stdout(&run(&["--lab", "--page", "https://page.http.test/"]));
    assert!(text.lines().any(|line| line.starts_with("!base.css  ")), "{text}");
    assert!(text.contains("not seen  requests that scripts make"), "{text}");
    assert!(text.contains("no paint before"), "{text}");
    let page: String = (0..60).map(|number| format!("<img src=/{number}.png>")).collect();
    let url = serve(move |path| match path {
        "/" => html(&page),
        _ => answer("200 OK", "image/png", "x"),
    });
    let text = stdout(&run(&["--page", &url]));
    assert!(text.contains("60 requests") && text.contains("folded by host"), "{text}");
    assert!(!text.contains("17.png"), "{text}");
    let text = stdout(&run(&["--page", "-v", &url]));
    assert!(text.contains("17.png") && !text.contains("folded"), "{text}");
}

/// What a run without scripts cannot see is said wherever a page is told, and each request has its place there.
#[test]
fn every_format_tells_of_each_request_and_of_what_is_missing() {
    let page = |options: &[&str]| {
        let output = run(&[&["--lab", "--page"], options, &["https://page.http.test/"]].concat());
        assert_eq!(code(&output), 0, "{options:?}: {}", stderr(&output));
        stdout(&output)
    };
    for options in [
        &["--format", "html"][..],
        &["--format", "svg"],
        &["--format", "svg", "--diagram", "connections"],
        &["--format", "markdown"],
        &["--format", "har"],
        &["-v"],
    ] {
        let told = page(options);
        for words in ["requests that scripts make", "main.css", "third.http.test"] {
            assert!(told.contains(words), "{options:?}: {words}: {told}");
        }
        assert!(!told.contains("inert.png"), "{options:?}");
    }
    let told = page(&["-v", "--ascii", "--explain"]);
    assert!(told.is_ascii());
    assert!(told.lines().all(|line| line.len() <= 80), "{told}");
    for words in [
        "by the markup of page.http.test/, byte ",
        "by the CSS in main.css, byte ",
        "hosts     page.http.test 8 requests",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(
        told.contains("What the page asks for") && told.contains("Before anything can be seen"),
        "{told}"
    );
}

/// A peer may lead anywhere: nothing goes on without end, and each limit is told.
#[test]
fn hostile_pages_end() {
    let url = serve(|path| match path {
        "/" => html(
            "<link rel=stylesheet href=/0.css><img src=/loop><iframe src=/frame></iframe><script src=/a.js>",
        ),
        "/loop" => "HTTP/1.1 302 Found\r\nlocation: /loop?x\r\ncontent-length: 0\r\n\r\n".to_owned(),
        path if path.starts_with("/loop") => {
            format!("HTTP/1.1 302 Found\r\nlocation: {path}x\r\ncontent-length: 0\r\n\r\n")
        }
        "/frame" => html("<iframe src=/frame2></iframe><link rel=stylesheet href=/0.css>"),
        path if path.starts_with("/frame") => html(&format!("<iframe src={path}x></iframe>")),
        path if path.ends_with(".css") => {
            let number: u32 = path[1..path.len() - 4].parse().unwrap();
            // In a circle, and ever deeper.
            let text =
                format!("@import '/0.css'; @import '/{}.css'; @import 'file:///etc/passwd';", number + 1);
            answer("200 OK", "text/css", &text)
        }
        _ => answer("200 OK", "text/javascript", ""),
    });
    let (exit, document) = json(&["--page", &url]);
    assert_eq!(exit, 0);
    check(&document);
    let reasons: Vec<&str> = document["not_requested"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["reason"].as_str().unwrap())
        .collect();
    assert!(reasons.contains(&"too-deep"), "{reasons:?}");
    assert!(reasons.contains(&"bad-url"), "file: is no URL to ask for: {reasons:?}");
    assert_eq!(files(&document).iter().filter(|file| **file == "0.css").count(), 1, "a circle is closed");
    assert!(requests(&document).len() < 60, "{}", requests(&document).len());
}

/// `--max-time` ends a page whose resources never come, and says of each what became of it.
#[test]
fn a_page_ends_with_its_time() {
    let url = serve(|path| match path {
        "/" => html("<script src=/never.js></script><img src=/never.png>"),
        _ => String::new(),
    });
    let output = run(&["--page", "--max-time", "1", "--format", "json", &url]);
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    check_document(&document);
    check(&document);
    assert_eq!(code(&output), 0, "the document came");
    let script = request(&document, "never.js");
    assert_eq!(script["failure"]["code"], "max-time");
    assert!(document["page"]["start_render_us"].is_null(), "what blocks had not come");
}

fn html(body: &str) -> String {
    answer("200 OK", "text/html", body)
}

fn answer(status: &str, kind: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A server of one's own on loopback: what `answer` says of a path; nothing where it is empty.
fn serve(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || talk(stream, &*answer));
        }
    });
    url
}

fn talk(mut stream: TcpStream, answer: &dyn Fn(&str) -> String) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap_or(0) > 2 {
            line.clear();
        }
        let path = first.split(' ').nth(1).unwrap_or("/");
        if stream.write_all(answer(path).as_bytes()).is_err() {
            return;
        }
    }
}

/// Every page of the lab, and what is found of it as a page.
const FOUND: &[(&str, &[&str])] = &[
    ("page", &["page-css-import"]),
    ("page-queue", &["page-h1-queue"]),
    ("page-broken", &["page-mixed-content", "page-broken-resource", "page-resource-redirect"]),
    ("page-hints", &[]),
    ("page-slow-script", &["page-render-blocking"]),
    ("page-other-site", &["page-third-party-spof"]),
    ("page-late-host", &["page-css-import", "page-preconnect-missing"]),
    ("page-heavy", &["page-uncompressed", "page-short-cache"]),
    ("page-preloads", &["page-preload-unused"]),
    ("page-unhinted", &["page-early-hints-missing"]),
    ("page-origins", &["page-many-origins"]),
    ("page-overweight", &["page-overweight"]),
    ("page-ahead", &["page-preconnect-unused"]),
    ("page-pooled", &[]),
    ("page-beside", &[]),
    ("page-quirks", &["page-unused-resource"]),
    ("page-refused", &["page-unused-resource"]),
];

/// The page of a host of the lab, as JSON.
fn page(id: &str) -> Value {
    json(&["--lab", "--page", &format!("https://{id}.http.test/")]).1
}

#[test]
fn each_page_of_the_lab_shows_what_it_is_there_for_and_nothing_else() {
    for (id, expected) in FOUND {
        let document = undisturbed(|| page(id), |document| of_pages(document) == *expected);
        check(&document);
        assert_eq!(of_pages(&document), *expected, "{id}: {:#?}", document["findings"]);
    }
}

/// The findings on the page itself.
fn of_pages(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().unwrap();
    findings.iter().map(|it| it["id"].as_str().unwrap()).filter(|id| id.starts_with("page-")).collect()
}

#[test]
fn the_simulation_of_a_page_of_the_lab_is_the_page() {
    for (id, _) in FOUND {
        let is_simulated = |document: &Value| {
            let (page, simulated) = (&document["page"], &document["page"]["simulated"]);
            simulated.is_object()
                && ["start_render_us", "end_us"].iter().all(|mark| {
                    us(page, mark).abs_diff(us(simulated, mark)) <= 20_000.max(us(page, mark) / 20)
                })
        };
        let document = undisturbed(|| page(id), is_simulated);
        assert!(is_simulated(&document), "{id}: {:#}", document["page"]);
    }
}

#[test]
fn the_critical_chain_sums_to_the_start_of_rendering_and_names_what_it_waits_for() {
    for (id, files) in [
        ("page", &["", "main.css", "base.css"][..]),
        ("page-slow-script", &["", "slow.js"]),
        ("page-late-host", &["", "main.css", "far.css"]),
    ] {
        let document = page(id);
        let chain = document["page"]["critical_chain"].as_array().unwrap();
        let sum: u64 = chain.iter().map(|link| us(link, "share_us")).sum();
        assert_eq!(sum, us(&document["page"], "start_render_us"), "{id}");
        let named: Vec<&str> = chain
            .iter()
            .map(|link| {
                let url = requests(&document)[us(link, "request") as usize]["url"].as_str().unwrap();
                &url[url.rfind('/').unwrap() + 1..]
            })
            .collect();
        assert_eq!(named, files, "{id}");
        let mut before = 0;
        for link in chain {
            assert_eq!(
                (us(link, "from_us"), us(link, "to_us") - us(link, "share_us")),
                (before, before),
                "{id}"
            );
            before = us(link, "to_us");
        }
    }
}

#[test]
fn a_saving_is_simulated_and_never_more_than_was_measured() {
    for (id, finding, injected, mark) in [
        ("page-slow-script", "page-render-blocking", 400_000, "start-render"),
        ("page", "page-css-import", 100_000, "start-render"),
        ("page-queue", "page-h1-queue", 120_000, "page-end"),
        ("page-other-site", "page-third-party-spof", 1_200_000, "start-render"),
        // The connection is opened ahead, too, where the import is named in the head: nothing is left of its own saving.
        ("page-late-host", "page-css-import", 100_000, "start-render"),
        ("page-unhinted", "page-early-hints-missing", 100_000, "start-render"),
        ("page-origins", "page-many-origins", 200_000, "start-render"),
    ] {
        let saving_of = |document: &Value| {
            let findings = document["findings"].as_array().unwrap();
            findings.iter().find(|it| it["id"] == finding).map(|it| it["saving"].clone())
        };
        // What was injected, or the shorter of two waits that would be one beside the other.
        let fits = |document: &Value| {
            let amount = saving_of(document).and_then(|saving| saving["us"].as_u64());
            amount.is_some_and(|amount| amount > injected * 6 / 10 && amount < injected * 13 / 10 + 40_000)
        };
        let document = undisturbed(|| page(id), fits);
        assert!(fits(&document), "{id}: {:#}", document["findings"]);
        let saving = &saving_of(&document).unwrap();
        assert_eq!((&saving["basis"], &saving["mark"]), (&"modelled".into(), &mark.into()), "{id}");
        let amount = us(saving, "us");
        let whole = us(&document["page"], if mark == "page-end" { "end_us" } else { "start_render_us" });
        assert!(us(saving, "high_us") <= whole && us(saving, "low_us") <= amount, "{id}: {saving}");
    }
}
