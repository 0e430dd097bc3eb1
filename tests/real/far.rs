//! A path of 100 ms with an nginx at its end, and one of 200 ms beside it for IPv6: how a body arrives, against a capture of
//! the same run; how one is sent; and that a longer way by IPv6 is found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::cases::on_a_quiet_moment;
use crate::net::{Client, PREFIX, batch, sweep_world};
use crate::origin::ROLE;
use crate::pcap::{Upload, segments_in, upload_in};
use crate::relay::Relay;
use crate::servers::{Server, unconfined};
use crate::tools::{inside, must, program, run_at};
use crate::urltrace::{OK, Run, urltrace_at};
use crate::{Directory, Setting, Test};

pub(crate) const TESTS: &[Test<Far>] = &[
    ("a_body_in_rounds_of_slow_start_has_those_of_the_capture", in_rounds),
    ("rounds_of_slow_start_are_seen_below_tls", below_tls),
    ("a_line_that_is_full_from_the_start_is_no_slow_start", full_line),
    ("a_server_that_holds_back_is_no_slow_start", held_back),
    ("a_sender_that_paces_shows_no_rounds_that_were_not_there", paced),
    ("a_body_behind_a_100_is_sent_and_acknowledged_when_the_capture_says", uploaded),
    ("a_way_by_ipv6_that_is_longer_is_found_and_one_as_long_is_not", longer_by_ipv6),
];

const ROUND_TRIP: Duration = Duration::from_millis(100);
/// That of the path beside it.
const BY_IPV6: Duration = Duration::from_millis(200);
const ADDRESS: &str = "10.91.0.2";
/// Where the origin listens that stands behind nginx and thinks.
const ORIGIN: &str = "127.0.0.1:81";
/// The server at the end of the path beside, and once more at the end of the first.
const FARTHER: &str = "fd91:200::2";
const AS_FAR: &str = "fd91:100::2";
/// The ends of the path, and of that beside it.
const DEVICES: [&str; 2] = ["near", "far"];
const BESIDE: [&str; 2] = ["near6", "far6"];
/// Some four windows of a sender that begins with ten segments.
const BODY: usize = 200_000;

/// The namespaces and what runs in them.
pub(crate) struct Far {
    servers: Vec<Server>,
    relays: Vec<Relay>,
    client: Client,
    server: String,
    prefix: String,
    dir: Directory,
}

impl Setting for Far {
    fn servers(&self) -> &[Server] {
        &self.servers
    }

    fn describe(&self) -> String {
        format!("client: {}\nserver: {ADDRESS}", self.client.namespace)
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        self.servers.clear();
        self.relays.clear();
        sweep_world(&self.prefix);
    }
}

impl Far {
    pub(crate) fn new() -> Self {
        let prefix = format!("{PREFIX}{}-far-", std::process::id());
        let client = Client { namespace: format!("{prefix}c"), interface: DEVICES[0].to_owned() };
        let server = format!("{prefix}s");
        let (servers, dir) = (Vec::new(), Directory::new("far"));
        let mut world = Self { servers, relays: Vec::new(), client, server, prefix, dir };
        for namespace in [&world.client.namespace, &world.server] {
            must(Command::new(program("ip")).args(["netns", "add", namespace]));
        }
        for (devices, round_trip) in [(DEVICES, ROUND_TRIP), (BESIDE, BY_IPV6)] {
            world.relays.push(Relay::start(&world.client.namespace, devices, round_trip));
            let moved = ["-n", &world.client.namespace, "link", "set", devices[1], "netns", &world.server];
            must(Command::new(program("ip")).args(moved));
        }
        let ends = |place: usize, host: u8| {
            let [near, beside] = [DEVICES, BESIDE].map(|devices| devices[place]);
            [
                "link set lo up".to_owned(),
                format!("addr add 10.91.0.{host}/24 dev {near}"),
                format!("addr add fd91:100::{host}/64 dev {near} nodad"),
                format!("addr add fd91:200::{host}/64 dev {beside} nodad"),
                format!("link set {near} up"),
                format!("link set {beside} up"),
            ]
        };
        batch(&world.client.namespace, &ends(0, 1));
        batch(&world.server, &ends(1, 2));
        // A sender that waits for acknowledgements: the machine's may be one that spreads what it sends (BBR).
        world.send_by("reno");
        world.start_web();
        world
    }

    /// How the server's kernel sends from now on.
    fn send_by(&self, congestion_control: &str) {
        let word = format!("net.ipv4.tcp_congestion_control={congestion_control}");
        must(inside(&self.server, &program("sysctl")).args(["-qw", &word]));
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
             listen {ADDRESS}:80; listen [{FARTHER}]:80; listen [{AS_FAR}]:80; listen {ADDRESS}:443 ssl http2;\n    ssl_certificate {path}/cert.pem;\n    \
             ssl_certificate_key {path}/key.pem;\n    root {path}/root;\n    \
             location = /held {{ limit_rate 100k; }}\n    \
             location = /slow {{ proxy_pass http://{ORIGIN}; proxy_pass_request_body off; proxy_set_header Content-Length \"\"; }}\n  }}\n}}\n"
        );
        fs::write(dir.join("nginx.conf"), config).unwrap();
        let origin_dir = self.dir.path().join("origin");
        fs::create_dir_all(&origin_dir).unwrap();
        let mut command = inside(&self.server, &std::env::current_exe().unwrap());
        command.args([ROLE, ORIGIN]);
        self.servers.push(Server::from_command("origin", &origin_dir, command));
        let mut command = inside(&self.server, &program("nginx"));
        command.arg("-p").arg(&dir).arg("-c").arg(dir.join("nginx.conf"));
        let mut nginx = Server::from_command("nginx", &dir, command);
        let curl = ["-qsSf", "-o", "/dev/null", &format!("http://{ADDRESS}/body")].map(str::to_owned);
        nginx.wait_until(|| run_at(&self.client, &program("curl"), &curl).code == 0);
        nginx.hasten();
        self.servers.push(nginx);
    }

    /// A run, and the segments with data from the server: when, and how many bytes.
    fn captured(&self, words: &str) -> (Run, Vec<(u64, u64)>) {
        let (run, file) = self.capture(words);
        let segments = segments_in(&file, ADDRESS.parse().unwrap());
        (run, segments)
    }

    /// A run, and the capture of it.
    fn capture(&self, words: &str) -> (Run, PathBuf) {
        let dir = self.dir.path().join("capture");
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir(&dir).unwrap();
        let file = dir.join("packets");
        let mut command = inside(&self.client.namespace, &unconfined(self.dir.path(), "tcpdump"));
        // Room for a window of packets: a place in the buffer is as large as what is kept of one.
        command
            .args(["-i", DEVICES[0], "-s", "2048", "--immediate-mode", "-U", "-Z", "root", "-w"])
            .arg(&file);
        let mut tcpdump = Server::from_command("tcpdump", &dir, command);
        let log = dir.join("log");
        tcpdump.wait_until(|| fs::read_to_string(&log).unwrap_or_default().contains("listening on"));
        let run = urltrace_at(&self.client, words).expect_exit(OK);
        tcpdump.wait_until(|| came(&file) >= run.number("/hops/0/http/body/wire_bytes"));
        (run, file)
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
    must(inside(&world.server, &program("tc")).args(limit));
    let (run, _) = world.captured(&format!("http://{ADDRESS}/body"));
    must(inside(&world.server, &program("tc")).args(["qdisc", "del", "dev", DEVICES[1], "root"]));
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

/// Whether this machine can send so: its kernel has it built in, or as a module that is there.
fn has(congestion_control: &str) -> bool {
    let known = fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control").unwrap();
    known.split_whitespace().any(|name| name == congestion_control)
}

/// BBR spreads a window over the round trip: where pauses are left, they are those of the capture, or nothing is told.
fn paced(world: &Far) {
    if !has("bbr") {
        println!("no BBR in this kernel: a sender that paces is not tried");
        return;
    }
    world.send_by("bbr");
    on_a_quiet_moment(|| {
        let (run, segments) = world.captured(&format!("http://{ADDRESS}/body"));
        let seen = bursts(&segments);
        if run.at("/hops/0/http/slow_start").is_null() {
            is_none(&run);
            let why = run.text("/hops/0/http/slow_start_reason");
            assert!(why.contains("a round trip apart") || why.contains("out of order"), "{run}");
            return Ok(());
        }
        are_those(&run, &seen).map(|_| ())
    });
    world.send_by("reno");
}

/// The stamps of an upload are those of the capture: what the kernel was handed and what arrived to 1.5 ms, and the
/// acknowledgement never before it came and, as it is looked for in pauses that grow with the wait, late by a sixteenth
/// of that and 3 ms at most.
fn uploaded(world: &Far) {
    const TOLERANCE_US: u64 = 1_500;
    let body = world.dir.path().join("web/root/body");
    on_a_quiet_moment(|| {
        let (run, file) = world.capture(&format!("--expect100 -T {} http://{ADDRESS}/slow", body.display()));
        let seen: Upload = upload_in(&file, ADDRESS.parse().unwrap())
            .ok_or_else(|| format!("the capture does not have all of it: {run}"))?;
        assert_eq!(run.text("/hops/0/http/expect/outcome"), "continue", "{run}");
        assert_eq!(run.number("/hops/0/http/request/body_bytes"), BODY as u64, "{run}");
        let http = |name: &str| run.number(&format!("/hops/0/http/{name}"));
        // All by the SYN: the program's origin of times is none of the capture's.
        let begin = run.number("/hops/0/connect/attempts/0/start_us");
        for (what, told, seen_at) in [
            ("the head", http("expect/asked_us"), seen.head),
            ("the 100", http("informational/0/at_us"), seen.interim),
            ("the end of the wait for it", http("expect/end_us"), seen.interim),
            ("the response", http("first_byte_us"), seen.answer),
        ] {
            let (told, seen) = (told - begin, seen_at - seen.syn);
            if told.abs_diff(seen) > TOLERANCE_US {
                return Err(format!("{what}: {told} us behind the SYN, {seen} us in the capture\n{run}"));
            }
        }
        // 100 ms for head and 100; the body goes at once then.
        assert!(seen.interim - seen.head >= 99_000, "{seen:?}");
        assert!(seen.body - seen.interim < 50_000, "{seen:?}\n{run}");
        let (sent, acked) = (http("sent_us"), http("body_acked_us"));
        // The kernel has all of it before all of it is on the line.
        assert!(sent - begin <= seen.last - seen.syn + TOLERANCE_US, "{seen:?}\n{run}");
        let late = (acked - begin) as i64 - (seen.acknowledged - seen.syn) as i64;
        let most = (acked - sent) / 16 + 3_000;
        if late < -(TOLERANCE_US as i64) || late > most as i64 {
            return Err(format!(
                "acknowledged {late} us behind the capture, at most {most}: {seen:?}\n{run}"
            ));
        }
        assert!(seen.acknowledged - seen.last >= 99_000 && acked < http("first_byte_us"), "{seen:?}\n{run}");
        println!(
            "    acknowledged {late} us behind the capture's {} us, at most {most}",
            seen.acknowledged - seen.head
        );
        Ok(())
    });
}

fn longer_by_ipv6(world: &Far) {
    let found = |run: &Run| {
        let ids = run.list("/findings").iter().map(|finding| finding["id"].as_str().unwrap());
        ids.filter(|id| *id == "tcp-ipv6-slower").count()
    };
    let tried = |six: &str| {
        let words = format!("--all-addresses --resolve far.test:80:{ADDRESS},{six} http://far.test/body");
        urltrace_at(&world.client, &words).expect_exit(OK)
    };
    on_a_quiet_moment(|| {
        let run = tried(FARTHER);
        let rtt = |address: &str| {
            let all = run.list("/hops/0/connect/addresses");
            let one = all.iter().find(|one| one["address"] == address).unwrap_or_else(|| panic!("{run}"));
            one["rtt_us"].as_u64().unwrap_or_else(|| panic!("{run}"))
        };
        let [four, six] = [ADDRESS, FARTHER].map(rtt);
        if !(100_000..130_000).contains(&four) || !(200_000..230_000).contains(&six) {
            return Err(format!("{four} and {six} us\n{run}"));
        }
        assert_eq!(found(&run), 1, "{run}");
        let all = run.list("/findings");
        let finding = all.iter().find(|finding| finding["id"] == "tcp-ipv6-slower").unwrap();
        assert!(finding["title"].as_str().unwrap().contains(" further away than by IPv4: 20"), "{finding}");
        // The same server, as far by both.
        assert_eq!(found(&tried(AS_FAR)), 0, "{run}");
        // And without the option nobody looks.
        let words = format!("--resolve far.test:80:{ADDRESS},{FARTHER} http://far.test/body");
        assert_eq!(found(&urltrace_at(&world.client, &words).expect_exit(OK)), 0);
        Ok(())
    });
}
