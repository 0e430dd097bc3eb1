//! Requests are those that curl makes of the same options: method, target, fields and the bytes of the body.
//!
//! Both talk to a listener of the test on loopback, which writes down what it was sent.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::curl::curl;
use crate::tools::program;
use crate::urltrace::trace_ok;
use crate::zones::WEB;
use crate::{Test, World};

pub(super) const TESTS: &[Test] = &[
    ("requests_are_those_of_curl", requests_are_those_of_curl),
    ("bodies_from_standard_input_are_those_of_curl", standard_input),
    ("nginx_stores_what_was_sent_and_answers_as_it_answers_curl", stored),
    ("retries_and_cookies_are_those_of_curl", retries_and_cookies_are_those_of_curl),
];

/// A request as it was on the wire.
struct Sent {
    line: String,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What a form's parts are parted by is each program's own.
    fn without_boundary(&self) -> (String, String) {
        let kind = self.field("content-type").unwrap_or_default().to_owned();
        let body = String::from_utf8(self.body.clone()).unwrap();
        match kind.split_once("boundary=") {
            Some((_, boundary)) => (kind.replace(boundary, "B"), body.replace(boundary, "B")),
            None => (kind, body),
        }
    }
}

/// What a program sends to a listener: `{URL}` in its arguments is where that is.
fn sent_by(executable: &std::path::Path, arguments: &[&str]) -> Sent {
    sent_with(executable, arguments, Stdio::null())
}

/// The same with this standard input.
fn sent_with(executable: &std::path::Path, arguments: &[&str], input: Stdio) -> Sent {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let arguments = arguments.iter().map(|word| word.replace("{URL}", &url));
    let mut child = Command::new(executable)
        .env_clear()
        .args(arguments)
        .stdin(input)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut bytes = Vec::new();
    let sent = loop {
        let mut buffer = [0; 65536];
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the request ends early: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let (line, rest) = head.split_once("\r\n").unwrap();
        let fields = rest.lines().map(|line| line.split_once(':').unwrap());
        let fields =
            fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let mut sent = Sent { line: line.to_owned(), fields, body: bytes[end + 4..].to_vec() };
        if sent.field("transfer-encoding") == Some("chunked") {
            match unchunked(&sent.body) {
                Some(body) => {
                    sent.body = body;
                    break sent;
                }
                None => continue,
            }
        }
        let length: usize = sent.field("content-length").map_or(0, |length| length.parse().unwrap());
        if sent.field("expect").is_some() && sent.body.is_empty() {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        }
        if sent.body.len() >= length {
            break sent;
        }
    };
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    drop(stream);
    assert!(child.wait().unwrap().success());
    sent
}

/// A body that came in chunks; `None` as long as it is not whole.
fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        let (chunk, rest) = (bytes.get(end + 2..end + 2 + size)?, bytes.get(end + 2 + size + 2..)?);
        all.extend_from_slice(chunk);
        if size == 0 {
            return Some(all);
        }
        bytes = rest;
    }
}

/// What a program asks of a server whose answers are these, one after another: line, cookies in order, and the
/// time since the request before.
fn conversation(
    executable: &Path,
    arguments: &[&str],
    answers: &[&str],
) -> Vec<(String, Vec<String>, Duration)> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let mut child = Command::new(executable)
        .env_clear()
        .args(arguments)
        .arg(&url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut asked = Vec::new();
    let mut last = Instant::now();
    for answer in answers {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (mut request, mut byte) = (Vec::new(), [0]);
        while !request.ends_with(b"\r\n\r\n") {
            assert_eq!(stream.read(&mut byte).unwrap(), 1);
            request.push(byte[0]);
        }
        let since = last.elapsed();
        let request = String::from_utf8(request).unwrap();
        let line = request.lines().next().unwrap().to_owned();
        let cookie = request.lines().find_map(|line| line.strip_prefix("Cookie: ")).unwrap_or_default();
        let mut cookies: Vec<String> = cookie.split("; ").map(str::to_owned).collect();
        cookies.sort();
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
        last = Instant::now();
        asked.push((line, cookies, since));
    }
    assert!(child.wait().unwrap().success());
    // Nothing more is asked.
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
    asked
}

fn retries_and_cookies_are_those_of_curl(_: &World) {
    let both = |curls: &[&str], ours: &[&str], answers: &[&str]| {
        let curl = conversation(&program("curl"), &[&["-qsS", "-o", "/dev/null"], curls].concat(), answers);
        let own = Path::new(env!("CARGO_BIN_EXE_urltrace"));
        (curl, conversation(own, &[&["--silent"], ours].concat(), answers))
    };
    let busy = ["503 No", "429 No\r\nRetry-After: 1", "408 No", "200 OK"];
    let (curl, own) = both(&["--retry", "5"], &["--retry", "5"], &busy);
    for (attempt, (curl, own)) in curl.iter().zip(&own).enumerate() {
        assert_eq!(curl.0, own.0);
        let differ = curl.2.abs_diff(own.2);
        assert!(differ < Duration::from_millis(700), "attempt {attempt}: {:?} and {:?}", curl.2, own.2);
        let least = [0, 1, 1, 4][attempt];
        assert!(own.2 >= Duration::from_secs(least), "attempt {attempt}: {:?}", own.2);
    }
    let (curl, own) = both(&["--retry", "2"], &["--retry", "2"], &["404 No"]);
    assert_eq!((curl.len(), own.len()), (1, 1));

    let chain = [
        "302 Go\r\nLocation: /x/y/z\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Path=/x\r\n\
         Set-Cookie: c=3; Path=/other\r\nSet-Cookie: d=4; Domain=127.0.0.1\r\nSet-Cookie: e=5; Domain=test\r\n\
         Set-Cookie: f=6; Domain=0.0.1\r\nSet-Cookie: g=7; Max-Age=0\r\n\
         Set-Cookie: h=8; Expires=Thu, 01 Jan 1970 00:00:00 GMT\r\nSet-Cookie: i=9; Expires=Fri, 01-Jan-2038 00:00:00 GMT\r\n\
         Set-Cookie: __Host-j=10; Path=/\r\nSet-Cookie: k=a=b\r\nSet-Cookie: l=",
        "307 Go\r\nLocation: /x/end\r\nSet-Cookie: a=; Max-Age=0; Path=/\r\nSet-Cookie: m=1\r\nSet-Cookie: b=3; Path=/x",
        "200 OK",
    ];
    for start in [&[][..], &["-b", "own=1"]] {
        let (curl, own) =
            both(&[&["-L", "-b", ""], start].concat(), &[&["-L", "--cookies"], start].concat(), &chain);
        for (curl, own) in curl.iter().zip(&own) {
            assert_eq!((&own.0, &own.1), (&curl.0, &curl.1), "{start:?}");
        }
    }
}

fn requests_are_those_of_curl(world: &World) {
    let file = world.dir.path().join("a file.txt");
    std::fs::write(&file, "ab\r\nc \u{e9}\n").unwrap();
    let jar = world.dir.path().join("jar");
    let lines = ["#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\ta\tb", "127.0.0.1\tFALSE\t/x\tFALSE\t0\tdeep\tv"];
    let expired = "127.0.0.1\tFALSE\t/\tFALSE\t1000000000\told\tv";
    std::fs::write(&jar, format!("# Netscape HTTP Cookie File\n{}\n{expired}\n", lines.join("\n"))).unwrap();
    let (file, jar) = (file.to_str().unwrap(), jar.to_str().unwrap());
    let of_file = |before: &str| format!("{before}{file}");
    let (plain, binary, named) = (of_file("@"), of_file("@"), of_file("n@"));
    let (part, content) = (of_file("f=@"), of_file("g=<"));
    let renamed = format!("h=@\"{file}\";filename=\"x\\\"y.png\"");
    // Beyond what is read before the request.
    let large = world.dir.path().join("large.txt");
    let lines: String = (0..200_000).map(|line| format!("line {line}\r\n")).collect();
    std::fs::write(&large, lines).unwrap();
    let large = large.to_str().unwrap();
    let (at_large, form_large, json_large) =
        (format!("@{large}"), format!("f=@{large}"), format!("@{large}"));
    let table: [&[&str]; 29] = [
        &["-T", large, "{URL}/up/"],
        &["-d", &at_large, "-d", "b=2", "{URL}/"],
        &["--data-binary", &at_large, "--data-raw", "x", "{URL}/"],
        &["-F", "a=b", "-F", &form_large, "-F", "c=d", "{URL}/"],
        &["--json", &json_large, "{URL}/"],
        &["-T", large, "-H", "Transfer-Encoding: chunked", "{URL}/up/"],
        &["-T", large, "-X", "POST", "-H", "Content-Type: x/y", "{URL}/up/"],
        &["-X", "OPTIONS", "{URL}/"],
        &["-X", "DELETE", "{URL}/a%20b?c"],
        &["--url", "{URL}/by-option"],
        &["-A", "agent/1", "-e", "http://a.test/;auto", "-r-5", "{URL}/"],
        &["-I", "-H", "X-Empty;", "-H", "Host: other.test", "{URL}/"],
        &["-u", "joe:", "-b", "a=b; c=d", "-r", "0-4,10-", "{URL}/"],
        &["{URL}/p?q=1#f"],
        &["-I", "{URL}/"],
        &["-d", "a=1", "--data-raw", "@b", "--data-binary", &binary, "{URL}/"],
        &["-d", &plain, "{URL}/"],
        &[
            "--data-urlencode",
            "a=b c&d+\u{e9}",
            "--data-urlencode",
            "=x y",
            "--data-urlencode",
            &named,
            "{URL}/",
        ],
        &["-G", "-d", "a=1", "--data-urlencode", "b=2 3", "{URL}/p?x=1#f"],
        &["-I", "-G", "-d", "a=1", "{URL}/"],
        &["--json", "{\"a\":", "--json", "1}", "{URL}/"],
        &["-F", "a=b c", "-F", &part, "-F", &content, "--form-string", "s=@x;type=y", "{URL}/"],
        &["-F", "a=\"b;c\";type=text/x", "-F", &renamed, "{URL}/"],
        &["-T", file, "{URL}/up/"],
        &["-T", file, "{URL}/up/as?x=1"],
        &["-X", "PATCH", "-d", "", "{URL}/"],
        &["-r", "5", "-e", "http://a.test/", "{URL}/"],
        &["-b", jar, "-b", "z=1", "{URL}/x/y"],
        &["-u", "joe:pass", "-H", "X-A: b", "-H", "Accept:", "{URL}/"],
    ];
    let own = std::path::Path::new(env!("CARGO_BIN_EXE_urltrace"));
    for arguments in table {
        // Where curl waits for a 100 before a body, that is another matter.
        let curl =
            sent_by(&program("curl"), &[&["-qsS", "-o", "/dev/null", "-H", "Expect:"], arguments].concat());
        let urltrace = sent_by(own, &[&["--silent", "--no-compressed"], arguments].concat());
        assert_eq!(urltrace.line, curl.line, "{arguments:?}");
        // Not `assert_eq`, which would print both.
        assert!(urltrace.without_boundary() == curl.without_boundary(), "the body of {arguments:?}");
        for (name, value) in &curl.fields {
            if !["host", "user-agent", "content-type", "content-length"].contains(&name.as_str()) {
                assert_eq!(urltrace.field(name), Some(value.as_str()), "{name} of {arguments:?}");
            }
        }
        let names: Vec<&str> = urltrace.fields.iter().map(|(name, _)| name.as_str()).collect();
        let unknown = names.iter().filter(|name| curl.field(name).is_none());
        assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&&str>::new(), "{arguments:?}");
    }
}

/// The same bytes arrive; curl keeps standard input in memory and says its length, but for -T.
fn standard_input(world: &World) {
    let own = std::path::Path::new(env!("CARGO_BIN_EXE_urltrace"));
    for (name, length) in [("short", 1_000), ("long", 3_000_000)] {
        let path = world.dir.path().join(format!("{name}.in"));
        let text: String = (0..).map(|line| format!("{line}\n")).take(length / 7).collect();
        std::fs::write(&path, text).unwrap();
        for arguments in [
            &["-T", "-", "{URL}/up"][..],
            &["-d", "@-", "{URL}/"],
            &["--data-binary", "@-", "-d", "more", "{URL}/"],
            &["-F", "f=@-", "{URL}/"],
        ] {
            // By a pipe: nobody knows how much will come.
            let by_pipe = |executable: &Path, own: &[&str]| {
                let mut cat = Command::new("cat").arg(&path).stdout(Stdio::piped()).spawn().unwrap();
                let input = cat.stdout.take().unwrap().into();
                let sent = sent_with(executable, &[own, arguments].concat(), input);
                cat.wait().unwrap();
                sent
            };
            let curl = by_pipe(&program("curl"), &["-qsS", "-o", "/dev/null", "-H", "Expect:"]);
            let urltrace = by_pipe(own, &["--silent", "--no-compressed"]);
            assert_eq!(urltrace.line, curl.line, "{arguments:?}");
            assert!(
                urltrace.without_boundary() == curl.without_boundary(),
                "{name}: the body of {arguments:?}"
            );
            if name == "short" || arguments[0] == "-T" {
                for field in ["content-length", "transfer-encoding"] {
                    // Whose boundary is longer says nothing.
                    let known = |sent: &Sent| match arguments[0] {
                        "-F" => sent.field(field).map(|_| "some".to_owned()),
                        _ => sent.field(field).map(str::to_owned),
                    };
                    assert_eq!(known(&urltrace), known(&curl), "{name}: {field} of {arguments:?}");
                }
            }
        }
    }
}

/// What nginx has stored is what was sent, byte by byte, whichever way it went; statuses and redirects are those that
/// curl gets.
fn stored(world: &World) {
    let source = world.dir.path().join("upload.bin");
    let bytes: Vec<u8> = (0_u32..1_500_000).flat_map(u32::to_le_bytes).collect();
    std::fs::write(&source, &bytes).unwrap();
    let file = source.to_str().unwrap();
    let at = world.dir.path().join("web/root/up");
    let kept = |name: &str| {
        let path = at.join(name);
        let found = std::fs::read(&path).unwrap_or_default();
        let _ = std::fs::remove_file(&path);
        found == bytes
    };
    for version in ["--http1.1", "--http2"] {
        for expect in ["", " --expect100 --expect100-timeout 0.3"] {
            let options = format!("-4 {version}{expect}");
            let run = trace_ok(world, &format!("{options} -T {file} https://www.example.site/up/"));
            assert_eq!(run.number("/hops/0/http/status"), 201, "{run}");
            assert_eq!(run.number("/hops/0/http/request/body_bytes"), bytes.len() as u64, "{run}");
            assert!(kept("upload.bin"), "{options}");
            let seen =
                curl(world, "https://www.example.site/up/upload.bin", WEB[0], &["-4", version, "-T", file]);
            assert_eq!(seen.number("http_code"), 201);
            assert_eq!(seen.number("size_upload"), bytes.len() as u64);
            assert!(kept("upload.bin"));

            // A redirect that wants the body again gets it; one that does not has none.
            let run = trace_ok(world, &format!("{options} -L -T {file} https://www.example.site/again"));
            assert_eq!(run.number("/hops/1/http/request/body_bytes"), bytes.len() as u64, "{run}");
            assert!(kept("again.bin"), "{options}");
            let run =
                trace_ok(world, &format!("{options} -L -X POST -T {file} https://www.example.site/see"));
            assert_eq!(run.number("/hops/1/http/request/body_bytes"), 0, "{run}");
            for path in ["again", "see", "narrow"] {
                let url = format!("https://www.example.site/{path}");
                let run = trace_ok(world, &format!("{options} -T {file} {url}"));
                let seen = curl(world, &url, WEB[0], &["-4", version, "-T", file]);
                assert_eq!(run.number("/hops/0/http/status"), seen.number("http_code"), "{options}: {run}");
                let target = run.json.pointer("/hops/0/http/redirect/target").and_then(|it| it.as_str());
                assert_eq!(
                    target.unwrap_or_default(),
                    seen.facts["redirect_url"].as_str().unwrap_or_default(),
                    "{options}: {run}"
                );
            }
        }
        // A head alone, and what a server can do: the same sizes as curl's.
        for (options, curls) in [("-I", &["-I"][..]), ("-X OPTIONS", &["-X", "OPTIONS"])] {
            let url = "https://www.example.site/text.txt";
            let run = trace_ok(world, &format!("-4 {version} --no-compressed {options} {url}"));
            let seen = curl(world, url, WEB[0], &[&["-4", version], curls].concat());
            assert_eq!(run.number("/hops/0/http/status"), seen.number("http_code"), "{run}");
            assert_eq!(run.number("/hops/0/http/body/encoded_bytes"), seen.number("size_download"), "{run}");
            assert_eq!(run.text("/outcome"), "ok", "{run}");
        }
    }
}
