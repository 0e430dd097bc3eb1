//! An internet inside the process: name servers from the root down, a certificate authority and
//! web servers, on loopback, without root rights and without a network.
//!
//! It serves `--lab`, teaching, and the tests. Every delay it puts in is a public constant, counted
//! from the moment a server has the request, so that a trace can be held to it. It runs on a thread
//! of its own with its own runtime: what its servers compute never blocks a client's stamps.
//!
//! Limits: it uses addresses in 127.53.0.0/16, which Linux has without set-up; macOS has only
//! 127.0.0.1, and there the lab says that it cannot start. A slow TCP connection cannot be shown,
//! because the kernel completes a loopback connection on its own. Zones are signed with keys of this
//! lab's own: its trust anchor is as little the world's as its CA is.
//!
//! A lab holds some hundred sockets. Tests that need many labs at once should share one.
//!
//! # Layout
//! - [`scenario`](self::SCENARIOS): what can be shown, and what a trace of it must find
//! - `dns/`: zones, name servers, the resolver
//! - `web/`: sites, certificates, TLS, HTTP/1.1 and HTTP/2, and those that speak neither
//! - `sockets`, `ipv6`: what is bound, and the address that is dead
//! - `timer`, `seen`: exact waits, and counters for tests

mod dns;
mod ipv6;
mod scenario;
mod seen;
mod sockets;
#[cfg(test)]
mod tests;
mod timer;
mod web;

use std::net::SocketAddr;
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::oneshot;

pub use self::ipv6::DeadIpv6;
pub use self::scenario::*;
pub use self::seen::Seen;
pub use self::sockets::Ports;

use self::dns::internet::{STUB, hints};
use self::seen::Tally;
use self::sockets::Sockets;
use self::web::ca::Authority;
use self::web::reply::Bodies;
use self::web::site::SITES;
use crate::clock::Clock;
use crate::plan::{AnchorsText, DnssecPlan, HintsText, Plan, PublicResolvers, RootsChoice};

/// A running lab. Its servers stop when it is dropped.
#[derive(Debug)]
pub struct Lab {
    ports: Ports,
    root: Vec<u8>,
    root_pem: String,
    trust_anchor: String,
    dead_ipv6: DeadIpv6,
    tally: Tally,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the lab's thread tells once everything is bound.
struct Ready {
    ports: Ports,
    root: Vec<u8>,
    root_pem: String,
    trust_anchor: String,
    dead_ipv6: DeadIpv6,
}

/// What all servers of a lab share.
struct Shared {
    clock: Clock,
    tally: Tally,
    bodies: Bodies,
}

impl Lab {
    /// Starts the servers and waits until they answer. Needs no runtime of a certain kind.
    ///
    /// # Errors
    /// One sentence: the machine lacks the loopback addresses, or has no port free on all of them.
    pub async fn start() -> Result<Self, String> {
        let tally = Tally::default();
        let (ready, started) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let counted = tally.clone();
        let thread = std::thread::Builder::new()
            .name("lab".to_owned())
            .spawn(move || run(counted, ready, stopped))
            .map_err(|error| format!("the lab cannot start its thread: {error}"))?;
        let ended = |_| "the lab's thread ended before it was ready".to_owned();
        let Ready { ports, root, root_pem, trust_anchor, dead_ipv6 } = started.await.map_err(ended)??;
        let (stop, thread) = (Some(stop), Some(thread));
        Ok(Self { ports, root, root_pem, trust_anchor, dead_ipv6, tally, stop, thread })
    }

    /// Points a plan into the lab: its root servers, resolver, ports, and certificate authority.
    /// Roots of trust that the user asked for are kept.
    pub fn apply(&self, plan: &mut Plan) {
        plan.dns.root_hints = Some(HintsText { source: "lab".to_owned(), text: hints(self.ports.dns) });
        plan.dns.server_port = self.ports.dns;
        plan.dns.stub_servers = vec![SocketAddr::new(STUB.address(), self.ports.dns)];
        (plan.dns.hosts_file, plan.dns.nsswitch) = (None, None);
        if let Some(public @ PublicResolvers::BuiltIn) = &mut plan.dns.survey.propagation {
            *public = PublicResolvers::Given(Vec::new());
        }
        // The root's keys of the world say nothing here; a file of the user's is kept.
        if plan.dns.dnssec == (DnssecPlan::On { anchors: None }) {
            let anchors = AnchorsText { source: "lab".to_owned(), text: self.trust_anchor.clone() };
            plan.dns.dnssec = DnssecPlan::On { anchors: Some(anchors) };
        }
        plan.tcp.port_map = vec![(80, self.ports.http), (443, self.ports.https), (8443, self.ports.https)];
        // The environment speaks of the machine's world, not of this one.
        if matches!(plan.tls.roots, RootsChoice::Embedded | RootsChoice::Environment { .. }) {
            plan.tls.roots =
                RootsChoice::Given { name: "lab CA".to_owned(), certificates: vec![self.root.clone()] };
        }
        plan.dns.roots = plan.tls.roots.clone();
    }

    /// The ports everything listens on.
    #[must_use]
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// The certificate of the lab's root CA, DER.
    #[must_use]
    pub fn root_certificate(&self) -> &[u8] {
        &self.root
    }

    /// The certificate of the lab's root CA, PEM, for other tools.
    #[must_use]
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// The root hints of this lab, as `--root-hints` reads them.
    #[must_use]
    pub fn root_hints(&self) -> String {
        hints(self.ports.dns)
    }

    /// The trust anchor of this lab's root, as `--trust-anchor` reads it.
    #[must_use]
    pub fn trust_anchor(&self) -> &str {
        &self.trust_anchor
    }

    /// Whether the dead IPv6 address is silent here, so that `dead-ipv6` costs what it says.
    #[must_use]
    pub fn dead_ipv6(&self) -> DeadIpv6 {
        self.dead_ipv6
    }

    /// What has reached the servers so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.tally.read()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has nobody left to hurt.
            let _ = thread.join();
        }
    }
}

/// The lab's thread.
fn run(tally: Tally, ready: oneshot::Sender<Result<Ready, String>>, stopped: oneshot::Receiver<()>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(format!("the lab cannot start its runtime: {error}")));
            return;
        }
    };
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let (message, _silence) = match open(tally).await {
            Ok((told, silence)) => (Ok(told), silence),
            Err(error) => (Err(error), Vec::new()),
        };
        let failed = message.is_err();
        if ready.send(message).is_err() || failed {
            return;
        }
        // Ends when the sender is dropped.
        let _ = stopped.await;
    });
}

/// Binds and spawns everything.
async fn open(tally: Tally) -> Result<(Ready, Vec<ipv6::Silence>), String> {
    let clock = Clock::start();
    let Sockets { ports, dns, http, https, dead } = Sockets::bind()?;
    let authority = Authority::new(clock.started_at()).map_err(|error| format!("lab CA: {error}"))?;
    let bodies = Bodies::new(authority.intermediate()).await.map_err(|error| format!("lab page: {error}"))?;
    let shared = Rc::new(Shared { clock, tally, bodies });
    let adopt = |error: std::io::Error| format!("the lab cannot use its sockets: {error}");
    let zones = dns::zones(clock.started_at())?;
    let trust_anchor = dns::trust_anchor(&zones)?;
    for (server, (udp, tcp)) in dns::name_servers(zones).into_iter().zip(dns) {
        let udp = UdpSocket::from_std(udp).map_err(adopt)?;
        let tcp = TcpListener::from_std(tcp).map_err(adopt)?;
        dns::spawn(server, dns::Sockets { udp, tcp }, shared.clone());
    }
    for (site, (plain, secure)) in SITES.iter().zip(http.into_iter().zip(https)) {
        if let (Some(conduct), Some(listener)) = (site.plain, plain) {
            let listener = TcpListener::from_std(listener).map_err(adopt)?;
            tokio::task::spawn_local(web::serve_plain(site, conduct, listener, shared.clone()));
        }
        if let (Some(door), Some(listener)) = (web::door(site, &authority)?, secure) {
            let listener = TcpListener::from_std(listener).map_err(adopt)?;
            tokio::task::spawn_local(web::serve_secure(site, door, listener, shared.clone()));
        }
    }
    let silence: Vec<_> = dead.into_iter().flatten().filter_map(ipv6::DeadListener::silence).collect();
    let dead_ipv6 = if silence.len() == 2 { DeadIpv6::Unanswered } else { DeadIpv6::Refused };
    let (root, root_pem) = (authority.root(), authority.root_pem());
    Ok((Ready { ports, root, root_pem, trust_anchor, dead_ipv6 }, silence))
}

/// The lab that tests share, where they neither count what it sees nor drop it.
#[cfg(test)]
pub(crate) fn shared_lab() -> &'static Lab {
    static LAB: tokio::sync::OnceCell<Lab> = tokio::sync::OnceCell::const_new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(LAB.get_or_try_init(Lab::start)).unwrap()
}

/// Takes the next connection; `None` after an error, such as too many open files, that waiting may
/// mend.
async fn accept(listener: &TcpListener) -> Option<TcpStream> {
    match listener.accept().await {
        Ok((stream, _)) => Some(stream),
        Err(_) => {
            tokio::time::sleep(Duration::from_millis(10)).await;
            None
        }
    }
}
