//! urltrace against real servers: Debian's BIND as root, TLD and authoritative servers on the real root
//! addresses, unbound as resolver, nginx behind TLS, all in network namespaces made here. `dig` and
//! `curl` are the oracles.
//!
//! Needs root and the programs that `.ci/run` installs; nothing is skipped when one is missing. It has
//! its own runner: all tests share one world, and the world must be taken down whatever happens, which
//! the standard runner's statics are not. `cargo test --features real-servers --test real -- [WORD..]` runs
//! the tests with one of the words in their names; `--keep` runs none and leaves the world of the first of
//! them up until Ctrl-C, to look around in it with `ip netns exec`. The tests of `signed` have a world
//! of their own, and so have those of `routers`, `far`, `gateways`,
//! `cors`, `fetched`, `painted` and `oidc`, of `pages` and `consumers`, whose world is Chromium and the built-in internet,
//! of `live`, whose servers are Python's, and of `monitoring`, where blackbox_exporter and Prometheus are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)] // tests
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod apache;
mod browser;
mod cases;
mod collector;
mod consumers;
mod cors;
mod curl;
mod dig;
mod equality;
mod far;
mod fetched;
mod fleet;
mod gateways;
mod live;
mod monitoring;
mod monitors;
mod net;
mod oidc;
mod openssl;
mod origin;
mod pages;
mod painted;
mod path;
mod pcap;
mod proxies;
mod recipes;
mod relay;
mod roles;
mod routers;
mod scan;
mod servers;
mod signed;
mod software;
mod thinker;
mod tools;
mod urltrace;
mod web;
mod wire;
mod world;
mod zones;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use world::{Directory, World};

/// A test: its name is the sentence it holds.
type Test<W = World> = (&'static str, fn(&W));

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    roles::play(&arguments);
    let words: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
    let is_chosen = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(*word));
    let consumers = monitors::TESTS.iter().chain(collector::TESTS).chain(recipes::TESTS).copied();
    let peers = openssl::TESTS.iter().chain(scan::TESTS).chain(apache::TESTS).copied();
    let parts = [
        part(|| World::new(&net::ACCESSES), cases::all(), &is_chosen),
        part(signed::World::new, signed::TESTS.iter().copied(), &is_chosen),
        part(pages::Pages::new, pages::TESTS.iter().copied(), &is_chosen),
        part(fetched::Fetched::new, fetched::TESTS.iter().copied(), &is_chosen),
        part(painted::Painted::new, painted::TESTS.iter().copied(), &is_chosen),
        part(consumers::Consumers::new, consumers::TESTS.iter().copied(), &is_chosen),
        part(cors::Asked::new, cors::TESTS.iter().copied(), &is_chosen),
        part(openssl::Peers::new, peers, &is_chosen),
        part(routers::Routers::new, routers::TESTS.iter().copied(), &is_chosen),
        part(far::Far::new, far::TESTS.iter().copied(), &is_chosen),
        part(gateways::Gateways::new, gateways::TESTS.iter().copied(), &is_chosen),
        part(oidc::Provider::new, oidc::TESTS.iter().copied(), &is_chosen),
        part(live::Live::new, live::TESTS.iter().copied(), &is_chosen),
        part(monitors::Monitors::new, consumers, &is_chosen),
        part(monitoring::Monitored::new, monitoring::TESTS.iter().copied(), &is_chosen),
    ];
    if arguments.iter().any(|word| word == "--list") {
        parts.iter().flat_map(|part| &part.names).for_each(|name| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    println!("running {} tests", parts.iter().map(|part| part.names.len()).sum::<usize>());
    clean_up_on_signals();
    let user = tools::must(std::process::Command::new("id").arg("-u"));
    assert_eq!(user.trim(), "0", "these tests make network namespaces: they need root");
    let keep = arguments.iter().any(|word| word == "--keep");
    let start = Instant::now();
    let failed: Vec<&str> = parts.into_iter().flat_map(|part| (part.run)(keep)).collect();
    println!(
        "\n{} failed, after {:.1?}{}",
        failed.len(),
        start.elapsed(),
        failed.iter().fold(String::new(), |all, name| all + "\n    " + name)
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The tests of one world that are chosen.
struct Part {
    names: Vec<&'static str>,
    /// Runs them, and gives the names of those that failed.
    run: Box<dyn FnOnce(bool) -> Vec<&'static str>>,
}

/// A world whose tests are not chosen is not made.
fn part<W: Setting + 'static>(
    make: fn() -> W,
    tests: impl Iterator<Item = Test<W>>,
    is_chosen: &dyn Fn(&str) -> bool,
) -> Part {
    let tests: Vec<Test<W>> = tests.filter(|(name, _)| is_chosen(name)).collect();
    let names = tests.iter().map(|(name, _)| *name).collect();
    Part { names, run: Box::new(move |keep| run_in(make, &tests, keep)) }
}

/// What the runner needs of a world.
trait Setting {
    fn servers(&self) -> &[servers::Server];
    /// What to know to look around in it.
    fn describe(&self) -> String;
}

impl Setting for World {
    fn servers(&self) -> &[servers::Server] {
        &self.servers
    }

    fn describe(&self) -> String {
        let client = &self.internet.client(net::Access::Full).namespace;
        format!("client: {client}\nCA: {}", self.certificates.ca.display())
    }
}

/// Makes a world, runs tests in it, takes it down, and returns those that failed.
fn run_in<W: Setting>(make: fn() -> W, tests: &[Test<W>], keep: bool) -> Vec<&'static str> {
    if tests.is_empty() {
        return Vec::new();
    }
    let start = Instant::now();
    // A panic in here unwinds, and what was made so far goes with it.
    let world = make();
    println!("{} servers up after {:.1?}", world.servers().len(), start.elapsed());
    if keep {
        println!("{}", world.describe());
        loop {
            std::thread::park();
        }
    }
    let failed: Vec<&str> =
        tests.iter().filter(|test| !passes(test, &world)).map(|(name, _)| *name).collect();
    if !failed.is_empty() {
        for server in world.servers() {
            let log = server.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(10)..];
            println!("--- last lines of {}\n{}", server.role, tail.join("\n"));
        }
    }
    failed
}

fn passes<W>(&(name, test): &Test<W>, world: &W) -> bool {
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| test(world)));
    println!("test {name} ... {} ({:.2?})", if result.is_ok() { "ok" } else { "FAILED" }, start.elapsed());
    result.is_ok()
}

/// A process that a signal ends does not unwind: the namespaces are taken down from here.
fn clean_up_on_signals() {
    use tokio::signal::unix::{SignalKind, signal};
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut interrupt = signal(SignalKind::interrupt()).unwrap();
            let mut terminate = signal(SignalKind::terminate()).unwrap();
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        });
        net::sweep_own();
        let worlds = [
            "plain",
            "signed",
            "pages",
            "openssl",
            "routers",
            "far",
            "gateways",
            "cors",
            "oidc",
            "fetched",
            "painted",
            "consumers",
        ];
        for world in worlds {
            drop(Directory::new(world));
        }
        std::process::exit(130);
    });
}
