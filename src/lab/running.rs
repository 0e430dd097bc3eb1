//! A running lab: its thread and what is spawned on it, and a plan pointed into it.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::oneshot;

use super::dns::internet::{STUB, hints};
use super::ipv6::{DeadIpv6, DeadListener, Silence};
use super::proxies::PROXIES;
use super::seen::{Seen, Tally};
use super::shared::Shared;
use super::sockets::{Ports, Sockets};
use super::web::ca::Authority;
use super::web::reply::Bodies;
use super::web::sites::SITES;
use super::{dns, proxy, web};
use crate::clock::Clock;
use crate::plan::{
    AnchorsText, DnssecPlan, HintsText, Identity, IdentityFiles, KeyFile, Plan, PublicResolvers, RootsChoice,
};

/// A running lab. Its servers stop when it is dropped.
#[derive(Debug)]
pub struct Lab {
    ports: Ports,
    root: Vec<u8>,
    root_pem: String,
    client_pem: Arc<[u8]>,
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
    client_pem: Arc<[u8]>,
    trust_anchor: String,
    dead_ipv6: DeadIpv6,
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
        let Ready { ports, root, root_pem, client_pem, trust_anchor, dead_ipv6 } =
            started.await.map_err(ended)??;
        let (stop, thread) = (Some(stop), Some(thread));
        Ok(Self { ports, root, root_pem, client_pem, trust_anchor, dead_ipv6, tally, stop, thread })
    }

    /// Points a plan into the lab: its root servers, resolver, ports, and certificate authority.
    /// Roots of trust that the user asked for are kept.
    pub fn apply(&self, plan: &mut Plan) {
        plan.dns.root_hints = Some(HintsText { source: "lab".to_owned(), text: hints(self.ports.dns) });
        plan.dns.server_port = self.ports.dns;
        plan.dns.stub_servers = vec![SocketAddr::new(STUB.address, self.ports.dns)];
        (plan.dns.hosts_file, plan.dns.nsswitch) = (None, None);
        if let Some(public @ PublicResolvers::BuiltIn) = &mut plan.dns.survey.propagation {
            *public = PublicResolvers::Given(Vec::new());
        }
        // The root's keys of the world say nothing here; a file of the user's is kept.
        if plan.dns.dnssec == (DnssecPlan::On { anchors: None }) {
            let anchors = AnchorsText { source: "lab".to_owned(), text: self.trust_anchor.clone() };
            plan.dns.dnssec = DnssecPlan::On { anchors: Some(anchors) };
        }
        plan.tcp.port_map = vec![
            (80, self.ports.http),
            (443, self.ports.https),
            (8443, self.ports.https),
            (3128, self.ports.proxy),
        ];
        // The environment speaks of the machine's world, not of this one.
        if matches!(plan.tls.roots, RootsChoice::Embedded | RootsChoice::Environment { .. }) {
            plan.tls.roots =
                RootsChoice::Given { name: "lab CA".to_owned(), certificates: vec![self.root.clone()] };
        }
        plan.dns.roots = plan.tls.roots.clone();
        if let Some(identity @ Identity::OfLab) = &mut plan.tls.identity {
            let certificate =
                KeyFile { name: "--cert lab:client".to_owned(), bytes: Arc::clone(&self.client_pem) };
            *identity = Identity::Files(IdentityFiles { certificate, key: None, password: None });
        }
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
async fn open(tally: Tally) -> Result<(Ready, Vec<Silence>), String> {
    let clock = Clock::start();
    let Sockets { ports, dns, http, https, http3, proxies, dead } = Sockets::bind()?;
    let authority = Authority::new(clock.started_at()).map_err(|error| format!("lab CA: {error}"))?;
    let bodies = Bodies::new(authority.intermediate()).map_err(|error| format!("lab page: {error}"))?;
    let shared = Rc::new(Shared { clock, tally, bodies, turns: Default::default() });
    let adopt = |error: std::io::Error| format!("the lab cannot use its sockets: {error}");
    let zones = dns::zones(clock.started_at())?;
    let trust_anchor = dns::trust_anchor(&zones)?;
    for (server, (udp, tcp)) in dns::name_servers(zones).into_iter().zip(dns) {
        let udp = UdpSocket::from_std(udp).map_err(adopt)?;
        let tcp = TcpListener::from_std(tcp).map_err(adopt)?;
        dns::spawn(server, dns::Sockets { udp, tcp }, shared.clone());
    }
    let listeners = http.into_iter().zip(https).zip(http3);
    for (site, ((plain, secure), udp)) in SITES.iter().zip(listeners) {
        if let (Some(conduct), Some(listener)) = (site.plain, plain) {
            let listener = TcpListener::from_std(listener).map_err(adopt)?;
            tokio::task::spawn_local(web::serve_plain(site, conduct, listener, shared.clone()));
        }
        if let (Some(door), Some(listener)) = (web::door(site, &authority)?, secure) {
            let listener = TcpListener::from_std(listener).map_err(adopt)?;
            if let (web::Door::Tls(tls, config), Some(udp)) = (&door, udp) {
                let served = web::serve_by_udp(site, **tls, config.clone(), udp, shared.clone());
                // It ends with the lab.
                tokio::task::spawn_local(async move { drop(served.await) });
            }
            tokio::task::spawn_local(web::serve_secure(site, door, listener, shared.clone()));
        }
    }
    for (one, listener) in PROXIES.iter().zip(proxies) {
        let listener = TcpListener::from_std(listener).map_err(adopt)?;
        let door = proxy::door(one, &authority)?;
        tokio::task::spawn_local(proxy::serve(one, door, listener, ports, shared.clone()));
    }
    let silence: Vec<_> = dead.into_iter().flatten().filter_map(DeadListener::silence).collect();
    let dead_ipv6 = if silence.len() == 2 { DeadIpv6::Unanswered } else { DeadIpv6::Refused };
    let (root, root_pem) = (authority.root(), authority.root_pem());
    let client_pem = authority.client_pem().map_err(|error| format!("lab CA: {error}"))?.into_bytes().into();
    Ok((Ready { ports, root, root_pem, client_pem, trust_anchor, dead_ipv6 }, silence))
}

/// The lab that tests share, where they neither count what it sees nor drop it.
#[cfg(test)]
pub(crate) fn shared_lab() -> &'static Lab {
    static LAB: tokio::sync::OnceCell<Lab> = tokio::sync::OnceCell::const_new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(LAB.get_or_try_init(Lab::start)).unwrap()
}
