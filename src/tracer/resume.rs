//! After the trace: the second connection that `--resume` asks for, to each server that a handshake was with, by the way
//! of the first: the same address, a tunnel of its own through the same proxy, the same unix socket, or QUIC.
//!
//! It touches nothing that is measured: the trace's times are final before it begins.

use std::net::SocketAddr;

use super::connect;
use super::endpoint;
use super::proxied;
use super::scene::Scene;
use crate::quic::{self, Dialled};
use crate::stream::Stream;
use crate::tcp;
use crate::tls::Memory;
use crate::trace::{Carrier, Connection, ConnectionId, Resumption, Stage, StageName, Tls, Trace};

/// The end of an HTTP/3 connection in good order (RFC 9114 §8.1).
const NO_ERROR: u32 = 0x100;

/// Resumes the session of each of these connections, one after another.
pub(super) async fn resume_all(scene: &Scene<'_>, sessions: Vec<(ConnectionId, Memory)>, trace: &mut Trace) {
    for (id, memory) in sessions {
        let Trace { connections, requests, .. } = &mut *trace;
        let Connection { opened_for, tcp, proxy, quic, tls: Stage::Ran(tls) } = &mut connections[id.0] else {
            continue;
        };
        if let Some(resumption) = memory.without_ticket(tls) {
            tls.resumption = Some(resumption);
            continue;
        }
        (scene.on_stage)(StageName::Tls, &tls.verified_name);
        let won = tcp.winner.and_then(|winner| tcp.attempts.get(winner));
        let won = won.map(|won| (won.address, won.transport));
        let carrier = match (&tcp.unix_socket, won, &*proxy) {
            (Some(path), ..) => {
                let plan = scene.plan.tcp.afterwards();
                tcp::connect_unix(path, &plan, scene.clock, scene.stop).await.1.map(Stream::from)
            }
            (None, None, _) => continue,
            (None, Some((address, _)), Some(proxy)) => {
                proxied::again(scene, &requests[opened_for.0].url, proxy, address).await
            }
            (None, Some((address, Carrier::Quic)), None) => {
                let resumption = by_quic(scene, &memory, address, tls).await;
                if let Some(quic) = quic {
                    quic.early_data = resumption.early_data;
                }
                tls.resumption = Some(resumption);
                continue;
            }
            (None, Some((address, Carrier::Tcp)), None) => connect::again(scene, address).await,
        };
        let peer = won.map(|(address, _)| address).filter(|_| proxy.is_none());
        tls.resumption = Some(match carrier {
            Ok(stream) => memory.resume(stream, peer, tls, scene.clock, scene.stop).await,
            Err(failure) => memory.unconnected(tls, failure.message),
        });
    }
}

/// The same by QUIC.
async fn by_quic(scene: &Scene<'_>, memory: &Memory, address: SocketAddr, first: &Tls) -> Resumption {
    let plan = scene.plan.tcp.afterwards();
    let queue = tcp::line_up(&endpoint::own(vec![address.ip()], address.port()), &plan);
    let client = scene.quic.resuming(memory, first);
    let target = quic::Target { queue: &queue, found: 1, host: memory.host(), tls: &client };
    let Dialled { quic, tls, result, .. } = quic::connect(target, &plan, scene.clock, scene.stop).await;
    match (result, tls) {
        (Ok(connection), Stage::Ran(second)) => {
            connection.close(NO_ERROR).await;
            memory.inside_quic(first, &second, quic.early_data)
        }
        (Ok(_), _) => memory.unconnected(first, "no handshake was seen".to_owned()),
        (Err(failure), _) => memory.unconnected(first, failure.message),
    }
}
