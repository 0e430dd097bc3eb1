//! Requests are those that curl makes of the same options: method, target, fields and the bytes of the body.
//!
//! Both talk to a listener of the test on loopback, which writes down what it was sent.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::tools::program;
use crate::{Test, World};

pub(super) const TESTS: &[Test] = &[
    ("requests_are_those_of_curl", requests_are_those_of_curl),
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
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let arguments = arguments.iter().map(|word| word.replace("{URL}", &url));
    let mut child = Command::new(executable)
        .env_clear()
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut bytes = Vec::new();
    let sent = loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the request ends early: {}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let (line, rest) = head.split_once("\r\n").unwrap();
        let fields = rest.lines().map(|line| line.split_once(": ").unwrap());
        let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let sent = Sent { line: line.to_owned(), fields, body: bytes[end + 4..].to_vec() };
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
    let table: [&[&str]; 16] = [
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
        assert_eq!(urltrace.without_boundary(), curl.without_boundary(), "{arguments:?}");
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
