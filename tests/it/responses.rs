//! The hostile responses, one a row: what it does, and what the outcome calls it. Each ends in bounded time and in
//! little memory, in JSON and in HTML at once. What is only to be borne (floods of fields that are well-formed) is
//! named by what was made of it.

mod framing;
mod grpc;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use sha1::{Digest, Sha1};

use crate::floods::{LIMIT, watch};

/// How late a run may be beyond its limit: the pages of a response of 256 kB are written behind it.
const LATE: Duration = Duration::from_secs(4);

/// How a server answers each connection.
enum Says {
    /// These bytes, and then it closes.
    Once(Vec<u8>),
    /// The first, and then the second without end.
    Ever(Vec<u8>, Vec<u8>),
    /// These frames behind a sound upgrade, and then the second without end.
    Socket(Vec<u8>, Vec<u8>),
    /// By HTTP/2: these frames once the request has come, and then so.
    Frames(Vec<u8>, Then),
}

/// What comes behind frames.
#[derive(Clone)]
enum Then {
    /// The end of the connection.
    Close,
    /// Silence.
    Hold,
    /// These frames without end.
    Ever(Vec<u8>),
}

/// How the outcome names it.
enum Named {
    /// By this failure.
    Failure(&'static str),
    /// By this finding.
    Finding(&'static str),
    /// By this text, or a part of it, at this place.
    At(&'static str, &'static str),
    /// By so many of a list, or this number, at this place.
    Count(&'static str, u64),
}

use Named::{At, Count, Failure, Finding};
use Says::{Ever, Frames, Once, Socket};

type Row = (&'static str, Says, &'static [&'static str], Named);

fn serve(says: Says) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let request = match &says {
                Frames(..) => grpc::call(&mut stream),
                _ => request(&mut stream),
            };
            let (start, again) = match &says {
                Once(bytes) | Frames(bytes, Then::Close | Then::Hold) => (bytes.clone(), None),
                Ever(start, again) | Frames(start, Then::Ever(again)) => (start.clone(), Some(again)),
                Socket(frames, again) => ([upgrade(&request), frames.clone()].concat(), Some(again)),
            };
            let holds = matches!(says, Frames(_, Then::Hold));
            let block = again.filter(|again| !again.is_empty());
            let block = block.map(|again| again.repeat((1 << 16) / again.len() + 1));
            thread::spawn(move || {
                let _ = stream.write_all(&start);
                while let Some(block) = &block
                    && stream.write_all(block).is_ok()
                {}
                if !holds {
                    let _ = stream.shutdown(std::net::Shutdown::Write);
                }
                // Until the other side has gone: a reset would take away what it has not read.
                while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {}
            });
        }
    });
    port
}

fn request(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// A 101 with the proof that the key was read (RFC 6455 section 4.2.2).
fn upgrade(request: &str) -> Vec<u8> {
    let key = request.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("sec-websocket-key").then_some(value)
    });
    let proof = Sha1::digest(format!("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key.unwrap_or_default()));
    let proof = data_encoding::BASE64.encode(&proof);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {proof}\r\n\r\n"
    )
    .into_bytes()
}

/// Holds each row to its bounds and its name; several at a time, for most of it is waiting.
fn judge(rows: Vec<Row>) {
    let left = std::sync::Mutex::new(rows.into_iter());
    let next = || left.lock().unwrap().next();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    while let Some((what, says, arguments, named)) = next() {
                        judge_one(what, says, arguments, &named);
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

fn judge_one(what: &str, says: Says, arguments: &[&str], named: &Named) {
    let scheme = match says {
        Socket(..) => "ws",
        Frames(..) => "grpc",
        Once(_) | Ever(..) => "http",
    };
    let port = serve(says);
    let url = format!("{scheme}://127.0.0.1:{port}/");
    let page = std::env::temp_dir().join(format!("urltrace-it-response-{}-{port}.html", std::process::id()));
    let all = [&["--format", "json", "--export-html", page.to_str().unwrap()], arguments, &[&url]].concat();
    let (took, said) = watch(what, &all);
    let html = std::fs::metadata(&page).map_or(0, |file| file.len());
    let _ = std::fs::remove_file(&page);
    assert!(took < LIMIT + LATE, "{what} ended after {took:?}");
    // What is shown of it is bounded, too: a head may have 256 kB, which JSON and HTML may have to escape.
    assert!((1_000..8 << 20).contains(&html), "{what}: {html} bytes of HTML");
    assert!(said.len() < 8 << 20, "{what}: {} bytes of JSON", said.len());
    let document: Value =
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{what}: {error}\n{said:.400}"));
    crate::support::check_document(&document);
    let failure = &document["failure"];
    let begin: String = document["hops"][0]["http"].to_string().chars().take(3_000).collect();
    match named {
        Failure(code) => assert_eq!(failure["code"], *code, "{what}: {failure}\n{begin}"),
        Finding(id) => {
            let ids: Vec<_> = document["findings"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
            assert!(ids.iter().any(|it| *it == id), "{what}: {ids:?}, {failure}\n{begin}");
        }
        At(pointer, words) => {
            let told = document.pointer(pointer).unwrap_or(&Value::Null);
            let text = told.as_str().map_or_else(|| told.to_string(), str::to_owned);
            assert!(text.contains(words), "{what}: {pointer} is {text:.400}, {failure}\n{begin}");
        }
        Count(pointer, wanted) => {
            let told = document.pointer(pointer).unwrap_or(&Value::Null);
            let count = told.as_array().map_or_else(|| told.as_u64(), |list| Some(list.len() as u64));
            assert_eq!(count, Some(*wanted), "{what}: {pointer}, {failure}\n{begin}");
        }
    }
}

/// A response of 200 with these lines in its head.
fn ok(lines: &str, body: &[u8]) -> Vec<u8> {
    let lines: String = lines.lines().map(|line| format!("{line}\r\n")).collect();
    [format!("HTTP/1.1 200 OK\r\n{lines}\r\n").as_bytes(), body].concat()
}

/// A redirect there.
fn found(to: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .into_bytes()
}

/// A refusal with these lines in its head, and no body.
fn refusal(status: &str, lines: &str) -> Says {
    let lines = lines.replace('\n', "\r\n");
    Once(format!("HTTP/1.1 {status}\r\n{lines}\r\nContent-Length: 0\r\n\r\n").into_bytes())
}

/// The same with a field of this value and no body.
fn field(name: &str, value: &str) -> Says {
    Once(ok(&format!("{name}: {value}\nContent-Length: 0"), b""))
}

/// Bytes in a content coding, many times over.
fn packed(coding: &str, bytes: &[u8]) -> Vec<u8> {
    use compression_codecs::brotli::params::EncoderParams;
    use compression_codecs::core::Level;
    use compression_codecs::core::util::{PartialBuffer, WriteBuffer};
    use compression_codecs::{BrotliEncoder, EncodeV2, GzipEncoder, ZlibEncoder, ZstdEncoder};
    let mut encoder: Box<dyn EncodeV2> = match coding {
        "gzip" => Box::new(GzipEncoder::new(Level::Default.into())),
        "deflate" => Box::new(ZlibEncoder::new(Level::Default.into())),
        "br" => Box::new(BrotliEncoder::new(EncoderParams::default().quality(Level::Fastest))),
        _ => Box::new(ZstdEncoder::new(1)),
    };
    let (mut out, mut space) = (Vec::new(), vec![0; 64 << 10]);
    let mut input = PartialBuffer::new(bytes);
    loop {
        let over = input.unwritten().is_empty();
        let mut room = WriteBuffer::new_initialized(&mut space);
        let done = if over {
            encoder.finish(&mut room).unwrap()
        } else {
            encoder.encode(&mut input, &mut room).is_err()
        };
        out.extend_from_slice(room.written());
        if done {
            return out;
        }
    }
}

#[test]
fn bombs_go_off_in_little_memory() {
    let zeros = vec![0; 96 << 20];
    let coded = |coding: &str, body: &[u8]| {
        Once(ok(&format!("Content-Encoding: {coding}\nContent-Length: {}", body.len()), body))
    };
    let why = "/hops/0/http/body/decode_error";
    let gzip = packed("gzip", &zeros);
    let nested = packed("gzip", &gzip);
    let deflate = packed("deflate", &zeros);
    // A window of 2 GB, which a decoder would have to keep.
    let window = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00];
    judge(vec![
        ("a bomb of br", coded("br", &packed("br", &zeros)), &[], At(why, "decompression bomb")),
        ("a bomb of zstd", coded("zstd", &packed("zstd", &zeros)), &[], At(why, "decompression bomb")),
        // As dense as DEFLATE can be: its size alone gives it away.
        ("a bomb of gzip", Ever(ok("Content-Encoding: gzip", b""), gzip.clone()), &[], Failure("max-time")),
        ("a bomb of deflate", coded("deflate", &deflate), &[], At("/hops/0/http/body/ratio", "10")),
        ("a bomb of gzip in gzip", coded("gzip, gzip", &nested), &[], At(why, "decompression bomb")),
        (
            "a bomb of br in gzip",
            coded("br, gzip", &packed("gzip", &packed("br", &zeros))),
            &[],
            At(why, "decompression bomb"),
        ),
        ("five codings", coded("gzip, gzip, gzip, gzip, gzip", &gzip), &[], At(why, "5 layers")),
        ("a window of 2 GB", coded("zstd", &window), &[], At(why, "zstd")),
        ("no coding of that name", coded("snappy", b"abc"), &[], At(why, "unknown encoding")),
        (
            "a name of a coding without end",
            coded(&"x".repeat(100_000), b"abc"),
            &[],
            At(why, "unknown encoding"),
        ),
        ("garbage in place of br", coded("br", &[0xff; 5_000]), &[], At(why, "br")),
        ("gzip that is cut", coded("gzip", &gzip[..1_000]), &[], At(why, "too early")),
    ]);
}

fn encoded(bytes: &[u8]) -> String {
    data_encoding::BASE64URL_NOPAD.encode(bytes)
}

#[test]
fn floods_of_fields_and_bombs_in_them_cost_little() {
    let deep = |open: &str, count: usize| open.repeat(count);
    let head = encoded(br#"{"alg":"HS256"}"#);
    let token = |claims: &[u8]| format!("t={head}.{}.c2lnbmF0dXJl", encoded(claims));
    let graphql = |errors: usize| {
        let all = vec!["{\"message\":\"x\",\"path\":[]}"; errors].join(",");
        format!("{{\"errors\":[{all}],\"data\":null}}")
    };
    let json = |kind: &str, status: &str, body: &str| {
        Once(
            format!(
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
        )
    };
    let layers = "/hops/0/http/layers";
    let tokens = "/hops/0/http/auth/tokens";
    judge(vec![
        (
            "a token of 200 kB",
            field("Set-Cookie", &token(&vec![b' '; 150_000])),
            &[],
            At("/hops/0/http/auth", ""),
        ),
        (
            "a token as deep as it is long",
            field("Set-Cookie", &token(deep("{\"a\":", 2_000).as_bytes())),
            &[],
            At("/hops/0/http/auth", ""),
        ),
        (
            "a token of garbage",
            field(
                "X-Token",
                &format!("eyJ{}.eyJ{}.x", "-_".repeat(500), "\u{7f}A".repeat(9).replace('\u{7f}', "B")),
            ),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "begins of tokens by the thousand",
            field("X-Token", &"eyJ-".repeat(60_000)),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "tokens by the hundred",
            field(
                "X-Token",
                &(0..900).map(|n| format!("{head}.{}.x{n},", encoded(b"{}"))).collect::<String>(),
            ),
            &[],
            Count(tokens, 8),
        ),
        (
            "cookies by the hundred",
            Once(ok(&"Set-Cookie: a=b; Path=/; Domain=test\n".repeat(900), b"")),
            &["--cookies"],
            Count("/hops/0/http/headers", 900),
        ),
        (
            "a cookie of 200 kB",
            field("Set-Cookie", &format!("a={}", "b".repeat(200_000))),
            &["--cookies"],
            At("/hops/0/http/cookies", "too"),
        ),
        (
            "links by the ten thousand",
            field("Link", &"</a>; rel=\"next prev\", ".repeat(10_000)),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "metrics by the ten thousand",
            field("Server-Timing", &"a;dur=1e9;desc=\"x\", ".repeat(10_000)),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "metrics of nonsense",
            field("Server-Timing", ";;=;dur=NaN,,\"a;dur=1, b;dur=-1e300;dur=inf"),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "caches by the thousand",
            field("Cache-Status", &"a; hit; ttl=-1, ".repeat(10_000)),
            &[],
            Count(layers, 16),
        ),
        (
            "caches of nonsense",
            field("Cache-Status", "\"; hit;;;, =;fwd=, \x21\x22 \\\"; hit=?2"),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "proxies by the thousand",
            field("Via", &(0..9_000).map(|n| format!("1.1 p{n}, ")).collect::<String>()),
            &[],
            Count(layers, 16),
        ),
        (
            "a path without end in Forwarded",
            field("Forwarded", &"for=\"[2001:db8::1]\";proto=x;by=_y,".repeat(6_000)),
            &[],
            At("/outcome", "ok"),
        ),
        ("an age beyond all numbers", field("Age", &"9".repeat(100_000)), &[], At("/outcome", "ok")),
        (
            "a time to come back beyond all calendars",
            refusal("503 X", &format!("Retry-After: {}", "9".repeat(20))),
            &["--retry", "2"],
            At("/hops/0/not_retried", "beyond-max-time"),
        ),
        (
            "a date beyond all calendars",
            refusal(
                "429 X",
                "Date: Fri, 31 Dec 99999 23:59:59 GMT\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT",
            ),
            &[],
            Finding("http-rate-limited"),
        ),
        (
            "quotas by the thousand",
            Once(ok(&(0..900).map(|n| format!("X-RateLimit-Limit-{n}: {n}\n")).collect::<String>(), b"")),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "challenges by the thousand",
            refusal("401 X", &format!("WWW-Authenticate: {}", "Basic realm=\"a, \\\"b\", ".repeat(9_000))),
            &[],
            Count("/hops/0/http/auth/challenges", 16),
        ),
        (
            "other places by the thousand",
            field("Alt-Svc", &"h3=\":443\"; ma=99999999999999999999, ".repeat(6_000)),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "a policy of 200 kB",
            field("Content-Security-Policy", &"'nonce-".repeat(28_000)),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "equals signs by the hundred thousand",
            field("X-State", &"state=a&code=%3d%253d&".repeat(11_000)),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "user names by the hundred thousand",
            field("X-Urls", &"https://a:b@".repeat(20_000)),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "problem details as deep as they are long",
            json("application/problem+json", "400 X", &format!("{{\"title\":{}", deep("[", 60_000))),
            &[],
            Finding("http-status-error"),
        ),
        (
            "GraphQL as deep as it is long",
            json("application/json", "200 OK", &format!("{{\"errors\":[{}", deep("{\"a\":[", 30_000))),
            &[],
            At("/outcome", "ok"),
        ),
        (
            "errors of GraphQL by the thousand",
            json("application/json", "200 OK", &graphql(9_000)),
            &[],
            Finding("http-graphql-errors"),
        ),
        (
            "a media type of 200 kB",
            field("Content-Type", &"text/html;charset=".repeat(11_000)),
            &[],
            At("/outcome", "ok"),
        ),
    ]);
}

#[test]
fn redirects_that_lead_nowhere_are_named() {
    let deflated = {
        // SAML's redirect binding: raw DEFLATE, then base64.
        let zlib = packed("deflate", &vec![b' '; 64 << 20]);
        encoded(&zlib[2..zlib.len() - 4])
    };
    judge(vec![
        ("a redirect to itself", Once(found("/")), &["-L"], Failure("too-many-redirects")),
        (
            "a redirect that grows",
            Once(found(&format!("/?{}", "a".repeat(60_000)))),
            &["-L", "--max-redirs", "1"],
            Failure("too-many-redirects"),
        ),
        (
            "a Location of 200 kB",
            Once(found(&format!("/{}", "a".repeat(200_000)))),
            &[],
            Count("/hops/0/http/status", 302),
        ),
        (
            "a Location of 1 MB",
            Once(found(&format!("/{}", "a".repeat(1 << 20)))),
            &[],
            Failure("headers-too-large"),
        ),
        ("a Location of another kind", Once(found("javascript:alert(1)")), &["-L"], Failure("bad-redirect")),
        ("a Location that is none", Once(found("http://a b:99999999/")), &["-L"], Failure("bad-redirect")),
        (
            "a SAML bomb",
            Once(found(&format!("https://idp.test/sso?SAMLRequest={deflated}"))),
            &[],
            At("/hops/0/http/auth/flow/kind", "saml"),
        ),
        (
            "a SAML response of garbage",
            Once(found(&format!(
                "https://sp.test/acs?SAMLRequest=x&SAMLResponse={}",
                "%ff%00".repeat(30_000)
            ))),
            &[],
            At("/hops/0/http/auth/flow/kind", "saml"),
        ),
        (
            "parameters by the ten thousand",
            Once(found(&format!(
                "https://id.test/authorize?client_id=a&response_type=code&{}",
                "state=&".repeat(30_000)
            ))),
            &[],
            At("/hops/0/http/auth/flow/missing", "state"),
        ),
    ]);
}
