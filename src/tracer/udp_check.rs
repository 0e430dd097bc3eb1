//! After the trace: whether UDP gets through at all to an address that offers HTTP/3, where QUIC had heard nothing when
//! TCP was faster. One lost packet would look the same, so it is tried once more, and long enough for a second packet.
//!
//! It touches nothing that is measured: the trace's times are final before it begins.

use std::net::SocketAddr;
use std::time::Duration;

use super::endpoint;
use super::scene::Scene;
use crate::plan::TcpPlan;
use crate::quic::{self, Dialled};
use crate::reading::{self, SILENCE};
use crate::tcp;
use crate::trace::{ConnectionId, StageName, Trace};

/// The end of an HTTP/3 connection in good order (RFC 9114 §8.1).
const NO_ERROR: u32 = 0x100;
/// Round trips that an answer to the second packet may take, and the longest that are granted.
const ROUND_TRIPS: u32 = 3;
const FARTHEST: Duration = Duration::from_secs(1);
/// What a server that has answered may take to its handshake's end.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks once more where nothing was heard.
pub(super) async fn ask_all(scene: &Scene<'_>, trace: &mut Trace) {
    let silent = |hop: &crate::trace::Hop<'_>| {
        let unheard = reading::unheard_quic(hop).filter(reading::UnheardQuic::is_doubtful)?;
        let rtt = hop.connect.ran().and_then(|connect| connect.tcp_info).map_or(FARTHEST, |info| info.rtt);
        let host = hop.url.host_ascii.trim_end_matches('.').to_owned();
        Some((hop.request.connection.ran()?, unheard.attempt.address, host, rtt))
    };
    let all: Vec<(ConnectionId, SocketAddr, String, Duration)> =
        trace.hops().filter_map(|hop| silent(&hop)).collect();
    for (id, address, host, rtt) in all {
        (scene.on_stage)(StageName::Tcp, &host);
        let connect_timeout = SILENCE + (rtt * ROUND_TRIPS).min(FARTHEST);
        let plan = TcpPlan { connect_timeout, ..scene.plan.tcp.afterwards() };
        let queue = tcp::line_up(&endpoint::own(vec![address.ip()], address.port()), &plan);
        let target = quic::Target { queue: &queue, found: 1, host: &host, tls: scene.quic };
        let asked = quic::connect(target, &plan, scene.clock, scene.stop);
        // Whoever has answered and goes no further is not silent: nothing is to be told.
        let Ok(Dialled { connect, result, .. }) = tokio::time::timeout(PATIENCE, asked).await else {
            continue;
        };
        if let Ok(connection) = result {
            connection.close(NO_ERROR).await;
        }
        trace.connections[id.0].tcp.udp_check = connect.attempts.into_iter().next();
    }
}
