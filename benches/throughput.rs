//! How many URLs a second are traced, beside blackbox_exporter at the same concurrency in the same run: a list of URLs
//! (a line of text each, and a whole document each), and the probe server. All have the same target, in this process, on
//! loopback, in plain HTTP.
//!
//! They take turns, and the median of each one's rounds counts. With `--check` it fails where a list is not traced at
//! three times the exporter's rate, or at twice that with a document for each. Needs Debian's prometheus-blackbox-exporter, and says so where it is missing.
//! `cargo bench --bench throughput -- [--check] [--urls N] [--rounds N] [--binary FILE]`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a bench

mod loopback;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use loopback::{WORKERS, probe_many, serve_target, start};

/// URLs in a round.
const URLS: usize = 10_000;
const ROUNDS: usize = 5;
/// How much faster a list is to be, in lines of text and in documents.
const RATIO: f64 = 3.0;
const RATIO_OF_DOCUMENTS: f64 = 2.0;
/// How long the exporter may take to come up.
const PATIENCE: Duration = Duration::from_secs(10);
const EXPORTER: &str = "prometheus-blackbox-exporter";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|word| word == "--help") {
        println!("cargo bench --bench throughput -- [--check] [--urls N] [--rounds N] [--binary FILE]");
        return ExitCode::SUCCESS;
    }
    let value = |option: &str| arguments.iter().skip_while(|word| *word != option).nth(1).map(String::as_str);
    let number = |option, usual| value(option).map_or(usual, |text| text.parse().expect("it takes a number"));
    let (urls, rounds) = (number("--urls", URLS), number("--rounds", ROUNDS));
    let binary = value("--binary").unwrap_or(env!("CARGO_BIN_EXE_urltrace"));
    let check = arguments.iter().any(|word| word == "--check");
    let target = serve_target();
    let list = list(target, urls);
    let (mut server, address) = start(binary);
    let Some((mut exporter, theirs)) = exporter() else {
        println!("not measured: {EXPORTER} (Debian's package of that name) is not there");
        let _ = server.kill();
        return if check { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    };
    let mut rates: [Vec<f64>; 4] = Default::default();
    for _ in 0..rounds {
        rates[0].push(rate(urls, || trace(binary, &list, urls, "text")));
        rates[1].push(rate(urls, || trace(binary, &list, urls, "jsonl")));
        rates[2].push(rate(urls, || probe_many(address, target, urls)));
        rates[3].push(rate(urls, || probe_many(theirs, target, urls)));
    }
    for child in [&mut server, &mut exporter] {
        let _ = child.kill();
        let _ = child.wait();
    }
    let _ = std::fs::remove_file(&list);
    let [own, written, served, exported] = rates.map(median);
    println!("{WORKERS} at a time, {urls} URLs a round, {rounds} rounds, medians:");
    println!("urltrace @FILE       {own:>6.0}/s  {:.2} of blackbox_exporter's", own / exported);
    println!("  --format jsonl     {written:>6.0}/s  {:.2}", written / exported);
    println!("urltrace serve       {served:>6.0}/s  {:.2}", served / exported);
    println!("blackbox_exporter    {exported:>6.0}/s");
    let is_fast = own >= RATIO * exported && written >= RATIO_OF_DOCUMENTS * exported;
    if check && !is_fast {
        println!(
            "under the limit: {RATIO} times blackbox_exporter's rate, {RATIO_OF_DOCUMENTS} times with documents"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn rate(urls: usize, work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    urls as f64 / begin.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn list(target: SocketAddr, urls: usize) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("throughput.txt");
    std::fs::write(&path, format!("http://{target}/\n").repeat(urls)).unwrap();
    path
}

/// Traces the list; each of its URLs has its line in this format. What it writes goes through a pipe, as to any reader.
fn trace(binary: &str, list: &Path, urls: usize, format: &str) {
    let workers = WORKERS.to_string();
    let output = Command::new(binary)
        .arg(format!("@{}", list.display()))
        .args(["--parallel", &workers, "--per-host", &workers, "--silent", "--format", format])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), urls);
}

/// The exporter with the modules that are its own, once it listens.
fn exporter() -> Option<(Child, SocketAddr)> {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let modules = Path::new(env!("CARGO_TARGET_TMPDIR")).join("throughput.yml");
    std::fs::write(&modules, "modules:\n  http_2xx:\n    prober: http\n").unwrap();
    let child = Command::new(EXPORTER)
        .arg(format!("--config.file={}", modules.display()))
        .arg(format!("--web.listen-address={address}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let begin = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begin.elapsed() < PATIENCE, "{EXPORTER} does not come up");
        std::thread::sleep(Duration::from_millis(20)); // until it listens
    }
    Some((child, address))
}
