//! How far the times that urltrace and other programs tell are from those on the wire.
//!
//! Real servers (BIND, unbound, nginx) in network namespaces made here, behind a relay that makes the path 0, 20 or
//! 200 ms long, and a packet capture at the client: each phase of each run against the kernel's stamps of the same
//! packets. Needs root, and what the tests against real servers need (`.ci/run`).
//! `cargo bench --bench accuracy -- [--check] [--runs N] [--delay MS].. [--busy] [--binary FILE]`. `--busy` keeps every
//! core at work; `--check` judges urltrace, and nobody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a bench
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]

mod programs;

#[path = "../../tests/real/dig.rs"]
#[allow(dead_code)]
mod dig;
#[path = "../../tests/real/net.rs"]
#[allow(dead_code)]
mod net;
#[path = "../../tests/real/pcap.rs"]
#[allow(dead_code)]
mod pcap;
#[path = "../../tests/real/relay.rs"]
mod relay;
#[path = "../../tests/real/roles.rs"]
mod roles;
#[path = "../../tests/real/servers.rs"]
#[allow(dead_code)]
mod servers;
#[path = "../../tests/real/software.rs"]
mod software;
#[path = "../../tests/real/tools.rs"]
#[allow(dead_code)]
mod tools;
#[path = "../../tests/real/web.rs"]
#[allow(dead_code)]
mod web;
#[path = "../../tests/real/wire.rs"]
mod wire;
#[path = "../../tests/real/world.rs"]
#[allow(dead_code)]
mod world;
#[path = "../../tests/real/zones.rs"]
#[allow(dead_code)]
mod zones;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use net::Access;
use pcap::Capture;
use programs::Program;
use wire::PHASES;
use world::World;

/// The most that a median and the worst of all may be off, in microseconds: with a core to spare, and without.
const IDLE: (i64, i64) = (50, 200);
const BUSY: (i64, i64) = (100, 500);
const RUNS: usize = 100;
const DELAYS: [u16; 3] = [0, 20, 200];
/// Runs before counting begins: the resolver knows the name by then.
const WARM_UP: usize = 2;

/// By program and phase: how far each run was off, in microseconds.
type Errors = BTreeMap<(&'static str, usize), Vec<i64>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    roles::play(&arguments);
    let has = |option: &str| arguments.iter().any(|word| word == option);
    let values = |option: &'static str| {
        arguments.windows(2).filter(move |pair| pair[0] == option).map(|pair| pair[1].clone())
    };
    if has("--help") {
        println!(
            "cargo bench --bench accuracy -- [--check] [--runs N] [--delay MS].. [--busy] [--binary FILE]"
        );
        return ExitCode::SUCCESS;
    }
    let runs = values("--runs").next().map_or(RUNS, |text| text.parse().expect("--runs takes a number"));
    let mut delays: Vec<u16> =
        values("--delay").map(|text| text.parse().expect("--delay takes milliseconds")).collect();
    if delays.is_empty() {
        delays = DELAYS.to_vec();
    }
    let binary = values("--binary").next().unwrap_or_else(|| env!("CARGO_BIN_EXE_urltrace").to_owned());
    let programs = [Program::Urltrace, Program::Curl];

    let busy = has("--busy");
    println!(
        "{runs} runs of each program, {}; https, HTTP/1.1, TLS 1.3. Off the packet capture's times, in us:\n\
         median of the errors' sizes, 95th percentile, worst",
        if busy { "every core busy" } else { "on an idle machine" }
    );
    let (median, worst) = if busy { BUSY } else { IDLE };
    let stop = AtomicBool::new(false);
    let broken = std::thread::scope(|scope| {
        if busy {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        std::hint::spin_loop();
                    }
                });
            }
        }
        let mut broken = Vec::new();
        for delay in delays {
            let errors = measure(delay, &programs, Path::new(&binary), runs);
            broken.extend(print(delay, &errors, (median, worst)));
        }
        stop.store(true, Ordering::Relaxed);
        broken
    });
    broken.iter().for_each(|what| println!("over the limit: {what}"));
    if has("--check") && !broken.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs the programs in turn on a path of that length.
fn measure(delay: u16, programs: &[Program], binary: &Path, runs: usize) -> Errors {
    let far = Access::Far(delay);
    let world = World::new(&[Access::Full, far]);
    let client = world.internet.client(far);
    let mut capture = Capture::start(&world, far);
    let mut errors = Errors::new();
    for run in 0..WARM_UP + runs {
        for program in programs {
            let told = program.run(client, binary, &world.certificates.ca);
            let seen = wire::phases(&capture.take());
            for (phase, (told, seen)) in told.iter().zip(seen).enumerate() {
                if let (true, Some(told), Some(seen)) = (run >= WARM_UP, told, seen) {
                    let error = told - i64::try_from(seen).unwrap();
                    errors.entry((program.name(), phase)).or_default().push(error);
                }
            }
        }
    }
    errors
}

/// Prints a table, and says what of urltrace's is over the limits.
fn print(delay: u16, errors: &Errors, (most_median, most_worst): (i64, i64)) -> Vec<String> {
    println!(
        "\n{delay} ms path\n{:<10}{:<9}{:>6}{:>9}{:>9}{:>9}{:>9}",
        "", "", "n", "median", "p95", "worst", "signed"
    );
    let mut broken = Vec::new();
    for ((program, phase), all) in errors {
        let mut signed = all.clone();
        signed.sort_unstable();
        let mut sizes: Vec<i64> = all.iter().map(|error| error.abs()).collect();
        sizes.sort_unstable();
        let at = |share: f64| sizes[((sizes.len() - 1) as f64 * share).round() as usize];
        let (median, p95, worst, phase) = (at(0.5), at(0.95), at(1.0), PHASES[*phase]);
        let middle = signed[signed.len() / 2];
        println!("{program:<10}{phase:<9}{:>6}{median:>9}{p95:>9}{worst:>9}{middle:>+9}", sizes.len());
        let own = *program == Program::Urltrace.name();
        if own && (median > most_median || worst > most_worst) {
            broken.push(format!("{phase} at {delay} ms: median {median} us, worst {worst} us"));
        }
    }
    broken
}
