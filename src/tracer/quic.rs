//! The stages tcp and tls of a request where QUIC does both: HTTP/3, without any TCP beside it (`race` has both).

use super::beside::{Beside, goes_on, make_request};
use super::endpoint;
use super::opening::{Opened, Opening};
use super::scene::Scene;
use crate::http::Session;
use crate::plan::VersionChoice;
use crate::quic::{self, Dialled};
use crate::trace::{Connection, ConnectionId, Failure, FailureCode, Scheme, Stage, StageName, Url};

/// Why a proxy, or a URL in the clear, cannot have HTTP/3.
fn impossible(message: String, hint: &str) -> Failure {
    let (stage, code) = (StageName::Tcp, FailureCode::VersionNotNegotiated);
    Failure { stage, code, message, hint: Some(hint.to_owned()), running: std::time::Duration::ZERO }
}

/// The failure of HTTP/3 that is to go through a proxy.
pub(super) fn not_by_proxy(host: &str) -> Failure {
    let message = format!(
        "HTTP/3 was asked for, and {host} is to be reached through a proxy, which QUIC does not go by"
    );
    impossible(message, "--noproxy names hosts that need no proxy; without --http3-only TCP is used")
}

/// Whether a URL is to be reached by QUIC alone.
pub(super) fn is_wanted(url: &Url, version: VersionChoice) -> bool {
    match url.scheme {
        Scheme::Quic => true,
        Scheme::Http | Scheme::Https => version == VersionChoice::Http3Only,
        Scheme::Ws | Scheme::Wss | Scheme::Grpc | Scheme::Grpcs | Scheme::Tls | Scheme::Tcp | Scheme::Dns => {
            false
        }
    }
}

/// From the addresses of an origin to a QUIC connection.
pub(super) async fn open(scene: &Scene<'_>, opening: Opening<'_>, beside: &mut Beside) -> Opened {
    let Opening { id, request, ask, connections, queue, found, mut service, redirected_from } = opening;
    if request.url.scheme == Scheme::Http {
        let message =
            "HTTP/3 was asked for, and an http URL has no TLS, without which there is no QUIC".to_owned();
        return Err(impossible(message, "use https://"));
    }
    let target = quic::Target {
        queue: &queue,
        found,
        host: request.url.host_ascii.trim_end_matches('.'),
        tls: scene.quic,
    };
    let connecting = quic::connect(target, &scene.plan.tcp, scene.clock, scene.stop);
    // The request needs no connection: it is made while the first datagram is on its way.
    let ahead = async { make_request(scene, request, ask) };
    let (dialled, made) = futures_util::join!(connecting, ahead);
    let Dialled { mut connect, quic, tls, unread, result } = dialled;
    beside.request = made;
    beside.begin_checks();
    let connection = ConnectionId(connections.len());
    request.connection = Stage::Ran(connection);
    connect.redirected_from = redirected_from.or(connect.redirected_from);
    endpoint::tell_attempts(service.as_deref_mut(), &connect);
    let result = result.map_err(|failure| endpoint::tell(service.as_deref(), &connect, failure));
    connections.push(Connection { opened_for: id, tcp: connect, proxy: None, quic: Some(quic), tls });
    beside.unread = Some(unread);
    let opened = result?;
    beside.quic = Some((connection, opened.watch()));
    Ok(goes_on(Session::over_quic(opened), connection, request.until).await)
}
