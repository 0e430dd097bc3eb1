//! `--tls-scan`: when the trace has ended, the servers that TLS was spoken with are asked for all that they take of
//! it, one after another. Nothing of it is counted.
//!
//! All servers of a run share one allowance: it is a look at what the URL's own servers do, not a scan of others.

use super::by_tcp;
use super::scene::Scene;
use crate::tls::{self, Allowance, Target};
use crate::trace::{Connection, ConnectionId, Request, Stage, StageName, TlsScan, Trace};

/// Why nothing is asked there.
const BEHIND_PROXY: &str = "behind a proxy no server is scanned";
const BY_SOCKET: &str = "by a socket file no server is scanned";
const UNCONNECTED: &str = "there was no connection to it";
const UNSECURED: &str = "no TLS handshake was begun with it";

/// Scans the server of each connection that a request had with TLS, each server once.
pub(super) async fn scan_all(scene: &Scene<'_>, trace: &mut Trace) {
    let mut allowance = Allowance::new(scene.clock);
    let mut connections: Vec<ConnectionId> =
        trace.hops().filter_map(|hop| hop.request.connection.ran()).collect();
    connections.dedup();
    for request in &mut trace.requests {
        request.scan_skipped = needless(request, &trace.connections);
    }
    let mut done: Vec<(Option<String>, TlsScan)> = Vec::new();
    for id in connections {
        let Connection { tcp, proxy, tls: Stage::Ran(tls), .. } = &mut trace.connections[id.0] else {
            continue;
        };
        let address = tcp.winner.and_then(|winner| tcp.attempts.get(winner)).map(|won| won.address);
        let is_known = |(sni, scan): &&(Option<String>, TlsScan)| *sni == tls.sni && scan.address == address;
        let scan = match (address, done.iter().find(is_known)) {
            _ if proxy.is_some() => TlsScan::untried(BEHIND_PROXY),
            _ if tcp.unix_socket.is_some() => TlsScan::untried(BY_SOCKET),
            (None, _) => TlsScan::untried(UNCONNECTED),
            (Some(_), Some((_, scan))) => scan.clone(),
            (Some(address), None) => {
                (scene.on_stage)(StageName::Tls, &tls.verified_name);
                let target = Target { address, sni: tls.sni.as_deref() };
                let open = async || by_tcp::again(scene, address).await.ok();
                let scan = tls::scan(open, target, scene.clock, scene.stop, &mut allowance).await;
                done.push((tls.sni.clone(), scan.clone()));
                scan
            }
        };
        tls.scan = Some(Box::new(scan));
    }
}

/// Why a request has no server that could be asked; `None` where it has.
fn needless(request: &Request, connections: &[Connection]) -> Option<&'static str> {
    let connection = match request.connection {
        Stage::Ran(id) => connections.get(id.0)?,
        Stage::Skipped(reason) => return Some(reason),
        Stage::NotReached => return Some(UNCONNECTED),
    };
    match connection.tls {
        Stage::Ran(_) => None,
        Stage::Skipped(reason) => Some(reason),
        Stage::NotReached => Some(UNSECURED),
    }
}
