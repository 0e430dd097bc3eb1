//! Gateways of the world in front of an origin that thinks for a known time: nginx as a cache, HAProxy and Varnish.
//! Who stood on the way, what its cache did, who made an error, and what a gateway adds of its own.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::cases::on_a_quiet_moment;
use crate::origin::{ROLE, THINKS};
use crate::path::Path;
use crate::servers::Server;
use crate::tools::{inside, program, run_at};
use crate::urltrace::{OK, Run, urltrace_at};
use crate::{Directory, Setting, Test};

pub(crate) const TESTS: &[Test<Gateways>] = &[
    (
        "gateways: what the cache of nginx did is told in its words and in those of the standard",
        nginx_as_cache,
    ),
    ("gateways: each is told in its place, and by name where two fields agree", in_order),
    ("gateways: whoever made an error is named, and nobody in front or behind", errors),
    ("gateways: what a gateway adds to the wait is found", overhead),
    ("gateways: the time that a copy tells of is nobody's now", copies),
];

const ROUND_TRIP: Duration = Duration::from_millis(20);
const ADDRESS: &str = "10.92.0.2";
/// What a gateway that is told to holds a request back.
const HOLDS_BACK: Duration = Duration::from_millis(120);
/// As far as a gateway's own overhead may be told wrong, the millisecond that its clock leaves off included.
const EXACT: Duration = Duration::from_millis(2);

/// Where each of them listens; the origin on the loopback alone.
const ORIGIN: &str = "127.0.0.1:7000";
const NOBODY: &str = "127.0.0.1:7999";
const NGINX: u16 = 8001;
const NGINX_STANDARD: u16 = 8002;
const HAPROXY: u16 = 8003;
const HAPROXY_BEFORE_VARNISH: u16 = 8004;
const VARNISH: u16 = 8005;
const NGINX_BEFORE_VARNISH: u16 = 8006;

/// The namespaces and what runs in them.
pub(crate) struct Gateways {
    servers: Vec<Server>,
    path: Path,
    dir: Directory,
}

impl Setting for Gateways {
    fn servers(&self) -> &[Server] {
        &self.servers
    }

    fn describe(&self) -> String {
        format!("client: {}\ngateways: {ADDRESS}:{NGINX}-{NGINX_BEFORE_VARNISH}", self.path.client.namespace)
    }
}

impl Gateways {
    pub(crate) fn new() -> Self {
        let path = Path::new("gateways", ["10.92.0.1", ADDRESS], ROUND_TRIP);
        let mut world = Self { servers: Vec::new(), path, dir: Directory::new("gateways") };
        let own = std::env::current_exe().unwrap();
        world.start("origin", &own, |command, _| {
            command.args([ROLE, ORIGIN]);
        });
        world.start("nginx", &program("nginx"), |command, dir| {
            fs::write(dir.join("nginx.conf"), nginx_config(dir)).unwrap();
            command.arg("-p").arg(dir).arg("-c").arg(dir.join("nginx.conf"));
        });
        world.start("haproxy", &program("haproxy"), |command, dir| {
            fs::write(dir.join("hold.lua"), HOLD).unwrap();
            fs::write(dir.join("haproxy.cfg"), haproxy_config(dir)).unwrap();
            command.arg("-db").arg("-f").arg(dir.join("haproxy.cfg"));
        });
        world.start("varnishd", &program("varnishd"), |command, dir| {
            fs::write(dir.join("own.vcl"), vcl()).unwrap();
            command
                .arg("-F")
                .arg("-a")
                .arg(format!("{ADDRESS}:{VARNISH}"))
                .arg("-f")
                .arg(dir.join("own.vcl"));
            // It compiles what it is told, and the compiler looks for itself.
            command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
            // No user of its own: the files of the tests are root's.
            command.arg("-n").arg(dir.join("work")).args(["-s", "malloc,8m", "-j", "none"]);
        });
        // In the order in which they were started, the origin first.
        let ready = [
            (1, NGINX),
            (1, NGINX_STANDARD),
            (2, HAPROXY),
            (3, VARNISH),
            (2, HAPROXY_BEFORE_VARNISH),
            (1, NGINX_BEFORE_VARNISH),
        ];
        for (server, port) in ready {
            let url = format!("http://{ADDRESS}:{port}/ready");
            let (client, server) = (&world.path.client, &mut world.servers[server]);
            server.wait_until(|| {
                run_at(client, &program("curl"), &["-qsSf", "-o", "/dev/null", &url]).code == 0
            });
        }
        world
    }

    /// Starts a program with a directory of its own; it goes before others: what it is late by looks like its own time.
    fn start(
        &mut self,
        role: &str,
        executable: &std::path::Path,
        words: impl FnOnce(&mut Command, &std::path::Path),
    ) {
        let dir = self.dir.path().join(role);
        fs::create_dir(&dir).unwrap();
        let mut command = inside(&self.path.server, executable);
        words(&mut command, &dir);
        let server = Server::from_command(role, &dir, command);
        server.hasten();
        self.servers.push(server);
    }

    /// Traces a path at one of them.
    fn trace(&self, port: u16, path: &str) -> Run {
        urltrace_at(&self.path.client, &format!("http://{ADDRESS}:{port}{path}")).expect_exit(OK)
    }
}

fn nginx_config(dir: &std::path::Path) -> String {
    let dir = dir.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("  {what}_temp_path {dir}/{what};\n"))
        .concat();
    let common = "proxy_cache kept; proxy_cache_key $server_port$uri; proxy_cache_bypass $arg_bypass;
    proxy_read_timeout 600ms; proxy_cache_use_stale error timeout updating;";
    // A header time is `0.150`: what stands behind the point are milliseconds.
    format!(
        r#"daemon off; master_process off; user root; pid {dir}/pid; error_log stderr warn;
events {{ worker_connections 64; }}
http {{
{temporary}  access_log off;
  proxy_cache_path {dir}/cache keys_zone=kept:1m;
  limit_req_zone $request_uri zone=once:1m rate=1r/m;
  map $arg_dead $behind {{ default {ORIGIN}; 1 {NOBODY}; }}
  map $upstream_header_time $took {{ default ""; "~^0\.0*(?<digits>[0-9]+)$" $digits; }}
  map $upstream_cache_status $said {{
    default ""; HIT "nginx; hit"; MISS "nginx; fwd=uri-miss; stored"; EXPIRED "nginx; fwd=stale; stored";
    STALE "nginx; hit; ttl=-1"; BYPASS "nginx; fwd=bypass";
  }}
  server {{
    listen {ADDRESS}:{NGINX}; {common}
    location / {{
      proxy_pass http://$behind;
      add_header X-Cache-Status $upstream_cache_status always;
      add_header Server-Timing "upstream;dur=$took" always;
    }}
    location /limited {{ limit_req zone=once; proxy_pass http://$behind; }}
  }}
  server {{
    listen {ADDRESS}:{NGINX_STANDARD}; {common}
    location / {{ proxy_pass http://$behind; add_header Cache-Status $said always; }}
  }}
  server {{
    listen {ADDRESS}:{NGINX_BEFORE_VARNISH}; {common}
    location / {{ proxy_pass http://{ADDRESS}:{VARNISH}; add_header Cache-Status $said always; }}
  }}
}}
"#
    )
}

/// An action of HAProxy that holds a request back.
const HOLD: &str = "core.register_action('hold', {'http-req'}, function() core.msleep(120) end)\n";

fn haproxy_config(dir: &std::path::Path) -> String {
    let front = |name: &str, port: u16, behind: &str| {
        format!(
            "frontend {name}
  bind {ADDRESS}:{port}
  http-request lua.hold if {{ path_beg /held }}
  use_backend nobody if {{ path_beg /dead }}
  default_backend {behind}
  http-response add-header Server-Timing \"origin;dur=%Tr\"
  http-after-response add-header Via \"1.1 haproxy\"
"
        )
    };
    format!(
        "global
  lua-load {}/hold.lua
defaults
  mode http
  timeout connect 500ms
  timeout client 5s
  timeout server 600ms
  retries 0
{}{}backend origin
  server one {ORIGIN}
backend varnish
  server one {ADDRESS}:{VARNISH}
backend nobody
  server one {NOBODY}
",
        dir.display(),
        front("plain", HAPROXY, "origin"),
        front("stacked", HAPROXY_BEFORE_VARNISH, "varnish"),
    )
}

fn vcl() -> String {
    let backend = |name: &str, address: &str| {
        let (host, port) = address.split_once(':').unwrap();
        format!("backend {name} {{ .host = \"{host}\"; .port = \"{port}\"; .first_byte_timeout = 600ms; }}\n")
    };
    let (origin, nobody) = (backend("origin", ORIGIN), backend("nobody", NOBODY));
    // `now` is when the last step of the request was over.
    format!(
        "vcl 4.1;
import std;
import vtc;
{origin}{nobody}sub vcl_recv {{
  if (req.url ~ \"^/gone\") {{ set req.backend_hint = nobody; }}
  if (req.url ~ \"^/late\") {{ vtc.sleep(120ms); }}
  if (req.url ~ \"^/pass\") {{ return (pass); }}
}}
sub vcl_hash {{ hash_data(req.url); return (lookup); }}
sub vcl_backend_fetch {{ set bereq.http.X-Start = std.real(time=now, fallback=0.0); }}
sub vcl_backend_response {{
  set beresp.http.Server-Timing =
    \"origin;dur=\" + ((std.real(time=now, fallback=0.0) - std.real(bereq.http.X-Start, 0.0)) * 1000.0);
}}
sub vcl_deliver {{
  if (obj.hits > 0) {{ set resp.http.Cache-Status = \"varnish; hit\"; }}
  elsif (req.url ~ \"^/pass\") {{ set resp.http.Cache-Status = \"varnish; fwd=bypass\"; }}
  else {{ set resp.http.Cache-Status = \"varnish; fwd=uri-miss; stored\"; }}
}}
"
    )
}

/// `role vendor|`name` cache`, each layer.
fn layers(run: &Run) -> Vec<String> {
    let word = |layer: &Value, name: &str| layer[name].as_str().map(str::to_owned);
    let told = |layer: &Value| {
        let mut words = vec![word(layer, "role").unwrap()];
        words.extend(word(layer, "vendor").or_else(|| word(layer, "name").map(|name| format!("`{name}`"))));
        words.extend(word(layer, "cache"));
        words.join(" ")
    };
    run.list("/hops/0/http/layers").iter().map(told).collect()
}

fn nginx_as_cache(world: &Gateways) {
    for port in [NGINX, NGINX_STANDARD] {
        let did = |path: &str| {
            let run = world.trace(port, path);
            let all = run.list("/hops/0/http/layers");
            assert_eq!((all.len(), all[0]["confidence"].as_str()), (1, Some("medium")), "{run}");
            layers(&run).remove(0)
        };
        assert_eq!(did("/brief"), "cache nginx miss");
        assert_eq!(did("/brief"), "cache nginx hit");
        assert_eq!(did("/brief?bypass=1"), "cache nginx bypass");
        thread::sleep(Duration::from_millis(4_100)); // until what is kept is older than its three seconds
        assert_eq!(did("/brief?dead=1"), "cache nginx stale");
        let run = world.trace(port, "/brief");
        assert_eq!(layers(&run), ["cache nginx miss"], "{run}");
        assert_eq!(run.text("/hops/0/http/layers/0/reason").split(';').next(), Some("its copy was too old"));
    }
}

fn in_order(world: &Gateways) {
    let table: &[(u16, &str, &[&str])] = &[
        (HAPROXY, "/order", &["load-balancer `haproxy`", "application `thinker`"]),
        (VARNISH, "/order", &["cache Varnish miss", "application `thinker`"]),
        (VARNISH, "/order", &["cache Varnish hit", "application `thinker`"]),
        (VARNISH, "/pass", &["cache Varnish bypass", "application `thinker`"]),
        (
            HAPROXY_BEFORE_VARNISH,
            "/order",
            &["load-balancer `haproxy`", "cache Varnish hit", "application `thinker`"],
        ),
        // nginx writes `Server` itself: the origin is behind it.
        (NGINX_BEFORE_VARNISH, "/order", &["cache nginx miss", "cache Varnish hit"]),
        (NGINX_BEFORE_VARNISH, "/order", &["cache nginx hit", "cache Varnish hit"]),
    ];
    for (port, path, wanted) in table {
        let run = world.trace(*port, path);
        assert_eq!(layers(&run), *wanted, "{port}{path}\n{run}");
        for layer in run.list("/hops/0/http/layers") {
            let fields = layer["evidence"].as_array().unwrap().len();
            assert!(layer["vendor"].is_null() || fields > 1, "a vendor by one field: {layer}");
        }
    }
    thread::sleep(Duration::from_millis(1_100)); // an age counts whole seconds
    let run = world.trace(HAPROXY_BEFORE_VARNISH, "/order");
    let age = run.number("/hops/0/http/layers/1/age_s");
    assert!((1..60).contains(&age), "{run}");
}

fn errors(world: &Gateways) {
    // Where, what it answers, and who made that: its name, the fields that show it, a word of why.
    type Case<'t> = (u16, &'t str, u16, Option<(&'t str, &'t [&'t str], &'t str)>);
    let table: &[Case<'_>] = &[
        (NGINX, "/never?dead=1", 502, Some(("nginx", &["server", "body"], "could not"))),
        (NGINX, "/garbage-at-nginx", 502, Some(("nginx", &["server", "body"], ""))),
        (NGINX, "/slow-at-nginx", 504, Some(("nginx", &["server", "body"], "in time"))),
        (HAPROXY, "/dead", 503, Some(("HAProxy", &["via", "body"], "no server"))),
        (HAPROXY, "/garbage", 502, Some(("HAProxy", &["via", "body"], ""))),
        (HAPROXY, "/slow", 504, Some(("HAProxy", &["via", "body"], "in time"))),
        (VARNISH, "/gone", 503, Some(("Varnish", &["x-varnish", "body"], ""))),
        (VARNISH, "/slow-at-varnish", 503, Some(("Varnish", &["x-varnish", "body"], ""))),
        // Passed on, by whoever stands in front.
        (HAPROXY_BEFORE_VARNISH, "/gone-behind", 503, Some(("Varnish", &["x-varnish", "body"], ""))),
        (HAPROXY_BEFORE_VARNISH, "/dead", 503, Some(("HAProxy", &["via", "body"], "no server"))),
        // What the origin itself says: nothing tells who did.
        (HAPROXY, "/broken", 503, None),
        (VARNISH, "/broken", 503, None),
        (NGINX, "/broken", 503, None),
    ];
    for (port, path, status, wanted) in table {
        let run = world.trace(*port, path);
        assert_eq!(run.number("/hops/0/http/status"), u64::from(*status), "{run}");
        let by = run.at("/hops/0/http/error_by");
        let Some((name, evidence, word)) = wanted else {
            assert!(by.is_null(), "{port}{path}: {by}\n{run}");
            continue;
        };
        assert_eq!((by["who"].as_str(), by["name"].as_str()), (Some("gateway"), Some(*name)), "{run}");
        assert_eq!(by["evidence"], serde_json::json!(evidence), "{run}");
        assert!(by["meaning"].as_str().unwrap().contains(*word), "{by}");
    }
    // One request a minute for each URL.
    assert_eq!(world.trace(NGINX, "/limited").number("/hops/0/http/status"), 200);
    let run = world.trace(NGINX, "/limited");
    assert_eq!(run.number("/hops/0/http/status"), 503, "{run}");
    assert_eq!(run.text("/hops/0/http/error_by/name"), "nginx", "{run}");
}

fn overhead(world: &Gateways) {
    let table = [
        (HAPROXY, "/quick", Duration::ZERO),
        (HAPROXY, "/held", HOLDS_BACK),
        (VARNISH, "/pass", Duration::ZERO),
        (VARNISH, "/late", HOLDS_BACK),
        (NGINX, "/fast?bypass=1", Duration::ZERO),
    ];
    for (number, (port, path, added)) in table.into_iter().enumerate() {
        let mut attempts = 0;
        on_a_quiet_moment(|| {
            attempts += 1;
            // A path of its own each time: a copy was not waited for.
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let run = world.trace(port, &format!("{path}-{number}-{attempts}?{query}"));
            let us = |name: &str| Duration::from_micros(run.number(&format!("/hops/0/http/wait/{name}")));
            let [rtt, server, upstream] = ["rtt_us", "server_us", "upstream_us"].map(us);
            // By construction, whatever the machine does meanwhile.
            assert!(rtt >= ROUND_TRIP && upstream >= THINKS - EXACT, "{run}");
            // A first round trip that was held up leaves less for the server than its upstream took: nothing is told
            // then, and nothing can be judged.
            if run.at("/hops/0/http/wait/gateway_us").is_null() {
                assert!(upstream > server, "{run}");
                return Err(format!("{port}{path}: upstream {upstream:?} fits not into {server:?}\n{run}"));
            }
            let gateway = us("gateway_us");
            assert_eq!(gateway, server.saturating_sub(upstream), "{run}");
            let wrong = upstream.abs_diff(THINKS).max(gateway.abs_diff(added));
            (wrong <= EXACT).then_some(()).ok_or_else(|| {
                format!("{port}{path}: upstream {upstream:?}, gateway {gateway:?}, put in {added:?}\n{run}")
            })
        });
    }
}

fn copies(world: &Gateways) {
    let first = world.trace(VARNISH, "/kept");
    assert!(first.number("/hops/0/http/wait/upstream_us") > 100_000, "{first}");
    let run = world.trace(VARNISH, "/kept");
    assert_eq!(layers(&run)[0], "cache Varnish hit", "{run}");
    // The field is there, with the time of the first request.
    assert!(run.at("/hops/0/http/headers").to_string().contains("origin;dur="), "{run}");
    assert!(run.at("/hops/0/http/wait/upstream_us").is_null(), "{run}");
    assert!(run.at("/hops/0/http/wait/gateway_us").is_null(), "{run}");
}
