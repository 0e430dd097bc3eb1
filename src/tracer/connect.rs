//! From a URL to an open connection: the stages dns, tcp and tls of one request.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::beside::{Beside, goes_on, make_request};
use super::endpoint;
use super::fast_open;
use super::quic as by_quic;
use super::scene::Scene;
use super::target::Target;
use super::until;
use super::upgrade::{self, Upgrade};
use crate::dns::UncountedLanes;
use crate::http::{Ask, Session};
use crate::plan::ProxyServer;
use crate::stream::Stream;
use crate::tcp;
use crate::tls::{self, TlsStream};
use crate::trace::{
    Connection, ConnectionId, Dns, Failure, LookupId, Request, RequestId, Scheme, Stage, StageName, Tls,
    Trace, Url,
};

/// Why a literal has no DNS time.
pub(super) const IP_LITERAL: &str = "the host is an IP address";
pub(super) const CONNECT_TO: &str = "--connect-to gives the address";
pub(super) const PLAIN: &str = "http has no TLS";
const UNIX: &str = "--unix-socket names the server";

/// From the URL of a request to a connection that can carry it. An endpoint that an HTTPS record names may fail:
/// then the next is tried (RFC 9460 §3), each on a connection of its own in the trace. `None` where the request goes
/// no further than to an earlier stage, and that was reached.
pub(super) async fn open(
    scene: &Scene<'_>,
    trace: &mut Trace,
    id: RequestId,
    ask: &Ask,
    beside: &mut Beside,
) -> Result<Option<(Session, ConnectionId)>, Failure> {
    let Scene { plan, clock, stop, on_stage, .. } = *scene;
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
    let mut service = request.lookup.ran().and_then(|lookup| lookups[lookup.0].service.as_mut());
    on_stage(StageName::Tcp, &target.host);
    let found = endpoints.iter().map(|endpoint| endpoint.addresses.len()).sum();
    let mut queue = tcp::line_up(&endpoints, &plan.tcp);
    if by_quic::is_wanted(&request.url, plan.http.version) {
        let opening = (&queue[..], found);
        return by_quic::open(scene, (id, request, ask), connections, opening, service, beside).await;
    }
    let terms = fast_open::terms(&plan.tcp, request);
    loop {
        // What needs no connection is made while the SYN is on its way: the ClientHello, or the request.
        let ahead = async {
            let is_plain = request.url.scheme == Scheme::Http;
            let made = is_plain.then(|| make_request(scene, request, ask));
            (Hello::wanted(scene, request), made.flatten())
        };
        let connecting = tcp::connect(&queue, found, &terms, clock, stop);
        let ((mut tcp, stream), (hello, made)) = futures_util::join!(connecting, ahead);
        beside.request = made;
        beside.begin_checks();
        if let Some(from) = target.redirected_from.take() {
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
            let is_plain = request.url.scheme == Scheme::Http;
            *tls = Stage::Skipped(if is_plain { PLAIN } else { until::reason(request) });
            if !is_plain {
                return Ok(None);
            }
            let session = Session::new(stream.into(), None, &plan.http);
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
        None if request.url.scheme == Scheme::Http => {
            *tls = Stage::Skipped(PLAIN);
            Session::new(stream, None, &scene.plan.http)
        }
        None => {
            *tls = Stage::Skipped(until::reason(request));
            return Ok(None);
        }
    };
    Ok(goes_on(session, connection, request.until).await)
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
        let client = if url.scheme == Scheme::Tls { scene.bare_tls } else { scene.tls };
        // RFC 6066 §3: the name in SNI has no final dot, nor have those of certificates.
        let prepared = client.prepare(url.host_ascii.trim_end_matches('.'), scene.clock);
        Self { client, prepared }
    }

    /// That of a request, where it comes to TLS.
    pub(super) fn wanted(scene: &Scene<'a>, request: &Request) -> Option<Self> {
        let wanted = request.url.scheme != Scheme::Http && request.until >= StageName::Tls;
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
