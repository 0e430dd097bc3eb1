//! After the trace: the second connection that `--resume` asks for, to each server that a handshake was with.
//!
//! It touches nothing that is measured: the trace's times are final before it begins.

use super::endpoint;
use super::scene::Scene;
use crate::stream::Stream;
use crate::tcp;
use crate::tls::Memory;
use crate::trace::{Connection, ConnectionId, Resumption, Stage, StageName, Trace};

/// Why nothing is resumed there.
const BEHIND_PROXY: &str = "behind a proxy no second connection is made";
const BY_SOCKET: &str = "by a socket file no second connection is made";

/// Resumes the session of each of these connections, one after another.
pub(super) async fn resume_all(scene: &Scene<'_>, sessions: Vec<(ConnectionId, Memory)>, trace: &mut Trace) {
    for (id, memory) in sessions {
        let Connection { tcp, proxy, tls: Stage::Ran(tls), .. } = &mut trace.connections[id.0] else {
            continue;
        };
        let resumption = match memory.without_ticket(tls) {
            Some(resumption) => resumption,
            None if proxy.is_some() => memory.untried(tls, BEHIND_PROXY),
            None if tcp.unix_socket.is_some() => memory.untried(tls, BY_SOCKET),
            None => {
                let address = tcp.winner.and_then(|winner| tcp.attempts.get(winner)).map(|won| won.address);
                let Some(address) = address else { continue };
                (scene.on_stage)(StageName::Tls, &tls.verified_name);
                again(scene, memory, address, tls).await
            }
        };
        tls.resumption = Some(resumption);
    }
}

/// A connection to the same address, and the session of the first over it.
async fn again(
    scene: &Scene<'_>,
    memory: Memory,
    address: std::net::SocketAddr,
    first: &crate::trace::Tls,
) -> Resumption {
    let Scene { plan, clock, stop, .. } = *scene;
    let plan = plan.tcp.afterwards();
    let endpoints = endpoint::own(vec![address.ip()], address.port());
    let queue = tcp::line_up(&endpoints, &plan);
    let (_, connected) = tcp::connect(&queue, 1, &plan, clock, stop).await;
    match connected {
        Ok(stream) => memory.resume(Stream::from(stream), Some(address), first, clock, stop).await,
        Err(failure) => memory.unconnected(first, failure.message),
    }
}
