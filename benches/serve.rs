//! What a day of probing leaves behind: `urltrace serve` is asked for 200,000 probes, and its memory and descriptors are
//! read off on the way.
//!
//! The target is in this process, on loopback, plain HTTP. Prints a line for each tenth, and the rate; with `--check` it
//! fails when the last tenth holds a descriptor or more than a tenth of memory beyond the first.
//! `cargo bench --bench serve -- [--check] [--probes N] [--binary FILE]`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a bench

mod loopback;

use std::fs;
use std::process::{Child, ExitCode};
use std::time::Instant;

use loopback::{WORKERS, probe_many, serve_target, start};

/// As many as 140 targets that are probed once a minute have in a day.
const PROBES: usize = 200_000;
const TENTHS: usize = 10;
/// Descriptors of runtimes and connections that happen to be open at the moment of a look.
const IN_USE: usize = 8 * WORKERS;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|word| word == "--help") {
        println!("cargo bench --bench serve -- [--check] [--probes N] [--binary FILE]");
        return ExitCode::SUCCESS;
    }
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

/// Resident memory in KiB.
fn memory(child: &Child) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn descriptors(child: &Child) -> usize {
    fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap().count()
}
