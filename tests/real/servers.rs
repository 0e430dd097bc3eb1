//! The servers: BIND, unbound, nginx and a slow upstream, each in the foreground with its own directory.
//!
//! A server is up when it answers the way the tests need it, found by asking until a deadline. When it
//! does not come up, its log is the failure's message.

use std::fs::{self, File};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::dig::try_dig;
use crate::net::{Access, Internet};
use crate::tools::{inside, program};
use crate::zones::{self, NameServer, RESOLVER};

/// How long a server may take to come up. They take well under a second on an idle machine.
const DEADLINE: Duration = Duration::from_secs(30);
/// Between two looks. No event says "ready", so it has to be asked for.
const POLL: Duration = Duration::from_millis(20);

/// A running server; ended when dropped.
pub(crate) struct Server {
    pub(crate) role: String,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `executable` in the servers' namespace.
    pub(crate) fn start(
        internet: &Internet,
        dir: &Path,
        role: &str,
        executable: &Path,
        arguments: impl FnOnce(&mut Command),
    ) -> Self {
        let mut command = inside(&internet.servers, executable);
        arguments(&mut command);
        Self::from_command(role, dir, command)
    }

    /// Starts a command, its output going to a log in `dir`.
    pub(crate) fn from_command(role: &str, dir: &Path, mut command: Command) -> Self {
        let log = dir.join("log");
        let file = File::create(&log).unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file).current_dir(dir);
        let child = command.spawn().unwrap_or_else(|error| panic!("{role} cannot be started: {error}"));
        Self { role: role.to_owned(), child, log }
    }

    /// Waits until `ready` says so.
    pub(crate) fn wait_until(&mut self, mut ready: impl FnMut() -> bool) {
        let start = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} ended with {status}:\n{}", self.role, self.log());
            }
            assert!(
                start.elapsed() < DEADLINE,
                "{} is not up after {DEADLINE:?}:\n{}",
                self.role,
                self.log()
            );
            thread::sleep(POLL);
        }
    }

    /// What it wrote so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A copy of a program. Debian confines these by path (AppArmor), to paths that no test can use.
pub(crate) fn unconfined(dir: &Path, name: &str) -> PathBuf {
    let copy = dir.join(name);
    if !copy.exists() {
        fs::copy(program(name), &copy).unwrap();
    }
    copy
}

/// Starts every authoritative server.
pub(crate) fn start_name_servers(internet: &Internet, dir: &Path) -> Vec<Server> {
    let executable = unconfined(dir, "named");
    let all = zones::name_servers();
    let mut servers: Vec<Server> =
        all.iter().map(|one| start_named(internet, dir, &executable, one)).collect();
    let client = internet.client(Access::Full);
    for (server, one) in servers.iter_mut().zip(&all) {
        for (zone, _) in &one.zones {
            for address in &one.addresses {
                server.wait_until(|| {
                    try_dig(client, *address, zone, "SOA")
                        .is_some_and(|reply| reply.authoritative && reply.rcode == "NOERROR")
                });
            }
        }
    }
    servers
}

fn start_named(internet: &Internet, dir: &Path, executable: &Path, server: &NameServer) -> Server {
    let dir = dir.join(server.role);
    fs::create_dir(&dir).unwrap();
    let list = |wanted: fn(&&IpAddr) -> bool| -> String {
        server.addresses.iter().filter(wanted).map(|address| format!("{address}; ")).collect()
    };
    let path = dir.display();
    // `minimal-responses no`: referrals carry all their glue. `rrset-order none`: in the zone's own
    // order, so that a dead server is always the first of its set. `server-id`: shown as NSID.
    let mut config = format!(
        "options {{
  directory \"{path}\"; pid-file none; session-keyfile none; lock-file none;
  listen-on {{ {} }}; listen-on-v6 {{ {} }};
  interface-interval 0; automatic-interface-scan no;
  recursion no; allow-query {{ any; }}; allow-transfer {{ none; }}; notify no;
  minimal-responses no; rrset-order {{ order none; }};
  max-udp-size 1232; edns-udp-size 1232;
  dnssec-validation no; empty-zones-enable no; server-id \"{}.urltrace\";
}};
controls {{ }};
",
        list(|address| address.is_ipv4()),
        list(|address| address.is_ipv6()),
        server.role
    );
    for (number, (zone, text)) in server.zones.iter().enumerate() {
        let file = format!("zone{number}");
        fs::write(dir.join(&file), text).unwrap();
        config += &format!("zone \"{zone}\" {{ type primary; file \"{file}\"; check-names ignore; }};\n");
    }
    let file = dir.join("named.conf");
    fs::write(&file, config).unwrap();
    // One thread each: the tests measure times on machines with few cores.
    Server::start(internet, &dir, &format!("named ({})", server.role), executable, |command| {
        command.args(["-g", "-n", "1", "-c"]).arg(&file);
    })
}

/// Starts the recursive resolver. It walks the same roots, by its own code.
pub(crate) fn start_resolver(internet: &Internet, dir: &Path) -> Server {
    let executable = unconfined(dir, "unbound");
    let dir = dir.join("resolver");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("hints"), zones::hints()).unwrap();
    let path = dir.display();
    let [v4, v6] = RESOLVER;
    // `test.` is answered by unbound itself unless told otherwise (RFC 6761).
    let config = format!(
        "server:
  directory: \"{path}\"
  chroot: \"\"
  username: \"\"
  pidfile: \"\"
  use-syslog: no
  logfile: \"\"
  do-daemonize: no
  num-threads: 1
  interface: {v4}
  interface: {v6}
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  root-hints: \"{path}/hints\"
  module-config: \"iterator\"
  edns-buffer-size: 1232
  local-zone: \"test.\" nodefault
remote-control:
  control-enable: no
"
    );
    let file = dir.join("unbound.conf");
    fs::write(&file, config).unwrap();
    let mut server = Server::start(internet, &dir, "unbound", &executable, |command| {
        command.args(["-d", "-p", "-c"]).arg(&file);
    });
    let client = internet.client(Access::Full);
    for address in RESOLVER {
        // RD=0, and yet from the cache or by RFC 1034 §4.3.1 a referral: any reply shows that it listens.
        server.wait_until(|| try_dig(client, address, "version.bind", "TXT").is_some());
    }
    server
}
