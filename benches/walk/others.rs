//! The programs beside urltrace: `dig +trace` and `unbound`, unmodified, each on the bench's servers,
//! and the network namespace they need for it.
//!
//! Both follow referrals to port 53 only, and `dig +trace` looks up each name server's address by the
//! system's own resolver. So the bench runs itself again in namespaces (network and mounts) of its own,
//! by root or by a user who may make some; nothing outside of them is touched.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::{Message, Query};
use hickory_resolver::proto::rr::{Name, RecordType};

use crate::servers::{HOST, Servers};

/// What a reader has to know of the rows.
pub(crate) const TERMS: &str = "\
dig +trace: the process from start to end, less what `dig -v` takes; it asks the first server for `. NS`, then
walks, and looks up each server's address by the system's resolver: here a hosts file, at no cost
unbound: a new process for each run, from the question to its answer; it asks for `. NS`, too";
/// Set in the environment of the bench inside its namespaces.
const INSIDE: &str = "URLTRACE_BENCH_NAMESPACE";
/// Why there is no namespace.
const REFUSED: &str = "not run: it needs port 53, and no network namespace can be made here";
/// Where unbound listens.
const UNBOUND: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(127, 53, 9, 60)), 53);
/// dig waits 5 s for each dead server it happens on: so many runs are enough.
const SLOW_RUNS: usize = 5;

/// Runs the bench again inside namespaces, if this is not already inside of them. `None`: go on here.
pub(crate) fn inside_a_namespace() -> Option<ExitCode> {
    if std::env::var_os(INSIDE).is_some() {
        run("ip", &["link", "set", "lo", "up"]).expect("loopback");
        return None;
    }
    let forms: [&[&str]; 2] = [&["--net", "--mount"], &["--map-root-user", "--net", "--mount"]];
    let form = forms.into_iter().find(|form| {
        let tried = run("unshare", &[form, &["ip", "link", "set", "lo", "up"][..]].concat());
        tried.is_ok()
    })?;
    let own = std::env::current_exe().expect("the bench knows its own file");
    let status = Command::new("unshare")
        .args(form)
        .arg("--")
        .arg(own)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .status()
        .expect("unshare ran before");
    Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The port for the servers: 53 where the namespace is ours, else any.
pub(crate) fn port() -> u16 {
    if std::env::var_os(INSIDE).is_some() { 53 } else { 0 }
}

/// The other programs' times, or why there are none.
pub(crate) fn measure(servers: Servers, runs: usize) -> [(&'static str, Result<Vec<Duration>, String>); 2] {
    if port() == 0 {
        let refused = |program| Err(find(program).err().unwrap_or_else(|| REFUSED.to_owned()));
        return [("dig +trace", refused("dig")), ("unbound", refused("unbound"))];
    }
    let slow = if servers == Servers::FirstDead { runs.min(SLOW_RUNS) } else { runs };
    [("dig +trace", dig(servers, slow)), ("unbound", unbound(servers, runs))]
}

fn dig(servers: Servers, runs: usize) -> Result<Vec<Duration>, String> {
    let program = find("dig")?;
    let directory = Directory::new();
    let files = [
        ("/etc/hosts", servers.hosts_file()),
        ("/etc/resolv.conf", String::new()),
        ("/etc/nsswitch.conf", "hosts: files\n".to_owned()),
    ];
    for (index, (over, text)) in files.iter().enumerate() {
        let file = directory.file(&index.to_string(), text);
        run("mount", &["--bind", &file, over])?;
    }
    let root = format!("@{}", servers.root());
    let times = dig_runs(&program, &root, runs);
    for (over, _) in files {
        run("umount", &[over])?;
    }
    times
}

fn dig_runs(program: &Path, root: &str, runs: usize) -> Result<Vec<Duration>, String> {
    let mut starts: Vec<Duration> = Vec::new();
    for _ in 0..5 {
        starts.push(timed(program, &["-v"])?.0);
    }
    starts.sort();
    let start = starts[starts.len() / 2];
    (0..runs)
        .map(|_| {
            let (time, text) = timed(program, &["-r", root, "+trace", HOST, "A"])?;
            if !text.contains("192.0.2.1") {
                return Err(format!("no answer: {text}"));
            }
            Ok(time.saturating_sub(start))
        })
        .collect()
}

/// How long a program runs, and what it prints.
fn timed(program: &Path, arguments: &[&str]) -> Result<(Duration, String), String> {
    let begin = Instant::now();
    let output = Command::new(program).args(arguments).output().map_err(|error| error.to_string())?;
    let time = begin.elapsed();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok((time, text)) } else { Err(format!("{}: {text}", output.status)) }
}

fn unbound(servers: Servers, runs: usize) -> Result<Vec<Duration>, String> {
    let program = find("unbound")?;
    let directory = Directory::new();
    let hints = directory.file("hints", &servers.hints());
    // Its defaults, but for what the place demands: loopback is asked, `test.` is a name like others,
    // nothing is written outside this directory. No trust anchor: nothing to validate.
    let configuration = format!(
        "server:\n interface: {}\n do-ip6: no\n root-hints: \"{hints}\"\n do-not-query-localhost: no\n \
         local-zone: \"test.\" nodefault\n local-data: \"ready.invalid. A 192.0.2.9\"\n \
         module-config: \"iterator\"\n username: \"\"\n chroot: \"\"\n directory: \"{}\"\n pidfile: \"\"\n \
         use-syslog: no\n logfile: \"\"\n\
         remote-control:\n control-enable: no\n",
        UNBOUND.ip(),
        directory.0.display()
    );
    let configuration = directory.file("unbound.conf", &configuration);
    (0..runs)
        .map(|_| {
            let child = Command::new(&program)
                .args(["-d", "-c", &configuration])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let _running = Running(child.map_err(|error| error.to_string())?);
            ready()?;
            let begin = Instant::now();
            let reply = ask_again(HOST, begin).ok_or("no answer within 30 s")?;
            let time = begin.elapsed();
            if reply.answers.is_empty() {
                return Err(format!("answered {}", reply.metadata.response_code));
            }
            Ok(time)
        })
        .collect()
}

/// Waits until unbound answers what it knows without asking anybody.
fn ready() -> Result<(), String> {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(10) {
        let socket = client();
        if ask(&socket, "ready.invalid").is_some_and(|reply| !reply.answers.is_empty()) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(2)); // nothing tells that a server is up but its answer
    }
    Err("it did not start within 10 s".to_owned())
}

/// Asks until there is an answer: unbound throws away what comes later than its `discard-timeout`
/// (1.9 s) after the question, and expects a client to have asked again by then.
fn ask_again(name: &str, begin: Instant) -> Option<Message> {
    let socket = client();
    while begin.elapsed() < Duration::from_secs(30) {
        if let Some(reply) = ask(&socket, name) {
            return Some(reply);
        }
    }
    None
}

fn client() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect(UNBOUND).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    socket
}

/// Asks unbound for an address, once.
fn ask(socket: &UdpSocket, name: &str) -> Option<Message> {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(format!("{name}.")).unwrap(), RecordType::A));
    let mut buffer = [0; 1024];
    socket.send(&message.to_vec().unwrap()).ok()?;
    let length = socket.recv(&mut buffer).ok()?;
    Message::from_vec(&buffer[..length]).ok()
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A directory of this run, removed when dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("walk-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a small program of the system to its end.
fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let failed = |reason: String| format!("{program} {}: {reason}", arguments.join(" "));
    let output = Command::new(find(program)?).args(arguments).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    let words = || failed(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    if output.status.success() { Ok(()) } else { Err(words()) }
}

/// A program on the PATH, or where administrators' programs are.
fn find(program: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let mut files = folders.map(|folder| folder.join(program));
    files.find(|file| file.is_file()).ok_or_else(|| "not installed".to_owned())
}
