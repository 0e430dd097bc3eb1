//! Apache httpd on the loopback: what it says of TLS in its own ways, for a part of a site and on behalf of a server
//! behind it.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;

use crate::Test;
use crate::openssl::Peers;
use crate::servers::Server;
use crate::tools::program;

pub(crate) const TESTS: &[Test<Peers>] = &[
    ("apache: TLS for a part of a site, or for another site, is told as such", parts_of_a_site),
    (
        "apache: a client certificate that is wanted behind a handshake of TLS 1.3 is told as such",
        behind_the_handshake,
    ),
    ("apache: a port that says that it wants TLS may be a gateway to one", plain_requests),
];

/// Two sites by TLS 1.2, one by TLS 1.3, and a gateway without TLS to the first.
struct Apache {
    secure: u16,
    modern: u16,
    gateway: u16,
    _server: Server,
}

impl Apache {
    fn start(peers: &Peers) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap();
        let listeners = [free(), free(), free()];
        let [secure, modern, gateway] = listeners.each_ref().map(|one| one.local_addr().unwrap().port());
        drop(listeners);
        let dir = peers.path("apache");
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join("httpd.conf");
        std::fs::write(&file, config(peers, [secure, modern, gateway])).unwrap();
        let mut command = Command::new(program("apache2"));
        command.arg("-X").arg("-d").arg(&dir).arg("-f").arg(&file);
        let mut server = Server::from_command("apache2", &dir, command);
        server.wait_until(|| TcpStream::connect(("127.0.0.1", gateway)).is_ok());
        Self { secure, modern, gateway, _server: server }
    }
}

/// A part of a site for those with a certificate.
const MEMBERS: &str = "<Location /members>\nSSLVerifyClient require\n</Location>\n";

/// Every answer is its own status: no file is read.
fn config(peers: &Peers, [secure, modern, gateway]: [u16; 3]) -> String {
    let modules: String =
        ["mpm_event", "authz_core", "status", "ssl", "proxy", "proxy_http", "socache_shmcb"]
            .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
            .concat();
    let path = |name: &str| -> PathBuf { peers.path(name) };
    let (dir, ca) = (path("apache"), path("ca.pem"));
    let (leaf, key) = (path("s.pem"), path("s.key"));
    let (dir, ca, leaf, key) = (dir.display(), ca.display(), leaf.display(), key.display());
    let site = |name: &str, (port, version): (u16, &str), more: &str| {
        format!(
            "<VirtualHost 127.0.0.1:{port}>\nServerName {name}\nSSLEngine on\nSSLProtocol {version}\n\
             SSLCertificateFile {leaf}\nSSLCertificateKeyFile {key}\nSSLCACertificateFile {ca}\n\
             <Location />\nSetHandler server-status\n</Location>\n{more}</VirtualHost>\n"
        )
    };
    format!(
        "{modules}ServerName localhost\nUser www-data\nGroup www-data\nPidFile {dir}/pid\nErrorLog {dir}/errors\n\
         Mutex default:{dir}\nSSLSessionCache none\nListen 127.0.0.1:{secure}\nListen 127.0.0.1:{modern}\n\
         Listen 127.0.0.1:{gateway}\n{}{}{}\
         <VirtualHost 127.0.0.1:{gateway}>\nProxyPass / http://127.0.0.1:{secure}/\n</VirtualHost>\n",
        site("localhost", (secure, "TLSv1.2"), MEMBERS),
        site("other.test", (secure, "TLSv1.2"), "SSLVerifyClient require\n"),
        site("localhost", (modern, "TLSv1.3"), MEMBERS)
    )
}

fn parts_of_a_site(peers: &Peers) {
    let apache = Apache::start(peers);
    let (code, run, said) = peers.trace_port(apache.secure, "");
    assert_eq!((code, &run["hops"][0]["http"]["status"]), (0, &200.into()), "{said}");
    let (code, run, said) = peers.trace_url("8", apache.secure, "https://localhost/members", "");
    assert_eq!((code, run["failure"]["code"].as_str()), (6, Some("tls-alert")), "{said}");
    let message = run["failure"]["message"].as_str().unwrap();
    assert!(message.contains("a second TLS handshake (renegotiation)"), "{message}");
    assert!(!message.contains("found nothing it accepts"), "{message}");
    assert!(run["failure"]["hint"].as_str().unwrap().contains("SSLVerifyClient"), "{said}");
    let (_, run, said) = peers.trace_port(apache.secure, "-H Host:other.test");
    assert_eq!(run["hops"][0]["http"]["status"], 421, "{said}");
}

fn behind_the_handshake(peers: &Peers) {
    let apache = Apache::start(peers);
    let (code, run, said) = peers.trace_url("8", apache.modern, "https://localhost/members", "");
    assert_eq!((code, &run["hops"][0]["http"]["status"]), (0, &403.into()), "{said}");
    assert_eq!(run["hops"][0]["http"]["body"]["tls_complaint"], "post-handshake", "{said}");
    let findings = run["findings"].as_array().unwrap();
    let found = findings.iter().find(|one| one["id"] == "http-status-error").unwrap();
    assert!(found["detail"].as_str().unwrap().contains("behind the handshake"), "{found}");
    assert!(found["advice"].as_str().unwrap().contains("SSLVerifyClient"), "{found}");
}

fn plain_requests(peers: &Peers) {
    let apache = Apache::start(peers);
    // A gateway to a port that wants TLS ends the connection in the same way: nobody can tell them apart by that.
    for port in [apache.secure, apache.gateway] {
        let (code, run, said) = peers.trace_url("8", port, &format!("http://localhost:{port}/"), "");
        assert_eq!((code, &run["hops"][0]["http"]["status"]), (0, &400.into()), "{said}");
        let findings = run["findings"].as_array().unwrap();
        let found = findings.iter().find(|one| one["id"] == "url-port-speaks-tls").unwrap();
        assert!(found["title"].as_str().unwrap().contains("says in a 400 that it speaks TLS"), "{found}");
        assert!(found["detail"].as_str().unwrap().contains("a server behind it"), "{found}");
    }
}
