//! Peers that send faster than anybody can work on it: the binary ends with `--max-time`, and in little
//! memory.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use urltrace::clock::Stopwatch;

use crate::support::urltrace;

/// The limit given to each run.
pub(crate) const LIMIT: Duration = Duration::from_millis(700);
/// How late the process may end: what is seen of an end, and the process itself.
const LATE: Duration = Duration::from_millis(100 + 250);
/// Memory at most, of the process's own: its code is shared with the file it was started from.
const MEMORY: u64 = 24 << 10;

/// Sends `start` once it has heard anything, then `again` without end.
fn flood(start: Vec<u8>, again: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let block = again.repeat((1 << 18) / again.len() + 1);
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (start, block) = (start.clone(), block.clone());
            thread::spawn(move || {
                let _ = stream.read(&mut [0; 8192]);
                let _ = stream.write_all(&start);
                while stream.write_all(&block).is_ok() {}
            });
        }
    });
    port
}

/// Runs it, and holds it to its memory (the most that was resident and not of a file, `RssAnon`, looked at every few
/// milliseconds). Gives how long it took, and what it said.
pub(crate) fn watch(what: &str, arguments: &[&str]) -> (Duration, String) {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("urltrace-it-flood-{}-{run}", std::process::id()));
    let start = Stopwatch::start();
    let limit = format!("{}", LIMIT.as_secs_f64());
    let mut child = urltrace()
        .args(["-m", &limit])
        .args(arguments)
        .stdout(File::create(&file).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        // Until it runs the binary it still shows the memory of the test, from which it was spawned.
        if let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", child.id()))
            && status.starts_with("Name:\turltrace\n")
        {
            let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
            let now = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
            most = most.max(now);
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{what} does not end");
        thread::sleep(Duration::from_millis(5)); // between two looks at its memory
    }
    let took = start.elapsed();
    let said = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(most < MEMORY, "{what} took {most} kB");
    assert!(most > 0 || took < LIMIT / 2, "{what}: nobody saw its memory in {took:?}");
    (took, said)
}

/// Runs it, and holds it to its limit, too.
fn ends(what: &str, arguments: &[&str]) {
    let (took, _) = watch(what, arguments);
    // The h2 crate may have had enough of frames without any use before.
    assert!(took >= LIMIT || what.starts_with("frames"), "{what} ended early, after {took:?}");
    assert!(took < LIMIT + LATE, "{what} ended after {took:?}");
}

#[test]
fn a_body_in_pieces_of_a_byte_ends_in_time_and_in_little_memory() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
    // A gzip head, then stored blocks of a byte, each byte of them a chunk.
    let gzip =
        b"\x1f\x8b\x08\0\0\0\0\0\0\xff".iter().flat_map(|byte| [b'1', b'\r', b'\n', *byte, b'\r', b'\n']);
    let stored =
        [0, 1, 0, 0xfe, 0xff, b'a'].into_iter().flat_map(|byte| [b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    let port = flood([head, gzip.collect()].concat(), stored.collect());
    let url = format!("http://127.0.0.1:{port}/");
    ends("chunks of a byte, decoded and saved", &["--compressed", "-o", "/dev/null", &url]);
    ends("chunks of a byte", &[&url]);
    let settings = b"\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\x04\0\0\0\x01\x88".to_vec();
    let port = flood(settings, b"\0\0\x01\0\0\0\0\0\x01a".to_vec());
    ends("frames of a byte", &["--http2", "-o", "/dev/null", &format!("http://127.0.0.1:{port}/")]);
}

#[test]
fn a_handshake_that_goes_on_and_on_ends_in_time() {
    // Records of the handshake with a byte each of a message that is long.
    let port = flood(b"\x16\x03\x03\0\x04\x02\0\xff\xff".to_vec(), b"\x16\x03\x03\0\x01\0".to_vec());
    let start = Stopwatch::start();
    let output = urltrace().args(["-m", "0.7", &format!("https://127.0.0.1:{port}/")]).output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    assert!(start.elapsed() < LIMIT + LATE, "{:?}", start.elapsed());
}

#[test]
fn a_resolver_that_says_too_much_ends_in_time() {
    // Replies by TCP to a question that nobody asked.
    let reply = b"\0\x0c\xff\xfe\x81\x80\0\0\0\0\0\0\0\0".to_vec();
    let port = flood(Vec::new(), reply);
    let start = Stopwatch::start();
    let resolver = format!("tcp://127.0.0.1:{port}");
    let output =
        urltrace().args(["dns", "-m", "0.7", "--resolver", &resolver, "www.example.test"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(start.elapsed() < LIMIT + LATE, "{:?}", start.elapsed());

    // And by UDP, as fast as they go.
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let Ok((_, asker)) = socket.recv_from(&mut [0; 512]) else { return };
        let end = Duration::from_secs(3);
        let watch = Stopwatch::start();
        while watch.elapsed() < end {
            let _ = socket.send_to(b"\xff\xfe\x81\x80\0\0\0\0\0\0\0\0", asker);
        }
    });
    let start = Stopwatch::start();
    let resolver = format!("127.0.0.1:{port}");
    let output =
        urltrace().args(["dns", "-m", "0.7", "--resolver", &resolver, "www.example.test"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(start.elapsed() < LIMIT + LATE, "{:?}", start.elapsed());
}
