//! Servers that send faster than anybody can work on it, without end: every exchange ends with its limit.

use super::h2::{frame, plan};
use super::*;
use crate::plan::{BodyOutput, Compression};
use crate::trace::FailureCode;

const LIMIT: Duration = Duration::from_millis(200);
/// How late an end may be seen.
const LATE: Duration = Duration::from_millis(100);

/// A server on a thread of its own, which is never the slower one: after the request and `start` it sends
/// `again` for as long as anybody takes it.
fn flood(start: Vec<u8>, again: &[u8]) -> SocketAddr {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let block = again.repeat((1 << 18) / again.len() + 1);
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(&start);
        while stream.write_all(&block).is_ok() {}
    });
    address
}

/// Holds when the exchange with this server ends at its limit.
async fn ends(what: &str, address: SocketAddr, plan: &HttpPlan) -> Http {
    let session = connect(address, plan).await;
    let clock = Clock::start();
    let stop = Stop::after(clock, LIMIT);
    let target = url(&format!("http://{address}/"));
    let (http, result) = fetch(session, &target, &ask("GET", None), plan, &clock, &stop).await;
    let took = clock.now().since(crate::trace::At(0));
    let failure = result.err().unwrap_or_else(|| panic!("{what} came to an end"));
    // The h2 crate has had enough of some before their limit.
    let enough = failure.message.contains("frames without any use");
    assert!(failure.code == FailureCode::MaxTime || enough, "{what}: {}", failure.message);
    assert!(took < LIMIT + LATE, "{what} ended after {took:?}");
    http
}

fn head(fields: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n").into_bytes()
}

#[test]
fn no_body_of_http1_outlives_its_limit() {
    local(async {
        // A disk that is slower than this would hold up the write itself, as long as its kernel likes.
        let path = std::path::PathBuf::from("/dev/null");
        let chunks = head("Transfer-Encoding: chunked\r\n");
        let gzip = |data: &[u8]| encode("gzip", data);
        let text = gzip(&b"All work and no play makes the queue long. ".repeat(100_000));
        let zeros = gzip(&vec![0; 8 << 20]);
        let undone = HttpPlan { output: Some(BodyOutput::File(path)), ..HttpPlan::default() };
        let saved = HttpPlan { compression: Compression::Unasked, ..undone.clone() };
        let coded = |coding: &str| head(&format!("Content-Encoding: {coding}\r\n"));
        let plain = HttpPlan::default();
        let table: [(&str, Vec<u8>, &[u8], &HttpPlan); 10] = [
            ("a plain body", head(""), b"0123456789abcdef", &saved),
            ("chunks of a byte", chunks.clone(), b"1\r\na\r\n", &plain),
            ("chunks of a byte, saved", chunks, b"1\r\na\r\n", &saved),
            ("gzip text", coded("gzip"), &text, &undone),
            ("gzip zeros", coded("gzip"), &zeros, &undone),
            ("members of a byte", coded("gzip"), &gzip(b"a"), &undone),
            ("deflate", coded("deflate"), &[0, 1, 0, 0xfe, 0xff, b'a'], &undone),
            ("frames of a byte", coded("zstd"), &encode("zstd", b"a"), &undone),
            ("gzip in gzip", coded("gzip, gzip"), &gzip(&text), &undone),
            ("behind the end", [coded("br"), encode("br", b"a")].concat(), b"junk", &undone),
        ];
        for (what, start, again, plan) in table {
            let http = ends(what, flood(start, again), plan).await;
            assert!(http.body.encoded_bytes > 0, "{what}");
        }
    });
}

#[test]
fn no_connection_of_http2_outlives_its_limit() {
    local(async {
        let settings = b"\0\0\0\x04\0\0\0\0\0".to_vec();
        let answered = [settings.clone(), frame(1, 4, &[0x88])].concat();
        let ping = b"\0\0\x08\x06\0\0\0\0\0\0\0\0\0\0\0\0\0".as_slice();
        let table: [(&str, &[u8], Vec<u8>); 6] = [
            ("data of a byte", &answered, frame(0, 0, b"a")),
            ("data of nothing", &answered, frame(0, 0, b"")),
            ("data of 16 kB", &answered, frame(0, 0, &[b'a'; 16_384])),
            ("pings", &settings, ping.to_vec()),
            ("settings", &settings, settings.clone()),
            ("frames that nobody knows", &settings, frame(0x7f, 0, b"?")),
        ];
        for (what, start, again) in table {
            ends(what, flood(start.to_vec(), &again), &plan()).await;
        }
    });
}

/// A FIFO that nobody reads, and one whose reader takes nothing.
#[cfg(unix)]
#[test]
fn a_fifo_holds_up_no_end() {
    local(async {
        let path = std::env::temp_dir().join(format!("urltrace-fifo-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let plan = HttpPlan { output: Some(BodyOutput::File(path.clone())), ..HttpPlan::default() };
        let body = [head("Content-Length: 5\r\n"), b"hello".to_vec()].concat();
        let stop = Duration::from_millis(100);
        let (http, result) = fetch_within(answer(body.clone()).await, &ask("GET", None), &plan, stop).await;
        let failure = result.err().unwrap();
        assert_eq!(
            (failure.code, http.body.saved_to),
            (FailureCode::OutputFailed, None),
            "{}",
            failure.message
        );
        let reader = {
            use std::os::unix::fs::OpenOptionsExt as _;
            std::fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(&path).unwrap()
        };
        ends("a reader that takes nothing", flood(head(""), b"0123456789abcdef"), &plan).await;
        drop(reader);
        // Whoever comes later gets all of it.
        let late = std::thread::spawn({
            let path = path.clone();
            move || {
                std::thread::sleep(DELAY); // the reader comes late: that is the case
                std::fs::read(path).unwrap()
            }
        });
        let (http, result) = get(answer(body).await, &plan).await;
        assert!(result.is_ok(), "{:?}", result.err());
        assert_eq!(http.body.saved_to.as_ref(), Some(&path));
        assert_eq!(late.join().unwrap(), b"hello");
        std::fs::remove_file(&path).unwrap();
    });
}
