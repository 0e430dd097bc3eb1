//! The signed internet: its zones are signed from the leaves up, served by three kinds of servers, and
//! walked by unbound, which trusts the same key as urltrace.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::signing::{self, Signed};
use super::zone::{Host, Signing, Zone};
use super::zones;
use crate::net::{Access, Addresses, Internet};
use crate::servers::{Server, Serves, start_name_servers, start_resolver};
use crate::zones::{KnotPolicy, NameServer, RESOLVER, SOA_NUMBERS, Software, addresses, hint_records, hints};
use crate::{Directory, Setting};

/// Everything that runs, in the order it has to go.
pub(crate) struct World {
    servers: Vec<Server>,
    pub(super) internet: Internet,
    /// What urltrace is given to begin with.
    pub(super) hints: PathBuf,
    pub(super) anchor: PathBuf,
    _dir: Directory,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = Directory::new("signed");
        let path = dir.path();
        let mut present: Vec<_> = Host::ALL.into_iter().flat_map(Host::addresses).collect();
        present.extend(RESOLVER);
        let internet = Internet::new(&Addresses {
            world: "signed",
            accesses: &[Access::Full],
            present: &present,
            resolver: RESOLVER,
            near: &[],
        });
        let served = serve(zones::all(), path);
        let mut servers = start_name_servers(&internet, path, &served.servers);
        servers.push(start_resolver(&internet, path, &Serves::Validated(&served.anchor)));
        let write = |name: &str, text: &str| {
            let file = path.join(name);
            fs::write(&file, text).unwrap();
            file
        };
        let (hints, anchor) = (write("hints", hints()), write("anchor", &served.anchor));
        Self { servers, internet, hints, anchor, _dir: dir }
    }
}

impl Setting for World {
    fn servers(&self) -> &[Server] {
        &self.servers
    }

    fn describe(&self) -> String {
        let client = &self.internet.client(Access::Full).namespace;
        let (hints, anchor) = (self.hints.display(), self.anchor.display());
        format!("client: {client}\nurltrace dns --root-hints {hints} --trust-anchor {anchor} NAME")
    }
}

/// Zones that are signed at the same time.
const TOGETHER: usize = 4;

struct Served {
    servers: Vec<NameServer>,
    anchor: String,
}

/// Signs all zones, each after those below it, and hands them to their servers.
fn serve(mut zones: Vec<Zone>, dir: &Path) -> Served {
    let depth = |zone: &Zone| if zone.name.is_empty() { 0 } else { zone.name.split('.').count() };
    zones.sort_by_key(|zone| std::cmp::Reverse(depth(zone)));
    let keys = dir.join("dnssec");
    let knot_dir = |host: Host| dir.join(host.role());
    let mut signed: Vec<(&Zone, Signed)> = Vec::new();
    for level in zones.chunk_by(|one, other| depth(one) == depth(other)) {
        for some in level.chunks(TOGETHER) {
            let text = |zone: &Zone| {
                let children = signed.iter().filter(|(child, _)| is_parent(zone, child, &zones));
                children.fold(head(zone), |text, (child, signed)| text + &delegation(child, &signed.ds))
            };
            let done: Vec<Signed> = std::thread::scope(|scope| {
                let sign = |zone| {
                    let (text, keys, knot) = (text(zone), &keys, knot_dir(zone.host));
                    scope.spawn(move || signing::sign(zone, text, keys, &knot))
                };
                let running: Vec<_> = some.iter().map(sign).collect();
                running.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            signed.extend(some.iter().zip(done));
        }
    }
    let root = &signed.last().unwrap().1;
    let anchor = signing::anchor(&root.text);
    let server = |host: Host| NameServer {
        role: host.role(),
        software: software(host, &zones),
        addresses: host.addresses(),
        zones: signed
            .iter()
            .filter_map(|(zone, signed)| {
                let text = match zone.unsigned_copy {
                    _ if zone.host == host => &signed.text,
                    Some(other) if other == host => &signed.plain,
                    _ => return None,
                };
                Some((if zone.name.is_empty() { "." } else { zone.name }, text.clone()))
            })
            .collect(),
    };
    Served { servers: Host::ALL.into_iter().map(server).collect(), anchor }
}

fn software(host: Host, zones: &[Zone]) -> Software {
    match host {
        Host::Root | Host::Bind => Software::Named,
        Host::TldNsd | Host::Nsd => Software::Nsd,
        Host::TldKnot | Host::Knot => {
            let policy = |zone: &Zone| match zone.signing {
                Signing::Knot { iterations, opt_out } if zone.host == host => {
                    Some(KnotPolicy { zone: zone.name, iterations, opt_out })
                }
                _ => None,
            };
            Software::Knot { signs: zones.iter().filter_map(policy).collect() }
        }
    }
}

/// Whether `child` hangs directly below `zone`.
fn is_parent(zone: &Zone, child: &Zone, all: &[Zone]) -> bool {
    let below =
        |child: &str, zone: &str| child != zone && (zone.is_empty() || child.ends_with(&format!(".{zone}")));
    below(child.name, zone.name)
        && !all.iter().any(|other| below(child.name, other.name) && below(other.name, zone.name))
}

/// What every zone has: SOA, NS, the server's addresses; then its own records.
fn head(zone: &Zone) -> String {
    if zone.name.is_empty() {
        let mut text = format!("$TTL 86400\n. IN SOA a.root-servers.net. nstld {SOA_NUMBERS}\n");
        for line in hint_records() {
            let _ = writeln!(text, "{line}");
        }
        return text + &zone.records;
    }
    let mut text = format!("$ORIGIN {}.\n$TTL 300\n", zone.name);
    let server = zone.server.unwrap_or("ns");
    let _ = writeln!(text, "@ IN SOA {server} hostmaster {SOA_NUMBERS}\n@ IN NS {server}");
    if zone.server.is_none() {
        text += &addresses("ns", &zone.host.addresses());
    }
    if let Some(host) = zone.unsigned_copy {
        let _ = writeln!(text, "@ IN NS a\n{}", addresses("a", &host.addresses()));
    }
    text + &zone.records
}

/// A child in its parent's zone.
fn delegation(child: &Zone, ds: &[String]) -> String {
    let own = format!("ns.{}.", child.name);
    let mut text = String::new();
    if let Some(host) = child.unsigned_copy {
        // Before the zone's own: it is asked first.
        let copy = format!("a.{}.", child.name);
        let _ = writeln!(text, "{}. IN NS {copy}\n{}", child.name, addresses(&copy, &host.addresses()));
    }
    let _ = writeln!(text, "{}. IN NS {}", child.name, child.server.unwrap_or(&own));
    if child.server.is_none() {
        text += &addresses(&own, &child.host.addresses());
    }
    ds.iter().fold(text, |text, line| text + line + "\n")
}
