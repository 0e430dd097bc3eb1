//! NSD and Knot: what differs between them and BIND is in here, all else in `servers`.

use std::fmt::Write;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::net::Internet;
use crate::servers::Server;
use crate::zones::{KnotPolicy, NameServer};

impl NameServer {
    /// Its directory, made when it is not there.
    pub(crate) fn directory(&self, parent: &Path) -> PathBuf {
        let dir = parent.join(self.role);
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    /// Writes its zones and returns their names and files.
    pub(crate) fn write_zones(&self, dir: &Path) -> Vec<(&'static str, String)> {
        let write = |(number, (zone, text)): (usize, &(&'static str, String))| {
            let file = format!("zone{number}");
            fs::write(dir.join(&file), text).unwrap();
            (*zone, file)
        };
        self.zones.iter().enumerate().map(write).collect()
    }

    fn each_address(&self, line: impl Fn(&IpAddr) -> String) -> String {
        self.addresses.iter().map(line).collect()
    }
}

pub(crate) fn start_nsd(internet: &Internet, dir: &Path, executable: &Path, server: &NameServer) -> Server {
    let dir = server.directory(dir);
    let path = dir.display();
    let addresses = server.each_address(|address| format!("  ip-address: {address}\n"));
    // Debian's NSD limits the rate of answers unless told otherwise.
    let mut config = format!(
        "server:
{addresses}  server-count: 1
  username: \"\"
  chroot: \"\"
  zonesdir: \"{path}\"
  database: \"\"
  pidfile: \"\"
  xfrdfile: \"{path}/xfrd.state\"
  zonelistfile: \"{path}/zone.list\"
  ipv4-edns-size: 1232
  ipv6-edns-size: 1232
  rrl-ratelimit: 0
remote-control:
  control-enable: no
"
    );
    for (zone, file) in server.write_zones(&dir) {
        let _ = write!(config, "zone:\n  name: \"{zone}\"\n  zonefile: \"{file}\"\n");
    }
    let file = dir.join("nsd.conf");
    fs::write(&file, config).unwrap();
    Server::start(internet, &dir, &format!("nsd ({})", server.role), executable, |command| {
        command.arg("-d").arg("-c").arg(&file);
    })
}

pub(crate) fn start_knot(
    internet: &Internet,
    dir: &Path,
    executable: &Path,
    server: &NameServer,
    signs: &[KnotPolicy],
) -> Server {
    let dir = server.directory(dir);
    let path = dir.display();
    let addresses = server.each_address(|address| format!("    listen: {address}@53\n"));
    let mut config = format!(
        "server:
    rundir: \"{path}\"
{addresses}    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    udp-max-payload: 1232
log:
  - target: stderr
    any: info
database:
    storage: \"{path}\"
"
    );
    for policy in signs {
        let KnotPolicy { zone, iterations, opt_out } = policy;
        let opt_out = if *opt_out { "on" } else { "off" };
        // `manual`: the keys are there already, their DS is in the parent.
        let _ = write!(
            config,
            "policy:
  - id: \"{zone}\"
    manual: on
    single-type-signing: on
    algorithm: ecdsap256sha256
    nsec3: on
    nsec3-iterations: {iterations}
    nsec3-salt-length: 4
    nsec3-opt-out: {opt_out}
"
        );
    }
    let _ = write!(
        config,
        "template:
  - id: default
    storage: \"{path}\"
    semantic-checks: off
    zonefile-sync: -1
    zonefile-load: whole
"
    );
    for (zone, file) in server.write_zones(&dir) {
        let _ = write!(config, "zone:\n  - domain: \"{zone}.\"\n    file: \"{file}\"\n");
        if signs.iter().any(|policy| policy.zone == zone) {
            let _ = write!(config, "    dnssec-signing: on\n    dnssec-policy: \"{zone}\"\n");
        }
    }
    let file = dir.join("knot.conf");
    fs::write(&file, config).unwrap();
    Server::start(internet, &dir, &format!("knotd ({})", server.role), executable, |command| {
        command.arg("-c").arg(&file);
    })
}
