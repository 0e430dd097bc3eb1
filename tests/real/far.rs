//! A path of 100 ms with an nginx at its end: how a body arrives, against a capture of the same run.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::cases::on_a_quiet_moment;
use crate::path::{self, DEVICES};
use crate::pcap::segments_in;
use crate::servers::{Server, unconfined};
use crate::tools::{inside, must, program, run_at};
use crate::urltrace::{OK, Run, urltrace_at};
use crate::{Directory, Setting, Test};

pub(crate) const TESTS: &[Test<Far>] = &[
    ("a_body_in_rounds_of_slow_start_has_those_of_the_capture", in_rounds),
    ("rounds_of_slow_start_are_seen_below_tls", below_tls),
    ("a_line_that_is_full_from_the_start_is_no_slow_start", full_line),
    ("a_server_that_holds_back_is_no_slow_start", held_back),
];

const ROUND_TRIP: Duration = Duration::from_millis(100);
const ADDRESS: &str = "10.91.0.2";
/// Some four windows of a sender that begins with ten segments.
const BODY: usize = 200_000;

/// The namespaces and what runs in them.
pub(crate) struct Far {
    servers: Vec<Server>,
    path: path::Path,
    dir: Directory,
}

impl Setting for Far {
    fn servers(&self) -> &[Server] {
        &self.servers
    }

    fn describe(&self) -> String {
        format!("client: {}\nserver: {ADDRESS}", self.path.client.namespace)
    }
}

impl Far {
    pub(crate) fn new() -> Self {
        let path = path::Path::new("far", ["10.91.0.1", ADDRESS], ROUND_TRIP);
        let mut world = Self { servers: Vec::new(), path, dir: Directory::new("far") };
        // A sender that waits for acknowledgements: the machine's may be one that spreads what it sends (BBR).
        let reno = "net.ipv4.tcp_congestion_control=reno";
        must(inside(&world.path.server, &program("sysctl")).args(["-qw", reno]));
        world.start_web();
        world
    }

    fn start_web(&mut self) {
        let dir = self.dir.path().join("web");
        fs::create_dir_all(dir.join("root")).unwrap();
        for name in ["body", "held"] {
            fs::write(dir.join("root").join(name), vec![b'x'; BODY]).unwrap();
        }
        let certificate = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let files = ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=far"];
        must(Command::new(program("openssl")).args(certificate).args(files).current_dir(&dir));
        let path = dir.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("  {what}_temp_path {path}/{what};\n"))
            .concat();
        let config = format!(
            "daemon off;\nmaster_process off;\nuser root;\npid {path}/pid;\nerror_log stderr warn;\n\
             events {{ worker_connections 64; }}\nhttp {{\n{temporary}  access_log off;\n  server {{\n    \
             listen {ADDRESS}:80; listen {ADDRESS}:443 ssl http2;\n    ssl_certificate {path}/cert.pem;\n    \
             ssl_certificate_key {path}/key.pem;\n    root {path}/root;\n    \
             location = /held {{ limit_rate 100k; }}\n  }}\n}}\n"
        );
        fs::write(dir.join("nginx.conf"), config).unwrap();
        let mut command = inside(&self.path.server, &program("nginx"));
        command.arg("-p").arg(&dir).arg("-c").arg(dir.join("nginx.conf"));
        let mut nginx = Server::from_command("nginx", &dir, command);
        let curl = ["-qsSf", "-o", "/dev/null", &format!("http://{ADDRESS}/body")].map(str::to_owned);
        nginx.wait_until(|| run_at(&self.path.client, &program("curl"), &curl).code == 0);
        nginx.hasten();
        self.servers.push(nginx);
    }

    /// A run, and the segments with data from the server: when, and how many bytes.
    fn captured(&self, words: &str) -> (Run, Vec<(u64, u64)>) {
        let dir = self.dir.path().join("capture");
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir(&dir).unwrap();
        let file = dir.join("packets");
        let mut command = inside(&self.path.client.namespace, &unconfined(self.dir.path(), "tcpdump"));
        // Room for a window of packets: a place in the buffer is as large as what is kept of one.
        command
            .args(["-i", DEVICES[0], "-s", "2048", "--immediate-mode", "-U", "-Z", "root", "-w"])
            .arg(&file);
        let mut tcpdump = Server::from_command("tcpdump", &dir, command);
        let log = dir.join("log");
        tcpdump.wait_until(|| fs::read_to_string(&log).unwrap_or_default().contains("listening on"));
        let run = urltrace_at(&self.path.client, words).expect_exit(OK);
        tcpdump.wait_until(|| came(&file) >= run.number("/hops/0/http/body/wire_bytes"));
        let segments = segments_in(&file, ADDRESS.parse().unwrap());
        (run, segments)
    }
}

fn came(file: &Path) -> u64 {
    segments_in(file, ADDRESS.parse().unwrap()).iter().map(|(_, bytes)| bytes).sum()
}

/// Segments with half a round trip of silence between them: the begin of each burst, and its bytes.
fn bursts(segments: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut bursts: Vec<(u64, u64)> = Vec::new();
    let (pause, mut last) = (ROUND_TRIP.as_micros() as u64 / 2, None);
    for (at, bytes) in segments {
        match bursts.last_mut() {
            Some((_, sum)) if last.is_some_and(|last| at - last < pause) => *sum += bytes,
            _ => bursts.push((*at, *bytes)),
        }
        last = Some(*at);
    }
    bursts
}

fn rounds(run: &Run) -> Vec<(u64, u64)> {
    let one =
        |round: &serde_json::Value| (round["start_us"].as_u64().unwrap(), round["bytes"].as_u64().unwrap());
    run.list("/hops/0/http/slow_start/rounds").iter().map(one).collect()
}

/// The rounds are bursts of the capture, byte for byte, and each as far behind the first.
fn are_those(run: &Run, seen: &[(u64, u64)]) -> Result<usize, String> {
    if run.at("/hops/0/http/slow_start").is_null() {
        return Err(format!("none on record, {seen:?} in the capture: {run}"));
    }
    let told = rounds(run);
    assert!(told.len() >= 3, "{told:?}\n{run}");
    let sizes = |bursts: &[(u64, u64)]| bursts.iter().map(|(_, bytes)| *bytes).collect::<Vec<_>>();
    let place = seen.windows(told.len()).position(|some| sizes(some) == sizes(&told));
    let place = place.ok_or_else(|| format!("{told:?} on record, {seen:?} in the capture\n{run}"))?;
    for (told_at, seen_at) in told.iter().zip(&seen[place..]) {
        let (told, seen) = (told_at.0 - told[0].0, seen_at.0 - seen[place].0);
        if told.abs_diff(seen) > 5_000 {
            return Err(format!("a round after {told} us, in the capture after {seen} us\n{run}"));
        }
    }
    Ok(told.len())
}

fn in_rounds(world: &Far) {
    on_a_quiet_moment(|| {
        let (run, segments) = world.captured(&format!("http://{ADDRESS}/body"));
        let seen = bursts(&segments);
        assert_eq!(are_those(&run, &seen)?, seen.len(), "all came in rounds: {seen:?}\n{run}");
        // RFC 6928 section 2, and RFC 5681 section 3.1: the second window is larger, and twice as large at most.
        assert!((12_000..=20_000).contains(&seen[0].1) && seen[1].1 > seen[0].1, "{seen:?}");
        let told = run.text("/verdict/summary");
        assert!(told.contains(&format!("{} rounds of slow start", seen.len())), "{told}");
        // What had come by each share of the bytes is what the capture has.
        for share in run.list("/hops/0/http/body/arrivals") {
            let (percent, bytes) = (share["percent"].as_u64().unwrap(), share["bytes"].as_u64().unwrap());
            assert!(bytes * 100 >= percent * BODY as u64, "{share}");
            assert!(share["at_us"].as_u64() <= Some(run.number("/hops/0/http/end_us")), "{share}");
        }
        Ok(())
    });
}

fn below_tls(world: &Far) {
    for version in ["--http1.1", "--http2"] {
        on_a_quiet_moment(|| {
            let (run, segments) = world.captured(&format!("-k {version} https://{ADDRESS}/body"));
            are_those(&run, &bursts(&segments))?;
            assert!(!run.text("/verdict/summary").contains("thought"), "the server is blamed: {run}");
            Ok(())
        });
    }
}

/// The run shows no slow start, nor does its verdict speak of it.
fn is_none(run: &Run) {
    assert!(run.at("/hops/0/http/slow_start").is_null(), "{run}");
    assert!(!run.text("/verdict/summary").contains("slow start"), "{run}");
}

fn full_line(world: &Far) {
    let limit =
        ["qdisc", "add", "dev", DEVICES[1], "root", "tbf", "rate", "1mbit", "burst", "3000", "latency", "3s"];
    must(inside(&world.path.server, &program("tc")).args(limit));
    let (run, _) = world.captured(&format!("http://{ADDRESS}/body"));
    must(inside(&world.path.server, &program("tc")).args(["qdisc", "del", "dev", DEVICES[1], "root"]));
    is_none(&run);
    // 1 Mbit/s with the heads of packets.
    let rate = run.number("/hops/0/http/body/bytes_per_second");
    assert!((100_000..=130_000).contains(&rate), "{rate}\n{run}");
}

fn held_back(world: &Far) {
    let (run, segments) = world.captured(&format!("http://{ADDRESS}/held"));
    assert!(bursts(&segments).len() >= 2, "nginx pauses: {segments:?}");
    is_none(&run);
}
