//! What benches of probing share: a target on loopback that answers every request alike, a probe server that is started,
//! and probes that are asked of it by many at a time. Nothing is measured here.
#![allow(clippy::unwrap_used, clippy::expect_used)] // of benches

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Probes at the same time.
pub(crate) const WORKERS: usize = 16;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

/// Answers every request alike.
pub(crate) fn serve_target() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut head = [0; 2048];
            // The requests are small: they come in one piece.
            if stream.read(&mut head).is_ok() {
                let _ = stream.write_all(ANSWER);
            }
        }
    });
    address
}

/// Starts `urltrace serve`.
pub(crate) fn start(binary: &str) -> (Child, SocketAddr) {
    let mut child = Command::new(binary)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    (child, address.parse().unwrap())
}

/// Asks a probe server for so many probes of a target, all of which succeed.
pub(crate) fn probe_many(server: SocketAddr, target: SocketAddr, probes: usize) {
    let left = AtomicUsize::new(probes);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    let mut stream = TcpStream::connect(server).unwrap();
                    // By HTTP/1.0, in which no answer comes in chunks.
                    let request = format!("GET /probe?target=http://{target}/ HTTP/1.0\r\nHost: a\r\n\r\n");
                    stream.write_all(request.as_bytes()).unwrap();
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).unwrap();
                    assert!(answer.contains("\nprobe_success 1\n"), "{answer}");
                }
            });
        }
    });
}
