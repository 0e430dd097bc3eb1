//! The lab's sockets: many loopback addresses, three ports, all bound before anything is served.
//!
//! One port serves every name server by UDP and TCP, one every web site in the clear, one every
//! web site over TLS. The system picks them, so any number of labs can run at once.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use super::dns::internet::all_servers;
use super::ipv6::DeadListener;
use super::proxies::PROXIES;
use super::web::site::Site;
use super::web::sites::SITES;

/// How often another port is tried when one is not free on every address.
const ATTEMPTS: u32 = 64;

/// The ports of one lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Name servers, UDP and TCP.
    pub dns: u16,
    /// Web sites in the clear: what port 80 of a URL maps to.
    pub http: u16,
    /// Web sites over TLS: what port 443 of a URL maps to.
    pub https: u16,
    /// Proxies: what port 3128 of a proxy's URL maps to.
    pub proxy: u16,
}

/// Everything bound.
pub(super) struct Sockets {
    pub(super) ports: Ports,
    /// In the order of [`all_servers`].
    pub(super) dns: Vec<(UdpSocket, TcpListener)>,
    /// In the order of the sites; `None` where a site does not listen.
    pub(super) http: Vec<Option<TcpListener>>,
    pub(super) https: Vec<Option<TcpListener>>,
    /// The same port by UDP, for the sites that speak HTTP/3.
    pub(super) http3: Vec<Option<UdpSocket>>,
    /// In the order of the proxies.
    pub(super) proxies: Vec<TcpListener>,
    /// Where the dead IPv6 address is kept dead; `None` when the machine has no `::1`.
    pub(super) dead: Option<[DeadListener; 2]>,
}

impl Sockets {
    /// Binds everything.
    ///
    /// # Errors
    /// The machine lacks the loopback addresses (macOS has 127.0.0.1 only), or has no port free on
    /// all of them.
    pub(super) fn bind() -> Result<Self, String> {
        let (dns_port, dns) = on_one_port(bind_dns)?;
        let (http, (plain, dead_plain)) = on_one_port(|port| bind_web(port, |site| site.plain.is_some()))?;
        let (https, ((secure, dead_secure), http3)) = on_one_port(|port| {
            let (port, bound) = bind_web(port, |site| site.secure.is_some())?;
            Ok((port, (bound, bind_udp(port)?)))
        })?;
        let (proxy, proxies) = on_one_port(bind_proxies)?;
        let ports = Ports { dns: dns_port, http, https, proxy };
        let dead = dead_plain.zip(dead_secure).map(|(plain, secure)| [plain, secure]);
        leave_room(&proxies);
        Ok(Self { ports, dns, http: plain, https: secure, http3, proxies, dead })
    }
}

/// Has the kernel's table of descriptors grow now, and not during a trace: where threads share the table, Linux
/// waits for every core when it doubles (`expand_fdtable`), which held a `socket` call up for 10 ms. Where the limit
/// of the process is lower, it is left as it is.
fn leave_room(sockets: &[TcpListener]) {
    const ROOM: i32 = 1023;
    if let Some(socket) = sockets.first() {
        drop(rustix::io::fcntl_dupfd_cloexec(socket, ROOM));
    }
}

/// Runs `bind` with ports that the system picks until one is free everywhere. `bind` gets 0 to
/// begin with and returns the port it got.
fn on_one_port<T>(bind: impl Fn(u16) -> io::Result<(u16, T)>) -> Result<(u16, T), String> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        match bind(0) {
            Ok(bound) => return Ok(bound),
            Err(error) if error.kind() == ErrorKind::AddrInUse => last = Some(error),
            Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {
                return Err(format!(
                    "the lab needs the loopback addresses 127.53.0.0/16, which this machine lacks ({error})"
                ));
            }
            Err(error) => return Err(format!("the lab cannot bind its sockets: {error}")),
        }
    }
    let error = last.map(|error| error.to_string()).unwrap_or_default();
    Err(format!("the lab found no port that is free on all its addresses: {error}"))
}

fn bind_dns(mut port: u16) -> io::Result<(u16, Vec<(UdpSocket, TcpListener)>)> {
    let mut sockets = Vec::new();
    for server in all_servers() {
        let udp = UdpSocket::bind((server.address, port))?;
        port = udp.local_addr()?.port();
        let tcp = TcpListener::bind((server.address, port))?;
        udp.set_nonblocking(true)?;
        tcp.set_nonblocking(true)?;
        sockets.push((udp, tcp));
    }
    Ok((port, sockets))
}

fn bind_proxies(mut port: u16) -> io::Result<(u16, Vec<TcpListener>)> {
    let mut listeners = Vec::new();
    for proxy in PROXIES {
        let listener = TcpListener::bind((proxy.address(), port))?;
        port = listener.local_addr()?.port();
        listener.set_nonblocking(true)?;
        listeners.push(listener);
    }
    Ok((port, listeners))
}

fn bind_udp(port: u16) -> io::Result<Vec<Option<UdpSocket>>> {
    let bind = |site: &Site| site.listens_by_udp().then(|| UdpSocket::bind((site.address(), port)));
    SITES.iter().map(|site| bind(site).transpose()).collect()
}

type Web = (Vec<Option<TcpListener>>, Option<DeadListener>);

fn bind_web(mut port: u16, listens: impl Fn(&Site) -> bool) -> io::Result<(u16, Web)> {
    let mut listeners = Vec::new();
    for site in SITES {
        if !listens(site) {
            listeners.push(None);
            continue;
        }
        let listener = TcpListener::bind((site.address(), port))?;
        port = listener.local_addr()?.port();
        listener.set_nonblocking(true)?;
        listeners.push(Some(listener));
    }
    let dead = match DeadListener::bind(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port)) {
        // Another lab's, or anybody's: take another port.
        Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(error),
        // No IPv6 here: connections to ::1 fail at once, which is dead too.
        Err(_) => None,
        Ok(listener) => Some(listener),
    };
    Ok((port, (listeners, dead)))
}
