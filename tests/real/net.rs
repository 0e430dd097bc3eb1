//! Network namespaces: one for the internet with its real root addresses, one for each kind of client.
//!
//! Nothing here ever touches the machine's own network: every interface is made inside a namespace of
//! this process, and none forwards but those of `routers`. Firewalls are routing rules, so that no packet filter has to
//! be installed. Namespaces carry the process id in their names and go when [`Internet`] is dropped.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::relay::Relay;
use crate::tools::{must, program};

/// What stands between a client and the internet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything is reachable, by both families.
    Full,
    /// No IPv4 at all.
    Ipv6Only,
    /// Everything, and all of it this many milliseconds away (a round trip).
    Far(u16),
    /// Both families, but every DNS packet over IPv4 is dropped.
    Ipv4DnsDropped,
    /// DNS goes to the configured resolver only; questions to anyone else are dropped.
    DnsWalled,
    /// Routes to the resolver and the web servers only: the kernel knows no way to a root server.
    NoRouteToRoots,
    /// Routes to everywhere, and every packet is dropped.
    AllDropped,
    /// No route at all.
    Offline,
}

/// A namespace that programs run in as clients.
pub(crate) struct Client {
    /// The namespace's name.
    pub(crate) namespace: String,
    /// Its interface.
    pub(crate) interface: String,
}

/// The namespaces of one world.
pub(crate) struct Internet {
    /// The namespace that all servers are in.
    pub(crate) servers: String,
    /// The beginning of the names of all its namespaces.
    prefix: String,
    clients: Vec<(Access, Client)>,
    /// What lies between far clients and the servers.
    relays: Vec<Relay>,
}

/// What the namespaces are to be made of.
pub(crate) struct Addresses<'a> {
    /// A word of its own for each world of a process.
    pub(crate) world: &'a str,
    /// The clients that are there.
    pub(crate) accesses: &'a [Access],
    /// Every address that is there, whether somebody listens or not.
    pub(crate) present: &'a [IpAddr],
    /// The addresses of the recursive resolver: IPv4, IPv6.
    pub(crate) resolver: [IpAddr; 2],
    /// The networks that [`Access::NoRouteToRoots`] still reaches.
    pub(crate) near: &'a [&'a str],
}

/// Every kind of client.
pub(crate) const ACCESSES: [Access; 8] = [
    Access::Full,
    Access::Ipv6Only,
    Access::Ipv4DnsDropped,
    Access::DnsWalled,
    Access::NoRouteToRoots,
    Access::AllDropped,
    Access::Offline,
    FAR,
];

/// A path across a continent.
pub(crate) const FAR: Access = Access::Far(20);

impl Internet {
    /// Makes all namespaces, addresses and routes.
    pub(crate) fn new(addresses: &Addresses<'_>) -> Self {
        sweep_dead();
        let prefix = format!("{PREFIX}{}-{}-", std::process::id(), addresses.world);
        let mut internet =
            Self { servers: format!("{prefix}net"), prefix, clients: Vec::new(), relays: Vec::new() };
        must(Command::new(program("ip")).args(["netns", "add", &internet.servers]));
        let mut lines = vec!["link set lo up".to_owned()];
        lines.extend(addresses.present.iter().map(|address| {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            format!("addr add {address}/{bits} dev lo")
        }));
        batch(&internet.servers, &lines);
        // The table of local addresses comes first by default: a rule could never drop what is for one.
        for family in ["-4", "-6"] {
            let rule = |words: &str| {
                let all = [family, "-n", &internet.servers, "rule"].into_iter().chain(words.split(' '));
                must(Command::new(program("ip")).args(all));
            };
            rule("add pref 100 lookup local");
            rule("del pref 0");
        }
        for (index, access) in addresses.accesses.iter().enumerate() {
            internet.add_client(u8::try_from(index).unwrap() + 1, *access, addresses);
        }
        internet
    }

    /// The client with that access.
    pub(crate) fn client(&self, access: Access) -> &Client {
        &self.clients.iter().find(|(of, _)| *of == access).unwrap().1
    }

    /// What resolves names among the servers asks the resolver, as clients do.
    pub(crate) fn resolve_among_servers(&self) {
        let etc = etc_of(&self.servers);
        fs::create_dir_all(&etc).unwrap();
        fs::write(etc.join("resolv.conf"), format!("nameserver {}\n", crate::zones::RESOLVER[0])).unwrap();
    }

    /// Drops every packet to an address until the returned value is dropped.
    pub(crate) fn drop_packets_to(&self, address: IpAddr) -> Dropping {
        self.silence(address);
        Dropping { servers: self.servers.clone(), address }
    }

    /// Drops every packet to an address. What nobody has would be answered by ICMP: there is no route.
    pub(crate) fn silence(&self, address: IpAddr) {
        must(&mut blackhole(&self.servers, "add", address));
    }

    fn add_client(&mut self, number: u8, access: Access, addresses: &Addresses<'_>) {
        let namespace = format!("{}c{number}", self.prefix);
        must(Command::new(program("ip")).args(["netns", "add", &namespace]));
        let interface = "wan".to_owned();
        let peer = format!("c{number}");
        self.clients.push((access, Client { namespace: namespace.clone(), interface: interface.clone() }));
        let ip = |words: &[&str]| must(Command::new(program("ip")).args(words));
        if let Access::Far(round_trip) = access {
            let round_trip = Duration::from_millis(round_trip.into());
            self.relays.push(Relay::start(&namespace, [&interface, &peer], round_trip));
            ip(&["-n", &namespace, "link", "set", &peer, "netns", &self.servers]);
        } else {
            let near = ["link", "add", &interface, "netns", &namespace, "type", "veth"];
            ip(&[&near[..], &["peer", "name", &peer, "netns", &self.servers]].concat());
        }

        let (near4, far4) = (format!("10.77.{number}.2"), format!("10.77.{number}.1"));
        let (near6, far6) = (format!("fd77:{number}::2"), format!("fd77:{number}::1"));
        batch(
            &self.servers,
            &[
                format!("addr add {far4}/24 dev {peer}"),
                format!("addr add {far6}/64 dev {peer} nodad"),
                format!("link set {peer} up"),
            ],
        );
        let mut lines =
            vec!["link set lo up".to_owned(), format!("addr add {near6}/64 dev {interface} nodad")];
        if access != Access::Ipv6Only {
            lines.push(format!("addr add {near4}/24 dev {interface}"));
        }
        lines.push(format!("link set {interface} up"));
        let mut via = |network: &str| {
            let far = if network.contains(':') { &far6 } else { &far4 };
            lines.push(format!("route add {network} via {far}"));
        };
        match access {
            Access::Full
            | Access::Far(_)
            | Access::Ipv4DnsDropped
            | Access::DnsWalled
            | Access::AllDropped => {
                via("0.0.0.0/0");
                via("::/0");
            }
            Access::Ipv6Only => via("::/0"),
            Access::NoRouteToRoots => addresses.near.iter().for_each(|network| via(network)),
            Access::Offline => {}
        }
        batch(&namespace, &lines);

        let [resolver4, resolver6] = addresses.resolver;
        let drop_dns = |from: &str| {
            ["udp", "tcp"]
                .map(|protocol| format!("rule add pref 20 from {from} ipproto {protocol} dport 53 blackhole"))
        };
        let rules: Vec<String> = match access {
            Access::Ipv4DnsDropped => drop_dns(&near4).into(),
            Access::DnsWalled => [&near4, &near6]
                .into_iter()
                .zip([resolver4, resolver6])
                .flat_map(|(from, resolver)| {
                    let allow = format!("rule add pref 10 from {from} to {resolver} lookup local");
                    std::iter::once(allow).chain(drop_dns(from))
                })
                .collect(),
            Access::AllDropped => {
                [&near4, &near6].map(|from| format!("rule add pref 20 from {from} blackhole")).into()
            }
            Access::Full | Access::Far(_) | Access::Ipv6Only | Access::NoRouteToRoots | Access::Offline => {
                Vec::new()
            }
        };
        batch(&self.servers, &rules);

        // `ip netns exec` lays these files over those in /etc.
        let etc = etc_of(&namespace);
        fs::create_dir_all(&etc).unwrap();
        let resolver = if access == Access::Ipv6Only { resolver6 } else { resolver4 };
        fs::write(etc.join("resolv.conf"), format!("nameserver {resolver}\noptions timeout:1 attempts:1\n"))
            .unwrap();
        // Some programs look their machine's own name up; that must not become a DNS packet.
        let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        fs::write(etc.join("hosts"), format!("127.0.0.1 localhost {machine}\n::1 localhost {machine}\n"))
            .unwrap();
    }
}

/// An address that gets no packets; see [`Internet::drop_packets_to`].
pub(crate) struct Dropping {
    servers: String,
    address: IpAddr,
}

fn blackhole(servers: &str, verb: &str, address: IpAddr) -> Command {
    let family = if address.is_ipv4() { "-4" } else { "-6" };
    let mut command = Command::new(program("ip"));
    command.args([family, "-n", servers, "rule", verb, "pref", "5", "to", &address.to_string(), "blackhole"]);
    command
}

impl Drop for Dropping {
    fn drop(&mut self) {
        let _ = blackhole(&self.servers, "del", self.address).status();
    }
}

impl Drop for Internet {
    fn drop(&mut self) {
        sweep_world(&self.prefix);
    }
}

/// Before the process id in the name of every namespace of these tests.
pub(crate) const PREFIX: &str = "urltrace-";

/// Removes what runs left behind that could not clean up (SIGKILL).
fn sweep_dead() {
    sweep(|_, process| !Path::new(&format!("/proc/{process}")).exists());
}

/// Removes the namespaces of one world.
pub(crate) fn sweep_world(prefix: &str) {
    sweep(|namespace, _| namespace.starts_with(prefix));
}

/// Removes everything of this run, from any thread.
pub(crate) fn sweep_own() {
    sweep(|_, process| process == std::process::id());
}

/// Ends what runs in the namespaces that `chosen` picks by name and process id, and removes them.
fn sweep(chosen: impl Fn(&str, u32) -> bool) {
    let ip = |words: &[&str]| {
        let output = Command::new(program("ip")).args(words).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
    };
    for line in ip(&["netns", "list"]).lines() {
        // "name (id: 3)"
        let namespace = line.split(' ').next().unwrap_or_default();
        let Some((process, _)) = namespace.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')) else {
            continue;
        };
        if !process.parse().is_ok_and(|process| chosen(namespace, process)) {
            continue;
        }
        for inside in ip(&["netns", "pids", namespace]).lines() {
            // The shell's own: not every machine has /bin/kill.
            let _ = Command::new("sh").args(["-c", "kill -KILL \"$1\"", "sh", inside]).status();
        }
        ip(&["netns", "del", namespace]);
        let _ = fs::remove_dir_all(etc_of(namespace));
    }
}

pub(crate) fn etc_of(namespace: &str) -> PathBuf {
    Path::new("/etc/netns").join(namespace)
}

/// Runs many `ip` commands in a namespace by one process.
pub(crate) fn batch(namespace: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    // `ip -batch` takes the family of a rule or route from its own options only.
    for (family, of_family) in [("-4", false), ("-6", true)] {
        let chosen: Vec<&str> =
            lines.iter().map(String::as_str).filter(|line| line.contains(':') == of_family).collect();
        let text = chosen.join("\n") + "\n";
        crate::tools::must_with_input(
            Command::new(program("ip")).args([family, "-n", namespace, "-batch", "-"]),
            &text,
        );
    }
}
