//! What a cold walk costs over its ideal: three glued cuts, each server 20 ms away, and the same with
//! one dead server of two at each cut. Beside it `dig +trace` and `unbound`, on the same servers.
//!
//! The servers are in this process (`servers`), the other programs in `others`. They know port 53
//! only, so all of it runs in a network namespace of its own, whose loopback nobody else uses; where
//! none can be made, urltrace is measured alone and the other rows say why they are empty. Prints
//! medians of several runs; judges urltrace alone, and only if `--check` (or `URLTRACE_BENCH_CHECK=1`)
//! is given. `cargo bench --bench walk -- [--check] [--runs N]`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a bench

mod others;
mod servers;

use std::process::ExitCode;
use std::time::Duration;

use urltrace::clock::Clock;
use urltrace::dns::Resolver;
use urltrace::plan::{DnsPlan, HintsText};
use urltrace::stop::Stop;
use urltrace::trace::Scheme;

use servers::{DELAY, HOST, Servers};

/// Zones on the way.
const CUTS: u32 = 3;
/// How long a server is given before the next is asked beside it, at each cut.
const HEDGE: Duration = Duration::from_millis(150);
/// A hedge waits on a timer of the runtime, which counts whole milliseconds and rounds up.
const TIMER: Duration = Duration::from_millis(2);
/// The most that a walk may take of its ideal.
const MAX_RATIO: f64 = 1.05;
const RUNS: usize = 11;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|word| word == "--help") {
        println!("cargo bench --bench walk -- [--check] [--runs N]");
        return ExitCode::SUCCESS;
    }
    if let Some(code) = others::inside_a_namespace() {
        return code;
    }
    let check = arguments.iter().any(|word| word == "--check")
        || std::env::var_os("URLTRACE_BENCH_CHECK").is_some_and(|value| value == "1");
    let value = |option: &str| arguments.iter().skip_while(|word| *word != option).nth(1);
    let runs = value("--runs").map_or(RUNS, |text| text.parse().expect("--runs takes a number"));

    let ideal = DELAY * CUTS;
    println!(
        "a cold walk to {HOST}: ideal {CUTS} x {} ms, zones unsigned, nobody validates\n\
         urltrace asks for A, AAAA and HTTPS at once, the others for A\n{}",
        DELAY.as_millis(),
        others::TERMS
    );
    let hedged = ideal.mul_f64(MAX_RATIO) + (HEDGE + TIMER) * CUTS;
    let mut good = true;
    for (what, servers, most) in [
        ("all servers well", Servers::AllWell, ideal.mul_f64(MAX_RATIO)),
        ("one dead server of two at each cut", Servers::FirstDead, hedged),
    ] {
        let served = servers::serve(servers, others::port());
        println!("\n{what}");
        let median = row("urltrace", ideal, (0..runs).map(|_| walk(served.port, servers)).collect());
        let within = median <= most;
        good &= within;
        let kept = if within { "kept" } else { "BROKEN" };
        println!("  {:<10}  at most {:.2} ms: {kept}", "", most.as_secs_f64() * 1e3);
        for (program, times) in others::measure(servers, runs) {
            match times {
                Ok(times) => drop(row(program, ideal, times)),
                Err(why) => println!("  {program:<10}  {why}"),
            }
        }
        served.end();
    }
    if check && !good { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints one program's row; its median.
fn row(program: &str, ideal: Duration, mut times: Vec<Duration>) -> Duration {
    times.sort();
    let median = times[times.len() / 2];
    println!(
        "  {program:<10} {:>9.2} ms, {:>6.3} of the ideal ({:.2} to {:.2} ms, {} runs)",
        median.as_secs_f64() * 1e3,
        median.as_secs_f64() / ideal.as_secs_f64(),
        times[0].as_secs_f64() * 1e3,
        times[times.len() - 1].as_secs_f64() * 1e3,
        times.len()
    );
    median
}

/// A cold walk, by the record's own times.
fn walk(port: u16, servers: Servers) -> Duration {
    let plan = DnsPlan {
        root_hints: Some(HintsText { source: "bench".to_owned(), text: servers.hints() }),
        server_port: port,
        ..DnsPlan::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let resolver = Resolver::new(plan).unwrap();
        let clock = Clock::start();
        let stop = Stop::after(clock, Duration::from_secs(30));
        let protocols = vec!["h2", "http/1.1"];
        let (dns, result, _side) =
            resolver.resolve_origin(Scheme::Https, HOST, 443, protocols, &clock, &stop).await;
        assert_eq!(result.unwrap().len(), 2, "{:#?}", dns.packets);
        dns.end.since(dns.start)
    })
}
