//! From a URL to an open connection: the stages dns, tcp and tls of one request.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::beside::{Beside, goes_on, make_request};
use super::endpoint;
use super::fast_open;
use super::quic as by_quic;
use super::race;
use super::scene::Scene;
use super::target::Target;
use super::until;
use super::upgrade::{self, Upgrade};
use crate::dns::UncountedLanes;
use crate::http::{Ask, Session};
use crate::plan::{HttpPlan, ProxyServer, VersionChoice};
use crate::stream::Stream;
use crate::tcp::{self, Candidate};
use crate::tls::{self, TlsStream};
use crate::trace::{
    Connection, ConnectionId, Dns, Failure, LookupId, Request, RequestId, Scheme, ServiceBinding, Stage,
    StageName, Tls, Trace, Url,
};

/// Why a literal has no DNS time.
pub(super) const IP_LITERAL: &str = "the host is an IP address";
pub(super) const CONNECT_TO: &str = "--connect-to gives the address";
pub(super) const PLAIN: &str = "http has no TLS";
const UNIX: &str = "--unix-socket names the server";

/// What opening a connection comes to; `None` where the request goes no further than to an earlier stage, and that was
/// reached.
pub(super) type Opened = Result<Option<(Session, ConnectionId)>, Failure>;

/// From the URL of a request to a connection that can carry it. An endpoint that an HTTPS record names may fail:
/// then the next is tried (RFC 9460 §3), each on a connection of its own in the trace.
pub(super) async fn open(
    scene: &Scene<'_>,
    trace: &mut Trace,
    id: RequestId,
    ask: &Ask,
    beside: &mut Beside,
) -> Opened {
    let Scene { plan, on_stage, .. } = *scene;
    let Trace { requests, lookups, connections, .. } = trace;
    let request = &mut requests[id.0];
    if request.until == StageName::Url {
        return Ok(None);
    }
    if let Some(path) = &plan.tcp.unix_socket {
        return over_unix(scene, (id, request, ask), connections, path, beside).await;
    }
    let mut target = Target::of(&request.url, &plan.tcp);
    let endpoints = find(scene, (request, lookups), &mut target, beside).await?;
    if request.until == StageName::Dns {
        return Ok(None);
    }
    let service = request.lookup.ran().and_then(|lookup| lookups[lookup.0].service.as_mut());
    on_stage(StageName::Tcp, &target.host);
    let found = endpoints.iter().map(|endpoint| endpoint.addresses.len()).sum();
    let queue = tcp::line_up(&endpoints, &plan.tcp);
    let by_udp = race::candidates(plan, request, &queue, service.as_deref());
    let only_quic = by_quic::is_wanted(&request.url, plan.http.version);
    let redirected_from = target.redirected_from;
    let opening = Opening { id, request, ask, connections, queue, found, service, redirected_from };
    if only_quic {
        by_quic::open(scene, opening, beside).await
    } else if by_udp.is_empty() {
        by_tcp(scene, opening, Company::None, beside).await
    } else {
        race::open(scene, opening, &by_udp, beside).await
    }
}

/// What a connection is opened from.
pub(super) struct Opening<'a> {
    pub(super) id: RequestId,
    pub(super) request: &'a mut Request,
    pub(super) ask: &'a Ask,
    pub(super) connections: &'a mut Vec<Connection>,
    /// Where the origin may be reached.
    pub(super) queue: Vec<Candidate>,
    /// Addresses that are known, whatever their family.
    pub(super) found: usize,
    pub(super) service: Option<&'a mut ServiceBinding>,
    /// What `--connect-to` has replaced.
    pub(super) redirected_from: Option<String>,
}

/// Turns of the runtime until QUIC's first datagram has left: in the first its socket is made known to the kernel's
/// events, in the next it is known to take data.
const TURNS: usize = 3;

/// Whether another transport is tried beside one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    None,
    Quic,
}

/// The same by TCP, endpoint by endpoint.
pub(super) async fn by_tcp(
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

/// Where the target can be reached: at the address that its URL has, or where DNS says.
async fn find(
    scene: &Scene<'_>,
    (request, lookups): (&mut Request, &mut Vec<Dns>),
    target: &mut Target,
    beside: &mut Beside,
) -> Result<Vec<tcp::Endpoint>, Failure> {
    if let Some(address) = target.literal() {
        let given = target.redirected_from.is_some() && request.url.host.address().is_none();
        request.lookup = Stage::Skipped(if given { CONNECT_TO } else { IP_LITERAL });
        return Ok(endpoint::own(vec![address], target.port));
    }
    let (dns, result, lanes) = resolve(scene, &mut request.url, target).await;
    let lookup = LookupId(lookups.len());
    lookups.push(dns);
    request.lookup = Stage::Ran(lookup);
    beside.lanes = Some((lookup, lanes));
    Ok(endpoint::of(lookups[lookup.0].service.as_ref(), result?, target.port))
}

/// The same by a socket of this machine: nothing is looked up, and every redirect leads to it again.
async fn over_unix(
    scene: &Scene<'_>,
    (id, request, ask): (RequestId, &mut Request, &Ask),
    connections: &mut Vec<Connection>,
    path: &Path,
    beside: &mut Beside,
) -> Result<Option<(Session, ConnectionId)>, Failure> {
    request.lookup = Stage::Skipped(UNIX);
    if request.until == StageName::Dns {
        return Ok(None);
    }
    (scene.on_stage)(StageName::Tcp, &path.to_string_lossy());
    // Nothing of this connection takes long enough to make them meanwhile.
    let hello = Hello::wanted(scene, request);
    beside.request = make_request(scene, request, ask);
    let (tcp, stream) = tcp::connect_unix(path, &scene.plan.tcp, scene.clock, scene.stop).await;
    let connection = ConnectionId(connections.len());
    request.connection = Stage::Ran(connection);
    connections.push(Connection { opened_for: id, tcp, proxy: None, quic: None, tls: Stage::NotReached });
    let stream = Stream::from(stream?);
    let tls = &mut connections[connection.0].tls;
    let session = match hello {
        Some(hello) => secure(scene, hello, tls, stream, None, &mut beside.unread).await?,
        None if request.url.scheme.is_clear() => {
            *tls = Stage::Skipped(PLAIN);
            Session::in_the_clear(stream, version_for(request, &scene.plan.http))
        }
        None => {
            *tls = Stage::Skipped(until::reason(request));
            return Ok(None);
        }
    };
    Ok(goes_on(session, connection, request.until).await)
}

/// What a request in the clear is sent in: a WebSocket opens by HTTP/1.1 alone (RFC 6455 §4.1).
pub(super) fn version_for(request: &Request, plan: &HttpPlan) -> VersionChoice {
    if request.url.scheme.is_websocket() { VersionChoice::Http11 } else { plan.version }
}

/// The addresses of the target. Its port and the URL's scheme may change by what the DNS says of the origin.
async fn resolve(
    scene: &Scene<'_>,
    url: &mut Url,
    target: &mut Target,
) -> (Dns, Result<Vec<IpAddr>, Failure>, UncountedLanes) {
    let Scene { plan, resolver, clock, stop, on_stage, .. } = *scene;
    on_stage(StageName::Dns, &target.host);
    let (host, port) = (target.host.as_str(), target.port);
    let web = matches!(url.scheme, Scheme::Http | Scheme::Https);
    let (mut dns, result, lanes) = if web && target.redirected_from.is_none() {
        let protocols = tls::Client::protocols(plan.http.version);
        resolver.resolve_origin(url.scheme, host, port, protocols, clock, stop).await
    } else {
        // `--connect-to` names the endpoint itself, and HTTPS records speak of the web alone.
        resolver.resolve(host, port, clock, stop).await
    };
    if upgrade::to_https(url, &mut dns) == Upgrade::Done {
        target.port = url.port;
    }
    (dns, result, lanes)
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
