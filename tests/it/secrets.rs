//! A marker planted in every argument and in every part of a reply, and looked for in everything that
//! the binary says, to standard error too.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Output, Stdio};

use crate::support::urltrace;

const MARKER: &str = "Xq7Secret9z";

/// Every form in which the marker may come back.
fn forms() -> Vec<String> {
    let hex = |prefix: &str| MARKER.bytes().map(|byte| format!("{prefix}{byte:02x}")).collect::<String>();
    // The base64 form of `ann:` and the marker: three bytes are four letters, wherever they begin.
    vec![MARKER.to_ascii_lowercase(), hex("%"), hex(""), "yw5uolhxn1nly3jldd".to_owned()]
}

fn assert_silent(output: &Output, what: &str) {
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(stream);
        let lower = text.to_ascii_lowercase();
        for form in forms() {
            let line = lower.lines().find(|line| line.contains(&form));
            assert!(line.is_none(), "{what}: {form} in {}", line.unwrap_or_default());
        }
    }
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = urltrace()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A run that reads no input may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// A server that gives every request the same reply; `{}` in it is the marker.
fn server(reply: &str) -> u16 {
    let reply = reply.replace("{}", MARKER);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 8192];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(reply.as_bytes());
        }
    });
    port
}

#[test]
fn no_secret_of_a_proxy_or_of_what_it_says_is_shown() {
    for reply in REPLIES {
        let port = server(reply);
        let proxy = format!("http://ann:{MARKER}@127.0.0.1:{port}");
        for url in ["http://a.test/", "https://a.test/"] {
            for format in FORMATS {
                assert_silent(&run(&[format, &["-x", &proxy, url]].concat(), ""), reply);
            }
        }
    }
    for bad in [
        "http://ann:{}@:1",
        "ftp://ann:{}@p.test",
        "http://ann:{}@p.test:x",
        "socks4://ann:{}@p.test",
        "http://ann:{}/x@p.test",
        "http://ann:1/{}@p.test",
        "http://ann:{}?@p.test",
        "ann:{}@http://p.test",
        "ann:{}://x@p.test",
    ] {
        assert_silent(&run(&["-x", &bad.replace("{}", MARKER), "https://a.test/"], ""), bad);
    }
}

const FORMATS: [&[&str]; 3] = [&["-v"], &["--format", "json"], &["-v", "--ascii"]];

const REPLIES: [&str; 9] = [
    "HTTX/1.1 200 OK\r\nSet-Cookie: a={}\r\n\r\n",
    "{\"token\":\"{}\",\"a\":1}",
    "HTTP/1.1 200 OK\r\nSet-Cookie a={}\r\nX Set-Cookie: b={}\r\n(Authorization): {}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nSet-Cookie: a={}; Path=/, b={}; c={}\r\nSet-Cookie: a=\"x; {}\"\r\nX-Sub-Key: {}\r\n\
     X-Forwarded-Access-Token: {}\r\nRefresh: 0; url=//u:{}@h/?token={} {}\r\nLink: <https://u:{}@h/?sig={}>; rel=next\r\n\
     WWW-Authenticate: Negotiate {}\r\nContent-Location: https:/u:{}@h/;jsessionid={}\r\nX-A: t\u{ff}?token={}\r\n\
     Authentication-Info: nextnonce=\"{}\"\r\nX-Debug: {\"password\": \"{}\"}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: //u:{}@h/?code={} {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: https:/u:{}@[bad/?code={}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /x?key={}#access_token={}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "Authorization: Bearer {}\r\nX: https://u:{}@h/?token={}\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: <//{}@h/x>; rel=preload\r\n\r\nHTTP/1.1 200 token={}\r\nTransfer-Encoding: chunked\r\n\
     Trailer: X-Secret\r\n\r\n0\r\nX-Secret: {}\r\n\r\n",
];

#[test]
fn no_secret_of_a_request_or_a_reply_is_shown() {
    for reply in REPLIES {
        let port = server(reply);
        let target = format!("127.0.0.1:{port}");
        for (index, url) in [
            format!("http://ann:{MARKER}@{target}/x;jsessionid={MARKER}?+token={MARKER}%26{MARKER}&page=2#id_token={MARKER}"),
            format!(" http:/\\{MARKER}@{target}/?user[password]={MARKER} {MARKER}#key={MARKER} {MARKER}"),
            format!("http://{target}/?next=https%3A%2F%2Fu%3A{MARKER}%40h%2F%3Fsig%3D{MARKER}"),
        ]
        .iter()
        .enumerate()
        {
            for format in FORMATS {
                let (key, cookie) = (format!("X-My-Key: {MARKER}"), format!("a={MARKER}; b=\"c; {MARKER}\""));
                let referer = format!("https://u:{MARKER}@h/?code={MARKER}");
                let (bearer, user) = (format!("X-Auth: Bearer {MARKER}"), format!("ann:{MARKER}"));
                let cookie = format!("Cookie: {cookie}");
                let mut arguments = vec!["-L", "-H", &key, "-H", &bearer, "-H", &cookie, "-e", &referer];
                arguments.extend(["-u", &user, "-m", "5"].into_iter().filter(|_| index > 0));
                arguments.extend(format);
                arguments.push(url);
                assert_silent(&run(&arguments, ""), &format!("{arguments:?} {reply}"));
            }
        }
    }
}

#[test]
fn no_secret_of_what_cannot_be_traced_is_shown() {
    for url in [
        "http:joe:{}@/x",
        "http://joe:{}#RET@h/",
        "http://joe:SEC/{}@h/",
        "http://joe:{}?x@h/",
        "joe:{}/x@h/",
        "http://u:{}@[bad/?token={}",
        "http://u:{}@h:99999/?token={}",
        "ftp://u:{}@h/?token={}",
        "http://u:{}@/",
        "http://u:{}@a b/",
    ] {
        let url = url.replace("{}", MARKER);
        for format in FORMATS {
            assert_silent(&run(&[format, &[&url]].concat(), ""), &url);
        }
    }
    let output = run(&["http://joe:a#b@h/"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("not a port from 1 to 65535") && said.contains("%23"), "{said}");
}

#[test]
fn no_secret_of_wrong_arguments_is_shown() {
    let url = "http://127.0.0.1:1/";
    for arguments in [
        &["-H", "Authorization Bearer {}", url][..],
        &["-H", "Authorization Bearer {}: x", url],
        &["-H", "X-Key: {}\u{1}", url],
        &["-u", "ann:{}\n", url],
        &[url, "https://u:{}@h/?token={}"],
        &["--resolver", "https://u:{}@dns.test/dns-query?token={}", url],
        &["--resolver", "ftp://u:{}@dns.test/", url],
        &["--resolver", "tls://u:{}@127.0.0.1:1", url],
        &["--resolver", "https://127.0.0.1:1/dns-query?token={}", "-m", "2", "http://www.example.test/"],
        &["--connect-to", "http://u:{}@h/", url],
        &["--resolve", "http://u:{}@h/", url],
        &["-m", "https://u:{}@h/", url],
        &["--tokn=https://u:{}@h/?token={}", url],
    ] {
        let arguments: Vec<String> =
            arguments.iter().map(|argument| argument.replace("{}", MARKER)).collect();
        for format in FORMATS {
            let all: Vec<&str> = arguments.iter().map(String::as_str).chain(format.iter().copied()).collect();
            assert_silent(&run(&all, ""), &format!("{all:?}"));
        }
    }
}

#[test]
fn no_secret_of_what_is_no_name_is_shown_or_asked_for() {
    let names = format!(
        "http://u:{MARKER}@www.example.test/x?token={MARKER}\nwww.example.test/x?token={MARKER}\n\
         u:{MARKER}@www.example.test\nwww.example.test\n"
    );
    for format in [&["--format", "json"][..], &[], &["--short"]] {
        let output = run(&[&["dns", "--lab"], format, &["-"]].concat(), &names);
        assert_silent(&output, "a batch");
        for line in String::from_utf8(output.stdout).unwrap().lines().filter(|line| line.starts_with('{')) {
            let document: serde_json::Value = serde_json::from_str(line).unwrap();
            let asked = !document["dns"]["packets"].as_array().unwrap().is_empty();
            assert_eq!(asked, document["input"] == "www.example.test", "{line}");
        }
        for name in names.lines().take(3) {
            let output = run(&[&["dns", "--lab"], format, &[name]].concat(), "");
            assert_silent(&output, name);
            assert_ne!(output.status.code(), Some(0), "{name}");
        }
    }
}
