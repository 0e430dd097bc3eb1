//! What the opening of a connection leaves beside it: work for later, holds for a later look.

use super::scene::Scene;
use crate::dns::UncountedLanes;
use crate::http::{self, Ask, Session};
use crate::quic;
use crate::tcp;
use crate::tls;
use crate::trace::{Connection, ConnectionId, LookupId, Request, RequestId, StageName, Trace};

/// What opening a connection leaves to be done later, also where it failed.
#[derive(Default)]
pub(super) struct Beside {
    /// Lanes of the lookup that are still running.
    pub(super) lanes: Option<(LookupId, UncountedLanes)>,
    /// What is left to read of the TLS handshake.
    pub(super) unread: Option<tls::Unread>,
    /// The same of that with a proxy.
    pub(super) of_proxy: Option<tls::Unread>,
    /// The request, made while the connection was awaited.
    pub(super) request: Option<http::Prepared>,
    /// A hold on the connection, for a look at it when all is over.
    pub(super) watch: Option<(ConnectionId, tcp::Watch)>,
    /// The same of one of QUIC.
    pub(super) quic: Option<(ConnectionId, quic::Watch)>,
}

impl Beside {
    /// DNSSEC's own questions go out right behind the next packet.
    pub(super) fn begin_checks(&self) {
        if let Some((_, lanes)) = &self.lanes {
            lanes.begin();
        }
    }

    /// Reads what is left of the handshakes: certificates are work of ours that no phase should pay for.
    /// What is left to be asked of the server's is given back.
    pub(super) fn read(self, trace: &mut Trace, id: RequestId) -> Option<(ConnectionId, tls::Doubt)> {
        let connection = trace.requests[id.0].connection.ran()?;
        let Connection { proxy, tls, .. } = trace.connections.get_mut(connection.0)?;
        let with_proxy = proxy.as_mut().and_then(|proxy| proxy.tls.as_mut());
        if let (Some(tls), Some(unread)) = (with_proxy, self.of_proxy) {
            unread.read_into(tls);
        }
        let doubt = self.unread?.read_into(tls.ran_mut()?)?;
        Some((connection, doubt))
    }
}

/// The request, where one is to be made: nothing of it needs the connection.
pub(super) fn make_request(scene: &Scene<'_>, request: &Request, ask: &Ask) -> Option<http::Prepared> {
    (request.until == StageName::Http).then(|| http::prepare(&request.url, ask, &scene.plan.http))
}

/// What a request goes on with. One that goes no further than to an earlier stage ends its connection in good order: a
/// server may forget the session of one that merely breaks off (RFC 5246 §7.2.1).
pub(super) async fn goes_on(
    session: Session,
    connection: ConnectionId,
    until: StageName,
) -> Option<(Session, ConnectionId)> {
    if until == StageName::Http {
        return Some((session, connection));
    }
    session.close().await;
    None
}
