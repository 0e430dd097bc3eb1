//! How far the times that urltrace and other programs tell are from those on the wire.
//!
//! Real servers (BIND, unbound, nginx) in network namespaces made here, behind a relay that makes the path 0, 20 or
//! 200 ms long, and a packet capture at the client: each phase of each run against the kernel's stamps of the same
//! packets. Needs root, and what the tests against real servers need (`.ci/run`); programs beside curl are measured
//! where they are installed. Prints Markdown. `--check` judges urltrace, and nobody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a bench
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]

mod programs;
mod table;

#[path = "../../tests/real/dig.rs"]
#[allow(dead_code)]
mod dig;
#[path = "../../tests/real/net.rs"]
#[allow(dead_code)]
mod net;
#[path = "../../tests/real/origin.rs"]
#[allow(dead_code)]
mod origin;
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
#[path = "../../tests/real/thinker.rs"]
mod thinker;
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

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use net::Access;
use pcap::Capture;
use programs::Program;
use table::{Load, Runs, Whole};
use world::World;

const RUNS: usize = 100;
const DELAYS: [u16; 3] = [0, 20, 200];
/// Runs before counting begins: the resolver knows the name by then.
const WARM_UP: usize = 2;

const USAGE: &str =
    "cargo bench --bench accuracy -- [--check] [--runs N] [--delay MS].. [--idle] [--busy] [--alone] [--binary FILE]
--delay   length of the path, 0, 20 and 200 ms unless given
--idle    on the machine as it is; --busy: with every core kept at work. Both unless one is given
--alone   no other programs beside urltrace
--binary  another urltrace than the one built for the bench: a release build
--check   judges urltrace";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    roles::play(&arguments);
    let has = |option: &str| arguments.iter().any(|word| word == option);
    let values = |option: &'static str| {
        arguments.windows(2).filter(move |pair| pair[0] == option).map(|pair| pair[1].clone())
    };
    if has("--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let runs = values("--runs").next().map_or(RUNS, |text| text.parse().expect("--runs takes a number"));
    let mut delays: Vec<u16> =
        values("--delay").map(|text| text.parse().expect("--delay takes milliseconds")).collect();
    if delays.is_empty() {
        delays = DELAYS.to_vec();
    }
    let binary = values("--binary").next().unwrap_or_else(|| env!("CARGO_BIN_EXE_urltrace").to_owned());
    let (mut programs, mut missing) = Program::all(Path::new(&binary));
    if has("--alone") {
        programs.retain(Program::is_urltrace);
        missing.clear();
    }
    println!(
        "{}; {runs} runs of each program, https, HTTP/1.1, TLS 1.3.\n\
         Each cell: by how many us it is off the packet capture, median / 95th percentile / worst.",
        machine()
    );
    missing.iter().for_each(|name| println!("Not installed, and not measured: {name}."));

    let (mut wholes, mut broken) = (Vec::new(), Vec::new());
    let loads = [(Load::Idle, "--busy", "--idle"), (Load::Busy, "--idle", "--busy")];
    for (load, ..) in loads.into_iter().filter(|(_, other, own)| !has(other) || has(own)) {
        for delay in &delays {
            let all = under(load, || measure(*delay, &programs, runs));
            println!("\n**{delay} ms path, {}**\n", load.words());
            let titles = programs.iter().map(|program| program.title.as_str());
            print!("{}", table::of_path(&titles.zip(&all).collect::<Vec<_>>()));
            for (program, runs) in programs.iter().zip(&all).filter(|(_, runs)| runs.left_out > 0) {
                let (title, count) = (&program.title, runs.left_out);
                println!("\n{title}: {count} left out, whose packets are not all in the capture.");
            }
            let own = programs.iter().zip(&all).filter(|(program, _)| program.is_urltrace());
            for (_, runs) in own {
                wholes.extend(table::of_wholes(*delay, load, runs));
                broken.extend(table::broken(*delay, load, runs));
            }
        }
    }
    println!("\n**urltrace's whole run**\n\n{}", table::WHOLES);
    wholes.iter().for_each(|row| println!("{row}"));
    println!();
    broken.iter().for_each(|what| println!("over the limit: {what}"));
    if has("--check") && !broken.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The day, and what the numbers depend on.
fn machine() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let now = jiff::Timestamp::try_from(std::time::SystemTime::now()).unwrap().to_string();
    let day = now.split('T').next().unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = read("/proc/loadavg");
    format!(
        "{day}, Linux {}, {cores} cores ({}), load before: {}",
        read("/proc/sys/kernel/osrelease").trim(),
        model.map_or("unknown", |(_, name)| name.trim()),
        load.split(' ').next().unwrap_or_default()
    )
}

/// Set when dropped, however the work ended: who keeps a core busy then ends, too.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does something while every core is busy, or not.
fn under<T>(load: Load, work: impl FnOnce() -> T) -> T {
    let ended = AtomicBool::new(false);
    let cores = match load {
        Load::Idle => 0,
        Load::Busy => std::thread::available_parallelism().map_or(1, usize::from),
    };
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let _ended = Ended(&ended);
        work()
    })
}

/// Runs the programs in turn on a path of that length.
fn measure(delay: u16, programs: &[Program], runs: usize) -> Vec<Runs> {
    let far = Access::Far(delay);
    let world = World::new(&[Access::Full, far]);
    let client = world.internet.client(far);
    let _servers: Vec<_> = programs.iter().filter_map(|program| program.prepare(&world, far)).collect();
    let mut capture = Capture::start(&world, far);
    let mut all: Vec<Runs> = programs.iter().map(|_| Runs::default()).collect();
    for run in 0..WARM_UP + runs {
        for (program, Runs { errors, wholes, left_out }) in programs.iter().zip(&mut all) {
            let told = program.run(client, &world);
            let Some(seen) = wire::phases(&capture.take()) else {
                *left_out += 1;
                continue;
            };
            let seen = seen.map(|us| i64::try_from(us).unwrap());
            if run < WARM_UP {
                continue;
            }
            for ((errors, told), seen) in errors.iter_mut().zip(told.phases).zip(seen) {
                errors.extend(told.map(|told| told - seen));
            }
            let (wire, round_trip) = (seen.iter().sum(), seen[1]);
            wholes.extend(told.whole.map(|(total, unaccounted, waking)| {
                let own = unaccounted - waking;
                Whole { total, own, waking, wire, round_trip }
            }));
        }
    }
    all
}
