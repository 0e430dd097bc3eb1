//! A page of 200 resources over 20 hosts, each 20 ms away: what it costs this program. `.ci/run` has the release build
//! tried, too (`URLTRACE_LOAD_BINARY`), alone: only then the page's time is held against its simulation.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::{check_document, urltrace};

const HOSTS: usize = 20;
const EACH: usize = 10;
/// Every answer is held back for so long.
const THINKS: Duration = Duration::from_millis(20);
/// Memory at most, of the process's own, in kilobytes.
const MEMORY: u64 = 48 << 10;
/// Processor time at most of a release, and of a build without optimisation and with its checks.
const CPU: Duration = Duration::from_millis(250);
const CPU_UNOPTIMISED: Duration = Duration::from_secs(8);
/// Descriptors at most: six connections a host, and what a process has.
const DESCRIPTORS: usize = HOSTS * 6 + 24;
/// Runs at most.
const ATTEMPTS: usize = 3;

#[test]
fn two_hundred_resources_on_twenty_hosts_are_cheap() {
    let hosts: Vec<u16> = (0..HOSTS).map(|_| serve(String::new())).collect();
    let page: String = (0..HOSTS * EACH)
        .map(|number| format!("<img src=http://{}/{number}.png>", name(&hosts, number)))
        .collect();
    let port = serve(page);
    let release = std::env::var_os("URLTRACE_LOAD_BINARY");
    let us = |value: &Value, name: &str| value[name].as_u64().unwrap_or(0);
    let bound = |document: &Value| us(&document["page"]["simulated"], "end_us");
    // It takes no longer than its schedule has it. A machine that does something else for a moment is no fault of the
    // program.
    let is_bounded = |run: &(Value, Seen)| {
        let (end, bound) = (us(&run.0["page"], "end_us"), bound(&run.0));
        bound > 0 && end * 100 <= bound * 105
    };
    let is_bounded = |run: &(Value, Seen)| release.is_none() || is_bounded(run);
    let mut runs = (0..ATTEMPTS).map(|_| load(&hosts, port, release.as_ref()));
    let (document, Seen { memory, cpu, descriptors }) =
        runs.find(is_bounded).expect("it is within its bound");
    check_document(&document);
    let requests = document["requests"].as_array().unwrap();
    assert_eq!(requests.len(), HOSTS * EACH + 1);
    assert!(requests.iter().all(|request| request["status"] == 200), "all came");
    let of_hosts = document["page"]["hosts"].as_array().unwrap();
    assert_eq!(of_hosts.len(), HOSTS + 1);
    assert!(of_hosts[1..].iter().all(|host| host["requests"] == EACH), "{of_hosts:#?}");
    // Each request has what the network and its peer took, and little of ours.
    let phase = |request: &Value, name: &str| us(&request["phases"], name);
    let own: u64 = requests.iter().map(|request| phase(request, "unaccounted_us")).sum();
    let all: u64 = requests.iter().map(|request| phase(request, "total_us")).sum();
    assert!(own * 5 < all, "{own} of {all} are our own work");
    assert!(requests.iter().all(|request| phase(request, "wait_us") >= 20_000), "each waited for its answer");
    assert!(memory < MEMORY, "{memory} kB");
    let most = if release.is_some() { CPU } else { CPU_UNOPTIMISED };
    assert!(cpu < most, "{cpu:?}");
    assert!(descriptors <= DESCRIPTORS, "{descriptors} descriptors");
}

/// One run: its document, and the most that it held.
fn load(hosts: &[u16], port: u16, binary: Option<&std::ffi::OsString>) -> (Value, Seen) {
    let file = std::env::temp_dir().join(format!("urltrace-it-load-{}", std::process::id()));
    let mut command = binary.map_or_else(urltrace, Command::new);
    command.env_clear().stdin(Stdio::null());
    for number in 0..HOSTS {
        command.args(["--resolve", &format!("{}:127.0.0.1", name(hosts, number))]);
    }
    let mut child = command
        .args(["--page", "--format", "json", &format!("http://127.0.0.1:{port}/")])
        .stdout(std::fs::File::create(&file).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut most = Seen { memory: 0, cpu: Duration::ZERO, descriptors: 0 };
    while child.try_wait().unwrap().is_none() {
        let seen = Seen::of(child.id());
        most.memory = most.memory.max(seen.memory);
        most.cpu = most.cpu.max(seen.cpu);
        most.descriptors = most.descriptors.max(seen.descriptors);
        std::thread::sleep(Duration::from_millis(2)); // between two looks
    }
    let document = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    std::fs::remove_file(&file).unwrap();
    (document, most)
}

fn name(hosts: &[u16], number: usize) -> String {
    format!("host{}.test:{}", number % HOSTS, hosts[number % HOSTS])
}

/// What a process holds now.
struct Seen {
    memory: u64,
    cpu: Duration,
    descriptors: usize,
}

impl Seen {
    fn of(process: u32) -> Self {
        let read =
            |name: &str| std::fs::read_to_string(format!("/proc/{process}/{name}")).unwrap_or_default();
        let status = read("status");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        // Until it runs the binary it shows the memory of the test.
        let line = line.filter(|_| status.starts_with("Name:\turltrace\n"));
        let memory = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
        // Of user and of system, in hundredths of a second.
        let stat = read("stat");
        let ticks = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.filter_map(|word| word.parse::<u64>().ok()).sum();
        let open = std::fs::read_dir(format!("/proc/{process}/fd"));
        Self { memory, cpu: Duration::from_millis(ticks * 10), descriptors: open.map_or(0, Iterator::count) }
    }
}

/// A server that gives a page, or an image where that is empty.
fn serve(page: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let page = page.clone();
            std::thread::spawn(move || talk(stream, &page));
        }
    });
    port
}

fn talk(mut stream: TcpStream, page: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut lines = 0;
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap_or(0) > 2 {
            lines += 1;
            line.clear();
        }
        if lines == 0 {
            return;
        }
        std::thread::sleep(THINKS); // the distance of the server
        let kind = if page.is_empty() { "image/png" } else { "text/html" };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{page}",
            page.len()
        );
        if stream.write_all(head.as_bytes()).is_err() {
            return;
        }
    }
}
