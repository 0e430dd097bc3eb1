//! When a page can be painted first, against when Debian's Chromium does: over one nginx on a long path, by HTTP/1.1 and by
//! HTTP/2, with servers behind it that think for a known time. Which requests rendering waits for, and in which order they
//! begin, is compared, too. Scripts are on and all of them empty.

mod cases;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::Value;

use self::cases::{CASES, Case};
use crate::browser::Browser;
use crate::fetched::{certify, nginx_with, page, trusting, write_empty};
use crate::net::{Access, Addresses, Client, Internet};
use crate::servers::Server;
use crate::thinker::ROLE;
use crate::tools::{inside, program, run_at};
use crate::{Directory, Setting, Test};

pub(crate) const TESTS: &[Test<Painted>] = &[(
    "painted: rendering can start when chromium paints first, and waits for the same in the same order",
    as_chromium,
)];

/// The length of the path: with it nothing is painted within two seconds, and what Chromium computes weighs little.
const FAR: Access = Access::Far(500);
const ONE: &str = "93.184.79.1";
const TWO: &str = "93.184.79.2";
/// The other origins have an address of their own: no connection of HTTP/2 is shared with them (RFC 9113 section 9.1.1).
const THIRD: [&str; 2] = ["93.184.79.3", "93.184.79.4"];
const HOSTS: &[(&str, &str)] =
    &[("h1.test", ONE), ("third.h1.test", THIRD[0]), ("h2.test", TWO), ("third.h2.test", THIRD[1])];
/// Where the servers that think are, among the servers.
const THINKER: &str = "127.0.0.1:81";
/// Runs of each: their median counts.
const RUNS: usize = 5;
/// How far the two may be apart, in hundredths of Chromium's time.
const APART: f64 = 10.0;
/// How often a page is tried in all: a machine that does something else for a moment is no fault of the program.
const ATTEMPTS: usize = 3;

/// nginx at the end of a long path, and Chromium at its begin.
pub(crate) struct Painted {
    servers: Vec<Server>,
    browser: RefCell<Browser>,
    internet: Internet,
    ca: PathBuf,
    dir: Directory,
}

impl Setting for Painted {
    fn servers(&self) -> &[Server] {
        &self.servers
    }

    fn describe(&self) -> String {
        let client = &self.internet.client(FAR).namespace;
        format!("client: {client}\nCA: {}\nfiles: {}", self.ca.display(), self.dir.path().display())
    }
}

impl Painted {
    pub(crate) fn new() -> Self {
        let dir = Directory::new("painted");
        let present: Vec<IpAddr> =
            [ONE, TWO, THIRD[0], THIRD[1]].iter().map(|address| address.parse().unwrap()).collect();
        let resolver = [present[0], "fd79::1".parse().unwrap()];
        let internet = Internet::new(&Addresses {
            world: "painted",
            accesses: &[FAR],
            present: &present,
            resolver,
            near: &[],
        });
        let own = dir.path();
        certify(own, HOSTS);
        write_pages(own);
        let config = own.join("nginx.conf");
        fs::write(&config, nginx_with(own, &virtual_servers(own))).unwrap();
        let behind = own.join("thinker");
        fs::create_dir_all(&behind).unwrap();
        let mut command = inside(&internet.servers, &std::env::current_exe().unwrap());
        command.args([ROLE, THINKER]);
        let thinker = Server::from_command("thinker", &behind, command);
        let mut nginx = Server::start(&internet, own, "nginx", &program("nginx"), |command| {
            command.arg("-p").arg(own).arg("-c").arg(&config);
        });
        let client = internet.client(FAR);
        let url = format!("http://{TWO}/");
        nginx.wait_until(|| run_at(client, &program("curl"), &["-qsS", "-o", "/dev/null", &url]).code == 0);
        nginx.hasten();
        let browser = RefCell::new(Browser::start_in(own, &client.namespace, &trusting(own, HOSTS)));
        Self { servers: vec![thinker, nginx], browser, internet, ca: own.join("ca.pem"), dir }
    }

    /// What Chromium tells of a page, in a profile of its own.
    fn chromium(&self, url: &str) -> Seen {
        let told = self.browser.borrow_mut().ask_afresh(url, TELL);
        let blocking = told["blocking"].as_array().unwrap_or_else(|| panic!("{url}: {told}"));
        Seen {
            paint: told["paint"].as_f64().unwrap(),
            blocking: blocking.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
        }
    }
}

/// What `--page` tells of a page.
fn urltrace(client: &Client, ca: &Path, url: &str) -> Seen {
    let told = page(client, ca, HOSTS, (url, &[]));
    let mut requests: Vec<&Value> = told["requests"].as_array().unwrap().iter().skip(1).collect();
    requests.sort_by_key(|request| {
        request["start_us"].as_u64().unwrap() + request["phases"]["queue_us"].as_u64().unwrap_or(0)
    });
    // To Resource Timing what was fetched ahead blocks nothing, though rendering waits for its use.
    let is_told = |request: &&&Value| request["blocking"] == "render" && request["ahead"].is_null();
    let blocking = requests.iter().filter(is_told);
    Seen {
        paint: told["page"]["start_render_us"].as_f64().unwrap_or_else(|| panic!("{told:#}")) / 1000.0,
        blocking: blocking.map(|request| request["url"].as_str().unwrap().to_owned()).collect(),
    }
}

/// What one of the two tells of a page.
#[derive(Clone, Debug)]
struct Seen {
    /// The first paint, or before when there can be none, in milliseconds from the start.
    paint: f64,
    /// What rendering waits for, in the order in which it was begun.
    blocking: Vec<String>,
}

/// The first paint, and what rendering waited for (Paint Timing, Resource Timing section 4.3: renderBlockingStatus).
const TELL: &str = "new Promise(told => {
    const look = () => {
        const [paint] = performance.getEntriesByName('first-paint');
        if (!paint) {
            setTimeout(look, 20);
            return;
        }
        const blocking = performance.getEntriesByType('resource')
            .filter(one => one.renderBlockingStatus === 'blocking')
            .sort((one, other) => one.startTime - other.startTime);
        told({ paint: paint.startTime, blocking: blocking.map(one => one.name) });
    };
    look();
})";

fn write_pages(dir: &Path) {
    for host in ["h1.test", "h2.test"] {
        let root = dir.join("root").join(host);
        for (number, case) in CASES.iter().enumerate() {
            let own = root.join(number.to_string());
            fs::create_dir_all(&own).unwrap();
            let third = format!("https://third.{host}/{number}/");
            fs::write(own.join("index.html"), format!("<!doctype html>{}", case.html.replace("{T}", &third)))
                .unwrap();
            for (name, text) in case.files {
                fs::write(own.join(name), text).unwrap();
            }
        }
        write_empty(&root);
    }
}

/// A server for each protocol; what lies under `think/` comes from the thinker.
fn virtual_servers(dir: &Path) -> String {
    let mut servers = String::new();
    for (host, address, third, http2) in
        [("h1.test", ONE, THIRD[0], ""), ("h2.test", TWO, THIRD[1], " http2")]
    {
        let mut fields = String::new();
        for (number, case) in CASES.iter().enumerate().filter(|(_, case)| !case.link.is_empty()) {
            let _ = writeln!(
                fields,
                "    location = /{number}/index.html {{ add_header Link \"{}\"; }}",
                case.link
            );
        }
        let _ = writeln!(
            servers,
            "  server {{
    listen {address}:80; listen {address}:443 ssl{http2}; listen {third}:443 ssl{http2};
    root {}/root/{host};
{fields}    location ~ ^/[0-9]+/think/ {{ proxy_pass http://{THINKER}; }}
    location / {{ try_files $uri $empty =404; }}
  }}",
            dir.display()
        );
    }
    servers
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Both look at a page, one beside the other, and are compared.
fn compare(world: &Painted, url: &str, case: &Case) -> Result<String, String> {
    let (client, ca) = (world.internet.client(FAR), &world.ca);
    let (theirs, ours): (Vec<Seen>, Vec<Seen>) = thread::scope(|scope| {
        let ours = scope.spawn(|| (0..RUNS).map(|_| urltrace(client, ca, url)).collect());
        ((0..RUNS).map(|_| world.chromium(url)).collect(), ours.join().unwrap())
    });
    let paint = |all: &[Seen]| median(all.iter().map(|seen| seen.paint).collect());
    let (their_paint, our_paint) = (paint(&theirs), paint(&ours));
    let (waited, wait) = (&theirs[0].blocking, &ours[0].blocking);
    let told = format!(
        "{url} ({}): Chromium paints after {their_paint:.0} ms, rendering can start after {our_paint:.0} ms",
        case.what
    );
    if waited != wait {
        return Err(format!("{told}\n    Chromium waits for {waited:?}\n    we wait for {wait:?}"));
    }
    if their_paint < 1000.0 {
        return Err(format!("{told}\n    the path is too short"));
    }
    if (their_paint - our_paint).abs() > their_paint * APART / 100.0 {
        let all = |all: &[Seen]| all.iter().map(|seen| seen.paint.round()).collect::<Vec<_>>();
        return Err(format!("{told}\n    {:?} and {:?}", all(&theirs), all(&ours)));
    }
    Ok(told)
}

fn as_chromium(world: &Painted) {
    // The first page of all pays for what the browser starts once.
    world.chromium("https://h2.test/0/index.html");
    let mut wrong = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        for host in case.hosts {
            let url = format!("https://{host}/{number}/index.html");
            let mut tries = (0..ATTEMPTS).map(|_| compare(world, &url, case));
            match tries.find_map(|tried| tried.inspect_err(|what| println!("{what}")).ok()) {
                Some(told) => println!("{told}"),
                None => wrong.push(url),
            }
        }
    }
    assert!(wrong.is_empty(), "{ATTEMPTS} times in a row: {wrong:?}");
}
