//! A connection for a request, by a proxy or without one.

use super::beside::Beside;
use super::connect;
use super::opening::Opened;
use super::proxied;
use super::quic;
use super::scene::Scene;
use crate::http::Ask;
use crate::plan::VersionChoice;
use crate::proxy::{self, Choice};
use crate::trace::{RequestId, StageName, Trace};

/// Opens it.
pub(super) async fn open(
    scene: &Scene<'_>,
    trace: &mut Trace,
    id: RequestId,
    ask: &Ask,
    beside: &mut Beside,
) -> Opened {
    let request = &mut trace.requests[id.0];
    if request.until >= StageName::Tcp && scene.plan.tcp.unix_socket.is_none() {
        match proxy::choose(&request.url, &scene.plan.proxy) {
            Choice::Use(_) if scene.plan.http.version == VersionChoice::Http3Only => {
                return Err(quic::not_by_proxy(&request.url.host_ascii));
            }
            Choice::Use(server) => {
                return proxied::open(scene, trace, (id, ask), server, beside).await;
            }
            Choice::Bypass(bypass) => request.bypass = Some(bypass),
            Choice::Direct => {}
        }
    }
    connect::open(scene, trace, id, ask, beside).await
}
