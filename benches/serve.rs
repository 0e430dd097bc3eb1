//! What a day of probing leaves behind: `urltrace serve` is asked for 200,000 probes, and its memory and descriptors are
//! read off on the way.
//!
//! The target is in this process, on loopback, plain HTTP. Prints a line for each tenth, and the rate; with `--check` it
//! fails when the last tenth holds a descriptor or more than a tenth of memory beyond the first.
//! `cargo bench --bench serve -- [--check] [--probes N] [--binary FILE]`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a bench

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

/// As many as 140 targets that are probed once a minute have in a day.
const PROBES: usize = 200_000;
/// Probes at the same time.
const WORKERS: usize = 16;
const TENTHS: usize = 10;
/// Descriptors of runtimes and connections that happen to be open at the moment of a look.
const IN_USE: usize = 8 * WORKERS;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |option: &str| arguments.iter().skip_while(|word| *word != option).nth(1).map(String::as_str);
    let probes: usize =
        value("--probes").map_or(PROBES, |text| text.parse().expect("--probes takes a number"));
    let binary = value("--binary").unwrap_or(env!("CARGO_BIN_EXE_urltrace"));
    let check = arguments.iter().any(|word| word == "--check");
    let target = serve_target();
    let (mut child, address) = start(binary);
    let mut seen = Vec::new();
    let begin = Instant::now();
    for tenth in 1..=TENTHS {
        probe_many(address, target, probes / TENTHS);
        let (memory, descriptors) = (memory(&child), descriptors(&child));
        let rate = tenth as f64 * (probes / TENTHS) as f64 / begin.elapsed().as_secs_f64();
        println!(
            "{:>7} probes  {memory:>6} KiB  {descriptors:>3} descriptors  {rate:.0}/s",
            tenth * probes / TENTHS
        );
        seen.push((memory, descriptors));
    }
    let _ = child.kill();
    let _ = child.wait();
    let (first, last) = (seen[0], seen[TENTHS - 1]);
    let is_flat = last.0 <= first.0 + first.0 / 10 && last.1 <= first.1 + IN_USE;
    if check && !is_flat {
        println!("memory or descriptors grew");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn start(binary: &str) -> (Child, SocketAddr) {
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

/// Answers every request alike.
fn serve_target() -> SocketAddr {
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

fn probe_many(server: SocketAddr, target: SocketAddr, probes: usize) {
    let left = AtomicUsize::new(probes);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    let mut stream = TcpStream::connect(server).unwrap();
                    let request = format!(
                        "GET /probe?target=http://{target}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                    );
                    stream.write_all(request.as_bytes()).unwrap();
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).unwrap();
                    assert!(answer.contains("\nprobe_success 1\n"), "{answer}");
                }
            });
        }
    });
}

/// Resident memory in KiB.
fn memory(child: &Child) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn descriptors(child: &Child) -> usize {
    fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap().count()
}
