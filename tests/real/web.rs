//! The web side: a CA made by openssl, nginx, and an upstream that lets its caller wait.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::net::{Access, Internet};
use crate::servers::Server;
use crate::tools::{must, program, run_at};
use crate::zones::{RESOLVER, WEB, WEB_HTTP1, WEB_TLS12};

/// What the slow upstream waits before its first byte.
pub(crate) const SLOW_FIRST_BYTE: Duration = Duration::from_millis(150);
/// The text that is offered compressed, before compression.
pub(crate) const TEXT_BYTES: usize = 40_000;
/// The body that nginx holds back to this many bytes a second, and its size.
pub(crate) const DRIP_RATE: usize = 40_000;
pub(crate) const DRIP_BYTES: usize = 60_000;

const SLOW_UPSTREAM: &str = "127.0.0.1:8080";
/// First argument of this test binary when it is to be the slow upstream.
pub(crate) const SLOW_ROLE: &str = "slow-upstream";

/// A CA and a certificate for every name of the tests.
pub(crate) struct Certificates {
    pub(crate) ca: PathBuf,
    pub(crate) leaf: PathBuf,
    /// The leaf and the CA, as one file.
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificates {
    /// The SHA-256 of the leaf, as openssl tells it, in the form of the JSON.
    pub(crate) fn fingerprint(&self) -> String {
        let told = must(
            Command::new(program("openssl"))
                .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
                .arg(&self.leaf),
        );
        told.trim().split_once('=').unwrap().1.replace(':', "").to_ascii_lowercase()
    }
}

/// Makes them.
pub(crate) fn certificates(dir: &Path) -> Certificates {
    let file = |name: &str| dir.join(name);
    let openssl = |words: &str, more: &[&Path]| {
        must(Command::new(program("openssl")).current_dir(dir).args(words.split(' ')).args(more));
    };
    let addresses: String = WEB.iter().chain(&RESOLVER).map(|address| format!(",IP:{address}")).collect();
    let extensions = format!(
        "subjectAltName=DNS:example.site,DNS:*.example.site,DNS:www.glueless.site{addresses}\n\
         basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
    );
    fs::write(file("leaf.ext"), extensions).unwrap();
    let curve = "ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(
        &format!(
            "req -x509 -newkey {curve} -days 30 -subj /O=urltrace/CN=Test_CA -keyout ca.key -out ca.pem"
        ),
        &[],
    );
    openssl(&format!("req -newkey {curve} -subj /CN=www.example.site -keyout leaf.key -out leaf.csr"), &[]);
    openssl(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -set_serial 4711 -days 20 -extfile leaf.ext -out leaf.pem",
        &[],
    );
    let text = |name: &str| fs::read_to_string(file(name)).unwrap();
    fs::write(file("chain.pem"), text("leaf.pem") + &text("ca.pem")).unwrap();
    Certificates {
        ca: file("ca.pem"),
        leaf: file("leaf.pem"),
        chain: file("chain.pem"),
        key: file("leaf.key"),
    }
}

/// Starts nginx and its upstream.
pub(crate) fn start(internet: &Internet, dir: &Path, certificates: &Certificates) -> Vec<Server> {
    let dir = dir.join("web");
    let root = dir.join("root");
    fs::create_dir_all(root.join("welcome")).unwrap();
    fs::write(root.join("index.html"), "<!doctype html><title>urltrace</title><p>It works.</p>\n").unwrap();
    fs::write(root.join("welcome/index.html"), "<!doctype html><title>welcome</title>\n").unwrap();
    fs::write(
        root.join("text.txt"),
        "urltrace shows where time goes\n".repeat(2000).get(..TEXT_BYTES).unwrap(),
    )
    .unwrap();
    fs::write(root.join("drip.bin"), vec![b'.'; DRIP_BYTES]).unwrap();
    let config = dir.join("nginx.conf");
    fs::write(&config, nginx_config(&dir, certificates)).unwrap();

    let own = std::env::current_exe().unwrap();
    let slow_dir = dir.join("slow");
    fs::create_dir(&slow_dir).unwrap();
    let upstream = Server::start(internet, &slow_dir, "slow upstream", &own, |command| {
        command.args([SLOW_ROLE, SLOW_UPSTREAM]);
    });
    let mut nginx = Server::start(internet, &dir, "nginx", &program("nginx"), |command| {
        command.arg("-p").arg(&dir).arg("-c").arg(&config);
    });
    let client = internet.client(Access::Full);
    let urls = [WEB[0], WEB_HTTP1, WEB_TLS12].map(|address| format!("https://{address}/slow"));
    let last = format!("https://[{}]/", WEB[1]);
    for url in urls.iter().chain([&last]) {
        nginx.wait_until(|| run_at(client, &program("curl"), &["-qsSfk", "-o", "/dev/null", url]).code == 0);
    }
    vec![upstream, nginx]
}

fn nginx_config(dir: &Path, certificates: &Certificates) -> String {
    let path = dir.display();
    let [leaf, chain, key] =
        [&certificates.leaf, &certificates.chain, &certificates.key].map(|file| file.display());
    let [v4, v6] = WEB;
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("  {what}_temp_path {path}/{what};\n"))
        .concat();
    let locations = format!(
        "    root {path}/root;
    location = /text.txt {{ gzip on; gzip_types text/plain; }}
    location = /drip.bin {{ limit_rate {DRIP_RATE}; }}
    location = /slow {{ proxy_pass http://{SLOW_UPSTREAM}; }}
    location /up/ {{ dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 2g; }}
    location = /narrow {{ dav_methods PUT; client_max_body_size 1k; }}
    location = /again {{ client_max_body_size 2g; return 307 /up/again.bin; }}
    location = /see {{ client_max_body_size 2g; return 303 /text.txt; }}
"
    );
    // One process: a master that is killed would leave its worker behind.
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
  types {{ text/html html; text/plain txt; }}
  keepalive_timeout 30s;
  ssl_certificate {leaf};
  ssl_certificate_key {key};
  ssl_protocols TLSv1.2 TLSv1.3;
  server {{
    listen {v4}:80; listen [{v6}]:80;
    return 301 https://$host$request_uri;
  }}
  server {{
    listen {v4}:443 ssl http2; listen [{v6}]:443 ssl http2;
    server_name example.site;
    return 308 https://www.example.site$request_uri;
  }}
  server {{
    listen {v4}:443 ssl http2 default_server; listen [{v6}]:443 ssl http2 default_server;
    server_name www.example.site;
    location = /start {{ return 302 /welcome/; }}
{locations}  }}
  server {{
    listen {WEB_HTTP1}:443 ssl;
    ssl_certificate {chain};
    ssl_certificate_key {key};
{locations}  }}
  server {{
    listen {WEB_TLS12}:443 ssl http2;
    ssl_protocols TLSv1.2;
{locations}  }}
}}
"
    )
}

/// Serves HTTP/1.0, one connection after the other, and answers after [`SLOW_FIRST_BYTE`]. Never returns.
pub(crate) fn serve_slowly(address: &str) -> ! {
    let listener = TcpListener::bind(address.parse::<SocketAddr>().unwrap()).unwrap();
    loop {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
            head.push(byte[0]);
        }
        thread::sleep(SLOW_FIRST_BYTE); // the injected delay of the upstream
        let _ = stream
            .write_all(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nslow\n");
    }
}
