//! The HTML of runs in the lab and of hostile servers, opened in Chromium and read by html5lib: no complaint, no
//! request, nothing outside the page's own policy, the same text without scripts, no error in the markup.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use urltrace::lab::SCENARIOS;

use crate::browser::{Browser, Visit};
use crate::servers::Server;
use crate::{Directory, Setting, Test};

/// Pages, and a browser to open them in.
pub(crate) struct Pages {
    files: Vec<PathBuf>,
    browser: RefCell<Browser>,
    dir: Directory,
}

pub(crate) const TESTS: &[Test<Pages>] = &[
    ("pages: the browser tells of a page that breaks its policy", the_browser_tells),
    ("pages: each opens without a complaint or a request, with scripts and without", open_quietly),
    ("pages: a parser of HTML finds no error", parse),
    ("pages: none is wider than a small screen, nor heavier than promised", fit),
];

impl Setting for Pages {
    fn servers(&self) -> &[Server] {
        &[]
    }

    fn describe(&self) -> String {
        format!("pages: {}", self.dir.path().display())
    }
}

impl Pages {
    pub(crate) fn new() -> Self {
        let dir = Directory::new("pages");
        let mut files = lab_pages(dir.path());
        files.extend(pages_of_many(dir.path()));
        files.extend(hostile_pages(dir.path()));
        println!("{} pages written", files.len());
        let browser = RefCell::new(Browser::start(dir.path()));
        Self { files, browser, dir }
    }
}

/// Runs in the lab that wait at the same time.
const WORKERS: usize = 6;

/// A page of every scenario.
fn lab_pages(dir: &Path) -> Vec<PathBuf> {
    let all = || SCENARIOS.iter();
    let left = Mutex::new(all());
    let next = || left.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(scenario) = next() {
                    let file = dir.join(format!("{}.html", scenario.id));
                    page(&file, &[&["--lab"], scenario.options, &[scenario.url]].concat());
                }
            });
        }
    });
    all().map(|scenario| dir.join(format!("{}.html", scenario.id))).collect()
}

/// Pages of many runs, of ways in rounds, and of two saved documents.
fn pages_of_many(dir: &Path) -> Vec<PathBuf> {
    let file = |name: &str| dir.join(format!("many-{name}.html"));
    let url = "https://www.example.test/";
    for (name, arguments) in [
        ("sound", &["-n", "20", url][..]),
        ("flapping", &["-n", "15", "--budget", "p90:total=1ms", "http://flapping.http.test/"]),
        ("failed", &["-n", "3", "https://expired.tls.test/"]),
        ("rounds", &["-n", "10", "--compare", "address=all", "http://balanced.http.test/"]),
    ] {
        page(&file(name), &[&["--lab"], arguments].concat());
    }
    let saved = ["a", "b"].map(|name| dir.join(format!("{name}.json")));
    for (path, url) in saved.iter().zip([url, "https://expired.tls.test/"]) {
        let told = Command::new(env!("CARGO_BIN_EXE_urltrace"))
            .env_clear()
            .args(["--lab", "-k", "-n", "4", "--format", "json", url])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        std::fs::write(path, told.stdout).unwrap();
    }
    page(&file("diff"), &["diff", saved[0].to_str().unwrap(), saved[1].to_str().unwrap()]);
    ["sound", "flapping", "failed", "rounds", "diff"].map(file).into()
}

/// Writes the page of a run, however that ends.
fn page(file: &Path, arguments: &[&str]) {
    let status = Command::new(env!("CARGO_BIN_EXE_urltrace"))
        .env_clear()
        .args(arguments)
        .arg("--export-html")
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(file.exists(), "{arguments:?} wrote no page ({status})");
}

/// What servers may say to whoever looks at it.
const HOSTILE: &[(&str, &[u8])] = &[
    ("script", b"</script><script>console.error('run')</script><!--<script>"),
    ("onerror", b"\"'><img src=http://127.0.0.1:9/x onerror=console.error(1)><svg onload=console.error(2)>"),
    (
        "style",
        b"</style><style>@import 'http://127.0.0.1:9/x';</style></title><base href=http://127.0.0.1:9/>",
    ),
    ("bidi", "\u{202e}gnp.exe\u{2066}\u{200f}\u{feff}\u{fffe}\u{1ffff}".as_bytes()),
    ("ansi", b"\x1b[31m\x1b]0;title\x07\x9b2J"),
    ("bytes", b"\xff\xfe\xc3(\x80"),
];

/// Pages of servers that say such things, and of URLs that do.
fn hostile_pages(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for (name, words) in HOSTILE {
        let mut response = b"HTTP/1.1 200 ".to_vec();
        response.extend_from_slice(words);
        for field in ["Server", "Location", "Content-Type", "Set-Cookie", "X-Words"] {
            response.extend_from_slice(format!("\r\n{field}: ").as_bytes());
            response.extend_from_slice(words);
        }
        response.extend_from_slice(b"\r\nContent-Length: 0\r\n\r\n");
        files.push(served(dir, &format!("hostile-{name}"), response));
        files.push(served(dir, &format!("garbage-{name}"), [words, &b"\r\n\r\n"[..]].concat()));
    }
    let long =
        [&b"HTTP/1.1 200 OK\r\nX-Long: "[..], &vec![b'<'; 1_000_000], b"\r\nContent-Length: 0\r\n\r\n"]
            .concat();
    files.push(served(dir, "long-field", long));
    let many: String = (0..90).map(|number| format!("X-{number}: {}\r\n", "<b>".repeat(400))).collect();
    files.push(served(
        dir,
        "many-fields",
        format!("HTTP/1.1 200 OK\r\n{many}Content-Length: 0\r\n\r\n").into_bytes(),
    ));
    let typed = "https://</script><img src=x onerror=console.error(3)>/";
    files.push(dir.join("typed.html"));
    page(&dir.join("typed.html"), &[typed]);
    files
}

/// The page of a run against a server that says this.
fn served(dir: &Path, name: &str, response: Vec<u8>) -> PathBuf {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        let _ = stream.write_all(&response);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        // Until the other side has gone: a reset would take away what it has not read.
        while matches!(stream.read(&mut request), Ok(1..)) {}
    });
    let file = dir.join(format!("{name}.html"));
    let path = "/%3C/script%3E?q=<script>console.error(4)</script>#\"onerror=";
    page(&file, &[&format!("http://127.0.0.1:{port}{path}")]);
    file
}

impl Pages {
    fn visit(&self, file: &Path, width: u32, scripts: bool) -> Visit {
        self.browser.borrow_mut().visit(file, width, scripts)
    }
}

/// A check that cannot fail shows nothing.
fn the_browser_tells(pages: &Pages) {
    let file = pages.dir.path().join("bad.html");
    let bad = "<!DOCTYPE html><meta charset=utf-8><meta http-equiv=Content-Security-Policy \
        content=\"default-src 'none'\"><title>bad</title><p>text<script>document.title = 'run'</script>\
        <img src=other.png>";
    std::fs::write(&file, bad).unwrap();
    let visit = pages.visit(&file, 1280, true);
    assert!(visit.complaints.iter().any(|words| words.contains("Content Security Policy")), "{visit:?}");
    std::fs::write(&file, bad.replace("default-src 'none'", "img-src *")).unwrap();
    let visit = pages.visit(&file, 1280, true);
    assert!(visit.requests.iter().any(|url| url.ends_with("other.png")), "{visit:?}");
}

fn open_quietly(pages: &Pages) {
    let mut wrong = Vec::new();
    for file in &pages.files {
        let with = pages.visit(file, 1280, true);
        let without = pages.visit(file, 1280, false);
        let quiet =
            [&with, &without].iter().all(|visit| visit.complaints.is_empty() && visit.requests.is_empty());
        if !quiet || with.text != without.text || with.text.len() < 100 {
            let told = [&with.complaints, &with.requests, &without.complaints, &without.requests];
            wrong.push(format!("{}: {told:?}, {} characters", file.display(), with.text.len()));
        }
    }
    assert!(pages.files.len() > 60, "{} pages", pages.files.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Opens each file and prints what html5lib has against it.
const PARSE: &str = "
import sys, html5lib
for name in sys.argv[1:]:
    parser = html5lib.HTMLParser()
    parser.parse(open(name, encoding='utf-8', newline='').read())
    for place, code, data in parser.errors[:3]:
        print(name, place, code, data)
";

fn parse(pages: &Pages) {
    // Debian's own, which has Debian's modules.
    let output = Command::new("/usr/bin/python3").args(["-c", PARSE]).args(&pages.files).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.is_empty(), "{told}");
    let bad = pages.dir.path().join("unclosed.html");
    std::fs::write(&bad, "<!DOCTYPE html><title>x</title><p></b>").unwrap();
    let output = Command::new("/usr/bin/python3").args(["-c", PARSE]).arg(&bad).output().unwrap();
    assert!(!output.stdout.is_empty(), "the parser tells of an error");
}

fn fit(pages: &Pages) {
    for file in &pages.files {
        for width in [320, 3840] {
            let visit = pages.visit(file, width, true);
            let (name, wide) = (file.display(), visit.wide.join("\n"));
            assert!(visit.overflow <= 0, "{name}: {} beyond {width}\n{wide}", visit.overflow);
        }
    }
    let plain = pages.dir.path().join("normal.html");
    let bytes = std::fs::metadata(&plain).unwrap().len();
    assert!(bytes < 200_000, "{bytes}");
}
