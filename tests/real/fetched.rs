//! `--page` against Debian's Chromium over one nginx, by HTTP/1.1 and by HTTP/2: what each of them asks for, by the
//! log of the server. Scripts are on and all of them empty, so that none asks for anything.

mod again;
mod cases;
mod shared;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use self::cases::{By, CASES, Case};
use crate::browser::Browser;
use crate::net::{Access, Addresses, Client, Internet};
use crate::servers::Server;
use crate::tools::{must, program, run_at};
use crate::{Directory, Setting, Test};

pub(crate) const TESTS: &[Test<Fetched>] = &[
    ("fetched: a page asks for what chromium asks for, and says the same of itself", as_chromium),
    ("fetched: a server that takes four requests at a time by HTTP/2 gets no more", few_streams),
    ("fetched: a second visit asks for what chromium asks for, by the same validators", again::as_chromium),
    (
        "fetched: hosts of one certificate and address share a connection, and 421 is heeded",
        shared::by_address_and_certificate,
    ),
    ("fetched: a page of a public address does not lead to a private one", private_addresses),
];

/// A server for each protocol, on addresses that mean the same everywhere, and one that is private.
const ONE: &str = "93.184.77.1";
const TWO: &str = "93.184.77.2";
const PRIVATE: &str = "10.78.0.1";
const FEW: &str = "93.184.77.3";
/// Requests that the server at that address takes at a time.
const STREAMS: usize = 4;
const HOSTS: &[(&str, &str)] = &[
    ("h1.test", ONE),
    ("third.h1.test", ONE),
    ("h2.test", TWO),
    ("third.h2.test", TWO),
    ("strict.h2.test", TWO),
    ("private.test", PRIVATE),
    ("few.test", FEW),
];
/// Tabs that load pages at the same time.
const TABS: usize = 6;

/// nginx, Chromium, and the namespaces that they are in.
pub(crate) struct Fetched {
    servers: Vec<Server>,
    browser: RefCell<Browser>,
    internet: Internet,
    log: PathBuf,
    ca: PathBuf,
    dir: Directory,
}

impl Setting for Fetched {
    fn servers(&self) -> &[Server] {
        &self.servers
    }

    fn describe(&self) -> String {
        let client = &self.internet.client(Access::Full).namespace;
        format!("client: {client}\nCA: {}\nfiles: {}", self.ca.display(), self.dir.path().display())
    }
}

impl Fetched {
    pub(crate) fn new() -> Self {
        let dir = Directory::new("fetched");
        let present: Vec<IpAddr> =
            [ONE, TWO, PRIVATE, FEW].iter().map(|address| address.parse().unwrap()).collect();
        let resolver = [present[0], "fd78::1".parse().unwrap()];
        let internet = Internet::new(&Addresses {
            world: "fetched",
            accesses: &[Access::Full],
            present: &present,
            resolver,
            near: &[],
        });
        let own = dir.path();
        certify(own, HOSTS);
        write_pages(&own.join("root"));
        let config = own.join("nginx.conf");
        fs::write(&config, nginx_config(own)).unwrap();
        let mut nginx = Server::start(&internet, own, "nginx", &program("nginx"), |command| {
            command.arg("-p").arg(own).arg("-c").arg(&config);
        });
        let client = internet.client(Access::Full);
        let url = format!("http://{TWO}/");
        nginx.wait_until(|| run_at(client, &program("curl"), &["-qsS", "-o", "/dev/null", &url]).code == 0);
        let arguments = trusting(own, HOSTS);
        let browser = RefCell::new(Browser::start_in(own, &client.namespace, &arguments));
        let (log, ca) = (own.join("access"), own.join("ca.pem"));
        Self { servers: vec![nginx], browser, internet, log, ca, dir }
    }

    /// What `--page` says of a URL.
    fn page(&self, url: &str, words: &[&str]) -> Value {
        page(self.internet.client(Access::Full), &self.ca, HOSTS, (url, words))
    }

    /// What was asked for below a path that a number stands for, by whom.
    fn asked(&self) -> BTreeMap<(String, usize, bool), Asked> {
        let mut all: BTreeMap<_, Asked> = BTreeMap::new();
        for line in fs::read_to_string(&self.log).unwrap().lines() {
            let words: Vec<&str> = line.split('\t').collect();
            let [host, url, agent, referer, origin, accept] = words[..] else { panic!("{line}") };
            let path = url.splitn(4, '/').nth(3).unwrap_or_default();
            let Some(number) = path.split('/').next().and_then(|word| word.parse().ok()) else { continue };
            let ours = agent.starts_with("urltrace");
            let set = all.entry((host.trim_start_matches("third.").to_owned(), number, ours)).or_default();
            let url = url.replace(&format!("/{number}/"), "/");
            // Signed exchanges are not read by urltrace.
            let accept = accept.replace(",application/signed-exchange;v=b3;q=0.7", "");
            // The document itself is asked for as any URL is.
            let accept = if url.ends_with("/index.html") { String::new() } else { accept };
            set.entry(url).or_default().insert(Said([referer.to_owned(), origin.to_owned(), accept]));
        }
        all
    }
}

/// What `--page` says of a URL, to a client that is given the addresses of hosts.
pub(crate) fn page(
    client: &Client,
    ca: &Path,
    hosts: &[(&str, &str)],
    (url, words): (&str, &[&str]),
) -> Value {
    let mut arguments: Vec<String> =
        ["--page", "--format", "json", "--max-time", "30", "--cacert"].map(str::to_owned).into();
    arguments.push(ca.display().to_string());
    for (host, address) in hosts {
        for port in [80, 443] {
            arguments.extend(["--resolve".to_owned(), format!("{host}:{port}:{address}")]);
        }
    }
    arguments.extend(words.iter().map(|word| (*word).to_owned()));
    arguments.push(url.to_owned());
    let output = run_at(client, Path::new(env!("CARGO_BIN_EXE_urltrace")), &arguments);
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{url}: {error}: {output:?}"))
}

/// Referer, Origin, Accept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said([String; 3]);

/// What each URL was asked for with: a page may ask for itself as an image, too.
type Asked = BTreeMap<String, BTreeSet<Said>>;

/// The SHA-256 of the server's public key.
const PIN: &str = "openssl x509 -in leaf.pem -pubkey -noout | openssl pkey -pubin -outform der \
    | openssl dgst -sha256 -binary | openssl enc -base64";

/// How Chromium finds these hosts, and takes their certificate.
pub(crate) fn trusting(dir: &Path, hosts: &[(&str, &str)]) -> [String; 2] {
    let rules: Vec<String> = hosts.iter().map(|(host, address)| format!("MAP {host} {address}")).collect();
    let pin = must(Command::new("sh").current_dir(dir).args(["-c", PIN]));
    [
        format!("--host-resolver-rules={}", rules.join(",")),
        format!("--ignore-certificate-errors-spki-list={}", pin.trim()),
    ]
}

/// A certificate for these hosts (`leaf.pem`, `leaf.key`), and the CA that it is of (`ca.pem`).
pub(crate) fn certify(dir: &Path, hosts: &[(&str, &str)]) {
    let names: Vec<String> = hosts.iter().map(|(host, _)| format!("DNS:{host}")).collect();
    let extensions = format!("subjectAltName={}\nextendedKeyUsage=serverAuth\n", names.join(","));
    fs::write(dir.join("leaf.ext"), extensions).unwrap();
    let curve = "ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for words in [
        format!("req -x509 -newkey {curve} -days 30 -subj /O=urltrace/CN=Test_CA -keyout ca.key -out ca.pem"),
        format!("req -newkey {curve} -subj /CN={} -keyout leaf.key -out leaf.csr", hosts[0].0),
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -set_serial 9 -days 20 -extfile leaf.ext -out leaf.pem"
            .to_owned(),
    ] {
        must(Command::new(program("openssl")).current_dir(dir).args(words.split(' ')));
    }
}

/// A red pixel.
const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\
    \xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

/// An empty file of each kind.
pub(crate) fn write_empty(root: &Path) {
    for name in ["empty.html", "empty.css", "empty.js", "empty.bin"] {
        fs::write(root.join(name), "").unwrap();
    }
    fs::write(root.join("empty.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
    fs::write(root.join("empty.png"), PNG).unwrap();
}

fn write_pages(root: &Path) {
    fs::create_dir_all(root).unwrap();
    for (number, case) in CASES.iter().enumerate() {
        for host in ["h1.test", "h2.test"] {
            let dir = root.join(host).join(number.to_string());
            fs::create_dir_all(&dir).unwrap();
            let html = filled(&format!("<!doctype html>{}", case.html), host, number);
            fs::write(dir.join("index.html"), html).unwrap();
            for (name, text) in case.files {
                fs::write(dir.join(name), filled(text, host, number)).unwrap();
            }
        }
    }
    for host in ["h1.test", "h2.test"] {
        let root = root.join(host);
        write_empty(&root);
        again::write(&root);
        fs::write(root.join("slow.bin"), vec![b'x'; 48_000]).unwrap();
        let few: String = (0..12).map(|number| format!("<img src=/few/{number}.png>")).collect();
        fs::write(root.join("few.html"), few).unwrap();
        fs::write(root.join("shared.html"), shared::PAGE).unwrap();
        fs::write(root.join("private.html"), "<!doctype html><img src=https://private.test/x.png>").unwrap();
    }
}

fn filled(text: &str, host: &str, number: usize) -> String {
    text.replace("{T}", &format!("https://third.{host}/{number}/"))
        .replace("{P}", &format!("{number}/"))
        .replace("{H}", host)
        .replace("{S}", "https")
}

fn nginx_config(dir: &Path) -> String {
    let path = dir.display();
    let mut servers = String::new();
    for (host, addresses, http2) in [("h1.test", &[ONE, PRIVATE][..], ""), ("h2.test", &[TWO], " http2")] {
        let mut locations = again::locations(&path.to_string());
        for (number, case) in CASES.iter().enumerate() {
            let mut fields = String::new();
            for (name, value) in case.fields {
                let value = filled(value, host, number);
                let _ = match *name {
                    "Content-Type" => write!(fields, "types {{ }} default_type \"{value}\"; "),
                    _ => write!(fields, "add_header {name} '{}'; ", value.replace('\'', "\\'")),
                };
            }
            let _ = writeln!(locations, "    location /{number}/ {{ {fields}try_files $uri $empty =404; }}");
        }
        let listen: String = addresses
            .iter()
            .map(|address| format!("    listen {address}:80; listen {address}:443 ssl{http2};\n"))
            .collect();
        let _ = writeln!(servers, "  server {{\n{listen}    root {path}/root/{host};\n{locations}  }}");
    }
    // On a connection that was opened for another host it is not asked for this one.
    let _ = writeln!(
        servers,
        "  server {{ listen {TWO}:443 ssl http2; server_name strict.h2.test; root {path}/root/h2.test; \
         if ($ssl_server_name != strict.h2.test) {{ return 421; }} try_files $uri /empty.png =404; }}"
    );
    let _ = writeln!(
        servers,
        "  server {{ listen {FEW}:443 ssl http2; http2_max_concurrent_streams {STREAMS}; root {path}/root/h2.test; \
         location /few/ {{ limit_rate 40k; try_files $uri /slow.bin =404; }} }}"
    );
    nginx_with(dir, &servers)
}

/// The whole configuration of an nginx with these servers; for what is not there, `$empty` is an empty file of its kind.
pub(crate) fn nginx_with(dir: &Path, servers: &str) -> String {
    let (path, again) = (dir.display(), again::LOG);
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("  {what}_temp_path {path}/{what};\n"))
        .concat();
    format!(
        "daemon off;
master_process off;
user root;
pid {path}/pid;
error_log stderr error;
events {{ worker_connections 512; }}
http {{
{temporary}  {again}
  log_format page '$host\\t$scheme://$host$request_uri\\t$http_user_agent\\t$http_referer\\t$http_origin\\t$http_accept';
  access_log {path}/access page;
  log_not_found off;
  types {{ text/html html; application/xhtml+xml xhtml; text/css css; text/javascript js; image/png png; image/svg+xml svg; font/woff2 woff2; }}
  map $uri $empty {{
    ~\\.css$ /empty.css; ~\\.js$ /empty.js; ~\\.png$ /empty.png; ~\\.svg$ /empty.svg; ~\\.html$ /empty.html;
    default /empty.bin;
  }}
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_certificate {path}/leaf.pem;
  ssl_certificate_key {path}/leaf.key;
{servers}}}
"
    )
}

fn as_chromium(world: &Fetched) {
    assert!(CASES.len() >= 30);
    let url = |host: &str, number: usize| format!("https://{host}/{number}/index.html");
    let hosts = ["h1.test", "h2.test"];
    let urls: Vec<String> =
        hosts.iter().flat_map(|host| (0..CASES.len()).map(move |number| url(host, number))).collect();
    let begun = std::time::Instant::now();
    world.browser.borrow_mut().open_all(&urls, TABS);
    println!("Chromium: {} pages after {:.1?}", urls.len(), begun.elapsed());
    let ours: BTreeMap<&String, Value> = urls.iter().map(|url| (url, world.page(url, &[]))).collect();
    println!("both after {:.1?}", begun.elapsed());
    let asked = world.asked();
    let mut wrong = Vec::new();
    for host in hosts {
        for (number, case) in CASES.iter().enumerate() {
            let of = |ours| asked.get(&(host.to_owned(), number, ours)).cloned().unwrap_or_default();
            let told = compare(case, &of(false), &of(true));
            if !told.is_empty() {
                let left = &ours[&url(host, number)]["not_requested"];
                wrong.push(format!("{host}/{number} {}:\n{told}    left: {left}", case.what));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

/// Where the two differ, but for what the table says.
fn compare(case: &Case, chromium: &Asked, ours: &Asked) -> String {
    let mut told = String::new();
    let is_listed = |by: By, url: &str| {
        case.differs.iter().any(|(own, file, _)| *own == by && url.ends_with(&format!("/{file}")))
    };
    for (url, theirs) in chromium {
        match ours.get(url) {
            None if is_listed(By::Chromium, url) => {}
            None => {
                let _ = writeln!(told, "    only Chromium: {url}");
            }
            Some(own) if own != theirs => {
                let _ = writeln!(told, "    {url}: Chromium {theirs:?}, we {own:?}");
            }
            Some(_) => {}
        }
    }
    for url in ours.keys().filter(|url| !chromium.contains_key(*url) && !is_listed(By::Us, url)) {
        let _ = writeln!(told, "    only we: {url}");
    }
    for (by, file, why) in case.differs {
        let own = if *by == By::Chromium { chromium } else { ours };
        if !own.keys().any(|url| url.ends_with(&format!("/{file}"))) {
            let _ = writeln!(told, "    {file} is no difference any more ({why})");
        }
    }
    told
}

fn few_streams(world: &Fetched) {
    let document = world.page("https://few.test/few.html", &[]);
    // nginx may still count a stream whose end it has sent, and refuse the next: that one is asked for again.
    let images = &document["requests"].as_array().unwrap()[1..];
    let images: Vec<&Value> = images.iter().filter(|image| image["status"] == 200).collect();
    assert_eq!(images.len(), 12, "{document}");
    assert!(images.iter().all(|image| image["connection"] == 0), "{document}");
    // From the end of its turn to its end a request is under way.
    let us = |image: &Value, name: &str| image[name].as_u64().unwrap();
    let spans: Vec<(u64, u64)> = images
        .iter()
        .map(|image| {
            let queue = image["phases"]["queue_us"].as_u64().unwrap_or(0);
            (us(image, "start_us") + queue, us(image, "end_us"))
        })
        .collect();
    let beside = |at: u64| spans.iter().filter(|(start, end)| *start <= at && at < *end).count();
    let most = spans.iter().map(|(start, _)| beside(*start)).max().unwrap();
    assert!((2..=STREAMS).contains(&most), "{most} at a time: {spans:?}");
}

fn private_addresses(world: &Fetched) {
    let url = "https://h1.test/private.html";
    let image = |document: &Value| document["requests"][1].clone();
    let refused = image(&world.page(url, &[]));
    assert_eq!(refused["failure"]["code"], "address-not-public", "{refused}");
    assert!(refused["status"].is_null());
    let allowed = image(&world.page(url, &["--allow-private"]));
    assert!(allowed["failure"].is_null() && allowed["status"].is_number(), "{allowed}");
    // The page itself is of a private address: it may.
    let private = image(&world.page("https://private.test/private.html", &[]));
    assert!(private["failure"].is_null(), "{private}");
}
