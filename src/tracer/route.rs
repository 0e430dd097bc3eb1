//! `--route`: when the trace has ended, the path to each address that was connected to, with the names of the routers by
//! this machine's own resolver: nobody else is told of the addresses on the way. Nothing of it is counted.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;

use super::scene::Scene;
use crate::plan::{Question, TcpPlan};
use crate::stop::Stop;
use crate::tcp;
use crate::trace::{Carrier, Connection, RecordType, Route, RouteEnd, StageName, Trace, reverse_name};

/// How long all paths of a run may take, with the names.
const LIMIT: Duration = Duration::from_secs(10);
/// How long the names of one may.
const NAMES: Duration = Duration::from_secs(2);

/// Why there is no path.
const BEHIND_PROXY: &str = "behind a proxy the path to the server is the proxy's";
const BY_SOCKET: &str = "a socket file of this machine has no path through a network";
const UNCONNECTED: &str = "no connection was made";

/// Finds the path to the address of every connection, each address once.
pub(super) async fn find_all(scene: &Scene<'_>, trace: &mut Trace) {
    let (plan, stop) = (scene.plan.tcp.afterwards(), scene.stop.child(LIMIT));
    let mut known: Vec<((SocketAddr, Carrier), Route)> = Vec::new();
    for Connection { tcp, proxy, .. } in &mut trace.connections {
        let winner = tcp.winner.and_then(|winner| tcp.attempts.get(winner));
        let winner = winner.map(|attempt| (attempt.address, attempt.transport));
        let route = match winner {
            _ if proxy.is_some() => Route::untraced(BEHIND_PROXY),
            _ if tcp.unix_socket.is_some() => Route::untraced(BY_SOCKET),
            None => Route::untraced(UNCONNECTED),
            Some(target) => match known.iter().find(|(of, _)| *of == target) {
                Some((_, route)) => route.clone(),
                None => {
                    (scene.on_stage)(StageName::Tcp, &target.0.to_string());
                    let route = find(scene, target, &plan, &stop).await;
                    known.push((target, route.clone()));
                    route
                }
            },
        };
        tcp.route = Some(route);
    }
}

async fn find(scene: &Scene<'_>, (to, by): (SocketAddr, Carrier), plan: &TcpPlan, stop: &Stop) -> Route {
    let mut route = tcp::route(to, by, plan, scene.clock, stop).await;
    if matches!(route.end, RouteEnd::Stopped) && stop.within(None, tokio::task::yield_now()).await.is_err() {
        return route;
    }
    let patience = stop.child(NAMES);
    let names = route.hops.iter().map(|hop| name_of(scene, hop.address, &patience));
    let names = join_all(names).await;
    for (hop, name) in route.hops.iter_mut().zip(names) {
        hop.name = name;
    }
    route
}

/// The name of an address (RFC 1035 §3.5), if this machine's resolver knows one.
async fn name_of(scene: &Scene<'_>, address: Option<IpAddr>, stop: &Stop) -> Option<String> {
    let resolver = scene.means.resolver.as_ref()?;
    let question = Question { name: reverse_name(address?), types: vec![RecordType::PTR] };
    let asked = resolver.ask(&question, scene.clock, stop);
    let (dns, _, _) = stop.within(None, asked).await.ok()?;
    let pointer = dns.answers.into_iter().find(|record| record.rtype == RecordType::PTR)?;
    Some(pointer.data.strip_suffix('.').map_or_else(|| pointer.data.clone(), str::to_owned))
}
