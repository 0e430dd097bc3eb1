//! `urltrace serve` beside Debian's blackbox_exporter, with one module file for both and the same targets, and scraped
//! by Debian's Prometheus with the configuration of the README.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use serde_json::Value;

use crate::net::{Access, Client};
use crate::servers::Server;
use crate::tools::{inside, must, program, run_at};
use crate::zones::WEB;
use crate::{Setting, Test, World, fleet, proxies};

pub(crate) const TESTS: &[Test<Monitored>] = &[
    ("monitoring: the same series, help and values as blackbox_exporter's, but for the times", same_series),
    ("monitoring: what differs from blackbox_exporter differs as the README says", differences),
    ("monitoring: Prometheus scrapes it as the README shows", scraped),
    ("monitoring: Prometheus spreads targets over several as the README shows", spread),
    ("monitoring: curl and Prometheus are met by TLS, and asked for a password", fleet::guarded),
    ("monitoring: Prometheus knows every query of the dashboard", fleet::dashboard),
];

const BLACKBOX: &str = "127.0.0.1:9115";
pub(crate) const SERVE: &str = "127.0.0.1:9116";
pub(crate) const PROMETHEUS: &str = "127.0.0.1:9090";
/// As long as a scrape may be away on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at what Prometheus has: nothing tells that it has scraped.
const POLL: Duration = Duration::from_millis(200);

/// The world with web servers of its own, and both probers in the client's namespace.
pub(crate) struct Monitored {
    world: World,
}

impl Setting for Monitored {
    fn servers(&self) -> &[Server] {
        &self.world.servers
    }

    fn describe(&self) -> String {
        format!("client: {}\n{BLACKBOX}, {SERVE}", self.client().namespace)
    }
}

impl Monitored {
    pub(crate) fn new() -> Self {
        let mut world = World::new(&[Access::Full]);
        let dir = world.dir.path().join("monitoring");
        fs::create_dir_all(&dir).unwrap();
        certificates(&dir);
        let nginx = start_nginx(&world, &dir);
        let proxy = proxies::start_one(&world, 8443);
        world.servers.extend([nginx, proxy]);
        let modules = dir.join("modules.yml");
        fs::write(&modules, modules_text(&dir)).unwrap();
        let own = Self { world };
        let blackbox =
            own.start("blackbox", &program("prometheus-blackbox-exporter"), &dir, BLACKBOX, |command| {
                command.arg(format!("--config.file={}", modules.display()));
                command.arg(format!("--web.listen-address={BLACKBOX}"));
            });
        let serve = own.serve(&dir, SERVE, Some(&modules));
        let mut own = own;
        own.world.servers.extend([blackbox, serve]);
        own
    }

    pub(crate) fn client(&self) -> &Client {
        self.world.internet.client(Access::Full)
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.world.dir.path().join("monitoring")
    }

    /// Starts a program of the client's that answers at `address`.
    pub(crate) fn start(
        &self,
        role: &str,
        executable: &Path,
        dir: &Path,
        address: &str,
        arguments: impl FnOnce(&mut Command),
    ) -> Server {
        let dir = dir.join(format!("{role}-{}", address.replace(':', "-")));
        fs::create_dir_all(&dir).unwrap();
        let mut command = inside(&self.client().namespace, executable);
        arguments(&mut command);
        let mut server = Server::from_command(role, &dir, command);
        let url = format!("http://{address}/-/healthy");
        // One that wants a password (22), or TLS (1: what comes is no HTTP), is up as well.
        server.wait_until(|| {
            let asked = run_at(self.client(), &program("curl"), &["-qsSf", "-m", "2", &url]);
            matches!(asked.code, 0 | 1 | 22)
        });
        server
    }

    fn serve(&self, dir: &Path, address: &str, modules: Option<&Path>) -> Server {
        self.start("serve", Path::new(env!("CARGO_BIN_EXE_urltrace")), dir, address, |command| {
            command.args(["serve", "--listen", address]);
            if let Some(modules) = modules {
                command.arg("--config").arg(modules);
            }
        })
    }

    pub(crate) fn get(&self, url: &str) -> String {
        let output = run_at(self.client(), &program("curl"), &["-qgsS", "-m", "30", url]);
        assert_eq!(output.code, 0, "{}: {}", output.shown, output.stderr);
        output.stdout
    }

    fn probe(&self, prober: &str, module: &str, target: &str) -> Series {
        let target: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        Series::read(&self.get(&format!("http://{prober}/probe?module={module}&target={target}")))
    }
}

/// What an exporter answered.
#[derive(Debug, Default)]
struct Series {
    /// `# HELP` and `# TYPE`, by name.
    families: BTreeMap<String, (String, String)>,
    /// Values by name and labels.
    values: BTreeMap<String, f64>,
}

impl Series {
    fn read(text: &str) -> Self {
        let mut series = Self::default();
        for line in text.lines() {
            if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
                series.families.entry(name.to_owned()).or_default().0 = help.to_owned();
            } else if let Some((name, kind)) =
                line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
            {
                series.families.entry(name.to_owned()).or_default().1 = kind.to_owned();
            } else if let Some((name, value)) = line.rsplit_once(' ') {
                assert!(
                    series.values.insert(name.to_owned(), value.parse().unwrap()).is_none(),
                    "twice: {line}"
                );
            }
        }
        assert!(series.values.contains_key("probe_success"), "{text}");
        series
    }

    /// The same without what the README says that blackbox_exporter 0.23 does not have.
    fn comparable(mut self) -> Self {
        let is_own = |name: &str| {
            name.starts_with("probe_timeout_seconds")
                || name.starts_with("probe_tls_cipher_info")
                || name.starts_with("urltrace_")
        };
        self.families.retain(|name, _| !is_own(name));
        let values = std::mem::take(&mut self.values).into_iter().filter(|(name, _)| !is_own(name));
        self.values = values.map(|(name, value)| (without_label(&name, "serialnumber"), value)).collect();
        self
    }
}

/// A series without one of its labels.
fn without_label(name: &str, label: &str) -> String {
    let Some((before, rest)) = name.split_once(&format!("{label}=\"")) else { return name.to_owned() };
    let behind = rest.split_once('"').unwrap().1;
    format!("{before}{}", behind.strip_prefix(',').unwrap_or(behind))
}

/// Whether a series is a time, which no two probes share.
fn is_time(name: &str) -> bool {
    name.starts_with("probe_duration_seconds")
        || name.starts_with("probe_http_duration_seconds")
        || name.starts_with("probe_dns_lookup_time_seconds")
}

fn same_series(own: &Monitored) {
    let [v4, v6] = WEB;
    let mut failures = Vec::new();
    let mut successes = 0;
    let cases: &[(&str, &str)] = &[
        ("http_2xx", "http://www.example.site:8080/"),
        ("http_2xx", "www.example.site:8080"),
        ("http4", "http://www.example.site:8080/"),
        ("http_2xx", &format!("http://{v4}:8080/")),
        ("http_2xx", &format!("http://[{v6}]:8080/")),
        ("only6", &format!("http://{v4}:8080/")),
        ("http_2xx", "http://www.example.site:8080/moved"),
        ("nofollow", "http://www.example.site:8080/moved"),
        ("http_2xx", "http://www.example.site:8080/to-tls"),
        ("ca", "http://www.example.site:8080/to-tls"),
        ("http_2xx", "http://www.example.site:8080/nothing-here"),
        ("only404", "http://www.example.site:8080/nothing-here"),
        ("http_2xx", "http://www.example.site:8080/text.txt"),
        ("http_2xx", "http://www.example.site:8080/empty"),
        ("head", "http://www.example.site:8080/"),
        ("post", "http://www.example.site:8080/echo"),
        ("secret", "http://www.example.site:8080/secret"),
        ("http_2xx", "http://www.example.site:8080/secret"),
        ("http_2xx", "http://www.example.site:9/"),
        ("http_2xx", "http://nobody.example.site/"),
        ("http_2xx", "https://www.example.site:8443/"),
        ("ca", "https://www.example.site:8443/"),
        ("ca_http1", "https://www.example.site:8443/"),
        ("insecure", "https://www.example.site:8443/"),
        ("named", &format!("https://{v4}:8443/")),
        ("ca", "https://www.example.site:8444/"),
        ("insecure", "https://www.example.site:8444/"),
        ("not_tls", "https://www.example.site:8443/"),
        ("only_tls", "http://www.example.site:8080/"),
        ("body", "http://www.example.site:8080/"),
        ("no_body", "http://www.example.site:8080/"),
        ("field", "http://www.example.site:8080/"),
        ("version2", "https://www.example.site:8443/"),
        ("version2", "http://www.example.site:8080/"),
        ("gzip", "http://www.example.site:8080/text.txt"),
        ("gzip", "http://www.example.site:8080/"),
        ("small", "http://www.example.site:8080/text.txt"),
        ("small", "http://www.example.site:8080/"),
        ("proxied", "http://www.example.site:8080/"),
        ("proxied", "http://www.example.site:8080/to-tls"),
        ("proxied", "http://www.example.site:8080/nothing-here"),
        ("proxied", "https://www.example.site:8443/"),
        ("proxied", "https://www.example.site:8444/"),
        ("proxied", "http://nobody.example.site/"),
        ("proxied_nowhere", "http://www.example.site:8080/"),
        ("proxied_nowhere", "https://www.example.site:8443/"),
        ("tcp_connect", "www.example.site:8080"),
        ("tcp_connect", &format!("[{v6}]:8080")),
        ("tcp_connect", "www.example.site:9"),
        ("tcp_connect", "nobody.example.site:80"),
        ("tcp_connect", "www.example.site"),
        ("greets", "www.example.site:8080"),
        ("never", "www.example.site:8080"),
        ("silent", "www.example.site:8080"),
        ("greets_tls", "www.example.site:8443"),
        ("never_tls", "www.example.site:8443"),
        ("starttls", "www.example.site:8443"),
        ("starttls", "www.example.site:8444"),
        ("starttls", "www.example.site:8080"),
        ("starttls", "www.example.site:9"),
        ("starttls_never", "www.example.site:8443"),
        ("from", "www.example.site:8080"),
        ("from_nowhere", "www.example.site:8080"),
        ("tls", "www.example.site:8443"),
        ("tls", "www.example.site:8444"),
        ("tls_insecure", "www.example.site:8444"),
        ("tls", "www.example.site:8080"),
    ];
    for (module, target) in cases {
        let theirs = own.probe(BLACKBOX, module, target).comparable();
        let ours = own.probe(SERVE, module, target).comparable();
        successes += usize::from(theirs.values["probe_success"] == 1.0);
        let times = |series: &Series| -> BTreeMap<String, Option<f64>> {
            let value = |(name, value): (&String, &f64)| (name.clone(), (!is_time(name)).then_some(*value));
            series.values.iter().map(value).collect()
        };
        for (name, family) in &theirs.families {
            if ours.families.get(name) != Some(family) {
                failures.push(format!(
                    "{module} {target}: {name} is {:?}, theirs {family:?}",
                    ours.families.get(name)
                ));
            }
        }
        let (ours, theirs) = (times(&ours), times(&theirs));
        // Behind a proxy theirs has no such phase before the first redirect; ours has all phases always.
        let untold = |name: &str| module.starts_with("proxied") && name.ends_with(r#"{phase="resolve"}"#);
        for name in ours.keys().chain(theirs.keys()).filter(|name| !untold(name)) {
            if ours.get(name) != theirs.get(name) {
                let (ours, theirs) = (ours.get(name), theirs.get(name));
                failures.push(format!("{module} {target}: {name} is {ours:?}, theirs {theirs:?}"));
            }
        }
    }
    failures.dedup();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(
        successes > 15 && successes + 15 < cases.len(),
        "{successes} of {} probes succeeded",
        cases.len()
    );
}

/// The rows of the README's table, each as it is there.
fn differences(own: &Monitored) {
    let ours = own.probe(SERVE, "ca", "https://www.example.site:8443/");
    let theirs = own.probe(BLACKBOX, "ca", "https://www.example.site:8443/");
    let has = |series: &Series, name: &str| series.values.keys().any(|own| own.contains(name));
    for name in ["probe_timeout_seconds", "probe_tls_cipher_info", "serialnumber="] {
        assert!(has(&ours, name) && !has(&theirs, name), "{name}");
    }
    // What is left of the module's five seconds.
    let timeout = ours.values["probe_timeout_seconds"];
    assert!((4.5..=5.0).contains(&timeout), "{timeout}");
    // Phases leave nothing out: with the program's own work they are the whole.
    let redirected = own.probe(SERVE, "http_2xx", "http://www.example.site:8080/moved");
    let phases = redirected.values.iter().filter(|(name, _)| name.starts_with("probe_http_duration_seconds"));
    let (sum, all) =
        (phases.map(|(_, value)| value).sum::<f64>(), redirected.values["probe_duration_seconds"]);
    assert!(sum <= all + 1e-6 && sum > 0.0, "{sum} of {all}");
}

/// A block of the README that begins with that line.
pub(crate) fn readme_block(begin: &str) -> String {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let blocks = readme.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let found = blocks.filter(|block| block.contains(begin)).collect::<Vec<_>>();
    assert_eq!(found.len(), 1, "blocks of the README with {begin:?}");
    found[0].to_owned()
}

impl Monitored {
    pub(crate) fn prometheus(&self, name: &str, config: &str) -> Server {
        let dir = self.dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        let file = dir.join("prometheus.yml");
        fs::write(&file, format!("global: {{scrape_interval: 1s}}\n{config}")).unwrap();
        must(Command::new(program("promtool")).args(["check", "config"]).arg(&file));
        self.start("prometheus", &program("prometheus"), &dir, PROMETHEUS, |command| {
            command.arg(format!("--config.file={}", file.display()));
            command.arg(format!("--storage.tsdb.path={}", dir.join("data").display()));
            command.arg(format!("--web.listen-address={PROMETHEUS}"));
            command.arg("--log.level=warn");
        })
    }

    /// Asks Prometheus until it has what is asked for; each result's labels and value.
    pub(crate) fn query(&self, query: &str, results: usize) -> Vec<(BTreeMap<String, String>, String)> {
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let begin = Instant::now();
        loop {
            let text = self.get(&format!("http://{PROMETHEUS}/api/v1/query?query={encoded}"));
            let answer: Value = serde_json::from_str(&text).unwrap();
            let found = answer["data"]["result"].as_array().cloned().unwrap_or_default();
            if found.len() >= results {
                let read = |one: &Value| {
                    let labels = serde_json::from_value(one["metric"].clone()).unwrap();
                    (labels, one["value"][1].as_str().unwrap().to_owned())
                };
                return found.iter().map(read).collect();
            }
            assert!(begin.elapsed() < PATIENCE, "{query}: {text}");
            thread::sleep(POLL); // nothing tells when it has scraped
        }
    }
}

pub(crate) const GOOD: &str = "http://www.example.site:8080/";
const BAD: &str = "http://www.example.site:8080/nothing-here";

fn scraped(own: &Monitored) {
    let config = readme_block("job_name: urltrace\n")
        .replace("https://example.org/", GOOD)
        .replace("https://www.example.net/", BAD);
    let config = config.replace("127.0.0.1:9115", SERVE);
    let _prometheus = own.prometheus("scraped", &config);
    let seen = own.query("probe_success", 2);
    for (target, success) in [(GOOD, "1"), (BAD, "0")] {
        let one = seen.iter().find(|(labels, _)| labels["instance"] == target);
        assert_eq!(one.map(|(_, value)| value.as_str()), Some(success), "{seen:?}");
    }
    // Two probes were made of which one failed, and both scrapes went well.
    assert!(own.query("up{job=\"urltrace\"}", 2).iter().all(|(_, value)| value == "1"));
    let phases = own.query(&format!("probe_http_duration_seconds{{instance=\"{GOOD}\"}}"), 5);
    assert_eq!(phases.len(), 5, "{phases:?}");
    let status = own.query("probe_http_status_code == 404", 1);
    assert_eq!(status[0].0["instance"], BAD);
    let itself = own.query("urltrace_probes_total{result=\"failure\"}", 1);
    assert!(itself[0].1.parse::<f64>().unwrap() >= 1.0);
}

fn spread(own: &Monitored) {
    let targets: Vec<String> = (0..16).map(|number| format!("{GOOD}?{number}")).collect();
    let list = targets.iter().map(|target| format!("          - {target}\n")).collect::<String>();
    let config = readme_block("job_name: urltrace-fleet\n");
    let config =
        config.replace("modulus: 3", "modulus: 2").replace("urltrace-${1}:9115", "127.0.0.1:912${1}");
    let config = config.replace("          - https://example.org/\n", &list);
    let shards = ["127.0.0.1:9120", "127.0.0.1:9121"];
    let _servers = shards.map(|address| own.serve(&own.dir(), address, None));
    let _prometheus = own.prometheus("spread", &config);
    assert_eq!(own.query("probe_success == 1", targets.len()).len(), targets.len());
    for shard in shards {
        let page = own.get(&format!("http://{shard}/"));
        let probed: Vec<&String> =
            targets.iter().filter(|target| page.contains(&format!("{target}<"))).collect();
        assert!((1..targets.len()).contains(&probed.len()), "{shard} has probed {probed:?}");
    }
}

/// A CA, a certificate, and one whose time is over.
fn certificates(dir: &Path) {
    let key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.distinguished_name.push(DnType::OrganizationName, "urltrace, tests");
    ca.distinguished_name.push(DnType::CommonName, "Monitored");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let signed = ca.self_signed(&key).unwrap();
    fs::write(dir.join("ca.pem"), signed.pem()).unwrap();
    let issuer = Issuer::new(ca, key);
    for (name, end) in [("good", date_time_ymd(2100, 1, 1)), ("expired", date_time_ymd(2020, 1, 1))] {
        let key = KeyPair::generate().unwrap();
        let names = vec!["www.example.site".to_owned(), "other.example.site".to_owned(), WEB[0].to_string()];
        let mut leaf = CertificateParams::new(names).unwrap();
        leaf.distinguished_name.push(DnType::CountryName, "DE");
        leaf.distinguished_name.push(DnType::OrganizationName, "Example + <Sons>");
        leaf.distinguished_name.push(DnType::CommonName, "www.example.site");
        leaf.not_before = date_time_ymd(2019, 1, 1);
        leaf.not_after = end;
        let signed = leaf.signed_by(&key, &issuer).unwrap();
        fs::write(dir.join(format!("{name}.pem")), signed.pem()).unwrap();
        fs::write(dir.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

/// One file for both.
fn modules_text(dir: &Path) -> String {
    let ca = format!("tls_config: {{ca_file: {}}}", dir.join("ca.pem").display());
    let http =
        |name: &str, text: &str| format!("  {name}: {{prober: http, timeout: 5s, http: {{{text}}}}}\n");
    let tcp = |name: &str, text: &str| format!("  {name}: {{prober: tcp, timeout: 5s, tcp: {{{text}}}}}\n");
    let talk = |more: &str| format!("query_response: [{{send: \"GET / HTTP/1.0\\r\\n\\r\"}}, {more}]");
    let starttls = |talk: &str| talk.replace('[', "[{starttls: true}, ");
    let proxy =
        |port: u16| format!("proxy_url: 'http://{}:{port}', skip_resolve_phase_with_proxy: true", WEB[0]);
    let all = [
        http("http_2xx", ""),
        http("http4", "preferred_ip_protocol: ip4"),
        http("only6", "preferred_ip_protocol: ip6, ip_protocol_fallback: false"),
        http("nofollow", "follow_redirects: false"),
        http("only404", "valid_status_codes: [404, 410]"),
        http("head", "method: HEAD"),
        http("post", "method: POST, body: 'a=b', headers: {Content-Type: text/plain, X-Number: 7}"),
        http("secret", "basic_auth: {username: me, password: secret}"),
        http("ca", &ca),
        http("ca_http1", &format!("{ca}, enable_http2: false")),
        http("insecure", "tls_config: {insecure_skip_verify: true}"),
        http("named", &ca.replace('}', ", server_name: www.example.site}")),
        http("not_tls", &format!("{ca}, fail_if_ssl: true")),
        http("only_tls", "fail_if_not_ssl: true"),
        http("body", "fail_if_body_matches_regexp: ['It w.rks']"),
        http("no_body", "fail_if_body_not_matches_regexp: ['(?i)it WORKS']"),
        http("field", "fail_if_header_matches: [{header: Server, regexp: 'nginx', allow_missing: true}]"),
        http("version2", &format!("{ca}, valid_http_versions: ['HTTP/2.0']")),
        http("gzip", "compression: gzip, headers: {Accept-Encoding: gzip}"),
        http("small", "body_size_limit: 1KB"),
        http("proxied", &format!("{ca}, {}", proxy(proxies::HTTP))),
        http("proxied_nowhere", &format!("{ca}, {}", proxy(9))),
        tcp("tcp_connect", ""),
        tcp("tls", &format!("tls: true, {ca}")),
        tcp("greets", &talk("{expect: '^HTTP/1.1 (2..) '}, {send: ''}, {expect: 'It w.rks'}")),
        tcp("never", &talk("{expect: '^never$'}")),
        tcp("silent", "query_response: [{expect: '^220 '}]"),
        tcp("greets_tls", &format!("tls: true, {ca}, {}", talk("{expect: 'It w.rks'}"))),
        tcp("never_tls", &format!("tls: true, {ca}, {}", talk("{expect: '^never$'}"))),
        tcp("starttls", &format!("{ca}, {}", starttls(&talk("{expect: 'It w.rks'}")))),
        tcp("starttls_never", &format!("{ca}, {}", starttls(&talk("{expect: '^never$'}")))),
        tcp("from", "preferred_ip_protocol: ip4, source_ip_address: 10.77.1.2"),
        tcp("from_nowhere", "preferred_ip_protocol: ip4, source_ip_address: 192.0.2.200"),
        tcp("tls_insecure", "tls: true, tls_config: {insecure_skip_verify: true}"),
    ];
    format!("modules:\n{}", all.concat())
}

fn start_nginx(world: &World, dir: &Path) -> Server {
    let dir = dir.join("nginx");
    let root = dir.join("root");
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("index.html"), "<!doctype html><title>urltrace</title><p>It works.</p>\n").unwrap();
    fs::write(root.join("text.txt"), "urltrace shows where time goes\n".repeat(500)).unwrap();
    fs::write(root.join("empty"), "").unwrap();
    let password = must(Command::new(program("openssl")).args(["passwd", "-apr1", "secret"]));
    fs::write(dir.join("users"), format!("me:{password}")).unwrap();
    let config = dir.join("nginx.conf");
    fs::write(&config, nginx_config(&dir)).unwrap();
    let mut nginx = Server::start(&world.internet, &dir, "nginx", &program("nginx"), |command| {
        command.arg("-p").arg(&dir).arg("-c").arg(&config);
    });
    let client = world.internet.client(Access::Full);
    let url = format!("https://[{}]:8444/", WEB[1]);
    nginx.wait_until(|| run_at(client, &program("curl"), &["-qsSfk", "-o", "/dev/null", &url]).code == 0);
    nginx
}

fn nginx_config(dir: &Path) -> String {
    let (path, certificates) = (dir.display(), dir.parent().unwrap().display());
    let [v4, v6] = WEB;
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("  {what}_temp_path {path}/{what};\n"))
        .concat();
    let secure = |port: u16, name: &str| {
        format!(
            "  server {{
    listen {v4}:{port} ssl http2; listen [{v6}]:{port} ssl http2;
    ssl_certificate {certificates}/{name}.pem;
    ssl_certificate_key {certificates}/{name}.key;
  }}
"
        )
    };
    let (good, expired) = (secure(8443, "good"), secure(8444, "expired"));
    format!(
        "daemon off;
master_process off;
user root;
pid {path}/pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
{temporary}  access_log off;
  log_not_found off;
  root {path}/root;
  types {{ text/html html; text/plain txt; }}
  server {{
    listen {v4}:8080; listen [{v6}]:8080;
    location = /moved {{ return 302 /; }}
    location = /to-tls {{ return 301 https://$host:8443/; }}
    location = /text.txt {{ gzip on; gzip_types text/plain; }}
    location = /echo {{ return 200 'taken'; }}
    location = /secret {{ auth_basic inside; auth_basic_user_file {path}/users; try_files /index.html =404; }}
  }}
{good}{expired}}}
"
    )
}
