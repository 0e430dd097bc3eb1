//! The proxies of the tests: tinyproxy, also behind stunnel as an https proxy, and microsocks, in the servers' namespace.

use std::fs;
use std::path::Path;

use crate::World;
use crate::net::Access;
use crate::servers::Server;
use crate::tools::{program, run_at};
use crate::zones::{WEB, WEB_TLS12};

/// User name and password of those that want one.
pub(crate) const USER: &str = "joe:hunter2";

/// Where each listens: all at one address.
pub(crate) const HTTP: u16 = 3128;
pub(crate) const HTTP_WITH_PASSWORD: u16 = 3129;
/// TLS before [`HTTP`].
pub(crate) const HTTPS: u16 = 3443;
pub(crate) const SOCKS: u16 = 1080;
pub(crate) const SOCKS_WITH_PASSWORD: u16 = 1081;

/// Starts all of them. They end when dropped.
pub(crate) fn start(world: &World) -> Vec<Server> {
    // What resolves there asks the world's resolver.
    world.internet.resolve_among_servers();
    let dir = world.dir.path().join(format!("proxies-{}", world.number()));
    let (name, password) = USER.split_once(':').unwrap();
    let mut servers = vec![
        tinyproxy(world, &dir, HTTP, ""),
        tinyproxy(world, &dir, HTTP_WITH_PASSWORD, &format!("BasicAuth {name} {password}\n")),
        stunnel(world, &dir, HTTPS, HTTP),
        microsocks(world, &dir, SOCKS, &[]),
        microsocks(world, &dir, SOCKS_WITH_PASSWORD, &["-u", name, "-P", password]),
    ];
    for (server, port) in
        servers.iter_mut().zip([HTTP, HTTP_WITH_PASSWORD, HTTPS, SOCKS, SOCKS_WITH_PASSWORD])
    {
        wait(world, server, port);
    }
    servers
}

/// Starts tinyproxy alone, which opens tunnels to this port, too.
pub(crate) fn start_one(world: &World, to: u16) -> Server {
    world.internet.resolve_among_servers();
    let dir = world.dir.path().join(format!("proxies-{}", world.number()));
    let mut server = tinyproxy(world, &dir, HTTP, &format!("ConnectPort {to}\n"));
    wait(world, &mut server, HTTP);
    server
}

fn wait(world: &World, server: &mut Server, port: u16) {
    let client = world.internet.client(Access::Full);
    let address = format!("telnet://{}:{port}", WEB[0]);
    // A connection is all that is wanted: 28 is curl's code for a limit that passed on one.
    server.wait_until(|| {
        let curl = run_at(client, &program("curl"), &["-qsS", "--max-time", "0.2", &address]);
        curl.code == 28 || curl.code == 0
    });
}

fn tinyproxy(world: &World, dir: &Path, port: u16, more: &str) -> Server {
    let dir = dir.join(format!("tinyproxy-{port}"));
    fs::create_dir_all(&dir).unwrap();
    let file = dir.join("tinyproxy.conf");
    let address = WEB[0];
    let config = format!("Port {port}\nListen {address}\nTimeout 60\nMaxClients 20\nConnectPort 443\n{more}");
    fs::write(&file, config).unwrap();
    Server::start(&world.internet, &dir, "tinyproxy", &program("tinyproxy"), |command| {
        command.arg("-d").arg("-c").arg(&file);
    })
}

/// TLS at one port, for who listens at another.
fn stunnel(world: &World, dir: &Path, port: u16, behind: u16) -> Server {
    let dir = dir.join(format!("stunnel-{port}"));
    fs::create_dir_all(&dir).unwrap();
    let file = dir.join("stunnel.conf");
    let address = WEB[0];
    let (certificate, key) = (world.certificates.leaf.display(), world.certificates.key.display());
    // At an address that its certificate does not have, too.
    let services = [("proxy", address.to_string()), ("other", WEB_TLS12.to_string())].map(|(name, own)| {
        format!(
            "[{name}]\naccept = {own}:{port}\nconnect = {address}:{behind}\ncert = {certificate}\nkey = {key}\n"
        )
    });
    let config = format!("foreground = yes\npid =\n{}", services.concat());
    fs::write(&file, config).unwrap();
    Server::start(&world.internet, &dir, "stunnel", &program("stunnel"), |command| {
        command.arg(&file);
    })
}

fn microsocks(world: &World, dir: &Path, port: u16, more: &[&str]) -> Server {
    let dir = dir.join(format!("microsocks-{port}"));
    fs::create_dir_all(&dir).unwrap();
    Server::start(&world.internet, &dir, "microsocks", &program("microsocks"), |command| {
        command.args(["-i", &WEB[0].to_string(), "-p", &port.to_string()]).args(more);
    })
}
