//! A path of three routers, each a network namespace that forwards, between a client and an nginx and a Caddy: what `--route` finds,
//! against the path that was built and `traceroute -T`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::net::{Client, PREFIX, batch, etc_of, sweep_world};
use crate::servers::{Server, unconfined};
use crate::tools::{inside, must, program, run_at};
use crate::urltrace::{DNS, OK, Run, TCP, urltrace_at};
use crate::{Directory, Setting, Test};

pub(crate) const TESTS: &[Test<Routers>] = &[
    ("a_path_is_the_one_that_was_built_and_that_traceroute_finds", path),
    ("a_path_of_quic_is_found_by_datagrams", path_of_quic),
    ("a_silent_router_is_a_star_and_no_loss", silent),
    ("a_path_that_ends_on_the_way_says_so", forbidden),
    ("data_in_the_syn_is_told_as_the_kernel_counts_it", fast_open),
    ("data_in_the_syn_of_a_connection_that_never_was_is_its_failure", fast_open_unanswered),
    ("the_kernel_says_of_a_connection_what_ss_shows", told_by_ss),
    ("a_lost_request_is_a_finding_and_a_lost_acknowledgement_is_not", loss),
    ("a_lost_syn_is_a_finding", lost_syn),
    ("a_firewall_on_the_way_is_named_by_what_it_does", firewalls),
    ("a_route_of_this_machine_that_lets_nothing_through_is_named", barred),
];

/// What a link between two namespaces is numbered by; its ends are .1 and .2 of a network.
const LINKS: [(&str, &str); 4] = [("c", "r1"), ("r1", "r2"), ("r2", "r3"), ("r3", "s")];
/// The server.
const V4: &str = "10.90.4.2";
const V6: &str = "fd90:4::2";

/// The namespaces and what runs in them.
pub(crate) struct Routers {
    servers: Vec<Server>,
    client: Client,
    prefix: String,
    dir: Directory,
}

impl Setting for Routers {
    fn servers(&self) -> &[Server] {
        &self.servers
    }

    fn describe(&self) -> String {
        format!("client: {}\nserver: {V4}, {V6}", self.client.namespace)
    }
}

impl Drop for Routers {
    fn drop(&mut self) {
        self.servers.clear();
        sweep_world(&self.prefix);
    }
}

impl Routers {
    pub(crate) fn new() -> Self {
        let prefix = format!("{PREFIX}{}-routers-", std::process::id());
        let client = Client { namespace: format!("{prefix}c"), interface: "l1a".to_owned() };
        let mut world = Self { servers: Vec::new(), client, prefix, dir: Directory::new("routers") };
        for name in ["c", "r1", "r2", "r3", "s"] {
            must(Command::new(program("ip")).args(["netns", "add", &world.namespace(name)]));
            batch(&world.namespace(name), &["link set lo up".to_owned()]);
        }
        for (number, (near, far)) in (1..).zip(LINKS) {
            world.link(number, near, far);
        }
        for (name, routes) in [
            ("c", &["0.0.0.0/0 10.90.1.2", "::/0 fd90:1::2"][..]),
            ("r1", &["0.0.0.0/0 10.90.2.2", "::/0 fd90:2::2"]),
            (
                "r2",
                &["0.0.0.0/0 10.90.3.2", "::/0 fd90:3::2", "10.90.1.0/24 10.90.2.1", "fd90:1::/64 fd90:2::1"],
            ),
            ("r3", &["10.90.0.0/22 10.90.3.1", "fd90::/30 fd90:3::1"]),
            ("s", &["0.0.0.0/0 10.90.4.1", "::/0 fd90:4::1"]),
        ] {
            let lines = routes.iter().map(|route| {
                let (network, via) = route.split_once(' ').unwrap();
                format!("route add {network} via {via}")
            });
            batch(&world.namespace(name), &lines.collect::<Vec<_>>());
        }
        for router in ["r1", "r2", "r3"] {
            // Without the limit the tests need not wait for it: it has a test of its own.
            let settings = [
                "ipv4.ip_forward=1",
                "ipv6.conf.all.forwarding=1",
                "ipv4.icmp_ratelimit=0",
                "ipv6.icmp.ratelimit=0",
            ];
            world.sysctl(router, &settings);
        }
        world.sysctl("c", &["ipv4.tcp_fastopen=1"]);
        world.sysctl("s", &["ipv4.tcp_fastopen=3"]);
        world.start_web();
        world.start_http3();
        world.start_resolver();
        world
    }

    fn namespace(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn link(&self, number: u8, near: &str, far: &str) {
        let (near, far) = (self.namespace(near), self.namespace(far));
        let ends = [format!("l{number}a"), format!("l{number}b")];
        let link = ["link", "add", &ends[0], "netns", &near, "type", "veth"];
        must(Command::new(program("ip")).args(link).args(["peer", "name", &ends[1], "netns", &far]));
        for (place, (namespace, end)) in (1..).zip([near, far].iter().zip(&ends)) {
            let lines = [
                format!("addr add 10.90.{number}.{place}/24 dev {end}"),
                format!("addr add fd90:{number}::{place}/64 dev {end} nodad"),
                format!("link set {end} up"),
            ];
            batch(namespace, &lines);
        }
    }

    fn sysctl(&self, name: &str, settings: &[&str]) {
        let settings = settings.iter().map(|setting| format!("net.{setting}"));
        must(inside(&self.namespace(name), &program("sysctl")).arg("-qw").args(settings));
    }

    fn start_web(&mut self) {
        let dir = self.dir.path().join("web");
        fs::create_dir_all(dir.join("root")).unwrap();
        fs::write(dir.join("root/index.html"), "<!doctype html><title>far</title>\n").unwrap();
        fs::write(dir.join("root/big"), vec![b'x'; 400_000]).unwrap();
        let path = dir.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("  {what}_temp_path {path}/{what};\n"))
            .concat();
        let config = format!(
            "daemon off;\nmaster_process off;\nuser root;\npid {path}/pid;\nerror_log stderr warn;\n\
             events {{ worker_connections 64; }}\nhttp {{\n{temporary}  access_log off;\n  server {{\n    \
             listen {V4}:80 fastopen=16; listen [{V6}]:80 fastopen=16;\n    root {path}/root;\n    \
             location = /big {{ limit_rate 300k; }}\n  }}\n}}\n"
        );
        fs::write(dir.join("nginx.conf"), config).unwrap();
        let mut command = inside(&self.namespace("s"), &program("nginx"));
        command.arg("-p").arg(&dir).arg("-c").arg(dir.join("nginx.conf"));
        let mut nginx = Server::from_command("nginx", &dir, command);
        let curl = |host: &str| ["-qsSf", "-o", "/dev/null", &format!("http://{host}/")].map(str::to_owned);
        for host in [V4.to_owned(), format!("[{V6}]")] {
            nginx.wait_until(|| run_at(&self.client, &program("curl"), &curl(&host)).code == 0);
        }
        self.servers.push(nginx);
    }

    /// A Caddy, for HTTP/3.
    fn start_http3(&mut self) {
        let dir = self.dir.path().join("http3");
        fs::create_dir_all(&dir).unwrap();
        let names = format!("subjectAltName=IP:{V4},IP:{V6}");
        let certificate = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let files =
            ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=far", "-addext", &names];
        must(Command::new(program("openssl")).args(certificate).args(files).current_dir(&dir));
        let path = dir.display();
        let config = format!(
            "{{\n  admin off\n  auto_https off\n  default_sni {V4}\n  storage file_system {path}\n}}\n\
             https://{V4}, https://[{V6}] {{\n  tls {path}/cert.pem {path}/key.pem\n  respond far\n}}\n"
        );
        fs::write(dir.join("Caddyfile"), config).unwrap();
        let mut command = inside(&self.namespace("s"), &program("caddy"));
        command
            .env("HOME", &dir)
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(dir.join("Caddyfile"));
        let mut caddy = Server::from_command("caddy", &dir, command);
        for host in [V4.to_owned(), format!("[{V6}]")] {
            let curl = ["-qsSfk", "-o", "/dev/null", &format!("https://{host}/")].map(str::to_owned);
            caddy.wait_until(|| run_at(&self.client, &program("curl"), &curl).code == 0);
        }
        self.servers.push(caddy);
    }

    /// A resolver on the first router that knows the names of two.
    fn start_resolver(&mut self) {
        let dir = self.dir.path().join("resolver");
        fs::create_dir_all(&dir).unwrap();
        let path = dir.display();
        let config = format!(
            "server:\n  directory: \"{path}\"\n  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n  use-syslog: no\n  \
             do-daemonize: no\n  num-threads: 1\n  interface: 10.90.1.2\n  access-control: 0.0.0.0/0 allow\n  \
             local-zone: \".\" static\n  local-zone: \"90.10.in-addr.arpa\" static\n  \
             local-zone: \"0.9.d.f.ip6.arpa\" static\n  local-data-ptr: \"10.90.2.2 r2.path.test\"\n  \
             local-data-ptr: \"fd90:2::2 r2.path.test\"\n  local-data-ptr: \"{V4} far.path.test\"\n\
             remote-control:\n  control-enable: no\n"
        );
        fs::write(dir.join("unbound.conf"), config).unwrap();
        let mut command = inside(&self.namespace("r1"), &unconfined(self.dir.path(), "unbound"));
        command.args(["-d", "-p", "-c"]).arg(dir.join("unbound.conf"));
        let mut unbound = Server::from_command("unbound", &dir, command);
        let etc = etc_of(&self.client.namespace);
        fs::create_dir_all(&etc).unwrap();
        fs::write(etc.join("resolv.conf"), "nameserver 10.90.1.2\noptions timeout:1 attempts:1\n").unwrap();
        let dig = ["+short", "+time=1", "+tries=1", "@10.90.1.2", "-x", V4];
        unbound.wait_until(|| run_at(&self.client, &program("dig"), &dig).stdout.contains("far.path.test"));
        self.servers.push(unbound);
    }

    fn trace(&self, words: &str) -> Run {
        urltrace_at(&self.client, words).expect_exit(OK)
    }

    /// A rule of nftables in a namespace, until the returned value is dropped.
    fn rule(&self, name: &str, hook: &str, rule: &str) -> Rules {
        let rules = Rules(self.namespace(name));
        let chain = format!("chain c {{\ntype filter hook {hook} priority 0;\n{rule}\n}}");
        must(inside(&rules.0, &program("nft")).arg(format!("table inet tests {{\n{chain}\n}}")));
        rules
    }
}

struct Rules(String);

impl Drop for Rules {
    fn drop(&mut self) {
        let _ = inside(&self.0, &program("nft")).arg("delete table inet tests").status();
    }
}

/// TTL, address, and how many probes were answered.
fn shown(run: &Run) -> Vec<(u64, Option<String>, u64)> {
    let one = |hop: &Value| {
        let address = hop["address"].as_str().map(str::to_owned);
        assert_eq!((&hop["sent"], hop["rtt_us"].is_u64()), (&3.into(), address.is_some()), "{run}");
        (hop["ttl"].as_u64().unwrap(), address, hop["answered"].as_u64().unwrap())
    };
    run.list("/hops/0/route").iter().map(one).collect()
}

fn built(addresses: &[&str]) -> Vec<(u64, Option<String>, u64)> {
    (1..).zip(addresses).map(|(ttl, address)| (ttl, Some((*address).to_owned()), 3)).collect()
}

fn path(world: &Routers) {
    for (host, addresses) in [
        (V4.to_owned(), ["10.90.1.2", "10.90.2.2", "10.90.3.2", V4]),
        (format!("[{V6}]"), ["fd90:1::2", "fd90:2::2", "fd90:3::2", V6]),
    ] {
        let run = world.trace(&format!("--route http://{host}/"));
        assert_eq!(shown(&run), built(&addresses), "{run}");
        assert_eq!(run.text("/hops/0/route_end"), "reached", "{run}");
        assert_eq!(run.text("/hops/0/route/3/answer"), "reached", "{run}");
        assert_eq!(run.text("/hops/0/route/1/name"), "r2.path.test", "{run}");
        assert!(run.at("/hops/0/route/0/name").is_null(), "{run}");
        assert_eq!(run.number("/total_us"), run.number("/hops/0/end_us"), "not counted: {run}");
        // A closed port answers by RST, and is as far away.
        let numeric = ["-T", "-n", "-p", "80", "-q", "1", host.trim_matches(['[', ']'])];
        let other = run_at(&world.client, &program("traceroute"), &numeric);
        let seen: Vec<&str> =
            other.stdout.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
        assert_eq!(seen, addresses, "{}", other.stdout);
    }
    let without_rights =
        ["--reuid", "65534", "--clear-groups", env!("CARGO_BIN_EXE_urltrace"), "--format", "json"];
    let url = format!("tcp://{V4}:80");
    let words = [&without_rights[..], &["--route", &url]].concat();
    let output = run_at(&world.client, &program("setpriv"), &words);
    let document: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(document["hops"][0]["route_end"], "reached", "{output:?}");
}

fn path_of_quic(world: &Routers) {
    for (host, addresses) in [
        (V4.to_owned(), ["10.90.1.2", "10.90.2.2", "10.90.3.2", V4]),
        (format!("[{V6}]"), ["fd90:1::2", "fd90:2::2", "fd90:3::2", V6]),
    ] {
        let run = world.trace(&format!("-k --http3-only --route https://{host}/"));
        assert_eq!(run.text("/hops/0/http/version"), "HTTP/3", "{run}");
        assert_eq!(shown(&run), built(&addresses), "{run}");
        assert_eq!(run.text("/hops/0/route_end"), "reached", "{run}");
        assert_eq!(run.text("/hops/0/route/3/answer"), "reached", "{run}");
        assert_eq!(run.text("/hops/0/route/1/name"), "r2.path.test", "{run}");
        assert_eq!(run.number("/total_us"), run.number("/hops/0/end_us"), "not counted: {run}");
        // By datagrams to the port of QUIC: where they are dropped on the way, so ends what is known of it.
        let rules = world.rule("r2", "forward", "tcp dport 443 drop");
        let run = world.trace(&format!("-k --http3-only --route https://{host}/"));
        drop(rules);
        assert_eq!(shown(&run), built(&addresses), "{run}");
    }
}

fn silent(world: &Routers) {
    let _rules = world.rule("r2", "output", "meta l4proto { icmp, ipv6-icmp } drop");
    let run = world.trace(&format!("--route tcp://{V4}:80"));
    let mut wanted = built(&["10.90.1.2", "", "10.90.3.2", V4]);
    wanted[1] = (2, None, 0);
    assert_eq!(shown(&run), wanted, "{run}");
    assert!(run.list("/findings").is_empty(), "a silent router is blamed: {run}");
    let text = run_at(
        &world.client,
        Path::new(env!("CARGO_BIN_EXE_urltrace")),
        &["--route", &format!("tcp://{V4}:80")],
    );
    assert!(text.stdout.contains("Hop 2: no answer, and packets pass"), "{}", text.stdout);
}

fn forbidden(world: &Routers) {
    // Nothing for the port passes the second router but from the first connection's port.
    let rule = "tcp dport 80 tcp sport != 40123-40124 reject with icmpx admin-prohibited";
    let _rules = world.rule("r2", "forward", rule);
    for (host, ends_at) in [(V4.to_owned(), "10.90.2.2"), (format!("[{V6}]"), "fd90:2::2")] {
        let run = world.trace(&format!("--local-port 40123-40124 --route tcp://{host}:80"));
        assert_eq!(run.text("/hops/0/route_end"), "unreachable", "{run}");
        let last = run.list("/hops/0/route").last().unwrap();
        assert_eq!((&last["address"], &last["answer"]), (&ends_at.into(), &"unreachable".into()), "{run}");
    }
}

fn fast_open(world: &Routers) {
    let url = format!("--tcp-fastopen http://{V4}/");
    let forget = || {
        must(Command::new(program("ip")).args(["-n", &world.client.namespace, "tcp_metrics", "flush", "all"]))
    };
    let data_in_syns = || {
        let nstat = run_at(&world.client, &program("nstat"), &["-az", "TcpExtTCPFastOpenActive"]).stdout;
        let line = nstat.lines().find(|line| line.starts_with("TcpExtTCPFastOpenActive")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let field = |run: &Run, name: &str| run.at(&format!("/hops/0/connect/fast_open/{name}")).clone();
    forget();
    let before = data_in_syns();
    let first = world.trace(&url);
    assert_eq!((field(&first, "asked"), field(&first, "cookie")), (true.into(), "granted".into()), "{first}");
    assert!(
        field(&first, "data_accepted").is_null() && first.at("/hops/0/phases/connect_us").is_u64(),
        "{first}"
    );
    assert_eq!(data_in_syns(), before, "no data left in a SYN: {first}");
    let second = world.trace(&url);
    assert_eq!(
        (field(&second, "cookie"), field(&second, "data_accepted")),
        ("cached".into(), true.into()),
        "{second}"
    );
    assert_eq!(data_in_syns(), before + 1, "{second}");
    assert!(second.at("/hops/0/phases/connect_us").is_null(), "{second}");
    assert!(second.text("/hops/0/reasons/connect").contains("TCP Fast Open"), "{second}");
    assert!(second.at("/hops/0/connect/tcp_info").is_null(), "{second}");
    assert_eq!(second.number("/hops/0/http/status"), 200, "{second}");
    // The server knows it no more: the kernel sends the data again behind the handshake.
    world.sysctl("s", &["ipv4.tcp_fastopen=0"]);
    let refused = world.trace(&url);
    world.sysctl("s", &["ipv4.tcp_fastopen=3"]);
    assert_eq!(
        (field(&refused, "cookie"), field(&refused, "data_accepted")),
        ("cached".into(), false.into()),
        "{refused}"
    );
    assert!(refused.text("/hops/0/connect/fast_open/result").starts_with("refused"), "{refused}");
    // Nor did a server that never did.
    world.sysctl("s", &["ipv4.tcp_fastopen=0"]);
    forget();
    let none = world.trace(&url);
    world.sysctl("s", &["ipv4.tcp_fastopen=3"]);
    assert_eq!(
        (field(&none, "cookie"), field(&none, "data_accepted")),
        ("none".into(), Value::Null),
        "{none}"
    );
    world.sysctl("c", &["ipv4.tcp_fastopen=0"]);
    let forbidden = world.trace(&url);
    world.sysctl("c", &["ipv4.tcp_fastopen=1"]);
    assert_eq!(
        (field(&forbidden, "asked"), field(&forbidden, "cookie")),
        (false.into(), Value::Null),
        "{forbidden}"
    );
}

fn fast_open_unanswered(world: &Routers) {
    world.trace(&format!("--tcp-fastopen http://{V4}/"));
    // A cookie is for an address, whatever the port.
    let run = urltrace_at(&world.client, &format!("--tcp-fastopen http://{V4}:81/"));
    let run = run.expect_failure(TCP, "tcp", "connect-failed");
    assert!(run.at("/hops/0/http").is_null() && run.at("/hops/0/connect/winner").is_null(), "{run}");
    assert!(run.at("/hops/0/phases/connect_us").is_u64(), "{run}");
    // Nothing is ever sent: no data goes with a port that is only tried.
    let run = world.trace(&format!("--tcp-fastopen tcp://{V4}:80"));
    assert!(run.number("/hops/0/phases/connect_us") > 0, "{run}");
}

fn told_by_ss(world: &Routers) {
    let (run, shown) = beside_ss(world);
    let value = |name: &str| {
        let word = shown.split_whitespace().find_map(|word| word.strip_prefix(name));
        word.unwrap_or_else(|| panic!("no {name} in {shown}")).to_owned()
    };
    let info = |name: &str| run.number(&format!("/hops/0/connect/tcp_info_after/{name}"));
    for (of_ss, own) in [
        ("mss:", "mss"),
        ("pmtu:", "path_mtu"),
        ("cwnd:", "congestion_window"),
        ("bytes_sent:", "bytes_sent"),
        ("bytes_acked:", "bytes_acked"),
    ] {
        assert_eq!(value(of_ss), info(own).to_string(), "{shown}\n{run}");
    }
    let least: f64 = value("minrtt:").parse().unwrap();
    assert!((least * 1000.0 - info("min_rtt_us") as f64).abs() < 1.0, "{shown}\n{run}");
    let (rtt, varies) =
        value("rtt:").split_once('/').map(|(rtt, varies)| (rtt.to_owned(), varies.to_owned())).unwrap();
    for (of_ss, own) in [(rtt, "rtt_us"), (varies, "rtt_var_us")] {
        let of_ss = of_ss.parse::<f64>().unwrap() * 1000.0;
        assert!((of_ss - info(own) as f64).abs() < 2.0, "{own}: {shown}\n{run}");
    }
    assert_eq!((info("retransmits"), info("duplicates")), (0, 0), "{run}");
    // ss has a word on what was sent again only where something was.
    assert!(!shown.contains("retrans:"), "{shown}");
    let rules = world.rule("r1", "forward", "tcp dport 80 tcp flags & psh == psh quota until 300 bytes drop");
    let (run, shown) = beside_ss(world);
    drop(rules);
    let again = shown.split_whitespace().find_map(|word| word.strip_prefix("retrans:0/")).map(str::to_owned);
    let info = |name: &str| run.number(&format!("/hops/0/connect/tcp_info_after/{name}"));
    assert_eq!(again, Some(info("retransmits").to_string()), "{shown}\n{run}");
    let sent_again = shown.split_whitespace().find_map(|word| word.strip_prefix("bytes_retrans:"));
    assert_eq!(sent_again, Some(&info("bytes_retransmitted").to_string()[..]), "{shown}\n{run}");
}

/// A run with a body that nginx holds back, and what ss says of its connection in the middle of that.
fn beside_ss(world: &Routers) -> (Run, String) {
    std::thread::scope(|scope| {
        let run = scope.spawn(|| world.trace(&format!("http://{V4}/big")));
        std::thread::sleep(std::time::Duration::from_millis(700)); // in the middle of the body, as nginx holds it back
        let shown = run_at(&world.client, &program("ss"), &["-tinH", "dst", &format!("{V4}:80")]).stdout;
        (run.join().unwrap(), shown)
    })
}

fn ids(run: &Run) -> Vec<&str> {
    run.list("/findings").iter().filter_map(|finding| finding["id"].as_str()).collect()
}

fn loss(world: &Routers) {
    let url = format!("http://{V4}/");
    assert!(!ids(&world.trace(&url)).contains(&"tcp-data-lost"));
    // The first packet with data is dropped, the second not: a quota counts the one that breaks it.
    let rules = world.rule("r1", "forward", "tcp dport 80 tcp flags & psh == psh quota until 300 bytes drop");
    let run = world.trace(&url);
    drop(rules);
    assert!(ids(&run).contains(&"tcp-data-lost"), "{run}");
    assert!(!run.text("/verdict/summary").contains("thought"), "the server is blamed: {run}");
    let after = |name: &str| run.number(&format!("/hops/0/connect/tcp_info_after/{name}"));
    assert!(
        after("retransmits") >= 1 && after("duplicates") == 0 && after("bytes_retransmitted") > 0,
        "{run}"
    );
    // What the server says is dropped until it says that it has had the request twice: that was not lost.
    let rules = world.rule(
        "r1",
        "forward",
        "tcp sport 80 tcp flags & syn == 0 tcp option sack missing quota until 900 bytes drop",
    );
    let run = world.trace(&url);
    drop(rules);
    let after = |name: &str| run.number(&format!("/hops/0/connect/tcp_info_after/{name}"));
    assert!(after("retransmits") >= 1 && after("duplicates") == after("retransmits"), "{run}");
    assert!(!ids(&run).contains(&"tcp-data-lost"), "{run}");
    assert!(!run.text("/verdict/summary").contains("thought"), "the server is blamed: {run}");
}

fn lost_syn(world: &Routers) {
    let _rules = world.rule("r1", "forward", "tcp dport 80 tcp flags & syn == syn quota until 90 bytes drop");
    let run = world.trace(&format!("http://{V4}/"));
    assert!(ids(&run).contains(&"tcp-syn-retransmitted") && !ids(&run).contains(&"tcp-data-lost"), "{run}");
    assert_eq!(run.number("/hops/0/connect/attempts/0/syn_retransmits"), 1, "{run}");
    assert!(run.number("/hops/0/phases/connect_us") > 900_000, "{run}");
}

fn firewalls(world: &Routers) {
    let forward = |rule: &str| world.rule("r2", "forward", rule);
    for host in [V4.to_owned(), format!("[{V6}]")] {
        let run = |words: &str| urltrace_at(&world.client, format!("{words} http://{host}/").trim_start());
        let rules = forward("tcp dport 80 tcp flags & syn == syn drop");
        run("--connect-timeout 0.5").expect_failure(TCP, "tcp", "connect-timeout");
        drop(rules);
        for (kind, words) in [
            ("admin-prohibited", "forbidden by a firewall, "),
            ("host-unreachable", "host unreachable, "),
            ("no-route", "no route to its network, "),
        ] {
            let rules = forward(&format!("tcp dport 80 reject with icmpx {kind}"));
            let run = run("--connect-timeout 5").expect_failure(TCP, "tcp", "unreachable");
            assert!(run.number("/total_us") < 2_000_000, "{kind}: {run}");
            let message = run.text("/failure/message");
            assert!(message.contains(words) && message.ends_with(" says by ICMP"), "{kind}: {message}");
            drop(rules);
        }
        let rules = forward("tcp dport 80 reject with tcp reset");
        run("").expect_failure(TCP, "tcp", "connection-refused");
        drop(rules);
    }
}

fn barred(world: &Routers) {
    const TO: &str = "198.51.100.1";
    let client = &world.client;
    let route = |verb: &str, kind: &str| {
        must(Command::new("ip").args(["-n", &client.namespace, "route", verb, kind, TO]));
    };
    for (kind, words) in [
        ("blackhole", "invalid argument (a route of this machine of type blackhole)"),
        ("prohibit", "permission denied (a route of this machine of type prohibit, or a policy of its own)"),
        ("unreachable", "no route to host (a route of this machine of type unreachable)"),
    ] {
        route("add", kind);
        for way in [format!("http://{TO}/"), format!("--http3 https://{TO}/")] {
            let run = urltrace_at(client, &way).expect_failure(TCP, "tcp", "unreachable");
            assert!(run.text("/failure/message").contains(words), "{way}: {run}");
            assert!(
                run.text("/failure/hint").contains("a route of this machine lets nothing through"),
                "{run}"
            );
        }
        for scheme in ["", "tcp://", "tls://", "quic://"] {
            let way = format!("--resolver {scheme}{TO} http://www.example.com/");
            let run = urltrace_at(client, &way).expect_failure(DNS, "dns", "resolver-failed");
            let message = run.text("/failure/message");
            assert!(message.contains(&format!(" could not be asked: {words}")), "{way}: {message}");
            assert!(run.number("/total_us") < 1_000_000, "{way}: {run}");
        }
        route("del", kind);
    }
}
