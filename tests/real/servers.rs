//! The servers: BIND, unbound, nginx and a slow upstream, each in the foreground with its own directory.
//! NSD and Knot are set up in `software`.
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
use crate::software;
use crate::tools::{hasten, inside, program};
use crate::web::Certificates;
use crate::zones::{self, NameServer, RESOLVER, Software};

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
            thread::sleep(POLL); // nothing tells that a server is up but its answer
        }
    }

    /// Lets it go before others.
    pub(crate) fn hasten(&self) {
        hasten(self.child.id());
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

/// Starts authoritative servers.
pub(crate) fn start_name_servers(internet: &Internet, dir: &Path, all: &[NameServer]) -> Vec<Server> {
    let start = |one: &NameServer| match &one.software {
        Software::Named => start_named(internet, dir, &unconfined(dir, "named"), one),
        Software::Nsd => software::start_nsd(internet, dir, &unconfined(dir, "nsd"), one),
        Software::Knot { signs } => {
            software::start_knot(internet, dir, &unconfined(dir, "knotd"), one, signs)
        }
    };
    let mut servers: Vec<Server> = all.iter().map(start).collect();
    let client = internet.client(Access::Full);
    for (server, one) in servers.iter_mut().zip(all) {
        // A server has all its zones at each of its addresses.
        let first_zone = one.addresses.iter().map(|address| (*address, one.zones[0].0));
        let first_address = one.zones.iter().skip(1).map(|(zone, _)| (one.addresses[0], *zone));
        for (address, zone) in first_zone.chain(first_address) {
            server.wait_until(|| {
                try_dig(client, address, zone, "SOA")
                    .is_some_and(|reply| reply.authoritative && reply.rcode == "NOERROR")
            });
        }
    }
    servers
}

fn start_named(internet: &Internet, dir: &Path, executable: &Path, server: &NameServer) -> Server {
    let dir = server.directory(dir);
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
    for (zone, file) in server.write_zones(&dir) {
        config += &format!("zone \"{zone}\" {{ type primary; file \"{file}\"; check-names ignore; }};\n");
    }
    let file = dir.join("named.conf");
    fs::write(&file, config).unwrap();
    // One thread each: the tests measure times on machines with few cores.
    Server::start(internet, &dir, &format!("named ({})", server.role), executable, |command| {
        command.args(["-g", "-n", "1", "-c"]).arg(&file);
    })
}

/// What the recursive resolver is for.
pub(crate) enum Serves<'a> {
    /// Clients by UDP, TCP, TLS and HTTPS, without validation.
    Everybody(&'a Certificates),
    /// Validated answers, from this trust anchor.
    Validated(&'a str),
}

/// Starts the recursive resolver. It walks the same roots, by its own code. A trust anchor is a file of its
/// own, because it may write to it.
pub(crate) fn start_resolver(internet: &Internet, dir: &Path, serves: &Serves<'_>) -> Server {
    let executable = unconfined(dir, "unbound");
    let dir = dir.join("resolver");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("hints"), zones::hints()).unwrap();
    let path = dir.display();
    let [v4, v6] = RESOLVER;
    let own = match serves {
        Serves::Everybody(Certificates { chain, key, .. }) => {
            let listen = |port: u16| format!("  interface: {v4}@{port}\n  interface: {v6}@{port}\n");
            format!(
                "module-config: \"iterator\"
{}{}  tls-service-key: \"{}\"
  tls-service-pem: \"{}\"",
                listen(443),
                listen(853),
                key.display(),
                chain.display(),
            )
        }
        Serves::Validated(anchor) => {
            fs::write(dir.join("anchor"), anchor).unwrap();
            // Every question is to be answered by the zones' own words, none by what was proven before.
            format!(
                "module-config: \"validator iterator\"
  trust-anchor-file: \"{path}/anchor\"
  aggressive-nsec: no
  harden-below-nxdomain: no
  qname-minimisation: no
  prefetch: no"
            )
        }
    };
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
  {own}
  edns-buffer-size: 1232
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
