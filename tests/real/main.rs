//! urltrace against real servers: Debian's BIND as root, TLD and authoritative servers on the real root
//! addresses, unbound as resolver, nginx behind TLS, all in network namespaces made here. `dig` and
//! `curl` are the oracles.
//!
//! Needs root and the programs that `.ci/run` installs; nothing is skipped when one is missing. It has
//! its own runner: all tests share one world, and the world must be taken down whatever happens, which
//! the standard runner's statics are not. `cargo test --features real-servers --test real -- [WORD..]` runs
//! the tests with one of the words in their names; `--keep` runs none and leaves the world up until
//! Ctrl-C, to look around in it with `ip netns exec`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)] // tests
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod cases;
mod curl;
mod dig;
mod net;
mod pcap;
mod servers;
mod tools;
mod urltrace;
mod web;
mod zones;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Everything that runs, in the order it has to go: servers, their namespaces, their files.
struct World {
    servers: Vec<servers::Server>,
    internet: net::Internet,
    certificates: web::Certificates,
    dir: Directory,
    numbers: Cell<u32>,
}

impl World {
    fn new() -> Self {
        let user = tools::must(std::process::Command::new("id").arg("-u"));
        assert_eq!(user.trim(), "0", "these tests make network namespaces: they need root");
        let dir = Directory::new();
        let present = zones::present();
        let addresses = net::Addresses { present: &present, resolver: zones::RESOLVER, near: &zones::NEAR };
        let internet = net::Internet::new(&addresses);
        let certificates = web::certificates(dir.path());
        let mut servers = servers::start_name_servers(&internet, dir.path());
        servers.push(servers::start_resolver(&internet, dir.path()));
        servers.extend(web::start(&internet, dir.path(), &certificates));
        Self { servers, internet, certificates, dir, numbers: Cell::new(0) }
    }

    /// A number that was not given before.
    fn number(&self) -> u32 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }
}

/// A directory of this run, removed when dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        for entry in std::fs::read_dir(parent).unwrap().flatten() {
            // Left behind by a run that was killed.
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.strip_prefix("real-").is_some_and(|process| !Path::new("/proc").join(process).exists()) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        let path = parent.join(format!("real-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A test: its name is the sentence it holds.
type Test = (&'static str, fn(&World));

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, address] = arguments.as_slice()
        && role == web::SLOW_ROLE
    {
        web::serve_slowly(address);
    }
    let words: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
    let chosen: Vec<Test> = cases::all()
        .filter(|(name, _)| words.is_empty() || words.iter().any(|word| name.contains(*word)))
        .collect();
    if arguments.iter().any(|word| word == "--list") {
        chosen.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    println!("running {} tests", chosen.len());
    if chosen.is_empty() {
        return ExitCode::SUCCESS;
    }
    clean_up_on_signals();
    let start = Instant::now();
    // A panic in here unwinds, and what was made so far goes with it.
    let world = World::new();
    println!("{} servers up after {:.1?}", world.servers.len(), start.elapsed());
    if arguments.iter().any(|word| word == "--keep") {
        println!("client: {}", world.internet.client(net::Access::Full).namespace);
        println!("CA: {}", world.certificates.ca.display());
        loop {
            std::thread::park();
        }
    }
    let failed: Vec<&str> =
        chosen.into_iter().filter(|test| !passes(test, &world)).map(|(name, _)| name).collect();
    if !failed.is_empty() {
        for server in &world.servers {
            let log = server.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(10)..];
            println!("--- last lines of {}\n{}", server.role, tail.join("\n"));
        }
    }
    drop(world);
    println!(
        "\n{} failed, after {:.1?}{}",
        failed.len(),
        start.elapsed(),
        failed.iter().fold(String::new(), |all, name| all + "\n    " + name)
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn passes(&(name, test): &Test, world: &World) -> bool {
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
        drop(Directory::new());
        std::process::exit(130);
    });
}
