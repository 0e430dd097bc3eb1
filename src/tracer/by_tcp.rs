//! A connection by TCP, endpoint by endpoint, and TLS over it.

use std::net::SocketAddr;

use super::beside::{Beside, goes_on, make_request};
use super::endpoint;
use super::fast_open;
use super::opening::{Opened, Opening};
use super::scene::Scene;
use super::until;
use crate::http::Session;
use crate::plan::{HttpPlan, ProxyServer, VersionChoice};
use crate::stream::Stream;
use crate::talk::{self, Partner};
use crate::tcp;
use crate::tls::{self, TlsStream};
use crate::trace::{Connection, ConnectionId, Failure, Request, Scheme, Stage, StageName, Tls, Url};

/// Why an http URL has no handshake.
pub(super) const PLAIN: &str = "http has no TLS";

/// Whether another transport is tried beside one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    None,
    Quic,
}

/// Turns of the runtime until QUIC's first datagram has left: in the first its socket is made known to the kernel's
/// events, in the next it is known to take data.
const TURNS: usize = 3;

/// From the addresses of an origin to a connection that can carry the request. What an HTTPS record names may fail: then
/// the next is tried (RFC 9460 §3), each on a connection of its own in the trace.
pub(super) async fn open(
    scene: &Scene<'_>,
    opening: Opening<'_>,
    company: Company,
    beside: &mut Beside,
) -> Opened {
    let Scene { plan, clock, stop, .. } = *scene;
    let Opening { id, request, ask, connections, mut queue, found, mut service, mut redirected_from } =
        opening;
    let terms = fast_open::terms(&plan.tcp, request);
    loop {
        // What needs no connection is made while the SYN is on its way: the ClientHello, or the request.
        let ahead = async {
            if company == Company::Quic {
                // Its first datagram leaves right behind the SYN, before the time that this takes.
                for _ in 0..TURNS {
                    tokio::task::yield_now().await;
                }
            }
            let is_plain = request.url.scheme.is_clear();
            let made = is_plain.then(|| make_request(scene, request, ask));
            (Hello::wanted(scene, request), made.flatten())
        };
        let connecting = tcp::connect(&queue, found, &terms, clock, stop);
        let ((mut tcp, stream), (hello, made)) = futures_util::join!(connecting, ahead);
        beside.request = made;
        beside.begin_checks();
        if let Some(from) = redirected_from.take() {
            tcp.redirected_from = Some(from);
        }
        let connection = ConnectionId(connections.len());
        request.connection = Stage::Ran(connection);
        endpoint::tell_attempts(service.as_deref_mut(), &tcp);
        connections.push(Connection { opened_for: id, tcp, proxy: None, quic: None, tls: Stage::NotReached });
        let Connection { tcp, tls, .. } = &mut connections[connection.0];
        let stream = stream.map_err(|failure| endpoint::tell(service.as_deref(), tcp, failure))?;
        beside.watch = tcp::Watch::of(&stream).map(|watch| (connection, watch));
        let address = stream.peer_addr().ok();
        let Some(hello) = hello else {
            let is_plain = request.url.scheme.is_clear();
            *tls = Stage::Skipped(if is_plain { PLAIN } else { until::reason(request) });
            if !is_plain {
                converse(scene, stream.into(), address, request).await;
                return Ok(None);
            }
            let session = Session::in_the_clear(stream.into(), version_for(request, &plan.http));
            return Ok(goes_on(session, connection, request.until).await);
        };
        // And the request while the handshake is.
        let made = async { make_request(scene, request, ask) };
        let securing = secure(scene, hello, tls, stream.into(), address, &mut beside.unread);
        let (secured, made) = futures_util::join!(securing, made);
        beside.request = made;
        let failure = match secured {
            Ok(session) if plan.tcp.talk.is_some() => {
                if let Some(stream) = session.into_stream() {
                    converse(scene, stream, address, request).await;
                }
                return Ok(None);
            }
            Ok(session) => return Ok(goes_on(session, connection, request.until).await),
            Err(failure) => failure,
        };
        let left = tcp::after(&queue, tcp);
        if left.is_empty() || !endpoint::may_be_replaced(&failure) {
            return Err(endpoint::tell(service.as_deref(), tcp, failure));
        }
        endpoint::tell_handshake(service.as_deref_mut(), tcp, &failure);
        queue = left;
    }
}

/// Holds the conversation that the plan has for an open connection, if it has one.
async fn converse(scene: &Scene<'_>, stream: Stream, address: Option<SocketAddr>, request: &Request) {
    let Some(talk) = &scene.plan.tcp.talk else { return };
    let host = request.url.host_ascii.trim_end_matches('.');
    let partner = Partner { host, address, client: scene.bare_tls };
    // On the heap: hardly a run has one, and each would have room for it.
    Box::pin(talk::hold(talk, stream, partner, scene.clock, scene.stop)).await;
}

/// What a request in the clear is sent in: a WebSocket opens by HTTP/1.1 alone (RFC 6455 §4.1), and gRPC is of HTTP/2.
pub(super) fn version_for(request: &Request, plan: &HttpPlan) -> VersionChoice {
    match request.url.scheme {
        Scheme::Ws | Scheme::Wss => VersionChoice::Http11,
        Scheme::Grpc | Scheme::Grpcs => VersionChoice::Http2,
        _ => plan.version,
    }
}

/// A ClientHello, and the client that made it.
pub(super) struct Hello<'a> {
    client: &'a tls::Client,
    prepared: tls::Prepared,
}

impl<'a> Hello<'a> {
    fn to(scene: &Scene<'a>, url: &Url) -> Self {
        let client = match url.scheme {
            Scheme::Tls => scene.bare_tls,
            Scheme::Wss => scene.http1_tls,
            Scheme::Grpcs => scene.http2_tls,
            _ => scene.tls,
        };
        // RFC 6066 §3: the name in SNI has no final dot, nor have those of certificates.
        let prepared = client.prepare(url.host_ascii.trim_end_matches('.'), scene.clock);
        Self { client, prepared }
    }

    /// That of a request, where it comes to TLS.
    pub(super) fn wanted(scene: &Scene<'a>, request: &Request) -> Option<Self> {
        let wanted = !request.url.scheme.is_clear() && request.until >= StageName::Tls;
        wanted.then(|| Self::to(scene, &request.url))
    }

    /// That for an https proxy.
    pub(super) fn to_proxy(scene: &Scene<'a>, server: &ProxyServer) -> Option<Self> {
        let client = scene.means.tls.as_ref().filter(|_| server.kind.is_encrypted())?;
        Some(Self { client, prepared: client.prepare(&server.host, scene.clock) })
    }

    /// The handshake that it begins; `address` is whose, where no proxy stands between.
    pub(super) async fn shake_hands(
        self,
        scene: &Scene<'_>,
        carrier: Stream,
        address: Option<SocketAddr>,
    ) -> (Tls, Result<TlsStream<Stream>, Failure>, tls::Unread) {
        (scene.on_stage)(StageName::Tls, self.prepared.host());
        self.client.handshake_unread(carrier, self.prepared, address, scene.clock, scene.stop).await
    }
}

/// A further connection to an address, when the trace has ended.
pub(super) async fn again(scene: &Scene<'_>, address: SocketAddr) -> Result<Stream, Failure> {
    let plan = scene.plan.tcp.afterwards();
    let queue = tcp::line_up(&endpoint::own(vec![address.ip()], address.port()), &plan);
    tcp::connect(&queue, 1, &plan, scene.clock, scene.stop).await.1.map(Stream::from)
}

/// TLS over an open stream; `address` is whose, where no proxy stands between.
pub(super) async fn secure(
    scene: &Scene<'_>,
    hello: Hello<'_>,
    handshake: &mut Stage<Tls>,
    carrier: Stream,
    address: Option<SocketAddr>,
    left: &mut Option<tls::Unread>,
) -> Result<Session, Failure> {
    let (record, stream, unread) = hello.shake_hands(scene, carrier, address).await;
    let alpn = record.alpn.clone();
    *handshake = Stage::Ran(record);
    *left = Some(unread);
    Ok(Session::new(Stream::Tls(Box::new(stream?)), alpn.as_deref(), &scene.plan.http))
}
