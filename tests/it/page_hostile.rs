//! Pages that nobody means well by: each ends in its time and in little memory, and with a document that holds.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use urltrace::clock::Stopwatch;

use crate::support::{check_document, urltrace};

/// The limit given to each run.
const LIMIT: Duration = Duration::from_secs(4);
/// Processor time at most: what is worked on when the limit comes may take a while without optimisation. That a busy
/// machine lets it wait is no fault of the program.
const CPU: Duration = Duration::from_secs(12);
/// Beyond this even that is no excuse.
const HANGS: Duration = Duration::from_secs(240);
/// Memory at most, of the process's own, in kilobytes: documents are bounded to 8 MB, and what is found in them to
/// 5,000 references.
const MEMORY: u64 = 96 << 10;

/// What a server says of a path.
struct Said {
    kind: &'static str,
    fields: String,
    body: Vec<u8>,
    /// The body goes on without end.
    endless: bool,
}

fn said(kind: &'static str, body: impl Into<Vec<u8>>) -> Said {
    Said { kind, fields: String::new(), body: body.into(), endless: false }
}

fn html(body: impl Into<Vec<u8>>) -> Said {
    said("text/html", body)
}

fn css(body: impl Into<Vec<u8>>) -> Said {
    said("text/css", body)
}

fn image() -> Said {
    said("image/png", "")
}

fn moved(to: &str) -> Said {
    Said { fields: format!("location: {to}\r\n"), ..said("", "") }
}

/// A hostile page: its name, and what its server says of a path.
type Page = (&'static str, fn(&str) -> Said);

const SHEET: &str = "<link rel=stylesheet href=/a.css>";

/// The document, and for every other path an image.
fn only(path: &str, document: impl FnOnce() -> Said) -> Said {
    if path == "/" { document() } else { image() }
}

/// A document with a stylesheet.
fn styled(path: &str, sheet: impl FnOnce() -> Said) -> Said {
    match path {
        "/" => html(SHEET),
        "/a.css" => sheet(),
        _ => css(""),
    }
}

const PAGES: &[Page] = &[
    ("100,000 tags", |path| {
        only(path, || {
            html((0..100_000).fold(String::new(), |mut all, number| {
                let _ = write!(all, "<img src=/{number}>");
                all
            }))
        })
    }),
    ("1,000 imports in a circle", |path| match path {
        "/" => html(SHEET),
        path if path.ends_with(".css") => css((0..1000).fold(String::new(), |mut all, number| {
            let _ = write!(all, "@import '/{}.css';", number % 50);
            all
        })),
        _ => image(),
    }),
    ("a document without end", |path| {
        only(path, || Said { endless: true, ..html("<p>text</p>".repeat(2000)) })
    }),
    ("tags without end", |path| only(path, || Said { endless: true, ..html("<a href=x>".repeat(2000)) })),
    ("a comment without end", |path| only(path, || Said { endless: true, ..html("<!-- a > b -") })),
    ("an attribute without end", |path| only(path, || Said { endless: true, ..html("<a title='x>y=z") })),
    ("a script without end", |path| only(path, || Said { endless: true, ..html("<script> a < b > c ") })),
    ("deep nesting", |path| only(path, || html("<div><b><p>".repeat(100_000)))),
    ("deep nesting of svg", |path| only(path, || html("<svg><g><foreignObject>".repeat(50_000)))),
    ("templates in templates", |path| only(path, || html("<template><img src=/x>".repeat(100_000)))),
    ("pictures in pictures", |path| {
        only(path, || html("<picture><source srcset='/a 1x'><video>".repeat(30_000)))
    }),
    ("a URL of 1 MB", |path| only(path, || html(format!("<img src=/{}><img src=/b>", "a".repeat(1 << 20))))),
    ("100,000 candidates", |path| {
        only(path, || html(format!("<img srcset='{}'>", "/a 1w, ".repeat(100_000))))
    }),
    ("sizes in sizes", |path| {
        only(path, || {
            html(format!(
                "<img srcset='/a 1w, /b 2w' sizes='{}1px{}'>",
                "calc(".repeat(100_000),
                ")".repeat(100_000)
            ))
        })
    }),
    ("media in media", |path| {
        only(path, || {
            html(format!("<link rel=stylesheet href=/a.css media='{}'>", "not (not (".repeat(100_000)))
        })
    }),
    ("100,000 attributes", |path| {
        only(path, || {
            html(
                (0..100_000).fold("<img src=/a ".to_owned(), |mut all, number| {
                    let _ = write!(all, "a{number}=x ");
                    all
                }) + ">",
            )
        })
    }),
    ("100,000 bases", |path| only(path, || html("<base href='a/'><img src=b>".repeat(100_000)))),
    ("100,000 policies", |path| {
        only(path, || {
            html(
        "<meta http-equiv=content-security-policy content=\"img-src 'self' a b c\"><meta name=referrer content=origin>\
         <img src=/a>".repeat(30_000)
    )
        })
    }),
    ("a policy of many sources", |path| {
        only(path, || Said {
            fields: format!("content-security-policy: img-src {}\r\n", "*.a.test/b/%63 ".repeat(4_000)),
            ..html("<img src=/a>".repeat(2_000))
        })
    }),
    ("many links in fields", |path| {
        only(path, || Said {
            fields: format!("link: {}\r\n", "</a>; rel=preload; as=image, ".repeat(2_000)),
            ..html("")
        })
    }),
    ("an odd charset", |path| {
        only(path, || Said {
            fields: "content-type: text/html; charset=utf-7\r\n".into(),
            ..said("", "+ADw-img src=/a><img src='/\u{e9}'>")
        })
    }),
    ("a charset that is a lie", |path| {
        only(path, || Said {
            fields: "content-type: text/html; charset=utf-16\r\n".into(),
            ..said("", "<img src=/a>".repeat(50_000))
        })
    }),
    ("charsets in turn", |path| {
        only(path, || html("<meta charset=utf-16><meta charset=shift_jis><img src=/\u{fffd}>".repeat(20_000)))
    }),
    ("zeroes and noise", |path| {
        only(path, || {
            html(
                (0..3_000_000_u32)
                    .map(|number| {
                        number.wrapping_mul(2_654_435_761).to_be_bytes()[usize::from(number % 3 == 0)]
                            & if number % 5 == 0 { 0 } else { 255 }
                    })
                    .collect::<Vec<u8>>(),
            )
        })
    }),
    ("blocks in blocks of a stylesheet", |path| styled(path, || css("a { b: ".repeat(200_000) + "url(/x)"))),
    ("parentheses in an import", |path| {
        styled(path, || css(format!("@import '/b.css' supports({}", "(".repeat(500_000))))
    }),
    ("a stylesheet without end", |path| styled(path, || Said { endless: true, ..css("@import '/b.css' ") })),
    ("a comment in a stylesheet without end", |path| styled(path, || Said { endless: true, ..css("/* a ") })),
    ("a style element of 5 MB", |path| {
        only(path, || html(format!("<style>{}</style>", "a{b:url(/c)}".repeat(400_000))))
    }),
    ("documents in attributes", |path| {
        only(path, || {
            html(format!(
                "<iframe srcdoc=\"{}\"></iframe>",
                "<iframe srcdoc='&lt;iframe srcdoc=x&gt;<img src=/a>'></iframe>".repeat(20_000)
            ))
        })
    }),
    ("frames in frames", |path| html(format!("<iframe src={path}x></iframe><iframe src={path}y></iframe>"))),
    ("redirects without end", |path| match path {
        "/" => html("<img src=/a><script src=/b></script>"),
        path => moved(&format!("{path}x")),
    }),
    ("integrity of 1 MB", |path| styled_by(path, &format!("sha256-{} ", "A".repeat(40)).repeat(20_000))),
];

fn styled_by(path: &str, integrity: &str) -> Said {
    match path {
        "/" => html(format!("<link rel=stylesheet href=/a.css integrity='{integrity}'><img src=/a>")),
        "/a.css" => css("@import '/b.css';"),
        _ => image(),
    }
}

#[test]
fn hostile_pages_end_in_time_and_in_little_memory() {
    assert!(PAGES.len() >= 25);
    let left = Mutex::new(PAGES.iter());
    let next = || left.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(page) = next() {
                    ends(*page);
                }
            });
        }
    });
}

fn ends((what, answer): Page) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || talk(stream, answer));
        }
    });
    // The port is nobody else's.
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
    let file = std::env::temp_dir().join(format!("urltrace-it-page-{}-{port}", std::process::id()));
    let begun = Stopwatch::start();
    let mut child = urltrace()
        .args(["--page", "--format", "json", "--fetch-potential", "-m", &LIMIT.as_secs().to_string(), &url])
        .stdout(std::fs::File::create(&file).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut most = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        most = most.max(memory(child.id()));
        let spent = processor_time(child.id());
        assert!(spent < CPU && begun.elapsed() < HANGS, "{what} does not end: {spent:?} of the processor");
        std::thread::sleep(Duration::from_millis(5)); // between two looks at its memory
    };
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(status.code().is_some(), "{what}: {status}");
    assert!(most < MEMORY, "{what} took {most} kB");
    let document: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{what}: {error}"));
    check_document(&document);
    let requests = document["requests"].as_array().unwrap().len();
    assert!((1..=201).contains(&requests), "{what}: {requests} requests");
}

/// What is resident of a process and of no file, in kilobytes, once it is the binary.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let own = status.starts_with("Name:\turltrace\n");
    line.filter(|_| own).and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// What a process has had of the processor, by user and by system: in hundredths of a second.
fn processor_time(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let ticks = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    Duration::from_millis(ticks.filter_map(|word| word.parse::<u64>().ok()).sum::<u64>() * 10)
}

fn talk(mut stream: TcpStream, answer: fn(&str) -> Said) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    if reader.read_line(&mut first).unwrap_or(0) == 0 {
        return;
    }
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap_or(0) > 2 {
        line.clear();
    }
    let Said { kind, fields, body, endless } = answer(first.split(' ').nth(1).unwrap_or("/"));
    let status = if fields.starts_with("location") { "302 Found" } else { "200 OK" };
    let kind = if kind.is_empty() { String::new() } else { format!("content-type: {kind}\r\n") };
    let length = if endless { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("HTTP/1.1 {status}\r\n{kind}{fields}{length}connection: close\r\n\r\n");
    if stream.write_all(head.as_bytes()).is_err() {
        return;
    }
    if endless {
        let block = body.repeat((1 << 16) / body.len() + 1);
        while stream.write_all(&block).is_ok() {}
    }
    let _ = stream.write_all(&body);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    // Until the other side has gone: a reset would take away what it has not read.
    while matches!(reader.read_line(&mut line), Ok(1..)) {}
}
